//! Chargebacks take back what their amount was worth, second presentments give it again, in any order.

use crate::language::check;

#[test]
fn a_life_of_chargeback_second_presentment_and_arbitration_is_exact() {
    check(
        "clear 1 B 2500.00 at kosta arn A1 -> booked base 41 discount 125.00 shares 75.00/50.00
         chargeback 2 B 2500.00 no-rrn arn A1 -> reversed charged_back base -41 discount -125.00 shares -75.00/-50.00
         because match matched_by_acquirer_reference
         member B miles posted 0 pending 0
         partner kosta turnover posted 0.00
         represent 3 B 2500.00 no-rrn arn A1 -> booked presented_again base 41 discount 125.00 shares 75.00/50.00
         chargeback 4 B 2500.00 no-rrn arn A1 -> reversed charged_back base -41 discount -125.00 shares -75.00/-50.00
         member B miles posted 0 pending 0
         member B credit posted 0.00 pending 0.00
         purchases B 1",
    );
}

#[test]
fn a_part_that_is_charged_back_is_worth_its_share_of_the_whole() {
    check(
        "clear 1 B 2500.00 at kosta arn A1 -> booked base 41 discount 125.00 shares 75.00/50.00
         refund 2 B 500.00 of 1 -> reversed refunded base -8 discount -25.00 shares -15.00/-10.00
         # 2,500 - 500 - 1,000.
         chargeback 3 B 1000.00 no-rrn arn A1 -> reversed charged_back base -17 discount -50.00 shares -30.00/-20.00
         member B miles posted 16 pending 0
         represent 4 B 400.00 no-rrn arn A1 -> booked presented_again base 7 discount 20.00 shares 12.00/8.00
         member B miles posted 23 pending 0",
    );
}

#[test]
fn more_than_was_cleared_takes_back_what_was_accrued_and_no_more() {
    check(
        "clear 1 A 600.00 arn A1 -> booked base 10
         refund 2 A 300.00 of 1 -> reversed refunded base -5
         chargeback 3 A 600.00 no-rrn arn A1 -> reversed charged_back base -5
         member A miles posted 0 pending 0
         # 600 - 300 - 600 + 600.
         represent 4 A 600.00 no-rrn arn A1 -> booked presented_again base 5",
    );
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    check(
        "chargeback 1 A 600.00 no-rrn arn A1 -> none charged_back_before_its_presentment
         clear 2 A 600.00 arn A1 -> none below_the_first_mile
         represent 3 A 600.00 no-rrn arn A1 -> booked presented_again base 10
         member A miles posted 10 pending 0
         purchases A 1
         represent 4 B 600.00 no-rrn arn B1 -> none presented_again_before_its_chargeback
         clear 5 B 600.00 arn B1 -> booked base 10
         chargeback 6 B 600.00 no-rrn arn B1 -> reversed charged_back
         member B miles posted 10 pending 0
         chargeback 7 B 600.00 no-rrn arn B1 -> reversed charged_back base -10
         purchases B 1",
    );
}

#[test]
fn a_chargeback_finds_its_purchase_by_acquirer_reference_then_life_cycle_then_retrieval_reference() {
    check(
        "clear 1 A 600.00 arn A1 life-cycle L1 -> booked base 10
         clear 2 A 1200.00 arn A2 life-cycle L2 -> booked base 20
         clear 3 A 1800.00 arn A3 -> booked base 30
         chargeback 4 A 600.00 of 3 arn A1 life-cycle L2 -> reversed charged_back base -10
         because match matched_by_acquirer_reference
         chargeback 5 A 1200.00 of 3 arn A9 life-cycle L2 -> reversed charged_back base -20
         because match matched_by_life_cycle_id
         chargeback 6 A 1800.00 of 3 arn 00000000 life-cycle 000 -> reversed charged_back base -30
         because match matched_by_retrieval_reference
         member A miles posted 0 pending 0
         purchases A 3",
    );
}

#[test]
fn a_chargeback_may_be_reversed_before_and_after_it_comes() {
    check(
        "clear 1 A 600.00 arn A1 -> booked base 10
         chargeback 2 A 600.00 no-rrn arn A1 -> reversed charged_back base -10
         reverse 3 of 2 -> reversed reversed base 10
         reverse 4 of 5 -> none original_not_seen_yet
         chargeback 5 A 600.00 no-rrn arn A1 -> none chargeback_was_reversed
         member A miles posted 10 pending 0
         chargeback 6 A 600.00 no-rrn arn A1 -> reversed charged_back base -10
         represent 7 A 600.00 no-rrn arn A1 -> booked presented_again base 10
         reverse 8 of 7 -> reversed reversed base -10
         member A miles posted 0 pending 0",
    );
}

#[test]
fn a_chargeback_is_taken_once_and_one_of_a_refund_is_left_to_a_person() {
    check(
        "clear 1 A 600.00 arn A1 presentment P1 -> booked base 10
         chargeback 2 A 300.00 no-rrn arn A1 presentment C1 -> reversed charged_back base -5
         chargeback 3 A 300.00 no-rrn arn A1 presentment C1 -> none chargeback_already_taken
         refund 4 A 60.00 of 1 arn A1 -> reversed refunded base -1
         chargeback 5 A 60.00 no-rrn arn A1 refunded -> none chargeback_of_a_refund
         member A miles posted 4 pending 0",
    );
}

#[test]
fn a_second_presentment_does_not_make_the_till_discount_a_break() {
    check(
        "auth 1 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7226.50 of 1 arn A1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         chargeback 3 A 7226.50 no-rrn arn A1 -> reversed charged_back base -120 bonus -120 discount -223.50 shares -111.75/-111.75
         represent 4 A 7226.50 no-rrn arn A1 -> booked presented_again base 120 bonus 120 discount 223.50 shares 111.75/111.75
         because fuel-3 till_discount_confirmed",
    );
}

#[test]
fn a_chargeback_of_a_card_of_another_member_finds_nothing() {
    check(
        "clear 1 A 600.00 arn A1 -> booked base 10
         chargeback 2 B 600.00 no-rrn arn A1 -> none charged_back_before_its_presentment
         member A miles posted 10 pending 0
         member B miles posted 0 pending 0",
    );
}

#[test]
fn a_chargeback_without_a_billing_amount_takes_its_share_of_what_was_billed() {
    check(
        "clear 1 A 100.00 usd billed 9500.00 at kosta arn A1 -> booked base 158 discount 475.00 shares 285.00/190.00
         chargeback 2 A 100.00 usd no-rrn arn A1 presentment C1 -> reversed charged_back base -158 discount -475.00 shares -285.00/-190.00
         partner kosta turnover posted 0.00
         represent 3 A 100.00 usd no-rrn arn A1 presentment S1 -> booked presented_again base 158 discount 475.00 shares 285.00/190.00
         # In thirds: each takes what is missing to its share of the sum, so that nothing is left over.
         chargeback 4 A 33.33 usd no-rrn arn A1 presentment C4 -> reversed charged_back base -53 discount -158.32 shares -95.00/-63.32
         partner kosta turnover posted 6333.65
         chargeback 5 A 33.33 usd no-rrn arn A1 presentment C5 -> reversed charged_back base -53 discount -158.32 shares -94.99/-63.33
         partner kosta turnover posted 3167.30
         chargeback 6 A 33.34 usd no-rrn arn A1 presentment C6 -> reversed charged_back base -52 discount -158.36 shares -95.01/-63.35
         partner kosta turnover posted 0.00
         reverse 7 of 5 -> reversed reversed base 52 discount 158.31 shares 94.98/63.33
         partner kosta turnover posted 3166.35
         member A miles posted 52 pending 0",
    );
}

#[test]
fn a_share_is_known_when_the_presentment_comes_and_never_of_another_currency() {
    check(
        "chargeback 1 A 50.00 usd no-rrn arn A1 presentment C1 -> none charged_back_before_its_presentment
         clear 2 A 100.00 usd billed 9000.00 arn A1 -> booked base 75
         clear 3 B 600.00 arn B1 -> booked base 10
         chargeback 4 B 6.00 usd no-rrn arn B1 presentment C4 -> none currency_without_billing_amount
         member B miles posted 10 pending 0",
    );
}

#[test]
fn a_chargeback_may_come_again_after_its_reversal_and_a_presentment_corrected() {
    check(
        "clear 1 A 600.00 arn A1 presentment P1 -> booked base 10
         chargeback 2 A 600.00 no-rrn arn A1 presentment C1 -> reversed charged_back base -10
         reverse 3 of 2 -> reversed reversed base 10
         chargeback 4 A 600.00 no-rrn arn A1 presentment C1 -> reversed charged_back base -10
         because match raised_again_after_its_reversal
         chargeback 5 A 600.00 no-rrn arn A1 presentment C1 -> none chargeback_already_taken
         reverse 6 of 4 -> reversed reversed base 10
         reverse 7 of 1 -> reversed reversed base -10
         clear 8 A 300.00 arn A1 presentment P1 -> booked base 5
         because match raised_again_after_its_reversal
         clear 9 A 360.00 arn A1 presentment P1 -> none another_amount_stands
         reverse 10 of 8 -> reversed reversed base 1
         member A miles posted 6 pending 0
         purchases A 1",
    );
}

#[test]
fn what_is_charged_back_is_not_awaited_any_more() {
    check(
        "auth 1 A 1200.00 -> provisional base 20
         clear 2 A 600.00 of 1 arn A1 -> booked base 10
         chargeback 3 A 600.00 no-rrn arn A1 -> reversed charged_back base -10
         # The other 600.
         member A miles posted 0 pending 10
         clear 4 A 600.00 of 1 arn A1 -> booked base 10
         member A miles posted 10 pending 0",
    );
}

//! Paying with miles at the till: the bank asks for them in its authorization, reserves what may be spent, and lowers the
//! amount; the clearing decides whether it was paid so. A mile pays 0.50 here, all but a kopeck of an amount at most
//! unless a table says otherwise.

use crate::language::check;

#[test]
fn miles_pay_a_part_and_the_net_clearing_confirms() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 36000.00 rrn EARN -> booked base 600
         auth 2 A 550.00 asks 500 miles -> provisional miles_reserved base 5 till 300.00 reserved 500 remains 300.00
         member A miles posted 100
         clear 3 A 300.00 of 2 -> booked base 5
         because redemption redemption_confirmed
         # Miles are earned by the money that was paid.
         member A miles posted 105
         lot 1 open 100 spent 500
         repeat 2 -> repeat: provisional miles_reserved base 5 till 300.00 reserved 500 remains 300.00",
    );
}

#[test]
fn the_lot_that_expires_first_pays_first() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         program expires age 24 month_end
         clear 1 A 6000.00 rrn E1 on 2026-11-10 -> booked base 100
         clear 2 A 3000.00 rrn E2 on 2026-10-10 -> booked base 50
         auth 3 A 100.00 asks 70 miles on 2026-12-01 -> provisional miles_reserved base 1 till 65.00 reserved 70 remains 65.00
         because lot taken_from_lot taken_from_lot
         lot 2 open 0 spent 50
         lot 1 open 80 spent 20
         reverse 4 of 3 -> reversed authorization_reversed base -1
         because redemption redemption_ended_with_its_hold
         because lot returned_to_lot returned_to_lot
         lot 2 open 50 spent 0
         lot 1 open 100 spent 0",
    );
}

#[test]
fn a_gross_clearing_gives_the_miles_back() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 100.00 asks 100 miles -> provisional miles_reserved till 50.00 reserved 100 remains 50.00
         clear 3 A 100.00 of 2 -> booked base 1
         because redemption redemption_cancelled_by_gross_clearing
         member A miles posted 101",
    );
}

#[test]
fn any_other_clearing_is_a_break_that_keeps_the_miles() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 700.00 asks 100 miles -> provisional miles_reserved base 10 till 650.00 reserved 100 remains 650.00
         clear 3 A 640.00 of 2 -> booked base 10
         because redemption redemption_unconfirmed_break
         lot 1 open 0 spent 100
         # The second part makes it net.
         clear 4 A 10.00 of 2 -> none below_the_first_mile
         because redemption redemption_confirmed
         lot 1 open 0 spent 100
         # A third one breaks it again.
         clear 5 A 5.00 of 2 -> none below_the_first_mile
         because redemption redemption_unconfirmed_break
         cancel 6 A of 2 -> none redemption_follows_its_purchase
         confirm 7 A of 2 -> none redemption_follows_its_purchase
         lapse 8 A of 2 after 9000 -> none redemption_follows_its_purchase
         lot 1 open 0 spent 100",
    );
}

#[test]
fn a_discount_at_the_till_goes_first_and_miles_pay_of_the_rest() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         adjust 1 A 20000 by bank -> booked adjusted base 20000
         # Half of 7226.50 is 3613.25.
         auth 2 A 7450.00 at skyfuel rrn N1 asks 7227 miles -> provisional above_redemption_share base 120 bonus 120 discount 223.50 till 7226.50 reserved 0 remains 7226.50
         because redemption above_redemption_share
         auth 3 A 7450.00 at skyfuel rrn N2 asks 7226 miles -> provisional miles_reserved base 60 bonus 60 discount 223.50 till 3613.50 reserved 7226 remains 3613.50
         clear 4 A 3613.50 of 3 -> booked base 60 bonus 60 discount 223.50 shares 111.75/111.75
         because fuel-3 till_discount_confirmed
         because redemption redemption_confirmed
         # The discount was used, the miles were not.
         auth 5 A 7450.00 at skyfuel rrn N3 asks 1000 miles -> provisional miles_reserved base 112 bonus 112 discount 223.50 till 6726.50 reserved 1000 remains 6726.50
         clear 6 A 7226.50 of 5 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         because fuel-3 till_discount_confirmed
         because redemption redemption_cancelled_by_gross_clearing
         # Neither was.
         auth 7 A 7450.00 at skyfuel rrn N4 asks 1000 miles -> provisional miles_reserved base 112 bonus 112 discount 223.50 till 6726.50 reserved 1000 remains 6726.50
         clear 8 A 7450.00 of 7 -> booked base 124 bonus 124
         because fuel-3 till_discount_cancelled_by_gross_clearing
         because redemption redemption_cancelled_by_gross_clearing
         # Half of the price back is half of the discount back, and leaves the miles.
         refund 9 A 1806.75 of 3 -> reversed refunded base -30 bonus -30 discount -111.75 shares -55.88/-55.87
         lot 1 open 12774 spent 7226
         refund 10 A 1806.75 of 3 -> reversed refunded base -30 bonus -30 discount -111.75 shares -55.87/-55.88
         because redemption redemption_refunded
         lot 1 open 20000 spent 0",
    );
}

#[test]
fn what_cannot_be_had_is_refused_whole_and_the_bank_decides_without() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         closed C 2026-10-01
         blocked D
         lost 7
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 101 miles rrn N2 -> provisional not_enough_miles base 10 reserved 0 remains 600.00
         because redemption not_enough_miles
         auth 3 A 600.00 asks 9 miles rrn N3 -> provisional below_redemption_minimum base 10 reserved 0 remains 600.00
         auth 4 A 90.00 asks 100 miles rrn N4 -> provisional above_redemption_share base 1 reserved 0 remains 90.00
         auth 5 - 600.00 asks 100 miles rrn N5 -> none not_a_member reserved 0 remains 600.00
         auth 6 C 600.00 asks 100 miles rrn N6 -> none account_closed_before_the_purchase reserved 0 remains 600.00
         auth 7 D 600.00 asks 100 miles rrn N7 -> none account_blocked reserved 0 remains 600.00
         auth 8 A 600.00 asks 100 miles rrn N8 plastic 7 -> none card_blocked reserved 0 remains 600.00
         auth 9 A 600.00 asks 100 miles rrn N9 usd billed 48000.00 -> provisional redemption_in_another_currency base 800 reserved 0 remains 600.00
         auth 10 A 600.00 asks 100 miles rrn N10 cash -> none redemption_pays_for_purchases_only reserved 0 remains 600.00
         preauth 11 A 600.00 asks 100 miles rrn N11 mcc 5541 -> provisional no_redemption_on_a_preauthorization base 10 reserved 0 remains 600.00
         advice 12 A 600.00 asks 100 miles rrn N12 -> provisional redemption_in_requests_only base 10 reserved 0 remains 600.00
         auth 14 A 600.00 rrn N14 -> provisional base 10
         auth 15 A 600.00 rrn N14 asks 100 miles -> provisional redemption_in_the_first_request_only base 10 reserved 0 remains 600.00
         lot 1 open 100 spent 0",
    );
}

#[test]
fn something_must_be_left_to_clear() {
    check(
        "program redemption 0.50 min 1 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 50.00 asks 100 miles rrn N2 -> none nothing_would_be_left reserved 0 remains 50.00
         auth 3 A 50.01 asks 100 miles rrn N3 -> provisional miles_reserved till 0.01 reserved 100 remains 0.01",
    );
}

#[test]
fn a_program_without_redemption_reserves_nothing() {
    check(
        "clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional redemption_not_offered base 10 reserved 0 remains 600.00",
    );
}

#[test]
fn a_decline_gives_the_miles_back() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         advice 3 A 550.00 of 2 declined -> reversed declined_by_the_issuer
         because redemption redemption_ended_with_its_hold
         member A miles posted 100",
    );
}

#[test]
fn a_partial_reversal_keeps_them_a_full_one_does_not() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         reverse 3 of 2 remaining 300.00 -> reversed authorization_reversed base -5
         lot 1 open 0 spent 100
         reverse 4 of 2 -> reversed authorization_reversed base -4
         lot 1 open 100 spent 0",
    );
}

#[test]
fn a_reversal_that_comes_first_leaves_nothing_to_reserve() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         reverse 3 of 2 -> none original_not_seen_yet
         auth 2 A 600.00 asks 100 miles -> none authorization_was_reversed_or_declined reserved 0 remains 600.00
         lot 1 open 100 spent 0",
    );
}

#[test]
fn the_end_of_the_hold_lets_them_go_and_a_late_clearing_takes_them_again() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         expire 3 A of 2 on 2027-06-01 -> reversed hold_expired base -9
         because redemption redemption_lapsed
         lot 1 open 100 spent 0
         # They are spent otherwise in between: the late clearing leaves a debt.
         auth 4 A 600.00 asks 60 miles rrn N4 -> provisional miles_reserved base 9 till 570.00 reserved 60 remains 570.00
         clear 5 A 550.00 of 2 -> booked base 9
         because redemption redemption_confirmed
         lot 1 open -60 spent 160
         member A miles posted -51",
    );
}

#[test]
fn miles_that_expired_while_they_were_back_are_taken_from_the_expired() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         program expires age 12 day
         program debts bank
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 70 miles -> provisional miles_reserved base 9 till 565.00 reserved 70 remains 565.00
         expire 3 A of 2 on 2027-06-01 -> reversed hold_expired base -9
         expire-miles 4 A of 1 on 2027-12-01 -> reversed miles_expired base -100
         clear 5 A 565.00 of 2 -> booked base 9
         lot 1 open 0 spent 70 expired 30 borne 0",
    );
}

#[test]
fn an_answer_that_was_too_late_lets_them_go_unless_the_clearing_is_net() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         unanswered 3 A of 2 -> reversed redemption_was_not_answered base 100
         because redemption redemption_was_not_answered
         lot 1 open 100 spent 0
         repeat 2 -> repeat: provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         clear 4 A 555.00 of 2 -> booked base 9
         because redemption redemption_was_not_answered
         reverse 5 of 4 -> reversed reversed base -9
         clear 6 A 550.00 of 2 -> booked base 9
         because redemption redemption_confirmed
         lot 1 open 0 spent 100
         unanswered 7 A of 1 -> none redemption_not_found",
    );
}

#[test]
fn a_chargeback_gives_back_and_a_second_presentment_takes_again() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         clear 3 A 550.00 of 2 -> booked base 9
         chargeback 4 A 550.00 of 2 -> reversed charged_back base -9
         because redemption redemption_refunded
         lot 1 open 100 spent 0
         represent 5 A 550.00 of 2 -> booked presented_again base 9
         because redemption redemption_confirmed
         lot 1 open 0 spent 100",
    );
}

#[test]
fn a_refund_before_its_clearing_changes_nothing_in_the_end() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles rrn X -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         refund 3 A 550.00 rrn X -> reversed refunded
         lot 1 open 0 spent 100
         clear 4 A 550.00 rrn X -> none below_the_first_mile
         lot 1 open 100 spent 0",
    );
}

#[test]
fn a_presentment_that_opened_with_its_refund_takes_the_redemption_along() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         refund 2 A 50.00 no-rrn names 4 -> reversed refunded
         auth 3 A 600.00 rrn X asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         clear 4 A 550.00 rrn X -> booked base 8
         because redemption redemption_confirmed
         lot 1 open 0 spent 100
         refund 5 A 500.00 no-rrn names 4 -> reversed refunded base -8
         because redemption redemption_refunded
         lot 1 open 100 spent 0
         # The purchase of the authorization has nothing to say any more.
         reverse 6 of 3 -> reversed authorization_reversed
         lot 1 open 100 spent 0",
    );
}

#[test]
fn a_repeat_must_ask_for_the_same() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         repeat 2 -> repeat: provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         altered 2 asks 50 miles -> altered DE48.MI
         lot 1 open 0 spent 100",
    );
}

#[test]
fn what_another_authorization_is_cleared_for_takes_no_miles_again() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 rrn X asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         auth 3 A 720.00 rrn X -> provisional base 12
         reverse 4 of 2 -> reversed authorization_reversed
         lot 1 open 100 spent 0
         # Neither with miles nor without: the amount is that of the other authorization.
         clear 5 A 720.00 rrn X -> booked base 12
         because redemption redemption_ended_with_its_hold
         lot 1 open 100 spent 0
         reverse 6 of 3 -> reversed authorization_reversed
         lot 1 open 100 spent 0
         # Exactly the lowered amount proves that the bank used them.
         reverse 7 of 5 remaining 550.00 -> reversed reversed base -3
         because redemption redemption_confirmed
         lot 1 open 0 spent 100",
    );
}

#[test]
fn miles_that_came_along_wait_for_no_other_authorization() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         auth 2 A 600.00 rrn X asks 100 miles -> provisional miles_reserved base 9 till 550.00 reserved 100 remains 550.00
         refund 3 A 55.00 no-rrn names 4 -> reversed refunded
         clear 4 A 550.00 rrn X -> booked base 8
         because redemption redemption_confirmed
         auth 5 A 600.00 rrn X -> provisional base 1
         reverse 6 of 4 -> reversed reversed base -8
         because redemption redemption_ended_with_its_hold
         lot 1 open 100 spent 0",
    );
}

//! Which purchase a message belongs to.

use crate::language::check;

#[test]
fn the_clearing_decides_above_and_below_the_authorization() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         clear 2 A 900.00 of 1 -> booked base 15
         member A miles posted 15 pending 0
         auth 3 B 600.00 -> provisional base 10
         clear 4 B 300.00 of 3 -> booked base 5
         # What is not cleared yet stays provisional.
         member B miles posted 5 pending 5
         clear 5 B 300.00 of 3 -> booked base 5
         member B miles posted 10 pending 0
         purchases B 1",
    );
}

#[test]
fn presentments_of_one_purchase_are_added_up_before_rounding() {
    check(
        "auth 1 A 119.98 -> provisional base 1
         clear 2 A 59.99 of 1 -> none below_the_first_mile
         member A miles posted 0 pending 1
         clear 3 A 60.01 of 1 -> booked base 2
         member A miles posted 2 pending 0
         # Two halves below the minimum of a discount reach it together.
         clear 4 B 600.00 at kosta -> booked base 10
         clear 5 B 600.00 of 4 -> booked base 10 discount 60.00 shares 36.00/24.00",
    );
}

#[test]
fn an_authorization_after_its_clearing_changes_nothing() {
    check(
        "clear 1 A 600.00 -> booked base 10
         auth 2 A 600.00 of 1 -> none already_cleared
         member A miles posted 10 pending 0
         purchases A 1",
    );
}

#[test]
fn a_higher_advice_raises_the_estimate() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         advice 2 A 900.00 of 1 -> provisional base 15
         member A miles posted 0 pending 15
         advice 3 A 300.00 of 1 -> provisional base 15
         clear 4 A 900.00 of 1 -> booked base 15
         member A miles posted 15 pending 0",
    );
}

#[test]
fn a_declined_advice_voids_what_was_provisional() {
    check(
        "auth 1 B 2500.00 at kosta -> provisional base 41 discount 125.00
         advice 2 B 2500.00 declined of 1 -> reversed declined_by_the_issuer
         member B miles posted 0 pending 0
         member B credit posted 0.00 pending 0.00
         auth 3 A 600.00 -> provisional base 10
         clear 4 A 600.00 declined of 3 -> reversed declined_by_the_issuer
         member A miles posted 0 pending 0
         # The other way round.
         advice 5 C 600.00 declined -> reversed declined_by_the_issuer
         auth 6 C 600.00 of 5 -> none authorization_was_reversed_or_declined
         member C miles posted 0 pending 0",
    );
}

#[test]
fn without_a_common_reference_each_message_stands_alone() {
    check(
        "auth 1 A 600.00 no-rrn -> provisional base 10
         clear 2 A 600.00 no-rrn -> booked base 10
         member A miles posted 10 pending 10
         purchases A 2
         # DE90 of the clearing names the authorization.
         auth 3 B 600.00 no-rrn -> provisional base 10
         clear 4 B 600.00 no-rrn names 3 -> booked base 10
         member B miles posted 10 pending 0
         purchases B 1",
    );
}

#[test]
fn the_retrieval_reference_of_another_member_leads_nowhere() {
    check(
        "auth 1 A 600.00 rrn X -> provisional base 10
         clear 2 B 600.00 rrn X -> booked base 10
         member A miles posted 0 pending 10
         member B miles posted 10 pending 0
         clear 3 A 600.00 rrn X -> booked base 10
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_purchase_that_was_cleared_attracts_further_presentments() {
    check(
        "auth 1 A 1200.00 -> provisional base 20
         refund 2 A 30.00 names 3 -> reversed refunded
         clear 3 A 600.00 of 1 -> booked base 9
         because match matched_by_a_message_that_named_this_one
         # The hold belonged to the same purchase, as is known only now.
         member A miles posted 9 pending 0
         clear 4 A 30.00 of 1 -> booked base 1
         because match matched_by_retrieval_reference
         member A miles posted 10 pending 0
         refund 5 A 600.00 names 4 -> reversed refunded base -10
         because match matched_by_original_data_elements",
    );
}

#[test]
fn a_presentment_counts_once_under_any_key() {
    check(
        "clear 1 A 600.00 presentment ARN1-200-0-1 -> booked base 10
         clear 2 A 600.00 presentment ARN1-200-0-1 -> none presentment_already_cleared
         clear 3 A 600.00 presentment ARN1-200-0-2 of 1 -> booked base 10
         member A miles posted 20 pending 0",
    );
}

#[test]
fn a_reference_of_zeros_or_of_another_merchant_joins_nothing() {
    check(
        "# Zeros are what a terminal sends that has no reference.
         clear 1 A 6000.00 rrn 000000000000 at kosta -> booked base 100 discount 300.00 shares 180.00/120.00
         clear 2 A 6000.00 rrn 000000000000 -> booked base 100
         purchases A 2
         partner kosta turnover posted 6000.00
         # The same reference at another merchant is another sale.
         clear 3 B 6000.00 rrn 000000000777 at kosta -> booked base 100 discount 300.00 shares 180.00/120.00
         clear 4 B 600.00 rrn 000000000777 -> booked base 10
         purchases B 2",
    );
}

#[test]
fn a_released_hold_never_posts_beyond_the_cap() {
    check(
        "clear 10 E 60000.00 -> booked base 1000
         auth 2 E 120000.00 -> provisional base 500
         clear 4 E 60000.00 of 2 -> booked base 500
         refund 5 E 60000.00 of 10 -> reversed refunded base -1000
         auth 1 E 60000.00 -> provisional base 1000
         # Joins the purchase that it names; the other one only loses its hold.
         clear 3 E 60000.00 of 2 names 1 -> booked base 1000
         counter E 2026-10 1500",
    );
}

#[test]
fn a_clearing_record_finds_its_authorization_by_the_network_s_name_alone() {
    check(
        "auth 1 A 600.00 life-cycle MCC1A2B3C1010 -> provisional base 10
         auth 2 A 1200.00 life-cycle MCC9Z9Z9Z1010 -> provisional base 20
         clear 3 A 1200.00 no-rrn arn A1 life-cycle MCC9Z9Z9Z1010 -> booked base 20
         because match matched_by_life_cycle_id
         member A miles posted 20 pending 10
         # A later authorization of the same transaction names it by the first one.
         auth 4 A 300.00 life-cycle MCC1A2B3C1010 -> provisional base 10
         because match matched_by_life_cycle_id
         clear 5 A 900.00 no-rrn arn A2 life-cycle MCC1A2B3C1010 -> booked base 15
         member A miles posted 35 pending 0
         purchases A 2",
    );
}

//! Tiers: silver from 100 base miles in a calendar year, gold from 250; gold has half as many miles on top.

use crate::language::check;

#[test]
fn a_purchase_lifts_and_the_next_one_has_the_tier() {
    check(
        "tiers one_tier
         clear 1 A 5940.00 -> booked base 99
         tier A none review - year 2026 units 99
         clear 2 A 60.00 -> booked base 1
         because tiers qualifying_units tier_reached
         tier A silver review 2028-01-01 year 2026 units 100
         clear 3 A 9000.00 -> booked base 150
         because gold-extra tier
         tier A gold review 2028-01-01 year 2026 units 250
         clear 4 A 600.00 -> booked base 10 bonus 5
         because gold-extra bonus
         member A qualifying posted 260
         member A miles posted 265",
    );
}

#[test]
fn one_purchase_may_lift_by_two_tiers() {
    check(
        "tiers one_tier
         clear 1 A 30000.00 -> booked base 500
         tier A gold review 2028-01-01 year 2026 units 500",
    );
}

#[test]
fn an_estimate_lifts_nobody_and_a_hold_keeps_the_tier_it_began_with() {
    check(
        "tiers one_tier
         auth 1 A 30000.00 -> provisional base 500
         tier A none review - year 0 units 0
         clear 2 A 30000.00 no-rrn -> booked base 500
         tier A gold review 2028-01-01 year 2026 units 500
         clear 3 A 30000.00 of 1 -> booked base 500
         because gold-extra tier",
    );
}

#[test]
fn a_cap_on_miles_does_not_bound_the_units() {
    check(
        "tiers one_tier
         clear 1 A 200000.00 -> booked base 1500
         tier A gold review 2028-01-01 year 2026 units 3333
         member A miles posted 1500
         member A qualifying posted 3333",
    );
}

#[test]
fn a_refund_takes_the_units_back_but_the_tier_stays_until_the_review() {
    check(
        "tiers to_what_was_earned
         clear 1 A 15000.00 -> booked base 250
         refund 2 A 15000.00 of 1 -> reversed refunded base -250
         tier A gold review 2028-01-01 year 2026 units 0
         review 3 A on 2027-12-31 -> none no_tier_to_review
         review 4 A on 2028-01-01 -> none tier_lost
         tier A none review - year 2026 units 0
         review 5 A on 2028-01-01 -> none no_tier_to_review",
    );
}

#[test]
fn the_last_full_year_decides_at_the_review() {
    check(
        "tiers one_tier
         clear 1 A 15000.00 -> booked base 250
         clear 2 A 6000.00 no-rrn on 2027-05-05 -> booked base 100 bonus 50
         tier A gold review 2028-01-01 year 2027 units 100
         review 3 A on 2028-01-01 -> none tier_lost
         because tiers tier_lost
         tier A silver review 2029-01-01 year 2027 units 100
         review 4 A on 2029-01-01 -> none tier_lost
         tier A none review - year 2027 units 100",
    );
}

#[test]
fn who_earns_it_again_keeps_it_a_year_longer() {
    check(
        "tiers one_tier
         clear 1 A 15000.00 -> booked base 250
         clear 2 A 15000.00 no-rrn on 2027-05-05 -> booked base 250 bonus 125
         tier A gold review 2029-01-01 year 2027 units 250
         review 3 A on 2028-01-01 -> none no_tier_to_review
         review 4 A on 2029-01-01 -> none tier_lost
         tier A silver review 2030-01-01 year 2027 units 250",
    );
}

#[test]
fn one_tier_at_a_time_or_at_once() {
    let without_purchases = "clear 1 A 15000.00 -> booked base 250\n";
    check(&format!(
        "tiers one_tier\n{without_purchases}
         review 2 A on 2028-01-01 -> none tier_lost
         tier A silver review 2029-01-01 year 2026 units 250"
    ));
    check(&format!(
        "tiers to_what_was_earned\n{without_purchases}
         review 2 A on 2028-01-01 -> none tier_lost
         tier A none review - year 2026 units 250"
    ));
}

#[test]
fn what_arrives_late_counts_in_the_year_of_the_purchase() {
    check(
        "tiers one_tier
         clear 1 A 600.00 on 2027-01-02 -> booked base 10
         clear 2 A 15000.00 no-rrn on 2026-12-31 -> booked base 250
         tier A gold review 2028-01-01 year 2027 units 10
         clear 3 A 15000.00 no-rrn on 2025-06-01 -> booked base 250 bonus 125
         tier A gold review 2028-01-01 year 2027 units 10",
    );
}

#[test]
fn repeats_count_once_and_a_reversal_takes_back() {
    check(
        "tiers one_tier
         clear 1 A 5940.00 -> booked base 99
         repeat 1 -> repeat: booked base 99
         tier A none review - year 2026 units 99
         reverse 2 of 1 -> reversed reversed base -99
         tier A none review - year 2026 units 0
         member A qualifying posted 0",
    );
}

#[test]
fn a_program_without_tiers_knows_none() {
    check(
        "clear 1 A 30000.00 -> booked base 500
         tier A none review - year 0 units 0
         member A qualifying posted 0
         review 2 A on 2028-01-01 -> none no_tier_to_review",
    );
}

//! A run computes purchases anew under another version of the program. `generous` gives 2 miles where `gold` gives 1, no
//! bonus for fuel, 10 % at kosta and nothing at skyfuel's tills.

use crate::language::check;

#[test]
fn the_difference_is_booked_and_nothing_else() {
    check(
        "clear 1 A 600.00 -> booked base 10
         rerate 2 A of 1 to generous -> booked rerated base 10
         because correction rerated
         member A miles posted 20 pending 0
         rerate 3 A of 1 to generous -> none correction_was_made_already
         repeat 2 -> repeat: booked rerated base 10
         member A miles posted 20 pending 0
         counter A 2026-10 20",
    );
}

#[test]
fn what_is_lower_under_the_other_version_is_taken_back() {
    check(
        "clear 1 A 6000.00 at skyfuel mcc 5541 -> booked base 100 bonus 100
         rerate 2 A of 1 to generous -> booked rerated base 100 bonus -100
         partner skyfuel bonus posted 0
         rerate 3 A of 1 to gold -> booked rerated base -100 bonus 100
         member A miles posted 200 pending 0
         partner skyfuel bonus posted 100",
    );
}

#[test]
fn what_comes_later_follows_the_new_version() {
    check(
        "clear 1 A 1200.00 at kosta -> booked base 20 discount 60.00 shares 36.00/24.00
         rerate 2 A of 1 to generous -> booked rerated base 20 discount 60.00 shares 36.00/24.00
         refund 3 A 200.00 of 1 -> reversed refunded base -8 discount -20.00 shares -12.00/-8.00
         reverse 4 of 1 -> reversed reversed base -32 discount -100.00 shares -60.00/-40.00
         member A miles posted 0 pending 0
         partner kosta turnover posted 0.00
         partner kosta credit posted 0.00",
    );
}

#[test]
fn a_hold_is_estimated_anew_and_its_clearing_follows() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         rerate 2 A of 1 to generous -> booked rerated
         member A miles posted 0 pending 20
         clear 3 A 600.00 of 1 -> booked base 20
         member A miles posted 20 pending 0",
    );
}

#[test]
fn what_was_given_at_the_till_stays_given() {
    check(
        "auth 1 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         rerate 3 A of 1 to generous -> booked rerated base 120 bonus -120
         because fuel-3 till_discount_confirmed
         partner skyfuel till posted 111.75
         refund 4 A 7226.50 of 1 -> reversed refunded base -240 discount -223.50 shares -111.75/-111.75
         member A till posted 0.00",
    );
}

#[test]
fn an_offer_that_waits_for_its_clearing_stays_an_offer() {
    check(
        "auth 1 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         rerate 2 A of 1 to generous -> booked rerated
         clear 3 A 7226.50 of 1 -> booked base 240 discount 223.50 shares 111.75/111.75
         member A till posted 223.50 pending 0.00",
    );
}

#[test]
fn nothing_is_booked_on_what_was_refunded_or_never_earned() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 of 1 -> reversed refunded base -10
         rerate 3 A of 1 to generous -> none correction_moves_nothing
         clear 4 B 600.00 mcc 6011 -> none mcc_excluded
         rerate 5 B of 4 to generous -> none correction_moves_nothing
         member A miles posted 0 pending 0",
    );
}

#[test]
fn the_cap_of_the_month_holds() {
    check(
        "clear 1 A 60000.00 -> booked base 1000
         rerate 2 A of 1 to generous -> booked rerated base 500
         counter A 2026-10 1500
         rerate 3 A of 1 to gold -> booked rerated base -500
         counter A 2026-10 1000",
    );
}

//! What a discount takes off: a share, a fixed amount, more for larger amounts; and who bears it.

use crate::language::check;

#[test]
fn a_fixed_amount_is_taken_off_whatever_the_purchase() {
    check(
        "discount welcome at kosta credit 300.00 at_least 1000.00 merchant 50%
         clear 1 A 999.99 at kosta -> booked base 16
         because welcome below_minimum
         clear 2 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 150.00/150.00
         clear 3 A 80000.00 at kosta -> booked base 1333 discount 300.00 shares 150.00/150.00
         member A credit posted 600.00",
    );
}

#[test]
fn never_more_than_the_amount_itself() {
    check(
        "discount gift at kosta credit 300.00
         clear 1 A 120.00 at kosta -> booked base 2 discount 120.00 shares 0.00/120.00",
    );
}

#[test]
fn a_fixed_amount_in_parts_is_given_once_and_taken_back_with_the_last_of_them() {
    check(
        "discount welcome at kosta credit 300.00 at_least 1000.00 merchant 50%
         clear 1 A 600.00 at kosta -> booked base 10
         clear 2 A 600.00 of 1 -> booked base 10 discount 300.00 shares 150.00/150.00
         clear 3 A 600.00 of 1 -> booked base 10
         refund 4 A 700.00 of 1 -> reversed refunded base -12
         refund 5 A 200.00 of 1 -> reversed refunded base -3 discount -300.00 shares -150.00/-150.00
         refund 6 A 900.00 of 1 -> reversed refunded base -15
         member A credit posted 0.00",
    );
}

#[test]
fn of_several_tiers_the_highest_that_is_reached_holds() {
    check(
        "discount tiers at kosta credit 3% from 1000.00 300.00 from 5000.00 10% from 10000.00 merchant 50%
         clear 1 A 999.99 at kosta -> booked base 16
         because tiers below_minimum
         clear 2 A 1000.00 at kosta -> booked base 16 discount 30.00 shares 15.00/15.00
         clear 3 A 4999.99 at kosta -> booked base 83 discount 149.99 shares 74.99/75.00
         clear 4 A 5000.00 at kosta -> booked base 83 discount 300.00 shares 150.00/150.00
         clear 5 A 10000.00 at kosta -> booked base 166 discount 1000.00 shares 500.00/500.00
         # A refund falls back to the tier of what is left.
         refund 6 A 6000.00 of 5 -> reversed refunded base -100 discount -880.00 shares -440.00/-440.00
         refund 7 A 4000.00 of 5 -> reversed refunded base -66 discount -120.00 shares -60.00/-60.00",
    );
}

#[test]
fn a_fixed_amount_at_the_till() {
    check(
        "discount off at skyfuel till 200.00 merchant 100%
         auth 1 A 1000.00 at skyfuel -> provisional base 13 bonus 13 discount 200.00 till 800.00
         clear 2 A 800.00 of 1 -> booked base 13 bonus 13 discount 200.00 shares 200.00/0.00
         # A refund gives it back in proportion to the price that was paid.
         refund 3 A 400.00 of 1 -> reversed refunded base -7 bonus -7 discount -100.00 shares -100.00/0.00
         refund 4 A 400.00 of 1 -> reversed refunded base -6 bonus -6 discount -100.00 shares -100.00/0.00",
    );
}

#[test]
fn nothing_is_offered_at_the_till_that_would_leave_nothing_to_pay() {
    check(
        "discount off at skyfuel till 200.00
         auth 1 A 200.00 at skyfuel -> provisional base 3 bonus 3
         because off till_discount_was_not_offered
         auth 2 A 200.01 at skyfuel -> provisional discount 200.00 till 0.01",
    );
}

#[test]
fn tiers_at_the_till_follow_the_price_before_the_discount() {
    check(
        "discount tiers at skyfuel till 3% from 1000.00 500.00 from 5000.00
         auth 1 A 5000.00 at skyfuel -> provisional base 75 bonus 75 discount 500.00 till 4500.00
         clear 2 A 4500.00 of 1 -> booked base 75 bonus 75 discount 500.00 shares 0.00/500.00",
    );
}

#[test]
fn a_discount_is_borne_by_merchant_partner_and_bank_to_the_last_kopeck() {
    check(
        "discount split at kosta credit 5% merchant 50% share airboreal 10%
         clear 1 A 1000.10 at kosta -> booked base 16 discount 50.00 shares 30.00/20.00
         partner kosta credit posted 25.00
         partner airboreal credit posted 5.00
         bank credit posted 20.00
         clear 2 A 0.90 of 1 -> booked discount 0.05 shares 0.02/0.03
         refund 3 A 1001.00 of 1 -> reversed refunded base -16 discount -50.05 shares -30.02/-20.03
         partner kosta credit posted 0.00
         partner airboreal credit posted 0.00
         bank credit posted 0.00",
    );
}

#[test]
fn so_is_one_at_the_till() {
    check(
        "discount split at skyfuel till 3% merchant 50% share airboreal 10%
         auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 134.10/89.40
         partner skyfuel till posted 111.75
         partner airboreal till posted 22.35
         bank till posted 89.40",
    );
}

#[test]
fn off_peak_hours_begin_with_their_first_minute_and_end_before_their_last() {
    check(
        "discount night at kosta credit 10% hours 22:00-06:00 hours 14:00-16:30
         clear 1 A 1000.00 at kosta time 21:59 -> booked base 16
         because night hours
         clear 2 A 1000.00 at kosta time 22:00 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 A 1000.00 at kosta time 00:00 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 4 A 1000.00 at kosta time 05:59 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 5 A 1000.00 at kosta time 06:00 -> booked base 16
         clear 6 A 1000.00 at kosta time 14:00 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 7 A 1000.00 at kosta time 16:30 -> booked base 16",
    );
}

#[test]
fn the_time_is_that_of_the_purchase_and_not_of_what_follows() {
    check(
        "discount night at kosta credit 10% hours 22:00-06:00
         auth 1 A 1000.00 at kosta time 23:00 -> provisional base 16 discount 100.00
         clear 2 A 1000.00 of 1 time 09:00 -> booked base 16 discount 100.00 shares 0.00/100.00
         refund 3 A 500.00 of 1 time 12:00 -> reversed refunded base -8 discount -50.00 shares 0.00/-50.00
         # A refund that comes first does not know the time; the purchase does.
         refund 4 A 500.00 at kosta time 12:00 rrn X -> reversed refunded
         clear 5 A 1000.00 at kosta time 23:00 rrn X -> booked base 8 discount 50.00 shares 0.00/50.00",
    );
}

#[test]
fn a_file_that_knows_no_time_gives_nothing_off_peak() {
    check(
        "discount night at kosta credit 10% hours 22:00-06:00
         auth 1 A 1000.00 at kosta time 23:00 -> provisional base 16 discount 100.00
         clear 2 A 1000.00 at kosta of 1 time 00:00 presentment P1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 A 1000.00 at kosta time 00:00 presentment P2 -> booked base 16
         because night hours",
    );
}

#[test]
fn a_bonus_may_have_hours_too() {
    check(
        "bonus weekend-fuel hours 22:00-06:00
         clear 1 A 6000.00 at skyfuel time 23:00 -> booked base 100 bonus 100
         clear 2 A 6000.00 at skyfuel time 12:00 -> booked base 100
         because weekend-fuel hours",
    );
}

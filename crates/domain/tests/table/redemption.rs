//! Spending miles: reserve, confirm, cancel, lapse. A mile pays 0.50, half of an amount at most.

use crate::language::check;

#[test]
fn the_lot_that_expires_first_is_spent_first() {
    check(
        "program expires age 24 month_end
         program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 on 2026-11-10 -> booked base 100
         clear 2 A 3000.00 on 2026-10-10 -> booked base 50
         reserve 3 A 70 on 2026-12-01 pays 100.00 -> booked miles_reserved base -70
         because lot taken_from_lot taken_from_lot
         lot 2 open 0 spent 50
         lot 1 open 80 spent 20
         member A miles posted 80
         confirm 4 A of 3 -> booked redemption_confirmed
         member A miles posted 80",
    );
}

#[test]
fn what_has_not_vested_or_has_expired_is_not_spent() {
    check(
        "program vests 14
         program expires age 12 day
         program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 10 on 2026-10-23 -> none not_enough_miles
         because redemption not_enough_miles
         reserve 3 A 10 on 2026-10-24 -> booked miles_reserved base -10
         reserve 4 A 10 on 2027-10-11 -> none not_enough_miles
         member A miles posted 90",
    );
}

#[test]
fn a_redemption_keeps_to_the_program() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 9 -> none below_redemption_minimum
         reserve 3 A 51 pays 50.99 -> none above_redemption_share
         reserve 4 A 51 pays 51.00 usd -> none currency_without_billing_amount
         reserve 6 A 50 pays 50.00 -> booked miles_reserved base -50
         reserve 7 A 51 -> none not_enough_miles
         reserve 8 B 10 -> none not_enough_miles
         member A miles posted 50",
    );
}

#[test]
fn a_program_without_redemption_refuses() {
    check(
        "clear 1 A 6000.00 -> booked base 100
         reserve 2 A 10 -> none redemption_not_offered",
    );
}

#[test]
fn a_cancel_gives_each_lot_its_own() {
    check(
        "program expires age 24 day
         program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         clear 2 A 6000.00 on 2026-11-10 -> booked base 100
         reserve 3 A 150 on 2026-12-01 -> booked miles_reserved base -150
         confirm 4 A of 3 -> booked redemption_confirmed
         cancel 5 A of 3 -> reversed redemption_cancelled base 150
         because lot returned_to_lot returned_to_lot
         lot 1 open 100 spent 0 expires 2028-10-11
         lot 2 open 100 spent 0 expires 2028-11-11
         member A miles posted 200
         cancel 6 A of 3 -> none redemption_is_not_open
         confirm 7 A of 3 -> none redemption_is_not_open",
    );
}

#[test]
fn miles_that_come_back_too_late_expire() {
    check(
        "program expires age 1 day
         program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 60 -> booked miles_reserved base -60
         expire-miles 3 A of 1 on 2026-11-11 -> reversed miles_expired base -40
         cancel 4 A of 2 -> reversed redemption_cancelled base 60
         lot 1 open 60 expired 40
         reserve 5 A 60 on 2026-11-11 -> none not_enough_miles
         expire-miles 6 A of 1 on 2026-11-12 -> reversed miles_expired base -60",
    );
}

#[test]
fn nobody_confirms_in_time() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 60 -> booked miles_reserved base -60
         lapse 3 A of 2 after 14 -> none redemption_has_time_left
         lapse 4 A of 2 after 15 -> reversed redemption_lapsed base 60
         confirm 5 A of 2 -> none redemption_is_not_open
         member A miles posted 100
         reserve 6 A 60 -> booked miles_reserved base -60
         confirm 7 A of 6 -> booked redemption_confirmed
         lapse 8 A of 6 after 15 -> none redemption_is_not_open
         member A miles posted 40",
    );
}

#[test]
fn a_repeat_spends_nothing() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 60 -> booked miles_reserved base -60
         repeat 2 -> repeat: booked miles_reserved base -60
         member A miles posted 40",
    );
}

#[test]
fn of_another_member_nothing_is_found() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 60 -> booked miles_reserved base -60
         cancel 3 B of 2 -> none redemption_not_found
         cancel 4 A of 1 -> none redemption_not_found
         expire-miles 5 B of 1 -> undecidable account of the lot",
    );
}

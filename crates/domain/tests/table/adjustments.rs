//! Miles that staff give or take, and miles that go to another account.

use crate::language::check;

#[test]
fn what_staff_give_is_a_lot_and_counts_against_no_cap() {
    check(
        "program expires age 24 day
         adjust 1 A 500 by kosta -> booked adjusted base 500
         lot 1 open 500 expires 2028-10-11
         member A miles posted 500
         partner kosta miles posted 500
         counter A 2026-10 0
         expire-miles 2 A of 1 on 2028-10-11 -> reversed miles_expired base -500",
    );
}

#[test]
fn what_staff_take_comes_from_the_oldest_lots() {
    check(
        "clear 1 A 6000.00 -> booked base 100
         adjust 2 A -60 by bank -> reversed adjusted base -60
         because lot taken_from_lot
         lot 1 open 40 spent 60
         adjust 3 A -41 by bank -> none not_enough_miles
         adjust 4 A 0 by bank -> none adjusts_nothing
         member A miles posted 40
         counter A 2026-10 100",
    );
}

#[test]
fn what_was_given_is_taken_again() {
    check(
        "adjust 1 A 500 by bank -> booked adjusted base 500
         adjust 2 A -200 by bank -> reversed adjusted base -200
         lot 1 open 300 spent 200
         bank miles posted 300",
    );
}

#[test]
fn pieces_of_lots_keep_their_age_in_another_account() {
    check(
        "program vests 14
         program expires age 24 day
         clear 1 A 6000.00 -> booked base 100
         clear 2 A 6000.00 on 2026-10-20 -> booked base 100
         send 3 A 120 to B on 2026-10-30 -> none not_enough_miles
         send 4 A 120 to B on 2026-11-03 -> booked miles_sent base -120
         lot 1 open 0 spent 100
         lot 2 open 80 spent 20
         arrive 5 B 100 granted 2026-10-10 vests 2026-10-24 expires 2028-10-11 -> booked miles_arrived base 100
         arrive 6 B 20 granted 2026-10-20 vests 2026-11-03 expires 2028-10-21 -> booked miles_arrived base 20
         lot 5 open 100 vests 2026-10-24 expires 2028-10-11
         member A miles posted 80
         member B miles posted 120
         bank miles posted 200
         confirm 7 A of 4 -> booked redemption_confirmed
         cancel 8 A of 4 -> none redemption_is_a_transfer
         send 9 B 50 to C on 2026-11-03 -> booked miles_sent base -50
         lot 5 open 50 spent 50",
    );
}

#[test]
fn a_transfer_needs_another_account() {
    check(
        "clear 1 A 6000.00 -> booked base 100
         send 2 A 10 to A -> none transfers_nothing
         send 3 A 0 to B -> none transfers_nothing",
    );
}

//! What one account gives to a pool of its household: reserved, confirmed and given back by the pool alone.

use crate::language::check;

#[test]
fn a_share_is_asked_neither_for_the_least_nor_for_the_amount() {
    check(
        "program redemption 0.50 min 50 share 50 minutes 15
         program household pooled
         clear 1 A 6000.00 -> booked base 100
         share 2 A 7 pool 9 worth 3.51 -> booked miles_reserved base -7
         because redemption miles_reserved
         repeat 2 -> repeat: booked miles_reserved base -7
         share 3 A 94 pool 9 worth 47.00 -> none not_enough_miles
         share 4 A 0 pool 9 worth 0.00 -> none below_redemption_minimum
         lot 1 open 93 spent 7
         confirm 5 A of 2 -> booked redemption_confirmed
         cancel 6 A of 2 -> reversed redemption_cancelled base 7
         cancel 7 A of 3 -> none redemption_not_found
         lot 1 open 100 spent 0
         member A miles posted 100",
    );
}

#[test]
fn a_share_has_no_time_of_its_own() {
    check(
        "program redemption 0.50 min 1 share 50 minutes 15
         program household pooled
         clear 1 A 6000.00 -> booked base 100
         share 2 A 10 pool 9 worth 5.00 -> booked miles_reserved base -10
         lapse 3 A of 2 after 15 -> none redemption_has_time_left
         member A miles posted 90",
    );
}

#[test]
fn a_program_that_lets_nobody_spend_together_refuses() {
    check(
        "program redemption 0.50 min 1 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         share 2 A 10 pool 9 worth 5.00 -> none household_spends_apart",
    );
    check(
        "clear 1 A 6000.00 -> booked base 100
         share 2 A 10 pool 9 worth 5.00 -> none redemption_not_offered",
    );
}

#[test]
fn closed_and_blocked_accounts_give_nothing_and_get_back_what_they_gave() {
    check(
        "program redemption 0.50 min 1 share 50 minutes 15
         program household pooled
         clear 1 A 6000.00 -> booked base 100
         blocked A
         share 2 A 10 pool 9 worth 5.00 -> none account_blocked",
    );
    check(
        "program redemption 0.50 min 1 share 50 minutes 15
         program household pooled
         closed A 2026-12-31
         clear 1 A 6000.00 -> booked base 100
         share 2 A 10 pool 9 worth 5.00 on 2026-12-31 -> booked miles_reserved base -10
         share 3 A 10 pool 9 worth 5.00 on 2027-01-01 -> none account_closed_before_the_purchase
         cancel 4 A of 2 on 2027-01-01 -> reversed redemption_cancelled base 10
         member A miles posted 100",
    );
}

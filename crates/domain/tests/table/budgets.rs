//! What a campaign gives all members together at most.

use crate::language::check;

#[test]
fn a_budget_is_shared_by_all_members_and_used_to_the_last_kopeck() {
    check(
        "discount autumn at kosta credit 10% budget 250.00 always
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 B 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 C 1000.00 at kosta -> booked base 16 discount 50.00 shares 0.00/50.00
         clear 4 D 1000.00 at kosta -> booked base 16
         because autumn budget_used_up
         budget autumn 250.00 uses 3
         # A refund gives it back to whoever comes next.
         refund 5 A 1000.00 of 1 -> reversed refunded base -16 discount -100.00 shares 0.00/-100.00
         clear 6 E 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         budget autumn 250.00 uses 3",
    );
}

#[test]
fn a_budget_may_count_purchases_by_the_day() {
    check(
        "discount first at kosta credit 100.00 budget 2 uses day
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 B 1000.00 at kosta -> booked base 16
         clear 4 B 1000.00 at kosta on 2026-10-11 -> booked base 16 discount 100.00 shares 0.00/100.00",
    );
}

#[test]
fn an_offer_at_the_till_takes_its_part_until_it_is_known_not_to_be_given() {
    check(
        "discount off at skyfuel till 100.00 budget 150.00 always
         auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         auth 2 B 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 50.00 till 950.00
         auth 3 C 1000.00 at skyfuel -> provisional base 16 bonus 16
         budget off 150.00 uses 2
         clear 4 A 1000.00 of 1 -> booked base 16 bonus 16
         budget off 50.00 uses 1
         auth 5 C 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         clear 6 B 950.00 of 2 -> booked base 15 bonus 15 discount 50.00 shares 0.00/50.00
         clear 7 C 900.00 of 5 -> booked base 15 bonus 15 discount 100.00 shares 0.00/100.00
         budget off 150.00 uses 2",
    );
}

#[test]
fn an_estimate_takes_nothing() {
    check(
        "discount autumn at kosta credit 10% budget 100.00 always
         auth 1 A 1000.00 at kosta -> provisional base 16 discount 100.00
         auth 2 B 1000.00 at kosta -> provisional base 16 discount 100.00
         budget autumn 0.00 uses 0
         clear 3 B 1000.00 of 2 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 4 A 1000.00 of 1 -> booked base 16
         budget autumn 100.00 uses 1",
    );
}

#[test]
fn the_members_own_limit_comes_first() {
    check(
        "discount autumn at kosta credit 10% limit 60.00 always budget 150.00 always
         clear 1 A 1000.00 at kosta -> booked base 16 discount 60.00 shares 0.00/60.00
         clear 2 A 1000.00 at kosta -> booked base 16
         because autumn limit_reached
         clear 3 B 1000.00 at kosta -> booked base 16 discount 60.00 shares 0.00/60.00
         clear 4 C 1000.00 at kosta -> booked base 16 discount 30.00 shares 0.00/30.00
         budget autumn 150.00 uses 3",
    );
}

#[test]
fn two_holds_that_one_clearing_ends_give_back_what_was_not_given() {
    check(
        "discount off at skyfuel till 100.00 budget 200.00 always
         auth 1 A 1000.00 at skyfuel rrn X -> provisional base 15 bonus 15 discount 100.00 till 900.00
         reverse 2 of 9 -> none original_not_seen_yet
         budget off 100.00 uses 1
         refund 3 A 100.00 at skyfuel names 4 -> reversed refunded
         clear 4 A 900.00 of 1 -> booked base 13 bonus 13 discount 88.88 shares 0.00/88.88
         budget off 88.88 uses 1
         auth 9 A 5.00 -> none authorization_was_reversed_or_declined",
    );
}

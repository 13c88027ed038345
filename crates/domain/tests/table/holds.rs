//! Holds that no clearing comes for: 7 days, 30 for pre-authorizations, 20 in hotels (7011) of either kind.

use crate::language::check;

#[test]
fn what_was_provisional_is_given_up() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -10
         because hold hold_expired
         member A miles posted 0 pending 0
         expire 3 A of 1 on 2026-10-19 -> none hold_is_not_open",
    );
}

#[test]
fn the_last_day_counts_in_full() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-10-17 -> none hold_was_prolonged
         member A miles posted 0 pending 10
         expire 3 A of 1 on 2026-10-18 -> reversed hold_expired base -10",
    );
}

#[test]
fn a_pre_authorization_and_a_hotel_wait_longer() {
    check(
        "preauth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-11-09 -> none hold_was_prolonged
         expire 3 A of 1 on 2026-11-10 -> reversed hold_expired base -10
         auth 4 B 600.00 mcc 7011 -> provisional base 10
         expire 5 B of 4 on 2026-10-30 -> none hold_was_prolonged
         expire 6 B of 4 on 2026-10-31 -> reversed hold_expired base -10
         preauth 7 C 600.00 mcc 7011 -> provisional base 10
         expire 8 C of 7 on 2026-10-31 -> reversed hold_expired base -10",
    );
}

#[test]
fn late_clearing_posts_in_full() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -10
         clear 3 A 600.00 of 1 -> booked base 10
         member A miles posted 10 pending 0
         purchases A 1
         expire 4 A of 1 on 2026-10-19 -> none hold_is_not_open",
    );
}

#[test]
fn a_further_authorization_prolongs() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         auth 2 A 1200.00 of 1 on 2026-10-14 -> provisional base 20
         expire 3 A of 1 on 2026-10-18 -> none hold_was_prolonged
         member A miles posted 0 pending 20
         expire 4 A of 1 on 2026-10-22 -> reversed hold_expired base -20
         member A miles posted 0 pending 0",
    );
}

#[test]
fn a_further_authorization_opens_an_expired_hold_again() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -10
         auth 3 A 1200.00 of 1 on 2026-10-18 -> provisional base 20
         member A miles posted 0 pending 20
         expire 4 A of 1 on 2026-10-26 -> reversed hold_expired base -20",
    );
}

#[test]
fn a_hold_that_was_cleared_or_reversed_does_not_expire() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         clear 2 A 600.00 of 1 -> booked base 10
         expire 3 A of 1 on 2026-10-18 -> none hold_is_not_open
         member A miles posted 10 pending 0
         auth 4 B 600.00 -> provisional base 10
         reverse 5 of 4 -> reversed authorization_reversed base -10
         expire 6 B of 4 on 2026-10-18 -> none hold_is_not_open",
    );
}

#[test]
fn what_was_not_cleared_of_it_is_given_up() {
    check(
        "auth 1 A 1200.00 -> provisional base 20
         clear 2 A 600.00 of 1 -> booked base 10
         member A miles posted 10 pending 10
         expire 3 A of 1 on 2026-10-18 -> reversed hold_expired base -10
         member A miles posted 10 pending 0
         clear 4 A 600.00 of 1 -> booked base 10
         member A miles posted 20 pending 0",
    );
}

#[test]
fn nobody_knows_whether_the_till_gave_its_discount() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -120 bonus -120
         because till till_discount_unconfirmed_break
         member A miles posted 0 pending 0
         member A till posted 0.00 pending 223.50
         clear 3 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         member A till posted 223.50 pending 0.00",
    );
}

#[test]
fn a_late_reversal_says_that_it_did_not() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -120 bonus -120
         reverse 3 of 1 -> reversed authorization_reversed discount -223.50
         member A till posted 0.00 pending 0.00",
    );
}

#[test]
fn an_authorization_that_is_only_late_does_not_open_it_again() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -10
         advice 3 A 1200.00 of 1 -> none hold_has_expired
         member A miles posted 0 pending 0
         clear 4 A 1200.00 of 1 -> booked base 20",
    );
}

#[test]
fn a_refund_takes_its_part_of_what_nobody_knows_before_and_after() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -120 bonus -120
         refund 3 A 3613.25 of 1 -> reversed refunded
         member A till posted 0.00 pending 111.75
         auth 4 B 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         refund 5 B 3613.25 of 4 -> reversed refunded
         expire 6 B of 4 on 2026-10-18 -> reversed hold_expired base -60 bonus -60
         member B till posted 0.00 pending 111.75",
    );
}

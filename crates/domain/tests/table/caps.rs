//! The cap of 1,500 miles per member and calendar month, base and bonus together.

use crate::language::check;

#[test]
fn what_is_above_the_cap_is_not_granted() {
    check(
        "clear 1 E 60000.00 -> booked base 1000
         because month below_cap
         clear 2 E 60000.00 -> booked base 500
         because month cap_truncates
         clear 3 E 60000.00 -> none cap_truncates
         counter E 2026-10 1500
         member E miles posted 1500 pending 0
         # Another member has a cap of their own.
         clear 4 F 6000.00 -> booked base 100",
    );
}

#[test]
fn base_comes_before_bonus_under_the_cap() {
    check(
        "clear 1 E 60000.00 at skyfuel -> booked base 1000 bonus 500
         partner skyfuel bonus posted 500
         clear 2 F 60000.00 -> booked base 1000
         clear 3 F 12000.00 at skyfuel -> booked base 200 bonus 200
         clear 4 F 12000.00 at skyfuel -> booked base 100
         counter F 2026-10 1500",
    );
}

#[test]
fn an_estimate_knows_the_cap_and_books_nothing_against_it() {
    check(
        "clear 1 E 60000.00 -> booked base 1000
         auth 2 E 60000.00 -> provisional base 500
         auth 3 E 60000.00 -> provisional base 500
         counter E 2026-10 1000
         clear 4 E 60000.00 of 2 -> booked base 500
         clear 5 E 60000.00 of 3 -> none cap_truncates
         member E miles posted 1500 pending 0",
    );
}

#[test]
fn a_refund_gives_its_headroom_back_to_later_purchases() {
    check(
        "clear 1 E 60000.00 -> booked base 1000
         clear 2 E 60000.00 -> booked base 500
         refund 3 E 30000.00 of 1 -> reversed refunded base -500
         counter E 2026-10 1000
         clear 4 E 60000.00 -> booked base 500
         counter E 2026-10 1500",
    );
}

#[test]
fn a_capped_purchase_is_refunded_from_its_top() {
    check(
        "clear 1 E 200000.00 -> booked base 1500
         # 1,833 miles are left: still above the cap.
         refund 2 E 90000.00 of 1 -> reversed refunded
         refund 3 E 50000.00 of 1 -> reversed refunded base -500
         refund 4 E 60000.00 of 1 -> reversed refunded base -1000
         counter E 2026-10 0",
    );
}

#[test]
fn months_are_counted_apart_by_the_date_of_the_purchase() {
    check(
        "clear 1 E 120000.00 on 2026-10-31 -> booked base 1500
         clear 2 E 120000.00 on 2026-11-01 -> booked base 1500
         clear 3 E 60.00 on 2026-10-01 -> none cap_truncates
         counter E 2026-10 1500
         counter E 2026-11 1500
         # A part that is presented in November belongs to October's purchase.
         auth 4 F 120000.00 on 2026-10-31 -> provisional base 1500
         clear 5 F 60000.00 of 4 on 2026-10-31 -> booked base 1000
         clear 6 F 60000.00 of 4 on 2026-11-01 -> booked base 500
         counter F 2026-10 1500
         counter F 2026-11 0
         reverse 7 of 6 -> reversed reversed base -500
         counter F 2026-10 1000",
    );
}

#[test]
fn the_end_of_a_hold_says_what_it_books() {
    check(
        "auth 1 A 120000.00 -> provisional base 1500
         clear 2 A 90000.00 -> booked base 1500
         because month below_cap
         clear 3 A 60000.00 of 1 -> none cap_truncates
         refund 4 A 30000.00 of 2 -> reversed refunded base -500
         expire 5 A of 1 on 2026-11-10 -> reversed hold_expired
         because month cap_truncates
         member A miles posted 1500 pending 0",
    );
}

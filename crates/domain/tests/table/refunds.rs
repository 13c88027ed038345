//! Refunds take back what their amount was worth, together never more than was granted.

use crate::language::check;

#[test]
fn more_than_was_cleared_takes_back_what_was_accrued_and_no_more() {
    check(
        "clear 1 B 2500.00 at kosta -> booked base 41 discount 125.00 shares 75.00/50.00
         refund 2 B 3000.00 of 1 -> reversed refunded base -41 discount -125.00 shares -75.00/-50.00
         refund 3 B 1000.00 of 1 -> reversed refunded
         member B miles posted 0 pending 0
         member B credit posted 0.00 pending 0.00
         partner kosta turnover posted 0.00
         # 2,500 + 2,500 - 3,000 - 1,000.
         clear 4 B 2500.00 of 1 -> booked base 16 discount 50.00 shares 30.00/20.00",
    );
}

#[test]
fn steps_of_a_refund_lose_nothing_to_rounding() {
    check(
        "clear 1 A 120.00 -> booked base 2
         refund 2 A 0.01 of 1 -> reversed refunded base -1
         refund 3 A 59.99 of 1 -> reversed refunded
         refund 4 A 59.99 of 1 -> reversed refunded base -1
         refund 5 A 0.01 of 1 -> reversed refunded
         member A miles posted 0 pending 0",
    );
}

#[test]
fn a_refund_below_the_minimum_takes_the_whole_discount_back() {
    check(
        "clear 1 B 1000.00 at kosta -> booked base 16 discount 50.00 shares 30.00/20.00
         refund 2 B 0.01 of 1 -> reversed refunded discount -50.00 shares -30.00/-20.00
         member B miles posted 16 pending 0",
    );
}

#[test]
fn a_refund_first_counts_as_soon_as_its_clearing_arrives() {
    check(
        "refund 1 B 1000.00 at kosta -> reversed refunded
         clear 2 B 2500.00 of 1 -> booked base 25 discount 75.00 shares 45.00/30.00
         partner kosta turnover posted 1500.00
         purchases B 1",
    );
}

#[test]
fn a_refund_may_name_its_original_under_another_retrieval_reference() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         clear 2 A 600.00 of 1 -> booked base 10
         refund 3 A 300.00 names 2 -> reversed refunded base -5
         refund 4 A 120.00 names 1 -> reversed refunded base -2
         purchases A 1
         # A refund that names the clearing and comes before it.
         refund 5 B 300.00 names 7 -> reversed refunded
         auth 6 B 600.00 -> provisional base 10
         clear 7 B 600.00 of 6 -> booked base 5
         member B miles posted 5 pending 0",
    );
}

#[test]
fn a_refund_that_belongs_to_nothing_takes_nothing_back() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 -> reversed refunded
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_refund_is_booked_when_it_is_cleared() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 declined of 1 -> none declined_by_the_issuer
         member A miles posted 10 pending 0
         refund 3 A 600.00 of 1 -> reversed refunded base -10
         member A miles posted 0 pending 0",
    );
}

#[test]
fn a_refund_on_a_later_day_counts_in_the_period_of_its_purchase() {
    check(
        "clear 1 A 600.00 at skyfuel on 2026-10-31 -> booked base 10 bonus 10
         refund 2 A 300.00 of 1 on 2026-11-02 -> reversed refunded base -5 bonus -5
         counter A 2026-10 10
         counter A 2026-11 0",
    );
}

#[test]
fn a_refund_that_arrives_first_does_not_date_the_purchase() {
    check(
        "refund 1 A 300.00 at skyfuel on 2026-11-02 -> reversed refunded
         clear 2 A 600.00 of 1 on 2026-10-31 -> booked base 5 bonus 5
         counter A 2026-10 10
         counter A 2026-11 0",
    );
}

#[test]
fn a_refund_that_arrives_first_does_not_say_what_kind_of_purchase_it_was() {
    check(
        "refund 1 A 1000.00 at kosta mcc 6011 -> reversed refunded
         clear 2 A 2500.00 rrn RRN1 at kosta -> booked base 25 discount 75.00 shares 45.00/30.00
         partner kosta turnover posted 1500.00
         refund 3 B 1000.00 at kosta -> reversed refunded
         clear 4 B 2500.00 cash rrn RRN3 at kosta -> none not_a_purchase
         partner kosta turnover posted 1500.00",
    );
}

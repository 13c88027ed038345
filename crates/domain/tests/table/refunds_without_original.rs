//! A refund that nothing connects with its purchase: no DE90, no common DE37, no acquirer reference. It stands alone and
//! takes nothing back; nobody is asked yet.

use crate::language::check;

#[test]
fn it_stands_alone_and_the_purchase_keeps_what_it_earned() {
    check(
        "clear 1 A 1200.00 at kosta -> booked base 20 discount 60.00 shares 36.00/24.00
         refund 2 A 1200.00 at kosta on 2026-10-20 -> reversed refunded
         because match stands_alone
         purchases A 2
         member A miles posted 20 pending 0
         partner kosta turnover posted 1200.00",
    );
}

#[test]
fn its_reversal_takes_nothing_back_either() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         reverse 3 of 2 -> reversed reversed
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_presentment_that_comes_with_its_reference_makes_it_a_refund() {
    check(
        "refund 1 A 600.00 on 2026-10-20 -> reversed refunded
         clear 2 A 1200.00 of 1 -> booked base 10
         purchases A 1
         member A miles posted 10 pending 0",
    );
}

//! Purchases in dollars under a program in roubles. What the bank bills in roubles (DE6) counts; else the rate table that
//! the program names, with the rate of the day of the purchase.

use crate::language::check;

#[test]
fn what_is_billed_in_roubles_needs_no_rate() {
    check(
        "rates usd 2026-10-10 90.00
         clear 1 A 100.00 usd billed 6000.00 -> booked base 100",
    );
}

#[test]
fn without_a_billing_amount_the_rate_of_the_day_holds() {
    check(
        "rates usd 2026-10-10 90.00
         rates usd 2026-10-11 60.00
         clear 1 A 100.00 usd -> booked base 150
         because currency converted_by_rate_table
         clear 2 A 100.00 usd on 2026-10-11 -> booked base 100
         clear 3 A 0.67 usd at kosta -> booked base 1
         partner kosta turnover posted 60.30",
    );
}

#[test]
fn without_a_rate_of_the_day_nothing_is_booked() {
    check(
        "rates usd 2026-10-10 90.00
         clear 1 A 100.00 usd on 2026-10-12 -> none no_rate_for_the_day
         because currency no_rate_for_the_day
         purchases A 0",
    );
}

#[test]
fn a_program_without_a_table_refuses_as_ever() {
    check("clear 1 A 100.00 usd -> none currency_without_billing_amount");
}

#[test]
fn refunds_and_reversals_go_by_the_rate_of_the_purchase() {
    check(
        "rates usd 2026-10-10 90.00
         rates usd 2026-10-20 60.00
         clear 1 A 100.00 usd at kosta -> booked base 150 discount 450.00 shares 270.00/180.00
         refund 2 A 50.00 usd of 1 on 2026-10-20 -> reversed refunded base -75 discount -225.00 shares -135.00/-90.00
         because currency converted_by_rate_table
         refund 3 A 50.00 usd of 1 on 2026-10-25 -> reversed refunded base -75 discount -225.00 shares -135.00/-90.00
         partner kosta turnover posted 0.00
         reverse 4 of 3 -> reversed reversed base 75 discount 225.00 shares 135.00/90.00
         partner kosta turnover posted 4500.00",
    );
}

#[test]
fn a_clearing_goes_by_the_rate_of_its_authorization() {
    check(
        "rates usd 2026-10-10 90.00
         auth 1 A 100.00 usd -> provisional base 150
         clear 2 A 100.00 usd of 1 on 2026-10-12 -> booked base 150
         member A miles posted 150 pending 0",
    );
}

#[test]
fn records_of_files_are_converted_too() {
    check(
        "rates usd 2026-10-10 90.00
         clear 1 A 100.00 usd presentment P1 -> booked base 150
         clear 2 A 100.00 usd presentment P2 on 2026-10-12 -> none no_rate_for_the_day
         chargeback 3 A 100.00 usd of 1 presentment P3 on 2026-11-12 -> reversed charged_back base -150
         member A miles posted 0 pending 0",
    );
}

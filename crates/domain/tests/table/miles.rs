//! Vesting, expiry, and what becomes of miles that are taken back after they expired or were spent.

use crate::language::check;

#[test]
fn a_purchase_gets_its_days_when_it_is_booked() {
    check(
        "program vests 14
         program vests 30 at kosta
         program expires age 24 month_end
         auth 1 A 6000.00 -> provisional base 100
         clear 2 A 6000.00 of 1 -> booked base 100
         lot 1 open 100 spent 0 expired 0 vests 2026-10-24 expires 2028-11-01
         clear 3 B 1200.00 at kosta -> booked base 20 discount 60.00 shares 36.00/24.00
         lot 3 open 20 vests 2026-11-09 expires 2028-11-01",
    );
}

#[test]
fn miles_of_a_program_that_says_nothing_stay() {
    check(
        "clear 1 A 6000.00 -> booked base 100
         lot 1 open 100 vests never expires never
         expire-miles 2 A of 1 on 2099-01-01 -> none no_miles_to_expire
         member A miles posted 100",
    );
}

#[test]
fn what_is_open_expires_on_its_day() {
    check(
        "program expires age 24 month_end
         clear 1 A 6000.00 -> booked base 100
         expire-miles 2 A of 1 on 2028-10-31 -> none miles_have_time_left
         expire-miles 3 A of 1 on 2028-11-01 -> reversed miles_expired base -100
         because lot miles_expired
         lot 1 open 0 spent 0 expired 100
         member A miles posted 0
         bank base posted 100
         counter A 2026-10 100
         expire-miles 4 A of 1 on 2028-11-02 -> none no_miles_to_expire",
    );
}

#[test]
fn miles_expire_on_a_day_of_the_year() {
    check(
        "program expires on 12-31 years 1
         clear 1 A 6000.00 -> booked base 100
         lot 1 expires 2028-01-01
         expire-miles 2 A of 1 on 2028-01-01 -> reversed miles_expired base -100",
    );
}

#[test]
fn use_of_the_account_keeps_all_of_its_miles() {
    check(
        "program expires inactivity 12
         clear 1 A 6000.00 -> booked base 100
         lot 1 expires 2027-10-11
         clear 2 A 600.00 on 2027-03-01 -> booked base 10
         expire-miles 3 A of 1 on 2027-10-11 -> none miles_kept_by_activity
         lot 1 open 100 expires 2028-03-02
         expire-miles 4 A of 1 on 2028-03-02 -> reversed miles_expired base -100
         expire-miles 5 A of 2 on 2028-03-02 -> reversed miles_expired base -10",
    );
}

#[test]
fn a_refund_is_no_use_of_the_account() {
    check(
        "program expires inactivity 12
         clear 1 A 6000.00 -> booked base 100
         refund 2 A 600.00 of 1 on 2027-03-01 -> reversed refunded base -10
         expire-miles 3 A of 1 on 2027-10-11 -> reversed miles_expired base -90",
    );
}

#[test]
fn expired_miles_are_taken_back_first() {
    check(
        "program expires age 1 day
         clear 1 A 6000.00 -> booked base 100
         expire-miles 2 A of 1 on 2026-11-11 -> reversed miles_expired base -100
         refund 3 A 1200.00 of 1 -> reversed refunded base -20
         because lot taken_back_from_expired
         lot 1 open 0 expired 80
         member A miles posted 0
         refund 4 A 4800.00 of 1 -> reversed refunded base -80
         lot 1 open 0 expired 0
         member A miles posted 0",
    );
}

#[test]
fn what_comes_back_after_an_expiry_expires_again() {
    check(
        "program expires age 1 day
         clear 1 A 6000.00 -> booked base 100
         refund 2 A 3000.00 of 1 -> reversed refunded base -50
         expire-miles 3 A of 1 on 2026-11-11 -> reversed miles_expired base -50
         reverse 4 of 2 -> reversed reversed base 50
         lot 1 open 50 expired 50
         expire-miles 5 A of 1 on 2026-11-12 -> reversed miles_expired base -50
         lot 1 open 0 expired 100
         member A miles posted 0",
    );
}

#[test]
fn a_refund_of_spent_miles_leaves_a_debt() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 80 -> booked miles_reserved base -80
         refund 3 A 6000.00 of 1 -> reversed refunded base -100
         because lot debt_of_the_member
         lot 1 open -80 spent 80
         member A miles posted -80",
    );
}

#[test]
fn the_next_spending_covers_the_debt_before_anything_else() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 80 -> booked miles_reserved base -80
         refund 3 A 6000.00 of 1 -> reversed refunded base -100
         clear 4 A 6600.00 on 2026-10-20 -> booked base 110
         reserve 5 A 31 on 2026-10-20 -> none not_enough_miles
         lot 4 open 110
         reserve 6 A 30 on 2026-10-20 -> booked miles_reserved base -30
         because lot debt_covered_from_lot taken_from_lot
         lot 1 open 0 spent 80 covered 80
         lot 4 open 0 spent 110
         member A miles posted 0
         cancel 7 A of 2 -> reversed redemption_cancelled base 80
         lot 1 open 80 spent 0 covered 80
         member A miles posted 80",
    );
}

#[test]
fn a_funder_bears_a_debt_and_gets_it_back() {
    check(
        "program redemption 0.50 min 10 share 50 minutes 15
         program debts airboreal
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 80 -> booked miles_reserved base -80
         refund 3 A 6000.00 of 1 -> reversed refunded base -100
         because lot debt_borne_by_funder
         lot 1 open 0 spent 80 borne 80
         member A miles posted 0
         partner airboreal miles posted 80
         reverse 4 of 3 remaining 3000.00 -> reversed reversed base 50
         lot 1 open 0 spent 80 borne 30
         cancel 5 A of 2 -> reversed redemption_cancelled base 80
         lot 1 open 50 spent 0 borne 0
         partner airboreal miles posted 0
         member A miles posted 50",
    );
}

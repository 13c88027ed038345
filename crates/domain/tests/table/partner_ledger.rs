//! Miles that the partner keeps: what its refusals book, and what later messages make of that.

use crate::language::check;

#[test]
fn what_the_partner_did_not_take_leaves_the_mirror() {
    check(
        "program ledger partner
         program debts bank
         clear 1 A 6000.00 -> booked base 100
         refused 2 A 100 of 1 -> reversed refused_by_the_partner base -100
         because partner refused_by_the_partner
         lot 1 open 0 expired 100
         member A miles posted 0
         # The partner never had them, so a refund takes nothing more.
         refund 3 A 2400.00 of 1 -> reversed refunded base -40
         because lot taken_back_from_refused
         lot 1 open 0 expired 60
         member A miles posted 0
         counter A 2026-10 60",
    );
}

#[test]
fn what_refunds_took_before_the_answer_is_not_taken_twice() {
    check(
        "program ledger partner
         program debts bank
         clear 1 A 6000.00 -> booked base 100
         refund 2 A 2400.00 of 1 -> reversed refunded base -40
         refused 3 A 100 of 1 -> reversed refused_by_the_partner base -60
         lot 1 open 0 expired 60
         refused 4 A 100 of 1 -> none refused_when_taken_back
         member A miles posted 0",
    );
}

#[test]
fn what_the_partner_does_not_give_back_is_borne() {
    check(
        "program ledger partner
         program debts kosta
         clear 1 A 6000.00 -> booked base 100
         refund 2 A 2400.00 of 1 -> reversed refunded base -40
         # Only the partner knows what is spent: nobody bears anything yet.
         member A miles posted 60
         refused 3 A -40 of 1 -> booked kept_by_the_partner base 40
         because partner kept_by_the_partner
         lot 1 open 100 borne 40
         member A miles posted 100
         # The shop claims the purchase again: the partner has these miles already.
         clear 4 A 1800.00 of 1 -> booked base 30
         because lot given_back_to_funder
         lot 1 open 100 borne 10
         member A miles posted 100",
    );
}

#[test]
fn nothing_is_spent_here() {
    check(
        "program ledger partner
         program debts bank
         program redemption 0.50 min 10 share 50 minutes 15
         program household pooled
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 50 -> none miles_kept_by_the_partner
         send 3 A 50 to B -> none miles_kept_by_the_partner
         share 6 A 50 pool 9 worth 25.00 -> none miles_kept_by_the_partner
         auth 7 A 600.00 rrn X asks 50 miles -> provisional miles_kept_by_the_partner base 10 reserved 0 remains 600.00
         adjust 4 A -20 by bank -> reversed adjusted base -20
         refund 5 A 6000.00 of 1 -> reversed refunded base -100
         # A debt of the mirror is no debt of the member.
         lot 1 open -20 borne 0
         member A miles posted -20",
    );
}

#[test]
fn a_refusal_is_booked_once() {
    check(
        "program ledger partner
         program debts bank
         clear 1 A 6000.00 -> booked base 100
         refused 2 A 100 of 1 -> reversed refused_by_the_partner base -100
         repeat 2 -> repeat: reversed refused_by_the_partner base -100
         member A miles posted 0",
    );
}

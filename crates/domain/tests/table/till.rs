//! A discount at the till: offered once in the answer to an authorization, decided by the clearing.

use crate::language::check;

#[test]
fn a_net_clearing_confirms() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         member A till posted 0.00 pending 223.50
         clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         because fuel-3 till_discount_confirmed
         member A till posted 223.50 pending 0.00
         member A miles posted 240 pending 0",
    );
}

#[test]
fn a_gross_clearing_cancels() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7450.00 of 1 -> booked base 124 bonus 124
         because fuel-3 till_discount_cancelled_by_gross_clearing
         member A till posted 0.00 pending 0.00
         member A miles posted 248 pending 0",
    );
}

#[test]
fn anything_else_is_a_break_without_a_discount() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7300.00 of 1 -> booked base 121 bonus 121
         because fuel-3 till_discount_unconfirmed_break
         member A till posted 0.00 pending 0.00",
    );
}

#[test]
fn parts_confirm_once_they_add_up() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7000.00 of 1 -> booked base 116 bonus 116
         member A till posted 0.00 pending 223.50
         clear 3 A 226.50 of 1 -> booked base 4 bonus 4 discount 223.50 shares 111.75/111.75
         member A till posted 223.50 pending 0.00
         # A third part breaks it again.
         clear 4 A 60.00 of 1 -> booked base 1 bonus 1 discount -223.50 shares -111.75/-111.75
         reverse 5 of 4 -> reversed reversed base -1 bonus -1 discount 223.50 shares 111.75/111.75
         member A till posted 223.50 pending 0.00",
    );
}

#[test]
fn an_odd_kopeck_is_borne_by_the_bank() {
    check(
        "auth 1 A 101.00 at skyfuel -> provisional base 1 bonus 1 discount 3.03 till 97.97
         clear 2 A 97.97 of 1 -> booked base 1 bonus 1 discount 3.03 shares 1.51/1.52
         bank till posted 1.52
         partner skyfuel till posted 1.51",
    );
}

#[test]
fn none_is_offered_before_the_final_amount_is_known_or_without_a_question() {
    check(
        "preauth 1 A 7450.00 at skyfuel -> provisional base 124 bonus 124
         because fuel-3 till_discount_was_not_offered
         clear 2 A 7450.00 of 1 -> booked base 124 bonus 124
         # An advice is no question.
         advice 3 B 7450.00 at skyfuel -> provisional base 124 bonus 124
         clear 4 C 7450.00 at skyfuel -> booked base 124 bonus 124
         auth 5 C 7450.00 of 4 -> none already_cleared
         # A second authorization of the same purchase is not offered a second discount.
         auth 6 D 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         auth 7 D 7450.00 of 6 -> provisional base 124 bonus 124
         clear 8 D 7226.50 of 6 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75",
    );
}

#[test]
fn a_refund_gives_the_discount_back_in_proportion() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         refund 3 A 3613.25 of 1 -> reversed refunded base -60 bonus -60 discount -111.75 shares -55.88/-55.87
         refund 4 A 3613.25 of 1 -> reversed refunded base -60 bonus -60 discount -111.75 shares -55.87/-55.88
         member A till posted 0.00 pending 0.00
         member A miles posted 0 pending 0
         partner skyfuel turnover posted 0.00",
    );
}

#[test]
fn a_reversed_authorization_takes_the_offer_back_until_a_clearing_proves_it_was_given() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         reverse 2 of 1 -> reversed authorization_reversed base -120 bonus -120 discount -223.50
         member A till posted 0.00 pending 0.00
         clear 3 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75",
    );
}

#[test]
fn an_offer_survives_a_refund_that_only_the_clearing_connects() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         refund 2 A 3613.25 at skyfuel names 3 -> reversed refunded
         clear 3 A 7226.50 of 1 -> booked base 60 bonus 60 discount 111.75 shares 55.87/55.88
         member A miles posted 120 pending 0
         member A till posted 111.75 pending 0.00",
    );
}

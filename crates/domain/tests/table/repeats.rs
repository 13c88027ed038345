//! A repeat gets the first answer and books nothing; a repeat that differs is named and refused.

use crate::language::check;

#[test]
fn a_repeat_gets_the_stored_result_and_books_nothing() {
    check(
        "auth 1 B 2500.00 at kosta -> provisional base 41 discount 125.00
         repeat 1 -> repeat: provisional base 41 discount 125.00
         member B miles posted 0 pending 41
         clear 2 B 2500.00 of 1 -> booked base 41 discount 125.00 shares 75.00/50.00
         repeat 2 -> repeat: booked base 41 discount 125.00
         repeat 1 -> repeat: provisional base 41 discount 125.00
         refund 3 B 1000.00 of 1 -> reversed refunded base -16 discount -50.00 shares -30.00/-20.00
         repeat 3 -> repeat: reversed refunded base -16 discount -50.00
         repeat 3 -> repeat: reversed refunded base -16 discount -50.00
         reverse 4 of 3 -> reversed reversed base 16 discount 50.00 shares 30.00/20.00
         repeat 4 -> repeat: reversed reversed base 16 discount 50.00
         repeat 2 -> repeat: booked base 41 discount 125.00
         member B miles posted 41 pending 0
         member B credit posted 125.00 pending 0.00
         partner kosta turnover posted 2500.00
         purchases B 1",
    );
}

#[test]
fn a_repeat_of_an_offer_offers_the_same_price() {
    check(
        "auth 1 A 7450.00 at skyfuel -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         repeat 1 -> repeat: provisional base 120 bonus 120 discount 223.50 till 7226.50
         reverse 2 of 1 -> reversed authorization_reversed base -120 bonus -120 discount -223.50
         repeat 1 -> repeat: provisional base 120 bonus 120 discount 223.50 till 7226.50
         member A till posted 0.00 pending 0.00",
    );
}

#[test]
fn a_refusal_is_remembered_too() {
    check(
        "auth 1 A 100.00 usd -> none currency_without_billing_amount
         repeat 1 -> repeat: none currency_without_billing_amount
         auth 2 - 100.00 -> none not_a_member
         repeat 2 -> repeat: none not_a_member
         reverse 3 of 4 -> none original_not_seen_yet
         repeat 3 -> repeat: none original_not_seen_yet
         auth 4 A 600.00 -> none authorization_was_reversed_or_declined",
    );
}

#[test]
fn an_altered_repeat_is_named_and_books_nothing() {
    check(
        "clear 1 A 600.00 -> booked base 10
         altered 1 amount 6000.00 -> altered DE4
         altered 1 at kosta -> altered DE42
         altered 1 usd -> altered DE49
         altered 1 cash -> altered DE3
         altered 1 on 2026-10-11 -> altered DE12
         altered 1 billed 600.00 -> altered DE6
         altered 1 card B -> altered DE2
         repeat 1 -> repeat: booked base 10
         member A miles posted 10 pending 0
         member B miles posted 0 pending 0
         partner kosta turnover posted 0.00
         purchases A 1",
    );
}

#[test]
fn a_card_that_became_known_in_between_keeps_its_first_answer() {
    check(
        "clear 1 - 600.00 -> none not_a_member
         altered 1 card A -> repeat: none not_a_member
         member A miles posted 0 pending 0",
    );
}

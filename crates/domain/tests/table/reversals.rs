//! A reversal cancels only the message that its DE90 names, in full or down to what remains.

use crate::language::check;

#[test]
fn of_an_authorization_in_full_and_in_part() {
    check(
        "auth 1 B 2500.00 at kosta -> provisional base 41 discount 125.00
         reverse 2 of 1 remaining 1250.00 -> reversed authorization_reversed base -21 discount -62.50
         member B miles posted 0 pending 20
         member B credit posted 0.00 pending 62.50
         reverse 3 of 1 -> reversed authorization_reversed base -20 discount -62.50
         member B miles posted 0 pending 0
         # The clearing still counts: it was not reversed.
         clear 4 B 1250.00 of 1 -> booked base 20 discount 62.50 shares 37.50/25.00",
    );
}

#[test]
fn of_a_presentment_in_full_and_in_part() {
    check(
        "clear 1 B 2500.00 at kosta -> booked base 41 discount 125.00 shares 75.00/50.00
         reverse 2 of 1 remaining 1000.00 -> reversed reversed base -25 discount -75.00 shares -45.00/-30.00
         partner kosta turnover posted 1000.00
         reverse 3 of 1 remaining 999.99 -> reversed reversed discount -50.00 shares -30.00/-20.00
         reverse 4 of 1 -> reversed reversed base -16
         partner kosta turnover posted 0.00
         member B miles posted 0 pending 0
         member B credit posted 0.00 pending 0.00",
    );
}

#[test]
fn of_a_refund_in_full_and_in_part() {
    check(
        "clear 1 B 2500.00 at kosta -> booked base 41 discount 125.00 shares 75.00/50.00
         refund 2 B 2000.00 of 1 -> reversed refunded base -33 discount -125.00 shares -75.00/-50.00
         reverse 3 of 2 remaining 500.00 -> reversed reversed base 25 discount 100.00 shares 60.00/40.00
         member B miles posted 33 pending 0
         reverse 4 of 2 -> reversed reversed base 8 discount 25.00 shares 15.00/10.00
         member B miles posted 41 pending 0
         member B credit posted 125.00 pending 0.00",
    );
}

#[test]
fn one_presentment_of_two() {
    check(
        "auth 1 A 1200.00 -> provisional base 20
         clear 2 A 600.00 of 1 -> booked base 10
         clear 3 A 600.00 of 1 -> booked base 10
         reverse 4 of 2 -> reversed reversed base -10
         # The authorization was not reversed, so its rest is awaited again.
         member A miles posted 10 pending 10
         reverse 5 of 1 -> reversed authorization_reversed base -10
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_second_reversal_takes_back_nothing_more() {
    check(
        "clear 1 A 600.00 -> booked base 10
         reverse 2 of 1 -> reversed reversed base -10
         reverse 3 of 1 -> none already_reversed
         # A reversal never gives back what an earlier one took.
         reverse 4 of 1 remaining 300.00 -> none already_reversed
         member A miles posted 0 pending 0
         auth 5 B 600.00 -> provisional base 10
         reverse 6 of 5 remaining 300.00 -> reversed authorization_reversed base -5
         reverse 7 of 5 remaining 300.00 -> none already_reversed
         member B miles posted 0 pending 5",
    );
}

#[test]
fn before_its_original_leaves_a_tombstone() {
    check(
        "reverse 1 of 2 -> none original_not_seen_yet
         clear 2 A 600.00 -> none presentment_was_reversed
         reverse 3 of 2 -> none already_reversed
         member A miles posted 0 pending 0
         reverse 4 of 5 remaining 300.00 -> none original_not_seen_yet
         clear 5 B 600.00 -> booked base 5
         reverse 6 of 5 -> reversed reversed base -5
         member B miles posted 0 pending 0
         reverse 7 of 8 -> none original_not_seen_yet
         auth 8 C 600.00 -> none authorization_was_reversed_or_declined
         clear 9 C 600.00 of 8 -> booked base 10
         reverse 10 of 11 remaining 120.00 -> none original_not_seen_yet
         refund 11 C 600.00 of 8 -> reversed refunded base -2
         member C miles posted 8 pending 0",
    );
}

#[test]
fn of_two_tombstones_the_one_that_leaves_less_counts() {
    check(
        "reverse 1 of 3 remaining 300.00 -> none original_not_seen_yet
         reverse 2 of 3 remaining 120.00 -> none original_not_seen_yet
         clear 3 A 600.00 -> booked base 2
         reverse 4 of 3 remaining 200.00 -> none already_reversed
         member A miles posted 2 pending 0",
    );
}

#[test]
fn by_another_member_is_refused() {
    check(
        "clear 1 A 600.00 -> booked base 10
         reverse 2 of 1 card B -> none original_belongs_to_another_account
         member A miles posted 10 pending 0
         reverse 3 of 1 -> reversed reversed base -10",
    );
}

#[test]
fn a_presentment_of_nothing_releases_the_hold() {
    check(
        "auth 1 B 2500.00 at kosta -> provisional base 41 discount 125.00
         clear 2 B 0.00 of 1 -> reversed completed_without_amount
         member B miles posted 0 pending 0
         member B credit posted 0.00 pending 0.00
         repeat 2 -> repeat: reversed completed_without_amount
         # There was nothing to take back, neither now nor by its reversal, and the hold stays away.
         clear 3 B 0.00 of 1 -> none completed_without_amount
         reverse 4 of 2 -> none original_without_amount
         auth 5 B 2500.00 of 1 -> none authorization_was_reversed_or_declined
         member B miles posted 0 pending 0
         # What is cleared all the same counts.
         clear 6 B 2500.00 of 1 -> booked base 41 discount 125.00 shares 75.00/50.00
         purchases B 1",
    );
}

#[test]
fn a_presentment_of_nothing_ends_what_was_cleared_in_part() {
    check(
        "auth 1 A 1200.00 -> provisional base 20
         clear 2 A 600.00 of 1 -> booked base 10
         member A miles posted 10 pending 10
         clear 3 A 0.00 of 1 -> reversed completed_without_amount
         member A miles posted 10 pending 0
         # Before its authorization, and with a reversal before it.
         clear 5 B 0.00 -> none completed_without_amount
         auth 4 B 600.00 of 5 -> none authorization_was_reversed_or_declined
         reverse 7 of 6 -> none original_not_seen_yet
         clear 6 B 0.00 of 5 -> none presentment_was_reversed
         reverse 9 of 8 -> none original_not_seen_yet
         clear 8 B 600.00 -> none presentment_was_reversed
         member B miles posted 0 pending 0",
    );
}

#[test]
fn a_completion_that_was_reversed_before_it_came_ends_nothing() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         reverse 2 of 3 -> none original_not_seen_yet
         clear 3 A 0.00 of 1 -> none presentment_was_reversed
         member A miles posted 0 pending 10
         reverse 4 of 3 -> none original_without_amount
         member A miles posted 0 pending 10
         # The next one does.
         clear 5 A 0.00 of 1 -> reversed completed_without_amount
         member A miles posted 0 pending 0
         clear 6 A 600.00 of 1 -> booked base 10",
    );
}

#[test]
fn zero_is_zero_in_any_currency() {
    check(
        "auth 1 A 25.00 usd billed 2400.00 -> provisional base 40
         clear 2 A 0.00 usd of 1 -> reversed completed_without_amount
         member A miles posted 0 pending 0
         refund 3 A 0.00 usd of 1 -> none refund_of_nothing
         # Only of a clearing, and only of zero.
         clear 4 A 0.01 usd of 1 -> none currency_without_billing_amount
         auth 5 B 0.00 usd -> none currency_without_billing_amount
         auth 6 C 25.00 usd billed 2400.00 -> provisional base 40
         reverse 7 of 8 -> none original_not_seen_yet
         clear 8 C 0.00 usd of 6 -> none presentment_was_reversed
         member C miles posted 0 pending 40
         clear 9 C 25.00 usd billed 2400.00 of 6 -> booked base 40",
    );
}

#[test]
fn a_refund_of_nothing_takes_nothing_back() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 0.00 of 1 -> none refund_of_nothing
         reverse 3 of 2 -> none original_without_amount
         reverse 4 of 5 -> none original_not_seen_yet
         refund 5 A 600.00 of 1 -> none refund_of_nothing
         reverse 6 of 5 -> none already_reversed
         member A miles posted 10 pending 0",
    );
}

#[test]
fn of_an_authorization_in_two_steps_leaves_what_one_leaves() {
    check(
        "auth 1 A 102.80 at skyfuel -> provisional base 1 bonus 1 discount 3.08 till 99.72
         reverse 2 of 1 remaining 74.34 -> reversed authorization_reversed discount -3.08
         # 60.00 of the price.
         reverse 3 of 1 remaining 61.85 -> reversed authorization_reversed
         member A miles posted 0 pending 2
         auth 4 B 102.80 at skyfuel -> provisional base 1 bonus 1 discount 3.08 till 99.72
         reverse 5 of 4 remaining 61.85 -> reversed authorization_reversed discount -3.08
         member B miles posted 0 pending 2",
    );
}

#[test]
fn a_part_of_one_authorization_leaves_a_larger_one_alone() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         auth 2 A 1200.00 of 1 -> provisional base 20
         reverse 3 of 1 remaining 300.00 -> reversed authorization_reversed
         member A miles posted 0 pending 20
         reverse 4 of 2 remaining 900.00 -> reversed authorization_reversed base -5
         member A miles posted 0 pending 15",
    );
}

#[test]
fn one_authorization_of_several_takes_back_only_what_it_held() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         auth 2 A 1200.00 of 1 -> provisional base 20
         reverse 3 of 2 -> reversed authorization_reversed base -10
         member A miles posted 0 pending 10
         reverse 4 of 1 -> reversed authorization_reversed base -10
         # A further one holds again.
         auth 5 A 600.00 of 1 -> provisional base 10
         reverse 6 of 5 remaining 300.00 -> reversed authorization_reversed base -5
         auth 7 A 180.00 of 1 -> provisional base 5
         reverse 8 of 5 -> reversed authorization_reversed base -2
         member A miles posted 0 pending 3
         purchases A 1
         # Of the largest in part: the hold falls to what the others hold, whoever came first.
         auth 10 B 300.00 -> provisional base 5
         auth 11 B 600.00 of 10 -> provisional base 10
         reverse 12 of 11 remaining 60.00 -> reversed authorization_reversed base -5
         auth 13 C 600.00 -> provisional base 10
         auth 14 C 300.00 of 13 -> provisional base 10
         reverse 15 of 13 remaining 60.00 -> reversed authorization_reversed base -5
         # A reversal that comes first does the same.
         reverse 16 of 17 -> none original_not_seen_yet
         auth 18 D 300.00 -> provisional base 5
         auth 17 D 600.00 of 18 -> none authorization_was_reversed_or_declined
         member D miles posted 0 pending 5
         # A decline ends it for good.
         auth 19 E 600.00 -> provisional base 10
         advice 20 E 600.00 declined of 19 -> reversed declined_by_the_issuer
         reverse 21 of 19 -> reversed authorization_reversed
         auth 22 E 600.00 of 19 -> none authorization_was_reversed_or_declined
         member E miles posted 0 pending 0",
    );
}

#[test]
fn what_was_declined_has_not_told_what_was_bought() {
    check(
        "refund 1 A 600.00 -> reversed refunded
         advice 2 A 1200.00 declined of 1 -> reversed declined_by_the_issuer
         clear 3 A 1800.00 cash of 1 -> none not_a_purchase
         member A miles posted 0 pending 0
         advice 4 B 1200.00 declined cash -> reversed declined_by_the_issuer
         clear 5 B 1800.00 of 4 -> booked base 30
         purchases B 1",
    );
}

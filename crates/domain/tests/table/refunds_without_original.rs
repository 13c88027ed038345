//! A refund that nothing connects with its purchase: no DE90, no common DE37, no acquirer reference. When it comes it
//! stands alone and takes nothing back. Later it is matched: by the scheduler if that leaves no doubt, else by a person.

use crate::language::check;

#[test]
fn when_it_comes_it_stands_alone_and_the_purchase_keeps_what_it_earned() {
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
fn matched_it_takes_back_what_a_refund_that_names_its_purchase_takes_back() {
    check(
        "clear 1 A 1200.00 at kosta -> booked base 20 discount 60.00 shares 36.00/24.00
         refund 2 A 1200.00 at kosta on 2026-10-20 -> reversed refunded
         match 3 A of 2 to 1 scheduler -> reversed refund_matched base -20 discount -60.00 shares -36.00/-24.00
         because match matched_by_likeness same_card_acceptor exact_amount
         member A miles posted 0 pending 0
         member A credit posted 0.00
         partner kosta turnover posted 0.00
         repeat 3 -> repeat: reversed refund_matched base -20 discount -60.00
         # Another decision about the same refund finds it matched.
         match 4 A of 2 to 1 -> none refund_was_matched_already
         leave 5 A of 2 -> none refund_was_matched_already",
    );
}

#[test]
fn parts_are_taken_back_cumulatively_and_by_the_rules_of_the_purchase() {
    check(
        "clear 1 A 2500.00 at kosta -> booked base 41 discount 125.00 shares 75.00/50.00
         rerate 2 A of 1 to generous -> booked rerated base 41 discount 125.00 shares 75.00/50.00
         refund 3 A 700.00 of 1 -> reversed refunded base -22 discount -70.00 shares -42.00/-28.00
         refund 4 A 900.00 at kosta on 2026-10-20 -> reversed refunded
         match 5 A of 4 to 1 -> reversed refund_matched base -30 discount -180.00 shares -108.00/-72.00
         because match matched_by_staff
         # Below the least amount of the discount there is none.
         member A credit posted 0.00
         member A miles posted 30 pending 0",
    );
}

#[test]
fn what_is_cleared_later_counts_less_what_was_matched() {
    check(
        "clear 1 A 600.00 rrn X -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         match 3 A of 2 to 1 scheduler -> reversed refund_matched base -10
         clear 4 A 600.00 of 1 -> booked base 10
         chargeback 5 A 300.00 names 4 -> reversed charged_back base -5
         member A miles posted 5 pending 0",
    );
}

#[test]
fn its_reversal_takes_nothing_back_before_the_match() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         reverse 3 of 2 -> reversed reversed
         member A miles posted 10 pending 0
         match 4 A of 2 to 1 -> none refund_was_reversed
         member A miles posted 10 pending 0",
    );
}

#[test]
fn its_reversal_follows_it_to_the_purchase_after_the_match() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         match 3 A of 2 to 1 -> reversed refund_matched base -10
         reverse 4 of 2 remaining 240.00 -> reversed reversed base 6
         member A miles posted 6 pending 0
         reverse 5 of 2 -> reversed reversed base 4
         reverse 6 of 2 -> none already_reversed
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_record_of_a_file_is_undone_and_comes_again_at_the_purchase() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 no-rrn on 2026-10-20 presentment R1 -> reversed refunded
         match 3 A of 2 to 1 -> reversed refund_matched base -10
         refund 4 A 600.00 no-rrn on 2026-10-20 presentment R1 -> none presentment_already_cleared
         reverse 5 of 2 -> reversed reversed base 10
         refund 6 A 600.00 no-rrn on 2026-10-20 presentment R1 -> reversed refunded base -10
         purchases A 2
         member A miles posted 0 pending 0",
    );
}

#[test]
fn of_a_refund_above_what_is_left_the_rest_stands_alone() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 240.00 of 1 -> reversed refunded base -4
         refund 3 A 900.00 on 2026-10-20 -> reversed refunded
         match 4 A of 3 to 1 -> reversed refund_matched base -6
         because match matched_by_staff rest_stands_alone
         # What stands alone is given up first: 540.00 of it.
         reverse 5 of 3 remaining 360.00 -> reversed reversed
         reverse 6 of 3 remaining 120.00 -> reversed reversed base 4
         reverse 7 of 3 -> reversed reversed base 2
         member A miles posted 6 pending 0",
    );
}

#[test]
fn the_scheduler_matches_nothing_that_has_changed_since_it_looked() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         refund 3 A 60.00 of 1 -> reversed refunded base -1
         match 4 A of 2 to 1 scheduler -> none purchase_has_changed
         member A miles posted 9 pending 0",
    );
}

#[test]
fn nothing_is_matched_where_nothing_is_left() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         match 3 A of 2 to 1 -> none nothing_left_to_refund
         match 4 A of 2 to 2 -> none nothing_left_to_refund
         clear 5 B 600.00 -> booked base 10
         match 6 A of 2 to 5 -> none original_belongs_to_another_account
         member B miles posted 10 pending 0",
    );
}

#[test]
fn left_alone_it_stays_so_until_somebody_thinks_better_of_it() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         leave 3 A of 2 -> none refund_left_alone
         because match refund_left_alone
         member A miles posted 10 pending 0
         match 4 A of 2 to 1 -> reversed refund_matched base -10",
    );
}

#[test]
fn a_presentment_that_comes_with_its_reference_makes_it_a_refund() {
    check(
        "refund 1 A 600.00 on 2026-10-20 -> reversed refunded
         clear 2 A 1200.00 of 1 -> booked base 10
         purchases A 1
         member A miles posted 10 pending 0
         # It has its purchase now.
         clear 3 A 600.00 -> booked base 10
         match 4 A of 1 to 3 -> none refund_has_its_purchase",
    );
}

#[test]
fn once_it_is_matched_what_comes_with_its_reference_is_a_purchase_of_its_own() {
    check(
        "clear 1 A 600.00 -> booked base 10
         refund 2 A 600.00 on 2026-10-20 -> reversed refunded
         match 3 A of 2 to 1 -> reversed refund_matched base -10
         clear 4 A 1200.00 of 2 -> booked base 20
         purchases A 3
         member A miles posted 20 pending 0",
    );
}

#[test]
fn a_presentment_that_is_raised_again_counts_though_its_refund_counts_elsewhere() {
    check(
        "clear 1 A 600.00 rrn P -> booked base 10
         refund 2 A 600.00 rrn X -> reversed refunded
         clear 3 A 1200.00 rrn X presentment P1 -> booked base 10
         reverse 4 of 3 -> reversed reversed base -10
         match 5 A of 2 to 1 -> reversed refund_matched base -10
         clear 6 A 1200.00 rrn X presentment P1 -> booked base 20
         reverse 7 of 6 -> reversed reversed base -20
         reverse 8 of 2 -> reversed reversed base 10
         member A miles posted 10 pending 0",
    );
}

#[test]
fn what_ends_beside_a_matched_refund_ends_nothing_of_its_purchase() {
    check(
        "program redemption 0.50 min 10 share 100 minutes 15
         clear 1 A 6000.00 rrn EARN -> booked base 100
         clear 2 A 600.00 rrn P -> booked base 10
         refund 3 A 300.00 rrn X -> reversed refunded
         advice 4 A 1200.00 declined rrn X -> reversed declined_by_the_issuer
         match 5 A of 3 to 2 -> reversed refund_matched base -5
         reverse 6 of 4 -> reversed authorization_reversed
         # The first authorization of that purchase.
         auth 7 A 1200.00 rrn P asks 100 miles -> provisional miles_reserved base 9 till 1150.00 reserved 100 remains 1150.00",
    );
}

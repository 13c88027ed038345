//! Who and what earns: members, merchants, categories, currencies, transaction types, clearing sources.

use crate::language::check;

#[test]
fn a_card_that_is_no_member_gets_nothing_and_a_reason() {
    check(
        "auth 1 - 2500.00 at kosta -> none not_a_member
         clear 2 - 2500.00 of 1 -> none not_a_member
         refund 3 - 2500.00 of 1 -> none not_a_member
         reverse 4 of 2 -> none not_a_member
         partner kosta turnover posted 0.00",
    );
}

#[test]
fn a_member_counts_from_the_day_of_enrollment() {
    check(
        "enroll D 2026-10-11
         auth 1 D 600.00 on 2026-10-10 -> none enrolled_after_the_purchase
         clear 2 D 600.00 of 1 on 2026-10-10 -> none enrolled_after_the_purchase
         clear 3 D 600.00 on 2026-10-11 -> booked base 10
         # The refund of a purchase that never counted takes nothing back.
         refund 4 D 600.00 of 1 on 2026-10-12 -> reversed refunded
         reverse 5 of 2 -> none original_not_seen_yet
         member D miles posted 10 pending 0",
    );
}

#[test]
fn a_blocked_card_gets_nothing_new_and_its_clearing_counts() {
    check(
        "lost 2
         auth 1 A 600.00 plastic 1 -> provisional base 10
         auth 2 A 600.00 plastic 2 -> none card_blocked
         advice 3 A 600.00 plastic 2 -> none card_blocked
         because eligibility card_blocked
         # It was authorized before the block, or by somebody whom the bank paid all the same.
         clear 4 A 600.00 of 2 plastic 2 -> booked base 10
         refund 5 A 600.00 of 2 plastic 2 -> reversed refunded base -10
         auth 6 A 600.00 refunded plastic 2 -> none refund_is_booked_when_cleared
         # A decline takes back what an authorization of another day gave.
         advice 7 A 600.00 of 1 plastic 2 declined -> reversed declined_by_the_issuer
         reverse 8 of 4 -> reversed reversed
         member A miles posted 0 pending 0",
    );
}

#[test]
fn a_blocked_account_gets_nothing_new() {
    check(
        "blocked A
         auth 1 A 600.00 -> none account_blocked
         clear 2 A 600.00 of 1 -> booked base 10
         auth 3 B 600.00 -> provisional base 10",
    );
}

#[test]
fn a_closed_account_counts_what_was_bought_before() {
    check(
        "closed A 2026-10-10
         clear 1 A 600.00 on 2026-10-10 -> booked base 10
         auth 2 A 600.00 on 2026-10-11 -> none account_closed_before_the_purchase
         clear 3 A 600.00 of 2 on 2026-10-11 -> none account_closed_before_the_purchase
         refund 4 A 600.00 of 1 on 2026-10-12 -> reversed refunded base -10
         member A miles posted 0 pending 0",
    );
}

#[test]
fn the_terminal_comes_before_the_merchant() {
    check(
        "clear 1 A 1000.00 at mall terminal KOSTA001 -> booked base 16 discount 50.00 shares 30.00/20.00
         because merchant matched_by_terminal
         clear 2 A 1000.00 at mall terminal OTHER001 -> booked base 16
         because merchant not_in_the_map
         partner kosta turnover posted 1000.00
         clear 3 A 1000.00 at station -> booked base 16 bonus 16
         because merchant matched_by_card_acceptor
         partner skyfuel turnover posted 1000.00
         clear 4 A 1000.00 at station terminal SHOP0001 -> booked base 16 discount 50.00 shares 30.00/20.00
         partner skyfuel turnover posted 1000.00
         partner kosta turnover posted 2000.00",
    );
}

#[test]
fn an_excluded_category_earns_neither_miles_nor_discount() {
    check(
        "auth 1 A 5000.00 at kosta mcc 7995 -> none mcc_excluded
         because exclusions mcc_excluded
         clear 2 A 5000.00 of 1 -> none mcc_excluded
         clear 3 A 5000.00 at skyfuel mcc 4829 -> none mcc_excluded
         auth 4 A 5000.00 at skyfuel mcc 6011 -> none mcc_excluded
         # Commission is on turnover, which the exclusion does not concern.
         partner kosta turnover posted 5000.00
         partner skyfuel turnover posted 5000.00
         clear 5 A 5000.00 at kosta mcc 6012 -> booked base 83 discount 250.00 shares 150.00/100.00
         refund 6 A 5000.00 of 2 -> reversed refunded
         partner kosta turnover posted 5000.00",
    );
}

#[test]
fn cash_and_inquiries_earn_nothing() {
    check(
        "auth 1 A 5000.00 cash at kosta -> none not_a_purchase
         clear 2 A 5000.00 cash at kosta of 1 -> none not_a_purchase
         auth 3 A 5000.00 inquiry -> none transaction_type_without_loyalty
         auth 4 A 59.99 -> none below_the_first_mile
         clear 5 A 60.00 -> booked base 1
         partner kosta turnover posted 0.00",
    );
}

#[test]
fn a_foreign_currency_needs_a_billing_amount() {
    check(
        "clear 1 A 100.00 usd -> none currency_without_billing_amount
         clear 2 A 100.00 usd billed 9500.00 -> booked base 158
         # A billing amount decides, also where the transaction is in the program's currency.
         clear 3 A 100.00 billed 120.00 -> booked base 2
         # A discount in the till's foreign currency cannot be offered.
         auth 4 A 100.00 usd billed 9500.00 at skyfuel -> provisional base 158 bonus 158
         auth 7 A 100.00 usd billed 100.00 at skyfuel -> provisional base 1 bonus 1
         # Half of the dollars are half of the roubles.
         reverse 5 of 2 remaining 50.00 -> reversed reversed base -79
         refund 6 A 25.00 usd billed 2400.00 of 2 -> reversed refunded base -40
         member A miles posted 41 pending 318",
    );
}

#[test]
fn the_bank_clears_from_the_source_that_it_declared() {
    check(
        "auth 1 A 600.00 -> provisional base 10
         clear 2 A 600.00 from-file of 1 -> none clearing_from_another_source
         clear 3 A 600.00 single-message of 1 -> none clearing_from_another_source
         member A miles posted 0 pending 10
         clear 4 A 600.00 of 1 -> booked base 10
         refund 5 A 600.00 from-file of 1 -> none clearing_from_another_source
         member A miles posted 10 pending 0",
    );
}

#[test]
fn a_bonus_holds_on_its_days_only() {
    check(
        "clear 1 A 600.00 at skyfuel on 2026-10-09 -> booked base 10
         because weekend-fuel weekday
         clear 2 A 600.00 at skyfuel on 2026-10-10 -> booked base 10 bonus 10
         clear 3 A 600.00 at skyfuel on 2026-10-11 -> booked base 10 bonus 10
         clear 4 A 600.00 at skyfuel on 2026-10-12 -> booked base 10
         clear 5 A 600.00 at kosta on 2026-10-11 -> booked base 10
         because weekend-fuel partner
         because kosta-5 below_minimum",
    );
}

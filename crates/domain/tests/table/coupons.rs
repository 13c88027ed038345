//! Discounts and bonuses for members who show a code of a campaign.

use crate::language::check;

#[test]
fn a_code_gives_its_discount_once() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         # Whoever shows no code gets miles as ever.
         clear 1 A 1000.00 at kosta -> booked base 16
         because off no_coupon_shown
         auth 2 A 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         coupon SPRING-1 uses 1
         # The estimate has the code already: nobody else gets it meanwhile.
         auth 3 B 1000.00 at kosta shows SPRING-1 -> provisional coupon_used_up base 16
         because off coupon_used_up
         clear 4 A 1000.00 of 2 -> booked base 16 discount 100.00 shares 0.00/100.00
         because off statement_credit
         auth 5 A 1000.00 at kosta shows SPRING-1 -> provisional coupon_used_up base 16
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_code_may_count_several_times() {
    check(
        "coupons spring each 2
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         clear 1 A 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 B 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 C 1000.00 at kosta shows SPRING-1 -> booked coupon_used_up base 16
         coupon SPRING-1 uses 2",
    );
}

#[test]
fn a_campaign_may_bound_what_one_member_uses_of_all_its_codes() {
    check(
        "coupons spring member 1
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         code SPRING-2 of spring
         clear 1 A 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 A 1000.00 at kosta shows SPRING-2 -> booked coupon_used_by_member base 16
         clear 3 B 1000.00 at kosta shows SPRING-2 -> booked base 16 discount 100.00 shares 0.00/100.00
         counter A coupon:spring 1
         counter B coupon:spring 1",
    );
}

#[test]
fn each_condition_that_fails_has_its_own_reason() {
    check(
        "coupons spring from 2026-10-01 until 2026-11-01
         coupons autumn
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         code AUTUMN-1 of autumn
         code OF-B of spring for B
         code GONE of spring revoked
         clear 1 A 1000.00 at kosta shows AUTUMN-1 -> booked coupon_of_another_campaign base 16
         because off coupon_of_another_campaign
         clear 2 A 1000.00 at kosta shows OF-B -> booked coupon_of_another_member base 16
         clear 3 A 1000.00 at kosta shows GONE -> booked coupon_revoked base 16
         clear 4 A 1000.00 at kosta shows NEVER-MADE -> booked coupon_unknown base 16
         clear 5 A 1000.00 at kosta on 2026-09-30 shows SPRING-1 -> booked coupon_not_yet_valid base 16
         clear 6 A 1000.00 at kosta on 2026-11-01 shows SPRING-1 -> booked coupon_ended base 16
         # At another merchant no rule demands it.
         clear 7 A 1000.00 at skyfuel shows SPRING-1 -> booked coupon_without_use base 16 bonus 16
         clear 8 A 1000.00 at kosta mcc 6011 shows SPRING-1 -> none mcc_excluded
         because coupon coupon_without_use
         coupon SPRING-1 uses 0
         clear 9 A 1000.00 at kosta on 2026-10-31 shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 10 B 1000.00 at kosta shows OF-B -> booked base 16 discount 100.00 shares 0.00/100.00
         # A card that is no member's uses nothing.
         clear 11 - 1000.00 at kosta shows SPRING-1 -> none not_a_member",
    );
}

#[test]
fn a_bonus_may_demand_a_coupon_too() {
    check(
        "coupons spring
         bonus weekend-fuel coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at skyfuel -> provisional base 16 discount 30.00 till 970.00
         auth 2 A 1000.00 at skyfuel shows SPRING-1 -> provisional base 16 bonus 16 discount 30.00 till 970.00
         clear 3 A 970.00 of 2 -> booked base 16 bonus 16 discount 30.00 shares 15.00/15.00
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_discount_at_the_till_is_offered_for_a_code() {
    check(
        "coupons spring
         discount off at kosta till 100.00 coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta -> provisional base 16
         auth 2 B 1000.00 at kosta shows SPRING-1 -> provisional base 15 discount 100.00 till 900.00
         auth 3 C 1000.00 at kosta shows SPRING-1 -> provisional coupon_used_up base 16
         clear 4 B 900.00 of 2 -> booked base 15 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1
         # It was not given after all: the clearing is gross.
         auth 5 A 1000.00 at kosta shows SPRING-1 -> provisional coupon_used_up base 16",
    );
}

#[test]
fn what_the_till_did_not_give_gives_the_code_back() {
    check(
        "coupons spring
         discount off at kosta till 100.00 coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta shows SPRING-1 -> provisional base 15 discount 100.00 till 900.00
         clear 2 A 1000.00 of 1 -> booked base 16
         because off till_discount_cancelled_by_gross_clearing
         coupon SPRING-1 uses 0
         auth 3 B 1000.00 at kosta shows SPRING-1 -> provisional base 15 discount 100.00 till 900.00",
    );
}

#[test]
fn a_reversal_a_refusal_and_the_end_of_the_hold_give_the_code_back() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         reverse 2 of 1 remaining 600.00 -> reversed authorization_reversed base -6 discount -40.00
         coupon SPRING-1 uses 1
         reverse 3 of 1 -> reversed authorization_reversed base -10 discount -60.00
         coupon SPRING-1 uses 0
         auth 4 B 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         advice 5 B 1000.00 of 4 declined -> reversed declined_by_the_issuer
         coupon SPRING-1 uses 0
         auth 6 C 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         expire 7 C of 6 on 2026-10-18 -> reversed hold_expired base -16 discount -100.00
         coupon SPRING-1 uses 0
         # What is cleared and reversed gives it back as well.
         clear 8 D 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1
         reverse 9 of 8 -> reversed reversed base -16 discount -100.00 shares 0.00/-100.00
         coupon SPRING-1 uses 0",
    );
}

#[test]
fn a_late_clearing_takes_the_code_again_if_nobody_else_has_it() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         code SPRING-2 of spring
         auth 1 A 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         auth 2 B 1000.00 at kosta shows SPRING-2 -> provisional base 16 discount 100.00
         expire 3 A of 1 on 2026-10-18 -> reversed hold_expired base -16 discount -100.00
         expire 4 B of 2 on 2026-10-18 -> reversed hold_expired base -16 discount -100.00
         auth 5 C 1000.00 at kosta on 2026-10-19 shows SPRING-2 -> provisional base 16 discount 100.00
         clear 6 A 1000.00 of 1 -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 7 B 1000.00 of 2 -> booked base 16
         because off coupon_used_up
         coupon SPRING-1 uses 1
         coupon SPRING-2 uses 1",
    );
}

#[test]
fn an_offer_that_the_till_may_have_given_keeps_the_code() {
    check(
        "coupons spring
         discount off at kosta till 100.00 coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta shows SPRING-1 -> provisional base 15 discount 100.00 till 900.00
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -15
         coupon SPRING-1 uses 1
         auth 3 B 1000.00 at kosta on 2026-10-19 shows SPRING-1 -> provisional coupon_used_up base 16
         clear 4 A 900.00 of 1 -> booked base 15 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_refund_keeps_the_code_used_unless_the_campaign_gives_it_back() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         clear 1 A 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         refund 2 A 400.00 of 1 -> reversed refunded base -6 discount -40.00 shares 0.00/-40.00
         refund 3 A 600.00 of 1 -> reversed refunded base -10 discount -60.00 shares 0.00/-60.00
         coupon SPRING-1 uses 1
         # In whatever order they come.
         code SPRING-2 of spring
         refund 4 B 1000.00 at kosta rrn X -> reversed refunded
         clear 5 B 1000.00 at kosta rrn X shows SPRING-2 -> none below_the_first_mile
         coupon SPRING-2 uses 1",
    );
    check(
        "coupons spring refund-back
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         clear 1 A 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         refund 2 A 400.00 of 1 -> reversed refunded base -6 discount -40.00 shares 0.00/-40.00
         coupon SPRING-1 uses 1
         chargeback 3 A 600.00 of 1 -> reversed charged_back base -10 discount -60.00 shares 0.00/-60.00
         coupon SPRING-1 uses 0",
    );
}

#[test]
fn a_reversal_before_its_original_uses_nothing() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         reverse 1 of 2 -> none original_not_seen_yet
         auth 2 A 1000.00 at kosta shows SPRING-1 -> none authorization_was_reversed_or_declined
         coupon SPRING-1 uses 0",
    );
}

#[test]
fn a_repeat_has_the_same_answer_and_one_use() {
    check(
        "coupons spring each 3
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         repeat 1 -> repeat: provisional base 16 discount 100.00
         coupon SPRING-1 uses 1
         # The clearing may show it too.
         clear 2 A 1000.00 of 1 shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_purchase_has_one_coupon() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         code SPRING-2 of spring
         auth 1 A 500.00 at kosta shows WRONG -> provisional coupon_unknown base 8
         # One that counts takes the place of one that does not; after that it stays.
         auth 2 A 1000.00 of 1 shows SPRING-1 -> provisional base 16 discount 100.00
         clear 3 A 1000.00 of 1 shows SPRING-2 -> booked another_coupon_counts base 16 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1
         coupon SPRING-2 uses 0",
    );
}

#[test]
fn whoever_shows_ten_wrong_codes_in_a_day_is_not_listened_to_until_the_next() {
    let guesses: String = (1..=10)
        .map(|id| {
            format!("auth {id} A 60.00 at kosta shows WRONG-{id} -> provisional coupon_unknown base 1\n")
        })
        .collect();
    check(&format!(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         {guesses}counter A coupon-wrong:day 10
         auth 11 A 1000.00 at kosta shows SPRING-1 -> provisional coupon_not_looked_up base 16
         because off coupon_not_looked_up
         counter A coupon-wrong:day 10
         auth 12 B 1000.00 at kosta shows SPRING-1 -> provisional base 16 discount 100.00
         reverse 13 of 12 -> reversed authorization_reversed base -16 discount -100.00
         auth 14 A 1000.00 at kosta on 2026-10-11 shows SPRING-1 -> provisional base 16 discount 100.00",
    ));
}

#[test]
fn a_coupon_of_an_authorization_comes_along_with_it() {
    check(
        "coupons spring
         discount off at kosta till 100.00 coupon spring
         code SPRING-1 of spring
         auth 1 A 1000.00 at kosta rrn X shows SPRING-1 -> provisional base 15 discount 100.00 till 900.00
         refund 2 A 100.00 at kosta no-rrn names 3 -> reversed refunded
         clear 3 A 900.00 of 1 -> booked base 13 discount 88.88 shares 0.00/88.88
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_rerate_follows_the_campaigns_of_the_other_version() {
    check(
        "coupons spring
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         generous-coupons spring until 2026-10-10
         generous-discount off at kosta credit 20% coupon spring
         clear 1 A 1000.00 at kosta shows SPRING-1 -> booked base 16 discount 100.00 shares 0.00/100.00
         rerate 2 A of 1 to generous -> booked rerated base 16 discount -100.00 shares 0.00/-100.00
         because off coupon_ended
         coupon SPRING-1 uses 0
         rerate 3 A of 1 to gold -> booked rerated base -16 discount 100.00 shares 0.00/100.00
         coupon SPRING-1 uses 1",
    );
}

#[test]
fn a_hold_that_is_released_leaves_its_code_to_the_clearing_that_shows_it() {
    check(
        "coupons spring member 1
         discount off at kosta credit 10% coupon spring
         code SPRING-1 of spring
         auth 1 A 600.00 at kosta rrn X shows SPRING-1 -> provisional base 10 discount 60.00
         clear 2 A 600.00 at kosta rrn Y arn N -> booked base 10
         # Joins the purchase of its acquirer reference number; the hold might have been its own.
         clear 3 A 600.00 at kosta rrn X arn N shows SPRING-1 -> booked base 10 discount 120.00 shares 0.00/120.00
         because coupon coupon_counts
         coupon SPRING-1 uses 1
         member A credit posted 120.00 pending 0.00",
    );
}

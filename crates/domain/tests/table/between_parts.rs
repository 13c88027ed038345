//! What limits, lots, tiers, corrections and adopted offers do to one another.

use crate::language::check;

#[test]
fn another_window_moves_what_is_counted_and_gives_nothing_more() {
    check(
        "discount gift at kosta credit 50% limit 300.00 month
         generous-as-gold
         generous-discount gift at kosta credit 50% limit 300.00 year
         clear 1 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00
         rerate 2 A of 1 to generous -> none correction_moves_nothing
         counter A amount:gift 30000",
    );
}

#[test]
fn a_correction_takes_back_what_a_lower_limit_does_not_allow() {
    check(
        "discount gift at kosta credit 50% limit 300.00 month
         generous-as-gold
         generous-discount gift at kosta credit 50% limit 100.00 month
         clear 1 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00
         rerate 2 A of 1 to generous -> booked rerated discount -200.00 shares 0.00/-200.00
         counter A amount:gift 10000",
    );
}

#[test]
fn a_limit_beside_a_budget_counts_what_was_given_before_it() {
    check(
        "discount gift at kosta credit 50% budget 10000.00 always
         generous-as-gold
         generous-discount gift at kosta credit 50% limit 600.00 month budget 10000.00 always
         clear 1 A 1000.00 at kosta -> booked base 16 discount 500.00 shares 0.00/500.00
         rerate 2 A of 1 to generous -> none correction_moves_nothing
         counter A amount:gift 50000
         refund 3 A 1000.00 of 1 -> reversed refunded base -16 discount -500.00 shares 0.00/-500.00
         counter A amount:gift 0",
    );
}

#[test]
fn a_hold_that_was_corrected_gives_its_offer_back_to_the_limit() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses day budget 1000.00 always
         auth 1 A 1000.00 at skyfuel rrn X -> provisional base 15 bonus 15 discount 100.00 till 900.00
         rerate 2 A of 1 to generous -> booked rerated
         counter A uses:off 1
         auth 3 A 500.00 at skyfuel rrn Y -> provisional base 8 bonus 8
         clear 4 A 500.00 at skyfuel rrn X names 3 -> booked base 8 bonus 8
         counter A uses:off 0
         budget off 0.00 uses 0",
    );
}

#[test]
fn a_debt_that_a_funder_bore_becomes_the_members() {
    check(
        "program debts bank
         program redemption 0.50 min 10 share 100 minutes 15
         generous-as-gold
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 100 on 2026-11-01 -> booked miles_reserved base -100
         confirm 3 A of 2 -> booked redemption_confirmed
         refund 4 A 6000.00 of 1 -> reversed refunded base -100
         lot 1 open 0 spent 100 borne 100
         rerate 5 A of 1 to generous -> none correction_moves_nothing
         reverse 6 of 4 -> reversed reversed base 100
         lot 1 open 0 spent 100 borne 0",
    );
}

#[test]
fn a_debt_goes_from_one_funder_to_another() {
    check(
        "program debts bank
         program redemption 0.50 min 10 share 100 minutes 15
         generous-as-gold
         generous-program debts airboreal
         clear 1 A 6000.00 -> booked base 100
         reserve 2 A 100 on 2026-11-01 -> booked miles_reserved base -100
         confirm 3 A of 2 -> booked redemption_confirmed
         refund 4 A 6000.00 of 1 -> reversed refunded base -100
         rerate 5 A of 1 to generous -> none correction_moves_nothing
         reverse 6 of 4 -> reversed reversed base 100
         lot 1 open 0 spent 100 borne 0",
    );
}

#[test]
fn the_days_of_a_lot_follow_its_new_version() {
    check(
        "program vests 14
         program expires age 12 day
         generous-as-gold
         generous-program vests 14
         generous-program expires age 24 day
         clear 1 A 6000.00 -> booked base 100
         lot 1 vests 2026-10-24 expires 2027-10-11
         rerate 5 A of 1 to generous -> none correction_moves_nothing
         lot 1 vests 2026-10-24 expires 2028-10-11",
    );
}

#[test]
fn an_authorization_leaves_the_offer_with_the_hold_that_has_it() {
    check(
        "discount off at skyfuel till 100.00 limit 5 uses day
         auth 1 A 1000.00 at skyfuel rrn X -> provisional base 15 bonus 15 discount 100.00 till 900.00
         counter A uses:off 1
         refund 2 A 100.00 at skyfuel names 3 no-rrn -> reversed refunded
         auth 3 A 1000.00 at skyfuel rrn X -> provisional base 15 bonus 15
         counter A uses:off 1
         reverse 4 of 1 -> reversed authorization_reversed base -15 bonus -15 discount -100.00
         counter A uses:off 0",
    );
}

#[test]
fn a_record_that_comes_again_releases_others_and_never_its_own() {
    check(
        "auth 1 A 600.00 rrn X -> provisional base 10
         auth 2 A 600.00 rrn Y -> provisional base 10
         clear 5 A 600.00 names 2 no-rrn arn N -> booked base 10
         clear 3 A 600.00 rrn X presentment P1 -> booked base 10
         reverse 4 of 3 -> reversed reversed base -10
         clear 6 A 600.00 rrn X presentment P1 arn N -> booked base 10
         member A miles posted 20 pending 0",
    );
}

#[test]
fn without_a_limit_nothing_is_counted_any_more() {
    check(
        "discount gift at kosta credit 50% limit 300.00 month
         generous-as-gold
         generous-discount gift at kosta credit 50%
         clear 1 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00
         rerate 2 A of 1 to generous -> booked rerated discount 200.00 shares 0.00/200.00
         counter A amount:gift 0
         refund 3 A 1000.00 of 1 -> reversed refunded base -16 discount -500.00 shares 0.00/-500.00
         counter A amount:gift 0
         clear 4 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00",
    );
}

#[test]
fn a_limit_by_day_gives_back_where_it_counts() {
    check(
        "discount gift at kosta credit 50% limit 300.00 month
         generous-as-gold
         generous-discount gift at kosta credit 50% limit 300.00 day
         clear 1 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00
         rerate 2 A of 1 to generous -> none correction_moves_nothing
         refund 3 A 1000.00 of 1 -> reversed refunded base -16 discount -300.00 shares 0.00/-300.00
         clear 4 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00",
    );
}

#[test]
fn a_budget_of_another_window_gives_nothing_more() {
    check(
        "discount gift at kosta credit 50% budget 300.00 month
         generous-as-gold
         generous-discount gift at kosta credit 50% budget 300.00 year
         clear 1 A 1000.00 at kosta -> booked base 16 discount 300.00 shares 0.00/300.00
         rerate 2 A of 1 to generous -> none correction_moves_nothing
         budget gift 300.00 uses 1",
    );
}

#[test]
fn an_adopted_offer_keeps_the_version_that_made_it() {
    check(
        "auth 1 A 7450.00 at skyfuel mcc 5541 rrn X -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         refund 2 A 100.00 at skyfuel names 3 no-rrn -> reversed refunded
         rerate 4 A of 2 to generous -> none correction_moves_nothing
         clear 3 A 7226.50 at skyfuel mcc 5541 rrn X -> booked base 236 discount 220.40 shares 110.20/110.20
         because match matched_by_a_message_that_named_this_one",
    );
}

#[test]
fn what_is_cleared_after_an_expiry_has_the_age_of_its_purchase() {
    check(
        "program expires age 12 day
         program vests 14
         clear 1 A 6000.00 rrn X -> booked base 100
         expire-miles 2 A of 1 on 2027-10-11 -> reversed miles_expired base -100
         clear 3 A 6000.00 of 1 -> booked base 100
         lot 1 open 100 expired 100 expires 2027-10-11
         refund 4 A 12000.00 of 1 -> reversed refunded base -200
         lot 1 open 0 expired 0",
    );
}

#[test]
fn an_account_that_was_closed_ends_what_it_began() {
    check(
        "closed A 2026-10-20
         auth 1 A 600.00 on 2026-10-19 -> provisional base 10
         clear 2 A 0.00 of 1 on 2026-10-21 -> reversed completed_without_amount
         clear 3 A 600.00 of 1 on 2026-10-21 declined -> reversed declined_by_the_issuer
         member A miles posted 0 pending 0
         clear 4 A 600.00 of 1 on 2026-10-21 -> booked base 10
         clear 5 A 600.00 no-rrn on 2026-10-21 -> none account_closed_before_the_purchase",
    );
}

#[test]
fn miles_that_activity_keeps_can_be_spent_before_the_clock_has_looked() {
    check(
        "program redemption 0.50 min 1 share 100 minutes 15
         program expires inactivity 1
         clear 1 A 6000.00 on 2026-10-10 -> booked base 100
         clear 2 A 600.00 on 2026-11-05 -> booked base 10
         reserve 3 A 100 on 2026-11-11 -> booked miles_reserved base -100",
    );
}

#[test]
fn another_partner_has_another_return_period() {
    check(
        "program vests 30 at kosta
         program redemption 0.50 min 1 share 100 minutes 15
         clear 1 A 6000.00 on 2026-10-10 -> booked base 100
         lot 1 vests never
         reattribute 2 A of 1 to kosta -> booked reattributed discount 300.00 shares 180.00/120.00
         lot 1 vests 2026-11-09",
    );
}

#[test]
fn there_and_back_leaves_no_day_of_expiry() {
    check(
        "program redemption 0.50 min 1 share 100 minutes 15
         generous-as-gold
         generous-program expires age 1 day
         clear 1 A 6000.00 on 2026-01-10 -> booked base 100
         lot 1 expires never
         rerate 2 A of 1 to generous -> none correction_moves_nothing
         lot 1 expires 2026-02-11
         rerate 3 A of 1 to gold -> none correction_moves_nothing
         lot 1 expires never",
    );
}

#[test]
fn an_offer_that_comes_along_to_another_day_does_not_stand_in_its_own_way() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses month budget 100.00 always
         auth 1 A 1000.00 at skyfuel rrn X -> provisional base 15 bonus 15 discount 100.00 till 900.00
         refund 2 A 90.00 at skyfuel names 3 no-rrn -> reversed refunded
         clear 3 A 900.00 at skyfuel rrn X on 2026-10-11 -> booked base 13 bonus 13 discount 90.00 shares 0.00/90.00
         because match matched_by_a_message_that_named_this_one
         counter A uses:off 1
         counter A amount:off 9000
         budget off 90.00 uses 1",
    );
}

#[test]
fn a_late_authorization_leaves_an_offer_that_came_along() {
    check(
        "auth 1 A 1000.00 at skyfuel mcc 5541 rrn X -> provisional base 16 bonus 16 discount 30.00 till 970.00
         refund 2 A 97.00 at skyfuel names 3 no-rrn -> reversed refunded
         clear 3 A 970.00 at skyfuel mcc 5541 rrn X -> booked base 14 bonus 14 discount 27.00 shares 13.50/13.50
         auth 4 A 1000.00 at skyfuel mcc 5541 rrn X -> provisional base 1 bonus 1
         member A till posted 27.00 pending 0.00",
    );
}

#[test]
fn an_offer_comes_along_from_a_hold_that_has_expired_as_from_an_open_one() {
    check(
        "coupons spring
         discount off at skyfuel till 100.00 coupon spring limit 1 uses month budget 100.00 always
         code S1 of spring
         auth 1 A 1000.00 at skyfuel rrn X shows S1 -> provisional base 15 bonus 15 discount 100.00 till 900.00
         expire 2 A of 1 on 2027-06-01 -> reversed hold_expired base -15 bonus -15
         member A till posted 0.00 pending 100.00
         refund 3 A 90.00 at skyfuel names 4 no-rrn -> reversed refunded
         clear 4 A 900.00 at skyfuel rrn X -> booked base 13 bonus 13 discount 90.00 shares 0.00/90.00
         because off till_discount_confirmed
         member A till posted 90.00 pending 0.00
         coupon S1 uses 1
         counter A uses:off 1
         budget off 90.00 uses 1",
    );
}

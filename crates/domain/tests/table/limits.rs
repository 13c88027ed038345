//! What a rule gives one member at most: so many purchases, so much money or so many miles in a day, month or year.

use crate::language::check;

#[test]
fn a_gift_is_given_so_many_times_to_each_member() {
    check(
        "discount gift at kosta credit 100.00 limit 2 uses month
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 A 1000.00 at kosta -> booked base 16
         because gift limit_reached
         counter A uses:gift 2
         # Another member, and another month, begin anew.
         clear 4 B 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 5 A 1000.00 at kosta on 2026-11-01 -> booked base 16 discount 100.00 shares 0.00/100.00",
    );
}

#[test]
fn of_an_amount_the_last_purchase_gets_what_is_left() {
    check(
        "discount tenth at kosta credit 10% limit 250.00 day
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 A 1000.00 at kosta -> booked base 16 discount 50.00 shares 0.00/50.00
         clear 4 A 1000.00 at kosta -> booked base 16
         counter A amount:tenth 25000
         clear 5 A 1000.00 at kosta on 2026-10-11 -> booked base 16 discount 100.00 shares 0.00/100.00",
    );
}

#[test]
fn a_refund_or_a_reversal_gives_the_use_back() {
    check(
        "discount gift at kosta credit 100.00 limit 1 uses always
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 2 A 1000.00 at kosta -> booked base 16
         refund 3 A 1000.00 of 1 -> reversed refunded base -16 discount -100.00 shares 0.00/-100.00
         counter A uses:gift 0
         clear 4 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         reverse 5 of 4 -> reversed reversed base -16 discount -100.00 shares 0.00/-100.00
         clear 6 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         counter A uses:gift 1",
    );
}

#[test]
fn a_purchase_in_parts_is_one_use_and_a_part_of_a_refund_none() {
    check(
        "discount tenth at kosta credit 10% limit 1 uses month
         clear 1 A 500.00 at kosta -> booked base 8 discount 50.00 shares 0.00/50.00
         clear 2 A 500.00 of 1 -> booked base 8 discount 50.00 shares 0.00/50.00
         refund 3 A 400.00 of 1 -> reversed refunded base -6 discount -40.00 shares 0.00/-40.00
         counter A uses:tenth 1
         counter A amount:tenth 6000",
    );
}

#[test]
fn an_offer_at_the_till_counts_when_it_is_made() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses day
         auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         counter A uses:off 1
         auth 2 A 1000.00 at skyfuel -> provisional base 16 bonus 16
         clear 3 A 900.00 of 1 -> booked base 15 bonus 15 discount 100.00 shares 0.00/100.00
         clear 4 A 1000.00 of 2 -> booked base 16 bonus 16
         counter A uses:off 1",
    );
}

#[test]
fn it_comes_back_when_the_hold_is_reversed_or_the_till_did_not_give_it() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses day
         auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         reverse 2 of 1 -> reversed authorization_reversed base -15 bonus -15 discount -100.00
         counter A uses:off 0
         auth 3 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         # The clearing is gross: the till took nothing off.
         clear 4 A 1000.00 of 3 -> booked base 16 bonus 16
         counter A uses:off 0
         auth 5 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         # What was reversed was given all the same: by then another purchase has the use.
         clear 6 A 900.00 of 1 -> booked base 15 bonus 15
         because off limit_reached
         counter A uses:off 1",
    );
}

#[test]
fn an_expired_hold_keeps_what_the_till_may_have_given() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses month
         auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -15 bonus -15
         counter A uses:off 1
         clear 3 A 900.00 of 1 -> booked base 15 bonus 15 discount 100.00 shares 0.00/100.00
         counter A uses:off 1",
    );
}

#[test]
fn when_one_rule_is_used_up_the_next_one_holds() {
    check(
        "discount gift at kosta credit 100.00 limit 1 uses month
         discount usual at kosta credit 2%
         clear 1 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         because usual another_came_first
         clear 2 A 1000.00 at kosta -> booked base 16 discount 20.00 shares 0.00/20.00
         because gift limit_reached",
    );
}

#[test]
fn a_rule_that_is_used_up_takes_no_place_of_a_small_purchase_either() {
    check(
        "discount gift at kosta credit 100.00 from 500.00 limit 1 uses month
         discount usual at kosta credit 2%
         # Below its least amount the gift takes the place of what follows, as long as there is one.
         clear 1 A 400.00 at kosta -> booked base 6
         because usual another_came_first
         clear 2 A 1000.00 at kosta -> booked base 16 discount 100.00 shares 0.00/100.00
         clear 3 A 400.00 at kosta -> booked base 6 discount 8.00 shares 0.00/8.00
         because gift limit_reached",
    );
}

#[test]
fn a_further_authorization_does_not_take_an_offer_back() {
    check(
        "discount off at skyfuel till 100.00 limit 1 uses day
         auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
         auth 2 A 1200.00 of 1 -> provisional base 20 bonus 20
         counter A uses:off 1
         auth 3 A 1000.00 at skyfuel -> provisional base 16 bonus 16
         # The till has taken the price that it was offered.
         clear 4 A 900.00 of 1 -> booked base 15 bonus 15 discount 100.00 shares 0.00/100.00
         counter A uses:off 1",
    );
}

#[test]
fn a_refund_gives_room_back_before_and_after_the_hold_has_expired() {
    let refund = "refund 3 A 450.00 of 1 -> reversed refunded";
    for (one, two) in [
        ("expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -15 bonus -15", refund),
        (refund, "expire 2 A of 1 on 2026-10-18 -> reversed hold_expired base -7 bonus -7"),
    ] {
        check(&format!(
            "discount off at skyfuel till 100.00 limit 100.00 month
             auth 1 A 1000.00 at skyfuel -> provisional base 15 bonus 15 discount 100.00 till 900.00
             {one}
             {two}
             counter A amount:off 5000"
        ));
    }
}

#[test]
fn a_bonus_has_its_limit_in_miles() {
    check(
        "bonus weekend-fuel limit 150 miles month
         clear 1 A 6000.00 at skyfuel -> booked base 100 bonus 100
         clear 2 A 6000.00 at skyfuel -> booked base 100 bonus 50
         clear 3 A 6000.00 at skyfuel -> booked base 100
         because weekend-fuel limit_reached
         refund 4 A 3000.00 of 1 -> reversed refunded base -50 bonus -50
         clear 5 A 6000.00 at skyfuel -> booked base 100 bonus 50
         counter A amount:weekend-fuel 150",
    );
}

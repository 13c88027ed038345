//! The merchant map was wrong, and a run gives purchases to the partner whose merchant it was.

use crate::language::check;

#[test]
fn turnover_bonus_and_discount_move_to_the_partner_whose_merchant_it_was() {
    check(
        "clear 1 A 6000.00 at skyfuel mcc 5541 -> booked base 100 bonus 100
         reattribute 2 A of 1 to kosta -> booked reattributed bonus -100 discount 300.00 shares 180.00/120.00
         because correction reattributed
         partner skyfuel turnover posted 0.00
         partner skyfuel bonus posted 0
         partner kosta turnover posted 6000.00
         partner kosta credit posted 180.00
         member A miles posted 100 pending 0
         reattribute 3 A of 1 to kosta -> none correction_was_made_already
         reattribute 4 A of 1 to skyfuel -> booked reattributed bonus 100 discount -300.00 shares -180.00/-120.00
         partner kosta turnover posted 0.00
         partner kosta credit posted 0.00
         partner skyfuel turnover posted 6000.00
         partner skyfuel bonus posted 100",
    );
}

#[test]
fn a_merchant_that_nobody_knew_becomes_somebody_s_and_back() {
    check(
        "clear 1 A 1200.00 -> booked base 20
         reattribute 2 A of 1 to kosta -> booked reattributed discount 60.00 shares 36.00/24.00
         partner kosta turnover posted 1200.00
         reattribute 3 A of 1 to nobody -> booked reattributed discount -60.00 shares -36.00/-24.00
         partner kosta turnover posted 0.00
         member A miles posted 20 pending 0",
    );
}

#[test]
fn a_refund_that_comes_later_is_taken_from_the_new_partner() {
    check(
        "clear 1 A 1200.00 -> booked base 20
         reattribute 2 A of 1 to kosta -> booked reattributed discount 60.00 shares 36.00/24.00
         refund 3 A 1200.00 of 1 -> reversed refunded base -20 discount -60.00 shares -36.00/-24.00
         partner kosta turnover posted 0.00
         partner kosta credit posted 0.00",
    );
}

#[test]
fn what_was_given_at_the_till_stays_the_old_partner_s() {
    check(
        "auth 1 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         reattribute 3 A of 1 to kosta -> booked reattributed bonus -120
         partner skyfuel till posted 111.75
         partner skyfuel turnover posted 0.00
         partner kosta turnover posted 7226.50
         partner kosta credit posted 0.00
         rerate 4 A of 1 to generous -> booked rerated base 120
         reattribute 5 A of 1 to skyfuel -> booked reattributed
         rerate 6 A of 1 to gold -> booked rerated base -120 bonus 120
         member A till posted 223.50 pending 0.00",
    );
}

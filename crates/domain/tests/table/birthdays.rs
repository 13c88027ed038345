//! Rules for the days around a member's birthday. Skyfuel's weekend is 10 and 11 October 2026.

use crate::language::check;

#[test]
fn a_bonus_holds_near_the_birthday_of_a_member_who_told_it() {
    check(
        "bonus weekend-fuel birthday 1-0
         birthday A 1990-10-11
         birthday B 10-10
         birthday C 10-09
         clear 1 A 600.00 at skyfuel on 2026-10-10 -> booked base 10 bonus 10
         clear 2 A 600.00 at skyfuel on 2026-10-11 -> booked base 10 bonus 10
         clear 3 A 600.00 at skyfuel on 2026-10-12 -> booked base 10
         because weekend-fuel weekday
         clear 4 B 600.00 at skyfuel on 2026-10-10 -> booked base 10 bonus 10
         clear 5 B 600.00 at skyfuel on 2026-10-11 -> booked base 10
         because weekend-fuel birthday
         clear 6 C 600.00 at skyfuel on 2026-10-10 -> booked base 10
         because weekend-fuel birthday
         clear 7 D 600.00 at skyfuel on 2026-10-10 -> booked base 10
         because weekend-fuel birthday_unknown
         # What it gave goes with what was bought.
         refund 8 A 600.00 of 1 -> reversed refunded base -10 bonus -10",
    );
}

#[test]
fn a_correction_may_ask_for_the_birthday_first() {
    check(
        "birthday A 10-10
         generous-as-gold
         generous-bonus weekend-fuel birthday 0-0
         clear 1 A 600.00 at skyfuel -> booked base 10 bonus 10
         clear 2 B 600.00 at skyfuel -> booked base 10 bonus 10
         rerate 3 A of 1 to generous -> none correction_moves_nothing
         rerate 4 B of 2 to generous -> booked rerated bonus -10
         because weekend-fuel birthday_unknown",
    );
}

//! The worked day, line by line; its numbers were computed elsewhere, with exact fractions.

use crate::language::check;

#[test]
fn the_worked_day_comes_out_to_the_kopeck() {
    check(
        "# P1
         auth 1 A 3599.99 -> provisional base 59
         clear 2 A 3599.99 of 1 -> booked base 59
         # P2
         auth 3 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
         clear 4 A 7226.50 of 3 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
         # P3
         auth 5 B 12345.67 at kosta -> provisional base 205 discount 500.00
         clear 6 B 12345.67 of 5 -> booked base 205 discount 500.00 shares 300.00/200.00
         # P4
         auth 7 B 999.99 at kosta -> provisional base 16
         clear 8 B 999.99 of 7 -> booked base 16
         # P5
         auth 9 C 2500.00 at kosta -> provisional base 41 discount 125.00
         clear 10 C 1000.00 of 9 -> booked base 16 discount 50.00 shares 30.00/20.00
         clear 11 C 1500.00 of 9 -> booked base 25 discount 75.00 shares 45.00/30.00
         refund 12 C 1000.00 of 9 names 10 -> reversed refunded base -16 discount -50.00 shares -30.00/-20.00
         # P6
         auth 13 D 10000.00 cash mcc 6011 -> none mcc_excluded
         clear 14 D 10000.00 cash of 13 -> none mcc_excluded
         # P7
         auth 15 E 200000.00 mcc 5732 -> provisional base 1500
         clear 16 E 200000.00 of 15 -> booked base 1500
         # P8
         auth 17 F 600.00 -> provisional base 10
         member F miles posted 0 pending 10
         reverse 18 of 17 -> reversed authorization_reversed base -10
         # P9
         auth 19 - 2500.00 -> none not_a_member
         clear 20 - 2500.00 of 19 -> none not_a_member
         # P10
         auth 21 A 450.00 mcc 5814 -> provisional base 7
         repeat 21 -> repeat: provisional base 7
         clear 22 A 450.00 of 21 -> booked base 7
         repeat 22 -> repeat: booked base 7
         # P11
         clear 23 H 1234.56 -> booked base 20
         # P12
         auth 24 H 100.00 usd billed 9500.00 mcc 7011 -> provisional base 158
         clear 25 H 100.00 usd billed 9500.00 of 24 -> booked base 158

         member A miles posted 306 pending 0
         member B miles posted 221 pending 0
         member C miles posted 25 pending 0
         member D miles posted 0 pending 0
         member E miles posted 1500 pending 0
         member F miles posted 0 pending 0
         member G miles posted 0 pending 0
         member H miles posted 178 pending 0
         member A till posted 223.50 pending 0.00
         member B credit posted 500.00 pending 0.00
         member C credit posted 75.00 pending 0.00
         bank base posted 2110 pending 0
         bank credit posted 230.00 pending 0.00
         bank till posted 111.75 pending 0.00
         partner skyfuel bonus posted 120 pending 0
         partner skyfuel till posted 111.75 pending 0.00
         partner skyfuel turnover posted 7226.50
         partner kosta credit posted 345.00 pending 0.00
         partner kosta turnover posted 14845.66
         partner airboreal miles posted 0 pending 0
         counter A 2026-10 306
         counter E 2026-10 1500
         purchases A 3",
    );
}

//! The worked day: every number of it.

use bank_simulator::auditor::{Audit, Balance, Direction, Position, Totals};

use crate::days::{check, worked_day};

fn audited() -> Audit {
    check(&worked_day())
}

/// Retrieval reference, miles, turnover, fee, VAT, share and total of each line.
fn lines(position: &Position) -> Vec<(u32, [i128; 6])> {
    let numbers = position
        .lines
        .iter()
        .map(|line| [line.miles, line.turnover, line.fee, line.vat, line.share, line.total]);
    position.lines.iter().map(|line| line.retrieval.parse().unwrap()).zip(numbers).collect()
}

fn sums(position: &Position) -> (Direction, [i128; 5]) {
    let Position { direction, net_minor, vat_minor, to_pay_minor, rounding_minor, miles, .. } = position;
    (*direction, [*net_minor, *vat_minor, *to_pay_minor, *rounding_minor, *miles])
}

#[test]
fn balances_are_those_of_the_page() {
    let balances = audited().balances;
    let miles: Vec<_> = balances.iter().map(|(account, balance)| (account.as_str(), balance.miles)).collect();
    assert_eq!(miles, [("A", 306), ("B", 221), ("C", 25), ("D", 0), ("E", 1_500), ("F", 0), ("H", 178)],);
    assert_eq!(balances["A"], Balance { miles: 306, at_till: 22_350, ..Balance::default() });
    assert_eq!(balances["B"], Balance { miles: 221, credit: 50_000, ..Balance::default() });
    assert_eq!(balances["C"], Balance { miles: 25, credit: 7_500, ..Balance::default() });
}

#[test]
fn totals_are_the_sums_of_the_lines() {
    let totals = audited().totals;
    assert_eq!(totals, Totals { base: 2_110, bonus: 120, discount: 79_850, turnover: 2_207_216 });
}

#[test]
fn nothing_is_unknown_and_nothing_disagrees() {
    let audit = audited();
    assert!(audit.unknown.is_empty() && audit.disagreements.is_empty(), "{audit:#?}");
}

#[test]
fn the_bank_pays_airboreal_to_the_kopeck() {
    let audit = audited();
    let position = &audit.positions["airboreal"];
    let expected = [
        (1, 59, 3_629),
        (2, 240, 14_760),
        (3, 205, 12_608),
        (4, 16, 984),
        (5, 16, 984),
        (5, 25, 1_538),
        (5, -16, -984),
        (7, 1_500, 92_250),
        (10, 7, 431),
        (11, 20, 1_230),
        (12, 158, 9_717),
    ];
    let expected: Vec<_> =
        expected.iter().map(|&(purchase, miles, fee)| (purchase, [miles, 0, fee, 0, 0, fee])).collect();
    assert_eq!(lines(position), expected);
    assert_eq!(sums(position), (Direction::BankPaysPartner, [137_145, 27_429, 164_574, -2, 2_230]));
}

#[test]
fn kosta_pays_the_bank_to_the_kopeck() {
    let audit = audited();
    let position = &audit.positions["kosta"];
    assert_eq!(
        lines(position),
        [
            (3, [0, 1_234_567, 14_815, 2_963, 30_000, 47_778]),
            (4, [0, 99_999, 1_200, 240, 0, 1_440]),
            (5, [0, 100_000, 1_200, 240, 3_000, 4_440]),
            (5, [0, 150_000, 1_800, 360, 4_500, 6_660]),
            (5, [0, -100_000, -1_200, -240, -3_000, -4_440]),
        ],
    );
    assert_eq!(sums(position), (Direction::PartnerPaysBank, [52_315, 3_563, 55_878, 0, 0]));
}

#[test]
fn the_bank_pays_skyfuel_to_the_kopeck() {
    let audit = audited();
    let position = &audit.positions["skyfuel"];
    assert_eq!(lines(position), [(2, [120, 722_650, 8_400, 1_680, -11_175, -1_095])]);
    assert_eq!(sums(position), (Direction::BankPaysPartner, [2_775, -1_680, 1_095, 0, 120]));
    assert_eq!(position.direction.as_str(), "bank_pays_partner");
}

#[test]
fn a_day_without_messages_has_empty_positions() {
    let audit = check(&[]);
    assert_eq!(audit.positions.keys().collect::<Vec<_>>(), ["airboreal", "kosta", "skyfuel"]);
    assert!(audit.positions.values().all(|position| position.lines.is_empty() && position.to_pay_minor == 0));
}

//! The worked day as values: the program's terms, its setup, and the movements read from their table.

use std::collections::BTreeMap;

use domain::settlement::{Basis, Direction, RoundingLevel, TermItem, Terms, Vat};
use domain::{Amounts, BankId, Currency, CutOffs, MessageKey, PartnerId, ProgramId, Ratio, Rounding};
use jiff::civil::{Date, Time, date};

use super::{Environment, ProgramSetup};

pub(crate) const SATURDAY: Date = date(2026, 10, 10);
pub(crate) const AIRBOREAL: PartnerId = PartnerId(1);
pub(crate) const SKYFUEL: PartnerId = PartnerId(2);
pub(crate) const KOSTA: PartnerId = PartnerId(3);
pub(crate) const RULES: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// 2026-10-10 09:00:00 UTC.
const NINE: u64 = 1_791_622_800;

/// One message of the day and what it moved.
pub(crate) struct Moved {
    pub(crate) member: char,
    pub(crate) mti: String,
    pub(crate) message: MessageKey,
    pub(crate) purchase: MessageKey,
    pub(crate) stan: String,
    pub(crate) counted_minor: i64,
    pub(crate) amounts: Amounts,
}

fn key(second: u64, name: &str) -> MessageKey {
    let mut hash = [0; 16];
    hash[..name.len()].copy_from_slice(name.as_bytes());
    MessageKey::new(second, hash)
}

/// The messages that moved something, in their order.
pub(crate) fn movements() -> Vec<Moved> {
    let lines = include_str!("movements.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|text| {
            let fields: Vec<&str> = text.split('|').collect();
            let [line, purchase, member, mti, second, counted, amounts] = fields[..] else {
                panic!("{text}")
            };
            let second: u64 = second.parse().unwrap();
            Moved {
                member: member.chars().next().unwrap(),
                mti: mti.to_owned(),
                message: key(NINE + second, line),
                purchase: key(NINE, purchase),
                stan: format!("{second:06}"),
                counted_minor: counted.parse().unwrap(),
                amounts: Amounts::parse(amounts).unwrap(),
            }
        })
        .collect()
}

fn item(
    basis: Basis,
    direction: Direction,
    price: (u64, u64),
    level: RoundingLevel,
    vat: Option<RoundingLevel>,
) -> TermItem {
    let (rate, rounding) = (Ratio::new(20, 100).unwrap(), Rounding::HalfUp);
    TermItem {
        price: Ratio::new(price.0, price.1).unwrap(),
        rounding,
        level,
        vat: vat.map(|level| Vat { rate, level, rounding }),
        ..TermItem::whole(basis, direction)
    }
}

fn terms_of(partner: PartnerId, items: Vec<TermItem>) -> Terms {
    Terms::new(partner, ProgramId(1), Currency(643), items)
}

/// The terms of the three partners.
pub(crate) fn terms() -> Vec<Terms> {
    use Direction::{BankPaysPartner, PartnerPaysBank};
    use RoundingLevel::{Batch, Line};
    vec![
        terms_of(
            KOSTA,
            vec![
                item(Basis::Turnover, PartnerPaysBank, (12, 1000), Line, Some(Line)),
                item(Basis::StatementCreditShare, PartnerPaysBank, (1, 1), Line, None),
            ],
        ),
        terms_of(AIRBOREAL, vec![item(Basis::MilesGranted, BankPaysPartner, (615, 10), Batch, Some(Batch))]),
        terms_of(
            SKYFUEL,
            vec![
                item(Basis::BonusMiles, PartnerPaysBank, (70, 1), Line, Some(Line)),
                item(Basis::TillShare, BankPaysPartner, (1, 1), Line, None),
            ],
        ),
    ]
}

/// The codes of the partners.
pub(crate) fn partner_codes() -> BTreeMap<PartnerId, String> {
    [(AIRBOREAL, "airboreal"), (SKYFUEL, "skyfuel"), (KOSTA, "kosta")]
        .map(|(partner, code)| (partner, code.to_owned()))
        .into()
}

/// The program `boreal-gold` of Northbank.
pub(crate) fn setup() -> ProgramSetup {
    ProgramSetup {
        id: ProgramId(1),
        code: "boreal-gold".to_owned(),
        bank: (BankId(1), "northbank".to_owned()),
        cobrand_partner: AIRBOREAL,
        time_zone: "Europe/Moscow".to_owned(),
        cut_offs: CutOffs::one(Time::midnight()),
        currency: Currency(643),
        terms: terms(),
        partner_codes: partner_codes(),
        environment: Environment::Test,
        rules: domain::RulesHash([7; 32]),
    }
}

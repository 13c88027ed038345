//! Two programs of three partners: their rules as the second model understands them, read by hand from the files
//! that the product is given, and their terms.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{
    civil::{Time, Weekday, date},
    tz::TimeZone,
};

use crate::{
    model::{
        Round,
        rules::{Base, Bonus, Discount, Gives, HoldDays, Miles, Redemption, Rules, Stack, When},
    },
    terms::{self, Terms},
};

/// What the stories of the second model look at.
pub(crate) struct Reading {
    pub(crate) rules: Rules,
    pub(crate) partners: [i32; 2],
    pub(crate) by_file: bool,
}

/// A program.
pub struct Program {
    /// Its file.
    pub file: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Its bank's code.
    pub bank: &'static str,
    /// Three letters.
    pub currency: &'static str,
    /// The same as a number.
    pub currency_number: u16,
    /// Whether the bank clears by files.
    pub by_file: bool,
    pub(crate) reading: Reading,
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: &'static str,
    /// What ends the business date.
    pub(crate) cut_off: Time,
    /// What ends the cycles before its last.
    pub(crate) earlier: Vec<Time>,
    pub(crate) terms: Vec<Terms>,
}

/// Partners in the order of their numbers, from 1; the first is the co-brand partner of both programs.
pub(crate) const PARTNERS: [&str; 3] = ["airboreal", "skyfuel", "kosta"];
pub(crate) const COBRAND: i32 = 1;

impl Program {
    /// DE42 of a partner's shops.
    pub(crate) fn card_acceptor(partner: i32) -> &'static str {
        match partner {
            2 => "SKYFUEL00000001",
            3 => "KOSTA0000000001",
            other => panic!("partner {other} has no shops"),
        }
    }

    /// The merchant map for all programs.
    #[must_use]
    pub fn merchants() -> String {
        let row = |partner: i32| format!("{},123456,{},\n", code(partner), Self::card_acceptor(partner));
        ["partner,acquirer,card_acceptor,terminal\n".to_owned(), row(2), row(3)].concat()
    }

    /// The first digits of the hash of its file.
    pub(crate) fn version(&self) -> String {
        hex::encode(&digest(&SHA256, self.file.as_bytes()).as_ref()[..4])
    }

    /// The local end of the business date that this is the number of days before.
    pub(crate) fn ends_next_day(&self) -> bool {
        self.cut_off.hour() < 12
    }
}

pub(crate) fn code(partner: i32) -> &'static str {
    PARTNERS[usize::try_from(partner).unwrap() - 1]
}

/// Both programs.
#[must_use]
pub fn programs() -> [Program; 2] {
    [volga(), spree()]
}

fn bonus(id: &'static str, times: (i128, i128), round: Round, payer: &'static str, when: When) -> Bonus {
    Bonus { id, when, times, round, payer, of_member: None, of_all: None }
}

fn discount(partner: i32, at_till: bool, percent: (i128, i128), round: Round, merchant: i128) -> Discount {
    Discount {
        id: "",
        partner,
        when: When::default(),
        at_till,
        gives: Gives::Share(percent, round),
        at_least: 0,
        at_most: None,
        merchant,
        of_member: None,
        of_all: None,
    }
}

fn volga() -> Program {
    let fuel =
        When { partners: vec![2], weekdays: vec![Weekday::Saturday, Weekday::Sunday], ..When::default() };
    let kosta = When { partners: vec![3], ..When::default() };
    let large = When { from: Some(3_000_00), ..When::default() };
    let rules = Rules {
        base: Base { miles: 1, per: 60_00, round: None },
        bonuses: vec![
            bonus("weekend-fuel", (1, 1), Round::Down, "partner-2", fuel),
            bonus("kosta-third", (1, 3), Round::HalfUp, "partner-3", kosta),
            bonus("large", (1, 4), Round::HalfEven, "bank", large),
        ],
        bonuses_stack: Stack::Sum,
        discounts: vec![
            discount(2, true, (3, 100), Round::Down, 50),
            Discount {
                at_least: 1_000_00,
                at_most: Some(500_00),
                ..discount(3, false, (5, 100), Round::Down, 60)
            },
        ],
        discounts_stack: Stack::First,
        cap: Some(1_500),
        without_loyalty: vec![(6011, 6011), (4829, 4829), (7995, 7995)],
        hold: HoldDays { usual: 7, early: 30, by_mcc: vec![(3501, 3838, 30), (7011, 7011, 30)] },
        tiers: None,
        miles: Miles::default(),
        redemption: Some(Redemption { value: 50, least: 5, share: 60, minutes: 90 }),
    };
    program(include_str!("../programs/volga.toml"), rules, ("northbank", 643, false))
}

fn spree() -> Program {
    let first_days = When { month_days: vec![(1, 5), (20, 20)], ..When::default() };
    let large = When {
        from: Some(3_000_00),
        effective: Some((date(2026, 10, 3), date(2026, 11, 2))),
        ..When::default()
    };
    let sundays =
        When { weekdays: vec![Weekday::Sunday, Weekday::Monday], partners: vec![2], ..When::default() };
    let rules = Rules {
        base: Base { miles: 3, per: 200_00, round: Some(Round::HalfUp) },
        bonuses: vec![
            bonus("first-days", (1, 2), Round::HalfUp, "bank", first_days),
            bonus("large", (2, 3), Round::HalfEven, "partner-3", large),
            bonus("sundays", (3, 1), Round::Down, "partner-2", sundays),
        ],
        bonuses_stack: Stack::Best,
        discounts: vec![
            Discount { at_most: Some(60_00), ..discount(3, true, (6, 100), Round::Down, 50) },
            discount(3, false, (3, 100), Round::HalfUp, 75),
            Discount { at_least: 800_00, ..discount(2, false, (4, 100), Round::HalfUp, 100) },
            discount(2, true, (2, 100), Round::Down, 10),
        ],
        discounts_stack: Stack::Best,
        cap: Some(1_200),
        without_loyalty: vec![(6010, 6012)],
        hold: HoldDays { usual: 5, early: 20, by_mcc: vec![] },
        tiers: None,
        miles: Miles::default(),
        redemption: Some(Redemption { value: 1, least: 1, share: 100, minutes: 1_500 }),
    };
    program(include_str!("../programs/spree.toml"), rules, ("southbank", 978, true))
}

fn program(
    file: &'static str,
    rules: Rules,
    (bank, currency_number, by_file): (&'static str, u16, bool),
) -> Program {
    let read = terms::read(file);
    let zone = TimeZone::get(read.zone).unwrap();
    assert_eq!(read.bank, bank);
    Program {
        file,
        code: read.code,
        bank,
        currency: read.currency,
        currency_number,
        by_file,
        reading: Reading { rules, partners: [2, 3], by_file },
        zone,
        zone_name: read.zone,
        cut_off: read.cut_off,
        earlier: Vec::new(),
        terms: read.terms,
    }
}

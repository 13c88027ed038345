//! Eight programs, each read twice: from its file for the core, by hand for the model.

mod limited;

use std::sync::LazyLock;

use jiff::civil::{Weekday, date};

use crate::{
    core::World,
    model::{
        Round,
        rules::{
            Base, Bonus, Discount, Expiry, Gives, HoldDays, Miles, Redemption, Rules, Stack, Tiers, When,
        },
    },
};

/// Partners by number; a file names them by code.
pub(crate) const PARTNERS: [(&str, i32); 21] = [
    ("airboreal", 1),
    ("skyfuel", 2),
    ("kosta", 3),
    ("auroraair", 4),
    ("mokka", 5),
    ("petrolia", 6),
    ("cedarrail", 7),
    ("grove", 8),
    ("mill", 9),
    ("elmwings", 10),
    ("quay", 11),
    ("lantern", 12),
    ("galeair", 13),
    ("harbor", 14),
    ("dune", 15),
    ("hazelair", 16),
    ("reef", 17),
    ("moss", 18),
    ("irisair", 19),
    ("pine", 20),
    ("birch", 21),
];

#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// What the core is given.
    pub(crate) file: &'static str,
    pub(crate) code: &'static str,
    pub(crate) bank: &'static str,
    /// What the model understands by it.
    pub(crate) rules: Rules,
    /// Merchant partners that the rules speak of.
    pub(crate) partners: [i32; 2],
    /// Whether the bank clears by files, and not by messages.
    pub(crate) by_file: bool,
}

/// A program as both sides understand it.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) by_hand: Reading,
    pub(crate) by_core: World,
}

static READ: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let unlimited = [boreal_gold(), aurora(), cedar(), elm(), fir()];
    let readings = unlimited.into_iter().chain(limited::all());
    readings.map(|by_hand| Read { by_core: World::new(&by_hand), by_hand }).collect()
});

pub(crate) fn all() -> &'static [Read] {
    &READ
}

fn bonus(id: &'static str, times: (i128, i128), round: Round, payer: &'static str, when: When) -> Bonus {
    Bonus { id, when, times, round, payer, of_member: None, of_all: None }
}

/// No condition, no bounds.
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

fn redemption(value: i128, least: i128, share: i128, minutes: i64) -> Option<Redemption> {
    Some(Redemption { value, least, share, minutes })
}

fn boreal_gold() -> Reading {
    let fuel =
        When { partners: vec![2], weekdays: vec![Weekday::Saturday, Weekday::Sunday], ..When::default() };
    let rules = Rules {
        base: Base { miles: 1, per: 60_00, round: None },
        bonuses: vec![bonus("weekend-fuel", (1, 1), Round::Down, "partner-2", fuel)],
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
        redemption: None,
    };
    let file = include_str!("../../../../docs/samples/programs/boreal-gold.toml");
    Reading { file, code: "boreal-gold", bank: "northbank", rules, partners: [2, 3], by_file: false }
}

fn aurora() -> Reading {
    let food = vec![(5411, 5411), (5812, 5814)];
    let first_days = When { month_days: vec![(1, 5), (20, 20)], ..When::default() };
    let large = When { from: Some(3_000_00), not_mcc: food.clone(), ..When::default() };
    let small = When {
        below: Some(1_000_00),
        mcc: food,
        effective: Some((date(2026, 10, 8), date(2026, 10, 22))),
        ..When::default()
    };
    let days = vec![Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday];
    let rules = Rules {
        base: Base { miles: 3, per: 200_00, round: Some(Round::HalfUp) },
        bonuses: vec![
            bonus("first-days", (1, 2), Round::HalfUp, "bank", first_days),
            bonus("large", (2, 3), Round::HalfEven, "partner-5", large),
            bonus("small-food", (3, 1), Round::Down, "partner-6", small),
        ],
        bonuses_stack: Stack::Best,
        discounts: vec![
            discount(5, false, (4, 100), Round::HalfUp, 100),
            Discount {
                when: When { weekdays: days, ..When::default() },
                at_least: 700_00,
                at_most: Some(250_00),
                ..discount(5, false, (9, 100), Round::HalfEven, 35)
            },
            Discount {
                when: When { from: Some(500_00), ..When::default() },
                at_most: Some(120_00),
                ..discount(6, true, (25, 1000), Round::HalfUp, 0)
            },
        ],
        discounts_stack: Stack::Best,
        cap: Some(400),
        without_loyalty: vec![(6010, 6012)],
        hold: HoldDays { usual: 5, early: 20, by_mcc: vec![(3501, 3838, 12), (7011, 7011, 25)] },
        tiers: None,
        miles: Miles { vesting: 14, vesting_at: vec![(5, 3)], expiry: Some(Expiry::Age(1)), bearer: None },
        redemption: redemption(50, 5, 50, 15),
    };
    let (file, code, bank) = (include_str!("aurora.toml"), "aurora", "southbank");
    Reading { file, code, bank, rules, partners: [5, 6], by_file: true }
}

fn cedar() -> Reading {
    let weekend =
        When { weekdays: vec![Weekday::Saturday, Weekday::Sunday], partners: vec![8, 9], ..When::default() };
    let not_yet = When { tiers: vec![0], partners: vec![9], ..When::default() };
    let rules = Rules {
        base: Base { miles: 7, per: 500_00, round: Some(Round::HalfEven) },
        bonuses: vec![
            bonus("gold-third", (4, 3), Round::Down, "bank", When { tiers: vec![4], ..When::default() }),
            bonus("not-yet", (1, 5), Round::HalfUp, "partner-9", not_yet),
            bonus("weekend", (5, 2), Round::HalfEven, "partner-8", weekend),
            bonus("always", (1, 3), Round::HalfUp, "bank", When { from: Some(100_00), ..When::default() }),
        ],
        bonuses_stack: Stack::First,
        discounts: vec![
            discount(8, false, (15, 1000), Round::Down, 33),
            Discount {
                when: When { month_days: vec![(10, 25)], ..When::default() },
                at_least: 1_500_00,
                ..discount(8, false, (60, 100), Round::HalfUp, 70)
            },
            Discount {
                when: When { below: Some(4_000_00), ..When::default() },
                ..discount(8, false, (50, 100), Round::HalfEven, 0)
            },
            discount(9, true, (7, 100), Round::HalfEven, 62),
        ],
        discounts_stack: Stack::Sum,
        cap: None,
        without_loyalty: vec![(4829, 4829), (7995, 7995)],
        hold: HoldDays { usual: 30, early: 30, by_mcc: vec![] },
        tiers: Some(Tiers { per: 100_00, ranks: vec![(1, 300), (4, 1_500)] }),
        miles: Miles { vesting: 1, expiry: Some(Expiry::Disuse(1)), ..Miles::default() },
        redemption: redemption(25, 10, 70, 30),
    };
    let (file, code, bank) = (include_str!("cedar.toml"), "cedar", "eastbank");
    Reading { file, code, bank, rules, partners: [8, 9], by_file: false }
}

/// Several discounts at the till beside credits, in sum.
fn elm() -> Reading {
    let small = When { below: Some(2_000_00), ..When::default() };
    let large = When { from: Some(1_000_00), ..When::default() };
    let rules = Rules {
        base: Base { miles: 1, per: 70_00, round: Some(Round::Down) },
        bonuses: vec![],
        bonuses_stack: Stack::Sum,
        discounts: vec![
            discount(11, true, (2, 100), Round::Down, 100),
            Discount { when: small, ..discount(11, false, (10, 100), Round::HalfUp, 25) },
            Discount { at_most: Some(90_00), ..discount(11, true, (35, 1000), Round::HalfUp, 0) },
            discount(12, false, (80, 100), Round::Down, 50),
            Discount { when: large, ..discount(12, true, (30, 100), Round::HalfEven, 45) },
        ],
        discounts_stack: Stack::Sum,
        cap: Some(700),
        without_loyalty: vec![],
        hold: HoldDays { usual: 3, early: 9, by_mcc: vec![] },
        tiers: None,
        miles: Miles { expiry: Some(Expiry::Yearly(10, 20)), bearer: Some("bank"), ..Miles::default() },
        redemption: redemption(100, 1, 100, 120),
    };
    let (file, code, bank) = (include_str!("elm.toml"), "elm", "westbank");
    Reading { file, code, bank, rules, partners: [11, 12], by_file: false }
}

/// At the till or as a credit, whichever gives more.
fn fir() -> Reading {
    let Reading { mut rules, .. } = elm();
    rules.discounts_stack = Stack::Best;
    rules.miles = Miles {
        vesting: 5,
        expiry: Some(Expiry::AgeToMonthEnd(1)),
        bearer: Some("partner-11"),
        ..Miles::default()
    };
    rules.redemption = redemption(30, 2, 33, 15);
    rules.discounts = vec![
        Discount { at_most: Some(60_00), ..discount(11, true, (6, 100), Round::Down, 50) },
        discount(11, false, (3, 100), Round::HalfUp, 75),
        Discount { at_least: 800_00, ..discount(12, false, (4, 100), Round::HalfUp, 100) },
        discount(12, true, (2, 100), Round::Down, 10),
    ];
    Reading { file: include_str!("fir.toml"), code: "fir", rules, ..elm() }
}

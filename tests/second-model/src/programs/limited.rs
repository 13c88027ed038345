//! Programs with limits, budgets and off-peak hours.

use super::{Reading, bonus, discount, redemption};
use crate::model::{
    Round,
    rules::{
        Base, Bonus, Discount, Expiry, Gives, HoldDays, Miles, Most, Rules, Stack, When,
        Window::{self, Always, Day, Month, Year},
    },
};

pub(super) fn all() -> [Reading; 3] {
    [gale(), hazel(), iris()]
}

fn uses(uses: i128, window: Window) -> Option<Most> {
    Some(Most { uses: Some(uses), amount: None, window })
}

fn most(amount: i128, window: Window) -> Option<Most> {
    Some(Most { uses: None, amount: Some(amount), window })
}

fn both(uses: i128, amount: i128, window: Window) -> Option<Most> {
    Some(Most { uses: Some(uses), amount: Some(amount), window })
}

/// A fixed amount.
fn gift(partner: i32, at_till: bool, minor: i128, merchant: i128) -> Discount {
    Discount { gives: Gives::Fixed(minor), ..discount(partner, at_till, (0, 1), Round::Down, merchant) }
}

/// Hour and minute.
type Clock = (i16, i16);

/// The hours of a rule, in minutes of the day.
fn at(hours: &[(Clock, Clock)]) -> When {
    let hours = hours
        .iter()
        .map(|((from, from_minute), (to, to_minute))| (from * 60 + from_minute, to * 60 + to_minute));
    When { hours: hours.collect(), ..When::default() }
}

fn gale() -> Reading {
    let night = at(&[((22, 0), (6, 0)), ((12, 30), (13, 15))]);
    let dune = When { partners: vec![15], ..When::default() };
    let rules = Rules {
        base: Base { miles: 1, per: 50_00, round: Some(Round::Down) },
        bonuses: vec![
            Bonus { of_member: most(60, Month), ..bonus("night", (1, 1), Round::Down, "bank", night) },
            Bonus {
                of_member: uses(4, Month),
                of_all: most(500, Always),
                ..bonus("dune-twice", (2, 1), Round::HalfUp, "partner-15", dune)
            },
        ],
        bonuses_stack: Stack::Sum,
        discounts: vec![
            Discount {
                id: "harbor-gift",
                at_least: 500_00,
                of_member: uses(2, Month),
                of_all: both(11, 1_250_00, Always),
                ..gift(14, false, 100_00, 40)
            },
            discount(14, false, (2, 100), Round::Down, 100),
            Discount {
                id: "dune-till",
                at_most: Some(80_00),
                of_member: most(150_00, Month),
                of_all: most(90_00, Day),
                ..discount(15, true, (5, 100), Round::HalfUp, 30)
            },
            Discount {
                id: "dune-quiet",
                when: at(&[((10, 0), (16, 30))]),
                of_member: most(50_00, Day),
                ..discount(15, false, (3, 100), Round::HalfEven, 0)
            },
        ],
        discounts_stack: Stack::First,
        cap: Some(900),
        without_loyalty: vec![(7995, 7995)],
        hold: HoldDays { usual: 4, early: 11, by_mcc: vec![] },
        tiers: None,
        miles: Miles { vesting: 3, vesting_at: vec![(15, 9)], expiry: Some(Expiry::Age(1)), bearer: None },
        redemption: redemption(50, 5, 50, 15),
    };
    let (file, code, bank) = (include_str!("gale.toml"), "gale", "gulfbank");
    Reading { file, code, bank, rules, partners: [14, 15], by_file: false }
}

fn hazel() -> Reading {
    let late = When { partners: vec![17], ..at(&[((18, 0), (0, 30))]) };
    let rules = Rules {
        base: Base { miles: 2, per: 100_00, round: Some(Round::HalfEven) },
        bonuses: vec![
            Bonus {
                of_member: both(3, 80, Year),
                ..bonus("reef-late", (3, 2), Round::HalfUp, "partner-17", late)
            },
            Bonus {
                of_all: most(200, Month),
                ..bonus("quarter", (1, 4), Round::HalfUp, "bank", When::default())
            },
        ],
        bonuses_stack: Stack::First,
        discounts: vec![
            Discount {
                id: "reef-4",
                of_member: uses(3, Always),
                ..discount(17, true, (4, 100), Round::HalfUp, 50)
            },
            Discount { id: "reef-50", at_least: 300_00, of_all: uses(6, Always), ..gift(17, true, 50_00, 0) },
            Discount {
                id: "reef-10",
                at_most: Some(150_00),
                of_member: most(200_00, Month),
                of_all: most(700_00, Month),
                ..discount(17, false, (10, 100), Round::Down, 60)
            },
            Discount { id: "moss-700", of_member: both(1, 650_00, Day), ..gift(18, false, 700_00, 20) },
            Discount {
                id: "moss-half",
                when: at(&[((23, 0), (5, 0)), ((8, 0), (20, 0))]),
                of_all: both(9, 4_000_00, Always),
                ..discount(18, true, (50, 100), Round::HalfEven, 75)
            },
        ],
        discounts_stack: Stack::Sum,
        cap: None,
        without_loyalty: vec![],
        hold: HoldDays { usual: 6, early: 15, by_mcc: vec![] },
        tiers: None,
        miles: Miles {
            expiry: Some(Expiry::AgeToMonthEnd(1)),
            bearer: Some("partner-18"),
            ..Miles::default()
        },
        redemption: redemption(100, 1, 100, 600),
    };
    let (file, code, bank) = (include_str!("hazel.toml"), "hazel", "hillbank");
    Reading { file, code, bank, rules, partners: [17, 18], by_file: true }
}

fn iris() -> Reading {
    let large = When { from: Some(1_500_00), ..When::default() };
    let rules = Rules {
        base: Base { miles: 1, per: 40_00, round: None },
        bonuses: vec![
            Bonus {
                of_member: uses(2, Day),
                of_all: both(25, 700, Month),
                ..bonus("large", (1, 1), Round::Down, "bank", large)
            },
            Bonus {
                of_member: most(120, Always),
                ..bonus("usual", (1, 2), Round::HalfUp, "partner-20", When::default())
            },
        ],
        bonuses_stack: Stack::Best,
        discounts: vec![
            Discount {
                id: "pine-till",
                of_member: both(2, 300_00, Month),
                ..discount(20, true, (6, 100), Round::Down, 45)
            },
            Discount {
                id: "pine-credit",
                of_all: most(900_00, Month),
                ..discount(20, false, (5, 100), Round::HalfUp, 55)
            },
            gift(20, false, 30_00, 100),
            Discount {
                id: "birch-till",
                at_least: 600_00,
                of_all: both(8, 800_00, Always),
                ..gift(21, true, 120_00, 10)
            },
            Discount {
                id: "birch-credit",
                when: at(&[((9, 0), (21, 0))]),
                of_member: most(90_00, Day),
                ..discount(21, false, (8, 100), Round::Down, 90)
            },
        ],
        discounts_stack: Stack::Best,
        cap: Some(600),
        without_loyalty: vec![],
        hold: HoldDays { usual: 5, early: 8, by_mcc: vec![] },
        tiers: None,
        miles: Miles { vesting: 2, expiry: Some(Expiry::Yearly(10, 18)), ..Miles::default() },
        redemption: redemption(70, 3, 80, 90),
    };
    let (file, code, bank) = (include_str!("iris.toml"), "iris", "islebank");
    Reading { file, code, bank, rules, partners: [20, 21], by_file: false }
}

//! A program as the model understands it: read by hand from the file that the core is given.

use jiff::civil::{Date, Weekday};

use super::fraction::Round;

/// Who bears a cost, in the words of the ledger: `bank` or `partner-3`.
pub(crate) type Payer = &'static str;

#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) base: Base,
    pub(crate) bonuses: Vec<Bonus>,
    pub(crate) bonuses_stack: Stack,
    pub(crate) discounts: Vec<Discount>,
    pub(crate) discounts_stack: Stack,
    /// The most miles of a member in a calendar month.
    pub(crate) cap: Option<i128>,
    pub(crate) without_loyalty: Vec<(u16, u16)>,
    pub(crate) hold: HoldDays,
    pub(crate) tiers: Option<Tiers>,
}

/// Units of a calendar year lift a member to a tier; the ranks rise with them.
#[derive(Debug, Clone)]
pub(crate) struct Tiers {
    /// One unit for each full step of what was spent.
    pub(crate) per: i128,
    pub(crate) ranks: Vec<(u8, i128)>,
}

impl Tiers {
    pub(crate) fn earned(&self, units: i128) -> u8 {
        let reached = self.ranks.iter().filter(|(_, from)| units >= *from);
        reached.map(|(rank, _)| *rank).max().unwrap_or(0)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Base {
    pub(crate) miles: i128,
    pub(crate) per: i128,
    /// `None`: only full steps count.
    pub(crate) round: Option<Round>,
}

#[derive(Debug, Clone)]
pub(crate) struct Bonus {
    pub(crate) id: &'static str,
    pub(crate) when: When,
    pub(crate) times: (i128, i128),
    pub(crate) round: Round,
    pub(crate) payer: Payer,
}

#[derive(Debug, Clone)]
pub(crate) struct Discount {
    pub(crate) partner: i32,
    pub(crate) when: When,
    pub(crate) at_till: bool,
    pub(crate) percent: (i128, i128),
    pub(crate) round: Round,
    pub(crate) at_least: i128,
    pub(crate) at_most: Option<i128>,
    /// The merchant's part of the cost, in hundredths.
    pub(crate) merchant: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stack {
    Sum,
    First,
    Best,
}

#[derive(Debug, Clone)]
pub(crate) struct HoldDays {
    pub(crate) usual: i32,
    pub(crate) early: i32,
    pub(crate) by_mcc: Vec<(u16, u16, i32)>,
}

impl HoldDays {
    /// The first day on which the hold of an authorization is no longer waited for.
    pub(crate) fn over(&self, day: Date, mcc: u16, early: bool) -> Date {
        let special = self.by_mcc.iter().find(|(first, last, _)| (*first..=*last).contains(&mcc));
        let days = special.map_or(if early { self.early } else { self.usual }, |(.., days)| *days);
        day + jiff::Span::new().days(days + 1)
    }
}

/// Parts that are empty are no condition.
#[derive(Debug, Clone, Default)]
pub(crate) struct When {
    pub(crate) partners: Vec<i32>,
    pub(crate) mcc: Vec<(u16, u16)>,
    pub(crate) not_mcc: Vec<(u16, u16)>,
    pub(crate) weekdays: Vec<Weekday>,
    pub(crate) month_days: Vec<(i8, i8)>,
    pub(crate) from: Option<i128>,
    pub(crate) below: Option<i128>,
    pub(crate) tiers: Vec<u8>,
    /// Half-open.
    pub(crate) effective: Option<(Date, Date)>,
}

/// What conditions look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances {
    pub(crate) partner: Option<i32>,
    pub(crate) mcc: u16,
    pub(crate) day: Date,
    pub(crate) is_purchase: bool,
    /// Of the member, when the purchase was first heard of.
    pub(crate) tier: u8,
}

impl When {
    pub(crate) fn holds(&self, of: &Circumstances, amount: i128) -> bool {
        let inside = |ranges: &[(u16, u16)]| ranges.iter().any(|(a, b)| *a <= of.mcc && of.mcc <= *b);
        let (weekday, month_day) = (of.day.weekday(), of.day.day());
        (self.partners.is_empty() || of.partner.is_some_and(|partner| self.partners.contains(&partner)))
            && (self.mcc.is_empty() || inside(&self.mcc))
            && !inside(&self.not_mcc)
            && (self.weekdays.is_empty() || self.weekdays.contains(&weekday))
            && (self.month_days.is_empty()
                || self.month_days.iter().any(|(a, b)| *a <= month_day && month_day <= *b))
            && (self.tiers.is_empty() || self.tiers.contains(&of.tier))
            && self.from.is_none_or(|from| amount >= from)
            && self.below.is_none_or(|below| amount < below)
            && self.effective.is_none_or(|(from, to)| from <= of.day && of.day < to)
    }
}

impl Rules {
    /// Whether purchases of these circumstances have loyalty at all.
    pub(crate) fn have_loyalty(&self, of: &Circumstances) -> bool {
        let excluded = self.without_loyalty.iter().any(|(a, b)| *a <= of.mcc && of.mcc <= *b);
        of.is_purchase && !excluded
    }
}

//! A program as the model understands it: read by hand from the file that the core is given.

use jiff::civil::{Date, Weekday};

use super::{fraction::Round, hours::within};

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
    pub(crate) miles: Miles,
    /// Without it miles are not spent.
    pub(crate) redemption: Option<Redemption>,
}

/// What happens to miles once they are booked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Miles {
    /// For so many days after the purchase they are not spent.
    pub(crate) vesting: i32,
    /// Partners with a return period of their own.
    pub(crate) vesting_at: Vec<(i32, i32)>,
    pub(crate) expiry: Option<Expiry>,
    /// Who bears what was spent and is then taken back; `None`: the member owes it.
    pub(crate) bearer: Option<Payer>,
}

/// Until when miles are there; the last day counts in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// So many months after the purchase.
    Age(i32),
    /// The same, put off to the end of the month.
    AgeToMonthEnd(i32),
    /// So many months after the member last bought or spent something.
    Disuse(i32),
    /// On the next such day and month.
    Yearly(i8, i8),
}

#[derive(Debug, Clone)]
pub(crate) struct Redemption {
    /// Minor units that one mile pays.
    pub(crate) value: i128,
    pub(crate) least: i128,
    /// The largest share of an amount, in hundredths.
    pub(crate) share: i128,
    pub(crate) minutes: i64,
}

/// The most that a rule gives, to one member or to all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Most {
    pub(crate) uses: Option<i128>,
    /// Miles or minor units.
    pub(crate) amount: Option<i128>,
    pub(crate) window: Window,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Day,
    Month,
    Year,
    Always,
}

impl Window {
    /// As the ledger names it.
    pub(crate) fn period(self, day: Date) -> String {
        match self {
            Self::Day => format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()),
            Self::Month => format!("{:04}-{:02}", day.year(), day.month()),
            Self::Year => format!("{:04}", day.year()),
            Self::Always => "always".to_owned(),
        }
    }
}

/// What limits speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounded {
    pub(crate) id: &'static str,
    pub(crate) of_member: Option<Most>,
    pub(crate) of_all: Option<Most>,
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
    pub(crate) of_member: Option<Most>,
    pub(crate) of_all: Option<Most>,
}

#[derive(Debug, Clone)]
pub(crate) struct Discount {
    pub(crate) id: &'static str,
    pub(crate) partner: i32,
    pub(crate) when: When,
    pub(crate) at_till: bool,
    pub(crate) gives: Gives,
    pub(crate) at_least: i128,
    pub(crate) at_most: Option<i128>,
    /// The merchant's part of the cost, in hundredths.
    pub(crate) merchant: i128,
    pub(crate) of_member: Option<Most>,
    pub(crate) of_all: Option<Most>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    Share((i128, i128), Round),
    /// A fixed amount, at most the purchase itself.
    Fixed(i128),
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
    /// Minutes of the day, half-open, also beyond midnight.
    pub(crate) hours: Vec<(i16, i16)>,
    /// Half-open.
    pub(crate) effective: Option<(Date, Date)>,
}

/// What conditions look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances {
    pub(crate) partner: Option<i32>,
    pub(crate) mcc: u16,
    pub(crate) day: Date,
    /// Of the local day, if it is known.
    pub(crate) minute: Option<i16>,
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
            && within(&self.hours, of.minute)
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

    /// The rules with a limit or a budget.
    pub(crate) fn bounded(&self) -> impl Iterator<Item = Bounded> {
        let bonuses = self.bonuses.iter().map(Bonus::bounded);
        let all = bonuses.chain(self.discounts.iter().map(Discount::bounded));
        all.filter(|rule| rule.of_member.is_some() || rule.of_all.is_some())
    }
}

impl Bonus {
    pub(crate) fn bounded(&self) -> Bounded {
        Bounded { id: self.id, of_member: self.of_member, of_all: self.of_all }
    }
}

impl Discount {
    pub(crate) fn bounded(&self) -> Bounded {
        Bounded { id: self.id, of_member: self.of_member, of_all: self.of_all }
    }
}

//! Tiers: what lifts a member to one, how long it is kept, and how it is lost.
//!
//! Purchases earn qualifying units beside spendable miles. They are a unit of the ledger of their own: a cap on miles
//! does not bound them, spending miles does not lower them, a refund takes them back. What a member has collected in a
//! calendar year lifts him at once; at the review, a year after the end of the year in which he rose, the last full year
//! decides what he keeps.

use jiff::civil::{Date, date};

use crate::{Amounts, Item, MoneyError, Rounding, mul_div};

/// A tier's place among the others, from 1; 0 is a member without a tier. Program files give it, so that a tier that
/// comes in between in a later version moves nobody.
pub type TierRank = u8;

/// What earns qualifying units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifying {
    /// One for each base mile that a purchase earns before the caps.
    BaseMiles,
    /// One for each full step of the net amount, in minor units; never zero.
    Spend {
        /// The step.
        per_minor: u64,
    },
}

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its id in the file, such as `gold`.
    pub id: String,
    /// Its place, from 1.
    pub rank: TierRank,
    /// So many units in a calendar year lift to it.
    pub units_from: u64,
}

/// What a review does to a member who has not collected enough again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fall {
    /// To the tier below, or to what was earned if that is higher.
    OneTier,
    /// To what was earned.
    ToEarned,
}

impl Fall {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::OneTier, Self::ToEarned];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneTier => "one_tier",
            Self::ToEarned => "to_what_was_earned",
        }
    }
}

/// The tiers of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRules {
    /// What counts.
    pub qualifying: Qualifying,
    /// The tiers, lowest first: ranks and units rise together.
    pub tiers: Vec<Tier>,
    /// How a tier is lost.
    pub fall: Fall,
}

impl TierRules {
    /// The tier of so many units of one year.
    pub fn earned(&self, units: i64) -> Option<&Tier> {
        let reached = |tier: &&Tier| u64::try_from(units).is_ok_and(|units| units >= tier.units_from);
        self.tiers.iter().rev().find(reached)
    }

    /// The tier of a rank, or the highest below it if the program has that rank no more.
    pub fn of_rank(&self, rank: TierRank) -> Option<&Tier> {
        self.tiers.iter().rev().find(|tier| tier.rank <= rank)
    }

    /// The units of a purchase of `net_minor` whose base is `base_miles`.
    pub fn units(&self, net_minor: i64, base_miles: i64) -> Result<i64, MoneyError> {
        match self.qualifying {
            Qualifying::BaseMiles => Ok(base_miles),
            Qualifying::Spend { per_minor } => mul_div(net_minor, 1, per_minor, Rounding::Floor),
        }
    }
}

/// Where a member stands: his tier, and what he has collected this year and the year before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// His tier; 0 is none.
    pub rank: TierRank,
    /// The day of the next review; none without a tier.
    pub review_on: Option<Date>,
    /// The latest calendar year in which he has collected; 0 before the first purchase.
    pub year: i16,
    /// Units of that year.
    pub units: i64,
    /// Units of the year before it.
    pub units_before: i64,
}

impl Standing {
    /// The units of a calendar year; zero for years that nobody asks for any more.
    pub fn units_of(&self, year: i16) -> i64 {
        if year == self.year {
            self.units
        } else if year == self.year - 1 {
            self.units_before
        } else {
            0
        }
    }

    /// Adds units, or takes them back, of a purchase of `year`. What belongs to years before the last full one changes
    /// no tier: they have been reviewed.
    #[must_use]
    pub fn with_units(self, year: i16, units: i64) -> Self {
        let mut standing = self;
        if year > standing.year {
            standing.units_before = standing.units_of(year - 1);
            (standing.year, standing.units) = (year, 0);
        }
        if year == standing.year {
            standing.units = standing.units.saturating_add(units);
        } else if year == standing.year - 1 {
            standing.units_before = standing.units_before.saturating_add(units);
        }
        standing
    }

    /// Lifts the member if the units of `year` reach a higher tier. He keeps it to the end of the following year.
    #[must_use]
    pub fn risen(self, rules: &TierRules, year: i16) -> Self {
        match rules.earned(self.units_of(year)) {
            Some(tier) if tier.rank > self.rank => {
                Self { rank: tier.rank, review_on: Some(review_after(year)), ..self }
            }
            // Who reaches his tier again keeps it a year longer.
            Some(tier) if tier.rank == self.rank => {
                Self { review_on: self.review_on.max(Some(review_after(year))), ..self }
            }
            _ => self,
        }
    }

    /// The member after the review of `day`: what the last full year has earned, and no less than one fall allows.
    #[must_use]
    pub fn reviewed(self, rules: &TierRules, day: Date) -> Self {
        let year = day.year() - 1;
        let earned = rules.earned(self.units_of(year)).map_or(0, |tier| tier.rank);
        let below = rules.tiers.iter().rev().map(|tier| tier.rank).find(|rank| *rank < self.rank);
        let falls_to = match rules.fall {
            Fall::OneTier => below.unwrap_or(0),
            Fall::ToEarned => 0,
        };
        let rank = if earned >= self.rank { self.rank } else { earned.max(falls_to) };
        Self { rank, review_on: (rank > 0).then(|| review_after(year)), ..self }
    }
}

/// A tier that was reached in `year` holds to the end of the next one.
fn review_after(year: i16) -> Date {
    // Dates end in the year 9999, far from any purchase.
    Date::new(year.saturating_add(2), 1, 1).unwrap_or(date(9999, 12, 31))
}

/// The units that a difference of amounts holds.
pub(crate) fn qualifying_of<'a>(moved: impl Iterator<Item = &'a (Item, i64)>) -> i64 {
    moved.filter(|(item, _)| *item == Item::Qualifying).map(|(_, units)| units).sum()
}

impl Amounts {
    /// Qualifying units.
    pub fn qualifying_units(&self) -> i64 {
        self.amount(&Item::Qualifying)
    }
}

//! When miles may be spent, when they expire, who bears a debt, and what a mile pays.

use jiff::{ToSpan, civil::Date};

use crate::{Funder, MoneyError, PartnerId, Ratio, Rounding};

/// The end of the month, quarter or year to which an expiry is put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundedTo {
    /// The day itself.
    Day,
    /// The last day of its month.
    MonthEnd,
    /// The last day of its quarter.
    QuarterEnd,
    /// The last day of its year.
    YearEnd,
}

impl RoundedTo {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Day, Self::MonthEnd, Self::QuarterEnd, Self::YearEnd];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::MonthEnd => "month_end",
            Self::QuarterEnd => "quarter_end",
            Self::YearEnd => "year_end",
        }
    }

    fn of(self, day: Date) -> Date {
        let months_left = match self {
            Self::Day => return day,
            Self::MonthEnd => 0,
            Self::QuarterEnd => (12 - day.month()) % 3,
            Self::YearEnd => 12 - day.month(),
        };
        day.first_of_month().saturating_add(i32::from(months_left).months()).last_of_month()
    }
}

/// When miles expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryRule {
    /// So many months after the purchase.
    Age {
        /// The months.
        months: u16,
        /// To which end the last day is put off.
        rounded_to: RoundedTo,
    },
    /// So many months after the account's last purchase or redemption: all of its miles.
    Inactivity {
        /// The months.
        months: u16,
    },
    /// On the first such day at or after the purchase, so many years later.
    OnDay {
        /// The month, 1 to 12.
        month: i8,
        /// The day of the month; never 29 February.
        day: i8,
        /// The years.
        years: u16,
    },
}

/// Who keeps the miles of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MilesLedger {
    /// We do: they are spent and expire here.
    #[default]
    Own,
    /// The co-brand partner: our books mirror what it is told of.
    Partner,
}

impl MilesLedger {
    /// The word used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Partner => "partner",
        }
    }
}

/// What happens to miles after they are booked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MilesRules {
    /// For so many days after the purchase its miles may not be spent.
    pub vesting_days: u16,
    /// Merchant partners with a time of their own.
    pub vesting_by_partner: Vec<(PartnerId, u16)>,
    /// When miles expire; `None`: never.
    pub expiry: Option<ExpiryRule>,
    /// Who bears the miles that were spent and are then taken back; `None`: the member, as a debt.
    pub debts_borne_by: Option<Funder>,
    /// Who keeps the miles. Where it is the partner, only `debts_borne_by` is said beside it.
    pub ledger: MilesLedger,
}

impl MilesRules {
    /// The first day on which the miles of a purchase may be spent; `None`: at once.
    pub fn vests_on(&self, purchased: Date, partner: Option<PartnerId>) -> Option<Date> {
        let own = self.vesting_by_partner.iter().find(|(of, _)| Some(*of) == partner).map(|(_, days)| *days);
        let days = own.unwrap_or(self.vesting_days);
        (days > 0).then(|| purchased.saturating_add(i64::from(days).days()))
    }

    /// The first day on which the miles of a purchase are no longer there, if nothing else happens.
    pub fn expire_on(&self, purchased: Date) -> Option<Date> {
        let last = match self.expiry? {
            ExpiryRule::Age { months, rounded_to } => {
                rounded_to.of(purchased.saturating_add(i32::from(months).months()))
            }
            ExpiryRule::Inactivity { months } => purchased.saturating_add(i32::from(months).months()),
            ExpiryRule::OnDay { month, day, years } => {
                let this_year = Date::new(purchased.year(), month, day).ok()?;
                let years = i32::from(years) + i32::from(this_year < purchased);
                this_year.saturating_add(years.years())
            }
        };
        Some(last.saturating_add(1.day()))
    }

    /// The day to which an account's activity puts off the expiry of its miles; `None` if activity does not count.
    pub fn kept_until(&self, active_on: Option<Date>) -> Option<Date> {
        match self.expiry? {
            ExpiryRule::Inactivity { .. } => self.expire_on(active_on?),
            ExpiryRule::Age { .. } | ExpiryRule::OnDay { .. } => None,
        }
    }
}

/// From which accounts a member may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HouseholdSpending {
    /// His own.
    #[default]
    Own,
    /// All of his household together, if that is asked for.
    Pooled,
}

impl HouseholdSpending {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Pooled => "pooled",
        }
    }
}

/// How miles are spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedemptionRules {
    /// Minor units that one mile pays.
    pub value: Ratio,
    /// The fewest miles of one redemption.
    pub miles_min: u64,
    /// The largest share of an amount that miles pay.
    pub share_max: Ratio,
    /// For so many minutes miles are kept for a redemption that is not confirmed.
    pub reserve_minutes: u32,
    /// Whether the accounts of a household spend together.
    pub household: HouseholdSpending,
}

impl RedemptionRules {
    /// What so many miles pay, in minor units; a fraction is lost to the member.
    pub fn worth(&self, miles: i64) -> Result<i64, MoneyError> {
        self.value.of(miles, Rounding::Floor)
    }

    /// The most that miles may pay of an amount, both in minor units.
    pub fn payable(&self, amount_minor: i64) -> Result<i64, MoneyError> {
        self.share_max.of(amount_minor, Rounding::Floor)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_day_after_the_last_is_the_first_without_miles() {
        let age = |months, rounded_to| ExpiryRule::Age { months, rounded_to };
        for (rule, purchased, gone) in [
            (age(24, RoundedTo::Day), date(2026, 10, 10), date(2028, 10, 11)),
            (age(1, RoundedTo::Day), date(2027, 1, 31), date(2027, 3, 1)),
            (age(24, RoundedTo::MonthEnd), date(2026, 10, 10), date(2028, 11, 1)),
            (age(1, RoundedTo::QuarterEnd), date(2026, 10, 10), date(2027, 1, 1)),
            (age(1, RoundedTo::QuarterEnd), date(2026, 11, 30), date(2027, 1, 1)),
            (age(1, RoundedTo::QuarterEnd), date(2026, 12, 31), date(2027, 4, 1)),
            (age(12, RoundedTo::YearEnd), date(2026, 10, 10), date(2028, 1, 1)),
            (ExpiryRule::Inactivity { months: 18 }, date(2026, 10, 10), date(2028, 4, 11)),
            (ExpiryRule::OnDay { month: 12, day: 31, years: 1 }, date(2026, 10, 10), date(2028, 1, 1)),
            (ExpiryRule::OnDay { month: 6, day: 30, years: 0 }, date(2026, 6, 30), date(2026, 7, 1)),
            (ExpiryRule::OnDay { month: 6, day: 30, years: 0 }, date(2026, 7, 1), date(2027, 7, 1)),
        ] {
            let rules = MilesRules { expiry: Some(rule), ..MilesRules::default() };
            assert_eq!(rules.expire_on(purchased), Some(gone), "{rule:?} of {purchased}");
        }
    }
}

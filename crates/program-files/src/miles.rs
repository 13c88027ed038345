//! What happens to miles after they are booked: the meaning of `[miles]` and `[redemption]`.

use domain::{
    ExpiryRule, Funder, HouseholdSpending, MilesLedger, MilesRules, PartnerId, Ratio, RedemptionRules,
    RoundedTo,
};
use jiff::civil::Date;
use toml::Spanned;

use crate::codes::NamedCurrency;
use crate::document::{self, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};

/// The longest return period.
pub(crate) const VESTING_DAYS_MAX: u64 = 366;
/// The longest life of a mile in months.
pub(crate) const MONTHS_MAX: u64 = 240;
/// The same in years.
pub(crate) const YEARS_MAX: u64 = 20;
/// The longest that miles wait for a confirmation: thirty days.
pub(crate) const MINUTES_MAX: u64 = 43_200;
const MINUTES: u32 = 30;

/// The ends to which the last day may be put off.
pub(crate) const ROUNDED_TO: [(&str, RoundedTo); 4] = [
    ("day", RoundedTo::Day),
    ("month_end", RoundedTo::MonthEnd),
    ("quarter_end", RoundedTo::QuarterEnd),
    ("year_end", RoundedTo::YearEnd),
];

/// From which accounts a member may spend.
pub(crate) const HOUSEHOLD: [(&str, HouseholdSpending); 2] =
    [("own", HouseholdSpending::Own), ("pooled", HouseholdSpending::Pooled)];

/// Whether a balance may fall below zero.
pub(crate) const NEGATIVE_BALANCE: [(&str, bool); 2] = [("allow", true), ("forbid", false)];

/// Who keeps the miles.
pub(crate) const LEDGER: [(&str, MilesLedger); 2] =
    [(MilesLedger::Own.name(), MilesLedger::Own), (MilesLedger::Partner.name(), MilesLedger::Partner)];

impl Reading<'_> {
    /// What the file says of miles that are booked; without the section they stay as they are.
    pub(crate) fn miles_rules(&mut self, entry: Option<&document::Miles>) -> Option<MilesRules> {
        let Some(entry) = entry else { return Some(MilesRules::default()) };
        let days = self.up_to("miles.vesting_days", entry.vesting_days.as_ref(), 0, VESTING_DAYS_MAX, "days");
        let mut vesting_by_partner: Vec<(PartnerId, u16)> = Vec::new();
        for (index, own) in entry.vesting_by_partner.iter().flatten().enumerate() {
            let path = format!("miles.vesting_by_partner[{index}]");
            let partner = self.partner(&format!("{path}.partner"), &own.partner);
            let days = self.up_to(&format!("{path}.days"), Some(&own.days), 0, VESTING_DAYS_MAX, "days");
            vesting_by_partner.extend(partner.zip(days.flatten()));
        }
        let expiry = match &entry.expiry {
            Some(expiry) => self.expiry(expiry).map(Some),
            None => Some(None),
        };
        let debts_borne_by = self.debts(entry);
        Some(MilesRules {
            vesting_days: days?.unwrap_or(0),
            vesting_by_partner,
            expiry: expiry?,
            debts_borne_by: debts_borne_by?,
            ledger: MilesLedger::Own,
        })
    }

    /// Who keeps the miles. Where the partner does, what the file says of their life here contradicts it.
    pub(crate) fn ledger(&mut self, document: &document::Document) -> Option<MilesLedger> {
        let Some(entry) = &document.ledger else { return Some(MilesLedger::Own) };
        let ledger = self.value("ledger", entry, |text| scalars::word(text, &LEDGER))?;
        if ledger == MilesLedger::Own {
            return Some(ledger);
        }
        let miles = document.miles.as_deref();
        self.not_with_the_partner("miles.vesting_days", miles.and_then(|miles| miles.vesting_days.as_ref()));
        let own = miles.and_then(|miles| miles.vesting_by_partner.iter().flatten().next());
        self.not_with_the_partner("miles.vesting_by_partner[0]", own.map(|own| &own.partner));
        self.not_with_the_partner("miles.expiry", miles.and_then(|miles| miles.expiry.as_ref()));
        self.not_with_the_partner("redemption", document.redemption.as_ref().map(|spent| &spent.value));
        if miles.and_then(|miles| miles.negative_balance_funder.as_ref()).is_none() {
            let expected = "a funder of the miles that the partner does not give back";
            let advice = "add [miles] with negative_balance = \"forbid\" and negative_balance_funder";
            self.report("ledger", entry, Problem::new(expected, "none", advice));
        }
        Some(ledger)
    }

    fn not_with_the_partner<T>(&mut self, path: &str, place: Option<&Spanned<T>>) {
        let Some(place) = place else { return };
        let advice = "delete it, or write ledger = \"own\": the partner keeps the miles";
        self.report(path, place, Problem::new("nothing under ledger = \"partner\"", "a rule", advice));
    }

    fn expiry(&mut self, place: &Spanned<document::Table<document::Expiry>>) -> Option<ExpiryRule> {
        let entry = place.get_ref();
        let path = |key: &str| format!("miles.expiry.{key}");
        let after = self.up_to(&path("after_months"), entry.after_months.as_ref(), 1, MONTHS_MAX, "months");
        let inactive =
            self.up_to(&path("inactivity_months"), entry.inactivity_months.as_ref(), 1, MONTHS_MAX, "months");
        let day = self.optional(&path("on"), entry.on.as_ref(), month_and_day);
        let years = self.up_to(&path("years"), entry.years.as_ref(), 0, YEARS_MAX, "years");
        let rounded = self.optional(&path("rounded_to"), entry.rounded_to.as_ref(), |text| {
            scalars::word(text, &ROUNDED_TO)
        });
        let (after, inactive, day, years, rounded) = (after?, inactive?, day?, years?, rounded?);
        match (after, inactive, day) {
            (Some(months), None, None) if years.is_none() => {
                Some(ExpiryRule::Age { months, rounded_to: rounded.unwrap_or(RoundedTo::Day) })
            }
            (None, Some(months), None) if years.is_none() && rounded.is_none() => {
                Some(ExpiryRule::Inactivity { months })
            }
            (None, None, Some((month, day))) if rounded.is_none() => {
                Some(ExpiryRule::OnDay { month, day, years: years.unwrap_or(0) })
            }
            _ => {
                let expected =
                    "one of `after_months` with `rounded_to`, `inactivity_months`, `on` with `years`";
                let advice = "keep the keys of one way in which miles expire";
                self.report("miles.expiry", place, Problem::new(expected, "other keys", advice));
                None
            }
        }
    }

    /// Who bears spent miles that are taken back.
    fn debts(&mut self, entry: &document::Miles) -> Option<Option<Funder>> {
        let policy = entry.negative_balance.as_ref();
        let allowed =
            self.optional("miles.negative_balance", policy, |text| scalars::word(text, &NEGATIVE_BALANCE))?;
        let path = "miles.negative_balance_funder";
        match (allowed.unwrap_or(true), &entry.negative_balance_funder, policy) {
            (true, None, _) => Some(None),
            (false, Some(funder), _) => self.funder(path, funder).map(Some),
            (true, Some(funder), _) => {
                let advice = "delete the funder, or write negative_balance = \"forbid\"";
                self.report(path, funder, Problem::new("no funder of debts that are allowed", "one", advice));
                None
            }
            (false, None, policy) => {
                let advice = "add negative_balance_funder = \"bank\", or a partner";
                let problem = Problem::new("a funder of what the member does not owe", "none", advice);
                if let Some(policy) = policy {
                    self.report("miles.negative_balance", policy, problem);
                }
                None
            }
        }
    }

    /// `bank`, or the code of a partner.
    pub(crate) fn funder(&mut self, path: &str, text: &Text) -> Option<Funder> {
        match text.get_ref().as_str() {
            "bank" => Some(Funder::Bank),
            _ => self.partner(path, text).map(Funder::Partner),
        }
    }

    /// How miles are spent; `None` only if a problem was reported.
    pub(crate) fn redemption(
        &mut self,
        entry: Option<&document::Redemption>,
        currency: &NamedCurrency,
    ) -> Option<Option<RedemptionRules>> {
        let Some(entry) = entry else { return Some(None) };
        let value =
            self.value("redemption.value", &entry.value, |text| scalars::price_per_mile(text, currency));
        let miles_min = match &entry.miles_min {
            Some(place) => self.miles("redemption.miles_min", place, i64::MAX.unsigned_abs()),
            None => Some(1),
        };
        let share_max = self.optional("redemption.share_max", entry.share_max.as_ref(), scalars::percent);
        let path = "redemption.reserve_minutes";
        let minutes = self.up_to(path, entry.reserve_minutes.as_ref(), 1, MINUTES_MAX, "minutes");
        let household = self.optional("redemption.household", entry.household.as_ref(), |text| {
            scalars::word(text, &HOUSEHOLD)
        });
        let all = Ratio::new(1, 1).ok()?;
        let value = value?;
        if value.numerator() == 0 {
            let advice = "write what a mile pays, or delete the section";
            let problem = Problem::new("a price above zero", quoted(entry.value.get_ref()), advice);
            self.report("redemption.value", &entry.value, problem);
            return None;
        }
        Some(Some(RedemptionRules {
            value,
            miles_min: miles_min?,
            share_max: share_max?.unwrap_or(all),
            reserve_minutes: minutes?.map_or(MINUTES, u32::from),
            household: household?.unwrap_or_default(),
        }))
    }

    /// A number between two bounds; `None` only if a problem was reported.
    fn up_to(
        &mut self,
        path: &str,
        place: Option<&Spanned<u64>>,
        least: u64,
        most: u64,
        what: &str,
    ) -> Option<Option<u16>> {
        let Some(place) = place else { return Some(None) };
        let number = *place.get_ref();
        match u16::try_from(number) {
            Ok(small) if (least..=most).contains(&number) => Some(Some(small)),
            _ => {
                let expected = format!("{least} to {most} {what}");
                self.report(path, place, Problem::new(expected, number.to_string(), "correct the number"));
                None
            }
        }
    }
}

/// A day that every year has, such as `12-31`.
fn month_and_day(text: &str) -> Result<(i8, i8), Problem> {
    let parts = text.split_once('-').filter(|(month, day)| month.len() == 2 && day.len() == 2);
    let numbers = parts.and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    // No leap year: 29 February is not there in most years.
    numbers.filter(|(month, day)| Date::new(2027, *month, *day).is_ok()).ok_or_else(|| {
        let advice = "write month and day, such as \"12-31\"";
        Problem::new("a day of every year", quoted(text), advice)
    })
}

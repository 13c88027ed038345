//! A program file in words: its entries with their fields, each value as the file would write it.

use domain::{
    Condition, DiscountTier, Effective, Limit, MccRange, PartnerId, Qualifying, Ratio, Reduction, Window,
};
use jiff::civil::Weekday;
use rust_decimal::Decimal;

use crate::birthdays;
use crate::coupons::REFUNDS;
use crate::explain::{Language, Names, payer};
use crate::limits::{BUDGET_WINDOWS, LIMIT_WINDOWS};
use crate::program::ProgramFile;
use crate::scalars::{self, WEEKDAYS};

mod terms;

pub(crate) use terms::cut_offs;
use terms::terms_entry;

/// One entry of a program file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `program`, `base`, `bonus`, `discount`, `cap`, `tier`, `coupon`, `auto_enroll` or `terms`.
    pub kind: &'static str,
    /// The rule's id, or what else tells the entry apart.
    pub id: String,
    /// Its fields and their values.
    pub fields: Vec<(String, String)>,
}

impl Entry {
    fn new(kind: &'static str, id: &str) -> Self {
        Self { kind, id: id.to_owned(), fields: Vec::new() }
    }

    fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    fn optional(self, name: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    fn effective(self, effective: Effective) -> Self {
        let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
        self.optional("effective.from", day(effective.from)).optional("effective.to", day(effective.to))
    }

    /// What a discount takes off, under the key that the file uses.
    fn reductions(self, tiers: &[DiscountTier], names: &Names<'_>) -> Self {
        let tier = |tier: &DiscountTier| {
            let gives = match tier.gives {
                Reduction::Percent(share) => format!("{} %", percent(share)),
                Reduction::Amount(minor) => minor_text(minor, names),
            };
            format!("{gives} from {}", minor_text(tier.from, names))
        };
        match tiers {
            [DiscountTier { from: 0, gives: Reduction::Percent(share) }] => {
                self.field("percent", percent(*share))
            }
            [DiscountTier { from: 0, gives: Reduction::Amount(minor) }] => {
                self.field("amount", minor_text(*minor, names))
            }
            tiers => self.field("tiers", tiers.iter().map(tier).collect::<Vec<_>>().join(", ")),
        }
    }

    /// Such as `3 uses, 1000.00 in calendar_month`.
    fn limits(self, limit: Option<&Limit>, budget: Option<&Limit>, most: impl Fn(u64) -> String) -> Self {
        let text = |limit: &Limit, windows: &[(&'static str, Window)]| {
            let window =
                windows.iter().find(|(_, window)| *window == limit.window).map_or("", |(word, _)| word);
            let uses = limit.uses.map(|uses| format!("{uses} uses"));
            let parts: Vec<String> = uses.into_iter().chain(limit.most.map(&most)).collect();
            format!("{} in {window}", parts.join(", "))
        };
        self.optional("limit.per_member", limit.map(|limit| text(limit, &LIMIT_WINDOWS)))
            .optional("budget", budget.map(|budget| text(budget, &BUDGET_WINDOWS)))
    }

    fn when(self, when: &Condition, names: &Names<'_>) -> Self {
        let list = |words: Vec<String>| (!words.is_empty()).then(|| words.join(", "));
        let partners = when.partners.iter().map(|partner| names.partner(*partner)).collect();
        let weekdays = when.weekdays.iter().map(|day| weekday(*day).to_owned()).collect();
        let days = when.month_days.iter().map(|days| range(&days.first, &days.last)).collect();
        let amount = |minor: Option<u64>| minor.map(|minor| minor_text(minor, names));
        self.optional("when.partner", list(partners))
            .optional("when.mcc", list(categories(&when.mcc)))
            .optional("when.except_mcc", list(categories(&when.except_mcc)))
            .optional("when.weekday", list(weekdays))
            .optional("when.month_day", list(days))
            .optional("when.hours", list(when.hours.iter().map(hours_text).collect()))
            .optional("when.birthday", when.birthday.as_ref().map(birthdays::text))
            .optional("when.amount_from", amount(when.amount_from))
            .optional("when.amount_below", amount(when.amount_below))
            .optional("when.tier", list(when.tiers.iter().map(|rank| names.tier(*rank)).collect()))
            .optional("when.coupon", when.coupon.clone())
    }
}

/// The field that a reason speaks of, if it is a condition that failed.
pub(crate) fn field_of_reason(code: &str) -> Option<&'static [&'static str]> {
    Some(match code {
        "not_effective" => &["effective.from", "effective.to"],
        "partner" => &["when.partner"],
        "mcc" => &["when.mcc"],
        "mcc_excepted" => &["when.except_mcc"],
        "weekday" => &["when.weekday"],
        "month_day" => &["when.month_day"],
        "tier" => &["when.tier"],
        "hours" => &["when.hours"],
        "no_coupon_shown" | "coupon_of_another_campaign" => &["when.coupon"],
        "birthday" | "birthday_unknown" => &["when.birthday"],
        _ => return None,
    })
}

/// Such as `7011 20, 3501-3838 20`.
fn holds_by_mcc(holds: &domain::HoldRules) -> String {
    let one = |(range, days): &(domain::MccRange, u16)| {
        format!("{} {days}", categories(std::slice::from_ref(range)).join(", "))
    };
    holds.by_mcc.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Such as `kosta 30`.
fn vesting_by_partner(miles: &domain::MilesRules, names: &Names<'_>) -> String {
    let own = miles.vesting_by_partner.iter();
    own.map(|(partner, days)| format!("{} {days}", names.partner(*partner))).collect::<Vec<_>>().join(", ")
}

fn expiry(rule: Option<domain::ExpiryRule>) -> String {
    use domain::ExpiryRule::{Age, Inactivity, OnDay};
    match rule {
        None => "never".to_owned(),
        Some(Age { months, rounded_to }) => format!("after {months} months, {}", rounded_to.name()),
        Some(Inactivity { months }) => format!("after {months} months without activity"),
        Some(OnDay { month, day, years }) => format!("on {month:02}-{day:02}, {years} years later"),
    }
}

fn negative_balance(miles: &domain::MilesRules, names: &Names<'_>) -> String {
    match miles.debts_borne_by {
        None => "allow".to_owned(),
        Some(funder) => format!("forbid, borne by {}", payer(funder, Language::English, names)),
    }
}

/// Such as `a mile pays 50/1 minor units, from 100 miles, up to 50/100, reserved for 15 minutes`.
fn redemption(rules: Option<&domain::RedemptionRules>) -> String {
    let Some(rules) = rules else { return "none".to_owned() };
    let ratio = |ratio: domain::Ratio| format!("{}/{}", ratio.numerator(), ratio.denominator());
    format!(
        "a mile pays {} minor units, from {} miles, up to {} of the amount, reserved for {} minutes",
        ratio(rules.value),
        rules.miles_min,
        ratio(rules.share_max),
        rules.reserve_minutes
    )
}

/// `own` or `pooled`.
fn household(rules: Option<&domain::RedemptionRules>) -> &'static str {
    rules.map(|rules| rules.household).unwrap_or_default().name()
}

impl ProgramFile {
    /// The entries of the file in its order, first what holds for the whole program.
    pub fn entries(&self, names: &Names<'_>) -> Vec<Entry> {
        let mut entries = vec![self.head(names)];
        entries.extend(self.tiers());
        entries.extend(self.coupons());
        entries.extend(self.earning(names));
        entries.extend(self.discounts(names));
        let range_of = |bins: &crate::BinRange| Entry::new("auto_enroll", &range(&bins.from, &bins.to));
        entries.extend(self.auto_enroll.iter().map(range_of));
        entries.extend(self.terms.iter().map(|terms| terms_entry(terms, names)));
        entries
    }

    fn head(&self, names: &Names<'_>) -> Entry {
        let program = &self.program;
        Entry::new("program", &program.code)
            .field("cobrand_partner", names.partner(program.cobrand_partner))
            .field("currency", &self.currency.code)
            .field("timezone", &self.timezone)
            .field("cut_off", cut_offs(&self.cut_offs))
            .field("exclude.mcc", categories(&program.excluded_mcc).join(", "))
            .field("stacking.bonus", program.stacking.bonuses.name())
            .field("stacking.discount", program.stacking.discounts.name())
            .field("holds.days", program.holds.days.to_string())
            .field("holds.preauthorization_days", program.holds.preauthorization_days.to_string())
            .field("holds.by_mcc", holds_by_mcc(&program.holds))
            .field("fx.rates", program.fx.as_ref().map_or("", |fx| fx.rates.as_str()))
            .field("fx.rounding", program.fx.as_ref().map_or("", |fx| fx.rounding.name()))
            .field("miles.vesting_days", program.miles.vesting_days.to_string())
            .field("miles.vesting_by_partner", vesting_by_partner(&program.miles, names))
            .field("miles.expiry", expiry(program.miles.expiry))
            .field("miles.negative_balance", negative_balance(&program.miles, names))
            .field("redemption", redemption(program.redemption.as_ref()))
            .field("redemption.household", household(program.redemption.as_ref()))
            .field("ledger", program.miles.ledger.name())
    }

    /// The tiers, each with what the program says of all of them.
    fn tiers(&self) -> Vec<Entry> {
        let Some(rules) = &self.program.tiers else { return Vec::new() };
        let qualifying = match rules.qualifying {
            Qualifying::BaseMiles => "base_miles".to_owned(),
            Qualifying::Spend { per_minor } => {
                let per = self.currency.format(i64::try_from(per_minor).unwrap_or(i64::MAX));
                format!("spend, one for each {per}")
            }
        };
        let tier = |tier: &domain::Tier| {
            Entry::new("tier", &tier.id)
                .field("rank", tier.rank.to_string())
                .field("units_from", tier.units_from.to_string())
                .field("qualifying", qualifying.clone())
                .field("fall", rules.fall.name())
        };
        rules.tiers.iter().map(tier).collect()
    }

    fn coupons(&self) -> Vec<Entry> {
        let entry = |campaign: &domain::CouponCampaign| {
            let refund = REFUNDS.iter().find(|(_, gives_back)| *gives_back == campaign.refund_gives_back);
            Entry::new("coupon", &campaign.id)
                .effective(campaign.effective)
                .field("uses_max", campaign.uses_max.to_string())
                .optional("uses_max_per_member", campaign.uses_max_per_member.map(|most| most.to_string()))
                .field("refund", refund.map_or("", |(word, _)| *word))
        };
        self.program.coupon_campaigns.iter().map(entry).collect()
    }

    fn earning(&self, names: &Names<'_>) -> Vec<Entry> {
        let program = &self.program;
        let base = program.base.iter().map(|rule| {
            Entry::new("base", &rule.id)
                .effective(rule.effective)
                .field("earn.miles", rule.miles.to_string())
                .field("earn.per", minor_text(rule.per_minor, names))
                .field("earn.rounding", rule.rounding.name())
        });
        let bonuses = program.bonuses.iter().map(|rule| {
            let times = rule.times_base;
            Entry::new("bonus", &rule.id)
                .effective(rule.effective)
                .when(&rule.when, names)
                .field("times_base", format!("{}/{}", times.numerator(), times.denominator()))
                .field("rounding", rule.rounding.name())
                .field("funded_by", payer(rule.funder, Language::English, names))
                .limits(rule.limit.as_ref(), rule.budget.as_ref(), |miles| format!("{miles} miles"))
        });
        let caps = program.caps.iter().map(|rule| {
            Entry::new("cap", &rule.id)
                .effective(rule.effective)
                .field("miles_max", rule.miles_max.to_string())
                .field("window", "calendar_month")
        });
        base.chain(bonuses).chain(caps).collect()
    }

    fn discounts(&self, names: &Names<'_>) -> Vec<Entry> {
        let amount = |minor: Option<u64>| minor.map(|minor| minor_text(minor, names));
        let entry = |rule: &domain::DiscountRule| {
            Entry::new("discount", &rule.id)
                .effective(rule.effective)
                .field("partner", names.partner(rule.partner))
                .when(&rule.when, names)
                .field("mode", rule.mode.name())
                .reductions(&rule.tiers, names)
                .field("rounding", rule.rounding.name())
                .optional("amount_at_least", amount(rule.amount_min))
                .optional("at_most", amount(rule.discount_max))
                .field("funding.merchant", format!("{}%", percent(rule.merchant_share)))
                .optional("funding.partner", shares(&rule.partner_shares, names))
                .limits(rule.limit.as_ref(), rule.budget.as_ref(), |minor| minor_text(minor, names))
        };
        self.program.discounts.iter().map(entry).collect()
    }
}

fn currency_code(currency: domain::Currency) -> String {
    let known = iso_currency::Currency::from_numeric(currency.0);
    known.map_or_else(|| currency.to_string(), |known| known.code().to_owned())
}

fn weekday(day: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(_, known)| *known == day).map_or("", |(word, _)| word)
}

/// Such as `22:00-06:00`.
fn hours_text(hours: &domain::Hours) -> String {
    let to = match hours.to == jiff::civil::Time::midnight() {
        true => "24:00".to_owned(),
        false => hours.to.strftime("%H:%M").to_string(),
    };
    format!("{}-{to}", hours.from.strftime("%H:%M"))
}

fn shares(shares: &[(PartnerId, Ratio)], names: &Names<'_>) -> Option<String> {
    let one =
        |(partner, share): &(PartnerId, Ratio)| format!("{} {}%", names.partner(*partner), percent(*share));
    (!shares.is_empty()).then(|| shares.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn categories(ranges: &[MccRange]) -> Vec<String> {
    ranges.iter().map(|mcc| range(&format!("{:04}", mcc.first), &format!("{:04}", mcc.last))).collect()
}

fn range<T: PartialEq + std::fmt::Display>(first: &T, last: &T) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn minor_text(minor: u64, names: &Names<'_>) -> String {
    names.currency.format(i64::try_from(minor).unwrap_or(i64::MAX))
}

fn percent(ratio: Ratio) -> String {
    scalars::as_decimal(ratio).checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default().normalize().to_string()
}

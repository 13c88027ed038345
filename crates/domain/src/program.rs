//! The rules of a program as values. Program files are read into these types by their own crate.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};

use crate::{
    BankId, BirthdayWindow, CouponCampaign, Currency, FxRule, Limit, LimitUnit, MilesRules, MoneyError,
    PartnerId, ProgramId, Ratio, RedemptionRules, Rounding, RulesHash, TierRank, TierRules,
};

/// Who bears a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Funder {
    /// The bank.
    Bank,
    /// A partner.
    Partner(PartnerId),
}

impl fmt::Display for Funder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bank => f.write_str("bank"),
            Self::Partner(partner) => write!(f, "partner-{partner}"),
        }
    }
}

impl Funder {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("partner-") {
            Some(number) => number.parse().ok().map(|number| Self::Partner(PartnerId(number))),
            None => (text == "bank").then_some(Self::Bank),
        }
    }
}

/// How a discount reaches the cardholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiscountMode {
    /// DE4 is echoed; the bank credits the cardholder; the merchant owes its share to the bank.
    StatementCredit,
    /// DE4 is reduced in the reply; the clearing arrives net; other funders owe their share to the merchant.
    AtTill,
}

impl DiscountMode {
    /// The word used in files and replies.
    pub fn name(self) -> &'static str {
        match self {
            Self::StatementCredit => "statement_credit",
            Self::AtTill => "at_till",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::StatementCredit, Self::AtTill].into_iter().find(|mode| mode.name() == text)
    }
}

/// A half-open range of dates `[from, to)` in the program's zone; `None` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effective {
    /// The first day.
    pub from: Option<Date>,
    /// The day after the last.
    pub to: Option<Date>,
}

impl Effective {
    /// Whether `date` lies inside.
    pub fn contains(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date < to)
    }
}

/// An inclusive range of merchant category codes (DE18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MccRange {
    /// The first code.
    pub first: u16,
    /// The last code, inclusive.
    pub last: u16,
}

impl MccRange {
    /// Whether `mcc` lies inside.
    pub fn contains(&self, mcc: u16) -> bool {
        (self.first..=self.last).contains(&mcc)
    }
}

/// An inclusive range of days of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDays {
    /// The first day, from 1.
    pub first: i8,
    /// The last day, inclusive, up to 31.
    pub last: i8,
}

impl MonthDays {
    /// Whether `date` falls on one of these days.
    pub fn contains(&self, date: Date) -> bool {
        (self.first..=self.last).contains(&date.day())
    }
}

/// A part of the day `[from, to)`; one whose end is not after its beginning goes on beyond midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first moment.
    pub from: Time,
    /// The moment after the last; midnight is the end of the day too.
    pub to: Time,
}

impl Hours {
    /// Whether `time` lies inside.
    pub fn contains(&self, time: Time) -> bool {
        match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        }
    }
}

/// When a rule applies. Every part that is given must hold; an empty list is no condition.
///
/// Amounts are those that the award is computed from: cleared less refunded. For a discount that was offered at the
/// till it is the amount before the discount, so that an offer is not lost by being given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// The purchase was made at one of these merchant partners.
    pub partners: Vec<PartnerId>,
    /// DE18 lies in one of these ranges.
    pub mcc: Vec<MccRange>,
    /// DE18 lies in none of these ranges; a purchase without DE18 lies in none.
    pub except_mcc: Vec<MccRange>,
    /// The local date (DE13) falls on one of these days.
    pub weekdays: Vec<Weekday>,
    /// The local date falls on one of these days of the month.
    pub month_days: Vec<MonthDays>,
    /// The amount is at least this, in minor units.
    pub amount_from: Option<u64>,
    /// The amount is less than this, in minor units.
    pub amount_below: Option<u64>,
    /// The member had one of these tiers when the purchase was first heard of; 0 is none.
    pub tiers: Vec<TierRank>,
    /// The local time (DE12) lies in one of these; an unknown time lies in none.
    pub hours: Vec<Hours>,
    /// A coupon of this campaign was shown, and counts.
    pub coupon: Option<String>,
    /// The local date is so near to the member's birthday; an unknown birthday is never near.
    pub birthday: Option<BirthdayWindow>,
}

/// What holds when several bonuses or discounts apply to one purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stacking {
    /// All of them, added up.
    Sum,
    /// The first one in the file.
    First,
    /// The one that gives most; of equals the first in the file.
    Best,
}

impl Stacking {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sum, Self::First, Self::Best];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::First => "first",
            Self::Best => "best",
        }
    }
}

/// How bonuses and how discounts stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stackings {
    /// Of bonuses.
    pub bonuses: Stacking,
    /// Of the discounts of one merchant partner.
    pub discounts: Stacking,
}

/// What holds in a program that does not say.
impl Default for Stackings {
    fn default() -> Self {
        Self { bonuses: Stacking::Sum, discounts: Stacking::First }
    }
}

/// How a rate in "miles per amount" is turned into whole miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarnRounding {
    /// `miles` for each *full* step of the amount.
    EachFullStep,
    /// In proportion to the amount, rounded as named.
    Proportional(Rounding),
}

impl EarnRounding {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::EachFullStep => "each_full_step",
            Self::Proportional(rounding) => rounding.name(),
        }
    }
}

/// The base rate of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseRule {
    /// Its id in the file.
    pub id: String,
    /// When it holds.
    pub effective: Effective,
    /// So many miles ...
    pub miles: u32,
    /// ... for so many minor units of the program's currency; never zero.
    pub per_minor: u64,
    /// How fractions are treated.
    pub rounding: EarnRounding,
}

/// Extra miles under a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BonusRule {
    /// Its id in the file.
    pub id: String,
    /// When it holds.
    pub effective: Effective,
    /// What must be true of the purchase.
    pub when: Condition,
    /// The bonus is the base times this ratio.
    pub times_base: Ratio,
    /// How fractions of a mile are rounded.
    pub rounding: Rounding,
    /// Who pays the bank for these miles.
    pub funder: Funder,
    /// What it gives one member at most.
    pub limit: Option<Limit>,
    /// What it gives all members together at most.
    pub budget: Option<Limit>,
}

/// The period over which a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapWindow {
    /// The calendar month of the transaction's local date.
    CalendarMonth,
}

/// The most miles, base and bonus together, that one member account is granted in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapRule {
    /// Its id in the file.
    pub id: String,
    /// When it holds.
    pub effective: Effective,
    /// The most miles; what is above is not granted.
    pub miles_max: u64,
    /// The window.
    pub window: CapWindow,
}

/// How long an authorization waits for its clearing, in days after its local date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRules {
    /// An authorization of the final amount.
    pub days: u16,
    /// A pre-authorization (DE25 = 06).
    pub preauthorization_days: u16,
    /// Merchant categories with a time of their own, such as hotels; the first that fits holds for both kinds.
    pub by_mcc: Vec<(MccRange, u16)>,
}

impl Default for HoldRules {
    /// 30 days, the longest that the networks give to any kind of authorization.
    fn default() -> Self {
        Self { days: 30, preauthorization_days: 30, by_mcc: Vec::new() }
    }
}

impl HoldRules {
    /// The day at whose beginning a hold of `date` expires.
    pub fn until(&self, date: Date, mcc: Option<u16>, preauthorization: bool) -> Date {
        let by_mcc = |mcc| self.by_mcc.iter().find(|(range, _)| range.contains(mcc)).map(|(_, days)| *days);
        let usual = if preauthorization { self.preauthorization_days } else { self.days };
        let days = mcc.and_then(by_mcc).unwrap_or(usual);
        // The day itself counts in full; dates end in the year 9999, far from any purchase.
        date.saturating_add(jiff::Span::new().days(i64::from(days) + 1))
    }
}

/// What a discount takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// A share of the amount.
    Percent(Ratio),
    /// A fixed amount in minor units, whatever the purchase.
    Amount(u64),
}

/// What a discount takes off purchases of some size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscountTier {
    /// The least amount, in minor units.
    pub from: u64,
    /// What is taken off.
    pub gives: Reduction,
}

impl DiscountTier {
    /// The same of every amount.
    pub fn of_all(gives: Reduction) -> Vec<Self> {
        vec![Self { from: 0, gives }]
    }
}

/// A discount at one merchant partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountRule {
    /// Its id in the file.
    pub id: String,
    /// When it holds.
    pub effective: Effective,
    /// The merchant partner that gives it.
    pub partner: PartnerId,
    /// Further conditions.
    pub when: Condition,
    /// How it reaches the cardholder.
    pub mode: DiscountMode,
    /// What it takes off, by the amount: the last tier that is reached holds. Never empty, and `from` rises.
    pub tiers: Vec<DiscountTier>,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
    /// No discount below this amount, in minor units.
    pub amount_min: Option<u64>,
    /// At most this discount for one purchase, in minor units.
    pub discount_max: Option<u64>,
    /// The merchant's share of the cost, floored.
    pub merchant_share: Ratio,
    /// The shares of other partners, each floored; the bank takes the rest.
    pub partner_shares: Vec<(PartnerId, Ratio)>,
    /// What it gives one member at most.
    pub limit: Option<Limit>,
    /// What it gives all members together at most.
    pub budget: Option<Limit>,
}

impl DiscountRule {
    /// The tier of an amount; `None` is an amount below the first one.
    pub fn tier(&self, amount_minor: u64) -> Option<&DiscountTier> {
        self.tiers.iter().take_while(|tier| tier.from <= amount_minor).last()
    }

    /// The least amount that it takes something off.
    pub fn amount_least(&self) -> u64 {
        self.tiers.first().map_or(0, |tier| tier.from).max(self.amount_min.unwrap_or(0))
    }

    /// Who bears how much of a discount of `minor`. The parts add up to it.
    pub fn shares(&self, minor: i64) -> Result<Vec<(Funder, i64)>, MoneyError> {
        let partners = std::iter::once((self.partner, self.merchant_share));
        let mut shares = Vec::new();
        let mut left = minor;
        for (partner, share) in partners.chain(self.partner_shares.iter().copied()) {
            let part = share.of(minor, Rounding::Floor)?.min(left);
            left -= part;
            shares.push((Funder::Partner(partner), part));
        }
        shares.push((Funder::Bank, left));
        Ok(shares)
    }
}

/// One version of a program, as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program.
    pub id: ProgramId,
    /// Its code in files, such as `boreal-gold`.
    pub code: String,
    /// SHA-256 of the file's text.
    pub hash: RulesHash,
    /// The bank whose cards it is for.
    pub bank: BankId,
    /// The co-brand partner: its miles are earned on every purchase.
    pub cobrand_partner: PartnerId,
    /// The currency of amounts and discounts.
    pub currency: Currency,
    /// The base rates; the first that is effective holds.
    pub base: Vec<BaseRule>,
    /// The bonuses.
    pub bonuses: Vec<BonusRule>,
    /// The discounts.
    pub discounts: Vec<DiscountRule>,
    /// What holds when several bonuses or discounts apply.
    pub stacking: Stackings,
    /// The caps; the tightest holds.
    pub caps: Vec<CapRule>,
    /// How long holds wait for their clearing.
    pub holds: HoldRules,
    /// Merchant categories without miles and without discount.
    pub excluded_mcc: Vec<MccRange>,
    /// The tiers of its members, if it has any.
    pub tiers: Option<TierRules>,
    /// How purchases are converted that are not billed in the program's currency; such are refused without it.
    pub fx: Option<FxRule>,
    /// What happens to miles after they are booked.
    pub miles: MilesRules,
    /// How miles are spent; `None`: they are not.
    pub redemption: Option<RedemptionRules>,
    /// The campaigns that give out coupons.
    pub coupon_campaigns: Vec<CouponCampaign>,
}

/// A rule that gives no more than so much.
#[derive(Debug, Clone, Copy)]
pub struct LimitedRule<'a> {
    /// Its id.
    pub id: &'a str,
    /// What it gives one member at most.
    pub limit: Option<&'a Limit>,
    /// What it gives all members together at most.
    pub budget: Option<&'a Limit>,
    /// Whether it is a discount that is offered at the till.
    pub at_till: bool,
    /// What it gives.
    pub unit: LimitUnit,
}

impl BonusRule {
    /// What it gives at most.
    pub fn limited(&self) -> LimitedRule<'_> {
        let (limit, budget) = (self.limit.as_ref(), self.budget.as_ref());
        LimitedRule { id: &self.id, limit, budget, at_till: false, unit: LimitUnit::Miles }
    }
}

impl DiscountRule {
    /// What it gives at most.
    pub fn limited(&self) -> LimitedRule<'_> {
        let (limit, budget) = (self.limit.as_ref(), self.budget.as_ref());
        let at_till = self.mode == DiscountMode::AtTill;
        LimitedRule { id: &self.id, limit, budget, at_till, unit: LimitUnit::Minor }
    }
}

impl Program {
    /// The rules with a limit or a budget.
    pub fn limited(&self) -> impl Iterator<Item = LimitedRule<'_>> {
        let bonuses = self.bonuses.iter().map(BonusRule::limited);
        let discounts = self.discounts.iter().map(DiscountRule::limited);
        bonuses.chain(discounts).filter(|rule| rule.limit.is_some() || rule.budget.is_some())
    }

    /// Whether the program names this partner: as its own, or in a rule.
    pub fn names_partner(&self, partner: PartnerId) -> bool {
        let funds = |funder: &Funder| *funder == Funder::Partner(partner);
        let in_bonus = |rule: &BonusRule| funds(&rule.funder) || rule.when.partners.contains(&partner);
        let in_discount = |rule: &DiscountRule| {
            rule.partner == partner || rule.partner_shares.iter().any(|(of, _)| *of == partner)
        };
        self.cobrand_partner == partner
            || self.bonuses.iter().any(in_bonus)
            || self.discounts.iter().any(in_discount)
            || self.miles.debts_borne_by.as_ref().is_some_and(funds)
    }

    /// Whether some rule asks for the member's birthday: who does not ask is not told.
    pub fn asks_birthday(&self) -> bool {
        let bonuses = self.bonuses.iter().map(|rule| &rule.when);
        let mut conditions = bonuses.chain(self.discounts.iter().map(|rule| &rule.when));
        conditions.any(|when| when.birthday.is_some())
    }

    /// Whether purchases of this category earn nothing.
    pub fn excludes(&self, mcc: Option<u16>) -> bool {
        mcc.is_some_and(|mcc| self.excluded_mcc.iter().any(|range| range.contains(mcc)))
    }
}

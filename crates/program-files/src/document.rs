//! The shape of a program file, `program/1`: its keys and their types, each value with its place.
//!
//! Amounts, rates and words are text here; what they mean is checked in the second pass. The JSON Schema for editors is
//! made from these very types: `words` says what a text may be, and the comments are what an editor shows.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::value::Datetime;

use crate::words::{self, Many};

mod coupons;
mod miles;
mod terms;

pub(crate) use coupons::Coupon;
pub(crate) use miles::{Expiry, Miles, Redemption};
pub(crate) use terms::{Calendar, CalendarException, Payment, TermItem, Terms, Vat};

/// A text and its place.
pub(crate) type Text = Spanned<String>;

/// A program of one bank with one co-brand partner: who takes part, what is earned, what is owed, and tests.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, title = "cobrand program file")]
pub(crate) struct Document {
    /// The schema of the file.
    #[schemars(with = "words::ProgramSchema")]
    #[expect(dead_code, reason = "it is looked at before anything else; here it stands for the JSON Schema")]
    pub(crate) schema: Text,
    /// The program's code.
    #[schemars(with = "words::Code")]
    pub(crate) code: Text,
    /// The bank's code, as in the configuration.
    #[schemars(with = "words::Code")]
    pub(crate) bank: Text,
    /// The partner whose miles are earned on every purchase.
    #[schemars(with = "words::Code")]
    pub(crate) cobrand_partner: Text,
    /// Three letters of ISO 4217.
    #[schemars(with = "words::Currency")]
    pub(crate) currency: Text,
    /// A name of the IANA database, such as "Europe/Moscow".
    #[schemars(with = "String")]
    pub(crate) timezone: Text,
    /// The local times at which settlement cycles end, in their order; the last one ends the business date.
    #[schemars(with = "Many<words::TimeOfDay>")]
    pub(crate) cut_off: Words,
    /// Merchant categories without miles and without discount.
    pub(crate) exclude: Option<Table<Exclude>>,
    /// What holds when several bonuses or discounts apply to one purchase.
    pub(crate) stacking: Option<Table<Stacking>>,
    /// How long authorizations wait for their clearing.
    pub(crate) holds: Option<Table<Holds>>,
    /// Tiers of members; without this table there are none.
    pub(crate) tiers: Option<Table<MemberTiers>>,
    /// How purchases are converted that are not billed in the program's currency; without it they earn nothing.
    pub(crate) fx: Option<Table<Fx>>,
    /// What happens to miles after they are booked.
    pub(crate) miles: Option<Table<Miles>>,
    /// How miles are spent; without it they are not.
    pub(crate) redemption: Option<Table<Redemption>>,
    /// Who keeps the miles: `own`, also if left out, or `partner`. Then every movement goes to the co-brand partner, and
    /// nothing here says how miles are spent or expire.
    #[schemars(with = "Option<words::Ledger>")]
    pub(crate) ledger: Option<Text>,
    /// The base rates; one holds on each day.
    pub(crate) base: Vec<Table<Base>>,
    /// Extra miles under a condition.
    #[schemars(default)]
    pub(crate) bonus: Vec<Table<Bonus>>,
    /// Discounts at merchant partners.
    #[schemars(default)]
    pub(crate) discount: Vec<Table<Discount>>,
    /// The most miles of one member account in a window.
    #[schemars(default)]
    pub(crate) cap: Vec<Table<Cap>>,
    /// Card number prefixes whose holders are members by themselves.
    #[schemars(default)]
    pub(crate) auto_enroll: Vec<Table<AutoEnroll>>,
    /// On which days partners take files and money.
    #[schemars(default)]
    pub(crate) calendar: Vec<Table<Calendar>>,
    /// The terms of settlement with a partner.
    #[schemars(default)]
    pub(crate) terms: Vec<Table<Terms>>,
    /// Purchases and what must come of each.
    #[schemars(default)]
    pub(crate) test: Vec<Table<Test>>,
    /// Campaigns that give out codes.
    #[schemars(default)]
    pub(crate) coupon: Vec<Table<Coupon>>,
}

/// A table with named keys. Without this wrapper a list of values without keys would be taken for one.
#[derive(Debug)]
pub(crate) struct Table<T>(T);

impl<T> std::ops::Deref for Table<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Table)
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData))
    }
}

/// One word or a list of words, and the place of the whole.
#[derive(Debug)]
pub(crate) struct Words(pub(crate) Vec<Text>, pub(crate) Spanned<()>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = value.span();
        Ok(match value.into_inner() {
            OneOrMany::One(text) => Self(vec![Spanned::new(span.clone(), text)], Spanned::new(span, ())),
            OneOrMany::Many(texts) => Self(texts, Spanned::new(span, ())),
        })
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A range of dates; `to` is the day after the last, and a part that is left out is unbounded.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effective {
    /// The first day.
    #[schemars(with = "Option<words::Day>")]
    pub(crate) from: Option<Spanned<Datetime>>,
    /// The day after the last.
    #[schemars(with = "Option<words::Day>")]
    pub(crate) to: Option<Spanned<Datetime>>,
}

/// When a rule applies: every part that is given must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// The purchase was made at one of these partners.
    #[schemars(with = "Option<Many<words::Code>>")]
    pub(crate) partner: Option<Words>,
    /// The merchant category is one of these codes or ranges.
    #[schemars(with = "Option<Many<words::MccRange>>")]
    pub(crate) mcc: Option<Words>,
    /// The merchant category is none of these codes or ranges.
    #[schemars(with = "Option<Many<words::MccRange>>")]
    pub(crate) except_mcc: Option<Words>,
    /// The local day of the week.
    #[schemars(with = "Option<Many<words::Weekday>>")]
    pub(crate) weekday: Option<Words>,
    /// The local day of the month, such as "1" or "1-7".
    #[schemars(with = "Option<Many<words::MonthDays>>")]
    pub(crate) month_day: Option<Words>,
    /// The amount is at least this.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount_from: Option<Text>,
    /// The amount is less than this.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount_below: Option<Text>,
    /// The member's tier when the purchase was first heard of; "none" is a member without one.
    #[schemars(with = "Option<Many<words::Code>>")]
    pub(crate) tier: Option<Words>,
    /// The local time lies in one of these, such as "22:00-06:00": from the first minute until before the last.
    #[schemars(with = "Option<Many<words::Hours>>")]
    pub(crate) hours: Option<Words>,
    /// A code of this campaign, a [[coupon]], was shown and counts.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) coupon: Option<Text>,
    /// The purchase's local date is so near to the member's birthday, if he has told it.
    pub(crate) birthday: Option<Table<BirthdayWindow>>,
}

/// The birthday and the days around it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BirthdayWindow {
    /// So many days before it; none if it is left out.
    #[schemars(with = "Option<words::DaysNear>")]
    pub(crate) days_before: Option<Spanned<u64>>,
    /// So many days after it; none if it is left out.
    #[schemars(with = "Option<words::DaysNear>")]
    pub(crate) days_after: Option<Spanned<u64>>,
    /// What 29 February is in other years: "february_28" if it is left out, or "march_1".
    #[schemars(with = "Option<words::LeapDay>")]
    pub(crate) leap_day: Option<Text>,
}

/// Merchant categories.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exclude {
    /// Codes and ranges, such as "5812-5814".
    #[schemars(with = "Many<words::MccRange, 0>")]
    pub(crate) mcc: Words,
}

/// `sum`: all of them; `first`: the first in the file; `best`: the one that gives most.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stacking {
    /// Bonuses: `sum` if it is left out.
    #[schemars(with = "Option<words::Stacking>")]
    pub(crate) bonus: Option<Text>,
    /// Discounts of one partner: `first` if it is left out.
    #[schemars(with = "Option<words::Stacking>")]
    pub(crate) discount: Option<Text>,
}

/// How many days an authorization waits for its clearing, after its local date; 30 where nothing is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holds {
    /// Authorizations of the final amount.
    #[schemars(with = "Option<words::Days>")]
    pub(crate) days: Option<Spanned<u64>>,
    /// Pre-authorizations (DE25 = 06).
    #[schemars(with = "Option<words::Days>")]
    pub(crate) preauthorization_days: Option<Spanned<u64>>,
    /// Merchant categories with a time of their own; the first that fits holds.
    pub(crate) by_mcc: Option<Vec<Table<HoldsByMcc>>>,
}

/// By which rates purchases are converted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fx {
    /// The name of a rate table that was imported.
    #[schemars(with = "words::Code")]
    pub(crate) rates: Text,
    /// How fractions of a minor unit are rounded.
    #[schemars(with = "words::Rounding")]
    pub(crate) rounding: Text,
    /// Of which day the rate is.
    #[schemars(with = "words::FxDate")]
    pub(crate) date: Text,
}

/// The days of merchant categories, such as hotels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldsByMcc {
    /// Codes and ranges, such as "5812-5814".
    #[schemars(with = "Many<words::MccRange, 1>")]
    pub(crate) mcc: Words,
    /// Days, for authorizations and pre-authorizations.
    #[schemars(with = "words::Days")]
    pub(crate) days: Spanned<u64>,
}

/// What lifts members to tiers, and what they lose again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberTiers {
    /// What counts: "base_miles" before the caps, or "spend".
    #[schemars(with = "words::Qualifying")]
    pub(crate) qualifying: Text,
    /// With "spend": one unit for each full step of this amount.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) per: Option<Text>,
    /// What a review takes from who has not earned his tier again.
    #[schemars(with = "words::Fall")]
    pub(crate) fall: Text,
    /// The tiers, lowest first.
    pub(crate) tier: Vec<Table<MemberTier>>,
}

/// One tier.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberTier {
    /// Its id, such as "gold"; rules name it in `when.tier`.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// Its place, from 1. It never changes: members keep it when a version adds tiers.
    #[schemars(with = "words::Rank")]
    pub(crate) rank: Spanned<u64>,
    /// So many units in a calendar year lift to it.
    #[schemars(with = "words::Miles")]
    pub(crate) units_from: Spanned<u64>,
}

/// A base rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Base {
    /// Its id, used once in the file.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// When it holds.
    pub(crate) effective: Option<Table<Effective>>,
    /// So many miles for so much money.
    pub(crate) earn: Table<Earn>,
}

/// A rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Earn {
    /// So many miles ...
    #[schemars(with = "words::Miles")]
    pub(crate) miles: Spanned<u64>,
    /// ... for this amount.
    #[schemars(with = "words::Amount")]
    pub(crate) per: Text,
    /// `each_full_step` gives them for each full amount, the others in proportion.
    #[schemars(with = "words::EarnRounding")]
    pub(crate) rounding: Text,
}

/// Extra miles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bonus {
    /// Its id, used once in the file.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// When it holds.
    pub(crate) effective: Option<Table<Effective>>,
    /// When it applies.
    pub(crate) when: Option<Table<When>>,
    /// The base times this ratio: "1/1" is as much again.
    #[schemars(with = "words::Ratio")]
    pub(crate) times_base: Text,
    /// How fractions of a mile are rounded.
    #[schemars(with = "words::Rounding")]
    pub(crate) rounding: Text,
    /// Who pays: "bank" or the code of a partner.
    #[schemars(with = "words::Code")]
    pub(crate) funded_by: Text,
    /// What it gives one member at most.
    pub(crate) limit: Option<Table<BonusLimit>>,
    /// What it gives all members together at most.
    pub(crate) budget: Option<Table<BonusBudget>>,
}

/// The most of one member in a window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BonusLimit {
    /// How much for one member.
    pub(crate) per_member: Table<BonusMost>,
    /// The period that is counted, by the local date of the purchase.
    #[schemars(with = "words::LimitWindow")]
    pub(crate) window: Text,
}

/// So many purchases, so many miles, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BonusMost {
    /// How many purchases.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses: Option<Spanned<u64>>,
    /// How many miles.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) miles: Option<Spanned<u64>>,
}

/// The most of all members together in a window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BonusBudget {
    /// How many purchases.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses: Option<Spanned<u64>>,
    /// How many miles.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) miles: Option<Spanned<u64>>,
    /// The period that is counted, by the local date of the purchase.
    #[schemars(with = "words::BudgetWindow")]
    pub(crate) window: Text,
}

/// A discount at one partner.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discount {
    /// Its id, used once in the file.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// When it holds.
    pub(crate) effective: Option<Table<Effective>>,
    /// The partner that gives it.
    #[schemars(with = "words::Code")]
    pub(crate) partner: Text,
    /// When it applies.
    pub(crate) when: Option<Table<When>>,
    /// `statement_credit` if it is left out.
    #[schemars(with = "Option<words::Mode>")]
    pub(crate) mode: Option<Text>,
    /// The share of the amount. One of `percent`, `amount` and `tiers` is given.
    #[schemars(with = "Option<words::Percent>")]
    pub(crate) percent: Option<Text>,
    /// A fixed amount, in place of `percent`.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount: Option<Text>,
    /// More for larger amounts, in place of `percent`: the last tier that is reached holds.
    pub(crate) tiers: Option<Vec<Table<Tier>>>,
    /// How fractions of a minor unit are rounded; may be left out where there is no percentage.
    #[schemars(with = "Option<words::Rounding>")]
    pub(crate) rounding: Option<Text>,
    /// No discount below this amount.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount_at_least: Option<Text>,
    /// The largest discount of one purchase.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) at_most: Option<Text>,
    /// Who bears it.
    pub(crate) funding: Table<Funding>,
    /// What it gives one member at most.
    pub(crate) limit: Option<Table<DiscountLimit>>,
    /// What it gives all members together at most.
    pub(crate) budget: Option<Table<DiscountBudget>>,
}

/// The most of one member in a window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscountLimit {
    /// How much for one member.
    pub(crate) per_member: Table<DiscountMost>,
    /// The period that is counted, by the local date of the purchase.
    #[schemars(with = "words::LimitWindow")]
    pub(crate) window: Text,
}

/// So many purchases, so much money, or both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscountMost {
    /// How many purchases.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses: Option<Spanned<u64>>,
    /// How much money.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount: Option<Text>,
}

/// The most of all members together in a window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscountBudget {
    /// How many purchases.
    #[schemars(with = "Option<words::Miles>")]
    pub(crate) uses: Option<Spanned<u64>>,
    /// How much money.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount: Option<Text>,
    /// The period that is counted, by the local date of the purchase.
    #[schemars(with = "words::BudgetWindow")]
    pub(crate) window: Text,
}

/// The discount from some amount on: `percent` or `amount`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    /// The least amount.
    #[schemars(with = "words::Amount")]
    pub(crate) from: Text,
    /// The share of the amount.
    #[schemars(with = "Option<words::Percent>")]
    pub(crate) percent: Option<Text>,
    /// A fixed amount.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) amount: Option<Text>,
}

/// Who bears a discount: each share is floored, and the bank bears the rest.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Funding {
    /// The share of the partner that gives it.
    #[schemars(with = "words::Percent")]
    pub(crate) merchant: Text,
    /// The shares of other partners by their codes.
    #[serde(default)]
    #[schemars(with = "Option<std::collections::BTreeMap<String, words::Percent>>")]
    pub(crate) partner: Option<Table<Shares>>,
}

/// The shares of partners by their codes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shares(pub(crate) std::collections::BTreeMap<Text, Text>);

/// A cap on base and bonus miles together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    /// Its id, used once in the file.
    #[schemars(with = "words::Code")]
    pub(crate) id: Text,
    /// When it holds.
    pub(crate) effective: Option<Table<Effective>>,
    /// The most miles.
    #[schemars(with = "words::Miles")]
    pub(crate) miles_max: Spanned<u64>,
    /// The period that is counted.
    #[schemars(with = "words::Window")]
    pub(crate) window: Text,
}

/// A range of card number prefixes of equal length.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutoEnroll {
    /// The first prefix: 6 to 8 digits.
    #[schemars(with = "words::Bin")]
    pub(crate) bin_from: Text,
    /// The last prefix, inclusive.
    #[schemars(with = "words::Bin")]
    pub(crate) bin_to: Text,
}

/// One purchase and what must come of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// What it shows.
    #[schemars(with = "String")]
    pub(crate) name: Text,
    /// The purchase.
    pub(crate) given: Table<Given>,
    /// What must come of it; what is not named is not looked at.
    #[schemars(with = "Table<Expect>")]
    pub(crate) expect: Spanned<Table<Expect>>,
}

/// One purchase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// Its day; or give `local_time`.
    #[schemars(with = "Option<words::Day>")]
    pub(crate) local_date: Option<Spanned<Datetime>>,
    /// Its day and time; or give `local_date`.
    #[schemars(with = "Option<words::LocalTime>")]
    pub(crate) local_time: Option<Spanned<Datetime>>,
    /// The merchant category.
    #[schemars(with = "Option<words::Mcc>")]
    pub(crate) mcc: Option<Text>,
    /// The partner whose merchant it is.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) partner: Option<Text>,
    /// Counts as cleared.
    #[schemars(with = "words::Amount")]
    pub(crate) amount: Text,
    /// The member's tier; none if it is left out.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) tier: Option<Text>,
    /// The member's birthday, such as "02-29"; not known if it is left out.
    #[schemars(with = "Option<words::MonthAndDay>")]
    pub(crate) birthday: Option<Text>,
    /// Miles of the month from other purchases.
    #[schemars(with = "Option<u64>")]
    pub(crate) already_earned: Option<Spanned<u64>>,
    /// The amount is asked for: a discount at the till is offered, and the rest counts as cleared.
    #[serde(default)]
    pub(crate) authorization: bool,
    /// A code of this campaign was shown that nobody has used.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) coupon: Option<Text>,
}

/// What must come of a purchase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// Base and bonus miles together.
    pub(crate) miles: Option<u64>,
    /// Base miles.
    pub(crate) base_miles: Option<u64>,
    /// Bonus miles of all rules.
    pub(crate) bonus_miles: Option<u64>,
    /// The whole discount.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) discount: Option<Text>,
    /// What the merchant and other partners bear of it.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) merchant_share: Option<Text>,
    /// The bank's part of it.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) bank_share: Option<Text>,
    /// Exactly the rules that take effect.
    #[schemars(with = "Option<Many<String, 0>>")]
    pub(crate) applied: Option<Words>,
    /// Rules that do not take effect, as "id" or "id: reason".
    #[schemars(with = "Option<Many<String, 0>>")]
    pub(crate) skipped: Option<Words>,
}

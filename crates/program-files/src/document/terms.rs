//! The sections that say how is settled: calendars and terms.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::{Effective, Table, Text, Words};
use crate::words::{self, Many};

/// A calendar. Every day is open for files and money, except what is said here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calendar {
    /// Its name, used once in the file; terms name it in `calendar`.
    #[schemars(with = "words::Code")]
    pub(crate) name: Text,
    /// Days of the week without files and payments.
    #[schemars(with = "Option<Many<words::Weekday>>")]
    pub(crate) closed: Option<Words>,
    /// Days of the week on which money is paid, but no file goes out.
    #[schemars(with = "Option<Many<words::Weekday>>")]
    pub(crate) value_only: Option<Words>,
    /// Days of the week on which files go out, but no money is paid.
    #[schemars(with = "Option<Many<words::Weekday>>")]
    pub(crate) process_only: Option<Words>,
    /// Dates that differ from their day of the week, such as holidays.
    #[serde(default)]
    #[schemars(default)]
    pub(crate) exception: Vec<Table<CalendarException>>,
}

/// One date of a calendar.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalendarException {
    /// The date.
    #[schemars(with = "words::Day")]
    pub(crate) date: Spanned<Datetime>,
    /// What it is.
    #[schemars(with = "words::DayKind")]
    pub(crate) day: Text,
}

/// The terms of settlement with a partner.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// The partner.
    #[schemars(with = "words::Code")]
    pub(crate) partner: Text,
    /// In which currency it is paid.
    #[schemars(with = "words::Currency")]
    pub(crate) currency: Text,
    /// When they hold.
    pub(crate) effective: Option<Table<Effective>>,
    /// The name of a rate table, by which money of the program's currency becomes that of the terms.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) rates: Option<Text>,
    /// Less than this is carried forward into the next cycle, in whichever direction.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) minimum_payable: Option<Text>,
    /// The name of a [[calendar]]; without it every day is open.
    #[schemars(with = "Option<words::Code>")]
    pub(crate) calendar: Option<Text>,
    /// When a batch is paid: on the day of its file, if it is left out.
    pub(crate) payment: Option<Table<Payment>>,
    /// What is paid for.
    pub(crate) item: Vec<Table<TermItem>>,
}

/// When a batch is paid.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    /// So many days after the business date of its file.
    #[schemars(with = "words::PaymentDays")]
    pub(crate) after_days: Spanned<u64>,
    /// Which days count: `calendar`, also if left out, and then the first paying day; or `paying` ones only.
    #[schemars(with = "Option<words::DayCount>")]
    pub(crate) days: Option<Text>,
}

/// One thing that is paid for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermItem {
    /// What is counted.
    #[schemars(with = "words::Basis")]
    pub(crate) basis: Text,
    /// Who pays whom.
    #[schemars(with = "words::Payer")]
    pub(crate) payer: Text,
    /// Per mile, per card, of a fee, or the fraction of an amount.
    #[schemars(with = "Option<words::Price>")]
    pub(crate) price: Option<Text>,
    /// The percentage of an amount, in place of `price`.
    #[schemars(with = "Option<words::Percent>")]
    pub(crate) percent: Option<Text>,
    /// Other prices for what a calendar month has above some quantity.
    #[serde(default)]
    #[schemars(default)]
    pub(crate) tiers: Vec<Table<PriceTier>>,
    /// How often a `fixed_fee` is owed.
    #[schemars(with = "Option<words::Every>")]
    pub(crate) every: Option<Text>,
    /// What is owed for a calendar month at least, before tax.
    #[schemars(with = "Option<words::Amount>")]
    pub(crate) minimum_per_month: Option<Text>,
    /// Blocks of miles that are bought before they are given.
    pub(crate) prepaid: Option<Table<Prepaid>>,
    /// The tax on top.
    pub(crate) vat: Option<Table<Vat>>,
    /// May be left out only where nothing needs rounding.
    pub(crate) rounding: Option<Table<TermRounding>>,
}

/// The price of what a calendar month has above some quantity.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceTier {
    /// Miles, or an amount of the program's currency: what is up to it has the price before.
    #[schemars(with = "words::Amount")]
    pub(crate) above: Text,
    /// The price from there on, if the item has a `price`.
    #[schemars(with = "Option<words::Price>")]
    pub(crate) price: Option<Text>,
    /// The percentage from there on, if the item has a `percent`.
    #[schemars(with = "Option<words::Percent>")]
    pub(crate) percent: Option<Text>,
}

/// Blocks that are bought before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prepaid {
    /// With so many miles left, or fewer, there is an alarm.
    #[schemars(with = "words::Units")]
    pub(crate) reorder_at: Spanned<u64>,
}

/// How an amount of money is rounded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermRounding {
    /// How.
    #[schemars(with = "words::Rounding")]
    pub(crate) mode: Text,
    /// Each line, or the batch of all lines.
    #[schemars(with = "words::Level")]
    pub(crate) level: Text,
}

/// Value-added tax.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vat {
    /// The rate.
    #[schemars(with = "words::Percent")]
    pub(crate) percent: Text,
    /// On each line, or on the document.
    #[schemars(with = "words::VatLevel")]
    pub(crate) level: Text,
    /// How it is rounded.
    #[schemars(with = "words::Rounding")]
    pub(crate) mode: Text,
}

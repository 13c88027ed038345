//! Values that many answers are made of.

use domain::Currency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money;

/// An amount of money: exact, never a fraction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Money {
    /// In the currency's minor unit, such as kopecks.
    pub(super) minor: i64,
    /// The alphabetic code of ISO 4217, or the number of a currency that it does not know.
    pub(super) currency: String,
}

impl Money {
    pub(super) fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency: money::code(currency) }
    }

    pub(super) fn unsigned(minor: u64, currency: Currency) -> Self {
        Self::new(i64::try_from(minor).unwrap_or(i64::MAX), currency)
    }
}

/// The amount that is counted in a unit: money, or miles, or neither.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Quantity {
    /// `RUB` and so on: then the number counts minor units. `MILES`: it counts miles. Empty: nothing is counted.
    pub(super) unit: String,
    /// How much.
    pub(super) amount: i64,
}

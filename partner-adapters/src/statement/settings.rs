//! The table `[statement]` of a partner's file.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::formats::incoming::CsvMapping;

/// In which form a statement comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IncomingFormat {
    /// CSV: by the columns that are named, or our own.
    Csv,
    /// camt.053 or camt.054.
    Camt,
    /// Our payout CSV, handed back.
    Payout,
    /// Our canonical file, handed back.
    Native,
}

/// Which files of an inbox are the partner's own statements, and how they are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSettings {
    /// How the names of statements begin; all other files of the inbox are answers.
    pub names_begin_with: String,
    /// `csv`, `camt`, `payout` or `native`.
    pub format: IncomingFormat,
    /// Which column of a CSV is what; our own CSV without it.
    #[serde(default)]
    pub columns: Option<CsvMapping>,
    /// When statements come that are agreed. Without it none is expected.
    #[serde(default)]
    pub comes: Option<StatementComes>,
}

/// For what a statement comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatementEvery {
    /// Each day whose files have lines.
    Day,
    /// Each month in which one has.
    Month,
}

/// `[statement.comes]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementComes {
    /// `day` or `month`.
    pub every: StatementEvery,
    /// So long after the end of its day or month it need not be there.
    #[serde(default = "within_hours")]
    pub within_hours: u32,
    /// The first business date for which it is agreed, such as `2026-11-01`; all without it.
    #[serde(default)]
    pub since: Option<String>,
}

impl StatementComes {
    /// The first business date for which it is agreed; the earliest there is if no date is said.
    pub fn since(&self) -> Date {
        self.since.as_ref().and_then(|text| text.parse().ok()).unwrap_or(Date::MIN)
    }

    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        match self.since.as_ref().is_none_or(|text| text.parse::<Date>().is_ok()) {
            true => Ok(()),
            false => Err(("statement.comes.since", "expected a date such as 2026-11-01")),
        }
    }
}

/// As a payment has on the bank's statement.
const fn within_hours() -> u32 {
    72
}

impl StatementSettings {
    /// The key below the file, and what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.names_begin_with.is_empty() {
            return Err(("statement.names_begin_with", "expected a beginning that no answer has"));
        }
        self.comes.as_ref().map(StatementComes::check).transpose()?;
        if self.columns.is_some() && self.format != IncomingFormat::Csv {
            return Err(("statement.columns", "only CSV has columns: expected format = \"csv\""));
        }
        Ok(())
    }
}

//! The table `[statement]` of a partner's file.

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
}

impl StatementSettings {
    /// The key below the file, and what is wrong with it.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.names_begin_with.is_empty() {
            return Err(("statement.names_begin_with", "expected a beginning that no answer has"));
        }
        if self.columns.is_some() && self.format != IncomingFormat::Csv {
            return Err(("statement.columns", "only CSV has columns: expected format = \"csv\""));
        }
        Ok(())
    }
}

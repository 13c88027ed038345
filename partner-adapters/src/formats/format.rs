//! The formats by name, and one way to write any of them.

use std::error::Error;
use std::io::Write;

use super::error::RenderError;
use super::layout::{self, Layout};
use super::movement::Summary;
use super::settings::FileSettings;
use super::{iso20022, payout_csv, pdf, xlsx};
use crate::canonical::Record;

/// A format that is rendered from a canonical file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// A native file of the partner's.
    Layout(Box<Layout>),
    /// Rows for a spreadsheet or an ERP.
    PayoutCsv,
    /// ISO 20022 camt.054.001.08: every movement.
    Camt054,
    /// ISO 20022 camt.053.001.08: movements between balances.
    Camt053,
    /// ISO 20022 pain.001.001.09: what the bank pays.
    Pain001,
    /// A spreadsheet: a view, with every row.
    Xlsx,
    /// A document to read: a view, with the first lines.
    Pdf,
}

/// Whether there was something to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendered {
    /// The output is whole.
    Written,
    /// Nothing was written: the format cannot be empty, and there was nothing to say (pain.001 without a payment).
    Nothing,
}

impl Format {
    /// The names of the formats that are no layouts.
    pub const NAMES: [&'static str; 6] =
        ["payout-csv", "camt.054", "camt.053", "pain.001", "statement.xlsx", "statement.pdf"];

    /// Reads one of [`Self::NAMES`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "payout-csv" => Some(Self::PayoutCsv),
            "camt.054" => Some(Self::Camt054),
            "camt.053" => Some(Self::Camt053),
            "pain.001" => Some(Self::Pain001),
            "statement.xlsx" => Some(Self::Xlsx),
            "statement.pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    /// What the name of its file ends in, after the stem of the canonical file's name.
    #[must_use]
    pub fn ending(&self) -> String {
        match self {
            Self::Layout(layout) => format!("{}.{}", layout.name(), layout.extension()),
            Self::PayoutCsv => "payout.csv".into(),
            Self::Camt054 => "camt.054.xml".into(),
            Self::Camt053 => "camt.053.xml".into(),
            Self::Pain001 => "pain.001.xml".into(),
            Self::Xlsx => "statement.xlsx".into(),
            Self::Pdf => "statement.pdf".into(),
        }
    }

    /// The media type of its file.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Layout(layout) => layout.media_type(),
            Self::PayoutCsv => "text/csv; charset=utf-8",
            Self::Camt054 | Self::Camt053 | Self::Pain001 => "application/xml",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Writes a format from the records of a file that has been read once for its `summary`.
///
/// # Errors
/// Why it could not be written; what is in `out` then is to be thrown away.
pub fn render<E>(
    format: &Format,
    settings: &FileSettings,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<Rendered, RenderError>
where
    E: Error + Send + Sync + 'static,
{
    match format {
        Format::Layout(layout) => layout::write(layout, summary, records, out)?,
        Format::PayoutCsv => payout_csv::write(summary, records, out)?,
        Format::Camt054 => iso20022::camt054(settings, summary, records, out)?,
        Format::Camt053 => iso20022::camt053(settings, summary, records, out)?,
        Format::Pain001 if !iso20022::pain001(settings, summary, out)? => return Ok(Rendered::Nothing),
        Format::Pain001 => {}
        Format::Xlsx => xlsx::write(summary, records, out)?,
        Format::Pdf => pdf::write(settings, summary, records, out)?,
    }
    Ok(Rendered::Written)
}

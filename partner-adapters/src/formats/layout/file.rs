//! A layout as a TOML file: what may stand in it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::error::LayoutError;

/// The only version of layout files there is.
pub(super) const SCHEMA: &str = "layout/1";

/// A layout file: which records a partner gets, with which fields, written how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LayoutFile {
    /// `layout/1`.
    pub(super) schema: String,
    /// Its name: letters, digits and `-`, at most 40.
    pub(super) name: String,
    /// What it is, in a few words.
    #[serde(default)]
    pub(super) title: String,
    /// `delimited` or `fixed-width`.
    pub(super) kind: String,
    /// What the names of its files end in, without the dot (default `csv` or `txt`).
    pub(super) extension: Option<String>,
    /// `utf-8` (default), `windows-1251`, `windows-1252`, `iso-8859-1`, `iso-8859-5` or `cp866`. A character that the
    /// encoding lacks stops the file with an error; nothing is replaced.
    pub(super) encoding: Option<String>,
    /// What ends a record: `lf` (default) or `crlf`.
    pub(super) line_end: Option<String>,
    /// What has a detail record: each `line` (default), or each `item` of a line.
    pub(super) details: Option<String>,
    /// Only of delimited files.
    pub(super) delimited: Option<DelimitedFile>,
    /// Only of fixed-width files.
    pub(super) fixed_width: Option<FixedWidthFile>,
    /// How amounts are written.
    #[serde(default)]
    pub(super) amounts: AmountsFile,
    /// How dates are written: `YYYY-MM-DD` (default), `YYYYMMDD`, `DD.MM.YYYY`, `DD/MM/YYYY`, `DDMMYYYY`,
    /// `MM/DD/YYYY` or `YYMMDD`.
    pub(super) dates: Option<String>,
    /// The first record. Must have `environment`, `zone`, `sequence` and `file_id`.
    pub(super) file_header: RecordFile,
    /// Before the details of each batch.
    pub(super) batch_header: Option<RecordFile>,
    /// One for each movement (or item). Must have `line_id` and `amount`.
    pub(super) detail: RecordFile,
    /// After the details of each batch. The totals stand here (`payment` and `batch_details`), or in the file trailer.
    pub(super) batch_trailer: Option<RecordFile>,
    /// The last record. Must have `records`.
    pub(super) file_trailer: RecordFile,
}

/// How a delimited file is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DelimitedFile {
    /// One character: no letter, digit, quote, minus, point or blank. `"\t"` is a tab.
    pub(super) delimiter: String,
    /// `as-needed` (default), `always` (texts; numbers never) or `never`: a delimiter inside a text is then an error.
    pub(super) quoting: Option<String>,
    /// Whether the names of the fields of `detail` stand in a line after the file header (default false).
    #[serde(default)]
    pub(super) column_names: bool,
    /// Whether `'` is written before a text that a spreadsheet would take for a formula (default false).
    #[serde(default)]
    pub(super) neutralize_formulas: bool,
}

/// How a fixed-width file is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FixedWidthFile {
    /// All records are filled with blanks to this length.
    pub(super) record_characters: Option<usize>,
}

/// How amounts are written. Positive is what the bank owes to the partner.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AmountsFile {
    /// `minor` units without a point (default), or `major` units with the decimals of the currency.
    pub(super) form: Option<String>,
    /// The decimal point of major units: `.` (default) or `,`.
    pub(super) point: Option<String>,
    /// `minus` (default) before what is negative, or `dr-cr`: no sign, and beside each amount a field with
    /// `<value>.side`.
    pub(super) sign: Option<String>,
    /// The word of a side: what the bank owes (default `CR`).
    pub(super) credit: Option<SideWord>,
    /// The word of a side: what the partner owes (default `DR`).
    pub(super) debit: Option<SideWord>,
}

/// A word for a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum SideWord {
    #[serde(rename = "CR")]
    Cr,
    #[serde(rename = "DR")]
    Dr,
    #[serde(rename = "C")]
    C,
    #[serde(rename = "D")]
    D,
    #[serde(rename = "+")]
    Plus,
    #[serde(rename = "-")]
    Minus,
}

impl SideWord {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cr => "CR",
            Self::Dr => "DR",
            Self::C => "C",
            Self::D => "D",
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}

/// One record.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordFile {
    /// The fields in their order. The first one is a constant text by which the record is known.
    pub(super) fields: Vec<FieldFile>,
}

/// One field.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    /// The partner's name for it.
    pub(super) name: String,
    /// A constant text; `""` leaves the field empty.
    pub(super) text: Option<String>,
    /// What of the file stands in it, such as `line_id`, `amount`, `amount.side` or `bonus_miles.net`.
    pub(super) value: Option<String>,
    /// Fixed width only: characters.
    pub(super) width: Option<usize>,
    /// Fixed width only: `left` (default for texts and dates) or `right` (default for numbers).
    pub(super) align: Option<String>,
    /// Fixed width only: one character (default a blank; `0` for numbers). Zeros stand between sign and digits.
    pub(super) fill: Option<String>,
}

pub(super) fn read(text: &str) -> Result<LayoutFile, LayoutError> {
    toml::from_str(text).map_err(|error| LayoutError::syntax(text, &error))
}

pub(super) fn json_schema() -> serde_json::Value {
    schemars::schema_for!(LayoutFile).to_value()
}

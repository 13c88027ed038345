//! Which columns of a partner's CSV are what, as data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// How a partner's CSV is read. Columns that are not named here are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvMapping {
    /// What parts the fields: one ASCII character (default `,`).
    #[serde(default = "comma")]
    pub delimiter: char,
    /// `utf-8` (default), `windows-1251`, `windows-1252`, `iso-8859-1`, `iso-8859-5` or `cp866`.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// Lines before the names of the columns.
    #[serde(default)]
    pub skip_lines: u8,
    /// The decimal point: `.` (default) or `,`.
    #[serde(default = "point")]
    pub point: char,
    /// How dates are written, in the letters of `strptime` (default `%Y-%m-%d`).
    #[serde(default = "iso_date")]
    pub date_format: String,
    /// The column with our line id or payout id, or the partner's own reference.
    pub reference: String,
    /// The column with the date.
    pub date: String,
    /// The column with the amount, in major units.
    pub amount: String,
    /// The column that says the side of an amount without sign.
    pub side: Option<String>,
    /// The words of `side` for what the bank owes (default `CR`).
    #[serde(default = "credit")]
    pub credit: String,
    /// The words of `side` for what the partner owes (default `DR`).
    #[serde(default = "debit")]
    pub debit: String,
    /// Whether a positive amount is what the partner owes to the bank (default false).
    #[serde(default)]
    pub positive_is_owed_by_partner: bool,
    /// The column with the currency.
    pub currency: Option<String>,
    /// The currency of all lines, if there is no such column.
    pub only_currency: Option<String>,
    /// The column with what is written beside it.
    pub text: Option<String>,
    /// Only lines with these values in these columns are read, such as `TYPE = "D"`.
    #[serde(default)]
    pub only: BTreeMap<String, String>,
}

fn comma() -> char {
    ','
}

fn utf8() -> String {
    "utf-8".into()
}

fn point() -> char {
    '.'
}

fn iso_date() -> String {
    "%Y-%m-%d".into()
}

fn credit() -> String {
    "CR".into()
}

fn debit() -> String {
    "DR".into()
}

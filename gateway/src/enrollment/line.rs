//! From a line of an enrollment file to an entry.

use iso8583::mask_text;
use serde::Deserialize;
use store::{CardToken, NewMember};

use super::entry::{Bank, Draft, FieldProblem, blocks_the_old_card, date, problem};

/// The columns; those behind `enrolled_on` may be absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pan: String,
    program: String,
    member_number: String,
    enrolled_on: String,
    #[serde(default)]
    card_kind: String,
    #[serde(default)]
    holder: String,
    #[serde(default)]
    household: String,
    #[serde(default)]
    birthday: String,
    #[serde(default)]
    consent: String,
    #[serde(default)]
    consent_on: String,
    #[serde(default)]
    replaces_pan: String,
    #[serde(default)]
    replaces_last4: String,
    #[serde(default)]
    replaces_reason: String,
    #[serde(default)]
    name_check: String,
}

/// The columns that every file has.
const NEEDED: [&str; 4] = ["pan", "program", "member_number", "enrolled_on"];
/// Those that it may have.
const OPTIONAL: [&str; 10] = [
    "card_kind",
    "holder",
    "household",
    "birthday",
    "consent",
    "consent_on",
    "replaces_pan",
    "replaces_last4",
    "replaces_reason",
    "name_check",
];

/// What is wrong with the first line; `None` if it names what it must and nothing else.
pub(super) fn columns(first: Result<&csv::StringRecord, csv::Error>) -> Option<String> {
    let first = match first {
        Ok(first) => first,
        Err(error) => return Some(csv_problem(&error)),
    };
    let named = |name: &str| first.iter().any(|column| column == name);
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !named(name)).collect();
    let known = |column: &&str| NEEDED.contains(column) || OPTIONAL.contains(column);
    // Where the first line is missing, a card number stands here.
    let shown = |column: &str| match column.chars().filter(char::is_ascii_digit).count() {
        0..=4 => format!("{column:?}"),
        _ => "a number".to_owned(),
    };
    let unknown: Vec<String> = first.iter().filter(|column| !known(column)).map(shown).collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("columns {} are missing: the first line must name them", missing.join(", ")));
    }
    if !unknown.is_empty() {
        let all = NEEDED.into_iter().chain(OPTIONAL).collect::<Vec<_>>().join(", ");
        problems.push(format!("columns {} are unknown; known are {all}", unknown.join(", ")));
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}

impl Drop for Line {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.pan.zeroize();
        self.replaces_pan.zeroize();
    }
}

/// The old card that a new one replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Old {
    /// By its number.
    Card(Vec<CardToken>),
    /// By the last four digits, among the cards of the line's member.
    Last4(String),
}

/// A line that can be used.
pub(super) struct Entry {
    /// In the file; the first line names the columns.
    pub(super) line: usize,
    pub(super) tokens: Vec<CardToken>,
    pub(super) member: NewMember,
    /// The old card, and whether it is blocked now.
    pub(super) replaces: Option<(Old, bool)>,
}

impl Line {
    pub(super) fn entry(&self, line: usize, bank: &Bank<'_>) -> Result<Entry, FieldProblem> {
        let given_at = match self.consent_on.as_str() {
            "" => None,
            text => {
                let day = date("consent_on", text)?.to_zoned(bank.link.time_zone.clone());
                Some(day.map_err(|_| problem("consent_on", "there is no such day"))?.timestamp())
            }
        };
        let consents = self.consent.split(';').map(str::trim).filter(|text| !text.is_empty());
        let consents = consents.map(|text| {
            let (what, version) = text.split_once(':').unwrap_or((text, ""));
            (what, version, given_at)
        });
        let draft = Draft {
            pan: &self.pan,
            program: &self.program,
            member_number: &self.member_number,
            enrolled_on: &self.enrolled_on,
            card_kind: &self.card_kind,
            holder: &self.holder,
            household: &self.household,
            birthday: &self.birthday,
            name_check: &self.name_check,
            consents: consents.collect(),
        };
        let (tokens, member) = bank.member(&draft)?;
        Ok(Entry { line, tokens, member, replaces: self.replaces(bank)? })
    }

    fn replaces(&self, bank: &Bank<'_>) -> Result<Option<(Old, bool)>, FieldProblem> {
        let blocks = blocks_the_old_card("replaces_reason", &self.replaces_reason)?;
        let old = match (self.replaces_pan.as_str(), self.replaces_last4.as_str()) {
            ("", "") if self.replaces_reason.is_empty() => return Ok(None),
            ("", "") => return Err(problem("replaces_reason", "names no old card: fill replaces_pan")),
            (pan, "") => Old::Card(bank.card("replaces_pan", pan)?.0),
            ("", last4) => {
                if last4.len() != 4 || !last4.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(problem("replaces_last4", "expected four digits"));
                }
                if self.member_number.is_empty() {
                    return Err(problem("replaces_last4", "needs the member's number: fill member_number"));
                }
                Old::Last4(last4.to_owned())
            }
            _ => return Err(problem("replaces_last4", "fill it or replaces_pan, not both")),
        };
        Ok(Some((old, blocks)))
    }
}

/// A line with its problem. Where columns have moved or the first line is missing, the value or the column's name
/// that the problem quotes may be a card number.
pub(crate) fn at_line(number: usize, problem: &str) -> String {
    format!("line {number}: {}", mask_text(problem))
}

/// What is wrong with a line, without its content.
pub(crate) fn csv_problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} columns as in the first line, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
        csv::ErrorKind::Deserialize { err, .. } => match err.kind() {
            csv::DeserializeErrorKind::Message(text) if text.starts_with("missing field") => {
                format!("{text}: the first line must name every column")
            }
            csv::DeserializeErrorKind::Message(text) if text.starts_with("unknown field") => text.clone(),
            _ => format!("column {} cannot be read", err.field().map_or(0, |field| field + 1)),
        },
        _ => "cannot be read as CSV".to_owned(),
    }
}

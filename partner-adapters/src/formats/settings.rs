//! `[file]` of a partner file: in which formats the partner gets its files, and who is paid where.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::format::Format;

/// What is written for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileSettings {
    /// The form of the file itself: `canonical` (default), the name of a built-in layout, or the path of a layout file.
    pub layout: String,
    /// Further files of the same records: `payout-csv`, `camt.054`, `camt.053`, `pain.001`, `statement.xlsx`,
    /// `statement.pdf`, or a layout as above.
    pub also: Vec<String>,
    /// Names and accounts by code of the bank or partner. `pain.001` needs all of whoever pays and is paid.
    pub parties: BTreeMap<String, Party>,
    /// The PDF statement.
    pub statement: StatementSettings,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            layout: CANONICAL.to_owned(),
            also: Vec::new(),
            parties: BTreeMap::new(),
            statement: StatementSettings::default(),
        }
    }
}

/// The word for the canonical file itself, which is never rendered again.
pub(crate) const CANONICAL: &str = "canonical";

/// Who pays or is paid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The name of the company, at most 140 characters.
    pub name: String,
    /// Its account as an IBAN.
    pub iban: Option<String>,
    /// Its account where there is no IBAN, at most 34 characters.
    pub account: Option<String>,
    /// The BIC of the bank that keeps the account.
    pub bic: Option<String>,
    /// The same as a member of a clearing system.
    pub clearing: Option<Clearing>,
}

/// A member of a clearing system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clearing {
    /// Its code in ISO 20022, such as `RUCBC`.
    pub system: String,
    /// The member's number there.
    pub member: String,
}

/// The PDF statement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatementSettings {
    /// The language of its words: `en` (default) or `ru`.
    pub language: Language,
    /// How many lines it shows at most (default 500, at most 5,000); it says how many more there are.
    pub lines: u16,
}

impl Default for StatementSettings {
    fn default() -> Self {
        Self { language: Language::En, lines: 500 }
    }
}

/// The language of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Russian.
    Ru,
}

/// Something in the settings is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found:?}; {advice}")]
pub struct SettingsError {
    /// The key below `[file]`.
    pub path: String,
    /// What may stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// What to do.
    pub advice: &'static str,
}

impl FileSettings {
    /// Checks names and accounts. Layout files are read by [`super::outputs`].
    ///
    /// # Errors
    /// The first value that cannot be what it is said to be.
    pub fn check(&self) -> Result<(), SettingsError> {
        for (index, name) in self.also.iter().enumerate() {
            let known = Format::parse(name).is_some() || super::layout::named(name);
            if !known || name == CANONICAL {
                return Err(wrong(
                    format!("also[{index}]"),
                    format!("one of {}, or a layout", Format::NAMES.join(", ")),
                    name,
                    "write the format's name",
                ));
            }
        }
        if self.layout != CANONICAL && !super::layout::named(&self.layout) {
            let built_in: Vec<&str> = super::layout::built_in().map(|(name, _)| name).collect();
            return Err(wrong(
                "layout".into(),
                format!("`canonical`, {}, or a path that ends in .toml", built_in.join(", ")),
                &self.layout,
                "write the layout's name",
            ));
        }
        if !(1..=5_000).contains(&self.statement.lines) {
            let lines = self.statement.lines.to_string();
            return Err(wrong("statement.lines".into(), "1 to 5000".into(), &lines, "take a number between"));
        }
        self.parties.iter().try_for_each(|(code, party)| party.check(code))
    }
}

fn wrong(path: String, expected: String, found: &str, advice: &'static str) -> SettingsError {
    SettingsError { path, expected, found: found.to_owned(), advice }
}

impl Party {
    fn check(&self, code: &str) -> Result<(), SettingsError> {
        let at = |key: &str| format!("parties.{code}.{key}");
        let length = self.name.chars().count();
        if length == 0 || length > 140 || self.name.chars().any(char::is_control) {
            return Err(wrong(
                at("name"),
                "1 to 140 characters".into(),
                &self.name,
                "write the company's name",
            ));
        }
        if let Some(iban) = self.iban.as_ref().filter(|iban| !is_iban(iban)) {
            return Err(wrong(
                at("iban"),
                "an IBAN without blanks and with right check digits".into(),
                iban,
                "compare it with the contract",
            ));
        }
        if let Some(account) = self.account.as_ref().filter(|text| text.is_empty() || text.len() > 34) {
            return Err(wrong(at("account"), "1 to 34 characters".into(), account, "write the account"));
        }
        if let Some(bic) = self.bic.as_ref().filter(|bic| !is_bic(bic)) {
            return Err(wrong(
                at("bic"),
                "a BIC of 8 or 11 characters".into(),
                bic,
                "compare it with the contract",
            ));
        }
        Ok(())
    }
}

/// Two letters, two digits, 1 to 30 letters or digits; modulo 97 it is 1 (ISO 13616).
fn is_iban(text: &str) -> bool {
    let shape = text.len() > 4
        && text.len() <= 34
        && text.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && text.bytes().skip(2).take(2).all(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let digit = |c: char| c.to_digit(36);
    let turned = text.chars().skip(4).chain(text.chars().take(4));
    let remainder = turned
        .filter_map(digit)
        .fold(0_u32, |remainder, value| (remainder * if value > 9 { 100 } else { 10 } + value) % 97);
    shape && remainder == 1
}

/// Four letters or digits, two letters of the country, two of the place, and perhaps three of the branch (ISO 9362).
fn is_bic(text: &str) -> bool {
    let all = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let country = text.bytes().skip(4).take(2).all(|byte| byte.is_ascii_uppercase());
    all && country && matches!(text.len(), 8 | 11)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_checked() {
        for (iban, good) in [
            ("GB82WEST12345698765432", true),
            ("DE89370400440532013000", true),
            ("DE89370400440532013001", false),
            ("DE89 3704 0044 0532 0130 00", false),
            ("", false),
            ("D", false),
        ] {
            assert_eq!(is_iban(iban), good, "{iban}");
        }
        for (bic, good) in
            [("NORTRUMM", true), ("NORTRUMMXXX", true), ("NORT1UMM", false), ("NORTRUM", false)]
        {
            assert_eq!(is_bic(bic), good, "{bic}");
        }
    }

    #[test]
    fn settings_say_what_is_wrong_in_them() {
        let check = |text: &str, says: &str| {
            let settings: FileSettings = toml::from_str(text).unwrap();
            let error = settings.check().unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        };
        check("also = [\"camt.99\"]", "also[0]: expected one of payout-csv, ");
        check("layout = \"no-such\"", "layout: expected `canonical`, ");
        check("[parties.kosta]\nname = \"\"", "parties.kosta.name: expected 1 to 140 characters");
        check("[parties.kosta]\nname = \"K\"\niban = \"DE00\"", "parties.kosta.iban: expected an IBAN");
        check("[statement]\nlines = 0", "statement.lines: expected 1 to 5000");
        assert!(toml::from_str::<FileSettings>("colour = 1").is_err());
        let whole = "layout = \"delimited\"\nalso = [\"payout-csv\", \"fixed-width\"]";
        toml::from_str::<FileSettings>(whole).unwrap().check().unwrap();
    }
}

//! One card with what is said of its member, from a line of a file or a body of the API: one check for both.

use std::{collections::BTreeMap, ops::RangeInclusive};

use domain::ProgramId;
use iso8583::Pan;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use store::{CardKind, CardToken, Consent, NewMember, Profile};

use crate::{CardKeys, Link};

/// Characters of a text that somebody else chose: a household, a holder, a member number, a consent.
const TEXT_CHARS_MAX: usize = 64;
/// The years of every date that somebody else says.
const YEARS: RangeInclusive<i16> = 1900..=2200;
/// `YYYY-MM-DD`.
const DATE_CHARS: usize = 10;
/// Letters of a name that a partner compares.
const NAME_CHECK_LETTERS_MAX: usize = 8;
/// Consents of one member.
const CONSENTS_MAX: usize = 16;

/// What is wrong with a card's entry: which field, and what was expected there. Never shows the value of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldProblem {
    pub(crate) field: &'static str,
    pub(crate) problem: String,
}

pub(crate) fn problem(field: &'static str, problem: impl Into<String>) -> FieldProblem {
    FieldProblem { field, problem: problem.into() }
}

/// The texts of an entry, not yet checked.
#[derive(Default)]
pub(crate) struct Draft<'a> {
    pub(crate) pan: &'a str,
    pub(crate) program: &'a str,
    pub(crate) member_number: &'a str,
    pub(crate) enrolled_on: &'a str,
    pub(crate) card_kind: &'a str,
    pub(crate) holder: &'a str,
    pub(crate) household: &'a str,
    pub(crate) birthday: &'a str,
    pub(crate) name_check: &'a str,
    /// To what, which version, and when it was given.
    pub(crate) consents: Vec<(&'a str, &'a str, Option<Timestamp>)>,
}

/// A bank's programs and keys: what an entry is checked against.
pub(crate) struct Bank<'a> {
    pub(crate) link: &'a Link,
    pub(crate) programs: &'a BTreeMap<String, ProgramId>,
    pub(crate) keys: &'a CardKeys,
}

impl Bank<'_> {
    /// A card of this bank by its number: all its tokens, the current key's first, and its last four digits.
    pub(crate) fn card(
        &self,
        field: &'static str,
        digits: &str,
    ) -> Result<(Vec<CardToken>, String), FieldProblem> {
        let pan = Pan::parse(digits).ok_or_else(|| problem(field, "expected 12 to 19 digits"))?;
        if !self.link.bins.iter().any(|range| range.contains(&pan)) {
            return Err(problem(field, format!("the card is in no BIN range of {}", self.link.code)));
        }
        Ok((self.keys.tokens(&pan), pan.last4().to_owned()))
    }

    /// A program of this bank by its code.
    pub(crate) fn program(&self, code: &str) -> Result<ProgramId, FieldProblem> {
        self.programs.get(code).copied().ok_or_else(|| {
            let known = self.programs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            problem("program", format!("{code:?} is not configured; known are {known}"))
        })
    }

    /// The whole entry: its tokens and the member.
    pub(crate) fn member(&self, draft: &Draft<'_>) -> Result<(Vec<CardToken>, NewMember), FieldProblem> {
        let (tokens, last4) = self.card("pan", draft.pan)?;
        let token = tokens.first().copied().ok_or_else(|| problem("pan", "no card key is configured"))?;
        let program = self.program(draft.program)?;
        let enrolled_on = date("enrolled_on", draft.enrolled_on)?;
        let kind = card_kind(draft.card_kind)?;
        if kind != CardKind::Main && draft.member_number.is_empty() {
            let why = "expected the number of the member who pays: the card is additional or a gift";
            return Err(problem("member_number", why));
        }
        let member = NewMember {
            token,
            last4,
            bank: self.link.bank,
            program,
            member_number: member_number(draft.member_number)?.to_owned(),
            enrolled_on,
            kind,
            holder: free_text("holder", draft.holder)?.to_owned(),
            profile: Profile {
                household: free_text("household", draft.household)?.to_owned(),
                birthday: birthday(draft.birthday)?.to_owned(),
                consents: consents(&draft.consents)?,
                name_check: name_check(draft.name_check)?,
            },
        };
        Ok((tokens, member))
    }
}

/// A number that goes into settlement files.
pub(crate) fn member_number(text: &str) -> Result<&str, FieldProblem> {
    // As a whole: in a number of the partner's making a part may look like a card number by chance.
    if domain::is_card_number(text) {
        return Err(problem("member_number", "looks like a card number; it would stand in settlement files"));
    }
    short_text("member_number", text)
}

/// A short text in somebody else's words that holds no card number.
pub(crate) fn free_text<'a>(field: &'static str, text: &'a str) -> Result<&'a str, FieldProblem> {
    if domain::holds_card_number(text) {
        return Err(problem(field, "looks like a card number, which is kept nowhere"));
    }
    short_text(field, text)
}

fn short_text<'a>(field: &'static str, text: &'a str) -> Result<&'a str, FieldProblem> {
    if text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(problem(field, format!("expected at most {TEXT_CHARS_MAX} printable characters")));
    }
    if text.trim() != text {
        return Err(problem(field, "expected no blanks around it"));
    }
    Ok(text)
}

/// Letters of the member's name in the partner's spelling, or nothing. Small letters are taken for capitals.
pub(crate) fn name_check(text: &str) -> Result<String, FieldProblem> {
    let fits = text.len() <= NAME_CHECK_LETTERS_MAX && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    // The value itself is never shown.
    let why =
        || format!("expected at most {NAME_CHECK_LETTERS_MAX} letters A to Z, as the partner asks for them");
    if fits { Ok(text.to_ascii_uppercase()) } else { Err(problem("name_check", why())) }
}

/// `MM-DD` or `YYYY-MM-DD`, or nothing.
pub(crate) fn birthday(text: &str) -> Result<&str, FieldProblem> {
    // The 29th of February is a birthday in every year.
    let with_year = if text.len() == 5 { format!("2000-{text}") } else { text.to_owned() };
    let fits = text.is_empty() || day(&with_year).is_some();
    let expected = "expected a day such as 02-29, or 1990-02-28 with the year";
    if fits { Ok(text) } else { Err(problem("birthday", expected)) }
}

pub(crate) fn date(field: &'static str, text: &str) -> Result<Date, FieldProblem> {
    let why =
        || format!("expected a date such as 2026-10-01, in the years {} to {}", YEARS.start(), YEARS.end());
    day(text).ok_or_else(|| problem(field, why()))
}

/// A date as it is written in files; the parser takes years and times that nobody means, and the database does not.
fn day(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok().filter(|_| text.len() == DATE_CHARS)?;
    YEARS.contains(&date.year()).then_some(date)
}

/// An instant as it is written in requests.
pub(crate) fn instant(field: &'static str, text: &str) -> Result<Timestamp, FieldProblem> {
    let parsed = text.parse::<Timestamp>().ok();
    let parsed = parsed.filter(|at| YEARS.contains(&at.to_zoned(TimeZone::UTC).year()));
    let why = || {
        format!(
            "expected an instant such as 2026-10-01T12:00:00Z, in the years {} to {}",
            YEARS.start(),
            YEARS.end()
        )
    };
    parsed.ok_or_else(|| problem(field, why()))
}

fn card_kind(text: &str) -> Result<CardKind, FieldProblem> {
    match text {
        "" => Ok(CardKind::Main),
        _ => CardKind::parse(text).ok_or_else(|| problem("card_kind", "expected main, additional or gift")),
    }
}

/// A consent's name or version.
pub(crate) fn consent_word(text: &str) -> Result<&str, FieldProblem> {
    match text {
        "" => Err(problem("consent", "expected to what and to which version, such as marketing:2")),
        _ => free_text("consent", text),
    }
}

fn consents(drafts: &[(&str, &str, Option<Timestamp>)]) -> Result<Vec<Consent>, FieldProblem> {
    if drafts.len() > CONSENTS_MAX {
        return Err(problem("consent", format!("expected at most {CONSENTS_MAX}")));
    }
    let mut consents: Vec<Consent> = Vec::new();
    for (what, version, given_at) in drafts {
        let (what, version) = (consent_word(what)?.to_owned(), consent_word(version)?.to_owned());
        if consents.iter().any(|other| other.what == what) {
            return Err(problem("consent", format!("{what} stands twice")));
        }
        consents.push(Consent { what, version, given_at: *given_at });
    }
    Ok(consents)
}

/// Why an old card is replaced, and whether that blocks it.
pub(crate) fn blocks_the_old_card(field: &'static str, reason: &str) -> Result<bool, FieldProblem> {
    match reason {
        "" | "renewed" | "damaged" => Ok(false),
        "lost" | "stolen" => Ok(true),
        _ => Err(problem(field, "expected renewed, damaged, lost or stolen")),
    }
}

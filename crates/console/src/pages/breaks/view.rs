//! Which breaks an address asks for, and in which order.

use std::collections::BTreeMap;

use domain::case::{AgeBucket, CaseState, Severity};
use jiff::civil::Date;
use store::cases::{CaseFilter, CaseOrder, CaseSort, Owner};

use super::age_words;
use crate::{
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    asked_date::asked_date,
    money,
    pages::{PageError, filter::Filter},
    reference,
    words::{self, BreakWords, Word},
};

/// The names that an address may have; a saved view has no others.
const NAMES: [&str; 16] = [
    "state",
    "class",
    "timing",
    "source",
    "program",
    "partner",
    "owner",
    "severity",
    "age",
    "unit",
    "size_from",
    "size_until",
    "from",
    "until",
    "q",
    "order",
];
/// The longest text of a filter.
const TEXT_MAX: usize = 64;

/// The classes of breaks, in the order of the taxonomy.
pub(super) const CLASSES: [&str; 21] = [
    "missing",
    "late",
    "carried_forward",
    "missing_ours",
    "missing_theirs",
    "duplicate",
    "unknown_partner",
    "amount",
    "fee",
    "vat_rounding",
    "fx",
    "currency",
    "miles_rate",
    "split",
    "reference",
    "ambiguous",
    "sequence_gap",
    "totals",
    "altered_file",
    "signature",
    "nack",
];
const SOURCES: [&str; 7] = [
    "bank_clearing",
    "bank_totals",
    "bank_statement",
    "acknowledgement",
    "handback",
    "partner_statement",
    "own_file",
];

/// What an address asks for.
pub(super) struct View {
    pub(super) filter: CaseFilter,
    /// The query of the address without the place of the page, written anew.
    pub(super) address: String,
}

impl View {
    /// Reads the values of an address.
    ///
    /// # Errors
    /// [`PageError::NotFound`] for a value that no filter has.
    pub(super) fn of(
        app: &App,
        who: &SignedIn,
        values: &BTreeMap<String, String>,
    ) -> Result<Self, PageError> {
        let given = |name: &str| values.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        if values.values().any(|value| value.chars().count() > TEXT_MAX * 2 || value.contains('\0')) {
            return Err(PageError::BadRequest);
        }
        let unit = given("unit").map(str::to_owned);
        let size = |name| size(given(name), unit.as_deref());
        let filter = CaseFilter {
            states: states(given("state"))?,
            classes: known(given("class"), &CLASSES)?.into_iter().collect(),
            timing: known(given("timing"), &["data", "timing"])?,
            source: known(given("source"), &SOURCES)?,
            program: match given("program") {
                None => None,
                Some(code) => Some(
                    app.console
                        .programs
                        .iter()
                        .find(|program| program.code == code)
                        .ok_or(PageError::NotFound)?
                        .id,
                ),
            },
            partner: match given("partner") {
                None => None,
                Some(code) => {
                    let found = app.console.partner_codes.iter().find(|(_, known)| *known == code);
                    Some(*found.ok_or(PageError::NotFound)?.0)
                }
            },
            owner: given("owner").map(|owner| match owner {
                "nobody" => Owner::Nobody,
                "me" => Owner::Person(who.user.clone()),
                name => Owner::Person(name.to_owned()),
            }),
            severity: parsed(given("severity"), Severity::parse)?,
            age: parsed(given("age"), AgeBucket::parse)?,
            from: date(given("from"))?,
            until: date(given("until"))?,
            size_min: size("size_from")?,
            size_max: size("size_until")?,
            unit,
            search: given("q").map(str::to_owned),
            ..CaseFilter::default()
        };
        Ok(Self { filter, address: query(values) })
    }

    /// The order that the address asks for.
    pub(super) fn order(&self, values: &BTreeMap<String, String>, limit: u32) -> CaseOrder {
        let (sort, reversed) = match values.get("order").map(String::as_str) {
            Some("oldest") => (CaseSort::Age, false),
            Some("newest") => (CaseSort::Age, true),
            Some("largest") => (CaseSort::Amount, false),
            _ => (CaseSort::Severity, false),
        };
        CaseOrder { sort, reversed, after: values.get("after").map(|text| swapped(text)), limit }
    }

    /// The query of the address, for a view to be kept.
    pub(super) fn query(&self, values: &BTreeMap<String, String>) -> String {
        query(values)
    }

    /// The form of the filters.
    pub(super) fn form(&self, app: &App, who: &SignedIn, values: &BTreeMap<String, String>) -> Filter {
        let (w, language) = (BreakWords::of(who.language), who.language);
        let pair = |value: &str, text: &str| (value.to_owned(), text.to_owned());
        let states = std::iter::once(pair("unresolved", language.choose("not resolved", "не решено")))
            .chain(CaseState::ALL.map(|state| pair(state.name(), Word::case(state, language).text)));
        let owners = [pair("me", w.me), pair("nobody", w.nobody)];
        let programs = app.console.programs.iter().map(|program| pair(&program.code, &program.code));
        let partners = app.console.partner_codes.values().map(|code| pair(code, code));
        let orders = [
            pair("severest", w.o_severest),
            pair("oldest", w.o_oldest),
            pair("newest", w.o_newest),
            pair("largest", w.o_largest),
        ];
        Filter::new(language, "/breaks")
            .choice(values, "state", w.state, states)
            .choice(values, "class", w.class, CLASSES.map(|name| pair(name, words::class(name, language).0)))
            .choice(values, "timing", w.kind_of, [pair("data", w.data), pair("timing", w.timing)])
            .choice(values, "source", w.source, SOURCES.map(|name| pair(name, words::source(name, language))))
            .choice(values, "program", w.program, programs)
            .choice(values, "partner", w.partner, partners)
            .choice(values, "owner", w.owner, owners)
            .choice(
                values,
                "severity",
                w.severity,
                Severity::ALL.map(|one| pair(one.name(), Word::severity(one, language).text)),
            )
            .choice(
                values,
                "age",
                w.age_bucket,
                AgeBucket::ALL.map(|age| pair(age.name(), age_words(age, w))),
            )
            .input(values, "unit", w.unit, "text")
            .input(values, "size_from", w.size_from, "text")
            .input(values, "size_until", w.size_until, "text")
            .input(values, "from", w.from, "date")
            .input(values, "until", w.until, "date")
            .input(values, "q", w.search, "search")
            .choice(values, "order", w.order, orders)
    }
}

/// The key of a row with letters for digits, and back: a long number in an address could be taken for a card's, and masked.
pub(super) fn swapped(key: &str) -> String {
    const DIGITS: &str = "0123456789";
    const LETTERS: &str = "abcdefghij";
    let other = |from: &str, to: &str, letter| from.find(letter).and_then(|at| to.chars().nth(at));
    let one = |letter| other(DIGITS, LETTERS, letter).or(other(LETTERS, DIGITS, letter)).unwrap_or(letter);
    key.chars().map(one).collect()
}

/// The known names of an address with their values.
fn query(values: &BTreeMap<String, String>) -> String {
    let known = values.iter().filter(|(name, value)| {
        NAMES.contains(&name.as_str()) && (!value.trim().is_empty() || name.as_str() == "state")
    });
    let pair = |(name, value): (&String, &String)| format!("{name}={}", escaped(value.trim()));
    known.map(pair).collect::<Vec<_>>().join("&")
}

/// Only the known names of a query that somebody posted.
pub(super) fn cleaned(text: &str) -> String {
    let values = text.split('&').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), unescaped(value)?))
    });
    query(&values.collect())
}

/// `%XX` and `+` as letters.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn states(given: Option<&str>) -> Result<Vec<CaseState>, PageError> {
    match given {
        None => Ok(Vec::new()),
        Some("unresolved") => {
            Ok(CaseState::ALL.into_iter().filter(|state| *state != CaseState::Resolved).collect())
        }
        Some(text) => Ok(vec![CaseState::parse(text).ok_or(PageError::NotFound)?]),
    }
}

fn known(given: Option<&str>, all: &[&str]) -> Result<Option<String>, PageError> {
    match given {
        None => Ok(None),
        Some(text) if all.contains(&text) => Ok(Some(text.to_owned())),
        Some(_) => Err(PageError::NotFound),
    }
}

fn parsed<T>(given: Option<&str>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, PageError> {
    given.map(|text| parse(text).ok_or(PageError::NotFound)).transpose()
}

fn date(given: Option<&str>) -> Result<Option<Date>, PageError> {
    given.map(|text| asked_date(text).ok_or(PageError::NotFound)).transpose()
}

/// A size as people write it, in the unit that is asked for; miles are whole.
fn size(given: Option<&str>, unit: Option<&str>) -> Result<Option<i64>, PageError> {
    let Some(text) = given else { return Ok(None) };
    let places = match unit {
        Some("MILES") => 0,
        Some(code) => money::from_code(code).map_or(2, money::places),
        None => 2,
    };
    let minor = reference::minor(text, u32::try_from(places).unwrap_or(2));
    minor.map(Some).ok_or(PageError::BadRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_and_is_no_number_in_between() {
        let key = "3.1791612000000000.12";
        assert!(!swapped(key).contains(|letter: char| letter.is_ascii_digit()));
        assert_eq!(swapped(&swapped(key)), key);
    }

    #[test]
    fn a_saved_view_has_known_names_alone() {
        let text = "state=open&class=amount&after=7.8&format=csv&evil=%22%3E&q=a+b%26c&page=//host";
        assert_eq!(cleaned(text), "class=amount&q=a%20b%26c&state=open");
        assert_eq!(cleaned("state=&q=%zz&q=%ff"), "state=");
        assert_eq!(cleaned(""), "");
    }

    #[test]
    fn sizes_are_in_the_unit_that_is_asked_for() {
        for (text, unit, minor) in [
            ("12,50", Some("RUB"), 1_250),
            ("12", None, 1_200),
            ("500", Some("JPY"), 500),
            ("500", Some("MILES"), 500),
        ] {
            assert_eq!(size(Some(text), unit), Ok(Some(minor)), "{text}");
        }
        assert_eq!(size(None, None), Ok(None));
        assert_eq!(size(Some("x"), None), Err(PageError::BadRequest));
    }

    #[test]
    fn every_class_and_source_is_one_of_the_taxonomy() {
        use domain::reconciliation::{BreakClass, Source};
        assert_eq!(CLASSES, BreakClass::ALL.map(BreakClass::name));
        assert_eq!(SOURCES, Source::ALL.map(Source::name));
    }
}

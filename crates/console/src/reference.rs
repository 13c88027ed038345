//! What somebody who looks for a transaction has entered, as searches of the store.

use std::collections::BTreeMap;

use domain::{MessageKey, holds_card_number};
use jiff::{Timestamp, ToSpan, civil::Date};
use settlement::LineId;
use store::{MessageSearch, OfDays};

use crate::{asked_date::asked_date, words::TraceWords};

/// A line id is the longest reference.
const REFERENCE_CHARS_MAX: usize = 80;
/// With the last four digits, and without.
const DAYS_MAX: (i32, i32) = (92, 3);
/// DE37 has so many characters.
const RETRIEVAL_CHARS: usize = 12;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Nothing was entered.
    Nothing,
    /// A line of a settlement file.
    Line(LineId),
    /// Messages that any of these finds.
    Messages(Vec<MessageSearch>),
}

/// Why it cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unclear {
    Long,
    CardNumber,
    Last4,
    Amount,
    Date,
    Range,
    Alone,
}

impl Unclear {
    /// In words.
    pub(crate) fn words(self, w: &'static TraceWords) -> &'static str {
        match self {
            Self::Long => w.e_long,
            Self::CardNumber => w.e_card,
            Self::Last4 => w.e_last4,
            Self::Amount => w.e_amount,
            Self::Date => w.e_date,
            Self::Range => w.e_range,
            Self::Alone => w.e_alone,
        }
    }
}

/// What must be known to understand an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The codes of the programs.
    pub(crate) programs: &'a [&'a str],
    /// How many decimals an amount has.
    pub(crate) places: u32,
    /// The date of now.
    pub(crate) today: Date,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Reads the fields of the form.
pub(crate) fn wanted(values: &BTreeMap<String, String>, around: Around<'_>) -> Result<Wanted, Unclear> {
    let given = |name: &str| values.get(name).map(|text| text.trim()).unwrap_or_default();
    // The address of earlier versions.
    let reference = if given("q").is_empty() { given("retrieval") } else { given("q") };
    if [reference, given("merchant"), given("terminal"), given("approval"), given("acquirer")]
        .iter()
        .any(|text| text.chars().count() > REFERENCE_CHARS_MAX || text.contains('\0'))
    {
        return Err(Unclear::Long);
    }
    let of_days = of_days(&given, around)?;
    if reference.is_empty() {
        return Ok(
            of_days.map_or(Wanted::Nothing, |days| Wanted::Messages(vec![MessageSearch::OfDays(days)]))
        );
    }
    if let Some(line) = LineId::parse(reference, around.programs.iter().copied()) {
        return Ok(Wanted::Line(line));
    }
    if let Some(key) = MessageKey::parse(&reference.to_ascii_lowercase()) {
        return Ok(Wanted::Messages(vec![MessageSearch::Key(key)]));
    }
    if let Some(sent) = sent(reference, around.now) {
        return Ok(Wanted::Messages(vec![sent]));
    }
    if holds_card_number(reference) && reference.chars().count() > RETRIEVAL_CHARS {
        return Err(Unclear::CardNumber);
    }
    let mut searches =
        vec![MessageSearch::Reference(reference.to_owned()), MessageSearch::Member(reference.to_owned())];
    if reference.chars().count() <= RETRIEVAL_CHARS {
        searches.push(MessageSearch::Retrieval(reference.to_owned()));
    }
    if reference.chars().count() == 6 {
        let (from, until) = dates(&given, around, DAYS_MAX.1)?;
        let approval = reference.to_owned();
        searches.push(MessageSearch::OfDays(OfDays { approval, ..empty(from, until) }));
    }
    Ok(Wanted::Messages(searches))
}

fn empty(from: Date, until: Date) -> OfDays {
    let empty = String::new;
    OfDays {
        from,
        until,
        last4: empty(),
        amount_minor: None,
        approval: empty(),
        card_acceptor: empty(),
        terminal: empty(),
        acquirer: empty(),
    }
}

fn of_days<'v>(given: &impl Fn(&str) -> &'v str, around: Around<'_>) -> Result<Option<OfDays>, Unclear> {
    let last4 = given("last4");
    let is_last4 = last4.len() == 4 && last4.bytes().all(|byte| byte.is_ascii_digit());
    if !last4.is_empty() && !is_last4 {
        return Err(Unclear::Last4);
    }
    let days_max = if last4.is_empty() { DAYS_MAX.1 } else { DAYS_MAX.0 };
    let (from, until) = dates(given, around, days_max)?;
    let wanted = OfDays {
        last4: last4.to_owned(),
        amount_minor: match given("amount") {
            "" => None,
            text => Some(minor(text, around.places).ok_or(Unclear::Amount)?),
        },
        approval: given("approval").to_owned(),
        card_acceptor: given("merchant").to_owned(),
        terminal: given("terminal").to_owned(),
        acquirer: given("acquirer").to_owned(),
        ..empty(from, until)
    };
    if wanted == empty(from, until) {
        return Ok(None);
    }
    let alone = OfDays { acquirer: String::new(), ..wanted.clone() } == empty(from, until);
    if alone { Err(Unclear::Alone) } else { Ok(Some(wanted)) }
}

/// Both dates; a missing one makes the longest span that is allowed, up to today.
fn dates<'v>(
    given: &impl Fn(&str) -> &'v str,
    around: Around<'_>,
    days_max: i32,
) -> Result<(Date, Date), Unclear> {
    let read = |name: &str| match given(name) {
        "" => Ok(None),
        text => asked_date(text).map(Some).ok_or(Unclear::Date),
    };
    let back = |date: Date| date.checked_sub((days_max - 1).days()).unwrap_or(Date::MIN);
    let ahead = |date: Date| date.checked_add((days_max - 1).days()).unwrap_or(Date::MAX);
    let (from, until) = match (read("from")?, read("until")?) {
        (None, None) => (back(around.today), around.today),
        (Some(from), None) => (from, ahead(from)),
        (None, Some(until)) => (back(until), until),
        (Some(from), Some(until)) => (from, until),
    };
    let days = from.until(until).map(|span| span.get_days()).unwrap_or(i32::MAX);
    if (0..days_max).contains(&days) { Ok((from, until)) } else { Err(Unclear::Range) }
}

/// `1 645,74`, `1,645.74` or `1645.74` in minor units. The last separator before one or two digits is the decimal one.
pub(crate) fn minor(text: &str, places: u32) -> Option<i64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    let places = usize::try_from(places).ok()?;
    let at = digits.rfind(['.', ',']).filter(|at| (1..=places).contains(&(digits.len() - at - 1)));
    let (whole, fraction) = match at {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
        None => (digits, ""),
    };
    let whole: String = whole.chars().filter(|c| !['.', ','].contains(c)).collect();
    let all = format!("{whole}{fraction:0<places$}");
    if all.is_empty() || whole.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minor: i64 = all.parse().ok()?;
    Some(if negative { -minor } else { minor })
}

/// `000412 1010090000`: DE11 and DE7, in this year, the one before and the one after, whichever may be meant.
fn sent(text: &str, now: Timestamp) -> Option<MessageSearch> {
    let (stan, transmitted) = text.split_once([' ', '/'])?;
    let is =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is(stan, 6) || !is(transmitted.trim(), 10) {
        return None;
    }
    let part = |at: usize| transmitted.trim().get(2 * at..2 * at + 2)?.parse::<i8>().ok();
    let (month, day, hour, minute, second) = (part(0)?, part(1)?, part(2)?, part(3)?, part(4)?);
    let this = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    let instant = |year: i16| {
        let date = Date::new(year, month, day).ok()?;
        let time = jiff::civil::Time::new(hour, minute, second, 0).ok()?;
        Some(date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let at: Vec<Timestamp> = [this - 1, this, this + 1].into_iter().filter_map(instant).collect();
    if at.is_empty() { None } else { Some(MessageSearch::Sent { stan: stan.to_owned(), at }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Result<Wanted, Unclear> {
        let values = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let around = Around {
            programs: &["boreal-gold"],
            places: 2,
            today: jiff::civil::date(2026, 10, 10),
            now: "2026-10-10T09:00:00Z".parse().unwrap(),
        };
        wanted(&values, around)
    }

    fn one(fields: &[(&str, &str)]) -> Vec<MessageSearch> {
        match read(fields) {
            Ok(Wanted::Messages(searches)) => searches,
            other => panic!("{fields:?}: {other:?}"),
        }
    }

    #[test]
    fn a_reference_is_taken_for_what_it_can_be() {
        assert_eq!(read(&[]), Ok(Wanted::Nothing));
        assert!(matches!(read(&[("q", "boreal-gold-000001-kosta-RUB-000002")]), Ok(Wanted::Line(_))));
        let key = "00000000689d1c50abababababababababababababababab";
        assert!(matches!(one(&[("q", key)])[..], [MessageSearch::Key(_)]));
        let MessageSearch::Sent { stan, at } = &one(&[("q", "000412 1010090001")])[0] else { panic!("sent") };
        assert_eq!(stan, "000412");
        assert!(at.contains(&"2026-10-10T09:00:01Z".parse().unwrap()));
        assert_eq!(one(&[("q", "628300000001")]).len(), 3);
        assert!(
            one(&[("retrieval", "628300000001")]).contains(&MessageSearch::Retrieval("628300000001".into()))
        );
        // DE38 has six characters, and is looked for in the last days.
        assert_eq!(one(&[("q", "A1B2C3")]).len(), 4);
        assert_eq!(one(&[("q", "74999990000000000000017")]).len(), 2);
    }

    #[test]
    fn what_is_unclear_is_refused() {
        let check = |fields: &[(&str, &str)], why| assert_eq!(read(fields), Err(why), "{fields:?}");
        check(&[("q", &"x".repeat(81))], Unclear::Long);
        check(&[("q", "4111111111111111")], Unclear::CardNumber);
        check(&[("last4", "12a4")], Unclear::Last4);
        check(&[("amount", "twelve")], Unclear::Amount);
        check(&[("from", "yesterday"), ("last4", "0017")], Unclear::Date);
        check(&[("acquirer", "400001")], Unclear::Alone);
        check(&[("from", "2026-01-01"), ("until", "2026-06-01"), ("last4", "0017")], Unclear::Range);
        check(&[("from", "2026-10-01"), ("until", "2026-10-04"), ("terminal", "T1")], Unclear::Range);
        check(&[("from", "2026-10-05"), ("until", "2026-10-04"), ("terminal", "T1")], Unclear::Range);
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, places, value) in [
            ("1 645,74", 2, Some(164_574)),
            ("1,645.74", 2, Some(164_574)),
            ("1\u{202f}645,7", 2, Some(164_570)),
            ("1645", 2, Some(164_500)),
            ("1,645", 2, Some(164_500)),
            ("-0.05", 2, Some(-5)),
            ("500", 0, Some(500)),
            ("1,500", 0, Some(1_500)),
            ("12.34.56", 2, Some(123_456)),
            ("abc", 2, None),
            ("", 2, None),
            (".50", 2, None),
            ("99999999999999999999", 2, None),
        ] {
            assert_eq!(minor(text, places), value, "{text}");
        }
    }
}

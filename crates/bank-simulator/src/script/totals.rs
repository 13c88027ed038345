//! What an answer says of the bank's windows: that their totals agree among themselves and count what was sent, and
//! which one is open.

use iso8583::Builder;
use jiff::{Timestamp, ToSpan, civil::Date};

use super::{
    compose::Memory,
    expect::Check,
    judge::Pair,
    shown::masked_value,
    worth::{minor, taken_back},
};

/// Numbers, fees and amounts of a window; DE97 is what they come to.
pub(super) const ELEMENTS: std::ops::RangeInclusive<u8> = 74..=89;
/// Fees in 1987, other numbers in 1993: there a dialect need not have room for them.
const OF_1987: std::ops::RangeInclusive<u8> = 82..=85;

/// All totals are there, and behind those of an earlier answer they have moved by what was sent between.
pub(super) fn told(
    pair: &Pair<'_>,
    since: Option<&'static str>,
    by: &[&'static str],
    memory: &impl Memory,
) -> Vec<Check> {
    let before = since.map(|label| (label, memory.answer(label)));
    let mut between = Vec::with_capacity(by.len());
    for label in by {
        let Some(counted) = memory.sent(label).and_then(counted) else {
            let found = format!("that \"{label}\" was not sent, or has no amount");
            return vec![Check::failed("DE76", "totals that move by what was sent", found)];
        };
        between.extend(counted);
    }
    let mut wrong: Vec<Check> = ELEMENTS
        .filter_map(|de| {
            let more = between.iter().filter(|(counted, _)| *counted == de).map(|(_, more)| more).sum();
            of_element(pair, de, before, more)
        })
        .collect();
    if wrong.is_empty() {
        let expected = since.map_or_else(
            || "all of them".to_owned(),
            |label| format!("those of \"{label}\" and {} messages more", by.len()),
        );
        wrong.push(Check::new("DE74 to DE89", expected, "them", true));
    }
    wrong
}

/// What is wrong with one of the totals.
fn of_element(
    pair: &Pair<'_>,
    de: u8,
    before: Option<(&'static str, Option<&Builder>)>,
    more: u64,
) -> Option<Check> {
    let number = |message: &Builder| message.get(de)?.parse::<u64>().ok();
    let field = format!("DE{de}");
    let needed = pair.written.dialect.field(de).is_some()
        && (pair.written.is_1987() || pair.answer.get(de).is_some() || !OF_1987.contains(&de));
    let Some(found) = number(pair.answer) else {
        return needed.then(|| Check::failed(field, "our own total, a number", "none"));
    };
    let (label, before) = before?;
    let Some(was) = before.and_then(number) else {
        return Some(Check::failed(field, format!("a total in the answer to \"{label}\" too"), "none"));
    };
    let wanted = was.saturating_add(more);
    let expected = format!("{wanted}: {was} in the answer to \"{label}\", {more} sent since");
    (found != wanted).then(|| Check::failed(field, expected, found.to_string()))
}

/// Where a message counts, and with how much.
fn counted(sent: &Builder) -> Option<Vec<(u8, u64)>> {
    let class = sent.mti().class();
    if class == 1 {
        return Some(vec![(81, 1)]);
    }
    let amount = if class == 4 { taken_back(sent)? } else { minor(sent, 4)? };
    let (number, minor) = match (sent.get(3)?.get(..1)?, class) {
        ("2", 2) => (74, 86),
        ("2", 4) => (75, 87),
        ("0" | "1", 2) => (76, 88),
        ("0" | "1", 4) => (77, 89),
        _ => return None,
    };
    Some(vec![(number, 1), (minor, amount)])
}

/// DE97 is what DE86 to DE89 come to.
pub(super) fn net(answer: &Builder) -> Option<Check> {
    if answer.mti().class() != 5 || [86, 87, 88, 89, 97].iter().all(|de| answer.get(*de).is_none()) {
        return None;
    }
    let expected = "what DE86 to DE89 come to";
    let amount = |de: u8| answer.get(de)?.parse::<i128>().ok();
    let parts = (amount(86), amount(87), amount(88), amount(89));
    let (Some(credits), Some(credits_back), Some(debits), Some(debits_back)) = parts else {
        return Some(Check::failed("DE97", expected, "that one of them is missing or no number"));
    };
    let wanted = credits + debits_back - debits - credits_back;
    let found = answer.get(97);
    let passed = found.and_then(signed) == Some(wanted);
    let found = found.map_or_else(|| "nothing".to_owned(), |found| masked_value(97, found));
    Some(Check::new("DE97", format!("{expected}: {wanted}"), found, passed))
}

/// `C` is a credit and positive, `D` a debit.
fn signed(text: &str) -> Option<i128> {
    let number = text.get(1..)?.parse::<i128>().ok()?;
    match text.get(..1)? {
        "C" => Some(number),
        "D" => Some(-number),
        _ => None,
    }
}

/// The answer to a cut-over names the date that was asked for; without one, that lies within a day of today.
pub(super) fn opened_date(pair: &Pair<'_>) -> Option<Check> {
    let codes = &pair.written.codes.cut_over;
    let cut_over = pair.sent.mti().class() == 8
        && pair.sent.get(70).is_some_and(|code| codes.iter().any(|of_cut_over| of_cut_over == code));
    if !cut_over || pair.answer.get(39) != Some("00") {
        return None;
    }
    let found = pair.answer.get(15);
    let shown = found.map_or_else(|| "nothing".to_owned(), |found| masked_value(15, found));
    Some(match pair.sent.get(15) {
        Some(sent) => {
            Check::new("DE15", format!("the date that was sent, {sent}"), shown, found == Some(sent))
        }
        None => {
            let near = days_around_today(pair);
            let passed = found.is_some_and(|found| near.iter().any(|day| day == found));
            Check::new("DE15", format!("a date within a day of today: {}", near.join(" or ")), shown, passed)
        }
    })
}

/// A gateway goes by its clock. That is ours, or in an environment with a time of its own that of our messages.
fn days_around_today(pair: &Pair<'_>) -> Vec<String> {
    let today = Timestamp::now().to_zoned(pair.parties.zone.clone()).date();
    let around =
        |day: Date| [-1, 0, 1].into_iter().filter_map(move |off: i64| day.checked_add(off.days()).ok());
    let mut days: Vec<Date> = around(today).chain(around(pair.today)).collect();
    days.sort_unstable();
    days.dedup();
    days.iter().map(|day| day.strftime("%m%d").to_string()).collect()
}

//! Holds an answer against the link contract and against what a step expects.

use iso8583::{AdditionalAmount, Builder, Message, Shown, dialects, tagged};
use jiff::civil::Date;

use super::{
    compose::{Memory, Parties},
    contents,
    expect::{Check, Expect},
    miles,
    shown::masked_value,
    totals, worth,
};
use crate::wire::BankWire;

/// What an answer gives back as it was sent; DE4 has a rule of its own.
const ECHOED: [u8; 13] = [3, 7, 11, 12, 13, 15, 32, 33, 37, 41, 42, 49, 90];
/// What an answer of network management gives back.
const ECHOED_NETWORK: [u8; 3] = [7, 11, 70];
/// What an answer to totals gives back.
const ECHOED_TOTALS: [u8; 8] = [7, 11, 15, 32, 33, 50, 99, 100];
/// What makes up a result.
const RESULT: [u8; 4] = [39, 48, 4, 54];
/// The same of totals, beside these.
const RESULT_OF_TOTALS: [u8; 4] = [39, 48, 66, 97];
/// DE54 amount type: the amount before the discount.
const ORIGINAL_AMOUNT: &str = "57";

/// A request and its answer.
pub(super) struct Pair<'a> {
    pub(super) sent: &'a Builder,
    pub(super) answer: &'a Builder,
    /// The answer as its dialect has it.
    pub(super) raw: Option<Message<'a>>,
    /// The request was damaged on its way: the answer gives back what could be read.
    pub(super) damaged: bool,
    /// How both are written. What is looked at here is in the terms of 1987.
    pub(super) written: &'a BankWire,
    /// The bank's date by the time in its messages.
    pub(super) today: Date,
    /// With whom it is played.
    pub(super) parties: &'a Parties,
}

/// Everything that is looked at in an answer.
pub(super) fn judge(pair: &Pair<'_>, expect: &[Expect], memory: &impl Memory) -> Vec<Check> {
    let mut checks = contract(pair);
    checks.extend(expect.iter().flat_map(|expect| expected(*expect, pair, memory)));
    for check in &mut checks {
        check.field = pair.written.element(&check.field).to_owned();
    }
    // It looks at the answer as it is written, and names elements so.
    checks.push(contents::no_card_number(pair));
    checks
}

/// What the contract says of every answer.
fn contract(pair: &Pair<'_>) -> Vec<Check> {
    let (wanted, found) = (pair.sent.mti().response(), pair.answer.mti());
    let mut checks = vec![Check::new("MTI", wanted.as_str(), found.as_str(), wanted == found)];
    let network = pair.sent.mti().class() == 8;
    let echoed: &[u8] = match pair.sent.mti().class() {
        8 => &ECHOED_NETWORK,
        5 => &ECHOED_TOTALS,
        _ => &ECHOED,
    };
    checks.extend(echoed.iter().filter_map(|de| echo(pair, *de)));
    checks.push(no_card_data(pair.answer));
    checks.push(contents::nothing_unlisted(pair));
    if !network {
        checks.extend(amount(pair));
    }
    checks.extend(totals::net(pair.answer));
    checks.extend(totals::opened_date(pair));
    checks
}

/// `None` if there is nothing to say of it.
fn echo(pair: &Pair<'_>, de: u8) -> Option<Check> {
    let (sent, answered) = (pair.sent.get(de), pair.answer.get(de));
    if pair.damaged && answered.is_none() {
        return None;
    }
    let field = format!("DE{de}");
    let shown = |value: &str| masked_value(de, value);
    Some(match (sent, answered) {
        (None, None) => return None,
        (None, Some(_)) => Check::failed(field, "nothing, as the request has none", "a value"),
        (Some(_), None) => Check::failed(field, "an echo of the request", "nothing"),
        (Some(sent), Some(answered)) if sent == answered => {
            Check::new(field, "an echo of the request", "it", true)
        }
        (Some(sent), Some(answered)) => {
            let found = format!("another value ({} was sent, {} came)", shown(sent), shown(answered));
            Check::failed(field, "an echo of the request", found)
        }
    })
}

/// An answer never carries what is secret about a card.
fn no_card_data(answer: &Builder) -> Check {
    let secret = |de: &u8| {
        let shown = dialects::iso87_ascii().field(*de).map(|spec| spec.shown);
        answer.get(*de).is_some() && matches!(shown, Some(Shown::Pan | Shown::Secret))
    };
    match (2..=128).find(secret) {
        Some(de) => Check::failed(format!("DE{de}"), "nothing in an answer", "card data"),
        None => Check::new("card data", "none in an answer", "none", true),
    }
}

/// DE4 comes back as sent, or reduced by a discount that DE54 and DE48 explain.
fn amount(pair: &Pair<'_>) -> Option<Check> {
    let (sent, answered) = (pair.sent.get(4), pair.answer.get(4));
    if sent == answered || pair.damaged && answered.is_none() {
        return sent.map(|_| Check::new("DE4", "the amount as sent, or reduced", "it", true));
    }
    if discount(pair).is_some() {
        return Some(Check::new("DE4", "the amount as sent, or reduced", "reduced, as DE54 explains", true));
    }
    let found = match (sent, answered) {
        (Some(sent), Some(answered)) => format!("another amount ({sent} was sent, {answered} came)"),
        (None, _) => "an amount that the request does not have".to_owned(),
        (_, None) => "nothing".to_owned(),
    };
    Some(Check::failed("DE4", "the amount as sent, or reduced with DE54 and DE48 DC", found))
}

/// The discount at the till, if DE4, DE54 and DE48 agree on one.
pub(super) fn discount(pair: &Pair<'_>) -> Option<u64> {
    let minor = |message: &Builder| message.get(4)?.parse::<u64>().ok();
    let (sent, reduced) = (minor(pair.sent)?, minor(pair.answer)?);
    let amounts = AdditionalAmount::parse_all(pair.answer.get(54)?).ok()?;
    let original = amounts.iter().find(|amount| amount.amount_type == ORIGINAL_AMOUNT)?;
    let discount: u64 = tag(pair.answer, "DC")?.parse().ok()?;
    let agreed = original.amount == sent
        && reduced.checked_add(discount) == Some(sent)
        && tag(pair.answer, "DM").as_deref() == Some("at_till")
        && Some(original.currency.as_str()) == pair.sent.get(49);
    (agreed && discount > 0).then_some(discount)
}

/// A tag of DE48.
pub(super) fn tag(message: &Builder, wanted: &str) -> Option<String> {
    let entries = tagged::parse(message.get(48)?).ok()?;
    entries.into_iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| value.to_owned())
}

fn expected(expect: Expect, pair: &Pair<'_>, memory: &impl Memory) -> Vec<Check> {
    let answer = pair.answer;
    match expect {
        Expect::Code(code) => vec![code_is(answer, code)],
        Expect::NotCode(code) => vec![code_is_not(answer, code)],
        Expect::MilesAddUp { with, to } => miles::add_up(answer, with, to, memory),
        Expect::Worth(of) => worth::checks(of, pair, memory),
        Expect::Totals { since, by } => totals::told(pair, since, by, memory),
        Expect::NoMiles => miles::none(answer),
        Expect::Field(de, values) => vec![field_is(answer, de, values)],
        Expect::Tag(name, values) => {
            let found = tag(answer, name);
            let passed = found.as_deref().is_some_and(|found| values.contains(&found));
            vec![Check::new(format!("DE48 {name}"), values.join(" or "), shown_tag(answer, found), passed)]
        }
        Expect::TagBegins(name, start) => {
            let start = pair.written.element(start);
            let found = tag(answer, name);
            let passed = found.as_deref().is_some_and(|found| found.starts_with(start));
            let expected = format!("something that begins with {start}");
            vec![Check::new(format!("DE48 {name}"), expected, shown_tag(answer, found), passed)]
        }
        Expect::SameResultAs(label) => same_result(answer, label, memory),
        Expect::TillDiscount => vec![match discount(pair) {
            Some(discount) => Check::new("DE4", "a discount at the till", format!("{discount} less"), true),
            None => {
                let found = "no discount that DE4, DE54 and DE48 agree on";
                Check::failed("DE4", "a discount at the till: less in DE4, all in DE54", found)
            }
        }],
        Expect::NoTillDiscount => {
            let passed = answer.get(54).is_none() && answer.get(4) == pair.sent.get(4);
            let found = if passed { "none" } else { "a changed DE4 or a DE54" };
            vec![Check::new("DE4", "no discount at the till", found, passed)]
        }
        Expect::NoLoyaltyResult => {
            let passed = answer.get(48).is_none();
            vec![Check::new("DE48", "nothing", if passed { "nothing" } else { "a value" }, passed)]
        }
    }
}

fn code_is(answer: &Builder, code: &str) -> Check {
    let found = answer.get(39).map_or_else(|| "nothing".to_owned(), |found| masked_value(39, found));
    // The reason often says at once what is the matter.
    let reason = tag(answer, "RS").filter(|_| found != code);
    let passed = found == code;
    let found = match reason {
        Some(reason) => format!("{found} ({})", masked_value(48, &reason)),
        None => found,
    };
    Check::new("DE39", code, found, passed)
}

fn code_is_not(answer: &Builder, code: &str) -> Check {
    let found = answer.get(39).map_or_else(|| "nothing".to_owned(), |found| masked_value(39, found));
    let passed = answer.get(39).is_some_and(|found| found != code);
    Check::new("DE39", format!("a refusal, not {code}"), found, passed)
}

fn field_is(answer: &Builder, de: u8, values: &[&str]) -> Check {
    let found = answer.get(de);
    let passed = found.is_some_and(|found| values.contains(&found));
    let found = found.map_or_else(|| "nothing".to_owned(), |found| masked_value(de, found));
    Check::new(format!("DE{de}"), values.join(" or "), found, passed)
}

fn shown_tag(answer: &Builder, found: Option<String>) -> String {
    match (found, answer.get(48)) {
        (Some(value), _) => masked_value(48, &value),
        (None, None) => "no DE48".to_owned(),
        (None, Some(text)) if tagged::parse(text).is_err() => "a DE48 that is no tagged data".to_owned(),
        (None, Some(_)) => "nothing".to_owned(),
    }
}

fn same_result(answer: &Builder, label: &str, memory: &impl Memory) -> Vec<Check> {
    let expected = format!("the same as in the answer to \"{label}\"");
    let Some(first) = memory.answer(label) else {
        return vec![Check::failed("DE39", expected, "that this answer never came")];
    };
    let same = |de: u8| {
        let passed = first.get(de) == answer.get(de);
        let found = match answer.get(de) {
            _ if passed => "it".to_owned(),
            Some(value) => format!("another value ({})", masked_value(de, value)),
            None => "nothing".to_owned(),
        };
        Check::new(format!("DE{de}"), expected.clone(), found, passed)
    };
    let of_totals = RESULT_OF_TOTALS.into_iter().chain(totals::ELEMENTS);
    match answer.mti().class() {
        5 => of_totals.map(same).collect(),
        _ => RESULT.into_iter().map(same).collect(),
    }
}

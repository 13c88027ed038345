//! What a bank stated of its window beside what we counted then.

use std::collections::BTreeMap;

use domain::Currency;
use domain::reconciliation::{
    Break, BreakClass, Comparison, Item, Reason, Rung, Source, Unit, Whose, compare as compare_items,
};
use jiff::Span;
use store::reconciliation::{StatedTotals, stated_totals};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, is_there, money, of_file, plain};

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    let from = desk.from();
    // The window before the first one may say what that one is.
    let before = from.checked_sub(Span::new().days(WINDOWS_BEFORE)).unwrap_or(from);
    let windows = stated_totals(desk.pool, (before, desk.today())).await?;
    let differences: Vec<Differences> =
        windows.iter().map(|window| differences(&sides(window), window)).collect();
    let carried = carried(&windows, &differences);
    for (place, window) in windows.iter().enumerate().filter(|(_, window)| window.date >= from) {
        let is_carried = carried.get(place).copied().unwrap_or(false);
        of_window(desk, window, (&windows, is_carried)).await?;
    }
    Ok(())
}

/// Windows that are older are not looked at, not even beside later ones.
const WINDOWS_BEFORE: i32 = 31;

/// What the bank states more than we counted, by element.
type Differences = BTreeMap<String, i64>;

/// Counted, and stated.
type Sides = (Vec<Item>, Vec<Item>);

fn unit(window: &StatedTotals) -> Unit {
    window.currency.map_or(Unit::Nothing, |currency| money(currency.0))
}

fn sides(window: &StatedTotals) -> Sides {
    let (currency, counted) = (unit(window), window.counted.as_str());
    let stated = items(window.stated.as_deref().unwrap_or_default(), counted, currency, window);
    let ours = items(counted, counted, currency, window);
    // What the bank does not state is not compared.
    let is_stated = |item: &Item| stated.iter().any(|other| other.subject == item.subject);
    (ours.into_iter().filter(is_stated).collect(), stated)
}

fn differences((counted, stated): &Sides, window: &StatedTotals) -> Differences {
    if window.stated.is_none() {
        return Differences::new();
    }
    let ours: BTreeMap<&str, i64> = counted.iter().map(|item| (item.subject.as_str(), item.amount)).collect();
    let apart = |item: &Item| {
        let ours = ours.get(item.subject.as_str())?;
        let apart = item.amount.checked_sub(*ours)?;
        (apart != 0).then(|| (item.subject.clone(), apart))
    };
    stated.iter().filter_map(apart).collect()
}

/// Windows whose differences the next one of the same bank and currency has the other way round, each with its next: the
/// bank counted the same messages in the window behind ours.
fn carried(windows: &[StatedTotals], differences: &[Differences]) -> Vec<bool> {
    let mut carried = vec![false; windows.len()];
    let mut last: BTreeMap<(i32, Option<Currency>), usize> = BTreeMap::new();
    for (place, (window, differs)) in windows.iter().zip(differences).enumerate() {
        if window.stated.is_none() {
            continue;
        }
        let turned: Differences =
            differs.iter().map(|(name, amount)| (name.clone(), amount.saturating_neg())).collect();
        let before = last.insert((window.bank.0, window.currency), place);
        let Some(before) = before.filter(|before| carried.get(*before) == Some(&false)) else { continue };
        if !turned.is_empty() && differences.get(before) == Some(&turned) {
            for place in [before, place] {
                carried.get_mut(place).into_iter().for_each(|is_carried| *is_carried = true);
            }
        }
    }
    carried
}

async fn of_window(
    desk: &mut Desk<'_>,
    window: &StatedTotals,
    (windows, is_carried): (&[StatedTotals], bool),
) -> Result<(), ReconcileError> {
    let name = format!("{}:{}:{}", window.bank_code, window.date, unit(window).name());
    let of = Whose { bank: Some(window.bank), ..Whose::default() };
    let scope = Scope { source: Source::BankTotals, name, of, date: window.date };
    let Some(stated) = &window.stated else { return nothing(desk, &scope, window, windows).await };
    came(desk, &scope, window).await?;
    if window.counted.is_empty() {
        let problem = format!("no totals to compare with: {}", window.reason);
        return Ok(desk.cannot_read(&scope, &problem).await?);
    }
    let currency = in_other_currency(window, windows);
    let mut inputs = Inputs::new();
    inputs.add(stated);
    inputs.add(&window.counted);
    inputs.add(format!("{currency:?} {is_carried}"));
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let found = match currency {
        Some(InOther::Meant(meant)) => meant_another(window, &scope, meant),
        Some(InOther::Corrected) => Comparison {
            matches: vec![is_there(Rung::Element, format!("{}:{}", window.bank_code, window.date))],
            ..Comparison::default()
        },
        None => {
            let rules = desk.settings.rules(Source::BankTotals, &[Rung::Element]);
            let (counted, stated) = sides(window);
            let mut found = compare_items(&counted, &stated, &rules);
            if is_carried {
                found.breaks.iter_mut().for_each(in_next_window);
            }
            found
        }
    };
    Ok(desk.keep(&scope, hash, &found, "").await?)
}

fn in_next_window(found: &mut Break) {
    (found.class, found.reason, found.unit) =
        (BreakClass::CarriedForward, Reason::StandsLater, Unit::Nothing);
    (found.ours, found.theirs, found.difference) = (None, None, 0);
}

/// Of a window that holds nothing in the currency of its totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InOther {
    /// It holds messages in this one, which the bank states otherwise, and of this window did not.
    Meant(Currency),
    /// The bank stated the window in its own currency afterwards.
    Corrected,
}

fn in_other_currency(window: &StatedTotals, windows: &[StatedTotals]) -> Option<InOther> {
    let stated = window.stated.as_deref()?;
    if window.others.is_empty() || !says_something(stated) {
        return None;
    }
    let of = |other: &Currency| -> Option<&StatedTotals> {
        let same = |found: &&StatedTotals| (found.bank, found.date) == (window.bank, window.date);
        windows.iter().filter(same).find(|found| found.currency == Some(*other) && found.stated.is_some())
    };
    let is_agreed = |other: &&Currency| {
        windows.iter().any(|found| {
            let is_of_it = (found.bank, found.currency) == (window.bank, Some(**other));
            is_of_it && found.stated.is_some() && says_something(&found.counted)
        })
    };
    match window.others.iter().filter(is_agreed).find(|other| of(other).is_none()) {
        Some(meant) => Some(InOther::Meant(*meant)),
        None => {
            let later = window.others.iter().filter_map(of).any(|found| found.at > window.at);
            later.then_some(InOther::Corrected)
        }
    }
}

/// Whether one of the elements is not zero.
fn says_something(elements: &str) -> bool {
    let values = elements.split('|').filter_map(|part| part.split_once('='));
    values.into_iter().any(|(_, value)| value.bytes().any(|byte| (b'1'..=b'9').contains(&byte)))
}

fn meant_another(window: &StatedTotals, scope: &Scope, meant: Currency) -> Comparison {
    let (ours, theirs) = (money(meant.0), unit(window));
    let kind = (BreakClass::Currency, Reason::CurrenciesDiffer);
    let fields =
        [("unit", ours.name(), theirs.name()), ("totals", "", window.stated.as_deref().unwrap_or(""))];
    let subject = format!("{}:{}", window.bank_code, window.date);
    let found = of_file(kind, subject, (scope.date, scope.of), &fields);
    Comparison { breaks: vec![found], ..Comparison::default() }
}

/// Totals came of a window of which nothing at all had come.
async fn came(desk: &mut Desk<'_>, scope: &Scope, window: &StatedTotals) -> Result<(), ReconcileError> {
    let whole = format!("{}:{}:", window.bank_code, window.date);
    if whole != scope.name && desk.knows(scope.source, &whole) {
        desk.can_be_read(&Scope { name: whole, ..scope.clone() }).await?;
    }
    Ok(())
}

/// A window that is over and of which nothing was stated.
async fn nothing(
    desk: &mut Desk<'_>,
    scope: &Scope,
    window: &StatedTotals,
    windows: &[StatedTotals],
) -> Result<(), ReconcileError> {
    let is_due = desk.settings.is_over(Source::BankTotals, window.at, desk.as_of);
    // The bank did state it, in another currency: that is one break, and not two.
    let is_same = |other: &&StatedTotals| (other.bank, other.date) == (window.bank, window.date);
    let others = windows.iter().filter(is_same);
    let is_meant = others
        .filter_map(|other| in_other_currency(other, windows))
        .any(|other| matches!(other, InOther::Meant(meant) if Some(meant) == window.currency));
    let mut inputs = Inputs::new();
    inputs.add(format!("nothing {is_due} {is_meant}"));
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let mut found = Comparison::default();
    let subject = format!("{}:{}", window.bank_code, window.date);
    match (is_meant, is_due) {
        (true, _) => {}
        (false, true) => {
            let kind = (BreakClass::Missing, Reason::NothingCame);
            let closed = window.at.to_string();
            found.breaks.push(of_file(kind, subject, (scope.date, scope.of), &[("closed_at", &closed, "")]));
        }
        (false, false) => found.expected.push(subject),
    }
    Ok(desk.keep(scope, hash, &found, "").await?)
}

/// The elements of totals. Amounts are elements 86 to 89 and 97, which has a sign before it; 82 to 85 are fees if they have
/// twelve digits; all others are numbers.
fn items(text: &str, counted: &str, currency: Unit, window: &StatedTotals) -> Vec<Item> {
    let known = |name: &str| counted.split('|').any(|part| part.split('=').next() == Some(name));
    let item = |part: &str| {
        let (name, value) = part.split_once('=')?;
        if !known(name) {
            return None;
        }
        let number: u8 = name.strip_prefix("DE")?.parse().ok()?;
        let is_fee = (82..=85).contains(&number) && value.len() == 12;
        let unit = match number {
            86..=89 | 97 | 105 | 106 => currency,
            _ if is_fee => currency,
            _ => Unit::Nothing,
        };
        let sign = if value.starts_with(['C', 'c']) { -1 } else { 1 };
        let digits = value.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let amount = digits.trim().parse::<i64>().ok()?.checked_mul(sign)?;
        let mut item = plain(name.to_owned(), name.to_owned(), (unit, amount), window.date);
        item.identifiers.push((Rung::Element, name.to_owned()));
        item.parts.means = Some(if is_fee { BreakClass::Fee } else { BreakClass::Totals });
        Some(item)
    };
    text.split('|').filter_map(item).collect()
}

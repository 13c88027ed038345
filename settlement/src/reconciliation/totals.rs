//! What a bank stated of its window beside what we counted then.

use domain::reconciliation::{BreakClass, Comparison, Item, Reason, Rung, Source, Unit, Whose};
use store::reconciliation::{StatedTotals, stated_totals};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, money, of_file, plain};

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for window in stated_totals(desk.pool, desk.from()).await? {
        of_window(desk, &window).await?;
    }
    Ok(())
}

async fn of_window(desk: &mut Desk<'_>, window: &StatedTotals) -> Result<(), ReconcileError> {
    let currency = window.currency.map_or(Unit::Nothing, |currency| money(currency.0));
    let name = format!("{}:{}:{}", window.bank_code, window.date, currency.name());
    let of = Whose { bank: Some(window.bank), ..Whose::default() };
    let scope = Scope { source: Source::BankTotals, name, of, date: window.date };
    let Some(stated) = &window.stated else { return nothing(desk, &scope, window).await };
    if window.counted.is_empty() {
        let problem = format!("no totals to compare with: {}", window.reason);
        return Ok(desk.cannot_read(&scope, &problem).await?);
    }
    let mut inputs = Inputs::new();
    inputs.add(stated);
    inputs.add(&window.counted);
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let stated = items(stated, &window.counted, currency, window);
    let counted = items(&window.counted, &window.counted, currency, window);
    // What the bank does not state is not compared.
    let counted: Vec<Item> =
        counted.into_iter().filter(|item| stated.iter().any(|other| other.subject == item.subject)).collect();
    let rules = desk.settings.rules(Source::BankTotals, &[Rung::Element]);
    Ok(desk.compare(&scope, hash, (&counted, &stated, &rules), Comparison::default()).await?)
}

/// A window that was closed and of which nothing was stated.
async fn nothing(desk: &mut Desk<'_>, scope: &Scope, window: &StatedTotals) -> Result<(), ReconcileError> {
    let is_due = desk.settings.is_over(Source::BankTotals, window.at, desk.as_of);
    let mut inputs = Inputs::new();
    inputs.add(format!("nothing {is_due}"));
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let mut found = Comparison::default();
    let subject = format!("{}:{}", window.bank_code, window.date);
    match is_due {
        true => {
            let kind = (BreakClass::Missing, Reason::NothingCame);
            let closed = window.at.to_string();
            found.breaks.push(of_file(kind, subject, (scope.date, scope.of), &[("closed_at", &closed, "")]));
        }
        false => found.expected.push(subject),
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

//! A bank's clearing records beside what was asked for by the link, a day of purchases after another.

mod sides;

use std::collections::{BTreeMap, BTreeSet};

use domain::BankId;
use domain::reconciliation::{Comparison, Rung, Source, Whose};
use jiff::{civil::Date, tz::TimeZone};
use store::reconciliation::{ClearedDay, ClearingRow, banks_that_clear, cleared_days, clearing_rows};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope};
use sides::sides;

const LADDER: [Rung; 6] = [
    Rung::ClearingIdentity,
    Rung::Arn,
    // The purchase to which the books have put both, where nothing else says it.
    Rung::OurReference,
    Rung::RetrievalAndAcceptor,
    Rung::RetrievalTerminalAmountDate,
    Rung::ApprovalAmountDate,
];

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for (bank, code) in banks_that_clear(desk.pool).await? {
        of_bank(desk, bank, &code).await?;
    }
    Ok(())
}

/// A day of purchases that is compared now.
struct Day {
    scope: Scope,
    hash: [u8; 32],
    is_online: bool,
    is_due: bool,
}

async fn of_bank(desk: &mut Desk<'_>, bank: BankId, code: &str) -> Result<(), ReconcileError> {
    let (pool, from) = (desk.pool, desk.from());
    let mut days = cleared_days(pool, bank, from).await?;
    // A bank that clears online sends presentments by file, too, or does not: then there is nothing to compare.
    let has_beside = days.iter().any(|day| day.is_online && day.has_records_beside);
    days.retain(|day| has_beside || !day.is_online);
    of_nothing(desk, (bank, code), &days).await?;
    let days: BTreeMap<Date, Day> =
        days.into_iter().filter_map(|day| changed(desk, (bank, code), day)).collect();
    if days.is_empty() {
        return Ok(());
    }
    let dates: Vec<Date> = days.keys().copied().collect();
    let mut rows: Vec<ClearingRow> = Vec::new();
    let mut found = clearing_rows(pool, (bank, from), &dates).await?;
    while let Some(row) = found.next().await? {
        if rows.last().is_some_and(|last| last.date != row.date) {
            compare_day(desk, &days, std::mem::take(&mut rows)).await?;
        }
        rows.push(row);
    }
    Ok(compare_day(desk, &days, rows).await?)
}

/// Days that were compared once and have nothing to compare any more: all that was of them is of another day.
async fn of_nothing(
    desk: &mut Desk<'_>,
    (bank, code): (BankId, &str),
    days: &[ClearedDay],
) -> Result<(), ReconcileError> {
    let (mut date, last) = (desk.from(), desk.as_of.to_zoned(TimeZone::UTC).date());
    while date <= last {
        let scope = scope((bank, code), date);
        if !days.iter().any(|day| day.date == date) && desk.knows(scope.source, &scope.name) {
            let mut inputs = Inputs::new();
            inputs.add("nothing");
            let hash = inputs.hash();
            if !desk.has(scope.source, &scope.name, &hash) {
                desk.keep(&scope, hash, &Comparison::default(), "").await?;
            }
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    Ok(())
}

fn scope((bank, code): (BankId, &str), date: Date) -> Scope {
    let of = Whose { bank: Some(bank), ..Whose::default() };
    Scope { source: Source::BankClearing, name: format!("{code}:{date}"), of, date }
}

/// A day, if it is not as it was when it was last compared.
fn changed(desk: &Desk<'_>, of: (BankId, &str), day: ClearedDay) -> Option<(Date, Day)> {
    let is_due = desk.settings.is_due(Source::BankClearing, day.date, desk.as_of);
    let mut inputs = Inputs::new();
    inputs.add(&day.messages);
    inputs.add(is_due.to_string());
    // How the days are told apart; another number has all compared again.
    inputs.add("2");
    let (hash, scope) = (inputs.hash(), scope(of, day.date));
    if desk.has(Source::BankClearing, &scope.name, &hash) {
        return None;
    }
    Some((day.date, Day { scope, hash, is_online: day.is_online, is_due }))
}

async fn compare_day(
    desk: &mut Desk<'_>,
    days: &BTreeMap<Date, Day>,
    rows: Vec<ClearingRow>,
) -> Result<(), store::StoreError> {
    let Some(day) = rows.first().and_then(|row| days.get(&row.date)) else { return Ok(()) };
    let (ours, theirs) = sides(&rows, day.is_online, day.is_due);
    let rules = desk.settings.rules(Source::BankClearing, &LADDER);
    let mut scope = day.scope.clone();
    // A bank of one program: then all of it is that program's.
    let programs: BTreeSet<_> = rows.iter().filter_map(|row| row.of.program).collect();
    scope.of.program = programs.first().copied().filter(|_| programs.len() == 1);
    desk.compare(&scope, day.hash, (&ours, &theirs, &rules), Comparison::default()).await
}

//! A bank's clearing records beside what was asked for by the link, a day of purchases after another.

use std::collections::{BTreeMap, BTreeSet};

use domain::BankId;
use domain::reconciliation::{Comparison, Item, Rung, Source, Unit, Whose};
use jiff::civil::Date;
use store::reconciliation::{ClearedDay, ClearingRow, banks_that_clear, cleared_days, clearing_rows};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, money, plain};

const LADDER: [Rung; 5] = [
    Rung::ClearingIdentity,
    Rung::Arn,
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
    let days = cleared_days(pool, bank, from).await?;
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

/// A day, if it is not as it was when it was last compared.
fn changed(desk: &Desk<'_>, (bank, code): (BankId, &str), day: ClearedDay) -> Option<(Date, Day)> {
    // A bank that clears online sends presentments by file, too, or does not: then there is nothing to compare.
    if day.is_online && !day.has_records {
        return None;
    }
    let is_due = desk.settings.is_due(Source::BankClearing, day.date, desk.as_of);
    let mut inputs = Inputs::new();
    inputs.add(&day.messages);
    inputs.add(is_due.to_string());
    let (hash, name) = (inputs.hash(), format!("{code}:{}", day.date));
    if desk.has(Source::BankClearing, &name, &hash) {
        return None;
    }
    let of = Whose { bank: Some(bank), ..Whose::default() };
    let scope = Scope { source: Source::BankClearing, name, of, date: day.date };
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

/// By what a purchase is known at the link and in files.
type Key<'r> = (&'r str, &'r str, &'r str);

fn key(row: &ClearingRow) -> Option<Key<'_>> {
    let acquirer = row.acquirer.trim().trim_start_matches('0');
    (!row.retrieval.trim().is_empty()).then(|| (acquirer, row.retrieval.trim(), row.card_acceptor.trim()))
}

fn field<'c>(content: &'c str, name: &str) -> Option<&'c str> {
    content.split('|').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// What was asked for, and what was presented.
fn sides(rows: &[ClearingRow], is_online: bool, is_due: bool) -> (Vec<Item>, Vec<Item>) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut reversed: BTreeMap<Key<'_>, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.mti.starts_with("04")) {
        let left = field(&row.content, "DE95").and_then(|text| text.get(..12)?.parse().ok()).unwrap_or(0);
        if let Some(key) = key(row) {
            *reversed.entry(key).or_default() += row.amount_minor.saturating_sub(left);
        }
    }
    let begin = if is_online { "02" } else { "01" };
    for row in rows.iter().filter(|row| row.mti.starts_with(begin) && is_approved(row)) {
        let mut item = asked(row, is_due);
        if let Some(undone) = key(row).and_then(|key| reversed.get_mut(&key)) {
            let taken = (*undone).min(item.amount);
            (*undone, item.amount) = (*undone - taken, item.amount - taken);
        }
        if item.amount > 0 {
            ours.push(item);
        }
    }
    let asked_for: BTreeSet<Key<'_>> =
        rows.iter().filter(|row| row.mti.starts_with(begin)).filter_map(key).collect();
    let mut records: Vec<&ClearingRow> = rows.iter().filter(|row| row.mti == "file").collect();
    for undone in rows.iter().filter(|row| row.mti == "file-reversal") {
        let same = |row: &&ClearingRow| row.arn == undone.arn && row.amount_minor == undone.amount_minor;
        if let Some(place) = records.iter().rposition(same) {
            let row = records.remove(place);
            let of_it =
                |item: &&mut Item| item.identifier(Rung::RetrievalAndAcceptor) == retrieval(row).as_deref();
            ours.iter_mut().filter(of_it).for_each(|item| item.due = false);
        }
    }
    let mut refunds = BTreeSet::new();
    for row in records {
        let item = presented(row);
        let is_first_refund = is_refund(row) && refunds.insert((row.arn.as_str(), row.amount_minor));
        // Nobody asks for a refund, nor below the floor limit: that it is booked is all there is to compare.
        let without_asking = !is_refund(row)
            && row.approval.trim().is_empty()
            && key(row).is_none_or(|key| !asked_for.contains(&key));
        if is_first_refund || without_asking {
            ours.push(Item { date: item.date, ..item.clone() });
        }
        theirs.push(item);
    }
    (ours, theirs)
}

fn is_refund(row: &ClearingRow) -> bool {
    field(&row.content, "kind") == Some("refund")
}

/// An advice that the issuer declined counts nowhere.
fn is_approved(row: &ClearingRow) -> bool {
    let is_advice = row.mti.get(2..3) == Some("2");
    let Some(code) = field(&row.content, "DE39").map(str::trim).filter(|_| is_advice) else { return true };
    match code.len() {
        0 => true,
        3 => code.starts_with('0'),
        _ => matches!(code, "00" | "08" | "10" | "11" | "16"),
    }
}

fn item(row: &ClearingRow, subject: String, money: (Unit, i64), date: Date) -> Item {
    let mut item = plain(row.transaction.key.to_string(), subject, money, date);
    (item.of, item.transaction) = (row.of, Some(row.transaction));
    item
}

fn retrieval(row: &ClearingRow) -> Option<String> {
    key(row).map(|(acquirer, retrieval, acceptor)| format!("{acquirer}/{retrieval}/{acceptor}"))
}

/// The identifiers below the acquirer reference number.
fn weaker(row: &ClearingRow, amount: i64) -> Vec<(Rung, String)> {
    let mut all = Vec::new();
    let date = row.date;
    all.extend(retrieval(row).map(|text| (Rung::RetrievalAndAcceptor, text)));
    if let (Some((_, retrieval, _)), false) = (key(row), row.terminal.trim().is_empty()) {
        let text = format!("{retrieval}/{}/{amount}/{date}", row.terminal.trim());
        all.push((Rung::RetrievalTerminalAmountDate, text));
    }
    if !row.approval.trim().is_empty() {
        let text = format!("{}/{}/{amount}/{date}", row.approval.trim(), row.last4);
        all.push((Rung::ApprovalAmountDate, text));
    }
    all
}

/// What was asked for by the link: with what the reply leaves to be paid, as it is billed.
fn asked(row: &ClearingRow, is_due: bool) -> Item {
    let paid = row.remains_minor.unwrap_or(row.amount_minor);
    let own = money(row.currency.0);
    let billed = field(&row.content, "DE6").and_then(|text| text.trim().parse::<i64>().ok());
    let billed_in = field(&row.content, "DE51").and_then(|text| text.trim().parse::<u16>().ok()).map(money);
    let billed_in = billed_in.or(row.billed_in.map(|currency| money(currency.0)));
    let (unit, amount) = match (billed, billed_in) {
        (Some(billed), Some(unit)) if unit != own => (unit, billed),
        _ => (own, paid),
    };
    let subject =
        key(row).map_or_else(|| row.transaction.key.to_string(), |(_, retrieval, _)| retrieval.to_owned());
    let mut item = item(row, subject, (unit, amount), row.date);
    item.parts.original = Some((own, paid));
    item.due = is_due;
    if !row.arn.trim().is_empty() {
        item.identifiers.push((Rung::Arn, row.arn.trim().to_owned()));
    }
    item.identifiers.extend(weaker(row, paid));
    item
}

/// What is presented by a record.
fn presented(row: &ClearingRow) -> Item {
    let sign = if is_refund(row) { -1 } else { 1 };
    let own = money(row.currency.0);
    let billed = field(&row.content, "billing").and_then(|text| text.parse::<i64>().ok());
    let (unit, amount) = match (billed, row.billed_in) {
        (Some(billed), Some(currency)) => (money(currency.0), billed),
        _ => (own, row.amount_minor),
    };
    let arn = row.arn.trim();
    let subject = match (arn.is_empty(), key(row)) {
        (false, _) => arn.to_owned(),
        (true, Some((_, retrieval, _))) => retrieval.to_owned(),
        (true, None) => row.transaction.key.to_string(),
    };
    let mut item = item(row, subject.clone(), (unit, sign * amount), row.came);
    item.parts.original = Some((own, sign * row.amount_minor));
    if is_refund(row) {
        // Its retrieval reference is that of the purchase, which it is not.
        item.identifiers.push((Rung::ClearingIdentity, format!("refund/{subject}/{}", row.amount_minor)));
        return item;
    }
    if !arn.is_empty() {
        item.identifiers.push((Rung::Arn, arn.to_owned()));
    }
    item.identifiers.extend(weaker(row, row.amount_minor));
    item
}

//! What is to be paid for each partner, currency and cycle beside what a bank's statement says was paid.

use std::collections::BTreeMap;

use domain::reconciliation::{Comparison, Item, Rung, Source, Unit, Whose};
use domain::{BankId, StatementLine, hide_card_numbers, named_id};
use jiff::{Span, civil::Date};
use store::reconciliation::{BankStatementLine, DuePayment, bank_statement_lines, due_payments};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, money, plain};
use crate::ProgramSetup;

/// Something may be paid before its day.
const LINES_BEFORE: i32 = 31;
/// What is paid so late still names its payment.
const PAYMENTS_BEFORE: i32 = 400;

fn days_before(date: Date, days: i32) -> Date {
    date.checked_sub(Span::new().days(days)).unwrap_or(Date::MIN)
}

/// What is compared at once.
#[derive(Default)]
struct Month {
    ours: Vec<Item>,
    theirs: Vec<Item>,
}

pub(super) async fn compare(desk: &mut Desk<'_>, setups: &[&ProgramSetup]) -> Result<(), ReconcileError> {
    // A month is compared with all of its inputs or not at all: nothing is cured, or new, because it grew old.
    let first = desk.from().first_of_month();
    let lines = bank_statement_lines(desk.pool, days_before(first, LINES_BEFORE)).await?;
    if lines.is_empty() {
        return Ok(());
    }
    let payments = due_payments(desk.pool, days_before(first, PAYMENTS_BEFORE)).await?;
    let banks: BTreeMap<BankId, String> =
        payments.iter().map(|payment| (payment.bank, payment.bank_code.clone())).collect();
    for (bank, code) in banks {
        let lines: Vec<BankStatementLine> = lines.iter().filter(|line| line.bank == bank).cloned().collect();
        let of_bank: Vec<DuePayment> =
            payments.iter().filter(|payment| payment.bank == bank).cloned().collect();
        if !lines.is_empty() {
            let months = months(desk, &of_bank, &lines, setups).into_iter();
            for (month, sides) in months.filter(|(month, _)| *month >= first) {
                of_month(desk, (bank, &code), month, sides).await?;
            }
        }
    }
    Ok(())
}

/// Both sides, by the month of their cycles.
fn months(
    desk: &Desk<'_>,
    payments: &[DuePayment],
    lines: &[BankStatementLine],
    setups: &[&ProgramSetup],
) -> BTreeMap<Date, Month> {
    let until = lines.iter().map(|line| line.until).max().unwrap_or(Date::MIN);
    let mut months: BTreeMap<Date, Month> = BTreeMap::new();
    let mut payouts: BTreeMap<String, &DuePayment> = BTreeMap::new();
    for payment in payments {
        let item = owed(desk, payment, until, setups);
        payouts.insert(item.subject.clone(), payment);
        months.entry(payment.business_date.first_of_month()).or_default().ours.push(item);
    }
    for line in lines {
        let (month, item) = paid(line, &payouts);
        months.entry(month).or_default().theirs.push(item);
    }
    months
}

async fn of_month(
    desk: &mut Desk<'_>,
    (bank, code): (BankId, &str),
    month: Date,
    Month { ours, theirs }: Month,
) -> Result<(), ReconcileError> {
    let mut inputs = Inputs::new();
    for item in ours.iter().chain(&theirs) {
        inputs.add(format!("{item:?}"));
    }
    let (hash, name) = (inputs.hash(), format!("{code}:{month}"));
    if desk.has(Source::BankStatement, &name, &hash) {
        return Ok(());
    }
    let of = Whose { bank: Some(bank), ..Whose::default() };
    let scope = Scope { source: Source::BankStatement, name, of, date: month };
    let rules = desk.rules(&scope, &[Rung::FileId]);
    Ok(desk.compare(&scope, hash, (&ours, &theirs, &rules), Comparison::default()).await?)
}

/// A payment as an item: due when its day is over and a statement reaches beyond it.
fn owed(desk: &Desk<'_>, payment: &DuePayment, until: Date, setups: &[&ProgramSetup]) -> Item {
    let unit = money(payment.currency.0);
    let payout = format!("{}-{}", payment.payout, unit.name());
    let date = paid_on(payment, setups).unwrap_or(payment.business_date);
    let mut item = plain(payout.clone(), payout.clone(), (unit, payment.to_pay_minor), date);
    item.identifiers.push((Rung::FileId, payout));
    item.direction = Some(payment.direction);
    item.due = until > date && desk.settings.is_due(Source::BankStatement, date, desk.as_of);
    item.of = payment.of;
    item
}

/// When it is to be paid, by the terms of its day.
fn paid_on(payment: &DuePayment, setups: &[&ProgramSetup]) -> Option<Date> {
    let setup = setups.iter().find(|setup| Some(setup.id) == payment.of.program)?;
    let mut terms = setup.terms_on(payment.business_date);
    let terms = terms.find(|terms| (terms.partner, terms.currency) == (payment.partner, payment.currency))?;
    setup.payment_date(terms, payment.business_date).ok()
}

/// A line of a statement, in the direction of what it names, with the month to which that belongs.
fn paid(line: &BankStatementLine, payouts: &BTreeMap<String, &DuePayment>) -> (Date, Item) {
    let BankStatementLine { statement, place, line, .. } = line;
    let named = named_id(line, |word| payouts.contains_key(word)).map(str::to_owned);
    let payment = named.as_ref().and_then(|payout| payouts.get(payout));
    let StatementLine { reference, amount_minor, currency, direction, date, .. } = line;
    let unit = Unit::parse(currency).unwrap_or(Unit::Nothing);
    let turned = payment.is_some_and(|payment| payment.direction != *direction);
    let amount = if turned { amount_minor.saturating_neg() } else { *amount_minor };
    let own = hide_card_numbers(reference);
    let own = if own.trim().is_empty() { format!("{statement}/{place}") } else { own };
    let subject = named.clone().unwrap_or(own);
    let mut item = plain(format!("{statement}/{place}"), subject, (unit, amount), *date);
    item.identifiers.extend(named.map(|payout| (Rung::FileId, payout)));
    item.direction = Some(*direction);
    item.of = payment.map_or(Whose::default(), |payment| payment.of);
    (payment.map_or(*date, |payment| payment.business_date).first_of_month(), item)
}

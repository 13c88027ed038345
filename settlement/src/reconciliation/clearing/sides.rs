//! The two sides of a day of purchases: what was asked for, as far as the books know it, and what was presented.

use std::collections::{BTreeMap, BTreeSet};

use domain::reconciliation::{Item, Rung, Unit};
use domain::{Bucket, ClearingSource, EventKind, MessageKey, OriginalRef, Rounding, mul_div};
use jiff::civil::Date;
use store::reconciliation::ClearingRow;

use crate::reconciliation::desk::{money, plain};

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
pub(super) fn sides(rows: &[ClearingRow], is_online: bool, is_due: bool) -> (Vec<Item>, Vec<Item>) {
    let sales = Sales::of(rows, is_online);
    let mut ours = asked_for(rows, &sales, (is_online, is_due));
    let (records, taken_back) = records(rows);
    for row in taken_back {
        let sale = sales.sale(row);
        ours.iter_mut().filter(|(of, _)| *of == sale).for_each(|(_, item)| item.due = false);
    }
    let mut theirs: Vec<(Sale<'_>, Item)> =
        records.iter().map(|row| (sales.sale(row), presented(row))).collect();
    name_by_books(&mut ours, &mut theirs);
    let mut ours: Vec<Item> = ours.into_iter().map(|(_, item)| item).collect();
    let theirs: Vec<Item> = theirs.into_iter().map(|(_, item)| item).collect();
    // Nobody asks for a refund, nor below the floor limit: that it is booked, and once, is all there is to compare.
    let mut seen = BTreeSet::new();
    for (row, item) in records.iter().zip(&theirs) {
        let without_asking = row.approval.trim().is_empty() && !sales.asked.contains(&sales.sale(row));
        if (is_refund(row) || without_asking) && seen.insert((is_refund(row), name(row), row.amount_minor)) {
            ours.push(item.clone());
        }
    }
    (ours, theirs)
}

/// The purchase of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sale<'r> {
    /// The one to which the books have put it.
    Booked(MessageKey),
    /// What has the same references.
    Known(Key<'r>),
    /// It has none, or is a thing of its own.
    Alone(Bucket, MessageKey),
}

/// The purchases of a day.
#[derive(Default)]
struct Sales<'r> {
    /// The messages that ask for them.
    asking: Vec<&'r ClearingRow>,
    /// What any message has asked for, also in vain.
    asked: BTreeSet<Sale<'r>>,
    by_key: BTreeMap<Key<'r>, MessageKey>,
    by_arn: BTreeMap<&'r str, MessageKey>,
}

impl<'r> Sales<'r> {
    fn of(rows: &'r [ClearingRow], is_online: bool) -> Self {
        let mut sales = Self::default();
        // What was presented under other references is of its purchase all the same, and so is what asks.
        for is_asking in [false, true] {
            let of = |row: &&ClearingRow| role(row, is_online).is_some() == is_asking && !is_refund(row);
            for (row, purchase) in rows.iter().filter(of).filter_map(|row| Some((row, row.purchase?))) {
                sales.by_key.extend(key(row).map(|key| (key, purchase)));
                sales
                    .by_arn
                    .extend(Some(row.arn.trim()).filter(|arn| !arn.is_empty()).map(|arn| (arn, purchase)));
            }
        }
        for wanted in [Role::Asks, Role::Tells] {
            let of = |row: &&ClearingRow| role(row, is_online) == Some(wanted) && !is_refund(row);
            // Who only tells says nothing of what was asked for.
            let new = |row: &&ClearingRow| wanted == Role::Asks || !sales.asked.contains(&sales.sale(row));
            let some: Vec<&ClearingRow> = rows.iter().filter(of).filter(new).collect();
            let asked: Vec<Sale<'r>> = some.iter().map(|row| sales.sale(row)).collect();
            sales.asking.extend(some);
            sales.asked.extend(asked);
        }
        sales
    }

    fn sale(&self, row: &'r ClearingRow) -> Sale<'r> {
        let alone = Sale::Alone(row.transaction.bucket, row.transaction.key);
        if is_refund(row) {
            return alone;
        }
        let by_arn = || self.by_arn.get(row.arn.trim());
        let known = || key(row).and_then(|key| self.by_key.get(&key)).or_else(by_arn).copied();
        match (row.purchase.or_else(known), key(row)) {
            (Some(purchase), _) => Sale::Booked(purchase),
            (None, Some(key)) => Sale::Known(key),
            (None, None) => alone,
        }
    }
}

/// What a message of the link says of what will be presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is expected.
    Asks,
    /// It is expected if nobody asked: an advice of money at a bank that clears by file.
    Tells,
}

/// By what the bank had agreed when the message came, and by what it was to the books.
fn role(row: &ClearingRow, is_online: bool) -> Option<Role> {
    let Some(told) = row.event.as_ref() else { return role_of_before(row, is_online) };
    let by_file = matches!(told.clears_by, None | Some(ClearingSource::File));
    match told.kind {
        _ if row.source != "online" => None,
        EventKind::Authorization { .. } | EventKind::AuthorizationAdvice { .. } => {
            (by_file && !is_online).then_some(Role::Asks)
        }
        EventKind::Clearing { source, .. } if is_online => {
            (told.clears_by == Some(source)).then_some(Role::Asks)
        }
        EventKind::Clearing { .. } => by_file.then_some(Role::Tells),
        _ => None,
    }
}

/// The same of messages that were stored before it was kept.
fn role_of_before(row: &ClearingRow, is_online: bool) -> Option<Role> {
    match (row.mti.get(..2)?, row.mti.get(2..3)?) {
        ("01", _) => (!is_online).then_some(Role::Asks),
        ("02", "2") if !is_online => Some(Role::Tells),
        ("02", _) => Some(Role::Asks),
        _ => None,
    }
}

fn is_refund(row: &ClearingRow) -> bool {
    let kind = field(&row.content, "DE3").map(|code| code.starts_with("20"));
    kind.unwrap_or_else(|| field(&row.content, "kind") == Some("refund"))
}

/// An advice that the issuer declined counts nowhere.
fn is_approved(row: &ClearingRow) -> bool {
    if let Some(told) = &row.event {
        return !matches!(
            told.kind,
            EventKind::AuthorizationAdvice { approved: false } | EventKind::Clearing { approved: false, .. }
        );
    }
    let is_advice = row.mti.get(2..3) == Some("2");
    let Some(code) = field(&row.content, "DE39").map(str::trim).filter(|_| is_advice) else { return true };
    match code.len() {
        0 => true,
        3 => code.starts_with('0'),
        _ => matches!(code, "00" | "08" | "10" | "11" | "16"),
    }
}

/// What is expected to be presented. Presentments of the link are parts; of authorizations each asks for the whole, and
/// the largest counts.
fn asked_for<'r>(
    rows: &'r [ClearingRow],
    sales: &Sales<'r>,
    (is_online, is_due): (bool, bool),
) -> Vec<(Sale<'r>, Item)> {
    let mut undone = Undone::of(rows, sales);
    let mut declined: BTreeMap<Sale<'_>, MessageKey> = BTreeMap::new();
    for row in sales.asking.iter().filter(|row| !is_online && !is_approved(row)) {
        let last = declined.entry(sales.sale(row)).or_insert(row.transaction.key);
        *last = row.transaction.key.max(*last);
    }
    let mut all: Vec<(Sale<'r>, Item)> = Vec::new();
    let mut places: BTreeMap<(Sale<'_>, Unit), usize> = BTreeMap::new();
    for row in sales.asking.iter().filter(|row| is_approved(row)) {
        let sale = sales.sale(row);
        let item = asked(row, undone.left(row), is_due);
        // Declined in the end is what was asked for before.
        if item.amount <= 0 || declined.get(&sale).is_some_and(|last| *last > row.transaction.key) {
            continue;
        }
        let place = *places.entry((sale.clone(), item.unit)).or_insert(all.len());
        match all.get_mut(place).filter(|_| !is_online) {
            Some((_, other)) if other.amount < item.amount => *other = item,
            Some(_) => {}
            None => all.push((sale, item)),
        }
    }
    all
}

/// What reversals have taken back.
struct Undone<'r> {
    /// By the message that is named: what is left of it.
    named: BTreeMap<(Bucket, &'r OriginalRef), u64>,
    /// By the purchase, of reversals that name nothing that came: how much; `None`: all of it.
    unnamed: BTreeMap<Key<'r>, Option<i64>>,
}

impl<'r> Undone<'r> {
    fn of(rows: &'r [ClearingRow], sales: &Sales<'r>) -> Self {
        let came: BTreeSet<(Bucket, &OriginalRef)> =
            sales.asking.iter().map(|row| (row.transaction.bucket, &row.own)).collect();
        let mut undone = Self { named: BTreeMap::new(), unnamed: BTreeMap::new() };
        for row in rows.iter().filter(|row| row.mti.starts_with("04")) {
            let told = row.event.as_ref();
            let names = told.and_then(|told| told.names.as_ref()).map(|own| (row.transaction.bucket, own));
            let remaining = told.and_then(|told| match told.kind {
                EventKind::Reversal { remaining_minor } => Some(remaining_minor),
                _ => None,
            });
            if let (Some(original), Some(remaining)) = (names.filter(|names| came.contains(names)), remaining)
            {
                let left = undone.named.entry(original).or_insert(remaining);
                *left = remaining.min(*left);
            } else if let Some(key) = key(row).filter(|_| row.purchase.is_none() || told.is_none()) {
                undone.take_back(key, row);
            }
        }
        undone
    }

    fn take_back(&mut self, key: Key<'r>, row: &ClearingRow) {
        let left = field(&row.content, "DE95").and_then(|text| text.get(..12)?.parse().ok()).unwrap_or(0);
        let before = self.unnamed.get(&key).copied().unwrap_or(Some(0));
        // One that says no amount takes all back.
        let taken = before.filter(|_| row.amount_minor > 0);
        let taken = taken.map(|taken| taken.saturating_add(row.amount_minor.saturating_sub(left)));
        self.unnamed.insert(key, taken);
    }

    /// What is left of a message, in minor units of its DE4.
    fn left(&mut self, row: &'r ClearingRow) -> i64 {
        let named = self.named.get(&(row.transaction.bucket, &row.own));
        let left = named.and_then(|left| i64::try_from(*left).ok()).unwrap_or(i64::MAX).min(row.amount_minor);
        match key(row).and_then(|key| self.unnamed.get_mut(&key)) {
            Some(Some(undone)) => {
                let taken = left.min(*undone);
                *undone -= taken;
                left - taken
            }
            Some(None) => 0,
            None => left,
        }
    }
}

/// The records that stand, and those that were undone by others.
fn records(rows: &[ClearingRow]) -> (Vec<&ClearingRow>, Vec<&ClearingRow>) {
    let mut records: Vec<&ClearingRow> = rows.iter().filter(|row| row.mti == "file").collect();
    let mut undone = Vec::new();
    for by in rows.iter().filter(|row| row.mti == "file-reversal") {
        let named =
            |row: &&ClearingRow| by.event.as_ref().is_some_and(|told| told.names.as_ref() == Some(&row.own));
        let alike = |row: &&ClearingRow| name(row) == name(by) && row.amount_minor == by.amount_minor;
        let place = records.iter().rposition(named).or_else(|| records.iter().rposition(alike));
        undone.extend(place.map(|place| records.remove(place)));
    }
    (records, undone)
}

/// Where the books have put a record to a purchase that its references do not lead to, that purchase is a name of all that
/// is of it.
fn name_by_books<'r>(ours: &mut [(Sale<'r>, Item)], theirs: &mut [(Sale<'r>, Item)]) {
    let reference = |item: &Item| item.identifier(Rung::RetrievalAndAcceptor).map(str::to_owned);
    let asked: BTreeMap<Sale<'_>, Option<String>> =
        ours.iter().map(|(sale, item)| (sale.clone(), reference(item))).collect();
    let is_led_elsewhere = |sale: &Sale<'_>, item: &Item| {
        asked.get(sale).is_some_and(|own| own.is_none() || *own != reference(item))
    };
    let named: BTreeSet<MessageKey> = theirs
        .iter()
        .filter(|(sale, item)| is_led_elsewhere(sale, item))
        .filter_map(|(sale, _)| match sale {
            Sale::Booked(purchase) => Some(*purchase),
            _ => None,
        })
        .collect();
    for (sale, item) in ours.iter_mut().chain(theirs) {
        if let Sale::Booked(purchase) = sale
            && named.contains(purchase)
        {
            item.identifiers.push((Rung::OurReference, purchase.to_string()));
        }
    }
}

/// By what a record is told from others: the acquirer reference number, else its references, else it is one of its own.
fn name(row: &ClearingRow) -> String {
    let arn = Some(row.arn.trim()).filter(|arn| !arn.is_empty()).map(str::to_owned);
    arn.or_else(|| retrieval(row)).unwrap_or_else(|| row.transaction.key.to_string())
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

/// What was asked for by the link: with what the reply leaves to be paid, as it is billed, of what reversals have left.
fn asked(row: &ClearingRow, left: i64, is_due: bool) -> Item {
    // A reversal takes its share of what is paid, as it does in the books.
    let share = |amount: i64| match (u64::try_from(left), u64::try_from(row.amount_minor)) {
        (Ok(left), Ok(whole)) if left < whole => {
            mul_div(amount, left, whole, Rounding::HalfUp).unwrap_or(amount)
        }
        _ => amount,
    };
    let paid = share(row.remains_minor.unwrap_or(row.amount_minor));
    let own = money(row.currency.0);
    let billed = field(&row.content, "DE6").and_then(|text| text.trim().parse::<i64>().ok());
    let billed_in = field(&row.content, "DE51").and_then(|text| text.trim().parse::<u16>().ok()).map(money);
    let billed_in = billed_in.or(row.billed_in.map(|currency| money(currency.0)));
    let (unit, amount) = match (billed, billed_in) {
        (Some(billed), Some(unit)) if unit != own => (unit, share(billed)),
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
    let mut item = item(row, subject, (unit, sign * amount), row.came);
    item.parts.original = Some((own, sign * row.amount_minor));
    if is_refund(row) {
        // Its retrieval reference is that of the purchase, which it is not.
        let identity = format!("refund/{}/{}", name(row), row.amount_minor);
        item.identifiers.push((Rung::ClearingIdentity, identity));
        return item;
    }
    if !arn.is_empty() {
        item.identifiers.push((Rung::Arn, arn.to_owned()));
    }
    item.identifiers.extend(weaker(row, row.amount_minor));
    item
}

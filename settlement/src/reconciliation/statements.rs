//! Receivers' statements beside the lines of our published files, a file after another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::BufReader,
    path::Path,
};

use domain::MessageKey;
use domain::reconciliation::{
    Break, BreakClass, Comparison, Item, Rung, Source, StatementPeriod, Transaction, Unit, Whose,
    compare as compare_items,
};
use domain::settlement::{Basis, Direction};
use domain::{StatementLine, hide_card_numbers};
use jiff::civil::Date;
use partner_adapters::canonical::{BatchHeader, LineItem, Reader, Record, References};
use store::AnswersFile;
use store::reconciliation::{
    StatedLine, StatementOf, buckets_of, dates_with_lines, lines_naming, lines_naming_nothing, missed_before,
    receiver_of, statements,
};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, plain, read};
use super::settings::is_past;
use crate::answers::path_of;
use crate::booking::aside;

pub(super) async fn compare(desk: &mut Desk<'_>, out: &Path) -> Result<(), ReconcileError> {
    let all = statements(desk.pool, desk.from().first_of_month()).await?;
    for of in &all {
        of_receiver(desk, of, out).await?;
    }
    that_must_come(desk, &all).await
}

/// Statements that a receiver has agreed to send, for each period in which our files have lines for it.
async fn that_must_come(desk: &mut Desk<'_>, all: &[StatementOf]) -> Result<(), ReconcileError> {
    for (receiver, agreed) in &desk.settings.statements {
        let whose = receiver_of(desk.pool, receiver).await?;
        let from = desk.from().first_of_month().max(agreed.since.unwrap_or(Date::MIN));
        let dates = dates_with_lines(desk.pool, receiver, from).await?;
        let of = all.iter().find(|of| of.receiver == *receiver);
        let stated: Vec<(Date, Date)> = of
            .map(|of| of.statements.iter().map(|(_, _, first, last)| (*first, *last)).collect())
            .unwrap_or_default();
        let lacking = agreed.every.without_statement(&dates, &stated);
        let periods: BTreeSet<(Date, Date)> = dates.iter().map(|date| agreed.every.of(*date)).collect();
        for (first, last) in periods {
            let subject = match agreed.every {
                StatementPeriod::Day => format!("{receiver}:{first}"),
                StatementPeriod::Month => format!("{receiver}:{}", first.strftime("%Y-%m")),
            };
            let due = is_past(last, agreed.within_hours, desk.as_of);
            let scope = Scope {
                source: Source::PartnerStatement,
                name: format!("{receiver}:expected:{first}"),
                of: whose,
                date: last,
            };
            let came = !lacking.contains(&(first, last));
            desk.keep_coming(&scope, &subject, (came, due)).await?;
        }
    }
    Ok(())
}

/// A file with what its lines' ids begin with.
struct Named {
    file: AnswersFile,
    names: Vec<String>,
}

async fn of_receiver(desk: &mut Desk<'_>, of: &StatementOf, out: &Path) -> Result<(), ReconcileError> {
    let from = desk.from();
    let files = named(store::receiver_files(desk.pool, &of.receiver).await?);
    let ids: Vec<i64> = of.statements.iter().map(|(id, ..)| *id).collect();
    let all_names: Vec<String> = files.iter().flat_map(|file| file.names.clone()).collect();
    let whose = receiver_of(desk.pool, &of.receiver).await?;
    let (mut by_date, mut others) = (BTreeMap::<Date, Vec<StatedLine>>::new(), Vec::new());
    let news = has_news(desk, of, &files, from);
    let naming_nothing =
        if news { lines_naming_nothing(desk.pool, &ids, &all_names).await? } else { Vec::new() };
    for line in naming_nothing {
        let mut of_date = files.iter().filter(|named| named.file.business_date == line.line.date);
        // Of one file it may be, so it is looked at beside that file's lines.
        match (of_date.next(), of_date.next()) {
            (Some(_), None) if line.named.is_none() => by_date.entry(line.line.date).or_default().push(line),
            _ => others.push(line),
        }
    }
    for named in files.iter().filter(|named| named.file.business_date >= from) {
        let due = desk.settings.due_on(Source::PartnerStatement, named.file.business_date);
        let mut covering = Covering::of(&of.statements, due);
        let beside = by_date.remove(&named.file.business_date).unwrap_or_default();
        of_one_file(desk, (of, whose), named, (&mut covering, beside), out).await?;
    }
    if news { of_nothing(desk, (of, whose), (&files, &others)).await } else { Ok(()) }
}

/// What the lines of a statement that name nothing depend on: its bytes, and which files there are.
fn hashed_other(desk: &Desk<'_>, sha256: &[u8], files: &[Named]) -> [u8; 32] {
    let mut inputs = Inputs::new();
    inputs.add(sha256);
    inputs.add(desk.settings.due_on(Source::PartnerStatement, Date::ZERO).to_string());
    for named in files {
        inputs.add(named.file.sha256);
    }
    inputs.hash()
}

fn other(of: &StatementOf, id: i64) -> String {
    format!("{}:other:{id}", of.receiver)
}

/// The scope of a file, whatever its revision: the next one stands in its place.
fn scope_of(of: &StatementOf, file: &AnswersFile) -> String {
    format!("{}:{}-{:06}", of.receiver, file.program_code, file.cycle_sequence)
}

/// Whether a statement or a file is new, or one could not be read when it was looked at last.
fn has_news(desk: &Desk<'_>, of: &StatementOf, files: &[Named], from: Date) -> bool {
    let is_known = |(id, sha256, ..): &(i64, Vec<u8>, Date, Date)| {
        desk.has(Source::PartnerStatement, &other(of, *id), &hashed_other(desk, sha256, files))
    };
    let source = Source::PartnerStatement;
    let is_open = |(id, _): &(i64, Date)| {
        let name = other(of, *id);
        desk.knows(source, &name) && !desk.has(source, &name, &read())
    };
    !of.statements.iter().all(is_known)
        || of.replaced.iter().any(is_open)
        || files
            .iter()
            .filter(|named| named.file.business_date >= from)
            .any(|named| desk.had_problem(source, &scope_of(of, &named.file)))
}

/// What names nothing of ours, a statement after another: one that is too old to be looked at cures nothing.
async fn of_nothing(
    desk: &mut Desk<'_>,
    (of, whose): (&StatementOf, Whose),
    (files, others): (&[Named], &[StatedLine]),
) -> Result<(), ReconcileError> {
    for (id, date) in &of.replaced {
        let scope = Scope { source: Source::PartnerStatement, name: other(of, *id), of: whose, date: *date };
        desk.can_be_read(&scope).await?;
    }
    for (id, sha256, _, date) in &of.statements {
        let (name, hash) = (other(of, *id), hashed_other(desk, sha256, files));
        if desk.has(Source::PartnerStatement, &name, &hash) {
            continue;
        }
        let scope = Scope { source: Source::PartnerStatement, name, of: whose, date: *date };
        let rules = desk.settings.rules(Source::PartnerStatement, &LADDER);
        let lines = others.iter().filter(|line| line.statement == *id);
        let theirs: Vec<Item> = lines.map(|line| stated(line, &[], &Covering::default())).collect();
        desk.compare(&scope, hash, (&[], &theirs, &rules), Comparison::default()).await?;
    }
    Ok(())
}

/// The statement in which a file's lines had to be: its last date, and where the others begin.
#[derive(Debug, Default)]
struct Covering {
    until: Option<Date>,
    begins: BTreeMap<i64, Date>,
    /// The lines that it did not have when it was compared.
    missed: BTreeSet<String>,
}

impl Covering {
    /// `date` is that of the file and the days that lines have to get into a statement.
    fn of(statements: &[(i64, Vec<u8>, Date, Date)], date: Date) -> Self {
        let covers = statements.iter().filter(|(_, _, first, last)| (*first..=*last).contains(&date));
        let begins = statements.iter().map(|(id, _, first, _)| (*id, *first)).collect();
        Self { until: covers.map(|(.., last)| *last).min(), begins, missed: BTreeSet::new() }
    }

    /// Whether a line was missing where it had to be, and stands in a statement that begins behind that.
    fn is_behind(&self, statement: i64, line: Option<&String>) -> bool {
        let begins = self.until.zip(self.begins.get(&statement));
        begins.is_some_and(|(until, first)| *first > until)
            && line.is_some_and(|line| self.missed.contains(line))
    }
}

const LADDER: [Rung; 2] = [Rung::LineId, Rung::FileId];

fn hashed(of: &StatementOf) -> Inputs {
    let mut inputs = Inputs::new();
    for (id, sha256, ..) in &of.statements {
        inputs.add(id.to_string());
        inputs.add(sha256);
    }
    inputs
}

/// Each file has the lines of its program's cycles since the file before it.
fn named(files: Vec<AnswersFile>) -> Vec<Named> {
    let mut before: BTreeMap<String, i32> = BTreeMap::new();
    let mut all = Vec::new();
    for file in files {
        let last = before.insert(file.program_code.clone(), file.cycle_sequence).unwrap_or(0);
        let of_cycle = |cycle: i32| format!("{}-{cycle:06}", file.program_code);
        let mut names: Vec<String> = (last + 1..=file.cycle_sequence).map(of_cycle).collect();
        names.push(file.file_id());
        all.push(Named { file, names });
    }
    all
}

async fn of_one_file(
    desk: &mut Desk<'_>,
    (of, whose): (&StatementOf, Whose),
    Named { file, names }: &Named,
    (covering, beside): (&mut Covering, Vec<StatedLine>),
    out: &Path,
) -> Result<(), ReconcileError> {
    let (mut inputs, name) = (hashed(of), scope_of(of, file));
    let is_covered = covering.until.is_some();
    inputs.add(file.sha256);
    inputs.add(is_covered.to_string());
    let hash = inputs.hash();
    if desk.has(Source::PartnerStatement, &name, &hash) {
        return Ok(());
    }
    let ids: Vec<i64> = of.statements.iter().map(|(id, ..)| *id).collect();
    let mut lines = lines_naming(desk.pool, &ids, names).await?;
    if !is_covered && lines.is_empty() && !desk.knows(Source::PartnerStatement, &name) {
        return Ok(());
    }
    lines.extend(beside);
    covering.missed = missed_before(desk.pool, Source::PartnerStatement, &name).await?;
    let of_cycle = Whose { program: Some(file.program), cycle: Some(file.cycle), ..whose };
    let date = file.business_date;
    let scope = Scope { source: Source::PartnerStatement, name, of: of_cycle, date };
    let Some(path) = path_of(out, &file.file_name) else {
        return Ok(desk.cannot_read(&scope, "the name of our file is no plain file name").await?);
    };
    let (wanted, file_id) = (file.sha256, file.file_id());
    let currency = store::reconciliation::program_currency(desk.pool, file.program).await?;
    let read = aside(move || Sent::read(&path, &wanted, &file_id, super::desk::money(currency.0))).await?;
    let sent = match read {
        Ok(sent) => sent,
        Err(problem) => return Ok(desk.cannot_read(&scope, &problem).await?),
    };
    let theirs: Vec<Item> = lines.iter().map(|line| stated(line, &sent.batches, covering)).collect();
    let ours = sent.expected(&theirs, (is_covered, of.names_lines));
    let rules = desk.rules(&scope, &LADDER);
    let mut comparison = compare_items(&ours, &theirs, &rules);
    find_transactions(desk, file, &sent, &mut comparison.breaks).await?;
    Ok(desk.keep(&scope, hash, &comparison, "").await?)
}

/// The transactions of lines that do not agree.
async fn find_transactions(
    desk: &Desk<'_>,
    file: &AnswersFile,
    sent: &Sent,
    breaks: &mut [Break],
) -> Result<(), ReconcileError> {
    let key = |found: &Break| sent.messages.get(&found.subject).copied();
    let keys: BTreeSet<MessageKey> = breaks.iter().filter_map(key).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let buckets = buckets_of(desk.pool, file.cycle, &keys).await?;
    for found in breaks {
        let key = key(found);
        found.transaction =
            key.and_then(|key| Some(Transaction { bucket: *buckets.get(&key)?, key })).or(found.transaction);
    }
    Ok(())
}

/// A batch of a file.
struct SentBatch {
    /// `{program}-{cycle}-{partner}-{currency}`.
    payout: String,
    stated: Direction,
    /// Who pays in the end.
    pays: Direction,
    to_pay_minor: i64,
    unit: Unit,
    date: Date,
    lines: Vec<Item>,
}

/// A published file, as far as it is compared.
struct Sent {
    file_id: String,
    date: Date,
    batches: Vec<SentBatch>,
    /// The messages of lines.
    messages: BTreeMap<String, MessageKey>,
}

impl Sent {
    /// Reads a file, whose bytes must have this hash.
    fn read(path: &Path, sha256: &[u8; 32], file_id: &str, own: Unit) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("our file {}: {error}", path.display()))?;
        let mut reader = Reader::new(BufReader::with_capacity(1 << 16, file));
        let mut sent = Self {
            file_id: file_id.to_owned(),
            date: Date::MIN,
            batches: Vec::new(),
            messages: BTreeMap::new(),
        };
        let mut header = None;
        for record in reader.by_ref() {
            let record = record.map_err(|error| format!("our file {file_id}: {error}"))?;
            sent.take(record, &mut header, own);
        }
        match reader.sha256() {
            Some(found) if found == *sha256 => Ok(sent),
            _ => Err(format!("our file {file_id} has other bytes than the books say; see own_file")),
        }
    }

    fn take(&mut self, record: Record, header: &mut Option<BatchHeader>, own: Unit) {
        match record {
            Record::FileHeader(file) => self.date = file.business_date,
            Record::BatchHeader(batch) => {
                self.batches.push(SentBatch::of(&batch));
                *header = Some(batch);
            }
            Record::BatchTrailer(trailer) => {
                if let Some(batch) = self.batches.last_mut() {
                    (batch.pays, batch.to_pay_minor) = (trailer.direction, trailer.to_pay_minor);
                }
            }
            record => {
                let (Some(batch), Some(header)) = (self.batches.last_mut(), header.as_ref()) else { return };
                let Some((item, references)) = line(&record, batch, header, own) else { return };
                if let Some(key) = references.and_then(|references| MessageKey::parse(&references.message)) {
                    self.messages.insert(item.subject.clone(), key);
                }
                batch.lines.push(item);
            }
        }
    }

    /// What must be in the statement: lines, or payouts, or the file, as the receiver names them.
    fn expected(&self, theirs: &[Item], (is_covered, names_lines): (bool, bool)) -> Vec<Item> {
        let names = |name: &str| theirs.iter().any(|item| item.identifier(Rung::FileId) == Some(name));
        let whole = |name: &str, unit, amount, date| {
            let mut item = plain(name.to_owned(), name.to_owned(), (unit, amount), date);
            item.identifiers.push((Rung::FileId, name.to_owned()));
            item.due = is_covered && amount != 0;
            item
        };
        if names(&self.file_id) {
            let mut sums: BTreeMap<Unit, i64> = BTreeMap::new();
            for batch in &self.batches {
                let signed = if batch.pays == Direction::BankPaysPartner {
                    batch.to_pay_minor
                } else {
                    -batch.to_pay_minor
                };
                let sum = sums.entry(batch.unit).or_default();
                *sum = sum.saturating_add(signed);
            }
            let item = |(unit, amount): (Unit, i64)| {
                let mut item = whole(&self.file_id, unit, amount, self.date);
                item.reference = format!("{}/{}", self.file_id, unit.name());
                item
            };
            return sums.into_iter().map(item).collect();
        }
        let mut ours = Vec::new();
        for batch in &self.batches {
            let begin = format!("{}-", batch.payout);
            let of_lines =
                |item: &Item| item.identifier(Rung::LineId).is_some_and(|id| id.starts_with(&begin));
            if names(&batch.payout) || !(names_lines || theirs.iter().any(of_lines)) {
                ours.push(whole(&batch.payout, batch.unit, batch.to_pay_minor, batch.date));
                continue;
            }
            // A line of nothing may be left out.
            let item = |item: &Item| Item { due: is_covered && item.amount != 0, ..item.clone() };
            ours.extend(batch.lines.iter().map(item));
        }
        ours
    }
}

impl SentBatch {
    fn of(header: &BatchHeader) -> Self {
        let BatchHeader { partner, program, currency, stated, business_date, cycle_sequence, .. } = header;
        Self {
            payout: format!("{program}-{cycle_sequence:06}-{partner}-{currency}"),
            stated: *stated,
            pays: *stated,
            to_pay_minor: 0,
            unit: Unit::parse(currency).unwrap_or(Unit::Nothing),
            date: *business_date,
            lines: Vec::new(),
        }
    }
}

/// A line as an item; `None` for what is no line of a statement.
fn line<'r>(
    record: &'r Record,
    batch: &SentBatch,
    header: &BatchHeader,
    own: Unit,
) -> Option<(Item, Option<&'r References>)> {
    let items = |items: &[LineItem]| -> Vec<(Option<Basis>, LineItem)> {
        header.items.iter().map(|basis| Some(*basis)).zip(items.iter().copied()).collect()
    };
    let one =
        |basis, quantity, net_minor, vat_minor| vec![(basis, LineItem { quantity, net_minor, vat_minor })];
    let (id, counted, items, total, references) = match record {
        Record::Transaction(of) => {
            (&of.line_id, Some(of.counted_minor), items(&of.items), of.total_minor, Some(&of.references))
        }
        Record::Adjustment(of) => {
            (&of.line_id, Some(of.counted_minor), items(&of.items), of.total_minor, Some(&of.references))
        }
        Record::Charge(of) => {
            let items = one(Some(of.basis), of.quantity, of.net_minor, of.vat_minor);
            (&of.line_id, None, items, of.total_minor, None)
        }
        Record::Prepaid(of) => {
            (&of.line_id, None, one(None, 0, of.net_minor, of.vat_minor), of.total_minor, None)
        }
        Record::Rounding(of) => (&of.line_id, None, one(None, 0, of.amount_minor, 0), of.amount_minor, None),
        Record::DocumentVat(of) => {
            (&of.line_id, None, one(None, 0, 0, of.amount_minor), of.amount_minor, None)
        }
        _ => return None,
    };
    let mut item = plain(id.clone(), id.clone(), (batch.unit, total), batch.date);
    item.identifiers.push((Rung::LineId, id.clone()));
    item.direction = Some(batch.stated);
    let sum = |of: fn(&LineItem) -> i64| items.iter().map(|(_, item)| of(item)).fold(0, i64::saturating_add);
    (item.parts.net, item.parts.vat) = (Some(sum(|item| item.net_minor)), Some(sum(|item| item.vat_minor)));
    item.parts.base = counted;
    let taxed = items.iter().filter(|(_, item)| item.vat_minor != 0).count();
    item.parts.lines = u32::try_from(taxed).unwrap_or(u32::MAX);
    let moves = || items.iter().filter(|(_, item)| (item.net_minor, item.vat_minor) != (0, 0));
    let is_miles = |(basis, _): &(Option<Basis>, LineItem)| basis.is_some_and(Basis::is_miles);
    item.parts.means = match record {
        Record::Charge(_) => Some(BreakClass::Fee),
        // The price of a mile is in the currency of the terms: only money is converted.
        _ if moves().next().is_some() && moves().all(is_miles) => Some(BreakClass::MilesRate),
        _ if batch.unit != own => Some(BreakClass::Fx),
        _ => None,
    };
    Some((item, references))
}

/// A line of a statement as an item, in the direction of what it names.
fn stated(line: &StatedLine, batches: &[SentBatch], covering: &Covering) -> Item {
    let StatedLine { statement, place, named, line } = line;
    let stands_later = covering.is_behind(*statement, named.as_ref());
    let StatementLine { reference, date, amount_minor, currency, direction, .. } = line;
    let place = format!("{statement}/{place}");
    let own = hide_card_numbers(reference);
    let own = if own.trim().is_empty() { place.clone() } else { own };
    let subject = named.clone().unwrap_or(own);
    let unit = Unit::parse(currency).unwrap_or(Unit::Nothing);
    let mut item = plain(place, subject, (unit, *amount_minor), *date);
    (item.direction, item.parts.stands_later) = (Some(*direction), stands_later);
    let Some(id) = named else { return item };
    let is_line = id
        .rsplit('-')
        .next()
        .is_some_and(|last| last.len() >= 6 && last.bytes().all(|byte| byte.is_ascii_digit()));
    let rung = if is_line { Rung::LineId } else { Rung::FileId };
    item.identifiers.push((rung, id.clone()));
    let batch = batches.iter().find(|batch| {
        id.strip_prefix(batch.payout.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    // A file is added up as the bank pays.
    let ours =
        batch.map_or(Direction::BankPaysPartner, |batch| if is_line { batch.stated } else { batch.pays });
    if (is_line && batch.is_none()) || ours == *direction {
        return item;
    }
    item.amount = amount_minor.saturating_neg();
    item.direction = Some(ours);
    item
}

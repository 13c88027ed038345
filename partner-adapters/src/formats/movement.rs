//! What every format shows: the movements of each batch, one after the other, and what is known of a file before its
//! first line.
//!
//! Here all amounts are signed from the partner's side: positive is what the bank owes to the partner. The movements
//! of a batch, what was carried into it and out of it included, add up to what is paid.

use std::error::Error;

use domain::settlement::{Basis, Direction};
use jiff::civil::Date;

use super::error::RenderError;
use crate::canonical::{
    BatchHeader, BatchTrailer, FileHeader, FileTrailer, LineItem, Record, References, Transaction,
};

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MovementKind {
    OpeningBalance,
    Purchase,
    Refund,
    Reversal,
    Adjustment,
    Charge,
    Prepaid,
    Rounding,
    DocumentVat,
    CarriedForward,
}

impl MovementKind {
    /// All, with what they are in words.
    pub(crate) const ALL: [(Self, &'static str); 10] = [
        (Self::OpeningBalance, "what an earlier batch carried into this one"),
        (Self::Purchase, "a presentment"),
        (Self::Refund, "money given back by a merchant"),
        (Self::Reversal, "a presentment or refund taken back"),
        (Self::Adjustment, "a correction, with its reason"),
        (Self::Charge, "owed without a transaction, such as a fixed fee"),
        (Self::Prepaid, "what a prepaid block covers, taken off"),
        (Self::Rounding, "what rounding at batch level adds"),
        (Self::DocumentVat, "value added tax that is computed once for the document"),
        (Self::CarriedForward, "taken off here, it opens the next batch"),
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpeningBalance => "opening_balance",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Reversal => "reversal",
            Self::Adjustment => "adjustment",
            Self::Charge => "charge",
            Self::Prepaid => "prepaid",
            Self::Rounding => "rounding",
            Self::DocumentVat => "document_vat",
            Self::CarriedForward => "carried_forward",
        }
    }

    /// Whether it only moves what is owed from one batch to another.
    pub(crate) fn is_balance(self) -> bool {
        matches!(self, Self::OpeningBalance | Self::CarriedForward)
    }
}

/// One priced part of a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The word of the basis, or of the movement if it has none.
    pub(crate) name: &'static str,
    /// Miles, or minor units of the program's currency.
    pub(crate) quantity: Option<i64>,
    /// What is counted: `miles`, `minor_units` or `units`; empty without a quantity.
    pub(crate) unit: &'static str,
    pub(crate) net_minor: i64,
    pub(crate) vat_minor: i64,
    /// Net and tax; of a balance, all of it.
    pub(crate) amount_minor: i64,
}

impl Part {
    fn says_nothing(&self) -> bool {
        self.quantity.unwrap_or(0) == 0
            && self.net_minor == 0
            && self.vat_minor == 0
            && self.amount_minor == 0
    }
}

/// One line of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) kind: MovementKind,
    pub(crate) line_id: String,
    /// By what it may be looked for; of a charge or a balance there is nothing but its line id.
    pub(crate) references: Option<References>,
    /// Local date of the transaction or the charge, else the business date.
    pub(crate) date: Date,
    /// Why, for an adjustment.
    pub(crate) reason: String,
    /// The line that it corrects.
    pub(crate) original: String,
    /// What is charged: a member number or a period.
    pub(crate) charged: String,
    pub(crate) counted_minor: Option<i64>,
    pub(crate) late_days: Option<i32>,
    pub(crate) parts: Vec<Part>,
    pub(crate) amount_minor: i64,
}

impl Movement {
    /// The parts that a list of items shows: those that say something, and at least one.
    pub(crate) fn shown_parts(&self) -> impl Iterator<Item = &Part> {
        let silent = self.parts.iter().all(Part::says_nothing);
        let mut first = true;
        self.parts.iter().filter(move |part| {
            let shown = if silent { first } else { !part.says_nothing() };
            first = false;
            shown
        })
    }

    pub(crate) fn part(&self, basis: Basis) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == basis.name())
    }
}

/// How many movements, and what they come to without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Side {
    pub(crate) count: u64,
    pub(crate) minor: u128,
}

impl Side {
    pub(crate) fn add(&mut self, minor: i64) {
        self.count += 1;
        self.minor += u128::from(minor.unsigned_abs());
    }
}

/// One batch, as it is known when the whole file has been read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    pub(crate) trailer: BatchTrailer,
    /// Movements, an opening balance and a carry-forward included.
    pub(crate) movements: u64,
    /// Parts that a list of items shows.
    pub(crate) shown_parts: u64,
    /// Movements in the partner's favour and those of nothing, balances left out.
    pub(crate) credits: Side,
    /// Movements against it, balances left out.
    pub(crate) debits: Side,
    /// What the bank pays to the partner; negative if the partner pays.
    pub(crate) payment_minor: i64,
    /// Opening balance from the partner's side.
    pub(crate) opening_minor: i64,
    /// Closing balance from the partner's side.
    pub(crate) closing_minor: i64,
    /// Net from the partner's side.
    pub(crate) net_minor: i64,
    /// Tax from the partner's side.
    pub(crate) vat_minor: i64,
}

impl Batch {
    /// The id of what is paid: all line ids of the batch begin with it.
    pub(crate) fn payout_id(&self) -> String {
        payout_id(&self.header)
    }
}

fn payout_id(header: &BatchHeader) -> String {
    let BatchHeader { program, cycle_sequence, partner, currency, .. } = header;
    format!("{program}-{cycle_sequence:06}-{partner}-{currency}")
}

/// What is known of a file when it has been read once. Its size depends on the number of batches, not of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub(crate) header: FileHeader,
    pub(crate) batches: Vec<Batch>,
    pub(crate) trailer: FileTrailer,
}

impl Summary {
    /// Reads all records once and checks that the lines of each batch add up to what its trailer says is paid.
    ///
    /// # Errors
    /// The first record that cannot be read or is not where it must be, or the batch that does not add up.
    pub fn read<E>(records: impl Iterator<Item = Result<Record, E>>) -> Result<Self, RenderError>
    where
        E: Error + Send + Sync + 'static,
    {
        let mut first_pass = FirstPass::default();
        let mut number = 0;
        for record in records {
            number += 1;
            first_pass.take(number, record.map_err(RenderError::source)?)?;
        }
        match (first_pass.header, first_pass.trailer) {
            (Some(header), Some(trailer)) => Ok(Self { header, batches: first_pass.batches, trailer }),
            _ => Err(order(number + 1, "FH first and FT last", "the end of the file")),
        }
    }

    /// The file's id, which goes into every format.
    pub(crate) fn file_id(&self) -> String {
        self.header.file_id()
    }

    /// Parts that a list of items shows, in all batches.
    pub(crate) fn shown_parts(&self) -> u64 {
        self.batches.iter().map(|batch| batch.shown_parts).sum()
    }

    /// Movements in all batches.
    pub(crate) fn movements(&self) -> u64 {
        self.batches.iter().map(|batch| batch.movements).sum()
    }

    /// Sums of the payments by currency, in the order of the first batch of each.
    pub(crate) fn payments(&self) -> Vec<(&str, u16, i128)> {
        let mut sums: Vec<(&str, u16, i128)> = Vec::new();
        for batch in &self.batches {
            let BatchHeader { currency, exponent, .. } = &batch.header;
            match sums.iter_mut().find(|(known, ..)| known == currency) {
                Some((.., sum)) => *sum += i128::from(batch.payment_minor),
                None => sums.push((currency, *exponent, i128::from(batch.payment_minor))),
            }
        }
        sums
    }
}

#[derive(Default)]
struct FirstPass {
    header: Option<FileHeader>,
    open: Option<Counted>,
    batches: Vec<Batch>,
    trailer: Option<FileTrailer>,
}

/// A batch whose trailer has not come yet.
struct Counted {
    header: BatchHeader,
    movements: u64,
    shown_parts: u64,
    credits: Side,
    debits: Side,
    sum: i128,
}

impl Counted {
    fn add(&mut self, movement: &Movement) {
        self.movements += 1;
        self.shown_parts += movement.shown_parts().map(|_| 1).sum::<u64>();
        self.sum += i128::from(movement.amount_minor);
        if !movement.kind.is_balance() {
            let side = if movement.amount_minor < 0 { &mut self.debits } else { &mut self.credits };
            side.add(movement.amount_minor);
        }
    }

    fn close(self, trailer: BatchTrailer) -> Result<Batch, RenderError> {
        let place = format!("batch {}", payout_id(&self.header));
        let turned = |minor| turn(self.header.stated, minor).ok_or_else(|| too_large(&place, minor));
        let paid = turn(trailer.direction, trailer.to_pay_minor)
            .ok_or_else(|| too_large(&place, trailer.to_pay_minor))?;
        if self.sum != i128::from(paid) {
            return Err(RenderError::Contradiction {
                place,
                what: "a payment (signed, positive if the bank pays) of",
                expected: self.sum.to_string(),
                found: paid.to_string(),
            });
        }
        Ok(Batch {
            payment_minor: paid,
            opening_minor: turned(self.header.opening_minor)?,
            closing_minor: turned(trailer.closing_minor)?,
            net_minor: turned(trailer.net_minor)?,
            vat_minor: turned(trailer.vat_minor)?,
            movements: self.movements,
            shown_parts: self.shown_parts,
            credits: self.credits,
            debits: self.debits,
            header: self.header,
            trailer,
        })
    }
}

impl FirstPass {
    fn take(&mut self, number: u64, record: Record) -> Result<(), RenderError> {
        if self.trailer.is_some() {
            return Err(order(number, "nothing after FT", tag(&record)));
        }
        match (record, self.open.is_some()) {
            (Record::FileHeader(header), _) if self.header.is_none() => self.header = Some(header),
            (other, _) if self.header.is_none() => return Err(order(number, "FH", tag(&other))),
            (Record::BatchHeader(header), false) => self.open = Some(counted(header)?),
            (Record::FileTrailer(trailer), false) => self.trailer = Some(trailer),
            (other, false) => return Err(order(number, "BH or FT", tag(&other))),
            (Record::BatchTrailer(trailer), true) => {
                let batch = self.open.take().map(|open| open.close(trailer)).transpose()?;
                self.batches.extend(batch);
            }
            (line, true) => {
                let Some(open) = &mut self.open else { return Ok(()) };
                let movement = movement(number, &open.header, line)?;
                open.add(&movement);
            }
        }
        Ok(())
    }
}

fn counted(header: BatchHeader) -> Result<Counted, RenderError> {
    if header.exponent > 5 {
        return Err(RenderError::Contradiction {
            place: format!("batch {}", payout_id(&header)),
            what: "an exponent of",
            expected: "0 to 5".into(),
            found: header.exponent.to_string(),
        });
    }
    let opening = opening(&header)?;
    let mut counted = Counted {
        header,
        movements: 0,
        shown_parts: 0,
        credits: Side::default(),
        debits: Side::default(),
        sum: 0,
    };
    if let Some(opening) = &opening {
        counted.add(opening);
    }
    Ok(counted)
}

/// What a writer is told in the second pass.
#[derive(Debug)]
pub(crate) enum Step<'s> {
    /// A batch begins.
    Open(&'s Batch),
    /// One of its movements.
    Movement(&'s Batch, Box<Movement>),
    /// It ends.
    Close(&'s Batch),
}

/// Reads all records again and tells each movement to `each`.
pub(crate) fn walk<'s, E>(
    summary: &'s Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    mut each: impl FnMut(Step<'s>) -> Result<(), RenderError>,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    let mut batches = summary.batches.iter();
    let mut open: Option<&'s Batch> = None;
    let mut number = 0;
    for record in records {
        number += 1;
        match (record.map_err(RenderError::source)?, open) {
            (Record::FileHeader(header), None) if header == summary.header => {}
            (Record::FileTrailer(trailer), None) if trailer == summary.trailer => {}
            (Record::BatchHeader(header), None) => {
                let next = batches.next().filter(|batch| batch.header == header);
                let batch = next.ok_or_else(|| changed(number))?;
                open = Some(batch);
                each(Step::Open(batch))?;
                if let Some(opening) = opening(&batch.header)? {
                    each(Step::Movement(batch, Box::new(opening)))?;
                }
            }
            (Record::BatchTrailer(trailer), Some(batch)) if trailer == batch.trailer => {
                each(Step::Close(batch))?;
                open = None;
            }
            (line, Some(batch)) => {
                let movement = movement(number, &batch.header, line)?;
                each(Step::Movement(batch, Box::new(movement)))?;
            }
            _ => return Err(changed(number)),
        }
    }
    Ok(())
}

fn changed(number: u64) -> RenderError {
    order(number, "the same record as when the file was read first", "another one")
}

fn order(number: u64, expected: &'static str, found: impl Into<String>) -> RenderError {
    RenderError::Order { number, expected, found: found.into() }
}

fn too_large(place: &str, minor: i64) -> RenderError {
    RenderError::Contradiction {
        place: place.into(),
        what: "an amount",
        expected: "that can be negated".into(),
        found: minor.to_string(),
    }
}

/// From an amount that is positive in `direction` to one that is positive if the bank pays.
fn turn(direction: Direction, minor: i64) -> Option<i64> {
    match direction {
        Direction::BankPaysPartner => Some(minor),
        Direction::PartnerPaysBank => minor.checked_neg(),
    }
}

/// What was carried into a batch, as a movement.
fn opening(header: &BatchHeader) -> Result<Option<Movement>, RenderError> {
    if header.opening_minor == 0 {
        return Ok(None);
    }
    let line_id = format!("{}-opening", payout_id(header));
    balance(header, MovementKind::OpeningBalance, line_id, header.opening_minor).map(Some)
}

fn tag(record: &Record) -> &'static str {
    match record {
        Record::FileHeader(_) => "FH",
        Record::BatchHeader(_) => "BH",
        Record::Transaction(_) => "TX",
        Record::Adjustment(_) => "AJ",
        Record::Charge(_) => "CH",
        Record::Prepaid(_) => "PP",
        Record::Rounding(_) => "RD",
        Record::DocumentVat(_) => "VD",
        Record::CarryForward(_) => "CF",
        Record::BatchTrailer(_) => "BT",
        Record::FileTrailer(_) => "FT",
    }
}

fn balance(
    header: &BatchHeader,
    kind: MovementKind,
    line_id: String,
    minor: i64,
) -> Result<Movement, RenderError> {
    let amount_minor = turn(header.stated, minor).ok_or_else(|| too_large(&line_id, minor))?;
    let part = Part { name: kind.name(), quantity: None, unit: "", net_minor: 0, vat_minor: 0, amount_minor };
    Ok(bare(header, kind, line_id, vec![part], amount_minor))
}

fn bare(
    header: &BatchHeader,
    kind: MovementKind,
    line_id: String,
    parts: Vec<Part>,
    amount_minor: i64,
) -> Movement {
    Movement {
        kind,
        line_id,
        references: None,
        date: header.business_date,
        reason: String::new(),
        original: String::new(),
        charged: String::new(),
        counted_minor: None,
        late_days: None,
        parts,
        amount_minor,
    }
}

fn unit(basis: Basis) -> &'static str {
    match basis {
        Basis::Turnover | Basis::StatementCreditShare | Basis::TillShare => "minor_units",
        miles if miles.is_miles() => "miles",
        _ => "units",
    }
}

/// A record between BH and BT as a movement.
fn movement(number: u64, header: &BatchHeader, record: Record) -> Result<Movement, RenderError> {
    let priced = Priced { number, header };
    match record {
        Record::Transaction(line) => priced.transaction(line),
        Record::Adjustment(line) => {
            let parts = priced.items(&line.line_id, &line.items)?;
            let amount = priced.total(&line.line_id, &parts, line.total_minor)?;
            Ok(Movement {
                date: line.references.local_date,
                references: Some(line.references),
                reason: line.reason,
                original: line.original,
                counted_minor: Some(line.counted_minor),
                ..bare(header, MovementKind::Adjustment, line.line_id, parts, amount)
            })
        }
        Record::Charge(line) => {
            let item =
                LineItem { quantity: line.quantity, net_minor: line.net_minor, vat_minor: line.vat_minor };
            let parts = vec![priced.item(&line.line_id, line.basis, item)?];
            let amount = priced.total(&line.line_id, &parts, line.total_minor)?;
            let movement = bare(header, MovementKind::Charge, line.line_id, parts, amount);
            Ok(Movement { date: line.date, charged: line.reference, ..movement })
        }
        Record::Prepaid(line) => {
            let item =
                LineItem { quantity: line.drawn, net_minor: line.net_minor, vat_minor: line.vat_minor };
            let parts = vec![priced.item(&line.line_id, line.basis, item)?];
            let amount = priced.total(&line.line_id, &parts, line.total_minor)?;
            Ok(bare(header, MovementKind::Prepaid, line.line_id, parts, amount))
        }
        Record::Rounding(line) => priced.extra(MovementKind::Rounding, line.line_id, line.amount_minor, 0),
        Record::DocumentVat(line) => {
            priced.extra(MovementKind::DocumentVat, line.line_id, 0, line.amount_minor)
        }
        Record::CarryForward(line) => {
            let taken_off = line.amount_minor.checked_neg();
            let minor = taken_off.ok_or_else(|| too_large(&line.line_id, line.amount_minor))?;
            balance(header, MovementKind::CarriedForward, line.line_id, minor)
        }
        other => Err(order(number, "a line or BT", tag(&other))),
    }
}

/// Turns what is priced on one record of a batch.
struct Priced<'h> {
    number: u64,
    header: &'h BatchHeader,
}

impl Priced<'_> {
    fn transaction(&self, line: Transaction) -> Result<Movement, RenderError> {
        use crate::canonical::Kind;
        let kind = match line.kind {
            Kind::Purchase => MovementKind::Purchase,
            Kind::Refund => MovementKind::Refund,
            Kind::Reversal => MovementKind::Reversal,
        };
        let parts = self.items(&line.line_id, &line.items)?;
        let amount = self.total(&line.line_id, &parts, line.total_minor)?;
        Ok(Movement {
            date: line.references.local_date,
            references: Some(line.references),
            counted_minor: Some(line.counted_minor),
            late_days: Some(line.late_days),
            ..bare(self.header, kind, line.line_id, parts, amount)
        })
    }

    fn items(&self, line_id: &str, items: &[LineItem]) -> Result<Vec<Part>, RenderError> {
        if items.len() != self.header.items.len() {
            return Err(order(
                self.number,
                "as many items as BH names",
                format!("{} in {line_id}", items.len()),
            ));
        }
        self.header.items.iter().zip(items).map(|(basis, item)| self.item(line_id, *basis, *item)).collect()
    }

    fn item(&self, line_id: &str, basis: Basis, item: LineItem) -> Result<Part, RenderError> {
        let mut part = self.part(basis.name(), line_id, item.net_minor, item.vat_minor)?;
        part.quantity = Some(item.quantity);
        part.unit = unit(basis);
        Ok(part)
    }

    fn part(&self, name: &'static str, line_id: &str, net: i64, vat: i64) -> Result<Part, RenderError> {
        let turned = |minor: i64| turn(self.header.stated, minor).ok_or_else(|| too_large(line_id, minor));
        let (net_minor, vat_minor) = (turned(net)?, turned(vat)?);
        let amount_minor = net_minor.checked_add(vat_minor).ok_or_else(|| too_large(line_id, net))?;
        Ok(Part { name, quantity: None, unit: "", net_minor, vat_minor, amount_minor })
    }

    fn extra(
        &self,
        kind: MovementKind,
        line_id: String,
        net: i64,
        vat: i64,
    ) -> Result<Movement, RenderError> {
        let part = self.part(kind.name(), &line_id, net, vat)?;
        let amount = part.amount_minor;
        Ok(bare(self.header, kind, line_id, vec![part], amount))
    }

    /// The line's total, which must be the sum of its parts.
    fn total(&self, line_id: &str, parts: &[Part], total_minor: i64) -> Result<i64, RenderError> {
        let stated = turn(self.header.stated, total_minor).ok_or_else(|| too_large(line_id, total_minor))?;
        let sum: i128 = parts.iter().map(|part| i128::from(part.amount_minor)).sum();
        if sum != i128::from(stated) {
            return Err(RenderError::Contradiction {
                place: format!("line {line_id}"),
                what: "a total (signed, positive if the bank owes) of",
                expected: sum.to_string(),
                found: stated.to_string(),
            });
        }
        Ok(stated)
    }
}

//! Records as text, appended to a buffer that is used again.

use std::fmt::{self, Write as _};

use domain::settlement::Basis;
use jiff::civil::Date;

use super::layout::{self, LAYOUT_VERSION_TEXT, SEPARATOR, is_plain};
use super::{
    Adjustment, BatchHeader, BatchTrailer, CarryForward, Charge, DocumentVat, FileHeader, FileTrailer,
    LineItem, Prepaid, Record, References, Rounding, Total, Transaction,
};

/// A line id without its number, and the number.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineId<'a> {
    pub(super) prefix: &'a str,
    pub(super) number: u64,
}

impl fmt::Display for LineId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:06}", self.prefix, self.number)
    }
}

/// What all line ids of a batch begin with.
pub(super) fn line_id_prefix(header: &BatchHeader) -> String {
    format!("{}-{:06}-{}-{}-", header.program, header.cycle_sequence, header.partner, header.currency)
}

/// Appends records.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn record(&mut self, record: &Record) {
        match record {
            Record::FileHeader(record) => self.file_header(record),
            Record::BatchHeader(record) => self.batch_header(record),
            Record::Transaction(record) => self.transaction(record),
            Record::Adjustment(record) => self.adjustment(record),
            Record::Charge(record) => self.charge(record),
            Record::Prepaid(record) => self.prepaid(record),
            Record::Rounding(Rounding { line_id, amount_minor }) => {
                self.amount(layout::ROUNDING.code, line_id, *amount_minor);
            }
            Record::DocumentVat(DocumentVat { line_id, amount_minor }) => {
                self.amount(layout::DOCUMENT_VAT.code, line_id, *amount_minor);
            }
            Record::CarryForward(CarryForward { line_id, amount_minor }) => {
                self.amount(layout::CARRY_FORWARD.code, line_id, *amount_minor);
            }
            Record::BatchTrailer(record) => self.batch_trailer(record),
            Record::FileTrailer(record) => {
                self.file_trailer_without_hash(record);
                self.0.push_str(&record.sha256);
                self.end();
            }
        }
    }

    pub(super) fn begin(&mut self, code: &str) -> &mut Self {
        self.0.push_str(code);
        self
    }

    pub(super) fn field(&mut self, value: impl fmt::Display) -> &mut Self {
        // Writing to a text cannot fail.
        let _ = write!(self.0, "{SEPARATOR}{value}");
        self
    }

    /// A word of ours, which needs no look at its letters.
    fn word(&mut self, word: &str) -> &mut Self {
        self.0.push(SEPARATOR);
        self.0.push_str(word);
        self
    }

    /// Faster than [`Self::field`]: most fields of a line are whole numbers.
    pub(super) fn integer(&mut self, value: i64) -> &mut Self {
        self.0.push(SEPARATOR);
        if value < 0 {
            self.0.push('-');
        }
        let mut digits = [0_u8; 20];
        let mut rest = value.unsigned_abs();
        let mut length = 0;
        for place in digits.iter_mut().rev() {
            // Below ten.
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            length += 1;
            if rest == 0 {
                break;
            }
        }
        let written = digits.get(digits.len() - length..).unwrap_or_default();
        self.0.extend(written.iter().map(|digit| char::from(*digit)));
        self
    }

    fn date(&mut self, date: Date) -> &mut Self {
        self.field(date)
    }

    /// A text that a bank or a member chose: what would break the record becomes a blank.
    fn foreign(&mut self, value: &str) -> &mut Self {
        self.0.push(SEPARATOR);
        let harmless = |byte: &u8| (0x20..0x7F).contains(byte) && *byte != b'|';
        if value.as_bytes().iter().all(harmless) {
            self.0.push_str(value);
        } else {
            self.0.extend(value.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }));
        }
        self
    }

    pub(super) fn end(&mut self) {
        self.0.push('\n');
    }

    fn file_header(&mut self, header: &FileHeader) {
        self.begin(layout::FILE_HEADER.code)
            .word(LAYOUT_VERSION_TEXT)
            .word(header.environment.name())
            .word(&header.sender)
            .word(&header.receiver)
            .field(header.file_id())
            .word(&header.program)
            .word(&header.zone)
            .date(header.business_date)
            .field(header.cycle_sequence)
            .word(&header.cut_off)
            .field(header.sequence)
            .field(header.revision)
            .word(&header.previous_text())
            .end();
    }

    pub(super) fn batch_header(&mut self, header: &BatchHeader) {
        let items: Vec<&str> = header.items.iter().map(|basis| basis.name()).collect();
        self.begin(layout::BATCH_HEADER.code)
            .word(&header.partner)
            .word(&header.program)
            .word(&header.currency)
            .field(header.exponent)
            .word(header.stated.name())
            .integer(header.opening_minor)
            .word(header.role.name())
            .date(header.business_date)
            .field(header.cycle_sequence)
            .word(&header.terms)
            .date(header.payment_date)
            .word(&items.join(","))
            .end();
    }

    pub(super) fn references(&mut self, references: &References) {
        self.word(&references.message)
            .word(&references.purchase)
            .foreign(&references.mti)
            .foreign(&references.retrieval)
            .foreign(&references.approval)
            .foreign(&references.stan)
            .foreign(&references.transmitted)
            .foreign(&references.arn)
            .foreign(&references.network_id)
            .foreign(&references.acquirer)
            .foreign(&references.card_acceptor)
            .foreign(&references.terminal)
            .foreign(&references.member_number)
            .date(references.local_date)
            .word(&references.rules);
    }

    pub(super) fn items(&mut self, items: &[LineItem], total: i64) {
        for item in items {
            self.integer(item.quantity).integer(item.net_minor).integer(item.vat_minor);
        }
        self.integer(total).end();
    }

    fn transaction(&mut self, line: &Transaction) {
        self.begin(layout::TRANSACTION.code).word(&line.line_id).word(line.kind.name());
        self.references(&line.references);
        self.integer(line.counted_minor).integer(i64::from(line.late_days));
        self.items(&line.items, line.total_minor);
    }

    fn adjustment(&mut self, line: &Adjustment) {
        self.begin(layout::ADJUSTMENT.code).word(&line.line_id).foreign(&line.reason).foreign(&line.original);
        self.references(&line.references);
        self.integer(line.counted_minor);
        self.items(&line.items, line.total_minor);
    }

    /// `original` and `reason` of an adjustment whose id is not a text yet.
    pub(super) fn reason(&mut self, reason: &str, original: &str) {
        self.foreign(reason).foreign(original);
    }

    fn charge(&mut self, line: &Charge) {
        let basis = line.basis;
        self.begin(layout::CHARGE.code).word(&line.line_id).basis(basis).foreign(&line.reference);
        self.date(line.date)
            .integer(line.quantity)
            .integer(line.net_minor)
            .integer(line.vat_minor)
            .integer(line.total_minor)
            .end();
    }

    fn basis(&mut self, basis: Basis) -> &mut Self {
        self.word(basis.name())
    }

    fn prepaid(&mut self, line: &Prepaid) {
        self.begin(layout::PREPAID.code)
            .word(&line.line_id)
            .basis(line.basis)
            .integer(line.opening)
            .integer(line.drawn)
            .integer(line.closing)
            .integer(line.net_minor)
            .integer(line.vat_minor)
            .integer(line.total_minor)
            .end();
    }

    fn amount(&mut self, code: &str, line_id: &str, amount: i64) {
        self.begin(code).word(line_id).integer(amount).end();
    }

    pub(super) fn batch_trailer(&mut self, trailer: &BatchTrailer) {
        self.begin(layout::BATCH_TRAILER.code)
            .field(trailer.transactions)
            .field(trailer.adjustments)
            .field(trailer.charges);
        for quantity in &trailer.quantities {
            self.integer(*quantity);
        }
        self.integer(trailer.debit_minor)
            .integer(trailer.credit_minor)
            .integer(trailer.net_minor)
            .integer(trailer.vat_minor)
            .integer(trailer.rounding_minor)
            .integer(trailer.closing_minor)
            .word(trailer.direction.name())
            .integer(trailer.to_pay_minor)
            .end();
    }

    /// Up to the separator before the hash.
    pub(super) fn file_trailer_without_hash(&mut self, trailer: &FileTrailer) {
        self.begin(layout::FILE_TRAILER.code)
            .field(trailer.records)
            .field(trailer.batches)
            .word(&totals_text(&trailer.totals))
            .field(trailer.hash_total);
        self.0.push(SEPARATOR);
    }
}

/// The totals as the trailer shows them.
pub(super) fn totals_text(totals: &[Total]) -> String {
    let total =
        |total: &Total| format!("{}:{}:{}", total.currency, total.direction.name(), total.to_pay_minor);
    totals.iter().map(total).collect::<Vec<_>>().join(";")
}

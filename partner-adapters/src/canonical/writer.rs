//! Writes a file record by record, and a batch into a place of its own first: what a receiver gets is a header, batches
//! and a trailer. Nothing but sums is kept in memory.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use aws_lc_rs::digest::{Context, SHA256};
use domain::settlement::Direction;

use super::layout::{self, HASH_TOTAL_MODULUS};
use super::reader::{finish, totals};
use super::sums::{SumOverflow, Sums};
use super::text::{LineId, Text, line_id_prefix};
use super::{
    BatchHeader, BatchTrailer, CarryForward, Charge, DocumentVat, FileHeader, FileTrailer, Kind, LineItem,
    Prepaid, Record, References, Rounding,
};

/// Bytes that are collected before they are hashed and written.
const COLLECTED_MAX: usize = 64 * 1024;

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The place refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// An amount left the range.
    #[error(transparent)]
    Overflow(#[from] SumOverflow),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// All records, header and trailer included.
    pub records: u64,
    /// SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// How many bytes.
    pub bytes: u64,
}

/// Text on its way: collected, hashed, written.
struct Sink<W> {
    out: W,
    text: Text,
    digest: Context,
    records: u64,
    bytes: u64,
}

impl<W: Write> Sink<W> {
    fn new(out: W) -> Self {
        Self { out, text: Text::default(), digest: Context::new(&SHA256), records: 0, bytes: 0 }
    }

    fn ended(&mut self) -> io::Result<()> {
        self.records += 1;
        if self.text.0.len() >= COLLECTED_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = self.text.0.as_bytes();
        self.digest.update(bytes);
        self.out.write_all(bytes)?;
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.text.0.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<(W, Written)> {
        self.flush()?;
        self.out.flush()?;
        let written = Written { records: self.records, sha256: finish(&self.digest), bytes: self.bytes };
        Ok((self.out, written))
    }
}

/// A batch whose records stand in a place of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchWritten {
    /// As it was asked for.
    pub header: BatchHeader,
    /// What it came to.
    pub trailer: BatchTrailer,
    /// Its part of the file's hash total.
    pub hash_total: u128,
    /// Its records, BH and BT included, and their SHA-256.
    pub written: Written,
}

/// Writes one batch: line ids, sums and the trailer are its own work.
pub struct BatchWriter<W> {
    sink: Sink<W>,
    header: BatchHeader,
    prefix: String,
    sums: Sums,
}

impl<W: Write> BatchWriter<W> {
    /// Begins with BH.
    pub fn new(out: W, header: BatchHeader) -> Result<Self, WriteError> {
        let mut sink = Sink::new(out);
        sink.text.batch_header(&header);
        sink.ended()?;
        let (prefix, sums) = (line_id_prefix(&header), Sums::of_items(header.items.len()));
        Ok(Self { sink, header, prefix, sums })
    }

    /// TX.
    pub fn transaction(
        &mut self,
        kind: Kind,
        references: &References,
        counted_minor: i64,
        late_days: i32,
        items: &[LineItem],
    ) -> Result<(), WriteError> {
        self.begin(layout::TRANSACTION.code);
        self.sink.text.field(kind.name());
        self.sink.text.references(references);
        self.sink.text.integer(counted_minor).integer(i64::from(late_days));
        let total = self.sums.transaction(items)?;
        self.sink.text.items(items, total);
        Ok(self.sink.ended()?)
    }

    /// AJ.
    pub fn adjustment(
        &mut self,
        reason: &str,
        original: &str,
        references: &References,
        counted_minor: i64,
        items: &[LineItem],
    ) -> Result<(), WriteError> {
        self.begin(layout::ADJUSTMENT.code);
        self.sink.text.reason(reason, original);
        self.sink.text.references(references);
        self.sink.text.integer(counted_minor);
        let total = self.sums.adjustment(items)?;
        self.sink.text.items(items, total);
        Ok(self.sink.ended()?)
    }

    /// CH; its line id and total are put in.
    pub fn charge(&mut self, charge: Charge) -> Result<(), WriteError> {
        let line_id = self.next_id();
        let total_minor = self.sums.charge(charge.net_minor, charge.vat_minor)?;
        self.put(&Record::Charge(Charge { line_id, total_minor, ..charge }))
    }

    /// PP; its line id and total are put in.
    pub fn prepaid(&mut self, prepaid: Prepaid) -> Result<(), WriteError> {
        let line_id = self.next_id();
        let total_minor = self.sums.amounts(prepaid.net_minor, prepaid.vat_minor)?;
        self.put(&Record::Prepaid(Prepaid { line_id, total_minor, ..prepaid }))
    }

    /// RD.
    pub fn rounding(&mut self, amount_minor: i64) -> Result<(), WriteError> {
        let line_id = self.next_id();
        self.sums.round(amount_minor)?;
        self.put(&Record::Rounding(Rounding { line_id, amount_minor }))
    }

    /// VD.
    pub fn document_vat(&mut self, amount_minor: i64) -> Result<(), WriteError> {
        let line_id = self.next_id();
        self.sums.tax_document(amount_minor)?;
        self.put(&Record::DocumentVat(DocumentVat { line_id, amount_minor }))
    }

    /// CF.
    pub fn carry_forward(&mut self, amount_minor: i64) -> Result<(), WriteError> {
        let line_id = self.next_id();
        self.sums.carry(amount_minor);
        self.put(&Record::CarryForward(CarryForward { line_id, amount_minor }))
    }

    /// Writes BT from the sums of what was written, and gives the place back.
    pub fn close(mut self) -> Result<(W, BatchWritten), WriteError> {
        let trailer = self.sums.trailer(&self.header)?;
        self.sink.text.batch_trailer(&trailer);
        self.sink.ended()?;
        let (out, written) = self.sink.finish()?;
        let (header, hash_total) = (self.header, self.sums.hash_total);
        Ok((out, BatchWritten { header, trailer, hash_total, written }))
    }

    fn begin(&mut self, code: &str) {
        let id = LineId { prefix: &self.prefix, number: self.sums.lines + 1 };
        self.sink.text.begin(code).field(id);
    }

    fn next_id(&self) -> String {
        LineId { prefix: &self.prefix, number: self.sums.lines + 1 }.to_string()
    }

    fn put(&mut self, record: &Record) -> Result<(), WriteError> {
        self.sink.text.record(record);
        Ok(self.sink.ended()?)
    }
}

/// Writes a whole file: the header, then records or whole batches, then the trailer.
pub struct Writer<W> {
    sink: Sink<W>,
    batches: u64,
    currency: String,
    totals: BTreeMap<(String, Direction), i64>,
    hash_total: u128,
}

impl<W: Write> Writer<W> {
    /// Begins with FH.
    pub fn new(out: W, header: &FileHeader) -> Result<Self, WriteError> {
        let mut sink = Sink::new(out);
        sink.text.record(&Record::FileHeader(header.clone()));
        sink.ended()?;
        Ok(Self { sink, batches: 0, currency: String::new(), totals: BTreeMap::new(), hash_total: 0 })
    }

    /// Writes a record as it is. FH and FT are the writer's own and are left out, so that the records of a
    /// [`Reader`](super::Reader) can be written again under another header.
    pub fn record(&mut self, record: &Record) -> Result<(), WriteError> {
        let total = match record {
            Record::FileHeader(_) | Record::FileTrailer(_) => return Ok(()),
            Record::BatchHeader(header) => {
                self.currency.clone_from(&header.currency);
                0
            }
            Record::BatchTrailer(trailer) => {
                self.batch_total(&self.currency.clone(), trailer)?;
                0
            }
            Record::Transaction(line) => line.total_minor,
            Record::Adjustment(line) => line.total_minor,
            Record::Charge(line) => line.total_minor,
            Record::Prepaid(line) => line.total_minor,
            Record::Rounding(line) => line.amount_minor,
            Record::DocumentVat(line) => line.amount_minor,
            Record::CarryForward(line) => line.amount_minor,
        };
        self.hash_total = (self.hash_total + u128::from(total.unsigned_abs())) % HASH_TOTAL_MODULUS;
        self.sink.text.record(record);
        Ok(self.sink.ended()?)
    }

    /// Copies a batch that a [`BatchWriter`] has written.
    pub fn batch(&mut self, records: &mut impl Read, batch: &BatchWritten) -> Result<(), WriteError> {
        self.sink.flush()?;
        let mut buffer = vec![0; COLLECTED_MAX];
        loop {
            let read = records.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            self.sink.digest.update(bytes);
            self.sink.out.write_all(bytes)?;
            self.sink.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        }
        self.sink.records += batch.written.records;
        self.hash_total = (self.hash_total + batch.hash_total) % HASH_TOTAL_MODULUS;
        self.batch_total(&batch.header.currency, &batch.trailer)
    }

    fn batch_total(&mut self, currency: &str, trailer: &BatchTrailer) -> Result<(), WriteError> {
        self.batches += 1;
        let total = self.totals.entry((currency.to_owned(), trailer.direction)).or_default();
        *total = super::sums::add(*total, trailer.to_pay_minor)?;
        Ok(())
    }

    /// Writes FT and gives the place back.
    pub fn finish(mut self) -> Result<(W, Written), WriteError> {
        let trailer = FileTrailer {
            records: self.sink.records + 1,
            batches: self.batches,
            totals: totals(&self.totals),
            hash_total: self.hash_total,
            sha256: String::new(),
        };
        self.sink.text.file_trailer_without_hash(&trailer);
        self.sink.flush()?;
        let hash = hex::encode(self.sink.digest.clone().finish());
        self.sink.text.0.push_str(&hash);
        self.sink.text.end();
        self.sink.ended()?;
        Ok(self.sink.finish()?)
    }
}

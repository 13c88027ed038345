//! Reads a file strictly, record by record, and recomputes everything in it. It holds one record, however long the
//! file is.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use aws_lc_rs::digest::{Context, SHA256};
use domain::settlement::Direction;
use jiff::fmt::temporal::Pieces;

use super::batch::OpenBatch;
use super::fields::Fields;
use super::layout::{self, HASH_TOTAL_MODULUS, LAYOUT_VERSION_TEXT, NO_PREVIOUS, SEPARATOR, is_plain};
use super::text::totals_text;
use super::{BatchHeader, Environment, FileHeader, FileTrailer, ReadError, Record, Total};

/// No record of ours is near it; whoever sends a longer one sends something else.
const RECORD_BYTES_MAX: u64 = 65_536;

/// An iterator over the records of a file. A file is verified once its trailer has come, and not before: an error ends
/// the iteration.
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    /// Of the record that was read last.
    number: usize,
    digest: Context,
    state: State,
    header: Option<FileHeader>,
    open: Option<OpenBatch>,
    last: Option<LastBatch>,
    batches: u64,
    totals: BTreeMap<(String, Direction), i64>,
    hash_total: u128,
    sha256: Option<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Verified,
    Failed,
}

/// By which batches are sorted, and what the next of the same partner and currency opens with.
struct LastBatch {
    header: BatchHeader,
    closing_minor: i64,
}

impl<R: BufRead> Reader<R> {
    /// Nothing is read before the first record is asked for.
    pub fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            number: 0,
            digest: Context::new(&SHA256),
            state: State::Reading,
            header: None,
            open: None,
            last: None,
            batches: 0,
            totals: BTreeMap::new(),
            hash_total: 0,
            sha256: None,
        }
    }

    /// SHA-256 of all bytes, once the file is verified: what the next file is chained to.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }

    /// How many records were read.
    pub fn records(&self) -> usize {
        self.number
    }

    fn read(&mut self) -> Result<Record, ReadError> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.input).take(RECORD_BYTES_MAX).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Err(self.ended());
        }
        // Taken out and put back, so that the record may look at everything else.
        let line = std::mem::take(&mut self.line);
        let record = plain_text(self.number, &line).and_then(|text| self.record(text, &line));
        self.line = line;
        record
    }

    fn ended(&self) -> ReadError {
        let (field, expected, found) = match (&self.header, &self.open) {
            (None, _) => ("record type", "FH", "an empty file"),
            (_, Some(_)) => ("record type", "BT", "the end of the file"),
            (_, None) => ("record type", "BH or FT", "the end of the file"),
        };
        ReadError::record(self.number, field, expected, found)
    }

    fn record(&mut self, text: &str, line: &[u8]) -> Result<Record, ReadError> {
        let fields = Fields::new(self.number, text);
        if fields.kind() != layout::FILE_TRAILER.code {
            self.digest.update(line);
        }
        let Some(header) = &self.header else {
            if fields.kind() != layout::FILE_HEADER.code {
                return Err(fields.misplaced("FH"));
            }
            let header = file_header(fields)?;
            self.header = Some(header.clone());
            return Ok(Record::FileHeader(header));
        };
        match (fields.kind(), &mut self.open) {
            ("BH", None) => {
                let batch = OpenBatch::of(fields.clone(), header)?;
                self.in_order(&fields, &batch.header)?;
                let begun = Record::BatchHeader(batch.header.clone());
                self.open = Some(batch);
                Ok(begun)
            }
            ("FT", None) => self.trailer(fields, text, line).map(Record::FileTrailer),
            (_, None) => Err(fields.misplaced("BH or FT")),
            ("BT", Some(_)) => self.close_batch(fields),
            (_, Some(batch)) => batch.line(fields),
        }
    }

    fn in_order(&self, fields: &Fields<'_>, header: &BatchHeader) -> Result<(), ReadError> {
        let Some(last) = &self.last else { return Ok(()) };
        let order =
            |header: &BatchHeader| (header.partner.clone(), header.currency.clone(), header.cycle_sequence);
        let wrong = |field, expected: String, found: String| {
            Err(ReadError::record(self.number, field, expected, &found))
        };
        if order(&last.header) >= order(header) {
            return wrong(
                "partner",
                "batches sorted by partner, currency and cycle".to_owned(),
                format!("{} {}", fields.kind(), header.partner),
            );
        }
        let same = (&last.header.partner, &last.header.currency) == (&header.partner, &header.currency);
        // The same balance, whatever direction either batch is stated in.
        let carried =
            if last.header.stated == header.stated { last.closing_minor } else { -last.closing_minor };
        if same && header.business_date < last.header.business_date {
            let (from, found) = (last.header.business_date, header.business_date);
            return wrong("business date", format!("{from} or later"), found.to_string());
        }
        if same && header.opening_minor != carried {
            return wrong("opening balance", carried.to_string(), header.opening_minor.to_string());
        }
        Ok(())
    }

    fn close_batch(&mut self, fields: Fields<'_>) -> Result<Record, ReadError> {
        let Some(batch) = self.open.take() else { return Err(fields.misplaced("BH or FT")) };
        let trailer = batch.trailer(fields.clone())?;
        self.hash_total = (self.hash_total + batch.hash_total()) % HASH_TOTAL_MODULUS;
        self.batches += 1;
        let total = self.totals.entry((batch.header.currency.clone(), trailer.direction)).or_default();
        *total = total
            .checked_add(trailer.to_pay_minor)
            .ok_or_else(|| fields.error("sums that fit 64 bits", "a larger one"))?;
        self.last = Some(LastBatch { header: batch.header, closing_minor: trailer.closing_minor });
        Ok(Record::BatchTrailer(trailer))
    }

    fn trailer(&mut self, mut fields: Fields<'_>, text: &str, line: &[u8]) -> Result<FileTrailer, ReadError> {
        fields.exactly(self.number)?;
        fields.exactly(self.batches)?;
        let totals: Vec<Total> = totals(&self.totals);
        fields.exactly(totals_text(&totals))?;
        fields.exactly(self.hash_total)?;
        let hashed = text.rfind(SEPARATOR).map_or(0, |at| at + SEPARATOR.len_utf8());
        let (before, after) = line.split_at_checked(hashed).unwrap_or((line, &[]));
        self.digest.update(before);
        let sha256 = hex::encode(self.digest.clone().finish());
        fields.exactly(&sha256)?;
        fields.end()?;
        self.digest.update(after);
        if self.input.fill_buf()?.is_empty() {
            self.sha256 = Some(finish(&self.digest));
            self.state = State::Verified;
            let records = u64::try_from(self.number).unwrap_or(u64::MAX);
            return Ok(FileTrailer {
                records,
                batches: self.batches,
                totals,
                hash_total: self.hash_total,
                sha256,
            });
        }
        Err(ReadError::record(self.number + 1, "record type", "the end of the file", "more"))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state != State::Reading {
            return None;
        }
        let record = self.read();
        if record.is_err() {
            self.state = State::Failed;
        }
        Some(record)
    }
}

pub(super) fn totals(totals: &BTreeMap<(String, Direction), i64>) -> Vec<Total> {
    let total = |((currency, direction), to_pay_minor): (&(String, Direction), &i64)| Total {
        currency: currency.clone(),
        direction: *direction,
        to_pay_minor: *to_pay_minor,
    };
    totals.iter().map(total).collect()
}

pub(super) fn finish(digest: &Context) -> [u8; 32] {
    crate::hash::finished(digest.clone())
}

/// UTF-8, ended by a line feed, no other control character.
fn plain_text(number: usize, line: &[u8]) -> Result<&str, ReadError> {
    let wrong = |field, expected: &str, found: &str| Err(ReadError::record(number, field, expected, found));
    let Some(line) = line.strip_suffix(b"\n") else {
        let long = u64::try_from(line.len()).unwrap_or(u64::MAX) >= RECORD_BYTES_MAX;
        return if long {
            wrong("length", "at most 65536 bytes", "more")
        } else {
            wrong("end", "a line feed", "the end of the file")
        };
    };
    let Ok(text) = std::str::from_utf8(line) else { return wrong("text", "UTF-8", "another byte") };
    match text.chars().find(|letter| *letter != SEPARATOR && !is_plain(*letter)) {
        Some(letter) => wrong("text", "no control character", &letter.to_string()),
        None => Ok(text),
    }
}

fn file_header(mut fields: Fields<'_>) -> Result<FileHeader, ReadError> {
    fields.exactly(LAYOUT_VERSION_TEXT)?;
    let environment = fields.word("TEST or LIVE", Environment::parse)?;
    let (sender, receiver) = (fields.code()?, fields.code()?);
    let file_id = fields.text()?;
    let of_file_id = fields.clone();
    let program = fields.code()?;
    let zone = fields.word("the name of a time zone", |text| (!text.is_empty()).then(|| text.to_owned()))?;
    let business_date = fields.date()?;
    let cycle_sequence = fields.ordinal(1)?;
    let cut_off = fields.word("local time, UTC offset and [zone]", |text| cut_off(text, &zone))?;
    let sequence = fields.ordinal(1)?;
    let revision = fields.ordinal(0)?;
    let previous_sha256 = previous(&mut fields, sequence)?;
    let header = FileHeader {
        environment,
        sender,
        receiver,
        program,
        zone,
        business_date,
        cycle_sequence,
        cut_off,
        sequence,
        revision,
        previous_sha256,
    };
    if file_id != header.file_id() {
        return Err(of_file_id.error(header.file_id(), file_id));
    }
    fields.end()?;
    Ok(header)
}

/// Read without looking up the zone: its rules may have changed since.
fn cut_off(text: &str, zone: &str) -> Option<String> {
    let pieces = Pieces::parse(text).ok()?;
    let complete = pieces.time().is_some()
        && pieces.to_numeric_offset().is_some()
        && pieces.time_zone_annotation().is_some()
        && text.strip_suffix(']')?.rsplit_once('[')?.1 == zone;
    complete.then(|| text.to_owned())
}

fn previous(fields: &mut Fields<'_>, sequence: i32) -> Result<Option<[u8; 32]>, ReadError> {
    let text = fields.digits(32)?;
    match (sequence, text == NO_PREVIOUS) {
        (1, true) => Ok(None),
        (1, false) => Err(fields.error("zeros in the first file", text)),
        (_, true) => Err(fields.error("a hash", text)),
        (_, false) => Ok(hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok())),
    }
}

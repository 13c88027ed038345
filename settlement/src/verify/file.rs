//! The whole file: header, batches, trailer, hashes.

use std::collections::BTreeMap;

use domain::settlement::Direction;
use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;

use super::batch::{OpenBatch, add};
use super::fields::Fields;
use super::{BatchSummary, FileSummary, Total, VerifyError};
use crate::layout::{HASH_TOTAL_MODULUS, LAYOUT_VERSION, NO_PREVIOUS, SEPARATOR, is_plain, record};
use crate::render::sha256;
use crate::{Environment, FileHeader};

/// Reads and verifies a whole file.
pub(super) fn read(bytes: &[u8]) -> Result<FileSummary, VerifyError> {
    let text = plain_text(bytes)?;
    let mut records = text.split_terminator('\n').enumerate().map(|(at, line)| Fields::new(at + 1, line));
    let header = match records.next() {
        Some(fields) if fields.kind() == record::FILE_HEADER => file_header(fields)?,
        Some(fields) => return Err(fields.error("record type", "FH", fields.kind())),
        None => return Err(VerifyError::record(1, "record type", "FH", "an empty file")),
    };
    let (mut found, mut open) = (Found::default(), None);
    let mut count = 1;
    for fields in records.by_ref() {
        count += 1;
        match (fields.kind(), open.take()) {
            (record::BATCH_HEADER, None) => open = Some(found.begin(fields, &header)?),
            (record::FILE_TRAILER, None) => {
                let trailer = found.trailer(fields, text, count)?;
                nothing_follows(records.next())?;
                return Ok(summary(header, found, trailer, count, bytes));
            }
            (kind, None) => return Err(fields.error("record type", "BH or FT", kind)),
            (record::BATCH_TRAILER, Some(batch)) => found.take(batch, fields)?,
            (_, Some(mut batch)) => {
                batch.row(fields)?;
                open = Some(batch);
            }
        }
    }
    Err(VerifyError::record(count + 1, "record type", "BT or FT", "the end of the file"))
}

/// UTF-8, each record ended by a line feed, no other control character.
fn plain_text(bytes: &[u8]) -> Result<&str, VerifyError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        VerifyError::record(line_of(before), "text", "UTF-8", "another byte")
    })?;
    let strange = |(_, letter): &(usize, char)| *letter != '\n' && *letter != SEPARATOR && !is_plain(*letter);
    if let Some((at, letter)) = text.char_indices().find(strange) {
        let line = line_of(bytes.get(..at).unwrap_or_default());
        return Err(VerifyError::record(line, "text", "no control character", &letter.to_string()));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(VerifyError::record(line_of(bytes), "end", "a line feed", "the end of the file"));
    }
    Ok(text)
}

fn line_of(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn nothing_follows(next: Option<Fields<'_>>) -> Result<(), VerifyError> {
    match next {
        None => Ok(()),
        Some(fields) => Err(fields.error("record type", "the end of the file", fields.kind())),
    }
}

fn file_header(mut fields: Fields<'_>) -> Result<FileHeader, VerifyError> {
    fields.exactly("layout version", LAYOUT_VERSION)?;
    let environment = fields.word("environment", "TEST or LIVE", Environment::parse)?;
    let (sender, receiver) = (fields.code("sender")?, fields.code("receiver")?);
    let file_id = fields.text("file id")?;
    let program = fields.code("program")?;
    let business_date: Date = fields.value("business date", "a date YYYY-MM-DD")?;
    let cycle_sequence = fields.ordinal("cycle sequence", 1)?;
    let cut_off = fields.word("cut-off", "local time, UTC offset and [zone]", cut_off)?;
    let sequence = fields.ordinal("file sequence", 1)?;
    let revision = fields.ordinal("revision", 0)?;
    let previous_sha256 = previous(&mut fields, sequence)?;
    let header = FileHeader {
        environment,
        sender,
        receiver,
        program,
        business_date,
        cycle_sequence,
        cut_off,
        sequence,
        revision,
        previous_sha256,
    };
    if file_id != header.file_id() {
        return Err(fields.error("file id", header.file_id(), file_id));
    }
    fields.end()?;
    Ok(header)
}

/// Read without looking up the zone: its rules may have changed since.
fn cut_off(text: &str) -> Option<String> {
    let pieces = Pieces::parse(text).ok()?;
    let complete = pieces.time().is_some()
        && pieces.to_numeric_offset().is_some()
        && pieces.time_zone_annotation().is_some();
    complete.then(|| text.to_owned())
}

fn previous(fields: &mut Fields<'_>, sequence: i32) -> Result<Option<[u8; 32]>, VerifyError> {
    let read = fields.digits("previous file's SHA-256", 32)?;
    let text = hex::encode(&read);
    match (sequence, text == NO_PREVIOUS) {
        (1, true) => Ok(None),
        (1, false) => Err(fields.error("previous file's SHA-256", "zeros in the first file", &text)),
        (_, true) => Err(fields.error("previous file's SHA-256", "a hash", &text)),
        (_, false) => Ok(read.try_into().ok()),
    }
}

/// What the batches came to so far.
#[derive(Default)]
struct Found {
    batches: Vec<BatchSummary>,
    totals: BTreeMap<(String, &'static str), (Direction, i64)>,
    hash_total: u128,
}

impl Found {
    fn begin(&self, fields: Fields<'_>, header: &FileHeader) -> Result<OpenBatch, VerifyError> {
        let last = self.batches.last();
        let probe = fields.clone();
        let batch = OpenBatch::header(fields, header)?;
        let (partner, _) = batch.order();
        if header.receiver != header.sender && partner != header.receiver {
            return Err(probe.error("partner", header.receiver.clone(), partner));
        }
        if last.is_some_and(|last| (last.partner.as_str(), last.currency.as_str()) >= batch.order()) {
            return Err(probe.error("partner", "batches sorted by partner and currency", partner));
        }
        Ok(batch)
    }

    fn take(&mut self, batch: OpenBatch, fields: Fields<'_>) -> Result<(), VerifyError> {
        self.hash_total = (self.hash_total + batch.hash_total()) % HASH_TOTAL_MODULUS;
        let probe = fields.clone();
        let batch = batch.trailer(fields)?;
        let key = (batch.currency.clone(), batch.direction.name());
        let (_, total) = self.totals.entry(key).or_insert((batch.direction, 0));
        *total = add(&probe, *total, batch.to_pay_minor)?;
        self.batches.push(batch);
        Ok(())
    }

    fn trailer(&self, mut fields: Fields<'_>, text: &str, count: usize) -> Result<u64, VerifyError> {
        fields.exactly("records", count)?;
        fields.exactly("batches", self.batches.len())?;
        let totals: Vec<String> = self
            .totals
            .iter()
            .map(|((currency, direction), (_, total))| format!("{currency}:{direction}:{total}"))
            .collect();
        fields.exactly("totals", totals.join(";"))?;
        fields.exactly("hash total", self.hash_total)?;
        let (before, _) = text.rsplit_once(SEPARATOR).unwrap_or_default();
        let hashed = text.get(..before.len() + SEPARATOR.len_utf8()).unwrap_or_default();
        fields.exactly("SHA-256", hex::encode(sha256(hashed.as_bytes())))?;
        fields.end()?;
        Ok(u64::try_from(self.hash_total).unwrap_or(u64::MAX))
    }
}

fn summary(header: FileHeader, found: Found, hash_total: u64, records: usize, bytes: &[u8]) -> FileSummary {
    let total = |((currency, _), (direction, to_pay_minor))| Total { currency, direction, to_pay_minor };
    FileSummary {
        header,
        batches: found.batches,
        totals: found.totals.into_iter().map(total).collect(),
        records,
        hash_total,
        sha256: hex::encode(sha256(bytes)),
    }
}

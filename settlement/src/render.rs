//! Writes a settlement file. Everything comes from its arguments, so the same day gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use aws_lc_rs::digest::{SHA256, digest};
use domain::MoneyError;
use domain::settlement::PricedLine;

use crate::batch::Batch;
use crate::layout::{
    FileHeader, HASH_TOTAL_MODULUS, LAYOUT_VERSION, SEPARATOR, is_plain, line_id, record, role,
};
use crate::lines::Line;

/// A file, ready to be booked and published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 of all bytes.
    pub(crate) sha256: [u8; 32],
    pub(crate) records: i32,
}

/// Renders the batches of one receiver; lines are those of the whole day.
pub(crate) fn render(
    header: &FileHeader,
    batches: &[&Batch],
    lines: &[Line<'_>],
) -> Result<Rendered, MoneyError> {
    let mut writer = Writer::default();
    writer.file_header(header);
    for batch in batches {
        writer.batch(header, batch, lines)?;
    }
    writer.file_trailer(batches.len());
    let bytes = writer.text.into_bytes();
    let records = i32::try_from(writer.records).map_err(|_| MoneyError::Overflow)?;
    Ok(Rendered { sha256: sha256(&bytes), bytes, records })
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[derive(Default)]
struct Writer {
    text: String,
    records: u64,
    hash_total: u128,
    totals: BTreeMap<(&'static str, &'static str), i64>,
}

impl Writer {
    /// Begins a record; fields follow, then [`Self::end`].
    fn begin(&mut self, record: &str) -> &mut Self {
        self.records += 1;
        self.text.push_str(record);
        self
    }

    fn field(&mut self, value: impl Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{SEPARATOR}{value}");
        self
    }

    /// A text that a bank or a member chose: what would break the record becomes a blank.
    fn foreign(&mut self, value: &str) -> &mut Self {
        self.text.push(SEPARATOR);
        self.text.extend(value.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }));
        self
    }

    fn end(&mut self) {
        self.text.push('\n');
    }

    fn count(&mut self, total_minor: i64) {
        self.hash_total = (self.hash_total + u128::from(total_minor.unsigned_abs())) % HASH_TOTAL_MODULUS;
    }

    fn file_header(&mut self, header: &FileHeader) {
        self.begin(record::FILE_HEADER)
            .field(LAYOUT_VERSION)
            .field(header.environment.name())
            .field(&header.sender)
            .field(&header.receiver)
            .field(header.file_id())
            .field(&header.program)
            .field(header.business_date)
            .field(header.cycle_sequence)
            .field(&header.cut_off)
            .field(header.sequence)
            .field(header.revision)
            .field(header.previous_text())
            .end();
    }

    fn batch(&mut self, header: &FileHeader, batch: &Batch, lines: &[Line<'_>]) -> Result<(), MoneyError> {
        self.batch_header(header, batch);
        let mut number = 0;
        let mut next_id = || {
            number += 1;
            line_id(&header.program, header.cycle_sequence, &batch.partner_code, batch.currency_code, number)
        };
        for priced in &batch.priced.lines {
            // Indexes come from pricing these very lines.
            if let Some(line) = lines.get(priced.index) {
                self.transaction(&next_id(), line, priced);
            }
        }
        let priced = &batch.priced;
        let rows =
            [(record::ROUNDING, priced.rounding_minor), (record::DOCUMENT_VAT, priced.document_vat_minor)];
        for (row, amount) in rows.into_iter().filter(|(_, amount)| *amount != 0) {
            self.begin(row).field(next_id()).field(amount).end();
            self.count(amount);
        }
        self.batch_trailer(batch);
        let total = self.totals.entry((batch.currency_code, priced.direction.name())).or_default();
        *total = total.checked_add(priced.to_pay_minor).ok_or(MoneyError::Overflow)?;
        Ok(())
    }

    fn batch_header(&mut self, header: &FileHeader, batch: &Batch) {
        let bases: Vec<&str> = batch.bases.iter().map(|basis| basis.name()).collect();
        self.begin(record::BATCH_HEADER)
            .field(&batch.partner_code)
            .field(&header.program)
            .field(batch.currency_code)
            .field(batch.exponent)
            .field(batch.priced.direction.name())
            // Every cycle is paid by itself.
            .field(0)
            .field(if batch.cobrand { role::COBRAND } else { role::MERCHANT })
            .field(bases.join(","))
            .end();
    }

    fn transaction(&mut self, id: &str, line: &Line<'_>, priced: &PricedLine) {
        let references = line.references;
        self.begin(record::TRANSACTION)
            .field(id)
            .field(references.message)
            .field(references.purchase)
            .field(line.kind.name())
            .foreign(&references.mti)
            .foreign(&references.retrieval)
            .foreign(&references.approval)
            .foreign(&references.stan)
            .foreign(&references.transmitted)
            .foreign(&references.arn)
            .foreign(&references.acquirer)
            .foreign(&references.card_acceptor)
            .foreign(&references.terminal)
            .foreign(&references.member_number)
            .field(references.local_date)
            .field(&references.rules)
            .field(references.counted_minor);
        for item in &priced.items {
            self.field(item.quantity).field(item.net_minor).field(item.vat_minor);
        }
        self.field(priced.total_minor).end();
        self.count(priced.total_minor);
    }

    fn batch_trailer(&mut self, batch: &Batch) {
        let priced = &batch.priced;
        self.begin(record::BATCH_TRAILER).field(priced.lines.len());
        for quantity in &priced.quantities {
            self.field(quantity);
        }
        self.field(priced.net_minor)
            .field(priced.vat_minor)
            .field(priced.rounding_minor)
            .field(priced.to_pay_minor)
            .end();
    }

    fn file_trailer(&mut self, batches: usize) {
        let total = |((currency, direction), amount): (&(&str, &str), &i64)| {
            format!("{currency}:{direction}:{amount}")
        };
        let totals = self.totals.iter().map(total).collect::<Vec<_>>().join(";");
        let (records, hash_total) = (self.records + 1, self.hash_total);
        self.begin(record::FILE_TRAILER).field(records).field(batches).field(totals).field(hash_total);
        self.text.push(SEPARATOR);
        let hash = hex::encode(sha256(self.text.as_bytes()));
        self.text.push_str(&hash);
        self.end();
    }
}

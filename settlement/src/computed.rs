//! A priced cycle: its batches lie in temporary files, ready to be put together for each receiver.

use std::collections::BTreeSet;
use std::path::Path;

use domain::InDay;
use domain::settlement::{Basis, BatchClosing, Terms};
use partner_adapters::Staged;
use partner_adapters::canonical::{BatchWritten, FileHeader, Writer, Written};
use store::{BatchRow, ComputedItems, Cycle, PositionRow, StoredOpening};

use crate::pass::{refused, spool_label};
use crate::waiting::Waiting;
use crate::{CloseError, ProgramSetup};

/// The place of a file in its receiver's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: i32,
    pub(crate) revision: i32,
    pub(crate) previous_sha256: Option<[u8; 32]>,
}

/// What is owed between the bank and a partner in one currency.
#[derive(Debug)]
pub(crate) struct ComputedBatch {
    pub(crate) terms: Terms,
    pub(crate) opening: StoredOpening,
    pub(crate) closing: BatchClosing,
    pub(crate) batch: BatchWritten,
    /// Its records, BH and BT included.
    pub(crate) spool: Staged,
}

/// A cycle with its batches, sorted by partner code and currency.
#[derive(Debug)]
pub(crate) struct Computed {
    setup: ProgramSetup,
    cycle: Cycle,
    batches: Vec<ComputedBatch>,
    /// Of earlier cycles, sorted by partner code, currency and cycle.
    waiting: Vec<Waiting>,
    cut_off: String,
}

/// A receiver's file that has no name yet.
#[derive(Debug)]
pub(crate) struct StagedFile {
    pub(crate) header: FileHeader,
    pub(crate) written: Written,
    pub(crate) staged: Staged,
}

impl Computed {
    pub(crate) fn new(
        setup: ProgramSetup,
        (cycle, in_day): (Cycle, InDay),
        mut batches: Vec<ComputedBatch>,
    ) -> Result<Self, CloseError> {
        let key =
            |batch: &ComputedBatch| (batch.batch.header.partner.clone(), batch.batch.header.currency.clone());
        batches.sort_by_key(key);
        let cut_off = setup.cut_off(in_day)?.to_string();
        Ok(Self { setup, cycle, batches, waiting: Vec::new(), cut_off })
    }

    /// With what waits for the files of this cycle.
    pub(crate) fn with_waiting(self, waiting: Vec<Waiting>) -> Self {
        Self { waiting, ..self }
    }

    /// What goes on the books, by partner and currency as the store orders it.
    pub(crate) fn positions(&self) -> Vec<PositionRow> {
        let mut positions: Vec<_> = self.batches.iter().map(ComputedBatch::position).collect();
        positions.sort_by_key(|position| (position.partner, position.currency));
        positions
    }

    /// The batches, in the same order.
    pub(crate) fn batch_rows(&self) -> Vec<BatchRow> {
        let mut rows: Vec<_> = self.batches.iter().map(ComputedBatch::row).collect();
        rows.sort_by_key(|row| (row.partner, row.currency));
        rows
    }

    /// What the next cycles will ask for.
    pub(crate) fn items(&self) -> Vec<ComputedItems<'_>> {
        let items = self.batches.iter();
        items.map(|batch| (&batch.terms, &batch.opening, &batch.closing)).collect()
    }

    /// Every partner with a batch that takes files on this day, and the bank, sorted.
    pub(crate) fn receivers(&self) -> BTreeSet<String> {
        let date = self.cycle.business_date;
        let due = |batch: &&ComputedBatch| self.setup.takes_files(batch.terms.partner, date, date);
        let partners = self.batches.iter().filter(due).map(|batch| batch.batch.header.partner.clone());
        let late =
            self.waiting.iter().filter(|waiting| waiting.is_due).map(|waiting| waiting.partner.clone());
        partners.chain(late).chain([self.setup.bank.1.clone()]).collect()
    }

    /// Makes all batches durable; returns their bytes.
    pub(crate) fn sync(&self) -> Result<u64, CloseError> {
        self.batches.iter().try_fold(0, |bytes, batch| {
            batch.spool.sync()?;
            Ok(bytes + batch.batch.written.bytes)
        })
    }

    /// Writes the file of one receiver into a temporary file in `dir`.
    pub(crate) fn stage(
        &mut self,
        receiver: &str,
        place: Place,
        dir: &Path,
    ) -> Result<StagedFile, CloseError> {
        let header = FileHeader {
            environment: self.setup.environment,
            sender: self.setup.bank.1.clone(),
            receiver: receiver.to_owned(),
            program: self.setup.code.clone(),
            zone: self.setup.time_zone.clone(),
            business_date: self.cycle.business_date,
            cycle_sequence: self.cycle.sequence,
            cut_off: self.cut_off.clone(),
            sequence: place.sequence,
            revision: place.revision,
            previous_sha256: place.previous_sha256,
        };
        let for_bank = receiver == self.setup.bank.1;
        let staged =
            Staged::create(dir, &format!("{}file-{receiver}", spool_label(&self.setup, &self.cycle)))?;
        let path = staged.path().to_owned();
        let wrong = |error| refused(receiver, &path, error);
        let mut writer = Writer::new(staged, &header).map_err(wrong)?;
        // The bank has had theirs on their own days.
        let late = self.waiting.iter().filter(|waiting| !for_bank && waiting.partner == receiver);
        let mut late = late.peekable();
        for batch in &mut self.batches {
            let header = &batch.batch.header;
            if for_bank || header.partner == receiver {
                while let Some(earlier) = late.next_if(|earlier| earlier.currency <= header.currency) {
                    earlier.copy(&mut writer)?;
                }
                batch.spool.rewind()?;
                writer.batch(&mut batch.spool, &batch.batch).map_err(wrong)?;
            }
        }
        late.try_for_each(|earlier| earlier.copy(&mut writer))?;
        let (staged, written) = writer.finish().map_err(wrong)?;
        staged.sync()?;
        Ok(StagedFile { header, written, staged })
    }
}

impl ComputedBatch {
    fn position(&self) -> PositionRow {
        let (header, trailer) = (&self.batch.header, &self.batch.trailer);
        // Positions are told as who pays sees them.
        let sign = if trailer.direction == header.stated { 1 } else { -1 };
        PositionRow {
            partner: self.terms.partner,
            currency: self.terms.currency,
            direction: trailer.direction,
            // A cycle of more than two thousand million lines is told as one of so many.
            lines: i32::try_from(trailer.transactions + trailer.adjustments).unwrap_or(i32::MAX),
            miles: paid_miles(&header.items, &trailer.quantities).unwrap_or(0),
            net_minor: sign * trailer.net_minor,
            vat_minor: sign * trailer.vat_minor,
            rounding_minor: sign * trailer.rounding_minor,
            to_pay_minor: trailer.to_pay_minor,
        }
    }

    fn row(&self) -> BatchRow {
        let (header, trailer, written) = (&self.batch.header, &self.batch.trailer, &self.batch.written);
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        BatchRow {
            partner: self.terms.partner,
            currency: self.terms.currency,
            stated: header.stated,
            opening_minor: header.opening_minor,
            closing_minor: trailer.closing_minor,
            transactions: count(trailer.transactions),
            adjustments: count(trailer.adjustments),
            charges: count(trailer.charges),
            quantities: header.items.iter().copied().zip(trailer.quantities.iter().copied()).collect(),
            records: count(written.records),
            sha256: written.sha256,
        }
    }
}

/// Miles that are paid for; `None` if the terms price none. A partner's bonus miles are among the miles granted in
/// the program, so they do not count twice.
pub(crate) fn paid_miles(bases: &[Basis], quantities: &[i64]) -> Option<i64> {
    let of = |basis| bases.iter().zip(quantities).find(|(other, _)| **other == basis);
    of(Basis::MilesGranted).or_else(|| of(Basis::BonusMiles)).map(|(_, miles)| *miles)
}

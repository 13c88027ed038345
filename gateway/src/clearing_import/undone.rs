//! Which records of a file the file itself undoes behind them.

use std::collections::HashMap;

use super::{
    reader::{Item, RecordReader},
    record::ClearingRecord,
};

/// Reversals that are kept in mind, so that a file of any size is read in bounded memory. Of a record beyond them it is
/// not known that it is undone: it is booked and taken back, which comes to the same.
const REVERSALS_MAX: usize = 65_536;

/// The last reversal of each identity of a file.
#[derive(Debug, Default)]
pub(super) struct Undone(HashMap<String, u64>);

impl Undone {
    /// Takes note of a record.
    pub(super) fn note(&mut self, record: &ClearingRecord) {
        if !record.reversal {
            return;
        }
        let identity = record.identity();
        if self.0.len() < REVERSALS_MAX || self.0.contains_key(&identity) {
            self.0.insert(identity, record.number);
        }
    }

    /// Reads a whole file that was checked before.
    pub(super) fn read(reader: &mut dyn RecordReader) -> Self {
        let mut undone = Self::default();
        // What cannot be read stops the next reading.
        while let Ok(Some(item)) = reader.next_item() {
            if let Item::Record(record) = item {
                undone.note(&record);
            }
        }
        undone
    }

    /// Whether the file undoes the record behind it.
    pub(super) fn is_undone(&self, record: &ClearingRecord) -> bool {
        !record.reversal && self.0.get(&record.identity()).is_some_and(|last| *last > record.number)
    }
}

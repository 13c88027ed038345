//! What trailers state and what was counted.

use super::Transaction;

/// Counts and sums of a batch or of a file.
///
/// Definition, in one place as the sources do not say it: drafts are monetary; a record is a record of any
/// transaction; trailer and header count neither as record nor as transaction; amounts are plain sums, whatever the
/// direction and the currency. One public program that writes such files counts in this way, but subtracts credits
/// from the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sum of destination amounts, in minor units.
    pub destination: u64,
    /// Number of drafts.
    pub monetary: u64,
    /// Number of records.
    pub records: u64,
    /// Number of transactions.
    pub transactions: u64,
    /// Sum of source amounts, in minor units.
    pub source: u64,
}

impl Tally {
    pub(super) const fn add_draft(&mut self, draft: &Transaction, records: u64) {
        let destination = match draft.destination {
            Some(amount) => amount.minor,
            None => 0,
        };
        self.destination = self.destination.saturating_add(destination);
        self.source = self.source.saturating_add(draft.source.minor);
        self.monetary = self.monetary.saturating_add(1);
        self.add_other(records);
    }

    pub(super) const fn add_other(&mut self, records: u64) {
        self.records = self.records.saturating_add(records);
        self.transactions = self.transactions.saturating_add(1);
    }
}

/// A batch trailer (91) or the file trailer (92). A difference is no error of reading: the definitions differ
/// between senders, so who imports decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Number of its record, from 1.
    pub record: u64,
    /// In a batch trailer the number of the batch, in the file trailer the number of batches, as stated.
    pub batch: u64,
    /// How many batch trailers were seen so far, this one included.
    pub batches_counted: u64,
    /// As stated.
    pub stated: Tally,
    /// As counted.
    pub counted: Tally,
}

/// What a trailer states otherwise than counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "trailer in record {record}, {field}: expected {counted} as counted, found {stated}; the sender must send the \
     whole file again, or say how it counts"
)]
pub struct Difference {
    /// Number of the record of the trailer, from 1.
    pub record: u64,
    /// Name of the field.
    pub field: &'static str,
    /// As stated; amounts in minor units.
    pub stated: u64,
    /// As counted; amounts in minor units.
    pub counted: u64,
}

impl Trailer {
    /// All differences, in the order of the fields.
    pub fn differences(&self) -> impl Iterator<Item = Difference> {
        let Self { record, stated, counted, .. } = *self;
        let fields = [
            ("destination amount", stated.destination, counted.destination),
            ("number of monetary transactions", stated.monetary, counted.monetary),
            ("batch number", self.batch, self.batches_counted),
            ("number of records", stated.records, counted.records),
            ("number of transactions", stated.transactions, counted.transactions),
            ("source amount", stated.source, counted.source),
        ];
        let differing = fields.into_iter().filter(|(_, stated, counted)| stated != counted);
        differing.map(move |(field, stated, counted)| Difference { record, field, stated, counted })
    }
}

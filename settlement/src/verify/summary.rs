//! What a verified file says.

use domain::settlement::{Basis, Direction};
use jiff::civil::Date;
pub use partner_adapters::canonical::Total;
use partner_adapters::canonical::{BatchHeader, BatchTrailer, FileTrailer, Record, Role};

use super::VerifyError;
use crate::FileHeader;
use crate::computed::paid_miles;

/// A settlement file whose every sum was recomputed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// Its header.
    pub header: FileHeader,
    /// Its batches, by partner and currency.
    pub batches: Vec<BatchSummary>,
    /// Its totals, by currency and direction.
    pub totals: Vec<Total>,
    /// Its records, header and trailer included.
    pub records: usize,
    /// The sum of the sizes of all line totals, modulo 10^18.
    pub hash_total: u64,
    /// SHA-256 of all its bytes, in hexadecimal digits: what the next file is chained to.
    pub sha256: String,
}

/// A batch of a settlement file. Amounts are as who pays sees them, whatever direction the file states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSummary {
    /// The partner's code.
    pub partner: String,
    /// The program's code.
    pub program: String,
    /// The business date of the cycle.
    pub business_date: Date,
    /// The place of the cycle among the program's cycles.
    pub cycle_sequence: i32,
    /// The currency's three letters.
    pub currency: String,
    /// The decimals of its major unit.
    pub exponent: u16,
    /// Who pays; amounts are positive in this direction.
    pub direction: Direction,
    /// Whether the partner is the program's co-brand partner; otherwise it is a merchant partner.
    pub cobrand: bool,
    /// What is paid for, each with its quantity.
    pub quantities: Vec<(Basis, i64)>,
    /// Lines of transactions, adjustments among them.
    pub transactions: i64,
    /// Lines of adjustments.
    pub adjustments: i64,
    /// Lines of charges.
    pub charges: i64,
    /// What earlier batches carried forward.
    pub opening_minor: i64,
    /// Net, rounding included.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// The rounding amount.
    pub rounding_minor: i64,
    /// What is carried forward.
    pub closing_minor: i64,
    /// To be paid.
    pub to_pay_minor: i64,
    /// When it is paid.
    pub payment_date: Date,
}

impl BatchSummary {
    /// Miles that are paid for, counted as [`Position::miles`](crate::Position::miles); `None` if the terms price none.
    pub fn miles(&self) -> Option<i64> {
        let (bases, quantities): (Vec<_>, Vec<_>) = self.quantities.iter().copied().unzip();
        paid_miles(&bases, &quantities)
    }

    fn of(header: BatchHeader, trailer: BatchTrailer) -> Self {
        let sign = if trailer.direction == header.stated { 1 } else { -1 };
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Self {
            partner: header.partner,
            program: header.program,
            business_date: header.business_date,
            cycle_sequence: header.cycle_sequence,
            currency: header.currency,
            exponent: header.exponent,
            direction: trailer.direction,
            cobrand: header.role == Role::Cobrand,
            quantities: header.items.into_iter().zip(trailer.quantities).collect(),
            transactions: count(trailer.transactions.saturating_add(trailer.adjustments)),
            adjustments: count(trailer.adjustments),
            charges: count(trailer.charges),
            opening_minor: sign * header.opening_minor,
            net_minor: sign * trailer.net_minor,
            vat_minor: sign * trailer.vat_minor,
            rounding_minor: sign * trailer.rounding_minor,
            closing_minor: sign * trailer.closing_minor,
            to_pay_minor: trailer.to_pay_minor,
            payment_date: header.payment_date,
        }
    }
}

/// A summary while its file is read.
#[derive(Default)]
pub(super) struct Building {
    header: Option<FileHeader>,
    batch: Option<BatchHeader>,
    batches: Vec<BatchSummary>,
    trailer: Option<FileTrailer>,
}

impl Building {
    pub(super) fn take(&mut self, record: Record) {
        match record {
            Record::FileHeader(header) => self.header = Some(header),
            Record::BatchHeader(header) => self.batch = Some(header),
            Record::BatchTrailer(trailer) => {
                let header = self.batch.take();
                self.batches.extend(header.map(|header| BatchSummary::of(header, trailer)));
            }
            Record::FileTrailer(trailer) => self.trailer = Some(trailer),
            _ => {}
        }
    }

    pub(super) fn finish(self, sha256: Option<[u8; 32]>, records: usize) -> Result<FileSummary, VerifyError> {
        let (Some(header), Some(trailer), Some(sha256)) = (self.header, self.trailer, sha256) else {
            let (expected, found) = ("FT".to_owned(), "the end of the file".to_owned());
            return Err(VerifyError::Record { record: records, field: "record type", expected, found });
        };
        Ok(FileSummary {
            header,
            batches: self.batches,
            totals: trailer.totals,
            records,
            hash_total: u64::try_from(trailer.hash_total).unwrap_or(u64::MAX),
            sha256: hex::encode(sha256),
        })
    }
}

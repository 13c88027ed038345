//! What a verified file says.

use domain::settlement::{Basis, Direction};

use crate::FileHeader;
use crate::batch::paid_miles;

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

/// A batch of a settlement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSummary {
    /// The partner's code.
    pub partner: String,
    /// The program's code.
    pub program: String,
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
    /// Lines of transactions.
    pub transactions: i64,
    /// Net, rounding included.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// The rounding amount.
    pub rounding_minor: i64,
    /// To be paid.
    pub to_pay_minor: i64,
}

impl BatchSummary {
    /// Miles that are paid for, counted as [`Position::miles`](crate::Position::miles); `None` if the terms price none.
    pub fn miles(&self) -> Option<i64> {
        let (bases, quantities): (Vec<_>, Vec<_>) = self.quantities.iter().copied().unzip();
        paid_miles(&bases, &quantities)
    }
}

/// The total of one currency and direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The currency's three letters.
    pub currency: String,
    /// Who pays.
    pub direction: Direction,
    /// To be paid.
    pub to_pay_minor: i64,
}

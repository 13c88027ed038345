//! What a closed day came to.

use std::path::PathBuf;

use domain::settlement::Direction;
use jiff::civil::Date;
use store::Cycle;

/// A closed day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The cycle, as it stands now.
    pub cycle: Cycle,
    /// Its business date.
    pub business_date: Date,
    /// Whether it was closed and published before this call, which then changed nothing on the books.
    pub already_closed: bool,
    /// What is owed, by partner code and currency.
    pub positions: Vec<Position>,
    /// The files, by receiver.
    pub files: Vec<ClosedFile>,
}

/// What is owed between the bank and a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The partner's code.
    pub partner: String,
    /// The program's code.
    pub program: String,
    /// The currency's three letters.
    pub currency: String,
    /// Who pays.
    pub direction: Direction,
    /// To be paid, all items netted, tax and rounding included; never negative.
    pub net_minor: i64,
    /// The part of it before tax, rounding included.
    pub before_tax_minor: i64,
    /// The part of it that is value added tax.
    pub vat_minor: i64,
    /// The rounding amount that is included.
    pub rounding_minor: i64,
    /// Miles that are paid for.
    pub miles: i64,
    /// Lines of transactions.
    pub transactions: i32,
    /// The name of the partner's file.
    pub file: String,
    /// SHA-256 of the partner's file, in hexadecimal digits.
    pub sha256: String,
}

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedFile {
    /// The code of the partner or bank that receives it.
    pub receiver: String,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its records, header and trailer included.
    pub records: i32,
}

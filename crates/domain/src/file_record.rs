//! What tells records of clearing files apart that carry the same identity.

use jiff::civil::Date;

use crate::{Currency, RefKind};

/// One record of a clearing file, as far as it is compared with others of the same identity.
///
/// Where a format does not say something it is `None`, and equal to whatever another record says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileRecord {
    /// As what the record counts, or for a reversal what it undoes.
    pub step: RefKind,
    /// The file.
    pub file: FilePlace,
    /// The record's number in its file, from 1 (DE71).
    pub number: u64,
    /// DE4 in minor units of DE49.
    pub amount: Option<(u64, Currency)>,
    /// Whether DE24 says that a part of the amount is meant.
    pub partial: Option<bool>,
    /// DE95: by which the issuer tells its chargebacks apart.
    pub reference: Option<String>,
    /// Of a reversal: the day of the file that the undone record was in (PDS0025).
    pub undoes_day: Option<Date>,
    /// Whether its own file undoes it behind it.
    pub undone_behind: bool,
    /// How many records of the identity came before it; set when it is decided.
    pub arrival: u32,
    /// Whether its amount is not known in the program's currency; set when it is decided.
    pub unbilled: bool,
    /// Whether it was refused: it never counts, but its reversal is meant for it; set when it is decided.
    pub refused: bool,
}

/// Where a file stands among those of its bank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FilePlace {
    /// Its id.
    pub id: String,
    /// Files of one series are numbered in the order in which the bank wrote them; empty if it is in none.
    pub series: String,
    /// The date that begins the series again.
    pub date: Option<Date>,
    /// Its number.
    pub sequence: Option<i32>,
}

impl FileRecord {
    /// Whether both may be the same record, or one may undo the other: nothing that both say differs.
    pub fn agrees_with(&self, other: &Self) -> bool {
        agree(self.amount, other.amount)
            && agree(self.partial, other.partial)
            && agree(self.reference.as_ref(), other.reference.as_ref())
    }

    /// Whether both may stand at once: parts of one amount.
    pub(crate) fn stands_beside(&self, other: &Self) -> bool {
        self.partial == Some(true) && other.partial == Some(true)
    }

    /// Whether the bank's own order says which of the two comes first.
    pub(crate) fn is_ordered_with(&self, other: &Self) -> bool {
        let same_series = !self.file.series.is_empty() && self.file.series == other.file.series;
        let numbered = self.file.sequence.is_some() && other.file.sequence.is_some();
        self.shares_file_with(other) || (same_series && numbered)
    }

    /// Whether both are of the same file.
    pub(crate) fn shares_file_with(&self, other: &Self) -> bool {
        self.file.id == other.file.id
    }
}

fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

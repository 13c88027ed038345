//! The table, made by hand: what is done to which raw input, how often, and the break that it must cause. A class is what
//! the issue and the facts about reconciliation mean by it; how the product tells them apart has no part in it.

use std::fmt;

/// Where the raw input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Source {
    BankClearing,
    BankStatement,
    Acknowledgement,
    PartnerStatement,
    OwnFile,
}

/// What kind of fault it is, in the words of the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Class {
    MissingHere,
    MissingThere,
    Duplicate,
    Amount,
    Fee,
    VatRounding,
    Fx,
    Currency,
    MilesRate,
    Split,
    Late,
    SequenceGap,
    AlteredFile,
    NeverCame,
}

/// What the break counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// No amount is in question.
    Nothing,
    /// All that they have.
    Theirs,
    /// All that we have, which they lack.
    LessOurs,
    /// What they have less what we have.
    TheirsLessOurs,
}

/// What is done to the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table says it")]
pub enum Edit {
    RecordLeftOut,
    RecordInvented,
    RecordTwice,
    RecordAmount,
    RecordRate,
    RecordCurrency,
    RecordPart,
    RecordLate,
    FileNumberSkipped,
    FileComesAltered,
    AnswerDeniesLine,
    AnswerHasLineTwice,
    AnswerQuantity,
    AnswerTax,
    AnswerPrice,
    AnswerNumberSkipped,
    AnswerHash,
    LineLeftOut,
    LineInvented,
    LineTwice,
    LineAmount,
    LineFee,
    LineTax,
    LineRate,
    LineCurrency,
    LineMilesPrice,
    LineParts,
    LineLate,
    PaymentLeftOut,
    PaymentInvented,
    PaymentTwice,
    PaymentAmount,
    PaymentCurrency,
    PaymentParts,
    PaymentLate,
    PublishedAltered,
    PublishedGone,
    FileNeverComes,
    StatementNeverComes,
}

use Class::{
    AlteredFile, Amount, Currency, Duplicate, Fee, Fx, Late, MilesRate, MissingHere, MissingThere, NeverCame,
    SequenceGap, Split, VatRounding,
};
use Counts::{LessOurs, Nothing, Theirs, TheirsLessOurs};
use Source::{Acknowledgement, BankClearing, BankStatement, OwnFile, PartnerStatement};

/// What is done, how often, in which input, and the break: its class and what it counts.
#[rustfmt::skip]
pub(crate) const TABLE: [(Edit, usize, Source, Class, Counts); 39] = [
    // The bank's clearing files.
    (Edit::RecordLeftOut,       14, BankClearing,     MissingThere, LessOurs),       // authorized here, never presented
    (Edit::RecordInvented,      14, BankClearing,     MissingHere,  Theirs),         // presented, never asked for here
    (Edit::RecordTwice,         14, BankClearing,     Duplicate,    Theirs),         // in a later file, under the next sequence
    (Edit::RecordAmount,        14, BankClearing,     Amount,       TheirsLessOurs), // 10 to 40 % more or less, or one unit
    (Edit::RecordRate,          14, BankClearing,     Fx,           TheirsLessOurs), // billed 3 to 9 % more or less
    (Edit::RecordCurrency,      12, BankClearing,     Currency,     Nothing),        // in dollars, billed as asked for
    (Edit::RecordPart,          14, BankClearing,     Split,        TheirsLessOurs), // the second part is another one
    (Edit::RecordLate,          14, BankClearing,     Late,         Nothing),        // 15 days later
    (Edit::FileNumberSkipped,    8, BankClearing,     SequenceGap,  Nothing),        // all later files count one more
    (Edit::FileComesAltered,     8, BankClearing,     AlteredFile,  Nothing),        // the same id with other bytes
    // Partners' answers to their files.
    (Edit::AnswerDeniesLine,     6, Acknowledgement,  MissingThere, LessOurs),       // code not_found
    (Edit::AnswerHasLineTwice,   6, Acknowledgement,  Duplicate,    Theirs),         // code duplicate
    (Edit::AnswerQuantity,       6, Acknowledgement,  Amount,       TheirsLessOurs), // code quantity, another net
    (Edit::AnswerTax,            8, Acknowledgement,  VatRounding,  TheirsLessOurs), // code rounding, tax by one unit
    (Edit::AnswerPrice,          8, Acknowledgement,  MilesRate,    TheirsLessOurs), // code price, on a line of miles
    (Edit::AnswerNumberSkipped,  6, Acknowledgement,  SequenceGap,  Nothing),        // all later answers count one more
    (Edit::AnswerHash,           8, Acknowledgement,  AlteredFile,  Nothing),        // the hash of other bytes
    // Partners' statements.
    (Edit::LineLeftOut,         14, PartnerStatement, MissingThere, LessOurs),       // our line is not there
    (Edit::LineInvented,        16, PartnerStatement, MissingHere,  Theirs),         // their own reference, an id that no line has, another's line
    (Edit::LineTwice,           14, PartnerStatement, Duplicate,    Theirs),         // once more, five days later
    (Edit::LineAmount,          14, PartnerStatement, Amount,       TheirsLessOurs), // turnover or shares, 10 to 40 %, or one unit
    (Edit::LineFee,             26, PartnerStatement, Fee,          TheirsLessOurs), // a charge, 10 to 40 %
    (Edit::LineTax,             22, PartnerStatement, VatRounding,  TheirsLessOurs), // by one unit, on a line with tax
    (Edit::LineRate,            14, PartnerStatement, Fx,           TheirsLessOurs), // of converted terms, 3 to 9 %
    (Edit::LineCurrency,        14, PartnerStatement, Currency,     Nothing),        // the same amount of dollars
    (Edit::LineMilesPrice,      22, PartnerStatement, MilesRate,    TheirsLessOurs), // miles at another price
    (Edit::LineParts,           14, PartnerStatement, Split,        TheirsLessOurs), // two parts that do not add up
    (Edit::LineLate,            14, PartnerStatement, Late,         Nothing),        // dated 15 days later
    // The banks' statements of the account that is paid by.
    (Edit::PaymentLeftOut,       6, BankStatement,    MissingThere, LessOurs),       // not paid
    (Edit::PaymentInvented,      6, BankStatement,    MissingHere,  Theirs),         // not ours
    (Edit::PaymentTwice,         4, BankStatement,    Duplicate,    Theirs),         // paid again two days later
    (Edit::PaymentAmount,        6, BankStatement,    Amount,       TheirsLessOurs), // 10 to 40 % more or less, or one unit
    (Edit::PaymentCurrency,      4, BankStatement,    Currency,     Nothing),        // the same amount of dollars
    (Edit::PaymentParts,         4, BankStatement,    Split,        TheirsLessOurs), // two parts that do not add up
    (Edit::PaymentLate,          4, BankStatement,    Late,         Nothing),        // ten days after its date
    // Our own published files as they lie in the folder.
    (Edit::PublishedAltered,     6, OwnFile,          AlteredFile,  Nothing),        // one digit is another one
    (Edit::PublishedGone,        2, OwnFile,          SequenceGap,  Nothing),        // a file of the chain is gone
    // Whole inputs that are agreed and never come.
    (Edit::FileNeverComes,      13, BankClearing,     NeverCame,    Nothing),        // its records are in the next day's file
    (Edit::StatementNeverComes,  2, PartnerStatement, NeverCame,    Nothing),        // none of either bank; October's is due
];

/// How many faults are planted.
#[must_use]
pub fn planted() -> usize {
    TABLE.iter().map(|(_, count, ..)| count).sum()
}

impl Edit {
    fn row(self) -> &'static (Self, usize, Source, Class, Counts) {
        TABLE.iter().find(|row| row.0 == self).unwrap()
    }

    /// How often it is done.
    pub(crate) fn times(self) -> usize {
        self.row().1
    }

    /// The break that it must cause about `subject`, where we have so much of `unit` and they have so much.
    pub(crate) fn must(self, subject: impl Into<String>, unit: &str, (ours, theirs): (i64, i64)) -> Planted {
        let (_, _, source, class, counts) = *self.row();
        let (unit, difference) = match counts {
            Nothing => ("", 0),
            Theirs => (unit, theirs),
            LessOurs => (unit, -ours),
            TheirsLessOurs => (unit, theirs - ours),
        };
        let must = Must { source, class, subject: subject.into(), unit: unit.to_owned(), difference };
        assert!(counts == Nothing || difference != 0, "{self:?} changes nothing: {must:?}");
        Planted { edit: self, must }
    }
}

/// A break that must be found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Must {
    /// In which input.
    pub source: Source,
    /// As what.
    pub class: Class,
    /// About what.
    pub subject: String,
    /// What is counted; empty if nothing is.
    pub unit: String,
    /// Theirs less ours.
    pub difference: i64,
}

/// A fault that was planted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planted {
    /// What was done.
    pub edit: Edit,
    /// What must be found.
    pub must: Must,
}

impl Source {
    /// The stored word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            BankClearing => "bank_clearing",
            BankStatement => "bank_statement",
            Acknowledgement => "acknowledgement",
            PartnerStatement => "partner_statement",
            OwnFile => "own_file",
        }
    }
}

impl Class {
    /// All, in the order of the issue.
    pub const ALL: [Self; 14] = [
        MissingHere,
        MissingThere,
        Duplicate,
        Amount,
        Fee,
        VatRounding,
        Fx,
        Currency,
        MilesRate,
        Split,
        Late,
        SequenceGap,
        AlteredFile,
        NeverCame,
    ];

    /// The stored word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MissingHere => "missing_ours",
            MissingThere => "missing_theirs",
            Duplicate => "duplicate",
            Amount => "amount",
            Fee => "fee",
            VatRounding => "vat_rounding",
            Fx => "fx",
            Currency => "currency",
            MilesRate => "miles_rate",
            Split => "split",
            Late => "late",
            SequenceGap => "sequence_gap",
            AlteredFile => "altered_file",
            NeverCame => "missing",
        }
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Must { source, class, subject, unit, difference } = &self.must;
        let (source, class) = (source.name(), class.name());
        write!(formatter, "{:?}: {source} {class} {subject} {unit} {difference}", self.edit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_faults_of_every_class() {
        let never = Edit::FileNeverComes.times() + Edit::StatementNeverComes.times();
        assert_eq!(planted(), 400 + never);
        for class in Class::ALL {
            let of_class = TABLE.iter().filter(|row| row.3 == class).map(|row| row.1).sum::<usize>();
            assert!(of_class >= 15, "{class:?}: {of_class}");
        }
    }
}

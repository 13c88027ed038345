//! The records of a settlement file as values.

use domain::settlement::{Basis, Direction};
use jiff::civil::Date;

use super::layout::NO_PREVIOUS;

/// The version of the layout, the second field of every file.
pub const LAYOUT_VERSION: u32 = 2;

/// Whether a file is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A trial: never to be paid.
    Test,
    /// To be paid.
    Live,
}

impl Environment {
    /// The word in the file header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "TEST",
            Self::Live => "LIVE",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Test, Self::Live].into_iter().find(|environment| environment.name() == text)
    }
}

/// One record of a file, in the order FH, then for each batch BH, lines, BT, then FT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// FH: file header.
    FileHeader(FileHeader),
    /// BH: batch header.
    BatchHeader(BatchHeader),
    /// TX: what one message of the bank moved for one purchase.
    Transaction(Transaction),
    /// AJ: a correction.
    Adjustment(Adjustment),
    /// CH: what is owed without a transaction, such as a fixed fee or the fee of a new card.
    Charge(Charge),
    /// PP: what a prepaid block covers.
    Prepaid(Prepaid),
    /// RD: what rounding at batch level adds.
    Rounding(Rounding),
    /// VD: value added tax that is computed once for the document.
    DocumentVat(DocumentVat),
    /// CF: what is not paid now and opens the next batch.
    CarryForward(CarryForward),
    /// BT: batch trailer.
    BatchTrailer(BatchTrailer),
    /// FT: file trailer.
    FileTrailer(FileTrailer),
}

/// FH. One file settles whole cycles of one program for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Whether it is to be paid.
    pub environment: Environment,
    /// The code of the bank whose cards are settled.
    pub sender: String,
    /// The code of the partner, or of the bank for its own file.
    pub receiver: String,
    /// The program's code.
    pub program: String,
    /// The IANA name of the zone of every date and time in the file.
    pub zone: String,
    /// The business date of the last cycle in the file.
    pub business_date: Date,
    /// The place of the last cycle in the file among the program's cycles, from 1.
    pub cycle_sequence: i32,
    /// The nominal end of the last cycle: local time, UTC offset and zone, such as
    /// `2026-10-11T00:00:00+03:00[Europe/Moscow]`.
    pub cut_off: String,
    /// The place of the file among the receiver's files, from 1, without gaps.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// SHA-256 of the receiver's file before this one; `None` for the first.
    pub previous_sha256: Option<[u8; 32]>,
}

impl FileHeader {
    /// Receiver, program, cycle and revision: the same for every edition of the same bytes.
    pub fn file_id(&self) -> String {
        format!("{}-{}-{:06}-{}", self.receiver, self.program, self.cycle_sequence, self.revision)
    }

    /// The previous file's hash as the header shows it; 64 zeros in the first file.
    pub fn previous_text(&self) -> String {
        self.previous_sha256.map_or_else(|| NO_PREVIOUS.to_owned(), hex::encode)
    }

    /// The name under which the file is published.
    pub fn file_name(&self) -> String {
        format!(
            "{}_{}_{}_{:06}_{}.cbs",
            self.receiver, self.program, self.business_date, self.sequence, self.revision
        )
    }
}

/// The partner's role in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The co-brand partner: base accrual on every purchase.
    Cobrand,
    /// A merchant partner.
    Merchant,
}

impl Role {
    /// The word in the batch header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cobrand => "cobrand",
            Self::Merchant => "merchant",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cobrand, Self::Merchant].into_iter().find(|role| role.name() == text)
    }
}

/// BH. One partner, program, currency and cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHeader {
    /// The partner's code.
    pub partner: String,
    /// The program's code.
    pub program: String,
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Decimals of the major unit.
    pub exponent: u16,
    /// In which direction the amounts of the batch are positive.
    pub stated: Direction,
    /// What earlier batches carried forward, signed in the stated direction.
    pub opening_minor: i64,
    /// The partner's role.
    pub role: Role,
    /// The business date of the cycle.
    pub business_date: Date,
    /// The place of the cycle among the program's cycles, from 1.
    pub cycle_sequence: i32,
    /// The first eight hexadecimal digits of the SHA-256 of the program file whose terms priced it.
    pub terms: String,
    /// When it is paid.
    pub payment_date: Date,
    /// What the terms price, in the order of the columns of TX and AJ.
    pub items: Vec<Basis>,
}

/// What kind of transaction a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A presentment.
    Purchase,
    /// Money given back by a merchant.
    Refund,
    /// A presentment or refund taken back.
    Reversal,
}

impl Kind {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::Reversal => "reversal",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Purchase, Self::Refund, Self::Reversal].into_iter().find(|kind| kind.name() == text)
    }
}

/// By what a bank or a partner may look for a line. A text that is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// The message key, 48 hexadecimal digits; the first 16 are its UTC second.
    pub message: String,
    /// The purchase key, 48 hexadecimal digits.
    pub purchase: String,
    /// The message type as it came.
    pub mti: String,
    /// DE37.
    pub retrieval: String,
    /// DE38.
    pub approval: String,
    /// DE11.
    pub stan: String,
    /// DE7.
    pub transmitted: String,
    /// The acquirer reference number.
    pub arn: String,
    /// The network's own id of the transaction.
    pub network_id: String,
    /// DE32.
    pub acquirer: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE41.
    pub terminal: String,
    /// The member's number at the co-brand partner.
    pub member_number: String,
    /// The local date of the transaction.
    pub local_date: Date,
    /// The first eight hexadecimal digits of the SHA-256 of the program file that decided.
    pub rules: String,
}

/// One priced item of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineItem {
    /// Miles, or minor units of the program's currency.
    pub quantity: i64,
    /// Net, rounded as the terms say.
    pub net_minor: i64,
    /// Value added tax, if it is computed by line.
    pub vat_minor: i64,
}

/// TX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// `{program}-{cycle}-{partner}-{currency}-{number}`: the same in the partner's and the bank's file.
    pub line_id: String,
    /// What it is.
    pub kind: Kind,
    /// By what it is found.
    pub references: References,
    /// Signed minor units of the program's currency with which the message counted.
    pub counted_minor: i64,
    /// By how many days the local date is before the business date: 0 or less is not late.
    pub late_days: i32,
    /// In the order of the batch header.
    pub items: Vec<LineItem>,
    /// All net and tax of the line.
    pub total_minor: i64,
}

/// AJ. A correction; what it corrects is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// As for TX, from the same count.
    pub line_id: String,
    /// Why, as a word: `rerate`, `reattribution`, `miles-refused`, or the reason given by staff.
    pub reason: String,
    /// What is corrected: a line id of an earlier file if it is known, else empty; `references.purchase` says the rest.
    pub original: String,
    /// Those of the original.
    pub references: References,
    /// As for TX.
    pub counted_minor: i64,
    /// In the order of the batch header.
    pub items: Vec<LineItem>,
    /// All net and tax of the line.
    pub total_minor: i64,
}

/// CH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// As for TX, from the same count.
    pub line_id: String,
    /// What is charged.
    pub basis: Basis,
    /// Which one: a member number for the fee of a new card, a period for a fixed fee or a minimum.
    pub reference: String,
    /// The local date.
    pub date: Date,
    /// How many.
    pub quantity: i64,
    /// Net.
    pub net_minor: i64,
    /// Value added tax, if it is computed by line.
    pub vat_minor: i64,
    /// Net and tax.
    pub total_minor: i64,
}

/// PP. What the block covers has been paid and taxed when it was bought, so it is taken off here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepaid {
    /// As for TX, from the same count.
    pub line_id: String,
    /// What the block is of.
    pub basis: Basis,
    /// Units left before this batch, what was bought for it included.
    pub opening: i64,
    /// Units that this batch took; less than nothing was given back.
    pub drawn: i64,
    /// Units left after it.
    pub closing: i64,
    /// Net that is not to be paid again.
    pub net_minor: i64,
    /// Tax that is not to be paid again.
    pub vat_minor: i64,
    /// Both.
    pub total_minor: i64,
}

/// RD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounding {
    /// As for TX, from the same count.
    pub line_id: String,
    /// Never 0.
    pub amount_minor: i64,
}

/// VD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVat {
    /// As for TX, from the same count.
    pub line_id: String,
    /// Never 0.
    pub amount_minor: i64,
}

/// CF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryForward {
    /// As for TX, from the same count.
    pub line_id: String,
    /// Signed in the stated direction; never 0. The opening balance of the partner's next batch.
    pub amount_minor: i64,
}

/// BT. `opening + net + vat = to pay (signed in the stated direction) + closing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTrailer {
    /// Number of TX.
    pub transactions: u64,
    /// Number of AJ.
    pub adjustments: u64,
    /// Number of CH.
    pub charges: u64,
    /// The sums of the quantities of TX and AJ, in the order of the batch header.
    pub quantities: Vec<i64>,
    /// The sum of all positive totals of TX, AJ, CH, PP, RD and VD.
    pub debit_minor: i64,
    /// The sum of the sizes of all negative ones.
    pub credit_minor: i64,
    /// The sum of net of TX, AJ, CH and PP, and of RD.
    pub net_minor: i64,
    /// The sum of tax of TX, AJ, CH and PP, and of VD.
    pub vat_minor: i64,
    /// The amount of RD, or 0.
    pub rounding_minor: i64,
    /// The amount of CF, or 0.
    pub closing_minor: i64,
    /// Who pays; the stated direction if nothing is paid.
    pub direction: Direction,
    /// What is paid, never negative.
    pub to_pay_minor: i64,
}

/// What one direction comes to in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Who pays.
    pub direction: Direction,
    /// The sum of `to_pay_minor`.
    pub to_pay_minor: i64,
}

/// FT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTrailer {
    /// All records, FH and FT included.
    pub records: u64,
    /// Number of BH.
    pub batches: u64,
    /// By currency and direction, sorted.
    pub totals: Vec<Total>,
    /// The sum of the sizes of all totals of TX, AJ, CH, PP, RD, VD and CF, modulo 10^18.
    pub hash_total: u128,
    /// SHA-256 of all bytes before this field, in hexadecimal digits.
    pub sha256: String,
}

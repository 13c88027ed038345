//! What writer and verifier of a settlement file share: record types, words, names and the header.

use jiff::civil::Date;

/// The version of the layout, the second field of every file.
pub const LAYOUT_VERSION: u32 = 1;

/// Between the fields of a record.
pub(crate) const SEPARATOR: char = '|';
/// The hash total is kept below this number: eighteen digits.
pub(crate) const HASH_TOTAL_MODULUS: u128 = 1_000_000_000_000_000_000;
/// In place of the hash of a file before the first.
pub(crate) const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Record types.
pub(crate) mod record {
    pub(crate) const FILE_HEADER: &str = "FH";
    pub(crate) const BATCH_HEADER: &str = "BH";
    pub(crate) const TRANSACTION: &str = "TX";
    pub(crate) const ROUNDING: &str = "RD";
    pub(crate) const DOCUMENT_VAT: &str = "VD";
    pub(crate) const BATCH_TRAILER: &str = "BT";
    pub(crate) const FILE_TRAILER: &str = "FT";
}

/// The partner's role in a batch.
pub(crate) mod role {
    pub(crate) const COBRAND: &str = "cobrand";
    pub(crate) const MERCHANT: &str = "merchant";
}

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

/// The header of a settlement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Whether it is to be paid.
    pub environment: Environment,
    /// The code of the bank whose cards are settled.
    pub sender: String,
    /// The code of the partner or bank that receives the file.
    pub receiver: String,
    /// The program's code.
    pub program: String,
    /// The business date.
    pub business_date: Date,
    /// The place of the cycle among the program's cycles, from 1.
    pub cycle_sequence: i32,
    /// The nominal end of the business date: local time, UTC offset and zone, such as
    /// `2026-10-11T00:00:00+03:00[Europe/Moscow]`.
    pub cut_off: String,
    /// The place of the file among the receiver's files, from 1, without gaps.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// SHA-256 of the receiver's file before this one.
    pub previous_sha256: Option<[u8; 32]>,
}

impl FileHeader {
    /// Receiver, program, cycle and revision: the same for every edition of the same bytes.
    pub fn file_id(&self) -> String {
        format!("{}-{}-{:06}-{}", self.receiver, self.program, self.cycle_sequence, self.revision)
    }

    /// The name under which the file is published.
    pub fn file_name(&self) -> String {
        format!(
            "{}_{}_{}_{:06}_{}.cbs",
            self.receiver, self.program, self.business_date, self.sequence, self.revision
        )
    }

    /// The previous file's hash as the header shows it.
    pub(crate) fn previous_text(&self) -> String {
        self.previous_sha256.map_or_else(|| NO_PREVIOUS.to_owned(), hex::encode)
    }
}

/// The id of the line with this number, from 1, in a batch: the same in the partner's and in the bank's file.
pub(crate) fn line_id(
    program: &str,
    cycle_sequence: i32,
    partner: &str,
    currency: &str,
    number: u64,
) -> String {
    format!("{program}-{cycle_sequence:06}-{partner}-{currency}-{number:06}")
}

/// Whether `text` is a code as program files allow it; such a code fits a file name and a field.
pub(crate) fn is_code(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.len() <= 40 && text.chars().all(letter)
}

/// Whether a field may hold this character.
pub(crate) fn is_plain(letter: char) -> bool {
    // The two separators of Unicode end a line for some readers.
    letter != SEPARATOR && !letter.is_control() && letter != '\u{2028}' && letter != '\u{2029}'
}

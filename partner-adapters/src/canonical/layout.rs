//! The layout as data: record types with their fields, in the words that errors and the document use.

use std::fmt::Write as _;

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldType {
    /// Its name, also in errors.
    pub name: &'static str,
    /// What stands there.
    pub content: &'static str,
    /// Whether it comes once for each item of the batch.
    pub each_item: bool,
}

/// A record type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordType {
    /// The first field.
    pub code: &'static str,
    /// What it is.
    pub name: &'static str,
    /// The fields after the record type.
    pub fields: &'static [FieldType],
}

const fn field(name: &'static str, content: &'static str) -> FieldType {
    FieldType { name, content, each_item: false }
}

const fn each(name: &'static str, content: &'static str) -> FieldType {
    FieldType { name, content, each_item: true }
}

const LINE_ID: FieldType = field(
    "line id",
    "`{program}-{cycle, six digits}-{partner}-{currency}-{number, six digits or more}`; the numbers run through all records of a batch that have one, from 1",
);
const LINE_TOTAL: FieldType = field("line total", "sum of all net and tax fields of the line");
const CODE_OF_PROGRAM: FieldType = field("program", "code of the program");
const COUNTED: FieldType =
    field("counted amount", "signed minor units of the program's currency with which the message counted");
const ITEM: [FieldType; 3] = [
    each("quantity", "miles, or minor units of the program's currency"),
    each("net", "rounded as the terms say"),
    each("value added tax", "0 if it is computed by document"),
];

pub(super) const FILE_HEADER: RecordType = RecordType {
    code: "FH",
    name: "file header",
    fields: &[
        field("layout version", "`2`"),
        field("environment", "`TEST` (never pay) or `LIVE`"),
        field("sender", "code of the bank whose cards are settled"),
        field("receiver", "code of the partner, or of the bank for its own file"),
        field("file id", "`{receiver}-{program}-{cycle sequence, six digits}-{revision}`"),
        CODE_OF_PROGRAM,
        field("zone", "IANA name of the zone of every date and time in the file, such as `Europe/Moscow`"),
        field("business date", "of the last cycle in the file"),
        field("cycle sequence", "place of the last cycle in the file among the program's cycles, from 1"),
        field(
            "cut-off",
            "nominal end of the last cycle: local time, UTC offset and zone, `2026-10-11T00:00:00+03:00[Europe/Moscow]`",
        ),
        field(
            "file sequence",
            "place of the file among all files to this receiver, from 1; a gap is an alarm",
        ),
        field("revision", "0; n + 1 if revision n could not be read"),
        field(
            "previous file's SHA-256",
            "of all bytes of the receiver's file with the sequence before; 64 zeros in the first",
        ),
    ],
};

pub(super) const BATCH_HEADER: RecordType = RecordType {
    code: "BH",
    name: "batch header",
    fields: &[
        field("partner", "code of the partner"),
        CODE_OF_PROGRAM,
        field("currency", "three letters of ISO 4217"),
        field("exponent", "decimals of the major unit"),
        field(
            "stated direction",
            "`bank_pays_partner` or `partner_pays_bank`: in which direction amounts are positive; BT says who pays in the end",
        ),
        field("opening balance", "what earlier batches carried forward"),
        field("role", "`cobrand` or `merchant`"),
        field("business date", "of the cycle"),
        field("cycle sequence", "place of the cycle among the program's cycles, from 1"),
        field("terms", "first 8 digits of the SHA-256 of the program file whose terms priced the batch"),
        field("payment date", "when it is paid"),
        field(
            "items",
            "what the terms price, joined by `,`, in the order of the columns of TX and AJ; empty if they are about fees only",
        ),
    ],
};

macro_rules! references {
    ([$($before:expr),* $(,)?], [$($after:expr),* $(,)?]) => {
        &[
            $($before,)*
            field("message key", "key of the message that caused the movement, 48 digits: the first 16 are its UTC second"),
            field("purchase key", "key of the purchase; the lines of one purchase share it"),
            field("message type", "as the bank sent it, such as `0220`; `file`, or a word that begins with `file-`, for a record of a clearing file; a word that begins with `miles-` for what no bank asked for, such as `miles-reserve`; in AJ the reason's own word"),
            field("DE37", "retrieval reference number"),
            field("DE38", "authorization code"),
            field("DE11", "system trace audit number; empty for a record of a clearing file"),
            field("DE7", "transmission date and time; empty for a record of a clearing file"),
            field("ARN", "acquirer reference number"),
            field("network id", "the network's own id of the transaction"),
            field("DE32", "acquiring institution"),
            field("DE42", "card acceptor"),
            field("DE41", "terminal"),
            field("member number", "at the co-brand partner"),
            field("local date", "of the transaction"),
            field("rules", "first 8 digits of the SHA-256 of the program file that decided"),
            $($after,)*
        ]
    };
}

pub(super) const TRANSACTION: RecordType = RecordType {
    code: "TX",
    name: "transaction",
    fields: references!(
        [LINE_ID, field("kind", "`purchase`, `refund` or `reversal`")],
        [
            COUNTED,
            field(
                "late days",
                "by how many days the local date is before the batch's business date; 0 or less is not late",
            ),
            ITEM[0],
            ITEM[1],
            ITEM[2],
            LINE_TOTAL,
        ]
    ),
};

pub(super) const ADJUSTMENT: RecordType = RecordType {
    code: "AJ",
    name: "adjustment",
    fields: references!(
        [
            LINE_ID,
            field(
                "reason",
                "a word: `rerate` (other rules), `reattribution` (another partner's merchant), `miles-refused` (a partner that keeps the miles refused them for good), or that of staff"
            ),
            field(
                "original",
                "line id that is corrected, of an earlier file; empty if it is not known: then the purchase key says which purchase"
            ),
        ],
        [COUNTED, ITEM[0], ITEM[1], ITEM[2], LINE_TOTAL]
    ),
};

pub(super) const CHARGE: RecordType = RecordType {
    code: "CH",
    name: "charge without a transaction",
    fields: &[
        LINE_ID,
        field("item", "what is charged"),
        field(
            "reference",
            "which one: a member number for the fee of a new card, a period for a fixed fee or a minimum",
        ),
        field("local date", "of what is charged"),
        field("quantity", "how many"),
        field("net", "rounded as the terms say"),
        field("value added tax", "0 if it is computed by document"),
        LINE_TOTAL,
    ],
};

pub(super) const PREPAID: RecordType = RecordType {
    code: "PP",
    name: "what a prepaid block covers: it was paid and taxed when it was bought, and is taken off here",
    fields: &[
        LINE_ID,
        field("item", "what the block is of"),
        field("units before", "left before this batch, what was bought for it included"),
        field("units drawn", "by this batch; less than nothing was given back"),
        field("units after", "left after it"),
        field("net", "that is not to be paid again"),
        field("value added tax", "that is not to be paid again"),
        LINE_TOTAL,
    ],
};

pub(super) const ROUNDING: RecordType = RecordType {
    code: "RD",
    name: "rounding at batch level, if it is not zero",
    fields: &[LINE_ID, field("amount", "what it adds to the sum of the lines; never 0")],
};

pub(super) const DOCUMENT_VAT: RecordType = RecordType {
    code: "VD",
    name: "value added tax that is computed once for the document, if it is not zero",
    fields: &[LINE_ID, field("amount", "never 0")],
};

pub(super) const CARRY_FORWARD: RecordType = RecordType {
    code: "CF",
    name: "what is not paid now and opens the next batch",
    fields: &[
        LINE_ID,
        field("amount", "never 0; it is part of no sum but the closing balance and the hash total"),
    ],
};

pub(super) const BATCH_TRAILER: RecordType = RecordType {
    code: "BT",
    name: "batch trailer",
    fields: &[
        field("transactions", "number of TX"),
        field("adjustments", "number of AJ"),
        field("charges", "number of CH"),
        each("quantity", "sum over TX and AJ"),
        field("debits", "sum of the positive totals of TX, AJ, CH, PP, RD and VD"),
        field("credits", "sum of the sizes of the negative ones"),
        field("net", "sum of the net fields and RD"),
        field("value added tax", "sum of the tax fields and VD"),
        field("rounding", "the amount of RD, or 0"),
        field("closing balance", "the amount of CF, or 0"),
        field("direction", "who pays; the stated direction if nothing is paid"),
        field(
            "to pay",
            "never negative. Opening balance + net + tax = to pay + closing balance, where to pay counts as negative against the stated direction",
        ),
    ],
};

pub(super) const FILE_TRAILER: RecordType = RecordType {
    code: "FT",
    name: "file trailer",
    fields: &[
        field("records", "all records, FH and FT included"),
        field("batches", "number of BH"),
        field(
            "totals",
            "`{currency}:{direction}:{sum of to pay}` for each that occurs, sorted, joined by `;`; empty without a batch",
        ),
        field(
            "hash total",
            "sum of the sizes (without sign) of the totals and amounts of TX, AJ, CH, PP, RD, VD and CF, modulo 10^18",
        ),
        field("SHA-256", "of all bytes before this field, the `|` before it included"),
    ],
};

/// All record types in the order in which they may stand in a file.
pub const RECORD_TYPES: [RecordType; 11] = [
    FILE_HEADER,
    BATCH_HEADER,
    TRANSACTION,
    ADJUSTMENT,
    CHARGE,
    PREPAID,
    ROUNDING,
    DOCUMENT_VAT,
    CARRY_FORWARD,
    BATCH_TRAILER,
    FILE_TRAILER,
];

impl RecordType {
    /// The table of the record in `docs/settlement-file.md`.
    pub fn table(&self) -> String {
        let mut text = format!("### {}: {}\n\n| name | content |\n|---|---|\n", self.code, self.name);
        for field in self.fields {
            let each = if field.each_item { "for each item: " } else { "" };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "| {} | {each}{} |", field.name, field.content);
        }
        text
    }
}

/// [`super::LAYOUT_VERSION`] as it is written.
pub(super) const LAYOUT_VERSION_TEXT: &str = "2";
/// Between the fields of a record.
pub(super) const SEPARATOR: char = '|';
/// The hash total is kept below this number: eighteen digits.
pub(super) const HASH_TOTAL_MODULUS: u128 = 1_000_000_000_000_000_000;
/// In place of the hash of a file before the first.
pub(super) const NO_PREVIOUS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether `text` is a code as program files allow it; such a code fits a file name and a field.
pub fn is_code(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.len() <= 40 && text.chars().all(letter)
}

/// Whether a field may hold this character.
pub(super) fn is_plain(letter: char) -> bool {
    // The two separators of Unicode end a line for some readers.
    letter != SEPARATOR && !letter.is_control() && letter != '\u{2028}' && letter != '\u{2029}'
}

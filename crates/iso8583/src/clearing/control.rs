//! Whether the records of an IPM file belong together and are all there: header, numbers, trailer.
//!
//! [`FileControl`] is fed what each record says about the file and collects what does not fit. It reads nothing and
//! decides nothing about files that came before: whether a file is a duplicate or was altered is decided elsewhere.

use super::record_kind::RecordKind;

/// The amounts of a file are added up modulo this, as the trailer has 16 digits for them.
///
/// Definition of the checksum (PDS0301): the sum of DE4 of all records that have one, in minor units, whatever the
/// currency and the direction; read in three independent public programs that make or check such trailers.
/// Definition of the count (PDS0306): all records, header and trailer included; so in one public program (it equals
/// the message number of the trailer) and in the test data, while another program counts the presentments only. The
/// network's own text was not available, so the first file of a bank must confirm both. Real sums stay so far below
/// 10^16 that the modulus is a matter of form.
pub const AMOUNT_MODULUS: u64 = 10_000_000_000_000_000;

/// So many findings are kept of one file: a file that is wrong throughout must not fill the memory.
pub const MAX_FINDINGS: usize = 100;

/// Whether a file is a test (PDS0122).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// `T`.
    Test,
    /// `P`.
    Production,
}

impl Mode {
    /// Reads `T` or `P`, anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "T" => Some(Self::Test),
            "P" => Some(Self::Production),
            _ => None,
        }
    }
}

/// The id of a file (PDS0105): 25 digits for type (3), date (6), processor (11) and sequence number (5).
pub type FileId = super::record_kind::Code<25>;

/// What a record says about the file. Text that is present but not of its form is fed as it is.
#[derive(Clone, Copy, Debug)]
pub struct Controlled<'a> {
    /// Number of the record in the file, from 1.
    pub record: u64,
    /// What the record is.
    pub kind: RecordKind,
    /// DE4 in minor units.
    pub amount: Option<u64>,
    /// DE71.
    pub message_number: Option<u32>,
    /// PDS0105.
    pub file_id: Option<&'a str>,
    /// PDS0122.
    pub mode: Option<&'a str>,
    /// PDS0301, in minor units.
    pub checksum: Option<u64>,
    /// PDS0306.
    pub count: Option<u64>,
}

impl Controlled<'_> {
    /// A record that says nothing about the file.
    #[must_use]
    pub const fn new(record: u64, kind: RecordKind) -> Self {
        Self {
            record,
            kind,
            amount: None,
            message_number: None,
            file_id: None,
            mode: None,
            checksum: None,
            count: None,
        }
    }
}

/// Something that does not fit, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {record}: {problem}")]
pub struct Finding {
    /// Number of the record, from 1; of a missing trailer the number that it should have.
    pub record: u64,
    /// What does not fit.
    pub problem: ControlProblem,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlProblem {
    /// The first record is no header, or there is no record.
    #[error("expected a file header (1644/697) first, found none; the sender must send the whole file again")]
    NoHeader,
    /// A header inside the file.
    #[error(
        "expected one file header, found another one; the sender must send each logical file as a file of its own"
    )]
    SecondHeader,
    /// The file ends without a trailer.
    #[error(
        "expected a file trailer (1644/695) last, found the end of the file; the sender must send the whole file again"
    )]
    NoTrailer,
    /// A record behind the trailer; told once.
    #[error(
        "expected nothing behind the file trailer, found a record; the sender must end the file with its trailer"
    )]
    RecordAfterTrailer,
    /// Header or trailer has no file id of 25 digits.
    #[error("PDS0105: expected 25 digits, found none or something else; the sender must identify the file")]
    NoFileId,
    /// The trailer has another file id than the header.
    #[error(
        "PDS0105: expected the file id of the header, {header}, found {trailer}; the sender must send the trailer of \
         the same file, and the operator must not import parts of two files"
    )]
    FileIdDiffers {
        /// In the header.
        header: FileId,
        /// In the trailer.
        trailer: FileId,
    },
    /// A record has no message number.
    #[error("DE71: expected message number {expected}, found none; the sender must number all records")]
    NoNumber {
        /// The next number.
        expected: u32,
    },
    /// Message numbers are left out.
    #[error(
        "DE71: expected message number {expected}, found {found}; the sender must send the records between them"
    )]
    NumberGap {
        /// The next number.
        expected: u32,
        /// The number that is there.
        found: u32,
    },
    /// A message number does not ascend.
    #[error(
        "DE71: expected message number {expected}, found {found} again or out of order; the sender must send each \
         record once and in order"
    )]
    NumberRepeated {
        /// The next number.
        expected: u32,
        /// The number that is there.
        found: u32,
    },
    /// The trailer has no count.
    #[error("PDS0306: expected the number of records, found none; the sender must state it in the trailer")]
    NoCount,
    /// The trailer states another number of records.
    #[error(
        "PDS0306: expected {counted}, as many records as there are with header and trailer, found {stated}; the \
         sender must send the whole file again"
    )]
    CountDiffers {
        /// As the trailer states.
        stated: u64,
        /// As counted.
        counted: u64,
    },
    /// The trailer has no checksum of the amounts.
    #[error("PDS0301: expected the sum of the amounts, found none; the sender must state it in the trailer")]
    NoChecksum,
    /// The trailer states another sum of amounts.
    #[error(
        "PDS0301: expected {summed} minor units, the sum of DE4 of all records, found {stated}; the sender must send \
         the whole file again, and say how it adds up if it disagrees"
    )]
    AmountDiffers {
        /// As the trailer states, in minor units.
        stated: u64,
        /// As added up, in minor units.
        summed: u64,
    },
    /// The header does not say whether the file is a test.
    #[error(
        "PDS0122: expected T or P, found none or something else; the sender must say whether the file is a test"
    )]
    NoMode,
    /// A test file where production is due.
    #[error(
        "PDS0122: expected P, found T; the sender must send test files to the test system, and the operator must not \
         import this one"
    )]
    TestInProduction,
    /// A production file where tests are due.
    #[error(
        "PDS0122: expected T, found P; the sender must send production files to the production system, and the \
         operator must remove this one here"
    )]
    ProductionInTest,
}

/// What is known of a file after its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controls {
    /// What does not fit, in the order of the file; at most [`MAX_FINDINGS`]. Empty when all is well.
    pub findings: Vec<Finding>,
    /// How many findings were left out.
    pub left_out: u64,
    /// The file id of the header.
    pub file_id: Option<FileId>,
    /// Whether the header says that the file is a test.
    pub mode: Option<Mode>,
    /// Records fed.
    pub records: u64,
    /// Sum of DE4 modulo [`AMOUNT_MODULUS`], in minor units.
    pub amount: u64,
}

/// Checks a file record by record.
#[derive(Debug)]
pub struct FileControl {
    expected_mode: Mode,
    stage: Stage,
    next_number: u32,
    controls: Controls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Inside,
    /// The trailer was there.
    Complete,
    /// Something followed the trailer, which was told.
    Overrun,
}

impl FileControl {
    /// Expects files of this mode.
    #[must_use]
    pub const fn new(expected_mode: Mode) -> Self {
        let controls =
            Controls { findings: Vec::new(), left_out: 0, file_id: None, mode: None, records: 0, amount: 0 };
        Self { expected_mode, stage: Stage::Start, next_number: 1, controls }
    }

    /// Takes the next record into account.
    pub fn feed(&mut self, record: &Controlled<'_>) {
        self.controls.records = self.controls.records.saturating_add(1);
        let amount = record.amount.unwrap_or_default() % AMOUNT_MODULUS;
        self.controls.amount = self.controls.amount.saturating_add(amount) % AMOUNT_MODULUS;
        self.check_order(record);
        self.check_number(record);
        match record.kind {
            RecordKind::FileHeader => self.check_header(record),
            RecordKind::FileTrailer => self.check_trailer(record),
            _ => {}
        }
    }

    /// What was found, after the last record.
    #[must_use]
    pub fn finish(mut self) -> Controls {
        let next = self.controls.records.saturating_add(1);
        match self.stage {
            Stage::Start => self.find(next, ControlProblem::NoHeader),
            Stage::Inside => self.find(next, ControlProblem::NoTrailer),
            Stage::Complete | Stage::Overrun => {}
        }
        self.controls
    }

    fn find(&mut self, record: u64, problem: ControlProblem) {
        if self.controls.findings.len() < MAX_FINDINGS {
            self.controls.findings.push(Finding { record, problem });
        } else {
            self.controls.left_out = self.controls.left_out.saturating_add(1);
        }
    }

    fn check_order(&mut self, record: &Controlled<'_>) {
        let is_header = record.kind == RecordKind::FileHeader;
        match self.stage {
            Stage::Start if !is_header => self.find(record.record, ControlProblem::NoHeader),
            Stage::Inside if is_header => self.find(record.record, ControlProblem::SecondHeader),
            Stage::Complete => self.find(record.record, ControlProblem::RecordAfterTrailer),
            Stage::Start | Stage::Inside | Stage::Overrun => {}
        }
        self.stage = match (self.stage, record.kind) {
            (Stage::Complete | Stage::Overrun, _) => Stage::Overrun,
            (Stage::Start | Stage::Inside, RecordKind::FileTrailer) => Stage::Complete,
            (Stage::Start | Stage::Inside, _) => Stage::Inside,
        };
    }

    fn check_number(&mut self, record: &Controlled<'_>) {
        let expected = self.next_number;
        match record.message_number {
            None => self.find(record.record, ControlProblem::NoNumber { expected }),
            Some(found) if found > expected => {
                self.find(record.record, ControlProblem::NumberGap { expected, found });
            }
            Some(found) if found < expected => {
                self.find(record.record, ControlProblem::NumberRepeated { expected, found });
            }
            Some(_) => {}
        }
        // After a gap the count goes on from what is there: one gap is one finding. After a number that was there
        // before it goes on as if that record were not there.
        let found = record.message_number.unwrap_or(expected);
        if found >= expected {
            self.next_number = found.saturating_add(1);
        }
    }

    fn check_header(&mut self, record: &Controlled<'_>) {
        if self.controls.records > 1 {
            return;
        }
        self.controls.file_id = record.file_id.and_then(FileId::parse);
        self.controls.mode = record.mode.and_then(Mode::parse);
        if self.controls.file_id.is_none() {
            self.find(record.record, ControlProblem::NoFileId);
        }
        match (self.expected_mode, self.controls.mode) {
            (_, None) => self.find(record.record, ControlProblem::NoMode),
            (Mode::Production, Some(Mode::Test)) => {
                self.find(record.record, ControlProblem::TestInProduction)
            }
            (Mode::Test, Some(Mode::Production)) => {
                self.find(record.record, ControlProblem::ProductionInTest)
            }
            (Mode::Production, Some(Mode::Production)) | (Mode::Test, Some(Mode::Test)) => {}
        }
    }

    fn check_trailer(&mut self, record: &Controlled<'_>) {
        if self.stage == Stage::Overrun {
            return;
        }
        match (self.controls.file_id, record.file_id.and_then(FileId::parse)) {
            (_, None) => self.find(record.record, ControlProblem::NoFileId),
            (Some(header), Some(trailer)) if header != trailer => {
                self.find(record.record, ControlProblem::FileIdDiffers { header, trailer });
            }
            (_, Some(_)) => {}
        }
        let counted = self.controls.records;
        match record.count {
            None => self.find(record.record, ControlProblem::NoCount),
            Some(stated) if stated != counted => {
                self.find(record.record, ControlProblem::CountDiffers { stated, counted });
            }
            Some(_) => {}
        }
        let summed = self.controls.amount;
        match record.checksum {
            None => self.find(record.record, ControlProblem::NoChecksum),
            Some(stated) if stated != summed => {
                self.find(record.record, ControlProblem::AmountDiffers { stated, summed });
            }
            Some(_) => {}
        }
    }
}

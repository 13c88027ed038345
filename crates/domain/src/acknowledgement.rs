//! What follows from a receiver's answer to a settlement file: acknowledged, sent again, disputed, or an alarm.
//!
//! A published file never changes, so there are only four things that an answer can bring about: nothing, the same bytes
//! again, the same lines under the next revision, or disputes that people decide. Everything else is an alarm.

mod dispute;
#[cfg(test)]
mod tests;

pub use dispute::{AdjustedItem, DisputeCode, DisputeState, correction, sums};

use crate::settlement::Direction;

/// So often one file is sent again without a person.
pub const RESENDS_MAX: usize = 5;
/// The last revision that is made without a person.
pub const REVISION_MAX: i32 = 9;

/// What a file comes to in one currency and direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTotal {
    /// Three letters of ISO 4217.
    pub currency: String,
    /// Who pays.
    pub direction: Direction,
    /// Minor units.
    pub to_pay_minor: i64,
}

/// A file as it stands on our books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentFile {
    /// Receiver, program, cycle and revision.
    pub id: String,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// SHA-256 of all its bytes.
    pub sha256: [u8; 32],
    /// All records.
    pub records: i64,
    /// Sorted.
    pub totals: Vec<FileTotal>,
    /// The last revision that was published; later than this one if the receiver could not read it.
    pub newest_revision: i32,
    /// Where this edition stands.
    pub state: FileState,
    /// How often it was sent again because of an answer.
    pub resends: usize,
}

/// What a receiver says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAnswer {
    /// The receiver's own number of the answer, from 1 without gaps.
    pub number: i32,
    /// The file that it names.
    pub file_id: String,
    /// As the receiver read it.
    pub sequence: i32,
    /// As the receiver read it.
    pub revision: i32,
    /// SHA-256 of the bytes that it has; `None` if it has none.
    pub sha256: Option<[u8; 32]>,
    /// The records that it counted, if it could.
    pub records: Option<i64>,
    /// What it comes to, if it could be added up; sorted.
    pub totals: Option<Vec<FileTotal>>,
    /// What it says.
    pub verdict: AnswerVerdict,
}

/// The kinds of answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerVerdict {
    /// ACK: booked.
    Accepted,
    /// NACK `transport`: it has not come, or not whole.
    Transport,
    /// NACK `layout`: it could not be read.
    Layout,
    /// NACK `content`: these lines are wrong; all others are booked.
    Content(Vec<LineAnswer>),
}

impl AnswerVerdict {
    /// The stored word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "ack",
            Self::Transport => "transport",
            Self::Layout => "layout",
            Self::Content(_) => "content",
        }
    }
}

/// What a receiver says of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineAnswer {
    /// Our id of the line.
    pub line: String,
    /// What is wrong with it.
    pub code: DisputeCode,
    /// Net and tax that the receiver has, in the direction in which the batch states its amounts.
    pub theirs: Option<(i64, i64)>,
    /// Where the receiver has it in its own books.
    pub reference: String,
}

/// Whether a line can be disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStanding {
    /// It is in the file, and nobody has said anything of it.
    Undisputed,
    /// It is disputed already, and nobody has decided.
    Disputed,
    /// It was disputed and decided.
    Decided,
    /// The file has no such line.
    NotInFile,
}

/// What is known of the receiver's answers before this one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EarlierAnswers {
    /// The same bytes were taken.
    pub same_bytes: bool,
    /// Other bytes were taken under its number.
    pub number_taken: bool,
    /// The lines that it disputes, in its order.
    pub lines: Vec<LineStanding>,
}

/// Where an edition of a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileState {
    /// No answer has counted.
    Waiting,
    /// The receiver has counted otherwise, or has other bytes.
    Differing,
    /// It was asked for again.
    Resent,
    /// It could not be read: the next revision stands for it.
    Replaced,
    /// Lines of it are disputed, and not all are decided.
    Disputed,
    /// The receiver has booked it.
    Acknowledged,
}

impl FileState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Differing, Self::Resent, Self::Replaced, Self::Disputed, Self::Acknowledged];

    /// The stable word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Differing => "differing",
            Self::Resent => "resent",
            Self::Replaced => "replaced",
            Self::Disputed => "disputed",
            Self::Acknowledged => "acknowledged",
        }
    }

    /// Whether an answer is still to come.
    pub fn awaits_answer(self) -> bool {
        matches!(self, Self::Waiting | Self::Differing | Self::Resent)
    }

    /// What it is after one more answer.
    #[must_use]
    pub fn after(self, outcome: AnswerOutcome) -> Self {
        match outcome {
            AnswerOutcome::Acknowledged | AnswerOutcome::Disputed => Self::Acknowledged,
            AnswerOutcome::TotalsDiffer | AnswerOutcome::OtherBytes if self.awaits_answer() => {
                Self::Differing
            }
            AnswerOutcome::Resend if self.awaits_answer() => Self::Resent,
            AnswerOutcome::NewRevision => Self::Replaced,
            _ => self,
        }
    }

    /// What the answers so far have made of it. Whoever disputes lines has read the file; so it is acknowledged when the
    /// last of them is decided, whatever else was said.
    pub fn of(outcomes: impl IntoIterator<Item = AnswerOutcome>, undecided: i64) -> Self {
        let state = outcomes.into_iter().fold(Self::Waiting, Self::after);
        if undecided > 0 { Self::Disputed } else { state }
    }
}

/// What an answer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerOutcome {
    /// The receiver has booked the file as we sent it.
    Acknowledged,
    /// It said so before.
    AcknowledgedAgain,
    /// It counted otherwise.
    TotalsDiffer,
    /// It has bytes that we did not send.
    OtherBytes,
    /// The same bytes go out again.
    Resend,
    /// They went out too often: a person must look.
    TooManyResends,
    /// The same lines go out as the next revision.
    NewRevision,
    /// There were too many of them: a person must look.
    TooManyRevisions,
    /// Lines are disputed.
    Disputed,
    /// All lines that it names are disputed already.
    DisputedAgain,
    /// It names lines that the file does not have.
    UnknownLines,
    /// It names lines about which two people have decided.
    LinesDecided,
    /// It speaks of an edition that another one has replaced.
    OlderRevision,
    /// It says that a file cannot be read of which it has said that it is booked.
    Contradiction,
    /// The same bytes were taken before.
    Replayed,
    /// Other bytes were taken under its number.
    NumberTaken,
    /// This receiver was sent no such file.
    UnknownFile,
}

impl AnswerOutcome {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Acknowledged,
        Self::AcknowledgedAgain,
        Self::TotalsDiffer,
        Self::OtherBytes,
        Self::Resend,
        Self::TooManyResends,
        Self::NewRevision,
        Self::TooManyRevisions,
        Self::Disputed,
        Self::DisputedAgain,
        Self::UnknownLines,
        Self::LinesDecided,
        Self::OlderRevision,
        Self::Contradiction,
        Self::Replayed,
        Self::NumberTaken,
        Self::UnknownFile,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::AcknowledgedAgain => "acknowledged_again",
            Self::TotalsDiffer => "totals_differ",
            Self::OtherBytes => "other_bytes",
            Self::Resend => "resend",
            Self::TooManyResends => "too_many_resends",
            Self::NewRevision => "new_revision",
            Self::TooManyRevisions => "too_many_revisions",
            Self::Disputed => "disputed",
            Self::DisputedAgain => "disputed_again",
            Self::UnknownLines => "unknown_lines",
            Self::LinesDecided => "lines_decided",
            Self::OlderRevision => "older_revision",
            Self::Contradiction => "contradiction",
            Self::Replayed => "replayed",
            Self::NumberTaken => "number_taken",
            Self::UnknownFile => "unknown_file",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text)
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerEffect {
    /// Nothing.
    Nothing,
    /// The same bytes go out again under the same name.
    Resend,
    /// The same lines and totals go out under the next revision.
    NewRevision,
    /// These lines are put before people; each was undisputed.
    Dispute(Vec<LineAnswer>),
    /// A person must look: why is the outcome.
    Alarm,
}

/// An outcome with what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerDecision {
    /// What it came to.
    pub outcome: AnswerOutcome,
    /// What is to be done.
    pub effect: AnswerEffect,
}

impl AnswerDecision {
    fn nothing(outcome: AnswerOutcome) -> Self {
        Self { outcome, effect: AnswerEffect::Nothing }
    }

    fn alarm(outcome: AnswerOutcome) -> Self {
        Self { outcome, effect: AnswerEffect::Alarm }
    }
}

/// Decides about one answer. `file` is what the answering receiver was sent under this sequence and revision: whose files
/// others are, nobody is told.
pub fn decide_answer(
    file: Option<&SentFile>,
    earlier: &EarlierAnswers,
    answer: &FileAnswer,
) -> AnswerDecision {
    use AnswerOutcome::{NumberTaken, OlderRevision, Replayed, UnknownFile};
    if earlier.same_bytes {
        return AnswerDecision::nothing(Replayed);
    }
    if earlier.number_taken {
        return AnswerDecision::alarm(NumberTaken);
    }
    let Some(file) = file.filter(|file| file.id == answer.file_id) else {
        return AnswerDecision::alarm(UnknownFile);
    };
    if file.newest_revision > file.revision {
        // Who could not read it has nothing more to say of it; who books it may book the lines twice.
        return match answer.verdict {
            AnswerVerdict::Transport | AnswerVerdict::Layout => AnswerDecision::nothing(OlderRevision),
            AnswerVerdict::Accepted | AnswerVerdict::Content(_) => AnswerDecision::alarm(OlderRevision),
        };
    }
    match &answer.verdict {
        AnswerVerdict::Accepted => accepted(file, answer),
        AnswerVerdict::Transport => resend(file),
        AnswerVerdict::Layout => unreadable(file, answer),
        AnswerVerdict::Content(lines) => disputed(file, earlier, answer, lines),
    }
}

/// Whether receiver and books have the same file; `None`: they do.
fn difference(file: &SentFile, answer: &FileAnswer) -> Option<AnswerOutcome> {
    if answer.sha256 != Some(file.sha256) {
        return Some(AnswerOutcome::OtherBytes);
    }
    let same = answer.records == Some(file.records) && answer.totals.as_ref() == Some(&file.totals);
    (!same).then_some(AnswerOutcome::TotalsDiffer)
}

fn accepted(file: &SentFile, answer: &FileAnswer) -> AnswerDecision {
    match (difference(file, answer), file.state) {
        (Some(difference), _) => AnswerDecision::alarm(difference),
        (None, FileState::Acknowledged) => AnswerDecision::nothing(AnswerOutcome::AcknowledgedAgain),
        (None, _) => AnswerDecision::nothing(AnswerOutcome::Acknowledged),
    }
}

/// The same bytes again harm nobody, whatever was said before: their id is booked once.
fn resend(file: &SentFile) -> AnswerDecision {
    match file.resends < RESENDS_MAX {
        true => AnswerDecision { outcome: AnswerOutcome::Resend, effect: AnswerEffect::Resend },
        false => AnswerDecision::alarm(AnswerOutcome::TooManyResends),
    }
}

fn unreadable(file: &SentFile, answer: &FileAnswer) -> AnswerDecision {
    if answer.sha256 != Some(file.sha256) {
        // Bytes that we did not send need not be readable.
        return resend(file);
    }
    if matches!(file.state, FileState::Acknowledged | FileState::Disputed) {
        return AnswerDecision::alarm(AnswerOutcome::Contradiction);
    }
    match file.revision < REVISION_MAX {
        true => AnswerDecision { outcome: AnswerOutcome::NewRevision, effect: AnswerEffect::NewRevision },
        false => AnswerDecision::alarm(AnswerOutcome::TooManyRevisions),
    }
}

fn disputed(
    file: &SentFile,
    earlier: &EarlierAnswers,
    answer: &FileAnswer,
    lines: &[LineAnswer],
) -> AnswerDecision {
    if let Some(difference) = difference(file, answer) {
        return AnswerDecision::alarm(difference);
    }
    let of = |standing| earlier.lines.contains(&standing);
    if earlier.lines.len() != lines.len() || of(LineStanding::NotInFile) {
        return AnswerDecision::alarm(AnswerOutcome::UnknownLines);
    }
    if of(LineStanding::Decided) {
        return AnswerDecision::alarm(AnswerOutcome::LinesDecided);
    }
    let fresh =
        lines.iter().zip(&earlier.lines).filter(|(_, standing)| **standing == LineStanding::Undisputed);
    let fresh: Vec<LineAnswer> = fresh.map(|(line, _)| line.clone()).collect();
    match fresh.is_empty() {
        true => AnswerDecision::nothing(AnswerOutcome::DisputedAgain),
        false => AnswerDecision { outcome: AnswerOutcome::Disputed, effect: AnswerEffect::Dispute(fresh) },
    }
}

/// The numbers below the largest that are not there, as first and last of each run: from 1, or from `first`.
pub fn missing_numbers(first: i32, mut numbers: Vec<i32>) -> Vec<(i32, i32)> {
    numbers.sort_unstable();
    let (mut next, mut missing) = (first, Vec::new());
    for number in numbers {
        if number > next {
            missing.push((next, number - 1));
        }
        next = next.max(number.saturating_add(1));
    }
    missing
}

/// The files that wait although a later one was acknowledged: by sequence, each with its state.
pub fn skipped_files(files: &[(i32, FileState)]) -> Vec<i32> {
    let answered = |state: &FileState| matches!(state, FileState::Acknowledged | FileState::Disputed);
    let last = files.iter().filter(|(_, state)| answered(state)).map(|(sequence, _)| *sequence).max();
    let skipped = files.iter().filter(|(sequence, state)| last > Some(*sequence) && state.awaits_answer());
    skipped.map(|(sequence, _)| *sequence).collect()
}

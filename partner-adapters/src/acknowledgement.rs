//! What a receiver answers to a settlement file, as text and as JSON (docs/acknowledgement-file.md). Read strictly: a
//! file with anything wrong is no answer at all.

mod field;
mod json;
mod settings;
mod text;

use domain::{AnswerVerdict, FileAnswer};

use crate::canonical::Environment;

pub use json::AcknowledgementJson;
pub use settings::AcknowledgementSettings;

/// The version of the layout, the second field of every answer.
pub const ACKNOWLEDGEMENT_VERSION: &str = "1";
/// The largest answer that is read.
pub const ACKNOWLEDGEMENT_BYTES_MAX: usize = 2 << 20;
/// So many lines may be disputed by one answer.
pub const DISPUTED_LINES_MAX: usize = 10_000;

/// An answer that can be read; what it says is not compared with anything yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Whether it is a trial.
    pub environment: Environment,
    /// The code of the one who answers: the receiver of the file.
    pub sender: String,
    /// The code of the bank that sent the file.
    pub receiver: String,
    /// What it says.
    pub answer: FileAnswer,
    /// In the receiver's words, for people; may be empty.
    pub reason: String,
}

/// What is wrong with an answer, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct AcknowledgementError {
    /// `line 1, column 4`, or the name of the field in JSON.
    pub place: String,
    /// What was expected, and what to do. Never what was found: it may be anything.
    pub problem: String,
}

impl Acknowledgement {
    /// Reads an answer: JSON if it begins with `{`, else text.
    pub fn read(bytes: &[u8]) -> Result<Self, AcknowledgementError> {
        if bytes.len() > ACKNOWLEDGEMENT_BYTES_MAX {
            let problem = format!("expected at most {ACKNOWLEDGEMENT_BYTES_MAX} bytes; send smaller answers");
            return Err(AcknowledgementError { place: "the whole".to_owned(), problem });
        }
        match bytes.first() {
            Some(b'{') => json::read(bytes),
            _ => text::read(bytes),
        }
    }

    /// The answer as text.
    pub fn to_text(&self) -> String {
        text::write(self)
    }

    /// The answer as JSON has it.
    pub fn to_json(&self) -> AcknowledgementJson {
        json::of(self)
    }

    /// Refuses an answer of somebody else, to somebody else, or of a trial where it is none.
    pub fn is_between(
        &self,
        sender: &str,
        receiver: &str,
        environment: Environment,
    ) -> Result<(), AcknowledgementError> {
        let fields = [
            ("environment", self.environment.name(), environment.name()),
            ("sender", self.sender.as_str(), sender),
            ("receiver", self.receiver.as_str(), receiver),
        ];
        match fields.into_iter().find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((field, _, expected)) => Err(AcknowledgementError {
                place: field.to_owned(),
                problem: format!("expected {expected:?}; is it for somebody else?"),
            }),
        }
    }
}

/// What an answer of this kind must say of the file: the hash, and the counts.
fn must_say(verdict: &AnswerVerdict) -> (bool, bool) {
    match verdict {
        AnswerVerdict::Accepted | AnswerVerdict::Content(_) => (true, true),
        AnswerVerdict::Layout => (true, false),
        AnswerVerdict::Transport => (false, false),
    }
}

/// Refuses what an answer of its kind must not leave out.
fn is_complete(answer: &FileAnswer) -> Result<(), (&'static str, String)> {
    let (hash, counts) = must_say(&answer.verdict);
    let kind = answer.verdict.name();
    if hash && answer.sha256.is_none() {
        return Err(("sha256", format!("expected the SHA-256 of the file as it came: {kind} must say it")));
    }
    if counts && answer.records.is_none() {
        return Err(("records", format!("expected the number of records: {kind} must say it")));
    }
    if answer.records.is_some() != answer.totals.is_some() {
        return Err(("totals", "expected records and totals, or neither".to_owned()));
    }
    match &answer.verdict {
        AnswerVerdict::Content(lines) if lines.is_empty() => {
            Err(("lines", "expected the lines that are disputed".to_owned()))
        }
        AnswerVerdict::Content(lines) => {
            let mut ids: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
            ids.sort_unstable();
            match ids.windows(2).any(|two| matches!(two, [a, b] if a == b)) {
                true => Err(("lines", "expected each line once".to_owned())),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

//! The intake: read, compare with the file that it names, decide, keep.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{AnswerEffect, AnswerOutcome, AnswerVerdict, hide_card_numbers};
use jiff::Timestamp;
use partner_adapters::{Acknowledgement, AcknowledgementError, canonical, sha256};
use store::{AnswerIntake, AnswersFile, DisputedLine, NoAnswer, NotCounted, Pool};

use super::{
    AnswerError,
    sent::{self, SentBytes, path_of},
};
use crate::{ProgramSetup, booking::aside};

/// So much of an answer's text is kept, in characters.
const BODY_CHARS_MAX: usize = 64 * 1024;

/// How an answer came.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// The code that the way stands for: a certificate, an inbox. `None`: a person of the staff brings it, and it says itself
    /// whose it is.
    pub receiver: Option<&'a str>,
    /// The way, or the person: kept with the answer.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTaken {
    /// Who answered.
    pub receiver: String,
    /// The receiver's number.
    pub number: i32,
    /// The file that it names.
    pub file_id: String,
    /// What it came to.
    pub outcome: AnswerOutcome,
    /// Of an answer that was taken before: what it came to then.
    pub before: Option<AnswerOutcome>,
    /// What is to be done.
    pub effect: AnswerEffect,
}

/// Takes the answer of a receiver. The same bytes again change nothing.
///
/// # Errors
/// Each variant of [`AnswerError`] says who must do what.
pub async fn take_answer(
    pool: &Pool,
    programs: &[&ProgramSetup],
    out: &Path,
    brought: Brought<'_>,
    bytes: &[u8],
) -> Result<AnswerTaken, AnswerError> {
    let read = Acknowledgement::read(bytes);
    let said = read.as_ref().ok().map(|answer| answer.sender.as_str());
    let receiver = brought.receiver.or(said).map(str::to_owned);
    if let Some(code) = receiver.as_deref().filter(|code| !is_receiver(programs, code)) {
        return Err(AnswerError::UnknownReceiver(hide_card_numbers(code)));
    }
    let kept = Kept { sha256: sha256(bytes), body: body(bytes) };
    let answer = match (read, receiver.as_deref()) {
        (Ok(answer), _) => answer,
        (Err(error), None) => return Err(AnswerError::Unreadable(error)),
        (Err(error), Some(receiver)) => {
            refuse(pool, receiver, NoAnswer::Unreadable, &kept, &error, brought).await?;
            return Err(AnswerError::Unreadable(error));
        }
    };
    let receiver = receiver.unwrap_or_else(|| answer.sender.clone());
    if let Err(error) = is_ours(programs, &receiver, &answer) {
        refuse(pool, &receiver, NoAnswer::Misdirected, &kept, &error, brought).await?;
        return Err(AnswerError::Misdirected(error));
    }
    let named = &answer.answer;
    let file = store::sent_file(pool, &receiver, named.sequence, named.revision).await?;
    let file = file.filter(|file| file.file_id() == named.file_id && is_of_bank(programs, file, &answer));
    let found = match &file {
        Some(file) => Some(look_into(file, lines_of(&answer), out).await?),
        None => None,
    };
    let lines = found.as_ref().map(|found| disputed(programs, &found.lines)).unwrap_or_default();
    let intake = AnswerIntake {
        receiver: &receiver,
        answer: named,
        sha256: kept.sha256,
        body: &kept.body,
        brought_by: brought.by,
        at: brought.at,
        file: file
            .as_ref()
            .zip(found.as_ref())
            .map(|(file, found)| (file, found.records, found.totals.clone())),
        lines,
    };
    let taken = store::keep_answer(pool, &intake).await?;
    let outcome = taken.decision.outcome;
    note(&receiver, named.number, &named.file_id, outcome, &taken.decision.effect);
    Ok(AnswerTaken {
        number: named.number,
        file_id: named.file_id.clone(),
        outcome,
        before: taken.before,
        effect: taken.decision.effect,
        receiver,
    })
}

fn note(receiver: &str, number: i32, file_id: &str, outcome: AnswerOutcome, effect: &AnswerEffect) {
    let outcome = outcome.name();
    metrics::counter!("cobrand_settlement_answers_total", "outcome" => outcome).increment(1);
    // What the receiver says, and so anything.
    let file_id = &hide_card_numbers(file_id);
    match effect {
        AnswerEffect::Alarm => tracing::error!(
            receiver,
            number,
            file_id,
            outcome,
            "an answer to a settlement file needs a person: see `cobrand partner acknowledgements`"
        ),
        _ => tracing::info!(receiver, number, file_id, outcome, "an answer to a settlement file was taken"),
    }
}

/// What is kept of an answer's bytes.
struct Kept {
    sha256: [u8; 32],
    body: String,
}

/// The text of an answer without control characters and without what could be a card number. Looked for beyond the cut, so
/// that none stands there by halves.
pub(super) fn body(bytes: &[u8]) -> String {
    const CARD_NUMBER_BYTES_MAX: usize = 256;
    let cut = bytes.get(..bytes.len().min(4 * BODY_CHARS_MAX + CARD_NUMBER_BYTES_MAX)).unwrap_or_default();
    let shown = |letter: char| match letter {
        '\n' => '\n',
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    };
    let text = hide_card_numbers(&String::from_utf8_lossy(cut));
    text.chars().take(BODY_CHARS_MAX).map(shown).collect()
}

async fn refuse(
    pool: &Pool,
    receiver: &str,
    why: NoAnswer,
    kept: &Kept,
    error: &AcknowledgementError,
    brought: Brought<'_>,
) -> Result<(), AnswerError> {
    metrics::counter!("cobrand_settlement_answers_total", "outcome" => why.name()).increment(1);
    tracing::error!(receiver, outcome = why.name(), %error, "what came as an answer to a settlement file is none");
    let problem = error.to_string();
    let (sha256, body, brought_by, at) = (kept.sha256, kept.body.as_str(), brought.by, brought.at);
    let row = NotCounted { receiver, why, sha256, body, problem: &problem, brought_by, at };
    store::keep_no_answer(pool, &row).await?;
    Ok(())
}

fn is_receiver(programs: &[&ProgramSetup], code: &str) -> bool {
    let of = |setup: &&ProgramSetup| {
        setup.bank.1 == code || setup.partner_codes.values().any(|partner| partner == code)
    };
    programs.iter().any(of)
}

/// Refuses an answer of somebody else, to no bank of ours, or of a trial.
fn is_ours(
    programs: &[&ProgramSetup],
    receiver: &str,
    answer: &Acknowledgement,
) -> Result<(), AcknowledgementError> {
    let bank = programs.iter().find(|setup| setup.bank.1 == answer.receiver).or(programs.first());
    let Some(setup) = bank else { return Ok(()) };
    let environment = match setup.environment {
        crate::Environment::Test => canonical::Environment::Test,
        crate::Environment::Live => canonical::Environment::Live,
    };
    answer.is_between(receiver, &setup.bank.1, environment)
}

/// Whether the bank that is named sent the file.
fn is_of_bank(programs: &[&ProgramSetup], file: &AnswersFile, answer: &Acknowledgement) -> bool {
    let of = programs.iter().find(|setup| setup.id == file.program);
    of.is_some_and(|setup| setup.bank.1 == answer.receiver)
}

/// The ids of the lines that an answer disputes.
fn lines_of(answer: &Acknowledgement) -> BTreeSet<String> {
    match &answer.answer.verdict {
        AnswerVerdict::Content(lines) => lines.iter().map(|line| line.line.clone()).collect(),
        _ => BTreeSet::new(),
    }
}

/// Reads a file as it lies in the folder, with the lines that are asked for.
pub(super) async fn look_into(
    file: &AnswersFile,
    wanted: BTreeSet<String>,
    out: &Path,
) -> Result<SentBytes, AnswerError> {
    let gone = || AnswerError::FileGone { name: file.file_name.clone(), folder: out.display().to_string() };
    let path = path_of(out, &file.file_name).ok_or_else(gone)?;
    let hash = file.sha256;
    aside(move || sent::read(&path, &hash, &wanted)).await?.ok_or_else(gone)
}

fn disputed(
    programs: &[&ProgramSetup],
    lines: &BTreeMap<String, sent::SentLine>,
) -> BTreeMap<String, DisputedLine> {
    let line = |(id, line): (&String, &sent::SentLine)| {
        let codes = programs.iter().flat_map(|setup| &setup.partner_codes);
        let partner = codes.into_iter().find(|(_, code)| **code == line.partner).map(|(id, _)| *id)?;
        let (currency, stated, items) = (line.currency, line.stated, line.items.clone());
        Some((id.clone(), DisputedLine { partner, currency, stated, items, record: line.record.clone() }))
    };
    lines.iter().filter_map(line).collect()
}

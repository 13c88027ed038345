//! What answers to settlement files set going, and the words for what they come to.

use std::collections::BTreeMap;

use domain::{AnswerOutcome, CycleId, FileState};
use jiff::Timestamp;
use settlement::ProgramSetup;
use store::{FileStanding, StandingsOf};

use crate::assembly::Assembly;

/// So many files that wait are looked at together; there are a few for each day and receiver.
const WAITING_MAX: u32 = 10_000;

pub(super) fn setups(assembly: &Assembly) -> Vec<&ProgramSetup> {
    assembly.programs.iter().map(|loaded| &loaded.setup).collect()
}

/// Expects answers to what is published, does what answers have asked for, and says how many are overdue. It may be called
/// by several at once, and again whenever somebody has broken off.
pub(crate) async fn follow_answers(assembly: &Assembly) -> anyhow::Result<()> {
    let (pool, now) = (&assembly.pool, assembly.clock.now());
    for (receiver, hours) in &assembly.config.settlement.answer_within_hours {
        store::expect_answers(pool, receiver, *hours, now).await?;
    }
    let setups = setups_of_revised(assembly).await?;
    for again in settlement::follow_answers(pool, &setups, &assembly.config.settlement.out, now).await? {
        // The folder is the only transport of this process: its bytes lie there, or they could not have been compared.
        tracing::info!(
            receiver = again.receiver,
            sequence = again.sequence,
            "the file lies in the folder for its receiver"
        );
        store::effect_done(pool, again.answer, now).await?;
    }
    let overdue = overdue(assembly, now).await?;
    let count = u32::try_from(overdue.len()).unwrap_or(u32::MAX);
    metrics::gauge!("cobrand_settlement_answers_overdue").set(count);
    Ok(())
}

/// A revision is rendered again from the books, so under the terms of its day.
async fn setups_of_revised(assembly: &Assembly) -> anyhow::Result<BTreeMap<CycleId, ProgramSetup>> {
    let mut setups = BTreeMap::new();
    for effect in store::answer_effects(&assembly.pool).await? {
        let loaded = assembly.programs.iter().find(|loaded| loaded.setup.id == effect.program);
        let Some(loaded) = loaded.filter(|_| effect.new_revision) else { continue };
        setups.insert(effect.cycle, assembly.setup_of_day(loaded, effect.business_date).await?);
    }
    Ok(setups)
}

async fn overdue(assembly: &Assembly, now: Timestamp) -> anyhow::Result<Vec<FileStanding>> {
    let waiting = store::file_standings(&assembly.pool, StandingsOf::Unsettled, None, WAITING_MAX).await?;
    Ok(waiting.into_iter().filter(|file| file.is_overdue(now)).collect())
}

/// What an answer came to, and what a person must do.
pub(super) fn outcome_words(outcome: AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::Acknowledged => "the file is acknowledged",
        AnswerOutcome::AcknowledgedAgain => "the file was acknowledged before; nothing changes",
        AnswerOutcome::TotalsDiffer => {
            "its receiver has counted otherwise; the file stays unacknowledged: compare the totals in the answer with the \
             file, then ask its receiver for a new answer"
        }
        AnswerOutcome::OtherBytes => {
            "its receiver has bytes that we did not send; the file stays unacknowledged: find out who changed them on the way"
        }
        AnswerOutcome::Resend => "the same bytes go out again",
        AnswerOutcome::TooManyResends => {
            "the file was sent again too often and is not any more: look at the way to its receiver"
        }
        AnswerOutcome::NewRevision => "the same lines go out as the next revision",
        AnswerOutcome::TooManyRevisions => {
            "its receiver cannot read the last revision either: talk with its receiver about the layout"
        }
        AnswerOutcome::Disputed => "lines are disputed: see `cobrand partner dispute list`",
        AnswerOutcome::DisputedAgain => "all of its lines are disputed already; nothing changes",
        AnswerOutcome::UnknownLines => {
            "it disputes lines that the file does not have, so that nothing of it was taken: ask for a new answer"
        }
        AnswerOutcome::LinesDecided => {
            "it disputes lines about which two people have decided, so that nothing of it was taken: talk with its receiver"
        }
        AnswerOutcome::OlderRevision => {
            "it speaks of an edition that another one has replaced; nothing changes: make sure that its receiver books one"
        }
        AnswerOutcome::Contradiction => {
            "its receiver cannot read a file that it has booked; nothing changes: ask which of both is true"
        }
        AnswerOutcome::Replayed => "it was taken before; nothing changes",
        AnswerOutcome::NumberTaken => {
            "another answer was taken under its number, so that nothing of it was taken: ask for a new number"
        }
        AnswerOutcome::UnknownFile => {
            "its sender was sent no such file, so that nothing of it was taken: ask for the right file id"
        }
    }
}

/// What a person must do about a file.
pub(super) fn to_do(file: &FileStanding, is_overdue: bool) -> &'static str {
    match (file.state, is_overdue) {
        (FileState::Waiting | FileState::Resent, true) => "ask its receiver: the answer is overdue",
        (FileState::Waiting | FileState::Resent, false) => "wait",
        (FileState::Differing, _) => "compare the totals, then ask its receiver for a new answer",
        (FileState::Replaced, _) => "nothing: see the next revision",
        (FileState::Disputed, _) => "decide: cobrand partner dispute list",
        (FileState::Acknowledged, _) => "nothing",
    }
}

//! What answers to settlement files set going, and the words for what they come to.

use std::collections::BTreeMap;

use domain::{AnswerOutcome, FileState};
use jiff::Timestamp;
use settlement::ProgramSetup;
use store::{AnswerEffectRow, Carries, FileStanding, StandingsOf};

use crate::assembly::{Assembly, ReadFile};
use crate::commands::day::day_cycles;

/// So many files that wait are looked at together; there are a few for each day and receiver.
const WAITING_MAX: u32 = 10_000;
/// So many cycles that are not acknowledged yet are looked at, the newest.
const CYCLES_MAX: i64 = 100;

pub(super) fn setups(assembly: &Assembly) -> Vec<&ProgramSetup> {
    assembly.programs.iter().map(|loaded| &loaded.setup).collect()
}

/// Expects answers to what is published, does what answers have asked for, and says how many are overdue. It may be called
/// by several at once, and again whenever somebody has broken off. A revision that cannot be made is an error, after all else
/// is done.
pub(crate) async fn follow_answers(assembly: &Assembly) -> anyhow::Result<()> {
    let (pool, now) = (&assembly.pool, assembly.clock.now());
    let (files, left_out) = assembly.read_partner_files();
    let of_files = files.iter().filter_map(|(.., file)| {
        Some((file.code.as_str(), file.acknowledgement.as_ref()?.expected_within_hours))
    });
    let configured = &assembly.config.settlement.answer_within_hours;
    let of_config = configured.iter().map(|(code, hours)| (code.as_str(), *hours));
    for (receiver, hours) in of_files.chain(of_config) {
        store::expect_answers(pool, receiver, hours, now).await?;
    }
    for again in settlement::asked_again(pool).await? {
        if !left_out.is_empty() && !files.iter().any(|(.., file)| file.code == again.receiver) {
            // Perhaps it is this one's file that cannot be used: then it waits until it is mended.
            continue;
        }
        send_again(assembly, &files, &again, now).await?;
        // Only now: whoever breaks off before sends it again.
        store::effect_done(pool, again.answer, now).await?;
    }
    let revised = revise(assembly, now).await;
    mark_cycles(assembly).await?;
    let overdue = overdue(assembly, now).await?;
    let count = u32::try_from(overdue.len()).unwrap_or(u32::MAX);
    metrics::gauge!("cobrand_settlement_answers_overdue").set(count);
    revised
}

/// Makes the revisions that can be made. Each is rendered again from the books, so under the terms of its cycle.
async fn revise(assembly: &Assembly, now: Timestamp) -> anyhow::Result<()> {
    let (mut setups, mut failed) = (BTreeMap::new(), None);
    for effect in store::answer_effects(&assembly.pool).await? {
        let loaded = assembly.programs.iter().find(|loaded| loaded.setup.id == effect.program);
        let Some(loaded) = loaded.filter(|_| effect.new_revision) else { continue };
        let found = day_cycles(assembly, loaded).await?.into_iter().find(|of| of.cycle.id == effect.cycle);
        let Some(found) = found else { continue };
        match assembly.setup_at(loaded, found.cut_off.timestamp()).await {
            Ok(setup) => drop(setups.insert(effect.cycle, setup)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    settlement::make_revisions(&assembly.pool, &setups, &assembly.config.settlement.out, now).await?;
    failed.map_or(Ok(()), Err)
}

/// Sends the same bytes once more by each way that carries files.
async fn send_again(
    assembly: &Assembly,
    files: &[ReadFile],
    asked: &AnswerEffectRow,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (pool, receiver) = (&assembly.pool, &asked.receiver);
    let sent = store::sent_file(pool, receiver, asked.sequence, asked.revision).await?;
    let Some(sent) = sent else { return Ok(()) };
    let mut ways = 0;
    if let Some((_, id, _)) = files.iter().find(|(.., file)| file.code == *receiver) {
        for way in store::endpoints(pool, *id).await? {
            if way.carries == Carries::Files {
                ways += store::send_file_again(pool, *id, &way.endpoint, &sent.file_name, now).await?;
            }
        }
    }
    // Without a way its receiver fetches it: the bytes lie in the folder, or they could not have been compared.
    tracing::info!(receiver, file = sent.file_name, outputs = ways, "the file goes out once more");
    Ok(())
}

/// Notes which cycles have reached their receivers, and which of them all have answered.
async fn mark_cycles(assembly: &Assembly) -> anyhow::Result<()> {
    let pool = &assembly.pool;
    for (cycle, on_its_way) in store::cycles_on_their_way(pool, CYCLES_MAX).await? {
        if on_its_way && store::cycle_is_delivered(pool, cycle).await? {
            store::mark_delivered(pool, cycle).await?;
        }
        if store::cycle_is_acknowledged(pool, cycle).await? {
            store::mark_acknowledged(pool, cycle).await?;
        }
    }
    Ok(())
}

async fn overdue(assembly: &Assembly, now: Timestamp) -> anyhow::Result<Vec<FileStanding>> {
    let waiting = store::file_standings(&assembly.pool, StandingsOf::Unsettled, None, WAITING_MAX).await?;
    Ok(waiting.into_iter().filter(|file| file.is_overdue(now)).collect())
}

/// What an answer came to, and what a person must do.
pub(crate) fn outcome_words(outcome: AnswerOutcome) -> &'static str {
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

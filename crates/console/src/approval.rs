//! Proposing, approving, rejecting and withdrawing a version of a program: one way for the console and the command line.

use domain::{ProposalState, RulesHash, holds_card_number};
use jiff::Timestamp;
use program_files::{Assessment, VersionText, assess};
use settlement::sha256;
use store::Transaction;
use store::{
    NewProposal, Pool, ProposalDecision, ProposalRow, ProposalStep, StoreError, Wanted, decide_proposal,
    in_transaction, program_version_in, proposal_in, running_version_in, withdraw_proposal,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::ProgramInfo;

/// The longest text of a program.
pub const PROGRAM_BYTES_MAX: usize = 256 * 1024;
/// The longest report of a back-test.
pub const BACKTEST_BYTES_MAX: usize = 512 * 1024;
/// The longest comment or reason.
pub(crate) const COMMENT_CHARS_MAX: usize = 1000;

/// Why something was not proposed or not decided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Nothing says what it is for.
    #[error("a comment of 1 to {COMMENT_CHARS_MAX} characters must say why")]
    NoComment,
    /// The text is too long, or there is none.
    #[error("the program's text must have 1 to {PROGRAM_BYTES_MAX} bytes")]
    TextLength,
    /// The report is too long or no JSON object.
    #[error("the back-test's report must be a JSON object of at most {BACKTEST_BYTES_MAX} bytes")]
    BadBacktest,
    /// Card numbers are kept nowhere.
    #[error("the text holds what looks like a card number: nothing was kept; take it out")]
    CardNumber,
    /// Nothing is in force that the text could be compared with.
    #[error("the program {0} was never in force: start `cobrand serve` with its file once")]
    NeverInForce(String),
    /// Files change the programs of this installation.
    #[error("files change programs here: set `changes = \"approval\"` under [programs] of the configuration")]
    ByFile,
    /// The version in force changed meanwhile.
    #[error(
        "another version has just come into force: propose it once more, so that it is compared with that one"
    )]
    Overtaken,
    /// There is no such proposal.
    #[error("there is no proposal {0}")]
    NotFound(i32),
    /// Maker and checker must be two people.
    #[error("{0} proposed it: another person must decide")]
    SamePerson(String),
    /// It must not be put into force.
    #[error("its text cannot be read, contradicts itself or fails its tests: it can only be rejected")]
    NotApprovable,
    /// One version waits already.
    #[error(
        "proposal {0} is approved and waits for its instant: wait for it or withdraw it, then propose this one anew"
    )]
    AnotherScheduled(i32),
    /// It was compared with a version that is no longer in force.
    #[error("it was compared with a version that is no longer in force: propose it anew")]
    Outdated,
    /// It is too late for this.
    #[error("the proposal is {}: this is not possible any more", .0.name())]
    Stands(ProposalState),
    /// The clock and the zone do not go together.
    #[error("the next cut-off cannot be computed: {0}")]
    NoInstant(String),
    /// The computation broke off.
    #[error(
        "the text could not be compared with the version in force: see the log, then propose it once more"
    )]
    NotCompared,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A version's hash and its own text.
pub(crate) type OwnText = (RulesHash, String);

/// A comparison can take seconds of one core: one at a time, and none on the threads that answer banks.
static TURN: Semaphore = Semaphore::const_new(1);

/// [`assess`] on a blocking thread.
pub(crate) async fn compare(old: OwnText, new: OwnText) -> Result<Assessment, ApprovalError> {
    // The semaphore is never closed.
    let turn = TURN.acquire().await.map_err(|_| ApprovalError::NotCompared)?;
    let compared = spawn_blocking(move || {
        // Whoever stopped waiting for the answer does not stop the work: the turn ends with the work.
        let _turn = turn;
        let ((old, old_text), (new, new_text)) = (&old, &new);
        assess(VersionText { hash: *old, text: old_text }, VersionText { hash: *new, text: new_text })
    });
    compared.await.map_err(|_| ApprovalError::NotCompared)
}

/// A text that somebody wants in force.
#[derive(Debug, Clone, Copy)]
pub struct Proposing<'a> {
    /// The text of the program.
    pub text: &'a str,
    /// Who proposes it.
    pub by: &'a str,
    /// What for.
    pub comment: &'a str,
    /// When it is to come into force.
    pub wanted: Wanted,
    /// A back-test's report as JSON.
    pub backtest: Option<&'a str>,
}

/// SHA-256 of a program's text: the name of the version.
pub fn version_of(text: &str) -> RulesHash {
    RulesHash(sha256(text.as_bytes()))
}

fn said(comment: &str) -> Result<&str, ApprovalError> {
    let comment = comment.trim();
    if comment.is_empty() || comment.chars().count() > COMMENT_CHARS_MAX || comment.contains('\0') {
        return Err(ApprovalError::NoComment);
    }
    if holds_card_number(comment) {
        return Err(ApprovalError::CardNumber);
    }
    Ok(comment)
}

/// Whether a report may be kept: it is shown as it is, so all that is asked is that it is data.
fn report(text: &str) -> Result<(), ApprovalError> {
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
    if !object || text.len() > BACKTEST_BYTES_MAX {
        return Err(ApprovalError::BadBacktest);
    }
    if holds_card_number(text) { Err(ApprovalError::CardNumber) } else { Ok(()) }
}

/// Looks at a text beside the version in force, and keeps both the text and what was found as a proposal.
///
/// A text that must not be approved is kept too: the finding is what its author needs. The number tells it apart.
pub async fn propose(
    pool: &Pool,
    program: &ProgramInfo,
    now: Timestamp,
    proposing: &Proposing<'_>,
) -> Result<(i32, Assessment), ApprovalError> {
    Ok(in_transaction!(pool, |step| propose_in(&step, program, now, proposing)))
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub(crate) async fn propose_in(
    transaction: &Transaction<'_>,
    program: &ProgramInfo,
    now: Timestamp,
    proposing: &Proposing<'_>,
) -> Result<(i32, Assessment), ApprovalError> {
    let comment = said(proposing.comment)?;
    let text = proposing.text;
    if text.trim().is_empty() || text.len() > PROGRAM_BYTES_MAX || text.contains('\0') {
        return Err(ApprovalError::TextLength);
    }
    if holds_card_number(text) {
        return Err(ApprovalError::CardNumber);
    }
    proposing.backtest.map(report).transpose()?;
    let never = || ApprovalError::NeverInForce(program.code.clone());
    let against = running_version_in(transaction, program.id).await?.ok_or_else(never)?;
    let running = program_version_in(transaction, against).await?;
    let hash = version_of(text);
    let assessment = compare((against, running), (hash, text.to_owned())).await?;
    let json = serde_json::to_string(&assessment).map_err(|_| ApprovalError::TextLength)?;
    let new = NewProposal {
        program: program.id,
        hash,
        body: text,
        against,
        by: proposing.by,
        at: now,
        comment,
        wanted: proposing.wanted,
        assessment: &json,
        approvable: assessment.is_approvable(),
        backtest: proposing.backtest,
    };
    let id = store::propose(transaction, &new).await?.ok_or(ApprovalError::Overtaken)?;
    tracing::info!(proposal = id, program = program.code, by = proposing.by, "a version was proposed");
    Ok((id, assessment))
}

/// When a proposal that is approved `now` comes into force.
pub fn effective_at(
    wanted: Wanted,
    program: &ProgramInfo,
    now: Timestamp,
) -> Result<Timestamp, ApprovalError> {
    match wanted {
        Wanted::Now => Ok(now),
        Wanted::At(instant) => Ok(instant.max(now)),
        Wanted::CutOff => {
            next_cut_off(program, now).map_err(|error| ApprovalError::NoInstant(error.to_string()))
        }
    }
}

fn next_cut_off(program: &ProgramInfo, now: Timestamp) -> Result<Timestamp, jiff::Error> {
    // The date's last one, so that all its cycles have one set of terms.
    let cut_off = program.cut_offs.last();
    let local = now.in_tz(&program.time_zone)?.datetime();
    let end = domain::business_date_end(domain::business_date(local, cut_off), cut_off);
    Ok(end.in_tz(&program.time_zone)?.timestamp())
}

async fn found(
    transaction: &Transaction<'_>,
    program: &ProgramInfo,
    id: i32,
) -> Result<ProposalRow, ApprovalError> {
    let found = proposal_in(transaction, id).await?;
    found.filter(|row| row.program == program.id).ok_or(ApprovalError::NotFound(id))
}

/// What somebody says of a proposal, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saying<'a> {
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) now: Timestamp,
}

/// Approves a proposal; returns when it comes into force.
pub async fn approve(
    pool: &Pool,
    program: &ProgramInfo,
    id: i32,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Timestamp, ApprovalError> {
    Ok(in_transaction!(pool, |step| approve_in(&step, program, id, Saying { by, reason, now })))
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub(crate) async fn approve_in(
    transaction: &Transaction<'_>,
    program: &ProgramInfo,
    id: i32,
    Saying { by, reason, now }: Saying<'_>,
) -> Result<Timestamp, ApprovalError> {
    let proposal = found(transaction, program, id).await?;
    let instant = effective_at(proposal.wanted, program, now)?;
    let decision = ProposalDecision { by, at: now, reason: said(reason)?, effective_at: Some(instant) };
    done(decide_proposal(transaction, id, &decision).await?, id, by)?;
    tracing::info!(proposal = id, program = program.code, by, effective_at = %instant, "a version was approved");
    Ok(instant)
}

/// Rejects a proposal.
pub async fn reject(
    pool: &Pool,
    program: &ProgramInfo,
    id: i32,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), ApprovalError> {
    in_transaction!(pool, |step| reject_in(&step, program, id, Saying { by, reason, now }));
    Ok(())
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub(crate) async fn reject_in(
    transaction: &Transaction<'_>,
    program: &ProgramInfo,
    id: i32,
    Saying { by, reason, now }: Saying<'_>,
) -> Result<(), ApprovalError> {
    found(transaction, program, id).await?;
    let decision = ProposalDecision { by, at: now, reason: said(reason)?, effective_at: None };
    done(decide_proposal(transaction, id, &decision).await?, id, by)?;
    tracing::info!(proposal = id, program = program.code, by, "a version was rejected");
    Ok(())
}

/// Takes a proposal back before it comes into force; anybody of the staff may, for it changes nothing.
pub async fn withdraw(
    pool: &Pool,
    program: &ProgramInfo,
    id: i32,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), ApprovalError> {
    in_transaction!(pool, |step| withdraw_in(&step, program, id, Saying { by, reason, now }));
    Ok(())
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub(crate) async fn withdraw_in(
    transaction: &Transaction<'_>,
    program: &ProgramInfo,
    id: i32,
    Saying { by, reason, now }: Saying<'_>,
) -> Result<(), ApprovalError> {
    found(transaction, program, id).await?;
    done(withdraw_proposal(transaction, id, by, now, said(reason)?).await?, id, by)?;
    tracing::info!(proposal = id, program = program.code, by, "a proposal was withdrawn");
    Ok(())
}

fn done(step: ProposalStep, id: i32, by: &str) -> Result<(), ApprovalError> {
    match step {
        ProposalStep::Done => Ok(()),
        ProposalStep::NotFound => Err(ApprovalError::NotFound(id)),
        ProposalStep::SamePerson => Err(ApprovalError::SamePerson(by.to_owned())),
        ProposalStep::NotApprovable => Err(ApprovalError::NotApprovable),
        ProposalStep::AnotherScheduled(other) => Err(ApprovalError::AnotherScheduled(other)),
        ProposalStep::Stands(ProposalState::Outdated) => Err(ApprovalError::Outdated),
        ProposalStep::Stands(state) => Err(ApprovalError::Stands(state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Currency, CutOffs, ProgramId};

    #[test]
    fn a_version_comes_into_force_at_the_next_cut_off_unless_told_otherwise() {
        let check = |wanted, zone: &str, cut_off: &str, now: &str, expected: &str| {
            let program = ProgramInfo {
                id: ProgramId(1),
                code: "gold".to_owned(),
                bank_code: "northbank".to_owned(),
                currency: Currency(643),
                time_zone: zone.to_owned(),
                cut_offs: CutOffs::one(cut_off.parse().unwrap()),
            };
            let instant = effective_at(wanted, &program, now.parse().unwrap()).unwrap();
            assert_eq!(instant.to_string(), expected, "{zone} {cut_off} {now}");
        };
        let moscow = "Europe/Moscow";
        check(Wanted::CutOff, moscow, "00:00", "2026-10-10T09:00:00Z", "2026-10-10T21:00:00Z");
        check(Wanted::CutOff, moscow, "00:00", "2026-10-10T21:00:00Z", "2026-10-11T21:00:00Z");
        check(Wanted::CutOff, moscow, "22:30", "2026-10-10T19:29:59Z", "2026-10-10T19:30:00Z");
        check(Wanted::CutOff, moscow, "22:30", "2026-10-10T20:00:00Z", "2026-10-11T19:30:00Z");
        // The night in which clocks are set back has an hour more.
        check(Wanted::CutOff, "Europe/Berlin", "00:00", "2026-10-25T00:00:00Z", "2026-10-25T23:00:00Z");
        check(Wanted::Now, moscow, "00:00", "2026-10-10T09:00:00Z", "2026-10-10T09:00:00Z");
        let at = |text: &str| Wanted::At(text.parse().unwrap());
        check(at("2026-11-01T00:00:00Z"), moscow, "00:00", "2026-10-10T09:00:00Z", "2026-11-01T00:00:00Z");
        // Nothing comes into force in the past.
        check(at("2026-10-01T00:00:00Z"), moscow, "00:00", "2026-10-10T09:00:00Z", "2026-10-10T09:00:00Z");
    }

    #[test]
    fn comments_and_reports_are_kept_only_if_they_may_be() {
        assert_eq!(said("  more for weekends ").unwrap(), "more for weekends");
        for wrong in ["", " \n", &"x".repeat(COMMENT_CHARS_MAX + 1)] {
            assert!(matches!(said(wrong), Err(ApprovalError::NoComment)));
        }
        for wrong in ["for 4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"] {
            assert!(matches!(said(wrong), Err(ApprovalError::CardNumber)), "{wrong}");
        }
        assert!(report("{\"miles\": 12}").is_ok());
        for wrong in ["", "[]", "12", "{"] {
            assert!(matches!(report(wrong), Err(ApprovalError::BadBacktest)), "{wrong}");
        }
        assert!(matches!(report("{\"card\": 4111111111111111}"), Err(ApprovalError::CardNumber)));
    }
}

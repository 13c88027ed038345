//! Answers, taken whole under the receiver's lock: what was said before decides what this one comes to.

use std::collections::BTreeMap;

use domain::{
    AdjustedItem, AnswerDecision, AnswerEffect, AnswerOutcome, Currency, EarlierAnswers, FileAnswer,
    FileState, FileTotal, LineAnswer, LineStanding, PartnerId, SentFile, decide_answer,
    settlement::Direction,
};
use jiff::Timestamp;
use serde_json::json;
use tokio_postgres::{GenericClient, Transaction};

use super::{
    AnswersFile,
    disputes::DISPUTE_STATE,
    items::{ItemsOf, keep_items},
    lock,
};
use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// So many answers of a receiver that do not count are kept in a day: more would only fill the disk.
const NOT_COUNTED_PER_DAY_MAX: i64 = 200;

/// A line of the file that an answer disputes, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputedLine {
    /// The partner of its batch.
    pub partner: PartnerId,
    /// The currency of its batch.
    pub currency: Currency,
    /// The direction in which the batch states its amounts.
    pub stated: Direction,
    /// What it comes to, item by item.
    pub items: Vec<AdjustedItem>,
    /// The record.
    pub record: String,
}

/// An answer that can be read, with the file that it names as it lies in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerIntake<'a> {
    /// Who answers.
    pub receiver: &'a str,
    /// What it says.
    pub answer: &'a FileAnswer,
    /// SHA-256 of the answer's bytes.
    pub sha256: [u8; 32],
    /// Its text, cut and masked.
    pub body: &'a str,
    /// By what way it came: a transport, or a person of the staff.
    pub brought_by: &'a str,
    /// When.
    pub at: Timestamp,
    /// The file that it names, if this receiver was sent it, with its records and totals.
    pub file: Option<(&'a AnswersFile, i64, Vec<FileTotal>)>,
    /// Its lines that are disputed, by their ids; those that it does not have are not there.
    pub lines: BTreeMap<String, DisputedLine>,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// What it came to.
    pub decision: AnswerDecision,
    /// Of an answer that was taken before: what it came to then.
    pub before: Option<AnswerOutcome>,
}

/// Takes an answer: decides what it comes to and keeps it with what it sets going, all or nothing.
pub async fn keep_answer(pool: &Pool, intake: &AnswerIntake<'_>) -> Result<KeptAnswer, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lock(&transaction, intake.receiver).await?;
    let (earlier, before) = earlier(&transaction, intake).await?;
    let file = match &intake.file {
        Some((file, records, totals)) => Some(as_sent(&transaction, file, *records, totals).await?),
        None => None,
    };
    let decision = decide_answer(file.as_ref(), &earlier, intake.answer);
    if decision.outcome != AnswerOutcome::Replayed {
        keep(&transaction, intake, &decision).await?;
    }
    transaction.commit().await?;
    Ok(KeptAnswer { decision, before })
}

async fn earlier(
    transaction: &Transaction<'_>,
    intake: &AnswerIntake<'_>,
) -> Result<(EarlierAnswers, Option<AnswerOutcome>), StoreError> {
    let text = "SELECT sha256 = $2, outcome FROM settlement_answer \
                WHERE receiver = $1 AND number IS NOT NULL AND (sha256 = $2 OR number = $3)";
    let (hash, number) = (intake.sha256.as_slice(), intake.answer.number);
    let (mut earlier, mut before) = (EarlierAnswers::default(), None);
    for row in transaction.query(text, &[&intake.receiver, &hash, &number]).await? {
        match row.try_get(0)? {
            true => (earlier.same_bytes, before) = (true, Some(outcome(row.try_get(1)?)?)),
            false => earlier.number_taken = true,
        }
    }
    earlier.lines = standings(transaction, intake).await?;
    Ok((earlier, before))
}

async fn standings(
    transaction: &Transaction<'_>,
    intake: &AnswerIntake<'_>,
) -> Result<Vec<LineStanding>, StoreError> {
    let domain::AnswerVerdict::Content(lines) = &intake.answer.verdict else { return Ok(Vec::new()) };
    let ids: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
    let text = format!(
        "SELECT d.line_id, {DISPUTE_STATE} IN ('accepted', 'rejected') FROM settlement_dispute d \
         WHERE d.receiver = $1 AND d.line_id = ANY($2)"
    );
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for row in transaction.query(text.as_str(), &[&intake.receiver, &ids]).await? {
        known.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let standing = |line: &LineAnswer| match (intake.lines.contains_key(&line.line), known.get(&line.line)) {
        (false, _) => LineStanding::NotInFile,
        (true, None) => LineStanding::Undisputed,
        (true, Some(false)) => LineStanding::Disputed,
        (true, Some(true)) => LineStanding::Decided,
    };
    Ok(lines.iter().map(standing).collect())
}

pub(super) fn outcome(name: &str) -> Result<AnswerOutcome, StoreError> {
    AnswerOutcome::parse(name).ok_or_else(|| damaged("outcome of an answer", name))
}

/// The outcomes of an edition's answers, in their order.
pub(super) async fn outcomes(
    client: &impl GenericClient,
    receiver: &str,
    sequence: i32,
    revision: i32,
) -> Result<Vec<AnswerOutcome>, StoreError> {
    let text = "SELECT outcome FROM settlement_answer WHERE receiver = $1 AND file_sequence = $2 AND revision = $3 \
                AND number IS NOT NULL ORDER BY answer_id";
    let rows = client.query(text, &[&receiver, &sequence, &revision]).await?;
    rows.iter().map(|row| outcome(row.try_get(0)?)).collect()
}

async fn as_sent(
    transaction: &Transaction<'_>,
    file: &AnswersFile,
    records: i64,
    totals: &[FileTotal],
) -> Result<SentFile, StoreError> {
    let place: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&file.receiver, &file.sequence];
    // A revision that is booked and not published yet replaces this one all the same.
    let newest = "SELECT max(revision) FROM settlement_file WHERE receiver = $1 AND sequence = $2";
    let newest_revision = transaction.query_one(newest, &place).await?.try_get(0)?;
    let undecided = format!(
        "SELECT count(*) FROM settlement_dispute d WHERE d.receiver = $1 AND d.file_sequence = $2 AND d.revision = $3 \
         AND {DISPUTE_STATE} IN ('open', 'proposed')"
    );
    let undecided = transaction
        .query_one(undecided.as_str(), &[&file.receiver, &file.sequence, &file.revision])
        .await?
        .try_get(0)?;
    let outcomes = outcomes(transaction, &file.receiver, file.sequence, file.revision).await?;
    Ok(SentFile {
        id: file.file_id(),
        sequence: file.sequence,
        revision: file.revision,
        sha256: file.sha256,
        records,
        totals: totals.to_vec(),
        newest_revision,
        resends: outcomes.iter().filter(|outcome| **outcome == AnswerOutcome::Resend).count(),
        state: FileState::of(outcomes, undecided),
    })
}

const INSERT: &str = "INSERT INTO settlement_answer (receiver, number, sha256, body, verdict, file_sequence, revision, outcome, \
                      problem, brought_by, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                      ON CONFLICT (receiver, sha256, (number IS NOT NULL)) DO NOTHING RETURNING answer_id";

async fn keep(
    transaction: &Transaction<'_>,
    intake: &AnswerIntake<'_>,
    decision: &AnswerDecision,
) -> Result<(), StoreError> {
    let AnswerIntake { receiver, answer, body, brought_by, at, .. } = intake;
    let counts = decision.outcome != AnswerOutcome::NumberTaken;
    let number = counts.then_some(answer.number);
    let place = intake.file.as_ref().filter(|_| decision.outcome != AnswerOutcome::UnknownFile);
    let (sequence, revision) = (place.map(|(file, ..)| file.sequence), place.map(|(file, ..)| file.revision));
    let (hash, verdict, outcome) = (intake.sha256.as_slice(), answer.verdict.name(), decision.outcome.name());
    let problem = "";
    let row = transaction
        .query_opt(
            INSERT,
            &[
                receiver, &number, &hash, body, &verdict, &sequence, &revision, &outcome, &problem,
                brought_by, at,
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(()) };
    let id: i64 = row.try_get(0)?;
    let (object, is) =
        (id.to_string(), json!({ "of": receiver, "number": answer.number, "outcome": outcome }));
    let entry = AuditEntry::new(brought_by, "answer.take", "answer", &object).to(is);
    audit::record_brought(transaction, brought_by, entry).await?;
    let effect = match &decision.effect {
        AnswerEffect::Resend => "resend",
        AnswerEffect::NewRevision => "new_revision",
        AnswerEffect::Dispute(lines) => return keep_disputes(transaction, intake, id, lines).await,
        AnswerEffect::Nothing | AnswerEffect::Alarm => return Ok(()),
    };
    let text = "INSERT INTO settlement_answer_effect (answer_id, effect) VALUES ($1, $2)";
    transaction.execute(text, &[&id, &effect]).await?;
    Ok(())
}

async fn keep_disputes(
    transaction: &Transaction<'_>,
    intake: &AnswerIntake<'_>,
    answer: i64,
    lines: &[LineAnswer],
) -> Result<(), StoreError> {
    let Some((file, ..)) = &intake.file else { return Ok(()) };
    let text = "INSERT INTO settlement_dispute (answer_id, receiver, file_sequence, revision, line_id, code, \
                their_net_minor, their_vat_minor, their_reference, program_id, partner_id, currency, stated, record) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING dispute_id";
    for line in lines {
        let Some(ours) = intake.lines.get(&line.line) else { continue };
        let (net, vat) = (line.theirs.map(|(net, _)| net), line.theirs.map(|(_, vat)| vat));
        let row = transaction
            .query_one(
                text,
                &[
                    &answer,
                    &file.receiver,
                    &file.sequence,
                    &file.revision,
                    &line.line,
                    &line.code.name(),
                    &net,
                    &vat,
                    &line.reference,
                    &file.program.0,
                    &ours.partner.0,
                    &i32::from(ours.currency.0),
                    &ours.stated.name(),
                    &ours.record,
                ],
            )
            .await?;
        keep_items(transaction, ItemsOf::Dispute, row.try_get(0)?, &ours.items).await?;
    }
    Ok(())
}

/// Why an answer does not count at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// It cannot be read.
    Unreadable,
    /// It is of somebody else, to somebody else, or of a trial.
    Misdirected,
}

impl NoAnswer {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Misdirected => "misdirected",
        }
    }
}

/// Something that came as an answer and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCounted<'a> {
    /// By whose way it came.
    pub receiver: &'a str,
    /// Why it does not count.
    pub why: NoAnswer,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its text, cut and masked.
    pub body: &'a str,
    /// What is wrong with it.
    pub problem: &'a str,
    /// By what way it came.
    pub brought_by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Keeps what is no answer; false if it is there already, or if too many came within a day.
pub async fn keep_no_answer(pool: &Pool, of: &NotCounted<'_>) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lock(&transaction, of.receiver).await?;
    let text = "SELECT count(*) FROM settlement_answer WHERE receiver = $1 AND number IS NULL \
                AND received_at > $2::timestamptz - interval '1 day'";
    let today: i64 = transaction.query_one(text, &[&of.receiver, &of.at]).await?.try_get(0)?;
    if today >= NOT_COUNTED_PER_DAY_MAX {
        return Ok(false);
    }
    let none: Option<i32> = None;
    let (hash, no_verdict) = (of.sha256.as_slice(), None::<&str>);
    let kept = transaction
        .query_opt(
            INSERT,
            &[
                &of.receiver,
                &none,
                &hash,
                &of.body,
                &no_verdict,
                &none,
                &none,
                &of.why.name(),
                &of.problem,
                &of.brought_by,
                &of.at,
            ],
        )
        .await?;
    transaction.commit().await?;
    Ok(kept.is_some())
}

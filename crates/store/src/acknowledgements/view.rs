//! Where files stand with their receivers, and what answers have set going.

use domain::{CycleId, FileState, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{Row, types::FromSql};

use super::{answers::outcome, disputes::DISPUTE_STATE};
use crate::{NUMBER_IN_DATE, Pool, StoreError};

/// Outcomes behind which no answer is expected any more.
const ANSWERED: &str = "('acknowledged', 'disputed', 'new_revision')";

/// Which files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandingsOf {
    /// The newest ones.
    Newest,
    /// Those that wait for an answer or a decision, the oldest first.
    Unsettled,
    /// Those of one cycle.
    Cycle(CycleId),
}

/// A published edition and where it stands with its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStanding {
    /// The receiver.
    pub receiver: String,
    /// The program's code.
    pub program: String,
    /// The cycle.
    pub cycle: CycleId,
    /// Its place among the program's cycles.
    pub cycle_sequence: i32,
    /// The business date.
    pub business_date: Date,
    /// The cycle's place in the date, from 1, if that has several.
    pub cycle_number: Option<i64>,
    /// Its place among the receiver's files.
    pub sequence: i32,
    /// 0 for the first edition.
    pub revision: i32,
    /// Its name.
    pub file_name: String,
    /// Until when it must be answered; `None`: its receiver need not answer.
    pub due_at: Option<Timestamp>,
    /// Where it stands.
    pub state: FileState,
    /// Disputed lines about which nobody has decided.
    pub undecided: i64,
    /// What its last answer came to.
    pub last_outcome: Option<String>,
}

impl FileStanding {
    /// Whether an answer should be there by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.awaits_answer() && self.due_at.is_some_and(|due| due <= now)
    }
}

/// At most `limit` files, of one receiver if it is named.
pub async fn file_standings(
    pool: &Pool,
    of: StandingsOf,
    receiver: Option<&str>,
    limit: u32,
) -> Result<Vec<FileStanding>, StoreError> {
    let (which, order) = match of {
        StandingsOf::Newest => ("true".to_owned(), "DESC"),
        StandingsOf::Unsettled => (
            format!(
                "(NOT EXISTS (SELECT FROM settlement_answer a WHERE a.receiver = f.receiver \
                 AND a.file_sequence = f.sequence AND a.revision = f.revision AND a.number IS NOT NULL \
                 AND a.outcome IN {ANSWERED}) OR EXISTS (SELECT FROM settlement_dispute d WHERE d.receiver = f.receiver \
                 AND d.file_sequence = f.sequence AND d.revision = f.revision AND {DISPUTE_STATE} IN ('open', 'proposed')))"
            ),
            "ASC",
        ),
        StandingsOf::Cycle(CycleId(cycle)) => (format!("f.cycle_id = {cycle}"), "ASC"),
    };
    let text = format!(
        "SELECT f.receiver, p.code, f.cycle_id, c.sequence, c.business_date, f.sequence, f.revision, f.file_name, e.due_at, \
         (SELECT array_agg(a.outcome ORDER BY a.answer_id) FROM settlement_answer a WHERE a.receiver = f.receiver \
         AND a.file_sequence = f.sequence AND a.revision = f.revision AND a.number IS NOT NULL), \
         (SELECT count(*) FROM settlement_dispute d WHERE d.receiver = f.receiver AND d.file_sequence = f.sequence \
         AND d.revision = f.revision AND {DISPUTE_STATE} IN ('open', 'proposed')), {NUMBER_IN_DATE} \
         FROM settlement_file f JOIN settlement_cycle c ON c.cycle_id = f.cycle_id \
         JOIN program p ON p.program_id = c.program_id LEFT JOIN settlement_expected e \
         ON e.receiver = f.receiver AND e.file_sequence = f.sequence AND e.revision = f.revision \
         WHERE f.published AND ($1::text IS NULL OR f.receiver = $1) AND {which} \
         ORDER BY c.business_date {order}, f.receiver, f.sequence {order}, f.revision {order} LIMIT $2"
    );
    let client = pool.get().await?;
    let rows = client.query(text.as_str(), &[&receiver, &i64::from(limit)]).await?;
    rows.iter().map(standing).collect()
}

fn standing(row: &Row) -> Result<FileStanding, StoreError> {
    let names: Option<Vec<String>> = row.try_get(9)?;
    let names = names.unwrap_or_default();
    let outcomes = names.iter().map(|name| outcome(name)).collect::<Result<Vec<_>, _>>()?;
    let undecided = row.try_get(10)?;
    Ok(FileStanding {
        receiver: row.try_get(0)?,
        program: row.try_get(1)?,
        cycle: CycleId(row.try_get(2)?),
        cycle_sequence: row.try_get(3)?,
        cycle_number: row.try_get(11)?,
        business_date: row.try_get(4)?,
        sequence: row.try_get(5)?,
        revision: row.try_get(6)?,
        file_name: row.try_get(7)?,
        due_at: row.try_get(8)?,
        state: FileState::of(outcomes, undecided),
        undecided,
        last_outcome: names.into_iter().next_back(),
    })
}

/// Expects an answer to each published file of a receiver within so many hours of when it is first seen; returns to how
/// many new ones. Call it now and then: it asks for nothing twice.
pub async fn expect_answers(
    pool: &Pool,
    receiver: &str,
    within_hours: u32,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let text = "INSERT INTO settlement_expected (receiver, file_sequence, revision, due_at) \
                SELECT receiver, sequence, revision, $2::timestamptz + make_interval(hours => $3) \
                FROM settlement_file f WHERE receiver = $1 AND published AND NOT EXISTS (SELECT FROM settlement_expected e \
                WHERE e.receiver = f.receiver AND e.file_sequence = f.sequence AND e.revision = f.revision) \
                ON CONFLICT DO NOTHING";
    let hours = i32::try_from(within_hours).unwrap_or(i32::MAX);
    Ok(pool.get().await?.execute(text, &[&receiver, &now, &hours]).await?)
}

/// Whether every receiver that is to answer has booked the last edition of its file of this cycle; false if none is to.
pub async fn cycle_is_acknowledged(pool: &Pool, cycle: CycleId) -> Result<bool, StoreError> {
    let files = file_standings(pool, StandingsOf::Cycle(cycle), None, u32::MAX).await?;
    let newest = |file: &&FileStanding| {
        let later = |other: &FileStanding| other.receiver == file.receiver && other.revision > file.revision;
        !files.iter().any(later)
    };
    let mut expected = files.iter().filter(newest).filter(|file| file.due_at.is_some()).peekable();
    Ok(expected.peek().is_some() && expected.all(|file| file.state == FileState::Acknowledged))
}

/// The numbers of a receiver's answers that count.
pub async fn answer_numbers(pool: &Pool, receiver: &str) -> Result<Vec<i32>, StoreError> {
    let text =
        "SELECT number FROM settlement_answer WHERE receiver = $1 AND number IS NOT NULL ORDER BY number";
    column(pool, text, receiver).await
}

async fn column<T: for<'a> FromSql<'a>>(
    pool: &Pool,
    text: &str,
    receiver: &str,
) -> Result<Vec<T>, StoreError> {
    let rows = pool.get().await?.query(text, &[&receiver]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// An answer as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// Who answered.
    pub receiver: String,
    /// The receiver's number; `None`: it does not count.
    pub number: Option<i32>,
    /// What it says; `None`: it could not be read.
    pub verdict: Option<String>,
    /// The file's sequence and revision.
    pub file: Option<(i32, i32)>,
    /// What it came to: the name of an outcome, `unreadable` or `misdirected`.
    pub outcome: String,
    /// What is wrong with it.
    pub problem: String,
    /// By what way it came.
    pub brought_by: String,
    /// When.
    pub received_at: Timestamp,
}

/// The last answers, newest first, of one receiver if it is named.
pub async fn answers_of(
    pool: &Pool,
    receiver: Option<&str>,
    limit: u32,
) -> Result<Vec<AnswerRow>, StoreError> {
    let text = "SELECT receiver, number, verdict, file_sequence, revision, outcome, problem, brought_by, received_at \
                FROM settlement_answer WHERE $1::text IS NULL OR receiver = $1 ORDER BY answer_id DESC LIMIT $2";
    let rows = pool.get().await?.query(text, &[&receiver, &i64::from(limit)]).await?;
    let answer = |row: &Row| {
        let (sequence, revision): (Option<i32>, Option<i32>) = (row.try_get(3)?, row.try_get(4)?);
        Ok(AnswerRow {
            receiver: row.try_get(0)?,
            number: row.try_get(1)?,
            verdict: row.try_get(2)?,
            file: sequence.zip(revision),
            outcome: row.try_get(5)?,
            problem: row.try_get(6)?,
            brought_by: row.try_get(7)?,
            received_at: row.try_get(8)?,
        })
    };
    rows.iter().map(answer).collect()
}

/// Something that an answer has set going and that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerEffectRow {
    /// The answer.
    pub answer: i64,
    /// Whether the next revision is made; otherwise the same bytes go out again.
    pub new_revision: bool,
    /// The receiver.
    pub receiver: String,
    /// The file's sequence.
    pub sequence: i32,
    /// The edition that was answered.
    pub revision: i32,
    /// The program.
    pub program: ProgramId,
    /// The cycle of the file.
    pub cycle: CycleId,
    /// Its business date.
    pub business_date: Date,
}

/// What is still to be done, in the order in which it was asked for.
pub async fn answer_effects(pool: &Pool) -> Result<Vec<AnswerEffectRow>, StoreError> {
    let text = "SELECT e.answer_id, e.effect, a.receiver, a.file_sequence, a.revision, c.program_id, \
                c.cycle_id, c.business_date \
                FROM settlement_answer_effect e JOIN settlement_answer a ON a.answer_id = e.answer_id \
                JOIN settlement_file f ON f.receiver = a.receiver AND f.sequence = a.file_sequence \
                AND f.revision = a.revision JOIN settlement_cycle c ON c.cycle_id = f.cycle_id \
                WHERE e.done_at IS NULL ORDER BY e.answer_id LIMIT 1000";
    let rows = pool.get().await?.query(text, &[]).await?;
    let effect = |row: &Row| {
        Ok(AnswerEffectRow {
            answer: row.try_get(0)?,
            new_revision: row.try_get::<_, &str>(1)? == "new_revision",
            receiver: row.try_get(2)?,
            sequence: row.try_get(3)?,
            revision: row.try_get(4)?,
            program: ProgramId(row.try_get(5)?),
            cycle: CycleId(row.try_get(6)?),
            business_date: row.try_get(7)?,
        })
    };
    rows.iter().map(effect).collect()
}

/// Notes that it is done.
pub async fn effect_done(pool: &Pool, answer: i64, now: Timestamp) -> Result<(), StoreError> {
    let text = "UPDATE settlement_answer_effect SET done_at = $2 WHERE answer_id = $1 AND done_at IS NULL";
    pool.get().await?.execute(text, &[&answer, &now]).await?;
    Ok(())
}

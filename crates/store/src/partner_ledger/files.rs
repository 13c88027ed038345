//! Which lines go into the next file, and the files themselves.

use std::collections::BTreeMap;

use domain::{
    AccountId, LineKind, LineState, MemberAtPartner, MessageKey, PartnerId, Plan, ProgramId, PurchaseLine,
    plan,
};
use jiff::civil::Date;
use tokio_postgres::{Row, Transaction};

use super::lock;
use crate::{Pool, StoreError, columns::message_key, error::damaged};

/// A file to the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccrualFile {
    /// The program.
    pub program: ProgramId,
    /// Its place among the program's files, from 1.
    pub sequence: i32,
    /// The partner.
    pub partner: PartnerId,
    /// Of the last cycle whose lines it may hold.
    pub business_date: Date,
    /// How many lines.
    pub lines: i32,
    /// Their miles, signed.
    pub miles: i64,
    /// SHA-256 of its bytes, once it has been rendered.
    pub sha256: Option<[u8; 32]>,
    /// Whether it has been published.
    pub published: bool,
}

/// A line as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccrualLine {
    /// Its id.
    pub id: String,
    /// The member's number at the partner.
    pub member_number: String,
    /// Letters of the member's name.
    pub name_check: String,
    /// When it was earned or taken back.
    pub activity_date: Date,
    /// Signed miles.
    pub miles: i64,
    /// Whether it gives or takes back.
    pub kind: LineKind,
    /// Why, in a word.
    pub reason: String,
    /// Of a claw-back: the first line of its purchase that gave miles and that the partner has accepted.
    pub original: Option<String>,
    /// The line in whose place it is.
    pub resubmits: Option<String>,
    /// How far it has come.
    pub state: LineState,
}

const FILE_COLUMNS: &str =
    "program_id, sequence, partner_id, business_date, lines, miles, sha256, published FROM partner_file";

fn file(row: &Row) -> Result<AccrualFile, StoreError> {
    let hash: Option<&[u8]> = row.try_get(6)?;
    let hash = hash.map(|hash| <[u8; 32]>::try_from(hash).map_err(|_| damaged("file hash", hash.len())));
    Ok(AccrualFile {
        program: ProgramId(row.try_get(0)?),
        sequence: row.try_get(1)?,
        partner: PartnerId(row.try_get(2)?),
        business_date: row.try_get(3)?,
        lines: row.try_get(4)?,
        miles: row.try_get(5)?,
        sha256: hash.transpose()?,
        published: row.try_get(7)?,
    })
}

/// Whether [`assign_accruals`] may find something to do: a file is begun, a cut cycle is no lines yet, or something
/// happened to lines or their members since the last look. Cheap, so that it may be asked often.
pub async fn accruals_have_news(pool: &Pool, program: ProgramId) -> Result<bool, StoreError> {
    let text = "SELECT EXISTS (SELECT FROM partner_news WHERE program_id = $1) \
                OR EXISTS (SELECT FROM partner_file WHERE program_id = $1 AND NOT published) \
                OR EXISTS (SELECT FROM settlement_cycle c WHERE c.program_id = $1 AND c.state NOT IN ('prepared', 'open') \
                AND NOT EXISTS (SELECT FROM partner_cycle p WHERE p.cycle_id = c.cycle_id))";
    Ok(pool.get().await?.query_one(text, &[&program.0]).await?.try_get(0)?)
}

/// The file that was begun and is not published; there is one at most.
pub async fn unpublished_accrual_file(
    pool: &Pool,
    program: ProgramId,
) -> Result<Option<AccrualFile>, StoreError> {
    let text =
        format!("SELECT {FILE_COLUMNS} WHERE program_id = $1 AND NOT published ORDER BY sequence LIMIT 1");
    let row = pool.get().await?.query_opt(text.as_str(), &[&program.0]).await?;
    row.as_ref().map(file).transpose()
}

/// A file by its number.
pub async fn accrual_file(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
) -> Result<Option<AccrualFile>, StoreError> {
    let text = format!("SELECT {FILE_COLUMNS} WHERE program_id = $1 AND sequence = $2");
    let row = pool.get().await?.query_opt(text.as_str(), &[&program.0, &sequence]).await?;
    row.as_ref().map(file).transpose()
}

/// All published files of a program, oldest first.
pub async fn accrual_file_sent(pool: &Pool, program: ProgramId) -> Result<Vec<AccrualFile>, StoreError> {
    let text = format!("SELECT {FILE_COLUMNS} WHERE program_id = $1 AND published ORDER BY sequence");
    pool.get().await?.query(text.as_str(), &[&program.0]).await?.iter().map(file).collect()
}

/// The lines of a file in its order, as they were sent.
pub async fn accrual_lines(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
) -> Result<Vec<AccrualLine>, StoreError> {
    let text = "SELECT line_id, member_number, name_check, activity_date, miles, absorbed_miles, reason, original_line, \
                resubmits, state FROM partner_line WHERE program_id = $1 AND file_sequence = $2 ORDER BY place";
    let rows = pool.get().await?.query(text, &[&program.0, &sequence]).await?;
    let line = |row: &Row| {
        let (miles, absorbed): (i64, i64) = (row.try_get(4)?, row.try_get(5)?);
        Ok(AccrualLine {
            id: row.try_get(0)?,
            member_number: row.try_get(1)?,
            name_check: row.try_get(2)?,
            activity_date: row.try_get(3)?,
            miles: miles.saturating_add(absorbed),
            kind: LineKind::of(miles),
            reason: row.try_get(6)?,
            original: row.try_get(7)?,
            resubmits: row.try_get(8)?,
            state: state(row.try_get(9)?)?,
        })
    };
    rows.iter().map(line).collect()
}

pub(super) fn state(text: &str) -> Result<LineState, StoreError> {
    LineState::parse(text).ok_or_else(|| damaged("state of a line", text))
}

/// Keeps the hash of a file that was rendered for the first time; returns the one that is kept.
pub async fn seal_accrual_file(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
    sha256: [u8; 32],
) -> Result<(), StoreError> {
    let text =
        "UPDATE partner_file SET sha256 = $3 WHERE program_id = $1 AND sequence = $2 AND sha256 IS NULL";
    pool.get().await?.execute(text, &[&program.0, &sequence, &sha256.as_slice()]).await?;
    Ok(())
}

/// Notes that a file stands published.
pub async fn publish_accrual_file(pool: &Pool, program: ProgramId, sequence: i32) -> Result<(), StoreError> {
    let text = "UPDATE partner_file SET published = true WHERE program_id = $1 AND sequence = $2";
    pool.get().await?.execute(text, &[&program.0, &sequence]).await?;
    Ok(())
}

/// A line of a purchase that has something to send.
struct Candidate {
    id: String,
    line: PurchaseLine,
    member: MemberAtPartner,
    number: String,
    name_check: String,
}

/// What the next file holds: id, absorbed miles, number and name check.
#[derive(Default)]
struct Chosen {
    sent: Vec<(String, i64, String, String)>,
    dropped: Vec<String>,
    held: Vec<(String, &'static str)>,
    miles: i64,
}

/// Puts the lines that can go out into the next file, if there are any; lines whose member was corrected go again under
/// an id of their own. A file that is not published yet is finished first.
pub async fn assign_accruals(
    pool: &Pool,
    program: ProgramId,
    partner: PartnerId,
) -> Result<Option<AccrualFile>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lock(&transaction, program).await?;
    let begun = "SELECT 1 FROM partner_file WHERE program_id = $1 AND NOT published";
    if transaction.query_opt(begun, &[&program.0]).await?.is_some() {
        transaction.rollback().await?;
        return unpublished_accrual_file(pool, program).await;
    }
    // Before anything is read: what is added from now on is seen by the next look.
    transaction.execute("DELETE FROM partner_news WHERE program_id = $1", &[&program.0]).await?;
    resubmit(&transaction, program).await?;
    let chosen = choose(candidates(&transaction, program).await?);
    note_waiting(&transaction, program, &chosen).await?;
    let file = match chosen.sent.is_empty() {
        true => None,
        false => Some(begin_file(&transaction, program, partner, &chosen).await?),
    };
    transaction.commit().await?;
    Ok(file)
}

/// Lines that the partner did not know the member of, and that have another number or name check now.
async fn resubmit(transaction: &Transaction<'_>, program: ProgramId) -> Result<(), StoreError> {
    let text = "WITH again AS (UPDATE partner_line l SET state = 'resent' FROM member_account a \
                WHERE l.program_id = $1 AND l.state = 'rejected' AND l.code IN ('unknown_member', 'name_mismatch') \
                AND a.bucket = l.account_bucket AND a.account_id = l.account_id AND a.member_number <> '' \
                AND (a.member_number, a.name_check) <> (l.member_number, l.name_check) RETURNING l.*) \
                INSERT INTO partner_line (program_id, line_id, cycle_id, account_bucket, account_id, message_key, purchase_key, \
                attempt, miles, activity_date, reason, resubmits, state, absorbed_miles) \
                SELECT program_id, regexp_replace(line_id, '-R[0-9]+$', '') || '-R' || (attempt + 1), cycle_id, account_bucket, \
                account_id, message_key, purchase_key, attempt + 1, miles, activity_date, reason, line_id, \
                'held', absorbed_miles FROM again";
    transaction.execute(text, &[&program.0]).await?;
    Ok(())
}

type Purchases = BTreeMap<(i32, MessageKey), Vec<(AccountId, Candidate)>>;

/// Every line of the purchases that have one to send, in their order.
async fn candidates(transaction: &Transaction<'_>, program: ProgramId) -> Result<Purchases, StoreError> {
    let text = "SELECT l.account_bucket, l.purchase_key, l.account_id, l.line_id, l.miles, l.state, l.taken_miles, \
                l.absorbed_miles, a.member_number, a.name_check, EXISTS (SELECT 1 FROM partner_line w \
                WHERE w.program_id = l.program_id AND w.account_bucket = l.account_bucket AND w.account_id = l.account_id \
                AND w.state = 'rejected' AND w.code IN ('unknown_member', 'name_mismatch')) \
                FROM partner_line l JOIN member_account a ON a.bucket = l.account_bucket AND a.account_id = l.account_id \
                WHERE l.program_id = $1 AND (l.account_bucket, l.purchase_key) IN \
                (SELECT h.account_bucket, h.purchase_key FROM partner_line h WHERE h.program_id = $1 AND h.state = 'held') \
                ORDER BY l.account_bucket, l.purchase_key, l.cycle_id, l.message_key, l.attempt";
    let mut purchases = Purchases::new();
    for row in transaction.query(text, &[&program.0]).await? {
        let number: String = row.try_get(8)?;
        let line = PurchaseLine {
            miles: row.try_get(4)?,
            state: state(row.try_get(5)?)?,
            taken: row.try_get(6)?,
            absorbed: row.try_get(7)?,
        };
        let member = MemberAtPartner { has_number: !number.is_empty(), was_refused: row.try_get(10)? };
        let candidate = Candidate { id: row.try_get(3)?, line, member, number, name_check: row.try_get(9)? };
        let of = purchases.entry((row.try_get(0)?, message_key(&row, 1)?)).or_default();
        of.push((AccountId(row.try_get(2)?), candidate));
    }
    Ok(purchases)
}

fn choose(purchases: Purchases) -> Chosen {
    let mut chosen = Chosen::default();
    for lines in purchases.into_values() {
        let Some(member) = lines.first().map(|(_, candidate)| candidate.member) else { continue };
        let all: Vec<PurchaseLine> = lines.iter().map(|(_, candidate)| candidate.line).collect();
        for ((_, candidate), plan) in lines.into_iter().zip(plan(&all, member)) {
            match plan {
                Some(Plan::Send { absorbed }) => {
                    chosen.miles = chosen.miles.saturating_add(candidate.line.miles.saturating_add(absorbed));
                    chosen.sent.push((candidate.id, absorbed, candidate.number, candidate.name_check));
                }
                Some(Plan::Drop) => chosen.dropped.push(candidate.id),
                Some(Plan::Hold(reason)) => chosen.held.push((candidate.id, reason.name())),
                None => {}
            }
        }
    }
    chosen.sent.sort();
    chosen
}

async fn note_waiting(
    transaction: &Transaction<'_>,
    program: ProgramId,
    chosen: &Chosen,
) -> Result<(), StoreError> {
    let dropped = "UPDATE partner_line SET state = 'reversed', absorbed_miles = -miles, held_reason = NULL \
                   WHERE program_id = $1 AND line_id = ANY($2::text[])";
    transaction.execute(dropped, &[&program.0, &chosen.dropped]).await?;
    let (ids, reasons): (Vec<&str>, Vec<&str>) =
        chosen.held.iter().map(|(id, reason)| (id.as_str(), *reason)).unzip();
    let held = "UPDATE partner_line l SET held_reason = u.reason FROM unnest($2::text[], $3::text[]) u(id, reason) \
                WHERE l.program_id = $1 AND l.line_id = u.id AND l.held_reason IS DISTINCT FROM u.reason";
    transaction.execute(held, &[&program.0, &ids, &reasons]).await?;
    Ok(())
}

async fn begin_file(
    transaction: &Transaction<'_>,
    program: ProgramId,
    partner: PartnerId,
    chosen: &Chosen,
) -> Result<AccrualFile, StoreError> {
    let text = format!(
        "INSERT INTO partner_file (program_id, sequence, partner_id, business_date, lines, miles) \
         SELECT $1, 1 + coalesce((SELECT max(sequence) FROM partner_file WHERE program_id = $1), 0), $2, \
         max(c.business_date), $3, $4 FROM partner_cycle p JOIN settlement_cycle c USING (cycle_id) \
         WHERE c.program_id = $1 RETURNING {}",
        FILE_COLUMNS.trim_end_matches(" FROM partner_file")
    );
    let count = i32::try_from(chosen.sent.len()).unwrap_or(i32::MAX);
    let row = transaction.query_one(text.as_str(), &[&program.0, &partner.0, &count, &chosen.miles]).await?;
    let file = file(&row)?;
    let ids: Vec<&str> = chosen.sent.iter().map(|(id, ..)| id.as_str()).collect();
    let absorbed: Vec<i64> = chosen.sent.iter().map(|(_, absorbed, ..)| *absorbed).collect();
    let numbers: Vec<&str> = chosen.sent.iter().map(|(.., number, _)| number.as_str()).collect();
    let checks: Vec<&str> = chosen.sent.iter().map(|(.., check)| check.as_str()).collect();
    let sent = "UPDATE partner_line l SET state = 'sent', held_reason = NULL, file_sequence = $2, place = u.place, \
                absorbed_miles = u.absorbed, member_number = u.number, name_check = u.name_check \
                FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[]) WITH ORDINALITY \
                u(id, absorbed, number, name_check, place) WHERE l.program_id = $1 AND l.line_id = u.id";
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&program.0, &file.sequence, &ids, &absorbed, &numbers, &checks];
    transaction.execute(sent, &params).await?;
    name_originals(transaction, program, file.sequence).await?;
    Ok(file)
}

/// What the claw-backs of a file take back. Now, and not when the lines were made: by now every line that gave miles is
/// answered, and one that was refused, or that another has taken the place of, was never booked by the partner.
async fn name_originals(
    transaction: &Transaction<'_>,
    program: ProgramId,
    sequence: i32,
) -> Result<(), StoreError> {
    let text = "UPDATE partner_line l SET original_line = (SELECT min(o.line_id COLLATE \"C\") FROM partner_line o \
                WHERE o.account_bucket = l.account_bucket AND o.purchase_key = l.purchase_key \
                AND o.program_id = l.program_id AND o.miles > 0 AND o.state = 'accepted') \
                WHERE l.program_id = $1 AND l.file_sequence = $2 AND l.miles < 0";
    transaction.execute(text, &[&program.0, &sequence]).await?;
    Ok(())
}

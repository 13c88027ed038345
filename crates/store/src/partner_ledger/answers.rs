//! What a partner answered: kept whole or not at all, and what is then to be booked.

use domain::{AccountId, BankId, Currency, LineState, MemberRef, MessageKey, ProgramId, RejectCode};
use jiff::civil::Date;
use serde_json::json;
use tokio_postgres::Row;

use super::{lock, note_news};
use crate::{
    AccountPlace, Pool, StoreError,
    audit::{self, AuditEntry},
    columns::{bucket, currency, message_key},
    error::damaged,
};

/// A line that the partner has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredLine {
    /// Its id.
    pub id: String,
    /// What it is from now on.
    pub state: LineState,
    /// Why it was rejected, if it was.
    pub code: Option<RejectCode>,
}

/// A hand-back file, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handback {
    /// The program.
    pub program: ProgramId,
    /// The partner's number of it.
    pub sequence: i32,
    /// The file that it answers.
    pub file_sequence: i32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The answers.
    pub lines: Vec<AnsweredLine>,
}

/// Whether a hand-back is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandbackKept {
    /// It is kept now.
    New,
    /// The same bytes were taken before: nothing was changed.
    Before,
    /// Other bytes were taken under its number: nothing was changed.
    Altered,
    /// A line of it was answered otherwise meanwhile: nothing was changed.
    LineAnswered,
}

/// SHA-256 of the hand-back that was taken under a number of the partner's.
pub async fn handback_hash(
    pool: &Pool,
    program: ProgramId,
    sequence: i32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let text = "SELECT sha256 FROM partner_handback WHERE program_id = $1 AND sequence = $2";
    let row = pool.get().await?.query_opt(text, &[&program.0, &sequence]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Takes the answers, all of them or none.
pub async fn keep_handback(pool: &Pool, handback: &Handback) -> Result<HandbackKept, StoreError> {
    let Handback { program, sequence, file_sequence, sha256, lines } = handback;
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lock(&transaction, *program).await?;
    let known = "SELECT sha256 FROM partner_handback WHERE program_id = $1 AND sequence = $2";
    if let Some(row) = transaction.query_opt(known, &[&program.0, sequence]).await? {
        let before: &[u8] = row.try_get(0)?;
        return Ok(if before == sha256 { HandbackKept::Before } else { HandbackKept::Altered });
    }
    let rejected = lines.iter().filter(|line| line.code.is_some()).count();
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let insert = "INSERT INTO partner_handback (program_id, sequence, file_sequence, sha256, accepted, rejected) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    let (accepted, rejected) = (count(lines.len() - rejected), count(rejected));
    let hash = sha256.as_slice();
    transaction.execute(insert, &[&program.0, sequence, file_sequence, &hash, &accepted, &rejected]).await?;
    let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    let states: Vec<&str> = lines.iter().map(|line| line.state.name()).collect();
    let codes: Vec<Option<&str>> = lines.iter().map(|line| line.code.map(RejectCode::name)).collect();
    let answer = "UPDATE partner_line l SET state = u.state, code = u.code, handback_sequence = $2 \
                  FROM unnest($4::text[], $5::text[], $6::text[]) u(id, state, code) \
                  WHERE l.program_id = $1 AND l.file_sequence = $3 AND l.line_id = u.id AND l.state = 'sent'";
    let answered =
        transaction.execute(answer, &[&program.0, sequence, file_sequence, &ids, &states, &codes]).await?;
    if answered != u64::try_from(lines.len()).unwrap_or(u64::MAX) {
        transaction.rollback().await?;
        return Ok(HandbackKept::LineAnswered);
    }
    note_news(&transaction, *program).await?;
    let object = format!("{}/{sequence}", program.0);
    let is = json!({ "file": file_sequence, "sha256": hex::encode(hash), "accepted": accepted, "rejected": rejected });
    let entry = AuditEntry::new(audit::OPERATOR, "handback.take", "handback", &object).to(is);
    audit::record(&transaction, &entry).await?;
    transaction.commit().await?;
    Ok(HandbackKept::New)
}

/// A line that the partner refused for good, and that is not booked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineBooking {
    /// Its id.
    pub id: String,
    /// Whose miles they are.
    pub place: AccountPlace,
    /// The purchase.
    pub purchase: MessageKey,
    /// The currency of the program.
    pub currency: Currency,
    /// The miles that the partner was told.
    pub miles: i64,
    /// When they were earned or taken back.
    pub activity_date: Date,
    /// Why.
    pub code: RejectCode,
}

/// At most `max` lines that the partner refused for good and of which nothing is booked yet, behind `after`.
pub async fn lines_to_book(
    pool: &Pool,
    program: ProgramId,
    after: &str,
    max: u16,
) -> Result<Vec<LineBooking>, StoreError> {
    let text = "SELECT l.line_id, l.account_bucket, a.bank_id, l.account_id, l.purchase_key, p.currency, \
                l.miles + l.absorbed_miles, l.activity_date, l.code FROM partner_line l \
                JOIN member_account a ON a.bucket = l.account_bucket AND a.account_id = l.account_id \
                JOIN purchase p ON p.bucket = l.account_bucket AND p.purchase_key = l.purchase_key \
                WHERE l.program_id = $1 AND l.state = 'rejected' AND l.line_id > $2 \
                AND l.code NOT IN ('unknown_member', 'name_mismatch') ORDER BY l.line_id LIMIT $3";
    let rows = pool.get().await?.query(text, &[&program.0, &after, &i64::from(max)]).await?;
    let booking = |row: &Row| {
        let code: &str = row.try_get(8)?;
        Ok(LineBooking {
            id: row.try_get(0)?,
            place: AccountPlace {
                bucket: bucket(row, 1)?,
                bank: BankId(row.try_get(2)?),
                member: MemberRef { account: AccountId(row.try_get(3)?), program },
            },
            purchase: message_key(row, 4)?,
            currency: currency(row, 5)?,
            miles: row.try_get(6)?,
            activity_date: row.try_get(7)?,
            code: RejectCode::parse(code).ok_or_else(|| damaged("code of a line", code))?,
        })
    };
    rows.iter().map(booking).collect()
}

/// Notes that what follows from a refusal is booked; `taken` is what left the mirror.
pub async fn line_booked(
    pool: &Pool,
    program: ProgramId,
    id: &str,
    state: LineState,
    taken: i64,
) -> Result<(), StoreError> {
    let text = "WITH booked AS (UPDATE partner_line SET state = $3, taken_miles = $4 \
                WHERE program_id = $1 AND line_id = $2 AND state = 'rejected' RETURNING program_id) \
                INSERT INTO partner_news (program_id) SELECT program_id FROM booked";
    pool.get().await?.execute(text, &[&program.0, &id, &state.name(), &taken]).await?;
    Ok(())
}

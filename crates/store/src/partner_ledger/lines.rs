//! What moved in a cut cycle, and the lines that come of it.

use domain::{AccountId, CycleId, MessageKey, ProgramId};
use jiff::civil::Date;
use tokio_postgres::Row;

use super::{lock, note_news};
use crate::{Cycle, Pool, StoreError, columns::message_key, cycles, rows::MEMBER_SIDE};

/// A movement of miles that the partner is to be told: all that one message moved for one purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    /// Where its rows lie.
    pub bucket: i32,
    /// Whose miles they are.
    pub account: AccountId,
    /// The message.
    pub message: MessageKey,
    /// The purchase.
    pub purchase: MessageKey,
    /// How many, positive if the member received; never zero.
    pub miles: i64,
    /// The message type, from which the reason follows.
    pub mti: String,
    /// The signed amount with which the message counted, likewise.
    pub counted_minor: i64,
    /// The local date of the message.
    pub activity_date: Date,
}

/// Cut cycles of a program whose movements are no lines yet, oldest first.
pub async fn cycles_to_tell(pool: &Pool, program: ProgramId) -> Result<Vec<Cycle>, StoreError> {
    let told = "SELECT p.cycle_id FROM partner_cycle p JOIN settlement_cycle c USING (cycle_id) WHERE c.program_id = $1";
    let rows = pool.get().await?.query(told, &[&program.0]).await?;
    let told = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i32>, _>>()?;
    let cut = |cycle: &Cycle| cycle.state.is_cut();
    let all = cycles(pool, program).await?;
    Ok(all.into_iter().filter(|cycle| cut(cycle) && !told.contains(&cycle.id.0)).collect())
}

/// What moved in a cut cycle, in the order of its lines. What follows from the partner's own answers is no news to it.
pub async fn movements_to_tell(pool: &Pool, cycle: CycleId) -> Result<Vec<NewLine>, StoreError> {
    let text = "SELECT t.bucket, t.account_id, t.message_key, t.purchase_key, \
                sum(CASE WHEN t.credit_kind = $2 THEN t.amount ELSE -t.amount END)::bigint, m.mti, m.counted_minor, \
                m.local_time::date \
                FROM transfer t JOIN message m ON m.bucket = t.bucket AND m.message_key = t.message_key \
                WHERE t.cycle_id = $1 AND t.phase = 1 AND t.unit_kind = 1 AND m.mti <> 'miles-refused' \
                GROUP BY t.bucket, t.account_id, t.message_key, t.purchase_key, m.mti, m.counted_minor, m.local_time \
                HAVING sum(CASE WHEN t.credit_kind = $2 THEN t.amount ELSE -t.amount END) <> 0 \
                ORDER BY t.message_key, t.purchase_key, t.bucket";
    let rows = pool.get().await?.query(text, &[&cycle.0, &MEMBER_SIDE]).await?;
    let line = |row: &Row| {
        Ok(NewLine {
            bucket: row.try_get(0)?,
            account: AccountId(row.try_get(1)?),
            message: message_key(row, 2)?,
            purchase: message_key(row, 3)?,
            miles: row.try_get(4)?,
            mti: row.try_get(5)?,
            counted_minor: row.try_get(6)?,
            activity_date: row.try_get(7)?,
        })
    };
    rows.iter().map(line).collect()
}

/// Keeps the lines of a cycle, each with its id and reason; a second keeping changes nothing.
pub async fn keep_lines(
    pool: &Pool,
    cycle: &Cycle,
    lines: &[(String, &'static str, NewLine)],
) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    lock(&transaction, cycle.program).await?;
    let count = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    let told = "INSERT INTO partner_cycle (cycle_id, lines) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    if transaction.execute(told, &[&cycle.id.0, &count]).await? == 0 {
        return Ok(false);
    }
    macro_rules! column {
        ($pattern:pat => $value:expr) => {
            lines.iter().map(|$pattern| $value).collect::<Vec<_>>()
        };
    }
    let insert = "INSERT INTO partner_line (program_id, cycle_id, line_id, account_bucket, account_id, message_key, \
                  purchase_key, attempt, miles, activity_date, reason, state) \
                  SELECT $1, $2, u.id, u.b, u.a, u.m, u.p, 0, u.miles, u.day, u.reason, 'held' \
                  FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bigint[], $9::date[], \
                  $10::text[]) u(id, b, a, m, p, miles, day, reason)";
    transaction
        .execute(
            insert,
            &[
                &cycle.program.0,
                &cycle.id.0,
                &column!((id, ..) => id.as_str()),
                &column!((.., line) => line.bucket),
                &column!((.., line) => line.account.0),
                &column!((.., line) => line.message.as_bytes().to_vec()),
                &column!((.., line) => line.purchase.as_bytes().to_vec()),
                &column!((.., line) => line.miles),
                &column!((.., line) => line.activity_date),
                &column!((_, reason, _) => *reason),
            ],
        )
        .await?;
    note_news(&transaction, cycle.program).await?;
    transaction.commit().await?;
    Ok(true)
}

//! What a cycle comes to: counted from its messages and movements, and kept once it was published.

use domain::{CycleId, ProgramId};
use jiff::{Timestamp, civil::Date};
use tokio_postgres::{GenericClient, Row};

use crate::{Arrival, Pool, StoreError, read::ARRIVALS};

/// A total of a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleTotal {
    /// `told`: the bank was told; `given` or `taken`: posted for or against members. Never negative on these two.
    pub side: String,
    /// Of `told`: `miles`, `bonus:<funder>`, `turnover:<partner>`, `discount:<partner>`; else an item of the ledger.
    pub subject: String,
    /// Miles or minor units of the program's currency, as the subject is.
    pub amount: i64,
}

/// What a cycle comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleNumbers {
    /// When it was counted; `None`: now, for this reader.
    pub kept_at: Option<Timestamp>,
    /// What arrived, by message type.
    pub arrivals: Vec<Arrival>,
    /// Both sides of the tie-out.
    pub totals: Vec<CycleTotal>,
}

/// All sides in one statement, so that they show one and the same instant of a day that is still open.
///
/// What the bank was told are the stored replies and the amounts with which messages counted, never a transfer.
/// What was taken back of a hold was never posted. One thing a reply does not say: who funds its bonus miles. That is taken from the message's own transfers,
/// and whatever they do not explain goes to the partner of the purchase, so that no difference gets lost. A message of which
/// nothing was told, because what it moved comes to nothing, may still have moved bonus miles from one funder to another.
/// Turnover does not fall below zero when a refund comes before its clearing: where a purchase counted with another
/// amount than was posted, its messages of all days are added up, as far as they are above zero.
const TOTALS: &str = "\
WITH told AS MATERIALIZED (
    SELECT m.bucket, m.message_key, m.purchase_key, r.status, r.base, r.bonus, r.discount
    FROM message m CROSS JOIN LATERAL json_to_record(m.reply::json)
        AS r(status text, reason text, base bigint, bonus bigint, discount bigint)
    WHERE m.cycle_id = $1 AND m.mti NOT LIKE 'miles-%'
      AND (r.status IN ('booked', 'none') OR (r.status = 'reversed' AND r.reason NOT IN
          ('authorization_reversed', 'declined_by_the_issuer', 'completed_without_amount', 'hold_expired')))
), posted AS MATERIALIZED (
    SELECT bucket, message_key, purchase_key, item, CASE WHEN credit_kind = 1 THEN amount ELSE -amount END AS amount
    FROM transfer WHERE cycle_id = $1 AND phase = 1
), funded AS MATERIALIZED (
    SELECT bucket, message_key, split_part(item, ':', 2) AS funder, sum(amount)::bigint AS amount
    FROM posted WHERE item LIKE 'bonus:%' GROUP BY 1, 2, 3
), explained AS MATERIALIZED (
    SELECT bucket, message_key, sum(amount)::bigint AS amount FROM funded GROUP BY 1, 2
), counted AS MATERIALIZED (
    SELECT bucket, purchase_key, sum(counted_minor)::bigint AS amount
    FROM message WHERE cycle_id = $1 AND purchase_key IS NOT NULL GROUP BY 1, 2
), turned AS MATERIALIZED (
    SELECT bucket, purchase_key, sum(counted)::bigint AS counted, sum(booked)::bigint AS booked, bool_or(is_booked) AS is_booked
    FROM (
        SELECT bucket, purchase_key, amount AS counted, 0 AS booked, false AS is_booked FROM counted
        UNION ALL
        SELECT bucket, purchase_key, 0, amount, true FROM posted WHERE item LIKE 'turnover:%'
    ) both_sides GROUP BY 1, 2 HAVING bool_or(NOT is_booked)
), turnover AS (
    SELECT p.partner_id, CASE WHEN c.is_booked AND c.counted = c.booked THEN c.counted ELSE (
        SELECT greatest(coalesce(sum(m.counted_minor), 0), 0)
               - greatest(coalesce(sum(m.counted_minor) FILTER (WHERE m.cycle_id < $1), 0), 0)
        FROM message m WHERE m.bucket = c.bucket AND m.purchase_key = c.purchase_key AND m.cycle_id <= $1
    ) END AS amount
    FROM turned c JOIN purchase p USING (bucket, purchase_key)
    WHERE p.is_purchase AND p.partner_id IS NOT NULL
)
SELECT 'told', 'miles', coalesce(sum(base + bonus), 0)::bigint FROM told
UNION ALL
SELECT 'told', 'bonus:' || f.funder, sum(f.amount)::bigint
FROM told t JOIN funded f USING (bucket, message_key) GROUP BY 2
UNION ALL
SELECT 'told', 'bonus:' || coalesce('partner-' || p.partner_id, 'bank'), sum(t.bonus - coalesce(e.amount, 0))::bigint
FROM told t LEFT JOIN explained e USING (bucket, message_key)
LEFT JOIN purchase p ON p.bucket = t.bucket AND p.purchase_key = t.purchase_key
WHERE t.status <> 'none' AND t.bonus <> coalesce(e.amount, 0) GROUP BY 2
UNION ALL
SELECT 'told', 'discount:' || coalesce(p.partner_id, 0), sum(t.discount)::bigint
FROM told t LEFT JOIN purchase p ON p.bucket = t.bucket AND p.purchase_key = t.purchase_key
WHERE t.discount <> 0 GROUP BY 2
UNION ALL
SELECT 'told', 'turnover:' || partner_id, sum(amount)::bigint FROM turnover GROUP BY 2
UNION ALL
SELECT CASE WHEN amount > 0 THEN 'given' ELSE 'taken' END, item, abs(sum(amount))::bigint FROM posted GROUP BY 1, 2";

/// The numbers that were kept of a cycle; `None` if none were.
pub async fn kept_numbers(pool: &Pool, cycle: CycleId) -> Result<Option<CycleNumbers>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT counted_at FROM cycle_counted WHERE cycle_id = $1";
    let Some(row) = client.query_opt(text, &[&cycle.0]).await? else { return Ok(None) };
    let text = "SELECT side, subject, amount FROM cycle_total WHERE cycle_id = $1 ORDER BY side, subject";
    let totals = client.query(text, &[&cycle.0]).await?;
    let text =
        "SELECT mti, messages, matched, counted_minor FROM cycle_arrival WHERE cycle_id = $1 ORDER BY mti";
    let arrivals = client.query(text, &[&cycle.0]).await?;
    Ok(Some(CycleNumbers {
        kept_at: Some(row.try_get(0)?),
        arrivals: arrivals.iter().map(crate::read::arrival).collect::<Result<_, _>>()?,
        totals: totals.iter().map(total).collect::<Result<_, _>>()?,
    }))
}

/// The numbers of a cycle as its messages and movements say now: reads all of them.
pub async fn count_numbers(pool: &Pool, cycle: CycleId) -> Result<CycleNumbers, StoreError> {
    let client = pool.get().await?;
    let arrivals = client.query(ARRIVALS, &[&cycle.0]).await?;
    let totals = client.query(TOTALS, &[&cycle.0]).await?;
    Ok(CycleNumbers {
        kept_at: None,
        arrivals: arrivals.iter().map(crate::read::arrival).collect::<Result<_, _>>()?,
        totals: totals.iter().map(total).collect::<Result<_, _>>()?,
    })
}

/// Whether a cycle has more messages than `limit`: reads no more of them than that.
pub async fn has_more_messages(pool: &Pool, cycle: CycleId, limit: i64) -> Result<bool, StoreError> {
    let text =
        "SELECT count(*) > $2::bigint FROM (SELECT FROM message WHERE cycle_id = $1 LIMIT $2::bigint + 1) m";
    Ok(pool.get().await?.query_one(text, &[&cycle.0, &limit]).await?.try_get(0)?)
}

fn total(row: &Row) -> Result<CycleTotal, StoreError> {
    Ok(CycleTotal { side: row.try_get(0)?, subject: row.try_get(1)?, amount: row.try_get(2)? })
}

/// Counts a published cycle and keeps what it comes to; a cycle that was counted stays as it was. Not a part of the close:
/// whatever becomes of this changes no file and no position.
///
/// # Errors
/// The database's; nothing is kept then, and the next call counts.
pub async fn keep_numbers(pool: &Pool, cycle: CycleId, now: Timestamp) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let text = "SELECT program_id, business_date FROM settlement_cycle WHERE cycle_id = $1";
    let row = transaction.query_one(text, &[&cycle.0]).await?;
    let (program, date) = (ProgramId(row.try_get(0)?), row.try_get::<_, Date>(1)?);
    let text = "INSERT INTO cycle_counted (cycle_id, counted_at, members, active_members) \
                SELECT $1, $2, count(*), count(*) FILTER (WHERE active_on > $4::date - 30) \
                FROM member_account WHERE program_id = $3 AND (closed_on IS NULL OR closed_on > $4::date) ON CONFLICT DO NOTHING";
    if transaction.execute(text, &[&cycle.0, &now, &program.0, &date]).await? == 0 {
        return Ok(false);
    }
    keep_totals(&transaction, cycle).await?;
    let text = "INSERT INTO cycle_lots (cycle_id, granted, expires, miles) \
                SELECT $1, date_trunc('month', purchase_date)::date, \
                coalesce(date_trunc('month', expire_on)::date, 'infinity'), sum(open_miles)::bigint \
                FROM purchase WHERE open_miles > 0 AND program_id = $2 GROUP BY 2, 3";
    transaction.execute(text, &[&cycle.0, &program.0]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Published cycles of a program of which no numbers are kept, the newest first, so that what is shown as the last is the
/// last: those of which counting broke off, and those that were closed before numbers were kept.
///
/// # Errors
/// The database.
pub async fn uncounted_cycles(
    pool: &Pool,
    program: ProgramId,
    limit: i64,
) -> Result<Vec<CycleId>, StoreError> {
    let text = "SELECT c.cycle_id FROM settlement_cycle c WHERE c.program_id = $1 \
                AND c.state IN ('published', 'delivered', 'acknowledged') \
                AND NOT EXISTS (SELECT FROM cycle_counted k WHERE k.cycle_id = c.cycle_id) \
                ORDER BY c.sequence DESC LIMIT $2";
    let rows = pool.get().await?.query(text, &[&program.0, &limit]).await?;
    rows.iter().map(|row| Ok(CycleId(row.try_get(0)?))).collect()
}

async fn keep_totals(client: &impl GenericClient, cycle: CycleId) -> Result<(), StoreError> {
    let text = "INSERT INTO cycle_arrival (cycle_id, mti, messages, matched, counted_minor) VALUES ($1, $2, $3, $4, $5)";
    for row in client.query(ARRIVALS, &[&cycle.0]).await? {
        let Arrival { mti, messages, matched, counted_minor } = crate::read::arrival(&row)?;
        client.execute(text, &[&cycle.0, &mti, &messages, &matched, &counted_minor]).await?;
    }
    // Parts of one subject, such as what the messages' own transfers do not explain, stand together.
    let text = "INSERT INTO cycle_total (cycle_id, side, subject, amount) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (cycle_id, side, subject) DO UPDATE SET amount = cycle_total.amount + EXCLUDED.amount";
    for row in client.query(TOTALS, &[&cycle.0]).await? {
        let CycleTotal { side, subject, amount } = total(&row)?;
        client.execute(text, &[&cycle.0, &side, &subject, &amount]).await?;
    }
    Ok(())
}

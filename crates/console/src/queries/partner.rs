//! What the page of a partner reads: its files with their answers, its ways, how fast it answers.

use domain::PartnerId;
use jiff::{Timestamp, civil::Date};
use store::{Pool, StoreError};

/// A published edition of a settlement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) program: String,
    pub(crate) date: Date,
    pub(crate) sequence: i32,
    pub(crate) revision: i32,
    pub(crate) name: String,
    pub(crate) sha256: String,
    pub(crate) records: i64,
    /// When it was brought to the partner for the first time.
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    /// The last answer: what it came to and when it came.
    pub(crate) outcome: Option<String>,
    pub(crate) answered_at: Option<Timestamp>,
}

/// A receiver's editions of business dates of a period, the newest first.
pub(crate) async fn editions(
    pool: &Pool,
    receiver: &str,
    (from, until): (Date, Date),
    limit: i64,
) -> Result<Vec<Edition>, StoreError> {
    let text = "SELECT g.code, c.business_date, f.sequence, f.revision, f.file_name, encode(f.sha256, 'hex'), \
                f.records::bigint, d.at, e.due_at, a.outcome, a.received_at \
                FROM settlement_cycle c JOIN settlement_file f USING (cycle_id) JOIN program g USING (program_id) \
                LEFT JOIN LATERAL (SELECT min(x.delivered_at) AS at FROM delivery_file x JOIN partner p USING (partner_id) \
                WHERE p.code = f.receiver AND x.sequence = f.sequence AND x.revision = f.revision) d ON true \
                LEFT JOIN settlement_expected e ON e.receiver = f.receiver AND e.file_sequence = f.sequence \
                AND e.revision = f.revision \
                LEFT JOIN LATERAL (SELECT outcome, received_at FROM settlement_answer x WHERE x.receiver = f.receiver \
                AND x.file_sequence = f.sequence AND x.revision = f.revision AND x.number IS NOT NULL \
                ORDER BY answer_id DESC LIMIT 1) a ON true \
                WHERE f.receiver = $1 AND f.published AND c.business_date BETWEEN $2 AND $3 \
                ORDER BY c.business_date DESC, f.sequence DESC, f.revision DESC LIMIT $4";
    let rows = pool.get().await?.query(text, &[&receiver, &from, &until, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Edition {
                program: row.try_get(0)?,
                date: row.try_get(1)?,
                sequence: row.try_get(2)?,
                revision: row.try_get(3)?,
                name: row.try_get(4)?,
                sha256: row.try_get(5)?,
                records: row.try_get(6)?,
                delivered_at: row.try_get(7)?,
                due_at: row.try_get(8)?,
                outcome: row.try_get(9)?,
                answered_at: row.try_get(10)?,
            })
        })
        .collect()
}

/// A partner in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: PartnerId,
    pub(crate) code: String,
    /// Of its last published file.
    pub(crate) last_sequence: Option<i32>,
    /// Ways that stand or fail, of all.
    pub(crate) ways: i64,
    pub(crate) ways_down: i64,
    pub(crate) overdue: i64,
    pub(crate) breaks: i64,
}

/// Every partner, by code.
pub(crate) async fn all(pool: &Pool, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    let text = "WITH open AS (SELECT k.partner_id, count(*) AS breaks FROM break_case c \
                JOIN reconciliation_break k ON k.break_id = c.case_id WHERE c.state <> 'resolved' GROUP BY 1), \
                late AS (SELECT e.receiver, count(*) AS overdue FROM settlement_expected e WHERE e.due_at <= $1 \
                AND NOT EXISTS (SELECT FROM settlement_answer a WHERE a.receiver = e.receiver \
                AND a.file_sequence = e.file_sequence AND a.revision = e.revision AND a.number IS NOT NULL) GROUP BY 1), \
                ways AS (SELECT partner_id, count(*) AS ways, count(*) FILTER (WHERE state = 'stopped' OR attempts > 0) AS down \
                FROM delivery_endpoint GROUP BY 1) \
                SELECT p.partner_id, p.code, (SELECT f.sequence FROM settlement_file f WHERE f.receiver = p.code \
                AND f.published ORDER BY f.sequence DESC LIMIT 1), coalesce(w.ways, 0), coalesce(w.down, 0), \
                coalesce(l.overdue, 0), coalesce(o.breaks, 0) FROM partner p LEFT JOIN open o USING (partner_id) \
                LEFT JOIN late l ON l.receiver = p.code LEFT JOIN ways w USING (partner_id) ORDER BY p.code";
    let rows = pool.get().await?.query(text, &[&now]).await?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                id: PartnerId(row.try_get(0)?),
                code: row.try_get(1)?,
                last_sequence: row.try_get(2)?,
                ways: row.try_get(3)?,
                ways_down: row.try_get(4)?,
                overdue: row.try_get(5)?,
                breaks: row.try_get(6)?,
            })
        })
        .collect()
}

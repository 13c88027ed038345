//! What the page of the morning reads: comparisons, open breaks, what waits for a person, what did not get through.

use domain::{PartnerId, ProgramId};
use jiff::{Timestamp, civil::Date};
use store::{Pool, StoreError};

use super::Limited;

/// The last comparisons of one source with one bank or partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) source: String,
    /// The bank's or the partner's code; empty where the source is of neither.
    pub(crate) with: String,
    /// How many files, statements or windows.
    pub(crate) inputs: i64,
    pub(crate) matched: i64,
    pub(crate) suggested: i64,
    pub(crate) expected: i64,
    pub(crate) broken: i64,
    /// Inputs that could not be read.
    pub(crate) unreadable: i64,
    pub(crate) last_date: Date,
    pub(crate) compared_at: Timestamp,
}

/// The last comparison of each input of these business dates.
const LAST_RUNS: &str = "SELECT DISTINCT ON (source, scope) * FROM reconciliation_run \
                         WHERE business_date BETWEEN $1 AND $2 ORDER BY source, scope, run_id DESC";

/// Comparisons of the inputs of these business dates, by source.
pub(crate) async fn compared(pool: &Pool, from: Date, until: Date) -> Result<Vec<Compared>, StoreError> {
    let text = format!(
        "SELECT source, coalesce(p.code, b.code, ''), count(*), sum(matched)::bigint, sum(suggested)::bigint, \
         sum(expected)::bigint, sum(broken)::bigint, count(*) FILTER (WHERE problem <> ''), max(business_date), \
         max(compared_at) FROM ({LAST_RUNS}) r LEFT JOIN bank b USING (bank_id) LEFT JOIN partner p USING (partner_id) \
         GROUP BY 1, 2 ORDER BY 1, 2"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&from, &until]).await?;
    rows.iter()
        .map(|row| {
            Ok(Compared {
                source: row.try_get(0)?,
                with: row.try_get(1)?,
                inputs: row.try_get(2)?,
                matched: row.try_get(3)?,
                suggested: row.try_get(4)?,
                expected: row.try_get(5)?,
                broken: row.try_get(6)?,
                unreadable: row.try_get(7)?,
                last_date: row.try_get(8)?,
                compared_at: row.try_get(9)?,
            })
        })
        .collect()
}

/// What was compared of a business date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) date: Date,
    pub(crate) matched: i64,
    pub(crate) suggested: i64,
    pub(crate) broken: i64,
}

/// How much of each business date matched, by the last comparison of each input.
pub(crate) async fn match_rates(pool: &Pool, from: Date, until: Date) -> Result<Vec<Matched>, StoreError> {
    let text = format!(
        "SELECT business_date, sum(matched)::bigint, sum(suggested)::bigint, sum(broken)::bigint \
         FROM ({LAST_RUNS}) r GROUP BY 1 ORDER BY 1"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&from, &until]).await?;
    rows.iter()
        .map(|row| {
            Ok(Matched {
                date: row.try_get(0)?,
                matched: row.try_get(1)?,
                suggested: row.try_get(2)?,
                broken: row.try_get(3)?,
            })
        })
        .collect()
}

/// A clearing file that a bank has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClearingFiles {
    pub(crate) bank: String,
    pub(crate) files: i64,
    pub(crate) records: i64,
    pub(crate) put_aside: i64,
    pub(crate) last_at: Timestamp,
}

/// Clearing files that came since an instant, by bank.
pub(crate) async fn clearing_files(pool: &Pool, since: Timestamp) -> Result<Vec<ClearingFiles>, StoreError> {
    let text = "SELECT b.code, count(*), coalesce(sum(f.records), 0)::bigint, \
                count(*) FILTER (WHERE f.state = 'quarantined'), max(f.received_at) \
                FROM clearing_file f JOIN bank b USING (bank_id) WHERE f.received_at >= $1 GROUP BY 1 ORDER BY 1";
    let rows = pool.get().await?.query(text, &[&since]).await?;
    rows.iter()
        .map(|row| {
            Ok(ClearingFiles {
                bank: row.try_get(0)?,
                files: row.try_get(1)?,
                records: row.try_get(2)?,
                put_aside: row.try_get(3)?,
                last_at: row.try_get(4)?,
            })
        })
        .collect()
}

/// A break that is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenBreak {
    pub(crate) id: i64,
    pub(crate) source: String,
    pub(crate) class: String,
    pub(crate) with: String,
    pub(crate) date: Date,
    pub(crate) subject: String,
    pub(crate) unit: String,
    pub(crate) left: i64,
    pub(crate) state: String,
    pub(crate) severity: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) wait_until: Option<Date>,
}

/// Which breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// The oldest first.
    Oldest,
    /// Those of which most is left first.
    Biggest,
    /// Of inputs that did not come, or not in time.
    Missing,
    /// That wait for somebody outside, the nearest date first.
    Waiting,
}

/// Breaks that are not resolved.
pub(crate) async fn open_breaks(
    pool: &Pool,
    which: Breaks,
    limit: i64,
) -> Result<Limited<OpenBreak>, StoreError> {
    let (condition, order) = match which {
        Breaks::Oldest => ("true", "c.opened_at, c.case_id"),
        Breaks::Biggest => ("c.left_amount <> 0", "abs(c.left_amount) DESC, c.case_id"),
        Breaks::Missing => ("k.class IN ('missing', 'late')", "c.opened_at, c.case_id"),
        Breaks::Waiting => ("c.wait_until IS NOT NULL", "c.wait_until, c.case_id"),
    };
    let text = format!(
        "SELECT c.case_id, k.source, k.class, coalesce(p.code, b.code, ''), k.business_date, k.subject, c.unit, \
         c.left_amount, c.state, c.severity, c.opened_at, c.wait_until, count(*) OVER () \
         FROM break_case c JOIN reconciliation_break k ON k.break_id = c.case_id LEFT JOIN bank b USING (bank_id) \
         LEFT JOIN partner p ON p.partner_id = k.partner_id \
         WHERE c.state <> 'resolved' AND {condition} ORDER BY {order} LIMIT $1"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&limit]).await?;
    Limited::of(&rows, 12, |row| {
        Ok(OpenBreak {
            id: row.try_get(0)?,
            source: row.try_get(1)?,
            class: row.try_get(2)?,
            with: row.try_get(3)?,
            date: row.try_get(4)?,
            subject: row.try_get(5)?,
            unit: row.try_get(6)?,
            left: row.try_get(7)?,
            state: row.try_get(8)?,
            severity: row.try_get(9)?,
            opened_at: row.try_get(10)?,
            wait_until: row.try_get(11)?,
        })
    })
}

/// How many breaks are not resolved, by age in days and severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aged {
    /// 0 to 4: 0-1, 2-3, 4-7, 8-30 days, older.
    pub(crate) bucket: i32,
    pub(crate) severity: String,
    pub(crate) breaks: i64,
}

/// The age of every break that is not resolved; waiting ones are among them.
pub(crate) async fn ages(pool: &Pool, now: Timestamp) -> Result<Vec<Aged>, StoreError> {
    let text = "SELECT CASE WHEN age < 2 THEN 0 WHEN age < 4 THEN 1 WHEN age < 8 THEN 2 WHEN age < 31 THEN 3 ELSE 4 END, \
                severity, count(*) FROM (SELECT severity, floor(extract(epoch FROM $1 - opened_at) / 86400) AS age \
                FROM break_case WHERE state <> 'resolved') c GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = pool.get().await?.query(text, &[&now]).await?;
    rows.iter()
        .map(|row| Ok(Aged { bucket: row.try_get(0)?, severity: row.try_get(1)?, breaks: row.try_get(2)? }))
        .collect()
}

/// Something that did not get through to a partner, or did not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// `way`: a way to a partner fails or stands; `answer`: a file is not answered in time; `inbox`: a file that came
    /// could not be read.
    pub(crate) kind: String,
    pub(crate) partner: String,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) attempts: i64,
    pub(crate) since: Option<Timestamp>,
}

/// What has failed and still stands so; problems of inboxes of the last 30 days.
pub(crate) async fn failed(pool: &Pool, now: Timestamp, limit: i64) -> Result<Limited<Failed>, StoreError> {
    let text = "SELECT kind, partner, what, why, attempts, since, count(*) OVER () FROM ( \
         SELECT 'way' AS kind, p.code AS partner, d.endpoint AS what, \
         CASE WHEN d.state = 'stopped' THEN d.reason ELSE d.last_error END AS why, d.attempts::bigint, d.delivered_at AS since \
         FROM delivery_endpoint d JOIN partner p USING (partner_id) WHERE d.state = 'stopped' OR d.attempts > 0 \
         UNION ALL SELECT 'answer', e.receiver, f.file_name, '', 0, e.due_at FROM settlement_expected e \
         JOIN settlement_file f ON f.receiver = e.receiver AND f.sequence = e.file_sequence AND f.revision = e.revision \
         WHERE e.due_at <= $1 AND NOT EXISTS (SELECT FROM settlement_answer a WHERE a.receiver = e.receiver \
         AND a.file_sequence = e.file_sequence AND a.revision = e.revision AND a.number IS NOT NULL) \
         UNION ALL SELECT 'inbox', p.code, i.name, i.problem, 0, i.taken_at FROM partner_inbox i \
         JOIN partner p USING (partner_id) WHERE i.problem <> '' AND i.taken_at > $1 - interval '30 days') f \
         ORDER BY since NULLS FIRST, partner, what LIMIT $2";
    let rows = pool.get().await?.query(text, &[&now, &limit]).await?;
    Limited::of(&rows, 6, |row| {
        Ok(Failed {
            kind: row.try_get(0)?,
            partner: row.try_get(1)?,
            what: row.try_get(2)?,
            why: row.try_get(3)?,
            attempts: row.try_get(4)?,
            since: row.try_get(5)?,
        })
    })
}

/// Breaks that are not resolved, by bank, program and partner, and by which side they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SideBreaks {
    /// The bank's code, where they are of one.
    pub(crate) of_bank: Option<String>,
    pub(crate) program: Option<ProgramId>,
    pub(crate) partner: Option<PartnerId>,
    /// Against the bank's files, totals and statements.
    pub(crate) bank: i64,
    /// Against what partners have answered and stated, and our own files.
    pub(crate) others: i64,
}

/// Breaks that are not resolved, by program, partner and bank.
pub(crate) async fn breaks_by_partner(pool: &Pool) -> Result<Vec<SideBreaks>, StoreError> {
    let text = "SELECT k.program_id, k.partner_id, count(*) FILTER (WHERE k.source LIKE 'bank%'), \
                count(*) FILTER (WHERE k.source NOT LIKE 'bank%'), b.code FROM break_case c \
                JOIN reconciliation_break k ON k.break_id = c.case_id LEFT JOIN bank b USING (bank_id) \
                WHERE c.state <> 'resolved' GROUP BY 1, 2, 5";
    let rows = pool.get().await?.query(text, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(SideBreaks {
                program: row.try_get::<_, Option<i32>>(0)?.map(ProgramId),
                partner: row.try_get::<_, Option<i32>>(1)?.map(PartnerId),
                bank: row.try_get(2)?,
                others: row.try_get(3)?,
                of_bank: row.try_get(4)?,
            })
        })
        .collect()
}

/// Breaks of each business date from `from` on: found, and not resolved.
pub(crate) async fn breaks_by_date(
    pool: &Pool,
    program: ProgramId,
    (from, until): (Date, Date),
) -> Result<Vec<(Date, i64, i64)>, StoreError> {
    let text = "SELECT k.business_date, count(*), count(*) FILTER (WHERE c.state <> 'resolved') \
                FROM reconciliation_break k JOIN break_case c ON c.case_id = k.break_id \
                WHERE k.business_date BETWEEN $2 AND $3 AND (k.program_id = $1 OR (k.program_id IS NULL AND k.bank_id = \
                (SELECT bank_id FROM program WHERE program_id = $1))) GROUP BY 1";
    let rows = pool.get().await?.query(text, &[&program.0, &from, &until]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

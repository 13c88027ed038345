//! Whether the ledger of cases adds up, and how old what is left of it is.

use domain::case::AgeBucket;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;

use crate::{Pool, StoreError, error::damaged};

/// What became of the differences of one unit. Sums of signed amounts; more than 64 bits can be needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSums {
    /// Three letters of a currency, or `MILES`.
    pub unit: String,
    /// How many cases count in it.
    pub cases: i64,
    /// Of those, how many are not resolved.
    pub unresolved: i64,
    /// Theirs less ours, of all.
    pub differences: i128,
    /// What is left.
    pub left: i128,
    /// Given up.
    pub written_off: i128,
    /// Corrected by adjustments.
    pub adjusted: i128,
    /// Matched by hand.
    pub matched: i128,
    /// No longer found by comparisons.
    pub cured: i128,
    /// Sizes of what is left, without their signs: zero only if nothing is left of any case.
    pub exposure: i128,
    /// Cases whose own amounts do not add up, or whose adjustment is not what was booked. Always 0.
    pub cases_off: i64,
}

impl CaseSums {
    /// Differences = left + written off + adjusted + matched + cured, in all and for each case.
    pub fn hold(&self) -> bool {
        let parts = [self.left, self.written_off, self.adjusted, self.matched, self.cured];
        let sum = parts.into_iter().try_fold(0_i128, i128::checked_add);
        sum == Some(self.differences) && self.cases_off == 0
    }
}

/// The sums of each unit, from the breaks and the rows of the ledger themselves.
pub async fn sums(pool: &Pool) -> Result<Vec<CaseSums>, StoreError> {
    let text = "WITH booked AS (SELECT k.case_id, sum(k.amount) AS amount, \
                coalesce(sum(k.amount) FILTER (WHERE k.kind = 'write_off'), 0) AS written_off, \
                coalesce(sum(k.amount) FILTER (WHERE k.kind = 'adjust'), 0) AS adjusted, \
                coalesce(sum(k.amount) FILTER (WHERE k.kind = 'match'), 0) AS matched, \
                coalesce(sum(k.amount) FILTER (WHERE k.kind = 'cured'), 0) AS cured, \
                bool_or(k.kind = 'adjust' AND k.amount IS DISTINCT FROM (SELECT sum(CASE k.unit WHEN 'MILES' THEN i.quantity \
                ELSE i.net_minor + i.vat_minor END) FROM adjustment_proposal_item i WHERE i.proposal_id = k.adjustment_id)) \
                AS is_off FROM case_booking k GROUP BY k.case_id) \
                SELECT b.unit, count(*), count(*) FILTER (WHERE c.state <> 'resolved'), sum(b.difference)::text, \
                sum(c.left_amount)::text, sum(coalesce(k.written_off, 0))::text, sum(coalesce(k.adjusted, 0))::text, \
                sum(coalesce(k.matched, 0))::text, sum(coalesce(k.cured, 0))::text, sum(abs(c.left_amount::numeric))::text, \
                count(*) FILTER (WHERE c.left_amount <> b.difference - coalesce(k.amount, 0) OR coalesce(k.is_off, false)) \
                FROM reconciliation_break b JOIN break_case c ON c.case_id = b.break_id \
                LEFT JOIN booked k ON k.case_id = c.case_id WHERE b.unit <> '' GROUP BY b.unit ORDER BY b.unit";
    pool.get().await?.query(text, &[]).await?.iter().map(of_unit).collect()
}

fn of_unit(row: &Row) -> Result<CaseSums, StoreError> {
    Ok(CaseSums {
        unit: row.try_get(0)?,
        cases: row.try_get(1)?,
        unresolved: row.try_get(2)?,
        differences: whole(row, 3)?,
        left: whole(row, 4)?,
        written_off: whole(row, 5)?,
        adjusted: whole(row, 6)?,
        matched: whole(row, 7)?,
        cured: whole(row, 8)?,
        exposure: whole(row, 9)?,
        cases_off: row.try_get(10)?,
    })
}

fn whole(row: &Row, column: usize) -> Result<i128, StoreError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| damaged("sum of amounts", text))
}

/// What is not resolved, of one age and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAgeing {
    /// How old.
    pub bucket: AgeBucket,
    /// Three letters of a currency, `MILES`, or empty.
    pub unit: String,
    /// How many.
    pub cases: i64,
    /// Sizes of what is left of them.
    pub exposure: i128,
}

/// Unresolved cases by age and unit, the youngest first; what waits counts like all others.
pub async fn ageing(pool: &Pool, now: Timestamp) -> Result<Vec<CaseAgeing>, StoreError> {
    let text = "SELECT unit, count(*), sum(abs(left_amount::numeric))::text FROM break_case WHERE state <> 'resolved' \
                AND opened_at <= $1 AND opened_at > $2 GROUP BY unit ORDER BY unit";
    let client = pool.get().await?;
    let mut found = Vec::new();
    for bucket in AgeBucket::ALL {
        let (first, last) = bucket.days();
        let before = |days: i64| now.checked_sub(SignedDuration::from_hours(days * 24));
        let youngest =
            if first == 0 { Timestamp::MAX } else { before(first).unwrap_or(Timestamp::UNIX_EPOCH) };
        let oldest = last.and_then(|last| before(last + 1).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        for row in client.query(text, &[&youngest, &oldest]).await? {
            found.push(CaseAgeing {
                bucket,
                unit: row.try_get(0)?,
                cases: row.try_get(1)?,
                exposure: whole(&row, 2)?,
            });
        }
    }
    Ok(found)
}

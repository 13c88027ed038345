//! What comparisons and the time do to cases: open, cure, bring back, ripen, and make more severe.

use domain::ProgramId;
use domain::case::{AfterStep, CaseRules, Severity};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_postgres::{Row, Transaction};

use super::underway::{Underway, facts, lock};
use crate::{Pool, StoreError, error::damaged};

/// So many cases ripen or grow more severe in one transaction.
const TURN_MAX: i64 = 500;

/// What a comparison has done to cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CasesFollowed {
    /// New ones.
    pub opened: u64,
    /// No longer found, and so resolved.
    pub cured: u64,
    /// Found again, or with another difference.
    pub found_again: u64,
}

/// Brings the cases up with a run: call it in the run's transaction, behind the rows of its breaks.
///
/// Breaks that were last seen by the run and have no case get one; what the run cured is resolved; what it found again
/// after a cure, or with another difference, is open again.
pub async fn follow_run(
    transaction: &Transaction<'_>,
    run: i64,
    rules: &CaseRules,
    at: Timestamp,
) -> Result<CasesFollowed, StoreError> {
    let text = "SELECT b.break_id FROM reconciliation_break b WHERE b.last_run = $1 AND b.cured_run IS NULL \
                AND NOT EXISTS (SELECT FROM break_case c WHERE c.case_id = b.break_id) ORDER BY b.break_id";
    let new = ids(transaction.query(text, &[&run]).await?)?;
    let opened = open_for(transaction, &new, rules).await?;
    let text = "SELECT c.case_id FROM break_case c JOIN reconciliation_break b ON b.break_id = c.case_id \
                WHERE b.cured_run = $1 AND c.state <> 'resolved' ORDER BY c.case_id";
    let gone = ids(transaction.query(text, &[&run]).await?)?;
    let cured = cure(transaction, &gone, run, at).await?;
    let text = "SELECT c.case_id FROM break_case c JOIN reconciliation_break b ON b.break_id = c.case_id \
                WHERE b.last_run = $1 AND b.cured_run IS NULL \
                AND (c.resolution = 'cured' OR (c.unit <> '' AND c.difference <> b.difference)) ORDER BY c.case_id";
    let back = ids(transaction.query(text, &[&run]).await?)?;
    let found_again = bring_back(transaction, &back, run, (rules, at)).await?;
    Ok(CasesFollowed { opened, cured, found_again })
}

fn ids(rows: Vec<Row>) -> Result<Vec<i64>, StoreError> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What is written of a new case.
#[derive(Default)]
struct NewCases {
    ids: Vec<i64>,
    units: Vec<String>,
    differences: Vec<i64>,
    severities: Vec<&'static str>,
    opened: Vec<Timestamp>,
    due: Vec<Timestamp>,
}

/// Opens a case for each of these breaks that has none; returns how many. A case is as old as its break.
pub async fn open_for(
    transaction: &Transaction<'_>,
    breaks: &[i64],
    rules: &CaseRules,
) -> Result<u64, StoreError> {
    if breaks.is_empty() {
        return Ok(0);
    }
    // A number of records may differ, too: that is no amount that could be left.
    let text = "SELECT break_id, program_id, class, unit, CASE unit WHEN '' THEN 0 ELSE difference END, found_at \
                FROM reconciliation_break \
                WHERE break_id = ANY($1) ORDER BY break_id";
    let mut new = NewCases::default();
    for row in transaction.query(text, &[&breaks]).await? {
        let program: Option<i32> = row.try_get(1)?;
        let (class, unit): (&str, String) = (row.try_get(2)?, row.try_get(3)?);
        let (difference, found_at): (i64, Timestamp) = (row.try_get(4)?, row.try_get(5)?);
        let severity = rules.at_first(program.map(ProgramId), class, &unit, difference);
        new.ids.push(row.try_get(0)?);
        new.units.push(unit);
        new.differences.push(difference);
        new.severities.push(severity.name());
        new.opened.push(found_at);
        new.due.push(rules.due_at(severity, found_at));
    }
    let text = "WITH new AS (INSERT INTO break_case (case_id, unit, difference, left_amount, state, severity, opened_at, \
                due_at, version) SELECT i, u, d, d, 'open', s, o, e, 1 FROM unnest($1::bigint[], $2::text[], $3::bigint[], \
                $4::text[], $5::timestamptz[], $6::timestamptz[]) AS t (i, u, d, s, o, e) \
                ON CONFLICT (case_id) DO NOTHING RETURNING case_id, opened_at, severity, due_at, difference, unit) \
                INSERT INTO case_event (case_id, place, at, what, body) SELECT case_id, 1, opened_at, 'opened', \
                jsonb_build_object('severity', severity, 'due_at', due_at, 'difference', difference, 'unit', unit) FROM new";
    let NewCases { ids, units, differences, severities, opened, due } = &new;
    Ok(transaction.execute(text, &[ids, units, differences, severities, opened, due]).await?)
}

async fn cure(
    transaction: &Transaction<'_>,
    cases: &[i64],
    run: i64,
    at: Timestamp,
) -> Result<u64, StoreError> {
    lock(transaction, cases).await?;
    let mut cured = 0;
    for mut case in facts(transaction, cases, at).await? {
        let Some(after) = case.standing.cure() else { continue };
        book(transaction, &case, after, run, at).await?;
        case.stand(transaction, at, (after.state, after.resolution), None).await?;
        let amount = after.booking.map(|(_, amount)| amount);
        case.note(transaction, at, None, "cured", &json!({ "run": run, "amount": amount })).await?;
        cured += 1;
    }
    Ok(cured)
}

/// What a cure takes, or a return brings back.
async fn book(
    transaction: &Transaction<'_>,
    case: &Underway,
    after: AfterStep,
    run: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some((kind, amount)) = after.booking else { return Ok(()) };
    let text = "INSERT INTO case_booking (case_id, kind, run_id, program_id, partner_id, unit, amount, booked_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (program, partner) = (case.program.map(|id| id.0), case.partner.map(|id| id.0));
    let unit = &case.standing.unit;
    transaction
        .execute(text, &[&case.case, &kind.name(), &run, &program, &partner, unit, &amount, &at])
        .await?;
    Ok(())
}

async fn bring_back(
    transaction: &Transaction<'_>,
    cases: &[i64],
    run: i64,
    (rules, at): (&CaseRules, Timestamp),
) -> Result<u64, StoreError> {
    lock(transaction, cases).await?;
    let mut found = 0;
    for mut case in facts(transaction, cases, at).await? {
        let text = "SELECT CASE unit WHEN '' THEN 0 ELSE difference END FROM reconciliation_break WHERE break_id = $1";
        let difference: i64 = transaction.query_one(text, &[&case.case]).await?.try_get(0)?;
        let before = case.standing.difference;
        let after =
            case.standing.found_again(difference).map_err(|_| damaged("difference of a case", difference))?;
        let Some(after) = after else { continue };
        // A case that is resolved has nothing left, so it is opened before anything comes back.
        case.stand(transaction, at, (after.state, after.resolution), case.wait_until).await?;
        book(transaction, &case, after, run, at).await?;
        let text = "UPDATE break_case SET difference = $2, left_amount = left_amount + ($2 - difference) WHERE case_id = $1";
        transaction.execute(text, &[&case.case, &difference]).await?;
        let body =
            json!({ "run": run, "difference_before": before, "difference": difference, "left": after.left });
        case.note(transaction, at, None, "found_again", &body).await?;
        weigh_again(transaction, &mut case, difference, (rules, at)).await?;
        found += 1;
    }
    Ok(found)
}

/// A case grows more severe with its amount, and is due sooner; only a wait that two people agreed upon holds it.
async fn weigh_again(
    transaction: &Transaction<'_>,
    case: &mut Underway,
    difference: i64,
    (rules, at): (&CaseRules, Timestamp),
) -> Result<(), StoreError> {
    let by_amount = rules.at_first(case.program, &case.standing.class, &case.standing.unit, difference);
    if by_amount <= case.severity {
        return Ok(());
    }
    let opened = "SELECT opened_at FROM break_case WHERE case_id = $1";
    let opened_at: Timestamp = transaction.query_one(opened, &[&case.case]).await?.try_get(0)?;
    let due_at = rules.due_at(by_amount, opened_at);
    let text = "UPDATE break_case SET severity = $2, \
                due_at = CASE WHEN wait_until IS NULL THEN least(due_at, $3) ELSE due_at END WHERE case_id = $1";
    transaction.execute(text, &[&case.case, &by_amount.name(), &due_at]).await?;
    let body =
        json!({ "from": Severity::name(case.severity), "to": by_amount.name(), "difference": difference });
    case.severity = by_amount;
    case.note(transaction, at, None, "escalated", &body).await?;
    Ok(())
}

/// What the time has done to cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CasesTurned {
    /// They wait no longer.
    pub ripened: u64,
    /// More severe by age.
    pub escalated: u64,
}

/// Ends the waits whose date has come, and makes cases more severe that have grown old. Call it now and then; what is more
/// than one call does, the next one does.
pub async fn turn(pool: &Pool, rules: &CaseRules, now: Timestamp) -> Result<CasesTurned, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let ripened = ripen(&transaction, now).await?;
    let escalated = escalate(&transaction, rules, now).await?;
    transaction.commit().await?;
    Ok(CasesTurned { ripened, escalated })
}

async fn ripen(transaction: &Transaction<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let text = "SELECT c.case_id FROM break_case c JOIN reconciliation_break b ON b.break_id = c.case_id \
                LEFT JOIN program g ON g.program_id = b.program_id WHERE c.state = 'pending_external' \
                AND c.wait_until <= ($1::timestamptz AT TIME ZONE coalesce(g.time_zone, 'UTC'))::date \
                ORDER BY c.case_id LIMIT $2";
    let ripe = ids(transaction.query(text, &[&now, &TURN_MAX]).await?)?;
    lock(transaction, &ripe).await?;
    let mut ripened = 0;
    for mut case in facts(transaction, &ripe, now).await? {
        let Some(until) = case.wait_until else { continue };
        let Some(state) = case.standing.ripen(until, case.today) else { continue };
        case.stand(transaction, now, (state, None), None).await?;
        let body = json!({ "until": until.to_string() });
        case.note(transaction, now, None, "ripened", &body).await?;
        ripened += 1;
    }
    Ok(ripened)
}

async fn escalate(
    transaction: &Transaction<'_>,
    rules: &CaseRules,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let text = "SELECT case_id FROM break_case WHERE state <> 'resolved' AND opened_at <= $1 AND severity_rank < $2 \
                ORDER BY case_id LIMIT $3";
    let [medium, high, critical] = rules.age_hours;
    let mut old = Vec::new();
    for (hours, rank) in [(critical, 3_i32), (high, 2), (medium, 1)] {
        let before =
            now.checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::UNIX_EPOCH);
        old.extend(ids(transaction.query(text, &[&before, &rank, &TURN_MAX]).await?)?);
    }
    old.sort_unstable();
    old.dedup();
    lock(transaction, &old).await?;
    let mut escalated = 0;
    for mut case in facts(transaction, &old, now).await? {
        let opened = "SELECT opened_at FROM break_case WHERE case_id = $1";
        let opened_at: Timestamp = transaction.query_one(opened, &[&case.case]).await?.try_get(0)?;
        let by_age = rules.by_age(opened_at, now);
        if by_age <= case.severity || case.standing.resolution.is_some() {
            continue;
        }
        let text = "UPDATE break_case SET severity = $2 WHERE case_id = $1";
        transaction.execute(text, &[&case.case, &by_age.name()]).await?;
        let body = json!({ "from": Severity::name(case.severity), "to": by_age.name() });
        case.note(transaction, now, None, "escalated", &body).await?;
        escalated += 1;
    }
    Ok(escalated)
}

//! A case under its row lock, and the line that is added to its history.

use domain::case::{CaseRefusal, CaseStanding, CaseState, Proposed, Resolution, Severity};
use domain::{PartnerId, ProgramId, case::CaseProposalKind};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use tokio_postgres::{Row, Transaction};

use super::{CaseError, CaseStep};
use crate::{
    StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// What is known of a case while its row is locked.
pub(super) struct Underway {
    pub(super) case: i64,
    pub(super) standing: CaseStanding,
    pub(super) assigned_to: Option<String>,
    pub(super) severity: Severity,
    pub(super) version: i32,
    pub(super) program: Option<ProgramId>,
    pub(super) partner: Option<PartnerId>,
    /// The proposal that waits.
    pub(super) waiting: Option<(i64, Proposed)>,
    /// The last one that was decided.
    pub(super) previous: Option<i64>,
    pub(super) wait_until: Option<Date>,
    /// Today where the program is; UTC without one.
    pub(super) today: Date,
    place: i32,
}

/// Locks cases in the order of their numbers, so that two who lock several never wait for each other.
pub(super) async fn lock(transaction: &Transaction<'_>, cases: &[i64]) -> Result<(), StoreError> {
    let text = "SELECT case_id FROM break_case WHERE case_id = ANY($1) ORDER BY case_id FOR UPDATE";
    transaction.query(text, &[&cases]).await?;
    Ok(())
}

/// Read behind the lock: what a statement sees that waited for a lock may be older than that.
const FACTS: &str = "SELECT c.case_id, c.state, c.resolution, c.assigned_to, c.severity, c.version, c.unit, c.difference, \
     c.left_amount, c.wait_until, b.class, b.program_id, b.partner_id, \
     ($2::timestamptz AT TIME ZONE coalesce(g.time_zone, 'UTC'))::date, \
     (SELECT coalesce(sum(k.amount), 0)::bigint FROM case_booking k WHERE k.case_id = c.case_id AND k.kind = 'cured'), \
     (SELECT coalesce(max(e.place), 0) FROM case_event e WHERE e.case_id = c.case_id), \
     (SELECT max(d.proposal_id) FROM case_decision d WHERE d.case_id = c.case_id), \
     p.proposal_id, p.proposed_by, p.kind, p.amount_minor, p.wait_until, p.their_ref <> '' OR p.our_ref <> '' \
     FROM break_case c JOIN reconciliation_break b ON b.break_id = c.case_id \
     LEFT JOIN program g ON g.program_id = b.program_id \
     LEFT JOIN case_proposal p ON p.case_id = c.case_id \
     AND NOT EXISTS (SELECT FROM case_decision d WHERE d.proposal_id = p.proposal_id) \
     WHERE c.case_id = ANY($1) ORDER BY c.case_id";

/// The facts of locked cases, by their numbers.
pub(super) async fn facts(
    transaction: &Transaction<'_>,
    cases: &[i64],
    at: Timestamp,
) -> Result<Vec<Underway>, StoreError> {
    transaction.query(FACTS, &[&cases, &at]).await?.iter().map(underway).collect()
}

/// Locks one case and reads it; refused if it is not there, or another one than the person has seen.
pub(super) async fn begin(transaction: &Transaction<'_>, step: &CaseStep<'_>) -> Result<Underway, CaseError> {
    lock(transaction, &[step.case]).await?;
    let found = facts(transaction, &[step.case], step.at).await?.pop().ok_or(CaseRefusal::NotFound)?;
    match step.version.is_some_and(|seen| seen != found.version) {
        true => Err(CaseRefusal::Outdated.into()),
        false => Ok(found),
    }
}

pub(super) fn word<T>(
    row: &Row,
    column: usize,
    what: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let name: &str = row.try_get(column)?;
    parse(name).ok_or_else(|| damaged(what, name))
}

pub(super) fn word_if_any<T>(
    row: &Row,
    column: usize,
    what: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    let name: Option<&str> = row.try_get(column)?;
    name.map(|name| parse(name).ok_or_else(|| damaged(what, name))).transpose()
}

fn underway(row: &Row) -> Result<Underway, StoreError> {
    let (program, partner): (Option<i32>, Option<i32>) = (row.try_get(11)?, row.try_get(12)?);
    let assigned_to: Option<String> = row.try_get(3)?;
    let waiting = match word_if_any(row, 19, "kind of a proposal", CaseProposalKind::parse)? {
        None => None,
        Some(kind) => {
            let proposed = Proposed {
                kind,
                amount: row.try_get(20)?,
                wait_until: row.try_get(21)?,
                has_reference: row.try_get(22)?,
            };
            Some((row.try_get(17)?, proposed))
        }
    };
    Ok(Underway {
        case: row.try_get(0)?,
        standing: CaseStanding {
            state: word(row, 1, "state of a case", CaseState::parse)?,
            resolution: word_if_any(row, 2, "resolution of a case", Resolution::parse)?,
            is_assigned: assigned_to.is_some(),
            class: row.try_get(10)?,
            unit: row.try_get(6)?,
            difference: row.try_get(7)?,
            left: row.try_get(8)?,
            cured: row.try_get(14)?,
            has_file: program.is_some() && partner.is_some(),
            proposed_by: row.try_get(18)?,
        },
        assigned_to,
        severity: word(row, 4, "severity of a case", Severity::parse)?,
        version: row.try_get(5)?,
        program: program.map(ProgramId),
        partner: partner.map(PartnerId),
        waiting,
        previous: row.try_get(16)?,
        wait_until: row.try_get(9)?,
        today: row.try_get(13)?,
        place: row.try_get(15)?,
    })
}

impl Underway {
    /// Adds a line to the history and returns its place.
    pub(super) async fn note(
        &mut self,
        transaction: &Transaction<'_>,
        at: Timestamp,
        by: Option<&str>,
        what: &str,
        body: &Value,
    ) -> Result<i32, StoreError> {
        self.place = self.place.saturating_add(1);
        let text =
            "INSERT INTO case_event (case_id, place, at, by, what, body) VALUES ($1, $2, $3, $4, $5, $6)";
        transaction.execute(text, &[&self.case, &self.place, &at, &by, &what, body]).await?;
        Ok(self.place)
    }

    /// What an audit entry says of the case.
    fn told(&self) -> Value {
        let standing = &self.standing;
        json!({
            "state": standing.state.name(), "resolution": standing.resolution.map(Resolution::name),
            "assigned_to": self.assigned_to, "difference": standing.difference, "left": standing.left,
            "unit": standing.unit, "wait_until": self.wait_until.map(|date| date.to_string()), "version": self.version,
            "waiting_proposal": self.waiting.map(|(id, _)| id),
        })
    }

    /// Tells the audit what a person did: how the case was, how it is now, and why.
    pub(super) async fn audit(
        &self,
        transaction: &Transaction<'_>,
        (by, at): (&str, Timestamp),
        what: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        let object = self.case.to_string();
        let entry = AuditEntry::new(by, what, "case", &object).from(self.told()).why(why);
        let now = facts(transaction, &[self.case], at).await?.pop();
        let entry = match &now {
            Some(now) => entry.to(now.told()),
            None => entry,
        };
        audit::record(transaction, &entry).await
    }

    /// Moves the case. A wait moves what is due behind it, and ends with the state.
    pub(super) async fn stand(
        &self,
        transaction: &Transaction<'_>,
        at: Timestamp,
        (state, resolution): (CaseState, Option<Resolution>),
        wait_until: Option<Date>,
    ) -> Result<(), StoreError> {
        let text = "UPDATE break_case c SET state = $2, resolution = $3, wait_until = $5, version = version + 1, \
                    resolved_at = CASE WHEN $2 <> 'resolved' THEN NULL WHEN c.state = 'resolved' THEN c.resolved_at \
                    ELSE $4::timestamptz END, \
                    due_at = greatest(c.due_at, $5::date::timestamp AT TIME ZONE coalesce((SELECT g.time_zone FROM \
                    reconciliation_break b JOIN program g ON g.program_id = b.program_id WHERE b.break_id = c.case_id), 'UTC')) \
                    WHERE case_id = $1";
        let resolution = resolution.map(Resolution::name);
        transaction.execute(text, &[&self.case, &state.name(), &resolution, &at, &wait_until]).await?;
        Ok(())
    }
}

//! One case with all that was ever said, proposed, decided and booked about it.

use domain::case::{CaseBookingKind, CaseProposalKind, WriteOffAccount};
use domain::{
    AdjustedItem, Currency, CycleId,
    settlement::{Basis, Direction},
};
use jiff::{Timestamp, civil::Date};
use serde_json::Value;
use tokio_postgres::{GenericClient, Row};

use super::{
    list::{COLUMNS, CaseRow, case_row},
    underway::{word, word_if_any},
};
use crate::{Pool, StoreError, columns::currency_numbered, error::damaged};

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEventRow {
    /// Its place.
    pub place: i32,
    /// When.
    pub at: Timestamp,
    /// Who; `None`: a comparison, or the time.
    pub by: Option<String>,
    /// What: `opened`, `assigned`, `commented`, `attached`, `proposed`, `approved`, `rejected`, `taken_back`, `ripened`,
    /// `escalated`, `cured`, `found_again`.
    pub what: String,
    /// What was said, by names that depend on `what`.
    pub body: Value,
}

/// A file that is kept with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAttachmentRow {
    /// Its place in the history.
    pub place: i32,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub length: i32,
    /// SHA-256 of its bytes, 64 hexadecimal digits.
    pub sha256: String,
}

/// A decision about a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseDecisionRow {
    /// Whether it was approved.
    pub approved: bool,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// The adjustment that a proposal asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseAdjustmentRow {
    /// The currency of the settlement.
    pub currency: Currency,
    /// In which direction the amounts are positive.
    pub stated: Direction,
    /// What is corrected.
    pub original: String,
    /// What is added.
    pub item: AdjustedItem,
}

/// A proposal with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseProposalRow {
    /// Its number.
    pub id: i64,
    /// What is proposed.
    pub kind: CaseProposalKind,
    /// How much, with the sign of the difference.
    pub amount: i64,
    /// Until when nothing is done.
    pub wait_until: Option<Date>,
    /// With what it is matched on their side; may be empty.
    pub their_ref: String,
    /// With what it is matched on ours; may be empty.
    pub our_ref: String,
    /// On which account it is written off.
    pub account: Option<WriteOffAccount>,
    /// The adjustment.
    pub adjustment: Option<CaseAdjustmentRow>,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// `None`: it waits.
    pub decision: Option<CaseDecisionRow>,
}

/// A row of the ledger of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseBookingRow {
    /// Its number.
    pub id: i64,
    /// What is booked.
    pub kind: CaseBookingKind,
    /// By which proposal; `None`: by a comparison.
    pub proposal: Option<i64>,
    /// By which run; `None`: by a decision.
    pub run: Option<i64>,
    /// How much of the case's unit.
    pub amount: i64,
    /// `theirs_more`, `ours_more` or `none`.
    pub direction: String,
    /// The account of a write-off.
    pub account: Option<WriteOffAccount>,
    /// The adjustment of the settlement, by its number.
    pub adjustment: Option<i64>,
    /// The cycle whose file has the adjustment.
    pub adjusted_in: Option<CycleId>,
    /// When.
    pub at: Timestamp,
}

/// A case with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseView {
    /// The case.
    pub row: CaseRow,
    /// Side by side: a list of `{"field", "ours", "theirs", "differs"}`, raw values.
    pub fields: Value,
    /// In which direction ours and theirs are positive, where that is said: an adjustment is best stated in it.
    pub stated: Option<Direction>,
    /// Its history, the oldest first.
    pub events: Vec<CaseEventRow>,
    /// Its proposals, the oldest first.
    pub proposals: Vec<CaseProposalRow>,
    /// Its files, the oldest first.
    pub attachments: Vec<CaseAttachmentRow>,
    /// What was booked, the oldest first.
    pub bookings: Vec<CaseBookingRow>,
}

/// The case of this number.
pub async fn show(pool: &Pool, case: i64) -> Result<Option<CaseView>, StoreError> {
    let mut client = pool.get().await?;
    // One look at all of it: nothing of what is shown is later than the rest.
    let start = client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
    let transaction = start.read_only(true).start().await?;
    let Some(row) = transaction.query_opt(&format!("{COLUMNS} WHERE c.case_id = $1"), &[&case]).await? else {
        return Ok(None);
    };
    let view = CaseView {
        row: case_row(&row)?,
        stated: stated(&transaction, case).await?,
        fields: row.try_get(33)?,
        events: events(&transaction, case).await?,
        proposals: proposals(&transaction, case).await?,
        attachments: attachments(&transaction, case).await?,
        bookings: bookings(&transaction, case).await?,
    };
    transaction.commit().await?;
    Ok(Some(view))
}

/// As the compared fields say, or the disputed line that it is about.
async fn stated(client: &impl GenericClient, case: i64) -> Result<Option<Direction>, StoreError> {
    let text = "SELECT coalesce((SELECT coalesce(nullif(f ->> 'ours', ''), f ->> 'theirs') \
                FROM jsonb_array_elements(CASE jsonb_typeof(b.fields) WHEN 'array' THEN b.fields ELSE '[]' END) f \
                WHERE f ->> 'field' = 'direction' LIMIT 1), (SELECT min(d.stated) FROM settlement_dispute d \
                WHERE d.program_id = b.program_id AND d.partner_id = b.partner_id \
                AND d.line_id = split_part(b.subject, '#', 1))) FROM reconciliation_break b WHERE b.break_id = $1";
    let row = client.query_one(text, &[&case]).await?;
    Ok(row.try_get::<_, Option<&str>>(0)?.and_then(Direction::parse))
}

async fn events(client: &impl GenericClient, case: i64) -> Result<Vec<CaseEventRow>, StoreError> {
    let text =
        "SELECT e.place, e.at, e.by, e.what, e.body FROM case_event e WHERE e.case_id = $1 ORDER BY e.place";
    let event = |row: &Row| {
        Ok(CaseEventRow {
            place: row.try_get(0)?,
            at: row.try_get(1)?,
            by: row.try_get(2)?,
            what: row.try_get(3)?,
            body: row.try_get(4)?,
        })
    };
    client.query(text, &[&case]).await?.iter().map(event).collect()
}

async fn proposals(client: &impl GenericClient, case: i64) -> Result<Vec<CaseProposalRow>, StoreError> {
    let text = "SELECT p.proposal_id, p.kind, p.amount_minor, p.wait_until, p.their_ref, p.our_ref, p.account, p.reason, \
                p.proposed_by, p.proposed_at, d.verdict, d.decided_by, d.decided_at, d.reason, p.currency, p.stated, \
                p.original, p.basis, p.quantity, p.net_minor, p.vat_minor FROM case_proposal p \
                LEFT JOIN case_decision d ON d.proposal_id = p.proposal_id WHERE p.case_id = $1 ORDER BY p.proposal_id";
    client.query(text, &[&case]).await?.iter().map(proposal).collect()
}

fn proposal(row: &Row) -> Result<CaseProposalRow, StoreError> {
    let decision = match row.try_get::<_, Option<&str>>(10)? {
        None => None,
        Some(verdict) => Some(CaseDecisionRow {
            approved: verdict == "approved",
            by: row.try_get(11)?,
            at: row.try_get(12)?,
            reason: row.try_get(13)?,
        }),
    };
    Ok(CaseProposalRow {
        id: row.try_get(0)?,
        kind: word(row, 1, "kind of a proposal", CaseProposalKind::parse)?,
        amount: row.try_get(2)?,
        wait_until: row.try_get(3)?,
        their_ref: row.try_get(4)?,
        our_ref: row.try_get(5)?,
        account: word_if_any(row, 6, "account of a write-off", WriteOffAccount::parse)?,
        adjustment: adjustment(row)?,
        reason: row.try_get(7)?,
        by: row.try_get(8)?,
        at: row.try_get(9)?,
        decision,
    })
}

fn adjustment(row: &Row) -> Result<Option<CaseAdjustmentRow>, StoreError> {
    let Some(currency) = row.try_get::<_, Option<i32>>(14)? else { return Ok(None) };
    let item = AdjustedItem {
        basis: word_if_any(row, 17, "item of an adjustment", Basis::parse)?,
        quantity: row.try_get(18)?,
        net_minor: row.try_get(19)?,
        vat_minor: row.try_get(20)?,
    };
    Ok(Some(CaseAdjustmentRow {
        currency: currency_numbered(currency)?,
        stated: word(row, 15, "direction", Direction::parse)?,
        original: row.try_get(16)?,
        item,
    }))
}

async fn attachments(client: &impl GenericClient, case: i64) -> Result<Vec<CaseAttachmentRow>, StoreError> {
    let text = "SELECT place, name, media_type, length(bytes), sha256 FROM case_attachment \
                WHERE case_id = $1 ORDER BY place";
    client.query(text, &[&case]).await?.iter().map(attachment_from).collect()
}

pub(super) fn attachment_from(row: &Row) -> Result<CaseAttachmentRow, StoreError> {
    let sha256: &[u8] = row.try_get(4)?;
    Ok(CaseAttachmentRow {
        place: row.try_get(0)?,
        name: row.try_get(1)?,
        media_type: row.try_get(2)?,
        length: row.try_get(3)?,
        sha256: hex::encode(sha256),
    })
}

async fn bookings(client: &impl GenericClient, case: i64) -> Result<Vec<CaseBookingRow>, StoreError> {
    let text = "SELECT k.booking_id, k.kind, k.proposal_id, k.run_id, k.amount, k.direction, k.account, k.adjustment_id, \
                a.cycle_id, k.booked_at FROM case_booking k LEFT JOIN settlement_adjustment a \
                ON a.proposal_id = k.adjustment_id WHERE k.case_id = $1 ORDER BY k.booking_id";
    client.query(text, &[&case]).await?.iter().map(booking).collect()
}

fn booking(row: &Row) -> Result<CaseBookingRow, StoreError> {
    let kind: &str = row.try_get(1)?;
    Ok(CaseBookingRow {
        id: row.try_get(0)?,
        kind: CaseBookingKind::parse(kind).ok_or_else(|| damaged("kind of a booking", kind))?,
        proposal: row.try_get(2)?,
        run: row.try_get(3)?,
        amount: row.try_get(4)?,
        direction: row.try_get(5)?,
        account: word_if_any(row, 6, "account of a write-off", WriteOffAccount::parse)?,
        adjustment: row.try_get(7)?,
        adjusted_in: row.try_get::<_, Option<i32>>(8)?.map(CycleId),
        at: row.try_get(9)?,
    })
}

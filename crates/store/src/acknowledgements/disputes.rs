//! Disputed lines as people see them.

use domain::{
    AdjustedItem, Currency, DisputeCode, DisputeState, PartnerId, ProgramId, settlement::Direction,
};
use jiff::Timestamp;
use tokio_postgres::{GenericClient, Row};

use super::items::{ItemsOf, items, of_id};
use crate::{Pool, StoreError, columns::currency, error::damaged};

/// The state of the dispute `d`: what its proposals and the decisions about them say.
pub(crate) const DISPUTE_STATE: &str = "coalesce((SELECT CASE WHEN s.verdict IS NULL THEN 'proposed' \
     WHEN q.verdict = 'adjust' THEN 'accepted' ELSE 'rejected' END FROM adjustment_proposal q \
     LEFT JOIN adjustment_decision s ON s.proposal_id = q.proposal_id \
     WHERE q.dispute_id = d.dispute_id AND s.verdict IS DISTINCT FROM 'rejected' \
     ORDER BY s.verdict NULLS LAST LIMIT 1), 'open')";

/// A line that a receiver disputes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeRow {
    /// Its number.
    pub id: i64,
    /// Who disputes it.
    pub receiver: String,
    /// The file that has it.
    pub file_sequence: i32,
    /// Its edition.
    pub revision: i32,
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub code: DisputeCode,
    /// Net and tax that the receiver has.
    pub theirs: Option<(i64, i64)>,
    /// Where the receiver has it.
    pub reference: String,
    /// The program.
    pub program: ProgramId,
    /// The partner of the batch.
    pub partner: PartnerId,
    /// The currency of the batch.
    pub currency: Currency,
    /// The direction in which amounts are stated.
    pub stated: Direction,
    /// What we sent, item by item.
    pub ours: Vec<AdjustedItem>,
    /// When it came.
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: DisputeState,
    /// The proposal that waits for a decision, or the one that was approved.
    pub proposal: Option<i64>,
}

fn select() -> String {
    format!(
        "SELECT d.dispute_id, d.receiver, d.file_sequence, d.revision, d.line_id, d.code, d.their_net_minor, \
         d.their_vat_minor, d.their_reference, d.program_id, d.partner_id, d.currency, d.stated, a.received_at, \
         {DISPUTE_STATE}, (SELECT max(q.proposal_id) FROM adjustment_proposal q LEFT JOIN adjustment_decision s \
         ON s.proposal_id = q.proposal_id WHERE q.dispute_id = d.dispute_id AND s.verdict IS DISTINCT FROM 'rejected') \
         FROM settlement_dispute d JOIN settlement_answer a ON a.answer_id = d.answer_id"
    )
}

fn row_of(row: &Row) -> Result<DisputeRow, StoreError> {
    let (code, stated, state): (&str, &str, &str) = (row.try_get(5)?, row.try_get(12)?, row.try_get(14)?);
    let theirs: (Option<i64>, Option<i64>) = (row.try_get(6)?, row.try_get(7)?);
    Ok(DisputeRow {
        id: row.try_get(0)?,
        receiver: row.try_get(1)?,
        file_sequence: row.try_get(2)?,
        revision: row.try_get(3)?,
        line: row.try_get(4)?,
        code: DisputeCode::parse(code).ok_or_else(|| damaged("code of a dispute", code))?,
        theirs: theirs.0.zip(theirs.1),
        reference: row.try_get(8)?,
        program: ProgramId(row.try_get(9)?),
        partner: PartnerId(row.try_get(10)?),
        currency: currency(row, 11)?,
        stated: Direction::parse(stated).ok_or_else(|| damaged("direction", stated))?,
        ours: Vec::new(),
        received_at: row.try_get(13)?,
        state: DisputeState::parse(state).ok_or_else(|| damaged("state of a dispute", state))?,
        proposal: row.try_get(15)?,
    })
}

async fn with_items(client: &impl GenericClient, rows: &[Row]) -> Result<Vec<DisputeRow>, StoreError> {
    let mut found = rows.iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<i64> = found.iter().map(|dispute| dispute.id).collect();
    let items = items(client, ItemsOf::Dispute, &ids).await?;
    found.iter_mut().for_each(|dispute| dispute.ours = of_id(&items, dispute.id));
    Ok(found)
}

/// At most `limit` disputes, the oldest first: those that nobody has decided, or the last ones whatever they are.
pub async fn disputes(pool: &Pool, undecided: bool, limit: u32) -> Result<Vec<DisputeRow>, StoreError> {
    let text = match undecided {
        true => format!("{} WHERE {DISPUTE_STATE} IN ('open', 'proposed') ORDER BY 1 LIMIT $1", select()),
        false => format!("SELECT * FROM ({} ORDER BY 1 DESC LIMIT $1) t ORDER BY 1", select()),
    };
    let client = pool.get().await?;
    let rows = client.query(text.as_str(), &[&i64::from(limit)]).await?;
    with_items(&*client, &rows).await
}

/// The dispute of this number.
pub async fn dispute(pool: &Pool, id: i64) -> Result<Option<DisputeRow>, StoreError> {
    let client = pool.get().await?;
    one(&*client, id).await
}

pub(super) async fn one(client: &impl GenericClient, id: i64) -> Result<Option<DisputeRow>, StoreError> {
    let rows = client.query(format!("{} WHERE d.dispute_id = $1", select()).as_str(), &[&id]).await?;
    Ok(with_items(client, &rows).await?.pop())
}

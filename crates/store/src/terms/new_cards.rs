//! Cards that terms may charge for: each is written with the cycle that was open when it was enrolled.

use domain::{CycleId, ProgramId};
use tokio_postgres::Transaction;

use crate::{Pool, StoreError};

/// A card that was enrolled for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCard {
    /// Its member's number at the co-brand partner; empty if there is none.
    pub member_number: String,
}

/// The new cards of a cycle, by member number; a card that came by a replacement is none.
pub async fn new_cards(pool: &Pool, cycle: CycleId) -> Result<Vec<NewCard>, StoreError> {
    let text = "SELECT a.member_number FROM new_card n \
                JOIN member_account a ON a.bucket = n.bucket AND a.account_id = n.account_id \
                WHERE n.cycle_id = $1 ORDER BY a.member_number COLLATE \"C\", n.token";
    let rows = pool.get().await?.query(text, &[&cycle.0]).await?;
    rows.iter().map(|row| Ok(NewCard { member_number: row.try_get(0)? })).collect()
}

/// Writes one down under the gate: a cut waits for it, so that no card is between two cycles. A program without a cycle
/// has nobody to charge yet.
pub(crate) async fn note_new_card(
    transaction: &Transaction<'_>,
    program: ProgramId,
    (bucket, account): (i32, i64),
    token: &[u8],
) -> Result<(), tokio_postgres::Error> {
    let text = "INSERT INTO new_card (bucket, token, program_id, cycle_id, account_id) \
                SELECT $1, $2, g.program_id, g.cycle_id, $4 FROM cycle_gate g \
                WHERE g.bucket = $1 AND g.program_id = $3 FOR SHARE OF g";
    transaction.execute(text, &[&bucket, &token, &program.0, &account]).await?;
    Ok(())
}

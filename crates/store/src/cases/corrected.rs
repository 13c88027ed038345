//! What is on the books of something that an adjustment of a case corrects.

use domain::{Currency, settlement::Direction};

use crate::{DisputeRow, Pool, StoreError, error::damaged};

/// What the books have of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrected {
    /// The dispute of the line, whatever has become of it.
    pub dispute: Option<DisputeRow>,
    /// In which direction the batch of the break's cycle states its lines.
    pub stated: Option<Direction>,
    /// Who pays that batch in the end.
    pub pays: Option<Direction>,
}

/// What is known of the batch in which a break's line or payment stands, and of the dispute about `original` or the break's own
/// line.
///
/// # Errors
/// The database.
pub async fn corrected(
    pool: &Pool,
    case: i64,
    original: &str,
    currency: Currency,
) -> Result<Corrected, StoreError> {
    let text = "SELECT case_dispute_of(b.break_id, $2), t.stated, p.direction FROM reconciliation_break b \
                LEFT JOIN settlement_batch t ON t.cycle_id = b.cycle_id AND t.partner_id = b.partner_id AND t.currency = $3 \
                LEFT JOIN settlement_position p ON p.cycle_id = b.cycle_id AND p.partner_id = b.partner_id AND p.currency = $3 \
                WHERE b.break_id = $1";
    let currency = i32::from(currency.0);
    let row = pool.get().await?.query_opt(text, &[&case, &original, &currency]).await?;
    let Some(row) = row else { return Ok(Corrected::default()) };
    let direction = |column| -> Result<Option<Direction>, StoreError> {
        let word: Option<&str> = row.try_get(column)?;
        word.map(|word| Direction::parse(word).ok_or_else(|| damaged("direction", word))).transpose()
    };
    let dispute = match row.try_get::<_, Option<i64>>(0)? {
        Some(id) => crate::dispute(pool, id).await?,
        None => None,
    };
    Ok(Corrected { dispute, stated: direction(1)?, pays: direction(2)? })
}

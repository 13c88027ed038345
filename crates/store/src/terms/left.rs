//! Balances that wait for a next batch.

use domain::{Currency, PartnerId};
use jiff::civil::Date;

use crate::{Cycle, Pool, StoreError, columns};

/// What the newest batch of a partner and currency carried forward; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedForward {
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// Positive if the partner owes it.
    pub balance_minor: i64,
    /// The business date of that batch.
    pub since: Date,
}

/// All that cycles before this one carried forward, by partner and currency.
pub async fn carried_forward(pool: &Pool, before: &Cycle) -> Result<Vec<CarriedForward>, StoreError> {
    let text = "SELECT partner_id, currency, closing_minor, business_date FROM \
                (SELECT DISTINCT ON (b.partner_id, b.currency) b.partner_id, b.currency, b.closing_minor, c.business_date \
                FROM settlement_cycle c JOIN settlement_balance b USING (cycle_id) \
                WHERE c.program_id = $1 AND c.sequence < $2 \
                ORDER BY b.partner_id, b.currency, c.sequence DESC) newest WHERE closing_minor <> 0";
    let rows = pool.get().await?.query(text, &[&before.program.0, &before.sequence]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(CarriedForward {
            partner: PartnerId(row.try_get(0)?),
            currency: columns::currency(row, 1)?,
            balance_minor: row.try_get(2)?,
            since: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

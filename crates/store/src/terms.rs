//! What terms of settlement count over more than one cycle: months to date, balances, prepaid blocks and new cards.
//!
//! In the database an amount is positive if the partner pays the bank, so that terms which follow one another may be
//! stated in either direction.

mod left;
mod new_cards;
mod prepaid;

pub use left::{CarriedForward, carried_forward};
pub(crate) use new_cards::note_new_card;
pub use new_cards::{NewCard, new_cards};
pub use prepaid::{
    BlockApproval, BlockId, NewPrepaidBlock, PrepaidBlock, PrepaidLeft, approve_prepaid_block,
    prepaid_blocks, prepaid_left, propose_prepaid_block,
};

use domain::settlement::{BatchClosing, BatchOpening, Direction, TermItem, Terms, ToDate, month_of};
use domain::{RatesHash, Ratio};
use tokio_postgres::{Row, Transaction};

use crate::{Cycle, Pool, StoreError, error::damaged};

/// The rate by which a batch was converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchRate {
    /// Minor units of the terms' currency for one of the program's.
    pub rate: Ratio,
    /// The version of the table that it is from.
    pub table: RatesHash,
}

/// What the books know of a batch before it is priced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredOpening {
    /// Balance, month to date and prepaid units. The rate is set if the batch was priced before; whether the cycle is
    /// the last of its month, or of the terms, the calendar says.
    pub opening: BatchOpening,
    /// The rate by which the batch was priced before.
    pub rate: Option<BatchRate>,
}

/// What earlier cycles leave to the batch of a cycle under these terms. It is the same whenever it is asked: later
/// cycles change nothing.
pub async fn opening(pool: &Pool, cycle: &Cycle, terms: &Terms) -> Result<StoredOpening, StoreError> {
    let client = pool.get().await?;
    let client: &tokio_postgres::Client = &client;
    let mut to_date = Vec::new();
    let mut prepaid = Vec::new();
    for item in &terms.items {
        to_date.push(item_to_date(client, cycle, terms, item).await?);
        prepaid.push(match item.prepaid {
            Some(_) => prepaid::left_before(client, cycle, terms.partner, item.basis).await?,
            None => None,
        });
    }
    let balance_minor = balance(client, cycle, terms).await?;
    let rate = booked_rate(client, cycle, terms).await?;
    let opening = BatchOpening {
        balance_minor,
        to_date,
        prepaid,
        rate: rate.map(|booked| booked.rate),
        ..BatchOpening::default()
    };
    Ok(StoredOpening { opening, rate })
}

/// By calendar month, partner, currency and basis: terms that follow one another in a month count on.
async fn item_to_date(
    client: &tokio_postgres::Client,
    cycle: &Cycle,
    terms: &Terms,
    item: &TermItem,
) -> Result<ToDate, StoreError> {
    let month = month_of(cycle.business_date);
    let text = "SELECT coalesce(sum(i.quantity), 0)::bigint, coalesce(sum(i.net_minor), 0)::bigint \
                FROM settlement_cycle c JOIN settlement_item i USING (cycle_id) \
                WHERE c.program_id = $1 AND c.sequence < $2 AND c.business_date >= $3 \
                AND c.business_date < coalesce($4, 'infinity'::date) \
                AND i.partner_id = $5 AND i.currency = $6 AND i.basis = $7";
    let currency = i32::from(terms.currency.0);
    let row = client
        .query_one(
            text,
            &[
                &cycle.program.0,
                &cycle.sequence,
                &month.from,
                &month.to,
                &terms.partner.0,
                &currency,
                &item.basis.name(),
            ],
        )
        .await?;
    Ok(ToDate { quantity: row.try_get(0)?, net_minor: turned(terms, row.try_get(1)?) })
}

/// What the newest batch of this partner and currency before this cycle carried forward.
async fn balance(client: &tokio_postgres::Client, cycle: &Cycle, terms: &Terms) -> Result<i64, StoreError> {
    let text = "SELECT b.closing_minor FROM settlement_cycle c JOIN settlement_balance b USING (cycle_id) \
                WHERE c.program_id = $1 AND c.sequence < $2 AND b.partner_id = $3 AND b.currency = $4 \
                ORDER BY c.sequence DESC LIMIT 1";
    let currency = i32::from(terms.currency.0);
    let row =
        client.query_opt(text, &[&cycle.program.0, &cycle.sequence, &terms.partner.0, &currency]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map_or(0, |minor| turned(terms, minor)))
}

async fn booked_rate(
    client: &tokio_postgres::Client,
    cycle: &Cycle,
    terms: &Terms,
) -> Result<Option<BatchRate>, StoreError> {
    let text = "SELECT rate_numerator, rate_denominator, rates_hash FROM settlement_balance \
                WHERE cycle_id = $1 AND partner_id = $2 AND currency = $3 AND rates_hash IS NOT NULL";
    let currency = i32::from(terms.currency.0);
    let row = client.query_opt(text, &[&cycle.id.0, &terms.partner.0, &currency]).await?;
    row.as_ref().map(rate).transpose()
}

fn rate(row: &Row) -> Result<BatchRate, StoreError> {
    let (numerator, denominator): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let ratio = u64::try_from(numerator).ok().zip(u64::try_from(denominator).ok());
    let rate = ratio.and_then(|(upper, lower)| Ratio::new(upper, lower).ok());
    let hash: &[u8] = row.try_get(2)?;
    let table = hash.try_into().map_err(|_| damaged("rate table hash", hash.len()))?;
    let rate = rate.ok_or_else(|| damaged("rate", format!("{numerator}/{denominator}")))?;
    Ok(BatchRate { rate, table: RatesHash(table) })
}

/// Puts on the books what a batch came to, in the transaction of its position. Written once: `false` if other numbers
/// stand there already.
pub async fn record_items(
    transaction: &Transaction<'_>,
    cycle: &Cycle,
    terms: &Terms,
    opening: &StoredOpening,
    closing: &BatchClosing,
) -> Result<bool, StoreError> {
    let currency = i32::from(terms.currency.0);
    let of_rate = |part: fn(Ratio) -> u64| {
        opening.rate.map(|booked| i64::try_from(part(booked.rate)).map_err(|_| damaged("rate", "too large")))
    };
    let numerator = of_rate(Ratio::numerator).transpose()?;
    let denominator = of_rate(Ratio::denominator).transpose()?;
    let hash = opening.rate.map(|booked| booked.table.0.to_vec());
    let insert = "INSERT INTO settlement_balance (cycle_id, partner_id, currency, opening_minor, closing_minor, \
                  rate_numerator, rate_denominator, rates_hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT DO NOTHING";
    let (begins, ends) = (turned(terms, closing.opening_minor), turned(terms, closing.closing_minor));
    let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&cycle.id.0, &terms.partner.0, &currency];
    let balance: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [key[0], key[1], key[2], &begins, &ends, &numerator, &denominator, &hash];
    transaction.execute(insert, &balance).await?;
    let same = "SELECT 1 FROM settlement_balance WHERE cycle_id = $1 AND partner_id = $2 AND currency = $3 \
                AND opening_minor = $4 AND closing_minor = $5 AND rate_numerator IS NOT DISTINCT FROM $6 \
                AND rate_denominator IS NOT DISTINCT FROM $7 AND rates_hash IS NOT DISTINCT FROM $8";
    let mut as_booked = transaction.query_opt(same, &balance).await?.is_some();
    for (position, item) in terms.items.iter().enumerate() {
        as_booked &= record_item(transaction, cycle, terms, (position, item), opening, closing).await?;
    }
    Ok(as_booked)
}

async fn record_item(
    transaction: &Transaction<'_>,
    cycle: &Cycle,
    terms: &Terms,
    (position, item): (usize, &TermItem),
    opening: &StoredOpening,
    closing: &BatchClosing,
) -> Result<bool, StoreError> {
    let before = opening.opening.to_date.get(position).copied().unwrap_or_default();
    let after = closing.to_date.get(position).copied().unwrap_or_default();
    let units = |list: &[Option<i64>]| list.get(position).copied().flatten().unwrap_or(0);
    // Sums of these fitted 64 bits when the batch was priced.
    let quantity = after.quantity.saturating_sub(before.quantity);
    let net = turned(terms, after.net_minor.saturating_sub(before.net_minor));
    let drawn = units(&opening.opening.prepaid).saturating_sub(units(&closing.prepaid));
    let (currency, basis) = (i32::from(terms.currency.0), item.basis.name());
    let row: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&cycle.id.0, &terms.partner.0, &currency, &basis, &quantity, &net, &drawn];
    let insert = "INSERT INTO settlement_item (cycle_id, partner_id, currency, basis, quantity, net_minor, \
                  prepaid_drawn) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING";
    transaction.execute(insert, &row).await?;
    let same = "SELECT 1 FROM settlement_item WHERE cycle_id = $1 AND partner_id = $2 AND currency = $3 \
                AND basis = $4 AND quantity = $5 AND net_minor = $6 AND prepaid_drawn = $7";
    Ok(transaction.query_opt(same, &row).await?.is_some())
}

/// Between the stated direction of the terms and that of the database; both ways.
fn turned(terms: &Terms, minor: i64) -> i64 {
    match terms.stated() {
        Direction::PartnerPaysBank => minor,
        Direction::BankPaysPartner => minor.saturating_neg(),
    }
}

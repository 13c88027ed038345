//! What is to be paid for each partner, currency and cycle.

use domain::reconciliation::Whose;
use domain::{BankId, Currency, CycleId, PartnerId, ProgramId, settlement::Direction};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, columns, error::damaged};

/// A payment that must be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuePayment {
    /// Whose it is.
    pub of: Whose,
    /// The bank.
    pub bank: BankId,
    /// The bank's code.
    pub bank_code: String,
    /// What is paid under: `{program}-{cycle}-{partner}-{currency}` without the currency.
    pub payout: String,
    /// The partner.
    pub partner: PartnerId,
    /// The currency.
    pub currency: Currency,
    /// Who pays.
    pub direction: Direction,
    /// Never negative.
    pub to_pay_minor: i64,
    /// The business date of the cycle.
    pub business_date: Date,
}

/// The business dates of a bank's programs from `from` on that are closed, in their order.
pub async fn business_dates(pool: &Pool, bank: BankId, from: Date) -> Result<Vec<Date>, StoreError> {
    let text = "SELECT DISTINCT c.business_date FROM settlement_cycle c JOIN program p USING (program_id) \
                WHERE p.bank_id = $1 AND c.business_date >= $2 AND c.state NOT IN ('prepared', 'open') ORDER BY 1";
    let rows = pool.get().await?.query(text, &[&bank.0, &from]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Payments of published cycles of business dates from `from` on.
pub async fn due_payments(pool: &Pool, from: Date) -> Result<Vec<DuePayment>, StoreError> {
    let text = "SELECT p.program_id, p.bank_id, b.code, s.partner_id, c.cycle_id, p.code || '-' || \
                lpad(c.sequence::text, greatest(6, length(c.sequence::text)), '0') || '-' || r.code, s.currency, \
                s.direction, s.to_pay_minor, c.business_date FROM settlement_position s \
                JOIN settlement_cycle c USING (cycle_id) JOIN program p USING (program_id) JOIN bank b USING (bank_id) \
                JOIN partner r ON r.partner_id = s.partner_id WHERE c.business_date >= $1 AND s.to_pay_minor > 0 \
                AND c.state IN ('published', 'delivered', 'acknowledged') ORDER BY c.business_date, c.cycle_id, \
                s.partner_id, s.currency";
    let rows = pool.get().await?.query(text, &[&from]).await?;
    rows.iter().map(payment).collect()
}

fn payment(row: &Row) -> Result<DuePayment, StoreError> {
    let direction: &str = row.try_get(7)?;
    let (bank, partner) = (BankId(row.try_get(1)?), PartnerId(row.try_get(3)?));
    Ok(DuePayment {
        of: Whose {
            program: Some(ProgramId(row.try_get(0)?)),
            bank: Some(bank),
            partner: Some(partner),
            cycle: Some(CycleId(row.try_get(4)?)),
        },
        bank,
        bank_code: row.try_get(2)?,
        payout: row.try_get(5)?,
        partner,
        currency: columns::currency(row, 6)?,
        direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
        to_pay_minor: row.try_get(8)?,
        business_date: row.try_get(9)?,
    })
}

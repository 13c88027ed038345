//! An operator's withdrawal of a cut-over that a bank sent by mistake.

use domain::BankId;
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::{Row, Transaction};

use crate::{
    CutOver, Pool, StoreError,
    audit::{self, AuditEntry},
};

/// Which cut-over to withdraw, and who says so.
#[derive(Debug, Clone, Copy)]
pub struct WithdrawalRequest<'a> {
    /// The bank that sent it.
    pub bank: BankId,
    /// The date that it opened.
    pub bank_date: Date,
    /// Withdraw it although messages or totals carry that date already.
    pub accept_used: bool,
    /// Who withdraws it.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// Only the bank's latest cut-over can be withdrawn, and this is not it; `None` if there is none at all.
    NotTheLatest(Option<CutOver>),
    /// Since then messages and totals have got its date. Nothing was done.
    Used {
        /// Messages of that window that came since.
        messages: i64,
        /// Totals of that window that were answered since.
        totals: i64,
    },
    /// It is withdrawn, and kept as withdrawn.
    Done {
        /// The cut-over as it was.
        cut: CutOver,
        /// Messages that stay in its window.
        messages: i64,
        /// Totals that were answered for its window.
        totals: i64,
    },
}

/// Withdraws the latest cut-over of a bank. What was stored under its date stays there.
pub async fn withdraw_cut_over(
    pool: &Pool,
    request: &WithdrawalRequest<'_>,
) -> Result<Withdrawal, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let last = latest(&transaction, request.bank).await?;
    let Some(cut) = last.filter(|cut| cut.bank_date == request.bank_date) else {
        return Ok(Withdrawal::NotTheLatest(last));
    };
    let (messages, totals) = used(&transaction, &cut).await?;
    if messages + totals > 0 && !request.accept_used {
        return Ok(Withdrawal::Used { messages, totals });
    }
    let CutOver { bank, bank_date, closed_date, cut_at } = &cut;
    let remove = "DELETE FROM bank_window WHERE bank_id = $1 AND bank_date = $2 AND cut_at = $3";
    if transaction.execute(remove, &[&bank.0, bank_date, cut_at]).await? == 0 {
        // Another withdrawal, at the same time.
        return Ok(Withdrawal::NotTheLatest(latest(&transaction, cut.bank).await?));
    }
    let keep = "INSERT INTO bank_window_withdrawal (bank_id, bank_date, closed_date, cut_at, withdrawn_at, \
                withdrawn_by, messages, totals) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    transaction
        .execute(
            keep,
            &[&bank.0, bank_date, closed_date, cut_at, &request.at, &request.by, &messages, &totals],
        )
        .await?;
    let (object, was) = (
        bank.0.to_string(),
        json!({ "bank_date": bank_date.to_string(),
        "cut_at": cut_at.to_string(), "messages": messages, "totals": totals }),
    );
    audit::record(
        &transaction,
        &AuditEntry::new(request.by, "link.withdraw_cut_over", "bank", &object).from(was),
    )
    .await?;
    transaction.commit().await?;
    Ok(Withdrawal::Done { cut, messages, totals })
}

/// Counts once more what stays under a withdrawn date, when no gateway gives it any more, and keeps that with the
/// withdrawal: messages and totals that came between the cut-over and the next one to the same date.
pub async fn count_withdrawn(pool: &Pool, cut: &CutOver) -> Result<(i64, i64), StoreError> {
    let text = "UPDATE bank_window_withdrawal SET \
                messages = (SELECT count(*) FROM message WHERE bank_id = $1 AND bank_date = $2 \
                AND source = 'online' AND received_at >= $3 AND received_at < coalesce((SELECT cut_at \
                FROM bank_window WHERE bank_id = $1 AND bank_date = $2), 'infinity')), \
                totals = (SELECT count(*) FROM bank_totals WHERE bank_id = $1 AND bank_date = $2 \
                AND received_at >= $3 AND received_at < coalesce((SELECT cut_at \
                FROM bank_window WHERE bank_id = $1 AND bank_date = $2), 'infinity')) \
                WHERE bank_id = $1 AND bank_date = $2 AND cut_at = $3 RETURNING messages, totals";
    let row = pool.get().await?.query_one(text, &[&cut.bank.0, &cut.bank_date, &cut.cut_at]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

async fn latest(transaction: &Transaction<'_>, bank: BankId) -> Result<Option<CutOver>, StoreError> {
    let text = "SELECT bank_date, closed_date, cut_at FROM bank_window WHERE bank_id = $1 \
                ORDER BY bank_date DESC LIMIT 1";
    let cut = |row: Row| {
        Ok(CutOver {
            bank,
            bank_date: row.try_get(0)?,
            closed_date: row.try_get(1)?,
            cut_at: row.try_get(2)?,
        })
    };
    transaction.query_opt(text, &[&bank.0]).await?.map(cut).transpose()
}

async fn used(transaction: &Transaction<'_>, cut: &CutOver) -> Result<(i64, i64), StoreError> {
    let text = "SELECT (SELECT count(*) FROM message WHERE bank_id = $1 AND bank_date = $2 AND source = 'online' \
                AND received_at >= $3), (SELECT count(*) FROM bank_totals WHERE bank_id = $1 AND bank_date = $2 \
                AND received_at >= $3)";
    let row = transaction.query_one(text, &[&cut.bank.0, &cut.bank_date, &cut.cut_at]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

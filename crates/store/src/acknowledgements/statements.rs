//! Receivers' own statements, each line with what it was found to be. Rows are only added.

use domain::{ComparedLine, IncomingStatement, StatementLine, StatementResult, settlement::Direction};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::Row;

use super::AnswersFile;
use crate::{
    Pool, StoreError,
    acknowledgements::files::FILE,
    audit::{self, AuditEntry},
    error::damaged,
};

/// A statement as it is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement<'a> {
    /// Whose it is.
    pub receiver: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What it says; never without lines.
    pub statement: &'a IncomingStatement,
    /// What each line was found to be.
    pub compared: &'a [ComparedLine],
    /// The first and the last date.
    pub period: (Date, Date),
    /// By whom.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Keeps a statement and returns its number; the same bytes again are the statement that is kept, and true.
pub async fn keep_statement(pool: &Pool, new: &NewStatement<'_>) -> Result<(i64, bool), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    super::lock(&transaction, new.receiver).await?;
    let hash = new.sha256.as_slice();
    let known = "SELECT statement_id FROM partner_statement WHERE receiver = $1 AND sha256 = $2";
    if let Some(row) = transaction.query_opt(known, &[&new.receiver, &hash]).await? {
        return Ok((row.try_get(0)?, true));
    }
    let insert = "INSERT INTO partner_statement (receiver, reference, sha256, first_date, last_date, lines, brought_by, \
                  imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING statement_id";
    let (first, last) = new.period;
    let lines = i32::try_from(new.statement.lines.len()).unwrap_or(i32::MAX);
    let reference = &new.statement.reference;
    let row = transaction
        .query_one(insert, &[&new.receiver, reference, &hash, &first, &last, &lines, &new.by, &new.at])
        .await?;
    let id: i64 = row.try_get(0)?;
    let text = "INSERT INTO partner_statement_line (statement_id, place, reference, date, amount_minor, currency, \
                direction, text, result, matched, our_minor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let text = transaction.prepare(text).await?;
    for (place, (line, found)) in (1_i32..).zip(new.statement.lines.iter().zip(new.compared)) {
        let StatementLine { reference, date, amount_minor, currency, direction, text: words } = line;
        let (direction, result) = (direction.name(), found.result.name());
        transaction
            .execute(
                &text,
                &[
                    &id,
                    &place,
                    reference,
                    date,
                    amount_minor,
                    currency,
                    &direction,
                    words,
                    &result,
                    &found.id,
                    &found.our_minor,
                ],
            )
            .await?;
    }
    let (object, is) =
        (id.to_string(), json!({ "of": new.receiver, "sha256": hex::encode(hash), "lines": lines }));
    let entry = AuditEntry::new(new.by, "statement.import", "statement", &object).to(is);
    audit::record_brought(&transaction, new.by, entry).await?;
    transaction.commit().await?;
    Ok((id, false))
}

/// A statement that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub receiver: String,
    /// The first and the last date.
    pub period: (Date, Date),
    /// Who imported it.
    pub brought_by: String,
    /// When.
    pub imported_at: Timestamp,
    /// What it says.
    pub statement: IncomingStatement,
    /// What each line was found to be.
    pub compared: Vec<ComparedLine>,
}

/// The statement of this number.
pub async fn statement(pool: &Pool, id: i64) -> Result<Option<StatementRow>, StoreError> {
    let client = pool.get().await?;
    let text = "SELECT receiver, reference, first_date, last_date, brought_by, imported_at FROM partner_statement \
                WHERE statement_id = $1";
    let Some(row) = client.query_opt(text, &[&id]).await? else { return Ok(None) };
    let text = "SELECT reference, date, amount_minor, currency, direction, text, result, matched, our_minor \
                FROM partner_statement_line WHERE statement_id = $1 ORDER BY place";
    let lines = client.query(text, &[&id]).await?.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let (lines, compared) = lines.into_iter().unzip();
    Ok(Some(StatementRow {
        id,
        receiver: row.try_get(0)?,
        period: (row.try_get(2)?, row.try_get(3)?),
        brought_by: row.try_get(4)?,
        imported_at: row.try_get(5)?,
        statement: IncomingStatement { reference: row.try_get(1)?, lines },
        compared,
    }))
}

fn line(row: &Row) -> Result<(StatementLine, ComparedLine), StoreError> {
    let (direction, result): (&str, &str) = (row.try_get(4)?, row.try_get(6)?);
    let line = StatementLine {
        reference: row.try_get(0)?,
        date: row.try_get(1)?,
        amount_minor: row.try_get(2)?,
        currency: row.try_get(3)?,
        direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
        text: row.try_get(5)?,
    };
    let found = ComparedLine {
        result: StatementResult::parse(result).ok_or_else(|| damaged("result of a line", result))?,
        id: row.try_get(7)?,
        our_minor: row.try_get(8)?,
    };
    Ok((line, found))
}

/// The last edition of each file that a receiver was sent, oldest first.
pub async fn receiver_files(pool: &Pool, receiver: &str) -> Result<Vec<AnswersFile>, StoreError> {
    let text = format!(
        "{FILE} WHERE f.published AND f.receiver = $1 AND f.revision = (SELECT max(n.revision) FROM settlement_file n \
         WHERE n.published AND n.receiver = f.receiver AND n.sequence = f.sequence) ORDER BY f.sequence"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&receiver]).await?;
    rows.iter().map(super::files::file).collect()
}

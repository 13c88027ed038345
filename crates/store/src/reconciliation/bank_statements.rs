//! Banks' statements of the account that settlement is paid by, as they were imported. Rows are only added.

use domain::{BankId, IncomingStatement, StatementLine, settlement::Direction};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use tokio_postgres::Row;

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    error::damaged,
};

/// Of the locks of banks.
const LOCK: i32 = 0x636f_6229;

/// A statement as it is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBankStatement<'a> {
    /// The code of the bank.
    pub bank: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What it says; never without lines.
    pub statement: &'a IncomingStatement,
    /// The first and the last date.
    pub period: (Date, Date),
    /// By whom.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Keeps a statement and returns its number; the same bytes again are the statement that is kept, and true.
pub async fn keep_bank_statement(pool: &Pool, new: &NewBankStatement<'_>) -> Result<(i64, bool), StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    let bank = "SELECT bank_id FROM bank WHERE code = $1";
    let row = transaction.query_opt(bank, &[&new.bank]).await?;
    let row = row.ok_or_else(|| StoreError::NotFound { what: "the bank", name: new.bank.to_owned() })?;
    let bank: i32 = row.try_get(0)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCK, &bank]).await?;
    let hash = new.sha256.as_slice();
    let known = "SELECT statement_id FROM bank_statement WHERE bank_id = $1 AND sha256 = $2";
    if let Some(row) = transaction.query_opt(known, &[&bank, &hash]).await? {
        return Ok((row.try_get(0)?, true));
    }
    let insert = "INSERT INTO bank_statement (bank_id, reference, sha256, first_date, last_date, lines, brought_by, \
                  imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING statement_id";
    let (first, last) = new.period;
    let lines = i32::try_from(new.statement.lines.len()).unwrap_or(i32::MAX);
    let reference = &new.statement.reference;
    let row = transaction
        .query_one(insert, &[&bank, reference, &hash, &first, &last, &lines, &new.by, &new.at])
        .await?;
    let id: i64 = row.try_get(0)?;
    let text = "INSERT INTO bank_statement_line (statement_id, place, reference, date, amount_minor, currency, direction, \
                text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let text = transaction.prepare(text).await?;
    for (place, line) in (1_i32..).zip(&new.statement.lines) {
        let StatementLine { reference, date, amount_minor, currency, direction, text: words } = line;
        let direction = direction.name();
        transaction
            .execute(&text, &[&id, &place, reference, date, amount_minor, currency, &direction, words])
            .await?;
    }
    let (object, is) =
        (id.to_string(), json!({ "of": new.bank, "sha256": hex::encode(hash), "lines": lines }));
    let entry = AuditEntry::new(new.by, "bank_statement.import", "bank_statement", &object).to(is);
    audit::record_brought(&transaction, new.by, entry).await?;
    transaction.commit().await?;
    Ok((id, false))
}

/// A line of a bank's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankStatementLine {
    /// The bank.
    pub bank: BankId,
    /// The statement.
    pub statement: i64,
    /// Its place in it.
    pub place: i32,
    /// The last date of its statement.
    pub until: Date,
    /// What it says.
    pub line: StatementLine,
}

/// The lines of all statements that reach beyond a date, without those that a later one of the bank says anew: it covers the
/// whole period, and has more than half of the same references again.
pub async fn bank_statement_lines(pool: &Pool, from: Date) -> Result<Vec<BankStatementLine>, StoreError> {
    let text = "SELECT s.bank_id, s.statement_id, l.place, s.last_date, l.reference, l.date, l.amount_minor, l.currency, \
                l.direction, l.text FROM bank_statement s JOIN bank_statement_line l USING (statement_id) \
                WHERE s.last_date >= $1 AND NOT EXISTS (SELECT FROM bank_statement n WHERE n.bank_id = s.bank_id \
                AND n.statement_id > s.statement_id AND n.first_date <= s.first_date AND n.last_date >= s.last_date \
                AND (SELECT count(DISTINCT (o.reference, o.text)) < 2 * count(DISTINCT (o.reference, o.text)) FILTER \
                (WHERE EXISTS (SELECT FROM bank_statement_line a WHERE a.statement_id = n.statement_id \
                AND a.reference = o.reference AND a.text = o.text)) FROM bank_statement_line o \
                WHERE o.statement_id = s.statement_id)) ORDER BY s.bank_id, s.statement_id, l.place";
    let rows = pool.get().await?.query(text, &[&from]).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<BankStatementLine, StoreError> {
    let direction: &str = row.try_get(8)?;
    Ok(BankStatementLine {
        bank: BankId(row.try_get(0)?),
        statement: row.try_get(1)?,
        place: row.try_get(2)?,
        until: row.try_get(3)?,
        line: StatementLine {
            reference: row.try_get(4)?,
            date: row.try_get(5)?,
            amount_minor: row.try_get(6)?,
            currency: row.try_get(7)?,
            direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
            text: row.try_get(9)?,
        },
    })
}

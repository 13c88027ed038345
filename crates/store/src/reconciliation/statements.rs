//! Receivers' statements, by what their lines name.

use std::collections::{BTreeMap, BTreeSet};

use domain::reconciliation::Whose;
use domain::{BankId, Bucket, Currency, CycleId, MessageKey, PartnerId, ProgramId};
use domain::{StatementLine, settlement::Direction};
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::{Pool, StoreError, columns, error::damaged};

/// A receiver with its statements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementOf {
    /// Whose they are.
    pub receiver: String,
    /// Numbers, hashes and periods.
    pub statements: Vec<(i64, Vec<u8>, Date, Date)>,
    /// Those that a later one says anew: numbers and last dates.
    pub replaced: Vec<(i64, Date)>,
    /// Whether a line of them names a line of ours; otherwise they are of payouts.
    pub names_lines: bool,
}

/// The statements that reach beyond a date, by receiver.
///
/// One that came later, covers the whole period of an earlier one and names more than half of the same lines again says it
/// anew, as a corrected statement does, or that of a month behind those of its days: then the earlier one no longer counts.
pub async fn statements(pool: &Pool, from: Date) -> Result<Vec<StatementOf>, StoreError> {
    let text = "SELECT s.receiver, s.statement_id, s.sha256, s.first_date, s.last_date, EXISTS (SELECT FROM \
                partner_statement_line l WHERE l.statement_id = s.statement_id AND l.matched ~ '-[A-Z]{3}-[0-9]{6,}$'), \
                EXISTS (SELECT FROM partner_statement n WHERE n.receiver = s.receiver AND n.statement_id > s.statement_id \
                AND n.first_date <= s.first_date AND n.last_date >= s.last_date AND (SELECT count(DISTINCT l.matched) \
                < 2 * count(DISTINCT l.matched) FILTER (WHERE EXISTS (SELECT FROM partner_statement_line a \
                WHERE a.statement_id = n.statement_id AND a.matched = l.matched)) FROM partner_statement_line l \
                WHERE l.statement_id = s.statement_id)) \
                FROM partner_statement s WHERE s.last_date >= $1 ORDER BY s.receiver, s.statement_id";
    let mut all: Vec<StatementOf> = Vec::new();
    for row in pool.get().await?.query(text, &[&from]).await? {
        let receiver: String = row.try_get(0)?;
        let one = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let (names_lines, is_replaced): (bool, bool) = (row.try_get(5)?, row.try_get(6)?);
        if all.last().is_none_or(|last| last.receiver != receiver) {
            all.push(StatementOf { receiver, ..StatementOf::default() });
        }
        let Some(last) = all.last_mut() else { continue };
        match is_replaced {
            true => last.replaced.push((one.0, one.3)),
            false => {
                last.statements.push(one);
                last.names_lines |= names_lines;
            }
        }
    }
    Ok(all)
}

/// The business dates from `from` on whose published files have lines for a receiver; a receiver of whole programs has those
/// of all partners.
pub async fn dates_with_lines(pool: &Pool, receiver: &str, from: Date) -> Result<Vec<Date>, StoreError> {
    let text = "SELECT DISTINCT c.business_date FROM settlement_file f JOIN settlement_cycle c USING (cycle_id) \
                JOIN settlement_batch b USING (cycle_id) LEFT JOIN partner p ON p.code = f.receiver \
                WHERE f.receiver = $1 AND f.published AND c.business_date >= $2 \
                AND (p.partner_id = b.partner_id OR EXISTS (SELECT FROM bank WHERE code = f.receiver)) \
                AND b.transactions + b.adjustments + b.charges > 0 ORDER BY 1";
    let rows = pool.get().await?.query(text, &[&receiver, &from]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    /// The statement.
    pub statement: i64,
    /// Its place in it.
    pub place: i32,
    /// The id of ours that it names.
    pub named: Option<String>,
    /// What it says.
    pub line: StatementLine,
}

/// The lines of these statements that name something that begins with one of these, and a `-` behind it, or is one of them.
pub async fn lines_naming(
    pool: &Pool,
    statements: &[i64],
    begins: &[String],
) -> Result<Vec<StatedLine>, StoreError> {
    // `.` is the sign after `-`.
    let text = format!(
        "{SELECT} JOIN unnest($2::text[]) AS n(name) ON l.matched = n.name OR (l.matched ~>=~ (n.name || '-') \
         AND l.matched ~<~ (n.name || '.')) WHERE l.statement_id = ANY($1) ORDER BY l.statement_id, l.place"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&statements, &begins]).await?;
    rows.iter().map(line).collect()
}

/// The lines of these statements that name nothing that begins so.
pub async fn lines_naming_nothing(
    pool: &Pool,
    statements: &[i64],
    begins: &[String],
) -> Result<Vec<StatedLine>, StoreError> {
    // By equality of what a line's id begins with, so that it does not take longer the more files there are.
    let text = format!(
        "{SELECT} WHERE l.statement_id = ANY($1) AND l.matched IS NULL UNION ALL {SELECT} WHERE l.statement_id = ANY($1) \
         AND l.matched IS NOT NULL AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS n(name) WHERE n.name = l.matched) \
         AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS n(name) \
         WHERE n.name = substring(l.matched from '^(.*?-[0-9]{{6,}})-')) ORDER BY 1, 2 LIMIT 100000"
    );
    let rows = pool.get().await?.query(text.as_str(), &[&statements, &begins]).await?;
    rows.iter().map(line).collect()
}

const SELECT: &str = "SELECT l.statement_id, l.place, l.matched, l.reference, l.date, l.amount_minor, l.currency, \
                      l.direction, l.text FROM partner_statement_line l";

fn line(row: &Row) -> Result<StatedLine, StoreError> {
    let direction: &str = row.try_get(7)?;
    Ok(StatedLine {
        statement: row.try_get(0)?,
        place: row.try_get(1)?,
        named: row.try_get(2)?,
        line: StatementLine {
            reference: row.try_get(3)?,
            date: row.try_get(4)?,
            amount_minor: row.try_get(5)?,
            currency: row.try_get(6)?,
            direction: Direction::parse(direction).ok_or_else(|| damaged("direction", direction))?,
            text: row.try_get(8)?,
        },
    })
}

/// Whose a receiver's statements are: a partner, or a bank.
pub async fn receiver_of(pool: &Pool, code: &str) -> Result<Whose, StoreError> {
    let text =
        "SELECT (SELECT partner_id FROM partner WHERE code = $1), (SELECT bank_id FROM bank WHERE code = $1)";
    let row = pool.get().await?.query_one(text, &[&code]).await?;
    let (partner, bank): (Option<i32>, Option<i32>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Whose { partner: partner.map(PartnerId), bank: bank.map(BankId), ..Whose::default() })
}

/// The currency of a program.
pub async fn program_currency(pool: &Pool, program: ProgramId) -> Result<Currency, StoreError> {
    let text = "SELECT currency FROM program WHERE program_id = $1";
    columns::currency(&pool.get().await?.query_one(text, &[&program.0]).await?, 0)
}

/// In which buckets messages of a cycle are.
pub async fn buckets_of(
    pool: &Pool,
    cycle: CycleId,
    keys: &BTreeSet<MessageKey>,
) -> Result<BTreeMap<MessageKey, Bucket>, StoreError> {
    let text = "SELECT message_key, bucket FROM message WHERE cycle_id = $1 AND message_key = ANY($2)";
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.as_bytes().to_vec()).collect();
    let rows = pool.get().await?.query(text, &[&cycle.0, &keys]).await?;
    rows.iter().map(|row| Ok((columns::message_key(row, 0)?, columns::bucket(row, 1)?))).collect()
}

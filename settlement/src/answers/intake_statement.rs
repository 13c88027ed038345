//! A receiver's own statement: read whole or not at all, compared with what was settled, and kept.

use std::path::Path;

use jiff::Timestamp;
use partner_adapters::{IncomingFormat, canonical, formats::incoming::CsvMapping, statement_of};
use store::{NewStatement, Pool};

use super::{AnswerError, statement::compare_with_files};

/// How a statement came.
#[derive(Debug, Clone, Copy)]
pub struct StatementBrought<'a> {
    /// The code of the one whose it is.
    pub receiver: &'a str,
    /// The name of its file.
    pub name: &'a str,
    /// The way, or the person.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// In which form.
    pub format: IncomingFormat,
    /// Which column of a CSV is what; our own CSV without it.
    pub columns: Option<&'a CsvMapping>,
    /// Test or live: that of these books.
    pub environment: canonical::Environment,
}

/// Takes a statement; returns its number, and whether the same bytes were there before. Nothing is booked from it.
///
/// # Errors
/// What is wrong with it, or why it could not be compared.
pub async fn take_statement(
    pool: &Pool,
    out: &Path,
    brought: StatementBrought<'_>,
    bytes: &[u8],
) -> Result<(i64, bool), AnswerError> {
    let StatementBrought { receiver, name, by, at, format, columns, environment } = brought;
    let statement = statement_of(format, columns, environment, name, bytes)
        .map_err(|error| AnswerError::Statement(error.to_string()))?;
    let Some(period) = statement.period() else {
        return Err(AnswerError::Statement("expected at least one line".to_owned()));
    };
    let compared = compare_with_files(pool, out, receiver, &statement).await?;
    let sha256 = partner_adapters::sha256(bytes);
    let new = NewStatement { receiver, sha256, statement: &statement, compared: &compared, period, by, at };
    Ok(store::keep_statement(pool, &new).await?)
}

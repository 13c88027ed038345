//! A bank's statement of the account that settlement is paid by: read whole or not at all, and kept.

use domain::settlement::Direction;
use jiff::Timestamp;
use partner_adapters::{IncomingFormat, canonical, formats::incoming::CsvMapping, statement_of};
use store::Pool;
use store::reconciliation::{NewBankStatement, keep_bank_statement};

use crate::AnswerError;

/// How a bank's statement came.
#[derive(Debug, Clone, Copy)]
pub struct BankStatementBrought<'a> {
    /// The code of the bank.
    pub bank: &'a str,
    /// The name of its file.
    pub name: &'a str,
    /// The person.
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

/// Takes a bank's statement; returns its number, and whether the same bytes were there before. Nothing is booked from it.
///
/// # Errors
/// What is wrong with it, or that there is no such bank.
pub async fn take_bank_statement(
    pool: &Pool,
    brought: BankStatementBrought<'_>,
    bytes: &[u8],
) -> Result<(i64, bool), AnswerError> {
    let BankStatementBrought { bank, name, by, at, format, columns, environment } = brought;
    let mut statement = statement_of(format, columns, environment, name, bytes)
        .map_err(|error| AnswerError::Statement(error.to_string()))?;
    let Some(period) = statement.period() else {
        return Err(AnswerError::Statement("expected at least one line".to_owned()));
    };
    if format == IncomingFormat::Camt {
        // Of the bank's own account: what leaves it, the bank pays. A partner's statement says it the other way round.
        for line in &mut statement.lines {
            line.direction = match line.direction {
                Direction::BankPaysPartner => Direction::PartnerPaysBank,
                Direction::PartnerPaysBank => Direction::BankPaysPartner,
            };
        }
    }
    let sha256 = partner_adapters::sha256(bytes);
    let new = NewBankStatement { bank, sha256, statement: &statement, period, by, at };
    Ok(keep_bank_statement(pool, &new).await?)
}

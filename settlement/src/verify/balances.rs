//! What one file carried forward opens the next.

use domain::settlement::Direction;

use super::{BatchSummary, FileSummary, VerifyError};

/// Refuses a file whose batches do not open with what the file before it carried forward.
pub(super) fn follow(earlier: &FileSummary, later: &FileSummary) -> Result<(), VerifyError> {
    // The chain of a receiver may go through several programs: a balance stays in its own.
    if earlier.header.program != later.header.program {
        return Ok(());
    }
    for (place, opened) in later.batches.iter().enumerate() {
        let same =
            |other: &&BatchSummary| (&other.partner, &other.currency) == (&opened.partner, &opened.currency);
        // Of several cycles in one file, the reader has compared those after the first.
        if later.batches.iter().take(place).any(|other| same(&other)) {
            continue;
        }
        let Some(closed) = earlier.batches.iter().rfind(same) else { continue };
        let expected = balance(closed, closed.closing_minor);
        let found = balance(opened, opened.opening_minor);
        if expected != found {
            return Err(VerifyError::Chain { what: "opening balance", expected, found });
        }
    }
    Ok(())
}

/// In one direction, whatever direction the batch is told in.
fn balance(of: &BatchSummary, minor: i64) -> String {
    let owed = if of.direction == Direction::BankPaysPartner { minor } else { -minor };
    format!("{} {} {owed} owed by the bank", of.partner, of.currency)
}

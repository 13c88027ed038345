//! Verifies a settlement file with no other knowledge than its layout: reads strictly, recomputes everything.

mod balances;
mod error;
mod summary;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

pub use error::VerifyError;
use partner_adapters::canonical::Reader;
pub use summary::{BatchSummary, FileSummary, Total};

/// Reads a file strictly and recomputes its counts, sums, rounding, totals, hash total and SHA-256.
///
/// # Errors
/// [`VerifyError::Record`] names the first record that is wrong, what was expected and what was found.
pub fn verify_file(bytes: &[u8]) -> Result<FileSummary, VerifyError> {
    verify_stream(bytes)
}

/// The same for a file that is read bit by bit: it may be larger than the memory.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_stream(input: impl BufRead) -> Result<FileSummary, VerifyError> {
    let mut reader = Reader::new(input);
    let mut summary = summary::Building::default();
    for record in reader.by_ref() {
        summary.take(record?);
    }
    summary.finish(reader.sha256(), reader.records())
}

/// [`verify_file`] for a file on disk, whose name must be the one that its header gives.
///
/// # Errors
/// Also [`VerifyError::Unreadable`] and [`VerifyError::Name`].
pub fn verify_path(path: &Path) -> Result<FileSummary, VerifyError> {
    let unreadable = |source| VerifyError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let summary = match verify_stream(BufReader::with_capacity(256 * 1024, file)) {
        Err(VerifyError::Broken(source)) => return Err(unreadable(source)),
        other => other?,
    };
    let found = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let expected = summary.header.file_name();
    if found == expected { Ok(summary) } else { Err(VerifyError::Name { expected, found }) }
}

/// Whether `later` is the receiver's file right after `earlier`, and opens with what that one carried forward.
///
/// # Errors
/// [`VerifyError::Chain`] names what does not fit.
pub fn verify_chain(earlier: &FileSummary, later: &FileSummary) -> Result<(), VerifyError> {
    let (from, to) = (&earlier.header, &later.header);
    let check = |what, expected: String, found: String| {
        if expected == found { Ok(()) } else { Err(VerifyError::Chain { what, expected, found }) }
    };
    check("receiver", from.receiver.clone(), to.receiver.clone())?;
    check("environment", from.environment.name().to_owned(), to.environment.name().to_owned())?;
    let next = i64::from(from.sequence) + 1;
    check("file sequence", next.to_string(), to.sequence.to_string())?;
    check("SHA-256 of the previous file", earlier.sha256.clone(), to.previous_text())?;
    balances::follow(earlier, later)
}

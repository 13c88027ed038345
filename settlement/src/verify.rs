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
    verify_chain_through(std::slice::from_ref(earlier), later).map(drop)
}

/// Whether `later` is the receiver's file right after the one of which these are editions; returns the revision that it is
/// chained to. That is the newest one of when it was booked: a revision that was made afterwards has the same lines and
/// totals, and nothing names it.
///
/// # Errors
/// [`VerifyError::Chain`] names what does not fit, among the editions too.
pub fn verify_chain_through(editions: &[FileSummary], later: &FileSummary) -> Result<i32, VerifyError> {
    let check = |what, expected: String, found: String| {
        if expected == found { Ok(()) } else { Err(VerifyError::Chain { what, expected, found }) }
    };
    let to = &later.header;
    for edition in editions {
        let from = &edition.header;
        check("receiver", from.receiver.clone(), to.receiver.clone())?;
        check("environment", from.environment.name().to_owned(), to.environment.name().to_owned())?;
        let next = i64::from(from.sequence) + 1;
        check("file sequence", next.to_string(), to.sequence.to_string())?;
    }
    for pair in editions.windows(2) {
        if let [one, other] = pair {
            verify_edition(one, other)?;
        }
    }
    if let Some(found) = editions.iter().find(|edition| edition.sha256 == to.previous_text()) {
        balances::follow(found, later)?;
        return Ok(found.header.revision);
    }
    let expected: Vec<&str> = editions.iter().map(|edition| edition.sha256.as_str()).collect();
    check("SHA-256 of the previous file, in one of its revisions", expected.join(" or "), to.previous_text())
        .map(|()| 0)
}

/// Whether both are editions of one file: the same place, lines and totals.
///
/// # Errors
/// [`VerifyError::Chain`] names what does not fit.
pub fn verify_edition(one: &FileSummary, other: &FileSummary) -> Result<(), VerifyError> {
    let place = |summary: &FileSummary| {
        let header = &summary.header;
        format!("{} {} {} {}", header.receiver, header.program, header.cycle_sequence, header.sequence)
    };
    let lines =
        |summary: &FileSummary| format!("{} records, hash total {}", summary.records, summary.hash_total);
    for (what, expected, found) in [
        ("place of two revisions", place(one), place(other)),
        ("file before two revisions", one.header.previous_text(), other.header.previous_text()),
        ("lines of two revisions", lines(one), lines(other)),
    ] {
        if expected != found {
            return Err(VerifyError::Chain { what, expected, found });
        }
    }
    if (&one.batches, &one.totals) == (&other.batches, &other.totals) {
        return Ok(());
    }
    let totals = |summary: &FileSummary| format!("{:?}", summary.totals);
    Err(VerifyError::Chain { what: "batches of two revisions", expected: totals(one), found: totals(other) })
}

//! The published files as they lie in their folder: found, hashed and verified.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use store::{FileRow, StoreError};

use crate::{ConsoleState, FileTotals, ReadTrailer, file_hash};

/// What became of looking at a published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It lies there, has the booked hash and verifies: what it states.
    Verified(Vec<FileTotals>),
    /// It is not there or cannot be opened.
    Gone,
    /// Its bytes are not those whose hash was booked.
    Altered,
    /// It has the booked hash and still does not verify: why.
    Refused(String),
}

/// Reads and verifies a published file, off the threads that serve pages.
pub(crate) async fn look_at(console: &ConsoleState, row: &FileRow) -> Found {
    let Some(path) = path(&console.out_dir, row) else { return Found::Gone };
    let (sha256, read_trailer) = (row.sha256, console.read_trailer.clone());
    let looked = tokio::task::spawn_blocking(move || look(&path, &sha256, &read_trailer)).await;
    looked.unwrap_or_else(|_| Found::Refused("the verification broke off".to_owned()))
}

/// Verifies the published files of the last cycles before anybody asks for them, so that no page waits while some megabytes
/// are read. At most half of one core: after each file comes a pause as long as it took. Returns how many it looked at.
///
/// # Errors
/// The database's.
pub async fn verify_ahead(console: &ConsoleState) -> Result<usize, StoreError> {
    let rows = store::last_published_files(&console.pool, AHEAD_MAX).await?;
    for row in &rows {
        let began = Instant::now();
        // Of one that is gone the page of its day tells whoever asks, not the log each minute.
        if !path(&console.out_dir, row).is_some_and(|path| path.exists()) {
            continue;
        }
        // What came of it stands on the page of its day.
        look_at(console, row).await;
        tokio::time::sleep(began.elapsed()).await;
    }
    Ok(rows.len())
}

fn look(path: &Path, sha256: &[u8; 32], read_trailer: &ReadTrailer) -> Found {
    let gone = |error: io::Error| {
        tracing::warn!(%error, "a published settlement file cannot be opened");
        Found::Gone
    };
    match file_hash::of(path) {
        Err(error) => return gone(error),
        Ok(hash) if hash != *sha256 => return Found::Altered,
        Ok(_) => {}
    }
    if let Some(totals) = known(sha256) {
        return Found::Verified(totals);
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return gone(error),
    };
    // It may have been altered since it was hashed.
    if settlement::sha256(&bytes) != *sha256 {
        return Found::Altered;
    }
    match read_trailer(&bytes) {
        Ok(totals) => {
            keep(sha256, &totals);
            Found::Verified(totals)
        }
        Err(reason) => Found::Refused(reason),
    }
}

/// So many files are kept in mind: a year of four receivers, a month of some dozens.
const KNOWN_MAX: usize = 2_048;
/// So many are verified before anybody asks: fewer than are kept in mind.
const AHEAD_MAX: u32 = 2_000;

/// What files with these hashes state. The same bytes state the same, so they are read once.
static KNOWN: Mutex<BTreeMap<[u8; 32], Vec<FileTotals>>> = Mutex::new(BTreeMap::new());

fn known(sha256: &[u8; 32]) -> Option<Vec<FileTotals>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).cloned()
}

fn keep(sha256: &[u8; 32], totals: &[FileTotals]) {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(*sha256, totals.to_vec());
}

/// The published name of the file in the folder; `None` if it is no plain name.
fn path(folder: &Path, row: &FileRow) -> Option<PathBuf> {
    let name = Path::new(&row.file_name);
    let is_plain = name.components().map(|part| matches!(part, Component::Normal(_))).eq([true]);
    is_plain.then(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use domain::CycleId;

    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let check = |file_name: &str, expected: Option<&str>| {
            let row = FileRow {
                receiver: "kosta".into(),
                cycle: CycleId(1),
                sequence: 1,
                revision: 0,
                file_name: file_name.into(),
                sha256: [0; 32],
                previous_sha256: None,
                records: 1,
                published: true,
            };
            assert_eq!(path(Path::new("/out"), &row).as_deref(), expected.map(Path::new), "{file_name}");
        };
        check("kosta_gold_000001.cbs", Some("/out/kosta_gold_000001.cbs"));
        for bad in ["../secret", "/etc/hostname", "", ".", "..", "a/b"] {
            check(bad, None);
        }
    }
}

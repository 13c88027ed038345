//! SHA-256 of published files: a file is read once; after that it is known by its size, its number and its time of change,
//! which nobody can set back without being the machine's administrator.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// So many files are remembered; then they are looked at anew.
const FILES_MAX: usize = 2_048;

/// Size, device, number, and time of change with its nanoseconds.
type Mark = (u64, u64, u64, i64, i64);

static KNOWN: Mutex<BTreeMap<PathBuf, (Mark, [u8; 32])>> = Mutex::new(BTreeMap::new());

/// The hash of a file; blocks, and reads it where it is not known.
pub(crate) fn of(path: &Path) -> io::Result<[u8; 32]> {
    let mark = mark_of(&fs::metadata(path)?);
    if let Some((of, hash)) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(path)
        && *of == mark
    {
        return Ok(*hash);
    }
    let hash = settlement::sha256_of_file(path)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= FILES_MAX {
        known.clear();
    }
    known.insert(path.to_owned(), (mark, hash));
    Ok(hash)
}

fn mark_of(of: &fs::Metadata) -> Mark {
    (of.len(), of.dev(), of.ino(), of.ctime(), of.ctime_nsec())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_that_is_altered_in_place_has_another_hash() {
        let folder = std::env::temp_dir().join(format!("cobrand-hash-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("kosta_gold_000001.cbs");
        fs::write(&path, "as published").unwrap();
        let first = of(&path).unwrap();
        assert_eq!((of(&path).unwrap(), first), (first, settlement::sha256(b"as published")));
        // As long as before, in the same place.
        fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(b"as altered!!").unwrap();
        assert_eq!(of(&path).unwrap(), settlement::sha256(b"as altered!!"));
        assert!(of(&folder.join("gone")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}

//! Lines of published settlement files: a file is searched only while its bytes are those of the books.
//!
//! To know that, a file is read once; after that it is known by its size, its number and its time of change.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};
use settlement::LineFile;

use crate::ConsoleState;

/// So many files are remembered; then they are looked at anew.
const FILES_MAX: usize = 512;
const BLOCK: usize = 1 << 16;

/// Size, device, number, and time of change with its nanoseconds.
type Mark = (u64, u64, u64, i64, i64);
type Known = BTreeMap<PathBuf, (Mark, [u8; 32])>;

/// Opens a published file off the threads that serve pages, and lets `search` look into it. `None`: it is gone, or its
/// bytes are not those of the books.
pub(crate) async fn search<T: Send + 'static>(
    console: &ConsoleState,
    file_name: &str,
    sha256: [u8; 32],
    search: impl FnOnce(&mut LineFile) -> io::Result<T> + Send + 'static,
) -> Option<T> {
    let plain = Path::new(file_name).components().map(|part| matches!(part, Component::Normal(_))).eq([true]);
    let path = plain.then(|| console.out_dir.join(file_name))?;
    let found = tokio::task::spawn_blocking(move || {
        if hash_of(&path)? != sha256 {
            return Ok(None);
        }
        search(&mut LineFile::open(&path)?).map(Some)
    });
    match found.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, file = file_name, "a published settlement file cannot be searched");
            None
        }
        Err(error) => {
            tracing::error!(%error, "the search of a file broke off");
            None
        }
    }
}

fn hash_of(path: &Path) -> io::Result<[u8; 32]> {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let mark = mark_of(&fs::metadata(path)?);
    if let Some((of, hash)) = known.lock().unwrap_or_else(PoisonError::into_inner).get(path)
        && *of == mark
    {
        return Ok(*hash);
    }
    let mut file = fs::File::open(path)?;
    let (mut digest, mut block) = (Context::new(&SHA256), vec![0; BLOCK]);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        digest.update(block.get(..read).unwrap_or_default());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.finish().as_ref());
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= FILES_MAX {
        known.clear();
    }
    known.insert(path.to_owned(), (mark, hash));
    Ok(hash)
}

fn mark_of(of: &fs::Metadata) -> Mark {
    (of.len(), of.dev(), of.ino(), of.ctime(), of.ctime_nsec())
}

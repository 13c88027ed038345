//! The folder transport: temporary name, fsync, final name, fsync of the folder, then the announcement.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};

use crate::PublishError;

/// What the name of an announcement ends in.
pub const DONE_SUFFIX: &str = ".done";
const PARTIAL_SUFFIX: &str = ".partial";
/// File systems allow 255 bytes; the temporary name is longer than the final one.
const NAME_BYTES_MAX: usize = 200;

/// Tells the temporary files of one process apart.
static TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// A file that stands complete in the folder and is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The file.
    pub path: PathBuf,
    /// Its announcement: one line, `<sha256>  <name>`, as `sha256sum -c` reads it.
    pub done: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Whether it stood there, announced, before this call.
    pub already: bool,
}

/// Publishes `bytes` as `dir/file_name`, which appears whole or not at all, and announces it.
///
/// The same bytes under the same name are published already: at most the announcement is added. After a crash
/// at any step the same call completes what was begun.
///
/// # Errors
/// [`PublishError::Differs`] if other bytes stand under the name; they stay.
pub fn publish(dir: &Path, file_name: &str, bytes: &[u8]) -> Result<Published, PublishError> {
    check_name(file_name)?;
    let hash = sha256(bytes);
    let done_name = format!("{file_name}{DONE_SUFFIX}");
    let announcement = format!("{}  {file_name}\n", hex::encode(hash));
    let file_there = put(dir, file_name, bytes)?;
    // A reader waits for the announcement, so it comes only when the file is safe.
    let done_there = put(dir, &done_name, announcement.as_bytes())?;
    Ok(Published {
        path: dir.join(file_name),
        done: dir.join(done_name),
        sha256: hash,
        already: file_there && done_there,
    })
}

/// What stands in a folder under a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// The file and its announcement, both as they should be.
    Complete,
    /// One of them is missing: publish again.
    Missing,
}

/// Looks whether a file with this SHA-256 stands announced in `dir`; writes nothing.
///
/// # Errors
/// [`PublishError::Differs`] if other bytes stand under the name.
pub fn announced(dir: &Path, file_name: &str, sha256_hex: &str) -> Result<Announced, PublishError> {
    check_name(file_name)?;
    let (path, done) = (dir.join(file_name), dir.join(format!("{file_name}{DONE_SUFFIX}")));
    let (Some(file), Some(line)) = (read(&path)?, read(&done)?) else { return Ok(Announced::Missing) };
    let found = hex::encode(sha256(&file));
    if found != sha256_hex {
        return Err(PublishError::Differs { path, expected: sha256_hex.to_owned(), found });
    }
    let expected = format!("{sha256_hex}  {file_name}\n");
    if line != expected.as_bytes() {
        return Err(differs(done, expected.as_bytes(), &line));
    }
    Ok(Announced::Complete)
}

fn check_name(name: &str) -> Result<(), PublishError> {
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let ours = name.ends_with(DONE_SUFFIX) || name.ends_with(PARTIAL_SUFFIX);
    if letters && begins && !ours && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(PublishError::BadName { name: name.to_owned() })
}

/// Returns whether the same bytes stood there before.
fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<bool, PublishError> {
    let path = dir.join(name);
    let already = same_bytes_at(&path, bytes)? || place(dir, name, &path, bytes)?;
    // Also for a name that was taken before: whoever gave it may have died before this step.
    let sync = File::open(dir).and_then(|folder| folder.sync_all());
    sync.map_err(PublishError::io("make durable the folder", dir))?;
    Ok(already)
}

fn place(dir: &Path, name: &str, path: &Path, bytes: &[u8]) -> Result<bool, PublishError> {
    let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let partial = dir.join(format!("{name}.{}-{number}{PARTIAL_SUFFIX}", std::process::id()));
    let placed = write_durably(&partial, bytes).and_then(|()| take_name(&partial, path, bytes));
    if placed.is_err() {
        // Best effort: what remains is a temporary file that nobody reads.
        let _ = fs::remove_file(&partial);
    }
    placed
}

fn same_bytes_at(path: &Path, bytes: &[u8]) -> Result<bool, PublishError> {
    match read(path)? {
        None => Ok(false),
        Some(found) if found == bytes => Ok(true),
        Some(found) => Err(differs(path.to_owned(), bytes, &found)),
    }
}

fn write_durably(partial: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let mut options = OpenOptions::new();
    // A temporary file of this name can only be left over from a dead process with our number.
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .open(partial)
        .map_err(PublishError::io("create", partial))?;
    file.write_all(bytes).map_err(PublishError::io("write", partial))?;
    file.sync_all().map_err(PublishError::io("make durable", partial))
}

/// Gives the file its name. A link fails where a rename would overwrite what another process put there meanwhile.
fn take_name(partial: &Path, path: &Path, bytes: &[u8]) -> Result<bool, PublishError> {
    match fs::hard_link(partial, path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            same_bytes_at(path, bytes)?;
            fs::remove_file(partial).map_err(PublishError::io("remove", partial))?;
            return Ok(true);
        }
        // A file system without links: the name was free a moment ago.
        Err(_) => {
            return fs::rename(partial, path).map_err(PublishError::io("rename to", path)).map(|()| false);
        }
    }
    fs::remove_file(partial).map_err(PublishError::io("remove", partial))?;
    Ok(false)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, PublishError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PublishError::io("read", path)(error)),
    }
}

fn differs(path: PathBuf, expected: &[u8], found: &[u8]) -> PublishError {
    PublishError::Differs { path, expected: hex::encode(sha256(expected)), found: hex::encode(sha256(found)) }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

//! The folder transport: temporary name, fsync, final name, fsync of the folder, then the announcement.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;

use crate::PublishError;
use crate::hash::{finished, sha256};

/// What the name of an announcement ends in.
pub const DONE_SUFFIX: &str = ".done";
const PARTIAL_SUFFIX: &str = ".partial";
/// File systems allow 255 bytes; the temporary name is longer than the final one.
const NAME_BYTES_MAX: usize = 200;

/// Files are for our user and its group, not for everybody on the machine.
const MODE: u32 = 0o640;

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
    let file_there = put(dir, file_name, bytes, hash)?;
    announce(dir, file_name, hash, file_there)
}

fn announce(
    dir: &Path,
    file_name: &str,
    hash: [u8; 32],
    file_there: bool,
) -> Result<Published, PublishError> {
    let done_name = format!("{file_name}{DONE_SUFFIX}");
    let announcement = format!("{}  {file_name}\n", hex::encode(hash));
    // A reader waits for the announcement, so it comes only when the file is safe.
    let done_there = put(dir, &done_name, announcement.as_bytes(), sha256(announcement.as_bytes()))?;
    Ok(Published {
        path: dir.join(file_name),
        done: dir.join(done_name),
        sha256: hash,
        already: file_there && done_there,
    })
}

/// A file that is being written where it will be published, under a name that nobody reads. It goes away when it is
/// dropped.
#[derive(Debug)]
pub struct Staged {
    dir: PathBuf,
    partial: PathBuf,
    file: File,
}

impl Staged {
    /// Begins an empty file; `label` tells people what it is.
    pub fn create(dir: &Path, label: &str) -> Result<Self, PublishError> {
        check_name(label)?;
        let (partial, file) = create_partial(dir, label)?;
        Ok(Self { dir: dir.to_owned(), partial, file })
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// For an error of a write or read.
    pub fn refused(&self, source: io::Error) -> PublishError {
        PublishError::io("write", &self.partial)(source)
    }

    /// The same bytes from their begin.
    pub fn rewind(&mut self) -> Result<(), PublishError> {
        self.file.rewind().map_err(PublishError::io("read", &self.partial))
    }

    /// Makes what was written outlive a loss of power.
    pub fn sync(&self) -> Result<(), PublishError> {
        self.file.sync_all().map_err(PublishError::io("make durable", &self.partial))
    }

    /// Gives the file its name and announces it, as [`publish`] does. `sha256` is that of what was written.
    ///
    /// # Errors
    /// [`PublishError::Differs`] if other bytes stand under the name; they stay.
    pub fn publish(self, file_name: &str, sha256: [u8; 32]) -> Result<Published, PublishError> {
        check_name(file_name)?;
        let path = self.dir.join(file_name);
        let already = same_hash_at(&path, sha256)? || {
            self.sync()?;
            link(&self.partial, &path, sha256)?
        };
        sync_folder(&self.dir)?;
        announce(&self.dir, file_name, sha256, already)
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Staged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Best effort: what remains is a temporary file that nobody reads.
        let _ = fs::remove_file(&self.partial);
    }
}

/// Removes temporary files whose names begin so: what dead processes have left. Only for whoever knows that no living one
/// writes such a file.
pub fn remove_left_over(dir: &Path, begin: &str) -> Result<(), PublishError> {
    check_name(begin)?;
    for entry in fs::read_dir(dir).map_err(PublishError::io("read", dir))? {
        let path = entry.map_err(PublishError::io("read", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(begin) && name.ends_with(PARTIAL_SUFFIX) {
            fs::remove_file(&path).map_err(PublishError::io("remove", &path))?;
        }
    }
    Ok(())
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
    let (Some(found), Some(line)) = (hash_at(&path)?, hash_at(&done)?) else { return Ok(Announced::Missing) };
    if hex::encode(found) != sha256_hex {
        return Err(PublishError::Differs {
            path,
            expected: sha256_hex.to_owned(),
            found: hex::encode(found),
        });
    }
    let expected = sha256(format!("{sha256_hex}  {file_name}\n").as_bytes());
    if line != expected {
        return Err(differs(done, expected, line));
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

/// A new file under a name that nobody else has and nobody can foresee: others may write into the folder, a link that lies
/// in wait is not followed, and processes in containers have the same number.
pub(crate) fn create_partial(dir: &Path, name: &str) -> Result<(PathBuf, File), PublishError> {
    let mut chance = [0; 8];
    let failed = |_| PublishError::io("name a temporary file in", dir)(io::Error::other("no randomness"));
    rand::fill(&mut chance).map_err(failed)?;
    let partial = dir.join(format!("{name}.{}-{}{PARTIAL_SUFFIX}", std::process::id(), hex::encode(chance)));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(MODE);
    let file = options.open(&partial).map_err(PublishError::io("create", &partial))?;
    Ok((partial, file))
}

/// Returns whether the same bytes stood there before.
fn put(dir: &Path, name: &str, bytes: &[u8], hash: [u8; 32]) -> Result<bool, PublishError> {
    let path = dir.join(name);
    let already = same_hash_at(&path, hash)? || place(dir, name, &path, bytes, hash)?;
    // Also for a name that was taken before: whoever gave it may have died before this step.
    sync_folder(dir)?;
    Ok(already)
}

fn sync_folder(dir: &Path) -> Result<(), PublishError> {
    let sync = File::open(dir).and_then(|folder| folder.sync_all());
    sync.map_err(PublishError::io("make durable the folder", dir))
}

fn place(dir: &Path, name: &str, path: &Path, bytes: &[u8], hash: [u8; 32]) -> Result<bool, PublishError> {
    let (partial, file) = create_partial(dir, name)?;
    let placed = write_durably(file, &partial, bytes).and_then(|()| link(&partial, path, hash));
    // Best effort: what remains is a temporary file that nobody reads.
    let _ = fs::remove_file(&partial);
    placed
}

fn same_hash_at(path: &Path, expected: [u8; 32]) -> Result<bool, PublishError> {
    match hash_at(path)? {
        None => Ok(false),
        Some(found) if found == expected => Ok(true),
        Some(found) => Err(differs(path.to_owned(), expected, found)),
    }
}

fn write_durably(mut file: File, partial: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    file.write_all(bytes).map_err(PublishError::io("write", partial))?;
    file.sync_all().map_err(PublishError::io("make durable", partial))
}

/// Gives the file its name. A link fails where a rename would overwrite what another process put there meanwhile.
fn link(partial: &Path, path: &Path, hash: [u8; 32]) -> Result<bool, PublishError> {
    match fs::hard_link(partial, path) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => same_hash_at(path, hash),
        // A file system without links: the name was free a moment ago.
        Err(_) => fs::rename(partial, path).map_err(PublishError::io("rename to", path)).map(|()| false),
    }
}

/// SHA-256 of a file, however large; `None` if there is none.
fn hash_at(path: &Path) -> Result<Option<[u8; 32]>, PublishError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PublishError::io("read", path)(error)),
    };
    let (mut digest, mut buffer) = (Context::new(&SHA256), vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut buffer).map_err(PublishError::io("read", path))?;
        match buffer.get(..read).filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => digest.update(bytes),
            None => return Ok(Some(finished(digest))),
        }
    }
}

fn differs(path: PathBuf, expected: [u8; 32], found: [u8; 32]) -> PublishError {
    PublishError::Differs { path, expected: hex::encode(expected), found: hex::encode(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/dev/full` refuses every write as a full disk does.
    #[test]
    fn a_full_disk_is_told_as_such() {
        let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
        let partial = Path::new("a.partial");
        let error = write_durably(full(), partial, b"abc").unwrap_err();
        assert!(matches!(error, PublishError::Full { .. }), "{error}");
        assert!(error.to_string().contains("the operator must free space"), "{error}");
        let dir = std::env::temp_dir();
        let mut staged = Staged { partial: dir.join("cobrand-is-not-there"), dir, file: full() };
        let refused = staged.write_all(b"abc").map_err(|error| staged.refused(error)).unwrap_err();
        assert!(matches!(refused, PublishError::Full { .. }), "{refused}");
    }

    #[test]
    fn what_fails_in_the_middle_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (partial, _) = create_partial(dir.path(), "a").unwrap();
        let path = dir.path().join("a");
        fs::create_dir(&path).unwrap();
        assert!(publish(dir.path(), "a", b"abc").is_err());
        fs::remove_dir(&path).unwrap();
        let names =
            |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        assert_eq!(names(dir.path()), [partial], "only that of the other one");
    }

    #[test]
    fn files_are_not_for_everybody_on_the_machine() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        publish(dir.path(), "a", b"abc").unwrap();
        for name in ["a", "a.done"] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o007, 0, "{name}: {mode:o}");
        }
    }
}

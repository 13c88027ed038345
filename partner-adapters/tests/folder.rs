//! A published file appears whole, is announced, and is never changed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use partner_adapters::{Announced, PublishError, Staged, announced, publish, remove_left_over};

const NAME: &str = "kosta_boreal-gold_2026-10-10_000001_0.cbs";
/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cobrand-publish-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_and_its_announcement_are_all_that_appears() {
    let folder = Folder::new("first");
    let published = publish(&folder.0, NAME, b"abc").unwrap();
    assert!(!published.already);
    assert_eq!(fs::read(&published.path).unwrap(), b"abc");
    assert_eq!(fs::read_to_string(&published.done).unwrap(), format!("{ABC}  {NAME}\n"));
    assert_eq!(folder.names(), [NAME.to_owned(), format!("{NAME}.done")]);
    assert_eq!(announced(&folder.0, NAME, ABC).unwrap(), Announced::Complete);
}

#[test]
fn a_second_time_changes_nothing() {
    let folder = Folder::new("second");
    let first = publish(&folder.0, NAME, b"abc").unwrap();
    let before = fs::metadata(&first.path).unwrap().modified().unwrap();
    let second = publish(&folder.0, NAME, b"abc").unwrap();
    assert!(second.already);
    assert_eq!(fs::metadata(&first.path).unwrap().modified().unwrap(), before);
}

#[test]
fn what_a_crash_left_undone_is_completed() {
    let folder = Folder::new("crash");
    // Died while writing, died before the announcement.
    fs::write(folder.0.join(format!("{NAME}.1-0.partial")), b"a").unwrap();
    fs::write(folder.0.join(NAME), b"abc").unwrap();
    assert_eq!(announced(&folder.0, NAME, ABC).unwrap(), Announced::Missing);
    assert!(!publish(&folder.0, NAME, b"abc").unwrap().already);
    assert_eq!(announced(&folder.0, NAME, ABC).unwrap(), Announced::Complete);
}

#[test]
fn other_bytes_are_never_overwritten() {
    let folder = Folder::new("differs");
    publish(&folder.0, NAME, b"abc").unwrap();
    let error = publish(&folder.0, NAME, b"abd").unwrap_err();
    assert!(matches!(error, PublishError::Differs { .. }) && error.to_string().contains(ABC), "{error}");
    assert_eq!(fs::read(folder.0.join(NAME)).unwrap(), b"abc");
    assert_eq!(folder.names().len(), 2);

    assert!(matches!(announced(&folder.0, NAME, &"0".repeat(64)), Err(PublishError::Differs { .. })));
    fs::write(folder.0.join(format!("{NAME}.done")), b"something else").unwrap();
    assert!(matches!(announced(&folder.0, NAME, ABC), Err(PublishError::Differs { .. })));
    assert!(matches!(publish(&folder.0, NAME, b"abc"), Err(PublishError::Differs { .. })));
}

#[test]
fn a_staged_file_appears_when_it_is_whole_and_leaves_nothing_if_it_is_given_up() {
    let folder = Folder::new("staged");
    let hash: [u8; 32] = hex_of(ABC);
    let mut staged = Staged::create(&folder.0, "spool").unwrap();
    staged.write_all(b"ab").unwrap();
    assert_eq!(folder.names().len(), 1);
    drop(staged);
    assert_eq!(folder.names(), Vec::<String>::new());

    for already in [false, true] {
        let mut staged = Staged::create(&folder.0, "spool").unwrap();
        staged.write_all(b"abc").unwrap();
        assert_eq!(staged.publish(NAME, hash).unwrap().already, already);
        assert_eq!(folder.names(), [NAME.to_owned(), format!("{NAME}.done")]);
    }
    let mut other = Staged::create(&folder.0, "spool").unwrap();
    other.write_all(b"abd").unwrap();
    assert!(matches!(other.publish(NAME, [0; 32]), Err(PublishError::Differs { .. })));
    assert_eq!(fs::read(folder.0.join(NAME)).unwrap(), b"abc");
    assert_eq!(folder.names().len(), 2);

    fs::write(folder.0.join("spool.1-0.partial"), b"x").unwrap();
    fs::write(folder.0.join("spools.1-0.partial"), b"x").unwrap();
    remove_left_over(&folder.0, "spool.").unwrap();
    assert_eq!(folder.names().len(), 3, "only its own");
}

fn hex_of(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// Whoever may write into the folder could lay a link where a temporary file will be, and have us write elsewhere.
#[test]
fn a_link_that_lies_in_wait_is_not_followed() {
    let folder = Folder::new("link");
    let victim = folder.0.with_extension("victim");
    fs::write(&victim, b"untouched").unwrap();
    for number in 0..1_000 {
        let partial = folder.0.join(format!("{NAME}.{}-{number}.partial", std::process::id()));
        std::os::unix::fs::symlink(&victim, partial).unwrap();
    }
    publish(&folder.0, NAME, b"abc").unwrap();
    drop(Staged::create(&folder.0, NAME).unwrap());
    let found = fs::read(&victim).unwrap();
    fs::remove_file(&victim).unwrap();
    assert_eq!(found, b"untouched");
}

#[test]
fn many_publishers_of_one_file_all_succeed() {
    let folder = Folder::new("many");
    let bytes = vec![b'x'; 100_000];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| publish(&folder.0, NAME, &bytes).unwrap());
        }
    });
    assert_eq!(fs::read(folder.0.join(NAME)).unwrap(), bytes);
    assert_eq!(folder.names().len(), 2, "{:?}", folder.names());
}

#[test]
fn a_name_cannot_lead_out_of_the_folder() {
    let folder = Folder::new("names");
    let long = "x".repeat(300);
    for name in
        ["", ".", "..", "../a", "a/b", "a\\b", ".hidden", "a b", "a\n", "a.done", "a.partial", "ж", &long]
    {
        assert!(matches!(publish(&folder.0, name, b"abc"), Err(PublishError::BadName { .. })), "{name:?}");
    }
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = publish(Path::new("no-such-folder"), NAME, b"abc").unwrap_err().to_string();
    assert!(error.contains("no-such-folder") && error.contains("operator"), "{error}");
}

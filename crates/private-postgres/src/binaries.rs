//! Where PostgreSQL's server programs are on this machine.
//!
//! `COBRAND_PG_BIN` decides if it is set. Otherwise the first usable of: the programs on PATH (through
//! symbolic links), the folders of Debian's packages (highest version first), of a build from source, of
//! Homebrew and of Red Hat's packages, and last the cache that `make setup` unpacks packages into.
//! `COBRAND_PG_HIDE=1` leaves only the cache, for tests of a machine without PostgreSQL.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ClusterError;
use crate::account::Account;

/// `log_parameter_max_length`, which keeps card data out of the log, exists since this version.
const VERSION_MIN: u32 = 13;

/// Homebrew's prefixes, on Apple's two processors and on Linux.
const HOMEBREW: [&str; 3] = ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"];

/// A folder with PostgreSQL's server programs that the server's user can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder with `postgres` and `initdb`.
    pub dir: PathBuf,
    /// The major version.
    pub version: u32,
    /// Where programs unpacked into the cache find the libraries that came with them.
    pub library_path: Option<OsString>,
}

impl Binaries {
    /// A command for one of the programs, in a clean environment and with standard input closed.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.dir.join(program));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
        command.stdin(std::process::Stdio::null());
        if let Some(path) = library_path(self.library_path.as_deref()) {
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }
}

/// Ours first, then what the caller's environment already had.
fn library_path(ours: Option<&OsStr>) -> Option<OsString> {
    let inherited = std::env::var_os("LD_LIBRARY_PATH").filter(|path| !path.is_empty());
    match (ours, inherited) {
        (Some(ours), Some(theirs)) => Some([ours, OsStr::new(":"), &theirs].concat_os()),
        (Some(one), None) => Some(one.to_owned()),
        (None, other) => other,
    }
}

trait ConcatOs {
    fn concat_os(self) -> OsString;
}

impl<const N: usize> ConcatOs for [&OsStr; N] {
    fn concat_os(self) -> OsString {
        self.into_iter().collect()
    }
}

/// Finds the server programs that the user the server will run as can use.
///
/// # Errors
/// [`ClusterError::BinariesNotFound`] with everything that was tried, or [`ClusterError::BinariesUnusable`]
/// if `COBRAND_PG_BIN` points to something else.
pub fn find_binaries() -> Result<Binaries, ClusterError> {
    let account = Account::for_server()?;
    if let Some(dir) = variable("COBRAND_PG_BIN") {
        let dir = PathBuf::from(dir);
        return examine(&dir, None, &account)
            .map_err(|reason| ClusterError::BinariesUnusable { dir, reason });
    }
    let mut candidates = Vec::new();
    let hidden = variable("COBRAND_PG_HIDE").is_some_and(|value| value != "0");
    if !hidden {
        candidates.extend(system_dirs().into_iter().map(|dir| (dir, None)));
    }
    let caches = cache_dirs();
    for cache in &caches {
        candidates.extend(
            highest_version_first(cache.join("usr/lib/postgresql"))
                .into_iter()
                .map(|dir| (dir, cached_libraries(cache))),
        );
    }
    let mut looked_in: Vec<String> =
        if hidden { vec!["(system folders are hidden by COBRAND_PG_HIDE)".into()] } else { Vec::new() };
    for (dir, libraries) in candidates {
        match examine(&dir, libraries, &account) {
            Ok(binaries) => return Ok(binaries),
            Err(reason) => looked_in.push(format!("{}: {reason}", dir.display())),
        }
    }
    looked_in.extend(caches.iter().map(|cache| format!("{}: the cache of `make setup`", cache.display())));
    Err(ClusterError::BinariesNotFound { looked_in })
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Every folder outside the cache, best first; most do not exist.
fn system_dirs() -> Vec<PathBuf> {
    let mut dirs = on_path();
    dirs.extend(highest_version_first("/usr/lib/postgresql".into()));
    dirs.push("/usr/local/pgsql/bin".into());
    for opt in HOMEBREW {
        dirs.push(Path::new(opt).join("postgresql/bin"));
        dirs.extend(
            versions(Path::new(opt), |name| name.strip_prefix("postgresql@"))
                .into_iter()
                .map(|dir| dir.join("bin")),
        );
    }
    dirs.extend(versions(Path::new("/usr"), |name| name.strip_prefix("pgsql-")).into_iter().map(bin));
    dirs.push("/usr/bin".into());
    let mut seen = std::collections::BTreeSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()));
    dirs
}

fn bin(dir: PathBuf) -> PathBuf {
    dir.join("bin")
}

/// Folders of the server programs that PATH leads to, through links such as Debian's and `pg_config`.
fn on_path() -> Vec<PathBuf> {
    let Some(path) = std::env::var_os("PATH") else { return Vec::new() };
    let mut found = Vec::new();
    for dir in std::env::split_paths(&path) {
        for program in ["postgres", "initdb", "pg_ctl"] {
            if let Ok(real) = fs::canonicalize(dir.join(program)) {
                found.extend(real.parent().map(Path::to_owned));
            }
        }
        let config = dir.join("pg_config");
        if config.is_file()
            && let Ok(output) = Command::new(&config).arg("--bindir").output()
        {
            let bindir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            found.extend((!bindir.is_empty()).then(|| PathBuf::from(bindir)));
        }
    }
    found
}

/// `<parent>/<version>/bin`, as Debian's packages lay it out.
fn highest_version_first(parent: PathBuf) -> Vec<PathBuf> {
    versions(&parent, |name| Some(name)).into_iter().map(bin).collect()
}

/// Subfolders whose name carries a version number, highest first.
fn versions(parent: &Path, number_in: impl Fn(&str) -> Option<&str>) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = number_in(name.to_str()?)?.parse().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The caches of `make setup`: our own, and root's, which lies where everybody can reach it.
fn cache_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Some(cache) = variable("XDG_CACHE_HOME") {
        dirs.push(PathBuf::from(cache));
    } else if let Some(home) = variable("HOME") {
        dirs.push(Path::new(&home).join(".cache"));
    }
    dirs.push("/var/cache".into());
    dirs.into_iter().map(|dir| dir.join("cobrand/postgresql")).collect()
}

/// The library folders of packages unpacked into `cache`: `usr/lib` and its folder for this machine's triplet.
fn cached_libraries(cache: &Path) -> Option<OsString> {
    let lib = cache.join("usr/lib");
    let triplets = fs::read_dir(&lib).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let mut dirs: Vec<PathBuf> =
        triplets.filter(|dir| dir.to_string_lossy().contains("-linux-") && dir.is_dir()).collect();
    dirs.push(lib);
    std::env::join_paths(dirs).ok()
}

/// Proves that the server's user can run the programs in `dir`, or says why not.
fn examine(dir: &Path, libraries: Option<OsString>, account: &Account) -> Result<Binaries, String> {
    if !dir.is_dir() {
        return Err("no such folder".into());
    }
    for program in ["postgres", "initdb"] {
        if !dir.join(program).is_file() {
            return Err(format!("has no `{program}`"));
        }
    }
    if let Account::Other { name, .. } = account
        && let Some(closed) = account.closed_on_the_way(dir)
    {
        return Err(format!("user `{name}`, who would run the server, cannot enter {}", closed.display()));
    }
    let mut binaries = Binaries { dir: dir.to_owned(), version: 0, library_path: libraries };
    let mut command = binaries.command("postgres");
    account.run(&mut command);
    let output =
        command.arg("--version").output().map_err(|error| format!("postgres does not run: {error}"))?;
    let said = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
    binaries.version =
        major_version(&said).ok_or_else(|| format!("`postgres --version` says: {}", said.trim()))?;
    if binaries.version < VERSION_MIN {
        return Err(format!("version {} is too old, {VERSION_MIN} or later is needed", binaries.version));
    }
    Ok(binaries)
}

/// From `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` or `... 18beta1`.
fn major_version(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_postgres_prints() {
        for (said, version) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("error while loading shared libraries: libicu", None),
        ] {
            assert_eq!(major_version(said), version, "{said}");
        }
    }

    #[test]
    fn the_highest_version_comes_first_and_numbers_are_not_text() {
        let parent = std::env::temp_dir().join(format!("cobrand-versions-test-{}", std::process::id()));
        for name in ["9", "13", "15", "readme"] {
            fs::create_dir_all(parent.join(name)).unwrap();
        }
        let names: Vec<String> = highest_version_first(parent.clone())
            .iter()
            .map(|dir| dir.strip_prefix(&parent).unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["15/bin", "13/bin", "9/bin"]);
        fs::remove_dir_all(&parent).unwrap();
    }

    #[test]
    fn a_folder_without_the_programs_says_what_is_missing() {
        let reason = examine(Path::new("/usr/share"), None, &Account::Ourselves).unwrap_err();
        assert_eq!(reason, "has no `postgres`");
        let text = ClusterError::BinariesNotFound { looked_in: vec![reason] }.to_string();
        assert!(text.contains("make setup") && text.contains("apt-get install postgresql"), "{text}");
    }
}

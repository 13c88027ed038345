//! The run folder of a cluster: its socket, its log, who owns it, and its data unless they are kept elsewhere.
//!
//! ```text
//! <temporary folder>/cobrand-pg-<pid>-<n>/   ours; 0711 if the server runs as another user, else 0700
//!     owner                                  who started it, to tell the left-overs of a power failure
//!     server.log
//!     socket/                                the server's user, 0700: who cannot enter cannot connect
//!     data/                                  the server's user, 0700
//! ```

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::ClusterError;
use crate::account::{Account, current_uid};
use crate::processes;

const PREFIX: &str = "cobrand-pg-";
/// Linux allows 107 bytes, macOS 103; PostgreSQL adds a lock file beside the socket.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// A folder without an owner's note is being made right now, unless it is older than this.
const UNOWNED_AGE_MAX: Duration = Duration::from_secs(600);
/// Names tried before giving up; each is taken only by a left-over of a process with our id.
const NAMES_MAX: u32 = 1_000;
/// The port is only a part of the socket's file name.
pub(crate) const PORT: u16 = 5432;

/// Where one cluster lives.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) run: PathBuf,
    pub(crate) socket_dir: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
}

impl Place {
    /// Makes the run folder below `base`, or below the first temporary folder that the server's user can reach
    /// and whose path is short enough for a socket.
    pub(crate) fn make(
        base: Option<&Path>,
        kept_data: Option<&Path>,
        account: &Account,
    ) -> Result<Self, ClusterError> {
        let bases = match base {
            Some(base) => vec![base.to_owned()],
            None => temporary_folders(),
        };
        let mut first_error = None;
        for base in &bases {
            match Self::make_below(base, kept_data, account) {
                Ok(place) => return Ok(place),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(ClusterError::NoUnprivilegedUser))
    }

    fn make_below(base: &Path, kept_data: Option<&Path>, account: &Account) -> Result<Self, ClusterError> {
        let base = fs::canonicalize(base).map_err(ClusterError::io("find the folder", base))?;
        account.must_reach(&base)?;
        let mode = if *account == Account::Ourselves { 0o700 } else { 0o711 };
        let run = new_folder(&base, mode)?;
        let place = Self {
            socket_dir: run.join("socket"),
            data: kept_data.map_or_else(|| run.join("data"), Path::to_owned),
            log: run.join("server.log"),
            run,
        };
        place.furnish(account).inspect_err(|_| {
            let _ = fs::remove_dir_all(&place.run);
        })?;
        Ok(place)
    }

    fn furnish(&self, account: &Account) -> Result<(), ClusterError> {
        let socket = self.socket();
        let bytes = socket.as_os_str().len();
        if bytes > SOCKET_PATH_BYTES_MAX {
            return Err(ClusterError::SocketPathTooLong { path: socket, bytes });
        }
        let note = self.run.join("owner");
        fs::write(&note, Owner::ourselves(&self.data).to_text()).map_err(ClusterError::io("write", note))?;
        private_folder(&self.socket_dir, account)
    }

    /// The socket that the server listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{PORT}"))
    }
}

/// A folder of mode 0700 that belongs to the server's user.
pub(crate) fn private_folder(dir: &Path, account: &Account) -> Result<(), ClusterError> {
    DirBuilder::new().mode(0o700).create(dir).map_err(ClusterError::io("create the folder", dir))?;
    account.own(dir)
}

fn temporary_folders() -> Vec<PathBuf> {
    let mut dirs = vec![std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
    dirs.dedup();
    dirs
}

fn new_folder(base: &Path, mode: u32) -> Result<PathBuf, ClusterError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut last = None;
    for _ in 0..NAMES_MAX {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = base.join(format!("{PREFIX}{}-{n}", std::process::id()));
        match DirBuilder::new().mode(mode).create(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => last = Some((dir, error)),
            Err(error) => {
                return Err(ClusterError::Io { doing: "create the folder", path: dir, source: error });
            }
        }
    }
    let (path, source) = last.unwrap_or_else(|| (base.to_owned(), std::io::ErrorKind::AlreadyExists.into()));
    Err(ClusterError::Io { doing: "create the folder", path, source })
}

/// The note that says who a run folder belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    pid: u32,
    /// Boot and process namespace, empty where unknown: a process id means something only inside both.
    boot: String,
    namespace: String,
    command_line: String,
    data: String,
}

/// What a note says about its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Alive,
    Dead,
    /// It lives in another container, or we cannot tell: leave it alone.
    Unknown,
}

impl Owner {
    fn ourselves(data: &Path) -> Self {
        let (boot, namespace) = processes::boot_and_namespace().unwrap_or_default();
        let pid = std::process::id();
        let command_line = processes::command_line(pid).unwrap_or_default().replace('\n', " ");
        Self { pid, boot, namespace, command_line, data: data.to_string_lossy().into_owned() }
    }

    fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n{}\n{}\n", self.pid, self.boot, self.namespace, self.command_line, self.data)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut next = || lines.next().map(str::to_owned);
        Some(Self {
            pid: next()?.parse().ok()?,
            boot: next()?,
            namespace: next()?,
            command_line: next()?,
            data: next()?,
        })
    }

    fn life(&self) -> Life {
        let (boot, namespace) = processes::boot_and_namespace().unwrap_or_default();
        if self.boot != boot {
            return Life::Dead;
        }
        if self.namespace != namespace {
            return Life::Unknown;
        }
        match processes::command_line(self.pid) {
            Some(line) if line.replace('\n', " ") == self.command_line => Life::Alive,
            _ => Life::Dead,
        }
    }
}

/// Removes what earlier runs left behind when even their guard could not, as after a power failure, and ends
/// a server that lost both its owner and its guard. Trouble here is no reason not to start.
pub(crate) fn sweep(base: Option<&Path>) {
    let Ok(our_uid) = current_uid() else { return };
    for folder in temporary_folders().into_iter().chain(base.map(Path::to_owned)) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                sweep_one(&entry.path(), our_uid);
            }
        }
    }
}

fn sweep_one(run: &Path, our_uid: u32) {
    let Ok(meta) = fs::symlink_metadata(run) else { return };
    // Folders of others are theirs to remove: what their notes say is not to be believed.
    if !meta.is_dir() || meta.uid() != our_uid {
        return;
    }
    let owner = fs::read_to_string(run.join("owner")).ok().and_then(|text| Owner::from_text(&text));
    let dead = match &owner {
        Some(owner) => owner.life() == Life::Dead,
        None => older_than(&meta, UNOWNED_AGE_MAX),
    };
    if !dead || guard_lives(run) {
        return;
    }
    if let Some(owner) = owner {
        end_orphan(Path::new(&owner.data));
    }
    let _ = fs::remove_dir_all(run);
}

fn older_than(meta: &fs::Metadata, age: Duration) -> bool {
    meta.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|old| old > age)
}

/// The guard of a dead owner is cleaning up right now. Its command line names the folder.
fn guard_lives(run: &Path) -> bool {
    fs::read_to_string(run.join("guard"))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .and_then(processes::command_line)
        .is_some_and(|line| line.contains(&*run.to_string_lossy()))
}

/// The process id of the server that runs in `data` now, proven by its command line.
pub(crate) fn server_in(data: &Path) -> Option<u32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    let line = processes::command_line(pid)?;
    line.contains(&*data.to_string_lossy()).then_some(pid)
}

fn end_orphan(data: &Path) {
    let Some(pid) = server_in(data) else { return };
    processes::signal("QUIT", pid);
    for _ in 0..200 {
        if server_in(data).is_none() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(change: impl FnOnce(&mut Owner)) -> Owner {
        let mut owner = Owner::ourselves(Path::new("/nowhere"));
        change(&mut owner);
        owner
    }

    #[test]
    fn a_note_is_read_back_as_written() {
        let owner = note(|_| ());
        assert_eq!(Owner::from_text(&owner.to_text()), Some(owner));
        assert_eq!(Owner::from_text("12\nhalf a note\n"), None);
    }

    #[test]
    fn life_is_told_from_pid_boot_namespace_and_command_line() {
        assert_eq!(note(|_| ()).life(), Life::Alive);
        assert_eq!(note(|owner| owner.command_line = "somebody else".into()).life(), Life::Dead);
        assert_eq!(note(|owner| owner.boot = "an earlier boot".into()).life(), Life::Dead);
        assert_eq!(note(|owner| owner.namespace = "pid:[1]".into()).life(), Life::Unknown);
    }

    #[test]
    fn only_the_left_overs_of_the_dead_are_swept() {
        let base = std::env::temp_dir().join(format!("cobrand-sweep-test-{}", std::process::id()));
        let folder = |name: &str, owner: Option<Owner>| {
            let dir = base.join(format!("{PREFIX}{name}"));
            fs::create_dir_all(dir.join("data")).unwrap();
            if let Some(owner) = owner {
                fs::write(dir.join("owner"), owner.to_text()).unwrap();
            }
            dir
        };
        let dead = folder("dead", Some(note(|owner| owner.boot = "an earlier boot".into())));
        let alive = folder("alive", Some(note(|_| ())));
        let newborn = folder("newborn", None);
        let stranger = base.join("something-else");
        fs::create_dir_all(&stranger).unwrap();

        sweep(Some(&base));

        assert!(!dead.exists(), "the left-over of an earlier boot is still there");
        for kept in [alive, newborn, stranger] {
            assert!(kept.exists(), "{} was swept", kept.display());
        }
        fs::remove_dir_all(&base).unwrap();
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused_with_its_length() {
        let base = std::env::temp_dir().join("x".repeat(90));
        fs::create_dir_all(&base).unwrap();
        let error = Place::make(Some(&base), None, &Account::Ourselves).unwrap_err();
        assert!(matches!(error, ClusterError::SocketPathTooLong { bytes, .. } if bytes > 100), "{error}");
        assert_eq!(fs::read_dir(&base).unwrap().count(), 0, "the refused folder was left behind");
        fs::remove_dir_all(&base).unwrap();
    }
}

//! Creating, starting and stopping a cluster.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::ClusterError;
use crate::account::Account;
use crate::binaries::{Binaries, find_binaries};
use crate::guard::{Guard, Stop};
use crate::place::{self, PORT, Place};
use crate::wire::{self, WireError};

const SUPERUSER: &str = "postgres";
/// A fresh cluster answers within a second; a kept one may have to replay its log first.
const READY_MAX: Duration = Duration::from_secs(120);
const READY_POLL: Duration = Duration::from_millis(20);
/// How long a kept folder's earlier server may take to end after its owner was killed.
const HANDOVER_MAX: Duration = Duration::from_secs(30);
const LOG_TAIL_BYTES: usize = 4_000;

/// Settings that the cluster's privacy or its finding rests on.
const NOT_FOR_CALLERS: [&str; 7] = [
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "unix_socket_permissions",
    "data_directory",
    "hba_file",
    "logging_collector",
];

/// What the caller may choose.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder to work below; it must exist. Without it a temporary folder is used.
    pub base_dir: Option<PathBuf>,
    /// Keep the data: they lie in `<base_dir>/data`, are not removed, and the next start finds them again.
    /// Means nothing without `base_dir`.
    pub keep: bool,
    /// Further server settings; a later one wins over an earlier one and over ours.
    pub settings: Vec<(String, String)>,
}

/// A running private cluster. Dropping it, and any other end of this process, stops the server and removes
/// everything that is not to be kept.
#[derive(Debug)]
pub struct PrivateCluster {
    binaries: Binaries,
    place: Place,
    kept: bool,
    guard: Guard,
    server: Child,
}

impl PrivateCluster {
    /// Creates a cluster, starts its server and waits until it accepts sessions.
    ///
    /// Blocks for about a second; call it outside an async executor's threads or accept that.
    ///
    /// # Errors
    /// Each variant of [`ClusterError`] tells who is to do what. Nothing is left behind.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        refuse_settings(&options.settings)?;
        let account = Account::for_server()?;
        let binaries = find_binaries()?;
        place::sweep(options.base_dir.as_deref());

        let kept_data = kept_data(&options)?;
        // A kept folder may have a long path: its socket lies in a temporary folder like all others.
        let base = if kept_data.is_some() { None } else { options.base_dir.as_deref() };
        let place = Place::make(base, kept_data.as_deref(), &account)?;
        let mut guard = Guard::start(&place.run, &place.data)?;
        let guard_note = place.run.join("guard");
        fs::write(&guard_note, guard.pid().to_string()).map_err(ClusterError::io("write", guard_note))?;

        if place.data.join("PG_VERSION").exists() {
            wait_for_handover(&place.data)?;
        } else if kept_data.is_some() {
            initialize_kept(&place.data, &binaries, &account, &mut guard)?;
        } else {
            initialize(&place.data, &binaries, &account, &mut guard, &["--no-sync"])?;
        }
        let server = spawn_server(&place, &binaries, &account, &options.settings)?;
        let mut cluster = Self { binaries, place, kept: kept_data.is_some(), guard, server };
        cluster.guard.watch(cluster.server.id())?;
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The folder of the server's Unix socket: the `host` of a connection string.
    pub fn socket_dir(&self) -> &Path {
        &self.place.socket_dir
    }

    /// The port, which is only a part of the socket's name.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The role that owns the cluster. It has no password: who can enter the socket's folder is let in.
    pub fn superuser(&self) -> &str {
        SUPERUSER
    }

    /// A connection string (`host=… port=… user=… dbname=…`) as libpq and tokio-postgres read it.
    pub fn connection_string(&self, dbname: &str) -> String {
        format!(
            "host={} port={PORT} user={SUPERUSER} dbname={}",
            quoted(&self.place.socket_dir.to_string_lossy()),
            quoted(dbname)
        )
    }

    /// Creates an empty database owned by [`superuser`](Self::superuser).
    ///
    /// # Errors
    /// [`ClusterError::DatabaseRefused`] with the server's words.
    pub fn create_database(&self, name: &str) -> Result<(), ClusterError> {
        let refused = |reason: String| ClusterError::DatabaseRefused { name: name.to_owned(), reason };
        if name.is_empty() || name.len() > 63 || name.contains('\0') {
            return Err(refused("a name has 1 to 63 bytes and no NUL".into()));
        }
        let sql = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
        wire::execute(&self.place.socket(), SUPERUSER, SUPERUSER, &sql)
            .map_err(|error| refused(error.to_string()))
    }

    /// The folder with the cluster's files, its write-ahead log among them.
    pub fn data_dir(&self) -> &Path {
        &self.place.data
    }

    /// The server's log.
    pub fn log_file(&self) -> &Path {
        &self.place.log
    }

    /// The programs in use and their version.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's process id.
    pub fn server_pid(&self) -> u32 {
        self.server.id()
    }

    /// Stops the server and removes what is not kept. Dropping does the same and keeps silent.
    ///
    /// # Errors
    /// [`ClusterError::StopFailed`] if force was needed or files remain.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ClusterError> {
        let outcome = self.guard.finish(if self.kept { Stop::Fast } else { Stop::Immediate });
        // The guard has ended it, or nobody watches over it any more: in both cases it must not live on.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if self.place.run.exists() {
            let _ = fs::remove_dir_all(&self.place.run);
        }
        outcome
    }

    fn wait_until_ready(&mut self) -> Result<(), ClusterError> {
        let started = Instant::now();
        loop {
            let ended = self.server.try_wait().map_err(ClusterError::io("wait for", "postgres"))?;
            if let Some(status) = ended {
                self.guard.forget()?;
                return Err(ClusterError::ServerDied {
                    status: status.to_string(),
                    log_tail: log_tail(&self.place.log),
                });
            }
            let last = match wire::execute(&self.place.socket(), SUPERUSER, SUPERUSER, "") {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if started.elapsed() > READY_MAX || !matches!(last, WireError::NotYet(_)) {
                return Err(ClusterError::NotReady {
                    waited_seconds: started.elapsed().as_secs(),
                    last: last.to_string(),
                    log_tail: log_tail(&self.place.log),
                });
            }
            std::thread::sleep(READY_POLL);
        }
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        // Nobody to tell; `stop` is there for those who want to know.
        let _ = self.end();
    }
}

fn refuse_settings(settings: &[(String, String)]) -> Result<(), ClusterError> {
    for (name, _) in settings {
        let refused = |reason| Err(ClusterError::SettingRefused { name: name.clone(), reason });
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c))
        {
            return refused("a setting's name has lower-case letters, digits, `_` and `.` only");
        }
        if NOT_FOR_CALLERS.contains(&name.as_str()) {
            return refused("the privacy of the cluster rests on it");
        }
    }
    Ok(())
}

fn kept_data(options: &Options) -> Result<Option<PathBuf>, ClusterError> {
    match &options.base_dir {
        Some(base) if options.keep => {
            let base = fs::canonicalize(base).map_err(ClusterError::io("find the folder", base))?;
            Account::for_server()?.must_reach(&base)?;
            Ok(Some(base.join("data")))
        }
        _ => Ok(None),
    }
}

/// Data that are kept appear under their name only when they are complete.
fn initialize_kept(
    data: &Path,
    binaries: &Binaries,
    account: &Account,
    guard: &mut Guard,
) -> Result<(), ClusterError> {
    let unfinished = data.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(ClusterError::io("remove", &unfinished))?;
    }
    initialize(&unfinished, binaries, account, guard, &[])?;
    fs::rename(&unfinished, data).map_err(ClusterError::io("put the new cluster at", data))
}

/// `initdb`, in a process group of its own, under the eyes of the guard.
fn initialize(
    data: &Path,
    binaries: &Binaries,
    account: &Account,
    guard: &mut Guard,
    further: &[&str],
) -> Result<(), ClusterError> {
    place::private_folder(data, account)?;
    let mut command = binaries.command("initdb");
    command
        .arg("-D")
        .arg(data)
        .args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C"])
        .args(further)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    account.run(&mut command);
    let process = command.spawn().map_err(ClusterError::io("run", binaries.dir.join("initdb")))?;
    guard.watch(process.id())?;
    let output = process.wait_with_output().map_err(ClusterError::io("wait for", "initdb"))?;
    guard.forget()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(ClusterError::InitdbFailed {
        data_dir: data.to_owned(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&said).into_owned(),
    })
}

/// A kept folder may still have the server of a run that was just killed; its guard is ending it.
fn wait_for_handover(data: &Path) -> Result<(), ClusterError> {
    let started = Instant::now();
    while let Some(pid) = place::server_in(data) {
        if started.elapsed() > HANDOVER_MAX {
            return Err(ClusterError::DataDirInUse { data_dir: data.to_owned(), pid });
        }
        std::thread::sleep(READY_POLL);
    }
    Ok(())
}

/// `postgres` in a process group of its own: a Ctrl-C at the terminal is for us, not for it.
fn spawn_server(
    place: &Place,
    binaries: &Binaries,
    account: &Account,
    settings: &[(String, String)],
) -> Result<Child, ClusterError> {
    let log = File::create(&place.log).map_err(ClusterError::io("create", &place.log))?;
    let log_too = log.try_clone().map_err(ClusterError::io("share", &place.log))?;
    let mut command = binaries.command("postgres");
    command.arg("-D").arg(&place.data).stdout(log).stderr(log_too).process_group(0);
    for (name, value) in our_settings(&place.socket_dir).iter().chain(settings) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    account.run(&mut command);
    command.spawn().map_err(ClusterError::io("run", binaries.dir.join("postgres")))
}

fn our_settings(socket_dir: &Path) -> Vec<(String, String)> {
    let socket_dir = format!("\"{}\"", socket_dir.to_string_lossy().replace('"', "\"\""));
    // GMT is built in; any other zone needs files that a slim system lacks. The two tell the same time.
    let timezone = if Path::new("/usr/share/zoneinfo/UTC").exists() { "UTC" } else { "GMT" };
    [
        ("listen_addresses", ""),
        ("unix_socket_directories", &socket_dir),
        ("unix_socket_permissions", "0700"),
        ("port", &PORT.to_string()),
        ("max_connections", "100"),
        ("shared_buffers", "128MB"),
        ("max_wal_size", "2GB"),
        ("timezone", timezone),
        ("log_timezone", timezone),
        // An answer to the bank is given after COMMIT; what was committed must be there after a crash.
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        // Statements and parameters may carry card data; the log must not. DETAIL lines quote key values.
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
        ("log_error_verbosity", "terse"),
        ("log_destination", "stderr"),
        ("logging_collector", "off"),
        // Its library is a package of its own and short statements gain nothing.
        ("jit", "off"),
        ("cluster_name", "cobrand"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn log_tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let tail = bytes.get(bytes.len().saturating_sub(LOG_TAIL_BYTES)..).unwrap_or_default();
    String::from_utf8_lossy(tail).into_owned()
}

/// A value of a connection string: in quotes, with a backslash before quotes and backslashes.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && c != '\'' && c != '\\');
    if plain {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_values_are_quoted_only_when_needed() {
        assert_eq!(quoted("/tmp/x"), "/tmp/x");
        assert_eq!(quoted("it's a \\"), r"'it\'s a \\'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn settings_that_would_open_the_cluster_are_refused() {
        for name in ["listen_addresses", "port", "", "Fsync", "a b", "x=y"] {
            let refused = refuse_settings(&[(name.to_owned(), "1".to_owned())]);
            assert!(matches!(refused, Err(ClusterError::SettingRefused { .. })), "{name} was let through");
        }
        assert!(refuse_settings(&[("max_wal_size".to_owned(), "4GB".to_owned())]).is_ok());
    }
}

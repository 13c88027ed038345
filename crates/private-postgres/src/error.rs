//! What can go wrong, whose fault it is, and what to do next.

use std::io;
use std::path::PathBuf;

/// Why there is no cluster. Each text names who must do what.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// This machine has no PostgreSQL server of version 13 or later that we may run.
    #[error(
        "no PostgreSQL server (version 13 or later) was found on this machine.\n\
         Install it with one command:  make setup      (or, as root:  apt-get install postgresql)\n\
         If it is installed elsewhere, name its folder:  COBRAND_PG_BIN=/path/to/postgresql/bin\n\
         Looked in:\n  {}", looked_in.join("\n  ")
    )]
    BinariesNotFound {
        /// Every folder tried, each with the reason it was not taken.
        looked_in: Vec<String>,
    },

    /// `COBRAND_PG_BIN` names a folder without a usable server.
    #[error("COBRAND_PG_BIN={} cannot be used: {reason}. Correct the variable or unset it", dir.display())]
    BinariesUnusable {
        /// The folder as given.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// PostgreSQL refuses to run as root, and there is nobody else to run it.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`. \
         Create one (useradd --system postgres) or start this program as a normal user"
    )]
    NoUnprivilegedUser,

    /// A folder is closed to the user that the server runs as.
    #[error(
        "the database server runs as user `{user}`, who cannot reach {}: {} is closed to others. \
         Choose a folder below /var/tmp, or open that one:  chmod o+x {}",
        path.display(), closed_at.display(), closed_at.display()
    )]
    Unreachable {
        /// The folder that was needed.
        path: PathBuf,
        /// The first folder on the way that is closed.
        closed_at: PathBuf,
        /// The user that the server runs as.
        user: String,
    },

    /// The socket's path does not fit into a socket address.
    #[error(
        "the path of the server's socket, {}, has {bytes} bytes; a socket address holds 100. \
         Set TMPDIR to a shorter folder", path.display()
    )]
    SocketPathTooLong {
        /// The path of the socket.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },

    /// The caller tried to change a setting that the cluster's privacy rests on, or misspelt one.
    #[error("the setting `{name}` cannot be given: {reason}")]
    SettingRefused {
        /// The setting.
        name: String,
        /// Why not.
        reason: &'static str,
    },

    /// The operating system refused something to us.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What we were doing, as a verb.
        doing: &'static str,
        /// To which file, folder or program.
        path: PathBuf,
        /// The answer of the operating system.
        source: io::Error,
    },

    /// Another server runs in the kept data folder.
    #[error(
        "a PostgreSQL server (pid {pid}) already runs in {}. Stop the program that started it, or choose another folder",
        data_dir.display()
    )]
    DataDirInUse {
        /// The kept data folder.
        data_dir: PathBuf,
        /// Its server.
        pid: u32,
    },

    /// `initdb` ended with an error.
    #[error("initdb could not create a cluster in {} ({status}). It said:\n{output}", data_dir.display())]
    InitdbFailed {
        /// Where the cluster was to be.
        data_dir: PathBuf,
        /// The exit status.
        status: String,
        /// What it printed.
        output: String,
    },

    /// The server ended before it answered.
    #[error("the PostgreSQL server ended while starting ({status}). The end of its log:\n{log_tail}")]
    ServerDied {
        /// The exit status.
        status: String,
        /// The last lines of its log.
        log_tail: String,
    },

    /// The server runs but did not answer in time.
    #[error(
        "the PostgreSQL server did not answer within {waited_seconds} s (last answer: {last}). \
         The end of its log:\n{log_tail}"
    )]
    NotReady {
        /// How long we waited.
        waited_seconds: u64,
        /// What the last attempt met.
        last: String,
        /// The last lines of its log.
        log_tail: String,
    },

    /// The server refused to create a database.
    #[error("the database `{name}` was not created: {reason}")]
    DatabaseRefused {
        /// The database.
        name: String,
        /// The server's words, or ours.
        reason: String,
    },

    /// The guard had to use force, or could not remove the files.
    #[error("the PostgreSQL server did not stop cleanly: {reason}")]
    StopFailed {
        /// What happened instead.
        reason: String,
    },
}

impl ClusterError {
    /// For `map_err`: what we were doing, to what.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

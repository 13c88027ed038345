//! What can go wrong between us and PostgreSQL.

use tokio_postgres::error::SqlState;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// PostgreSQL refused a statement or the connection broke.
    #[error("PostgreSQL: {}", database_text(.0))]
    Database(#[from] tokio_postgres::Error),
    /// The database is on another machine, and this version speaks no TLS to it.
    #[error(
        "the database host {host:?} is another machine, and this version has no TLS to PostgreSQL: use a Unix socket or loopback, such as a local TLS tunnel"
    )]
    RemoteWithoutTls {
        /// The host.
        host: String,
    },
    /// The pool gave no connection in time.
    #[error(
        "no PostgreSQL connection became free in time; is the server up and max_connections large enough?"
    )]
    PoolTimedOut,
    /// A migration's text differs from the one that was applied.
    #[error(
        "migration {version} was applied with another text; this binary and this database do not belong together"
    )]
    MigrationChanged {
        /// The migration.
        version: i32,
    },
    /// The database knows a migration that this binary does not.
    #[error("the database is at migration {found}, this binary knows {known}: run a newer binary")]
    DatabaseIsNewer {
        /// In the database.
        found: i32,
        /// In the binary.
        known: i32,
    },
    /// A stored value cannot be read.
    #[error("the stored {what} cannot be read: {found:?}")]
    Damaged {
        /// The column.
        what: &'static str,
        /// What stands there.
        found: String,
    },
    /// Something that was asked for does not exist.
    #[error("{what} {name:?} does not exist")]
    NotFound {
        /// Which kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The state of a cycle forbids the step.
    #[error("the settlement cycle {cycle} is {state}: {step} is not possible")]
    WrongState {
        /// The cycle.
        cycle: i32,
        /// Its state.
        state: String,
        /// What was asked.
        step: &'static str,
    },
    /// Other work held the cycle gates for too long.
    #[error(
        "the cut waited {attempts} times for running batches and gave up; nothing was changed, run it again"
    )]
    GateBusy {
        /// How often it was tried.
        attempts: u32,
    },
    /// Another process took over the work.
    #[error("the lease {name:?} has gone to another process; nothing was written, and that process goes on")]
    LeaseLost {
        /// The lease.
        name: String,
    },
}

impl StoreError {
    /// Whether a key was already there.
    pub fn is_unique_violation(&self) -> bool {
        self.has_code(&SqlState::UNIQUE_VIOLATION)
    }

    /// Whether other work held for too long what this one must lock. Nothing was changed; it may be tried again.
    pub fn is_lock_timeout(&self) -> bool {
        self.has_code(&SqlState::LOCK_NOT_AVAILABLE)
    }

    fn has_code(&self, code: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(code))
    }
}

/// The server's own words without the values of the row, which an error's detail would show.
fn database_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) if *db.code() == SqlState::LOCK_NOT_AVAILABLE => {
            "other work holds the same rows for too long; nothing was changed, try it again".to_owned()
        }
        Some(db) => {
            let place = [db.table(), db.constraint()].into_iter().flatten().collect::<Vec<_>>().join(".");
            format!("{} {} {}", db.code().code(), db.message(), place)
        }
        None => error.to_string(),
    }
}

pub(crate) fn damaged(what: &'static str, found: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { what, found: found.to_string() }
}

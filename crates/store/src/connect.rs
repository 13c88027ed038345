//! Connections: dedicated ones for the lanes, a pool for everything else.

use std::time::Duration;

use bb8_postgres::PostgresConnectionManager;
use tokio_postgres::{Client, Config, NoTls, config::Host};

use crate::StoreError;

/// The pool that console, settlement and imports share.
pub type Pool = bb8::Pool<PostgresConnectionManager<NoTls>>;

/// Connections of one pool: console and settlement never need more at once.
const POOL_CONNECTIONS_MAX: u32 = 8;
/// How long a request waits for one of them.
const POOL_WAIT_MAX: Duration = Duration::from_secs(10);
/// No statement of the pool runs longer; settlement streams a million lines in seconds.
const STATEMENT_MAX_MS: u32 = 120_000;

/// The role of the console; its rights stand in the migrations.
const CONSOLE_ROLE: &str = "cobrand_console";

/// Where the database is.
#[derive(Debug, Clone)]
pub struct Database {
    config: Config,
}

impl Database {
    /// From a connection string: `host=/run/postgresql user=cobrand dbname=cobrand`.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let mut config: Config = text.parse()?;
        let remote = config.get_hostaddrs().iter().find(|address| !address.is_loopback());
        if let Some(address) = remote {
            return Err(StoreError::RemoteWithoutTls { host: address.to_string() });
        }
        for host in config.get_hosts() {
            if let Host::Tcp(host) = host
                && !is_loopback(host)
            {
                return Err(StoreError::RemoteWithoutTls { host: host.clone() });
            }
        }
        config.application_name("cobrand").connect_timeout(Duration::from_secs(5));
        config.options(format!(
            "-c statement_timeout={STATEMENT_MAX_MS} -c idle_in_transaction_session_timeout=60000"
        ));
        Ok(Self { config })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A dedicated connection. Its driver runs as a task of its own and ends with the connection.
pub async fn connect(database: &Database) -> Result<Client, StoreError> {
    let (client, connection) = database.config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a connection to PostgreSQL ended");
        }
    });
    Ok(client)
}

/// The pool. Only whole transactions run on it, under a guard: a connection never goes back inside one.
pub async fn pool(database: &Database) -> Result<Pool, StoreError> {
    let manager = PostgresConnectionManager::new(database.config.clone(), NoTls);
    let builder = bb8::Pool::builder().max_size(POOL_CONNECTIONS_MAX).connection_timeout(POOL_WAIT_MAX);
    Ok(builder.build(manager).await?)
}

/// The pool of the console. The database itself keeps it from writing anything but proposals and decisions. Its statements
/// are short: to compile one would take longer than to run it.
pub fn console_pool(database: &Database) -> Pool {
    let mut config = database.config.clone();
    let options = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{options} -c jit=off -c role={CONSOLE_ROLE}"));
    let builder = bb8::Pool::builder().max_size(POOL_CONNECTIONS_MAX).connection_timeout(POOL_WAIT_MAX);
    builder.build_unchecked(PostgresConnectionManager::new(config, NoTls))
}

impl From<bb8::RunError<tokio_postgres::Error>> for StoreError {
    fn from(error: bb8::RunError<tokio_postgres::Error>) -> Self {
        match error {
            bb8::RunError::User(error) => Self::Database(error),
            bb8::RunError::TimedOut => Self::PoolTimedOut,
        }
    }
}

/// Takes a step in a transaction of its own, which is committed unless the step fails. The enclosing function returns the
/// step's error, and `StoreError` as its own.
///
/// ```no_run
/// # async fn f(pool: &store::Pool, new: &store::NewProposal<'_>) -> Result<Option<i32>, store::StoreError> {
/// Ok(store::in_transaction!(pool, |step| store::propose(&step, new)))
/// # }
/// ```
#[macro_export]
macro_rules! in_transaction {
    ($pool:expr, |$transaction:ident| $step:expr) => {{
        let mut client = $pool.get().await.map_err($crate::StoreError::from)?;
        let $transaction = client.transaction().await.map_err($crate::StoreError::from)?;
        let done = $step.await?;
        $transaction.commit().await.map_err($crate::StoreError::from)?;
        done
    }};
}

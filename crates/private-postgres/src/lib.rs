//! A private PostgreSQL cluster: found, created, run and stopped with the process that asked for it.
//!
//! ```no_run
//! use private_postgres::{Options, PrivateCluster};
//!
//! let cluster = PrivateCluster::start(Options::default())?;
//! cluster.create_database("loyalty")?;
//! let for_tokio_postgres = cluster.connection_string("loyalty");
//! cluster.stop()?; // dropping it would do as well, without telling about trouble
//! # Ok::<(), private_postgres::ClusterError>(())
//! ```
//!
//! What holds, and where it is kept:
//!
//! - The server never runs as root: started by root it runs as `postgres`, or else `nobody` (`account`).
//! - Nobody but that user and root can connect: there is no TCP port, and the Unix socket lies in a
//!   directory of mode 0700 (`place`). Many clusters run beside each other for the same reason.
//! - The server dies with us, also after `kill -9`: a guard process waits for the end of a pipe that only
//!   we hold, then stops the server and removes its files (`guard`).
//! - What a power failure left behind is removed by the next start (`place::sweep`).
//! - `fsync` and `synchronous_commit` stay on. No statement and no parameter is written to the server's log.

mod account;
mod binaries;
mod cluster;
mod error;
mod guard;
mod place;
mod processes;
mod wire;

// The public interface is:
pub use binaries::{Binaries, find_binaries};
pub use cluster::{Options, PrivateCluster};
pub use error::ClusterError;

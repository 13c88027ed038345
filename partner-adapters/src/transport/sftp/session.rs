//! One connection: the key of the server, our sign-in, and what each of its answers means.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{self, Handle, Handler};
use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKeyWithHashAlg};
use russh::{Disconnect, Preferred};
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::rawsession::{Limits, RawSftpSession};
use russh_sftp::protocol::{FileAttributes, StatusCode};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Sftp, fingerprint_of};
use crate::transport::fault::foreign;
use crate::transport::{DeliveryError, Fault};

const KEEPALIVE: Duration = Duration::from_secs(15);
/// A polite end is worth this long.
const CLOSE: Duration = Duration::from_secs(2);
/// RSA keys of servers are not taken: the only implementation at hand has an open advisory.
const HOST_KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

/// A signed-in connection with the file transfer begun.
pub(super) struct Session {
    place: String,
    ssh: Handle<Pinned>,
    pub(super) raw: RawSftpSession,
    fsync: bool,
    statvfs: bool,
    host_key: String,
    signed_in_with: String,
}

/// Lets only servers in whose key is pinned, and remembers what was shown.
struct Pinned {
    expected: Vec<Fingerprint>,
    shown: Arc<Mutex<Option<Fingerprint>>>,
}

impl Handler for Pinned {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let shown = key.public_key().fingerprint(HashAlg::Sha256);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(self.expected.contains(&shown))
    }
}

impl Session {
    pub(super) async fn connect(to: &Sftp) -> Result<Self, DeliveryError> {
        match timeout(to.connect_timeout, Self::sign_in(to)).await {
            Ok(result) => result,
            Err(_) => {
                let found = format!("no session within {} s", to.connect_timeout.as_secs());
                Err(DeliveryError::new(Fault::TimedOut, &to.place, found))
            }
        }
    }

    async fn sign_in(to: &Sftp) -> Result<Self, DeliveryError> {
        let shown = Arc::new(Mutex::new(None));
        let handler = Pinned { expected: to.host_keys.clone(), shown: Arc::clone(&shown) };
        let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(|error| {
            DeliveryError::new(Fault::Unreachable, &to.place, format!("no connection: {error}"))
        })?;
        let connected = client::connect_stream(Arc::new(config()), stream, handler).await;
        let shown = *shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ssh = connected.map_err(|error| not_connected(to, shown, &error))?;
        let signed_in_with = authenticate(to, &mut ssh).await?;
        let (raw, extensions) = begin(to, &ssh).await?;
        Ok(Self {
            place: to.place.clone(),
            ssh,
            raw,
            fsync: extensions.fsync,
            statvfs: extensions.statvfs,
            host_key: shown.map(|shown| shown.to_string()).unwrap_or_default(),
            signed_in_with,
        })
    }

    /// Ends the connection; what was to be done is done, so trouble here is no error.
    pub(super) async fn close(self) {
        let _ = self.raw.close_session();
        let _ = timeout(CLOSE, async {
            let _ = self.ssh.disconnect(Disconnect::ByApplication, "done", "en").await;
            let _ = self.ssh.await;
        })
        .await;
    }

    pub(super) fn host_key(&self) -> &str {
        &self.host_key
    }

    pub(super) fn signed_in_with(&self) -> &str {
        &self.signed_in_with
    }

    pub(super) fn has_fsync(&self) -> bool {
        self.fsync
    }

    /// Bytes that we may still write into this folder, where the server tells.
    pub(super) async fn free_bytes(&self, folder: &str) -> Option<u64> {
        if !self.statvfs {
            return None;
        }
        let stat = self.raw.statvfs(folder).await.ok()?;
        stat.blocks_avail.checked_mul(stat.fragment_size)
    }

    /// `None` if nothing has this name. A link is not followed.
    pub(super) async fn look(&self, path: &str) -> Result<Option<FileAttributes>, DeliveryError> {
        match self.raw.lstat(path).await {
            Ok(found) => Ok(Some(found.attrs)),
            Err(error) if status(&error) == Some(StatusCode::NoSuchFile) => Ok(None),
            Err(error) => Err(self.error(path, "look at", &error)),
        }
    }

    /// What a failed step means. `step` is what was tried, as a verb.
    pub(super) fn error(&self, path: &str, step: &str, error: &SftpError) -> DeliveryError {
        let fault = match error {
            SftpError::Timeout => Fault::TimedOut,
            SftpError::IO(_) | SftpError::UnexpectedBehavior(_) => Fault::Interrupted,
            SftpError::Limited(_) | SftpError::UnexpectedPacket => Fault::Protocol,
            SftpError::Status(status) => match status.status_code {
                StatusCode::NoConnection | StatusCode::ConnectionLost => Fault::Interrupted,
                StatusCode::BadMessage | StatusCode::Eof => Fault::Protocol,
                _ => Fault::Refused,
            },
        };
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let found = match (status(error), step) {
            (Some(StatusCode::NoSuchFile), "create") => format!("the folder {folder} is not there"),
            _ => format!("the server did not {step} {path}: {}", foreign(&words(error))),
        };
        DeliveryError::new(fault, &self.place, found)
    }

    pub(super) fn fault(&self, fault: Fault, found: String) -> DeliveryError {
        DeliveryError::new(fault, &self.place, found)
    }
}

pub(super) fn status(error: &SftpError) -> Option<StatusCode> {
    match error {
        SftpError::Status(status) => Some(status.status_code),
        _ => None,
    }
}

/// A status has a code and a text, which are often the same words.
fn words(error: &SftpError) -> String {
    match error {
        SftpError::Status(status) if status.error_message == status.status_code.to_string() => {
            status.error_message.clone()
        }
        _ => error.to_string(),
    }
}

/// Links and sockets share bits with files, so the type is compared as a whole.
pub(super) fn is_file(attributes: &FileAttributes) -> Option<bool> {
    Some(attributes.permissions? & 0o170_000 == 0o100_000)
}

fn config() -> client::Config {
    client::Config {
        keepalive_interval: Some(KEEPALIVE),
        nodelay: true,
        preferred: Preferred { key: Cow::Borrowed(HOST_KEYS), ..Preferred::DEFAULT },
        ..client::Config::default()
    }
}

fn not_connected(to: &Sftp, shown: Option<Fingerprint>, error: &russh::Error) -> DeliveryError {
    match shown {
        Some(shown) if !to.host_keys.contains(&shown) => {
            let pinned: Vec<String> = to.host_keys.iter().map(ToString::to_string).collect();
            let found = format!("the server shows the key {shown}, pinned is {}", pinned.join(" or "));
            DeliveryError::new(Fault::HostKeyChanged, &to.place, found)
        }
        Some(_) => ssh_error(to, "begin a session", error),
        None => ssh_error(to, "begin a session (is it an SSH server, and the right port?)", error),
    }
}

fn ssh_error(to: &Sftp, step: &str, error: &russh::Error) -> DeliveryError {
    let fault = match error {
        russh::Error::NoCommonAlgo { .. } | russh::Error::Version => Fault::Protocol,
        _ => Fault::Interrupted,
    };
    DeliveryError::new(
        fault,
        &to.place,
        format!("the server did not {step}: {}", foreign(&error.to_string())),
    )
}

/// Tries our keys in their order; returns the fingerprint of the one that was accepted.
async fn authenticate(to: &Sftp, ssh: &mut Handle<Pinned>) -> Result<String, DeliveryError> {
    for key in &to.private_keys {
        let signer = PrivateKeyWithHashAlg::new(Arc::clone(key), None);
        let result = ssh.authenticate_publickey(to.user.clone(), signer).await;
        if result.map_err(|error| ssh_error(to, "answer our sign-in", &error))?.success() {
            return Ok(fingerprint_of(key));
        }
    }
    let keys: Vec<String> = to.private_keys.iter().map(|key| fingerprint_of(key)).collect();
    let found = format!("the server does not accept user {} with key {}", to.user, keys.join(" or "));
    Err(DeliveryError::new(Fault::SignInRefused, &to.place, found))
}

struct Extensions {
    fsync: bool,
    statvfs: bool,
}

async fn begin(to: &Sftp, ssh: &Handle<Pinned>) -> Result<(RawSftpSession, Extensions), DeliveryError> {
    let refused = |error: russh::Error| ssh_error(to, "open the file transfer", &error);
    let channel = ssh.channel_open_session().await.map_err(refused)?;
    channel.request_subsystem(true, "sftp").await.map_err(refused)?;
    let config = russh_sftp::client::Config {
        request_timeout_secs: to.timeout.as_secs(),
        ..russh_sftp::client::Config::default()
    };
    let mut raw = RawSftpSession::new_with_config(channel.into_stream(), config);
    let failed = |error: SftpError| {
        let found = format!("the server did not begin the file transfer: {}", foreign(&error.to_string()));
        DeliveryError::new(Fault::Protocol, &to.place, found)
    };
    let version = raw.init().await.map_err(failed)?;
    let has = |name: &str, number: &str| version.extensions.get(name).is_some_and(|found| found == number);
    if has(russh_sftp::extensions::LIMITS, "1") {
        let limits = raw.limits().await.map_err(failed)?;
        raw.set_limits(Limits::from(limits));
    }
    let extensions = Extensions {
        fsync: has(russh_sftp::extensions::FSYNC, "1"),
        statvfs: has(russh_sftp::extensions::STATVFS, "2"),
    };
    Ok((raw, extensions))
}

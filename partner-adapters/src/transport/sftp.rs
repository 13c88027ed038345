//! SFTP: `<name>.partial`, fsync, size, then the final name. The server's key is pinned.

mod inbox;
mod session;
mod upload;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::Fingerprint;
use russh::keys::{Algorithm, HashAlg, PrivateKey};

use self::session::Session;
use super::{
    Collected, DeliveryError, InboxSettings, Outgoing, ProbeReport, ReadBack, Receipt, SecretSource, Seen,
    SetupError, SftpSettings,
};

/// Two while one replaces the other.
const KEYS_MAX: usize = 2;

/// A partner's SFTP server.
pub(crate) struct Sftp {
    place: String,
    host: String,
    port: u16,
    user: String,
    host_keys: Vec<Fingerprint>,
    private_keys: Vec<Arc<PrivateKey>>,
    folder: String,
    read_back: ReadBack,
    announce: bool,
    connect_timeout: Duration,
    timeout: Duration,
    inbox: Option<InboxSettings>,
}

impl Sftp {
    pub(crate) fn open(settings: &SftpSettings, base: &Path) -> Result<Self, SetupError> {
        let folder = without_keys(settings)?;
        Ok(Self {
            place: format!("sftp://{}@{}:{}/{folder}", settings.user, settings.host, settings.port),
            host: settings.host.clone(),
            port: settings.port,
            user: settings.user.clone(),
            host_keys: pinned(settings)?,
            private_keys: private_keys(settings, base)?,
            folder,
            read_back: settings.read_back,
            announce: settings.announce,
            connect_timeout: Duration::from_secs(settings.connect_timeout_seconds),
            timeout: Duration::from_secs(settings.timeout_seconds),
            inbox: settings.inbox.clone(),
        })
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) async fn deliver(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        item.check_name()?;
        let session = Session::connect(self).await?;
        let delivered = upload::deliver(self, &session, item).await;
        session.close().await;
        delivered
    }

    pub(crate) async fn collect(&self, seen: Seen<'_>) -> Result<Collected, DeliveryError> {
        let Some(inbox) = &self.inbox else { return Ok(Collected::default()) };
        let session = Session::connect(self).await?;
        let collected = inbox::collect(&session, inbox, seen).await;
        session.close().await;
        collected
    }

    pub(crate) async fn probe(&self) -> Result<ProbeReport, DeliveryError> {
        let session = Session::connect(self).await?;
        let tried = self.try_out(&session).await;
        session.close().await;
        tried
    }

    async fn try_out(&self, session: &Session) -> Result<ProbeReport, DeliveryError> {
        let mut report = ProbeReport::default();
        report.add("host key", session.host_key());
        report.add("sign-in", format!("{} with key {}", self.user, session.signed_in_with()));
        report.add("durable writes", if session.has_fsync() { "yes" } else { "the server cannot tell" });
        upload::try_out(self, session).await?;
        report.add("folder", format!("{} can be written", self.folder));
        if let Some(inbox) = &self.inbox {
            let (listed, _) = inbox::list(session, &inbox.path, &mut Collected::default()).await?;
            report.add("inbox", format!("{}: {} files", inbox.path, listed.len()));
        }
        Ok(report)
    }
}

impl std::fmt::Debug for Sftp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sftp").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What can be checked before anybody has given a key.
pub(crate) fn check(settings: &SftpSettings) -> Result<(), SetupError> {
    without_keys(settings)?;
    if settings.host_keys.is_empty() { Ok(()) } else { pinned(settings).map(|_| ()) }
}

/// The folder.
fn without_keys(settings: &SftpSettings) -> Result<String, SetupError> {
    if settings.timeout_seconds == 0 || settings.connect_timeout_seconds == 0 {
        return Err(SetupError::new("timeout_seconds", "at least 1 second is expected"));
    }
    if settings.host.is_empty() || settings.user.is_empty() {
        return Err(SetupError::new("host", "a server and a user are expected"));
    }
    if let Some(inbox) = &settings.inbox {
        folder_of("inbox.path", &inbox.path)?;
        inbox.done.as_deref().map_or(Ok(String::new()), |done| folder_of("inbox.done", done))?;
    }
    folder_of("folder", &settings.folder)
}

fn folder_of(setting: &'static str, text: &str) -> Result<String, SetupError> {
    let trimmed = if text == "/" { "" } else { text.trim_end_matches('/') };
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(SetupError::new(
            setting,
            "a folder of the server is expected, `.` for that of the sign-in",
        ));
    }
    Ok(trimmed.to_owned())
}

/// The fingerprints that the server may show.
fn pinned(settings: &SftpSettings) -> Result<Vec<Fingerprint>, SetupError> {
    let texts = &settings.host_keys;
    if texts.is_empty() {
        let SftpSettings { host, port, .. } = settings;
        let reason = format!(
            "no fingerprint of the server's key; `ssh-keyscan -t ed25519 -p {port} {host} | ssh-keygen -lf -` shows it: \
             compare its second word with what the partner says by another way"
        );
        return Err(SetupError::new("host_keys", reason).mended_by("then the operator must write it here"));
    }
    if texts.len() > KEYS_MAX {
        return Err(SetupError::new(
            "host_keys",
            format!("{} fingerprints; one is expected, two while the server changes its key", texts.len()),
        ));
    }
    let parsed = texts.iter().map(|text| {
        let of_sha256 = Fingerprint::from_str(text).ok().filter(|fingerprint| fingerprint.is_sha256());
        of_sha256.ok_or_else(|| {
            let reason = format!(
                "`{text}` is no fingerprint; the second word is expected of the line that `ssh-keygen -lf` prints, whole: \
                 SHA256: and 43 characters"
            );
            SetupError::new("host_keys", reason)
        })
    });
    parsed.collect()
}

fn private_keys(settings: &SftpSettings, base: &Path) -> Result<Vec<Arc<PrivateKey>>, SetupError> {
    let sources = &settings.private_keys;
    if sources.is_empty() || sources.len() > KEYS_MAX {
        return Err(SetupError::new(
            "private_keys",
            format!("{} keys; one is expected, two (the new one first) while ours changes", sources.len()),
        ));
    }
    let passphrase = match &settings.passphrase {
        Some(source) => Some(source.read("passphrase", base)?),
        None => None,
    };
    let mut keys = Vec::new();
    for source in sources {
        let text = source.read("private_keys", base)?;
        let password = passphrase.as_ref().map(super::Secret::expose);
        if is_public_part(text.expose()) {
            let reason = format!(
                "{source:?} is the public part of a key; the private one is expected, without `.pub`"
            );
            return Err(SetupError::new("private_keys", reason));
        }
        let key = russh::keys::decode_secret_key(text.expose(), password)
            .map_err(|error| unread(source, &error))?;
        if !matches!(key.algorithm(), Algorithm::Ed25519 | Algorithm::Ecdsa { .. }) {
            let reason = format!("{source:?} is an {} key; Ed25519 or ECDSA is expected", key.algorithm());
            return Err(SetupError::new("private_keys", reason));
        }
        keys.push(Arc::new(key));
    }
    Ok(keys)
}

fn is_public_part(text: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| text.starts_with(begin))
}

fn unread(source: &SecretSource, error: &russh::keys::Error) -> SetupError {
    let hint = match error {
        russh::keys::Error::KeyIsEncrypted => "; name its passphrase: passphrase = \"env:NAME\" or a file",
        _ => "",
    };
    SetupError::new("private_keys", format!("{source:?} is no private key we can read: {error}{hint}"))
}

fn fingerprint_of(key: &PrivateKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

//! What stands under `[[transport]]` in a partner's file. Secrets are named there, never written there.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::SecretSource;

/// A setting cannot be used. Never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("transport setting `{setting}`: {reason}; {mend}")]
pub struct SetupError {
    /// Its name in the partner's file.
    pub setting: &'static str,
    /// What was found and what is expected.
    pub reason: String,
    /// Who must do what.
    pub mend: String,
}

/// What is to be done if it is nothing else.
const MEND: &str = "the operator must mend the partner's file";

impl SetupError {
    pub(crate) fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self { setting, reason: reason.into(), mend: MEND.to_owned() }
    }

    /// Where something else than the partner's file is wrong.
    pub(crate) fn mended_by(self, mend: impl Into<String>) -> Self {
        Self { mend: mend.into(), ..self }
    }

    /// For `map_err`: what was being done, with the other's own reason.
    pub(crate) fn because<E: std::fmt::Display>(
        setting: &'static str,
        found: impl Into<String>,
    ) -> impl FnOnce(E) -> Self {
        let found = found.into();
        move |reason| Self::new(setting, format!("{found}: {reason}"))
    }
}

/// One `[[transport]]` of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Settings {
    /// A folder that the partner's own file transfer looks into.
    Folder(FolderSettings),
    /// The partner's SFTP server.
    Sftp(SftpSettings),
    /// A bucket of an S3-compatible object store.
    S3(S3Settings),
    /// The partner's HTTPS endpoint, called by Standard Webhooks 1.0.0.
    Webhook(WebhookSettings),
}

impl Settings {
    /// The word after `kind =`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Sftp(_) => "sftp",
            Self::S3(_) => "s3",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Whether it carries files; a webhook carries events.
    #[must_use]
    pub fn carries_files(&self) -> bool {
        !matches!(self, Self::Webhook(_))
    }

    pub(crate) fn pgp(&self) -> Option<&PgpSettings> {
        match self {
            Self::Folder(settings) => settings.pgp.as_ref(),
            Self::Sftp(settings) => settings.pgp.as_ref(),
            Self::S3(settings) => settings.pgp.as_ref(),
            Self::Webhook(_) => None,
        }
    }

    pub(crate) fn inbox(&self) -> Option<&InboxSettings> {
        match self {
            Self::Folder(settings) => settings.inbox.as_ref(),
            Self::Sftp(settings) => settings.inbox.as_ref(),
            Self::S3(settings) => settings.inbox.as_ref(),
            Self::Webhook(_) => None,
        }
    }
}

/// `kind = "folder"`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderSettings {
    /// Where files appear, each with its `.done`.
    pub path: PathBuf,
    /// Where the partner's answers are looked for.
    pub inbox: Option<InboxSettings>,
    /// Encrypts and signs.
    pub pgp: Option<PgpSettings>,
}

/// `kind = "sftp"`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SftpSettings {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    #[serde(default = "ssh_port")]
    pub port: u16,
    /// Who we sign in as.
    pub user: String,
    /// One or, while the server changes its key, two fingerprints as `ssh-keygen -l` prints them: `SHA256:...`.
    pub host_keys: Vec<String>,
    /// One or, while we change ours, two private keys (OpenSSH files, Ed25519 or ECDSA): the new one first.
    pub private_keys: Vec<SecretSource>,
    /// Of the private keys, if they have one.
    pub passphrase: Option<SecretSource>,
    /// Where files go, on the server. Without it the folder that the sign-in leads to.
    #[serde(default = "here")]
    pub folder: String,
    /// When a file is read back to compare its content.
    #[serde(default)]
    pub read_back: ReadBack,
    /// Puts `<name>.done` with the SHA-256 after each file.
    #[serde(default)]
    pub announce: bool,
    /// How long the connection may take until the sign-in is done.
    #[serde(default = "seconds::<15>")]
    pub connect_timeout_seconds: u64,
    /// How long the server may take for one answer.
    #[serde(default = "seconds::<30>")]
    pub timeout_seconds: u64,
    /// Where the partner's answers are looked for.
    pub inbox: Option<InboxSettings>,
    /// Encrypts and signs.
    pub pgp: Option<PgpSettings>,
}

/// When a file on the server is read back and its content compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadBack {
    /// After each upload, and where the name is taken already.
    Always,
    /// Where the name is taken already; an upload is checked by its size.
    #[default]
    WhenPresent,
    /// Never: the server lets us write and not read. Then the size alone decides.
    Never,
}

/// `kind = "s3"`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// The store's address; without it that of AWS for the region.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    #[serde(default = "first_region")]
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// Stands before each name, as `in/`.
    #[serde(default)]
    pub prefix: String,
    /// The id of the access key.
    pub access_key: SecretSource,
    /// The access key.
    pub secret_key: SecretSource,
    /// The token of temporary credentials.
    pub session_token: Option<SecretSource>,
    /// Whether the bucket stands in the path (most own servers) or in the host's name (AWS).
    #[serde(default = "yes")]
    pub path_style: bool,
    /// Allows `http://` beyond this machine.
    #[serde(default)]
    pub allow_http: bool,
    /// The certificate authority of the store, PEM; without it the public ones.
    pub ca_file: Option<PathBuf>,
    /// How long the store may take for one request.
    #[serde(default = "seconds::<60>")]
    pub timeout_seconds: u64,
    /// Where the partner's answers are looked for: `path` and `done` are prefixes.
    pub inbox: Option<InboxSettings>,
    /// Encrypts and signs.
    pub pgp: Option<PgpSettings>,
}

/// `kind = "webhook"`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where events are posted. `https`, or `http` into a network of `allow_networks`.
    pub url: String,
    /// One or, while they change, several `whsec_...`: each signs, so that the partner may check by any of them.
    pub secrets: Vec<SecretSource>,
    /// Networks (`10.20.0.0/16`) that the address may lie in although they are not public.
    #[serde(default)]
    pub allow_networks: Vec<String>,
    /// The certificate authority of the endpoint, PEM; without it the public ones.
    pub ca_file: Option<PathBuf>,
    /// Our client certificate, PEM.
    pub client_certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub client_key: Option<SecretSource>,
    /// How long the connection may take.
    #[serde(default = "seconds::<5>")]
    pub connect_timeout_seconds: u64,
    /// How long one call may take, all in all.
    #[serde(default = "seconds::<20>")]
    pub timeout_seconds: u64,
}

/// Where the partner puts his answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxSettings {
    /// The folder, or the prefix in a bucket.
    pub path: String,
    /// Where files go that were taken in; without it they stay.
    pub done: Option<String>,
    /// How many files are fetched in one go.
    #[serde(default = "inbox_files")]
    pub max_files: usize,
    /// How many bytes a file may have.
    #[serde(default = "inbox_bytes")]
    pub max_bytes: u64,
}

/// `[transport.pgp]`: files leave encrypted, signed, or both; answers are decrypted and checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PgpSettings {
    /// The partner's public key: files are encrypted to it, and answers must be signed by it.
    pub partner_key: Option<PathBuf>,
    /// Our private key (Ed25519 with X25519): files are signed by it, and answers are decrypted with it.
    pub own_key: Option<SecretSource>,
    /// The passphrase of our private key.
    pub passphrase: Option<SecretSource>,
    /// Where what was encrypted is kept, so that the same file sent again is the same bytes.
    pub kept: PathBuf,
}

const fn ssh_port() -> u16 {
    22
}

fn here() -> String {
    ".".to_owned()
}

fn first_region() -> String {
    "us-east-1".to_owned()
}

const fn yes() -> bool {
    true
}

const fn seconds<const N: u64>() -> u64 {
    N
}

const fn inbox_files() -> usize {
    100
}

const fn inbox_bytes() -> u64 {
    16 << 20
}

//! How a finished file or event reaches a partner, and how his answers come back.
//!
//! ```text
//! Settings --open--> Transport --deliver(Outgoing)--> Receipt | DeliveryError
//!                              --collect(seen)------> Collected
//!                              --probe()------------> ProbeReport
//! ```
//!
//! What holds for every kind: nothing appears half-written under its final name, nothing is ever overwritten, the
//! same item delivered again is the same result, every step has a deadline, and memory does not grow with the file.
//! There are no retries in here: an error says whether and when to try again, and [`Schedule`] says how long to wait.

mod fault;
mod folder;
mod incoming;
mod openpgp;
mod outgoing;
mod probe;
mod s3;
mod schedule;
mod secret;
mod settings;
mod sftp;
mod webhook;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

// The public interface is:
pub use fault::{Blame, DeliveryError, Fault};
pub use incoming::{Collected, Incoming, Refused, Seen};
pub use openpgp::NOT_SIGNED;
pub use outgoing::{Content, Outgoing, Receipt};
pub use probe::{ProbeReport, ProbeStep};
pub use schedule::Schedule;
pub use secret::{Secret, SecretSource};
pub use settings::{
    FolderSettings, InboxSettings, PgpSettings, ReadBack, S3Settings, Settings, SetupError, SftpSettings,
    WebhookSettings,
};
pub use webhook::{SignatureError, WebhookKeys};

/// One look into an inbox. Each answer of a server has its own deadline, but a byte in each of them would take for ever.
const COLLECT_MAX: Duration = Duration::from_secs(600);

/// One partner's way in and out, with its keys read and its settings checked. Cheap to keep, safe to share.
#[derive(Debug)]
pub struct Transport {
    way: Way,
    pgp: Option<Arc<openpgp::OpenPgp>>,
    /// How large an answer may be, also after it was decrypted.
    inbox_bytes_max: u64,
}

#[derive(Debug)]
enum Way {
    Folder(folder::Folder),
    Sftp(sftp::Sftp),
    S3(s3::S3),
    Webhook(webhook::Webhook),
}

impl Transport {
    /// Checks what can be checked before keys and secrets are there; reads nothing and connects to nobody. That the server's
    /// key is not pinned yet is no error here.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check(settings: &Settings) -> Result<(), SetupError> {
        match settings {
            Settings::Sftp(settings) => sftp::check(settings),
            Settings::Webhook(settings) => webhook::check(settings),
            Settings::Folder(_) | Settings::S3(_) => Ok(()),
        }
    }

    /// Checks the settings and reads keys and secrets; connects to nobody. Relative paths count from `base`, the
    /// folder of the partner's file.
    ///
    /// # Errors
    /// [`SetupError`] names the setting, what was found and what is expected. It never shows a secret.
    pub fn open(settings: &Settings, base: &Path) -> Result<Self, SetupError> {
        let way = match settings {
            Settings::Folder(settings) => Way::Folder(folder::Folder::open(settings, base)?),
            Settings::Sftp(settings) => Way::Sftp(sftp::Sftp::open(settings, base)?),
            Settings::S3(settings) => Way::S3(s3::S3::open(settings, base)?),
            Settings::Webhook(settings) => Way::Webhook(webhook::Webhook::open(settings, base)?),
        };
        let pgp = match settings.pgp() {
            Some(pgp) => Some(Arc::new(openpgp::OpenPgp::open(pgp, base)?)),
            None => None,
        };
        Ok(Self { way, pgp, inbox_bytes_max: settings.inbox().map_or(0, |inbox| inbox.max_bytes) })
    }

    /// Delivers one item. The same item again, also after a crash in the middle, is the same result.
    ///
    /// # Errors
    /// [`DeliveryError`] says who is to blame and whether, and when, another attempt makes sense.
    pub async fn deliver(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        match &self.pgp {
            Some(pgp) => self.carry(&pgp.seal(item).await?).await,
            None => self.carry(item).await,
        }
    }

    async fn carry(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        match &self.way {
            Way::Folder(folder) => folder.deliver(item).await,
            Way::Sftp(sftp) => sftp.deliver(item).await,
            Way::S3(s3) => s3.deliver(item).await,
            Way::Webhook(webhook) => webhook.deliver(item).await,
        }
    }

    /// Fetches what lies in the partner's inbox, within the inbox's limits. `seen` is asked with the
    /// [`Incoming::mark`] of each file: one that was taken in durably before is put away if the inbox has a `done`
    /// folder, and not fetched again. Without an inbox nothing is fetched.
    ///
    /// # Errors
    /// [`DeliveryError`], as for a delivery. A single file that is not taken stands in [`Collected::refused`].
    pub async fn collect(&self, seen: Seen<'_>) -> Result<Collected, DeliveryError> {
        let Ok(collected) = tokio::time::timeout(COLLECT_MAX, self.fetch(seen)).await else {
            let found = format!("the inbox was not read within {} s", COLLECT_MAX.as_secs());
            return Err(DeliveryError::new(Fault::TimedOut, self.place(), found));
        };
        let collected = collected?;
        match &self.pgp {
            Some(pgp) => pgp.unseal(self.place(), collected, self.inbox_bytes_max).await,
            None => Ok(collected),
        }
    }

    async fn fetch(&self, seen: Seen<'_>) -> Result<Collected, DeliveryError> {
        match &self.way {
            Way::Folder(folder) => folder.collect(seen).await,
            Way::Sftp(sftp) => sftp.collect(seen).await,
            Way::S3(s3) => s3.collect(seen).await,
            Way::Webhook(_) => Ok(Collected::default()),
        }
    }

    /// Tries everything up to a delivery and leaves nothing behind; a webhook is sent a signed `partner.test`.
    ///
    /// # Errors
    /// [`DeliveryError`] of the first step that did not work.
    pub async fn probe(&self) -> Result<ProbeReport, DeliveryError> {
        let mut report = self.try_out().await?;
        if let Some(pgp) = &self.pgp {
            report.add("PGP", pgp.shown());
        }
        Ok(report)
    }

    async fn try_out(&self) -> Result<ProbeReport, DeliveryError> {
        match &self.way {
            Way::Folder(folder) => folder.probe().await,
            Way::Sftp(sftp) => sftp.probe().await,
            Way::S3(s3) => s3.probe().await,
            Way::Webhook(webhook) => webhook.probe().await,
        }
    }

    /// Where this transport leads, for people and logs: an address or path without any secret.
    #[must_use]
    pub fn place(&self) -> &str {
        match &self.way {
            Way::Folder(folder) => folder.place(),
            Way::Sftp(sftp) => sftp.place(),
            Way::S3(s3) => s3.place(),
            Way::Webhook(webhook) => webhook.place(),
        }
    }
}

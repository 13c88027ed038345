//! The folder as a transport: [`crate::publish`] for what goes out, a folder that is looked into for what comes back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;

use super::incoming::{LISTED_MAX, Listed, Plan, plan, second_name};
use super::{
    Collected, Content, DeliveryError, Fault, FolderSettings, InboxSettings, Outgoing, ProbeReport, Receipt,
    Seen, SetupError,
};
use crate::{PublishError, Published, Staged};

const CHUNK: usize = 64 << 10;

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    place: String,
    inbox: Option<Inbox>,
}

#[derive(Debug, Clone)]
struct Inbox {
    settings: InboxSettings,
    path: PathBuf,
    done: Option<PathBuf>,
}

impl Folder {
    pub(crate) fn open(settings: &FolderSettings, base: &Path) -> Result<Self, SetupError> {
        let path = base.join(&settings.path);
        let inbox = settings.inbox.clone().map(|inbox| Inbox {
            path: base.join(&inbox.path),
            done: inbox.done.as_ref().map(|done| base.join(done)),
            settings: inbox,
        });
        Ok(Self { place: path.display().to_string(), path, inbox })
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) async fn deliver(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        let (folder, item) = (self.clone(), item.clone());
        off_the_loop(&self.place, move || folder.publish(&item)).await
    }

    fn publish(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        let (published, bytes) = match &item.content {
            Content::Bytes(bytes) if crate::sha256(bytes) != item.sha256 => return Err(item.not_recorded()),
            Content::Bytes(bytes) => (crate::publish(&self.path, &item.name, bytes), bytes.len() as u64),
            Content::Path(path) => self.publish_file(item, path)?,
        };
        let published = published.map_err(|error| self.publish_error(&error))?;
        Ok(Receipt {
            place: published.path.display().to_string(),
            already: published.already,
            bytes,
            sha256: published.sha256,
            answer: None,
        })
    }

    /// Copies a file without holding it in memory. What is wrong with our own is the outer error.
    fn publish_file(
        &self,
        item: &Outgoing,
        path: &Path,
    ) -> Result<(Result<Published, PublishError>, u64), DeliveryError> {
        let mut file = File::open(path).map_err(|error| local(path, &error))?;
        let mut staged = match Staged::create(&self.path, &item.name) {
            Ok(staged) => staged,
            Err(error) => return Ok((Err(error), 0)),
        };
        let (mut hash, mut buffer, mut bytes) = (Context::new(&SHA256), vec![0; CHUNK], 0_u64);
        loop {
            let read = file.read(&mut buffer).map_err(|error| local(path, &error))?;
            let part = buffer.get(..read).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            hash.update(part);
            bytes += part.len() as u64;
            if let Err(error) = staged.write_all(part) {
                return Ok((Err(staged.refused(error)), bytes));
            }
        }
        if hash.finish().as_ref() != item.sha256 {
            return Err(item.not_recorded());
        }
        Ok((staged.publish(&item.name, item.sha256), bytes))
    }

    fn publish_error(&self, error: &PublishError) -> DeliveryError {
        let fault = match error {
            PublishError::BadName { .. } => Fault::LocalFile,
            PublishError::Differs { .. } => Fault::NameTaken,
            PublishError::Full { .. } => Fault::Full,
            PublishError::Io { source, .. } => fault_of(source),
        };
        DeliveryError::new(fault, &self.place, error.to_string())
    }

    pub(crate) async fn collect(&self, seen: Seen<'_>) -> Result<Collected, DeliveryError> {
        let mut out = Collected::default();
        let Some(inbox) = self.inbox.clone() else { return Ok(out) };
        let listing = inbox.clone();
        let (listed, more) = off_the_loop(&self.place, move || listing.list()).await?;
        out.more = more;
        let plan = plan(listed, &inbox.settings, seen, &mut out);
        off_the_loop(&self.place, move || inbox.carry_out(plan, out)).await
    }

    pub(crate) async fn probe(&self) -> Result<ProbeReport, DeliveryError> {
        let folder = self.clone();
        off_the_loop(&self.place, move || folder.try_out()).await
    }

    fn try_out(&self) -> Result<ProbeReport, DeliveryError> {
        let mut report = ProbeReport::default();
        // A file that is dropped goes away again.
        drop(Staged::create(&self.path, "cobrand-probe").map_err(|error| self.publish_error(&error))?);
        report.add("folder", format!("{} can be written", self.place));
        if let Some(inbox) = &self.inbox {
            let (listed, _) = inbox.list()?;
            report.add("inbox", format!("{}: {} files", inbox.path.display(), listed.len()));
        }
        Ok(report)
    }
}

impl Inbox {
    /// The plain files, and whether there are more entries than are looked at.
    fn list(&self) -> Result<(Vec<Listed>, bool), DeliveryError> {
        let entries = fs::read_dir(&self.path).map_err(|error| self.error("list the inbox", &error))?;
        let mut listed = Vec::new();
        for (number, entry) in entries.enumerate() {
            if number >= LISTED_MAX {
                return Ok((listed, true));
            }
            let entry = entry.map_err(|error| self.error("list the inbox", &error))?;
            // Not followed: a link may lead anywhere. One that vanished meanwhile is nobody's trouble.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                listed.push(Listed { name, bytes: meta.len(), edition: changed(&meta) });
            }
        }
        Ok((listed, false))
    }

    fn carry_out(&self, plan: Plan, mut out: Collected) -> Result<Collected, DeliveryError> {
        for file in &plan.put_away {
            self.put_away(file)?;
        }
        for file in plan.fetch {
            match self.read(&file) {
                Ok(Some(content)) => out.take(file, content),
                // It is being written, or is gone: the next go sees.
                Ok(None) => {}
                Err(error) => out.refuse(&file.name, format!("it cannot be read: {error}")),
            }
        }
        Ok(out)
    }

    /// `None` if it is not the file that was listed, or changes while it is read.
    fn read(&self, file: &Listed) -> io::Result<Option<Bytes>> {
        let path = self.path.join(&file.name);
        let before = fs::symlink_metadata(&path)?;
        let opened = File::open(&path)?;
        let meta = opened.metadata()?;
        if (before.dev(), before.ino()) != (meta.dev(), meta.ino()) || !meta.is_file() {
            return Ok(None);
        }
        let mut content = Vec::new();
        (&opened).take(file.bytes.saturating_add(1)).read_to_end(&mut content)?;
        let after = opened.metadata()?;
        let same = content.len() as u64 == file.bytes && changed(&after) == file.edition;
        Ok(same.then(|| Bytes::from(content)))
    }

    fn put_away(&self, file: &Listed) -> Result<(), DeliveryError> {
        let Some(done) = &self.done else { return Ok(()) };
        let path = self.path.join(&file.name);
        // A link fails where a rename would overwrite an older file of the same name.
        let linked = match fs::hard_link(&path, done.join(&file.name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                fs::hard_link(&path, done.join(second_name(file)))
            }
            other => other,
        };
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(self.error("put away a file of", &error))
            }
            _ => fs::remove_file(&path).map_err(|error| self.error("remove a file from", &error)),
        }
    }

    fn error(&self, step: &str, error: &io::Error) -> DeliveryError {
        let place = self.path.display().to_string();
        DeliveryError::new(fault_of(error), place, format!("cannot {step} this folder: {error}"))
    }
}

/// Time of change to the nanosecond, as a number.
fn changed(meta: &fs::Metadata) -> String {
    let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    since.as_nanos().to_string()
}

fn fault_of(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Full,
        _ => Fault::Refused,
    }
}

pub(crate) fn local(path: &Path, error: &io::Error) -> DeliveryError {
    DeliveryError::new(Fault::LocalFile, path.display().to_string(), format!("cannot be read: {error}"))
}

/// File systems may hang (NFS): their calls wait elsewhere than on the runtime's threads.
async fn off_the_loop<T: Send + 'static>(
    place: &str,
    work: impl FnOnce() -> Result<T, DeliveryError> + Send + 'static,
) -> Result<T, DeliveryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(DeliveryError::new(Fault::Interrupted, place, error.to_string())),
    }
}

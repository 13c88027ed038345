//! The partner's answers on his server: listed, judged by their names, fetched within limits, put away.

use bytes::Bytes;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{File, FileAttributes, OpenFlags, StatusCode};

use super::session::{Session, is_file, status};
use crate::transport::incoming::{LISTED_MAX, Listed, plan, second_name};
use crate::transport::{Collected, DeliveryError, InboxSettings, Seen};

const CHUNK: u32 = 32 << 10;

pub(super) async fn collect(
    session: &Session,
    inbox: &InboxSettings,
    seen: Seen<'_>,
) -> Result<Collected, DeliveryError> {
    let mut out = Collected::default();
    let (listed, more) = list(session, &inbox.path, &mut out).await?;
    out.more = more;
    let plan = plan(listed, inbox, seen, &mut out);
    for file in &plan.put_away {
        put_away(session, inbox, file).await?;
    }
    for file in plan.fetch {
        let path = format!("{}/{}", inbox.path, file.name);
        match fetch(session, &path, &file).await {
            Ok(Some(content)) => out.take(file, content),
            // It is being written, or is gone: the next go sees.
            Ok(None) => {}
            Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => {}
            Err(SftpError::Status(status)) if status.status_code == StatusCode::PermissionDenied => {
                out.refuse(&file.name, "the server does not let us read it");
            }
            Err(error) => return Err(session.error(&path, "let us read", &error)),
        }
    }
    Ok(out)
}

/// The plain files, and whether there are more entries than are looked at.
pub(super) async fn list(
    session: &Session,
    folder: &str,
    out: &mut Collected,
) -> Result<(Vec<Listed>, bool), DeliveryError> {
    let failed = |error: SftpError| session.error(folder, "list", &error);
    let handle = session.raw.opendir(folder).await.map_err(failed)?.handle;
    let (mut listed, mut entries, mut more) = (Vec::new(), 0_usize, false);
    let outcome = loop {
        match session.raw.readdir(handle.as_str()).await {
            Ok(part) => {
                // An answer without entries counts, too: a server must not keep us here for ever.
                entries += part.files.len().max(1);
                listed.extend(part.files.into_iter().filter_map(|file| listed_file(file, out)));
                if entries >= LISTED_MAX {
                    more = true;
                    break Ok(());
                }
            }
            Err(error) if status(&error) == Some(StatusCode::Eof) => break Ok(()),
            Err(error) => break Err(failed(error)),
        }
    };
    let _ = session.raw.close(handle).await;
    outcome.map(|()| (listed, more))
}

fn listed_file(file: File, out: &mut Collected) -> Option<Listed> {
    if is_file(&file.attrs) == Some(false) {
        return None;
    }
    let Some(bytes) = file.attrs.size else {
        out.refuse(&file.filename, "the server does not tell its size");
        return None;
    };
    Some(Listed { name: file.filename, bytes, edition: edition(&file.attrs) })
}

fn edition(attributes: &FileAttributes) -> String {
    attributes.mtime.unwrap_or_default().to_string()
}

/// `None` if it is not as it was listed, before or after it was read.
async fn fetch(session: &Session, path: &str, file: &Listed) -> Result<Option<Bytes>, SftpError> {
    let handle = session.raw.open(path, OpenFlags::READ, FileAttributes::default()).await?.handle;
    let read = read(session, &handle, file).await;
    let after = session.raw.fstat(handle.as_str()).await;
    let _ = session.raw.close(handle).await;
    let (content, after) = (read?, after?.attrs);
    let same = content.len() as u64 == file.bytes
        && after.size == Some(file.bytes)
        && edition(&after) == file.edition
        && is_file(&after) != Some(false);
    Ok(same.then(|| Bytes::from(content)))
}

/// The bytes as listed and, if there are more, one chunk of them.
async fn read(session: &Session, handle: &str, file: &Listed) -> Result<Vec<u8>, SftpError> {
    let mut content = Vec::new();
    while content.len() as u64 <= file.bytes {
        match session.raw.read(handle, content.len() as u64, CHUNK).await {
            Ok(data) if data.data.is_empty() => break,
            Ok(data) => content.extend_from_slice(&data.data),
            Err(error) if status(&error) == Some(StatusCode::Eof) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(content)
}

async fn put_away(session: &Session, inbox: &InboxSettings, file: &Listed) -> Result<(), DeliveryError> {
    let Some(done) = &inbox.done else { return Ok(()) };
    let from = format!("{}/{}", inbox.path, file.name);
    let mut to = format!("{done}/{}", file.name);
    if session.look(&to).await?.is_some() {
        to = format!("{done}/{}", second_name(file));
        if session.look(&to).await?.is_some() {
            // This very edition was put away before, and stands here once more.
            let removed = session.raw.remove(from.as_str()).await;
            return removed.map(drop).map_err(|error| session.error(&from, "remove", &error));
        }
    }
    let moved = session.raw.rename(from.as_str(), to.as_str()).await;
    moved.map(drop).map_err(|error| session.error(&from, "put away", &error))
}

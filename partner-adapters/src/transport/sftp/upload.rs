//! A file on its way to the server: whole under its final name, or not there.

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};

use super::Sftp;
use super::session::{Session, is_file, status};
use crate::hash::{finished, sha256};
use crate::transport::{Content, DeliveryError, Fault, Outgoing, ReadBack, Receipt};

/// Every server takes writes of 32 KiB.
const CHUNK: usize = 32 << 10;
/// Writes that are under way at once: with the chunk, all the memory that a file of any size takes.
const WINDOW: usize = 16;

pub(super) async fn deliver(to: &Sftp, session: &Session, item: &Outgoing) -> Result<Receipt, DeliveryError> {
    let receipt = put(to, session, item).await?;
    if to.announce {
        put(to, session, &announcement(item)).await?;
    }
    Ok(receipt)
}

/// `<sha256>  <name>`, as `sha256sum -c` reads it.
fn announcement(item: &Outgoing) -> Outgoing {
    let line = format!("{}  {}\n", hex::encode(item.sha256), item.name);
    Outgoing {
        name: format!("{}{}", item.name, crate::DONE_SUFFIX),
        sha256: sha256(line.as_bytes()),
        content: Content::Bytes(line.into_bytes().into()),
        key: item.key.clone(),
        media_type: "text/plain",
    }
}

async fn put(to: &Sftp, session: &Session, item: &Outgoing) -> Result<Receipt, DeliveryError> {
    let path = format!("{}/{}", to.folder, item.name);
    let partial = format!("{path}.partial");
    let size = item.size().await?;
    let already = match session.look(&path).await? {
        Some(found) => {
            must_be_same(to, session, &path, &found, item, size).await?;
            true
        }
        None => {
            let placed = place(to, session, item, &partial, &path, size).await;
            if placed.as_ref().is_err_and(|error| error.fault() != Fault::Interrupted) {
                // Best effort: it takes room, and nobody reads it.
                let _ = session.raw.remove(partial.as_str()).await;
            }
            placed?
        }
    };
    let place = format!("{}/{}", to.place, item.name);
    Ok(Receipt { place, already, bytes: size, sha256: item.sha256, answer: None })
}

/// Returns whether somebody else, an earlier attempt of ours, put the same file there meanwhile.
async fn place(
    to: &Sftp,
    session: &Session,
    item: &Outgoing,
    partial: &str,
    path: &str,
    size: u64,
) -> Result<bool, DeliveryError> {
    write(to, session, item, partial).await?;
    if to.read_back == ReadBack::Always && hash(session, partial, size).await? != item.sha256 {
        return Err(session.fault(Fault::Damaged, format!("{partial} is not what was sent")));
    }
    // Version 3 of the protocol refuses to rename onto a file, but not every server keeps to it.
    if let Some(found) = session.look(path).await? {
        return taken(to, session, item, partial, path, &found, size).await;
    }
    // Whoever took this way over may be writing under that name anew: half of it must not get the final name.
    if session.look(partial).await?.and_then(|found| found.size).is_some_and(|there| there != size) {
        let found = format!("{partial} was changed by somebody else before it had its final name");
        return Err(session.fault(Fault::Interrupted, found));
    }
    let Err(error) = session.raw.rename(partial, path).await else { return Ok(false) };
    match session.look(path).await? {
        Some(found) => taken(to, session, item, partial, path, &found, size).await,
        None => Err(session.error(path, "give the final name to", &error)),
    }
}

async fn taken(
    to: &Sftp,
    session: &Session,
    item: &Outgoing,
    partial: &str,
    path: &str,
    found: &FileAttributes,
    size: u64,
) -> Result<bool, DeliveryError> {
    must_be_same(to, session, path, found, item, size).await?;
    let _ = session.raw.remove(partial).await;
    Ok(true)
}

async fn must_be_same(
    to: &Sftp,
    session: &Session,
    path: &str,
    found: &FileAttributes,
    item: &Outgoing,
    size: u64,
) -> Result<(), DeliveryError> {
    if is_file(found) == Some(false) {
        return Err(session.fault(Fault::NameTaken, format!("{path} is there and is no file")));
    }
    if found.size.is_some_and(|there| there != size) {
        let there = found.size.unwrap_or_default();
        let found = format!("{path} is there with {there} bytes, ours has {size}; it is not overwritten");
        return Err(session.fault(Fault::NameTaken, found));
    }
    if to.read_back == ReadBack::Never || hash(session, path, size).await? == item.sha256 {
        return Ok(());
    }
    Err(session.fault(Fault::NameTaken, format!("{path} is there with other content; it is not overwritten")))
}

async fn write(to: &Sftp, session: &Session, item: &Outgoing, partial: &str) -> Result<(), DeliveryError> {
    // A new file each time: what a half-dead connection still writes goes into the old one.
    let removed = match session.raw.remove(partial).await {
        Ok(_) => true,
        Err(error) => status(&error) == Some(StatusCode::NoSuchFile),
    };
    let new = if removed { OpenFlags::EXCLUDE } else { OpenFlags::TRUNCATE };
    let flags = OpenFlags::CREATE | OpenFlags::WRITE | new;
    let opened = session.raw.open(partial, flags, FileAttributes::default()).await;
    let handle = opened.map_err(|error| session.error(partial, "create", &error))?.handle;
    let written = fill(to, session, item, partial, &handle).await;
    let closed = session.raw.close(handle.as_str()).await;
    written?;
    closed.map_err(|error| session.error(partial, "close", &error))?;
    Ok(())
}

async fn fill(
    to: &Sftp,
    session: &Session,
    item: &Outgoing,
    partial: &str,
    handle: &str,
) -> Result<(), DeliveryError> {
    let (mut source, mut offset, mut under_way) = (item.open().await?, 0_u64, FuturesUnordered::new());
    while let Some(chunk) = source.chunk(CHUNK).await? {
        let at = offset;
        offset += chunk.len() as u64;
        under_way.push(session.raw.write(handle, at, chunk));
        if under_way.len() >= WINDOW {
            check(to, session, partial, under_way.next().await).await?;
        }
    }
    while let Some(answer) = under_way.next().await {
        check(to, session, partial, Some(answer)).await?;
    }
    let sent = source.finish()?;
    if session.has_fsync() {
        let synced = session.raw.fsync(handle).await;
        synced.map_err(|error| session.error(partial, "make durable", &error))?;
    }
    let there = session.raw.fstat(handle).await.map_err(|error| session.error(partial, "look at", &error))?;
    match there.attrs.size {
        Some(size) if size != sent => {
            Err(session.fault(Fault::Damaged, format!("{partial} has {size} bytes, {sent} were sent")))
        }
        _ => Ok(()),
    }
}

/// A full disk is told by the protocol as "failure", so the room that is left is asked for.
async fn check<T>(
    to: &Sftp,
    session: &Session,
    partial: &str,
    answer: Option<Result<T, SftpError>>,
) -> Result<(), DeliveryError> {
    let Some(Err(error)) = answer else { return Ok(()) };
    let told = session.error(partial, "write", &error);
    if status(&error) == Some(StatusCode::Failure)
        && session.free_bytes(&to.folder).await.is_some_and(|free| free < CHUNK as u64)
    {
        return Err(session.fault(Fault::Full, format!("no room is left to write {partial}")));
    }
    Err(told)
}

/// SHA-256 of the first `size` bytes on the server and, if there are more, of one byte too many.
async fn hash(session: &Session, path: &str, size: u64) -> Result<[u8; 32], DeliveryError> {
    let failed = |error: SftpError| session.error(path, "let us read", &error);
    let opened = session.raw.open(path, OpenFlags::READ, FileAttributes::default()).await;
    let handle = opened.map_err(failed)?.handle;
    let (mut hash, mut offset) = (Context::new(&SHA256), 0_u64);
    let outcome = loop {
        if offset > size {
            break Ok(());
        }
        match session.raw.read(handle.as_str(), offset, 32 << 10).await {
            Ok(read) if read.data.is_empty() => break Ok(()),
            Ok(read) => {
                hash.update(&read.data);
                offset += read.data.len() as u64;
            }
            Err(error) if status(&error) == Some(StatusCode::Eof) => break Ok(()),
            Err(error) => break Err(failed(error)),
        }
    };
    let _ = session.raw.close(handle).await;
    outcome?;
    Ok(finished(hash))
}

/// Makes an empty file and removes it again.
pub(super) async fn try_out(to: &Sftp, session: &Session) -> Result<(), DeliveryError> {
    let path = format!("{}/cobrand-probe-{}.partial", to.folder, std::process::id());
    let flags = OpenFlags::CREATE | OpenFlags::WRITE | OpenFlags::TRUNCATE;
    let opened = session.raw.open(path.as_str(), flags, FileAttributes::default()).await;
    let handle = opened.map_err(|error| session.error(&path, "create", &error))?.handle;
    let closed = session.raw.close(handle).await;
    closed.map_err(|error| session.error(&path, "close", &error))?;
    session.raw.remove(path.as_str()).await.map_err(|error| session.error(&path, "remove", &error))?;
    Ok(())
}

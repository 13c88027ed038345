//! The partner's answers in a bucket: listed, judged by their names, fetched within limits, put away.

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::S3;
use crate::transport::incoming::{LISTED_MAX, Listed, plan, second_name};
use crate::transport::{Collected, DeliveryError, InboxSettings, Seen};

pub(super) async fn collect(
    s3: &S3,
    inbox: &InboxSettings,
    seen: Seen<'_>,
) -> Result<Collected, DeliveryError> {
    let mut out = Collected::default();
    let (listed, more) = list(s3, inbox).await?;
    out.more = more;
    let plan = plan(listed, inbox, seen, &mut out);
    for file in &plan.put_away {
        put_away(s3, inbox, file).await?;
    }
    for file in plan.fetch {
        let path = s3.path(&key(&inbox.path, &file.name))?;
        match fetch(s3, &path, &file).await {
            Ok(Some(content)) => out.take(file, content),
            // It was replaced, or is gone: the next go sees.
            Ok(None) | Err(Error::NotFound { .. } | Error::Precondition { .. }) => {}
            Err(error) => return Err(s3.error(&path, "let us read", &error)),
        }
    }
    Ok(out)
}

fn key(prefix: &str, name: &str) -> String {
    format!("{}/{name}", prefix.trim_end_matches('/'))
}

/// The objects right below the prefix, and whether there are more than are looked at.
async fn list(s3: &S3, inbox: &InboxSettings) -> Result<(Vec<Listed>, bool), DeliveryError> {
    let prefix = s3.path(inbox.path.trim_end_matches('/'))?;
    let mut objects = s3.store.list(Some(&prefix));
    let (mut listed, mut entries) = (Vec::new(), 0_usize);
    while let Some(object) = objects.next().await {
        if entries >= LISTED_MAX {
            return Ok((listed, true));
        }
        entries += 1;
        let object = object.map_err(|error| s3.error(&prefix, "list", &error))?;
        let below = object.location.as_ref().strip_prefix(prefix.as_ref());
        let name = below.and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        // What lies deeper is another folder's, `done` perhaps.
        if !name.is_empty() && !name.contains('/') {
            listed.push(Listed { name: name.to_owned(), bytes: object.size, edition: edition(&object) });
        }
    }
    Ok((listed, false))
}

fn edition(object: &ObjectMeta) -> String {
    object.e_tag.clone().unwrap_or_else(|| changed(object))
}

/// To the second: headers tell no more than that.
fn changed(object: &ObjectMeta) -> String {
    object.last_modified.timestamp().to_string()
}

/// Some stores tell a tag with the object and not in the listing.
fn is_listed(object: &ObjectMeta, file: &Listed) -> bool {
    object.size == file.bytes && [edition(object), changed(object)].contains(&file.edition)
}

/// `None` if it is not as it was listed.
async fn fetch(s3: &S3, path: &object_store::path::Path, file: &Listed) -> Result<Option<Bytes>, Error> {
    let found = s3.store.get_opts(path, GetOptions::default()).await?;
    if !is_listed(&found.meta, file) {
        return Ok(None);
    }
    let mut content = Vec::new();
    let mut stream = found.into_stream();
    while let Some(part) = stream.next().await {
        content.extend_from_slice(&part?);
        if content.len() as u64 > file.bytes {
            return Ok(None);
        }
    }
    Ok((content.len() as u64 == file.bytes).then(|| Bytes::from(content)))
}

async fn put_away(s3: &S3, inbox: &InboxSettings, file: &Listed) -> Result<(), DeliveryError> {
    let Some(done) = &inbox.done else { return Ok(()) };
    let from = s3.path(&key(&inbox.path, &file.name))?;
    let mut to = s3.path(&key(done, &file.name))?;
    let failed = |error: Error| s3.error(&from, "put away", &error);
    if is_there(s3, &to).await.map_err(failed)? {
        to = s3.path(&key(done, &second_name(file)))?;
    }
    s3.store.copy(&from, &to).await.map_err(failed)?;
    s3.store.delete(&from).await.map_err(failed)
}

async fn is_there(s3: &S3, path: &object_store::path::Path) -> Result<bool, Error> {
    match s3.store.head(path).await {
        Ok(_) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

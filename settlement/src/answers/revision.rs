//! The next revision of a file: the same lines and totals, under the next number.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use store::{AnswerEffectRow, AnswersFile, Pool};

use super::{AnswerError, sent::path_of};
use crate::booking::aside;

/// Where the header has the file id, from its begin, and the revision, from its end.
const FILE_ID: usize = 5;
const REVISION_FROM_END: usize = 2;
/// Where the name of a file ends.
const SUFFIX: &str = ".cbs";

/// Makes the revision behind the one that could not be read, books it and publishes it. A second call changes nothing.
pub(super) async fn publish_next(pool: &Pool, of: &AnswerEffectRow, out: &Path) -> Result<(), AnswerError> {
    let sent = store::sent_file(pool, &of.receiver, of.sequence, of.revision).await?;
    let Some(sent) = sent else { return Ok(()) };
    let gone = || AnswerError::FileGone { name: sent.file_name.clone(), folder: out.display().to_string() };
    let path = path_of(out, &sent.file_name).ok_or_else(gone)?;
    let (file, next) = (sent.clone(), of.revision.saturating_add(1));
    let made = aside(move || {
        let bytes = std::fs::read(path).ok().filter(|bytes| sha256(bytes) == file.sha256)?;
        revised(&bytes, &file, next)
    });
    let (name, bytes) = made.await?.ok_or_else(gone)?;
    let hash = sha256(&bytes);
    // On the books before it is in the folder: nobody may read what we do not know.
    if store::book_revision(pool, &sent, next, &name, hash).await? != hash {
        return Err(AnswerError::Changed(name));
    }
    let (folder, published) = (out.to_owned(), name.clone());
    aside(move || partner_adapters::publish(&folder, &published, &bytes)).await??;
    store::publish_revision(pool, &sent.receiver, sent.sequence, next).await?;
    metrics::counter!("cobrand_settlement_files_published_total").increment(1);
    tracing::info!(file = %name, "the file could not be read by its receiver: its next revision is published");
    Ok(())
}

/// Name and bytes of a revision. Every record between header and trailer is the same, and so are all counts and sums.
pub(super) fn revised(bytes: &[u8], file: &AnswersFile, revision: i32) -> Option<(String, Vec<u8>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (header, rest) = text.split_once('\n')?;
    let (body, trailer) =
        rest.strip_suffix('\n')?.rsplit_once('\n').unwrap_or(("", rest.strip_suffix('\n')?));
    let mut fields: Vec<&str> = header.split('|').collect();
    let next = AnswersFile { revision, ..file.clone() };
    let (id, number) = (next.file_id(), revision.to_string());
    let place = fields.len().checked_sub(REVISION_FROM_END)?;
    *fields.get_mut(FILE_ID).filter(|old| **old == file.file_id())? = &id;
    *fields.get_mut(place).filter(|old| **old == file.revision.to_string())? = &number;
    let mut made = fields.join("|");
    made.push('\n');
    if !body.is_empty() {
        made.push_str(body);
        made.push('\n');
    }
    let (trailer, _) = trailer.strip_prefix("FT|").and_then(|_| trailer.rsplit_once('|'))?;
    made.push_str(trailer);
    made.push('|');
    let so_far = hex::encode(sha256(made.as_bytes()));
    made.push_str(&so_far);
    made.push('\n');
    let stem = file.file_name.strip_suffix(SUFFIX)?.strip_suffix(&format!("_{}", file.revision))?;
    Some((format!("{stem}_{revision}{SUFFIX}"), made.into_bytes()))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

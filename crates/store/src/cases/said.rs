//! What staff say of a case without changing anything: comments and attachments.

use aws_lc_rs::digest::{SHA256, digest};
use domain::case::{ATTACHMENTS_MAX, CaseRefusal, check_attachment, check_case_text};
use serde_json::json;
use tokio_postgres::Transaction;

use super::{
    CaseError, CaseStep,
    show::{CaseAttachmentRow, attachment_from},
    underway::begin,
};
use crate::{Pool, StoreError};

/// Adds a comment, also to a case that is resolved; returns its place in the history.
pub async fn comment(pool: &Pool, step: &CaseStep<'_>, text: &str) -> Result<i32, CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    let place = comment_in(&transaction, step, text).await?;
    transaction.commit().await?;
    Ok(place)
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub async fn comment_in(
    transaction: &Transaction<'_>,
    step: &CaseStep<'_>,
    text: &str,
) -> Result<i32, CaseError> {
    check_case_text(text)?;
    let mut case = begin(transaction, step).await?;
    let body = json!({ "text": text });
    let place = case.note(transaction, step.at, Some(step.by), "commented", &body).await?;
    case.audit(transaction, (step.by, step.at), "case.comment", text).await?;
    Ok(place)
}

/// Keeps a file with a case; returns its place in the history. The same bytes are kept once for each case.
pub async fn attach(pool: &Pool, step: &CaseStep<'_>, name: &str, bytes: &[u8]) -> Result<i32, CaseError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let transaction = client.transaction().await?;
    let place = attach_in(&transaction, step, name, bytes).await?;
    transaction.commit().await?;
    Ok(place)
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub async fn attach_in(
    transaction: &Transaction<'_>,
    step: &CaseStep<'_>,
    name: &str,
    bytes: &[u8],
) -> Result<i32, CaseError> {
    let kind = check_attachment(name, bytes)?;
    let hash = digest(&SHA256, bytes);
    let mut case = begin(transaction, step).await?;
    let text =
        "SELECT count(*), coalesce(bool_or(sha256 = $2), false) FROM case_attachment WHERE case_id = $1";
    let row = transaction.query_one(text, &[&step.case, &hash.as_ref()]).await?;
    let (kept, is_known): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    if is_known {
        return Err(CaseRefusal::AttachedAlready.into());
    }
    if usize::try_from(kept).unwrap_or(usize::MAX) >= ATTACHMENTS_MAX {
        return Err(CaseRefusal::TooLong.into());
    }
    let sha256 = hex::encode(hash.as_ref());
    let body = json!({ "name": name, "media_type": kind.name(), "bytes": bytes.len(), "sha256": sha256 });
    let place = case.note(transaction, step.at, Some(step.by), "attached", &body).await?;
    let text = "INSERT INTO case_attachment (case_id, place, name, media_type, bytes, sha256) \
                VALUES ($1, $2, $3, $4, $5, $6)";
    transaction.execute(text, &[&step.case, &place, &name, &kind.name(), &bytes, &hash.as_ref()]).await?;
    let note = format!("{name}, SHA-256 {sha256}");
    case.audit(transaction, (step.by, step.at), "case.attach", &note).await?;
    Ok(place)
}

/// A file that is kept with a case, and its bytes.
pub async fn attachment(
    pool: &Pool,
    case: i64,
    place: i32,
) -> Result<Option<(CaseAttachmentRow, Vec<u8>)>, StoreError> {
    let text = "SELECT place, name, media_type, length(bytes), sha256, bytes FROM case_attachment \
                WHERE case_id = $1 AND place = $2";
    let row = pool.get().await?.query_opt(text, &[&case, &place]).await?;
    row.map(|row| Ok((attachment_from(&row)?, row.try_get(5)?))).transpose()
}

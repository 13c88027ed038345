//! Our published files as they lie in the folder beside the books.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use domain::reconciliation::{BreakClass, Comparison, Reason, Rung, Source};
use partner_adapters::sha256_of_file;
use store::reconciliation::{OwnFile, own_files};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, is_there, of_file};
use crate::answers::path_of;
use crate::booking::aside;

pub(super) async fn compare(desk: &mut Desk<'_>, out: &Path) -> Result<(), ReconcileError> {
    for file in own_files(desk.pool, desk.from()).await? {
        let name = format!("{}:{}:{}", file.receiver, file.sequence, file.revision);
        let scope = Scope { source: Source::OwnFile, name, of: file.of, date: file.business_date };
        let Some(path) = path_of(out, &file.file_name) else {
            desk.cannot_read(&scope, "its name is no plain file name").await?;
            continue;
        };
        match std::fs::metadata(&path) {
            Ok(metadata) => lies_there(desk, &scope, &file, (path, metadata)).await?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => is_gone(desk, &scope, &file).await?,
            Err(error) => desk.cannot_read(&scope, &format!("{}: {error}", file.file_name)).await?,
        }
    }
    Ok(())
}

/// Its bytes are read again only if somebody has touched it since.
async fn lies_there(
    desk: &mut Desk<'_>,
    scope: &Scope,
    file: &OwnFile,
    (path, metadata): (PathBuf, Metadata),
) -> Result<(), ReconcileError> {
    let mut inputs = Inputs::new();
    inputs.add(format!("{file:?}"));
    let (size, seconds, nanoseconds) = (metadata.size(), metadata.ctime(), metadata.ctime_nsec());
    inputs.add(format!("{size} {seconds} {nanoseconds} {}", metadata.ino()));
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let found = match aside(move || sha256_of_file(&path)).await? {
        Ok(found) => found,
        Err(error) => {
            let problem = format!("{}: {error}", file.file_name);
            return Ok(desk.cannot_read(scope, &problem).await?);
        }
    };
    Ok(desk.keep(scope, hash, &of_bytes(file, &found), "").await?)
}

fn of_bytes(file: &OwnFile, found: &[u8; 32]) -> Comparison {
    let mut comparison = in_books(file);
    if *found == file.sha256 {
        if comparison.breaks.is_empty() {
            comparison.matches.push(is_there(Rung::FileId, file.file_id.as_str()));
        }
        return comparison;
    }
    let (ours, theirs) = (hex::encode(file.sha256), hex::encode(found));
    let fields = [("sha256", ours.as_str(), theirs.as_str()), ("file", &file.file_name, &file.file_name)];
    let kind = (BreakClass::AlteredFile, Reason::HashDiffers);
    comparison.breaks.push(of_file(kind, file.file_id.as_str(), (file.business_date, file.of), &fields));
    comparison
}

/// What the books alone say of its place among the receiver's files.
fn in_books(file: &OwnFile) -> Comparison {
    let mut comparison = Comparison::default();
    let number = file.sequence.to_string();
    let about = |class, reason| {
        let fields = [("sequence", number.as_str(), "")];
        of_file((class, reason), file.file_id.as_str(), (file.business_date, file.of), &fields)
    };
    if !file.follows {
        comparison.breaks.push(about(BreakClass::SequenceGap, Reason::NumberMissing));
    } else if !file.is_chained {
        comparison.breaks.push(about(BreakClass::Signature, Reason::ChainBroken));
    }
    comparison
}

async fn is_gone(desk: &mut Desk<'_>, scope: &Scope, file: &OwnFile) -> Result<(), ReconcileError> {
    let mut inputs = Inputs::new();
    inputs.add(format!("gone {file:?}"));
    let hash = inputs.hash();
    if desk.has(scope.source, &scope.name, &hash) {
        return Ok(());
    }
    let mut found = in_books(file);
    let kind = (BreakClass::SequenceGap, Reason::FileGone);
    let fields = [("file", file.file_name.as_str(), "")];
    found.breaks.push(of_file(kind, file.file_id.as_str(), (file.business_date, file.of), &fields));
    Ok(desk.keep(scope, hash, &found, "").await?)
}

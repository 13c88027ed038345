//! Lines of published settlement files: a file is searched only while its bytes are those of the books.

use std::{
    io,
    path::{Component, Path},
};

use settlement::LineFile;

use crate::{ConsoleState, file_hash};

/// Opens a published file off the threads that serve pages, and lets `search` look into it. `None`: it is gone, or its
/// bytes are not those of the books.
pub(crate) async fn search<T: Send + 'static>(
    console: &ConsoleState,
    file_name: &str,
    sha256: [u8; 32],
    search: impl FnOnce(&mut LineFile) -> io::Result<T> + Send + 'static,
) -> Option<T> {
    let plain = Path::new(file_name).components().map(|part| matches!(part, Component::Normal(_))).eq([true]);
    let path = plain.then(|| console.out_dir.join(file_name))?;
    let found = tokio::task::spawn_blocking(move || {
        if file_hash::of(&path)? != sha256 {
            return Ok(None);
        }
        search(&mut LineFile::open(&path)?).map(Some)
    });
    match found.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, file = file_name, "a published settlement file cannot be searched");
            None
        }
        Err(error) => {
            tracing::error!(%error, "the search of a file broke off");
            None
        }
    }
}

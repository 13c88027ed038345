//! What can keep a file from being published, and who is to do what.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file was not published. What is announced already was not touched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The name is not one for a file in a folder.
    #[error(
        "{name:?} is no name for a published file: 1 to 200 of the characters A-Z, a-z, 0-9, `-`, `_` and `.`, \
         beginning with a letter or digit and not ending in `.done` or `.partial`"
    )]
    BadName {
        /// The name that was asked for.
        name: String,
    },
    /// Another content stands under this name: nothing is ever overwritten.
    #[error(
        "{} exists with other bytes (SHA-256 {found}, this edition has {expected}) and is not overwritten; \
         the operator must find out who wrote it and move it away, then publish again", path.display()
    )]
    Differs {
        /// The file or its announcement.
        path: PathBuf,
        /// What was to be published.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// There is no room. Nothing appeared under its name.
    #[error("no room to {step} {}: {source}; the operator must free space, then publish again", path.display())]
    Full {
        /// What was being done.
        step: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file system refused a step.
    #[error("cannot {step} {}: {source}; the operator must make the folder writable, then publish again", path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl PublishError {
    /// That a file could not be written.
    pub fn write(path: &Path, source: io::Error) -> Self {
        Self::io("write", path)(source)
    }

    /// For `map_err`: names the step and the path.
    pub(crate) fn io(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        let no_room = |kind| {
            matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
        };
        move |source| match source.kind() {
            kind if no_room(kind) => Self::Full { step, path, source },
            _ => Self::Io { step, path, source },
        }
    }
}

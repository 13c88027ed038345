//! Who the server runs as: ourselves, or an unprivileged user if we are root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ClusterError;

/// Users that root hands the server to, the first that exists.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The user that owns the server's files and runs its programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// We are a normal user: the server runs as we do.
    Ourselves,
    /// We are root: the server runs as this user.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// Root hands over to `postgres` or `nobody`; anybody else runs the server themselves.
    pub(crate) fn for_server() -> Result<Self, ClusterError> {
        if current_uid()? != 0 {
            return Ok(Self::Ourselves);
        }
        UNPRIVILEGED
            .iter()
            .find_map(|name| {
                let (uid, gid) = (id("-u", name)?, id("-g", name)?);
                Some(Self::Other { name: (*name).to_owned(), uid, gid })
            })
            .ok_or(ClusterError::NoUnprivilegedUser)
    }

    /// Makes `command` run as this user.
    pub(crate) fn run(&self, command: &mut Command) {
        if let Self::Other { uid, gid, .. } = self {
            // The standard library also drops root's supplementary groups here.
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives `path` to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid, .. } => std::os::unix::fs::chown(path, Some(*uid), Some(*gid))
                .map_err(ClusterError::io("hand over to the server's user", path)),
        }
    }

    /// Refuses a folder that this user cannot get to because a folder above it, or it, is closed to others.
    pub(crate) fn must_reach(&self, path: &Path) -> Result<(), ClusterError> {
        let Self::Other { name, .. } = self else { return Ok(()) };
        match self.closed_on_the_way(path) {
            None => Ok(()),
            Some(closed_at) => {
                Err(ClusterError::Unreachable { path: path.to_owned(), closed_at, user: name.clone() })
            }
        }
    }

    /// The outermost folder on the way to `path`, itself included, that this user may not enter.
    pub(crate) fn closed_on_the_way(&self, path: &Path) -> Option<PathBuf> {
        let Self::Other { uid, gid, .. } = self else { return None };
        let mut way: Vec<&Path> = path.ancestors().filter(|step| !step.as_os_str().is_empty()).collect();
        way.reverse();
        way.into_iter().find(|step| !may_enter(step, *uid, *gid)).map(Path::to_owned)
    }
}

fn may_enter(dir: &Path, uid: u32, gid: u32) -> bool {
    let Ok(meta) = fs::metadata(dir) else { return true }; // not there yet: whoever makes it decides
    let needed = if meta.uid() == uid {
        0o100
    } else if meta.gid() == gid {
        0o010
    } else {
        0o001
    };
    meta.mode() & needed != 0
}

/// Our effective user, without a line of unsafe code.
pub(crate) fn current_uid() -> Result<u32, ClusterError> {
    if let Ok(meta) = fs::metadata("/proc/self") {
        return Ok(meta.uid());
    }
    let output = Command::new("id").arg("-u").output().map_err(ClusterError::io("run", "id"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| ClusterError::Io {
        doing: "read our user id from",
        path: "id -u".into(),
        source: std::io::Error::other(format!("a number was expected, `{}` arrived", text.trim())),
    })
}

fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let top = std::env::temp_dir().join(format!("cobrand-account-test-{}", std::process::id()));
        let inner = top.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&top, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account::Other { name: "stranger".into(), uid: 4_000_000, gid: 4_000_000 };

        assert_eq!(stranger.closed_on_the_way(&inner), Some(top.clone()));
        let message = stranger.must_reach(&inner).unwrap_err().to_string();
        assert!(message.contains("chmod o+x"), "{message}");
        assert!(Account::Ourselves.must_reach(&inner).is_ok());

        fs::remove_dir_all(&top).unwrap();
    }
}

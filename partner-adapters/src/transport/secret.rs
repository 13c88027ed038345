//! Secrets: named in the settings, read once, never printed, wiped from memory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::SetupError;

/// Keys and tokens are small; what is larger is another file.
const SECRET_BYTES_MAX: usize = 64 << 10;
/// What secrets begin with when somebody writes them where their name belongs.
const LOOKS_LIKE_ONE: &[&str] = &["whsec_", "whsk_", "-----BEGIN", "AKIA"];
/// Rights that no secret has: others read it, or anybody but its owner changes it. Its group may read it: so a service gets
/// secrets that belong to root.
const FORBIDDEN_RIGHTS: u32 = 0o027;

/// Where a secret is: `env:NAME` for a variable of the environment, anything else is the path of a file.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretSource(String);

/// Not derived: somebody may have written the secret itself there.
impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl SecretSource {
    /// From the text of a setting.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads it, without the line end that editors add. A file that others may read is no secret, and is refused.
    ///
    /// # Errors
    /// [`SetupError`] names `setting` and the place, never what stands there.
    pub fn read(&self, setting: &'static str, base: &Path) -> Result<Secret, SetupError> {
        if self.is_inline() {
            return Err(SetupError::new(
                setting,
                "the secret itself stands here; write it into a file and name that, or `env:NAME`",
            ));
        }
        let text = match self.0.strip_prefix("env:") {
            Some(name) => Zeroizing::new(
                std::env::var(name)
                    .map_err(SetupError::because(setting, format!("environment variable {name}")))?,
            ),
            None => read_small(&base.join(&self.0)).map_err(|error| self.unread(setting, base, &error))?,
        };
        let trimmed = text.trim_end_matches(['\r', '\n']);
        if trimmed.is_empty() {
            return Err(SetupError::new(setting, format!("{} is empty", self.0)));
        }
        Ok(Secret::new(trimmed.to_owned()))
    }

    /// What is to be mended here is the secret's file, and not the partner's.
    fn unread(&self, setting: &'static str, base: &Path, error: &io::Error) -> SetupError {
        let next = match error.kind() {
            io::ErrorKind::NotFound => "the operator must put it there".to_owned(),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "only its owner may read it, and that must be the user of this process: chmod 600 {}",
                    base.join(&self.0).display()
                )
            }
            _ => "the operator must mend it".to_owned(),
        };
        SetupError::new(setting, format!("cannot read {}: {error}", self.0)).mended_by(next)
    }

    fn is_inline(&self) -> bool {
        LOOKS_LIKE_ONE.iter().any(|begin| self.0.starts_with(begin))
    }

    fn shown(&self) -> &str {
        if self.is_inline() { "(a secret)" } else { &self.0 }
    }
}

fn read_small(path: &Path) -> io::Result<Zeroizing<String>> {
    // Room enough from the start: a text that grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_BYTES_MAX + 1));
    let file = File::open(path)?;
    let (rights, is_file) = file.metadata().map(|found| (found.mode() & 0o777, found.is_file()))?;
    // A pipe, as a shell makes of a command, has rights of its own kind.
    if is_file && rights & FORBIDDEN_RIGHTS != 0 {
        let found = format!("others may read or change it (its rights are {rights:04o})");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, found));
    }
    file.take(SECRET_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    if text.len() > SECRET_BYTES_MAX {
        return Err(io::Error::other(format!("larger than {SECRET_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// A secret text. It cannot be printed and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one library call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let inline = SecretSource::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert_eq!(format!("{inline:?}"), "(a secret)");
        let error = inline.read("secrets", Path::new(".")).unwrap_err().to_string();
        assert!(error.contains("`secrets`") && !error.contains("MfKQ"), "{error}");
        assert_eq!(format!("{:?}", Secret::new("abc".into())), "Secret(***)");
    }

    #[test]
    fn a_file_is_read_without_its_line_end_and_the_missing_one_is_named() {
        let path = std::env::temp_dir().join(format!("cobrand-secret-{}", std::process::id()));
        let source = SecretSource::new(path.to_string_lossy());
        let error = source.read("passphrase", Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("`passphrase`") && error.contains("cobrand-secret-"), "{error}");
        std::fs::write(&path, "open sesame\r\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(source.read("passphrase", Path::new("/")).unwrap().expose(), "open sesame");
        std::fs::write(&path, "\n").unwrap();
        assert!(source.read("passphrase", Path::new("/")).unwrap_err().to_string().contains("is empty"));
        std::fs::write(&path, "x".repeat(70_000)).unwrap();
        assert!(source.read("passphrase", Path::new("/")).is_err());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_its_rights_are_named() {
        let path = std::env::temp_dir().join(format!("cobrand-rights-{}", std::process::id()));
        std::fs::write(&path, "open sesame").unwrap();
        let read = || SecretSource::new(path.to_string_lossy()).read("private_keys", Path::new("/"));
        let check = |mode: u32, taken: bool| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match read() {
                Ok(_) => assert!(taken, "{mode:o}"),
                Err(error) => {
                    let text = error.to_string();
                    assert!(!taken && text.contains(&format!("its rights are {mode:04o}")), "{text}");
                    assert!(text.contains("chmod 600") && !text.contains("the partner's file"), "{text}");
                }
            }
        };
        for (mode, taken) in [
            (0o600, true),
            (0o400, true),
            (0o640, true),
            (0o440, true),
            (0o644, false),
            (0o660, false),
            (0o604, false),
        ] {
            check(mode, taken);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error =
            SecretSource::new("env:COBRAND_NO_SUCH_SECRET").read("secrets", Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("COBRAND_NO_SUCH_SECRET"), "{error}");
    }
}

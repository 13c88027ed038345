//! Passwords: argon2id on blocking threads, few at a time, with the same work for a name that nobody has.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// So many computations at once: each takes 19 MiB.
const AT_ONCE_MAX: usize = 4;
/// A longer password is refused unread: nobody types it.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;

/// What the password of an unknown name is compared with: it belongs to nobody and matches nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$\
                      AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Computes few hashes at a time.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Semaphore,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Semaphore::new(AT_ONCE_MAX) }
    }

    /// Whether `password` is the one behind `stored`; without `stored` the same work is done for nothing.
    pub(crate) async fn verify(&self, password: String, stored: Option<String>) -> bool {
        // The semaphore is never closed; if it were, nobody would get in.
        let Ok(_turn) = self.turns.acquire().await else { return false };
        spawn_blocking(move || matches(&password, stored.as_deref())).await.unwrap_or(false)
    }
}

fn matches(password: &str, stored: Option<&str>) -> bool {
    let known = stored.is_some();
    // A stored hash that cannot be read is nobody's, too.
    let parsed = PasswordHash::new(stored.unwrap_or(NOBODY)).or_else(|_| PasswordHash::new(NOBODY));
    let Ok(parsed) = parsed else { return false };
    let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    known && right
}

/// The PHC string of a new password: argon2id with a salt of its own.
pub(crate) async fn hash(password: String) -> Option<String> {
    let made = spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    made.await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let stored = hash("correct horse battery".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$"), "{stored}");
        let passwords = Passwords::new();
        assert!(passwords.verify("correct horse battery".into(), Some(stored.clone())).await);
        assert!(!passwords.verify("correct horse batterz".into(), Some(stored)).await);
        assert!(!passwords.verify("".into(), Some("damaged".into())).await);
    }

    #[test]
    fn an_unknown_name_costs_the_same_work_and_never_matches() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let fresh = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(nobody.params, fresh.params, "the parameters of a fresh hash changed: change NOBODY too");
        assert_eq!(nobody.algorithm, fresh.algorithm);
        assert!(!matches("x", None));
    }
}

//! Codes of an authenticator (RFC 6238: SHA-1, six digits, thirty seconds), and the seal under which its secret is stored.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac,
};

use super::random::{NoRandomness, same_secret};

/// As long as a hash of SHA-1, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// A code belongs to one step of so many seconds.
const STEP_SECONDS: i64 = 30;
/// A clock may be so many steps wrong, either way.
const STEPS_OFF: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;

/// The key that seals secrets of authenticators. It lies in a file, never in the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey([u8; 32]);

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// From 64 hexadecimal digits, with white space around them.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.trim()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    fn key(&self) -> Result<RandomizedNonceKey, NoRandomness> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| NoRandomness)
    }

    /// Seals a secret for this user: nonce, then what is sealed. It opens for nobody else.
    pub(crate) fn seal(&self, user: &str, secret: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut sealed = secret.to_vec();
        let nonce = self.key()?.seal_in_place_append_tag(Aad::from(user.as_bytes()), &mut sealed);
        let nonce = nonce.map_err(|_| NoRandomness)?;
        Ok(nonce.as_ref().iter().copied().chain(sealed).collect())
    }

    /// What was sealed for this user; nothing, if another key or another user's.
    pub(crate) fn open(&self, user: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let key = self.key().ok()?;
        Some(key.open_in_place(nonce, Aad::from(user.as_bytes()), &mut rest).ok()?.to_vec())
    }
}

/// A new secret.
pub(crate) fn new_secret() -> Result<Vec<u8>, NoRandomness> {
    let mut secret = vec![0_u8; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    Ok(secret)
}

/// The secret as people type it: base 32 of RFC 4648, without padding.
pub(crate) fn base32(secret: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for five in secret.chunks(5) {
        let bits = (0..5).fold(0_u64, |bits, at| bits << 8 | u64::from(five.get(at).copied().unwrap_or(0)));
        let letters = (five.len() * 8).div_ceil(5);
        text.extend((0..letters).map(|at| {
            let index = usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or(0);
            char::from(LETTERS.get(index).copied().unwrap_or(b'A'))
        }));
    }
    text
}

/// What an authenticator reads from a picture or a link.
pub(crate) fn uri(user: &str, secret: &[u8]) -> String {
    let (user, secret) = (crate::address::escaped(user), base32(secret));
    format!("otpauth://totp/cobrand:{user}?secret={secret}&issuer=cobrand&algorithm=SHA1&digits=6&period=30")
}

fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let from = usize::from(bytes.last().copied().unwrap_or(0) & 15);
    let four = bytes.iter().skip(from).take(4).fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
    format!("{:0DIGITS$}", (four & 0x7fff_ffff) % 1_000_000)
}

/// The step of a right code, if it is later than the last one that counted: none counts twice.
pub(crate) fn step_of(secret: &[u8], given: &str, unix_seconds: i64, last_step: i64) -> Option<i64> {
    let given: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    let now = unix_seconds.div_euclid(STEP_SECONDS);
    // All of them, so that the time does not tell which one is near.
    let right = (now - STEPS_OFF..=now + STEPS_OFF).filter(|step| same_secret(&code(secret, *step), &given));
    right.max().filter(|step| *step > last_step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238 has eight digits; the last six of them are the code of six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let code = code(secret, seconds / STEP_SECONDS);
            assert_eq!(code, expected[2..], "{seconds}");
            assert_eq!(step_of(secret, &code, seconds, 0), Some(seconds / STEP_SECONDS));
        }
    }

    #[test]
    fn a_code_is_good_around_its_step_and_once() {
        let secret = b"12345678901234567890";
        let at = code(secret, 100);
        for (seconds, found) in
            [(2_969, None), (2_970, Some(100)), (3_000, Some(100)), (3_059, Some(100)), (3_060, None)]
        {
            assert_eq!(step_of(secret, &at, seconds, 0), found, "{seconds}");
        }
        assert_eq!(step_of(secret, &at, 3_000, 99), Some(100));
        assert_eq!(step_of(secret, &at, 3_000, 100), None, "it has counted");
        assert_eq!(step_of(secret, &format!(" {} {} ", &at[..3], &at[3..]), 3_000, 0), Some(100));
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(step_of(secret, wrong, 3_000, 0), None, "{wrong:?}");
        }
    }

    #[test]
    fn secrets_are_written_in_base_32() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        let uri = uri("ann", b"foobar");
        assert!(uri.starts_with("otpauth://totp/cobrand:ann?secret=MZXW6YTBOI&"), "{uri}");
        assert_eq!(base32(&new_secret().unwrap()).len(), 32);
    }

    #[test]
    fn a_sealed_secret_opens_for_its_user_under_its_key_only() {
        let key = SealKey::parse(&format!(" {}\n", "07".repeat(32))).unwrap();
        let other = SealKey::parse(&"08".repeat(32)).unwrap();
        let sealed = key.seal("ann", b"secret").unwrap();
        assert_eq!(key.open("ann", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_ne!(sealed, key.seal("ann", b"secret").unwrap(), "each seal is another");
        assert_eq!(key.open("bob", &sealed), None);
        assert_eq!(other.open("ann", &sealed), None);
        let altered: Vec<u8> = sealed.iter().map(|byte| byte ^ 1).collect();
        assert_eq!(key.open("ann", &altered), None);
        assert_eq!(key.open("ann", b"short"), None);
        for wrong in ["", "07", &"xx".repeat(32), &"07".repeat(33)] {
            assert_eq!(SealKey::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "SealKey");
    }
}

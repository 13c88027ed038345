//! Signatures of Standard Webhooks 1.0.0: made by us, and checked by `cobrand partner listen`.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::transport::Secret;

const SECRET_PREFIX: &str = "whsec_";
/// What the specification asks for.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Bytes of a secret that we make.
const NEW_SECRET_BYTES: usize = 32;
/// Keys that are valid at the same time: the new one, the old one, and one for an accident.
const KEYS_MAX: usize = 3;
/// Signatures of one message that are looked at.
const SIGNATURES_MAX: usize = 16;
/// How far the sender's clock may be off, in seconds.
const TOLERANCE_SECONDS: i64 = 5 * 60;
const ID_BYTES_MAX: usize = 256;

/// The keys of one endpoint. They cannot be printed.
#[derive(Clone)]
pub struct WebhookKeys(Vec<Key>);

/// A secret is not usable, or a message is not the sender's. Never shows a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The number of secrets.
    #[error("1 to 3 secrets are expected")]
    Count,
    /// The form of a secret.
    #[error("a secret is `whsec_` and the base64 of 24 to 64 bytes; this one is not")]
    Secret,
    /// There is no `webhook-id`: whoever called signs nothing.
    #[error("it is not signed: there is no `webhook-id`")]
    Unsigned,
    /// `webhook-id`
    #[error("`webhook-id` is 1 to 256 printable characters without `.` and spaces; this one is not")]
    Id,
    /// `webhook-timestamp`
    #[error("`webhook-timestamp` is missing or no number of seconds")]
    Timestamp,
    /// `webhook-timestamp` is too far away: a replay, or a clock.
    #[error("`webhook-timestamp` is more than 5 minutes off: an old message, or a clock that is wrong")]
    Late,
    /// `webhook-signature`
    #[error("no `v1` signature in `webhook-signature` is by a key of ours")]
    Signature,
}

impl WebhookKeys {
    /// From the texts `whsec_...`, the newest first.
    ///
    /// # Errors
    /// [`SignatureError::Count`] or [`SignatureError::Secret`].
    pub fn new(secrets: &[Secret]) -> Result<Self, SignatureError> {
        if secrets.is_empty() || secrets.len() > KEYS_MAX {
            return Err(SignatureError::Count);
        }
        secrets.iter().map(|secret| key(secret.expose())).collect::<Result<_, _>>().map(Self)
    }

    /// A fresh secret.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn fresh() -> Result<Secret, SignatureError> {
        let mut bytes = Zeroizing::new([0; NEW_SECRET_BYTES]);
        aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| SignatureError::Secret)?;
        Ok(Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(*bytes))))
    }

    /// The value of `webhook-signature`: one `v1,<base64>` of each key, with spaces between them.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signed = signed_content(id, &timestamp.to_string(), body);
        let signatures = self.0.iter().map(|key| format!("v1,{}", STANDARD.encode(sign(key, &signed))));
        signatures.collect::<Vec<_>>().join(" ")
    }

    /// Checks a message as it arrived, with the time of its arrival in seconds. Compares in constant time.
    ///
    /// # Errors
    /// [`SignatureError`] says which header is wrong.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), SignatureError> {
        if id.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        check_id(id)?;
        let digits = !timestamp.is_empty() && timestamp.bytes().all(|digit| digit.is_ascii_digit());
        let seconds: i64 = timestamp.parse().ok().filter(|_| digits).ok_or(SignatureError::Timestamp)?;
        if now.abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(SignatureError::Late);
        }
        let signed = signed_content(id, timestamp, body);
        let ours = signatures.split(' ').take(SIGNATURES_MAX).filter_map(|one| one.strip_prefix("v1,"));
        for tag in ours.filter_map(|text| STANDARD.decode(text).ok()) {
            if self.0.iter().any(|key| verify(key, &signed, &tag).is_ok()) {
                return Ok(());
            }
        }
        Err(SignatureError::Signature)
    }
}

impl std::fmt::Debug for WebhookKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebhookKeys({})", self.0.len())
    }
}

/// It stands before a full stop in what is signed, and in a header.
pub(super) fn check_id(id: &str) -> Result<(), SignatureError> {
    let printable = id.bytes().all(|letter| letter.is_ascii_graphic() && letter != b'.');
    if printable && !id.is_empty() && id.len() <= ID_BYTES_MAX { Ok(()) } else { Err(SignatureError::Id) }
}

fn key(text: &str) -> Result<Key, SignatureError> {
    let encoded = text.trim().strip_prefix(SECRET_PREFIX).ok_or(SignatureError::Secret)?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SignatureError::Secret)?);
    if !SECRET_BYTES.contains(&bytes.len()) {
        return Err(SignatureError::Secret);
    }
    Ok(Key::new(HMAC_SHA256, &bytes))
}

fn signed_content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(id.len() + timestamp.len() + body.len() + 2);
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        signed.extend_from_slice(part);
    }
    signed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn keys(texts: &[&str]) -> WebhookKeys {
        WebhookKeys::new(&texts.iter().map(|text| Secret::new((*text).to_owned())).collect::<Vec<_>>())
            .unwrap()
    }

    #[test]
    fn the_published_example_is_met() {
        assert_eq!(keys(&[SECRET]).sign(ID, TIMESTAMP, BODY), SIGNATURE);
    }

    #[test]
    fn every_key_of_an_overlap_signs_and_any_of_them_verifies() {
        let fresh = WebhookKeys::fresh().unwrap();
        let (old, new, both) = (keys(&[SECRET]), keys(&[fresh.expose()]), keys(&[fresh.expose(), SECRET]));
        let signed = both.sign(ID, TIMESTAMP, BODY);
        assert_eq!(signed.split(' ').count(), 2);
        for receiver in [&old, &new, &both] {
            assert_eq!(receiver.verify(ID, &TIMESTAMP.to_string(), &signed, BODY, TIMESTAMP), Ok(()));
        }
        let by_old = old.sign(ID, TIMESTAMP, BODY);
        assert_eq!(
            new.verify(ID, &TIMESTAMP.to_string(), &by_old, BODY, TIMESTAMP),
            Err(SignatureError::Signature)
        );
    }

    #[test]
    fn what_is_not_as_it_was_sent_is_refused() {
        let keys = keys(&[SECRET]);
        let at = TIMESTAMP.to_string();
        let check = |id: &str, at: &str, signature: &str, body: &[u8], now, expected| {
            assert_eq!(keys.verify(id, at, signature, body, now), expected, "{id} {at} {signature}");
        };
        check(ID, &at, SIGNATURE, BODY, TIMESTAMP + 300, Ok(()));
        check(ID, &at, SIGNATURE, BODY, TIMESTAMP - 300, Ok(()));
        check(ID, &at, &format!("v1a,xx v1,AAAA v2,b {SIGNATURE}"), BODY, TIMESTAMP, Ok(()));
        check(ID, &at, SIGNATURE, BODY, TIMESTAMP + 301, Err(SignatureError::Late));
        check(ID, &at, SIGNATURE, BODY, TIMESTAMP - 301, Err(SignatureError::Late));
        check(ID, &at, SIGNATURE, b"{}", TIMESTAMP, Err(SignatureError::Signature));
        check("msg_other", &at, SIGNATURE, BODY, TIMESTAMP, Err(SignatureError::Signature));
        check(ID, "1614265331", SIGNATURE, BODY, TIMESTAMP, Err(SignatureError::Signature));
        check(ID, &at, &SIGNATURE.replace("v1,", "v2,"), BODY, TIMESTAMP, Err(SignatureError::Signature));
        check(ID, &at, "", BODY, TIMESTAMP, Err(SignatureError::Signature));
        check(ID, "+1614265330", SIGNATURE, BODY, TIMESTAMP, Err(SignatureError::Timestamp));
        check(ID, "", SIGNATURE, BODY, TIMESTAMP, Err(SignatureError::Timestamp));
        check("a.b", &at, SIGNATURE, BODY, TIMESTAMP, Err(SignatureError::Id));
        let many = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(16));
        check(ID, &at, &many, BODY, TIMESTAMP, Err(SignatureError::Signature));
    }

    #[test]
    fn a_secret_has_its_form() {
        for text in
            ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!", "whsk_AAAA"]
        {
            let made = WebhookKeys::new(&[Secret::new(text.to_owned())]);
            assert_eq!(made.unwrap_err(), SignatureError::Secret, "{text}");
        }
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        assert!(WebhookKeys::new(&[Secret::new(long)]).is_err());
        assert_eq!(WebhookKeys::new(&[]).unwrap_err(), SignatureError::Count);
    }
}

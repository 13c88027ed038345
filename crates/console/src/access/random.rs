//! Unguessable values.

/// So many hexadecimal digits has a token.
pub(crate) const TOKEN_CHARS: usize = 64;

/// 256 bits from the system's generator, in hexadecimal digits.
pub(crate) fn token() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(hex::encode(bytes))
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub(crate) struct NoRandomness;

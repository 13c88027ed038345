//! Hashes as arrays.

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    array(digest(&SHA256, bytes).as_ref())
}

/// The first `N` bytes of a hash, which has at least as many.
pub(crate) fn array<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{array, sha256};

    #[test]
    fn the_hash_of_nothing_and_its_beginning() {
        let nothing = sha256(b"");
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(nothing), expected);
        assert_eq!(hex::encode(array::<4>(&nothing)), "e3b0c442");
    }
}

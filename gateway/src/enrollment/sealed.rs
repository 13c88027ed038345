//! Sealed enrollment files: card numbers that lie on a disk only under the gateway's enrollment key.
//!
//! HPKE (RFC 9180) in base mode: X25519, HKDF-SHA256, AES-256-GCM. One context for the file, one sealed message for
//! each piece; the context counts them, so that pieces cannot change places, and the last one says that it is the last.
//!
//! ```text
//! "COBRAND-SEALED-1\n"  key id: 8 bytes  encapsulated key: 32 bytes
//! pieces: last: 1 byte (0, 1)  length: 4 bytes, big-endian  ciphertext
//! ```

use std::io::{self, Read, Write};

use rustls::crypto::{
    aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256,
    hpke::{EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey, HpkePublicKey},
};
use zeroize::Zeroizing;

use crate::sha256;

const MAGIC: &[u8] = b"COBRAND-SEALED-1\n";
const INFO: &[u8] = b"cobrand enrollment file 1";
/// Bytes of a key of X25519, and of an encapsulated one.
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 8;
/// Plain bytes of one piece.
const PIECE_BYTES: usize = 64 * 1024;
/// AES-GCM's tag.
const TAG_BYTES: usize = 16;

fn suite() -> &'static dyn Hpke {
    DH_KEM_X25519_HKDF_SHA256_AES_256
}

/// Why a key or a sealed file cannot be used. Never shows a key or content.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The text is no such key.
    #[error(
        "an enrollment key is two lines, `private` and `public` with 64 hexadecimal digits each, the public one only its own; this text is not. Make one with: cobrand enroll key --out FOLDER"
    )]
    NotAKey,
    /// It does not begin as sealed files do.
    #[error(
        "the file is not sealed: seal it with: cobrand enroll seal --key enrollment.pub FILE, or take it as plain text with --plain"
    )]
    NotSealed,
    /// It was sealed for another key.
    #[error(
        "the file was sealed for the enrollment key {found}, this gateway's is {ours}: seal it anew with the gateway's enrollment.pub"
    )]
    OtherKey {
        /// The key id in the file.
        found: String,
        /// The id of the key that was tried.
        ours: String,
    },
    /// The cryptographic library refused.
    #[error("the key cannot be used")]
    Refused,
}

/// The public half of an enrollment key: whoever has it can seal, nobody can open with it.
#[derive(Debug, Clone)]
pub struct SealingKey(HpkePublicKey);

/// The private half, with the public one for its id. Wiped on drop.
pub struct OpeningKey {
    private: HpkePrivateKey,
    public: SealingKey,
}

/// A new key: the text of its private file and of its public file.
pub fn new_enrollment_key() -> Result<(Zeroizing<String>, String), SealError> {
    let (public, private) = suite().generate_key_pair().map_err(|_| SealError::Refused)?;
    let private = Zeroizing::new(hex::encode(private.secret_bytes()));
    let public = format!("public {}\n", hex::encode(&public.0));
    Ok((Zeroizing::new(format!("private {}\n{public}", private.as_str())), public))
}

fn key_bytes(text: &str, name: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
    let digits = line.ok_or(SealError::NotAKey)?.trim();
    let bytes = Zeroizing::new(hex::decode(digits).map_err(|_| SealError::NotAKey)?);
    if bytes.len() == KEY_BYTES { Ok(bytes) } else { Err(SealError::NotAKey) }
}

impl SealingKey {
    /// From the text of either file.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        Ok(Self(HpkePublicKey(key_bytes(text, "public ")?.to_vec())))
    }

    /// By which a file says for whom it was sealed.
    pub fn id(&self) -> String {
        hex::encode(self.id_bytes())
    }

    fn id_bytes(&self) -> [u8; ID_BYTES] {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&self.0.0);
        [a, b, c, d, e, f, g, h]
    }
}

impl OpeningKey {
    /// From the text of the private file.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let private = HpkePrivateKey::from(key_bytes(text, "private ")?.to_vec());
        Ok(Self { private, public: SealingKey::from_text(text)? })
    }
}

/// Seals `plain` for the holder of the private key, as a stream.
pub fn seal(mut plain: impl Read, mut sealed: impl Write, key: &SealingKey) -> io::Result<()> {
    let refused = |_| io::Error::other("the cryptographic library refused the enrollment key");
    let (encapsulated, mut sealer) = suite().setup_sealer(INFO, &key.0).map_err(refused)?;
    sealed.write_all(MAGIC)?;
    sealed.write_all(&key.id_bytes())?;
    sealed.write_all(&encapsulated.0)?;
    let (mut piece, mut next) = (fill(&mut plain)?, fill(&mut plain)?);
    loop {
        let last = u8::from(next.is_empty());
        let text = sealer.seal(&[last], &piece).map_err(refused)?;
        sealed.write_all(&[last])?;
        sealed.write_all(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        sealed.write_all(&text)?;
        if last == 1 {
            return sealed.flush();
        }
        piece = next;
        next = fill(&mut plain)?;
    }
}

/// As much as a piece holds; less only at the end.
fn fill(plain: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut piece = Zeroizing::new(Vec::with_capacity(PIECE_BYTES));
    let max = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
    plain.by_ref().take(max).read_to_end(&mut piece)?;
    Ok(piece)
}

/// A sealed file as it is opened: reads like the plain one. A piece is given out only when it was verified.
pub struct Opened<R> {
    sealed: R,
    opener: Box<dyn HpkeOpener>,
    piece: Zeroizing<Vec<u8>>,
    at: usize,
    last: bool,
}

/// Reads the head of a sealed file.
pub fn open<R: Read>(mut sealed: R, key: &OpeningKey) -> Result<Opened<R>, SealError> {
    let mut head = [0; MAGIC.len() + ID_BYTES + KEY_BYTES];
    sealed.read_exact(&mut head).map_err(|_| SealError::NotSealed)?;
    let rest = head.strip_prefix(MAGIC).ok_or(SealError::NotSealed)?;
    let (id, encapsulated) = rest.split_at_checked(ID_BYTES).ok_or(SealError::NotSealed)?;
    if id != key.public.id_bytes() {
        return Err(SealError::OtherKey { found: hex::encode(id), ours: key.public.id() });
    }
    let encapsulated = EncapsulatedSecret(encapsulated.to_vec());
    let opener = suite().setup_opener(&encapsulated, INFO, &key.private);
    let opener = opener.map_err(|_| SealError::Refused)?;
    Ok(Opened { sealed, opener, piece: Zeroizing::default(), at: 0, last: false })
}

impl<R: Read> Opened<R> {
    fn next_piece(&mut self) -> io::Result<()> {
        let broken = |why: &str| {
            let text = format!("the sealed file was {why}; seal the original anew");
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        let mut head = [0; 5];
        self.sealed.read_exact(&mut head).map_err(|_| broken("cut short"))?;
        let [last, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if last > 1 || length > PIECE_BYTES + TAG_BYTES {
            return Err(broken("altered"));
        }
        let mut text = vec![0; length];
        self.sealed.read_exact(&mut text).map_err(|_| broken("cut short"))?;
        let plain = self.opener.open(&[last], &text).map_err(|_| broken("altered"))?;
        self.piece = Zeroizing::new(plain);
        self.at = 0;
        self.last = last == 1;
        if self.last && self.sealed.read(&mut [0])? != 0 {
            return Err(broken("lengthened"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !self.last {
            self.next_piece()?;
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (OpeningKey, SealingKey) {
        let (private, public) = new_enrollment_key().unwrap();
        (OpeningKey::from_text(&private).unwrap(), SealingKey::from_text(&public).unwrap())
    }

    fn sealed(plain: &[u8], key: &SealingKey) -> Vec<u8> {
        let mut bytes = Vec::new();
        seal(plain, &mut bytes, key).unwrap();
        bytes
    }

    fn opened(bytes: &[u8], key: &OpeningKey) -> Result<Vec<u8>, String> {
        let mut plain = Vec::new();
        let mut file = open(bytes, key).map_err(|error| error.to_string())?;
        file.read_to_end(&mut plain).map_err(|error| error.to_string())?;
        Ok(plain)
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let (opening, sealing) = keys();
        for length in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let plain: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
            assert_eq!(opened(&sealed(&plain, &sealing), &opening).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn a_sealed_file_shows_nothing_and_no_two_are_alike() {
        let (_, sealing) = keys();
        let plain = b"4111111111111111,boreal-gold";
        let (one, two) = (sealed(plain, &sealing), sealed(plain, &sealing));
        assert!(!one.windows(16).any(|window| window == b"4111111111111111"));
        assert_ne!(one, two);
    }

    #[test]
    fn what_was_altered_is_refused() {
        let (opening, sealing) = keys();
        let plain = vec![b'7'; 2 * PIECE_BYTES + 5];
        let good = sealed(&plain, &sealing);
        let head = MAGIC.len() + ID_BYTES + KEY_BYTES;
        let piece = 5 + PIECE_BYTES + TAG_BYTES;
        let check = |name: &str, alter: &dyn Fn(&mut Vec<u8>), expected: &str| {
            let mut bytes = good.clone();
            alter(&mut bytes);
            let error = opened(&bytes, &opening).unwrap_err();
            assert!(error.contains(expected), "{name}: {error}");
        };
        check("a byte", &|bytes| bytes[head + 100] ^= 1, "altered");
        check("the encapsulated key", &|bytes| bytes[head - 1] ^= 1, "altered");
        check("the last piece is gone", &|bytes| bytes.truncate(head + 2 * piece), "cut short");
        check("the middle of a piece", &|bytes| bytes.truncate(head + piece + 9), "cut short");
        check("a piece is gone", &|bytes| drop(bytes.drain(head..head + piece)), "altered");
        check("a piece says that it is the last", &|bytes| bytes[head] = 1, "altered");
        check("more behind", &|bytes| bytes.push(0), "lengthened");
        check("a length", &|bytes| bytes[head + 1] = 9, "altered");
        check("plain", &|bytes| *bytes = b"pan,program".to_vec(), "not sealed");
        check("the key's id", &|bytes| bytes[MAGIC.len()] ^= 1, "sealed for the enrollment key");
    }

    #[test]
    fn a_file_for_another_key_names_both() {
        let (opening, sealing) = keys();
        let (_, other) = keys();
        let error = opened(&sealed(b"x", &other), &opening).unwrap_err();
        assert!(error.contains(&other.id()) && error.contains(&sealing.id()), "{error}");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for text in ["", "private 00", "public zz", "private 4111111111111111\npublic 4111111111111111"] {
            assert_eq!(OpeningKey::from_text(text).err(), Some(SealError::NotAKey), "{text}");
            assert_eq!(SealingKey::from_text(text).err(), Some(SealError::NotAKey), "{text}");
        }
    }
}

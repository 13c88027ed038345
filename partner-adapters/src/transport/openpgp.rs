//! OpenPGP around any transport of files: what leaves is encrypted, signed, or both; what comes is decrypted and checked.
//!
//! Encryption draws random numbers, so the same file encrypted twice is two files, and the second would be refused where
//! the first stands. Therefore the encrypted file is kept, and sent again as it is.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use pgp::composed::{
    Deserializable, Message, MessageBuilder, SignedPublicKey, SignedPublicSubKey, SignedSecretKey,
};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Password, SigningKey, VerifyingKey};
use rand::rngs::OsRng;

use super::{Collected, Content, DeliveryError, Fault, Incoming, Outgoing, PgpSettings, Secret, SetupError};
use crate::hash::finished;
use crate::{PublishError, folder::create_partial};

const SUFFIX: &str = ".pgp";
/// Why a file of an inbox is refused over which the partner's signature does not stand, or does not hold.
pub const NOT_SIGNED: &str = "PGP: it is not signed by the partner's key";
const CHUNK: usize = 64 << 10;
/// Keys are small.
const KEY_BYTES_MAX: u64 = 1 << 20;

/// The keys of `[transport.pgp]`.
pub(crate) struct OpenPgp {
    partner: Option<SignedPublicKey>,
    own: Option<SignedSecretKey>,
    passphrase: Option<Secret>,
    kept: PathBuf,
}

impl OpenPgp {
    pub(crate) fn open(settings: &PgpSettings, base: &Path) -> Result<Self, SetupError> {
        if settings.partner_key.is_none() && settings.own_key.is_none() {
            return Err(SetupError::new("pgp", "`partner_key`, `own_key` or both are expected"));
        }
        let partner = match &settings.partner_key {
            Some(path) => Some(partner_key(&base.join(path))?),
            None => None,
        };
        let own = match &settings.own_key {
            Some(source) => Some(own_key(source.read("pgp.own_key", base)?.expose())?),
            None => None,
        };
        let passphrase = match &settings.passphrase {
            Some(source) => Some(source.read("pgp.passphrase", base)?),
            None => None,
        };
        let pgp = Self { partner, own, passphrase, kept: base.join(&settings.kept) };
        pgp.try_keys()?;
        Ok(pgp)
    }

    fn password(&self) -> Password {
        self.passphrase.as_ref().map_or_else(Password::empty, |secret| Password::from(secret.expose()))
    }

    /// A wrong passphrase or a key for nothing is told now and not at the first file.
    fn try_keys(&self) -> Result<(), SetupError> {
        self.seal_into(io::empty(), &mut io::sink())
            .map_err(SetupError::because("pgp", "the keys cannot encrypt or sign"))
    }

    /// The encrypted item, made now or kept from before.
    pub(crate) async fn seal(self: &Arc<Self>, item: &Outgoing) -> Result<Outgoing, DeliveryError> {
        item.check_name()?;
        let (pgp, sealed) = (Arc::clone(self), item.clone());
        off_the_loop(&item.name, move || pgp.kept_or_made(&sealed)).await
    }

    fn kept_or_made(&self, item: &Outgoing) -> Result<Outgoing, DeliveryError> {
        let hash = hex::encode(item.sha256);
        let path = self.kept.join(format!("{}.{}{SUFFIX}", item.name, hash.get(..16).unwrap_or_default()));
        if !path.exists() {
            self.make(item, &path)?;
        }
        let sha256 = hash_of(&path).map_err(|error| io_error(&path, &error))?;
        Ok(Outgoing {
            name: format!("{}{SUFFIX}", item.name),
            content: Content::Path(path),
            sha256,
            key: item.key.clone(),
            media_type: "application/octet-stream",
        })
    }

    /// Whole or not at all: temporary name, fsync, name, fsync of the folder. Two ways may make the same one at once: the
    /// first stands, the other one is sent like it.
    fn make(&self, item: &Outgoing, path: &Path) -> Result<(), DeliveryError> {
        let refused =
            |error: PublishError| DeliveryError::new(Fault::LocalFile, &item.name, error.to_string());
        let (partial, file) = create_partial(&self.kept, &item.name).map_err(refused)?;
        let made = self.write(item, file, &partial).and_then(|()| {
            let named = match fs::hard_link(&partial, path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => fs::rename(&partial, path),
                _ => Ok(()),
            };
            named.and_then(|()| File::open(&self.kept)?.sync_all()).map_err(|error| io_error(path, &error))
        });
        let _ = fs::remove_file(&partial);
        made
    }

    fn write(&self, item: &Outgoing, mut out: File, partial: &Path) -> Result<(), DeliveryError> {
        let mut hash = Context::new(&SHA256);
        let plain: Box<dyn Read> = match &item.content {
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Path(path) => Box::new(File::open(path).map_err(|error| io_error(path, &error))?),
        };
        self.seal_into(Hashed { plain, hash: &mut hash }, &mut out)
            .map_err(|error| DeliveryError::new(Fault::Pgp, &item.name, format!("not encrypted: {error}")))?;
        if hash.finish().as_ref() != item.sha256 {
            return Err(item.not_recorded());
        }
        out.sync_all().map_err(|error| io_error(partial, &error))
    }

    fn seal_into(&self, plain: impl Read, out: &mut impl io::Write) -> pgp::errors::Result<()> {
        let mut builder = MessageBuilder::from_reader("", plain);
        let signer = self.own.as_ref().map(signing_key).transpose()?;
        if let Some(signer) = signer {
            builder.sign(signer, self.password(), signer.hash_alg());
        }
        let Some(partner) = &self.partner else { return builder.to_writer(OsRng, out) };
        let mut builder = builder.seipd_v1(OsRng, SymmetricKeyAlgorithm::AES256);
        builder.encrypt_to_key(OsRng, &encryption_key(partner)?)?;
        builder.to_writer(OsRng, out)
    }

    /// Opens what came; what cannot be opened stands among the refused.
    pub(crate) async fn unseal(
        self: &Arc<Self>,
        place: &str,
        collected: Collected,
        most: u64,
    ) -> Result<Collected, DeliveryError> {
        let pgp = Arc::clone(self);
        off_the_loop(place, move || {
            let mut out = Collected { files: Vec::new(), refused: collected.refused, more: collected.more };
            for file in collected.files {
                match pgp.unseal_one(&file.content, most) {
                    Ok(content) => out.files.push(Incoming {
                        sha256: crate::sha256(&content),
                        content: Bytes::from(content),
                        signed: pgp.partner.is_some(),
                        ..file
                    }),
                    Err(reason) => out.refuse(&file.name, reason),
                }
            }
            Ok(out)
        })
        .await
    }

    /// At most `most` bytes come out of it, however well they are packed.
    fn unseal_one(&self, content: &Bytes, most: u64) -> Result<Vec<u8>, String> {
        let told = |error: pgp::errors::Error| super::fault::foreign(&format!("PGP: {error}"));
        let input = BufReader::new(Cursor::new(content.clone()));
        let (mut message, _) = Message::from_reader(input).map_err(told)?;
        if message.is_encrypted() {
            let own = self.own.as_ref().ok_or("PGP: it is encrypted, and `own_key` is not set")?;
            message = message.decrypt(&self.password(), own).map_err(told)?;
        }
        if message.is_compressed() {
            message = message.decompress().map_err(told)?;
        }
        if message.is_encrypted() || message.is_compressed() {
            return Err("PGP: it is packed more than once".to_owned());
        }
        let mut plain = Vec::new();
        let read = (&mut message).take(most.saturating_add(1)).read_to_end(&mut plain);
        read.map_err(|error| super::fault::foreign(&format!("PGP: {error}")))?;
        if plain.len() as u64 > most {
            return Err(format!("PGP: more than {most} bytes come out of it"));
        }
        match &self.partner {
            Some(partner) if !signed_by(&message, partner) => Err(NOT_SIGNED.to_owned()),
            _ => Ok(plain),
        }
    }

    /// Whose keys these are, for people.
    pub(crate) fn shown(&self) -> String {
        let name = |what: &str, key: &dyn KeyDetails| format!("{what} {:X}", key.fingerprint());
        let to = self.partner.as_ref().map(|key| name("encrypted to", &key.primary_key));
        let by = self.own.as_ref().map(|key| name("signed by", &key.primary_key));
        [to, by].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for OpenPgp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenPgp").finish_non_exhaustive()
    }
}

fn partner_key(path: &Path) -> Result<SignedPublicKey, SetupError> {
    let setting = "pgp.partner_key";
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(KEY_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(SetupError::because(setting, format!("cannot read {}", path.display())))?;
    let (key, _) = SignedPublicKey::from_reader_single(&*bytes)
        .map_err(SetupError::because(setting, "no public key"))?;
    key.verify_bindings().map_err(SetupError::because(setting, "its own signatures are wrong"))?;
    encryption_key(&key).map_err(SetupError::because(setting, "not usable"))?;
    Ok(key)
}

fn own_key(text: &str) -> Result<SignedSecretKey, SetupError> {
    let setting = "pgp.own_key";
    let (key, _) = SignedSecretKey::from_reader_single(text.as_bytes())
        .map_err(SetupError::because(setting, "no private key"))?;
    key.verify_bindings().map_err(SetupError::because(setting, "its own signatures are wrong"))?;
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.algorithm());
    for algorithm in std::iter::once(key.primary_key.algorithm()).chain(subkeys) {
        // The implementation of RSA at hand leaks private keys by its timing (RUSTSEC-2023-0071).
        let fine = matches!(
            algorithm,
            PublicKeyAlgorithm::Ed25519
                | PublicKeyAlgorithm::EdDSALegacy
                | PublicKeyAlgorithm::X25519
                | PublicKeyAlgorithm::ECDH
        );
        if !fine {
            let reason = format!("a key of {algorithm:?} is in it; Ed25519 with X25519 is expected");
            return Err(SetupError::new(setting, reason));
        }
    }
    Ok(key)
}

/// The newest subkey for encryption that is neither revoked nor out of date.
fn encryption_key(key: &SignedPublicKey) -> pgp::errors::Result<&SignedPublicSubKey> {
    if !key.details.revocation_signatures.is_empty() {
        return Err(pgp::errors::Error::from("the key is revoked".to_owned()));
    }
    let usable = key.public_subkeys.iter().filter(|subkey| {
        subkey.key.algorithm().can_encrypt()
            && in_use(&subkey.signatures, &subkey.key, |signature| {
                let flags = signature.key_flags();
                flags.encrypt_comms() || flags.encrypt_storage()
            })
    });
    usable
        .max_by_key(|subkey| subkey.key.created_at().as_secs())
        .ok_or_else(|| pgp::errors::Error::from("no subkey for encryption is valid now".to_owned()))
}

fn in_use(signatures: &[Signature], key: &dyn KeyDetails, purpose: impl Fn(&Signature) -> bool) -> bool {
    let revoked = signatures.iter().any(|one| one.typ() == Some(SignatureType::SubkeyRevocation));
    let newest = signatures
        .iter()
        .filter(|one| one.typ() == Some(SignatureType::SubkeyBinding))
        .max_by_key(|one| one.created().map(|at| at.as_secs()));
    !revoked && newest.is_some_and(|one| purpose(one) && !is_over(one, key))
}

fn is_over(signature: &Signature, key: &dyn KeyDetails) -> bool {
    let Some(life) = signature.key_expiration_time().map(|life| u64::from(life.as_secs())) else {
        return false;
    };
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    // A life of 0 seconds means for ever.
    life != 0 && u64::from(key.created_at().as_secs()).saturating_add(life) < now
}

/// The subkey for signing if there is one, else the primary key.
fn signing_key(key: &SignedSecretKey) -> pgp::errors::Result<&dyn SigningKey> {
    let subkey = key
        .secret_subkeys
        .iter()
        .find(|subkey| in_use(&subkey.signatures, &subkey.key, |signature| signature.key_flags().sign()));
    match subkey {
        Some(subkey) => Ok(&subkey.key),
        None if key.primary_key.algorithm().can_sign() => Ok(&key.primary_key),
        None => Err(pgp::errors::Error::from("no key for signing is in it".to_owned())),
    }
}

fn signed_by(message: &Message<'_>, partner: &SignedPublicKey) -> bool {
    let subkeys = partner
        .public_subkeys
        .iter()
        .filter(|subkey| in_use(&subkey.signatures, &subkey.key, |signature| signature.key_flags().sign()));
    let primary: &dyn VerifyingKey = &partner.primary_key;
    let mut keys = std::iter::once(primary).chain(subkeys.map(|subkey| -> &dyn VerifyingKey { &subkey.key }));
    keys.any(|key| message.verify(key).is_ok())
}

/// Hashes the plain bytes as they pass.
struct Hashed<'a> {
    plain: Box<dyn Read>,
    hash: &'a mut Context,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(buffer)?;
        self.hash.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn hash_of(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Context::new(&SHA256), vec![0; CHUNK]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(finished(hash));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}

fn io_error(path: &Path, error: &io::Error) -> DeliveryError {
    DeliveryError::new(Fault::LocalFile, path.display().to_string(), error.to_string())
}

/// Encryption is work: it waits elsewhere than on the runtime's threads.
async fn off_the_loop<T: Send + 'static>(
    place: &str,
    work: impl FnOnce() -> Result<T, DeliveryError> + Send + 'static,
) -> Result<T, DeliveryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(DeliveryError::new(Fault::Pgp, place, error.to_string())),
    }
}

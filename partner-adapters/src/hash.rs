//! SHA-256, as files and events are known by it.

use std::{fs::File, io, io::Read as _, path::Path};

use aws_lc_rs::digest::{Context, SHA256, digest};

/// So much of a file is read at once, in bytes.
const BLOCK: usize = 1 << 16;

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// SHA-256 of what was put in bit by bit.
pub fn finished(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// SHA-256 of a file of any length.
///
/// # Errors
/// If it cannot be opened or read.
pub fn sha256_of_file(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut hash, mut block) = (File::open(path)?, Context::new(&SHA256), vec![0; BLOCK]);
    loop {
        let length = file.read(&mut block)?;
        if length == 0 {
            return Ok(finished(hash));
        }
        hash.update(block.get(..length).unwrap_or_default());
    }
}

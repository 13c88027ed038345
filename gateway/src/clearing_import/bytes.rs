//! The bytes of a file as they are read: hashed on the way, and wiped from memory behind it.

use std::io::{ErrorKind, Read, Result};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use crate::hash::array;

/// So many bytes are read at once.
const PIECE: usize = 64 * 1024;

/// A source that is read once from its start to its end.
pub(super) struct FileBytes<R> {
    source: R,
    /// Holds card numbers.
    piece: Zeroizing<Vec<u8>>,
    /// What is left of the piece.
    left: std::ops::Range<usize>,
    hash: Context,
}

impl<R: Read> FileBytes<R> {
    pub(super) fn new(source: R) -> Self {
        let piece = Zeroizing::new(vec![0; PIECE]);
        Self { source, piece, left: 0..0, hash: Context::new(&SHA256) }
    }

    /// Reads what is left; the hash of the whole file.
    pub(super) fn finish(mut self) -> Result<[u8; 32]> {
        while self.next_piece()? {}
        Ok(array(self.hash.finish().as_ref()))
    }

    fn next_piece(&mut self) -> Result<bool> {
        let read = loop {
            match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let piece = self.piece.get(..read).unwrap_or_default();
        self.hash.update(piece);
        self.left = 0..read;
        Ok(read > 0)
    }
}

impl<R: Read> Read for FileBytes<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() || (self.left.is_empty() && !self.next_piece()?) {
            return Ok(0);
        }
        let mut piece = self.piece.get(self.left.clone()).unwrap_or_default();
        let given = piece.read(out)?;
        self.left.start = self.left.start.saturating_add(given);
        Ok(given)
    }
}

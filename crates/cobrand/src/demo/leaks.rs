//! The search for card numbers where none may be.

use std::{collections::BTreeSet, io::Read, path::Path};

use iso8583::Pan;

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaks {
    /// Where a card number stood; the number itself is not repeated.
    pub hits: Vec<String>,
    /// How many bytes were searched.
    pub bytes: u64,
}

/// Bytes of one read.
const CHUNK: usize = 1 << 20;
/// A card number has at most so many digits; chunks overlap by one less.
const DIGITS_MAX: usize = 19;

impl Leaks {
    /// Adds what another search found.
    pub fn merge(&mut self, other: Self) {
        self.hits.extend(other.hits);
        self.bytes += other.bytes;
    }
}

/// Searches bytes for the numbers, in ASCII digits.
pub fn scan_bytes(place: &str, bytes: &[u8], pans: &[Pan]) -> Leaks {
    let mut leaks = Leaks { hits: Vec::new(), bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX) };
    let wanted: BTreeSet<&[u8]> = pans.iter().map(|pan| pan.expose().as_bytes()).collect();
    let lengths: BTreeSet<usize> = wanted.iter().map(|pan| pan.len()).collect();
    let mut start = 0;
    while let Some(offset) = bytes.get(start..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let from = start + offset;
        let rest = bytes.get(from..).unwrap_or_default();
        let run = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        let digits = rest.get(..run).unwrap_or_default();
        let found =
            lengths.iter().any(|length| digits.windows(*length).any(|window| wanted.contains(window)));
        if found {
            leaks.hits.push(format!("{place} at byte {from}"));
        }
        start = from + run;
    }
    leaks
}

/// Searches a file, or every file below a folder. What vanishes meanwhile is passed over.
pub fn scan_tree(path: &Path, pans: &[Pan]) -> std::io::Result<Leaks> {
    let mut leaks = Leaks::default();
    let mut pending = vec![path.to_owned()];
    while let Some(path) = pending.pop() {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                pending.push(entry?.path());
            }
        } else if metadata.is_file() {
            leaks.merge(scan_file(&path, pans)?);
        }
    }
    Ok(leaks)
}

fn scan_file(path: &Path, pans: &[Pan]) -> std::io::Result<Leaks> {
    let mut leaks = Leaks::default();
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(leaks),
        Err(error) => return Err(error),
    };
    let place = path.display().to_string();
    let mut buffer: Vec<u8> = Vec::with_capacity(CHUNK + DIGITS_MAX);
    loop {
        let kept = buffer.len();
        let read = (&mut file).take(u64::try_from(CHUNK).unwrap_or(u64::MAX)).read_to_end(&mut buffer)?;
        if read == 0 {
            return Ok(leaks);
        }
        let mut found = scan_bytes(&place, &buffer, pans);
        found.bytes = u64::try_from(buffer.len() - kept).unwrap_or(u64::MAX);
        leaks.merge(found);
        let keep = buffer.len().saturating_sub(DIGITS_MAX - 1);
        buffer.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_inside_other_digits_and_across_chunks() {
        let pans = [Pan::parse("4111111111111111").unwrap()];
        assert_eq!(scan_bytes("x", b"id=4111111111111111;", &pans).hits.len(), 1);
        assert_eq!(scan_bytes("x", b"00041111111111111110", &pans).hits.len(), 1);
        assert_eq!(scan_bytes("x", b"411111111111111 1", &pans).hits.len(), 0);
        let path = std::env::temp_dir().join(format!("cobrand-leaks-{}", std::process::id()));
        let mut text = vec![b'x'; CHUNK - 8];
        text.extend(b"4111111111111111");
        std::fs::write(&path, text).unwrap();
        let leaks = scan_tree(&path, &pans).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!leaks.hits.is_empty());
        assert_eq!(leaks.bytes, u64::try_from(CHUNK + 8).unwrap());
    }
}

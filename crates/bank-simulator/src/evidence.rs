//! A run as evidence: a folder with a report for people, one for build machines and one for programs, and their hashes.
//!
//! Everything in it is masked already: results hold no card data.

mod html;
mod json;
mod junit;

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};

pub use self::{html::html, json::json, junit::junit};
use crate::{report::Report, script::MaskedByte};

/// Why evidence could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// A file or the folder could not be written.
    #[error("{path}: {source}; choose a folder that can be written to", path = path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The report could not be put together.
    #[error("the report could not be put together: {0}")]
    Render(#[from] askama::Error),
}

/// The file with the hashes of the others.
const SUMS: &str = "SHA256SUMS";

/// Writes `report.html`, `junit.xml`, `evidence.json` and `SHA256SUMS` into a folder, which is made if need be.
///
/// # Errors
///
/// When the folder or a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> Result<(), EvidenceError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| EvidenceError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let files =
        [("evidence.json", json(report)), ("junit.xml", junit(report)), ("report.html", html(report)?)];
    let mut sums = String::new();
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(failed(&path))?;
        // Writing into a String cannot fail.
        let _ = writeln!(sums, "{}  {name}", hex::encode(digest(&SHA256, text.as_bytes())));
    }
    let path = folder.join(SUMS);
    std::fs::write(&path, sums).map_err(failed(&path))
}

/// Bytes as lines of offset, 16 hexadecimal pairs and characters; `**` is a masked byte.
#[must_use]
pub fn hexdump(bytes: &[MaskedByte]) -> String {
    let mut dump = String::new();
    for (line, bytes) in bytes.chunks(16).enumerate() {
        let (mut pairs, mut characters) = (String::new(), String::new());
        for byte in bytes {
            match byte {
                Some(byte) => {
                    let _ = write!(pairs, "{byte:02x} ");
                    let printable = matches!(byte, 0x20..=0x7e);
                    characters.push(if printable { char::from(*byte) } else { '.' });
                }
                None => {
                    pairs.push_str("** ");
                    characters.push('*');
                }
            }
        }
        let _ = writeln!(dump, "{:04x}  {pairs:<48} {characters}", line * 16);
    }
    dump
}

/// Such as `812 µs`, `12.345 ms`, `1.203 s`.
#[must_use]
pub fn duration_in_words(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{:03} ms", micros / 1_000, micros % 1_000),
        _ => format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration_in_words, hexdump};

    #[test]
    fn a_hexdump_has_offsets_pairs_and_characters_and_hides_what_is_masked() {
        let bytes: Vec<_> = b"0100AB4111".iter().map(|byte| (*byte != b'1').then_some(*byte)).collect();
        let dump = hexdump(&[bytes, vec![Some(0); 8]].concat());
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].starts_with("0000  30 ** 30 30 41 42 34 ** ** ** 00") && lines[0].contains("0*00AB4***")
        );
        assert!(lines[1].starts_with("0010  00 00"), "{dump}");
    }

    #[test]
    fn durations_are_told_in_fitting_units() {
        for (micros, told) in [(0, "0 µs"), (999, "999 µs"), (12_345, "12.345 ms"), (1_203_456, "1.203 s")]
        {
            assert_eq!(duration_in_words(Duration::from_micros(micros)), told);
        }
    }
}

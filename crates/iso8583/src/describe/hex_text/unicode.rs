//! Texts that begin with the mark of their byte order, as editors and shells on Windows write them.

/// The text of a file: UTF-8 with or without a mark, or UTF-16 with one. `None` where it is no text.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Option<String> {
    let units: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => {
            let text = std::str::from_utf8(bytes).ok()?;
            return Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
        }
    };
    let (pairs, []) = bytes.get(2..)?.as_chunks::<2>() else { return None };
    let units: Vec<u16> = pairs.iter().map(|pair| units(*pair)).collect();
    String::from_utf16(&units).ok()
}

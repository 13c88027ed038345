//! Tags and lengths of BER-TLV.

/// Bytes of a tag at most: chip data have up to 3.
const MAX_TAG: usize = 3;
/// Bytes of a length at most: `0x82` and two bytes, more than any message has.
const MAX_LENGTH: usize = 3;

/// Why tag or length cannot be read: what was expected and what is there.
pub(crate) struct Wrong {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
    pub(crate) found: &'static str,
}

/// Reads a tag: its length in bytes.
pub(crate) fn tag(bytes: &[u8], at: usize) -> Result<usize, Wrong> {
    let wrong = |expected, found| Wrong { at, expected, found };
    let first = bytes.get(at).ok_or(wrong("a tag", "the end"))?;
    if first & 0x1F != 0x1F {
        return Ok(1);
    }
    for length in 2..=MAX_TAG {
        let next = bytes.get(at + length - 1).ok_or(wrong("a whole tag", "the end inside the tag"))?;
        if next & 0x80 == 0 {
            return Ok(length);
        }
    }
    Err(wrong("a tag of at most 3 bytes", "a longer tag"))
}

/// Whether these bytes are one tag.
pub(crate) fn is_whole_tag(bytes: &[u8]) -> bool {
    tag(bytes, 0).is_ok_and(|length| length == bytes.len())
}

/// Whether the value of a tag is built of further ones.
pub(crate) fn is_constructed(tag: &[u8]) -> bool {
    tag.first().is_some_and(|first| first & 0x20 != 0)
}

/// Reads a length: its value, and its own length in bytes.
pub(crate) fn length(bytes: &[u8], at: usize) -> Result<(usize, usize), Wrong> {
    let wrong = |expected, found| Wrong { at, expected, found };
    let first = *bytes.get(at).ok_or(wrong("a length", "the end"))?;
    match first {
        0..=0x7F => Ok((usize::from(first), 1)),
        0x81 | 0x82 => {
            let own = usize::from(first & 0x0F) + 1;
            let digits =
                bytes.get(at + 1..at + own).ok_or(wrong("a whole length", "the end inside the length"))?;
            Ok((digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), own))
        }
        0x80 => Err(wrong("a definite length", "the indefinite form")),
        _ => Err(wrong("a length of at most 3 bytes", "a longer one")),
    }
}

/// Writes a length in the shortest form; `None` if it is longer than any message.
pub(crate) fn write_length(length: usize) -> Option<Vec<u8>> {
    let bytes = u16::try_from(length).ok()?.to_be_bytes();
    let [high, low] = bytes;
    let written = match length {
        0..=0x7F => vec![low],
        0x80..=0xFF => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    (written.len() <= MAX_LENGTH).then_some(written)
}

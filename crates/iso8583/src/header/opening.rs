//! Whether bytes look like the start of a message: an MTI and a bitmap, in any encoding.

use crate::mti::Mti;

const BITMAP: usize = 8;

/// How a message starts. The digits of the MTI are not kept: where the guess is wrong, they are part of a
/// value.
pub(super) struct Opening {
    /// How the MTI is written, in words.
    pub(super) written: &'static str,
    /// 1 = possible, 2 = likely, 3 = hardly by chance.
    pub(super) certainty: u8,
}

/// The opening of a message that starts at the start of `bytes`.
pub(super) fn opening(bytes: &[u8]) -> Option<Opening> {
    ascii(bytes).or_else(|| ebcdic(bytes)).or_else(|| packed(bytes))
}

fn ascii(bytes: &[u8]) -> Option<Opening> {
    is_usual(*bytes.first_chunk()?).then(|| {
        let bitmap = bytes.get(4..).unwrap_or_default();
        Opening {
            written: "ASCII digits",
            certainty: hex_bitmap(bitmap).unwrap_or_else(|| 1 + first_bitmap(bitmap).min(1)),
        }
    })
}

fn ebcdic(bytes: &[u8]) -> Option<Opening> {
    let digits = bytes.first_chunk::<4>()?;
    // The digits of EBCDIC are 0xF0 to 0xF9, those of ASCII 0x30 to 0x39; what is above fails as an MTI.
    let usual = digits.iter().all(|byte| *byte >= 0xf0) && is_usual(digits.map(|byte| byte - 0xc0));
    usual.then_some(Opening { written: "EBCDIC digits", certainty: 3 })
}

fn packed(bytes: &[u8]) -> Option<Opening> {
    let [ab, cd] = *bytes.first_chunk::<2>()?;
    let certainty = first_bitmap(bytes.get(2..)?);
    let usual = is_usual([ab >> 4, ab & 15, cd >> 4, cd & 15].map(|digit| digit + b'0'));
    (usual && certainty > 0).then_some(Opening { written: "packed digits", certainty })
}

/// The certainty from a bitmap in hexadecimal digits; `None` when there are no such digits.
fn hex_bitmap(bytes: &[u8]) -> Option<u8> {
    let digits = bytes.get(..2 * BITMAP)?;
    let bits = digits
        .iter()
        .try_fold(0_u64, |bits, digit| Some(bits << 4 | u64::from(char::from(*digit).to_digit(16)?)))?;
    Some(1 + likelihood(bits))
}

/// How likely the first 8 bytes are a bitmap: 0 = no; 1 = possible, also where they are cut; 2 = likely.
fn first_bitmap(bytes: &[u8]) -> u8 {
    bytes.first_chunk::<BITMAP>().map_or(1, |bitmap| likelihood(u64::from_be_bytes(*bitmap)))
}

/// Nearly every message has a few elements and among them DE11.
const fn likelihood(bits: u64) -> u8 {
    const DE11: u64 = 1 << (64 - 11);
    match bits.count_ones() {
        0 | 49.. => 0,
        2.. if bits & DE11 != 0 => 2,
        _ => 1,
    }
}

/// Whether this is an MTI that is in use: a version, class, function and origin that the standard defines.
fn is_usual(digits: [u8; 4]) -> bool {
    Mti::parse(&digits).is_some_and(|mti| {
        mti.version() <= 2 && matches!(mti.class(), 1..=8) && mti.function() <= 4 && mti.origin() <= 5
    })
}

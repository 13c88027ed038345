//! Damages the bytes of a message, in whichever encoding they are.

use iso8583::{
    BitmapEncoding, CodePage, Dialect, Encoding, FieldSpec, IndicatorEncoding, Message, MtiEncoding,
};

use super::draft::Damage;
use crate::wire::BankWire;

/// The greatest message of the link contract.
const MESSAGE_MAX: usize = 4096;
/// The elements of a MAC.
const MAC_FIRST: u8 = 64;
const MAC_SECOND: u8 = 128;
/// Two packed nibbles that are no digits.
const NO_DIGITS: u8 = 0xAA;
/// What is left of a frame that is cut short, behind its length.
const LEFT: usize = 20;

/// What goes on the wire in place of the message; frame lengths are written only where they are at fault.
pub(super) enum Bytes {
    /// One frame.
    Framed(Vec<u8>),
    /// As they are.
    Bare(Vec<u8>),
}

impl Damage {
    /// Whether the message has a MAC before it is damaged.
    pub(super) fn of_signed(self) -> bool {
        self == Self::WrongMac
    }

    /// Why this damage has no meaning on a link that is written so.
    pub(crate) fn lacking(self, wire: &BankWire) -> Option<&'static str> {
        let dialect = &wire.dialect;
        let field = |de| dialect.field(de);
        match self {
            Self::CutShort(_) | Self::Trailing if states_length(dialect) => {
                Some("the header states the length of the message: another one is no such header")
            }
            Self::BitmapNotHexadecimal if dialect.bitmap_encoding() == BitmapEncoding::Binary => {
                Some("a binary bitmap has no wrong bytes")
            }
            Self::LetterIn(de) if field(de).and_then(letter).is_none() => {
                Some("the element is no digits: every byte may stand there")
            }
            Self::LengthNotNumber(de) if field(de).and_then(no_number).is_none() => {
                Some("a binary length is always a number")
            }
            Self::BeyondAscii if field(49).is_none_or(|spec| spec.encoding != Encoding::Ascii) => {
                Some("DE49 is not ASCII text")
            }
            Self::WrongMac | Self::NoMac if wire.mac.is_none() => {
                Some("no MAC keys were given for this link")
            }
            Self::EmptyFrame if wire.framing.has_keep_alive() => Some("an empty frame is a keep-alive"),
            _ => None,
        }
    }
}

/// VisaNet's header holds the length of the message.
fn states_length(dialect: &Dialect) -> bool {
    dialect.header().to_string().split('+').any(|part| part.starts_with("visanet"))
}

/// Damages the bytes of a message. It has a MAC only if that is at fault: else it must be refused for its form.
pub(super) fn damaged(wire: &BankWire, bytes: &[u8], damage: Damage) -> Result<Bytes, String> {
    if let Some(lacking) = damage.lacking(wire) {
        return Err(lacking.to_owned());
    }
    let message = wire.dialect.decode(bytes).map_err(|error| error.to_string())?;
    let bare = match damage {
        Damage::EmptyFrame => Some(empty_frame(wire)?),
        Damage::FrameTooLong => Some(prefix_of(wire, MESSAGE_MAX + 1)?),
        Damage::FrameCutShort => {
            let mut frame = wire.frame(bytes).map_err(|error| error.to_string())?;
            frame.truncate(wire.framing.prefix() + LEFT);
            Some(frame)
        }
        _ => None,
    };
    match bare {
        Some(bare) => Ok(Bytes::Bare(bare)),
        None => within(&message, damage).map(Bytes::Framed),
    }
}

/// The length of a message of so many bytes, as the framing writes it.
fn prefix_of(wire: &BankWire, length: usize) -> Result<Vec<u8>, String> {
    let mut frame = Vec::new();
    let framing = wire.framing.with_longest(usize::MAX);
    framing.write(&mut frame, &vec![0; length]).map_err(|error| error.to_string())?;
    frame.truncate(framing.prefix());
    Ok(frame)
}

/// A frame of no bytes: that of one byte, its length less by one.
fn empty_frame(wire: &BankWire) -> Result<Vec<u8>, String> {
    let (mut one, two) = (prefix_of(wire, 1)?, prefix_of(wire, 2)?);
    for (byte, other) in one.iter_mut().zip(two) {
        if *byte != other {
            *byte = byte.saturating_sub(1);
        }
    }
    Ok(one)
}

fn within(message: &Message<'_>, damage: Damage) -> Result<Vec<u8>, String> {
    let mut bytes = message.bytes().to_vec();
    let dialect = message.dialect();
    let head = dialect.header().length();
    match damage {
        Damage::CutShort(missing) => bytes.truncate(bytes.len().saturating_sub(missing)),
        Damage::Trailing => bytes.extend_from_slice(b"42"),
        Damage::BitmapNotHexadecimal => {
            let wrong = match dialect.bitmap_encoding() {
                BitmapEncoding::EbcdicHex(page) => page.encode_byte(b'Z'),
                _ => b'Z',
            };
            overwrite(&mut bytes, bitmap_at(dialect) + 2, wrong);
        }
        Damage::TypeNotDigits => {
            let wrong = match dialect.mti_encoding() {
                MtiEncoding::Bcd => NO_DIGITS,
                MtiEncoding::Ebcdic(page) => page.encode_byte(b'X'),
                _ => b'X',
            };
            overwrite(&mut bytes, head, wrong);
        }
        Damage::BeyondAscii => {
            let last = bytes.len().saturating_sub(1);
            overwrite(&mut bytes, last, 0xD0);
        }
        Damage::Announced(de) | Damage::Unannounced(de) => flip(&mut bytes, dialect, de),
        Damage::LetterIn(de) => {
            let (at, wrong) = (offset(message, de)?, spec(dialect, de).and_then(letter));
            overwrite(&mut bytes, at, wrong.unwrap_or(NO_DIGITS));
        }
        Damage::LengthNotNumber(de) => {
            let (at, wrong) = (offset(message, de)?, spec(dialect, de).and_then(no_number));
            overwrite(&mut bytes, at.saturating_sub(1), wrong.unwrap_or(NO_DIGITS));
        }
        Damage::LengthTooGreat(de) => {
            let indicator = spec(dialect, de).map(|spec| spec.indicator);
            let indicator = indicator.ok_or_else(|| format!("the dialect has no DE{de}"))?;
            let greatest = match indicator.encoding {
                IndicatorEncoding::Ascii => b'9',
                IndicatorEncoding::Ebcdic => 0xF9,
                IndicatorEncoding::Bcd => 0x99,
                IndicatorEncoding::Hex => b'F',
                // All code pages write F as 0xC6.
                IndicatorEncoding::EbcdicHex => 0xC6,
                _ => 0xFF,
            };
            let at = offset(message, de)?.saturating_sub(usize::from(indicator.bytes));
            overwrite(&mut bytes, at, greatest);
        }
        Damage::WrongMac => {
            let de = if message.has(MAC_SECOND) { MAC_SECOND } else { MAC_FIRST };
            let at = offset(message, de)?;
            let before = bytes.get(at).copied().unwrap_or_default();
            overwrite(&mut bytes, at, other_of(dialect, de, before));
        }
        Damage::EmptyFrame | Damage::FrameTooLong | Damage::FrameCutShort | Damage::NoMac => {}
    }
    Ok(bytes)
}

/// Another byte that may stand in binary data.
fn other_of(dialect: &Dialect, de: u8, byte: u8) -> u8 {
    let page = match spec(dialect, de).map(|spec| spec.encoding) {
        Some(Encoding::Hex) => return if byte == b'0' { b'1' } else { b'0' },
        Some(Encoding::EbcdicHex(page)) => page,
        _ => return !byte,
    };
    page.encode_byte(if page.decode_byte(byte) == b'0' { b'1' } else { b'0' })
}

fn spec(dialect: &Dialect, de: u8) -> Option<&FieldSpec> {
    dialect.field(de)
}

/// A byte that is no digit of this element.
fn letter(spec: &FieldSpec) -> Option<u8> {
    match spec.encoding {
        Encoding::Ascii | Encoding::Latin1 => Some(b'A'),
        Encoding::Ebcdic(page) => Some(page.encode_byte(b'A')),
        Encoding::Bcd { .. } => Some(NO_DIGITS),
        _ => None,
    }
}

/// A byte that is no number in the length of this element.
fn no_number(spec: &FieldSpec) -> Option<u8> {
    match spec.indicator.encoding {
        IndicatorEncoding::Ascii | IndicatorEncoding::Hex => Some(b'X'),
        // All code pages write letters alike.
        IndicatorEncoding::Ebcdic | IndicatorEncoding::EbcdicHex => Some(CodePage::Ibm037.encode_byte(b'X')),
        IndicatorEncoding::Bcd => Some(NO_DIGITS),
        _ => None,
    }
}

fn offset(message: &Message<'_>, de: u8) -> Result<usize, String> {
    // A value never stands at the start: the message type and the bitmap come first.
    message.offset(de).ok_or_else(|| format!("the message has no DE{de} to damage"))
}

fn overwrite(bytes: &mut [u8], at: usize, with: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = with;
    }
}

fn bitmap_at(dialect: &Dialect) -> usize {
    let mti = if dialect.mti_encoding() == MtiEncoding::Bcd { 2 } else { 4 };
    dialect.header().length() + mti
}

/// Changes the bit of a data element of the first bitmap.
fn flip(bytes: &mut [u8], dialect: &Dialect, de: u8) {
    let (start, bit) = (bitmap_at(dialect), usize::from(de.saturating_sub(1)));
    if dialect.bitmap_encoding() == BitmapEncoding::Binary {
        if let Some(byte) = bytes.get_mut(start + bit / 8) {
            *byte ^= 0x80 >> (bit % 8);
        }
        return;
    }
    let Some(byte) = bytes.get_mut(start + bit / 4) else { return };
    let (read, write): (u8, &dyn Fn(u8) -> u8) = match dialect.bitmap_encoding() {
        BitmapEncoding::EbcdicHex(page) => (page.decode_byte(*byte), &move |digit| page.encode_byte(digit)),
        _ => (*byte, &|digit| digit),
    };
    let Some(digit) = char::from(read).to_digit(16) else { return };
    let flipped = char::from_digit(digit ^ (8 >> (bit % 4)), 16).map(|digit| digit.to_ascii_uppercase());
    if let Some(Ok(digit)) = flipped.map(u8::try_from) {
        *byte = write(digit);
    }
}

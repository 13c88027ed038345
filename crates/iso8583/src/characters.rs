//! Which bytes belong to which class of characters, in ASCII and in EBCDIC.

use crate::{code_page::CodePage, field_spec::Signs, format::Class};

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const BLANK: u8 = 4;
const PUNCTUATION: u8 = 8;
const ABOVE_ASCII: u8 = 16;
const TRACK: u8 = 32;
const HEXADECIMAL: u8 = 64;
const SIGN: u8 = 128;

/// For each byte the classes it belongs to.
pub(crate) type Classes = [u8; 256];

/// ASCII; bytes above it are let through where a dialect says Latin-1.
pub(crate) static ASCII: Classes = ascii();
static EBCDIC_037: Classes = ebcdic(CodePage::Ibm037);
static EBCDIC_500: Classes = ebcdic(CodePage::Ibm500);
static EBCDIC_1047: Classes = ebcdic(CodePage::Ibm1047);

/// The classes of the bytes of a code page.
pub(crate) fn of_page(page: CodePage) -> &'static Classes {
    match page {
        CodePage::Ibm037 => &EBCDIC_037,
        CodePage::Ibm500 => &EBCDIC_500,
        CodePage::Ibm1047 => &EBCDIC_1047,
    }
}

/// A set of characters: bytes of a table that have one of the bits.
#[derive(Clone, Copy)]
pub(crate) struct Charset {
    classes: &'static Classes,
    bits: u8,
}

impl Charset {
    /// The characters of a class. `above_ascii`: also letters of Western European languages, where text is allowed.
    pub(crate) const fn new(classes: &'static Classes, class: Class, above_ascii: bool) -> Self {
        let above = if above_ascii { ABOVE_ASCII } else { 0 };
        let bits = match class {
            Class::Alpha => LETTER | BLANK | above,
            Class::Numeric => DIGIT,
            Class::AlphaNumeric => LETTER | DIGIT | BLANK | above,
            Class::AlphaSpecial => LETTER | BLANK | PUNCTUATION | above,
            Class::NumericSpecial => DIGIT | BLANK | PUNCTUATION,
            Class::AlphaNumericSpecial => LETTER | DIGIT | BLANK | PUNCTUATION | above,
            Class::SignedNumeric => SIGN,
            Class::Track => TRACK,
            Class::Binary => HEXADECIMAL,
        };
        Self { classes, bits }
    }

    pub(crate) const fn digits(classes: &'static Classes) -> Self {
        Self { classes, bits: DIGIT }
    }

    /// The signs of a signed value.
    pub(crate) const fn signs(classes: &'static Classes, signs: Signs) -> Self {
        let bits = match signs {
            Signs::CreditDebit => SIGN,
            Signs::Any => LETTER | DIGIT,
        };
        Self { classes, bits }
    }

    /// Whether a byte belongs.
    pub(crate) fn has(self, byte: u8) -> bool {
        self.classes.get(usize::from(byte)).is_some_and(|classes| classes & self.bits != 0)
    }

    /// The position of the first byte that does not belong.
    pub(crate) fn first_wrong(self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| !self.has(*byte))
    }

    /// Whether all bytes belong.
    pub(crate) fn has_all(self, bytes: &[u8]) -> bool {
        bytes.iter().fold(true, |all, byte| all & self.has(*byte))
    }
}

#[expect(clippy::indexing_slicing, reason = "a const loop over 0..256 of a table of 256")]
const fn ascii() -> Classes {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = of_latin1(byte, 0x80);
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

#[expect(clippy::indexing_slicing, reason = "a const loop over 0..256 of tables of 256")]
const fn ebcdic(page: CodePage) -> Classes {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        // 0x80 to 0x9F of Latin-1 are control characters, which an EBCDIC text does not have.
        classes[byte as usize] = of_latin1(page.to_latin1()[byte as usize], 0xA0);
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

const fn of_latin1(character: u8, first_above_ascii: u8) -> u8 {
    let mut bits = match character {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' | b'a'..=b'z' => LETTER,
        b' ' => BLANK,
        0x21..=0x7e => PUNCTUATION,
        above if above >= first_above_ascii => ABOVE_ASCII,
        _ => 0,
    };
    if matches!(character, 0x30..=0x3f | b'D') {
        bits |= TRACK;
    }
    if character.is_ascii_hexdigit() {
        bits |= HEXADECIMAL;
    }
    if matches!(character, b'C' | b'D') {
        bits |= SIGN;
    }
    bits
}

const EIGHT: usize = 8;

/// Repeats a byte eight times.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; EIGHT])
}

/// Whether a test that looks at eight bytes at once passes on all bytes. Where the last ones are not eight, some are
/// looked at twice, so that no byte is looked at alone.
#[inline]
fn all_eight(bytes: &[u8], passes: impl Fn(u64) -> bool) -> bool {
    if let Some(last) = bytes.last_chunk::<EIGHT>() {
        let mut chunks = bytes.as_chunks::<EIGHT>().0.iter();
        return chunks.all(|chunk| passes(u64::from_ne_bytes(*chunk))) && passes(u64::from_ne_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return passes(u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last)));
    }
    match *bytes {
        [a, b, c] => passes(u64::from_ne_bytes([a, b, c, a, b, c, a, b])),
        [a, b] => passes(u64::from_ne_bytes([a, b, a, b, a, b, a, b])),
        [a] => passes(eight(a)),
        _ => true,
    }
}

/// Whether all bytes are ASCII digits.
#[inline]
pub(crate) fn all_digits(bytes: &[u8]) -> bool {
    all_eight(bytes, |word| {
        // The high nibble is 3 and stays 3 when 6 is added to the low one.
        ((word & eight(0xF0)) | ((word.wrapping_add(eight(0x06)) & eight(0xF0)) >> 4)) == eight(0x33)
    })
}

/// Whether all bytes are printable ASCII characters, 0x20 to 0x7E.
#[inline]
pub(crate) fn all_printable(bytes: &[u8]) -> bool {
    all_eight(bytes, |word| {
        // Without a high bit neither sum carries: 0x7F + 1 and 0x20 + 0x60 reach the high bit.
        let plain = (word | word.wrapping_add(eight(0x01))) & eight(0x80) == 0;
        plain && word.wrapping_add(eight(0x60)) & eight(0x80) == eight(0x80)
    })
}

/// Whether all bytes are ASCII characters of a track, 0x30 to 0x3F; `D` is not among them.
#[inline]
pub(crate) fn all_track(bytes: &[u8]) -> bool {
    all_eight(bytes, |word| word & eight(0xF0) == eight(0x30))
}

/// Whether all nibbles are digits.
#[inline]
pub(crate) fn all_packed_digits(bytes: &[u8]) -> bool {
    let digits = |nibbles: u64| nibbles.wrapping_add(eight(0x06)) & eight(0xF0) == 0;
    all_eight(bytes, |word| digits(word & eight(0x0F)) && digits(word >> 4 & eight(0x0F)))
}

/// The character of a nibble.
pub(crate) const fn hexadecimal_digit(nibble: u8, lower_case: bool) -> u8 {
    match nibble & 0x0F {
        digit @ 0..=9 => b'0' + digit,
        letter if lower_case => b'a' + letter - 10,
        letter => b'A' + letter - 10,
    }
}

/// The kind of a character, which tells nothing about the value.
pub(crate) const fn kind_of(latin1: u8) -> &'static str {
    match latin1 {
        b'0'..=b'9' => "a digit",
        b'A'..=b'Z' | b'a'..=b'z' => "a letter",
        b' ' => "a blank",
        0x21..=0x7e => "a punctuation mark",
        0x00..=0x1f | 0x7f => "a control character",
        0x80..=0xff => "a byte above 0x7F",
    }
}

#[cfg(test)]
mod tests {
    use super::{ASCII, Charset, all_digits, all_packed_digits, all_printable, all_track, of_page};
    use crate::{code_page::CodePage, format::Class};

    #[test]
    fn the_fast_checks_agree_with_the_slow_ones_on_every_byte_at_every_place() {
        let printable = |byte: &u8| matches!(byte, 0x20..=0x7e);
        let packed = |byte: &u8| byte >> 4 < 10 && byte & 15 < 10;
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'5'; length];
                    bytes[at] = byte;
                    assert_eq!(all_digits(&bytes), bytes.iter().all(u8::is_ascii_digit));
                    assert_eq!(all_printable(&bytes), bytes.iter().all(printable));
                    assert_eq!(all_track(&bytes), bytes.iter().all(|byte| byte >> 4 == 3));
                    let mut bytes = vec![0x99; length];
                    bytes[at] = byte;
                    assert_eq!(all_packed_digits(&bytes), bytes.iter().all(packed));
                }
            }
        }
    }

    #[test]
    fn classes_hold_the_characters_of_their_names() {
        let check = |class, yes: &str, no: &str| {
            let charset = Charset::new(&ASCII, class, false);
            assert!(charset.has_all(yes.as_bytes()), "{class:?}");
            assert!(no.bytes().all(|byte| !charset.has(byte)), "{class:?}");
            let page = Charset::new(of_page(CodePage::Ibm1047), class, false);
            let ebcdic = |text: &str| -> Vec<u8> {
                text.bytes().map(|byte| CodePage::Ibm1047.encode_byte(byte)).collect()
            };
            assert!(page.has_all(&ebcdic(yes)), "{class:?} EBCDIC");
            assert!(ebcdic(no).iter().all(|byte| !page.has(*byte)), "{class:?} EBCDIC");
        };
        check(Class::Alpha, "AZaz ", "09.\n");
        check(Class::Numeric, "0123456789", " A-");
        check(Class::AlphaNumeric, "AZaz09 ", ".-\t");
        check(Class::AlphaSpecial, "Az .-~", "09");
        check(Class::NumericSpecial, "09 .-~", "Az");
        check(Class::AlphaNumericSpecial, " ~Az09", "\0\x1f\x7f");
        check(Class::Track, "09=D:;<>?", " AC");
        check(Class::Binary, "09afAF", "gG ");
    }

    #[test]
    fn letters_above_ascii_are_let_through_when_asked_for() {
        let latin1 = Charset::new(&ASCII, Class::AlphaNumericSpecial, true);
        assert!(latin1.has(0xC1) && latin1.has(0x80) && !latin1.has(0x7F));
        assert!(!Charset::new(&ASCII, Class::Numeric, true).has(0xC1));
        let page = Charset::new(of_page(CodePage::Ibm500), Class::AlphaNumericSpecial, true);
        assert!(
            page.has(CodePage::Ibm500.encode_byte(0xE9)) && !page.has(CodePage::Ibm500.encode_byte(0x85))
        );
    }
}

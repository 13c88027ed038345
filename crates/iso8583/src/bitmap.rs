//! The bitmaps: which data elements follow, and how the sender wrote that.

use crate::{characters, code_page::CodePage};

/// The greatest number of a data element: three bitmaps of 64.
pub const MAX_DE: u8 = 192;

/// How bitmaps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BitmapEncoding {
    /// 8 bytes each.
    Binary,
    /// 16 ASCII hexadecimal digits each; either case is read, upper case written.
    Hex,
    /// 16 EBCDIC hexadecimal digits each.
    EbcdicHex(CodePage),
}

impl BitmapEncoding {
    /// Bytes of one bitmap.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Binary => 8,
            Self::Hex | Self::EbcdicHex(_) => 16,
        }
    }
}

/// How many bitmaps there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BitmapCount {
    /// A second one if bit 1 is set, a third one if bit 65 is set too. `third`: whether bit 65 announces a third
    /// bitmap at all; otherwise data element 65 is an ordinary one.
    Expanding {
        /// Whether bit 65 announces a third bitmap.
        third: bool,
    },
    /// Always two, and bit 1 is always set (IPM files).
    AlwaysTwo,
    /// Always so many (1 to 3); bits 1 and 65 have no meaning and are never set.
    Fixed(u8),
}

impl BitmapCount {
    /// Whether there is a bit that announces this data element.
    pub(crate) const fn announces(self, de: u8) -> bool {
        match self {
            Self::Expanding { third: true } => de <= MAX_DE && de != 65,
            Self::Expanding { third: false } | Self::AlwaysTwo => de <= 128,
            Self::Fixed(count) => de <= count.saturating_mul(64),
        }
    }
}

/// Up to three bitmaps, and how the sender wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitmaps {
    /// Data element n = bit 63 - (n - 1) % 64 of word (n - 1) / 64. Continuation bits are not in here.
    words: [u64; 3],
    /// How many are sent.
    count: u8,
    /// Bit n is set where hexadecimal digit n (0 to 47) was a lower-case letter.
    lower_case: u64,
    /// Whether bit 1 was set although it announces nothing: the number of bitmaps is fixed.
    first_bit: bool,
}

/// What is wrong with a bitmap.
pub(crate) struct WrongDigit {
    pub(crate) at: usize,
    pub(crate) byte: u8,
}

const FIRST_BIT: u64 = 1 << 63;

impl Bitmaps {
    /// Reads bitmap number `index` (0 to 2) and returns whether its first bit is set.
    pub(crate) fn read(
        &mut self,
        index: u8,
        encoding: BitmapEncoding,
        bytes: &[u8],
    ) -> Result<bool, WrongDigit> {
        let word = match encoding {
            BitmapEncoding::Binary => match bytes.first_chunk() {
                Some(whole) => u64::from_be_bytes(*whole),
                None => bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            },
            BitmapEncoding::Hex => self.hexadecimal(index, bytes, |byte| byte)?,
            BitmapEncoding::EbcdicHex(page) => {
                self.hexadecimal(index, bytes, |byte| page.decode_byte(byte))?
            }
        };
        // A shorter bitmap, as some parts have: its last bits are not there.
        let missing = encoding.bytes().saturating_sub(bytes.len()) * 64 / encoding.bytes();
        let word = if missing < 64 { word << missing } else { 0 };
        if let Some(place) = self.words.get_mut(usize::from(index)) {
            *place = word;
        }
        self.count = index + 1;
        Ok(word & FIRST_BIT != 0)
    }

    fn hexadecimal(
        &mut self,
        index: u8,
        bytes: &[u8],
        character: impl Fn(u8) -> u8,
    ) -> Result<u64, WrongDigit> {
        let mut word = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let digit = character(*byte);
            let value = char::from(digit).to_digit(16).ok_or(WrongDigit { at, byte: *byte })?;
            word = word << 4 | u64::from(value);
            if digit.is_ascii_lowercase() {
                self.lower_case |= 1 << (usize::from(index) * 16 + at);
            }
        }
        Ok(word)
    }

    /// Takes the continuation bit of bitmap number `index` out: it is no data element.
    pub(crate) fn take_continuation(&mut self, index: u8) {
        if let Some(word) = self.words.get_mut(usize::from(index)) {
            *word &= !FIRST_BIT;
        }
    }

    /// Takes bit 1 out and keeps that it was set: it announces nothing where the number of bitmaps is fixed.
    pub(crate) fn keep_first_bit(&mut self) {
        self.take_continuation(0);
        self.first_bit = true;
    }

    /// No data element, but a way of writing: how many bitmaps, which digits are lower-case letters, and whether bit 1
    /// is set for nothing.
    pub(crate) const fn of_writing(count: u8, lower_case: u64, first_bit: bool) -> Self {
        Self { words: [0; 3], count, lower_case, first_bit }
    }

    /// Whether bit 1 was set although it announces nothing.
    pub(crate) const fn first_bit(&self) -> bool {
        self.first_bit
    }

    /// Bit n is set where hexadecimal digit n was a lower-case letter.
    pub(crate) const fn lower_case(&self) -> u64 {
        self.lower_case
    }

    /// How many bitmaps are sent.
    pub(crate) const fn count(&self) -> u8 {
        self.count
    }

    /// Whether a data element is present.
    pub(crate) fn has(&self, de: u8) -> bool {
        place(de).is_some_and(|(index, bit)| self.words.get(index).is_some_and(|word| word & bit != 0))
    }

    /// Marks a data element as present. The number of bitmaps is settled by [`Bitmaps::settle`].
    pub(crate) fn set(&mut self, de: u8) {
        if let Some((index, bit)) = place(de)
            && let Some(word) = self.words.get_mut(index)
        {
            *word |= bit;
        }
    }

    /// Sets the number of bitmaps as a dialect wants it, at least as many as were sent before.
    pub(crate) fn settle(&mut self, count: BitmapCount, sent: u8) {
        let [_, second, third] = self.words;
        let needed = match (second, third) {
            (_, third) if third != 0 => 3,
            (second, _) if second != 0 => 2,
            _ => 1,
        };
        self.count = match count {
            BitmapCount::Expanding { .. } => needed.max(sent),
            BitmapCount::AlwaysTwo => 2,
            BitmapCount::Fixed(fixed) => fixed,
        };
    }

    /// The data elements that are present, ascending.
    pub(crate) fn iter(self) -> Present {
        Present { words: self.words }
    }

    /// The same writing without any data element from `de` on.
    pub(crate) fn truncate(&mut self, de: u8) {
        for other in self.iter() {
            if other >= de
                && let Some((index, bit)) = place(other)
                && let Some(word) = self.words.get_mut(index)
            {
                *word &= !bit;
            }
        }
    }

    /// Keeps how another one was written.
    pub(crate) const fn written_like(mut self, other: &Self) -> Self {
        self.lower_case = other.lower_case;
        self.first_bit = other.first_bit;
        self
    }

    /// Appends the bitmaps.
    pub(crate) fn write(&self, encoding: BitmapEncoding, count: BitmapCount, out: &mut Vec<u8>) {
        let announce = !matches!(count, BitmapCount::Fixed(_));
        for (index, word) in (0_u8..).zip(self.words).take(usize::from(self.count)) {
            let for_nothing = !announce && index == 0 && self.first_bit;
            let continued = announce && index + 1 < self.count || for_nothing;
            let word = if continued { word | FIRST_BIT } else { word };
            match encoding {
                BitmapEncoding::Binary => out.extend_from_slice(&word.to_be_bytes()),
                BitmapEncoding::Hex => self.write_hexadecimal(index, word, out, |byte| byte),
                BitmapEncoding::EbcdicHex(page) => {
                    self.write_hexadecimal(index, word, out, |byte| page.encode_byte(byte));
                }
            }
        }
    }

    fn write_hexadecimal(&self, index: u8, word: u64, out: &mut Vec<u8>, code: impl Fn(u8) -> u8) {
        for (byte_at, byte) in (0_u32..).zip(word.to_be_bytes()) {
            for (half, nibble) in [(0, byte >> 4), (1, byte & 0x0F)] {
                let position = u32::from(index) * 16 + byte_at * 2 + half;
                let lower = self.lower_case >> position & 1 == 1;
                out.push(code(characters::hexadecimal_digit(nibble, lower)));
            }
        }
    }
}

/// Word and bit of a data element.
const fn place(de: u8) -> Option<(usize, u64)> {
    match de {
        1..=MAX_DE => {
            let bit = (de - 1) as u32;
            Some(((bit / 64) as usize, FIRST_BIT >> (bit % 64)))
        }
        _ => None,
    }
}

/// Data elements that are present, ascending.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    words: [u64; 3],
}

impl Iterator for Present {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let [first, second, third] = &mut self.words;
        let (word, before) = match (*first, *second) {
            (0, 0) => (third, 128),
            (0, _) => (second, 64),
            _ => (first, 0),
        };
        let bit = word.checked_ilog2()?;
        *word &= !(1 << bit);
        u8::try_from(64 - bit).ok().map(|number| before + number)
    }
}

#[cfg(test)]
mod tests {
    use super::{BitmapCount, BitmapEncoding, Bitmaps};
    use crate::code_page::CodePage;

    const EXPANDING: BitmapCount = BitmapCount::Expanding { third: true };

    fn written(des: &[u8], encoding: BitmapEncoding, count: BitmapCount) -> Vec<u8> {
        let mut bitmaps = Bitmaps::default();
        des.iter().for_each(|de| bitmaps.set(*de));
        bitmaps.settle(count, 0);
        let mut out = Vec::new();
        bitmaps.write(encoding, count, &mut out);
        out
    }

    #[test]
    fn bits_are_counted_from_the_left() {
        let hex = |des: &[u8], count| String::from_utf8(written(des, BitmapEncoding::Hex, count)).unwrap();
        assert_eq!(hex(&[2, 64], EXPANDING), "4000000000000001");
        assert_eq!(hex(&[2, 64, 66, 128], EXPANDING), "C0000000000000014000000000000001");
        assert_eq!(
            hex(&[2, 129, 192], EXPANDING),
            "C000000000000000".to_owned() + "8000000000000000" + "8000000000000001"
        );
        assert_eq!(hex(&[2], BitmapCount::AlwaysTwo), "C0000000000000000000000000000000");
        assert_eq!(hex(&[2, 70], BitmapCount::Fixed(2)), "40000000000000000400000000000000");
        assert_eq!(written(&[2], BitmapEncoding::Binary, EXPANDING), [0x40, 0, 0, 0, 0, 0, 0, 0]);
        let ebcdic = written(&[2, 3, 5], BitmapEncoding::EbcdicHex(CodePage::Ibm037), EXPANDING);
        assert_eq!(&ebcdic[..3], [0xF6, 0xF8, 0xF0]);
    }

    #[test]
    fn case_is_kept_and_wrong_digits_are_told() {
        let mut bitmaps = Bitmaps::default();
        assert!(bitmaps.read(0, BitmapEncoding::Hex, b"aB00000000000000").is_ok_and(|more| more));
        bitmaps.take_continuation(0);
        assert!(bitmaps.read(1, BitmapEncoding::Hex, b"000000000000000c").is_ok_and(|more| !more));
        assert!(bitmaps.has(3) && !bitmaps.has(1) && bitmaps.count() == 2);
        let mut out = Vec::new();
        bitmaps.write(BitmapEncoding::Hex, EXPANDING, &mut out);
        assert_eq!(out, b"aB00000000000000000000000000000c");
        bitmaps.truncate(125);
        assert_eq!(bitmaps.iter().collect::<Vec<_>>(), [3, 5, 7, 8]);
        let wrong = bitmaps.read(0, BitmapEncoding::Hex, b"80G0000000000000").err().unwrap();
        assert_eq!((wrong.at, wrong.byte), (2, b'G'));
    }
}

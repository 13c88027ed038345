//! The bitmaps: which data elements follow, and how the sender wrote that.

/// One or two bitmaps, and their writing in hexadecimal digits of either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    /// Bit of data element n = bit 128 - n.
    bits: u128,
    /// Whether the second bitmap is sent even if nothing in it is set.
    second: bool,
    /// Bit n is set where digit n (0 to 31) was a lower-case letter.
    lower_case: u32,
}

/// Hexadecimal digits of one bitmap.
pub(crate) const DIGITS: usize = 16;

impl Bitmap {
    /// Reads the first (0) or second (1) bitmap; an error is the position of the first wrong digit.
    pub(crate) fn read(&mut self, second: bool, digits: &[u8]) -> Result<(), usize> {
        let first_digit = if second { DIGITS } else { 0 };
        for (at, byte) in digits.iter().enumerate() {
            let value = char::from(*byte).to_digit(16).ok_or(at)?;
            let position = first_digit + at;
            self.bits |= u128::from(value) << (124 - 4 * position);
            if byte.is_ascii_lowercase() {
                self.lower_case |= 1 << position;
            }
        }
        if !second {
            // Bit 1 says that a second bitmap follows; it is no data element.
            self.second = self.take(1);
        }
        Ok(())
    }

    /// Whether a second bitmap is sent.
    pub(crate) const fn has_second(&self) -> bool {
        self.second
    }

    /// Whether a data element (2 to 128) is present.
    pub(crate) const fn has(&self, de: u8) -> bool {
        matches!(de, 1..=128) && self.bits & bit(de) != 0
    }

    /// Marks a data element (2 to 128) as present; one above 64 brings the second bitmap.
    pub(crate) const fn set(&mut self, de: u8) {
        if matches!(de, 2..=128) {
            self.bits |= bit(de);
            self.second = self.second || de > 64;
        }
    }

    /// The data elements that are present, ascending.
    pub(crate) fn iter(self) -> impl Iterator<Item = u8> {
        (2..=128).filter(move |de| self.has(*de))
    }

    /// The same writing (case, second bitmap) without any data element from `de` on.
    pub(crate) const fn truncate(&mut self, de: u8) {
        if matches!(de, 1..=128) {
            self.bits &= !(bit(de) | (bit(de) - 1));
        }
    }

    /// Appends the bitmaps.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let bits = if self.second { self.bits | bit(1) } else { self.bits };
        let digits = if self.second { 2 * DIGITS } else { DIGITS };
        for (position, byte) in format!("{bits:032X}").bytes().enumerate().take(digits) {
            let lower = self.lower_case >> position & 1 == 1;
            out.push(if lower { byte.to_ascii_lowercase() } else { byte });
        }
    }

    const fn take(&mut self, de: u8) -> bool {
        let was = self.has(de);
        self.bits &= !bit(de);
        was
    }
}

const fn bit(de: u8) -> u128 {
    1 << (128 - de as u32)
}

#[cfg(test)]
mod tests {
    use super::Bitmap;

    fn written(bitmap: &Bitmap) -> String {
        let mut out = Vec::new();
        bitmap.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn bits_are_counted_from_the_left() {
        let mut bitmap = Bitmap::default();
        bitmap.set(2);
        bitmap.set(64);
        assert_eq!(written(&bitmap), "4000000000000001");
        bitmap.set(65);
        bitmap.set(128);
        assert_eq!(written(&bitmap), "C0000000000000018000000000000001");
        bitmap.set(0);
        bitmap.set(1);
        bitmap.set(129);
        assert_eq!(bitmap.iter().collect::<Vec<_>>(), [2, 64, 65, 128]);
        bitmap.truncate(65);
        assert_eq!(bitmap.iter().collect::<Vec<_>>(), [2, 64]);
    }

    #[test]
    fn case_and_an_empty_second_bitmap_are_kept() {
        let mut bitmap = Bitmap::default();
        bitmap.read(false, b"aB00000000000000").unwrap();
        assert!(bitmap.has_second() && !bitmap.has(1));
        bitmap.read(true, b"000000000000000c").unwrap();
        assert_eq!(written(&bitmap), "aB00000000000000000000000000000c");
        bitmap.truncate(125);
        assert_eq!(written(&bitmap), "aB000000000000000000000000000000");
    }

    #[test]
    fn the_first_wrong_digit_is_told() {
        assert_eq!(Bitmap::default().read(false, b"80G0000000000000"), Err(2));
    }
}

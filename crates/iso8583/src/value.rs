//! A value as it was received, and its meanings: text, digits, a number, bytes.

use std::{borrow::Cow, fmt, ops::Range};

use crate::{
    characters,
    describe::Show,
    dialect::Dialect,
    element_mask::{self, ElementMask},
    encode::unhex,
    field_spec::{Encoding, FieldSpec, Letters, Shown, Side},
    format::Class,
    hidden,
    mask::{DROPPED, mask_bytes, masked},
    plan::nibbles,
    structure::Veil,
};

/// The value of a data element, borrowed from the received bytes. `Debug` is masked.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    wire: &'a [u8],
    odd: bool,
    spec: &'a FieldSpec,
    owner: Owner<'a>,
}

/// What a value was read from; how much of it may be shown depends on that as a whole.
#[derive(Clone, Copy)]
enum Owner<'a> {
    /// Nothing else is known.
    Nothing,
    /// It is a data element.
    Message(Origin<'a>),
    /// It is a part of one, at this offset of the message; so many bytes there stand for one of its own.
    Part { veil: &'a Veil<'a>, offset: usize, scale: usize },
}

/// A data element of a message that can be decoded again. Only who prints looks: decoding stays fast.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) dialect: &'a Dialect,
    pub(crate) bytes: &'a [u8],
    pub(crate) de: u8,
}

impl<'a> Value<'a> {
    pub(crate) const fn new(wire: &'a [u8], odd: bool, spec: &'a FieldSpec) -> Self {
        Self { wire, odd, spec, owner: Owner::Nothing }
    }

    /// The same value as a data element of a message.
    #[inline]
    pub(crate) const fn of_message(mut self, origin: Origin<'a>) -> Self {
        self.owner = Owner::Message(origin);
        self
    }

    /// The same value as a part of a data element.
    pub(crate) const fn of_part(mut self, veil: &'a Veil<'a>, offset: usize, scale: usize) -> Self {
        self.owner = Owner::Part { veil, offset, scale };
        self
    }

    /// The bytes as they were sent, without the length indicator.
    #[must_use]
    pub const fn wire(&self) -> &'a [u8] {
        self.wire
    }

    /// What the dialect says about this data element.
    #[must_use]
    pub const fn spec(&self) -> &'a FieldSpec {
        self.spec
    }

    /// Whether the value has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// The value as text, pads included: characters as they are, packed digits without the pad nibble (of a
    /// track the separator `D` as `=`, the sentinels `B` and `F` as `;` and `?`), binary data as lower-case hexadecimal
    /// digits; hexadecimal text as it was sent. ASCII text is borrowed, the rest is made.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.spec.encoding {
            Encoding::Ascii | Encoding::Hex => self.ascii(),
            Encoding::Latin1 => match std::str::from_utf8(self.wire) {
                Ok(text) if text.is_ascii() => Cow::Borrowed(text),
                _ => Cow::Owned(self.wire.iter().map(|byte| char::from(*byte)).collect()),
            },
            Encoding::Ebcdic(page) | Encoding::EbcdicHex(page) => {
                Cow::Owned(self.wire.iter().map(|byte| char::from(page.decode_byte(*byte))).collect())
            }
            Encoding::Bcd { .. } => Cow::Owned(self.packed()),
            Encoding::Binary => Cow::Owned(hexadecimal(self.wire)),
        }
    }

    /// The value as it may be shown to people: masked as the dialect says, and what may be a piece of a card number at
    /// a place where none belongs, in a message that is read in a wrong dialect or cannot be decoded to its end.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.owner {
            Owner::Message(origin) => origin.masked().unwrap_or_else(|| DROPPED.to_owned()),
            Owner::Part { veil, offset, scale } => veil.hidden().map_or_else(
                || DROPPED.to_owned(),
                |mask| {
                    let of_mask = mask.of_part(offset, scale, self.wire.len());
                    let hidden =
                        of_mask.iter().zip(element_mask::own(self)).map(|(one, other)| *one || other);
                    element_mask::shown(self, &hidden.collect::<Vec<_>>())
                },
            ),
            Owner::Nothing => element_mask::shown(self, &element_mask::own(self)),
        }
    }

    /// The half bytes of which a character of the text is made.
    pub(crate) fn halves(&self, character: usize) -> Range<usize> {
        let (signed, left) = self.places();
        match self.spec.encoding {
            Encoding::Binary => character..character + 1,
            Encoding::Bcd { .. } if signed && character == 0 => 0..2,
            Encoding::Bcd { .. } => {
                let first = character + usize::from(signed) + usize::from(self.odd && left);
                first..first + 1
            }
            _ => character * 2..character * 2 + 2,
        }
    }

    /// Whether it is hexadecimal text.
    pub(crate) const fn is_hexadecimal(&self) -> bool {
        matches!(self.spec.encoding, Encoding::Hex | Encoding::EbcdicHex(_))
    }

    /// Of packed digits whether a sign stands in front, and whether the pad is on the left.
    fn places(&self) -> (bool, bool) {
        let signed = self.spec.format.class == Class::SignedNumeric;
        let left = match self.spec.encoding {
            Encoding::Bcd { pad, .. } => signed || pad == Side::Left,
            _ => true,
        };
        (signed, left)
    }

    /// The digits of the value as a number, `None` if there are none, other characters, or too many for 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let add = |number: u64, digit: u8| number.checked_mul(10)?.checked_add(u64::from(digit));
        let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
        if self.is_empty() {
            return None;
        }
        match self.spec.encoding {
            Encoding::Ascii | Encoding::Latin1 => {
                self.wire.iter().try_fold(0, |number, byte| add(number, digit(*byte)?))
            }
            Encoding::Ebcdic(page) => {
                self.wire.iter().try_fold(0, |number, byte| add(number, digit(page.decode_byte(*byte))?))
            }
            Encoding::Bcd { .. } if self.spec.format.class == Class::Numeric => self
                .digit_nibbles()
                .try_fold(0, |number, nibble| if nibble < 10 { add(number, nibble) } else { None }),
            _ => None,
        }
    }

    /// The bytes that are meant: of hexadecimal text what it stands for, else the bytes as they were sent.
    #[must_use]
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        let decoded = |character: &dyn Fn(u8) -> u8| {
            let digit = |byte: u8| {
                char::from(character(byte)).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
            };
            let pairs = self.wire.as_chunks::<2>().0.iter();
            pairs.filter_map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
        };
        match self.spec.encoding {
            Encoding::Hex => Cow::Owned(decoded(&|byte| byte)),
            Encoding::EbcdicHex(page) => Cow::Owned(decoded(&|byte| page.decode_byte(byte))),
            _ => Cow::Borrowed(self.wire),
        }
    }

    /// The length as the format counts it: characters, of binary data bytes.
    pub(crate) fn characters(&self) -> usize {
        let bytes = self.wire.len();
        match (self.spec.encoding, self.spec.format.class) {
            (Encoding::Hex | Encoding::EbcdicHex(_), _) => bytes / 2,
            (Encoding::Bcd { .. }, Class::SignedNumeric) if bytes > 0 => {
                1 + (bytes - 1) * 2 - usize::from(self.odd)
            }
            (Encoding::Bcd { .. }, _) => bytes * 2 - usize::from(self.odd),
            _ => bytes,
        }
    }

    fn ascii(&self) -> Cow<'a, str> {
        // Decoding let only ASCII through.
        std::str::from_utf8(self.wire).map_or_else(|_| String::from_utf8_lossy(self.wire), Cow::Borrowed)
    }

    /// The nibbles without pad and sign.
    fn digit_nibbles(&self) -> impl Iterator<Item = u8> + '_ {
        let (signed, left) = self.places();
        let digits = self.wire.get(usize::from(signed)..).unwrap_or_default();
        let all = digits.len() * 2;
        nibbles(digits)
            .take(if self.odd && !left { all.saturating_sub(1) } else { all })
            .skip(usize::from(self.odd && left))
    }

    fn packed(&self) -> String {
        let sign = match (self.spec.format.class, self.spec.encoding) {
            (Class::SignedNumeric, Encoding::Bcd { letters, .. }) => {
                self.wire.first().map(|byte| match letters {
                    Letters::Ascii => char::from(*byte),
                    Letters::Ebcdic(page) => char::from(page.decode_byte(*byte)),
                })
            }
            _ => None,
        };
        let track = self.spec.format.class == Class::Track;
        let digits = self.digit_nibbles().map(|nibble| match nibble {
            // Track 2 has the characters 0x30 to 0x3F (ISO/IEC 7811): B is the start sentinel, D the separator.
            nibble if track => char::from(b'0' + nibble),
            nibble => char::from(characters::hexadecimal_digit(nibble, true)),
        });
        sign.into_iter().chain(digits).collect()
    }
}

impl Origin<'_> {
    fn masked(&self) -> Option<String> {
        let message = self.dialect.decode_partial(self.bytes).0?;
        let doubted = hidden::doubted(&message);
        Some(hidden::text_of(&message, self.de, Show::Masked, doubted.as_deref()))
    }

    /// What is hidden of the parts of the data element; `None` if they must not be shown one by one.
    pub(crate) fn hidden_parts(&self) -> Option<ElementMask> {
        let message = self.dialect.decode_partial(self.bytes).0?;
        let hides = hidden::hides_parts(&message, self.de, hidden::doubted(&message).as_deref());
        if hides { None } else { ElementMask::of_parts(&message, self.de) }
    }
}

/// A value as text, masked as the dialect says. Binary data may hold a card number in any code.
pub(crate) fn masked_value(spec: &FieldSpec, text: &str) -> String {
    match (spec.shown, spec.format.class) {
        (Shown::Private, Class::Binary) => unhex(text).map_or_else(String::new, |bytes| mask_bytes(&bytes)),
        (shown, class) => masked(shown, class, text).into_owned(),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

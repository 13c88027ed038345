//! A decoded message that borrows the received bytes.

use std::{borrow::Cow, ops::Range, sync::Arc};

use crate::{
    bitmap::{Bitmaps, MAX_DE},
    builder::Builder,
    decode_error::DecodeError,
    dialect::Dialect,
    mti::Mti,
    pan::Pan,
    plan::{Found, Span},
    structure::{self, Part, Veil},
    value::{Origin, Value},
};

/// A decoded message. `Debug` and [`Message::describe`] are masked and safe to log.
#[derive(Clone)]
pub struct Message<'a> {
    dialect: &'a Dialect,
    bytes: &'a [u8],
    header: u16,
    mti: Mti,
    bitmaps: Bitmaps,
    /// Bit de % 64 of word de / 64: packed digits of an odd number.
    odd: [u64; 4],
    spans: [Span; MAX_DE as usize + 1],
    /// Whether it could not be decoded to its end.
    partial: bool,
}

impl<'a> Message<'a> {
    #[inline]
    pub(crate) fn empty(dialect: &'a Dialect, bytes: &'a [u8]) -> Self {
        let spans = [Span::default(); MAX_DE as usize + 1];
        Self {
            dialect,
            bytes,
            header: 0,
            mti: Mti::new("0000"),
            bitmaps: Bitmaps::default(),
            odd: [0; 4],
            spans,
            partial: false,
        }
    }

    pub(crate) fn set_header(&mut self, length: usize) {
        // A header is at most MAX_HEADER bytes.
        self.header = u16::try_from(length).unwrap_or_default();
    }

    pub(crate) const fn set_mti(&mut self, mti: Mti) {
        self.mti = mti;
    }

    pub(crate) const fn set_partial(&mut self) {
        self.partial = true;
    }

    /// Whether it could not be decoded to its end.
    pub(crate) const fn is_partial(&self) -> bool {
        self.partial
    }

    pub(crate) const fn set_bitmaps(&mut self, bitmaps: Bitmaps) {
        self.bitmaps = bitmaps;
    }

    pub(crate) const fn bitmaps(&self) -> &Bitmaps {
        &self.bitmaps
    }

    #[inline]
    pub(crate) fn put(&mut self, de: u8, found: Found) {
        if let Some(place) = self.spans.get_mut(usize::from(de)) {
            *place = found.span();
        }
        if found.odd
            && let Some(word) = self.odd.get_mut(usize::from(de / 64))
        {
            *word |= 1 << (de % 64);
        }
    }

    /// The dialect it was decoded with.
    #[must_use]
    pub const fn dialect(&self) -> &'a Dialect {
        self.dialect
    }

    /// The bytes it was decoded from.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The header before the message type, as the dialect has one.
    #[must_use]
    pub fn header(&self) -> &'a [u8] {
        self.bytes.get(..usize::from(self.header)).unwrap_or_default()
    }

    /// The message type indicator.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Whether a data element was sent, be it empty.
    #[must_use]
    pub fn has(&self, de: u8) -> bool {
        self.bitmaps.has(de)
    }

    /// The value of a data element.
    #[must_use]
    pub fn value(&self, de: u8) -> Option<Value<'a>> {
        let wire = self.bytes.get(self.range(de)?)?;
        let odd = self.odd.get(usize::from(de / 64)).is_some_and(|word| word >> (de % 64) & 1 == 1);
        let origin = Origin { dialect: self.dialect, bytes: self.bytes, de };
        Some(Value::new(wire, odd, self.dialect.field(de)?).of_message(origin))
    }

    /// The value of a data element as text, pads included; see [`Value::text`].
    #[must_use]
    pub fn text(&self, de: u8) -> Option<Cow<'a, str>> {
        self.value(de).map(|value| value.text())
    }

    /// All data elements in ascending order; the bitmaps are none.
    pub fn values(&self) -> impl Iterator<Item = (u8, Value<'a>)> + '_ {
        self.bitmaps.iter().filter_map(|de| Some((de, self.value(de)?)))
    }

    /// All data elements in ascending order, as text.
    pub fn fields(&self) -> impl Iterator<Item = (u8, Cow<'a, str>)> + '_ {
        self.values().map(|(de, value)| (de, value.text()))
    }

    /// What is inside a data element: its parts, none if the dialect describes none or the element is absent.
    ///
    /// # Errors
    ///
    /// The first place where the parts are not what the dialect says.
    pub fn parts(&self, de: u8) -> Result<Vec<Part<'a>>, DecodeError> {
        let (Some(value), Some(offset)) = (self.value(de), self.offset(de)) else { return Ok(Vec::new()) };
        match &value.spec().inside {
            Some(inside) => {
                let mut parts = structure::read(inside, &value, de, offset)?;
                let veil = Arc::new(Veil::new(Origin { dialect: self.dialect, bytes: self.bytes, de }));
                parts.iter_mut().for_each(|part| part.put_behind(&veil));
                Ok(parts)
            }
            None => Ok(Vec::new()),
        }
    }

    /// The card number of DE2. `None` when DE2 is absent, empty, or shorter than a card number (12 digits);
    /// [`Message::has`] tells these apart.
    #[must_use]
    pub fn pan(&self) -> Option<Pan> {
        let text = zeroize::Zeroizing::new(self.text(2)?.into_owned());
        Pan::parse(&text)
    }

    /// Offset of a value from the start of the message, behind its length indicator.
    #[must_use]
    pub fn offset(&self, de: u8) -> Option<usize> {
        Some(self.range(de)?.start)
    }

    /// Where a value stands in the bytes of the message.
    #[must_use]
    pub fn range(&self, de: u8) -> Option<Range<usize>> {
        if !self.has(de) {
            return None;
        }
        let span = self.spans.get(usize::from(de))?;
        let start = usize::from(span.start);
        Some(start..start + usize::from(span.length))
    }

    /// Encodes the message again: the same bytes as were decoded, including the case of the bitmap, a second
    /// bitmap without any bit, and unusual pads. Of a partly decoded message: its data elements only.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // What was decoded by a dialect can be encoded by it.
        Builder::from_message(self).encode(self.dialect).unwrap_or_default()
    }
}

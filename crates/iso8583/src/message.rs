//! A decoded message that borrows the received bytes.

use std::ops::Range;

use crate::{bitmap::Bitmap, dialect::Dialect, field_spec::Length, mti::Mti, pan::Pan};

/// A decoded message. `Debug` and [`Message::describe`] are masked and safe to log.
#[derive(Clone)]
pub struct Message<'a> {
    pub(crate) dialect: &'a Dialect,
    bytes: &'a [u8],
    mti: Mti,
    pub(crate) bitmap: Bitmap,
    spans: [Span; 129],
}

/// Where a value stands in the received bytes. [`MAX_MESSAGE`](crate::MAX_MESSAGE) bytes fit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let fit = |offset| u16::try_from(offset).unwrap_or_default();
        Self { start: fit(start), end: fit(end) }
    }

    fn range(self) -> Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

impl<'a> Message<'a> {
    pub(crate) fn empty(dialect: &'a Dialect, bytes: &'a [u8], mti: Mti) -> Self {
        Self { dialect, bytes, mti, bitmap: Bitmap::default(), spans: [Span::default(); 129] }
    }

    pub(crate) fn put(&mut self, de: u8, span: Span) {
        if let Some(place) = self.spans.get_mut(usize::from(de)) {
            *place = span;
            self.bitmap.set(de);
        }
    }

    /// The message type indicator.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// The value of a data element exactly as it was sent, pads included; binary data as hexadecimal text.
    #[must_use]
    pub fn text(&self, de: u8) -> Option<&'a str> {
        std::str::from_utf8(self.bytes.get(self.range(de)?)?).ok()
    }

    /// Whether a data element was sent, be it empty.
    #[must_use]
    pub const fn has(&self, de: u8) -> bool {
        self.bitmap.has(de)
    }

    /// All data elements in ascending order; the bitmaps are none.
    pub fn fields(&self) -> impl Iterator<Item = (u8, &'a str)> {
        self.bitmap.iter().filter_map(|de| Some((de, self.text(de)?)))
    }

    /// The card number of DE2. `None` when DE2 is absent, empty, or shorter than a card number (12 digits);
    /// [`Message::has`] tells these apart.
    #[must_use]
    pub fn pan(&self) -> Option<Pan> {
        Pan::parse(self.text(2)?)
    }

    /// Offset of a value from the start of the message, behind its length indicator.
    #[must_use]
    pub fn offset(&self, de: u8) -> Option<usize> {
        Some(self.range(de)?.start)
    }

    /// Encodes the message again: the same bytes as were decoded, including the case of the bitmap and a second
    /// bitmap without any bit. Of a partly decoded message: its data elements only.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        out.extend_from_slice(self.mti.as_bytes());
        self.bitmap.write(&mut out);
        for (de, value) in self.fields() {
            if let Some(spec) = self.dialect.field(de) {
                write_value(&mut out, spec.length, value);
            }
        }
        out
    }

    fn range(&self, de: u8) -> Option<Range<usize>> {
        if !self.has(de) {
            return None;
        }
        self.spans.get(usize::from(de)).map(|span| span.range())
    }
}

/// Appends a value that fits its length, with its length indicator.
pub(crate) fn write_value(out: &mut Vec<u8>, length: Length, value: &str) {
    if let Length::Variable { digits, .. } = length {
        let indicator = format!("{:0width$}", value.len(), width = usize::from(digits));
        out.extend_from_slice(indicator.as_bytes());
    }
    out.extend_from_slice(value.as_bytes());
}

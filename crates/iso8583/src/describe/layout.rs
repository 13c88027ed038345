//! Which bytes of a message are what.

use std::ops::Range;

use crate::{dialect::MtiEncoding, message::Message};

/// A stretch of bytes of a message.
pub(super) struct Stretch {
    pub(super) what: What,
    pub(super) range: Range<usize>,
}

/// What a stretch is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Header,
    Mti,
    Bitmap,
    /// The length indicator of a data element.
    Length(u8),
    Value(u8),
    /// Behind what could be decoded.
    Rest,
}

/// All stretches, ascending and without a gap. Empty ones are left out, except empty values.
pub(super) fn of(message: &Message<'_>) -> Vec<Stretch> {
    let header = message.header().len();
    let mti = header + mti_length(message.dialect().mti_encoding());
    let bitmaps = usize::from(message.bitmaps().count()) * message.dialect().bitmap_encoding().bytes();
    let mut at = mti + bitmaps;
    let mut all = vec![
        Stretch { what: What::Header, range: 0..header },
        Stretch { what: What::Mti, range: header..mti },
        Stretch { what: What::Bitmap, range: mti..at },
    ];
    for (de, _) in message.values() {
        let Some(value) = message.range(de) else { continue };
        all.push(Stretch { what: What::Length(de), range: at..value.start });
        at = value.end;
        all.push(Stretch { what: What::Value(de), range: value });
    }
    all.push(Stretch { what: What::Rest, range: at..message.bytes().len().max(at) });
    all.retain(|stretch| !stretch.range.is_empty() || matches!(stretch.what, What::Value(_)));
    all
}

/// The bytes of a data element with its length indicator.
pub(super) fn whole_field(message: &Message<'_>, de: u8) -> Option<Range<usize>> {
    let value = message.range(de)?;
    let length = of(message).into_iter().find(|stretch| stretch.what == What::Length(de));
    Some(length.map_or(value.start, |length| length.range.start)..value.end)
}

const fn mti_length(encoding: MtiEncoding) -> usize {
    match encoding {
        MtiEncoding::Ascii | MtiEncoding::Ebcdic(_) => 4,
        MtiEncoding::Bcd => 2,
    }
}

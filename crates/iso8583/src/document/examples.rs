//! Examples of messages as bytes, written by the codec itself.

use std::{fmt::Write as _, ops::Range};

use super::{always, samples};
use crate::{
    bitmap::BitmapEncoding,
    builder::Builder,
    dialect::{Dialect, MtiEncoding},
    format::Length,
    message::Message,
    mti::Mti,
    presence::MessageSpec,
};

/// Data elements that examples have although they need not be there, in so far as the message type has them.
const USUAL: [u8; 21] = [4, 7, 12, 13, 18, 22, 25, 26, 31, 32, 37, 41, 42, 48, 56, 66, 76, 88, 90, 97, 39];
/// Bytes in one line of an example.
const LINE: usize = 40;
/// Bytes in one row of the annotation.
const ROW: usize = 20;

/// An example of a message type: all bytes, then what each of them is. `None` if the dialect cannot write one.
pub(super) fn of(dialect: &Dialect, mti: Mti, spec: &MessageSpec) -> Option<String> {
    let mut builder = Builder::new(mti);
    for (de, usage) in &spec.fields {
        // What an advice reports as decided is left out: absent is approved.
        let advice = *de == 39 && !mti.is_response();
        if !(always(usage.presence) || USUAL.contains(de) && !advice && fits_the_sort(*de, mti)) {
            continue;
        }
        builder = builder.set(*de, samples::value(dialect, mti, *de)?);
    }
    let bytes = builder.encode(dialect).ok()?;
    let message = dialect.decode(&bytes).ok()?;
    let mut text = format!("Example, {} bytes, with a published test card number:\n\n```hex\n", bytes.len());
    for line in bytes.chunks(LINE) {
        let _ = writeln!(text, "{}", hexadecimal(line));
    }
    text.push_str("```\n\n```text\n");
    for (range, what) in pieces(&message) {
        let piece = bytes.get(range.clone()).unwrap_or_default();
        let mut rows = piece.chunks(ROW);
        let first = rows.next().map(hexadecimal).unwrap_or_default();
        let _ = writeln!(text, "{:>4}  {first:<width$}  {what}", range.start, width = ROW * 2);
        for row in rows {
            let _ = writeln!(text, "      {}", hexadecimal(row));
        }
    }
    text.push_str("```");
    Some(text)
}

/// Some usual elements belong to only some messages: DE90 and 56 name an original in reversals, DE15 in no example.
fn fits_the_sort(de: u8, mti: Mti) -> bool {
    match de {
        56 | 90 => mti.class() == 4,
        48 | 66 => mti.is_response() || mti.class() == 6,
        7 | 12 | 13 | 32 | 37 | 41 | 42 => true,
        _ => mti.class() != 8,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    crate::value::hexadecimal(bytes).to_uppercase()
}

/// The pieces of a message, in order and without gaps, and what each of them is.
fn pieces(message: &Message<'_>) -> Vec<(Range<usize>, String)> {
    let dialect = message.dialect();
    let header = message.header().len();
    let mut pieces = Vec::new();
    if header > 0 {
        pieces.push((0..header, format!("header {}", dialect.header())));
    }
    let mti = header
        + match dialect.mti_encoding() {
            MtiEncoding::Ascii | MtiEncoding::Ebcdic(_) => 4,
            MtiEncoding::Bcd => 2,
        };
    pieces.push((header..mti, format!("message type {}", message.mti())));
    let mut end = mti;
    for (de, value) in message.values() {
        let Some(range) = message.range(de) else { continue };
        let spec = value.spec();
        let indicator = match spec.format.length {
            Length::Fixed(_) => 0,
            Length::Variable { .. } => usize::from(spec.indicator.bytes),
        };
        let start = range.start.saturating_sub(indicator);
        if end == mti {
            bitmaps(message, mti..start, &mut pieces);
        }
        if indicator > 0 {
            pieces.push((start..range.start, format!("DE{de} length")));
        }
        pieces.push((range.clone(), format!("DE{de} {}: {}", spec.name, value.text())));
        end = range.end;
    }
    if end == mti {
        bitmaps(message, mti..message.bytes().len(), &mut pieces);
    }
    pieces
}

fn bitmaps(message: &Message<'_>, range: Range<usize>, pieces: &mut Vec<(Range<usize>, String)>) {
    let one = match message.dialect().bitmap_encoding() {
        BitmapEncoding::Binary => 8,
        BitmapEncoding::Hex | BitmapEncoding::EbcdicHex(_) => 16,
    };
    let mut first = 0_u8;
    for start in range.step_by(one) {
        let present: Vec<String> = message
            .values()
            .map(|(de, _)| de)
            .filter(|de| (first + 1..=first.saturating_add(64)).contains(de))
            .map(|de| de.to_string())
            .collect();
        pieces.push((start..start + one, format!("bitmap: {}", present.join(", "))));
        first = first.saturating_add(64);
    }
}

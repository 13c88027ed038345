//! What a dialect file says that no message could ever have; each is right by itself, and together they are not.

use super::{DialectFile, error::DialectError};
use crate::{
    bitmap::{BitmapCount, BitmapEncoding},
    dialect::Dialect,
    field_spec::{Encoding, FieldSpec, Indicator, IndicatorEncoding},
    format::{Class, Length},
    plan::Plan,
    structure::{Bitmapped, Structure, TagEncoding, Tagged, as_told},
    transaction_id::{ValuePlace, may_name},
};

type Result = std::result::Result<(), DialectError>;

/// Whether what a file says itself can be there; of the dialect that it extends it need not take anything out.
pub(super) fn check(file: &DialectFile, dialect: &Dialect) -> Result {
    announced(file, dialect.bitmap_count())?;
    transaction_id(file, dialect)?;
    let mut own = file.fields.keys().filter_map(|de| Some((de, dialect.field(de.parse().ok()?)?)));
    own.try_for_each(|(de, spec)| parts(spec, &format!("fields.{de}")))
}

/// Whether a name can stand where a file says that the transaction's does.
fn transaction_id(file: &DialectFile, dialect: &Dialect) -> Result {
    let wrong = |expected: String| Err(DialectError::at("transaction_id", expected));
    for places in file.transaction_id.iter().flatten() {
        if places.is_empty() {
            return wrong("lists of places such as [\"62.2\"], found an empty one".to_owned());
        }
        for text in places {
            match ValuePlace::parse(text).and_then(|place| place.spec(&dialect.table().fields)) {
                None => {
                    let expected = "data elements or listed parts of this dialect, such as 15 or 62.2";
                    return wrong(format!("{expected}, found {text}"));
                }
                Some(spec) if !may_name(spec) => {
                    return wrong(format!("places that may be stored, found {text}, which holds card data"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// Whether the bitmaps announce the data elements that a file names.
fn announced(file: &DialectFile, count: BitmapCount) -> Result {
    let wrong = |path: &str, de: &str| {
        let message = format!("data elements that the bitmaps of this dialect can announce, found {de}");
        Err(DialectError::at(path, format!("{message}; more bitmaps are said with wire.bitmaps")))
    };
    let announces = |de: &str| de.parse().map_or(true, |de| count.announces(de));
    for (de, _) in file.fields.iter().filter(|(_, field)| !field.absent) {
        if !announces(de) {
            return wrong(&format!("fields.{de}"), de);
        }
    }
    for (mti, message) in file.messages.iter().filter(|(_, message)| !message.absent) {
        for (key, list) in [
            ("mandatory", &message.mandatory),
            ("optional", &message.optional),
            ("mandatory_echo", &message.mandatory_echo),
            ("conditional_echo", &message.conditional_echo),
        ] {
            if let Some(de) = list.iter().find(|de| !count.announces(**de)) {
                return wrong(&format!("messages.{mti}.{key}"), &de.to_string());
            }
        }
        if let Some(de) = message.conditional.keys().find(|de| !announces(de)) {
            return wrong(&format!("messages.{mti}.conditional.{de}"), de);
        }
    }
    Ok(())
}

/// Whether the parts of a value can stand in it, at all levels.
fn parts(spec: &FieldSpec, path: &str) -> Result {
    let Some(structure) = &spec.inside else { return Ok(()) };
    let path = format!("{path}.inside");
    match structure {
        Structure::Positional(specs) => positional(spec, specs, &path)?,
        Structure::Delimited(delimited) => joined(spec, &delimited.parts, 1, &path)?,
        Structure::Tagged(tagged) => self::tagged(spec, tagged, &path)?,
        Structure::Bitmapped(bitmapped) => self::bitmapped(spec, bitmapped, &path)?,
        Structure::BerTlv(_) => {}
    }
    structure.listed().into_iter().try_for_each(|(id, part)| parts(part, &format!("{path}.parts.{id}")))
}

fn positional(whole: &FieldSpec, specs: &[FieldSpec], path: &str) -> Result {
    joined(whole, specs, 0, path)?;
    let least = meant_bytes(whole, whole.format.length.min());
    let most: u64 = specs.iter().map(|spec| length(spec).1).sum();
    if least > most {
        let expected = format!("parts for all {least} bytes of the value, found parts for {most} at most");
        return Err(DialectError::at(format!("{path}.parts"), expected));
    }
    Ok(())
}

/// Parts one after the other, so many bytes between them.
fn joined(whole: &FieldSpec, specs: &[FieldSpec], between: u64, path: &str) -> Result {
    let mut least = 0;
    for (number, part) in (1..).zip(specs) {
        let path = format!("{path}.parts.{number}");
        fits_in_text(whole, part, &path)?;
        least += length(part).0 + if number > 1 { between } else { 0 };
        room(whole, least, &format!("{path}.format"))?;
    }
    Ok(())
}

fn tagged(whole: &FieldSpec, tagged: &Tagged, path: &str) -> Result {
    let Tagged { tag_bytes, tag, indicator, parts, .. } = tagged;
    if is_text(whole) && *tag == TagEncoding::Binary {
        return Err(in_text(format!("{path}.tag"), "ascii or an EBCDIC"));
    }
    if is_text(whole) && is_packed(*indicator) {
        return Err(in_text(format!("{path}.lengths"), "ascii or ebcdic"));
    }
    for (id, part) in parts {
        let path = format!("{path}.parts.{id}");
        fits_in_text(whole, part, &path)?;
        let told = as_told(part, indicator.counts);
        let count = Plan::of(&told).count(usize::try_from(told.format.length.min()).unwrap_or(usize::MAX));
        let path = format!("{path}.format");
        if count as u64 > indicator.capacity() {
            let most = indicator.capacity();
            return Err(DialectError::at(
                path,
                format!("a part whose length is at most {most}, as its indicator can say"),
            ));
        }
        let value = bytes_of(part, part.format.length.min());
        room(whole, u64::from(*tag_bytes) + u64::from(indicator.bytes) + value, &path)?;
    }
    Ok(())
}

fn bitmapped(whole: &FieldSpec, bitmapped: &Bitmapped, path: &str) -> Result {
    let Bitmapped { bits, encoding, parts } = bitmapped;
    if is_text(whole) && *encoding == BitmapEncoding::Binary {
        return Err(in_text(format!("{path}.bitmap"), "hex or an EBCDIC hex"));
    }
    let bitmap = u64::from(*bits) / 8 * encoding.bytes() as u64 / 8;
    room(whole, bitmap, &format!("{path}.bits"))?;
    for (bit, part) in parts {
        let path = format!("{path}.parts.{bit}");
        fits_in_text(whole, part, &path)?;
        room(whole, bitmap + length(part).0, &format!("{path}.format"))?;
    }
    Ok(())
}

fn in_text(path: String, expected: &str) -> DialectError {
    DialectError::at(
        path,
        format!("{expected}, as the value itself is text; bytes can stand in binary data (b) only"),
    )
}

const fn is_text(spec: &FieldSpec) -> bool {
    matches!(spec.encoding, Encoding::Ascii | Encoding::Latin1 | Encoding::Ebcdic(_))
}

const fn is_packed(indicator: Indicator) -> bool {
    matches!(indicator.encoding, IndicatorEncoding::Bcd | IndicatorEncoding::Binary)
}

/// Packed digits and lengths are no characters, so they cannot stand inside text.
fn fits_in_text(whole: &FieldSpec, part: &FieldSpec, path: &str) -> Result {
    if !is_text(whole) {
        return Ok(());
    }
    // Binary data may be letters after all; packed digits are hardly ever.
    if matches!(part.encoding, Encoding::Bcd { .. }) {
        return Err(in_text(format!("{path}.encoding"), "text"));
    }
    // The length of a tagged part stands in front of it in another form, so its own does not matter.
    let tagged = matches!(whole.inside, Some(Structure::Tagged(_)));
    let own = matches!(part.format.length, Length::Variable { .. }) && part.indicator.bytes > 0;
    if own && !tagged && is_packed(part.indicator) {
        return Err(in_text(format!("{path}.lengths"), "ascii or ebcdic"));
    }
    Ok(())
}

fn room(whole: &FieldSpec, least: u64, path: &str) -> Result {
    let most = meant_bytes(whole, whole.format.length.max());
    if least <= most {
        return Ok(());
    }
    let expected =
        format!("parts that fit into the value, which has at most {most} bytes; up to here are {least}");
    Err(DialectError::at(path, expected))
}

/// So many characters of a value in the bytes of which its parts consist.
fn meant_bytes(spec: &FieldSpec, length: u32) -> u64 {
    match spec.encoding {
        Encoding::Hex | Encoding::EbcdicHex(_) => u64::from(length),
        _ => bytes_of(spec, length),
    }
}

/// Least and greatest length of a part with its length indicator, in bytes.
fn length(spec: &FieldSpec) -> (u64, u64) {
    let indicator = match spec.format.length {
        Length::Fixed(_) => 0,
        Length::Variable { .. } => u64::from(spec.indicator.bytes),
    };
    let bytes = |length: u32| indicator + bytes_of(spec, length);
    (bytes(spec.format.length.min()), bytes(spec.format.length.max()))
}

/// So many characters (of binary data bytes) as they are sent.
fn bytes_of(spec: &FieldSpec, length: u32) -> u64 {
    let length = u64::from(length);
    match (spec.encoding, spec.format.class) {
        (Encoding::Hex | Encoding::EbcdicHex(_), _) => length * 2,
        (Encoding::Bcd { .. }, Class::SignedNumeric) if length > 0 => 1 + (length - 1).div_ceil(2),
        (Encoding::Bcd { .. }, _) => length.div_ceil(2),
        _ => length,
    }
}

impl Indicator {
    /// The greatest length that it can say.
    pub(super) fn capacity(self) -> u64 {
        let bytes = u32::from(self.bytes);
        match self.encoding {
            IndicatorEncoding::Ascii | IndicatorEncoding::Ebcdic => 10_u64.pow(bytes) - 1,
            IndicatorEncoding::Bcd => 100_u64.pow(bytes) - 1,
            IndicatorEncoding::Binary => 256_u64.pow(bytes) - 1,
            IndicatorEncoding::Hex | IndicatorEncoding::EbcdicHex => 16_u64.pow(bytes) - 1,
        }
    }
}

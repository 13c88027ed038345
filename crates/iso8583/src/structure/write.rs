//! Writes the parts of a value.

use zeroize::Zeroizing;

use super::{Bitmapped, Delimited, MAX_DEPTH, Structure, TagEncoding, Tagged, as_told, ber, chip_counts};
use crate::{
    bitmap::{BitmapCount, Bitmaps},
    encode::{self, Wrong},
    encode_error::EncodeProblem,
    field_spec::FieldSpec,
    format::Class,
    plan::Plan,
};

/// A value to be written: as text, or as parts in the order in which they shall stand. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub enum Written {
    /// The whole value as text; binary data in hexadecimal digits.
    Text(Zeroizing<String>),
    /// Its parts: place, tag or bit, and value.
    Parts(Vec<(String, Written)>),
}

impl Written {
    /// A value as text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }
}

/// The bytes of a value that consists of parts.
pub(crate) fn write(
    structure: &Structure,
    parts: &[(String, Written)],
    depth: usize,
) -> Result<Vec<u8>, Wrong> {
    if depth >= MAX_DEPTH {
        return Err(Wrong::new(EncodeProblem::Structure { expected: "at most 6 levels of parts" }));
    }
    match structure {
        Structure::Positional(specs) => positional(specs, parts, depth),
        Structure::Delimited(delimited) => write_delimited(delimited, parts, depth),
        Structure::Tagged(tagged) => write_tagged(tagged, parts, depth),
        Structure::BerTlv(specs) => ber_tlv(specs, parts, depth),
        Structure::Bitmapped(bitmapped) => write_bitmapped(bitmapped, parts, depth),
    }
}

fn structure(id: &str, expected: &'static str) -> Wrong {
    Wrong::new(EncodeProblem::Structure { expected }).inside(id)
}

fn positional(specs: &[FieldSpec], parts: &[(String, Written)], depth: usize) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::new();
    if let Some((id, _)) = parts.get(specs.len()) {
        return Err(structure(id, "no more parts than the dialect has"));
    }
    for ((number, spec), (id, value)) in (1_usize..).zip(specs).zip(parts) {
        if *id != number.to_string() {
            return Err(structure(id, "the parts one after the other from 1"));
        }
        let wrong = |wrong: Wrong| wrong.inside(id);
        if spec.takes_the_rest() {
            out.append(&mut encode::value(spec, value, depth + 1).map_err(wrong)?.0);
        } else {
            encode::written(spec, value, depth + 1, &mut out).map_err(wrong)?;
        }
    }
    Ok(out)
}

fn write_delimited(
    delimited: &Delimited,
    parts: &[(String, Written)],
    depth: usize,
) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::new();
    if let Some((id, _)) = parts.get(delimited.parts.len()) {
        return Err(structure(id, "no more parts than the dialect has"));
    }
    for ((number, spec), (id, value)) in (1_usize..).zip(&delimited.parts).zip(parts) {
        if *id != number.to_string() {
            return Err(structure(id, "the parts one after the other from 1"));
        }
        let (mut bytes, _) = encode::value(spec, value, depth + 1).map_err(|wrong| wrong.inside(id))?;
        if bytes.contains(&delimited.byte) {
            return Err(structure(id, "a part without the character that stands between the parts"));
        }
        if number > 1 {
            out.push(delimited.byte);
        }
        out.append(&mut bytes);
    }
    Ok(out)
}

fn write_bitmapped(
    bitmapped: &Bitmapped,
    parts: &[(String, Written)],
    depth: usize,
) -> Result<Vec<u8>, Wrong> {
    let mut bitmaps = Bitmaps::default();
    let mut values = Vec::new();
    let mut last = 0;
    for (id, value) in parts {
        let bit: u8 = id.parse().map_err(|_| structure(id, "the number of a bit"))?;
        let spec = bitmapped.parts.get(&bit).filter(|_| bit <= bitmapped.bits);
        let spec = spec.ok_or_else(|| structure(id, "a part of the dialect"))?;
        if bit <= last {
            return Err(structure(id, "parts in ascending order"));
        }
        last = bit;
        bitmaps.set(bit);
        encode::written(spec, value, depth + 1, &mut values).map_err(|wrong| wrong.inside(id))?;
    }
    let mut out = Vec::new();
    let words = bitmapped.bits.div_ceil(64);
    bitmaps.settle(BitmapCount::Fixed(words), 0);
    bitmaps.write(bitmapped.encoding, BitmapCount::Fixed(words), &mut out);
    out.truncate(usize::from(bitmapped.bits / 8) * bitmapped.encoding.bytes() / 8);
    out.append(&mut values);
    Ok(out)
}

fn write_tagged(tagged: &Tagged, parts: &[(String, Written)], depth: usize) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::new();
    for (id, value) in parts {
        let tag = tag_bytes(tagged, id).ok_or_else(|| structure(id, "a tag of the agreed length"))?;
        let spec = tagged.parts.get(id).unwrap_or(&tagged.other);
        let wrong = |wrong: Wrong| wrong.inside(id);
        let told = FieldSpec { inside: spec.inside.clone(), ..as_told(spec, tagged.indicator.counts) };
        let (bytes, characters) = encode::value(&told, value, depth + 1).map_err(wrong)?;
        let count = Plan::of(&told).count(characters);
        if !tagged.length_first {
            out.extend_from_slice(&tag);
        }
        encode::indicator(tagged.indicator, count, &mut out).map_err(wrong)?;
        if tagged.length_first {
            out.extend_from_slice(&tag);
        }
        out.extend_from_slice(&bytes);
    }
    Ok(out)
}

fn tag_bytes(tagged: &Tagged, id: &str) -> Option<Vec<u8>> {
    let letters = || id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let tag: Vec<u8> = match tagged.tag {
        TagEncoding::Ascii if letters() => id.bytes().collect(),
        TagEncoding::Ebcdic(page) if letters() => id.bytes().map(|byte| page.encode_byte(byte)).collect(),
        TagEncoding::Binary => encode::unhex(id)?,
        _ => return None,
    };
    (tag.len() == usize::from(tagged.tag_bytes)).then_some(tag)
}

fn ber_tlv(
    specs: &std::collections::BTreeMap<String, FieldSpec>,
    parts: &[(String, Written)],
    depth: usize,
) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::new();
    for (id, value) in parts {
        let tag = encode::unhex(id).ok_or_else(|| structure(id, "a tag in hexadecimal digits"))?;
        if ber::tag(&tag, 0).is_ok_and(|length| length != tag.len()) || ber::tag(&tag, 0).is_err() {
            return Err(structure(id, "a tag of BER-TLV of 1 to 3 bytes"));
        }
        let wrong = |wrong: Wrong| wrong.inside(id);
        let bytes = match (specs.get(id), value) {
            (Some(spec), value) if spec.inside.is_some() || matches!(value, Written::Text(_)) => {
                let told = FieldSpec { inside: spec.inside.clone(), ..as_told(spec, chip_counts(spec)) };
                encode::value(&told, value, depth + 1).map_err(wrong)?.0
            }
            (_, Written::Parts(parts)) => {
                write(&Structure::BerTlv(specs.clone()), parts, depth + 1).map_err(wrong)?
            }
            (_, Written::Text(text)) => encode::unhex(text).ok_or_else(|| {
                let position = text.bytes().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(text.len());
                let found = "something else";
                wrong(Wrong::new(EncodeProblem::WrongCharacter { class: Class::Binary, position, found }))
            })?,
        };
        let length = ber::write_length(bytes.len()).ok_or_else(|| structure(id, "at most 65535 bytes"))?;
        out.extend_from_slice(&tag);
        out.extend_from_slice(&length);
        out.extend_from_slice(&bytes);
    }
    Ok(out)
}

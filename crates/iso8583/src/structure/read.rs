//! Reads the parts of a value.

use std::cell::Cell;

use zeroize::Zeroizing;

use super::{
    Bitmapped, Delimited, MAX_DEPTH, MAX_PARTS, Part, Structure, TagEncoding, Tagged, as_told, ber,
    chip_counts,
};
use crate::{
    bitmap::Bitmaps,
    decode_error::{DecodeError, DecodeProblem},
    field_spec::{Counts, Encoding, FieldSpec, Indicator, IndicatorEncoding, Shown, Signs},
    format::{Class, Format, Length},
    place::Place,
    plan::Plan,
    reader::Reader,
    value::{Value, hexadecimal},
};

/// Where the bytes that are read stand in the message.
#[derive(Clone, Copy)]
struct Context<'p> {
    de: u8,
    /// The path of the value, empty for the data element itself, else `.0105`.
    path: &'p str,
    /// Offset of the first byte in the message.
    base: usize,
    /// 2 inside hexadecimal text.
    scale: usize,
    depth: usize,
    /// How many parts may still come, at all levels.
    room: &'p Cell<usize>,
}

impl Context<'_> {
    fn wrong(&self, at: usize, expected: &'static str, found: &'static str) -> DecodeError {
        let problem = DecodeProblem::Structure { expected, found };
        DecodeError::new(Place::Field(self.de), self.base + at * self.scale, problem).inside(self.path)
    }

    /// An error of a reader that counts from the first byte of this value.
    fn moved(&self, error: DecodeError, id: &str) -> DecodeError {
        let path = format!("{}.{id}", self.path);
        error.moved_to(|at| self.base + at * self.scale).inside(&path)
    }
}

/// The parts of the value of data element `de`, which begins at `offset` of the message.
pub(crate) fn read<'a>(
    structure: &'a Structure,
    value: &Value<'_>,
    de: u8,
    offset: usize,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let scale = match value.spec().encoding {
        Encoding::Hex | Encoding::EbcdicHex(_) => 2,
        _ => 1,
    };
    let bytes = Zeroizing::new(value.bytes().into_owned());
    let room = Cell::new(MAX_PARTS);
    within(structure, &bytes, Context { de, path: "", base: offset, scale, depth: 0, room: &room })
}

fn within<'a>(
    structure: &'a Structure,
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    if context.depth >= MAX_DEPTH {
        return Err(context.wrong(0, "at most 6 levels of parts", "more levels"));
    }
    match structure {
        Structure::Positional(specs) => positional(specs, bytes, context),
        Structure::Delimited(delimited) => read_delimited(delimited, bytes, context),
        Structure::Tagged(tagged) => read_tagged(tagged, bytes, context),
        Structure::BerTlv(specs) => ber_tlv(specs, bytes, context),
        Structure::Bitmapped(bitmapped) => read_bitmapped(bitmapped, bytes, context),
    }
}

fn positional<'a>(
    specs: &'a [FieldSpec],
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut reader = Reader::new(bytes, 0);
    let mut parts = Vec::new();
    for (number, spec) in (1_usize..).zip(specs) {
        if reader.left() == 0 {
            break;
        }
        if spec.takes_the_rest() {
            let (id, left) = (number.to_string(), reader.left());
            parts.push(told_part(id, spec, Counts::Bytes, left, &mut reader, context)?);
            continue;
        }
        parts.push(planned(&number.to_string(), spec, bytes, &mut reader, context)?);
    }
    ended(&reader, context)?;
    Ok(parts)
}

fn read_delimited<'a>(
    delimited: &'a Delimited,
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut parts = Vec::new();
    let mut at = 0;
    // An empty value has no parts, not an empty one.
    let pieces = bytes.split(|byte| *byte == delimited.byte).filter(|_| !bytes.is_empty());
    for (number, piece) in (1_usize..).zip(pieces) {
        let spec = delimited.parts.get(number - 1);
        let spec = spec.ok_or_else(|| {
            context.wrong(at, "no more parts than the dialect has", "the character in front of another one")
        })?;
        let mut reader = Reader::new(bytes, at);
        parts.push(told_part(number.to_string(), spec, Counts::Bytes, piece.len(), &mut reader, context)?);
        at += piece.len() + 1;
    }
    Ok(parts)
}

fn read_bitmapped<'a>(
    bitmapped: &'a Bitmapped,
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut reader = Reader::new(bytes, 0);
    let mut parts = Vec::new();
    for bit in bits(bitmapped, &mut reader, context)? {
        let spec = bitmapped.parts.get(&bit);
        let spec = spec.ok_or_else(|| {
            context.wrong(reader.at(), "a part of the dialect behind each bit", "a bit it does not have")
        })?;
        parts.push(planned(&bit.to_string(), spec, bytes, &mut reader, context)?);
    }
    ended(&reader, context)?;
    Ok(parts)
}

/// The bits that are set. A bitmap of fewer than 64 bits is read as one whose last bits are not set.
fn bits(
    bitmapped: &Bitmapped,
    reader: &mut Reader<'_>,
    context: Context<'_>,
) -> Result<Vec<u8>, DecodeError> {
    let wrong = |error| context.moved(error, "bitmap");
    let length = usize::from(bitmapped.bits / 8) * bitmapped.encoding.bytes() / 8;
    let start = reader.at();
    let written = reader.take(Place::Field(context.de), length).map_err(wrong)?;
    let mut bitmaps = Bitmaps::default();
    for (index, word) in (0_u8..).zip(written.chunks(bitmapped.encoding.bytes())) {
        bitmaps.read(index, bitmapped.encoding, word).map_err(|digit| {
            let problem = DecodeProblem::NotHexadecimal { byte: digit.byte };
            wrong(DecodeError::new(Place::Field(context.de), start + digit.at, problem))
        })?;
    }
    Ok(bitmaps.iter().collect())
}

/// Reads a part by its own description.
fn planned<'a>(
    id: &str,
    spec: &'a FieldSpec,
    bytes: &[u8],
    reader: &mut Reader<'_>,
    context: Context<'_>,
) -> Result<Part<'a>, DecodeError> {
    let found = Plan::of(spec).read(reader, context.de, spec).map_err(|error| context.moved(error, id))?;
    let wire = bytes.get(found.start..found.start + found.length).unwrap_or_default();
    part(id.to_owned(), spec, wire, found.odd, found.start, context)
}

/// Makes a part and reads what is inside it.
fn part<'a>(
    id: String,
    spec: &'a FieldSpec,
    wire: &[u8],
    odd: bool,
    at: usize,
    context: Context<'_>,
) -> Result<Part<'a>, DecodeError> {
    let offset = context.base + at * context.scale;
    match context.room.get().checked_sub(1) {
        Some(room) => context.room.set(room),
        None => return Err(context.wrong(at, "at most 256 parts", "more parts")),
    }
    let (wire, scale) = (Zeroizing::new(wire.to_vec()), context.scale);
    let mut part = Part { id, spec, wire, odd, offset, scale, inside: Vec::new(), veil: None };
    if let Some(structure) = &spec.inside {
        let path = format!("{}.{}", context.path, part.id);
        let inner_scale = match spec.encoding {
            Encoding::Hex | Encoding::EbcdicHex(_) => 2,
            _ => 1,
        };
        let bytes = Zeroizing::new(part.value().bytes().into_owned());
        let inner = Context {
            path: &path,
            base: offset,
            scale: context.scale * inner_scale,
            depth: context.depth + 1,
            ..context
        };
        part.inside = within(structure, &bytes, inner)?;
    }
    Ok(part)
}

fn ended(reader: &Reader<'_>, context: Context<'_>) -> Result<(), DecodeError> {
    if reader.left() > 0 {
        return Err(context.wrong(reader.at(), "nothing behind the last part", "more bytes"));
    }
    Ok(())
}

fn read_tagged<'a>(
    tagged: &'a Tagged,
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut reader = Reader::new(bytes, 0);
    let mut parts = Vec::new();
    while reader.left() > 0 {
        let (id, length) = if tagged.length_first {
            let length = read_length(tagged, &mut reader, context)?;
            (read_tag(tagged, &mut reader, context)?, length)
        } else {
            let id = read_tag(tagged, &mut reader, context)?;
            let path = format!("{}.{id}", context.path);
            let length = read_length(tagged, &mut reader, Context { path: &path, ..context })?;
            (id, length)
        };
        let spec = tagged.parts.get(&id).unwrap_or(&tagged.other);
        parts.push(told_part(id, spec, tagged.indicator.counts, length, &mut reader, context)?);
    }
    Ok(parts)
}

fn read_tag(tagged: &Tagged, reader: &mut Reader<'_>, context: Context<'_>) -> Result<String, DecodeError> {
    let at = reader.at();
    let tag = reader.take(Place::Field(context.de), usize::from(tagged.tag_bytes));
    let tag = tag.map_err(|_| context.wrong(at, "a whole tag", "the end inside the tag"))?;
    let id = tag_id(tagged.tag, tag);
    id.ok_or_else(|| context.wrong(at, "a tag of letters and digits", "other characters"))
}

/// Reads the length of a part: how much of the value it counts.
fn read_length(tagged: &Tagged, reader: &mut Reader<'_>, context: Context<'_>) -> Result<usize, DecodeError> {
    let Indicator { encoding, bytes, counts_also, .. } = tagged.indicator;
    let (place, start) = (Place::FieldLength(context.de), reader.at());
    let short = |length| {
        let problem = DecodeProblem::TooShort { min: usize::from(counts_also), length };
        DecodeError::new(place, start, problem)
    };
    let told = reader.number(place, encoding, usize::from(bytes));
    let length = told.and_then(|told| {
        let told = told as usize;
        told.checked_sub(usize::from(counts_also)).ok_or_else(|| short(told))
    });
    length.map_err(|error| error.moved_to(|at| context.base + at * context.scale).inside(context.path))
}

/// Reads a part whose length was read before.
fn told_part<'a>(
    id: String,
    spec: &'a FieldSpec,
    counts: Counts,
    length: usize,
    reader: &mut Reader<'_>,
    context: Context<'_>,
) -> Result<Part<'a>, DecodeError> {
    let at = reader.at();
    let told = as_told(spec, counts);
    let plan = Plan::of(&told);
    let wrong =
        |expected, found| context.wrong(at, expected, found).inside(&format!("{}.{id}", context.path));
    if !plan.divides(length) {
        return Err(wrong("an even number of hexadecimal digits", "an odd one"));
    }
    let found = plan.read_counted(reader, context.de, &told, length);
    let found = found.map_err(|error| context.moved(error, &id))?;
    if !plan.fits(length) {
        return Err(wrong("a part of the agreed length", "another length"));
    }
    let wire = reader.back(found.length);
    part(id, spec, wire, found.odd, at, context)
}

fn tag_id(encoding: TagEncoding, tag: &[u8]) -> Option<String> {
    let letters = |character: &dyn Fn(u8) -> u8| {
        let letter = |byte: &u8| Some(character(*byte)).filter(u8::is_ascii_alphanumeric).map(char::from);
        tag.iter().map(letter).collect()
    };
    match encoding {
        TagEncoding::Ascii => letters(&|byte| byte),
        TagEncoding::Ebcdic(page) => letters(&|byte| page.decode_byte(byte)),
        TagEncoding::Binary => Some(hexadecimal(tag).to_uppercase()),
    }
}

fn ber_tlv<'a>(
    specs: &'a std::collections::BTreeMap<String, FieldSpec>,
    bytes: &[u8],
    context: Context<'_>,
) -> Result<Vec<Part<'a>>, DecodeError> {
    let wrong = |wrong: ber::Wrong| context.wrong(wrong.at, wrong.expected, wrong.found);
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        if *first == 0 {
            // Zeros between the tags have no meaning (EMV Book 3, annex B).
            at += 1;
            continue;
        }
        let tag_length = ber::tag(bytes, at).map_err(wrong)?;
        let tag = bytes.get(at..at + tag_length).unwrap_or_default();
        let (length, own) = ber::length(bytes, at + tag_length).map_err(wrong)?;
        let start = at + tag_length + own;
        let value = bytes.get(start..start + length);
        let value =
            value.ok_or_else(|| context.wrong(start, "a value of the given length", "fewer bytes"))?;
        let id = hexadecimal(tag).to_uppercase();
        let mut part = match specs.get(&id) {
            Some(spec) => {
                let mut reader = Reader::new(bytes.get(..start + length).unwrap_or_default(), start);
                told_part(id, spec, chip_counts(spec), length, &mut reader, context)?
            }
            None => part(id.clone(), unknown_tag(&id), value, false, start, context)?,
        };
        if ber::is_constructed(tag) && part.spec.inside.is_none() {
            let path = format!("{}.{}", context.path, part.id);
            let base = context.base + start * context.scale;
            part.inside = ber_tlv(specs, value, deeper(Context { path: &path, base, ..context })?)?;
        }
        parts.push(part);
        at = start + length;
    }
    Ok(parts)
}

fn deeper(context: Context<'_>) -> Result<Context<'_>, DecodeError> {
    if context.depth + 1 >= MAX_DEPTH {
        return Err(context.wrong(0, "at most 6 levels of parts", "more levels"));
    }
    Ok(Context { depth: context.depth + 1, ..context })
}

/// Tags of chip data that hold card data: card number, tracks, name, expiry, PIN.
/// EMV Book 3, annex A; 9F6B and 56 are tracks of contactless cards.
const CARD_DATA: [&str; 12] =
    ["56", "57", "5A", "5F20", "5F24", "99", "9F0B", "9F1F", "9F20", "9F6B", "9F6D", "9F7C"];

static UNKNOWN_TAG: FieldSpec = unknown(Shown::Private);
static UNKNOWN_CARD_DATA: FieldSpec = unknown(Shown::Secret);

/// How a tag is read that the dialect does not describe: bytes, of which card numbers are masked.
fn unknown_tag(id: &str) -> &'static FieldSpec {
    if is_card_data(id) { &UNKNOWN_CARD_DATA } else { &UNKNOWN_TAG }
}

const fn unknown(shown: Shown) -> FieldSpec {
    FieldSpec {
        name: String::new(),
        format: Format { class: Class::Binary, length: Length::Variable { digits: 5, min: 0, max: 65_535 } },
        encoding: Encoding::Binary,
        indicator: Indicator {
            encoding: IndicatorEncoding::Binary,
            bytes: 1,
            counts: Counts::Bytes,
            counts_also: 0,
        },
        signs: Signs::CreditDebit,
        shown,
        codes: None,
        inside: None,
    }
}

/// Whether a tag of chip data holds card data, whatever a dialect says.
pub(crate) fn is_card_data(tag: &str) -> bool {
    CARD_DATA.contains(&tag)
}

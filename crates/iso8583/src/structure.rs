//! What is inside a value: parts at fixed places, tagged parts, BER-TLV, parts behind a bitmap of their own.

mod ber;
mod read;
mod write;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use zeroize::Zeroizing;

pub use self::write::Written;
pub(crate) use self::{
    ber::is_whole_tag,
    read::{is_card_data, read},
    write::write,
};
use crate::{
    bitmap::BitmapEncoding,
    code_page::CodePage,
    element_mask::ElementMask,
    field_spec::{Counts, Encoding, FieldSpec, Indicator},
    format::{Format, Length},
    value::{Origin, Value},
};

/// Parts inside parts inside a value: deeper is refused, so that no input can exhaust the stack.
pub(crate) const MAX_DEPTH: usize = 6;
/// Parts of a value at all levels. Chip data have some 40, PDS of a full DE48 at most 142; without a bound a value of
/// empty parts would take many times its own size in memory.
pub(crate) const MAX_PARTS: usize = 256;

/// How the parts of a value are written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Structure {
    /// Parts one after the other, named 1, 2, … The last ones may be absent.
    Positional(Vec<FieldSpec>),
    /// Text parts with a character between them, named 1, 2, … The last ones may be absent.
    Delimited(Delimited),
    /// Tag, length, value, again and again. In IPM: PDS, tags of 4 and lengths of 3 digits.
    Tagged(Box<Tagged>),
    /// BER-TLV as in chip data (EMV Book 3, annex B): tags of up to 3 bytes, named in upper-case hexadecimal digits.
    BerTlv(BTreeMap<String, FieldSpec>),
    /// A bitmap, then the parts that it announces, named by their bits.
    Bitmapped(Bitmapped),
}

/// Text parts with a character between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimited {
    /// The character, one of ASCII that is no letter, digit or blank. No part has it.
    pub character: char,
    /// The byte that it is sent as.
    pub byte: u8,
    /// The parts; none has a length indicator.
    pub parts: Vec<FieldSpec>,
}

impl Structure {
    /// The parts that are described, by place, tag or bit.
    pub(crate) fn listed(&self) -> Vec<(String, &FieldSpec)> {
        match self {
            Self::Positional(specs) | Self::Delimited(Delimited { parts: specs, .. }) => {
                (1_usize..).zip(specs).map(|(number, spec)| (number.to_string(), spec)).collect()
            }
            Self::Tagged(tagged) => tagged.parts.iter().map(|(id, spec)| (id.clone(), spec)).collect(),
            Self::BerTlv(specs) => specs.iter().map(|(id, spec)| (id.clone(), spec)).collect(),
            Self::Bitmapped(bitmapped) => {
                bitmapped.parts.iter().map(|(bit, spec)| (bit.to_string(), spec)).collect()
            }
        }
    }
}

/// Tags of one length, lengths of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Length of a tag in bytes.
    pub tag_bytes: u8,
    /// How a tag is written.
    pub tag: TagEncoding,
    /// How the length of a part is written, and what it counts.
    pub indicator: Indicator,
    /// Whether the length stands before the tag.
    pub length_first: bool,
    /// The parts that are known, by tag.
    pub parts: BTreeMap<String, FieldSpec>,
    /// How all others are read.
    pub other: FieldSpec,
}

/// How a tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagEncoding {
    /// ASCII letters and digits.
    Ascii,
    /// EBCDIC letters and digits.
    Ebcdic(CodePage),
    /// Bytes, named in upper-case hexadecimal digits.
    Binary,
}

/// Parts behind a bitmap of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmapped {
    /// Bits of the bitmap, a multiple of 8 up to 192.
    pub bits: u8,
    /// How it is written.
    pub encoding: BitmapEncoding,
    /// The parts, by their bits from 1.
    pub parts: BTreeMap<u8, FieldSpec>,
}

/// A part whose length stands before it in another form than the part's own: as that length counts. Of binary data
/// it counts bytes.
pub(crate) fn as_told(spec: &FieldSpec, counts: Counts) -> FieldSpec {
    let (min, max) = (spec.format.length.min(), spec.format.length.max());
    let counts = if spec.encoding == Encoding::Binary { Counts::Bytes } else { counts };
    FieldSpec {
        name: String::new(),
        format: Format { length: Length::Variable { digits: 5, min, max }, ..spec.format },
        encoding: spec.encoding,
        indicator: Indicator { counts, ..spec.indicator },
        signs: spec.signs,
        shown: spec.shown,
        codes: None,
        inside: None,
    }
}

/// What the length of a tag of chip data counts: bytes as they are sent.
fn chip_counts(spec: &FieldSpec) -> Counts {
    match spec.encoding {
        Encoding::Hex | Encoding::EbcdicHex(_) => Counts::Characters,
        _ => Counts::Bytes,
    }
}

/// One part of a value, with its own copy of the bytes, wiped when it is dropped. `Debug` is masked.
#[derive(Clone)]
pub struct Part<'a> {
    pub(crate) id: String,
    pub(crate) spec: &'a FieldSpec,
    pub(crate) wire: Zeroizing<Vec<u8>>,
    pub(crate) odd: bool,
    pub(crate) offset: usize,
    /// Bytes of the message that stand for one of its own: 2 inside hexadecimal text.
    pub(crate) scale: usize,
    pub(crate) inside: Vec<Part<'a>>,
    pub(crate) veil: Option<Arc<Veil<'a>>>,
}

/// What is hidden of the parts of a data element. Looked up when the first of them is shown.
pub(crate) struct Veil<'a> {
    origin: Origin<'a>,
    hidden: OnceLock<Option<ElementMask>>,
}

impl<'a> Veil<'a> {
    pub(crate) const fn new(origin: Origin<'a>) -> Self {
        Self { origin, hidden: OnceLock::new() }
    }

    /// `None` if the parts must not be shown one by one.
    pub(crate) fn hidden(&self) -> Option<&ElementMask> {
        self.hidden.get_or_init(|| self.origin.hidden_parts()).as_ref()
    }
}

impl<'a> Part<'a> {
    /// Tells it and its parts of which data element they are.
    pub(crate) fn put_behind(&mut self, veil: &Arc<Veil<'a>>) {
        self.veil = Some(Arc::clone(veil));
        self.inside.iter_mut().for_each(|part| part.put_behind(veil));
    }

    /// Its place (`1`), tag (`0105`, `9F26`) or bit (`25`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        let value = Value::new(&self.wire, self.odd, self.spec);
        match &self.veil {
            Some(veil) => value.of_part(veil, self.offset, self.scale),
            None => value,
        }
    }

    /// What the dialect says about it.
    #[must_use]
    pub fn spec(&self) -> &FieldSpec {
        self.spec
    }

    /// Offset of its value from the start of the message. Inside hexadecimal text that of its first digit.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) const fn scale(&self) -> usize {
        self.scale
    }

    /// Its own parts.
    #[must_use]
    pub fn parts(&self) -> &[Self] {
        &self.inside
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.inside.is_empty() {
            return write!(f, "{}: {:?}", self.id, self.value());
        }
        write!(f, "{}: {:?}", self.id, self.inside)
    }
}

//! Makes a dialect of a file, and checks everything while doing so.

use std::{collections::BTreeMap, str::FromStr};

use super::{
    DialectFile, FieldFile, InsideFile, MessageFile, WireFile, error::DialectError, parts::parts_of,
};
use crate::{
    bitmap::{BitmapCount, BitmapEncoding, MAX_DE},
    code_page::CodePage,
    codes,
    dialect::{Dialect, MtiEncoding, Table, Version},
    encode,
    field_spec::{
        Counts, Encoding, FieldSpec, Indicator, IndicatorEncoding, Letters, PadDigit, Shown, Side, Signs,
    },
    format::{Class, Format, Length},
    header::{Header, UnknownHeader},
    mti::Mti,
    presence::{MessageSpec, Presence, Usage},
    structure::{
        Bitmapped, Delimited, MAX_DEPTH, Structure, TagEncoding, Tagged, is_card_data, is_whole_tag,
    },
    transaction_id::{Alternatives, ValuePlace, may_name},
};

type Result<T> = std::result::Result<T, DialectError>;

/// A length of 6 bytes and a tag of 8.
const MAX_COUNTED_ALSO: u8 = 14;
/// Longer free text can hold a card number, so it is not shown as it is unless the file says so.
const OPEN_TEXT_MAX: u32 = 12;
/// The same of binary data: two digits in each byte.
const OPEN_BYTES_MAX: u32 = 6;

pub(super) fn dialect(file: &DialectFile) -> Result<Dialect> {
    let name = file.name.clone().filter(|name| is_name(name)).ok_or_else(|| {
        DialectError::at("name", "a name of letters, digits, - and _, at most 40 characters")
    })?;
    let wire = Wire::of(&file.wire)?;
    let mut fields = BTreeMap::new();
    for (key, field) in &file.fields {
        let path = format!("fields.{key}");
        let de = number(key).filter(|de| (2..=MAX_DE).contains(de));
        let de = de.ok_or_else(|| DialectError::at(&path, format!("a data element from 2 to {MAX_DE}")))?;
        let mut spec = wire.field(field, &path, 0)?;
        let floor = floor_of(de);
        spec.shown = stricter(floor, spec.shown);
        spec.inside.iter_mut().for_each(|inside| raise(inside, floor));
        fields.insert(de, spec);
    }
    let messages = file.messages.iter().map(|(mti, message)| message_spec(mti, message, &fields));
    Ok(Dialect::new(Table {
        name,
        title: file.title.clone().unwrap_or_default(),
        version: version(file.version)?,
        header: header(&file.wire)?,
        mti: wire.mti,
        bitmap: wire.bitmap,
        bitmaps: wire.bitmaps,
        messages: messages.collect::<Result<_>>()?,
        transaction_id: transaction_id(file, &fields),
        fields,
        elements: Vec::new(),
    }))
}

/// Places of which the extended dialect has more than this one are left out; those of the file itself are checked apart.
fn transaction_id(file: &DialectFile, fields: &BTreeMap<u8, FieldSpec>) -> Alternatives {
    let place = |text: &String| ValuePlace::parse(text).filter(|p| p.spec(fields).is_some_and(may_name));
    let places = |texts: &Vec<String>| texts.iter().map(place).collect::<Option<Vec<_>>>();
    file.transaction_id.iter().flatten().filter_map(places).collect()
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.len() <= 40 && name.bytes().all(fits)
}

fn number(key: &str) -> Option<u8> {
    key.parse().ok().filter(|number: &u8| number.to_string() == key)
}

fn version(year: Option<u16>) -> Result<Version> {
    match year {
        None | Some(1987) => Ok(Version::V1987),
        Some(1993) => Ok(Version::V1993),
        Some(2003) => Ok(Version::V2003),
        Some(_) => Err(DialectError::at("version", "1987, 1993 or 2003")),
    }
}

fn header(wire: &WireFile) -> Result<Header> {
    let name = wire.header.as_deref().unwrap_or("none");
    name.parse().map_err(|error: UnknownHeader| DialectError::at("wire.header", error.to_string()))
}

/// What holds card data is never shown more openly than this, whatever a file says.
fn floor_of(de: u8) -> Shown {
    match de {
        2 | 34 | 102 | 103 => Shown::Pan,
        14 | 35 | 36 | 45 | 52 => Shown::Secret,
        43 | 44 | 46..=48 | 54..=63 | 72 | 98 | 104..=127 => Shown::Private,
        _ => Shown::Open,
    }
}

/// Parts of what holds card data are not shown more openly than that either, unless they are too short for any.
fn raise(structure: &mut Structure, floor: Shown) {
    let raise_one = |spec: &mut FieldSpec| {
        let short = floor == Shown::Private && is_short(spec.format);
        spec.shown = if short { spec.shown } else { stricter(floor, spec.shown) };
        spec.inside.iter_mut().for_each(|inside| raise(inside, floor));
    };
    match structure {
        Structure::Positional(parts) => parts.iter_mut().for_each(raise_one),
        Structure::Delimited(delimited) => delimited.parts.iter_mut().for_each(raise_one),
        Structure::Tagged(tagged) => tagged.parts.values_mut().chain([&mut tagged.other]).for_each(raise_one),
        Structure::BerTlv(parts) => parts.values_mut().for_each(raise_one),
        Structure::Bitmapped(bitmapped) => bitmapped.parts.values_mut().for_each(raise_one),
    }
}

fn stricter(one: Shown, other: Shown) -> Shown {
    let rank = |shown| match shown {
        Shown::Open => 0,
        Shown::Private => 1,
        Shown::Pan => 2,
        Shown::Secret => 3,
    };
    if rank(one) > rank(other) { one } else { other }
}

/// The defaults of a file.
struct Wire {
    mti: MtiEncoding,
    bitmap: BitmapEncoding,
    bitmaps: BitmapCount,
    text: Encoding,
    digits: Option<Packed>,
    signed: Option<Packed>,
    track: Option<Packed>,
    binary: Encoding,
    lengths: IndicatorEncoding,
    counts: Counts,
    pad: Side,
    pad_variable: Side,
    pad_digit: PadDigit,
}

/// Digits are packed.
#[derive(Clone, Copy)]
struct Packed;

impl Wire {
    fn of(file: &WireFile) -> Result<Self> {
        let text = text_encoding(&file.text)?;
        let digits = digits("wire.digits", &file.digits, None)?;
        let pad = side("wire.pad", &file.pad)?.unwrap_or(Side::Left);
        let lengths = lengths("wire.lengths", &file.lengths)?;
        Ok(Self {
            mti: mti_encoding(&file.mti)?,
            bitmap: bitmap_encoding("wire.bitmap", &file.bitmap)?.unwrap_or(BitmapEncoding::Hex),
            bitmaps: bitmap_count(&file.bitmaps)?,
            text,
            digits,
            signed: self::digits("wire.signed", &file.signed, digits)?,
            track: self::digits("wire.track", &file.track, digits)?,
            binary: binary_encoding(&file.binary)?,
            lengths: lengths.unwrap_or_else(|| indicator_like(text)),
            counts: counts("wire.counts", &file.counts)?.unwrap_or(Counts::Characters),
            pad,
            pad_variable: side("wire.pad_variable", &file.pad_variable)?.unwrap_or(pad),
            pad_digit: pad_digit("wire.pad_digit", &file.pad_digit)?.unwrap_or(PadDigit::Zero),
        })
    }

    fn field(&self, file: &FieldFile, path: &str, depth: usize) -> Result<FieldSpec> {
        let at = |key: &str| format!("{path}.{key}");
        let format = file.format.as_deref().ok_or_else(|| DialectError::at(path, "a format such as n6"))?;
        let format =
            Format::from_str(format).map_err(|error| DialectError::at(at("format"), error.to_string()))?;
        let encoding = self.encoding(file, format, path)?;
        let inside = match &file.inside {
            None => None,
            Some(inside) => self.inside(inside, &at("inside"), encoding, depth)?,
        };
        if let Some(table) = file.codes.as_deref().filter(|table| !codes::is_table(table)) {
            let expected = format!("one of the tables {}, found {table}", codes::names().join(", "));
            return Err(DialectError::at(at("codes"), expected));
        }
        Ok(FieldSpec {
            name: file.name.clone().unwrap_or_default(),
            format,
            encoding,
            indicator: self.indicator(file, format, encoding, path)?,
            signs: signs(&at("signs"), &file.signs, format)?,
            shown: shown(&at("shown"), &file.shown)?.unwrap_or_else(|| default_shown(format)),
            codes: file.codes.clone(),
            inside,
        })
    }

    fn encoding(&self, file: &FieldFile, format: Format, path: &str) -> Result<Encoding> {
        let variable = matches!(format.length, Length::Variable { .. });
        let default_side = if variable { self.pad_variable } else { self.pad };
        let pad = side(&format!("{path}.pad"), &file.pad)?.unwrap_or(default_side);
        let pad_digit = pad_digit(&format!("{path}.pad_digit"), &file.pad_digit)?.unwrap_or(self.pad_digit);
        let letters = match self.text {
            Encoding::Ebcdic(page) => Letters::Ebcdic(page),
            _ => Letters::Ascii,
        };
        let bcd = Encoding::Bcd { pad, pad_digit, letters };
        let default = || match format.class {
            Class::Binary => self.binary,
            Class::Numeric if self.digits.is_some() => bcd,
            Class::SignedNumeric if self.signed.is_some() => bcd,
            Class::Track if self.track.is_some() => bcd,
            _ => self.text,
        };
        let path = format!("{path}.encoding");
        let encoding = match file.encoding.as_deref() {
            None => default(),
            Some("bcd") => bcd,
            Some(name) => encoding_named(name).ok_or_else(|| {
                DialectError::at(
                    &path,
                    "ascii, latin-1, ebcdic-037, ebcdic-500, ebcdic-1047, bcd, binary, hex or ebcdic-hex-037 (-500, -1047)",
                )
            })?,
        };
        let fits = match encoding {
            Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_) => format.class == Class::Binary,
            Encoding::Bcd { .. } => {
                matches!(format.class, Class::Numeric | Class::SignedNumeric | Class::Track)
            }
            _ => format.class != Class::Binary,
        };
        if !fits {
            let expected = format!(
                "an encoding that fits {format}: binary or hex for b, bcd only for n, x+n and z, text for the rest"
            );
            return Err(DialectError::at(path, expected));
        }
        Ok(encoding)
    }

    fn indicator(
        &self,
        file: &FieldFile,
        format: Format,
        encoding: Encoding,
        path: &str,
    ) -> Result<Indicator> {
        let encoding_of_length = lengths(&format!("{path}.lengths"), &file.lengths)?.unwrap_or(self.lengths);
        let digits = match format.length {
            Length::Fixed(_) => 1,
            Length::Variable { digits, .. } => digits,
        };
        let bytes = file.length_bytes.unwrap_or(bytes_for(encoding_of_length, digits));
        if !(1..=6).contains(&bytes) {
            return Err(DialectError::at(format!("{path}.length_bytes"), "1 to 6 bytes"));
        }
        let natural = match encoding {
            Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_) => Counts::Bytes,
            _ => self.counts,
        };
        let counts = counts(&format!("{path}.counts"), &file.counts)?.unwrap_or(natural);
        let counts_also = counts_also(path, file.counts_also)?;
        let indicator = Indicator { encoding: encoding_of_length, bytes, counts, counts_also };
        let greatest = match (encoding, counts) {
            (Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_), Counts::Characters) => {
                u64::from(format.length.max()) * 2
            }
            (Encoding::Bcd { .. }, Counts::Bytes) => u64::from(format.length.max().div_ceil(2)),
            _ => u64::from(format.length.max()),
        } + u64::from(counts_also);
        if matches!(format.length, Length::Variable { .. }) && greatest > indicator.capacity() {
            let expected = format!("a length indicator that can say {greatest}");
            return Err(DialectError::at(format!("{path}.length_bytes"), expected));
        }
        Ok(indicator)
    }

    fn inside(
        &self,
        file: &InsideFile,
        path: &str,
        parent: Encoding,
        depth: usize,
    ) -> Result<Option<Structure>> {
        if depth + 1 >= MAX_DEPTH {
            return Err(DialectError::at(path, format!("at most {MAX_DEPTH} levels of parts")));
        }
        let kinds = "positional, delimited, tagged, ber-tlv, bitmapped or none";
        let kind = file.kind.as_deref().ok_or_else(|| DialectError::at(format!("{path}.kind"), kinds))?;
        let bytes = matches!(parent, Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_));
        Ok(Some(match kind {
            "none" => return Ok(None),
            "positional" => self.positional(file, path, depth)?,
            "delimited" => self.delimited(file, path, parent, depth)?,
            "tagged" => self.tagged(file, path, parent, depth)?,
            "ber-tlv" if bytes => self.ber_tlv(file, path, depth)?,
            "ber-tlv" => {
                return Err(DialectError::at(format!("{path}.kind"), "ber-tlv inside binary data (b) only"));
            }
            "bitmapped" => self.bitmapped(file, path, depth)?,
            _ => return Err(DialectError::at(format!("{path}.kind"), kinds)),
        }))
    }

    fn positional(&self, file: &InsideFile, path: &str, depth: usize) -> Result<Structure> {
        let last = file.parts.len();
        let parts = numbered(file, path, |number, part, path| {
            if part.length_bytes == Some(0) && number == last {
                return self.rest(part, path, depth + 1);
            }
            self.field(part, path, depth + 1)
        })?;
        Ok(Structure::Positional(parts))
    }

    fn delimited(&self, file: &InsideFile, path: &str, parent: Encoding, depth: usize) -> Result<Structure> {
        let at = |key: &str, expected: &str| DialectError::at(format!("{path}.{key}"), expected);
        let one = "one character that is no letter, digit or blank, for example |";
        let character = file.delimiter.as_deref().and_then(|text| <[u8; 1]>::try_from(text.as_bytes()).ok());
        let [character] = character.ok_or_else(|| at("delimiter", one))?;
        if !character.is_ascii_punctuation() {
            return Err(at("delimiter", one));
        }
        let byte = match parent {
            Encoding::Ascii | Encoding::Latin1 => character,
            Encoding::Ebcdic(page) => page.encode_byte(character),
            _ => return Err(at("kind", "delimited inside text only")),
        };
        let parts = numbered(file, path, |_, part, path| {
            for (key, given) in
                [("length_bytes", part.length_bytes.is_some()), ("lengths", part.lengths.is_some())]
            {
                if given {
                    let expected = "no length indicator: the part ends where the character stands";
                    return Err(DialectError::at(format!("{path}.{key}"), expected));
                }
            }
            let fixed = part.format.as_deref().is_some_and(|format| !format.contains('.'));
            if fixed { self.field(part, path, depth + 1) } else { self.rest(part, path, depth + 1) }
        })?;
        Ok(Structure::Delimited(Delimited { character: char::from(character), byte, parts }))
    }

    /// The last part of a positional value, without a length indicator.
    fn rest(&self, file: &FieldFile, path: &str, depth: usize) -> Result<FieldSpec> {
        let lengths = Some("ascii".to_owned());
        let file = FieldFile { length_bytes: None, lengths, counts_also: None, ..file.clone() };
        let mut spec = self.field(&file, path, depth)?;
        if let Length::Fixed(_) = spec.format.length {
            return Err(DialectError::at(
                format!("{path}.length_bytes"),
                "0 only where the length is variable",
            ));
        }
        spec.indicator.bytes = 0;
        Ok(spec)
    }

    fn tagged(&self, file: &InsideFile, path: &str, parent: Encoding, depth: usize) -> Result<Structure> {
        let tag_bytes = file.tag_bytes.filter(|bytes| (1..=8).contains(bytes));
        let tag_bytes =
            tag_bytes.ok_or_else(|| DialectError::at(format!("{path}.tag_bytes"), "1 to 8 bytes"))?;
        let binary_parent = matches!(parent, Encoding::Binary);
        let text_page = match (parent, self.text) {
            (Encoding::Ebcdic(page), _) | (_, Encoding::Ebcdic(page)) => Some(page),
            _ => None,
        };
        let tag = match (file.tag.as_deref(), text_page) {
            (None, Some(page)) => TagEncoding::Ebcdic(page),
            (None, None) | (Some("ascii"), _) => TagEncoding::Ascii,
            (Some("binary"), _) => TagEncoding::Binary,
            (Some(name), _) => TagEncoding::Ebcdic(page_named(name).ok_or_else(|| {
                DialectError::at(
                    format!("{path}.tag"),
                    "ascii, binary, ebcdic-037, ebcdic-500 or ebcdic-1047",
                )
            })?),
        };
        let written = lengths(&format!("{path}.lengths"), &file.lengths)?;
        let written = written.unwrap_or_else(|| indicator_like(self.text));
        let digits = file.length_digits.unwrap_or(3);
        if !(1..=6).contains(&digits) {
            return Err(DialectError::at(format!("{path}.length_digits"), "1 to 6 digits"));
        }
        let bytes = file.length_bytes.unwrap_or(bytes_for(written, digits));
        if !(1..=6).contains(&bytes) {
            return Err(DialectError::at(format!("{path}.length_bytes"), "1 to 6 bytes"));
        }
        let counts = counts(&format!("{path}.counts"), &file.counts)?.unwrap_or(Counts::Characters);
        let other = match &file.other {
            Some(other) => self.field(other, &format!("{path}.other"), depth + 1)?,
            None => self.unlisted(binary_parent, path, depth)?,
        };
        let mut parts = BTreeMap::new();
        for (id, part) in &parts_of(file, path)? {
            let part_path = format!("{path}.parts.{id}");
            let fits = match tag {
                TagEncoding::Binary => {
                    is_upper_case_hexadecimal(id) && id.len() == usize::from(tag_bytes) * 2
                }
                _ => {
                    id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && id.len() == usize::from(tag_bytes)
                }
            };
            if !fits {
                let characters = match tag {
                    TagEncoding::Binary => "upper-case hexadecimal digits, two for each byte",
                    _ => "letters and digits",
                };
                let expected = format!("a tag of {tag_bytes} bytes: {characters}");
                return Err(DialectError::at(part_path, expected));
            }
            let mut spec = self.field(&with_format(part, &other), &part_path, depth + 1)?;
            spec.indicator.counts = counts;
            parts.insert(id.clone(), spec);
        }
        let counts_also = counts_also(path, file.counts_also)?;
        let indicator = Indicator { encoding: written, bytes, counts, counts_also };
        let length_first = file.length_first.unwrap_or(false);
        Ok(Structure::Tagged(Box::new(Tagged { tag_bytes, tag, indicator, length_first, parts, other })))
    }

    /// How parts are read of which a file says nothing: text or bytes, card numbers masked.
    fn unlisted(&self, binary: bool, path: &str, depth: usize) -> Result<FieldSpec> {
        let format = if binary { "b.....65535" } else { "ans.....65535" };
        let file = FieldFile {
            format: Some(format.to_owned()),
            lengths: Some("ascii".to_owned()),
            shown: Some("private".to_owned()),
            ..FieldFile::default()
        };
        self.field(&file, path, depth)
    }

    fn ber_tlv(&self, file: &InsideFile, path: &str, depth: usize) -> Result<Structure> {
        let mut parts = BTreeMap::new();
        let other = self.unlisted(true, path, depth)?;
        for (id, part) in &parts_of(file, path)? {
            let part_path = format!("{path}.parts.{id}");
            let hexadecimal = is_upper_case_hexadecimal(id) && id.len().is_multiple_of(2);
            if !hexadecimal || !(2..=6).contains(&id.len()) {
                return Err(DialectError::at(part_path, "a tag of 2 to 6 upper-case hexadecimal digits"));
            }
            if !is_whole_tag(&encode::unhex(id).unwrap_or_default()) {
                let expected =
                    "a whole tag of BER-TLV: its first byte says whether there are more, in each other bit 8";
                return Err(DialectError::at(part_path, expected));
            }
            let mut part = with_format(part, &other);
            // Chip data are written alike everywhere: bytes, packed digits, ASCII text.
            let class = part.format.as_deref().and_then(|format| Format::from_str(format).ok());
            part.encoding.get_or_insert_with(|| chip_encoding(class.map(|format| format.class)).to_owned());
            let mut spec = self.field(&part, &part_path, depth + 1)?;
            // A tag says itself how long it is.
            let max = spec.format.length.max();
            spec.format.length = Length::Variable { digits: 5, min: 0, max };
            if is_card_data(id) {
                spec.shown = Shown::Secret;
            }
            parts.insert(id.clone(), spec);
        }
        Ok(Structure::BerTlv(parts))
    }

    fn bitmapped(&self, file: &InsideFile, path: &str, depth: usize) -> Result<Structure> {
        let bits = file.bits.unwrap_or(64);
        if bits == 0 || !bits.is_multiple_of(8) || bits > MAX_DE {
            return Err(DialectError::at(format!("{path}.bits"), "8 to 192 bits, a multiple of 8"));
        }
        let encoding =
            bitmap_encoding(&format!("{path}.bitmap"), &file.bitmap)?.unwrap_or(BitmapEncoding::Binary);
        let mut parts = BTreeMap::new();
        for (key, part) in &file.parts {
            let part_path = format!("{path}.parts.{key}");
            let bit = number(key).filter(|bit| (1..=bits).contains(bit));
            let bit = bit.ok_or_else(|| DialectError::at(&part_path, format!("a bit from 1 to {bits}")))?;
            parts.insert(bit, self.field(part, &part_path, depth + 1)?);
        }
        Ok(Structure::Bitmapped(Bitmapped { bits, encoding, parts }))
    }
}

/// The parts 1, 2, … without a gap.
fn numbered(
    file: &InsideFile,
    path: &str,
    part: impl Fn(usize, &FieldFile, &str) -> Result<FieldSpec>,
) -> Result<Vec<FieldSpec>> {
    let last = file.parts.len();
    if last == 0 {
        return Err(DialectError::at(format!("{path}.parts"), "at least one part"));
    }
    let one = |number: usize| {
        let id = number.to_string();
        let missing =
            || DialectError::at(format!("{path}.parts"), format!("the parts 1 to {last}, {id} among them"));
        part(number, file.parts.get(&id).ok_or_else(missing)?, &format!("{path}.parts.{id}"))
    };
    (1..=last).map(one).collect()
}

fn is_upper_case_hexadecimal(tag: &str) -> bool {
    tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

/// A part without a format has that of the unlisted ones.
fn with_format(part: &FieldFile, other: &FieldSpec) -> FieldFile {
    let mut part = part.clone();
    if part.format.is_none() {
        part.format = Some(other.format.to_string());
        part.lengths.get_or_insert_with(|| "ascii".to_owned());
        part.shown.get_or_insert_with(|| "private".to_owned());
    }
    part
}

fn chip_encoding(class: Option<Class>) -> &'static str {
    match class {
        Some(Class::Binary) => "binary",
        Some(Class::Numeric | Class::SignedNumeric | Class::Track) => "bcd",
        _ => "ascii",
    }
}

fn default_shown(format: Format) -> Shown {
    match format.class {
        Class::Numeric | Class::SignedNumeric => Shown::Open,
        Class::Track => Shown::Secret,
        _ if is_short(format) => Shown::Open,
        _ => Shown::Private,
    }
}

/// Whether no card number has room in it.
fn is_short(format: Format) -> bool {
    let most = if format.class == Class::Binary { OPEN_BYTES_MAX } else { OPEN_TEXT_MAX };
    format.length.max() <= most
}

fn bytes_for(encoding: IndicatorEncoding, digits: u8) -> u8 {
    match encoding {
        IndicatorEncoding::Ascii
        | IndicatorEncoding::Ebcdic
        | IndicatorEncoding::Hex
        | IndicatorEncoding::EbcdicHex => digits,
        IndicatorEncoding::Bcd => digits.div_ceil(2),
        IndicatorEncoding::Binary => {
            if digits <= 2 {
                1
            } else if digits <= 4 {
                2
            } else {
                3
            }
        }
    }
}

fn indicator_like(text: Encoding) -> IndicatorEncoding {
    if matches!(text, Encoding::Ebcdic(_)) { IndicatorEncoding::Ebcdic } else { IndicatorEncoding::Ascii }
}

fn page_named(name: &str) -> Option<CodePage> {
    name.parse().ok()
}

fn hex_page_named(name: &str) -> Option<CodePage> {
    let page = name.strip_prefix("ebcdic-hex-")?;
    format!("ebcdic-{page}").parse().ok()
}

fn encoding_named(name: &str) -> Option<Encoding> {
    Some(match name {
        "ascii" => Encoding::Ascii,
        "latin-1" => Encoding::Latin1,
        "binary" => Encoding::Binary,
        "hex" => Encoding::Hex,
        name => match hex_page_named(name) {
            Some(page) => Encoding::EbcdicHex(page),
            None => Encoding::Ebcdic(page_named(name)?),
        },
    })
}

fn text_encoding(name: &Option<String>) -> Result<Encoding> {
    let Some(name) = name else { return Ok(Encoding::Ascii) };
    encoding_named(name)
        .filter(|encoding| matches!(encoding, Encoding::Ascii | Encoding::Latin1 | Encoding::Ebcdic(_)))
        .ok_or_else(|| DialectError::at("wire.text", "ascii, latin-1, ebcdic-037, ebcdic-500 or ebcdic-1047"))
}

fn binary_encoding(name: &Option<String>) -> Result<Encoding> {
    let Some(name) = name else { return Ok(Encoding::Binary) };
    encoding_named(name)
        .filter(|encoding| matches!(encoding, Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_)))
        .ok_or_else(|| DialectError::at("wire.binary", "binary, hex, ebcdic-hex-037, -500 or -1047"))
}

fn mti_encoding(name: &Option<String>) -> Result<MtiEncoding> {
    match name.as_deref() {
        None | Some("ascii") => Ok(MtiEncoding::Ascii),
        Some("bcd") => Ok(MtiEncoding::Bcd),
        Some(name) => page_named(name)
            .map(MtiEncoding::Ebcdic)
            .ok_or_else(|| DialectError::at("wire.mti", "ascii, bcd, ebcdic-037, ebcdic-500 or ebcdic-1047")),
    }
}

fn bitmap_encoding(path: &str, name: &Option<String>) -> Result<Option<BitmapEncoding>> {
    let Some(name) = name.as_deref() else { return Ok(None) };
    let encoding = match name {
        "hex" => Some(BitmapEncoding::Hex),
        "binary" => Some(BitmapEncoding::Binary),
        name => hex_page_named(name).map(BitmapEncoding::EbcdicHex),
    };
    encoding.map(Some).ok_or_else(|| {
        DialectError::at(path, "hex, binary, ebcdic-hex-037, ebcdic-hex-500 or ebcdic-hex-1047")
    })
}

fn bitmap_count(name: &Option<String>) -> Result<BitmapCount> {
    Ok(match name.as_deref() {
        None | Some("expanding") => BitmapCount::Expanding { third: false },
        Some("expanding-3") => BitmapCount::Expanding { third: true },
        Some("always-2") => BitmapCount::AlwaysTwo,
        Some("fixed-1") => BitmapCount::Fixed(1),
        Some("fixed-2") => BitmapCount::Fixed(2),
        Some("fixed-3") => BitmapCount::Fixed(3),
        Some(_) => {
            let expected = "expanding, expanding-3, always-2, fixed-1, fixed-2 or fixed-3";
            return Err(DialectError::at("wire.bitmaps", expected));
        }
    })
}

fn digits(path: &str, name: &Option<String>, default: Option<Packed>) -> Result<Option<Packed>> {
    match name.as_deref() {
        None => Ok(default),
        Some("bcd") => Ok(Some(Packed)),
        Some("text") => Ok(None),
        Some(_) => Err(DialectError::at(path, "text or bcd")),
    }
}

fn lengths(path: &str, name: &Option<String>) -> Result<Option<IndicatorEncoding>> {
    Ok(Some(match name.as_deref() {
        None => return Ok(None),
        Some("ascii") => IndicatorEncoding::Ascii,
        Some("ebcdic") => IndicatorEncoding::Ebcdic,
        Some("bcd") => IndicatorEncoding::Bcd,
        Some("binary") => IndicatorEncoding::Binary,
        Some("hex") => IndicatorEncoding::Hex,
        Some("ebcdic-hex") => IndicatorEncoding::EbcdicHex,
        Some(_) => return Err(DialectError::at(path, "ascii, ebcdic, bcd, binary, hex or ebcdic-hex")),
    }))
}

fn counts(path: &str, name: &Option<String>) -> Result<Option<Counts>> {
    Ok(Some(match name.as_deref() {
        None => return Ok(None),
        Some("characters" | "digits" | "nibbles") => Counts::Characters,
        Some("bytes") => Counts::Bytes,
        Some(_) => return Err(DialectError::at(path, "characters, digits, nibbles or bytes")),
    }))
}

fn counts_also(path: &str, bytes: Option<u8>) -> Result<u8> {
    let bytes = bytes.unwrap_or_default();
    if bytes > MAX_COUNTED_ALSO {
        let expected = format!("at most {MAX_COUNTED_ALSO} bytes: those of the length itself and of a tag");
        return Err(DialectError::at(format!("{path}.counts_also"), expected));
    }
    Ok(bytes)
}

fn signs(path: &str, name: &Option<String>, format: Format) -> Result<Signs> {
    match name.as_deref() {
        Some(_) if format.class != Class::SignedNumeric => {
            Err(DialectError::at(path, "signs only where there is one: x+n"))
        }
        None | Some("credit-debit") => Ok(Signs::CreditDebit),
        Some("any") => Ok(Signs::Any),
        Some(_) => Err(DialectError::at(path, "credit-debit or any")),
    }
}

fn side(path: &str, name: &Option<String>) -> Result<Option<Side>> {
    Ok(Some(match name.as_deref() {
        None => return Ok(None),
        Some("left") => Side::Left,
        Some("right") => Side::Right,
        Some(_) => return Err(DialectError::at(path, "left or right")),
    }))
}

fn pad_digit(path: &str, name: &Option<String>) -> Result<Option<PadDigit>> {
    Ok(Some(match name.as_deref() {
        None => return Ok(None),
        Some("0") => PadDigit::Zero,
        Some("f" | "F") => PadDigit::F,
        Some("only-0") => PadDigit::OnlyZero,
        Some("only-f") => PadDigit::OnlyF,
        Some(_) => return Err(DialectError::at(path, "0, f, only-0 or only-f")),
    }))
}

fn shown(path: &str, name: &Option<String>) -> Result<Option<Shown>> {
    Ok(Some(match name.as_deref() {
        None => return Ok(None),
        Some("open") => Shown::Open,
        Some("private") => Shown::Private,
        Some("pan") => Shown::Pan,
        Some("secret") => Shown::Secret,
        Some(_) => return Err(DialectError::at(path, "open, private, pan or secret")),
    }))
}

fn message_spec(
    mti: &str,
    file: &MessageFile,
    fields: &BTreeMap<u8, FieldSpec>,
) -> Result<(Mti, MessageSpec)> {
    let path = format!("messages.{mti}");
    let parsed = Mti::parse(mti.as_bytes()).filter(|mti| !mti.is_repeat());
    let parsed = parsed
        .ok_or_else(|| DialectError::at(&path, "a message type of four digits, not that of a repeat"))?;
    let mut usages = BTreeMap::new();
    let mut add = |de: u8, presence: Presence, note: &str, key: &str| {
        let path = format!("{path}.{key}");
        if !fields.contains_key(&de) {
            return Err(DialectError::at(path, format!("data elements that the dialect has, found {de}")));
        }
        let usage = Usage { presence, note: note.to_owned() };
        match usages.insert(de, usage) {
            None => Ok(()),
            Some(_) => Err(DialectError::at(path, format!("every data element once, found {de} twice"))),
        }
    };
    let lists = [
        ("mandatory", &file.mandatory, Presence::Mandatory),
        ("optional", &file.optional, Presence::Optional),
        ("mandatory_echo", &file.mandatory_echo, Presence::MandatoryEcho),
        ("conditional_echo", &file.conditional_echo, Presence::ConditionalEcho),
    ];
    for (key, list, presence) in lists {
        for de in list {
            let note = file.notes.get(&de.to_string()).map_or("", String::as_str);
            add(*de, presence, note, key)?;
        }
    }
    for (key, condition) in &file.conditional {
        let de = number(key).ok_or_else(|| {
            DialectError::at(format!("{path}.conditional.{key}"), "the number of a data element")
        })?;
        add(de, Presence::Conditional, condition, "conditional")?;
    }
    if let Some(key) = file.notes.keys().find(|key| number(key).is_none_or(|de| !usages.contains_key(&de))) {
        return Err(DialectError::at(format!("{path}.notes.{key}"), "a data element of this message type"));
    }
    let refuses_others = match file.others.as_deref() {
        None | Some("accepted") => false,
        Some("refused") => true,
        Some(_) => return Err(DialectError::at(format!("{path}.others"), "accepted or refused")),
    };
    let name = file.name.clone().unwrap_or_default();
    Ok((parsed, MessageSpec { name, fields: usages, refuses_others }))
}

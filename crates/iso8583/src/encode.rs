//! Writes values as a dialect wants them. Nothing is padded or cut silently.

use zeroize::{Zeroize, Zeroizing};

use crate::{
    characters::{self, ASCII, Charset},
    encode_error::EncodeProblem,
    field_spec::{Counts, Encoding, FieldSpec, Indicator, IndicatorEncoding, Letters, PadDigit, Side},
    format::{Class, Length},
    plan::Plan,
    structure::{self, Written},
};

/// What is wrong, and in which part.
pub(crate) struct Wrong {
    pub(crate) problem: EncodeProblem,
    /// Empty, or `.0105`.
    pub(crate) path: String,
}

impl Wrong {
    pub(crate) const fn new(problem: EncodeProblem) -> Self {
        Self { problem, path: String::new() }
    }

    /// Puts the name of a part in front of the path.
    pub(crate) fn inside(mut self, id: &str) -> Self {
        self.path = format!(".{id}{}", self.path);
        self
    }
}

/// Appends a whole field: length indicator and value.
pub(crate) fn written(
    spec: &FieldSpec,
    value: &Written,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), Wrong> {
    match value {
        Written::Text(text) => field(spec, text, out).map_err(Wrong::new),
        Written::Parts(_) => {
            let (bytes, characters) = self::value(spec, value, depth)?;
            let bytes = Zeroizing::new(bytes);
            if let Length::Variable { .. } = spec.format.length {
                indicator(spec.indicator, Plan::of(spec).count(characters), out)?;
            }
            out.extend_from_slice(&bytes);
            Ok(())
        }
    }
}

/// The bytes of a value without its length indicator, and its length as its format counts.
pub(crate) fn value(spec: &FieldSpec, value: &Written, depth: usize) -> Result<(Vec<u8>, usize), Wrong> {
    let (bytes, characters) = match (value, &spec.inside) {
        (Written::Text(text), _) => {
            let mut bytes = Vec::with_capacity(text.len());
            let characters = characters_of(spec, text).map_err(Wrong::new)?;
            append(spec, text, &mut bytes).map_err(Wrong::new)?;
            (bytes, characters)
        }
        (Written::Parts(parts), Some(inside)) => {
            let mut bytes = structure::write(inside, parts, depth)?;
            // Of packed digits two per byte: parts fill whole bytes.
            let characters =
                if matches!(spec.encoding, Encoding::Bcd { .. }) { bytes.len() * 2 } else { bytes.len() };
            if let Encoding::Hex | Encoding::EbcdicHex(_) = spec.encoding {
                let mut text = crate::value::hexadecimal(&bytes).to_uppercase();
                bytes.zeroize();
                bytes = Vec::with_capacity(text.len());
                append(spec, &text, &mut bytes).map_err(Wrong::new)?;
                text.zeroize();
            }
            if !Plan::of(spec).tells(&bytes, false) {
                let expected = "parts that are written with the characters of the whole value";
                return Err(Wrong::new(EncodeProblem::Structure { expected }));
            }
            (bytes, characters)
        }
        (Written::Parts(_), None) => {
            let expected = "a value as one text: the dialect knows no parts of it";
            return Err(Wrong::new(EncodeProblem::Structure { expected }));
        }
    };
    fits(spec, characters).map_err(Wrong::new)?;
    Ok((bytes, characters))
}

/// Appends a field whose value is given as text.
#[inline]
pub(crate) fn field(spec: &FieldSpec, text: &str, out: &mut Vec<u8>) -> Result<(), EncodeProblem> {
    let characters = characters_of(spec, text)?;
    fits(spec, characters)?;
    if let Length::Variable { .. } = spec.format.length {
        let count = match spec.encoding {
            Encoding::Ascii | Encoding::Latin1 | Encoding::Ebcdic(_) => characters,
            _ => Plan::of(spec).count(characters),
        };
        indicator(spec.indicator, count, out).map_err(|wrong| wrong.problem)?;
    }
    append(spec, text, out)
}

/// Appends a length indicator.
pub(crate) fn indicator(indicator: Indicator, count: usize, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let (base, zero) = match indicator.encoding {
        IndicatorEncoding::Ascii => (10, b'0'),
        IndicatorEncoding::Ebcdic => (10, 0xF0),
        IndicatorEncoding::Bcd => (100, 0),
        IndicatorEncoding::Binary => (256, 0),
    };
    let start = out.len();
    let mut rest = count;
    for _ in 0..indicator.bytes {
        let digit = u8::try_from(rest % base).unwrap_or_default();
        let packed = indicator.encoding == IndicatorEncoding::Bcd;
        out.push(zero + if packed { digit / 10 * 16 + digit % 10 } else { digit });
        rest /= base;
    }
    if let Some(written) = out.get_mut(start..) {
        written.reverse();
    }
    if rest > 0 {
        let expected = "a length that its indicator can say";
        return Err(Wrong::new(EncodeProblem::Structure { expected }));
    }
    Ok(())
}

/// The length of a value as its format counts it.
fn characters_of(spec: &FieldSpec, text: &str) -> Result<usize, EncodeProblem> {
    match spec.encoding {
        Encoding::Binary | Encoding::Hex | Encoding::EbcdicHex(_) => {
            if text.len() % 2 == 1 {
                return Err(EncodeProblem::Structure { expected: "an even number of hexadecimal digits" });
            }
            Ok(text.len() / 2)
        }
        _ if !text.is_ascii() => Ok(text.chars().count()),
        _ => Ok(text.len()),
    }
}

fn fits(spec: &FieldSpec, found: usize) -> Result<(), EncodeProblem> {
    // Packed digits that are counted in bytes may be one more than the format says: a zero in front.
    if spec.fits(found) || counted_in_bytes(spec) && Plan::of(spec).fits(Plan::of(spec).count(found)) {
        return Ok(());
    }
    Err(EncodeProblem::WrongLength { expected: spec.format.length, found })
}

/// Packed digits whose length indicator counts bytes.
fn counted_in_bytes(spec: &FieldSpec) -> bool {
    matches!(spec.encoding, Encoding::Bcd { .. })
        && matches!(spec.format.length, Length::Variable { .. })
        && spec.indicator.counts == Counts::Bytes
}

/// Appends the bytes of a value.
fn append(spec: &FieldSpec, text: &str, out: &mut Vec<u8>) -> Result<(), EncodeProblem> {
    let class = spec.format.class;
    match spec.encoding {
        Encoding::Ascii => {
            let passes = match class {
                Class::Numeric => characters::all_digits(text.as_bytes()),
                Class::AlphaNumericSpecial => characters::all_printable(text.as_bytes()),
                _ => false,
            };
            if passes {
                out.extend_from_slice(text.as_bytes());
                return Ok(());
            }
            each(class, text, false, out, |byte| byte)
        }
        Encoding::Latin1 => each(class, text, true, out, |byte| byte),
        Encoding::Ebcdic(page) => each(class, text, true, out, |byte| page.encode_byte(byte)),
        // Hexadecimal text is written in upper case, as the bitmap is.
        Encoding::Hex => each(Class::Binary, text, false, out, |byte| byte.to_ascii_uppercase()),
        Encoding::EbcdicHex(page) => {
            each(Class::Binary, text, false, out, |byte| page.encode_byte(byte.to_ascii_uppercase()))
        }
        Encoding::Binary => {
            let bytes = unhex(text).ok_or_else(|| wrong_character(Class::Binary, text, &hexadecimal()))?;
            out.extend_from_slice(&bytes);
            Ok(())
        }
        Encoding::Bcd { pad, pad_digit, letters } => {
            let start = out.len();
            packed(class, text, pad, pad_digit, letters, out)?;
            let signed = class == Class::SignedNumeric;
            let odd = (text.len() - usize::from(signed && !text.is_empty())) % 2 == 1;
            if counted_in_bytes(spec) && !Plan::of(spec).tells(out.get(start..).unwrap_or_default(), odd) {
                let expected =
                    "digits whose number the bytes tell: an even number, or an odd one padded with F";
                return Err(EncodeProblem::Structure { expected });
            }
            Ok(())
        }
    }
}

fn hexadecimal() -> Charset {
    Charset::new(&ASCII, Class::Binary, false)
}

/// One byte per character.
fn each(
    class: Class,
    text: &str,
    above_ascii: bool,
    out: &mut Vec<u8>,
    code: impl Fn(u8) -> u8,
) -> Result<(), EncodeProblem> {
    let charset = Charset::new(&ASCII, class, above_ascii);
    let rest = if class == Class::SignedNumeric { Charset::digits(&ASCII) } else { charset };
    for (position, character) in text.chars().enumerate() {
        let allowed = if position == 0 { charset } else { rest };
        match u8::try_from(character).ok().filter(|byte| allowed.has(*byte)) {
            Some(byte) => out.push(code(byte)),
            None => {
                let found = characters::kind_of(u8::try_from(character).unwrap_or(u8::MAX));
                return Err(EncodeProblem::WrongCharacter { class, position, found });
            }
        }
    }
    Ok(())
}

#[cold]
fn wrong_character(class: Class, text: &str, allowed: &Charset) -> EncodeProblem {
    let position = text.bytes().position(|byte| !allowed.has(byte)).unwrap_or(text.len());
    let byte = text.as_bytes().get(position).copied().unwrap_or_default();
    EncodeProblem::WrongCharacter { class, position, found: characters::kind_of(byte) }
}

/// Two digits per byte; a numeric value has nothing but digits, so no letter is squeezed into a nibble.
fn packed(
    class: Class,
    text: &str,
    pad: Side,
    pad_digit: PadDigit,
    letters: Letters,
    out: &mut Vec<u8>,
) -> Result<(), EncodeProblem> {
    let mut digits = text.as_bytes();
    let mut pad = pad;
    if class == Class::SignedNumeric {
        if digits.is_empty() {
            return Ok(());
        }
        let sign = Charset::new(&ASCII, class, false);
        let Some((first, rest)) = digits.split_first().filter(|(first, _)| sign.has(**first)) else {
            return Err(wrong_character(class, text, &sign));
        };
        out.push(match letters {
            Letters::Ascii => *first,
            Letters::Ebcdic(page) => page.encode_byte(*first),
        });
        digits = rest;
        pad = Side::Left;
    }
    let signed = text.len() - digits.len();
    let nibble = |at: usize, byte: &u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b':'..=b'?' if class == Class::Track => Ok(byte - b'0'),
        other => {
            let found = characters::kind_of(*other);
            Err(EncodeProblem::WrongCharacter { class, position: signed + at, found })
        }
    };
    let mut high = (digits.len() % 2 == 1 && pad == Side::Left).then_some(pad_digit.nibble());
    for (at, byte) in digits.iter().enumerate() {
        let nibble = nibble(at, byte)?;
        match high.take() {
            Some(first) => out.push(first << 4 | nibble),
            None => high = Some(nibble),
        }
    }
    if let Some(last) = high {
        out.push(last << 4 | pad_digit.nibble());
    }
    Ok(())
}

/// The bytes of hexadecimal digits of either case.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

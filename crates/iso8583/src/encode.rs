//! Writes values as a dialect wants them. Nothing is padded or cut silently.

use zeroize::{Zeroize, Zeroizing};

use crate::{
    characters::{self, ASCII, Charset, Classes},
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
    let base = match indicator.encoding {
        IndicatorEncoding::Ascii | IndicatorEncoding::Ebcdic => 10,
        IndicatorEncoding::Bcd => 100,
        IndicatorEncoding::Binary => 256,
        IndicatorEncoding::Hex | IndicatorEncoding::EbcdicHex => 16,
    };
    let start = out.len();
    let mut rest = count + usize::from(indicator.counts_also);
    for _ in 0..indicator.bytes {
        let digit = u8::try_from(rest % base).unwrap_or_default();
        out.push(match indicator.encoding {
            IndicatorEncoding::Ascii => b'0' + digit,
            IndicatorEncoding::Ebcdic => 0xF0 + digit,
            IndicatorEncoding::Bcd => digit / 10 * 16 + digit % 10,
            IndicatorEncoding::Binary => digit,
            IndicatorEncoding::Hex => characters::hexadecimal_digit(digit, false),
            IndicatorEncoding::EbcdicHex if digit < 10 => 0xF0 + digit,
            IndicatorEncoding::EbcdicHex => 0xC1 + digit - 10,
        });
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
                Class::SignedNumeric => false,
                _ => Charset::new(&ASCII, class, false).has_all(text.as_bytes()),
            };
            if passes {
                out.extend_from_slice(text.as_bytes());
                return Ok(());
            }
            each(spec, text, &ASCII, false, out, |byte| byte)
        }
        Encoding::Latin1 => each(spec, text, &ASCII, true, out, |byte| byte),
        Encoding::Ebcdic(page) => {
            each(spec, text, characters::of_page(page), true, out, |byte| page.encode_byte(byte))
        }
        // Hexadecimal text is written in upper case, as the bitmap is.
        Encoding::Hex => each(spec, text, &ASCII, false, out, |byte| byte.to_ascii_uppercase()),
        Encoding::EbcdicHex(page) => {
            let code = |byte: u8| page.encode_byte(byte.to_ascii_uppercase());
            each(spec, text, characters::of_page(page), false, out, code)
        }
        Encoding::Binary => {
            let bytes = unhex(text).ok_or_else(|| wrong_character(Class::Binary, text, &hexadecimal()))?;
            out.extend_from_slice(&bytes);
            Ok(())
        }
        Encoding::Bcd { pad, pad_digit, letters } => {
            let start = out.len();
            packed(spec, text, (pad, pad_digit), letters, out)?;
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

/// One byte per character. What may be written is what may be read: the bytes as they are sent are looked up.
fn each(
    spec: &FieldSpec,
    text: &str,
    classes: &'static Classes,
    above_ascii: bool,
    out: &mut Vec<u8>,
    code: impl Fn(u8) -> u8,
) -> Result<(), EncodeProblem> {
    let class = spec.format.class;
    let (charset, rest) = if class == Class::SignedNumeric {
        (Charset::signs(classes, spec.signs), Charset::digits(classes))
    } else {
        let all = Charset::new(classes, class, above_ascii);
        (all, all)
    };
    for (position, character) in text.chars().enumerate() {
        let allowed = if position == 0 { charset } else { rest };
        match u8::try_from(character).ok().map(&code).filter(|byte| allowed.has(*byte)) {
            Some(byte) => out.push(byte),
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
    spec: &FieldSpec,
    text: &str,
    (mut pad, pad_digit): (Side, PadDigit),
    letters: Letters,
    out: &mut Vec<u8>,
) -> Result<(), EncodeProblem> {
    let class = spec.format.class;
    let mut digits = text.as_bytes();
    if class == Class::SignedNumeric {
        if digits.is_empty() {
            return Ok(());
        }
        let sign = Charset::signs(&ASCII, spec.signs);
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
    let passes = match class {
        // The characters 0x30 to 0x3F of a track are the nibbles 0 to F.
        Class::Track => characters::all_track(digits),
        _ => characters::all_digits(digits),
    };
    if !passes {
        let right = |byte: &u8| byte.is_ascii_digit() || (class == Class::Track && byte >> 4 == 3);
        let at = digits.iter().position(|byte| !right(byte)).unwrap_or_default();
        let found = characters::kind_of(digits.get(at).copied().unwrap_or_default());
        return Err(EncodeProblem::WrongCharacter { class, position: text.len() - digits.len() + at, found });
    }
    if digits.len() % 2 == 1
        && pad == Side::Left
        && let Some((first, rest)) = digits.split_first()
    {
        out.push(pad_digit.nibble() << 4 | first & 0x0F);
        digits = rest;
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    out.extend(pairs.iter().map(|[high, low]| (high & 0x0F) << 4 | low & 0x0F));
    out.extend(rest.iter().map(|last| (last & 0x0F) << 4 | pad_digit.nibble()));
    Ok(())
}

/// The bytes of hexadecimal digits of either case.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Mti, builder::Builder};

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["ascii", "latin-1", "ebcdic-037", "ebcdic-500", "ebcdic-1047"] {
            for format in ["a1", "n1", "an1", "as1", "ns1", "ans1", "z1", "x+n0"] {
                let file = format!(
                    "name = \"x\"\n[wire]\ntext = \"{text}\"\n[fields]\n43 = {{ format = \"{format}\" }}"
                );
                let Ok(dialect) = Dialect::from_toml(&file) else { continue };
                for character in '\0'..='\u{ff}' {
                    let builder = Builder::new(Mti::new("0100")).set(43, character);
                    if let Ok(bytes) = builder.encode(&dialect) {
                        let said = dialect.decode(&bytes).unwrap().text(43).unwrap().into_owned();
                        assert_eq!(said, character.to_string(), "{text} {format}");
                    }
                }
            }
        }
    }
}

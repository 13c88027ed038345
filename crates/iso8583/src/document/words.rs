//! The rules of a dialect in words.

use crate::{
    bitmap::{BitmapCount, BitmapEncoding},
    code_page::CodePage,
    dialect::{Dialect, MtiEncoding},
    field_spec::{Counts, Encoding, FieldSpec, IndicatorEncoding, PadDigit, Shown, Side},
    format::{Class, Length},
    header::Header,
    structure::{Structure, TagEncoding},
    transaction_id::ValuePlace,
};

/// The greatest length that parts have of which a dialect says nothing.
const NO_LIMIT: u32 = 65_535;

fn page(page: CodePage) -> String {
    format!("EBCDIC {}", page.name().trim_start_matches("ebcdic-"))
}

/// Where the network's name of the transaction stands.
fn of_transaction_id(dialect: &Dialect) -> Option<String> {
    let together =
        |places: &Vec<ValuePlace>| places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" with ");
    let alternatives: Vec<String> = dialect.table().transaction_id.iter().map(together).collect();
    (!alternatives.is_empty()).then(|| {
        let places = alternatives.join(", else ");
        format!("The network's name of the transaction: {places}. Blanks in it do not count.")
    })
}

/// How messages are written as a whole.
pub(super) fn of_wire(dialect: &Dialect) -> Vec<String> {
    let year = dialect.version().year();
    let mti = match dialect.mti_encoding() {
        MtiEncoding::Ascii => "4 ASCII digits".to_owned(),
        MtiEncoding::Bcd => "2 bytes of packed digits".to_owned(),
        MtiEncoding::Ebcdic(code) => format!("4 digits in {}", page(code)),
    };
    let bitmap = match dialect.bitmap_encoding() {
        BitmapEncoding::Binary => "8 bytes each".to_owned(),
        BitmapEncoding::Hex => {
            "16 ASCII hexadecimal digits each; either case is read, upper case written".to_owned()
        }
        BitmapEncoding::EbcdicHex(code) => format!("16 hexadecimal digits in {} each", page(code)),
    };
    let count = match dialect.bitmap_count() {
        BitmapCount::Expanding { third: false } => "bit 1 announces a second one".to_owned(),
        BitmapCount::Expanding { third: true } => {
            "bit 1 announces a second one, bit 65 a third one".to_owned()
        }
        BitmapCount::AlwaysTwo => "always two, bit 1 is always set".to_owned(),
        BitmapCount::Fixed(number) => format!("always {number}, bit 1 is never set"),
    };
    let mut lines = vec![
        format!("Version: ISO 8583:{year}, message types {}xxx.", dialect.version().digit()),
        format!("Header before the message type: {}.", header(dialect.header())),
        format!("Message type: {mti}."),
        format!("Bitmaps: {bitmap}; {count}."),
        "Data elements follow one after the other by their numbers, without anything between them. A length indicator \
         stands before each value of variable length. What is behind the last one is refused."
            .to_owned(),
        "Nothing is padded or cut silently: text is filled with blanks on the right and digits with zeros on the left by \
         the sender."
            .to_owned(),
    ];
    lines.extend(of_transaction_id(dialect));
    if dialect.fields().any(|(_, spec)| matches!(spec.encoding, Encoding::Bcd { .. })) {
        lines.push(
            "Packed digits: two per byte. An odd number of them has a pad nibble, which is not part of the value. In a \
             packed track D is the separator. A packed x+n is its sign letter, then packed digits."
                .to_owned(),
        );
    }
    lines
}

fn header(header: &Header) -> String {
    if header.length() == 0 { "none".to_owned() } else { format!("`{header}`, {} bytes", header.length()) }
}

/// How a value is written.
pub(super) fn of_encoding(spec: &FieldSpec) -> String {
    match spec.encoding {
        Encoding::Ascii => "ASCII".to_owned(),
        Encoding::Latin1 => "ASCII, bytes above 7F too".to_owned(),
        Encoding::Ebcdic(code) => page(code),
        Encoding::Binary => "bytes".to_owned(),
        Encoding::Hex => "hexadecimal digits, ASCII".to_owned(),
        Encoding::EbcdicHex(code) => format!("hexadecimal digits, {}", page(code)),
        Encoding::Bcd { pad, pad_digit, .. } => {
            let even = match spec.format.length {
                Length::Fixed(length) => {
                    (length - u32::from(spec.format.class == Class::SignedNumeric)).is_multiple_of(2)
                }
                // Of a tagged part: whole bytes.
                Length::Variable { digits, .. } => digits == 0,
            };
            if even {
                return "packed".to_owned();
            }
            let side = match pad {
                _ if spec.format.class == Class::SignedNumeric => "left",
                Side::Left => "left",
                Side::Right => "right",
            };
            let digit = match pad_digit {
                PadDigit::Zero => "0 (F is read too)",
                PadDigit::F => "F (0 is read too)",
                PadDigit::OnlyZero => "0",
                PadDigit::OnlyF => "F",
            };
            format!("packed, pad {digit} on the {side}")
        }
    }
}

/// How its length is known.
pub(super) fn of_length(spec: &FieldSpec) -> String {
    let Length::Variable { digits, min, max } = spec.format.length else {
        return match spec.format.length {
            Length::Fixed(length) if spec.format.class == Class::Binary => format!("{length} bytes"),
            Length::Fixed(length) => length.to_string(),
            Length::Variable { .. } => String::new(),
        };
    };
    let range = if min > 0 { format!("{min} to {max}") } else { format!("up to {max}") };
    if digits == 0 {
        // A limit that no part reaches is none.
        let unit = if spec.format.class == Class::Binary { " bytes" } else { "" };
        return if max < NO_LIMIT { format!("{range}{unit}") } else { String::new() };
    }
    if spec.takes_the_rest() {
        return format!("{range}: what is left");
    }
    let bytes = spec.indicator.bytes;
    let written = match spec.indicator.encoding {
        IndicatorEncoding::Ascii => format!("{bytes} ASCII digits"),
        IndicatorEncoding::Ebcdic => format!("{bytes} EBCDIC digits"),
        IndicatorEncoding::Bcd if bytes == 1 => "1 packed byte".to_owned(),
        IndicatorEncoding::Bcd => format!("{bytes} packed bytes"),
        IndicatorEncoding::Binary if bytes == 1 => "1 binary byte".to_owned(),
        IndicatorEncoding::Binary => format!("{bytes} binary bytes"),
        IndicatorEncoding::Hex => format!("{bytes} hexadecimal digits, ASCII"),
        IndicatorEncoding::EbcdicHex => format!("{bytes} hexadecimal digits, EBCDIC"),
    };
    let also = counted_also(spec.indicator.counts_also);
    format!("{range}: {written}, of {}{also}", counted(spec.indicator.counts, spec.encoding))
}

/// What a length counts besides the value.
fn counted_also(bytes: u8) -> String {
    if bytes == 0 { String::new() } else { format!(" and {bytes} bytes more") }
}

fn counted(counts: Counts, encoding: Encoding) -> &'static str {
    match (counts, encoding) {
        (Counts::Characters, Encoding::Bcd { .. }) => "digits",
        (Counts::Characters, Encoding::Binary) => "nibbles",
        (Counts::Characters, Encoding::Hex | Encoding::EbcdicHex(_)) => "hexadecimal digits",
        (Counts::Characters, _) => "characters",
        (Counts::Bytes, Encoding::Hex | Encoding::EbcdicHex(_)) => "bytes that are meant",
        (Counts::Bytes, _) => "bytes",
    }
}

/// How much of a value our logs and tools show.
pub(super) const fn of_shown(shown: Shown) -> &'static str {
    match shown {
        Shown::Open => "all",
        Shown::Private => "card numbers masked",
        Shown::Pan => "last four",
        Shown::Secret => "nothing",
    }
}

/// How parts stand in a value.
pub(super) fn of_structure(structure: &Structure) -> String {
    match structure {
        Structure::Positional(_) => "Parts one after the other; the last ones may be absent.".to_owned(),
        Structure::Delimited(delimited) => {
            format!(
                "Parts with the character `{}` (byte {:02X}) between them, which no part has; the last ones may be absent.",
                delimited.character, delimited.byte
            )
        }
        Structure::Tagged(tagged) => {
            let tag = match tagged.tag {
                TagEncoding::Ascii => "ASCII".to_owned(),
                TagEncoding::Ebcdic(code) => page(code),
                TagEncoding::Binary => "bytes".to_owned(),
            };
            let bytes = tagged.indicator.bytes;
            let length = match tagged.indicator.encoding {
                IndicatorEncoding::Ascii => format!("{bytes} ASCII digits"),
                IndicatorEncoding::Ebcdic => format!("{bytes} EBCDIC digits"),
                IndicatorEncoding::Bcd => format!("{bytes} bytes of packed digits"),
                IndicatorEncoding::Binary => format!("{bytes} bytes, binary"),
                IndicatorEncoding::Hex => format!("{bytes} hexadecimal digits, ASCII"),
                IndicatorEncoding::EbcdicHex => format!("{bytes} hexadecimal digits, EBCDIC"),
            };
            let also = match tagged.indicator.counts_also {
                0 => String::new(),
                also => format!(", of the value and {also} bytes more"),
            };
            let tag = format!("({} bytes, {tag})", tagged.tag_bytes);
            let length = format!("({length}{also})");
            let row = if tagged.length_first {
                format!("Length {length}, tag {tag}")
            } else {
                format!("Tag {tag}, length {length}")
            };
            format!("{row}, value, again and again. Tags that are not listed are read too.")
        }
        Structure::BerTlv(_) => {
            "BER-TLV: tag, length, value. Tags that are not listed are read as bytes; card data are \
                                 never shown. Packed values have a whole number of bytes."
                .to_owned()
        }
        Structure::Bitmapped(bitmapped) => {
            let written = match bitmapped.encoding {
                BitmapEncoding::Binary => "binary".to_owned(),
                BitmapEncoding::Hex => "hexadecimal digits, ASCII".to_owned(),
                BitmapEncoding::EbcdicHex(code) => format!("hexadecimal digits, {}", page(code)),
            };
            format!("A bitmap of {} bits ({written}), then the parts that it announces.", bitmapped.bits)
        }
    }
}

/// The public table behind a long list of codes.
pub(super) fn public_table(table: &str) -> Option<&'static str> {
    Some(match table {
        "currency" => "The numeric codes of ISO 4217",
        "country" => "The numeric codes of ISO 3166-1",
        "merchant-category" => "The merchant category codes of ISO 18245",
        _ => return None,
    })
}

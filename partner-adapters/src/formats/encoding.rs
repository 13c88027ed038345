//! Code pages of eight bits, for systems that do not read UTF-8. The lower half is ASCII in all of them.

/// How a file's characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// The characters of the bytes 0x80 to 0xFF; U+FFFD where there is none.
    EightBits(&'static str),
}

/// The names of encodings in layout files.
pub(crate) const ENCODINGS: [(&str, Encoding); 6] = [
    ("utf-8", Encoding::Utf8),
    ("windows-1251", Encoding::EightBits(WINDOWS_1251)),
    ("windows-1252", Encoding::EightBits(WINDOWS_1252)),
    ("iso-8859-1", Encoding::EightBits(ISO_8859_1)),
    ("iso-8859-5", Encoding::EightBits(ISO_8859_5)),
    ("cp866", Encoding::EightBits(CP866)),
];

const WINDOWS_1251: &str = "\
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{fffd}™љ›њќћџ\
    \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя\
    ";

const WINDOWS_1252: &str = "\
    €\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
    àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ\
    ";

const ISO_8859_1: &str = "\
    \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
    àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ\
    ";

const ISO_8859_5: &str = "\
    \u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\
    \u{a0}ЁЂЃЄЅІЇЈЉЊЋЌ\u{ad}ЎЏАБВГДЕЖЗИЙКЛМНОП\
    РСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп\
    рстуфхцчшщъыьэюя№ёђѓєѕіїјљњћќ§ўџ\
    ";

const CP866: &str = "\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{a0}\
    ";

impl Encoding {
    /// The bytes of a text, or the first character that the encoding lacks.
    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>, char> {
        let Self::EightBits(upper) = self else { return Ok(text.as_bytes().to_vec()) };
        let byte = |c: char| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => Ok(byte),
            _ => upper
                .chars()
                .position(|known| known == c && c != char::REPLACEMENT_CHARACTER)
                .and_then(|place| u8::try_from(place + 0x80).ok())
                .ok_or(c),
        };
        text.chars().map(byte).collect()
    }

    /// The text of bytes, or the place of the first one that is no character.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<String, usize> {
        let Self::EightBits(upper) = self else {
            return String::from_utf8(bytes.to_vec()).map_err(|error| error.utf8_error().valid_up_to());
        };
        let table: Vec<char> = upper.chars().collect();
        let one = |(place, byte): (usize, &u8)| match byte.checked_sub(0x80) {
            None => Ok(char::from(*byte)),
            Some(index) => table
                .get(usize::from(index))
                .copied()
                .filter(|known| *known != char::REPLACEMENT_CHARACTER)
                .ok_or(place),
        };
        bytes.iter().enumerate().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(name: &str) -> Encoding {
        ENCODINGS.iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn each_table_has_a_character_for_each_upper_byte() {
        for (name, encoding) in ENCODINGS {
            let Encoding::EightBits(upper) = encoding else { continue };
            assert_eq!(upper.chars().count(), 128, "{name}");
            for byte in 0..=u8::MAX {
                let Ok(text) = encoding.decode(&[byte]) else { continue };
                assert_eq!(encoding.encode(&text), Ok(vec![byte]), "{name} {byte:02x}");
            }
        }
    }

    #[test]
    fn letters_have_the_bytes_that_the_standards_give_them() {
        for (name, text, bytes) in [
            ("windows-1251", "Ёж №1", &[0xa8, 0xe6, 0x20, 0xb9, 0x31][..]),
            ("windows-1252", "€é", &[0x80, 0xe9]),
            ("iso-8859-1", "é", &[0xe9]),
            ("iso-8859-5", "Ж", &[0xb6]),
            ("cp866", "Жп░", &[0x86, 0xaf, 0xb0]),
            ("utf-8", "Ж", &[0xd0, 0x96]),
        ] {
            assert_eq!(encoding(name).encode(text).unwrap(), bytes, "{name}");
            assert_eq!(encoding(name).decode(bytes).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn what_an_encoding_lacks_is_named() {
        assert_eq!(encoding("iso-8859-1").encode("aЖ"), Err('Ж'));
        assert_eq!(encoding("windows-1252").encode("\u{fffd}"), Err('\u{fffd}'));
        assert_eq!(encoding("windows-1252").decode(&[0x41, 0x81]), Err(1));
        assert_eq!(encoding("utf-8").decode(&[0x41, 0xff]), Err(1));
    }
}

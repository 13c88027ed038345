//! What people paste, in small; the samples of whole tools are in `tests/pasted_dumps.rs`.

use super::{HexText, HexTextError};

const BYTES: &[u8] = b"0800822000000000\x00\x01\xffAB";

fn check(text: &str) {
    let read = HexText::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(read.bytes, BYTES, "{text}");
}

#[test]
fn digits_as_people_paste_them() {
    let plain = "303830303832323030303030303030300001ff4142";
    check(plain);
    check(&format!("0x{}\n", plain.to_uppercase()));
    let pairs: Vec<String> = BYTES.iter().map(|byte| format!("{byte:02x}")).collect();
    for separator in [" ", ":", ", ", "-", "\n", "  "] {
        check(&pairs.join(separator));
    }
    check(&pairs.iter().map(|pair| format!("\\x{pair}")).collect::<String>());
    check(&format!("{{0x{}}}", pairs.join(", 0x")));
    check("3038 3030 3832 3230 3030 3030 3030 3030\n0001 ff41 42");
}

#[test]
fn dumps_of_the_usual_tools() {
    check(
        "00000000  30 38 30 30 38 32 32 30  30 30 30 30 30 30 30 30  |0800822000000000|\n\
         00000010  00 01 ff 41 42                                    |...AB|\n00000015\n",
    );
    check(
        "00000000: 3038 3030 3832 3230 3030 3030 3030 3030  0800822000000000\n\
         00000010: 0001 ff41 42                             ...AB\n",
    );
    check(
        "\t0x0000:  3038 3030 3832 3230 3030 3030 3030 3030  0800822000000000\n\
         \t0x0010:  0001 ff41 42                             ...AB",
    );
    check(
        "0000   30 38 30 30 38 32 32 30 30 30 30 30 30 30 30 30   0800822000000000\n\
         0010   00 01 ff 41 42                                    ...AB",
    );
    check("0000   30 38 30 30 38 32 32 30 30 30 30 30 30 30 30 30\n0010   00 01 ff 41 42");
}

#[test]
fn a_star_stands_for_repeated_lines() {
    let text = "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
                00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n\
                00000040  41                                                |A|\n00000041\n";
    let mut bytes = b"0123456789abcdef".to_vec();
    bytes.extend([0; 48]);
    bytes.push(b'A');
    assert_eq!(HexText::parse(text).unwrap().bytes, bytes);
    let wrong = |text: &str| HexText::parse(text).err().unwrap();
    assert_eq!(wrong("00000000  41 42\n*\n00000003"), HexTextError::Repeat { line: 1 });
    assert_eq!(wrong("00000000  41 42\n*\n"), HexTextError::Repeat { line: 1 });
    assert_eq!(wrong("00000000  41 42\n*\nffffff00  41"), HexTextError::Repeat { line: 1 });
    assert!(HexText::parse("*\n00000000  41 42").is_err());
}

#[test]
fn what_is_no_hex_is_refused_at_its_place() {
    let wrong = |text: &str| HexText::parse(text).err().unwrap();
    assert_eq!(wrong(" \n"), HexTextError::Empty);
    assert_eq!(wrong("30 3"), HexTextError::Odd { line: 1, digits: 1 });
    let character = wrong("30 31\n3x");
    assert!(matches!(character, HexTextError::Character { line: 2, column: 2, .. }), "{character}");
    let cut = "0000  30 31 32\n0010  33";
    assert_eq!(wrong(cut), HexTextError::Dump { line: 1, expected: 16, found: 3 });
}

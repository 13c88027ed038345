//! The EBCDIC code pages against tables written by others.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{CodePage, UnknownCodePage};

/// Each code page with the Latin-1 characters of its bytes, from code_pages.txt.
fn expected() -> Vec<(CodePage, Vec<u8>)> {
    let mut pages: Vec<(CodePage, Vec<u8>)> = Vec::new();
    let lines = include_str!("code_pages.txt").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let [name, first, characters] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let page = name.parse().unwrap();
        if pages.last().is_none_or(|(last, _)| *last != page) {
            pages.push((page, Vec::new()));
        }
        let (_, bytes) = pages.last_mut().unwrap();
        assert_eq!(bytes.len(), usize::from_str_radix(first, 16).unwrap(), "{line}");
        bytes.extend(hex::decode(characters).unwrap());
    }
    pages
}

#[test]
fn each_byte_is_the_character_that_others_say() {
    let expected = expected();
    assert_eq!(expected.iter().map(|(page, _)| *page).collect::<Vec<_>>(), CodePage::ALL);
    for (page, characters) in expected {
        assert_eq!(page.to_latin1()[..], characters[..], "{page}");
    }
}

#[test]
fn there_and_back_is_the_same_byte() {
    for page in CodePage::ALL {
        for byte in 0..=u8::MAX {
            assert_eq!(page.encode_byte(page.decode_byte(byte)), byte, "{page} {byte:02x}");
            assert_eq!(page.decode_byte(page.encode_byte(byte)), byte, "{page} {byte:02x}");
            assert_eq!(page.decode_byte(byte), page.to_latin1()[usize::from(byte)]);
            assert_eq!(page.encode_byte(byte), page.from_latin1()[usize::from(byte)]);
        }
    }
}

#[test]
fn the_pages_differ_where_they_are_known_to() {
    for (page, bracket, line_feed, next_line) in [
        (CodePage::Ibm037, 0xba, 0x25, 0x15),
        (CodePage::Ibm500, 0x4a, 0x25, 0x15),
        (CodePage::Ibm1047, 0xad, 0x25, 0x15),
    ] {
        assert_eq!(page.encode_byte(b'['), bracket, "{page}");
        assert_eq!((page.encode_byte(b'\n'), page.encode_byte(0x85)), (line_feed, next_line), "{page}");
        let encoded = b"0100 AZaz".map(|byte| page.encode_byte(byte));
        assert_eq!(encoded, *b"\xf0\xf1\xf0\xf0\x40\xc1\xe9\x81\xa9", "{page}");
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for page in CodePage::ALL {
        assert_eq!(page.to_string().parse(), Ok(page));
    }
    for wrong in ["", "ebcdic", "EBCDIC-037", "ebcdic-37", "037", "ebcdic-1047 "] {
        assert_eq!(wrong.parse::<CodePage>(), Err(UnknownCodePage), "{wrong}");
    }
    let message = UnknownCodePage.to_string();
    assert!(CodePage::ALL.iter().all(|page| message.contains(page.name())), "{message}");
}

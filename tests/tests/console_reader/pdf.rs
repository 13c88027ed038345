//! What somebody reads of a printed page: texts by their lines, from left to right. Knows only what the printer writes: one
//! font with a map to Unicode, each text placed by a matrix.

use std::{collections::BTreeMap, io::Read};

use flate2::read::ZlibDecoder;

/// The lines of all pages, each as its texts.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Vec<String>> {
    assert!(bytes.starts_with(b"%PDF-"));
    let streams = streams(bytes);
    let maps: Vec<&String> = streams.iter().filter(|text| text.contains("beginbfchar")).collect();
    let [map] = maps[..] else { panic!("{} maps to Unicode", maps.len()) };
    assert!(!map.contains("beginbfrange"));
    let letters = letters(map);
    let mut all = Vec::new();
    for page in streams.iter().filter(|text| text.contains("]TJ")) {
        // By height in tenths of a point, then from left to right.
        let mut placed: BTreeMap<i64, Vec<(i64, String)>> = BTreeMap::new();
        for text in page.split("BT ").skip(1) {
            let text = text.split("\nET").next().unwrap();
            let (matrix, shown) = text.split_once(" Tm").unwrap();
            let place: Vec<&str> = matrix.rsplit(' ').take(2).collect();
            let tenths = |text: &str| {
                let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
                whole.parse::<i64>().unwrap() * 10 + rest[..1].parse::<i64>().unwrap()
            };
            placed.entry(tenths(place[0])).or_default().push((tenths(place[1]), read(shown, &letters)));
        }
        for (_, mut line) in placed {
            line.sort();
            all.push(line.into_iter().map(|(_, text)| text).collect());
        }
    }
    all
}

/// Compressed streams as letters, a byte each.
fn streams(bytes: &[u8]) -> Vec<String> {
    let (begin, end) = (b"stream\n", b"\nendstream");
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = place(rest, begin) {
        let head = &rest[..at];
        let is_packed = place(&head[head.len().saturating_sub(200)..], b"/FlateDecode").is_some();
        rest = &rest[at + begin.len()..];
        let length = place(rest, end).unwrap();
        let mut plain = Vec::new();
        if is_packed && ZlibDecoder::new(&rest[..length]).read_to_end(&mut plain).is_ok() {
            found.push(plain.into_iter().map(char::from).collect());
        }
        rest = &rest[length + end.len()..];
    }
    found
}

fn place(all: &[u8], wanted: &[u8]) -> Option<usize> {
    all.windows(wanted.len()).position(|some| some == wanted)
}

/// Letters by the number of their shape.
fn letters(map: &str) -> BTreeMap<u16, String> {
    let pairs = map.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
    let units = |text: &str| -> Vec<u16> {
        text.as_bytes()
            .chunks(4)
            .map(|four| u16::from_str_radix(std::str::from_utf8(four).unwrap(), 16).unwrap())
            .collect()
    };
    pairs
        .filter(|(shape, _)| shape.len() == 4)
        .map(|(shape, text)| (units(shape)[0], String::from_utf16(&units(text)).unwrap()))
        .collect()
}

/// The texts between parentheses, which may have balanced ones inside, or in hexadecimal digits; two bytes for each shape.
fn read(shown: &str, letters: &BTreeMap<u16, String>) -> String {
    let (mut bytes, mut depth, mut rest) = (Vec::new(), 0, shown.chars());
    while let Some(letter) = rest.next() {
        match (depth, letter) {
            (0, '<') => {
                let digits: String = rest.by_ref().take_while(|digit| *digit != '>').collect();
                bytes.extend(hex::decode(digits).unwrap());
            }
            (0, '(') => depth = 1,
            (0, _) => {}
            (1, ')') => depth = 0,
            (_, '\\') => bytes.push(escaped(&mut rest)),
            (_, other) => {
                depth += match other {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                bytes.push(u8::try_from(other).unwrap());
            }
        }
    }
    let shapes = bytes.chunks(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
    shapes.map(|shape| letters[&shape].as_str()).collect()
}

fn escaped(rest: &mut std::str::Chars<'_>) -> u8 {
    let first = rest.next().unwrap();
    match first {
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'b' => 8,
        'f' => 12,
        '0'..='3' => {
            let digits: String = [first, rest.next().unwrap(), rest.next().unwrap()].iter().collect();
            u8::from_str_radix(&digits, 8).unwrap()
        }
        other => u8::try_from(other).unwrap(),
    }
}

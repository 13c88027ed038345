//! IPM files: blocks, records, endings and what the first bytes tell; the four files of the test data.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read, Write};

use iso8583::clearing::{
    TextEncoding,
    blocks::{BLOCK, BlockError, Blocked, PAYLOAD, Unblocked},
    detect::{Blocking, DetectError, HEAD, detect},
    vbs::{Ending, MAX_RECORD, Reader, VbsError, VbsProblem, Writer},
};
use proptest::prelude::*;
use serde_json::Value;

/// Number, offset and bytes of each record, and the ending.
type Read1 = (Vec<(u64, u64, Vec<u8>)>, Ending);

fn read_all(source: impl Read) -> Result<Read1, VbsError> {
    let mut reader = Reader::new(source);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push((record.number, record.offset, record.bytes.to_vec()));
    }
    assert_eq!(reader.next_record(), Ok(None), "the end stays the end");
    Ok((records, reader.ending().unwrap()))
}

fn read_blocked(bytes: &[u8]) -> Result<Read1, VbsError> {
    read_all(Unblocked::new(bytes))
}

fn unblocked(records: &[Vec<u8>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    records.iter().for_each(|record| writer.write_record(record).unwrap());
    writer.close().unwrap()
}

fn blocked(stream: &[u8]) -> Vec<u8> {
    let mut blocks = Blocked::new(Vec::new());
    blocks.write_all(stream).unwrap();
    blocks.finish().unwrap()
}

/// A file of the test data, whether it is blocked, its text, and what is in it.
fn files() -> Vec<(Vec<u8>, Blocking, TextEncoding, Value)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clearing/");
    let expected = std::fs::read_to_string(format!("{dir}expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&expected).unwrap();
    let file = |expected: Value| {
        let bytes = std::fs::read(format!("{dir}{}", expected["file"].as_str().unwrap())).unwrap();
        let blocking = if expected["framing"] == "1014" { Blocking::Blocks1014 } else { Blocking::Unblocked };
        let text = if expected["encoding"] == "cp500" { TextEncoding::Ebcdic } else { TextEncoding::Ascii };
        (bytes, blocking, text, expected)
    };
    expected.into_iter().map(file).collect()
}

fn read_file(bytes: &[u8], blocking: Blocking) -> Result<Read1, VbsError> {
    match blocking {
        Blocking::Blocks1014 => read_blocked(bytes),
        Blocking::Unblocked => read_all(bytes),
    }
}

#[test]
fn the_files_of_the_test_data_are_read_and_written_again() {
    let files = files();
    assert_eq!(files.len(), 4);
    for (bytes, blocking, text, expected) in &files {
        let detected = detect(&bytes[..bytes.len().min(HEAD)]).unwrap();
        assert_eq!((detected.blocking, detected.text, detected.records), (*blocking, *text, 6), "{detected}");
        let (records, ending) = read_file(bytes, *blocking).unwrap();
        assert_eq!(ending, Ending::Closed);
        let places: Vec<_> =
            records.iter().map(|(n, offset, bytes)| (*n, *offset, bytes.len() as u64)).collect();
        let number = |record: &Value, key: &str| record[key].as_u64().unwrap();
        let wanted = expected["records"].as_array().unwrap();
        let wanted: Vec<_> =
            wanted.iter().map(|r| (number(r, "n"), number(r, "offset"), number(r, "length"))).collect();
        assert_eq!(places, wanted);
        let stream = unblocked(&records.into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>());
        assert_eq!(stream.len() as u64, expected["unblocked_bytes"].as_u64().unwrap());
        let written = if *blocking == Blocking::Blocks1014 { blocked(&stream) } else { stream };
        assert_eq!(&written, bytes, "{}", expected["file"]);
    }
}

/// The bytes of each record as the test data states them on their own (`records.json`: vector id to hexadecimal).
#[test]
fn the_records_are_the_vectors_they_are_said_to_be() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clearing/records.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (bytes, blocking, _, expected) in files() {
        let (records, _) = read_file(&bytes, blocking).unwrap();
        for ((_, _, record), wanted) in records.iter().zip(expected["records"].as_array().unwrap()) {
            let vector = wanted["vector"].as_str().unwrap();
            assert_eq!(hex::encode(record), vectors[vector].as_str().unwrap(), "{vector}");
        }
    }
}

#[test]
fn every_prefix_is_refused_or_told_to_be_unclosed() {
    for (bytes, blocking, ..) in files() {
        for end in 0..bytes.len() {
            match read_file(&bytes[..end], blocking) {
                Ok((_, ending)) => assert_eq!(ending, Ending::Unclosed, "{end}"),
                Err(error) => assert!(error.to_string().contains("the sender must"), "{error}"),
            }
            let _ = detect(&bytes[..end]);
        }
    }
}

#[test]
fn endings() {
    let record = [0, 0, 0, 3, b'a', b'b', b'c'];
    let with = |rest: &[u8]| [&record[..], rest].concat();
    let check = |rest: &[u8], expected: Result<Ending, (u64, u64, VbsProblem)>| {
        let got = read_all(&with(rest)[..]).map(|(records, ending)| {
            assert_eq!(records.len(), 1);
            ending
        });
        let expected = expected.map_err(|(record, offset, problem)| VbsError { record, offset, problem });
        assert_eq!(got, expected, "{rest:?}");
    };
    let too_long = |announced| VbsProblem::TooLong { announced };
    check(&[0, 0, 0, 0], Ok(Ending::Closed));
    check(&[0, 0, 0, 0, 0x40, 0x40], Ok(Ending::Closed));
    check(&[], Ok(Ending::Unclosed));
    check(&[0x40], Ok(Ending::Unclosed));
    check(&[0x40; 700], Ok(Ending::Unclosed));
    check(&[0], Err((2, 7, VbsProblem::CutInLength { found: 1 })));
    check(&[0, 0, 0, 2, 1], Err((2, 7, VbsProblem::CutInRecord { expected: 2, found: 1 })));
    check(&[0, 0, 0x20, 1], Err((2, 7, too_long(8193))));
    check(&[0xff; 4], Err((2, 7, too_long(u32::MAX))));
    check(&[0x40, 0x40, 0x40, 0x40, 0x41], Err((2, 7, too_long(0x4040_4040))));
    check(&[0, 0, 0, 0, 0x40, 0, 0x40], Err((2, 12, VbsProblem::AfterEnd)));
    check(&[0, 0, 0, 0, 0, 0, 0, 0], Err((2, 11, VbsProblem::AfterEnd)));
    assert_eq!(read_all(&[0, 0, 0, 0][..]), Ok((vec![], Ending::Closed)));
    assert_eq!(read_all(&[][..]), Ok((vec![], Ending::Unclosed)));
}

#[test]
fn an_error_is_told_again() {
    let mut reader = Reader::new(&[0, 0, 0, 9, 1][..]);
    let error = reader.next_record().unwrap_err();
    assert_eq!(reader.next_record(), Err(error));
    assert_eq!((reader.ending(), reader.records()), (None, 0));
    assert_eq!(
        error.to_string(),
        "record 1 at byte 0: expected a record of 9 bytes, found 1 bytes to the end of the file; the sender must \
         send the whole file again"
    );
}

#[test]
fn wrong_blocks() {
    let file = blocked(&unblocked(&[vec![7; 1500], vec![8; 600]]));
    assert_eq!(file.len(), 3 * BLOCK);
    let problem = |bytes: &[u8]| match read_blocked(bytes).unwrap_err().problem {
        VbsProblem::Block(error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(problem(&file[..BLOCK + 5]), BlockError::Cut { block: 2, offset: 1014, found: 5 });
    for at in [2 * BLOCK - 1, 2 * BLOCK - 2] {
        let mut wrong = file.clone();
        wrong[at] = 0;
        assert_eq!(problem(&wrong), BlockError::WrongEnd { block: 2, offset: 2026 });
    }
    let error = read_blocked(&file[..BLOCK]).unwrap_err();
    assert_eq!(error.problem, VbsProblem::CutInRecord { expected: 1500, found: 1008 });
    let mut source = Unblocked::new(&file[..5]);
    for _ in 0..2 {
        assert!(source.read(&mut [0; 1]).is_err(), "a broken block does not look like an end");
    }
}

#[test]
fn a_block_of_fill_alone_is_accepted_but_not_written() {
    let stream = unblocked(&[vec![7; PAYLOAD - 8]]);
    assert_eq!(stream.len(), PAYLOAD);
    let mut file = blocked(&stream);
    assert_eq!(file.len(), BLOCK);
    assert_eq!(read_blocked(&file).unwrap().1, Ending::Closed);
    // So does cardutil 0.7.3 write it.
    file.extend_from_slice(&[0x40; BLOCK]);
    assert_eq!(read_blocked(&file).unwrap().1, Ending::Closed);
    assert_eq!(blocked(&[]), b"");
}

#[test]
fn the_writer_refuses_what_no_reader_takes() {
    let mut writer = Writer::new(Vec::new());
    for length in [0, MAX_RECORD + 1] {
        let error = writer.write_record(&vec![1; length]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
    writer.write_record(&vec![1; MAX_RECORD]).unwrap();
    let unclosed = writer.leave_unclosed().unwrap();
    assert_eq!(read_all(&unclosed[..]).unwrap().1, Ending::Unclosed);
}

#[test]
fn nothing_of_a_record_is_shown() {
    let stream = unblocked(&[b"12405413330089010434".to_vec()]);
    let mut reader = Reader::new(&stream[..]);
    assert_eq!(format!("{:?}", reader.next_record().unwrap().unwrap()), "Record(1 at 0, 20 bytes)");
}

#[test]
fn what_the_first_bytes_tell() {
    let check = |bytes: &[u8], expected: Result<(Blocking, TextEncoding), DetectError>| {
        let got = detect(bytes);
        assert_eq!(got.map(|found| (found.blocking, found.text)), expected, "{got:?}");
    };
    let ascii = |length: usize| [b"1644".to_vec(), vec![0x40; length - 4]].concat();
    let ebcdic = |length: usize| [vec![0xf1, 0xf6, 0xf4, 0xf4], vec![0x40; length - 4]].concat();
    let ok = |blocking, text| Ok((blocking, text));
    for length in [4, 50, 1003, 1004, 1008, 1500, 3000, MAX_RECORD] {
        for (record, text) in [(ascii(length), TextEncoding::Ascii), (ebcdic(length), TextEncoding::Ebcdic)] {
            let stream = unblocked(&[record.clone(), record.clone(), record]);
            if length < 1500 {
                check(&stream, ok(Blocking::Unblocked, text));
            }
            check(&blocked(&stream), ok(Blocking::Blocks1014, text));
        }
    }
    check(&[], Err(DetectError::TooShort { found: 0 }));
    check(&[0, 0, 0, 4, b'1'], Err(DetectError::TooShort { found: 5 }));
    check(b"\0\0\0\x0416x4", Err(DetectError::NoMti));
    check(b"\0\x52\0\x001644", Err(DetectError::DescriptorWord));
    check(b"\0\0\xff\xff1644", Err(DetectError::NoRecords { record: 1, offset: 0 }));
    check(b"\0\0\0\x041644\0\0\0\x09\xf1\xf6", Err(DetectError::NoRecords { record: 2, offset: 8 }));
    let detected = detect(&blocked(&unblocked(&[ascii(50)]))).unwrap();
    assert_eq!(
        detected.to_string(),
        "ASCII text, because the first record starts with four ASCII digits; blocks of 1014 bytes, because each of \
         the first 1 ends with 0x40 0x40 and without these bytes the lengths lead from record to record (1 seen)"
    );
}

/// Gives between one byte and as many as a sequence of numbers says.
struct Trickle<'a> {
    bytes: &'a [u8],
    pieces: std::iter::Cycle<std::vec::IntoIter<usize>>,
}

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = self.pieces.next().unwrap().min(out.len());
        self.bytes.read(&mut out[..most])
    }
}

fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let length = prop_oneof![8 => 4_usize..300, 2 => 900_usize..1100, 1 => 4_usize..=MAX_RECORD];
    let record = length.prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length));
    proptest::collection::vec(record, 0..12)
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        records in records(),
        pieces in proptest::collection::vec(1_usize..2000, 1..20),
        closed in any::<bool>(),
    ) {
        let mut stream = unblocked(&records);
        if !closed {
            stream.truncate(stream.len() - 4);
        }
        let mut blocks = Blocked::new(Vec::new());
        let mut rest = &stream[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() { break; }
            let (now, later) = rest.split_at((*piece).min(rest.len()));
            blocks.write_all(now).unwrap();
            rest = later;
        }
        let file = blocks.finish().unwrap();
        prop_assert_eq!(file.len() % BLOCK, 0);
        let trickle = |bytes| Trickle { bytes, pieces: pieces.clone().into_iter().cycle() };
        let from_blocks = read_all(Unblocked::new(trickle(&file))).unwrap();
        let direct = read_all(trickle(&stream)).unwrap();
        prop_assert_eq!(&from_blocks, &direct);
        let (read, ending) = direct;
        prop_assert_eq!(ending, if closed { Ending::Closed } else { Ending::Unclosed });
        prop_assert_eq!(read.into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>(), records);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let _ = read_all(&bytes[..]);
        let _ = read_blocked(&bytes);
        let _ = detect(&bytes);
    }

    #[test]
    fn almost_right_files_never_panic(
        records in records(),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut file = blocked(&unblocked(&records));
        let at = at.index(file.len());
        file[at] = byte;
        let _ = read_blocked(&file);
        let _ = read_all(&file[..]);
        let _ = detect(&file);
    }
}

//! Any bytes as clearing files: blocks, records, what a file is, and CTF drafts.

#![no_main]

use std::io::Read;

use iso8583::clearing::{blocks, ctf, detect::detect, vbs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(found) = detect(bytes) {
        let _ = format!("{found}");
    }
    records(bytes);
    let mut unblocked = Vec::new();
    let whole = blocks::Unblocked::new(bytes).read_to_end(&mut unblocked).is_ok();
    assert!(unblocked.len() <= bytes.len());
    if whole {
        let mut blocked = blocks::Blocked::new(Vec::new());
        std::io::Write::write_all(&mut blocked, &unblocked).unwrap();
        assert_eq!(blocked.finish().unwrap(), bytes, "what was unblocked can be blocked again");
    }
    records(blocks::Unblocked::new(bytes));
    if let Ok(format) = ctf::Format::detect(bytes) {
        let mut reader = ctf::Reader::new(bytes, format);
        loop {
            match reader.next_entry() {
                Ok(Some(entry)) => assert!(!format!("{entry:?}").is_empty()),
                Ok(None) => break,
                Err(error) => {
                    let _ = format!("{error}");
                    assert_eq!(reader.next_entry().err(), Some(error), "a mistake stays one");
                    break;
                }
            }
        }
    }
});

/// Reads all records, and writes them again when the file is right.
fn records(source: impl Read) {
    let mut reader = vbs::Reader::new(source);
    let mut writer = vbs::Writer::new(Vec::new());
    loop {
        match reader.next_record() {
            Ok(Some(record)) => writer.write_record(record.bytes).unwrap(),
            Ok(None) => break,
            Err(error) => {
                let _ = format!("{error}");
                assert_eq!(reader.next_record().err(), Some(error), "a mistake stays one");
                return;
            }
        }
    }
    let (records, file) = (reader.records(), writer.close().unwrap());
    let mut again = vbs::Reader::new(file.as_slice());
    while again.next_record().unwrap().is_some() {}
    assert_eq!(again.records(), records);
}

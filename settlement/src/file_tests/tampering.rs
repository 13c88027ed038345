//! No change of a file escapes the verifier: any byte, any line, and forgeries with a new seal.

use super::*;
use crate::{VerifyError, verify_file, verify_path};

fn sample_file() -> Vec<u8> {
    file(&worked_day(), "northbank", FIRST)
}

/// The co-brand partner's file has every type of record.
fn file_with_every_record() -> Vec<u8> {
    let bytes = file(&worked_day(), "airboreal", FIRST);
    let text = String::from_utf8_lossy(&bytes);
    assert!(["FH", "BH", "TX", "RD", "VD", "BT", "FT"].iter().all(|kind| text.contains(&format!("{kind}|"))));
    bytes
}

#[test]
fn every_flipped_byte_is_found() {
    let good = file_with_every_record();
    assert!(verify_file(&good).is_ok());
    let mut bytes = good.clone();
    for at in 0..bytes.len() {
        // A neighboring digit, the other case of a letter, no ASCII.
        for mask in [0x01, 0x20, 0x80] {
            bytes[at] ^= mask;
            assert!(verify_file(&bytes).is_err(), "byte {at}, mask {mask:02x}");
            bytes[at] = good[at];
        }
    }
}

#[test]
fn every_shortened_or_lengthened_file_is_found() {
    let good = file_with_every_record();
    for end in 0..good.len() {
        assert!(verify_file(&good[..end]).is_err(), "{end} bytes");
    }
    for more in ["\n", " ", "FT", "TX|\n", "\u{feff}"] {
        assert!(verify_file(&[&good, more.as_bytes()].concat()).is_err(), "{more:?}");
        assert!(verify_file(&[more.as_bytes(), &good].concat()).is_err(), "{more:?}");
    }
    let carriage = String::from_utf8(good).unwrap().replace('\n', "\r\n");
    assert!(verify_file(carriage.as_bytes()).is_err());
}

/// The file with a change and everything that a forger could easily make right again: record count and seal.
fn resealed(change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let text = String::from_utf8(sample_file()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let count = lines.len().to_string();
    if let Some(last) = lines.last_mut().filter(|last| last.starts_with("FT|")) {
        let mut fields: Vec<&str> = last.split('|').collect();
        fields[1] = &count;
        fields.pop();
        *last = format!("{}|", fields.join("|"));
    }
    let mut text = lines.join("\n");
    let seal = hex::encode(sha256(text.as_bytes()));
    text.push_str(&seal);
    text.push('\n');
    text.into_bytes()
}

#[test]
fn every_line_left_out_doubled_or_swapped_is_found_in_spite_of_a_new_seal() {
    assert!(verify_file(&resealed(|_| ())).is_ok());
    let count = String::from_utf8(sample_file()).unwrap().lines().count();
    for at in 0..count {
        assert!(verify_file(&resealed(|lines| drop(lines.remove(at)))).is_err(), "without line {at}");
        assert!(
            verify_file(&resealed(|lines| lines.insert(at, lines[at].clone()))).is_err(),
            "line {at} twice"
        );
        if at + 1 < count {
            assert!(verify_file(&resealed(|lines| lines.swap(at, at + 1))).is_err(), "line {at} swapped");
        }
    }
}

/// The position of the first line that begins so.
fn first(lines: &[String], start: &str) -> usize {
    lines.iter().position(|line| line.starts_with(start)).unwrap()
}

fn set(lines: &mut [String], at: usize, field: usize, value: &str) {
    let mut fields: Vec<&str> = lines[at].split('|').collect();
    fields[field] = value;
    lines[at] = fields.join("|");
}

/// Changes one field of the first record that begins so; returns the record and field that are named as wrong.
fn blamed(start: &str, field: usize, value: &str) -> (usize, &'static str) {
    let bytes = resealed(|lines| {
        let at = first(lines, start);
        set(lines, at, field, value);
    });
    match verify_file(&bytes) {
        Err(VerifyError::Record { record, field, .. }) => (record, field),
        other => panic!("{start} field {field}: {other:?}"),
    }
}

#[test]
fn a_forged_field_is_named_with_its_record() {
    for (start, field, value, blame) in [
        ("FH", 1, "1", (1, "layout version")),
        ("FH", 2, "live", (1, "environment")),
        ("FH", 4, "kosta", (1, "file id")),
        ("FH", 7, "Europe/Berlin", (1, "cut-off")),
        ("FH", 8, "2026-02-30", (1, "business date")),
        ("FH", 9, "01", (1, "cycle sequence")),
        ("FH", 10, "2026-10-11T00:00:00", (1, "cut-off")),
        ("FH", 11, "2", (1, "previous file's SHA-256")),
        ("BH", 3, "RUR", (2, "currency")),
        ("BH", 4, "3", (2, "exponent")),
        ("BH", 5, "partner_pays_bank", (16, "direction")),
        ("BH", 6, "1", (16, "to pay")),
        ("BH", 8, "2026-10-11", (2, "cycle sequence")),
        ("BH", 10, "0707070", (2, "terms")),
        ("BH", 12, "miles_granted,miles_granted", (2, "items")),
        ("TX", 1, "boreal-gold-000001-airboreal-RUB-000002", (3, "line id")),
        ("TX", 2, "gift", (3, "kind")),
        ("TX", 19, "1", (3, "late days")),
        ("TX", 20, "60", (16, "quantity")),
        ("TX", 21, "3630", (3, "line total")),
        ("TX", 23, "+3629", (3, "line total")),
        ("RD", 2, "0", (14, "amount")),
        ("RD", 2, "-3", (16, "credits")),
        ("VD", 2, "27430", (16, "debits")),
        ("BT", 1, "12", (16, "transactions")),
        ("BT", 2, "1", (16, "adjustments")),
        ("BT", 9, "-1", (16, "rounding")),
        ("BT", 10, "1", (16, "closing balance")),
        ("BT", 12, "164575", (16, "to pay")),
        ("FT", 2, "4", (27, "batches")),
        ("FT", 4, "1", (27, "hash total")),
    ] {
        assert_eq!(blamed(start, field, value), blame, "{start} {field} {value}");
    }
}

#[test]
fn two_changes_that_cancel_out_are_found_by_the_debits() {
    // One kopeck more on a positive line, one kopeck "less" on the negative line.
    let bytes = resealed(|lines| {
        for (start, net, total) in
            [("-kosta-RUB-000001|", "14816", "47779"), ("-kosta-RUB-000005|", "-1201", "-4441")]
        {
            let at = lines.iter().position(|line| line.contains(start)).unwrap();
            set(lines, at, 21, net);
            set(lines, at, 26, total);
        }
    });
    let error = verify_file(&bytes).unwrap_err();
    assert!(matches!(error, VerifyError::Record { field: "debits", .. }), "{error}");
}

#[test]
fn a_partner_s_file_holds_no_other_partner() {
    let text = String::from_utf8(sample_file()).unwrap();
    let bytes = text.replace("|northbank|northbank|northbank-", "|northbank|kosta|kosta-");
    let error = verify_file(bytes.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("record 2, partner: expected kosta, found \"airboreal\""), "{error}");
}

#[test]
fn something_else_is_refused_without_being_shown() {
    let error = verify_file(b"4111111111111111,2026-10-10\n").unwrap_err().to_string();
    assert!(error.contains("record 1") && !error.contains("4111111111111111"), "{error}");
    for bytes in [&b""[..], b"\n", b"\xff\n", b"FH", b"FH\n", b"FT|1|0||0|\n"] {
        assert!(verify_file(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn the_name_on_disk_must_be_that_of_the_header() {
    let folder = std::env::temp_dir().join(format!("cobrand-verify-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (right, wrong) = (folder.join("northbank_boreal-gold_2026-10-10_000001_0.cbs"), folder.join("a.cbs"));
    std::fs::write(&right, sample_file()).unwrap();
    std::fs::write(&wrong, sample_file()).unwrap();
    assert!(verify_path(&right).is_ok());
    assert!(matches!(verify_path(&wrong), Err(VerifyError::Name { .. })));
    assert!(matches!(verify_path(&folder.join("none")), Err(VerifyError::Unreadable { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

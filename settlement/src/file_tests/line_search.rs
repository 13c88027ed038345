//! A line is found in its file without reading the file, wherever it stands.

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::MessageKey;

use super::{FIRST, file, worked_day};
use crate::{BatchPlace, LineFile, LineId};

/// The file of a receiver on disk, and its text.
fn written(receiver: &str, name: &str, change: impl Fn(String) -> String) -> (PathBuf, String) {
    let text = change(String::from_utf8(file(&worked_day(), receiver, FIRST)).unwrap());
    let path = std::env::temp_dir().join(format!("cobrand-lines-{}-{name}.cbs", std::process::id()));
    std::fs::write(&path, &text).unwrap();
    (path, text)
}

/// The batch of a `BH`.
fn batch_of(record: &str) -> BatchPlace {
    let fields: Vec<&str> = record.split('|').collect();
    BatchPlace {
        partner: fields[1].to_owned(),
        currency: fields[3].to_owned(),
        cycle_sequence: fields[9].parse().unwrap(),
    }
}

/// Each line with its batch, as a plain reading of the whole file finds them.
fn all_lines(text: &str) -> Vec<(BatchPlace, Vec<String>)> {
    let mut batch = None;
    let mut lines = Vec::new();
    for record in text.lines() {
        let fields: Vec<String> = record.split('|').map(str::to_owned).collect();
        match fields[0].as_str() {
            "BH" => batch = Some(batch_of(record)),
            "FH" | "BT" | "FT" => {}
            _ => lines.push((batch.clone().unwrap(), fields)),
        }
    }
    lines
}

fn every_line_is_found(receiver: &str, name: &str, change: impl Fn(String) -> String) {
    let (path, text) = written(receiver, name, change);
    let mut found = LineFile::open(&path).unwrap();
    let lines = all_lines(&text);
    assert!(!lines.is_empty(), "{receiver} has lines");
    for (batch, fields) in &lines {
        let id = LineId::parse(&fields[1], ["boreal", "boreal-gold"]).unwrap();
        assert_eq!(id.batch, *batch, "{}", fields[1]);
        let line =
            found.line(batch, id.number).unwrap().unwrap_or_else(|| panic!("{} is missing", fields[1]));
        assert_eq!(line.record, fields.join("|"));
        assert_eq!(line.id_text, fields[1]);
        if let Some(message) = MessageKey::parse(&line.message) {
            let of_message = found.of_message(batch, message).unwrap();
            let same = lines.iter().filter(|(of, other)| of == batch && other.contains(&line.message));
            assert_eq!(of_message.len(), same.count());
            assert!(of_message.contains(&line));
        }
    }
    let batches: BTreeSet<&BatchPlace> = lines.iter().map(|(batch, _)| batch).collect();
    for batch in batches {
        let of_batch: Vec<&Vec<String>> =
            lines.iter().filter(|(of, _)| of == batch).map(|(_, fields)| fields).collect();
        let page = found.page(batch, 1, 1_000).unwrap();
        assert_eq!(page.len(), of_batch.len(), "{batch:?}");
        let total: i64 =
            page.iter().filter(|line| line.record_type == "TX").map(|line| line.total_minor).sum();
        let of_items: i64 = page
            .iter()
            .filter(|line| line.record_type == "TX")
            .map(|line| line.net_minor() + line.vat_minor())
            .sum();
        assert_eq!(total, of_items, "net and tax are the line");
        let rest = found.page(batch, 3, 2).unwrap();
        assert_eq!(rest, page.iter().skip(2).take(2).cloned().collect::<Vec<_>>());
        assert!(found.items(batch).unwrap().is_some());
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn every_line_of_a_partner_and_of_the_bank_is_found() {
    for receiver in ["airboreal", "skyfuel", "kosta", "northbank"] {
        every_line_is_found(receiver, receiver, |text| text);
    }
}

#[test]
fn it_is_found_among_very_long_records_too() {
    let long = "L".repeat(9_000);
    every_line_is_found("northbank", "long", |text| text.replace("MERCHANT-1", &long));
}

#[test]
fn what_is_not_there_is_not_found() {
    let (path, text) = written("northbank", "absent", |text| text);
    let mut found = LineFile::open(&path).unwrap();
    let batch = text.lines().find(|record| record.starts_with("BH")).map(batch_of).unwrap();
    assert_eq!(found.line(&batch, 999_999).unwrap(), None);
    assert_eq!(found.of_message(&batch, MessageKey::new(u64::MAX, [0xff; 16])).unwrap(), []);
    for (partner, currency, cycle_sequence) in
        [("aaa", "RUB", 1), ("zzz", "RUB", 1), ("kosta", "EUR", 1), ("kosta", "USD", 1), ("kosta", "RUB", 2)]
    {
        let other = BatchPlace { partner: partner.to_owned(), currency: currency.to_owned(), cycle_sequence };
        assert_eq!(found.page(&other, 1, 10).unwrap(), [], "{other:?}");
        assert_eq!(found.items(&other).unwrap(), None);
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_file_that_is_none_is_an_error_and_no_panic() {
    for (name, bytes) in
        [("no-end", &b"FH|2|TEST"[..]), ("not-text", b"\xff\xfe|\n\xff\n"), ("zeros", &[0; 200_000])]
    {
        let path = std::env::temp_dir().join(format!("cobrand-lines-{}-{name}.bad", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let batch = BatchPlace { partner: "kosta".into(), currency: "RUB".into(), cycle_sequence: 1 };
        assert!(LineFile::open(&path).unwrap().page(&batch, 1, 10).is_err(), "{name}");
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn an_id_is_read_with_hyphens_in_its_codes() {
    let codes = ["gold", "gold-boreal", "gold-boreal-2"];
    let read = |text: &str| LineId::parse(text, codes).map(|id| (id.program, id.batch.partner, id.number));
    assert_eq!(
        read("gold-boreal-000007-sky-fuel-RUB-000012"),
        Some(("gold-boreal".to_owned(), "sky-fuel".to_owned(), 12))
    );
    assert_eq!(
        read("gold-boreal-2-000007-kosta-RUB-1000000"),
        Some(("gold-boreal-2".to_owned(), "kosta".to_owned(), 1_000_000))
    );
    for text in
        ["", "gold", "gold-7-kosta-RUB-000001", "gold-000007-kosta-rub-000001", "gold-000007-RUB-000001"]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

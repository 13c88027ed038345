//! Answers to settlement files: what is read, what is refused with its place, and that no bytes break the reader.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use domain::{AnswerVerdict, DisputeCode};
use partner_adapters::{
    ACKNOWLEDGEMENT_BYTES_MAX, Acknowledgement, DISPUTED_LINES_MAX, canonical::Environment,
};
use proptest::prelude::*;

const HASH: &str = "d21025e1c19e7c00fa405b49e6d2ddac881dbca877c07f814a41a32acd7c800b";

fn ack() -> String {
    format!(
        "ACK|1|TEST|skyfuel|northbank|3|skyfuel-boreal-gold-000001-0|1|0|{HASH}|5|RUB:bank_pays_partner:1095\nEND|2\n"
    )
}

fn nack() -> String {
    format!(
        "NACK|1|TEST|skyfuel|northbank|4|skyfuel-boreal-gold-000001-0|1|0|{HASH}|5|RUB:bank_pays_partner:1095|content|see the list\n\
         LINE|boreal-gold-000001-skyfuel-RUB-000001|price|-8400|-1680|INV-7\n\
         LINE|boreal-gold-000001-skyfuel-RUB-000002|duplicate|||\n\
         END|4\n"
    )
}

fn read(text: &str) -> Result<Acknowledgement, String> {
    Acknowledgement::read(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn what_is_read_is_written_again_in_both_forms() {
    for text in [ack(), nack()] {
        let answer = read(&text).unwrap();
        assert_eq!(answer.to_text(), text);
        let json = serde_json::to_string(&answer.to_json()).unwrap();
        assert_eq!(read(&json).unwrap(), answer, "{json}");
    }
    let nack = read(&nack()).unwrap();
    let AnswerVerdict::Content(lines) = &nack.answer.verdict else { panic!("{nack:?}") };
    assert_eq!((lines[0].theirs, lines[1].code), (Some((-8_400, -1_680)), DisputeCode::Duplicate));
    // A file without batches has no totals, and one that has not come has no counts either.
    let empty = read(&ack().replace("RUB:bank_pays_partner:1095", "")).unwrap();
    assert_eq!(empty.answer.totals, Some(Vec::new()));
    let gone = "NACK|1|TEST|skyfuel|northbank|4|skyfuel-boreal-gold-000001-0|1|0||||transport|\nEND|2\n";
    let gone = read(gone).unwrap().answer;
    assert_eq!((gone.sha256, gone.records, gone.totals), (None, None, None));
}

/// A good answer with one text for another, and what is said of it.
fn check(good: &str, from: &str, to: &str, expected: &str) {
    let text = good.replacen(from, to, 1);
    assert_ne!(text, good, "{from}");
    let found = read(&text).expect_err(&text);
    assert!(found.starts_with(expected), "{from} -> {to}: {found}");
    assert!(to.len() < 4 || !found.contains(to), "what was found is not said again: {found}");
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    let ack = ack();
    for (from, to, expected) in [
        ("ACK|", "OK|", "line 1, column 1: expected a record ACK or NACK"),
        ("|1|TEST", "|2|TEST", "line 1, column 5: expected layout version 1"),
        ("TEST", "PROD", "line 1, column 7: expected TEST or LIVE"),
        ("skyfuel|", "Skyfuel|", "line 1, column 12: expected a code"),
        ("northbank", "north bank", "line 1, column 20: expected a code"),
        ("|3|", "|03|", "line 1, column 30: expected a whole number in ASCII digits"),
        ("|3|", "|+3|", "line 1, column 30: expected a whole number"),
        ("|3|", "|٣|", "line 1, column 30: expected a whole number"),
        ("|3|", "|３|", "line 1, column 30: expected a whole number"),
        ("|3|", "|0|", "line 1, column 30: expected at least 1"),
        ("|3|", "|99999999999|", "line 1, column 30: expected a whole number"),
        ("skyfuel-boreal", "../../etc/passwd", "line 1, column 32: expected an id"),
        ("skyfuel-boreal", "..%2fskyfuel", "line 1, column 32: expected an id"),
        ("|1|0|", "|1|-1|", "line 1, column 63: expected at least 0"),
        ("d21025", "D21025", "line 1, column 65: expected a SHA-256"),
        ("d21025", "d2102", "line 1, column 65: expected a SHA-256"),
        (HASH, "", "line 1, column 65: expected the SHA-256 of the file as it came"),
        ("|5|", "|0|", "line 1, column 130: expected at least 1"),
        ("|5|RUB:bank_pays_partner:1095", "||", "line 1, column 130: expected the number of records"),
        ("|5|RUB", "||RUB", "line 1, column 130: expected the number of records"),
        ("RUB:", "rub:", "line 1, column 132: expected the three letters"),
        ("bank_pays_partner", "nobody_pays", "line 1, column 132: expected bank_pays_partner or"),
        (":1095", ":-1095", "line 1, column 132: expected at least 0"),
        (":1095", "", "line 1, column 132: expected totals as in the file"),
        (":1095", ":1095;RUB:bank_pays_partner:1", "line 1, column 132: expected one total for each"),
        ("END|2", "END|3", "line 2, column 5: expected 2 records"),
        ("END|2\n", "", "line 1, column 1: expected a record ACK or NACK and"),
        ("END|2\n", "END|2", "line 2, column 1: expected a line feed"),
        ("END|2\n", "END|2\n\n", "line 3, column 1: expected the record END"),
        ("\nEND", "\r\nEND", "line 1, column 1: expected no control character"),
        ("TEST", "TE\u{7}ST", "line 1, column 1: expected no control character"),
    ] {
        check(&ack, from, to, expected);
    }
    let nack = nack();
    for (from, to, expected) in [
        ("|content|", "|contents|", "line 1, column 160: expected transport, layout or content"),
        ("|content|", "|layout|", "line 1, column 160: expected no lines"),
        ("see the list", "see|the list", "line 1, column 168: expected 14 fields"),
        ("see the list", "4111111111111111", "line 1, column 168: expected no card number"),
        ("price", "cheap", "line 2, column 44: expected one of the codes not_found, duplicate"),
        ("LINE|boreal", "TX|boreal", "line 2, column 1: expected a record LINE"),
        ("|-8400|", "||", "line 2, column 50: expected net and tax, or neither"),
        ("|-1680|", "||", "line 2, column 56: expected net and tax, or neither"),
        ("|-8400|", "|-84.00|", "line 2, column 50: expected a whole number"),
        ("RUB-000001", "RUB-000002", "line 1, column 160: expected each line once"),
        ("RUB-000001", "RUB/000001", "line 2, column 6: expected an id"),
        ("INV-7", "=cmd|7", "line 2, column 62: expected 6 fields"),
    ] {
        check(&nack, from, to, expected);
    }
    let none = nack.lines().next().unwrap().to_owned() + "\nEND|2\n";
    assert!(read(&none).unwrap_err().starts_with("line 1, column 160: expected the lines that are disputed"));
}

#[test]
fn what_is_wrong_in_json_is_named_by_its_field() {
    let good = serde_json::to_value(read(&nack()).unwrap().to_json()).unwrap();
    let check = |pointer: &str, value: serde_json::Value, expected: &str| {
        let mut json = good.clone();
        *json.pointer_mut(pointer).unwrap() = value;
        let found = read(&json.to_string()).unwrap_err();
        assert!(found.starts_with(expected), "{pointer}: {found}");
    };
    check("/version", "2".into(), "version: expected \"1\"");
    check("/answer", "ack".into(), "answer: expected no kind");
    check("/answer", "perhaps".into(), "answer: expected ack or nack");
    check("/kind", "transport".into(), "kind: expected no lines");
    check("/number", 0.into(), "number: expected at least 1");
    check("/number", 1.5.into(), "line 1, column");
    check("/file_id", "../x".into(), "file_id: expected an id");
    check("/sha256", "00".into(), "sha256: expected a SHA-256");
    check("/totals/0/currency", "R".into(), "totals[0]: expected the three letters");
    check("/lines/1/code", "x".into(), "lines[1].code: expected one of the codes");
    check("/lines/0/net_minor", serde_json::Value::Null, "lines[0].net_minor: expected net and tax");
    check("/lines/0/reference", "a\nb".into(), "lines[0].reference: expected at most");
    check("/lines", serde_json::json!([]), "lines: expected the lines");
    let mut unknown = good.clone();
    unknown["sha-256"] = "x".into();
    assert!(read(&unknown.to_string()).unwrap_err().contains("and no others"));
    let deep = "{\"version\":".to_owned() + &"[".repeat(100_000);
    assert!(read(&deep).unwrap_err().starts_with("line 1, column"));
}

#[test]
fn an_answer_that_is_too_large_is_not_read() {
    let long = "x".repeat(ACKNOWLEDGEMENT_BYTES_MAX + 1);
    assert!(read(&long).unwrap_err().contains("send smaller answers"));
    let many = "\n".repeat(DISPUTED_LINES_MAX + 5);
    assert!(read(&many).unwrap_err().contains("expected at most 10000 lines"));
    let record = ack().replace("skyfuel-", &"s".repeat(5_000));
    assert!(read(&record).unwrap_err().starts_with("line 1, column 1: expected a record of at most"));
}

#[test]
fn an_answer_of_somebody_else_is_named() {
    let answer = read(&ack()).unwrap();
    let test = Environment::Test;
    assert!(answer.is_between("skyfuel", "northbank", test).is_ok());
    for (sender, receiver, environment, field) in [
        ("kosta", "northbank", test, "sender"),
        ("skyfuel", "southbank", test, "receiver"),
        ("skyfuel", "northbank", Environment::Live, "environment"),
    ] {
        let error = answer.is_between(sender, receiver, environment).unwrap_err();
        assert_eq!(error.place, field, "{error}");
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = Acknowledgement::read(&bytes) {
            prop_assert!(!error.place.is_empty() && !error.problem.is_empty());
        }
    }

    #[test]
    fn no_change_of_a_good_answer_breaks_it_or_reads_as_what_it_is_not(
        json in any::<bool>(), at in 0_usize..700, with in proptest::collection::vec(any::<u8>(), 0..4),
        cut in 0_usize..4,
    ) {
        let good = read(&nack()).unwrap();
        let mut bytes =
            if json { serde_json::to_vec(&good.to_json()).unwrap() } else { nack().into_bytes() };
        let at = at.min(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, with);
        if let Ok(read) = Acknowledgement::read(&bytes) {
            // What is taken has one meaning: written again it is read as the same.
            prop_assert_eq!(Acknowledgement::read(read.to_text().as_bytes()).unwrap(), read);
        }
    }
}

//! Files of lines and their hand-backs, without a database.

use std::collections::BTreeMap;

use domain::{BankId, Currency, CutOffs, LineKind, LineState, PartnerId, ProgramId, RejectCode};
use jiff::civil::{Time, date};
use store::{AccrualFile, AccrualLine};

use super::{HandbackFile, render::render};
use crate::{Environment, ProgramSetup};

fn setup() -> ProgramSetup {
    ProgramSetup {
        id: ProgramId(1),
        code: "boreal-gold".to_owned(),
        bank: (BankId(1), "northbank".to_owned()),
        cobrand_partner: PartnerId(1),
        time_zone: "Europe/Moscow".to_owned(),
        cut_offs: CutOffs::one(Time::midnight()),
        currency: Currency(643),
        terms: Vec::new(),
        partner_codes: BTreeMap::from([(PartnerId(1), "airboreal".to_owned())]),
        environment: Environment::Test,
        rules: domain::RulesHash([7; 32]),
    }
}

fn file() -> AccrualFile {
    AccrualFile {
        program: ProgramId(1),
        sequence: 2,
        partner: PartnerId(1),
        business_date: date(2026, 10, 10),
        lines: 3,
        miles: 70,
        sha256: None,
        published: true,
    }
}

fn line(number: u32, miles: i64) -> AccrualLine {
    AccrualLine {
        id: format!("boreal-gold-000001-{number:06}"),
        member_number: format!("AB|{number}"),
        name_check: "IVAI".to_owned(),
        activity_date: date(2026, 10, 10),
        miles,
        kind: LineKind::of(miles),
        reason: "purchase".to_owned(),
        original: None,
        resubmits: None,
        state: LineState::Sent,
    }
}

fn sent() -> Vec<AccrualLine> {
    let taken_back = AccrualLine {
        original: Some("boreal-gold-000001-000001".to_owned()),
        reason: "refund".to_owned(),
        ..line(3, -40)
    };
    vec![
        line(1, 100),
        AccrualLine { resubmits: Some("boreal-gold-000000-000009".to_owned()), ..line(2, 10) },
        taken_back,
    ]
}

#[test]
fn the_bytes_are_the_same_whenever_they_are_written() {
    let (bytes, hash) = render(&setup(), &file(), &sent()).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let expected = "AH|1|TEST|northbank|airboreal|boreal-gold|2|2026-10-10\n\
        AL|boreal-gold-000001-000001|accrual|AB 1|IVAI|2026-10-10|100|||purchase\n\
        AL|boreal-gold-000001-000002|accrual|AB 2|IVAI|2026-10-10|10||boreal-gold-000000-000009|purchase\n\
        AL|boreal-gold-000001-000003|reversal|AB 3|IVAI|2026-10-10|-40|boreal-gold-000001-000001||refund\n\
        AT|5|3|110|-40|70|";
    assert!(text.starts_with(expected), "{text}");
    let behind = text.strip_prefix(expected).unwrap();
    assert_eq!(behind.trim_end(), hex::encode(partner_adapters::sha256(expected.as_bytes())));
    assert_eq!(render(&setup(), &file(), &sent()).unwrap(), (bytes, hash));
}

const GOOD: &str = "HH|1|TEST|airboreal|northbank|boreal-gold|2|7\n\
    HL|boreal-gold-000001-000001|accepted|\n\
    HL|boreal-gold-000001-000002|rejected|unknown_member\n\
    HL|boreal-gold-000001-000003|rejected|balance_spent\n\
    HT|5|1|2|100|-30\n";

#[test]
fn a_good_hand_back_is_taken_whole() {
    let read = HandbackFile::read(GOOD.as_bytes()).unwrap();
    let answers = read.answers(&setup(), Some(&file()), &sent()).unwrap();
    assert_eq!((answers.sequence, answers.file_sequence), (7, 2));
    let found: Vec<_> = answers.lines.iter().map(|line| (line.state, line.code)).collect();
    let rejected = |code| (LineState::Rejected, Some(code));
    let expected = [
        (LineState::Accepted, None),
        rejected(RejectCode::UnknownMember),
        rejected(RejectCode::BalanceSpent),
    ];
    assert_eq!(found, expected);
}

/// The good file with one text for another, and what is said of it.
fn check(from: &str, to: &str, expected: &str) {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "{from}");
    let read = HandbackFile::read(text.as_bytes());
    let found = read.and_then(|read| read.answers(&setup(), Some(&file()), &sent())).expect_err(&text);
    assert!(found.to_string().starts_with(expected), "{from} -> {to}: {found}");
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    check("HH|1", "HH|2", "line 1, column 4: expected layout version \"1\"");
    check("HH|1|", "XX|1|", "line 1, column 1: expected the header");
    check("TEST", "LIVE", "line 1, column 6: expected the environment \"TEST\", found \"LIVE\"");
    check("airboreal", "skyfuel", "line 1, column 11: expected the partner \"airboreal\"");
    check("northbank", "southbank", "line 1, column 21: expected the bank \"northbank\"");
    check("boreal-gold|2", "boreal-red|2", "line 1, column 31: expected the program");
    check("|2|7", "|02|7", "line 1, column 43: expected the sequence of the accrual file");
    check("|2|7", "|2|0", "line 1, column 43: expected the hand-back's own number");
    check("000001|accepted|", "000001|accepted", "line 2, column 30: expected 4 fields");
    check("accepted|", "accepted|too_late", "line 2, column 39: expected no code");
    check("accepted|", "taken|", "line 2, column 30: expected accepted or rejected");
    check(
        "unknown_member",
        "who",
        "line 3, column 39: expected one of the codes unknown_member, name_mismatch",
    );
    check(
        "unknown_member",
        "balance_spent",
        "line 3, column 39: expected a code for a line that gives miles",
    );
    check("000001-000002", "000001-000001", "line 3, column 4: expected one answer to a line");
    check("000001-000002", "000001-000009", "line 3, column 4: expected a line of the file");
    check("HL|boreal-gold-000001-000002", "HL|", "line 3, column 4: expected the id of a line");
    check("HT|5", "HT|4", "line 5, column 4: expected 5 records");
    check("|-30", "|30", "line 5, column 1: expected the totals 1|2|100|-30");
    check("|-30\n", "|-30", "line 5, column 1: expected a line feed");
    check("|accepted|\n", "|accepted|\r\n", "line 2, column 39: expected no carriage return");
}

#[test]
fn what_was_answered_or_never_sent_is_refused() {
    let read = HandbackFile::read(GOOD.as_bytes()).unwrap();
    let unsent = read.answers(&setup(), None, &[]).unwrap_err();
    assert_eq!((unsent.line, unsent.column), (1, 43), "{unsent}");
    let mut answered = sent();
    answered[1].state = LineState::Accepted;
    let twice = read.answers(&setup(), Some(&file()), &answered).unwrap_err();
    assert_eq!((twice.line, twice.column), (3, 4), "{twice}");
    let unpublished = AccrualFile { published: false, ..file() };
    assert!(read.answers(&setup(), Some(&unpublished), &sent()).is_err());
}

#[test]
fn any_bytes_are_answered_with_a_place() {
    for bytes in [&b""[..], b"\n", b"\xff\xfe", b"HH|1\n", b"HH|1|\nHT|\n", b"|||\n|||\n|||\n"] {
        let error = HandbackFile::read(bytes).unwrap_err();
        assert!(error.line > 0 && error.column > 0, "{error}");
    }
}

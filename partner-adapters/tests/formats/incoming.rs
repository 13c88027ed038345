//! What partners send back: our own forms, their own, and what must never be taken.

use domain::settlement::Direction;
use jiff::civil::date;
use partner_adapters::canonical::{Environment, Record};
use partner_adapters::formats::incoming::{
    CsvMapping, Limits, Statement, StatementError, StatementLine, camt, csv, native, payout_csv,
};
use partner_adapters::formats::{Format, Summary};
use proptest::prelude::*;

use crate::{read, rendered, worked_day};

fn total(statement: &Statement) -> i64 {
    statement.lines.iter().map(|line| line.amount_minor).sum()
}

fn by_reference(statement: &Statement, reference: &str) -> StatementLine {
    statement.lines.iter().find(|line| line.reference == reference).unwrap().clone()
}

#[test]
fn what_we_send_is_read_back_the_same_in_every_form() {
    let limits = Limits::default();
    for (records, movements, paid) in [
        (worked_day::airboreal(), 13, 164_574_i64),
        (worked_day::kosta(), 5, -55_878),
        (worked_day::every_kind(), 8, -100),
        (worked_day::nothing(), 0, 0),
    ] {
        let summary = Summary::read(read(&records)).unwrap();
        let whole = native(&summary, read(&records), &limits).unwrap();
        assert_eq!((whole.lines.len(), total(&whole)), (movements, paid));
        assert_eq!(whole.environment, Some(Environment::Test));

        let rows = payout_csv(rendered(&Format::PayoutCsv, &records).as_slice(), &limits).unwrap();
        let notified = camt(rendered(&Format::Camt054, &records).as_slice(), &limits).unwrap();
        for other in [&rows, &notified] {
            let key =
                |line: &StatementLine| (line.reference.clone(), line.amount_minor, line.currency.clone());
            let keys = |statement: &Statement| statement.lines.iter().map(key).collect::<Vec<_>>();
            assert_eq!(keys(other), keys(&whole));
        }
        // A statement ends with the payment, so it leads from balance to balance.
        let statement = camt(rendered(&Format::Camt053, &records).as_slice(), &limits).unwrap();
        let balances: i64 = whole
            .lines
            .iter()
            .filter(|line| ["opening_balance", "carried_forward"].contains(&&*line.text))
            .map(|line| line.amount_minor)
            .sum();
        assert_eq!(total(&statement), -balances);
    }
}

#[test]
fn the_lines_of_a_notification_have_everything_that_reconciliation_needs() {
    let statement =
        camt(rendered(&Format::Camt054, &worked_day::kosta()).as_slice(), &Limits::default()).unwrap();
    assert_eq!(statement.reference, "kosta-boreal-gold-000001-0");
    let line = by_reference(&statement, "boreal-gold-000001-kosta-RUB-000001");
    assert_eq!(line.amount_minor, -47_778);
    assert_eq!((line.date, line.direction), (date(2026, 10, 10), Direction::BankPaysPartner));
    assert!(line.text.contains("RETRIEVAL 628300000001"), "{}", line.text);
}

const CSV: &str = "\
report of the ERP\r\n\
DATE;TYPE;REF;SUM;DRCR;CUR;TEXT\r\n\
10.10.2026;D;boreal-gold-000001-skyfuel-RUB;10,95;CR;RUB;payout\r\n\
11.10.2026;X;total;99,99;DR;RUB;left out\r\n\
11.10.2026;D;own-7;1 000;DR;JPY;\"a \"\"quoted\"\" text\"\r\n";

fn mapping() -> CsvMapping {
    let text = r#"
        delimiter = ";"
        skip_lines = 1
        point = ","
        date_format = "%d.%m.%Y"
        reference = "REF"
        date = "DATE"
        amount = "SUM"
        side = "DRCR"
        currency = "CUR"
        text = "TEXT"
        only = { TYPE = "D" }
    "#;
    toml::from_str(text).unwrap()
}

fn read_csv(text: &str) -> Result<Statement, StatementError> {
    csv(text.as_bytes(), &mapping(), &Limits::default())
}

#[test]
fn a_partner_s_own_columns_are_read_by_its_mapping() {
    let statement = read_csv(&CSV.replace("1 000", "1000")).unwrap();
    let lines: Vec<(u64, &str, i64, &str, &str)> = statement
        .lines
        .iter()
        .map(|line| (line.place, &*line.reference, line.amount_minor, &*line.currency, &*line.text))
        .collect();
    assert_eq!(
        lines,
        [
            (3, "boreal-gold-000001-skyfuel-RUB", 1_095, "RUB", "payout"),
            (5, "own-7", -1_000, "JPY", "a \"quoted\" text"),
        ]
    );
}

#[test]
fn what_is_wrong_in_a_csv_is_told_with_its_place() {
    let good = CSV.replace("1 000", "1000");
    let check = |from: &str, to: &str, says: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = read_csv(&text).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    };
    check(
        "10,95",
        "10.95",
        "line 3, column \"SUM\": expected an amount of RUB with at most 2 decimals after `,`, found \"10.95\"",
    );
    check("10,95", "10,955", "line 3, column \"SUM\": expected an amount of RUB");
    check("10,95", "=10", "line 3, column \"SUM\": expected an amount of RUB");
    check(";CR;", ";XX;", "line 3, column \"DRCR\": expected \"CR\" or \"DR\"");
    check(
        "10,95",
        "-10,95",
        "line 3, column \"DRCR\": expected \"CR\" or \"DR\", and an amount without sign",
    );
    check("CR;RUB", "CR;QQQ", "line 3, column \"SUM\": expected a currency of ISO 4217, found \"QQQ\"");
    check(
        "10.10.2026",
        "2026-10-10",
        "line 3, column \"DATE\": expected a date like %d.%m.%Y, found \"2026-10-10\"",
    );
    check(
        ";payout",
        ";=cmd|' /C calc'!A0",
        "line 3, column \"TEXT\": expected a text, found the formula \"=cmd|",
    );
    check(";payout", ";@SUM(A1)", "line 3, column \"TEXT\": expected a text, found the formula");
    check(";payout", ";-1+2", "line 3, column \"TEXT\": expected a text, found the formula");
    check(
        ";payout",
        ";a\u{0}b",
        "line 3, column \"TEXT\": expected text, found the control character U+0000",
    );
    check(";payout", "", "line 3: expected CSV, found 6 fields where the names of the columns are 7");
    check(";payout", ";payout;more", "line 3: expected CSV, found 8 fields");
    check(";TEXT", ";TEXTS", "the mapping, text: expected a column \"TEXT\" in the file, found \"DATE\", ");
    check("TYPE;REF", "REF;REF", "the mapping, reference: expected one column \"REF\", found several");
    let huge = format!(";{}", "x".repeat(2_001));
    check(";payout", &huge, "line 3, column \"TEXT\": expected at most 2000 characters");
}

#[test]
fn bytes_of_another_encoding_and_files_that_are_too_large_are_refused() {
    let mut bytes = CSV.replace("1 000", "1000").into_bytes();
    let place = bytes.windows(6).position(|six| six == b"payout").unwrap();
    bytes[place] = 0xcf;
    let error = csv(bytes.as_slice(), &mapping(), &Limits::default()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("line 3, byte {place} of the file: expected utf-8, found the byte CF")),
        "{error}"
    );
    let cyrillic = CsvMapping { encoding: "windows-1251".into(), ..mapping() };
    let statement = csv(bytes.as_slice(), &cyrillic, &Limits::default()).unwrap();
    assert_eq!(statement.lines[0].text, "Пayout");

    let small = Limits { bytes: 40, ..Limits::default() };
    let error = csv(CSV.as_bytes(), &mapping(), &small).unwrap_err().to_string();
    assert_eq!(
        error,
        "the statement: expected at most 40 bytes, found more; ask the partner for several statements"
    );
    let few = Limits { lines: 2, ..Limits::default() };
    let error = csv(CSV.as_bytes(), &mapping(), &few).unwrap_err().to_string();
    assert!(error.contains("expected at most 2 lines"), "{error}");
}

#[test]
fn a_payout_csv_that_was_tampered_with_is_refused() {
    let good = String::from_utf8(rendered(&Format::PayoutCsv, &worked_day::kosta())).unwrap();
    let check = |from: &str, to: &str, says: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let error = payout_csv(text.as_bytes(), &Limits::default()).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    };
    check("payout/1,TEST", "payout/2,TEST", "line 2, column \"columns\": expected payout/1");
    check(
        "payout/1,TEST",
        "payout/1,PROD",
        "line 2, column \"environment\": expected TEST or LIVE, found \"PROD\"",
    );
    check("payout/1,TEST", "payout/1,LIVE", "line 3, column \"file_id\": expected rows of one file");
    check("kosta-boreal-gold-000001-0", "other-1", "line 3, column \"file_id\": expected rows of one file");
    check(",amount,", ",sum,", "the mapping, amount: expected a column \"amount\"");
    // What we neutralized ourselves comes back as it was.
    let statement =
        payout_csv(rendered(&Format::PayoutCsv, &worked_day::every_kind()).as_slice(), &Limits::default())
            .unwrap();
    assert_eq!(statement.lines.len(), 8);
}

const CAMT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ns:Document xmlns:ns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><ns:BkToCstmrStmt>
<ns:GrpHdr><ns:MsgId>M &amp; &#49;</ns:MsgId></ns:GrpHdr><ns:Stmt>
<ns:TxsSummry><ns:TtlNtries><ns:NbOfNtries>3</ns:NbOfNtries></ns:TtlNtries></ns:TxsSummry>
<ns:Ntry><ns:NtryRef>E1</ns:NtryRef><ns:Amt Ccy="RUB">10.95</ns:Amt><ns:CdtDbtInd>CRDT</ns:CdtDbtInd><ns:Sts>BOOK</ns:Sts>
<ns:BookgDt><ns:Dt>2026-10-12</ns:Dt></ns:BookgDt><ns:NtryDtls><ns:TxDtls><ns:Refs><ns:EndToEndId>boreal-gold-000001-skyfuel-RUB</ns:EndToEndId></ns:Refs>
<ns:RmtInf><ns:Ustrd><![CDATA[a <text>]]></ns:Ustrd></ns:RmtInf></ns:TxDtls></ns:NtryDtls></ns:Ntry>
<ns:Ntry><ns:Amt Ccy="RUB">5</ns:Amt><ns:CdtDbtInd>DBIT</ns:CdtDbtInd><ns:Sts>PDNG</ns:Sts></ns:Ntry>
<ns:Ntry><ns:Amt Ccy="RUB">3.00</ns:Amt><ns:CdtDbtInd>DBIT</ns:CdtDbtInd><ns:Sts><ns:Cd>BOOK</ns:Cd></ns:Sts>
<ns:BookgDt><ns:DtTm>2026-10-13T01:02:03+03:00</ns:DtTm></ns:BookgDt><ns:NtryDtls>
<ns:TxDtls><ns:Refs><ns:TxId>T1</ns:TxId></ns:Refs><ns:Amt Ccy="RUB">1.00</ns:Amt></ns:TxDtls>
<ns:TxDtls><ns:Refs><ns:TxId>T2</ns:TxId></ns:Refs><ns:Amt Ccy="RUB">2.00</ns:Amt><ns:CdtDbtInd>DBIT</ns:CdtDbtInd></ns:TxDtls>
</ns:NtryDtls></ns:Ntry></ns:Stmt></ns:BkToCstmrStmt></ns:Document>"#;

fn read_camt(text: &str) -> Result<Statement, StatementError> {
    camt(text.as_bytes(), &Limits::default())
}

#[test]
fn a_bank_s_statement_is_read_whatever_its_version_and_prefix() {
    let statement = read_camt(CAMT).unwrap();
    assert_eq!((&*statement.reference, statement.not_booked), ("M & 1", 1));
    let lines: Vec<(u64, &str, i64, String, &str)> = statement
        .lines
        .iter()
        .map(|line| (line.place, &*line.reference, line.amount_minor, line.date.to_string(), &*line.text))
        .collect();
    assert_eq!(
        lines,
        [
            (1, "boreal-gold-000001-skyfuel-RUB", 1_095, "2026-10-12".to_owned(), "a <text>"),
            (3, "T1", -100, "2026-10-13".to_owned(), ""),
            (3, "T2", -200, "2026-10-13".to_owned(), ""),
        ]
    );
}

#[test]
fn a_text_that_only_looks_like_an_id_of_ours_is_a_text() {
    for (text, reference) in
        [("LINE 5 of the invoice", "boreal-gold-000001-skyfuel-RUB"), ("LINE x-1", "x-1")]
    {
        let statement = read_camt(&CAMT.replace("a <text>", text)).unwrap();
        assert_eq!(statement.lines[0].reference, reference);
    }
}

#[test]
fn hostile_and_broken_xml_is_refused_with_its_place() {
    let check = |from: &str, to: &str, says: &str| {
        let text = CAMT.replacen(from, to, 1);
        assert_ne!(text, CAMT, "{from}");
        let error = read_camt(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    let external = "?>\n<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<ns:Document";
    check("?>\n<ns:Document", external, "the statement: expected no document type, found <!DOCTYPE");
    let laughs = "?>\n<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\n<ns:Document";
    check("?>\n<ns:Document", laughs, "expected no document type");
    check(
        "M &amp;",
        "M &x;",
        "Document/BkToCstmrStmt/GrpHdr/MsgId: expected no entity of its own, found \"x\"",
    );
    check("?>\n<ns:Document", "?>\n<?php x ?><ns:Document", "expected no processing instruction");
    check("encoding=\"UTF-8\"", "encoding=\"UTF-16\"", "expected UTF-8, found \"UTF-16\"");
    check("10.95", "-10.95", "entry 1, CdtDbtInd: expected CRDT or DBIT, and an amount without sign");
    check("10.95", "1e3", "entry 1, Amt: expected an amount of RUB");
    check(
        "Ccy=\"RUB\">10.95",
        "Ccy=\"RUR\">10.95",
        "entry 1, Amt: expected a currency of ISO 4217, found \"RUR\"",
    );
    check(
        "Ccy=\"RUB\">10.95",
        "Ccy=\"../\">10.95",
        "entry 1, Document/BkToCstmrStmt/Stmt/Ntry/Amt: expected three letters",
    );
    check("CRDT", "credit", "entry 1, CdtDbtInd: expected CRDT or DBIT");
    check(
        "2026-10-12",
        "12.10.2026",
        "entry 1, Document/BkToCstmrStmt/Stmt/Ntry/BookgDt/Dt: expected a date",
    );
    check(
        "<ns:BookgDt><ns:Dt>2026-10-12</ns:Dt></ns:BookgDt>",
        "",
        "entry 1, BookgDt: expected a date, found none",
    );
    check(
        ">2.00<",
        ">2.01<",
        "entry 3, NtryDtls: expected transactions of -300 minor units together, as Amt says, found -301",
    );
    check("NbOfNtries>3", "NbOfNtries>4", "expected 4 entries, as NbOfNtries says, found 3");
    check(
        "BkToCstmrStmt>\n<ns:GrpHdr>",
        "FIToFICstmrCdtTrf>\n<ns:GrpHdr>",
        "expected a camt.053 or camt.054, found \"FIToFICstmrCdtTrf\"",
    );
    check("</ns:Document>", "", "expected the end of this element, found the end of the file");
    check("</ns:Document>", "</ns:Other>", "of the file: expected XML");
    check("a <text>", "a\u{1}", "expected text, found the control character U+0001");
    check("a <text>", &"x".repeat(9_000), "expected at most 2000 characters");
    check(
        "</ns:Document>",
        "</ns:Document><ns:Document></ns:Document>",
        "expected one document, found a second one",
    );
    let attributes: String = (0..2_000).map(|number| format!("a{number}=\"\" ")).collect();
    check("Ccy=\"RUB\">10.95", &format!("{attributes}Ccy=\"RUB\">10.95"), "at most 4096 bytes of attributes");
    let deep = "<a>".repeat(40);
    check("<ns:NtryRef>", &format!("{deep}<ns:NtryRef>"), "expected at most 24 elements inside each other");
    assert!(read_camt("").unwrap_err().to_string().contains("found no document"));
    let error = camt(&b"<Document>\xff</Document>"[..], &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("byte 10 of the file: expected UTF-8"), "{error}");
    let few = Limits { lines: 2, ..Limits::default() };
    let error = camt(CAMT.as_bytes(), &few).unwrap_err().to_string();
    assert!(error.contains("expected at most 2 "), "{error}");
}

/// One of our own files with a few bytes changed, taken out or put in.
fn mutated(bytes: &[u8], changes: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, byte, how) in changes {
        let place = place % bytes.len().max(1);
        match how % 3 {
            0 => bytes[place] = *byte,
            1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, *byte),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = camt(input, &Limits::default());
            let _ = csv(input, &mapping(), &Limits::default());
            let _ = payout_csv(input, &Limits::default());
        }
    }

    #[test]
    fn no_change_of_a_good_file_panics(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
    ) {
        let _ = camt(mutated(CAMT.as_bytes(), &changes).as_slice(), &Limits::default());
        let _ = csv(mutated(CSV.as_bytes(), &changes).as_slice(), &mapping(), &Limits::default());
        let rows = rendered(&Format::PayoutCsv, &worked_day::skyfuel());
        let _ = payout_csv(mutated(&rows, &changes).as_slice(), &Limits::default());
    }

    /// A canonical file in any order is an error or a statement, never a panic.
    #[test]
    fn no_order_of_records_panics(order in proptest::collection::vec(0_usize..11, 0..14)) {
        let known = worked_day::every_kind();
        let records: Vec<Record> = order.iter().filter_map(|place| known.get(*place).cloned()).collect();
        if let Ok(summary) = Summary::read(read(&records)) {
            let _ = native(&summary, read(&records), &Limits::default());
        }
    }
}

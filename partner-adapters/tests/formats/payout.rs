//! The payout CSV: what adds up, what is text and what is a number.

use std::collections::BTreeMap;

use partner_adapters::canonical::Record;
use partner_adapters::formats::Format;

use crate::{rendered, worked_day};

fn rows(records: &[Record]) -> Vec<BTreeMap<String, String>> {
    let bytes = rendered(&Format::PayoutCsv, records);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    reader.deserialize().map(Result::unwrap).collect()
}

/// An amount in minor units of two decimals.
fn minor(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2, "{text}");
    format!("{whole}{fraction}").parse().unwrap()
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> i64 {
    rows.iter().map(|row| &row[column]).filter(|text| !text.is_empty()).map(|text| minor(text)).sum()
}

#[test]
fn the_rows_of_a_payout_add_up_to_what_is_paid() {
    for (records, paid) in [
        (worked_day::airboreal(), 164_574),
        (worked_day::kosta(), -55_878),
        (worked_day::skyfuel(), 1_095),
        (worked_day::bank(), 164_574 - 55_878 + 1_095),
        (worked_day::every_kind(), 1_095 - 250 + 840 - 6_000 + 4_200 - 1 - 3 + 19),
        (worked_day::nothing(), 0),
    ] {
        let rows = rows(&records);
        assert_eq!(sum(&rows, "amount"), paid);
        assert_eq!(sum(&rows, "payout_amount"), paid);
        let last = rows.last().unwrap();
        assert_eq!((&*last["row_type"], &*last["rows"]), ("file", &*rows.len().to_string()));
        for row in &rows {
            assert_eq!(&*row["columns"], "payout/1");
            assert_eq!(&*row["environment"], "TEST");
            assert!(row["file_id"].ends_with("-boreal-gold-000001-0"), "{}", row["file_id"]);
            assert_eq!(&*row["business_date (Europe/Moscow)"], "2026-10-10");
        }
        for payout in rows.iter().filter(|row| row["row_type"] == "payout") {
            let of =
                rows.iter().filter(|row| row["payout_id"] == payout["payout_id"] && !row["item"].is_empty());
            assert_eq!(of.count().to_string(), payout["rows"]);
        }
    }
}

#[test]
fn every_priced_item_of_the_worked_day_is_a_row() {
    let rows = rows(&worked_day::kosta());
    let item = |index: usize| {
        let row: &BTreeMap<String, String> = &rows[index];
        ["line_id", "item", "quantity", "net", "vat", "amount"].map(|column| row[column].clone())
    };
    let line = "boreal-gold-000001-kosta-RUB-000001";
    assert_eq!(item(0), [line, "turnover", "1234567", "-148.15", "-29.63", "-177.78"]);
    assert_eq!(item(1), [line, "statement_credit_share", "30000", "-300.00", "0.00", "-300.00"]);
    // A share of nothing is no row.
    assert_eq!(rows.iter().filter(|row| row["line_id"].ends_with("-000002")).count(), 1);
}

#[test]
fn texts_cannot_be_formulas_and_numbers_stay_numbers() {
    let rows = rows(&worked_day::every_kind());
    let adjustment = rows.iter().find(|row| row["row_type"] == "adjustment").unwrap();
    assert_eq!(adjustment["reason"], "'=HYPERLINK(\"http://x\")");
    assert_eq!(adjustment["member_number"], "'-5");
    assert_eq!(adjustment["amount"], "8.40");
    assert!(
        rows.iter().any(|row| row["amount"].starts_with('-')),
        "a negative amount has no quote before it"
    );
    let kinds: Vec<&str> = rows.iter().map(|row| &*row["row_type"]).collect();
    assert_eq!(
        kinds,
        [
            "opening_balance",
            "purchase",
            "purchase",
            "adjustment",
            "charge",
            "prepaid",
            "rounding",
            "document_vat",
            "carried_forward",
            "payout",
            "file"
        ]
    );
}

#[test]
fn the_file_is_as_rfc_4180_says() {
    let bytes = rendered(&Format::PayoutCsv, &worked_day::every_kind());
    let text = std::str::from_utf8(&bytes).unwrap();
    assert!(text.ends_with("\r\n"));
    assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
    assert!(text.contains("Магазин; «Ёлка» & <сын>"));
    assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""));
}

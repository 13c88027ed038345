//! The spreadsheet and the document, as other programs read them.

use std::path::Path;

use partner_adapters::canonical::Record;
use partner_adapters::formats::{FileSettings, Format, Language, StatementSettings};
use serde_json::Value;

use crate::xml::{Folder, python};
use crate::{rendered, try_rendered, worked_day};

/// What an independent reader sees in a file, an object a line; `None` where there is no such reader.
fn seen(name: &str, bytes: &[u8]) -> Option<Vec<Value>> {
    let folder = Folder::new(name);
    let path = folder.write(name, bytes);
    let said = python("views.py", &[Path::new(&path)])?;
    Some(said.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_spreadsheet_has_numbers_as_numbers_and_texts_as_texts() {
    let bytes = rendered(&Format::Xlsx, &worked_day::every_kind());
    assert_eq!(&bytes[..2], b"PK");
    let Some(rows) = seen("kinds.xlsx", &bytes) else { return };
    let lines: Vec<&Value> = rows.iter().filter(|row| row["sheet"] == "Lines").collect();
    assert_eq!(lines[0]["frozen"], "A2");
    assert_eq!(lines[0]["cells"][4][0], "date (Europe/Moscow)");
    let amounts: f64 = lines[1..].iter().map(|row| row["cells"][19][0].as_f64().unwrap()).sum();
    assert!((amounts + 1.0).abs() < 1e-9, "the rows add up to the payment of -1.00, not {amounts}");
    for row in &lines[1..] {
        assert_eq!(row["cells"][19][1], "n");
    }
    let adjustment = lines.iter().find(|row| row["cells"][2][0] == "adjustment").unwrap();
    // A text, not a formula ("f"), and without a quote before it.
    assert_eq!(adjustment["cells"][13], serde_json::json!(["=HYPERLINK(\"http://x\")", "s"]));
    assert_eq!(adjustment["cells"][11], serde_json::json!(["-5", "s"]));
    let summary: Vec<&Value> = rows.iter().filter(|row| row["sheet"] == "Summary").collect();
    assert_eq!(summary[0]["cells"][1][0], "TEST - NEVER PAY");
    assert_eq!(summary.last().unwrap()["cells"][8], serde_json::json!([-1, "n"]));
    assert_eq!(rows.last().unwrap()["created"], "2026-10-10T00:00:00");
}

#[test]
fn more_digits_than_a_spreadsheet_keeps_are_refused() {
    let mut records = worked_day::skyfuel();
    for record in &mut records {
        if let Record::Transaction(line) = record {
            line.items[0].quantity = 1_000_000_000_000_000;
        }
    }
    let error = try_rendered(&Format::Xlsx, &FileSettings::default(), &records).unwrap_err().to_string();
    assert!(error.contains("boreal-gold-000001-skyfuel-RUB-000001, field amount or quantity"), "{error}");
}

#[test]
fn a_sum_of_more_digits_than_a_spreadsheet_keeps_is_refused() {
    // Each line fits, and they come to more.
    let line =
        worked_day::RandomLine { kind: 0, counted: 1, items: [(1, 700_000_000_000_000, 0), (0, 0, 0)] };
    let records = worked_day::random(&[line.clone(), line], true, 0, 0, 0, 0);
    let error = try_rendered(&Format::Xlsx, &FileSettings::default(), &records).unwrap_err().to_string();
    assert!(error.contains("-RUB, field net"), "{error}");
}

fn statement(language: Language, lines: u16) -> FileSettings {
    FileSettings { statement: StatementSettings { language, lines }, ..worked_day::settings() }
}

#[test]
fn a_statement_says_who_pays_what_and_where_the_rest_is() {
    for (language, records, says) in [
        (
            Language::En,
            worked_day::airboreal(),
            &[
                "Settlement statement · Авиакомпания «Бореал» & Ко",
                "TEST - NEVER PAY",
                "The bank pays",
                "1645.74 RUB",
                "8 further lines are in file airboreal_boreal-gold_2026-10-10_000001_0.cbs.",
                "page 1/1",
            ][..],
        ),
        (
            Language::Ru,
            worked_day::kosta(),
            &[
                "Отчёт о расчётах · Kosta Market",
                "НЕ ОПЛАЧИВАТЬ",
                "Партнёр платит",
                "-558.78 RUB",
                "покупка",
                "возврат",
            ],
        ),
        (Language::En, worked_day::nothing(), &["There was nothing to settle."]),
    ] {
        let bytes = try_rendered(&Format::Pdf, &statement(language, 5), &records).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        let Some(pages) = seen("statement.pdf", &bytes) else { return };
        let text: String = pages.iter().filter_map(|page| page["page"].as_str()).collect();
        for words in says {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(pages.last().unwrap()["created"].as_str().unwrap().starts_with("D:20261010"));
    }
}

#[test]
fn a_statement_of_many_lines_has_pages_and_a_limit() {
    let mut records = worked_day::skyfuel();
    let line = records[2].clone();
    let Record::BatchTrailer(trailer) = &mut records[3] else { panic!() };
    trailer.to_pay_minor *= 301;
    records.splice(3..3, std::iter::repeat_n(line, 300));
    let bytes = try_rendered(&Format::Pdf, &statement(Language::En, 200), &records).unwrap();
    let Some(pages) = seen("many.pdf", &bytes) else { return };
    assert!((4..=8).contains(&(pages.len() - 1)), "{} pages", pages.len() - 1);
    let last = pages[pages.len() - 2]["page"].as_str().unwrap();
    assert!(
        last.contains("101 further lines are in file skyfuel_boreal-gold_2026-10-10_000001_0.cbs."),
        "{last}"
    );
}

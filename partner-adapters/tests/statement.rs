//! Statements in our own CSV: what is read, and what is refused with its line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use partner_adapters::{STATEMENT_BYTES_MAX, read_statement};
use proptest::prelude::*;

const GOOD: &str = "reference,date,amount_minor,currency,direction,text\n\
    skyfuel-boreal-gold-000001-0,2026-10-11,1095,RUB,bank_pays_partner,\"paid, in full\"\n\
    INV-7,2026-10-12,-70,EUR,partner_pays_bank,=1+1\n";

#[test]
fn a_good_statement_is_read_as_it_stands() {
    let read = read_statement("s.csv", GOOD.as_bytes()).unwrap();
    let found: Vec<_> = read.lines.iter().map(|line| (line.amount_minor, line.text.as_str())).collect();
    assert_eq!(found, [(1_095, "paid, in full"), (-70, "=1+1")]);
    assert_eq!(read.period().unwrap().1.to_string(), "2026-10-12");
}

#[test]
fn what_is_wrong_is_named_by_its_line_and_column() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let found = read_statement("s.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(found.starts_with(expected), "{from} -> {to}: {found}");
    };
    check("reference,", "references,", "line 1: expected the header reference,date");
    check("2026-10-11", "11.10.2026", "line 2: date: expected a date such as");
    check("2026-10-11", "2026-10-11T00:00:00", "line 2: date: expected a date such as");
    check("1095", "10.95", "line 2: amount_minor: expected minor units");
    check("1095", "１０９５", "line 2: amount_minor: expected minor units");
    check("1095", "99999999999999999999", "line 2: amount_minor: expected minor units");
    check("RUB", "rub", "line 2: currency: expected the three letters");
    check("bank_pays_partner", "credit", "line 2: direction: expected bank_pays_partner");
    check("INV-7", "4111111111111111", "line 3: reference: expected no card number");
    check("=1+1", "\"a\nb\"", "line 3: text: expected at most 500 characters");
    check("=1+1", &"x".repeat(501), "line 3: text: expected at most 500 characters");
    check(",=1+1", ",=1+1,more", "line 3: expected UTF-8 and 6 columns");
    let large = vec![b'a'; STATEMENT_BYTES_MAX + 1];
    assert!(read_statement("s.csv", &large).unwrap_err().problem.contains("send smaller statements"));
    assert!(read_statement("s.csv", b"").unwrap_err().problem.contains("expected the header"));
}

#[test]
fn a_card_number_among_other_words_is_not_kept() {
    let text = GOOD.replacen("=1+1", "card 4111 1111 1111 1111 of line 7", 1);
    let read = read_statement("s.csv", text.as_bytes()).unwrap();
    let kept = format!("{read:?}");
    assert!(kept.contains("card •••• •••• •••• 1111 of line 7") && !kept.contains("4111"), "{kept}");
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..200) {
        let _ = read_statement("s.csv", &bytes);
        let mut changed = GOOD.as_bytes().to_vec();
        let at = at.min(changed.len());
        changed.splice(at..at, bytes);
        if let Ok(read) = read_statement("s.csv", &changed) {
            prop_assert!(read.lines.iter().all(|line| !line.text.chars().any(char::is_control)));
        }
    }
}

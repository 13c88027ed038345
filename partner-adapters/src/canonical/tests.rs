//! What is written is read back, and the document is the layout.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use domain::settlement::{Basis, Direction};
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn file_header(receiver: &str) -> FileHeader {
    FileHeader {
        environment: Environment::Test,
        sender: "northbank".to_owned(),
        receiver: receiver.to_owned(),
        program: "boreal-gold".to_owned(),
        zone: "Europe/Moscow".to_owned(),
        business_date: date(2026, 10, 10),
        cycle_sequence: 2,
        cut_off: "2026-10-11T00:00:00+03:00[Europe/Moscow]".to_owned(),
        sequence: 2,
        revision: 0,
        previous_sha256: Some([7; 32]),
    }
}

fn batch_header(cycle_sequence: i32, opening_minor: i64, items: &[Basis]) -> BatchHeader {
    BatchHeader {
        partner: "kosta".to_owned(),
        program: "boreal-gold".to_owned(),
        currency: "RUB".to_owned(),
        exponent: 2,
        stated: Direction::PartnerPaysBank,
        opening_minor,
        role: Role::Merchant,
        business_date: if cycle_sequence == 2 { date(2026, 10, 10) } else { date(2026, 10, 9) },
        cycle_sequence,
        terms: "07070707".to_owned(),
        payment_date: date(2026, 10, 12),
        items: items.to_vec(),
    }
}

fn references(number: u8, text: &str) -> References {
    References {
        message: hex::encode([number; 24]),
        purchase: hex::encode([1; 24]),
        mti: "0220".to_owned(),
        retrieval: text.to_owned(),
        approval: String::new(),
        stan: "000001".to_owned(),
        transmitted: "1010000001".to_owned(),
        arn: String::new(),
        network_id: "N1".to_owned(),
        acquirer: "123456".to_owned(),
        card_acceptor: text.to_owned(),
        terminal: String::new(),
        member_number: "AB-A".to_owned(),
        local_date: date(2026, 10, 8),
        rules: "07070707".to_owned(),
    }
}

/// A batch with every kind of line.
fn batch(
    cycle: i32,
    opening: i64,
    carried: i64,
    lines: &[(u8, [i64; 6], bool)],
    text: &str,
) -> (Vec<u8>, BatchWritten) {
    let header = batch_header(cycle, opening, &[Basis::Turnover, Basis::StatementCreditShare]);
    let late = if cycle == 2 { 2 } else { 1 };
    let mut writer = BatchWriter::new(Vec::new(), header).unwrap();
    for (number, [a, b, c, d, e, f], adjusts) in lines {
        let items = [
            LineItem { quantity: *a, net_minor: *b, vat_minor: *c },
            LineItem { quantity: *d, net_minor: *e, vat_minor: *f },
        ];
        let references = references(*number, text);
        match adjusts {
            true => writer.adjustment("rerate", "", &references, -5, &items).unwrap(),
            false => writer.transaction(Kind::Refund, &references, -5, late, &items).unwrap(),
        }
    }
    let charge = Charge {
        line_id: String::new(),
        basis: Basis::Turnover,
        reference: "2026-10".to_owned(),
        date: date(2026, 10, 9),
        quantity: 1,
        net_minor: 100,
        vat_minor: 20,
        total_minor: 0,
    };
    writer.charge(charge).unwrap();
    let prepaid = Prepaid {
        line_id: String::new(),
        basis: Basis::Turnover,
        opening: 5,
        drawn: 3,
        closing: 2,
        net_minor: -100,
        vat_minor: -20,
        total_minor: 0,
    };
    writer.prepaid(prepaid).unwrap();
    writer.rounding(-2).unwrap();
    writer.document_vat(27).unwrap();
    if carried != 0 {
        writer.carry_forward(carried).unwrap();
    }
    writer.close().unwrap()
}

fn file(batches: &[(Vec<u8>, BatchWritten)]) -> (Vec<u8>, Written) {
    let mut writer = Writer::new(Vec::new(), &file_header("kosta")).unwrap();
    for (bytes, written) in batches {
        writer.batch(&mut bytes.as_slice(), written).unwrap();
    }
    writer.finish().unwrap()
}

fn two_batches() -> Vec<u8> {
    let line = (1, [100, 1, 2, 3, 4, 5], false);
    let first = batch(1, 7, 40, &[line, (2, [1; 6], true)], "x");
    file(&[first, batch(2, 40, 0, &[line], "y")]).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn what_is_written_is_read_back_and_written_again(
        mut lines in proptest::collection::vec(
            (any::<u8>(), proptest::array::uniform6(-1_000_000_000_i64..1_000_000_000), any::<bool>()), 0..20),
        (opening, carried) in (-1_000_000_i64..1_000_000, -1_000_i64..1_000),
        text in "\\PC{0,20}",
    ) {
        lines.sort_by_key(|(number, ..)| *number);
        let (bytes, written) = file(&[batch(2, opening, carried, &lines, &text)]);
        let mut reader = Reader::new(bytes.as_slice());
        let records: Vec<Record> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(reader.sha256(), Some(written.sha256));
        prop_assert_eq!(u64::try_from(records.len()).unwrap(), written.records);
        prop_assert_eq!(written.bytes, u64::try_from(bytes.len()).unwrap());
        let mut again = Writer::new(Vec::new(), &file_header("kosta")).unwrap();
        records.iter().for_each(|record| again.record(record).unwrap());
        prop_assert_eq!(again.finish().unwrap(), (bytes, written));
    }
}

/// That the reader names this field of this record.
#[track_caller]
fn blamed(bytes: &[u8], record: usize, field: &str) {
    match Reader::new(bytes).find_map(Result::err) {
        Some(ReadError::Record { record: found, field: name, .. }) => {
            assert_eq!((found, name), (record, field))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_record_type_has_as_many_fields_as_the_layout_says() {
    let bytes = two_batches();
    let text = String::from_utf8(bytes.clone()).unwrap();
    for record in RECORD_TYPES {
        let line = text.lines().find(|line| line.starts_with(record.code)).unwrap();
        // The batch has two items.
        let expected: usize = record.fields.iter().map(|field| if field.each_item { 2 } else { 1 }).sum();
        assert_eq!(line.split('|').count() - 1, expected, "{}", record.code);
    }
    assert!(Reader::new(bytes.as_slice()).all(|record| record.is_ok()));
}

#[test]
fn cycles_of_one_partner_follow_each_other_and_what_is_carried_forward_opens_the_next() {
    let line = (1, [0, 1, 0, 0, 0, 0], false);
    let of = |cycle, opening, carried| batch(cycle, opening, carried, &[line], "");
    assert!(Reader::new(file(&[of(1, 0, 9), of(2, 9, 0)]).0.as_slice()).all(|record| record.is_ok()));
    blamed(&file(&[of(1, 0, 9), of(2, 8, 0)]).0, 10, "opening balance");
    blamed(&file(&[of(2, 0, 9), of(1, 9, 0)]).0, 10, "partner");
    blamed(&file(&[of(2, 0, 9), of(2, 9, 0)]).0, 10, "partner");
    blamed(&file(&[of(3, 0, 0)]).0, 2, "cycle sequence");
}

/// A batch without items, as of terms that name fees only.
fn fees_only() -> (Vec<u8>, BatchWritten) {
    let mut writer = BatchWriter::new(Vec::new(), batch_header(2, 0, &[])).unwrap();
    let charge = Charge {
        line_id: String::new(),
        basis: Basis::FixedFee,
        reference: "2026-10".to_owned(),
        date: date(2026, 10, 10),
        quantity: 1,
        net_minor: 100,
        vat_minor: 20,
        total_minor: 0,
    };
    writer.charge(charge).unwrap();
    writer.close().unwrap()
}

#[test]
fn a_batch_of_fees_alone_has_no_items() {
    let (bytes, written) = file(&[fees_only()]);
    let mut reader = Reader::new(bytes.as_slice());
    let records: Vec<Record> = reader.by_ref().collect::<Result<_, _>>().unwrap();
    assert_eq!(reader.sha256(), Some(written.sha256));
    let mut again = Writer::new(Vec::new(), &file_header("kosta")).unwrap();
    records.iter().for_each(|record| again.record(record).unwrap());
    assert_eq!(again.finish().unwrap(), (bytes.clone(), written));
    let text = String::from_utf8(bytes).unwrap();
    // Fields behind the missing ones keep their names, and no transaction stands there.
    blamed(text.replace("BT|0|0|1|120|", "BT|0|0|1|121|").as_bytes(), 4, "debits");
    blamed(text.replace("BT|0|0|1|120|", "BT|0|0|1|0|120|").as_bytes(), 4, "debits");
    let line = String::from_utf8(two_batches()).unwrap();
    let line = line.lines().find(|line| line.starts_with("TX|boreal-gold-000002")).unwrap();
    blamed(text.replace("CH|", &format!("{line}\nCH|")).as_bytes(), 3, "record type");
}

#[test]
fn a_number_that_cannot_be_negated_is_refused() {
    let text = String::from_utf8(two_batches()).unwrap();
    let least = i64::MIN.to_string();
    let carried = text.lines().find(|line| line.starts_with("CF|")).unwrap().to_owned();
    let (id, _) = carried.rsplit_once('|').unwrap();
    blamed(text.replace(&carried, &format!("{id}|{least}")).as_bytes(), 9, "amount");
    let header = text.lines().nth(1).unwrap().to_owned();
    blamed(
        text.replace(&header, &header.replace("|7|merchant", &format!("|{least}|merchant"))).as_bytes(),
        2,
        "opening balance",
    );
    // Nor does a sum become one.
    let line = (1, [i64::MIN + 1, 0, 0, 0, 0, 0], false);
    let mut writer = BatchWriter::new(Vec::new(), batch_header(2, 0, &[Basis::Turnover])).unwrap();
    let items = |quantity| [LineItem { quantity, net_minor: 0, vat_minor: 0 }];
    writer.transaction(Kind::Refund, &references(1, ""), -5, 2, &items(line.1[0])).unwrap();
    assert!(writer.transaction(Kind::Refund, &references(2, ""), -5, 2, &items(-1)).is_err());
}

#[test]
fn days_follow_their_cycles_and_nothing_is_paid_before_its_day() {
    let line = (1, [0, 1, 0, 0, 0, 0], false);
    let text =
        String::from_utf8(file(&[batch(1, 0, 9, &[line], ""), batch(2, 9, 0, &[line], "")]).0).unwrap();
    let first = text.lines().nth(1).unwrap().to_owned();
    let early = first.replace("2026-10-12", "2026-10-08");
    blamed(text.replace(&first, &early).as_bytes(), 2, "payment date");
    // Two cycles that change their days.
    let header = |cycle, day| {
        let of = batch_header(cycle, 0, &[Basis::Turnover]);
        BatchWriter::new(Vec::new(), BatchHeader { business_date: date(2026, 10, day), ..of })
            .and_then(BatchWriter::close)
            .unwrap()
    };
    let later = FileHeader { cycle_sequence: 9, ..file_header("kosta") };
    let of = |batches: &[(Vec<u8>, BatchWritten)]| {
        let mut writer = Writer::new(Vec::new(), &later).unwrap();
        batches.iter().for_each(|(bytes, written)| writer.batch(&mut bytes.as_slice(), written).unwrap());
        writer.finish().unwrap().0
    };
    assert!(Reader::new(of(&[header(3, 8), header(4, 8), header(5, 9)]).as_slice()).all(|read| read.is_ok()));
    blamed(&of(&[header(3, 9), header(4, 8)]), 4, "business date");
}

#[test]
fn lines_that_are_late_say_so() {
    let text = String::from_utf8(two_batches()).unwrap();
    let line = text.lines().find(|line| line.starts_with("TX|boreal-gold-000002")).unwrap();
    assert!(line.contains("|2026-10-08|07070707|-5|2|"), "{line}");
    blamed(text.replace("|07070707|-5|2|", "|07070707|-5|3|").as_bytes(), 12, "late days");
}

#[test]
fn a_record_without_end_is_refused_without_being_kept() {
    let mut bytes = two_batches();
    let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes.splice(first..first, std::iter::repeat_n(b'x', 1_000_000));
    let mut reader = Reader::new(bytes.as_slice());
    assert!(reader.next().unwrap().is_ok());
    let error = reader.next().unwrap().unwrap_err().to_string();
    assert!(error.starts_with("record 2, length: expected at most 65536 bytes"), "{error}");
    assert!(reader.next().is_none() && reader.sha256().is_none());
}

/// Set to accept what the code says now.
const ACCEPT: &str = "COBRAND_ACCEPT_GOLDEN";

#[test]
fn the_tables_of_the_document_are_those_of_the_layout() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/settlement-file.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- records -->\n", "<!-- end of records -->");
    let (before, rest) = document.split_once(begin).unwrap();
    let (found, after) = rest.split_once(end).unwrap();
    let expected: String = RECORD_TYPES.iter().map(|record| format!("{}\n", record.table())).collect();
    if std::env::var_os(ACCEPT).is_some() {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "run the test with {ACCEPT}=1");
}

//! What IPM records mean, and whether they make up a whole file.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{
    Mti,
    clearing::{
        control::{
            AMOUNT_MODULUS, ControlProblem, Controlled, Controls, FileControl, FileId, Finding, MAX_FINDINGS,
            Mode,
        },
        record_kind::{
            Administrative, Code, Direction, Extent, Fee, Meaning, RecordKind, RecordKindError, Transaction,
            record_kind,
        },
    },
};
use serde_json::Value;

/// A record as `MTI/DE24 DE3 PDS0025`; `-` where it is missing.
fn meaning(record: &str) -> Result<Meaning, RecordKindError> {
    let parts: Vec<_> = record.split(['/', ' ']).map(|part| (part != "-").then_some(part)).collect();
    let flag = parts[3].map(|flag| flag.replace('_', " "));
    record_kind(Mti::parse(parts[0].unwrap().as_bytes()).unwrap(), parts[1], parts[2], flag.as_deref())
}

#[test]
fn kinds() {
    let check = |record: &str, kind: RecordKind| {
        let got = meaning(&format!("{record} 000000 -")).unwrap();
        assert_eq!(got.kind, kind, "{record}");
        assert_eq!(got.transaction.is_some(), kind.is_financial(), "{record}");
        assert_eq!(got.effect().is_some(), kind.is_financial(), "{record}");
    };
    check("1240/200", RecordKind::FirstPresentment);
    check("1240/205", RecordKind::SecondPresentment(Extent::Full));
    check("1240/282", RecordKind::SecondPresentment(Extent::Partial));
    check("1442/450", RecordKind::FirstChargeback(Extent::Full));
    check("1442/453", RecordKind::FirstChargeback(Extent::Partial));
    check("1442/451", RecordKind::ArbitrationChargeback(Extent::Full));
    check("1442/454", RecordKind::ArbitrationChargeback(Extent::Partial));
    check("1644/697", RecordKind::FileHeader);
    check("1644/695", RecordKind::FileTrailer);
    for (function, kind) in [
        ("603", Administrative::RetrievalRequest),
        ("605", Administrative::RetrievalAcknowledgement),
        ("640", Administrative::CurrencyUpdate),
        ("680", Administrative::FileCurrencySummary),
        ("685", Administrative::FinancialPosition),
        ("688", Administrative::SettlementPosition),
        ("691", Administrative::MessageException),
        ("693", Administrative::Text),
        ("696", Administrative::Addendum),
        ("699", Administrative::FileReject),
    ] {
        check(&format!("1644/{function}"), RecordKind::Administrative(kind));
    }
    for (function, kind) in [
        ("700", Fee::Collection),
        ("780", Fee::Return),
        ("781", Fee::Resubmission),
        ("782", Fee::ArbitrationReturn),
        ("783", Fee::ClearingSystem),
        ("790", Fee::FundsTransfer),
        ("791", Fee::FundsTransferBackout),
    ] {
        check(&format!("1740/{function}"), RecordKind::FeeCollection(kind));
    }
}

#[test]
fn who_gets_the_money() {
    let check = |record: &str, transaction: Transaction, effect: Direction| {
        let got = meaning(record).unwrap();
        assert_eq!((got.transaction, got.effect()), (Some(transaction), Some(effect)), "{record}");
    };
    check("1240/200 000000 -", Transaction::Purchase, Direction::Debit);
    check("1240/200 003000 -", Transaction::Purchase, Direction::Debit);
    check("1240/200 010000 -", Transaction::Cash, Direction::Debit);
    check("1240/200 120000 -", Transaction::Cash, Direction::Debit);
    check("1240/200 170000 -", Transaction::Cash, Direction::Debit);
    check("1240/200 090000 -", Transaction::PurchaseWithCash, Direction::Debit);
    check("1240/200 180000 -", Transaction::QuasiCash, Direction::Debit);
    check("1240/200 200000 -", Transaction::Refund, Direction::Credit);
    check("1240/200 280000 -", Transaction::Payment, Direction::Credit);
    check("1240/200 000000 R261123", Transaction::Purchase, Direction::Credit);
    check("1240/200 200000 R261123", Transaction::Refund, Direction::Debit);
    check("1240/200 000000 _000000", Transaction::Purchase, Direction::Debit);
    check("1442/450 000000 -", Transaction::Purchase, Direction::Credit);
    check("1442/454 200000 -", Transaction::Refund, Direction::Debit);
    check("1442/450 000000 R261123", Transaction::Purchase, Direction::Debit);
    check("1240/205 000000 -", Transaction::Purchase, Direction::Debit);
    assert!(meaning("1240/200 000000 R").unwrap().reversal);
    assert!(meaning("1740/783 190000 R").unwrap().reversal);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mti = |text: &str| Mti::parse(text.as_bytes()).unwrap();
    let check = |record: &str, expected: RecordKindError| {
        let error = meaning(record).unwrap_err();
        assert_eq!(error, expected, "{record}");
        assert!(error.to_string().contains("the sender must"), "{error}");
    };
    let unknown = |at: &str, function: &str| RecordKindError::UnknownFunction {
        mti: mti(at),
        function: Code::parse(function).unwrap(),
    };
    for other in ["1144", "0100", "1814", "1241", "1111"] {
        check(&format!("{other}/200 000000 -"), RecordKindError::NotAClearingRecord(mti(other)));
    }
    for function in ["-", "20", "2000", "2x0"] {
        check(&format!("1240/{function} 000000 -"), RecordKindError::NoFunction(mti("1240")));
    }
    check("1240/450 000000 -", unknown("1240", "450"));
    check("1442/200 000000 -", unknown("1442", "200"));
    check("1644/200 000000 -", unknown("1644", "200"));
    check("1740/697 000000 -", unknown("1740", "697"));
    check("1240/200 - -", RecordKindError::NoProcessingCode(mti("1240")));
    check("1442/450 00000 -", RecordKindError::NoProcessingCode(mti("1442")));
    check("1240/200 190000 -", RecordKindError::UnknownProcessingCode(Code::parse("190000").unwrap()));
    check("1240/200 000000 X", RecordKindError::UnknownReversalFlag("another character"));
    assert_eq!(
        record_kind(mti("1240"), Some("200"), Some("000000"), Some("")),
        Err(RecordKindError::UnknownReversalFlag("nothing"))
    );
    check("1644/697 - R261123", RecordKindError::ReversedFrame);
    check("1644/695 - R", RecordKindError::ReversedFrame);
}

const ID: &str = "0012611210000012345600001";
const OTHER_ID: &str = "0012611210000012345600002";

fn header() -> Controlled<'static> {
    Controlled {
        message_number: Some(1),
        file_id: Some(ID),
        mode: Some("P"),
        ..Controlled::new(1, RecordKind::FileHeader)
    }
}

fn presentment(record: u64, amount: u64) -> Controlled<'static> {
    Controlled {
        amount: Some(amount),
        message_number: Some(u32::try_from(record).unwrap()),
        ..Controlled::new(record, RecordKind::FirstPresentment)
    }
}

fn trailer(record: u64, checksum: u64) -> Controlled<'static> {
    Controlled {
        message_number: Some(u32::try_from(record).unwrap()),
        file_id: Some(ID),
        checksum: Some(checksum),
        count: Some(record),
        ..Controlled::new(record, RecordKind::FileTrailer)
    }
}

fn controls(records: &[Controlled<'_>]) -> Controls {
    let mut control = FileControl::new(Mode::Production);
    records.iter().for_each(|record| control.feed(record));
    control.finish()
}

#[test]
fn a_whole_file_has_no_findings() {
    let file = controls(&[header(), presentment(2, 100), presentment(3, 250), trailer(4, 350)]);
    assert_eq!((file.findings, file.left_out), (vec![], 0));
    assert_eq!((file.file_id.unwrap().as_str(), file.mode), (ID, Some(Mode::Production)));
    assert_eq!((file.records, file.amount), (4, 350));
}

#[test]
fn the_sum_of_amounts_has_sixteen_digits() {
    let file = controls(&[header(), presentment(2, AMOUNT_MODULUS - 1), presentment(3, 3), trailer(4, 2)]);
    assert_eq!((file.findings, file.amount), (vec![], 2));
    let file = controls(&[header(), presentment(2, u64::MAX), trailer(3, u64::MAX % AMOUNT_MODULUS)]);
    assert_eq!(file.findings, []);
}

#[test]
fn what_does_not_fit_is_found() {
    let check = |records: &[Controlled<'_>], expected: &[(u64, ControlProblem)]| {
        let found = controls(records).findings;
        let expected: Vec<_> =
            expected.iter().map(|(record, problem)| Finding { record: *record, problem: *problem }).collect();
        assert_eq!(found, expected);
        for finding in found {
            let text = finding.to_string();
            assert!(text.contains("the sender must") || text.contains("the operator must"), "{text}");
        }
    };
    let numbered =
        |record: Controlled<'static>, number: Option<u32>| Controlled { message_number: number, ..record };
    let with_id =
        |record: Controlled<'static>, id: Option<&'static str>| Controlled { file_id: id, ..record };
    let with_mode = |mode: Option<&'static str>| Controlled { mode, ..header() };
    let id = |text: &str| FileId::parse(text).unwrap();

    check(&[], &[(1, ControlProblem::NoHeader)]);
    check(&[header()], &[(2, ControlProblem::NoTrailer)]);
    check(&[header(), presentment(2, 1)], &[(3, ControlProblem::NoTrailer)]);
    check(&[presentment(1, 1), trailer(2, 1)], &[(1, ControlProblem::NoHeader)]);
    check(
        &[header(), numbered(Controlled { record: 2, ..header() }, Some(2)), trailer(3, 0)],
        &[(2, ControlProblem::SecondHeader)],
    );
    check(
        &[header(), trailer(2, 0), presentment(3, 1), trailer(4, 9)],
        &[(3, ControlProblem::RecordAfterTrailer)],
    );
    check(&[with_id(header(), None), trailer(2, 0)], &[(1, ControlProblem::NoFileId)]);
    check(&[header(), with_id(trailer(2, 0), Some("12"))], &[(2, ControlProblem::NoFileId)]);
    check(
        &[header(), with_id(trailer(2, 0), Some(OTHER_ID))],
        &[(2, ControlProblem::FileIdDiffers { header: id(ID), trailer: id(OTHER_ID) })],
    );
    check(
        &[header(), numbered(presentment(2, 0), Some(5)), numbered(trailer(3, 0), Some(6))],
        &[(2, ControlProblem::NumberGap { expected: 2, found: 5 })],
    );
    check(
        &[header(), numbered(presentment(2, 0), Some(1)), numbered(trailer(3, 0), Some(2))],
        &[(2, ControlProblem::NumberRepeated { expected: 2, found: 1 })],
    );
    check(
        &[header(), numbered(presentment(2, 0), None), trailer(3, 0)],
        &[(2, ControlProblem::NoNumber { expected: 2 })],
    );
    check(
        &[header(), Controlled { count: Some(9), ..trailer(2, 0) }],
        &[(2, ControlProblem::CountDiffers { stated: 9, counted: 2 })],
    );
    check(&[header(), Controlled { count: None, ..trailer(2, 0) }], &[(2, ControlProblem::NoCount)]);
    check(
        &[header(), presentment(2, 7), trailer(3, 8)],
        &[(3, ControlProblem::AmountDiffers { stated: 8, summed: 7 })],
    );
    check(&[header(), Controlled { checksum: None, ..trailer(2, 0) }], &[(2, ControlProblem::NoChecksum)]);
    check(&[with_mode(None), trailer(2, 0)], &[(1, ControlProblem::NoMode)]);
    check(&[with_mode(Some("X")), trailer(2, 0)], &[(1, ControlProblem::NoMode)]);
    check(&[with_mode(Some("T")), trailer(2, 0)], &[(1, ControlProblem::TestInProduction)]);
}

#[test]
fn a_production_file_is_found_among_tests() {
    let mut control = FileControl::new(Mode::Test);
    control.feed(&header());
    control.feed(&trailer(2, 0));
    assert_eq!(control.finish().findings, [Finding { record: 1, problem: ControlProblem::ProductionInTest }]);
}

#[test]
fn findings_are_bounded() {
    let mut control = FileControl::new(Mode::Production);
    for record in 1..=1000 {
        control.feed(&Controlled::new(record, RecordKind::FirstPresentment));
    }
    let controls = control.finish();
    assert_eq!((controls.findings.len(), controls.left_out), (MAX_FINDINGS, 1002 - 100));
}

/// The vectors of the test data, fed as their fields say. The amounts in their trailer are made up, and they are
/// tests; that, and nothing else, is found.
#[test]
fn the_files_of_the_test_data() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clearing/expected.json");
    let expected: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for file in expected {
        let mut control = FileControl::new(Mode::Test);
        for record in file["records"].as_array().unwrap() {
            let text = |key: &str| record["fields"][key].as_str();
            let mti = Mti::parse(text("MTI").unwrap().as_bytes()).unwrap();
            let meaning = record_kind(mti, text("DE24"), text("DE3"), text("PDS0025")).unwrap();
            control.feed(&Controlled {
                record: record["n"].as_u64().unwrap(),
                kind: meaning.kind,
                amount: record["fields"]["DE4"].as_u64(),
                message_number: record["fields"]["DE71"]
                    .as_u64()
                    .map(|number| u32::try_from(number).unwrap()),
                file_id: text("PDS0105"),
                mode: text("PDS0122"),
                checksum: text("PDS0301").map(|text| text.parse().unwrap()),
                count: text("PDS0306").map(|text| text.parse().unwrap()),
            });
        }
        let problem = ControlProblem::AmountDiffers { stated: 18_100, summed: 30_200 };
        assert_eq!(control.finish().findings, [Finding { record: 6, problem }]);
    }
}

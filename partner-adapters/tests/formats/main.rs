//! Every format of the worked day, and of a batch that has every kind of line.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used)]

mod files;
mod incoming;
mod layouts;
mod payout;
mod random;
mod views;
mod worked_day;
mod xml;

use std::convert::Infallible;

use partner_adapters::canonical::{BatchHeader, BatchWriter, Charge, Reader, Record, Writer};
use partner_adapters::formats::{FileSettings, Format, Layout, RenderError, Rendered, Summary, render};

/// The records as a reader gives them.
fn read(records: &[Record]) -> impl Iterator<Item = Result<Record, Infallible>> {
    records.iter().cloned().map(Ok)
}

/// What a format makes of records.
fn try_rendered(
    format: &Format,
    settings: &FileSettings,
    records: &[Record],
) -> Result<Vec<u8>, RenderError> {
    let summary = Summary::read(read(records))?;
    let mut out = Vec::new();
    let rendered = render(format, settings, &summary, read(records), &mut out)?;
    assert_eq!(rendered == Rendered::Nothing, out.is_empty());
    Ok(out)
}

fn rendered(format: &Format, records: &[Record]) -> Vec<u8> {
    try_rendered(format, &worked_day::settings(), records).unwrap()
}

fn rendered_text(format: &Format, records: &[Record]) -> String {
    String::from_utf8(rendered(format, records)).unwrap()
}

#[test]
fn a_file_that_contradicts_itself_is_not_rendered() {
    let check = |change: fn(&mut Vec<Record>), says: &str| {
        let mut records = worked_day::skyfuel();
        change(&mut records);
        let error = Summary::read(read(&records)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(
        |records| {
            let Record::BatchTrailer(trailer) = &mut records[3] else { panic!() };
            trailer.to_pay_minor = 1094;
        },
        "batch boreal-gold-000001-skyfuel-RUB of the canonical file: expected a payment (signed, positive if the \
         bank pays) of 1095, found 1094",
    );
    check(
        |records| {
            let Record::Transaction(line) = &mut records[2] else { panic!() };
            line.total_minor += 1;
        },
        "line boreal-gold-000001-skyfuel-RUB-000001 of the canonical file: expected a total",
    );
    check(
        |records| {
            let Record::Transaction(line) = &mut records[2] else { panic!() };
            line.items.pop();
        },
        "canonical record 3: expected as many items as BH names, found 1 in boreal-gold",
    );
    check(|records| drop(records.pop()), "canonical record 5: expected FH first and FT last, found the end");
    check(|records| drop(records.remove(0)), "canonical record 1: expected FH, found BH");
    check(|records| drop(records.remove(1)), "canonical record 2: expected BH or FT, found TX");
    check(
        |records| records.push(records[4].clone()),
        "canonical record 6: expected nothing after FT, found FT",
    );
}

#[test]
fn a_file_that_changes_between_two_readings_is_not_rendered() {
    let summary = Summary::read(read(&worked_day::skyfuel())).unwrap();
    let other = worked_day::kosta();
    let error = render(&Format::PayoutCsv, &FileSettings::default(), &summary, read(&other), &mut Vec::new())
        .unwrap_err();
    assert!(error.to_string().contains("the same record as when the file was read first"), "{error}");
}

/// The file of a partner whose terms name a monthly fee and nothing else, as a reader gives it.
fn of_fees_only() -> Vec<Record> {
    let records = worked_day::skyfuel();
    let [Record::FileHeader(file), Record::BatchHeader(header), ..] = records.as_slice() else { panic!() };
    let header = BatchHeader { items: Vec::new(), ..header.clone() };
    let mut batch = BatchWriter::new(Vec::new(), header.clone()).unwrap();
    let charge = Charge {
        line_id: String::new(),
        basis: domain::settlement::Basis::FixedFee,
        reference: "2026-10".to_owned(),
        date: header.business_date,
        quantity: 1,
        net_minor: 500_000,
        vat_minor: 100_000,
        total_minor: 0,
    };
    batch.charge(charge).unwrap();
    let (bytes, written) = batch.close().unwrap();
    let mut writer = Writer::new(Vec::new(), file).unwrap();
    writer.batch(&mut bytes.as_slice(), &written).unwrap();
    let (bytes, _) = writer.finish().unwrap();
    Reader::new(bytes.as_slice()).collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_file_of_fees_alone_is_rendered_in_every_format() {
    let records = of_fees_only();
    for name in Format::NAMES {
        // The partner pays, so the bank has no payment to ask for.
        assert_eq!(
            rendered(&Format::parse(name).unwrap(), &records).is_empty(),
            name == "pain.001",
            "{name}"
        );
    }
    assert!(rendered_text(&Format::PayoutCsv, &records).contains(",-5000.00,-1000.00,-6000.00,"));
    assert!(rendered_text(&Format::Camt053, &records).contains("<Amt Ccy=\"RUB\">6000.00</Amt>"));
    for name in ["delimited", "fixed-width"] {
        let layout = Layout::find(name).unwrap();
        assert!(!rendered(&Format::Layout(Box::new(layout)), &records).is_empty(), "{name}");
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    for name in Format::NAMES {
        let format = Format::parse(name).unwrap();
        let records = worked_day::bank();
        assert_eq!(rendered(&format, &records), rendered(&format, &records), "{name}");
    }
}

//! Memory of the formats that have every line does not grow with the lines.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[expect(dead_code, reason = "most of it is for the other tests")]
#[path = "formats/worked_day.rs"]
mod worked_day;

use std::convert::Infallible;
use std::io::sink;

use partner_adapters::canonical::Record;
use partner_adapters::formats::{FileSettings, Format, Layout, Summary, render};

/// The fuel retailer's file with its line `count` times, made as it is read.
fn records(count: u64) -> impl Iterator<Item = Result<Record, Infallible>> {
    let mut all = worked_day::skyfuel();
    let rest = all.split_off(3);
    let line = all.last().cloned().unwrap();
    let rest = rest.into_iter().map(move |record| match record {
        Record::BatchTrailer(mut trailer) => {
            trailer.to_pay_minor *= i64::try_from(count).unwrap();
            Record::BatchTrailer(trailer)
        }
        other => other,
    });
    let lines = (1..count).map(move |_| line.clone());
    all.into_iter().chain(lines).chain(rest).map(Ok)
}

/// The greatest number of bytes that were in use at once.
fn peak(format: &Format, count: u64) -> u64 {
    let settings = FileSettings::default();
    let measured = allocation_counter::measure(|| {
        let summary = Summary::read(records(count)).unwrap();
        render(format, &settings, &summary, records(count), &mut sink()).unwrap();
    });
    measured.bytes_max
}

#[test]
fn ten_times_the_lines_take_the_same_memory() {
    let layout = |name| Format::Layout(Box::new(Layout::find(name).unwrap()));
    for format in [
        layout("delimited"),
        layout("fixed-width"),
        Format::PayoutCsv,
        Format::Camt054,
        Format::Camt053,
        Format::Xlsx,
        Format::Pdf,
    ] {
        // The first call also fills what is made once.
        peak(&format, 2);
        let (few, many) = (peak(&format, 500), peak(&format, 5_000));
        println!("{}: {few} bytes for 500 lines, {many} for 5,000", format.ending());
        assert!(many < few + few / 4 + 65_536, "{}: {few} bytes, then {many}", format.ending());
    }
}

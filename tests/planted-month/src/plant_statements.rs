//! Plants faults in partners' statements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};

use crate::{
    csv::Sheet,
    plant_clearing::{other, other_or_near},
    published::{Batch, Line, Published},
    random::Random,
    table::{Edit, Planted},
    told::of_line,
};

/// A late line is dated so many days later.
const LATE_DAYS: i64 = 15;
/// A line that is there again is dated so many days later.
const AGAIN_DAYS: i64 = 5;

/// Those that find few places come first.
const OF_LINES: [Edit; 10] = [
    Edit::LineRate,
    Edit::LineFee,
    Edit::LineAmount,
    Edit::LineTax,
    Edit::LineMilesPrice,
    Edit::LineLate,
    Edit::LineCurrency,
    Edit::LineParts,
    Edit::LineTwice,
    Edit::LineLeftOut,
];

/// A line with what it is part of.
#[derive(Clone, Copy)]
struct Place<'f> {
    file: &'f Published,
    batch: &'f Batch,
    line: &'f Line,
}

/// Edits the statements of all partners; `touched` has the lines that faults are about.
///
/// # Panics
/// If the month is too short.
pub fn plant_statements(
    random: &mut Random,
    files: &[Published],
    statements: &mut BTreeMap<String, Sheet>,
    touched: &mut BTreeSet<String>,
) -> Vec<Planted> {
    let mut planted = Vec::new();
    let mut free = places(files, statements);
    let last = free.iter().map(|place| place.batch.date).max().unwrap();
    for edit in OF_LINES {
        for _ in 0..edit.times() {
            free.retain(|place| !touched.contains(&place.line.id));
            let mut fitting: Vec<Place<'_>> =
                free.iter().copied().filter(|place| fits(edit, place, last)).collect();
            let place = random.take(&mut fitting, &format!("{edit:?}"));
            touched.insert(place.line.id.clone());
            let sheet = statements.get_mut(&place.file.receiver).unwrap();
            planted.push(edit_line(random, edit, sheet, place));
        }
    }
    for number in 0..Edit::LineInvented.times() {
        let mut fitting: Vec<Place<'_>> = free.iter().copied().filter(|place| worth(place, 100)).collect();
        let place = random.take(&mut fitting, "an invented line");
        // Their own, one that looks like ours, one that is another partner's.
        let reference = match number % 3 {
            0 => format!("BOOK-{:06}", 4_000 + number),
            1 => format!("{}-{:06}", place.batch.payout, 800_000 + number),
            _ => place.line.id.clone(),
        };
        let whose = match number % 3 {
            2 => statements.keys().find(|one| **one != place.file.receiver).unwrap().clone(),
            _ => place.file.receiver.clone(),
        };
        let sheet = statements.get_mut(&whose).unwrap();
        let (at, amount) = (sheet.lines.len(), random.between(5_00, 300_00));
        sheet.lines.push(of_line(place.line, place.batch));
        sheet.set(at, "reference", &reference);
        sheet.set(at, "amount_minor", amount);
        planted.push(Edit::LineInvented.must(reference, &place.batch.currency, (0, amount)));
    }
    planted
}

/// The lines that partners have booked in one part.
fn places<'f>(files: &'f [Published], statements: &BTreeMap<String, Sheet>) -> Vec<Place<'f>> {
    let mut booked: BTreeMap<&str, usize> = BTreeMap::new();
    for sheet in statements.values() {
        for line in 0..sheet.lines.len() {
            *booked.entry(sheet.get(line, "reference")).or_default() += 1;
        }
    }
    let files = files.iter().filter(|file| file.is_partner_s());
    let batches = files.flat_map(|file| file.batches.iter().map(move |batch| (file, batch)));
    let lines =
        batches.flat_map(|(file, batch)| batch.lines.iter().map(move |line| Place { file, batch, line }));
    lines.filter(|place| booked.get(place.line.id.as_str()) == Some(&1)).collect()
}

fn is_converted(place: &Place<'_>) -> bool {
    place.batch.is_converted()
}

fn worth(place: &Place<'_>, least: i64) -> bool {
    place.line.record == "TX" && place.line.total.abs() >= least
}

fn fits(edit: Edit, place: &Place<'_>, last: Date) -> bool {
    let line = place.line;
    match edit {
        Edit::LineRate => is_converted(place) && worth(place, 200),
        Edit::LineFee => line.record == "CH" && line.total.abs() >= 100,
        Edit::LineAmount => !is_converted(place) && line.is_without_miles() && worth(place, 200),
        Edit::LineTax => {
            !is_converted(place) && ["TX", "VD"].contains(&line.record.as_str()) && line.vat().abs() >= 2
        }
        Edit::LineMilesPrice => {
            !is_converted(place) && line.is_of_miles_alone() && line.miles() != 0 && line.net().abs() >= 100
        }
        Edit::LineLate => worth(place, 100) && place.batch.date + LATE_DAYS.days() <= last,
        _ => worth(place, 100),
    }
}

fn edit_line(random: &mut Random, edit: Edit, sheet: &mut Sheet, place: Place<'_>) -> Planted {
    let Place { batch, line, .. } = place;
    let (at, ours) = (sheet.only("reference", &line.id), line.total);
    let theirs = match edit {
        Edit::LineLeftOut => {
            sheet.lines.remove(at);
            0
        }
        Edit::LineTwice => {
            sheet.lines.push(sheet.lines[at].clone());
            sheet.set(sheet.lines.len() - 1, "date", batch.date + AGAIN_DAYS.days());
            ours
        }
        Edit::LineParts => {
            let parts = (ours * 2 / 5, ours * 7 / 20);
            sheet.set(at, "amount_minor", parts.0);
            sheet.lines.push(sheet.lines[at].clone());
            sheet.set(sheet.lines.len() - 1, "amount_minor", parts.1);
            parts.0 + parts.1
        }
        Edit::LineCurrency => {
            sheet.set(at, "currency", "USD");
            ours
        }
        Edit::LineLate => {
            sheet.set(at, "date", batch.date + LATE_DAYS.days());
            ours
        }
        // One unit of a line with tax is its rounding.
        Edit::LineAmount if line.vat() == 0 => other_or_near(random, ours),
        Edit::LineAmount | Edit::LineFee => other(random, ours),
        Edit::LineTax => ours + random.pick(&[-1, 1]),
        Edit::LineRate => ours + ours * random.between(3, 9) / 100,
        Edit::LineMilesPrice => dearer(random, line),
        other => panic!("{other:?} is not done to a line"),
    };
    if matches!(
        edit,
        Edit::LineAmount | Edit::LineFee | Edit::LineTax | Edit::LineRate | Edit::LineMilesPrice
    ) {
        sheet.set(at, "amount_minor", theirs);
    }
    edit.must(&line.id, &batch.currency, (ours, theirs))
}

/// Its miles at a price that is 10 to 40 % higher, and tax at the same rate.
fn dearer(random: &mut Random, line: &Line) -> i64 {
    let (net, vat, miles) = (line.net(), line.vat(), line.miles());
    let thousandths = (net * 1_000 / miles) * random.between(110, 140) / 100;
    let theirs = (miles * thousandths + 500) / 1_000;
    theirs + vat * theirs / net
}

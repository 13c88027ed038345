//! What an honest receiver answers to its files (docs/acknowledgement-file.md) and states in the end
//! (docs/partner-statement.md), and what an honest bank says was paid.

use std::fmt::Write as _;

use jiff::{ToSpan, civil::Date};

use crate::{
    csv::Sheet,
    month::FIRST,
    published::{Batch, Line, Published},
};

const COLUMNS: &str = "reference,date,amount_minor,currency,direction,text";
/// Of so many lines one is booked in two parts.
const PARTS_EVERY: usize = 97;
/// Lines are booked up to so many days later, but for those of the first days.
const DAYS_LATER: usize = 3;
const FIRST_DAYS: i32 = 5;

/// What a receiver says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its id.
    pub line: String,
    /// What is wrong with it.
    pub code: &'static str,
    /// Net and tax that the receiver has.
    pub theirs: Option<(i64, i64)>,
}

/// An answer to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What is answered.
    pub file: Published,
    /// The receiver's own number.
    pub number: usize,
    /// Of what the receiver got.
    pub sha256: String,
    /// The lines that are wrong; without any the file is booked.
    pub lines: Vec<Verdict>,
}

impl Answer {
    /// Its bytes.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn text(&self) -> String {
        let file = &self.file;
        let kind = if self.lines.is_empty() { "ACK" } else { "NACK" };
        let mut text = format!(
            "{kind}|1|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            file.environment,
            file.receiver,
            file.sender,
            self.number,
            file.id,
            file.sequence,
            file.revision,
            self.sha256,
            file.records,
            file.totals
        );
        text += if self.lines.is_empty() { "\n" } else { "|content|see the lines\n" };
        for Verdict { line, code, theirs } in &self.lines {
            let (net, vat) =
                theirs.map_or_else(Default::default, |(net, vat)| (net.to_string(), vat.to_string()));
            writeln!(text, "LINE|{line}|{code}|{net}|{vat}|").unwrap();
        }
        text + &format!("END|{}\n", self.lines.len() + 2)
    }
}

/// The files of a receiver in their order.
fn of<'f>(files: &'f [Published], receiver: &str) -> Vec<&'f Published> {
    let mut of: Vec<&Published> = files.iter().filter(|file| file.receiver == receiver).collect();
    of.sort_by_key(|file| file.sequence);
    of
}

/// What a receiver answers: all is booked.
#[must_use]
pub fn answers(files: &[Published], receiver: &str) -> Vec<Answer> {
    let answer = |(number, file): (usize, &Published)| Answer {
        file: file.clone(),
        number,
        sha256: file.sha256.clone(),
        lines: Vec::new(),
    };
    (1..).zip(of(files, receiver)).map(answer).collect()
}

fn of_direction(reference: &str, amount: i64, (batch, date, direction): (&Batch, Date, &str)) -> Vec<String> {
    [reference, &date.to_string(), &amount.to_string(), &batch.currency, direction, ""]
        .map(str::to_owned)
        .to_vec()
}

pub(crate) fn of_line(line: &Line, batch: &Batch) -> Vec<String> {
    of_direction(&line.id, line.total, (batch, batch.date, &batch.stated))
}

pub(crate) fn of_payment(batch: &Batch) -> Vec<String> {
    of_direction(&batch.payout, batch.to_pay, (batch, batch.paid_on, &batch.direction))
}

/// The day on which somebody books what is of a date: soon.
fn booked_on(date: Date, place: usize) -> Date {
    if (date - FIRST).get_days() < FIRST_DAYS {
        return date;
    }
    date + i64::try_from(place % DAYS_LATER).unwrap().days()
}

/// A receiver's statement of the month: each line of its files. Some it has booked in two parts, and some days later.
#[must_use]
pub fn statement(files: &[Published], receiver: &str) -> Sheet {
    let mut sheet = Sheet::of(COLUMNS);
    for batch in of(files, receiver).into_iter().flat_map(|file| &file.batches) {
        for line in &batch.lines {
            let place = sheet.lines.len();
            sheet.lines.push(of_line(line, batch));
            sheet.set(place, "date", booked_on(batch.date, place));
            if place % PARTS_EVERY == PARTS_EVERY - 1 && line.total.abs() > 100 {
                let part = line.total / 3;
                sheet.set(place, "amount_minor", line.total - part);
                sheet.lines.push(of_line(line, batch));
                sheet.set(place + 1, "amount_minor", part);
            }
        }
    }
    sheet
}

/// What a bank's statement says of the account that it settles by.
#[must_use]
pub fn payments(files: &[Published], bank: &str) -> Sheet {
    let mut sheet = Sheet::of(COLUMNS);
    let batches = of(files, bank).into_iter().flat_map(|file| &file.batches);
    for (place, batch) in batches.filter(|batch| batch.to_pay > 0).enumerate() {
        sheet.lines.push(of_payment(batch));
        sheet.set(place, "date", booked_on(batch.paid_on, place % 2));
    }
    sheet
}

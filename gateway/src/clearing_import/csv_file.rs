//! Clearing as CSV.

use std::io::Read;

use domain::TransactionKind;
use iso8583::Pan;
use serde::Deserialize;

use super::{
    problem::FileProblem,
    reader::{Controls, Item, RecordReader, Unreadable},
    record::{ClearingRecord, Nameless, Step},
};
use crate::{
    enrollment::{at_line, csv_problem},
    translate::currency_code,
};

/// So much of a column's name is told.
const COLUMN_MAX: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    pan: String,
    amount_minor: u64,
    currency: String,
    billing_minor: Option<u64>,
    billing_currency: Option<String>,
    local_time: String,
    mcc: Option<u16>,
    acquirer: String,
    card_acceptor: String,
    terminal: String,
    retrieval: String,
    approval: String,
    arn: String,
    clearing_sequence: u16,
    reversal: bool,
    /// Not every bank has this column.
    #[serde(default)]
    life_cycle: String,
}

/// Reads lines.
pub(super) struct CsvFile<R> {
    reader: csv::Reader<LastByte<R>>,
    columns: Option<csv::StringRecord>,
    /// Lines read behind the first.
    lines: u64,
    ended: bool,
}

/// Remembers the last byte, since a line that is cut may look whole.
struct LastByte<R> {
    source: R,
    last: Option<u8>,
}

impl<R: Read> Read for LastByte<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(out)?;
        self.last = out.get(..read).and_then(<[u8]>::last).copied().or(self.last);
        Ok(read)
    }
}

impl<R: Read> CsvFile<R> {
    pub(super) fn new(bytes: R) -> Self {
        let source = LastByte { source: bytes, last: None };
        let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        Self { reader, columns: None, lines: 0, ended: false }
    }

    fn next_line(&mut self) -> Result<Option<Line>, csv::Error> {
        if self.columns.is_none() {
            self.columns = Some(self.reader.headers()?.clone());
        }
        let mut record = csv::StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => {
                self.ended = true;
                Ok(None)
            }
            Ok(true) => {
                self.lines = self.lines.saturating_add(1);
                record.deserialize(self.columns.as_ref()).map(Some)
            }
            Err(error) => {
                self.lines = self.lines.saturating_add(1);
                Err(error)
            }
        }
    }

    /// What is wrong with a line; a value at fault is named by its column.
    fn named_problem(&self, error: &csv::Error) -> String {
        let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return csv_problem(error) };
        let at = err.field().and_then(|field| usize::try_from(field).ok());
        let column = at.and_then(|at| self.columns.as_ref()?.get(at));
        match (err.kind(), column) {
            (csv::DeserializeErrorKind::Message(_), _) | (_, None) => csv_problem(error),
            (_, Some(column)) => {
                let column: String = column.chars().take(COLUMN_MAX).collect();
                format!("column {column}: expected {}, found something else", expected(&column))
            }
        }
    }

    /// The last line must end, or a part of its last value may be missing.
    fn end(&self) -> Result<Option<Item>, Unreadable> {
        match self.reader.get_ref().last {
            None | Some(b'\n' | b'\r') => Ok(None),
            Some(_) => Err(Unreadable::File(FileProblem::Truncated(
                "expected the last line to end with a line end, found the end of the file behind it; the bank must send \
                 the whole file again"
                    .to_owned(),
            ))),
        }
    }
}

impl<R: Read + Send> RecordReader for CsvFile<R> {
    fn next_item(&mut self) -> Result<Option<Item>, Unreadable> {
        if self.ended {
            return Ok(None);
        }
        let line = self.next_line();
        let number = self.lines;
        let record = match line {
            Ok(None) => return self.end(),
            Ok(Some(line)) => record(line, number),
            Err(error) => match error.kind() {
                csv::ErrorKind::Io(error) => return Err(Unreadable::Storage(error.kind())),
                _ => Err(self.named_problem(&error)),
            },
        };
        // The first line names the columns.
        let line = usize::try_from(number).unwrap_or(usize::MAX).saturating_add(1);
        record
            .map(|record| Some(Item::Record(Box::new(record))))
            .map_err(|problem| Unreadable::Record { number, told: at_line(line, &problem) })
    }

    fn controls(&mut self) -> Controls {
        Controls::default()
    }
}

/// What a column holds that is not text.
fn expected(column: &str) -> &'static str {
    match column {
        "reversal" => "true or false",
        "mcc" | "clearing_sequence" => "a whole number of at most 65535",
        "amount_minor" | "billing_minor" => "a whole number of minor units",
        _ => "text",
    }
}

fn record(line: Line, number: u64) -> Result<ClearingRecord, String> {
    let pan = zeroize::Zeroizing::new(line.pan);
    let pan = Pan::parse(&pan).ok_or("column pan: expected 12 to 19 digits")?;
    let (step, transaction) = kind(&line.kind)?;
    let currency_of = |column: &str, code: &str| {
        currency_code(code)
            .ok_or_else(|| format!("column {column}: expected a numeric code of ISO 4217 such as 643"))
    };
    let currency = currency_of("currency", &line.currency)?;
    let billing_currency = line.billing_currency.as_deref().filter(|code| !code.is_empty());
    let billing = match (line.billing_minor, billing_currency) {
        (Some(amount), Some(code)) => Some((amount, currency_of("billing_currency", code)?)),
        (None, None) => None,
        _ => return Err("columns billing_minor and billing_currency: give both or none".to_owned()),
    };
    let local = line
        .local_time
        .parse()
        .map_err(|_| "column local_time: expected a time such as 2026-10-10T14:05:00".to_owned())?;
    let record = ClearingRecord {
        number,
        step,
        reversal: line.reversal,
        pan,
        transaction,
        amount_minor: line.amount_minor,
        currency,
        billing,
        local,
        mcc: line.mcc,
        acquirer: line.acquirer,
        card_acceptor: line.card_acceptor,
        terminal: line.terminal,
        retrieval: line.retrieval,
        approval: line.approval,
        arn: line.arn,
        life_cycle: line.life_cycle,
        // The first one, as in the other formats.
        clearing_sequence: line.clearing_sequence.max(1),
        partial: None,
        reference: String::new(),
        undoes_day: None,
    };
    record.with_names().map_err(|nameless| named(nameless).to_owned())
}

fn named(nameless: Nameless) -> &'static str {
    match nameless {
        Nameless::Reversal => "column reversal: a reversal names its presentment by the column arn",
        Nameless::Record => {
            "columns arn and retrieval: give one, else the record cannot be known when it comes again"
        }
    }
}

fn kind(text: &str) -> Result<(Step, TransactionKind), String> {
    use TransactionKind::{Cash, Purchase, Refund};
    Ok(match text {
        "purchase" => (Step::Presentment, Purchase),
        "cash" => (Step::Presentment, Cash),
        "refund" => (Step::Presentment, Refund),
        "chargeback" => (Step::Chargeback, Purchase),
        "second_presentment" => (Step::SecondPresentment, Purchase),
        "arbitration" => (Step::Arbitration, Purchase),
        other => {
            return Err(format!(
                "column kind: expected purchase, cash or refund, chargeback, second_presentment or arbitration, found \
                 {other:?}"
            ));
        }
    })
}

//! The first reading of all records: nothing is booked of a file that cannot be booked whole.

use jiff::Timestamp;
use store::ClearingFileCounts;

use super::{
    event::{NotOurs, made_at},
    format::ClearingFormat,
    problem::FileProblem,
    reader::{Item, RecordReader, Unreadable},
    record::{ARN_DIGITS, ClearingRecord},
    undone::Undone,
};
use crate::Link;

/// Records at fault that are listed before reading stops.
const ERRORS_MAX: usize = 20;
/// A local time of CSV may be so far in the future: clocks and zones differ.
const AHEAD_DAYS: i64 = 1;
/// And so far in the past: chargebacks come late.
const BEHIND_DAYS: i64 = 400;

/// A file that can be booked.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) counts: ClearingFileCounts,
    /// Totals that do not fit; empty unless the operator accepts them.
    pub(super) totals: Vec<String>,
    pub(super) remarks: Vec<&'static str>,
    /// What the file itself undoes.
    pub(super) undone: Undone,
}

/// Why a file is not booked.
pub(super) enum Refused {
    Problem(FileProblem),
    Storage(std::io::ErrorKind),
}

/// Reads the whole file.
pub(super) fn check(
    reader: &mut dyn RecordReader,
    format: ClearingFormat,
    link: &Link,
    accept_totals: bool,
    now: Timestamp,
) -> Result<Checked, Refused> {
    let mut checker = Checker {
        link,
        format,
        now,
        counts: ClearingFileCounts::default(),
        foreign: 0,
        undone: Undone::default(),
        wrong: None,
    };
    loop {
        match reader.next_item() {
            Ok(None) => break,
            Ok(Some(item)) => checker.item(&item),
            Err(Unreadable::Record { number, told }) => checker.wrong(number, told),
            Err(Unreadable::Storage(kind)) => return Err(Refused::Storage(kind)),
            Err(Unreadable::File(problem)) => {
                // Several records at fault explain more than where the reading ended; one may be what the cut left.
                let several = checker.wrong.filter(|wrong| wrong.told.len() > 1);
                return Err(Refused::Problem(several.map_or(problem, |wrong| wrong.problem(format))));
            }
        }
        if checker.wrong.as_ref().is_some_and(|wrong| wrong.told.len() >= ERRORS_MAX) {
            break;
        }
    }
    checker.end(reader, accept_totals).map_err(Refused::Problem)
}

struct Checker<'a> {
    link: &'a Link,
    format: ClearingFormat,
    now: Timestamp,
    counts: ClearingFileCounts,
    /// Records of cards of others.
    foreign: u64,
    undone: Undone,
    wrong: Option<Wrong>,
}

/// Records at fault.
struct Wrong {
    first: u64,
    told: Vec<String>,
}

impl Wrong {
    fn problem(self, format: ClearingFormat) -> FileProblem {
        FileProblem::Records { format, record: self.first, told: self.told }
    }
}

impl Checker<'_> {
    fn item(&mut self, item: &Item) {
        let counts = &mut self.counts;
        let counted = match item {
            Item::Frame => return,
            Item::Record(record) => {
                counts.records = counts.records.saturating_add(1);
                self.undone.note(record);
                return self.record(record);
            }
            Item::Fee => &mut counts.fees,
            Item::PassedOver => &mut counts.passed_over,
        };
        *counted = counted.saturating_add(1);
        counts.records = counts.records.saturating_add(1);
    }

    fn record(&mut self, record: &ClearingRecord) {
        let told = match (made_at(record, self.link), self.format) {
            (Ok(at), format) => match record.unstorable().or_else(|| self.implausible(record, at)) {
                None => return,
                Some(told) if format == ClearingFormat::Csv => format!("column {told}"),
                Some(told) => told,
            },
            (Err(NotOurs::Card), format) => {
                self.foreign = self.foreign.saturating_add(1);
                let at = if format == ClearingFormat::Csv { "column pan" } else { "card number" };
                format!("{at}: the card is in no BIN range of {}", self.link.code)
            }
            (Err(NotOurs::Time), ClearingFormat::Csv) => "column local_time: out of range".to_owned(),
            (Err(NotOurs::Time), _) => "DE12: the local time is out of range".to_owned(),
        };
        let place = match self.format {
            ClearingFormat::Csv => format!("line {}", record.number.saturating_add(1)),
            _ => format!("record {}", record.number),
        };
        self.wrong(record.number, format!("{place}: {told}"));
    }

    /// Columns that were exchanged or filled by hand still look like values. The other formats come from systems that
    /// control them, and may be old.
    fn implausible(&self, record: &ClearingRecord, at: Timestamp) -> Option<String> {
        if self.format != ClearingFormat::Csv {
            return None;
        }
        let days = at.duration_since(self.now).as_hours().checked_div(24)?;
        if record.arn.chars().count() > ARN_DIGITS {
            return Some(format!("arn: expected at most {ARN_DIGITS} characters, found more"));
        }
        if at > self.now && days >= AHEAD_DAYS {
            return Some("local_time: is more than a day in the future".to_owned());
        }
        (days < -BEHIND_DAYS).then(|| format!("local_time: is more than {BEHIND_DAYS} days ago"))
    }

    fn wrong(&mut self, number: u64, told: String) {
        self.wrong.get_or_insert(Wrong { first: number, told: Vec::new() }).told.push(told);
    }

    fn end(self, reader: &mut dyn RecordReader, accept_totals: bool) -> Result<Checked, FileProblem> {
        let Self { link, format, counts, foreign, wrong, undone, .. } = self;
        let of_purchases = counts.records.saturating_sub(counts.fees).saturating_sub(counts.passed_over);
        // One card in no range is a mistake of one line or of the ranges; none at all is another bank's file.
        if foreign > 1 && foreign == of_purchases {
            return Err(FileProblem::OtherBank { bank: link.code.clone() });
        }
        let controls = reader.controls();
        // A file for another system is told to be one, whatever else is wrong with it.
        let mut problems = controls.problems;
        if let Some(at) = problems.iter().position(|problem| matches!(problem, FileProblem::Mode(_))) {
            return Err(problems.swap_remove(at));
        }
        if let Some(wrong) = wrong {
            return Err(wrong.problem(format));
        }
        if let Some(at) = problems.iter().position(|problem| !matches!(problem, FileProblem::Control(_))) {
            return Err(problems.swap_remove(at));
        }
        if format == ClearingFormat::Csv && counts.records == 0 && !accept_totals {
            return Err(FileProblem::Empty);
        }
        let told: Vec<String> = problems
            .into_iter()
            .flat_map(|problem| match problem {
                FileProblem::Control(told) => told,
                other => vec![other.to_string()],
            })
            .collect();
        match (told.is_empty(), controls.totals.is_empty() || accept_totals) {
            (false, _) => Err(FileProblem::Control(told)),
            (true, false) => Err(FileProblem::Totals(controls.totals)),
            (true, true) => {
                Ok(Checked { counts, totals: controls.totals, remarks: controls.remarks, undone })
            }
        }
    }
}

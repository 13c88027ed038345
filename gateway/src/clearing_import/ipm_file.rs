//! Clearing as Mastercard IPM: records, blocks and trailer around the messages of `ipm_message`.

use std::io::{BufReader, Read};

use iso8583::{
    Dialect,
    clearing::{
        blocks::{BlockError, Unblocked},
        control::{ControlProblem, Controlled, FileControl, Finding, Mode},
        detect::{Blocking, Detected},
        record_kind::{Meaning, RecordKind},
        vbs::{Ending, Reader, VbsError, VbsProblem},
    },
};

use super::{
    ipm_message::{self, Facts},
    problem::FileProblem,
    reader::{Controls, Item, RecordReader, Unreadable},
};

/// The stream of records, without blocks.
pub(super) type Stream<'a> = Reader<Box<dyn Read + Send + 'a>>;

/// Reads records.
pub(super) struct IpmFile<'a> {
    records: Stream<'a>,
    dialect: &'a Dialect,
    control: Option<FileControl>,
    expected: Mode,
}

/// The records of a file, without its blocks.
pub(super) fn stream<'a>(bytes: impl Read + Send + 'a, blocking: Blocking) -> Stream<'a> {
    Reader::new(match blocking {
        // The source has its own buffer, which it wipes.
        Blocking::Unblocked => Box::new(bytes),
        Blocking::Blocks1014 => Box::new(Unblocked::new(bytes)),
    })
}

impl<'a> IpmFile<'a> {
    pub(super) fn new(
        bytes: impl Read + Send + 'a,
        detected: Detected,
        dialect: &'a Dialect,
        expected: Mode,
    ) -> Self {
        let control = Some(FileControl::new(expected));
        Self { records: stream(bytes, detected.blocking), dialect, control, expected }
    }
}

impl RecordReader for IpmFile<'_> {
    fn next_item(&mut self) -> Result<Option<Item>, Unreadable> {
        let Some(record) = self.records.next_record().map_err(framing)? else { return Ok(None) };
        let number = record.number;
        let wrong = |problem: &str| Unreadable::Record {
            number,
            told: format!("record {number}: {}", iso8583::mask_text(problem)),
        };
        let message = self.dialect.decode(record.bytes).map_err(|error| wrong(&error.to_string()))?;
        let facts = Facts::of(&message).map_err(|problem| wrong(&problem))?;
        if let Some(control) = &mut self.control {
            control.feed(&controlled(number, &facts));
        }
        let Meaning { kind, .. } = facts.meaning;
        if kind.is_financial() {
            let record = ipm_message::record(&message, &facts, number).map_err(|problem| wrong(&problem))?;
            return Ok(Some(Item::Record(Box::new(record))));
        }
        Ok(Some(match kind {
            RecordKind::FeeCollection(_) => Item::Fee,
            RecordKind::FileHeader | RecordKind::FileTrailer => Item::Frame,
            _ => Item::PassedOver,
        }))
    }

    fn controls(&mut self) -> Controls {
        let mut controls = Controls::default();
        let control = self.control.take().unwrap_or_else(|| FileControl::new(self.expected));
        let found = control.finish();
        for finding in &found.findings {
            sort(finding, &mut controls);
        }
        if self.records.ending() == Some(Ending::Unclosed) {
            controls.remarks.push("the file has no closing record of length zero");
        }
        controls
    }
}

fn controlled(number: u64, facts: &Facts) -> Controlled<'_> {
    Controlled {
        amount: facts.amount,
        message_number: facts.message_number,
        file_id: facts.file_id.as_deref(),
        mode: facts.mode.as_deref(),
        checksum: facts.checksum,
        count: facts.count,
        ..Controlled::new(number, facts.meaning.kind)
    }
}

/// Which of our problems a finding is.
fn sort(finding: &Finding, controls: &mut Controls) {
    let told = finding.to_string();
    match finding.problem {
        ControlProblem::NoCount
        | ControlProblem::CountDiffers { .. }
        | ControlProblem::NoChecksum
        | ControlProblem::AmountDiffers { .. } => controls.totals.push(told),
        ControlProblem::NoTrailer => controls.problems.push(FileProblem::Truncated(told)),
        ControlProblem::NoMode | ControlProblem::TestInProduction | ControlProblem::ProductionInTest => {
            controls.problems.push(FileProblem::Mode(told))
        }
        _ => controls.problems.push(FileProblem::Control(vec![told])),
    }
}

fn framing(error: VbsError) -> Unreadable {
    Unreadable::File(match error.problem {
        VbsProblem::Unreadable(kind) => return Unreadable::Storage(kind),
        VbsProblem::CutInLength { .. }
        | VbsProblem::CutInRecord { .. }
        | VbsProblem::Block(BlockError::Cut { .. }) => FileProblem::Truncated(error.to_string()),
        _ => FileProblem::Framing(error.to_string()),
    })
}

/// The file id in the header, if the first bytes hold one.
pub(super) fn stated_id(head: &[u8], detected: Detected, dialect: &Dialect) -> Option<String> {
    let mut records = stream(BufReader::new(head), detected.blocking);
    let record = records.next_record().ok()??;
    let message = dialect.decode(record.bytes).ok()?;
    let facts = Facts::of(&message).ok()?;
    facts.file_id.filter(|_| facts.meaning.kind == RecordKind::FileHeader)
}

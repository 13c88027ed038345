//! Clearing by file: the same events as online clearing, each file and each presentment once.
//!
//! A file is read three times, each time as a stream: for its hash and its first bytes, which tell what is known of
//! it; to check that all of it can be booked; and to book it. So a file of any size is taken whole or not at all, in
//! bounded memory. An import that dies while it books is completed by running it again: the keys of the messages
//! come from the file's id and the record's number.

mod bytes;
mod check;
mod csv_file;
mod ctf_file;
mod event;
mod feed;
mod format;
mod identity;
mod ipm_file;
mod ipm_message;
mod problem;
mod reader;
mod record;
mod undone;

use std::io::{Read, Seek};

use domain::FilePlace;
use iso8583::clearing::control::Mode;
use jiff::{Timestamp, civil::Date};
use store::{
    ClearingArrival, ClearingFileConsent, ClearingFileKey, ClearingFileOutcome, ClearingFileReason,
    ClearingFileState,
};

use self::{
    bytes::FileBytes,
    check::{Checked, Refused, check},
    feed::{Fed, Feed},
    format::Layout,
    identity::{Identity, outline},
    undone::Undone,
};
pub use self::{
    format::{ClearingFormat, IpmDialects},
    problem::FileProblem,
};
use crate::{Gateway, Link};

/// Longest words about a problem that are stored.
const TOLD_MAX: usize = 2_000;

/// How a file is to be imported.
#[derive(Debug, Clone)]
pub struct ImportOptions<'a> {
    /// As the file is called; its id, if it does not say one itself.
    pub name: &'a str,
    /// Its id at the bank, for formats that do not say it.
    pub file_id: Option<&'a str>,
    /// Its number at the bank, for formats that do not say it. Without one no gap is noticed.
    pub sequence: Option<i32>,
    /// Its format; told from its first bytes if absent.
    pub format: Option<ClearingFormat>,
    /// How IPM records are written; without it no IPM file is taken.
    pub dialects: Option<IpmDialects>,
    /// Which files are for this system.
    pub mode: Mode,
    /// Take the file although files before it are missing.
    pub accept_gap: bool,
    /// Take the file although its trailer states other totals.
    pub accept_totals: bool,
    /// Take the file although the same bytes were taken under another id.
    pub accept_same_content: bool,
    /// The day by which local times in CSV are judged, for files of other days; else the gateway's clock.
    pub on: Option<Date>,
    /// Who says so.
    pub by: &'a str,
}

impl<'a> ImportOptions<'a> {
    /// A file of this name, of whatever format, with nothing accepted and the built-in dialects.
    pub fn new(name: &'a str, mode: Mode) -> Self {
        Self {
            name,
            file_id: None,
            sequence: None,
            format: None,
            dialects: IpmDialects::built_in(),
            mode,
            accept_gap: false,
            accept_totals: false,
            accept_same_content: false,
            on: None,
            by: "",
        }
    }
}

/// Why a clearing file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("the clearing file cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The file is put aside; nothing of it is booked.
    #[error("{0}")]
    Quarantined(FileProblem),
    /// It was written to while it was read.
    #[error(
        "the file changed while it was imported: what is stored is not booked twice. Import the file as it was first, \
         and let nobody write to it"
    )]
    Changed,
    /// Another import of the same file runs.
    #[error(
        "another import of this file is under way: wait for it, then run this one again; what is stored is not booked \
         twice"
    )]
    UnderWay,
    /// The database failed.
    #[error("the import stopped: {0}. Run it again: what is stored is not booked twice")]
    Store(#[from] store::StoreError),
    /// Some records were not stored.
    #[error("{unanswered} records were not stored. Run the import again: what is stored is not booked twice")]
    Unanswered {
        /// How many.
        unanswered: usize,
    },
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Records in the file, without those that only frame it.
    pub records: usize,
    /// Records that were booked now.
    pub booked: usize,
    /// Records that had been answered before.
    pub repeated: usize,
    /// Records that were taken without anything to book, such as cards of no member.
    pub without_loyalty: usize,
    /// Records of which one with the same identity was booked before: nothing is booked.
    pub already_known: usize,
    /// Of them records that are more than a second copy, or may be: a person has to look.
    pub differing: usize,
    /// Chargebacks that were taken and booked nothing, for a person to decide.
    pub undecided: usize,
    /// Of all records those of which it is not certain what the bank meant: a person has to look.
    pub doubtful: usize,
    /// Presentments and refunds of a bank that clears in another way, passed over.
    pub elsewhere: usize,
    /// Records put aside for a person; the file is then not done, another import sends them again.
    pub quarantined: usize,
    /// Fees between the institutions: no loyalty.
    pub fees: usize,
    /// Records that tell nothing of a purchase by themselves.
    pub passed_over: usize,
    /// Whether the whole file had been imported before.
    pub already_imported: bool,
}

impl ImportReport {
    /// Whether every record was answered; else another import of the file is due.
    pub fn is_taken(&self) -> bool {
        self.quarantined == 0
    }

    /// Whether nobody has to look at a record.
    pub fn is_clean(&self) -> bool {
        self.is_taken() && self.differing == 0 && self.undecided == 0 && self.doubtful == 0
    }
}

/// A file that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its id.
    pub file_id: String,
    /// Its number, if it has one.
    pub sequence: Option<i32>,
    /// Its format.
    pub format: ClearingFormat,
    /// What was done.
    pub report: ImportReport,
    /// What people should know, such as totals that were accepted.
    pub remarks: Vec<String>,
    /// Records that a person has to look at or that were passed over, each with the reason; the first of them if there
    /// are many.
    pub look_at: Vec<String>,
}

/// Imports a clearing file of the link's bank.
pub async fn import_clearing(
    mut file: impl Read + Seek + Send,
    options: &ImportOptions<'_>,
    link: &Link,
    gateway: &Gateway,
) -> Result<Imported, ImportError> {
    let outline = outline(&mut file, options)?;
    let mut import = Import { options, link, gateway, identity: outline.identity, hole: None, same_as: None };
    match (import.receive(&outline.layout).await?, outline.layout) {
        (ClearingFileState::New, Ok(layout)) => import.whole(&mut file, layout, None).await,
        (ClearingFileState::Late { missing }, Ok(layout)) => {
            import.whole(&mut file, layout, Some(missing)).await
        }
        (ClearingFileState::Unfinished, Ok(layout)) => {
            let undone = import.undone(&mut file, layout)?;
            import.book(&mut file, layout, undone, Vec::new()).await
        }
        (ClearingFileState::Taken, Ok(layout)) => Ok(import.taken_before(layout)),
        (state, layout) => {
            let problem = import.known_problem(state).or(layout.err());
            Err(import.put_aside(problem.unwrap_or_else(no_layout)).await?)
        }
    }
}

fn no_layout() -> FileProblem {
    FileProblem::Format("expected a clearing file, found something else; ask the bank".to_owned())
}

/// One import under way.
struct Import<'a> {
    options: &'a ImportOptions<'a>,
    link: &'a Link,
    gateway: &'a Gateway,
    identity: Identity,
    /// The first and the last number that are missing before it, if the operator does not wait for them.
    hole: Option<(i32, i32)>,
    /// The file with the same bytes, if the operator says that this is another one.
    same_as: Option<String>,
}

impl Import<'_> {
    fn key(&self) -> ClearingFileKey {
        let Identity { id, sha256, .. } = &self.identity;
        ClearingFileKey { bank: self.link.bank, file_id: id.clone(), sha256: *sha256 }
    }

    fn arrival(&self, layout: Option<&Layout>) -> ClearingArrival {
        let Identity { series, series_date, sequence, .. } = &self.identity;
        ClearingArrival {
            key: self.key(),
            name: iso8583::mask_text(self.options.name).into_owned(),
            format: layout.map_or("", |layout| layout.format().name()).to_owned(),
            series: series.clone(),
            series_date: *series_date,
            sequence: *sequence,
            received_at: self.gateway.clock.now(),
            accept_same_content: self.same_as.is_some(),
        }
    }

    async fn receive(
        &mut self,
        layout: &Result<Layout, FileProblem>,
    ) -> Result<ClearingFileState, ImportError> {
        let (pool, sequence) = (&self.gateway.pool, self.identity.sequence);
        let mut arrival = self.arrival(layout.as_ref().ok());
        let mut state = store::receive_clearing_file(pool, &arrival, false).await?;
        if let (ClearingFileState::Renamed { first_id }, true) = (&state, self.options.accept_same_content) {
            self.same_as = Some(first_id.clone());
            arrival.accept_same_content = true;
            state = store::receive_clearing_file(pool, &arrival, false).await?;
        }
        self.hole = match (&state, sequence) {
            (ClearingFileState::Gap { expected }, Some(found)) if self.options.accept_gap => {
                Some((*expected, found.saturating_sub(1)))
            }
            _ => None,
        };
        match self.hole {
            Some(_) => Ok(store::receive_clearing_file(pool, &arrival, true).await?),
            None => Ok(state),
        }
    }

    /// What stands against a file because of those that came before.
    fn known_problem(&self, state: ClearingFileState) -> Option<FileProblem> {
        let sequence = self.identity.sequence.unwrap_or_default();
        match state {
            ClearingFileState::Altered => Some(FileProblem::Altered(self.identity.id.clone())),
            ClearingFileState::Renamed { first_id } => Some(FileProblem::Renamed { first_id }),
            ClearingFileState::NumberTaken { first_id } => {
                Some(FileProblem::NumberTaken { sequence, first_id })
            }
            ClearingFileState::Gap { expected } => Some(FileProblem::Gap { expected, found: sequence }),
            ClearingFileState::New
            | ClearingFileState::Late { .. }
            | ClearingFileState::Unfinished
            | ClearingFileState::Taken => None,
        }
    }

    /// Writes the problem down; it then is the import's answer.
    async fn put_aside(&self, problem: FileProblem) -> Result<ImportError, ImportError> {
        let told: String = problem.to_string().chars().take(TOLD_MAX).collect();
        let reason = ClearingFileReason { code: problem.code().to_owned(), told, record: problem.record() };
        let stored = store::quarantine_clearing_file(&self.gateway.pool, &self.key(), &reason).await?;
        // A file that is booked, or being booked, stays what it is: this import was told wrong.
        let told =
            if stored { "a clearing file was put aside" } else { "a clearing file was not imported again" };
        tracing::warn!(bank = self.link.code, file = self.identity.id, reason = problem.code(), "{told}");
        Ok(ImportError::Quarantined(problem))
    }

    /// Checks all of the file, then books it.
    async fn whole(
        &self,
        file: &mut (impl Read + Seek + Send),
        layout: Layout,
        missing: Option<i32>,
    ) -> Result<Imported, ImportError> {
        let checked = match self.check(file, layout)? {
            Ok(checked) => checked,
            Err(problem) => return Err(self.put_aside(problem).await?),
        };
        let consent = self.consent(&checked);
        let (pool, arrival) = (&self.gateway.pool, self.arrival(Some(&layout)));
        // Other imports may have come first since this file was received.
        match store::check_clearing_file(pool, &arrival, checked.counts, &consent).await? {
            ClearingFileState::New => {
                let remarks = self.remarks(&checked, missing);
                self.book(file, layout, checked.undone, remarks).await
            }
            ClearingFileState::Taken => Ok(self.taken_before(layout)),
            state => match self.known_problem(state) {
                Some(problem) => Err(self.put_aside(problem).await?),
                None => Err(ImportError::UnderWay),
            },
        }
    }

    /// What people should know of a file that is taken.
    fn remarks(&self, checked: &Checked, missing: Option<i32>) -> Vec<String> {
        let remarks = checked.remarks.iter().map(|remark| (*remark).to_owned());
        let totals = checked.totals.iter().map(|told| format!("accepted: {told}"));
        let hole =
            self.hole.map(|(first, last)| format!("accepted: no files of the numbers {first} to {last}"));
        let missing = missing.map(|number| {
            format!("comes late, and file number {number} is still missing: ask the bank for it")
        });
        let same = self.same_as.iter().map(|first| format!("accepted: the same content as file {first:?}"));
        remarks.chain(totals).chain(same).chain(hole).chain(missing).collect()
    }

    fn taken_before(&self, layout: Layout) -> Imported {
        let report = ImportReport { already_imported: true, ..ImportReport::default() };
        self.imported(layout, Fed { report, look_at: Vec::new() }, Vec::new())
    }

    /// The time by which local times are judged.
    fn judged_at(&self) -> Timestamp {
        let noon = self.options.on.map(|day| day.at(12, 0, 0, 0).to_zoned(self.link.time_zone.clone()));
        match noon {
            Some(Ok(noon)) => noon.timestamp(),
            _ => self.gateway.clock.now(),
        }
    }

    fn check(
        &self,
        file: &mut (impl Read + Seek + Send),
        layout: Layout,
    ) -> Result<Result<Checked, FileProblem>, ImportError> {
        file.rewind()?;
        let mut bytes = FileBytes::new(&mut *file);
        let dialects = self.options.dialects.as_ref();
        let mut reader = match reader::reader(layout, &mut bytes, dialects, self.options.mode) {
            Ok(reader) => reader,
            Err(problem) => return Ok(Err(problem)),
        };
        let now = self.judged_at();
        let checked = check(&mut *reader, layout.format(), self.link, self.options.accept_totals, now);
        drop(reader);
        if bytes.finish()? != self.identity.sha256 {
            return Err(ImportError::Changed);
        }
        match checked {
            Ok(checked) => Ok(Ok(checked)),
            Err(Refused::Problem(problem)) => Ok(Err(problem)),
            Err(Refused::Storage(kind)) => Err(ImportError::Read(kind.into())),
        }
    }

    fn consent(&self, checked: &Checked) -> ClearingFileConsent {
        let gap = self.hole.map(|(first, last)| format!("gap:{first}-{last}"));
        let totals = (!checked.totals.is_empty()).then(|| "totals".to_owned());
        let same = self.same_as.as_ref().map(|first| format!("same_content:{first}"));
        let on = self.options.on.map(|day| format!("on:{day}"));
        let codes: Vec<String> = gap.into_iter().chain(totals).chain(same).chain(on).collect();
        let by = if codes.is_empty() { "" } else { self.options.by };
        ClearingFileConsent { codes: codes.join(" "), by: by.to_owned() }
    }

    /// Where the file stands among those of its bank.
    fn place(&self) -> FilePlace {
        let Identity { id, series, series_date, sequence, .. } = &self.identity;
        FilePlace { id: id.clone(), series: series.clone(), date: *series_date, sequence: *sequence }
    }

    /// What a file that was checked before undoes itself.
    fn undone(&self, file: &mut (impl Read + Seek + Send), layout: Layout) -> Result<Undone, ImportError> {
        file.rewind()?;
        let mut bytes = FileBytes::new(&mut *file);
        let dialects = self.options.dialects.as_ref();
        let mut reader = reader::reader(layout, &mut bytes, dialects, self.options.mode)
            .map_err(ImportError::Quarantined)?;
        Ok(Undone::read(&mut *reader))
    }

    async fn book(
        &self,
        file: &mut (impl Read + Seek + Send),
        layout: Layout,
        undone: Undone,
        remarks: Vec<String>,
    ) -> Result<Imported, ImportError> {
        file.rewind()?;
        let mut bytes = FileBytes::new(&mut *file);
        let dialects = self.options.dialects.as_ref();
        let mut reader = reader::reader(layout, &mut bytes, dialects, self.options.mode)
            .map_err(ImportError::Quarantined)?;
        let fed = Feed::new(self.gateway, self.link, self.place(), undone).run(&mut *reader).await;
        drop(reader);
        let fed = fed?;
        if bytes.finish()? != self.identity.sha256 {
            return Err(ImportError::Changed);
        }
        let outcome = outcome(&fed, &remarks);
        match store::finish_clearing_file(&self.gateway.pool, &self.key(), &outcome).await? {
            true => Ok(self.imported(layout, fed, remarks)),
            false => Err(ImportError::UnderWay),
        }
    }

    fn imported(&self, layout: Layout, fed: Fed, remarks: Vec<String>) -> Imported {
        let (Identity { id, sequence, .. }, Fed { report, look_at }) = (&self.identity, fed);
        Imported {
            file_id: id.clone(),
            sequence: *sequence,
            format: layout.format(),
            report,
            remarks,
            look_at,
        }
    }
}

/// What is kept of a file whose records were sent.
fn outcome(fed: &Fed, remarks: &[String]) -> ClearingFileOutcome {
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let told: Vec<&str> = remarks.iter().chain(&fed.look_at).map(String::as_str).collect();
    ClearingFileOutcome {
        put_aside: count(fed.report.quarantined),
        already_known: count(fed.report.already_known),
        differing: count(fed.report.differing),
        told: told.join("\n").chars().take(TOLD_MAX).collect(),
    }
}

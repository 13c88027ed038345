//! The clearing files of a bank: each once, unaltered, in the order of its series.

use std::collections::BTreeSet;

use domain::reconciliation::{Break, BreakClass, Comparison, Reason, Rung, Source, Whose};
use domain::{BankId, hide_card_numbers};
use jiff::civil::Date;
use store::reconciliation::{ReceivedFile, banks_that_clear, business_dates, received_files};

use super::ReconcileError;
use super::desk::{Desk, Inputs, Scope, is_there, of_file};
use super::settings::{FilesAgreed, is_past};

pub(super) async fn compare(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for (bank, code) in banks_that_clear(desk.pool).await? {
        let files = received_files(desk.pool, bank).await?;
        unreadable(desk, (bank, &code), &files).await?;
        let mut inputs = Inputs::new();
        for file in &files {
            inputs.add(&file.file_id);
            inputs.add(&file.sha256);
            inputs.add(format!("{} {} {:?} {:?}", file.is_taken, file.reason, file.sequence, file.put_aside));
        }
        let (hash, name) = (inputs.hash(), format!("{code}:files"));
        let Some(date) = files.iter().map(|file| file.came).max() else { continue };
        if desk.has(Source::BankClearing, &name, &hash) {
            continue;
        }
        let scope = Scope { source: Source::BankClearing, name, of: of(bank), date };
        desk.keep(&scope, hash, &sequence(&files, of(bank)), "").await?;
    }
    that_must_come(desk).await
}

/// Files that a bank has agreed to bring, for each business date.
async fn that_must_come(desk: &mut Desk<'_>) -> Result<(), ReconcileError> {
    for (bank, FilesAgreed { code, schedule, due_hours, since, until }) in &desk.settings.clearing_files {
        let from = desk.from().max(since.unwrap_or(Date::MIN));
        let dates: BTreeSet<Date> = business_dates(desk.pool, *bank, from).await?.into_iter().collect();
        let files = received_files(desk.pool, *bank).await?;
        let came: Vec<Date> = files.iter().filter(|file| file.is_taken).map(|file| file.came).collect();
        let lacking = schedule.dates_without_files(&dates, &came);
        for date in dates
            .into_iter()
            .filter(|date| schedule.expects(*date) && until.is_none_or(|until| *date <= until))
        {
            let subject = format!("{code}:{date}");
            let name = format!("{code}:expected:{date}");
            let scope = Scope { source: Source::BankClearing, name, of: of(*bank), date };
            let is_due = is_past(date, *due_hours, desk.as_of);
            desk.keep_coming(&scope, &subject, (!lacking.contains(&date), is_due)).await?;
        }
    }
    Ok(())
}

fn of(bank: BankId) -> Whose {
    Whose { bank: Some(bank), ..Whose::default() }
}

/// Of what kind it is that a file was put aside; `None` if it could not be read.
fn put_aside(reason: &str) -> Option<(BreakClass, Reason)> {
    Some(match reason {
        "altered" => (BreakClass::AlteredFile, Reason::OtherContent),
        "renamed" => (BreakClass::Duplicate, Reason::SameContentAgain),
        "gap" => (BreakClass::SequenceGap, Reason::NumberMissing),
        "number_taken" => (BreakClass::Reference, Reason::OtherContent),
        "totals" => (BreakClass::Totals, Reason::TotalsDiffer),
        "other_bank" => (BreakClass::UnknownPartner, Reason::UnknownSender),
        _ => return None,
    })
}

/// What could not be read has a run of its own, so that it stops nothing else.
async fn unreadable(
    desk: &mut Desk<'_>,
    (bank, code): (BankId, &str),
    files: &[ReceivedFile],
) -> Result<(), ReconcileError> {
    for file in files.iter().filter(|file| !file.is_taken && put_aside(&file.reason).is_none()) {
        let name = format!("{code}:{}", hide_card_numbers(&file.file_id));
        let scope = Scope { source: Source::BankClearing, name, of: of(bank), date: file.came };
        if files.iter().any(|other| other.is_taken && other.file_id == file.file_id) {
            desk.can_be_read(&scope).await?;
            continue;
        }
        let told = format!("{}: {}", file.reason, file.told);
        desk.cannot_read(&scope, &told).await?;
    }
    Ok(())
}

fn sequence(files: &[ReceivedFile], of: Whose) -> Comparison {
    let mut found = Comparison::default();
    let mut before: Option<&ReceivedFile> = None;
    for file in files {
        let kind = match file.is_taken {
            true => before
                .filter(|before| is_gap(before, file))
                .map(|_| (BreakClass::SequenceGap, Reason::NumberMissing)),
            false => put_aside(&file.reason).filter(|(class, _)| {
                let stays = matches!(class, BreakClass::AlteredFile | BreakClass::Duplicate);
                stays || !files.iter().any(|other| other.is_taken && other.file_id == file.file_id)
            }),
        };
        match kind {
            Some(kind) => found.breaks.push(break_of(kind, file, before, of)),
            None if file.is_taken => {
                found.matches.push(is_there(Rung::FileId, hide_card_numbers(&file.file_id)));
            }
            None => {}
        }
        if file.is_taken {
            found.breaks.extend(records_put_aside(file, of));
            before = Some(file).filter(|file| !file.series.is_empty()).or(before);
        }
    }
    found
}

/// Files are in the order of their series, its dates and its numbers.
fn is_gap(before: &ReceivedFile, file: &ReceivedFile) -> bool {
    let (Some(last), Some(number)) = (before.sequence, file.sequence) else { return false };
    if before.series != file.series || number == last.saturating_add(1) {
        return false;
    }
    let begins_again = file.series_date > before.series_date && number == 1;
    !begins_again && (number > last || file.series_date > before.series_date)
}

fn break_of(
    kind: (BreakClass, Reason),
    file: &ReceivedFile,
    before: Option<&ReceivedFile>,
    of: Whose,
) -> Break {
    let number = |sequence: Option<i32>| sequence.map(|number| number.to_string()).unwrap_or_default();
    let hash = |file: &ReceivedFile| hex::encode(&file.sha256);
    let fields = [
        ("sequence", number(before.and_then(|before| before.sequence)), number(file.sequence)),
        (
            "sha256",
            before.filter(|before| before.file_id == file.file_id).map(hash).unwrap_or_default(),
            hash(file),
        ),
        ("told", String::new(), hide_card_numbers(&file.told)),
    ];
    let fields = fields.each_ref().map(|(name, ours, theirs)| (*name, ours.as_str(), theirs.as_str()));
    of_file(kind, hide_card_numbers(&file.file_id), (file.came, of), &fields)
}

/// Records that are waiting to be booked.
fn records_put_aside(file: &ReceivedFile, of: Whose) -> Option<Break> {
    let count = file.put_aside.to_string();
    let kind = (BreakClass::MissingOurs, Reason::RecordPutAside);
    let subject = hide_card_numbers(&file.file_id);
    (file.put_aside > 0).then(|| of_file(kind, subject, (file.came, of), &[("records", "0", &count)]))
}

//! A receiver's statement: its lines beside what our published files say under the ids that they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{ComparedLine, FileTotal, IncomingStatement, Settled, compare_statement, named_id, sums};
use jiff::civil::Date;
use store::{AnswersFile, Pool};

use super::{AnswerError, intake::look_into, sent::SentLine};

/// Compares a statement with the files that its receiver was sent; nothing is written.
pub async fn compare_with_files(
    pool: &Pool,
    out: &Path,
    receiver: &str,
    statement: &IncomingStatement,
) -> Result<Vec<ComparedLine>, AnswerError> {
    let files = store::receiver_files(pool, receiver).await?;
    let is_id =
        |word: &str| files.iter().any(|file| file.file_id() == word || cycle_of_line(file, word).is_some());
    let named: BTreeSet<&str> = statement.lines.iter().filter_map(|line| named_id(line, is_id)).collect();
    let mut settled: BTreeMap<String, Vec<Settled>> = BTreeMap::new();
    for file in &files {
        let wanted: BTreeSet<String> =
            named.iter().filter(|id| is_in(&files, file, id)).map(|id| (*id).to_owned()).collect();
        if wanted.is_empty() && !named.contains(file.file_id().as_str()) {
            continue;
        }
        let found = look_into(file, wanted, out).await?;
        settled.insert(file.file_id(), found.totals.iter().map(of_total).collect());
        for (id, line) in &found.lines {
            settled.insert(id.clone(), of_line(line).into_iter().collect());
        }
    }
    Ok(compare_statement(&statement.lines, &settled, is_id))
}

/// The totals of the files that a receiver was sent for business dates from the first to the last.
pub async fn totals_of_period(
    pool: &Pool,
    out: &Path,
    receiver: &str,
    (first, last): (Date, Date),
) -> Result<Vec<FileTotal>, AnswerError> {
    let mut totals = Vec::new();
    for file in store::receiver_files(pool, receiver).await? {
        if (first..=last).contains(&file.business_date) {
            totals.extend(look_into(&file, BTreeSet::new(), out).await?.totals);
        }
    }
    Ok(totals)
}

/// The cycle in the id of a line of this file's program: `{program}-{cycle, six digits}-...`.
fn cycle_of_line(file: &AnswersFile, id: &str) -> Option<i32> {
    let rest = id.strip_prefix(file.program_code.as_str())?.strip_prefix('-')?;
    let (cycle, rest) = rest.split_once('-')?;
    let is_one = cycle.len() >= 6 && cycle.bytes().all(|byte| byte.is_ascii_digit()) && rest.contains('-');
    if is_one { cycle.parse().ok() } else { None }
}

/// Whether the line can stand in this file: the first one of its program that settles its cycle or a later one.
fn is_in(files: &[AnswersFile], file: &AnswersFile, id: &str) -> bool {
    let Some(cycle) = cycle_of_line(file, id) else { return false };
    let of_program =
        files.iter().filter(|other| other.program == file.program && other.cycle_sequence >= cycle);
    of_program.map(|other| other.cycle_sequence).min() == Some(file.cycle_sequence)
}

fn of_total(total: &FileTotal) -> Settled {
    Settled { currency: total.currency.clone(), direction: total.direction, amount_minor: total.to_pay_minor }
}

fn of_line(line: &SentLine) -> Option<Settled> {
    let (net, vat) = sums(&line.items).ok()?;
    let currency = iso_currency::Currency::from_numeric(line.currency.0)?.code().to_owned();
    Some(Settled { currency, direction: line.stated, amount_minor: net.checked_add(vat)? })
}

//! A receiver's statement: its lines beside what our published files say under the ids that they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use domain::{
    ComparedLine, FileTotal, IncomingStatement, Settled, StatementLine, compare_statement, named_id, sums,
};
use jiff::civil::Date;
use store::{AnswersFile, Pool};

use super::{AnswerError, intake::look_into, sent::SentLine};
use crate::booking::aside;

/// Compares a statement with the files that its receiver was sent; nothing is written.
pub async fn compare_with_files(
    pool: &Pool,
    out: &Path,
    receiver: &str,
    statement: &IncomingStatement,
) -> Result<Vec<ComparedLine>, AnswerError> {
    let sent = Arc::new(Sent::new(store::receiver_files(pool, receiver).await?));
    // The statement is the partner's, and may be as long as one may be: it is looked through elsewhere than on the runtime.
    let (of, lines) = (Arc::clone(&sent), statement.lines.clone());
    let wanted = aside(move || of.wanted(&lines)).await?;
    let mut settled: BTreeMap<String, Vec<Settled>> = BTreeMap::new();
    for (place, ids) in wanted {
        let Some(file) = sent.files.get(place) else { continue };
        let found = look_into(file, ids, out).await?;
        settled.insert(file.file_id(), found.totals.iter().map(of_total).collect());
        for (id, line) in &found.lines {
            settled.insert(id.clone(), of_line(line).into_iter().collect());
        }
    }
    let lines = statement.lines.clone();
    Ok(aside(move || compare_statement(&lines, &settled, |word| sent.is_id(word))).await?)
}

/// The files of a receiver, to be found by the ids in them without looking at each.
struct Sent {
    files: Vec<AnswersFile>,
    /// The place of a file by its id.
    by_id: BTreeMap<String, usize>,
    /// Of each program the places of its files by cycle.
    by_cycle: BTreeMap<String, BTreeMap<i32, usize>>,
}

impl Sent {
    fn new(files: Vec<AnswersFile>) -> Self {
        let (mut by_id, mut by_cycle) = (BTreeMap::new(), BTreeMap::<String, BTreeMap<i32, usize>>::new());
        for (place, file) in files.iter().enumerate() {
            by_id.insert(file.file_id(), place);
            by_cycle.entry(file.program_code.clone()).or_default().insert(file.cycle_sequence, place);
        }
        Self { files, by_id, by_cycle }
    }

    fn is_id(&self, word: &str) -> bool {
        self.by_id.contains_key(word) || self.cycle_of_line(word).is_some()
    }

    /// Program and cycle in the id of a line: `{program}-{cycle, six digits}-...`. A code may be the begin of another.
    fn cycle_of_line(&self, id: &str) -> Option<(&BTreeMap<i32, usize>, i32)> {
        self.by_cycle.iter().find_map(|(program, files)| Some((files, cycle_of_line(program, id)?)))
    }

    /// The file that a line can stand in: the first one of its program that settles its cycle or a later one.
    fn holds(&self, id: &str) -> Option<usize> {
        let (files, cycle) = self.cycle_of_line(id)?;
        files.range(cycle..).next().map(|(_, place)| *place)
    }

    /// What is to be looked for, by the places of the files.
    fn wanted(&self, lines: &[StatementLine]) -> BTreeMap<usize, BTreeSet<String>> {
        let mut wanted: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for id in lines.iter().filter_map(|line| named_id(line, |word| self.is_id(word))) {
            if let Some(place) = self.by_id.get(id) {
                wanted.entry(*place).or_default();
            }
            if let Some(place) = self.holds(id) {
                wanted.entry(place).or_default().insert(id.to_owned());
            }
        }
        wanted
    }
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

/// The cycle in the id of a line of this program.
fn cycle_of_line(program: &str, id: &str) -> Option<i32> {
    let rest = id.strip_prefix(program)?.strip_prefix('-')?;
    let (cycle, rest) = rest.split_once('-')?;
    let is_one = cycle.len() >= 6 && cycle.bytes().all(|byte| byte.is_ascii_digit()) && rest.contains('-');
    if is_one { cycle.parse().ok() } else { None }
}

fn of_total(total: &FileTotal) -> Settled {
    Settled { currency: total.currency.clone(), direction: total.direction, amount_minor: total.to_pay_minor }
}

fn of_line(line: &SentLine) -> Option<Settled> {
    let (net, vat) = sums(&line.items).ok()?;
    let currency = iso_currency::Currency::from_numeric(line.currency.0)?.code().to_owned();
    Some(Settled { currency, direction: line.stated, amount_minor: net.checked_add(vat)? })
}

#[cfg(test)]
mod tests {
    use domain::{CycleId, ProgramId};

    use super::*;

    fn file(program: &str, cycle: i32) -> AnswersFile {
        AnswersFile {
            receiver: "skyfuel".to_owned(),
            program: ProgramId(1),
            program_code: program.to_owned(),
            cycle: CycleId(cycle),
            cycle_sequence: cycle,
            business_date: jiff::civil::date(2026, 10, 10),
            sequence: cycle,
            revision: 0,
            file_name: String::new(),
            sha256: [0; 32],
        }
    }

    #[test]
    fn an_id_leads_to_the_file_of_its_cycle_or_the_next_one_of_its_program() {
        let sent = Sent::new(vec![file("boreal", 2), file("boreal", 5), file("boreal-gold", 3)]);
        let check = |id: &str, expected: Option<usize>| assert_eq!(sent.holds(id), expected, "{id}");
        check("boreal-000001-skyfuel-RUB-000001", Some(0));
        check("boreal-000002-skyfuel-RUB-000001", Some(0));
        check("boreal-000003-skyfuel-RUB-000001", Some(1));
        check("boreal-000006-skyfuel-RUB-000001", None);
        check("boreal-gold-000003-skyfuel-RUB-000001", Some(2));
        check("boreal-3-skyfuel", None);
        check("other-000001-skyfuel-RUB-000001", None);
        assert!(sent.is_id("skyfuel-boreal-000005-0") && !sent.is_id("skyfuel-boreal-000004-0"));
        assert!(sent.is_id("boreal-000006-skyfuel-RUB-000001"), "it looks like one of ours");
    }
}

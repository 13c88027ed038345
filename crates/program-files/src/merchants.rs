//! The map of merchants: a CSV file with the columns `partner,acquirer,card_acceptor,terminal`.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use domain::{MerchantMap, PartnerId};

use crate::codes::Codes;
use crate::errors::{ErrorLog, FileErrors, Problem};
use crate::meaning::unknown_code;
use crate::scalars::quoted;

const COLUMNS: [&str; 4] = ["partner", "acquirer", "card_acceptor", "terminal"];

/// A row as it is looked up: acquirer without leading zeros, card acceptor and terminal without trailing blanks.
type Key = (String, String, String);

/// Reads the map of merchants. An empty terminal stands for all terminals of the card acceptor; lines that
/// begin with `#` are comments.
pub fn read_merchants(text: &str, codes: &Codes) -> Result<MerchantMap, FileErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut log = ErrorLog::new(text);
    let mut map = MerchantMap::default();
    let mut seen: BTreeMap<Key, (PartnerId, usize)> = BTreeMap::new();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut header_seen = false;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                log.at(number(line), 1, "", Problem::new("CSV", error.to_string(), "correct this line"));
                break;
            }
        };
        let line = number(record.position().map_or(1, csv::Position::line));
        if !header_seen {
            header_seen = true;
            if let Some(problem) = wrong_header(&record) {
                log.at(line, 1, "", problem);
                break;
            }
        } else if let Some((key, partner)) = row(&record, line, codes, &mut log) {
            match seen.get(&key) {
                Some((other, first)) if *other != partner => {
                    let found = format!("the merchant of line {first} again, for another partner");
                    let problem =
                        Problem::new("each merchant for one partner", found, "delete one of the two lines");
                    log.at(line, 1, "partner", problem);
                }
                _ => {
                    let terminal = Some(key.2.as_str()).filter(|terminal| !terminal.is_empty());
                    map.insert(&key.0, &key.1, terminal, partner);
                    seen.entry(key).or_insert((partner, line));
                }
            }
        }
    }
    if !header_seen {
        log.at(1, 1, "", missing_header("an empty file"));
    }
    log.finish(Some(map))
}

fn number(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}

fn missing_header(found: &str) -> Problem {
    let header = COLUMNS.join(",");
    Problem::new(format!("the header {header}"), found, format!("write {header} on the first line"))
}

fn wrong_header(record: &StringRecord) -> Option<Problem> {
    if record.iter().eq(COLUMNS) {
        return None;
    }
    let found = record.iter().collect::<Vec<_>>().join(",");
    let mut problem = missing_header(&quoted(&found));
    if found.contains(';') || found.contains('\t') {
        problem.advice = "separate the columns with commas".to_owned();
    }
    Some(problem)
}

fn row(
    record: &StringRecord,
    line: usize,
    codes: &Codes,
    log: &mut ErrorLog<'_>,
) -> Option<(Key, PartnerId)> {
    if record.len() != COLUMNS.len() {
        let found = format!("{} columns", record.len());
        let advice = "write partner, acquirer, card acceptor and terminal; an empty terminal keeps its comma";
        log.at(line, 1, "", Problem::new("4 columns", found, advice));
        return None;
    }
    let mut fields = record.iter();
    let mut field = || fields.next().unwrap_or_default().trim_end();
    let (partner, acquirer, card_acceptor, terminal) = (field(), field(), field(), field());
    let before = log.count();
    let mut report = |column: &str, place: usize, problem| {
        // The column of a CSV error counts fields: it is the number of the separated value.
        log.at(line, place, column, problem);
    };
    let id = codes.partners.get(partner).copied();
    if id.is_none() {
        report("partner", 1, unknown_code(partner, "partner", &codes.partners));
    }
    let digits = acquirer.bytes().all(|digit| digit.is_ascii_digit());
    if !digits || acquirer.len() > 11 || acquirer.trim_start_matches('0').is_empty() {
        let expected = "the acquirer's number of 1 to 11 digits (DE32)";
        report(
            "acquirer",
            2,
            Problem::new(expected, quoted(acquirer), "write the digits as the bank sends them"),
        );
    }
    if card_acceptor.is_empty() || !fits(card_acceptor, 15) {
        let expected = "a card acceptor of 1 to 15 characters (DE42)";
        let advice = "write it as the bank sends it, without leading blanks";
        report("card_acceptor", 3, Problem::new(expected, quoted(card_acceptor), advice));
    }
    if !fits(terminal, 8) {
        let expected = "a terminal of up to 8 characters (DE41), or nothing for all terminals";
        let advice = "write it as the bank sends it, without leading blanks";
        report("terminal", 4, Problem::new(expected, quoted(terminal), advice));
    }
    if log.count() > before {
        return None;
    }
    let acquirer = acquirer.trim_start_matches('0').to_owned();
    id.map(|id| ((acquirer, card_acceptor.to_owned(), terminal.to_owned()), id))
}

fn fits(text: &str, max: usize) -> bool {
    text.len() <= max && !text.starts_with(' ') && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

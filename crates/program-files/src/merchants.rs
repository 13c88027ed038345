//! The map of merchants: a CSV file with the columns `partner,acquirer,card_acceptor,terminal`.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use domain::{MerchantMap, PartnerId};

use crate::codes::Codes;
use crate::errors::{ErrorLog, FileErrors, Problem};
use crate::meaning::unknown_code;
use crate::scalars::{self, quoted};

const COLUMNS: [&str; 4] = ["partner", "acquirer", "card_acceptor", "terminal"];

/// A row as it is looked up: acquirer without leading zeros, card acceptor and terminal without trailing blanks.
type Key = (String, String, String);

/// Reads the map of merchants. An empty terminal stands for all terminals of the card acceptor; empty lines and
/// lines that begin with `#` are skipped.
pub fn read_merchants(text: &str, codes: &Codes) -> Result<MerchantMap, FileErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut log = ErrorLog::new(text);
    let mut map = MerchantMap::default();
    let mut seen: BTreeMap<Key, (PartnerId, usize)> = BTreeMap::new();
    let written = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut lines =
        text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| written(line));
    if let Some((line, problem)) = wrong_header(lines.next()) {
        log.at(line, 1, "", problem);
        return log.finish(None);
    }
    for (line, row) in lines {
        let Some((key, partner)) = Row { line, text: row }.read(codes, &mut log) else { continue };
        match seen.get(&key) {
            Some((other, first)) if *other != partner => {
                let found = format!("the merchant of line {first} again, for another partner");
                let advice = "delete one of the two lines";
                log.at(line, 1, "partner", Problem::new("one partner for each merchant", found, advice));
            }
            _ => {
                let terminal = Some(key.2.as_str()).filter(|terminal| !terminal.is_empty());
                map.insert(&key.0, &key.1, terminal, partner);
                seen.entry(key).or_insert((partner, line));
            }
        }
    }
    log.finish(Some(map))
}

/// The codes of partners that a map of merchants names, so that the caller can allot numbers to them; whatever else
/// may be wrong with the map.
pub fn merchants_named(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let code = |line: &str| line.split(',').next().unwrap_or_default().trim().trim_matches('"').to_owned();
    written.skip(1).map(code).filter(|code| scalars::code(code).is_ok()).collect()
}

/// The first line, if it is not the header.
fn wrong_header(first: Option<(usize, &str)>) -> Option<(usize, Problem)> {
    let header = COLUMNS.join(",");
    let (line, found) = first.unwrap_or((1, ""));
    if found == header {
        return None;
    }
    let separated = found.contains(';') || found.contains('\t');
    let advice = if separated {
        "separate the columns with commas".to_owned()
    } else {
        format!("write {header} first")
    };
    let found = if first.is_none() { "an empty file".to_owned() } else { quoted(found) };
    Some((line, Problem::new(format!("the header {header}"), found, advice)))
}

/// One line of the file; a value in quotes does not go over the end of its line.
struct Row<'a> {
    line: usize,
    text: &'a str,
}

impl Row<'_> {
    fn read(&self, codes: &Codes, log: &mut ErrorLog<'_>) -> Option<(Key, PartnerId)> {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.text.as_bytes());
        let mut record = StringRecord::new();
        if reader.read_record(&mut record).is_err() || record.len() != COLUMNS.len() {
            let found = format!("{} columns", record.len());
            let advice =
                "write partner, acquirer, card acceptor and terminal; an empty terminal keeps its comma";
            log.at(self.line, 1, "", Problem::new("4 columns", found, advice));
            return None;
        }
        let mut fields = record.iter();
        let mut field = || fields.next().unwrap_or_default().trim_end();
        let (partner, acquirer, card_acceptor, terminal) = (field(), field(), field(), field());
        let before = log.count();
        let id = codes.partners.get(partner).copied();
        if id.is_none() {
            self.report(log, 0, unknown_code(partner, "partner", &codes.partners));
        }
        let digits = acquirer.bytes().all(|digit| digit.is_ascii_digit());
        if !digits || acquirer.len() > 11 || acquirer.trim_start_matches('0').is_empty() {
            let expected = "the acquirer's number of 1 to 11 digits (DE32)";
            let advice = "write the digits as the bank sends them";
            self.report(log, 1, Problem::new(expected, quoted(acquirer), advice));
        }
        let advice = "write it as the bank sends it, without leading blanks";
        if card_acceptor.is_empty() || !fits(card_acceptor, 15) {
            let expected = "a card acceptor of 1 to 15 characters (DE42)";
            self.report(log, 2, Problem::new(expected, quoted(card_acceptor), advice));
        }
        if !fits(terminal, 8) {
            let expected = "a terminal of up to 8 characters (DE41), or nothing for all terminals";
            self.report(log, 3, Problem::new(expected, quoted(terminal), advice));
        }
        let acquirer = acquirer.trim_start_matches('0').to_owned();
        let key = (acquirer, card_acceptor.to_owned(), terminal.to_owned());
        id.filter(|_| log.count() == before).map(|id| (key, id))
    }

    /// Reports a problem where the value with this index begins.
    fn report(&self, log: &mut ErrorLog<'_>, index: usize, problem: Problem) {
        let (mut quotes, mut commas) = (false, 0);
        let begins = |letter: char| {
            quotes ^= letter == '"';
            commas += usize::from(letter == ',' && !quotes);
            commas == index
        };
        // The value begins after the comma that makes the count right; the first one begins the line.
        let column = self.text.chars().position(begins).map_or(1, |at| at + 1 + usize::from(index > 0));
        log.at(self.line, column, COLUMNS.get(index).copied().unwrap_or_default(), problem);
    }
}

fn fits(text: &str, max: usize) -> bool {
    text.len() <= max && !text.starts_with(' ') && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

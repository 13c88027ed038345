//! The map of merchants: a CSV file whose first line names its columns.

mod header;
mod row;

use std::collections::BTreeSet;

use domain::{MerchantCriteria, MerchantMap};

use crate::codes::Codes;
use crate::errors::{ErrorLog, FileErrors, Problem};
use header::Header;
use row::Row;

/// Reads the map of merchants. An empty value asks for nothing; empty lines and lines that begin with `#` are skipped.
pub fn read_merchants(text: &str, codes: &Codes) -> Result<MerchantMap, FileErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut log = ErrorLog::new(text);
    let (mut map, mut aggregators) = (MerchantMap::default(), Vec::new());
    let mut lines = written(text);
    let Some(header) = Header::read(lines.next(), &mut log) else { return log.finish(None) };
    for (line, text) in lines {
        let Some(row) = Row::split(line, text, &header, &mut log) else { continue };
        if let Some(prefix) = row.aggregator() {
            if let Some(at) = row.read_aggregator(&mut log) {
                map.add_aggregator(&prefix, at.as_ref());
                aggregators.extend(at.map(|at| (at, line)));
            }
            continue;
        }
        let Some(row) = row.read(codes, &mut log) else { continue };
        if row.criteria.sub_merchant.is_some() {
            aggregators.push((row.criteria.clone(), line));
        }
        if let Err(other) = map.add(row) {
            let advice = "delete one of the two lines, or let one end on the day on which the other begins";
            log.at(
                line,
                1,
                "partner",
                Problem::new("one partner for each merchant and day", other.to_string(), advice),
            );
        }
    }
    unreachable(&map, &aggregators, &mut log);
    log.finish(Some(map))
}

/// The codes of partners in a map, right or wrong: for those who read it without knowing the partners.
pub fn partners_named(text: &str) -> BTreeSet<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut log = ErrorLog::new(text);
    let mut lines = written(text);
    let Some(header) = Header::read(lines.next(), &mut log) else { return BTreeSet::new() };
    let rows = lines.filter_map(|(line, text)| Row::split(line, text, &header, &mut log));
    rows.map(|row| row.partner().to_owned()).filter(|code| !code.is_empty()).collect()
}

/// The lines that are not empty and no comment, with their numbers from 1.
fn written(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(move |(_, line)| says(line))
}

/// Reports rows by the card acceptor alone where it is an aggregator's: they would never hold.
fn unreachable(map: &MerchantMap, aggregators: &[(MerchantCriteria, usize)], log: &mut ErrorLog<'_>) {
    for row in map.unreachable() {
        let same = |at: &MerchantCriteria| {
            (&at.acquirer, &at.card_acceptor) == (&row.criteria.acquirer, &row.criteria.card_acceptor)
        };
        let line = aggregators.iter().find(|(at, _)| same(at)).map_or(0, |(_, line)| *line);
        let found = format!("the card acceptor alone, which is an aggregator's as line {line} says");
        let advice = "write the terminal, or the name under the aggregator, such as SQ *BLUE CAFE";
        log.at(row.line, 1, "card_acceptor", Problem::new("a terminal or a name", found, advice));
    }
}

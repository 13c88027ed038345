//! Where a file is not what it must be.

use std::collections::BTreeMap;

use crate::month::Month;

/// One difference, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference(pub String);

/// Compares two files record by record and field by field; the lines of transactions by message and purchase.
#[must_use]
pub fn compare(month: &Month, program: usize, name: &str, must: &str, is: &str) -> Vec<Difference> {
    if must == is {
        return Vec::new();
    }
    let mut differences = Vec::new();
    let (mut musts, mut others) = (lines(must), lines(is));
    let keys: Vec<String> = musts.keys().chain(others.keys()).cloned().collect();
    for key in keys {
        let (must, is) = (musts.remove(&key), others.remove(&key));
        if must == is {
            continue;
        }
        let none = || "nothing".to_owned();
        let mut words = format!("{name}: {}", fields(must.as_deref(), is.as_deref()));
        words.push_str(&format!("\n    must be {}", must.clone().unwrap_or_else(none)));
        words.push_str(&format!("\n    is      {}", is.clone().unwrap_or_else(none)));
        if let Some(message) = key.strip_prefix("TX ").and_then(|key| key.split(' ').nth(1)) {
            words.push_str(&format!("\n{}", month.book(program).story(message)));
        }
        differences.push(Difference(words));
    }
    if differences.is_empty() {
        differences.push(Difference(format!("{name}: the same records in another order or other line ends")));
    }
    differences
}

/// Records by what they are: transactions by batch, message and purchase; all others by batch and type.
fn lines(text: &str) -> BTreeMap<String, String> {
    let (mut batch, mut lines) = (String::new(), BTreeMap::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        if fields[0] == "BH" {
            batch = format!("{}-{}", fields[1], fields[3]);
        }
        let is_key = |field: &&&str| field.len() == 48 && field.bytes().all(|byte| byte.is_ascii_hexdigit());
        let keys: Vec<&str> = fields.iter().filter(is_key).copied().collect();
        let of = if fields[0].starts_with('F') { "" } else { &batch };
        let mut key = match (fields[0], keys.as_slice()) {
            ("TX", [message, purchase, ..]) => format!("TX {of} {message} {purchase}"),
            (record, _) => format!("{record} {of}"),
        };
        while lines.contains_key(&key) {
            key.push_str(" again");
        }
        lines.insert(key, line.to_owned());
    }
    lines
}

/// Which fields differ, counted from 1 as in the description of the layout.
fn fields(must: Option<&str>, is: Option<&str>) -> String {
    let (Some(must), Some(is)) = (must, is) else { return "a record too many or too few".to_owned() };
    let (must, is): (Vec<&str>, Vec<&str>) = (must.split('|').collect(), is.split('|').collect());
    if must.len() != is.len() {
        return format!("{} has {} fields and not {}", must[0], is.len(), must.len());
    }
    let differ = must.iter().zip(&is).enumerate().filter(|(_, (must, is))| must != is);
    let differ: Vec<String> = differ.map(|(place, _)| (place + 1).to_string()).collect();
    format!("{}: field {}", must[0], differ.join(", "))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::record::{Layout, Place};

    #[test]
    fn every_changed_number_and_every_missing_line_is_found() {
        let month = Month::new(1, 600);
        let place = Place { sequence: 1, revision: 0, previous: None };
        let day = date(2026, 10, 6);
        for layout in [Layout::One, Layout::Two] {
            let (name, must) = month.file((0, day), "airboreal", place, layout);
            let line = must.lines().find(|line| line.starts_with("TX|")).unwrap();
            let (front, total) = line.rsplit_once('|').unwrap();
            let other = format!("{front}|{}", total.parse::<i64>().unwrap() + 1);
            for (is, words) in [
                (must.replace(line, &other), "TX: field"),
                (must.replace(&format!("{line}\n"), ""), "too many or too few"),
                (format!("{must}{line}\n"), "too many or too few"),
                (must.replace("|TEST|", "|LIVE|"), "FH: field 3"),
                (must.replace('\n', "\r\n"), "another order"),
            ] {
                let found = compare(&month, 0, &name, &must, &is);
                assert!(found.len() == 1 && found[0].0.contains(words), "{words}: {found:?}");
            }
            assert_eq!(compare(&month, 0, &name, &must, &must), []);
        }
    }
}

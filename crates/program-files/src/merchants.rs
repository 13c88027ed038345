//! The map of merchants: a CSV file whose first line names its columns.

mod header;
mod row;

use domain::MerchantMap;

use crate::codes::Codes;
use crate::errors::{ErrorLog, FileErrors, Problem};
use header::Header;
use row::Row;

/// Reads the map of merchants. An empty value asks for nothing; empty lines and lines that begin with `#` are skipped.
pub fn read_merchants(text: &str, codes: &Codes) -> Result<MerchantMap, FileErrors> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut log = ErrorLog::new(text);
    let mut map = MerchantMap::default();
    let written = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut lines =
        text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| written(line));
    let Some(header) = Header::read(lines.next(), &mut log) else { return log.finish(None) };
    for (line, text) in lines {
        let row = Row::split(line, text, &header, &mut log).and_then(|row| row.read(codes, &mut log));
        let Some(row) = row else { continue };
        if let Err(other) = map.add(row) {
            let found = format!("the merchant of line {} again, for another partner", other.line);
            let advice = "delete one of the two lines, or let one end on the day on which the other begins";
            log.at(line, 1, "partner", Problem::new("one partner for each merchant and day", found, advice));
        }
    }
    log.finish(Some(map))
}

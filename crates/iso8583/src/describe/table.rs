//! The description as a table.

use std::fmt;

use super::{
    description::{Description, Row},
    summary,
};

const PATH: usize = 12;
const NAME: usize = 40;
const FORMAT: usize = 9;

pub(super) fn write(description: &Description, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "dialect {}", description.dialect)?;
    if !description.summary.is_empty() {
        writeln!(f, "{}\n", description.summary)?;
    }
    let paths = description.rows.iter().map(|row| row.path.len() + 2 * row.depth);
    let paths = paths.max().unwrap_or(PATH).clamp(6, 24);
    for row in &description.rows {
        write_row(row, paths, f)?;
    }
    if let Some(error) = &description.error {
        writeln!(f, "\nnot decoded from byte {}:\n  {error}", error.offset())?;
    }
    if !description.findings.is_empty() {
        writeln!(f, "\nnot as agreed:")?;
        description.findings.iter().try_for_each(|finding| writeln!(f, "  {finding}"))?;
    }
    Ok(())
}

fn write_row(row: &Row, paths: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = format!("{:indent$}{}", "", row.path, indent = 2 * row.depth);
    let dots = NAME.saturating_sub(row.name.chars().count() + 1);
    write!(f, "{:>6}  {path:<paths$}  {} {:.<dots$}  ", row.offset, row.name, "")?;
    write!(f, "{:<FORMAT$}  {}", row.format, quoted(&row.value))?;
    match &row.meaning {
        Some(meaning) => writeln!(f, "  → {meaning}"),
        None => writeln!(f),
    }
}

/// In quotes where blanks at an end would not be seen; control characters as escapes.
fn quoted(value: &str) -> String {
    let clean = summary::clean(value);
    if clean.trim() == clean && !clean.is_empty() { clean } else { format!("\"{clean}\"") }
}

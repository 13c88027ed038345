//! The codes of data elements in words.

mod tables;

use std::borrow::Cow;

/// The names of the tables, as a dialect file gives them in `codes`.
#[must_use]
pub fn names() -> Vec<&'static str> {
    tables::ALL.iter().map(|(name, _)| *name).collect()
}

/// Whether there is such a table.
#[must_use]
pub fn is_table(name: &str) -> bool {
    tables::ALL.iter().any(|(table, _)| *table == name)
}

/// All codes of a table with their meanings; none if there is no such table.
#[must_use]
pub fn rows(table: &str) -> &'static [(&'static str, &'static str)] {
    tables::ALL.iter().find(|(name, _)| *name == table).map_or(&[], |(_, rows)| rows)
}

/// What a value means, if the table has it. Of a processing code only the first two digits are looked up, of an
/// entry mode likewise.
#[must_use]
pub fn meaning(table: &str, value: &str) -> Option<Cow<'static, str>> {
    let (_, rows) = tables::ALL.iter().find(|(name, _)| *name == table)?;
    let value = value.trim();
    let row = |code: &str| rows.iter().find(|(other, _)| *other == code).map(|(_, words)| *words);
    row(value).or_else(|| row(value.get(..2)?)).map(Cow::Borrowed)
}

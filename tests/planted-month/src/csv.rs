//! A CSV text without quotes: its columns by name, its lines to be edited.

use std::collections::BTreeMap;

/// Columns and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    columns: Vec<String>,
    /// The lines, each with a value of each column.
    pub lines: Vec<Vec<String>>,
}

impl Sheet {
    /// Without lines.
    #[must_use]
    pub fn of(columns: &str) -> Self {
        Self { columns: columns.split(',').map(str::to_owned).collect(), lines: Vec::new() }
    }

    /// Reads a text.
    ///
    /// # Panics
    /// If a line has another number of values than there are columns.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut lines = text.lines();
        let mut sheet = Self::of(lines.next().unwrap());
        sheet.lines = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
        assert!(sheet.lines.iter().all(|line| line.len() == sheet.columns.len()), "{text}");
        sheet
    }

    /// The text; each line ends.
    #[must_use]
    pub fn text(&self) -> String {
        let all = std::iter::once(&self.columns).chain(&self.lines);
        all.map(|values| values.join(",") + "\n").collect()
    }

    /// The place of a column.
    ///
    /// # Panics
    /// If there is none of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// The place of the only line with this value.
    ///
    /// # Panics
    /// If there is none or several.
    #[must_use]
    pub fn only(&self, column: &str, value: &str) -> usize {
        let at = self.column(column);
        let mut found = (0..self.lines.len()).filter(|line| self.lines[*line][at] == value);
        let first = found.next().unwrap_or_else(|| panic!("no line has {value} as {column}"));
        assert!(found.next().is_none(), "several lines have {value} as {column}");
        first
    }

    /// The lines with a value up to this one, and those above it.
    #[must_use]
    pub fn split(&self, column: &str, last: &str) -> [Self; 2] {
        let at = self.column(column);
        let (first, second) = self.lines.iter().cloned().partition(|line| line[at].as_str() <= last);
        [first, second].map(|lines| Self { columns: self.columns.clone(), lines })
    }

    /// The lines by the beginnings of a column's values, so many characters long.
    #[must_use]
    pub fn by(&self, column: &str, length: usize) -> BTreeMap<String, Self> {
        let (at, columns) = (self.column(column), &self.columns);
        let mut all = BTreeMap::new();
        for line in &self.lines {
            let empty = || Self { columns: columns.clone(), lines: Vec::new() };
            all.entry(line[at][..length].to_owned()).or_insert_with(empty).lines.push(line.clone());
        }
        all
    }

    /// A value of a line.
    #[must_use]
    pub fn get(&self, line: usize, column: &str) -> &str {
        &self.lines[line][self.column(column)]
    }

    /// Writes a value.
    pub fn set(&mut self, line: usize, column: &str, value: impl ToString) {
        let at = self.column(column);
        self.lines[line][at] = value.to_string();
    }

    /// An amount.
    ///
    /// # Panics
    /// If the value is no whole number.
    #[must_use]
    pub fn amount(&self, line: usize, column: &str) -> i64 {
        self.get(line, column).parse().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_edited_by_the_names_of_its_columns() {
        let mut sheet = Sheet::read("a,b\n1,2\n3,4\n");
        let line = sheet.only("b", "4");
        sheet.set(line, "a", 5);
        assert_eq!((sheet.amount(1, "a"), sheet.text().as_str()), (5, "a,b\n1,2\n5,4\n"));
        assert_eq!(sheet.split("b", "2").map(|part| part.text()), ["a,b\n1,2\n", "a,b\n5,4\n"]);
    }
}

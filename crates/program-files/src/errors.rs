//! Errors that point: where, what was expected, what was found and what to do.

use std::fmt;

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key, such as `bonus[0].times_base`; empty if the text is no TOML or CSV at all.
    pub path: String,
    /// What must stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// What to do.
    pub advice: String,
}

impl FileError {
    /// `file:line:column: ` and the rest, with `mark` before it.
    fn in_file(&self, file: &str, mark: &str) -> String {
        let text = self.to_string();
        let place = format!("line {}, column {}: ", self.line, self.column);
        let rest = text.strip_prefix(&place).unwrap_or(&text);
        format!("{file}:{}:{}: {mark}{rest}", self.line, self.column)
    }
}

/// How bad it is what was found in a file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It contradicts itself: the file must not be put into force.
    Error,
    /// It has no effect, or one that is hardly meant.
    Warning,
}

/// What is wrong or doubtful in a file that can be read.
///
/// Versions that purchases still follow are read whatever is noticed, so notices never refuse a text that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is.
    pub severity: Severity,
    /// Where and what.
    pub error: FileError,
}

impl Notice {
    /// In the form `file:line:column: ...` that editors follow; a warning says that it is one.
    pub fn in_file(&self, file: &str) -> String {
        let mark = if self.severity == Severity::Warning { "warning: " } else { "" };
        self.error.in_file(file, mark)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, path, expected, found, advice } = self;
        write!(f, "line {line}, column {column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "expected {expected}, found {found}; {advice}")
    }
}

/// Everything that is wrong in a file, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FileErrors(Vec<FileError>);

impl FileErrors {
    /// The errors.
    pub fn iter(&self) -> impl Iterator<Item = &FileError> {
        self.0.iter()
    }

    /// One error on each line, in the form `file:line:column: ...` that editors follow.
    pub fn in_file(&self, file: &str) -> String {
        let one = |error: &FileError| error.in_file(file, "");
        self.0.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}

impl FileErrors {
    /// The same, for a text without the first letter of the one that was read.
    pub(crate) fn without_first_column(mut self) -> Self {
        for error in self.0.iter_mut().filter(|error| error.line == 1) {
            error.column = error.column.saturating_sub(1).max(1);
        }
        self
    }
}

impl fmt::Display for FileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// What is wrong with a value, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) expected: String,
    pub(crate) found: String,
    pub(crate) advice: String,
}

impl Problem {
    pub(crate) fn new(
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { expected: expected.into(), found: found.into(), advice: advice.into() }
    }
}

/// Collects the errors of one text.
#[derive(Debug)]
pub(crate) struct ErrorLog<'a> {
    text: &'a str,
    errors: Vec<FileError>,
}

impl<'a> ErrorLog<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, errors: Vec::new() }
    }

    /// Reports a problem at a byte offset of the text.
    pub(crate) fn at_byte(&mut self, offset: usize, path: impl Into<String>, problem: Problem) {
        let (line, column) = position(self.text, offset);
        self.at(line, column, path, problem);
    }

    /// Reports a problem at a line and column, unless the same place is known to be wrong.
    pub(crate) fn at(&mut self, line: usize, column: usize, path: impl Into<String>, problem: Problem) {
        let (path, Problem { expected, found, advice }) = (path.into(), problem);
        let same_place = |error: &FileError| (error.line, error.column, &error.path) == (line, column, &path);
        if !self.errors.iter().any(same_place) {
            self.errors.push(FileError { line, column, path, expected, found, advice });
        }
    }

    /// A problem with the place of a byte offset, not reported.
    pub(crate) fn pointed(&self, offset: usize, path: &str, problem: Problem) -> FileError {
        let (line, column) = position(self.text, offset);
        let Problem { expected, found, advice } = problem;
        FileError { line, column, path: path.to_owned(), expected, found, advice }
    }

    /// The line of a byte offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        position(self.text, offset).0
    }

    /// What stands between two byte offsets.
    pub(crate) fn slice(&self, place: &std::ops::Range<usize>) -> &'a str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// How many errors have been reported.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// `value` if nothing was reported.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, FileErrors> {
        if let (true, Some(value)) = (self.errors.is_empty(), value) {
            return Ok(value);
        }
        if self.errors.is_empty() {
            // A value is only ever missing because something was reported.
            self.at(1, 1, "", Problem::new("a file that can be read", "one that cannot", "report this file"));
        }
        self.errors.sort_by_key(|error| (error.line, error.column));
        Err(FileErrors(self.errors))
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before.get(line_start..).unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("a\nяб = 1", 2 + "яб".len()), (2, 3));
        assert_eq!(position("a\n", 99), (2, 1));
    }

    #[test]
    fn errors_come_in_the_order_of_lines_and_can_name_the_file() {
        let mut log = ErrorLog::new("a\nb\n");
        log.at_byte(2, "b", Problem::new("one", "two", "write one"));
        log.at_byte(0, "a", Problem::new("three", "four", "write three"));
        let errors = log.finish(Some(())).unwrap_err();
        assert_eq!(
            errors.to_string(),
            "line 1, column 1: a: expected three, found four; write three\n\
             line 2, column 1: b: expected one, found two; write one"
        );
        assert_eq!(
            errors.in_file("x.toml").lines().last(),
            Some("x.toml:2:1: b: expected one, found two; write one")
        );
    }
}

//! The lines of a pasted text, without the marks of quoted mail.

use super::error::HexTextError;

/// A line with something in it, and where it stood.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// From 1.
    pub(super) number: usize,
    /// Characters that were left out in front.
    pub(super) before: usize,
    pub(super) text: &'t str,
}

impl<'t> Line<'t> {
    /// The same line without its first bytes.
    pub(super) fn behind(self, text: &'t str) -> Self {
        let cut = self.text.len().saturating_sub(text.len());
        let characters = self.text.get(..cut).map_or(0, |cut| cut.chars().count());
        Self { before: self.before + characters, text, ..self }
    }
}

pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let all = (1..).zip(text.lines());
    let filled = all.filter(|(_, line)| !line.trim().is_empty());
    filled.map(|(number, text)| Line { number, before: 0, text }).collect()
}

const MAIL: &str = "quoted mail";

/// The lines without `>` in front, and whether they had it.
///
/// # Errors
///
/// When some have it and others have not: nobody knows whether those belong to the bytes.
pub(super) fn unquoted(lines: Vec<Line<'_>>) -> Result<(Vec<Line<'_>>, bool), HexTextError> {
    let begins = |line: &Line<'_>, mark: char| line.text.trim_start().starts_with(mark);
    // A trace marks what was sent with `>` and what came back with `<`.
    if !lines.iter().any(|line| begins(line, '>')) || lines.iter().any(|line| begins(line, '<')) {
        return Ok((lines, false));
    }
    if let Some(line) = lines.iter().find(|line| !begins(line, '>')) {
        let problem = "other lines begin with `>`, this one does not; paste the quoted lines only".to_owned();
        return Err(HexTextError::Form { line: line.number, form: MAIL, problem });
    }
    let stripped = lines.into_iter().map(strip).filter(|line| !line.text.trim().is_empty());
    Ok((stripped.collect(), true))
}

fn strip(line: Line<'_>) -> Line<'_> {
    let mut text = line.text;
    while let Some(rest) = text.trim_start().strip_prefix('>') {
        text = rest;
    }
    // Further blanks may say something in a dump.
    line.behind(text.strip_prefix(' ').unwrap_or(text))
}

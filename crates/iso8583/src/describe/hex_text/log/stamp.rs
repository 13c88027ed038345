//! Time, level and names in brackets, as logs put them in front.

use super::super::lines::Line;

const LEVELS: [&str; 12] = [
    "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL", "FINE", "FINER", "FINEST",
    "SEVERE",
];

/// A line without what a log puts in front of all its lines.
pub(super) fn without(line: Line<'_>) -> Line<'_> {
    let mut text = line.text;
    let mut was_time = false;
    loop {
        let (word, rest) = first_word(text);
        let bare = word.trim_matches(['[', ']', '(', ')', ',', '|', ':']);
        let is_time = is_time(bare);
        let is_bracketed = word.starts_with('[') && word.contains(']');
        let is_sign = was_time && matches!(word, "-" | "|" | ":" | "--");
        let is_level = LEVELS.contains(&bare.to_ascii_uppercase().as_str());
        if word.is_empty() || !(is_time || is_level || was_time && is_bracketed || is_sign) {
            // Blanks may say something in a dump.
            return if was_time { line.behind(text.strip_prefix(' ').unwrap_or(text)) } else { line };
        }
        was_time |= is_time || is_level;
        text = rest;
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = match text.strip_prefix('[').and_then(|inside| inside.find(']')) {
        // A name in brackets may have blanks.
        Some(close) => close + 2,
        None => text.find([' ', '\t']).unwrap_or(text.len()),
    };
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A date, a time of day, or both: digits with the signs of times between them, and not only digits.
fn is_time(word: &str) -> bool {
    let word = word.trim_end_matches('Z');
    if !word.chars().all(|c| c.is_ascii_digit() || "-/.:,+T ".contains(c)) {
        return false;
    }
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let is_date = ["0000-00-00", "0000/00/00", "00.00.0000", "00/00/0000"].iter().any(|date| shape == **date);
    let time = shape.rsplit(['T', ' ']).next().unwrap_or_default();
    let time = time.split(['.', ',', '+']).next().unwrap_or_default();
    is_date || time == "00:00:00" || time.starts_with("00:00:00-")
}

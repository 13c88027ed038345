//! Lines of a log: something in front of the bytes, such as a time, a level or `payload=`.

mod stamp;

use super::{HexText, dump, error::Stop, lines::Line, plain};

const FORM: &str = "lines of a log";
/// What logs call the bytes of a message.
const KEYS: [&str; 16] = [
    "payload", "hex", "data", "raw", "msg", "message", "bytes", "dump", "body", "buffer", "buf", "frame",
    "packet", "request", "response", "content",
];
/// What stands between a remark and the bytes.
const MARKS: [&str; 7] = [": ", "<<", ">>", "->", "<-", "- ", "| "];
/// Fewer bytes may be a number, and are not taken for a message.
const LEAST: usize = 4;

pub(super) fn read(lines: &[Line<'_>]) -> Result<HexText, Stop> {
    // With the times away it may be a dump, or digits.
    let bare: Vec<Line<'_>> = lines.iter().map(|line| stamp::without(*line)).collect();
    let filled: Vec<Line<'_>> = bare.iter().copied().filter(|line| !line.text.trim().is_empty()).collect();
    if lines.iter().all(is_stamped) && filled.len() == lines.len() {
        match dump::read(&filled) {
            Err(Stop::No { .. }) => {}
            read => return read.map(told),
        }
        if let Ok(read) = plain::read(&filled) {
            return Ok(told(read));
        }
    }
    let mut found = Vec::new();
    for line in &bare {
        found.push(value(line)?);
    }
    let ways: Vec<Option<Way>> = bare.iter().zip(&found).map(|(line, value)| way(line, value)).collect();
    let is_talk = ways.iter().all(Option::is_some) && ways.windows(2).any(|two| two.first() != two.last());
    let read = if is_talk { talk(&found, &ways)? } else { digits_of(&found)? };
    let mut read = told(read);
    if is_talk {
        read.removed.push(format!("the arrows, which tell {} messages apart", read.messages.len()));
    } else if lines.len() > 1 {
        read.removed
            .push(format!("the ends of {} lines, whose bytes are joined in their order", lines.len()));
    }
    Ok(read)
}

fn digits_of(lines: &[Line<'_>]) -> Result<HexText, Stop> {
    plain::read(lines).map_err(|wrong| match wrong {
        plain::Wrong::Other(error) => Stop::Wrong(error),
        plain::Wrong::Character { line, .. } => Stop::no(line, "the value is not all digits"),
    })
}

/// Which way the bytes of a line went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

/// By the last arrow in front of the bytes.
fn way(line: &Line<'_>, value: &Line<'_>) -> Option<Way> {
    let cut = line.text.find(value.text)?;
    let before = line.text.get(..cut)?;
    let last = |arrows: [&str; 2]| arrows.iter().filter_map(|arrow| before.rfind(arrow)).max();
    match (last([">>", "->"]), last(["<<", "<-"])) {
        (None, None) => None,
        (there, back) => Some(if there > back { Way::There } else { Way::Back }),
    }
}

/// Lines that went one way are one message, until one goes the other way.
fn talk(lines: &[Line<'_>], ways: &[Option<Way>]) -> Result<HexText, Stop> {
    let mut all = HexText { bytes: Vec::new(), removed: Vec::new(), messages: Vec::new() };
    let mut from = 0;
    for group in ways.chunk_by(PartialEq::eq) {
        let read = digits_of(lines.get(from..from + group.len()).unwrap_or_default())?;
        from += group.len();
        let start = all.bytes.len();
        all.bytes.extend(read.bytes);
        all.messages.push(start..all.bytes.len());
        all.removed.extend(read.removed);
    }
    all.removed.dedup();
    Ok(all)
}

fn told(mut read: HexText) -> HexText {
    read.removed.insert(0, "what stands in front of the bytes in a log".to_owned());
    read
}

/// The digits of a line: behind a key that names them, else behind the last mark.
fn value<'t>(line: &Line<'t>) -> Result<Line<'t>, Stop> {
    let mut named: Vec<&'t str> = Vec::new();
    for (at, _) in line.text.char_indices().filter(|(_, sign)| matches!(sign, '=' | ':')) {
        let (before, behind) = line.text.split_at(at);
        let key = before.trim_end_matches(['"', '\'', ' ']);
        let key = key.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
        if KEYS.contains(&key.as_str())
            && let Some(digits) = quoted(behind.get(1..).unwrap_or_default()).and_then(digits)
        {
            named.push(digits);
        }
    }
    match named.as_slice() {
        [one] => return Ok(line.behind_at(one)),
        [] => {}
        _ => {
            let problem = "two values could be the bytes; leave one of them in the line";
            return Err(Stop::form(line.number, FORM, problem));
        }
    }
    let mut begins: Vec<usize> = MARKS
        .iter()
        .flat_map(|mark| line.text.match_indices(mark))
        .map(|(at, mark)| at + mark.len())
        .collect();
    begins.sort_unstable();
    let mut begins = begins.into_iter().filter(|begin| !is_count(line.text, *begin));
    let digits = begins.find_map(|begin| digits(line.text.get(begin..)?));
    match digits {
        Some(digits) => Ok(line.behind_at(digits)),
        None => Err(Stop::no(line.number, "nothing such as `payload=` tells where the bytes begin")),
    }
}

/// Whether what is in front of a mark names a number and not bytes.
fn is_count(text: &str, begin: usize) -> bool {
    let before = text.get(..begin).unwrap_or_default().trim_end_matches(|c: char| !c.is_alphanumeric());
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["len", "length", "size", "count", "id", "stan", "thread", "port", "pid", "seq", "no", "rc", "line"]
        .contains(&word.to_ascii_lowercase().as_str())
}

/// What stands in quotes or brackets, if the value begins with one; else all of it.
fn quoted(value: &str) -> Option<&str> {
    let value = value.trim_start();
    let close = match value.chars().next()? {
        '"' => '"',
        '\'' => '\'',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        _ => return Some(value),
    };
    let inside = value.get(1..)?;
    inside.get(..inside.find(close)?)
}

/// The digits at the beginning of a value: up to its end, or up to the next `key=value` or a remark in brackets.
fn digits(value: &str) -> Option<&str> {
    let value = value.trim();
    let mut end = value.len();
    let mut at = 0;
    for word in value.split_inclusive([' ', '\t']) {
        if word.contains('=') || word.starts_with('(') {
            end = at;
            break;
        }
        at += word.len();
    }
    let (digits, rest) = value.split_at_checked(end)?;
    let is_remark = rest.ends_with(')') && rest.matches('(').count() == 1;
    if !is_remark && !rest.split_whitespace().all(|word| word.contains('=')) {
        return None;
    }
    let digits = digits.trim_end().trim_end_matches([',', ';', '}', ']', ')', '"', '\'']);
    let line = Line { number: 1, before: 0, text: digits };
    plain::read(&[line]).ok().filter(|read| read.bytes.len() >= LEAST).map(|_| digits)
}

/// Whether a line begins with a date or a time, whose digits are no bytes.
pub(super) fn is_stamped(line: &Line<'_>) -> bool {
    stamp::without(*line).text.len() < line.text.len()
}

impl<'t> Line<'t> {
    /// The same line, of which only this part is left.
    fn behind_at(&self, part: &'t str) -> Self {
        let cut = self.text.find(part).unwrap_or_default();
        let before = self.text.get(..cut).map_or(0, |cut| cut.chars().count());
        Line { number: self.number, before: self.before + before, text: part }
    }
}

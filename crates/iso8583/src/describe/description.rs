//! What a message says, field by field.

use std::fmt;

use super::{Show, amount, layout, summary, table};
use crate::{
    codes, decode_error::DecodeError, dialect::Dialect, field_spec::Shown, hidden, message::Message,
    structure::Part, value::Value,
};

/// A message for people; `Display` is the table. Bytes that cannot be decoded are described as far as they can.
pub struct Description {
    /// Name of the dialect.
    pub dialect: String,
    /// The message in one line; empty if not even the message type can be read.
    pub summary: String,
    /// Header, message type, bitmaps, data elements and their parts, in the order of the message.
    pub rows: Vec<Row>,
    /// Where and why decoding stopped; what follows there is not described.
    pub error: Option<DecodeError>,
    /// What is not as the dialect agrees: missing elements, wrong parts.
    pub findings: Vec<String>,
}

/// One line of a [`Description`].
pub struct Row {
    /// Offset from the start of the message.
    pub offset: usize,
    /// `MTI`, `bitmap`, `DE48`, `DE48.0105`.
    pub path: String,
    /// 0 for the message itself, 1 for a part, 2 for a part of a part, …
    pub depth: usize,
    /// Short English name; may be empty.
    pub name: String,
    /// As the standard writes it, `n..19`; empty for header and bitmaps.
    pub format: String,
    /// The value, masked unless asked for otherwise.
    pub value: String,
    /// The value in words, if it has any.
    pub meaning: Option<String>,
}

impl Description {
    /// Describes bytes, as far as they can be decoded.
    #[must_use]
    pub fn of(dialect: &Dialect, bytes: &[u8], show: Show) -> Self {
        let (message, error) = dialect.decode_partial(bytes);
        let mut description = Self {
            dialect: dialect.name().to_owned(),
            summary: String::new(),
            rows: Vec::new(),
            error,
            findings: Vec::new(),
        };
        let Some(message) = message else { return description };
        description.summary = summary::of(&message);
        let doubtful = show == Show::Masked && hidden::is_doubtful(&message, description.error.is_some());
        if doubtful {
            description.summary = format!("{} {}", message.mti(), summary::kind(message.mti()));
        }
        description.rows = rows(&message, show, doubtful);
        if description.error.is_none() {
            description.findings = dialect.check(&message).iter().map(ToString::to_string).collect();
        }
        description
    }

    /// Whether all of it was decoded and nothing was found.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.error.is_none() && self.findings.is_empty()
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(self, f)
    }
}

fn rows(message: &Message<'_>, show: Show, doubtful: bool) -> Vec<Row> {
    let mut rows: Vec<Row> =
        layout::of(message).iter().filter_map(|stretch| head(message, stretch, show, doubtful)).collect();
    let hidden = doubtful.then(|| hidden::bytes_of(message, true));
    for (de, value) in message.values() {
        let path = format!("DE{de}");
        let offset = message.offset(de).unwrap_or_default();
        let shown = hidden::text_of(message, de, show, hidden.as_deref());
        // What is doubtful has no meaning and no parts: both could tell what is hidden.
        let meaning = if doubtful { None } else { meaning(message, de, &value) };
        rows.push(row(offset, &path, 0, &value, shown, meaning));
        // A value whose inside is wrong is shown as a whole; the check tells what is wrong.
        let whole = doubtful || show == Show::Masked && hidden::is_across_parts(message, de);
        let parts = if whole { Vec::new() } else { message.parts(de).unwrap_or_default() };
        parts.iter().for_each(|part| push_part(&mut rows, &path, 1, part, show));
    }
    rows
}

fn push_part(rows: &mut Vec<Row>, above: &str, depth: usize, part: &Part<'_>, show: Show) {
    let path = format!("{above}.{}", part.id());
    let value = part.value();
    let shown = match show {
        Show::Masked => value.masked(),
        Show::Unmasked => value.text().into_owned(),
    };
    rows.push(row(part.offset(), &path, depth, &value, shown, coded(&value)));
    for inner in part.parts() {
        push_part(rows, &path, depth + 1, inner, show);
    }
}

fn row(
    offset: usize,
    path: &str,
    depth: usize,
    value: &Value<'_>,
    shown: String,
    meaning: Option<String>,
) -> Row {
    let spec = value.spec();
    let (name, format) = (spec.name.clone(), spec.format.to_string());
    Row { offset, path: path.to_owned(), depth, name, format, value: shown, meaning }
}

/// The rows before the data elements.
fn head(message: &Message<'_>, stretch: &layout::Stretch, show: Show, doubtful: bool) -> Option<Row> {
    let (path, name, format, value, meaning) = match stretch.what {
        layout::What::Header => ("header", "header", "", hidden::header_of(message, show, doubtful), None),
        layout::What::Mti => {
            let mti = message.mti();
            ("MTI", "message type indicator", "n4", mti.to_string(), Some(summary::kind(mti)))
        }
        layout::What::Bitmap => {
            let elements: Vec<String> = message.values().map(|(de, _)| de.to_string()).collect();
            ("bitmap", "data elements", "", elements.join(" "), None)
        }
        _ => return None,
    };
    let (path, name, format) = (path.to_owned(), name.to_owned(), format.to_owned());
    Some(Row { offset: stretch.range.start, path, depth: 0, name, format, value, meaning })
}

/// The codes of an open value in words.
fn coded(value: &Value<'_>) -> Option<String> {
    let spec = value.spec();
    let open = matches!(spec.shown, Shown::Open | Shown::Private);
    let words = codes::meaning(spec.codes.as_deref().filter(|_| open)?, &value.text())?;
    Some(words.into_owned())
}

fn meaning(message: &Message<'_>, de: u8, value: &Value<'_>) -> Option<String> {
    if value.spec().shown != Shown::Open {
        return None;
    }
    let text = value.text();
    match de {
        4..=6 => amount::in_words(&text, &message.text(de + 45)?),
        7 => Some(format!("{} UTC", moment(&text)?)),
        12 if text.len() == 6 => separated(&text, ":"),
        13 => separated(&text, "-"),
        _ => coded(value),
    }
}

/// `10-09 03:26:34` from `1009032634`.
fn moment(text: &str) -> Option<String> {
    let (date, time) = text.split_at_checked(4)?;
    Some(format!("{} {}", separated(date, "-")?, separated(time, ":")?))
}

/// Pairs of digits with something in between.
fn separated(text: &str, between: &str) -> Option<String> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs = pairs.iter().map(|pair| std::str::from_utf8(pair).ok());
    rest.is_empty().then(|| pairs.collect::<Option<Vec<_>>>().map(|pairs| pairs.join(between)))?
}

//! Writes the records of a layout. Whatever does not fit stops the file; nothing is cut or replaced.

use std::error::Error;
use std::io::Write;

use super::values::{Context, Value};
use super::{Details, Field, Layout, Quoting, Shape};
use crate::canonical::Record;
use crate::formats::encoding::Encoding;
use crate::formats::error::RenderError;
use crate::formats::movement::{Batch, Movement, Part, Step, Summary, walk};
use crate::formats::spreadsheet_text::neutral;

/// Writes the file of a layout.
pub(crate) fn write<E>(
    layout: &Layout,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    let all = records_of(layout, summary);
    let mut lines = Lines { layout, summary, out, record: 0, records: all };
    lines.record("file header", &layout.file_header, None, None, None)?;
    lines.column_names()?;
    walk(summary, records, |step| match step {
        Step::Open(batch) => lines.record("batch header", &layout.batch_header, Some(batch), None, None),
        Step::Movement(batch, movement) => lines.details(batch, &movement),
        Step::Close(batch) => lines.record("batch trailer", &layout.batch_trailer, Some(batch), None, None),
    })?;
    lines.record("file trailer", &layout.file_trailer, None, None, None)?;
    lines.out.flush()?;
    Ok(())
}

/// How many records there will be, first and last included; a line of column names is none.
fn records_of(layout: &Layout, summary: &Summary) -> u64 {
    let around = u64::from(!layout.batch_header.is_empty()) + u64::from(!layout.batch_trailer.is_empty());
    let batches = summary.batches.iter().map(|_| around).sum::<u64>();
    let details = match layout.details {
        Details::Line => summary.movements(),
        Details::Item => summary.shown_parts(),
    };
    2 + batches + details
}

struct Lines<'a> {
    layout: &'a Layout,
    summary: &'a Summary,
    out: &'a mut dyn Write,
    record: u64,
    records: u64,
}

impl Lines<'_> {
    fn column_names(&mut self) -> Result<(), RenderError> {
        let Shape::Delimited { delimiter, quoting, column_names: true, .. } = self.layout.shape else {
            return Ok(());
        };
        let place = Place { record: "column names", line_id: "" };
        let mut line = String::new();
        for (index, field) in self.layout.detail.iter().enumerate() {
            if index > 0 {
                line.push(delimiter);
            }
            line.push_str(&quoted(&place, field, &field.name, delimiter, quoting)?);
        }
        self.line(&place, &line)
    }

    fn details(&mut self, batch: &Batch, movement: &Movement) -> Result<(), RenderError> {
        let fields = &self.layout.detail;
        match self.layout.details {
            Details::Line => self.record("detail", fields, Some(batch), Some(movement), None),
            Details::Item => movement
                .shown_parts()
                .try_for_each(|part| self.record("detail", fields, Some(batch), Some(movement), Some(part))),
        }
    }

    fn record(
        &mut self,
        kind: &'static str,
        fields: &[Field],
        batch: Option<&Batch>,
        movement: Option<&Movement>,
        part: Option<&Part>,
    ) -> Result<(), RenderError> {
        if fields.is_empty() {
            return Ok(());
        }
        self.record += 1;
        let (layout, summary, record, records) = (self.layout, self.summary, self.record, self.records);
        let context = Context { layout, summary, batch, movement, part, record, records };
        let place = Place { record: kind, line_id: movement.map_or("", |movement| &movement.line_id) };
        let mut line = String::new();
        for (index, field) in fields.iter().enumerate() {
            if let (Shape::Delimited { delimiter, .. }, true) = (&layout.shape, index > 0) {
                line.push(*delimiter);
            }
            line.push_str(&content(layout, &place, field, field.source.value(&context))?);
        }
        if let Shape::FixedWidth { record_characters: Some(length) } = layout.shape {
            line.extend(std::iter::repeat_n(' ', length.saturating_sub(line.chars().count())));
        }
        self.line(&place, &line)
    }

    fn line(&mut self, place: &Place<'_>, line: &str) -> Result<(), RenderError> {
        let Encoding::EightBits(_) = self.layout.encoding else {
            self.out.write_all(line.as_bytes())?;
            return Ok(self.out.write_all(self.layout.line_end.as_bytes())?);
        };
        let bytes = self.layout.encoding.encode(line).map_err(|missing| {
            place.does_not_fit(
                "(any)",
                missing.to_string(),
                format!("{} has no such character", self.layout.encoding_name),
                "take an encoding that has it, such as utf-8",
            )
        })?;
        self.out.write_all(&bytes)?;
        Ok(self.out.write_all(self.layout.line_end.as_bytes())?)
    }
}

/// Names a record in an error.
struct Place<'a> {
    record: &'static str,
    line_id: &'a str,
}

impl Place<'_> {
    fn does_not_fit(
        &self,
        field: &str,
        value: impl Into<String>,
        reason: impl Into<String>,
        advice: &'static str,
    ) -> RenderError {
        let Self { record, line_id } = self;
        let record = if line_id.is_empty() { (*record).to_owned() } else { format!("{record} {line_id}") };
        RenderError::DoesNotFit {
            record,
            field: field.to_owned(),
            value: value.into(),
            reason: reason.into(),
            advice,
        }
    }
}

fn content(layout: &Layout, place: &Place<'_>, field: &Field, value: Value) -> Result<String, RenderError> {
    let is_text = matches!(value, Value::Text(_));
    let text = plain(layout, place, field, value)?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        let advice = "mend the value where it comes from";
        return Err(place.does_not_fit(&field.name, text, "it holds a control character", advice));
    }
    // A letter that the encoding lacks is reported with its field.
    if let Err(missing) = layout.encoding.encode(&text) {
        let reason = format!("{} has no {missing:?}", layout.encoding_name);
        let advice = "take an encoding that has it, such as utf-8";
        return Err(place.does_not_fit(&field.name, text, reason, advice));
    }
    match layout.shape {
        Shape::FixedWidth { .. } => fixed(place, field, &text),
        Shape::Delimited { delimiter, quoting, neutral: guarded, .. } => {
            let text = if guarded && is_text { neutral(&text).into_owned() } else { text };
            // Quotes around numbers would make texts of them.
            let quoting = if is_text || quoting != Quoting::Always { quoting } else { Quoting::AsNeeded };
            quoted(place, field, &text, delimiter, quoting)
        }
    }
}

fn plain(layout: &Layout, place: &Place<'_>, field: &Field, value: Value) -> Result<String, RenderError> {
    Ok(match value {
        Value::Nothing => String::new(),
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Date(date) => date.strftime(layout.dates.strftime).to_string(),
        Value::Money(minor, exponent) => amount(layout, minor, exponent),
        Value::ManyCurrencies => {
            let reason = "the file has several currencies, which have no sum";
            let advice = "put the totals into a batch trailer";
            return Err(place.does_not_fit(&field.name, "", reason, advice));
        }
    })
}

fn amount(layout: &Layout, minor: i128, exponent: u16) -> String {
    let decimals = usize::from(exponent);
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    let size = match (layout.amounts.point, digits.split_at_checked(digits.len() - decimals)) {
        (Some(point), Some((whole, fraction))) if decimals > 0 => format!("{whole}{point}{fraction}"),
        (Some(_), _) => digits,
        (None, _) => minor.unsigned_abs().to_string(),
    };
    if minor < 0 && !layout.amounts.unsigned { format!("-{size}") } else { size }
}

fn fixed(place: &Place<'_>, field: &Field, text: &str) -> Result<String, RenderError> {
    let length = text.chars().count();
    let Some(missing) = field.width.checked_sub(length) else {
        let reason = format!("it has {length} characters, the field {}", field.width);
        return Err(place.does_not_fit(&field.name, text, reason, "widen the field in the layout"));
    };
    let filling: String = std::iter::repeat_n(field.fill, missing).collect();
    Ok(match (field.right, text.strip_prefix('-')) {
        (false, _) => format!("{text}{filling}"),
        // Zeros stand between the sign and the digits.
        (true, Some(size)) if field.fill == '0' => format!("-{filling}{size}"),
        (true, _) => format!("{filling}{text}"),
    })
}

fn quoted(
    place: &Place<'_>,
    field: &Field,
    text: &str,
    delimiter: char,
    quoting: Quoting,
) -> Result<String, RenderError> {
    let needed = text.contains([delimiter, '"', '\n', '\r']);
    match quoting {
        Quoting::Never if needed => Err(place.does_not_fit(
            &field.name,
            text,
            "it holds the delimiter or a quote, and the layout quotes nothing",
            "write `quoting = \"as-needed\"` or take another delimiter",
        )),
        Quoting::Always => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
        Quoting::AsNeeded if needed => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
        Quoting::AsNeeded | Quoting::Never => Ok(text.to_owned()),
    }
}

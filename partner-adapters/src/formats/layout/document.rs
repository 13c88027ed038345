//! A layout in words, made from the same values as its files.

use std::fmt::Write as _;

use super::values::{Kind, Source};
use super::{Details, Field, Layout, Quoting, Shape};
use crate::formats::movement::MovementKind;

/// The page of a layout.
pub(super) fn document(layout: &Layout) -> String {
    let mut page = format!("# Layout `{}`\n\n", layout.name);
    if !layout.title.is_empty() {
        let _ = writeln!(page, "{}\n", layout.title);
    }
    page.push_str(
        "Generated from the layout file, which is to be changed instead of this page.\n\n## Bytes\n\n",
    );
    bytes(layout, &mut page);
    page.push_str("\n## Records\n\n");
    page.push_str(match layout.details {
        Details::Line => "A detail is one movement.",
        Details::Item => "A detail is one priced item of a movement.",
    });
    page.push_str(
        " The sum of `amount` over the details of a batch is its payment. An empty day has a file without details.\n\n\
         M: always there. C: empty where there is nothing to say.\n",
    );
    let titles = ["File header", "Batch header", "Detail", "Batch trailer", "File trailer"];
    for (title, (_, fields)) in titles.into_iter().zip(layout.records()) {
        if !fields.is_empty() {
            record(layout, title, fields, &mut page);
        }
    }
    kinds(layout, &mut page);
    page
}

fn bytes(layout: &Layout, page: &mut String) {
    let end = if layout.line_end == "\n" {
        "line feed (0x0A)"
    } else {
        "carriage return and line feed (0x0D 0x0A)"
    };
    let _ = writeln!(
        page,
        "- Encoding {}. Each record ends with a {end}. File names end in `.{}`.",
        layout.encoding_name, layout.extension
    );
    match layout.shape {
        Shape::Delimited { delimiter, quoting, column_names, neutral } => {
            let quotes = match quoting {
                Quoting::AsNeeded => "where a field holds it or a quote, the field stands in double quotes",
                Quoting::Always => "texts stand in double quotes, numbers do not",
                Quoting::Never => "nothing is quoted",
            };
            let shown = if delimiter == '\t' { "a tab".to_owned() } else { format!("`{delimiter}`") };
            let _ = writeln!(page, "- Fields are parted by {shown}; {quotes}. A quote in quotes is doubled.");
            if column_names {
                page.push_str(
                    "- The line after the file header has the names of the detail fields. It is no record.\n",
                );
            }
            if neutral {
                page.push_str("- `'` stands before a text that a spreadsheet would take for a formula.\n");
            }
        }
        Shape::FixedWidth { record_characters } => {
            page.push_str("- Every field has its place and width. What does not fit stops the file.\n");
            if let Some(length) = record_characters {
                let _ = writeln!(page, "- Every record has {length} characters, filled with blanks.");
            }
        }
    }
    let form = match layout.amounts.point {
        None => "whole minor units".to_owned(),
        Some(point) => format!("major units with the currency's decimals after `{point}`"),
    };
    let sign = if layout.amounts.unsigned {
        let (credit, debit) = (layout.amounts.credit, layout.amounts.debit);
        format!(
            "without sign; the side beside it is `{credit}` if the bank owes it, `{debit}` if the partner does"
        )
    } else {
        "positive if the bank owes it, with `-` before it if the partner does".to_owned()
    };
    let _ = writeln!(
        page,
        "- Amounts are {form}, {sign}.\n- Dates are `{}`, in the zone of the file header.",
        layout.dates.name
    );
}

fn record(layout: &Layout, title: &str, fields: &[Field], page: &mut String) {
    let fixed = matches!(layout.shape, Shape::FixedWidth { .. });
    let _ = writeln!(page, "\n### {title}\n");
    page.push_str(if fixed {
        "| # | name | from | width | type | | content |\n|---|---|---|---|---|---|---|\n"
    } else {
        "| # | name | type | | content |\n|---|---|---|---|---|\n"
    });
    let mut from = 1;
    for (index, field) in fields.iter().enumerate() {
        let (number, name) = (index + 1, cell(&field.name));
        let (kind, presence, about) =
            (kind(layout, &field.source), presence(&field.source), about(&field.source));
        let _ = if fixed {
            let side = if field.right { "right" } else { "left" };
            let filling = if field.fill == ' ' { "blanks".to_owned() } else { format!("`{}`", field.fill) };
            writeln!(
                page,
                "| {number} | {name} | {from} | {} | {kind}, {side}, filled with {filling} | {presence} | {about} |",
                field.width
            )
        } else {
            writeln!(page, "| {number} | {name} | {kind} | {presence} | {about} |")
        };
        from += field.width;
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn kind(layout: &Layout, source: &Source) -> String {
    match source.kind() {
        Kind::Date => format!("date `{}`", layout.dates.name),
        other => other.name().to_owned(),
    }
}

fn presence(source: &Source) -> &'static str {
    match source {
        Source::Constant(text) if text.is_empty() => "C",
        Source::Constant(_) => "M",
        Source::Known(_) => {
            if source.known().is_some_and(|known| known.always) {
                "M"
            } else {
                "C"
            }
        }
        Source::Item(..) => "C",
        Source::Side(amount) => presence(amount),
    }
}

fn about(source: &Source) -> String {
    match source {
        Source::Constant(text) if text.is_empty() => "always empty".to_owned(),
        Source::Constant(text) => format!("`{}`", cell(text)),
        Source::Known(_) => source.known().map(|known| cell(known.about)).unwrap_or_default(),
        Source::Item(basis, what) => {
            let word = super::values::OfItem::ALL
                .iter()
                .find(|(_, known)| known == what)
                .map_or("", |(word, _)| word);
            format!("{word} of the item `{}`", basis.name())
        }
        Source::Side(amount) => format!("side of: {}", about(amount)),
    }
}

fn kinds(layout: &Layout, page: &mut String) {
    let shown =
        layout.detail.iter().any(|field| field.source.known().is_some_and(|known| known.name == "kind"));
    if !shown {
        return;
    }
    page.push_str("\n## Kinds of movement\n\n| word | meaning |\n|---|---|\n");
    for (kind, about) in MovementKind::ALL {
        let _ = writeln!(page, "| `{}` | {about} |", kind.name());
    }
}

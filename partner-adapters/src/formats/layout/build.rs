//! From a layout file to a layout that may be used.

use std::collections::BTreeSet;

use super::error::LayoutError;
use super::file::{DelimitedFile, FieldFile, LayoutFile, RecordFile, SCHEMA, SideWord};
use super::values::{CATALOGUE, Kind, Scope, Source};
use super::{Amounts, DateForm, Details, Field, Layout, Quoting, Shape};
use crate::formats::encoding::{ENCODINGS, Encoding};

/// Wider fields and longer records are a slip of the pen.
const WIDTH_MAX: usize = 4_000;

const DATES: [(&str, &str); 7] = [
    ("YYYY-MM-DD", "%Y-%m-%d"),
    ("YYYYMMDD", "%Y%m%d"),
    ("DD.MM.YYYY", "%d.%m.%Y"),
    ("DD/MM/YYYY", "%d/%m/%Y"),
    ("DDMMYYYY", "%d%m%Y"),
    ("MM/DD/YYYY", "%m/%d/%Y"),
    ("YYMMDD", "%y%m%d"),
];

/// Looks a word up, or says which there are.
fn one_of<T: Copy>(
    path: &str,
    word: &str,
    words: &[(&'static str, T)],
) -> Result<(&'static str, T), LayoutError> {
    words.iter().find(|(known, _)| *known == word).copied().ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(known, _)| format!("`{known}`")).collect();
        LayoutError::at(
            path,
            format!("one of {}", known.join(", ")),
            format!("{word:?}"),
            "take one of these words",
        )
    })
}

pub(super) fn layout(file: &LayoutFile) -> Result<Layout, LayoutError> {
    if file.schema != SCHEMA {
        let found = format!("{:?}", file.schema);
        return Err(LayoutError::at(
            "schema",
            format!("\"{SCHEMA}\""),
            found,
            "write that: it is the only version",
        ));
    }
    word("name", &file.name, 40)?;
    let shape = shape(file)?;
    let fixed = matches!(shape, Shape::FixedWidth { .. });
    let extension = file.extension.clone().unwrap_or_else(|| if fixed { "txt" } else { "csv" }.to_owned());
    word("extension", &extension, 10)?;
    let (encoding_name, encoding) =
        one_of("encoding", file.encoding.as_deref().unwrap_or("utf-8"), &ENCODINGS)?;
    let line_end = file.line_end.as_deref().unwrap_or("lf");
    let details = file.details.as_deref().unwrap_or("line");
    let dates = file.dates.as_deref().unwrap_or("YYYY-MM-DD");
    let (name, strftime) = one_of("dates", dates, &DATES)?;
    let fields = |path: &str, record: Option<&RecordFile>, scope| match record {
        Some(record) => fields(path, record, scope, fixed, encoding),
        None => Ok(Vec::new()),
    };
    let layout = Layout {
        name: file.name.clone(),
        title: file.title.clone(),
        extension,
        encoding_name,
        encoding,
        line_end: one_of("line_end", line_end, &[("lf", "\n"), ("crlf", "\r\n")])?.1,
        details: one_of("details", details, &[("line", Details::Line), ("item", Details::Item)])?.1,
        amounts: amounts(file)?,
        dates: DateForm { name, strftime },
        file_header: fields("file_header", Some(&file.file_header), Scope::File)?,
        batch_header: fields("batch_header", file.batch_header.as_ref(), Scope::Batch)?,
        detail: fields("detail", Some(&file.detail), Scope::Detail)?,
        batch_trailer: fields("batch_trailer", file.batch_trailer.as_ref(), Scope::Batch)?,
        file_trailer: fields("file_trailer", Some(&file.file_trailer), Scope::File)?,
        shape,
    };
    says_what_it_must(&layout)?;
    Ok(layout)
}

/// A word that may stand in a file name.
fn word(path: &str, text: &str, max: usize) -> Result<(), LayoutError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.len() <= max && text.chars().all(good) {
        return Ok(());
    }
    let expected = format!("1 to {max} of the characters a-z, 0-9 and `-`");
    Err(LayoutError::at(path, expected, format!("{text:?}"), "it becomes part of file names"))
}

fn shape(file: &LayoutFile) -> Result<Shape, LayoutError> {
    let (_, fixed) = one_of("kind", &file.kind, &[("delimited", false), ("fixed-width", true)])?;
    match (fixed, &file.delimited, &file.fixed_width) {
        (false, Some(delimited), None) => delimited_shape(delimited),
        (false, None, _) => {
            Err(LayoutError::at("kind", "a table [delimited]", "none", "add it with `delimiter = \";\"`"))
        }
        (false, Some(_), Some(_)) => {
            Err(LayoutError::at("fixed_width", "nothing", "a table", "take it out: the file is delimited"))
        }
        (true, Some(_), _) => {
            Err(LayoutError::at("delimited", "nothing", "a table", "take it out: the file is of fixed width"))
        }
        (true, None, fixed) => {
            let record_characters = fixed.as_ref().and_then(|fixed| fixed.record_characters);
            if record_characters.is_some_and(|length| !(1..=WIDTH_MAX).contains(&length)) {
                let found = record_characters.unwrap_or_default().to_string();
                let path = "fixed_width.record_characters";
                return Err(LayoutError::at(path, format!("1 to {WIDTH_MAX}"), found, "mend the length"));
            }
            Ok(Shape::FixedWidth { record_characters })
        }
    }
}

fn delimited_shape(file: &DelimitedFile) -> Result<Shape, LayoutError> {
    let quoting = file.quoting.as_deref().unwrap_or("as-needed");
    let quotings = [("as-needed", Quoting::AsNeeded), ("always", Quoting::Always), ("never", Quoting::Never)];
    let (_, quoting) = one_of("delimited.quoting", quoting, &quotings)?;
    let mut characters = file.delimiter.chars();
    match (characters.next(), characters.next()) {
        (Some(delimiter), None)
            if delimiter.is_ascii()
                && !delimiter.is_ascii_alphanumeric()
                && !"\"'-+. \r\n\0".contains(delimiter) =>
        {
            Ok(Shape::Delimited {
                delimiter,
                quoting,
                column_names: file.column_names,
                neutral: file.neutralize_formulas,
            })
        }
        _ => Err(LayoutError::at(
            "delimited.delimiter",
            "one ASCII character that is no letter, digit, quote, sign, point, blank or line end",
            format!("{:?}", file.delimiter),
            "take `;`, `,`, `|` or `\\t`",
        )),
    }
}

fn amounts(file: &LayoutFile) -> Result<Amounts, LayoutError> {
    let amounts = &file.amounts;
    let form = amounts.form.as_deref().unwrap_or("minor");
    let (_, major) = one_of("amounts.form", form, &[("minor", false), ("major", true)])?;
    let point = amounts.point.as_deref().unwrap_or(".");
    let (_, point) = one_of("amounts.point", point, &[(".", '.'), (",", ',')])?;
    let sign = amounts.sign.as_deref().unwrap_or("minus");
    let (_, unsigned) = one_of("amounts.sign", sign, &[("minus", false), ("dr-cr", true)])?;
    let credit = amounts.credit.unwrap_or(SideWord::Cr);
    let debit = amounts.debit.unwrap_or(SideWord::Dr);
    if credit == debit {
        let found = format!("`{}` for both", credit.word());
        return Err(LayoutError::at("amounts", "different words for the sides", found, "change one of them"));
    }
    let point = major.then_some(point);
    Ok(Amounts { point, unsigned, credit: credit.word(), debit: debit.word() })
}

fn fields(
    path: &str,
    record: &RecordFile,
    scope: Scope,
    fixed: bool,
    encoding: Encoding,
) -> Result<Vec<Field>, LayoutError> {
    let mut names = BTreeSet::new();
    let mut made = Vec::with_capacity(record.fields.len());
    for (index, field) in record.fields.iter().enumerate() {
        let at = format!("{path}.fields[{index}]");
        if field.name.is_empty() || !names.insert(field.name.as_str()) {
            let found = format!("{:?}", field.name);
            let expected = "a name that no other field of the record has";
            return Err(LayoutError::at(format!("{at}.name"), expected, found, "give it one"));
        }
        made.push(one_field(&at, field, scope, fixed, encoding)?);
    }
    match made.first().map(|field: &Field| &field.source) {
        Some(Source::Constant(text)) if !text.is_empty() => Ok(made),
        _ => Err(LayoutError::at(
            format!("{path}.fields[0]"),
            "a constant `text` by which the record is known",
            "something else",
            "put a field such as { name = \"TYPE\", text = \"H\" } first",
        )),
    }
}

fn one_field(
    at: &str,
    field: &FieldFile,
    scope: Scope,
    fixed: bool,
    encoding: Encoding,
) -> Result<Field, LayoutError> {
    for text in [Some(&field.name), field.text.as_ref()].into_iter().flatten() {
        if encoding.encode(text).is_err() || text.chars().any(char::is_control) {
            let found = format!("{text:?}");
            return Err(LayoutError::at(at, "characters that the encoding has", found, "change the text"));
        }
    }
    let source = source(at, field, scope)?;
    let (width, right, fill) = if fixed { place(at, field, &source)? } else { unplaced(at, field)? };
    Ok(Field { name: field.name.clone(), source, width, right, fill })
}

fn source(at: &str, field: &FieldFile, scope: Scope) -> Result<Source, LayoutError> {
    match (&field.text, &field.value) {
        (Some(text), None) => Ok(Source::Constant(text.clone())),
        (None, Some(name)) => {
            let path = format!("{at}.value");
            let source = Source::parse(name).ok_or_else(|| unknown_value(&path, name, scope))?;
            if source.scope() > scope {
                let found = format!("`{name}`, which only {} have", records_of(source.scope()));
                let expected = "a value that is known where this record stands";
                return Err(LayoutError::at(path, expected, found, "move the field or take another value"));
            }
            Ok(source)
        }
        _ => Err(LayoutError::at(at, "either `text` or `value`", "both or none", "write one of them")),
    }
}

fn records_of(scope: Scope) -> &'static str {
    match scope {
        Scope::File => "all records",
        Scope::Batch => "records of a batch",
        Scope::Detail => "detail records",
    }
}

fn unknown_value(path: &str, name: &str, scope: Scope) -> LayoutError {
    let known: Vec<&str> =
        CATALOGUE.iter().filter(|known| known.scope <= scope).map(|known| known.name).collect();
    let expected = format!("one of {}, `<item>.net` and the like, or `<amount>.side`", known.join(", "));
    LayoutError::at(path, expected, format!("{name:?}"), "take one of these values")
}

fn unplaced(at: &str, field: &FieldFile) -> Result<(usize, bool, char), LayoutError> {
    if field.width.is_some() || field.align.is_some() || field.fill.is_some() {
        let found = "`width`, `align` or `fill`";
        return Err(LayoutError::at(at, "none of the keys of fixed width", found, "take them out"));
    }
    Ok((0, false, ' '))
}

fn place(at: &str, field: &FieldFile, source: &Source) -> Result<(usize, bool, char), LayoutError> {
    let numeric = matches!(source.kind(), Kind::Number | Kind::Money);
    let width = field.width.filter(|width| (1..=WIDTH_MAX).contains(width)).ok_or_else(|| {
        let found = field.width.map_or("none".to_owned(), |width| width.to_string());
        LayoutError::at(format!("{at}.width"), format!("1 to {WIDTH_MAX}"), found, "give the field a width")
    })?;
    let align = field.align.as_deref().unwrap_or(if numeric { "right" } else { "left" });
    let (_, right) = one_of(&format!("{at}.align"), align, &[("left", false), ("right", true)])?;
    let fill = field.fill.as_deref().unwrap_or(if numeric && right { "0" } else { " " });
    let mut characters = fill.chars();
    let fill = match (characters.next(), characters.next()) {
        (Some(fill), None) if fill.is_ascii() && !fill.is_ascii_control() => fill,
        _ => {
            let found = format!("{fill:?}");
            return Err(LayoutError::at(
                format!("{at}.fill"),
                "one ASCII character",
                found,
                "take a blank or 0",
            ));
        }
    };
    // Zeros behind a number would make it a greater one.
    if numeric && !right && fill != ' ' {
        let found = format!("{fill:?}");
        let advice = "align it to the right or fill with blanks";
        return Err(LayoutError::at(format!("{at}.fill"), "a blank behind a number", found, advice));
    }
    if let Source::Constant(text) = source
        && text.chars().count() > width
    {
        let expected = format!("at most {width} characters");
        return Err(LayoutError::at(format!("{at}.text"), expected, format!("{text:?}"), "widen the field"));
    }
    Ok((width, right, fill))
}

/// What no partner may go without.
fn says_what_it_must(layout: &Layout) -> Result<(), LayoutError> {
    let has = |fields: &[Field], value: &str| {
        let wanted = Source::parse(value);
        fields.iter().any(|field| Some(&field.source) == wanted.as_ref())
    };
    let must = |path: &str, fields: &[Field], value: &str| {
        if has(fields, value) {
            return Ok(());
        }
        let advice = "without it nobody can tell whether a file is to be paid, is whole, or comes next";
        Err(LayoutError::at(path, format!("a field with the value `{value}`"), "none", advice))
    };
    for value in ["environment", "zone", "sequence", "file_id"] {
        must("file_header", &layout.file_header, value)?;
    }
    for value in ["line_id", "amount"] {
        must("detail", &layout.detail, value)?;
    }
    must("file_trailer", &layout.file_trailer, "records")?;
    let in_batch = has(&layout.batch_trailer, "payment") && has(&layout.batch_trailer, "batch_details");
    let in_file = has(&layout.file_trailer, "file_payment") && has(&layout.file_trailer, "details");
    if !in_batch && !in_file {
        return Err(LayoutError::at(
            if layout.batch_trailer.is_empty() { "file_trailer" } else { "batch_trailer" },
            "the totals: `payment` and `batch_details` in [batch_trailer], or `file_payment` and `details` in \
             [file_trailer]",
            "neither",
            "a file without its totals cannot be checked",
        ));
    }
    let of_batch = [&layout.batch_header, &layout.detail, &layout.batch_trailer];
    if !of_batch.iter().any(|fields| has(fields, "currency")) {
        return Err(LayoutError::at(
            "detail",
            "a field with the value `currency` in a record of the batch",
            "none",
            "an amount without its currency says nothing",
        ));
    }
    records_differ(layout)?;
    items_have_records(layout)?;
    sides_stand_beside(layout)?;
    records_fit(layout)
}

fn records_differ(layout: &Layout) -> Result<(), LayoutError> {
    let mut known = BTreeSet::new();
    for (path, fields) in layout.records() {
        let Some(Source::Constant(text)) = fields.first().map(|field| &field.source) else { continue };
        if !known.insert(text) {
            let found = format!("{text:?} again");
            let path = format!("{path}.fields[0].text");
            return Err(LayoutError::at(
                path,
                "a text that no other record begins with",
                found,
                "take another",
            ));
        }
    }
    Ok(())
}

fn items_have_records(layout: &Layout) -> Result<(), LayoutError> {
    for (index, field) in layout.detail.iter().enumerate() {
        if layout.details == Details::Line && field.source.needs_item_records() {
            return Err(LayoutError::at(
                format!("detail.fields[{index}].value"),
                "a value of the whole line",
                format!("one of a single item in field {:?}", field.name),
                "write `details = \"item\"`, or name the item as in `bonus_miles.quantity`",
            ));
        }
    }
    Ok(())
}

fn sides_stand_beside(layout: &Layout) -> Result<(), LayoutError> {
    if !layout.amounts.unsigned {
        return Ok(());
    }
    for (path, fields) in layout.records() {
        for (index, field) in
            fields.iter().enumerate().filter(|(_, field)| field.source.kind() == Kind::Money)
        {
            let side = Source::Side(Box::new(field.source.clone()));
            if !fields.iter().any(|other| other.source == side) {
                return Err(LayoutError::at(
                    format!("{path}.fields[{index}]"),
                    "a field with its `.side` in the same record",
                    format!("{:?} without one", field.name),
                    "an amount without sign and side may be owed by either",
                ));
            }
        }
    }
    Ok(())
}

fn records_fit(layout: &Layout) -> Result<(), LayoutError> {
    let Shape::FixedWidth { record_characters: Some(length) } = layout.shape else { return Ok(()) };
    for (path, fields) in layout.records() {
        let sum: usize = fields.iter().map(|field| field.width).sum();
        if sum > length {
            let expected = format!("fields of {length} characters together");
            return Err(LayoutError::at(path, expected, sum.to_string(), "lengthen `record_characters`"));
        }
    }
    Ok(())
}

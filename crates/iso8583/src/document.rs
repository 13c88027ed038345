//! The message specification of a dialect as Markdown, made from the table that the codec itself works with.

mod examples;
mod samples;
mod words;

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{
    codes,
    dialect::Dialect,
    field_spec::FieldSpec,
    format::Length,
    mti::Mti,
    presence::{MessageSpec, Presence},
    structure::Structure,
};

/// A longer table of codes is a public one, and named instead of printed.
const MAX_PRINTED_CODES: usize = 130;

/// The message specification of a dialect in Markdown: how messages are written, what each message type has, all data
/// elements, what is inside them, codes, and examples as bytes.
///
/// `link` holds what is agreed for one link beyond the dialect: names and values, printed as they are. Every example
/// is written by the codec and reads back to the same bytes.
#[must_use]
pub fn document(dialect: &Dialect, link: &[(String, String)]) -> String {
    let mut out = String::new();
    let title = if dialect.title().is_empty() { dialect.name() } else { dialect.title() };
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "# Message specification: {title}\n\n\
         Made from the dialect `{}` by `cobrand spec doc`; what stands here is what the codec does. Do not edit it.\n",
        dialect.name()
    );
    if !link.is_empty() {
        out.push_str("## The link\n\n| | |\n|---|---|\n");
        for (name, value) in link {
            let _ = writeln!(out, "| {} | {} |", cell(name), cell(value));
        }
        out.push('\n');
    }
    out.push_str("## How messages are written\n\n");
    for line in words::of_wire(dialect) {
        let _ = writeln!(out, "- {line}");
    }
    if dialect.messages().next().is_some() {
        messages(dialect, &mut out);
    }
    data_elements(dialect, &mut out);
    insides(dialect, &mut out);
    code_tables(dialect, &mut out);
    // One line end, not an empty line.
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A cell of a table: no line ends, no bars.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn messages(dialect: &Dialect, out: &mut String) {
    out.push_str(
        "\n## Message types\n\n\
         | | |\n|---|---|\n\
         | M | mandatory: always there |\n\
         | C | conditional: there under the condition that is named |\n\
         | O | optional: as the sender likes |\n\
         | ME | mandatory echo: always there, as in the request |\n\
         | CE | conditional echo: there if it is in the request, as it is there |\n\n\
         A repeat has the last digit 1 (of an issuer 3) and the data elements of its first message.\n",
    );
    out.push_str("\n| type | |\n|---|---|\n");
    for (mti, spec) in dialect.messages() {
        let _ = writeln!(out, "| {mti} | {} |", cell(&spec.name));
    }
    for (mti, spec) in dialect.messages() {
        message(dialect, mti, spec, out);
    }
}

fn message(dialect: &Dialect, mti: Mti, spec: &MessageSpec, out: &mut String) {
    let _ = writeln!(
        out,
        "\n### {mti} {}\n\n| DE | name | format | | use |\n|---|---|---|---|---|",
        cell(&spec.name)
    );
    for (de, usage) in &spec.fields {
        let Some(field) = dialect.field(*de) else { continue };
        let (name, format, letters) = (cell(&field.name), field.format, usage.presence.letters());
        let note = cell(&usage.note);
        let _ = writeln!(out, "| {de} | {name} | {format} | {letters} | {note} |");
    }
    let others = if spec.refuses_others { "not agreed" } else { "accepted and ignored" };
    let _ = writeln!(out, "\nOther data elements: {others}.");
    if let Some(example) = examples::of(dialect, mti, spec) {
        let _ = writeln!(out, "\n{example}");
    }
}

/// Whether a message type has a data element in every message.
fn always(presence: Presence) -> bool {
    matches!(presence, Presence::Mandatory | Presence::MandatoryEcho)
}

fn data_elements(dialect: &Dialect, out: &mut String) {
    out.push_str(
        "\n## Data elements\n\n\
         Formats as the standard writes them: a letters, n digits, s punctuation, x+n a sign (C or D) and digits, z track \
         data, b binary; a dot for each digit of the length indicator, then the greatest length. Fixed binary lengths \
         are in bits.\n\n\
         | DE | name | format | written as | length | shown in logs | codes |\n|---|---|---|---|---|---|---|\n",
    );
    for (de, spec) in dialect.fields() {
        row(&de.to_string(), spec, &spec.format.to_string(), out);
    }
}

fn row(id: &str, spec: &FieldSpec, format: &str, out: &mut String) {
    let codes = spec.codes.as_deref().map(|table| format!("[{table}](#codes-{table})")).unwrap_or_default();
    let _ = writeln!(
        out,
        "| {id} | {} | {format} | {} | {} | {} | {codes} |",
        cell(&spec.name),
        words::of_encoding(spec),
        words::of_length(spec),
        words::of_shown(spec.shown),
    );
}

fn insides(dialect: &Dialect, out: &mut String) {
    let mut sections = Vec::new();
    for (de, spec) in dialect.fields() {
        inside(&format!("DE{de}"), spec, &mut sections);
    }
    if sections.is_empty() {
        return;
    }
    out.push_str("\n## Inside data elements\n");
    // The same inside of several elements is printed once.
    while let Some(Section { text, name, .. }) = sections.first().cloned() {
        let same = |section: &&Section| section.text == text;
        let mut paths: Vec<String> =
            sections.iter().filter(same).map(|section| section.path.clone()).collect();
        sections.retain(|section| !same(&section));
        if let [path] = paths.as_mut_slice()
            && !name.is_empty()
        {
            let _ = write!(path, " {}", cell(&name));
        }
        let _ = write!(out, "\n### {}\n\n{text}", paths.join(", "));
    }
}

/// What is inside one data element or part.
#[derive(Clone)]
struct Section {
    path: String,
    name: String,
    text: String,
}

fn inside(path: &str, spec: &FieldSpec, sections: &mut Vec<Section>) {
    let Some(structure) = &spec.inside else { return };
    let mut text = words::of_structure(structure);
    let parts = structure.listed();
    if !parts.is_empty() {
        text.push_str(
            "\n\n| part | name | format | written as | length | shown in logs | codes |\n|---|---|---|---|---|---|---|",
        );
    }
    text.push('\n');
    for (id, part) in &parts {
        match structure {
            // The tag or the character behind it says the length.
            Structure::BerTlv(_) | Structure::Tagged(_) | Structure::Delimited(_) => {
                let mut alone = (*part).clone();
                if let Length::Variable { min, max, .. } = alone.format.length {
                    let min = if matches!(structure, Structure::Delimited(_)) { min } else { 0 };
                    alone.format.length = Length::Variable { digits: 0, min, max };
                }
                row(id, &alone, alone.format.class.notation(), &mut text);
            }
            _ => row(id, part, &part.format.to_string(), &mut text),
        }
    }
    sections.push(Section { path: path.to_owned(), name: spec.name.clone(), text });
    for (id, part) in parts {
        inside(&format!("{path}.{id}"), part, sections);
    }
}

fn tables_of<'a>(spec: &'a FieldSpec, tables: &mut BTreeSet<&'a str>) {
    tables.extend(spec.codes.as_deref());
    for (_, part) in spec.inside.as_ref().map(Structure::listed).unwrap_or_default() {
        tables_of(part, tables);
    }
}

fn code_tables(dialect: &Dialect, out: &mut String) {
    let mut tables = BTreeSet::new();
    dialect.fields().for_each(|(_, spec)| tables_of(spec, &mut tables));
    if tables.is_empty() {
        return;
    }
    out.push_str("\n## Codes\n");
    for table in tables {
        let rows = codes::rows(table);
        let _ = writeln!(out, "\n### Codes: {table}\n");
        if let Some(source) = words::public_table(table).filter(|_| rows.len() > MAX_PRINTED_CODES) {
            let _ = writeln!(out, "{source}.");
            continue;
        }
        out.push_str("| code | |\n|---|---|\n");
        for (code, meaning) in rows {
            let _ = writeln!(out, "| {code} | {} |", cell(meaning));
        }
    }
}

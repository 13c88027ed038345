//! Native files as data: which records a partner gets, with which columns, written how (docs/layouts).
//!
//! A layout decides how a file looks, never what is in it: every movement has its record, and a layout without the
//! environment, the zone, the sequence, the counts or the totals is refused.

mod build;
mod document;
mod error;
mod file;
mod values;
mod write;

use std::fs;
use std::path::Path;

pub use error::LayoutError;
pub(crate) use write::write;

use super::encoding::Encoding;
use values::Source;

/// A greater file is no layout.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The layouts that are built in, with their files.
pub fn built_in() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("delimited", include_str!("layouts/delimited.toml")),
        ("fixed-width", include_str!("layouts/fixed-width.toml")),
        ("comma-decimals", include_str!("layouts/comma-decimals.toml")),
    ]
    .into_iter()
}

/// Whether a name may stand for a layout: a built-in one, or the path of a TOML file.
pub(crate) fn named(name: &str) -> bool {
    built_in().any(|(known, _)| known == name)
        || Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// A layout that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    name: String,
    title: String,
    extension: String,
    encoding_name: &'static str,
    encoding: Encoding,
    line_end: &'static str,
    details: Details,
    shape: Shape,
    amounts: Amounts,
    dates: DateForm,
    file_header: Vec<Field>,
    batch_header: Vec<Field>,
    detail: Vec<Field>,
    batch_trailer: Vec<Field>,
    file_trailer: Vec<Field>,
}

/// What has a detail record of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Details {
    /// Each movement.
    Line,
    /// Each priced item of each movement.
    Item,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Delimited { delimiter: char, quoting: Quoting, column_names: bool, neutral: bool },
    FixedWidth { record_characters: Option<usize> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    AsNeeded,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amounts {
    /// `None`: minor units.
    point: Option<char>,
    /// Without sign; a field with the side stands beside it.
    unsigned: bool,
    credit: &'static str,
    debit: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DateForm {
    name: &'static str,
    strftime: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    source: Source,
    width: usize,
    right: bool,
    fill: char,
}

impl Layout {
    /// Reads a layout file.
    ///
    /// # Errors
    /// What is wrong, with line, column and path.
    pub fn from_toml(text: &str) -> Result<Self, LayoutError> {
        file::read(text).and_then(|file| build::layout(&file)).map_err(|error| error.located(text))
    }

    /// A built-in layout by its name, else the file at the path.
    ///
    /// # Errors
    /// As [`Self::from_toml`], or why the file cannot be read.
    pub fn find(name: &str) -> Result<Self, LayoutError> {
        if let Some((_, text)) = built_in().find(|(known, _)| *known == name) {
            return Self::from_toml(text);
        }
        let unreadable = |why: String| {
            LayoutError::whole("the path of a layout file", why, "name a built-in layout or mend the path")
                .of(name)
        };
        let length = fs::metadata(name).map_err(|error| unreadable(error.to_string()))?.len();
        if length > FILE_BYTES_MAX {
            return Err(unreadable(format!("{length} bytes, of at most {FILE_BYTES_MAX}")));
        }
        let text = fs::read_to_string(name).map_err(|error| unreadable(error.to_string()))?;
        Self::from_toml(&text).map_err(|error| error.of(name))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the names of its files end in, without the dot.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// The media type of its files.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match (&self.shape, self.encoding) {
            (Shape::Delimited { .. }, Encoding::Utf8) => "text/csv; charset=utf-8",
            (Shape::FixedWidth { .. }, Encoding::Utf8) => "text/plain; charset=utf-8",
            // The charset is in the layout document; not every receiver knows the names of code pages.
            (Shape::Delimited { .. }, _) => "text/csv",
            (Shape::FixedWidth { .. }, _) => "text/plain",
        }
    }

    /// Describes it for whoever has to read its files, as Markdown.
    #[must_use]
    pub fn document(&self) -> String {
        document::document(self)
    }

    /// The JSON Schema of layout files, for editors.
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        file::json_schema()
    }

    /// The records in the order in which they are written, with their places in a layout file.
    fn records(&self) -> [(&'static str, &Vec<Field>); 5] {
        [
            ("file_header", &self.file_header),
            ("batch_header", &self.batch_header),
            ("detail", &self.detail),
            ("batch_trailer", &self.batch_trailer),
            ("file_trailer", &self.file_trailer),
        ]
    }
}

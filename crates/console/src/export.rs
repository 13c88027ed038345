//! A table that is shown on a page and exported with exactly the same rows.
//!
//! A page builds one [`ExportTable`]; the template shows it with `m::export`, and [`respond`] writes the very same value as
//! CSV or XLSX where the address says `?format=csv` or `?format=xlsx` (`&table=` names one of several). In files, numbers
//! are numbers with a decimal point, dates are ISO, and the currency of an amount has a column of its own.

mod cell;
mod csv;
mod xlsx;

use std::collections::BTreeMap;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
pub(crate) use cell::{Cell, Shown};

use crate::{locale::Locale, pages::PageError};

/// A column: its heading and how its cells stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words, dates, instants: to the left.
    Text,
    /// Numbers: to the right. Their unit is in the heading or the same for all.
    Number,
    /// Amounts with their currency: to the right; two columns in a file.
    Money,
}

/// A column of words.
pub(crate) fn text(name: impl Into<String>) -> Column {
    Column { name: name.into(), kind: Kind::Text }
}

/// A column of numbers.
pub(crate) fn number(name: impl Into<String>) -> Column {
    Column { name: name.into(), kind: Kind::Number }
}

/// A column of amounts.
pub(crate) fn money(name: impl Into<String>) -> Column {
    Column { name: name.into(), kind: Kind::Money }
}

/// Names and values of `data-` attributes.
pub(crate) type Keys = Vec<(&'static str, String)>;

/// A table: what is on the screen and in its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExportTable {
    /// The id on the page and in `?table=`; also the name of the sheet.
    pub(crate) id: String,
    /// What the table tells.
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    /// The first cell of each is its heading.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Attributes of rows on the page, in their order; files do not have them.
    keys: Vec<Keys>,
    /// What is said instead of an empty table.
    pub(crate) empty: String,
    /// The page's address with `format=` left open, up to `format=`.
    link: String,
    locale: Locale,
}

impl ExportTable {
    /// A table without rows on the page `here`, whose own query may already say something.
    pub(crate) fn new(
        locale: Locale,
        id: impl Into<String>,
        here: &str,
        caption: impl Into<String>,
        columns: Vec<Column>,
    ) -> Self {
        let id = id.into();
        let joint = if here.contains('?') { '&' } else { '?' };
        let link = format!("{here}{joint}table={id}&format=");
        let empty = locale.0.choose("There is nothing here.", "Здесь пока ничего нет.").to_owned();
        Self { id, caption: caption.into(), columns, rows: Vec::new(), keys: Vec::new(), empty, link, locale }
    }

    /// What is said instead of an empty table.
    pub(crate) fn or_else(mut self, empty: impl Into<String>) -> Self {
        self.empty = empty.into();
        self
    }

    /// With these rows.
    pub(crate) fn with(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// With these rows, which the page marks by attributes.
    pub(crate) fn with_keys(mut self, rows: impl IntoIterator<Item = (Keys, Vec<Cell>)>) -> Self {
        for (keys, row) in rows {
            self.keys.resize(self.rows.len(), Keys::new());
            self.keys.push(keys);
            self.rows.push(row);
        }
        self
    }

    /// The rows as the template shows them.
    pub(crate) fn shown(&self) -> Vec<(Keys, Vec<Shown>)> {
        let row = |(place, row): (usize, &Vec<Cell>)| {
            let keys = self.keys.get(place).cloned().unwrap_or_default();
            (keys, row.iter().map(|cell| cell.shown(self.locale)).collect())
        };
        self.rows.iter().enumerate().map(row).collect()
    }

    /// Whether a column stands to the right.
    pub(crate) fn is_right(&self, column: &Column) -> bool {
        column.kind != Kind::Text
    }

    /// The address of the table as a file.
    pub(crate) fn file(&self, format: &str) -> String {
        format!("{}{format}", self.link)
    }

    /// What the links to the files say to somebody who cannot see what they belong to.
    pub(crate) fn file_label(&self, format: &str) -> String {
        let word = self.locale.0.choose("Download as", "Скачать как");
        format!("{word} {format}: {}", self.caption)
    }

    /// Says that a wide table scrolls.
    pub(crate) fn is_wide(&self) -> bool {
        self.columns.len() > 3
    }

    /// Rows as files have them, with their headings: an amount and its currency are two columns.
    fn filed(&self) -> Vec<Vec<cell::Filed>> {
        let currency = self.locale.0.choose("currency", "валюта");
        let mut headings = Vec::new();
        for column in &self.columns {
            headings.push(cell::Filed::Text(column.name.clone()));
            if column.kind == Kind::Money {
                headings.push(cell::Filed::Text(format!("{}, {currency}", column.name)));
            }
        }
        let row = |row: &Vec<Cell>| {
            row.iter().zip(&self.columns).flat_map(|(cell, column)| cell.filed(column.kind)).collect()
        };
        std::iter::once(headings).chain(self.rows.iter().map(row)).collect()
    }
}

/// What a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A page.
    Html,
    Csv,
    Xlsx,
}

impl Format {
    /// What `?format=` says.
    ///
    /// # Errors
    /// [`PageError::NotFound`] for anything else.
    pub(crate) fn of(values: &BTreeMap<String, String>) -> Result<Self, PageError> {
        match values.get("format").map(String::as_str) {
            None => Ok(Self::Html),
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some(_) => Err(PageError::NotFound),
        }
    }
}

/// The tables of a page as a file, if the address asks for one: CSV has one table, XLSX a sheet for each.
///
/// # Errors
/// [`PageError::NotFound`] for a table that the page does not have; the file could not be written.
pub(crate) fn respond(
    values: &BTreeMap<String, String>,
    name: &str,
    tables: &[&ExportTable],
) -> Result<Option<Response>, PageError> {
    let format = Format::of(values)?;
    let chosen = |table: &&&ExportTable| values.get("table").is_none_or(|id| *id == table.id);
    let tables: Vec<&ExportTable> = tables.iter().filter(chosen).copied().collect();
    if format == Format::Html {
        return Ok(None);
    }
    let first = *tables.first().ok_or(PageError::NotFound)?;
    let (media, bytes, end) = match format {
        Format::Xlsx => (xlsx::MEDIA, xlsx::write(&tables)?, "xlsx"),
        Format::Html | Format::Csv => (csv::MEDIA, csv::write(first), "csv"),
    };
    let named =
        if tables.len() == 1 { format!("{name}-{}.{end}", first.id) } else { format!("{name}.{end}") };
    let attachment = format!("attachment; filename=\"{}\"", plain(&named));
    Ok(Some(
        ([(header::CONTENT_TYPE, media), (header::CONTENT_DISPOSITION, attachment.as_str())], bytes)
            .into_response(),
    ))
}

/// A file's name of letters that every system takes.
fn plain(name: &str) -> String {
    let one = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(one).collect()
}

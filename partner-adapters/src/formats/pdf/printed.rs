//! A document to be printed: facts and tables on A4, upright, its pages numbered. Whoever asks for it has the words.

use jiff::civil::Date;

use super::font::Typeface;
use super::page::{Paper, Sheet};
use crate::formats::error::RenderError;

/// Sizes of letters, in tenths of a point.
const TITLE: i32 = 160;
const HEADING: i32 = 110;
const FACT: i32 = 80;
const CELL: i32 = 65;
/// Where the values of facts begin.
const FACTS_AT: i32 = 1_700;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// What stands above everything.
    pub title: String,
    /// Its name in the document's own data; the same content has the same one.
    pub document_id: String,
    /// Its date; nothing comes from a clock.
    pub date: Date,
    /// What stands below each page.
    pub footer: String,
    /// `page {} of {}`.
    pub page_of: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What follows begins on another page.
    NewPage,
    /// A heading.
    Heading(String),
    /// A sentence.
    Text(String),
    /// Names and values, one below the other.
    Facts(Vec<(String, String)>),
    /// A table; its headings stand on each of its pages.
    Table {
        /// The columns.
        columns: Vec<PrintedColumn>,
        /// The rows, each with a text for each column.
        rows: Vec<Vec<String>>,
    },
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedColumn {
    /// Its heading.
    pub name: String,
    /// Its part of the page's width, in hundredths.
    pub share: u8,
    /// Whether it is of numbers, which stand to the right.
    pub right: bool,
}

/// Writes the document as PDF.
///
/// # Errors
/// The writer of documents gave up.
pub fn pdf(document: &Printed) -> Result<Vec<u8>, RenderError> {
    let typeface = Typeface::built_in()?;
    let mut sheet = Sheet::new(&typeface, Paper::Portrait);
    sheet.line(TITLE, &document.title);
    for block in &document.blocks {
        match block {
            Block::NewPage => sheet.new_page(),
            Block::Heading(text) => {
                // A heading never stands alone at the end of a page.
                if !sheet.fits(HEADING, 4) {
                    sheet.new_page();
                }
                sheet.space(100);
                sheet.line(HEADING, text);
            }
            Block::Text(text) => text_lines(&mut sheet, &typeface, text),
            Block::Facts(facts) => {
                let width = Paper::Portrait.text_width() - FACTS_AT;
                for (name, value) in facts {
                    sheet.cells(FACT, &[(0, FACTS_AT, false, name), (FACTS_AT, width, false, value)]);
                }
            }
            Block::Table { columns, rows } => table(&mut sheet, columns, rows),
        }
    }
    sheet.finish(&document.footer, &document.page_of, &document.document_id, document.date)
}

/// A sentence, as many lines as it needs.
fn text_lines(sheet: &mut Sheet<'_>, typeface: &Typeface, text: &str) {
    let width = Paper::Portrait.text_width() - 30;
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if typeface.width(&longer, FACT) > width && !line.is_empty() {
            sheet.line(FACT, &line);
            word.clone_into(&mut line);
        } else {
            line = longer;
        }
    }
    if !line.is_empty() {
        sheet.line(FACT, &line);
    }
}

fn table(sheet: &mut Sheet<'_>, columns: &[PrintedColumn], rows: &[Vec<String>]) {
    heading(sheet, columns);
    for row in rows {
        if !sheet.fits(CELL, 1) {
            sheet.new_page();
            heading(sheet, columns);
        }
        cells(sheet, columns, |at, _| row.get(at).map_or("", String::as_str));
    }
}

fn heading(sheet: &mut Sheet<'_>, columns: &[PrintedColumn]) {
    sheet.space(30);
    cells(sheet, columns, |_, column| column.name.as_str());
    sheet.rule();
}

fn cells<'t>(
    sheet: &mut Sheet<'_>,
    columns: &'t [PrintedColumn],
    text: impl Fn(usize, &'t PrintedColumn) -> &'t str,
) {
    let mut from = 0;
    let mut placed = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let width = Paper::Portrait.text_width() * i32::from(column.share) / 100;
        placed.push((from, width, column.right, text(at, column)));
        from += width;
    }
    sheet.cells(CELL, &placed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(rows: usize) -> Printed {
        let column = |name: &str, share, right| PrintedColumn { name: name.to_owned(), share, right };
        let row = |number: usize| vec![format!("Строка {number}"), "-1 234,56".to_owned()];
        Printed {
            title: "Отчёт за день".to_owned(),
            document_id: "day-1".to_owned(),
            date: jiff::civil::date(2026, 10, 10),
            footer: "TEST".to_owned(),
            page_of: "страница {} из {}".to_owned(),
            blocks: vec![
                Block::Facts(vec![("Банк".to_owned(), "northbank".to_owned())]),
                Block::Text("слово ".repeat(200)),
                Block::NewPage,
                Block::Heading("Расхождения".to_owned()),
                Block::Table {
                    columns: vec![column("Что", 70, false), column("Сумма", 30, true)],
                    rows: (0..rows).map(row).collect(),
                },
            ],
        }
    }

    /// The number of pages that a document says it has.
    fn pages(bytes: &[u8]) -> usize {
        let text = String::from_utf8_lossy(bytes);
        text.matches("/Type /Page\n").count() + text.matches("/Type/Page/").count()
    }

    #[test]
    fn the_same_document_has_the_same_bytes_and_as_many_pages_as_it_needs() {
        let short = pdf(&document(3)).unwrap();
        assert!(short.starts_with(b"%PDF-"));
        assert_eq!(short, pdf(&document(3)).unwrap());
        assert_eq!(pages(&short), 2);
        let long = pdf(&document(200)).unwrap();
        assert!(pages(&long) >= 4, "{} pages", pages(&long));
    }
}

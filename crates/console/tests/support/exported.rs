//! Tables as a page shows them, and as its files have them.

use std::io::{Cursor, Read};

use axum::http::StatusCode;

use super::browser::{Browser, Page};

/// The ids of the tables that can be exported, in their order.
pub(crate) fn table_ids(page: &Page) -> Vec<String> {
    let marks = page.body.split("table=").skip(1).filter_map(|rest| rest.split_once("&#38;format=csv\""));
    let mut ids: Vec<String> = marks.map(|(id, _)| id.to_owned()).collect();
    ids.dedup();
    // Tables in the older form are not marked by their id and are compared elsewhere.
    ids.retain(|id| page.body.contains(&format!("<table id=\"{id}\">")));
    ids
}

/// Every table of a page, as CSV and as XLSX, has exactly the rows of the page; which tables there are.
pub(crate) async fn files_are_the_tables(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {page:?}");
    let (tables, joint) = (table_ids(&page), if path.contains('?') { '&' } else { '?' });
    for table in &tables {
        let csv = browser.get(&format!("{path}{joint}table={table}&format=csv")).await;
        assert_eq!(csv.status, StatusCode::OK, "{path} {table}");
        let media = csv.headers.get("content-type").map_or("", |media| media.to_str().unwrap());
        assert!(media.starts_with("text/csv"), "{path} {table} is {media}");
        let shown = machine_rows(&page, table);
        assert_eq!(csv_rows(&csv.body), shown, "{path} {table} as CSV");
        let xlsx = browser.bytes(&format!("{path}{joint}table={table}&format=xlsx")).await;
        assert_eq!(xlsx_rows(&xlsx), shown, "{path} {table} as XLSX");
    }
    tables
}

/// The cells of a table, as somebody reads them: without headings.
pub(crate) fn shown_rows(page: &Page, id: &str) -> Vec<Vec<String>> {
    rows(page, id).iter().skip(1).map(|row| row.iter().map(|cell| text(cell)).collect()).collect()
}

/// Headings and rows as a file must have them: numbers by their machine value, an amount's currency behind it.
pub(crate) fn machine_rows(page: &Page, id: &str) -> Vec<Vec<String>> {
    let rows = rows(page, id);
    // A column holds amounts if any of its cells ends with a code of three letters, or counts miles beside them.
    let currency_of = |cell: &str| {
        let (_, rest) = cell.split_once("<data value=")?;
        let words = text(&format!("<data value={rest}"));
        let last = words.split([' ', '\u{a0}']).next_back()?.to_owned();
        (last.len() == 3 && last.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(last)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let is_money: Vec<bool> = (0..columns)
        .map(|column| {
            rows.iter().skip(1).any(|row| row.get(column).and_then(|cell| currency_of(cell)).is_some())
        })
        .collect();
    let suffix = if page.body.contains("<html lang=\"ru\">") { "валюта" } else { "currency" };
    let mut all = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let mut cells = Vec::new();
        for (column, cell) in row.iter().enumerate() {
            let value = machine(cell);
            let heading = value.clone();
            cells.push(value);
            if is_money[column] {
                cells.push(match place {
                    0 => format!("{heading}, {suffix}"),
                    _ => currency_of(cell).unwrap_or_default(),
                });
            }
        }
        all.push(cells);
    }
    all
}

fn rows(page: &Page, id: &str) -> Vec<Vec<String>> {
    let (_, rest) = page
        .body
        .split_once(&format!("<table id=\"{id}\">"))
        .unwrap_or_else(|| panic!("no table {id} on\n{}", page.body));
    let table = rest.split("</table>").next().unwrap();
    // `<thead` and `<time` begin alike and are no cells.
    let row = |row: &str| {
        let marked = row.replace("<td", "\u{1}").replace("<th ", "\u{1} ");
        marked
            .split('\u{1}')
            .skip(1)
            .map(|cell| cell.split_once('>').unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    table.split("<tr").skip(1).map(row).collect()
}

/// The text of a cell without its tags and without what is hidden from screen readers.
fn text(cell: &str) -> String {
    let cell = cell.split("</td>").next().unwrap().split("</th>").next().unwrap();
    let cell = match cell.split_once("<span class=\"icon\" aria-hidden=\"true\">") {
        Some((before, rest)) => format!("{before}{}", rest.split_once("</span>").unwrap().1),
        None => cell.to_owned(),
    };
    let mut words = String::new();
    for (place, part) in cell.split('<').enumerate() {
        words += if place == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) };
    }
    plain(&words).trim().to_owned()
}

fn plain(text: &str) -> String {
    text.replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// What a file has for a cell: the value of a number, the instant of a time, the ISO form of a date, else the text.
fn machine(cell: &str) -> String {
    let attribute = |start: &str| {
        let (_, rest) = cell.split_once(start)?;
        Some(rest.split('"').next().unwrap().to_owned())
    };
    if let Some(value) = attribute("<data value=\"").or_else(|| attribute("<time datetime=\"")) {
        return value;
    }
    let shown = text(cell);
    let parts: Vec<&str> = shown.split('.').collect();
    match parts.as_slice() {
        // A date in Russian; a link says it in words.
        [day, month, year] if !cell.contains("<a ") && [2, 2, 4] == [day.len(), month.len(), year.len()] => {
            format!("{year}-{month}-{day}")
        }
        _ => shown,
    }
}

/// The rows of a CSV file: quotes undone, the protection against formulas too.
pub(crate) fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(false).from_reader(text.as_bytes());
    let own = |cell: &str| match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start().starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => cell.to_owned(),
    };
    reader.records().map(|record| record.unwrap().iter().map(own).collect()).collect()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The first sheet, as it is written.
pub(crate) fn sheet(bytes: &[u8]) -> String {
    part(bytes, "xl/worksheets/sheet1.xml")
}

/// The rows of the first sheet. A number has as many decimals as its cell shows; the file itself keeps the shortest form.
pub(crate) fn xlsx_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let shared = part(bytes, "xl/sharedStrings.xml");
    let strings: Vec<String> = shared
        .split("<si>")
        .skip(1)
        .map(|one| {
            let text = one.split("</t>").next().unwrap();
            plain_xml(text.split_once('>').unwrap().1)
        })
        .collect();
    let formats = formats(bytes);
    let sheet = sheet(bytes);
    let mut rows = Vec::new();
    for row in sheet.split("<row ").skip(1) {
        let mut cells: Vec<String> = Vec::new();
        for cell in row.split("<c ").skip(1) {
            let attributes = cell.split('>').next().unwrap();
            let attribute = |name: &str| {
                attributes.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split('"').next().unwrap())
            };
            cells.resize(column(attribute("r").unwrap()), String::new());
            let value = cell.split_once("<v>").map_or("", |(_, rest)| rest.split("</v>").next().unwrap());
            cells.push(match attribute("t") {
                Some("s") => strings[value.parse::<usize>().unwrap()].clone(),
                _ if value.is_empty() => String::new(),
                _ => {
                    let places = attribute("s").map_or(0, |style| formats[style.parse::<usize>().unwrap()]);
                    let (whole, behind) = value.split_once('.').unwrap_or((value, ""));
                    if places == 0 { whole.to_owned() } else { format!("{whole}.{behind:0<places$}") }
                }
            });
        }
        rows.push(cells);
    }
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    rows.iter_mut().for_each(|row| row.resize(width, String::new()));
    rows
}

/// How many decimals each cell format shows.
fn formats(bytes: &[u8]) -> Vec<usize> {
    let styles = part(bytes, "xl/styles.xml");
    let decimals = |id: &str| {
        let code = styles.split(&format!("numFmtId=\"{id}\" formatCode=\"")).nth(1);
        let code = code.map_or("", |rest| rest.split('"').next().unwrap());
        // Built in: 3 is `#,##0`, 4 is `#,##0.00`.
        if id == "4" { 2 } else { code.split_once('.').map_or(0, |(_, behind)| behind.len()) }
    };
    let cells = styles.split("<cellXfs").nth(1).unwrap().split("</cellXfs>").next().unwrap();
    let ids = cells.split("<xf numFmtId=\"").skip(1).map(|xf| xf.split('"').next().unwrap());
    ids.map(decimals).collect()
}

fn plain_xml(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// `B7` is column 1.
fn column(reference: &str) -> usize {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    letters.fold(0, |sum, letter| sum * 26 + usize::from(letter - b'A') + 1) - 1
}

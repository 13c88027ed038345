//! Tables of pages and of files, found by caption and heading.

use std::collections::BTreeMap;

/// A table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) id: String,
    pub(crate) caption: String,
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// A row that is not a heading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// What the heading of its group of rows says.
    pub(crate) group: String,
    /// The attributes `data-…`.
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) cells: Vec<String>,
    /// Where the first link leads.
    pub(crate) href: String,
}

/// A row with the headings of its table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'t> {
    table: &'t Table,
    pub(crate) row: &'t Row,
}

impl Table {
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { table: self, row })
    }

    /// The one line with these texts below these headings.
    pub(crate) fn line(&self, wanted: &[(&str, &str)]) -> Line<'_> {
        let fits = |line: &Line<'_>| wanted.iter().all(|(head, text)| line.text(head) == *text);
        let found: Vec<Line<'_>> = self.lines().filter(fits).collect();
        assert_eq!(found.len(), 1, "{wanted:?} in {self:#?}");
        found[0]
    }
}

impl<'t> Line<'t> {
    /// What stands below the first heading of this name.
    pub(crate) fn text(&self, head: &str) -> &'t str {
        let place = self.table.heads.iter().position(|name| name == head);
        let place = place.unwrap_or_else(|| panic!("no column {head} in {:?}", self.table.heads));
        let cell = self.row.cells.get(place);
        cell.unwrap_or_else(|| panic!("{head} is not in {:?}", self.row.cells))
    }

    /// A whole number.
    pub(crate) fn number(&self, head: &str) -> i128 {
        number(self.text(head))
    }

    /// Minor units and their currency.
    pub(crate) fn money(&self, head: &str) -> (i128, String) {
        money(self.text(head))
    }

    /// Minor units, in the currency that is expected.
    #[track_caller]
    pub(crate) fn minor(&self, head: &str, currency: &str) -> i128 {
        let (minor, of) = self.money(head);
        assert_eq!(of, currency, "{head} of {:?}", self.row.cells);
        minor
    }
}

/// A whole number as a page or a file writes it.
pub(crate) fn number(text: &str) -> i128 {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("{text:?} is no whole number"))
}

/// `-1,645.74 RUB` as minor units and currency. All currencies of these tests have two decimals.
pub(crate) fn money(text: &str) -> (i128, String) {
    let (amount, currency) =
        text.rsplit_once([' ', '\u{a0}']).unwrap_or_else(|| panic!("{text:?} is no amount"));
    (minor(amount), currency.to_owned())
}

/// `-1,645.74` as minor units.
pub(crate) fn minor(text: &str) -> i128 {
    let (_, decimals) = text.split_once('.').unwrap_or_else(|| panic!("{text:?} has no decimals"));
    assert_eq!(decimals.len(), 2, "{text:?}");
    number(&text.replace('.', ""))
}

/// A file with the columns of the page: an amount has its currency behind it again.
pub(crate) fn of_csv(id: &str, text: &str) -> Table {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
    let all: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let is_currency = |place: usize| place > 0 && all[place] == format!("{}, currency", all[place - 1]);
    let own: Vec<usize> = (0..all.len()).filter(|place| !is_currency(*place)).collect();
    let cell = |record: &csv::StringRecord, place: usize| {
        // What a spreadsheet would take for a formula is protected.
        let text = record[place].strip_prefix('\'').unwrap_or(&record[place]);
        match place + 1 < all.len() && is_currency(place + 1) && !record[place + 1].is_empty() {
            true => format!("{text} {}", &record[place + 1]),
            false => text.to_owned(),
        }
    };
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        Row { cells: own.iter().map(|place| cell(&record, *place)).collect(), ..Row::default() }
    });
    let rows = rows.collect();
    let heads = own.iter().map(|place| all[*place].clone()).collect();
    Table { id: id.to_owned(), caption: String::new(), heads, rows }
}

/// The tables of a page, without those inside of others: there are none.
pub(crate) fn tables(page: &str) -> Vec<Table> {
    page.split("<table").skip(1).map(|rest| table(rest.split("</table>").next().unwrap())).collect()
}

fn table(text: &str) -> Table {
    let (tag, body) = text.split_once('>').unwrap();
    let mut table = Table { id: attributes(tag).remove("id").unwrap_or_default(), ..Table::default() };
    if let Some((_, rest)) = body.split_once("<caption>") {
        table.caption = words(rest.split("</caption>").next().unwrap());
    }
    let mut group = String::new();
    for row in body.split("<tr").skip(1) {
        let (tag, rest) = row.split_once('>').unwrap();
        let rest = rest.split("</tr>").next().unwrap();
        let cells: Vec<String> = cells(rest).map(words).collect();
        let mut keys = attributes(tag);
        if table.heads.is_empty() {
            table.heads = cells;
            continue;
        }
        if keys.get("class").is_some_and(|class| class == "group") {
            group = cells[0].clone();
            continue;
        }
        let href = rest.split_once("href=\"").map_or("", |(_, href)| href.split('"').next().unwrap());
        keys.retain(|name, _| name.starts_with("data-"));
        table.rows.push(Row { group: group.clone(), keys, cells, href: plain(href) });
    }
    table
}

/// What is inside of each cell of a row.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    let begins = |rest: &str| {
        ["<td", "<th"]
            .iter()
            .any(|tag| rest.strip_prefix(tag).is_some_and(|behind| behind.starts_with([' ', '>'])))
    };
    let places: Vec<usize> =
        row.match_indices('<').map(|(place, _)| place).filter(|place| begins(&row[*place..])).collect();
    places.into_iter().map(move |place| {
        let inside = row[place..].split_once('>').unwrap().1;
        let end = ["</td>", "</th>"].iter().filter_map(|tag| inside.find(tag)).min().unwrap();
        &inside[..end]
    })
}

/// The attributes of a tag.
fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = tag;
    while let Some((before, behind)) = rest.split_once("=\"") {
        let name = before.trim_end().rsplit([' ', '\n']).next().unwrap();
        let (value, further) = behind.split_once('"').unwrap();
        found.insert(name.to_owned(), plain(value));
        rest = further;
    }
    found
}

/// What somebody reads: no tags, and nothing that is hidden from screen readers.
pub(crate) fn words(html: &str) -> String {
    let (mut text, mut hidden) = (String::new(), None);
    let mut parts = html.split('<');
    text.push_str(parts.next().unwrap());
    for part in parts {
        let (tag, behind) = part.split_once('>').unwrap();
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        match &hidden {
            Some(of) if tag.starts_with('/') && name == of => hidden = None,
            Some(_) => continue,
            None if tag.contains("aria-hidden=\"true\"") => {
                hidden = Some(name.to_owned());
                continue;
            }
            None => {}
        }
        if name == "br" {
            text.push(' ');
        }
        text.push_str(behind);
    }
    plain(&text).trim().to_owned()
}

fn plain(text: &str) -> String {
    text.replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

//! The statement as a spreadsheet: numbers are numbers, texts are texts, and memory does not grow with the rows.

use std::error::Error;
use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::amount::major;
use super::error::RenderError;
use super::movement::{Batch, Movement, Part, Step, Summary, walk};
use crate::canonical::Record;

/// Rows of a sheet, its header included.
const ROWS_MAX: u32 = 1_048_576;
/// A spreadsheet keeps this many digits of a number.
const DIGITS_MAX: u32 = 15;

const COLUMNS: [(&str, f64); 20] = [
    ("payout_id", 34.0),
    ("line_id", 42.0),
    ("kind", 16.0),
    ("item", 24.0),
    ("date", 11.0),
    ("retrieval_reference", 15.0),
    ("approval_code", 14.0),
    ("arn", 25.0),
    ("network_id", 18.0),
    ("card_acceptor", 18.0),
    ("terminal", 10.0),
    ("member_number", 16.0),
    ("charged", 14.0),
    ("reason", 18.0),
    ("original", 42.0),
    ("quantity", 12.0),
    ("currency", 9.0),
    ("net", 15.0),
    ("vat", 15.0),
    ("amount", 15.0),
];

/// Writes the workbook: a sheet `Summary`, then `Lines`, and `Lines 2` and so on where one is not enough.
pub(crate) fn write<E>(
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    let mut book = Book::new(summary, ROWS_MAX)?;
    book.items(summary, records)?;
    // The writer of the crate goes to a file or a vector; a file does not grow in memory.
    let mut file = tempfile::tempfile()?;
    book.workbook.save_to_writer(&mut file).map_err(failed)?;
    copy(&mut file, out)
}

fn copy(file: &mut std::fs::File, out: &mut dyn Write) -> Result<(), RenderError> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    std::io::copy(file, out)?;
    out.flush()?;
    Ok(())
}

fn failed(error: XlsxError) -> RenderError {
    match error {
        XlsxError::IoError(error) => RenderError::Io(error),
        other => RenderError::Writer { format: "statement.xlsx", reason: other.to_string() },
    }
}

struct Book {
    workbook: Workbook,
    /// The sheet that is being filled, after the summary.
    sheet: usize,
    row: u32,
    rows_max: u32,
    zone: String,
    bold: Format,
    /// By the decimals of the currency.
    money: [Format; 6],
}

impl Book {
    fn new(summary: &Summary, rows_max: u32) -> Result<Self, RenderError> {
        let mut workbook = Workbook::new();
        // The file itself says when its day was; a clock would make other bytes each time.
        let date = summary.header.business_date;
        let year = u16::try_from(date.year()).unwrap_or(1900);
        let [month, day] = [date.month(), date.day()].map(|part| u8::try_from(part).unwrap_or(1));
        let created = ExcelDateTime::from_ymd(year, month, day).map_err(failed)?;
        workbook.set_properties(
            &DocProperties::new().set_title(summary.file_id()).set_creation_datetime(&created),
        );
        let money = [0_usize, 1, 2, 3, 4, 5].map(|decimals| {
            let fraction = if decimals == 0 { String::new() } else { format!(".{}", "0".repeat(decimals)) };
            Format::new().set_num_format(format!("#,##0{fraction}"))
        });
        let zone = summary.header.zone.clone();
        let bold = Format::new().set_bold();
        let mut book = Self { workbook, sheet: 0, row: 0, rows_max, zone, bold, money };
        summary.batches.iter().try_for_each(sums_fit)?;
        book.summary(summary).map_err(failed)?;
        book.next_sheet().map_err(failed)?;
        Ok(book)
    }

    fn summary(&mut self, summary: &Summary) -> Result<(), XlsxError> {
        let (bold, money) = (self.bold.clone(), self.money.clone());
        let header = &summary.header;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name("Summary")?;
        sheet.set_column_width(0, 36)?.set_column_width(1, 40)?;
        let about = [
            ("environment", super::environment_words(header.environment).to_owned()),
            ("file_id", summary.file_id()),
            ("receiver", header.receiver.clone()),
            ("program", header.program.clone()),
            ("zone of all dates", header.zone.clone()),
            ("business_date", header.business_date.to_string()),
            ("cut_off", header.cut_off.clone()),
            ("amounts", "positive: the bank owes the partner".to_owned()),
            ("canonical_sha256", summary.trailer.sha256.clone()),
        ];
        let mut row = 0;
        for (name, value) in about {
            sheet.write_string_with_format(row, 0, name, &bold)?.write_string(row, 1, value)?;
            row += 1;
        }
        let counts: [(&str, u64); 5] = [
            ("sequence", u64::try_from(header.sequence).unwrap_or_default()),
            ("revision", u64::try_from(header.revision).unwrap_or_default()),
            ("batches", u64::try_from(summary.batches.len()).unwrap_or_default()),
            ("movements", summary.movements()),
            ("rows of the sheets of lines", summary.shown_parts()),
        ];
        for (name, value) in counts {
            sheet.write_string_with_format(row, 0, name, &bold)?;
            sheet.write_number(row, 1, number(&value.to_string()))?;
            row += 1;
        }
        row += 1;
        let titles = [
            "payout_id",
            "partner",
            "payment_date",
            "currency",
            "opening",
            "net",
            "vat",
            "closing",
            "payment",
        ];
        for (column, title) in (0..).zip(titles) {
            sheet.write_string_with_format(row, column, title, &bold)?;
        }
        for batch in &summary.batches {
            row += 1;
            summary_row(sheet, row, batch, &money)?;
        }
        Ok(())
    }

    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheet += 1;
        self.row = 1;
        let name = if self.sheet == 1 { "Lines".to_owned() } else { format!("Lines {}", self.sheet) };
        let (zone, bold) = (&self.zone, &self.bold);
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (column, (title, width)) in (0..).zip(COLUMNS) {
            sheet.set_column_width(column, width)?;
            let title = if title == "date" { format!("date ({zone})") } else { title.to_owned() };
            sheet.write_string_with_format(0, column, title, bold)?;
        }
        Ok(())
    }

    fn items<E>(
        &mut self,
        summary: &Summary,
        records: impl Iterator<Item = Result<Record, E>>,
    ) -> Result<(), RenderError>
    where
        E: Error + Send + Sync + 'static,
    {
        walk(summary, records, |step| match step {
            Step::Movement(batch, movement) => {
                movement.shown_parts().try_for_each(|part| self.item(batch, &movement, part))
            }
            Step::Open(_) | Step::Close(_) => Ok(()),
        })
    }

    fn item(&mut self, batch: &Batch, movement: &Movement, part: &Part) -> Result<(), RenderError> {
        for minor in [Some(part.net_minor), Some(part.vat_minor), Some(part.amount_minor), part.quantity] {
            fits(&movement.line_id, "amount or quantity", minor.unwrap_or_default())?;
        }
        if self.row == self.rows_max {
            self.next_sheet().map_err(failed)?;
        }
        self.item_row(batch, movement, part).map_err(failed)?;
        self.row += 1;
        Ok(())
    }

    fn item_row(&mut self, batch: &Batch, movement: &Movement, part: &Part) -> Result<(), XlsxError> {
        let exponent = batch.header.exponent;
        let (row, money) = (self.row, self.money.get(usize::from(exponent)).cloned().unwrap_or_default());
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        let known = movement.references.as_ref();
        let of = |text: fn(&crate::canonical::References) -> &String| known.map_or("", |known| text(known));
        let payout_id = batch.payout_id();
        let date = movement.date.to_string();
        let texts = [
            payout_id.as_str(),
            &movement.line_id,
            movement.kind.name(),
            part.name,
            &date,
            of(|known| &known.retrieval),
            of(|known| &known.approval),
            of(|known| &known.arn),
            of(|known| &known.network_id),
            of(|known| &known.card_acceptor),
            of(|known| &known.terminal),
            of(|known| &known.member_number),
            &movement.charged,
            &movement.reason,
            &movement.original,
        ];
        for (column, text) in (0..).zip(texts).filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(row, column, text)?;
        }
        if let Some(quantity) = part.quantity {
            sheet.write_number(row, 15, number(&quantity.to_string()))?;
        }
        sheet.write_string(row, 16, &batch.header.currency)?;
        for (column, minor) in (17..).zip([part.net_minor, part.vat_minor, part.amount_minor]) {
            sheet.write_number_with_format(row, column, number(&major(minor, exponent, '.')), &money)?;
        }
        Ok(())
    }
}

fn summary_row(sheet: &mut Worksheet, row: u32, batch: &Batch, money: &[Format; 6]) -> Result<(), XlsxError> {
    let header = &batch.header;
    let format = money.get(usize::from(header.exponent)).cloned().unwrap_or_default();
    let texts =
        [batch.payout_id(), header.partner.clone(), header.payment_date.to_string(), header.currency.clone()];
    for (column, text) in (0..).zip(texts) {
        sheet.write_string(row, column, text)?;
    }
    for (column, (_, minor)) in (4..).zip(sums(batch)) {
        sheet.write_number_with_format(row, column, number(&major(minor, header.exponent, '.')), &format)?;
    }
    Ok(())
}

/// The amounts of a batch in the order of their columns.
fn sums(batch: &Batch) -> [(&'static str, i64); 5] {
    [
        ("opening", batch.opening_minor),
        ("net", batch.net_minor),
        ("vat", batch.vat_minor),
        ("closing", batch.closing_minor),
        ("payment", batch.payment_minor),
    ]
}

/// Lines that fit may come to more than fits.
fn sums_fit(batch: &Batch) -> Result<(), RenderError> {
    sums(batch).into_iter().try_for_each(|(name, minor)| fits(&batch.payout_id(), name, minor))
}

/// The cell's number: the nearest to the decimal text, which a spreadsheet shows as it was.
fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// More digits than a spreadsheet keeps would be another amount.
fn fits(record: &str, field: &str, minor: i64) -> Result<(), RenderError> {
    if minor.unsigned_abs() < 10_u64.pow(DIGITS_MAX) {
        return Ok(());
    }
    Err(RenderError::DoesNotFit {
        record: record.to_owned(),
        field: field.to_owned(),
        value: minor.to_string(),
        reason: format!("a spreadsheet keeps {DIGITS_MAX} digits"),
        advice: "leave the spreadsheet out for the partner",
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::formats::worked_day;

    #[test]
    fn a_full_sheet_is_followed_by_another() {
        let records = worked_day::kosta();
        let read = || records.iter().cloned().map(Ok::<_, Infallible>);
        let summary = Summary::read(read()).unwrap();
        assert_eq!(summary.shown_parts(), 9);
        // A header and four rows: 4 + 4 + 1.
        let mut book = Book::new(&summary, 5).unwrap();
        book.items(&summary, read()).unwrap();
        assert_eq!((book.sheet, book.row), (3, 2));
        let names = book.workbook.worksheets().iter().map(Worksheet::name).collect::<Vec<_>>();
        assert_eq!(names, ["Summary", "Lines", "Lines 2", "Lines 3"]);
        assert!(book.workbook.save_to_buffer().unwrap().starts_with(b"PK"));
    }
}

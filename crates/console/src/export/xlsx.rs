//! Tables as a spreadsheet, one sheet each: numbers are numbers, texts are texts and never formulas.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{ExportTable, cell::Filed};
use crate::pages::PageError;

pub(super) const MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A spreadsheet keeps so many digits of a number; a longer one is written as text, to the last digit.
const DIGITS_MAX: usize = 15;

/// The workbook.
pub(super) fn write(tables: &[&ExportTable]) -> Result<Vec<u8>, PageError> {
    let failed = |error: XlsxError| PageError::broken("a spreadsheet cannot be written", &error);
    let mut book = Workbook::new();
    for table in tables {
        let sheet = book.add_worksheet();
        fill(sheet, table).map_err(failed)?;
    }
    book.save_to_buffer().map_err(failed)
}

fn fill(sheet: &mut Worksheet, table: &ExportTable) -> Result<(), XlsxError> {
    sheet.set_name(table.id.chars().take(31).collect::<String>())?;
    sheet.set_freeze_panes(1, 1)?;
    let bold = Format::new().set_bold();
    for (row, cells) in (0..).zip(table.filed()) {
        for (column, cell) in (0..).zip(&cells) {
            match cell {
                Filed::Empty => {}
                Filed::Text(text) if row == 0 => {
                    sheet.write_string_with_format(row, column, text, &bold)?;
                }
                Filed::Text(text) => {
                    sheet.write_string(row, column, text)?;
                }
                Filed::Number(decimal, places) => number(sheet, (row, column), decimal, *places)?,
            }
        }
    }
    sheet.autofit();
    Ok(())
}

fn number(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    decimal: &str,
    places: usize,
) -> Result<(), XlsxError> {
    let digits = decimal.bytes().filter(u8::is_ascii_digit).count();
    // The format has nothing but binary fractions; so many digits come back as they went in.
    let fraction = decimal.parse::<f64>().ok().filter(|_| digits <= DIGITS_MAX);
    let behind = if places == 0 { String::new() } else { format!(".{}", "0".repeat(places)) };
    let format = Format::new().set_num_format(format!("#,##0{behind}"));
    match fraction {
        Some(fraction) => sheet.write_number_with_format(row, column, fraction, &format)?,
        None => sheet.write_string(row, column, decimal)?,
    };
    Ok(())
}

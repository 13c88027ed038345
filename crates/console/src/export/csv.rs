//! A table as CSV (RFC 4180, UTF-8): a text that a spreadsheet would run gets `'` before it (CWE-1236).

use super::{ExportTable, cell::Filed};

pub(super) const MEDIA: &str = "text/csv; charset=utf-8";

/// What a formula begins with in one program or another, also in the wide forms of East Asian keyboards.
const FORMULA_STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '＠', '－'];

/// The table with its headings.
pub(super) fn write(table: &ExportTable) -> Vec<u8> {
    let mut text = String::new();
    for row in table.filed() {
        let cells: Vec<String> = row.iter().map(cell).collect();
        text += &cells.join(",");
        text += "\r\n";
    }
    text.into_bytes()
}

fn cell(cell: &Filed) -> String {
    match cell {
        Filed::Empty => String::new(),
        Filed::Number(decimal, _) => decimal.clone(),
        Filed::Text(text) => quoted(&neutral(text)),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n', ';']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

fn neutral(text: &str) -> String {
    if text.starts_with(FORMULA_STARTS) || text.trim_start().starts_with(FORMULA_STARTS) {
        return format!("'{text}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_never_formulas() {
        let table = [
            ("kosta", "kosta"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "'  @SUM(A1)"),
            ("\n-5", "\"'\n-5\""),
            ("－1", "'－1"),
            ("", ""),
        ];
        for (text, wanted) in table {
            assert_eq!(cell(&Filed::Text(text.to_owned())), wanted);
        }
        assert_eq!(cell(&Filed::Number("-5.00".to_owned(), 2)), "-5.00", "a number stays a number");
    }
}

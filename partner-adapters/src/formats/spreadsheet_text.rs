//! Text that a spreadsheet must not take for a formula (CWE-1236).

use std::borrow::Cow;

/// What a formula begins with in one program or another, also in the wide forms of East Asian keyboards.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '＠'];
const WIDE_MINUS: char = '－';

/// A text cell with `'` before what could be read as a formula. Numbers never come here: they stay numbers.
pub(crate) fn neutral(text: &str) -> Cow<'_, str> {
    let formula = |text: &str| text.starts_with(FORMULA_STARTS) || text.starts_with(WIDE_MINUS);
    // Blanks before a formula are dropped by some programs.
    if formula(text) || formula(text.trim_start()) {
        return Cow::Owned(format!("'{text}"));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts() {
        for text in ["=1+1", "+7", "-5", "@SUM(A1)", "\tx", "\rx", "\0x", "  =cmd", "＝1", "－1", "\n=1"] {
            assert_eq!(neutral(text), format!("'{text}"));
        }
        for text in ["", "AB-A", "1+1", "a=b", "00123", "'quoted", "Магазин"] {
            assert_eq!(neutral(text), text);
        }
    }
}

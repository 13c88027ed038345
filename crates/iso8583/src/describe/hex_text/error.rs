//! Why a text cannot be read as bytes.

/// A text that is no hexadecimal digits. Does not carry any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HexTextError {
    /// There is nothing.
    #[error("expected hexadecimal digits, found none")]
    Empty,
    /// A character that is no digit, and the text is in none of the forms that are read.
    #[error(
        "line {line}, column {column}: expected hexadecimal digits or a hex dump, found another character; tried: \
         {}", tried.join(", ")
    )]
    Character {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// Which forms it is not, and from which line that shows.
        tried: Vec<String>,
    },
    /// Half a byte is left.
    #[error(
        "line {line}: expected two hexadecimal digits for each byte, found {}; one is missing or too many",
        counted(*digits)
    )]
    Odd {
        /// From 1.
        line: usize,
        /// How many stand together.
        digits: usize,
    },
    /// A dump whose offsets do not fit its bytes.
    #[error("line {line}: expected {expected} bytes up to the next offset, found {found}; paste whole lines")]
    Dump {
        /// From 1.
        line: usize,
        /// By the next offset, or as in the other lines.
        expected: usize,
        /// In the line.
        found: usize,
    },
    /// A star that stands for no whole lines.
    #[error(
        "line {line}: expected an offset some whole lines further behind the `*` below it; paste all of the dump"
    )]
    Repeat {
        /// The line that is repeated, from 1.
        line: usize,
    },
    /// The text is in a form that is read, but not wholly so, or it could mean two things.
    #[error("line {line}, read as {form}: {problem}")]
    Form {
        /// From 1.
        line: usize,
        /// What the text was taken for.
        form: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
}

fn counted(digits: usize) -> String {
    if digits == 1 { "1 digit".to_owned() } else { format!("{digits} digits") }
}

/// Why a reader of one form gives no bytes.
pub(super) enum Stop {
    /// The text is not in this form.
    No {
        line: usize,
        why: &'static str,
    },
    Wrong(HexTextError),
}

impl Stop {
    pub(super) const fn no(line: usize, why: &'static str) -> Self {
        Self::No { line, why }
    }

    pub(super) fn form(line: usize, form: &'static str, problem: impl Into<String>) -> Self {
        Self::Wrong(HexTextError::Form { line, form, problem: problem.into() })
    }
}

impl From<HexTextError> for Stop {
    fn from(error: HexTextError) -> Self {
        Self::Wrong(error)
    }
}

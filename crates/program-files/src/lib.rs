//! Program, terms and merchant-map files: typed TOML with pointed errors, turned into domain values.
//!
//! A program file is read in two passes. The first looks at its shape: which keys there are and of which type.
//! The second looks at its meaning: codes, amounts, ranges and whether everything that is owed has a price. Each
//! pass reports everything it finds, each finding with its line and column, what was expected, what was found
//! and what to do.
//!
//! - [`program_header`] tells which codes a file names, so that the caller can allot numbers to them;
//! - [`read_program`] turns the file into a [`ProgramFile`];
//! - [`ProgramFile::notices`] is what is wrong or doubtful although the file can be read;
//! - [`ProgramFile::run_tests`] runs the examples that the file carries;
//! - [`ProgramFile::explain`] tells in words what one purchase is worth, [`steps`] an explanation that was stored;
//! - [`diff`] tells how two versions differ, in words and in what purchases are worth;
//! - [`assess`] says all of this of a version that is proposed, for whoever is to approve it;
//! - [`program_schema`] is the JSON Schema for editors;
//! - [`read_merchants`] reads the map of merchants, [`read_rates`] a table of rates of exchange.
#![forbid(unsafe_code)]

mod analysis;
mod assessment;
mod bins;
mod birthdays;
mod codes;
mod coupons;
mod diff;
mod discounts;
mod document;
mod errors;
mod explain;
mod fields;
mod file_tests;
mod given;
mod header;
mod holds;
mod limits;
mod meaning;
mod merchants;
mod miles;
mod owed;
mod program;
mod rates;
mod rules;
mod scalars;
mod shape;
mod suggest;
mod terms;
mod tiers;
mod words;

// The public interface is:
pub use assessment::{
    AssessedChange, AssessedDebt, AssessedExample, AssessedField, AssessedTest, Assessment, InBoth,
    VersionText, assess, entries_of, refusals,
};
pub use bins::BinRange;
pub use codes::{Codes, NamedCurrency};
pub use diff::{Change, Changed, Example, RulesDiff, What, diff};
pub use errors::{FileError, FileErrors, Notice, Severity};
pub use explain::{Explained, Language, Names, Shown, Step, reason_words, steps, value_name, value_words};
pub use fields::Entry;
pub use file_tests::{Expectation, ProgramTest, TestResult};
pub use given::{Given, Worth, read_given};
pub use header::{Header, program_header};
pub use merchants::{partners_named, read_merchants};
pub use program::{ProgramFile, read_program, read_program_beside};
pub use rates::read_rates;
pub use scalars::WEEKDAYS;
pub use words::program_schema;

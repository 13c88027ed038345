//! Program, terms and merchant-map files: typed TOML with pointed errors, turned into domain values.
//!
//! A program file is read in two passes. The first looks at its shape: which keys there are and of which type.
//! The second looks at its meaning: codes, amounts, ranges and whether everything that is owed has a price. Each
//! pass reports everything it finds, each finding with its line and column, what was expected, what was found
//! and what to do.
//!
//! - [`program_header`] tells which codes a file names, so that the caller can allot numbers to them;
//! - [`read_program`] turns the file into a [`ProgramFile`];
//! - [`ProgramFile::run_tests`] runs the examples that the file carries;
//! - [`read_merchants`] reads the map of merchants.
#![forbid(unsafe_code)]

mod bins;
mod codes;
mod document;
mod errors;
mod file_tests;
mod header;
mod meaning;
mod merchants;
mod owed;
mod program;
mod rules;
mod scalars;
mod shape;
mod suggest;
mod terms;

// The public interface is:
pub use bins::BinRange;
pub use codes::{Codes, NamedCurrency};
pub use errors::{FileError, FileErrors};
pub use file_tests::{Expectation, ProgramTest, TestResult};
pub use header::{Header, program_header};
pub use merchants::{partners_named, read_merchants};
pub use program::{ProgramFile, read_program};

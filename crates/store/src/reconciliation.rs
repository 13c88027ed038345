//! What was compared: runs with their matches and breaks, and the raw inputs as they are read for it.
//!
//! A run is one transaction. A break is found again by its key; one that a later run of its scope no longer finds is cured.

mod answers;
mod bank_statements;
mod clearing;
mod handbacks;
mod own_files;
mod payments;
mod runs;
mod statements;
mod totals;

pub use answers::{
    AnsweredFile, CountedAnswer, DisputedOfFile, UnreadAnswer, answered_files, unread_answers,
};
pub use bank_statements::{BankStatementLine, NewBankStatement, bank_statement_lines, keep_bank_statement};
pub use clearing::{
    ClearedDay, ClearingRow, ClearingRows, ReceivedFile, banks_that_clear, cleared_days, clearing_rows,
    received_files,
};
pub use handbacks::{HandedFile, HandedLine, handed_files, handed_lines};
pub use own_files::{OwnFile, own_files};
pub use payments::{DuePayment, business_dates, due_payments};
pub use runs::{
    Compared, DayRate, KeptRun, LastRun, NewRun, OpenBreak, keep_run, kept_apart, last_runs, match_rates,
    missed_before, open_breaks,
};
pub use statements::{
    StatedLine, StatementOf, buckets_of, dates_with_lines, lines_naming, lines_naming_nothing,
    program_currency, receiver_of, statements,
};
pub use totals::{StatedTotals, stated_totals};

//! Close of day: what a cycle's movements cost, the settlement files, and their verification.
//!
//! - [`close_day`] cuts the cycle of a business date, prices it, books and publishes its files; it may be called
//!   again after a crash at any step and completes with the same bytes;
//! - [`regenerate`] renders the files of a settled cycle again, byte for byte;
//! - [`verify_file`] reads a file with no other knowledge than its layout and recomputes everything in it.
//! - [`send_accruals`] tells a partner that keeps the miles of every movement of them, and [`HandbackFile`] reads what it
//!   answers.
//!
//! Nothing in a file comes from the wall clock, and no file holds a card number, a token or an account id. The
//! layout is described in `docs/settlement-file.md`.
#![forbid(unsafe_code)]

mod accruals;
mod answers;
mod booking;
mod close;
mod computed;
mod delivery;
mod error;
#[cfg(test)]
mod file_tests;
mod forecast;
mod line_file;
mod lines;
mod opening;
mod outcome;
mod pass;
mod reconciliation;
mod setup;
mod unpriced;
mod verify;
mod waiting;

// The public interface is:
pub use accruals::{
    AccrualError, AccrualSent, HandbackError, HandbackFile, accrual_file_name, send_accruals,
};
pub use answers::{
    AnswerError, AnswerTaken, Brought, SentLine, StatementBrought, asked_again, compare_with_files,
    line_in_file, make_revisions, take_answer, take_statement, totals_of_period,
};
pub use close::{CloseBy, close_cycle_by, close_day, close_day_by, regenerate, rehearse, revise};
pub use delivery::{
    Collection, ConnectedPartner, Dispatch, EVENTS_KEPT_DAYS, Pass, Wanted, collect_answers, deliver_due,
    event_of, give_back, register, register_ways, relay_news, relay_wanted, test_file,
};
pub use error::CloseError;
pub use forecast::{Forecast, forecast};
pub use line_file::{BatchPlace, FileLine, LineFile, LineId, LineParty};
pub use opening::opening;
pub use outcome::{Closed, ClosedFile, Position};
pub use partner_adapters::canonical::{Environment, FileHeader, LAYOUT_VERSION};
pub use partner_adapters::events::Event as PartnerEvent;
pub use partner_adapters::formats::printed;
pub use partner_adapters::{sha256, sha256_of_file};
pub use reconciliation::{
    BankStatementBrought, ReconcileError, ReconcileSettings, ReconcileSummary, SourceSettings, SourceSummary,
    reconcile, take_bank_statement,
};
pub use setup::{ProgramSetup, in_day};
pub use verify::{
    BatchSummary, FileSummary, Total, VerifyError, verify_chain, verify_chain_through, verify_edition,
    verify_file, verify_path, verify_stream,
};

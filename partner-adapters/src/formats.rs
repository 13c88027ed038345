//! Formats that are rendered from the canonical records, and readers of what partners send back.
//!
//! Rendering is pure: records in, bytes out, nothing from a clock, so the same canonical file gives the same bytes. A
//! file is read twice: once for what is known of its batches ([`Summary`]), then line by line, so that memory does not
//! grow with its lines. In every format amounts are positive if the bank owes them to the partner, and the movements of
//! a batch add up to what is paid.

mod amount;
mod encoding;
mod error;
mod format;
pub mod incoming;
mod iso20022;
mod layout;
mod movement;
mod outputs;
mod payout_csv;
mod pdf;
mod settings;
mod spreadsheet_text;
mod xlsx;

#[cfg(test)]
#[expect(dead_code, reason = "most of it is for the tests outside")]
#[path = "../tests/formats/worked_day.rs"]
mod worked_day;

// The public interface is:
pub use error::RenderError;
pub use format::{Format, Rendered, render};
pub use layout::{Layout, LayoutError, built_in as built_in_layouts};
pub use movement::Summary;
pub use outputs::{Formats, Output, OutputError, outputs};
pub use pdf::printed;
pub use settings::{Clearing, FileSettings, Language, Party, SettingsError, StatementSettings};

/// `LIVE`, or what nobody can overlook.
pub(crate) fn environment_words(environment: crate::canonical::Environment) -> &'static str {
    match environment {
        crate::canonical::Environment::Live => "LIVE",
        crate::canonical::Environment::Test => "TEST - NEVER PAY",
    }
}

//! The web console of reconciliation staff: server-rendered pages that work without JavaScript.
//!
//! Everything but the sign-in page, the stylesheet and the icon asks for a session. Pages read on the primary
//! through the pool that console and settlement share, and change nothing in the books.
#![forbid(unsafe_code)]

mod access;
mod app;
mod effect;
mod files;
mod masking;
mod money;
mod pages;
mod queries;
mod state;
mod tie_out;
mod words;

// The public interface is:
pub use access::staff::{AddUserError, PASSWORD_BYTES_MIN, add_user, password_is_right, set_password};
pub use app::{router, serve};
pub use state::{ConsoleState, FileTotals, ProgramInfo, ReadTrailer, read_settlement_file};

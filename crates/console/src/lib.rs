//! The web console of reconciliation staff: server-rendered pages that work without JavaScript.
//!
//! Everything but the sign-in page, the stylesheet and the icon asks for a session. Pages read on the primary
//! through the pool that console and settlement share, and change nothing in the books.
#![forbid(unsafe_code)]

mod access;
mod address;
mod app;
mod approval;
mod asked_date;
mod case_adjustment;
mod charts;
mod day_books;
mod effect;
mod explained;
mod export;
mod file_hash;
mod files;
mod limits;
mod line_source;
mod locale;
mod masking;
mod money;
mod openapi;
mod pages;
mod partners;
mod problem;
mod queries;
mod reference;
mod refund_desk;
mod routes;
mod server;
mod staff_api;
mod state;
mod tie_out;
mod words;

// The public interface is:
pub use access::command_line::{Identity, Shown, identify};
pub use access::second_factor::SealKey;
pub use access::staff::{
    AddUserError, NewUser, PASSWORD_BYTES_MIN, add_user, add_user_as, is_the_password, lock_user,
    lock_user_as, set_password, set_password_as, set_roles,
};
pub use access::token::{
    TOKEN_DAYS_MAX, TokenError, TokenTerms, new_scoped_token, new_token, new_token_by, revoke_tokens,
};
pub use access::{Deed, may, roles_may};
pub use app::{router, router_limited};
pub use approval::{
    ApprovalError, BACKTEST_BYTES_MAX, PROGRAM_BYTES_MAX, Proposing, approve, effective_at, propose, reject,
    version_of, withdraw,
};
pub use case_adjustment::{AskedAdjustment, CaseAdjustment, case_adjustment};
pub use explained::{ExplainedMessage, explained};
pub use files::verify_ahead;
pub use partners::{
    AnswerTaken, ApiPartner, PartnerAnswer, PartnerApi, PartnerApiParts, PartnerListener, TakeAnswer,
    partner_openapi,
};
pub use refund_desk::{RefundChoice, RefundDeskError, RefundKey, decide_refund, refunds_waiting};
pub use routes::{Kind, Needs, Partners, RouteInfo, routes};
pub use server::{serve, serve_tls};
pub use staff_api::{StaffApiLimits, StaffOperation, staff_openapi, staff_operations};
pub use state::{AccessRules, ConsoleState, FileTotals, Now, ProgramInfo, ReadTrailer, read_settlement_file};

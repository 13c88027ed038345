//! Everything that sees a card number: the TLS listener, sessions, imports, translation and the batcher.
//!
//! A card number exists only inside this crate, in a type that cannot be printed. Before anything reaches the
//! database it has become a token: a keyed hash under a key that the database never sees. Replies leave only
//! after COMMIT, and a database future is never dropped: deadlines sit on those who wait.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod batcher;
mod clearing_import;
mod clock;
mod corrections;
mod coupon_codes;
mod enrollment;
mod hash;
mod hold_expiry;
mod internal_event;
mod keys;
mod link;
mod link_minutes;
mod listener;
mod measures;
mod merchant_name;
mod miles;
mod partner_refusals;
mod refund_matching;
mod router;
mod rule_book;
mod session;
mod tier_review;
mod tls;
mod totals;
mod translate;
mod versions;
mod window;
mod wire;

// The public interface is:
pub use answer::{ResponseCode, tags};
pub use api::{Api, ApiClient, ApiHandle, openapi};
pub use batcher::{Batcher, BatcherOptions, LaneAnswer};
pub use clearing_import::{
    ClearingFormat, FileProblem, ImportError, ImportOptions, ImportReport, Imported, IpmDialects,
    import_clearing,
};
pub use clock::Clock;
pub use corrections::{Corrected, CorrectionPrice, PriceError, Priced, price_corrections, run_corrections};
pub use coupon_codes::{NoRandomness, NotACode, new_coupon_code, typed_coupon_code};
pub use enrollment::at_partner::{checked_member_number, checked_name_check};
pub use enrollment::sealed::{
    OpeningKey, SealError, SealingKey, new_enrollment_key, open as open_sealed, seal,
};
pub use enrollment::{EnrollmentError, EnrollmentFile, EnrollmentReport, import_enrollment};
pub use hash::sha256;
pub use hold_expiry::{HoldsExpired, expire_holds};
pub use internal_event::{Decided, InternalEvent, decide_events};
pub use keys::{CardKeys, KeyError};
pub use link::{BinRange, Link, LinkLimits, NetworkCodes, NetworkFunction};
pub use listener::{Gateway, GatewayError, GatewayHandle};
pub use measures::describe_metrics;
pub use miles::{
    Adjustment, Asker, MilesDone, Sending, Spending, adjust, cancel, confirm, deliver_miles, expire_miles,
    lapse_redemptions, reserve, send,
};
pub use miles::{
    Pooled, begin_pool, cancel_pooled, confirm_pooled, drive_pool, finish_pools, reserve_pooled,
};
pub use partner_refusals::{RefusalsBooked, book_refusals};
pub use refund_matching::{RefundDecisionsBooked, RefundsMatched, book_refund_decisions, match_refunds};
pub use router::Router;
pub use rule_book::{AutoEnroll, RuleBook};
pub use tier_review::{TiersReviewed, review_tiers};
pub use tls::{TlsError, TlsFiles, server_config};
pub use translate::coupon_id;
pub use window::{BankWindow, WITHDRAWN_EVERYWHERE, read_cut_overs};
pub use wire::{MacPolicy, Wire, WireError};

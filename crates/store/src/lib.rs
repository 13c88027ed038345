//! PostgreSQL: migrations, locking reads, set-wise writes, cycles, outbox and read models.
//!
//! Every SQL text that touches a hot table stands in [`sql`], in the shapes that run alike on one machine and on
//! a distributed PostgreSQL; a test holds their rules. Card numbers never reach this crate: it sees tokens.
#![forbid(unsafe_code)]

mod batch;
mod catalog;
mod clearing_files;
mod connect;
mod cycles;
mod error;
mod holds;
mod members;
mod merchant_maps;
mod merchants;
mod migrate;
mod read;
mod record;
mod rows;
pub mod sql;
mod totals;
mod withdrawal;

// The public interface is:
pub use batch::{BatchError, BatchOutcome, Lane};
pub use catalog::{
    ProgramEntry, allot_banks, allot_partners, card_key_is_known, program_numbers, program_version,
    register_program,
};
pub use clearing_files::{
    ClearingArrival, ClearingFileConsent, ClearingFileCounts, ClearingFileKey, ClearingFileOutcome,
    ClearingFileReason, ClearingFileRow, ClearingFileState, check_clearing_file, clearing_files,
    finish_clearing_file, quarantine_clearing_file, receive_clearing_file,
};
pub use connect::{Database, Pool, connect, pool};
pub use cycles::{
    Cycle, CycleState, FileRow, PositionRow, cut, cycle_by_date, cycle_by_id, cycles, open_first,
    switch_rules,
};
pub use cycles::{
    files_of, last_file, mark_published, positions_of, prepare_next, record_file, record_positions,
};
pub use error::StoreError;
pub use holds::{DueHold, due_holds};
pub use members::{
    By, CardKind, CardToken, CardView, ChangeError, Consent, ConsentChange, ConsentView, Enrolled,
    HouseholdAccount, KnownRequest, MemberChange, MemberView, NewMember, Profile, ProfileChange, Refused,
    Replacement, Route, cards_by_last4, enroll, household_accounts, member_view, routes,
};
pub use merchant_maps::{MapInForce, merchant_map_text, merchant_maps_in_force, register_merchant_map};
pub use merchants::{
    MERCHANT_PURCHASES, MERCHANTS_SEEN, MerchantPurchases, MerchantSeen, merchant_purchases, merchants_seen,
};
pub use migrate::{MIGRATIONS, Migration, migrate};
pub use read::{Arrival, BalanceRow, balances, find_messages, message_view, quarantine, quarantined_count};
pub use read::{LedgerCheck, MessageView, MovementRow, TransferView, day_arrivals, ledger_check, movements};
pub use record::MessageRecord;
pub use rows::FindingRow;
pub use totals::{
    BankTotals, CutOver, WindowGroup, bank_totals, keep_bank_totals, keep_cut_over, last_cut_overs,
    window_groups,
};
pub use withdrawal::{Withdrawal, WithdrawalRequest, count_withdrawn, withdraw_cut_over};

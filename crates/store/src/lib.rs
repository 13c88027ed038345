//! PostgreSQL: migrations, locking reads, set-wise writes, cycles, outbox and read models.
//!
//! Every SQL text that touches a hot table stands in [`sql`], in the shapes that run alike on one machine and on
//! a distributed PostgreSQL; a test holds their rules. Card numbers never reach this crate: it sees tokens.
#![forbid(unsafe_code)]

mod acknowledgements;
pub mod audit;
mod batch;
mod break_pages;
pub mod cases;
mod catalog;
mod clearing_files;
mod close_lease;
mod columns;
mod connect;
mod corrections;
mod coupons;
mod cycle_totals;
mod cycles;
mod deliveries;
mod due;
mod error;
mod holds;
mod in_force;
mod leases;
mod link_minutes;
mod lots;
mod members;
mod merchant_maps;
mod merchants;
mod migrate;
mod movements;
mod partner_events;
mod partner_ledger;
mod pools;
mod proposals;
mod rates;
mod read;
pub mod reconciliation;
mod record;
mod redeemed;
mod refunds;
mod replay;
mod rows;
mod saved_views;
mod search;
mod settled;
pub mod sql;
pub mod staff;
mod staff_requests;
mod terms;
mod tiers;
mod totals;
mod trace;
mod withdrawal;

// The public interface is:
pub use acknowledgements::{
    AdjustmentDecision, AdjustmentProposal, AdjustmentRow, AdjustmentStep, AnswerEffectRow, AnswerIntake,
    AnswerRow, AnswersFile, DisputeRow, DisputedLine, FileStanding, KeptAnswer, NewAdjustment, NewStatement,
    NoAnswer, NotCounted, StandingsOf, StatementRow, adjustment_proposal, adjustment_proposals,
    adjustments_of, answer_effects, answer_numbers, answers_of, cycle_is_acknowledged, decide_adjustment,
    dispute, disputes, effect_done, expect_answers, file_standings, keep_answer, keep_no_answer,
    keep_statement, propose_adjustment, receiver_files, sent_file, statement, take_adjustments,
    take_adjustments_of,
};
pub use batch::{BatchError, BatchOutcome, Lane};
pub use break_pages::{
    BreakBrief, BreakRuns, BreaksLeft, assignable_people, break_runs, breaks_by_day, breaks_carried,
    breaks_left, breaks_of_message,
};
pub use catalog::{
    ProgramEntry, ProgramVersion, allot_banks, allot_partners, card_key_is_known, program_numbers,
    program_version, program_version_in, program_version_named, program_versions, register_program,
};
pub use clearing_files::{
    ClearingArrival, ClearingFileConsent, ClearingFileCounts, ClearingFileKey, ClearingFileOutcome,
    ClearingFileReason, ClearingFileRow, ClearingFileState, check_clearing_file, clearing_files,
    finish_clearing_file, quarantine_clearing_file, receive_clearing_file,
};
pub use close_lease::{CloseLease, Fence, take_close_lease};
pub use connect::{Database, Pool, connect, console_pool, pool};
pub use corrections::{
    Correction, CorrectionPurchase, CorrectionRun, CorrectionScope, NewRun, RunState, approve_run,
    budgets_now, correction_run, correction_runs, counters_now, finish_run, propose_run,
    purchases_to_correct, reject_run,
};
pub use coupons::{
    CouponCount, NewCoupon, RevokedCoupons, coupon_counts, coupons_now, give_out_coupons, revoke_coupons,
};
pub use cycle_totals::{
    CycleNumbers, CycleTotal, count_numbers, has_more_messages, keep_numbers, kept_numbers, uncounted_cycles,
};
pub use cycles::{
    Cycle, CycleState, NUMBER_IN_DATE, cut, cut_fenced, cycle_by_date, cycle_by_id, cycles, cycles_in,
    open_first, prepare_next, prepare_next_fenced, switch_rules,
};
pub use deliveries::{
    AfterFailure, Carries, DeliveryFileRow, EndpointRow, FileState, InboxFile, InboxProblem, LeftInInbox,
    PartnerFile, attempt_failed, cycle_is_delivered, cycles_on_their_way, enable_endpoint, endpoint,
    endpoints, enqueue_files, event_brought_again, events_brought, events_to_repeat, file_brought,
    forget_refused_files, inbox_marks, inbox_problems, keep_inbox_file, left_in_inboxes, nothing_to_bring,
    partner_file, partner_files, register_endpoint, replay_events, send_file_again, waiting_files,
};
pub use error::StoreError;
pub use holds::{DueHold, due_holds};
pub use in_force::{
    InForce, Scheduled, note_in_force, put_into_force, running_version, running_version_in,
    scheduled_versions, version_before, versions_in_force,
};
pub use leases::{Lease, give_back_leases, take_lease};
pub use link_minutes::{
    LATENCY_BOUNDS_MS, LastLinkMinute, LinkMinute, keep_link_minutes, last_link_minutes, link_spans,
};
pub use lots::{
    AccountPlace, DueLot, DueRedemption, Underway, due_lots, due_redemptions, members_by_number,
    transfers_under_way,
};
pub use members::{
    By, CardKind, CardToken, CardView, ChangeError, ChangedAtPartner, Consent, ConsentChange, ConsentView,
    Enrolled, HouseholdAccount, KnownRequest, MemberChange, MemberView, NewMember, Profile, ProfileChange,
    Refused, Replacement, Route, cards_by_last4, enroll, enrollment_begins, household_accounts,
    member_numbers, member_view, routes,
};
pub use members::{
    MilesBalance, RedemptionView, SpendingAccount, household_spenders, miles_balance, open_lots,
    redemption_of, redemptions_of, spending_account,
};
pub use merchant_maps::{MapInForce, merchant_map_text, merchant_maps_in_force, register_merchant_map};
pub use merchants::{
    MERCHANT_PURCHASES, MERCHANTS_SEEN, MerchantPurchases, MerchantSeen, merchant_purchases, merchants_seen,
};
pub use migrate::{MIGRATIONS, Migration, migrate};
pub use movements::{Movement, each_movement, movements_query};
pub use partner_events::{
    NewPartnerEvent, NewsSource, OutboxRow, PartnerEventRow, PublishedFile, Relayed, cobrand_partners,
    forget_partner_events, last_partner_event, partner_events, relay_events, relay_files,
};
pub use partner_ledger::{
    AccrualFile, AccrualLine, AnsweredLine, Handback, HandbackKept, LineBooking, LineSums, NewLine,
    WaitingLine, accrual_file, accrual_file_sent, accrual_lines, accruals_by_state, accruals_have_news,
    accruals_waiting, assign_accruals, cycles_to_tell, handback_hash, keep_handback, keep_lines,
    line_account, line_booked, lines_to_book, movements_to_tell, publish_accrual_file, seal_accrual_file,
    unpublished_accrual_file,
};
pub use pools::{
    HouseholdPool, PoolPart, PoolReturn, PoolTurn, household_pool, open_pool, pools_to_finish, turn_pool,
};
pub use proposals::{
    DecisionRow, NewProposal, ProposalDecision, ProposalRow, ProposalStep, ProposalTexts, Wanted,
    decide_proposal, proposal_by_id, proposal_in, proposals, propose, version_text, withdraw_proposal,
};
pub use rates::{RatesInForce, rates_in_force, register_rates};
pub use read::{Arrival, BalanceRow, balances, find_messages, message_view, quarantine, quarantined_count};
pub use read::{LedgerCheck, MessageView, TransferView, day_arrivals, ledger_check};
pub use record::MessageRecord;
pub use refunds::{
    CameWithin, LoneRefund, NewRefundDecision, RefundDecision, RefundLook, WaitingRefundDecision,
    decide_refund, lone_refund, lone_refund_in, lone_refunds, look_at_refund, look_at_refund_in,
    note_refund_decision, purchases_before_refund, refund_decisions, waiting_refund_decisions,
};
pub use replay::{EventTold, Recording, Replayable, replayable};
pub use rows::FindingRow;
pub use saved_views::{SAVED_VIEWS_MAX, SavedView, forget_view, save_view, saved_views};
pub use search::{FoundMessage, MessageSearch, OfDays, search_messages, search_texts};
pub use settled::{
    Approval, BatchRow, Closer, ComputedItems, FileRow, PositionRow, approval_of, approve_by_itself,
    approve_cycle, batches_of, files_of, last_file, last_published_files, mark_acknowledged, mark_delivered,
    mark_file_published, mark_published, positions_of, record_computed, record_file, waiting_batches,
};
pub use staff_requests::{
    StaffRequest, TokenScope, forget_staff_answers, keep_staff_answer, scope_of_token, take_staff_request,
};
pub use terms::{
    BatchRate, BlockApproval, BlockId, CarriedForward, NewCard, NewPrepaidBlock, PrepaidBlock, PrepaidLeft,
    StoredOpening, approve_prepaid_block, carried_forward, new_cards, opening, prepaid_blocks, prepaid_left,
    propose_prepaid_block, record_items,
};
pub use tiers::{DueReview, due_reviews};
/// A connection and a transaction on it, for changes that several functions make together; and a row of what is read.
pub use tokio_postgres::{Client, Row, Transaction};
pub use totals::{
    BankTotals, CutOver, WindowGroup, bank_totals, keep_bank_totals, keep_cut_over, last_cut_overs,
    window_groups,
};
pub use trace::{
    TracedAccrual, TracedClearing, TracedCycle, TracedFile, TracedWay, accruals_of_purchase, batch_places,
    clearing_of_message, cycles_of_message, file_with_cycle, places_of_messages,
};
pub use withdrawal::{Withdrawal, WithdrawalRequest, count_withdrawn, withdraw_cut_over};

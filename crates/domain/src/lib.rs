//! The pure core: money, miles, events, program rules and the decisions about them.
//!
//! This crate reads no clock, no random source, no file and no socket. Everything it needs arrives as a value
//! and everything it wants done leaves as a value, so that the same inputs give the same outcome on every
//! machine, in a test and in a replay of last year.
//!
//! The grammar of the crate:
//!
//! - [`needs`] and [`needs_more`] name the rows that must be read and locked before deciding;
//! - [`decide`] is total: it has an [`Outcome`] for every [`Event`];
//! - [`WorkingSet::apply`] folds an outcome into the state, so that the next event of a batch sees it;
//! - [`replay`] decides again what was recorded, by the same rules and by others;
//! - [`settlement`] prices what a closed cycle holds;
//! - [`case`] says what people may do about what does not agree.
#![forbid(unsafe_code)]

mod acknowledgement;
mod amounts;
mod approval;
mod authorized;
mod award;
mod birthday;
mod calendar;
mod card_numbers;
pub mod case;
mod claims;
mod coupon;
mod decide;
mod event;
mod explanation;
mod file_record;
mod holding;
mod ids;
mod limit;
mod lot;
mod merchant_map;
mod merchant_name;
mod miles_event;
mod miles_rules;
mod money;
mod outcome;
mod partner_ledger;
mod pool;
mod program;
mod purchase;
mod rates;
pub mod reconciliation;
mod redemption;
mod refund_match;
pub mod replay;
mod rules;
pub mod settlement;
mod staff;
mod statement;
mod tiers;
mod working_set;

// The public interface is:
pub use acknowledgement::{
    AdjustedItem, AnswerDecision, AnswerEffect, AnswerOutcome, AnswerVerdict, DisputeCode, DisputeState,
    EarlierAnswers, FileAnswer, FileState, FileTotal, LineAnswer, LineStanding, RESENDS_MAX, REVISION_MAX,
    SentFile, correction, decide_answer, missing_numbers, skipped_files, sums,
};
pub use amounts::{Amounts, Item};
pub use approval::{ProposalFacts, ProposalState};
pub use authorized::{Authorized, authorized_text, parse_authorized};
use award::award_keeping_till;
pub use award::{AwardInput, Awarded, award, award_within};
pub use birthday::{Birthday, BirthdayWindow, LeapDay};
pub use calendar::{CutOffs, CycleOfDay, InDay, business_date, business_date_end};
pub use card_numbers::{card_numbers, hide_card_numbers, holds_card_number, is_card_number};
pub use claims::{Claim, Claims, offered_text, parse_offered};
pub use coupon::{
    Coupon, CouponCampaign, CouponCode, CouponKey, CouponRoom, CouponState, CouponUse, WRONG_COUPONS_MAX,
};
pub use decide::{decide, needs, needs_more};
pub use event::{
    Asked, ClearingSource, Content, CouponId, Event, EventKind, MemberRef, Merchant, OriginalRef, References,
    TransactionKind,
};
pub use explanation::{EXPLANATION_VERSION, Explanation, Finding, REASONS, VALUES, Verdict};
pub use file_record::{FilePlace, FileRecord};
pub use holding::{Holding, OpenLot};
pub use ids::{
    AccountId, BUCKETS, BankId, Bucket, CardId, CycleId, MessageKey, PartnerId, ProgramId, RulesHash, RunId,
};
pub use limit::{BudgetKey, BudgetLeft, Limit, LimitUnit, Room, Rooms, Window};
pub use lot::Lot;
pub use merchant_map::{
    Attribution, Contradiction, MapChange, MapHash, MerchantCriteria, MerchantMap, MerchantOrigin,
    MerchantRow, Resemblance, Rung, SubMerchant,
};
pub use merchant_name::NameAndPlace;
pub use miles_event::MilesEvent;
pub use miles_rules::{ExpiryRule, HouseholdSpending, MilesLedger, MilesRules, RedemptionRules, RoundedTo};
pub use money::{Currency, MoneyError, Ratio, Rounding, mul_div};
pub use outcome::{
    Budgeted, Disposition, LedgerAccount, LoyaltyResult, MatchRefRow, MilesPaid, OutboxEntry, Outcome, Phase,
    Reply, ReplyCode, ResultStatus, Transfer, Unit,
};
pub use partner_ledger::{
    HeldReason, LineKind, LineState, MemberAtPartner, Next, PartnerVerdict, Plan, PurchaseLine, RejectCode,
    after, plan,
};
pub use pool::{PoolAsk, PoolRefusal, PoolShare, PoolState, PurseKey, share_out};
pub use program::{
    BaseRule, BonusRule, CapRule, CapWindow, Condition, DiscountMode, DiscountRule, DiscountTier,
    EarnRounding, Effective, Funder, HoldRules, Hours, LimitedRule, MccRange, MonthDays, Program, Reduction,
    Stacking, Stackings,
};
pub use purchase::{Foreign, HoldState, Purchase, Till, TillUnder};
pub use rates::{FxRule, PinnedRate, RateTable, RatesHash};
pub use redemption::{Piece, Purpose, Redeemed, Redemption, RedemptionState};
pub use refund_match::{
    MatchPart, MatchParts, PURCHASE_AGE_DAYS, PurchaseAt, REFUND_LOOKS_DAYS, REFUND_SETTLES_DAYS,
    RefundCandidate, RefundDecisionId, RefundMatch, RefundVerdict, refund_candidate_days, refund_candidates,
    refund_likenesses, refund_verdict,
};
pub use rules::{BankRules, Rules};
pub use staff::{Role, Roles};
pub use statement::{
    ComparedLine, IncomingStatement, PeriodTotal, Settled, StatementLine, StatementResult, compare_statement,
    named_id, period_totals,
};
pub use tiers::{Fall, Qualifying, Standing, Tier, TierRank, TierRules};
pub use working_set::{
    AccountState, CounterKey, FoundRef, Gate, Keys, MILES_GRANTED, RefKey, RefKind, SeenMessage, WorkingSet,
};

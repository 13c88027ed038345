//! The rows that a batch has read and locked, and how they change while it is decided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{
    AccountId, BankId, Birthday, Bucket, BudgetKey, BudgetLeft, CardId, CouponCode, CouponKey, CycleId,
    Disposition, Event, FileRecord, MessageKey, Outcome, ProgramId, Purchase, Redemption, Reply, RulesHash,
    Standing,
};

/// What kind of reference a message is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefKind {
    /// How a DE90 would name the message; kept with the kind of contribution it made.
    Authorization,
    /// The same for a presentment.
    Presentment,
    /// The same for a refund.
    Refund,
    /// A reversal names this value: a tombstone until the original arrives.
    ReversalOf,
    /// Some message other than a reversal names this value in its DE90.
    NamedBy,
    /// DE32 and DE37.
    Retrieval,
    /// How a reversal would name a chargeback.
    Chargeback,
    /// How a reversal would name a second presentment.
    SecondPresentment,
    /// The acquirer reference number.
    Arn,
    /// The network's name of the transaction.
    LifeCycle,
}

impl RefKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Authorization,
        Self::Presentment,
        Self::Refund,
        Self::ReversalOf,
        Self::NamedBy,
        Self::Retrieval,
        Self::Chargeback,
        Self::SecondPresentment,
        Self::Arn,
        Self::LifeCycle,
    ];

    /// The stored number.
    pub fn number(self) -> i16 {
        match self {
            Self::Authorization => 1,
            Self::Presentment => 2,
            Self::Refund => 3,
            Self::ReversalOf => 4,
            Self::NamedBy => 5,
            Self::Retrieval => 6,
            // 7 was another name of presentments across files.
            Self::Chargeback => 8,
            Self::SecondPresentment => 9,
            Self::Arn => 10,
            Self::LifeCycle => 11,
        }
    }

    /// Reads [`Self::number`].
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// The key by which references are looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefKey {
    /// Where the rows lie.
    pub bucket: Bucket,
    /// Whose reference it is.
    pub bank: BankId,
    /// What kind.
    pub kind: RefKind,
    /// Its value.
    pub value: String,
}

/// A reference that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundRef {
    /// The message that registered it.
    pub message: MessageKey,
    /// The purchase of that message.
    pub purchase: Option<MessageKey>,
    /// See [`crate::MatchRefRow::amount_minor`].
    pub amount_minor: u64,
    /// See [`crate::MatchRefRow::transaction_minor`].
    pub transaction_minor: u64,
    /// See [`crate::MatchRefRow::record`].
    pub record: Option<FileRecord>,
}

/// The counter of a cap: miles granted to an account, base and bonus.
pub const MILES_GRANTED: &str = "miles_granted";

/// What is counted for an account under a program in a period such as `2026-10`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterKey {
    /// Where the row lies.
    pub bucket: Bucket,
    /// The account.
    pub account: AccountId,
    /// The program.
    pub program: ProgramId,
    /// What is counted: [`MILES_GRANTED`], or what a rule with a limit gave.
    pub rule: String,
    /// The period.
    pub period: String,
}

/// What must be read, and for accounts also locked, before deciding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// Messages that may have been seen before.
    pub messages: BTreeSet<(Bucket, MessageKey)>,
    /// Accounts to lock, in this order.
    pub accounts: BTreeSet<(Bucket, AccountId)>,
    /// References.
    pub refs: BTreeSet<RefKey>,
    /// Purchases.
    pub purchases: BTreeSet<(Bucket, MessageKey)>,
    /// Counters of caps and limits.
    pub counters: BTreeSet<CounterKey>,
    /// Programs whose open cycle is needed.
    pub programs: BTreeSet<ProgramId>,
    /// Budgets of campaigns.
    pub budgets: BTreeSet<BudgetKey>,
    /// Accounts whose open lots are needed: all purchases with miles that are open or owed.
    pub lots: BTreeSet<(Bucket, AccountId)>,
    /// Redemptions, each with the purchases that it drew on.
    pub redemptions: BTreeSet<(Bucket, MessageKey)>,
    /// Coupons to lock, after the budgets and in this order.
    pub coupons: BTreeSet<CouponKey>,
}

impl Keys {
    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        self.messages.extend(other.messages);
        self.accounts.extend(other.accounts);
        self.refs.extend(other.refs);
        self.purchases.extend(other.purchases);
        self.counters.extend(other.counters);
        self.programs.extend(other.programs);
        self.budgets.extend(other.budgets);
        self.lots.extend(other.lots);
        self.redemptions.extend(other.redemptions);
        self.coupons.extend(other.coupons);
    }
}

/// A message that has been answered before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMessage {
    /// The account it was decided for.
    pub account: Option<AccountId>,
    /// Its content, for the comparison.
    pub content: String,
    /// What the bank was told.
    pub reply: Reply,
}

/// A member account under lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountState {
    /// The program.
    pub program: ProgramId,
    /// The first local date on which purchases count.
    pub enrolled_on: Date,
    /// How many outbox entries it has had.
    pub seq: i64,
    /// The member's tier, and what he has collected towards one.
    pub standing: Standing,
    /// The local day of its last purchase or redemption.
    pub active_on: Option<Date>,
    /// The last local date on which purchases count, if the account was closed.
    pub closed_on: Option<Date>,
    /// New authorizations give nothing.
    pub blocked: bool,
    /// The member's birthday, if it was told.
    pub birthday: Option<Birthday>,
}

/// The open cycle of a program and the version of its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// The cycle that transfers are stamped with.
    pub cycle: CycleId,
    /// Its business date.
    pub business_date: Date,
    /// The version of the program that new purchases follow.
    pub rules: RulesHash,
}

/// The state that a batch is decided on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkingSet {
    /// What was read; a row that is absent below but named here does not exist.
    pub loaded: Keys,
    /// Answered messages.
    pub seen: BTreeMap<(Bucket, MessageKey), SeenMessage>,
    /// Locked accounts.
    pub accounts: BTreeMap<(Bucket, AccountId), AccountState>,
    /// References, in the order of their messages.
    pub refs: BTreeMap<RefKey, BTreeSet<FoundRef>>,
    /// Purchases.
    pub purchases: BTreeMap<(Bucket, MessageKey), Purchase>,
    /// Counters.
    pub counters: BTreeMap<CounterKey, i64>,
    /// Gates.
    pub gates: BTreeMap<ProgramId, Gate>,
    /// What this batch may take of budgets. One that is named in `loaded` and absent here has nothing left.
    pub budgets: BTreeMap<BudgetKey, BudgetLeft>,
    /// Redemptions.
    pub redemptions: BTreeMap<(Bucket, MessageKey), Redemption>,
    /// Cards of the locked accounts whose new authorizations give nothing.
    pub blocked_cards: BTreeSet<(Bucket, CardId)>,
    /// Coupons. One that is named in `loaded` and absent here was never given out.
    pub coupons: BTreeMap<CouponKey, CouponCode>,
}

impl WorkingSet {
    /// Folds an outcome into the state, so that the next event of the batch sees it.
    pub fn apply(&mut self, event: &Event, outcome: &Outcome) {
        if outcome.disposition != Disposition::Decided {
            return;
        }
        let bucket = outcome.bucket;
        let seen = SeenMessage {
            account: event.member.map(|member| member.account),
            content: event.content.to_text(),
            reply: outcome.reply.clone(),
        };
        self.seen.insert((bucket, outcome.key), seen);
        for row in &outcome.refs {
            let key = RefKey { bucket, bank: event.bank, kind: row.kind, value: row.value.clone() };
            self.loaded.refs.insert(key.clone());
            self.refs.entry(key).or_default().insert(FoundRef {
                message: outcome.key,
                purchase: row.purchase,
                amount_minor: row.amount_minor,
                transaction_minor: row.transaction_minor,
                record: row.record.clone(),
            });
        }
        for purchase in &outcome.purchases {
            self.loaded.purchases.insert((bucket, purchase.key));
            self.purchases.insert((bucket, purchase.key), purchase.clone());
        }
        for (key, counted) in &outcome.counted {
            *self.counters.entry(key.clone()).or_default() += counted;
        }
        for claimed in &outcome.budgeted {
            if let Some(left) = self.budgets.get_mut(&claimed.key) {
                left.take(claimed.amount, claimed.uses);
            }
        }
        for used in &outcome.coupons {
            if let Some(code) = self.coupons.get_mut(&used.key) {
                code.uses = code.uses.saturating_add(used.uses);
            }
        }
        if let Some((account, standing)) = outcome.standing
            && let Some(state) = self.accounts.get_mut(&(bucket, account))
        {
            state.standing = standing;
        }
        for redemption in &outcome.redemptions {
            self.loaded.redemptions.insert((bucket, redemption.key));
            self.redemptions.insert((bucket, redemption.key), redemption.clone());
        }
        let used = event.member.and_then(|member| self.accounts.get_mut(&(bucket, member.account)));
        if let Some(account) = used {
            account.active_on = account.active_on.max(outcome.active_on);
        }
        for entry in &outcome.outbox {
            if let Some(account) = self.accounts.get_mut(&(bucket, entry.account)) {
                account.seq = account.seq.max(entry.account_seq);
            }
        }
    }
}

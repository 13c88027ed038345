//! What a decision brings about, as values that the shell turns into rows and bytes.

use jiff::civil::Date;

use crate::{
    AccountId, BankId, Bucket, BudgetKey, CounterKey, CouponUse, Currency, CycleId, DiscountMode,
    Explanation, FileRecord, Item, MessageKey, PartnerId, PinnedRate, ProgramId, Purchase, Redemption,
    RefKind, RulesHash, Standing,
};

/// A unit of the ledger. Miles never net with money, and turnover is a memorandum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Miles of a program.
    Miles(ProgramId),
    /// Minor units of a currency.
    Money(Currency),
    /// Cleared turnover in minor units, kept for commission.
    Turnover(Currency),
    /// Units of a program towards its tiers.
    Qualifying(ProgramId),
}

/// One side of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerAccount {
    /// A member account.
    Member(AccountId),
    /// A partner.
    Partner(PartnerId),
    /// The bank.
    Bank(BankId),
}

/// Whether a transfer moves the posted or the pending balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Final; settled in its cycle.
    Posted,
    /// Provisional; never settled.
    Pending,
}

/// One immutable movement between two accounts. It balances by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Distinguishes the transfers of one message.
    pub leg: i16,
    /// Posted or pending.
    pub phase: Phase,
    /// What is moved, and for whose account.
    pub item: Item,
    /// In which unit.
    pub unit: Unit,
    /// The account that gives.
    pub debit: LedgerAccount,
    /// The account that receives.
    pub credit: LedgerAccount,
    /// How much; never zero.
    pub amount: u64,
    /// The purchase it belongs to.
    pub purchase: MessageKey,
    /// The member account on one of the sides.
    pub account: AccountId,
    /// The program.
    pub program: ProgramId,
    /// The open settlement cycle at the time of the decision.
    pub cycle: CycleId,
    /// The version of the rules.
    pub rules: RulesHash,
}

impl Transfer {
    /// The amount as the member sees it: positive if the member receives.
    pub fn signed_for_member(&self) -> i64 {
        // Amounts are made from i64 differences, so they fit.
        let size = i64::try_from(self.amount).unwrap_or(i64::MAX);
        if matches!(self.credit, LedgerAccount::Member(_)) { size } else { -size }
    }
}

/// Whether a message earned, and how final that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultStatus {
    /// An estimate: the clearing decides.
    Provisional,
    /// Booked.
    Booked,
    /// What was provisional or booked has been taken back.
    Reversed,
    /// Nothing; the reason says why. Not an error.
    None,
}

impl ResultStatus {
    /// The word in DE48.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Booked => "booked",
            Self::Reversed => "reversed",
            Self::None => "none",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Provisional, Self::Booked, Self::Reversed, Self::None].into_iter().find(|s| s.name() == text)
    }
}

/// The loyalty result that a reply carries in DE48.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoyaltyResult {
    /// Whether and how final.
    pub status: ResultStatus,
    /// A stable code of the reason.
    pub reason: String,
    /// Base miles of this message: the estimate, or the movement that was booked.
    pub base_miles: i64,
    /// Bonus miles, likewise.
    pub bonus_miles: i64,
    /// Discount in minor units, likewise.
    pub discount_minor: i64,
    /// How the discount reaches the cardholder, if there is one.
    pub discount_mode: Option<DiscountMode>,
}

impl LoyaltyResult {
    /// No result, for a reason that is not an error.
    pub fn none(reason: &str) -> Self {
        Self {
            status: ResultStatus::None,
            reason: reason.to_owned(),
            base_miles: 0,
            bonus_miles: 0,
            discount_minor: 0,
            discount_mode: None,
        }
    }
}

/// The answer to the bank; the gateway maps it to DE39.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyCode {
    /// Taken. By the link contract this is no approval of the purchase.
    Taken,
    /// The same key with other content: refused, nothing booked.
    AlteredRepeat,
    /// A row that the decision needs was not loaded, or a number left its range: refused and alarmed.
    Malfunction,
}

impl ReplyCode {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::AlteredRepeat => "altered_repeat",
            Self::Malfunction => "malfunction",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Taken, Self::AlteredRepeat, Self::Malfunction].into_iter().find(|code| code.name() == text)
    }
}

/// What the bank is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub code: ReplyCode,
    /// The reduced DE4 and the original amount, if a discount is given at the till.
    pub till: Option<(u64, u64)>,
    /// The loyalty result.
    pub result: LoyaltyResult,
    /// What miles pay, if it was asked for.
    pub miles: Option<MilesPaid>,
}

/// What miles pay of an authorization that asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MilesPaid {
    /// Miles that are reserved; none if the wish was refused.
    pub reserved: u64,
    /// The money that remains to be paid, in minor units of DE49.
    pub remains_minor: u64,
}

/// How a message was disposed of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Decided now; its rows are to be written.
    Decided,
    /// A true repeat: the stored reply is given, nothing is written.
    Repeat,
    /// A repeat that differs in the named field: nothing is written.
    Altered {
        /// The first field that differs.
        field: String,
    },
    /// Could not be decided; nothing is written and an alarm is raised.
    Undecidable {
        /// What was missing.
        missing: String,
    },
}

/// A reference row: by which later messages find this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRefRow {
    /// What kind of reference.
    pub kind: RefKind,
    /// Its value.
    pub value: String,
    /// The purchase, if the message belongs to one.
    pub purchase: Option<MessageKey>,
    /// The amount that the message contributed, or for a reversal what remains, in minor units of the purchase.
    pub amount_minor: u64,
    /// The same in minor units of DE4.
    pub transaction_minor: u64,
    /// The record of a clearing file under its identity; what it contributes depends on the others of it.
    pub record: Option<FileRecord>,
}

/// An event for the partners, ordered per account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The account.
    pub account: AccountId,
    /// Its place in the account's order.
    pub account_seq: i64,
    /// What happened, such as `purchase.accrued`.
    pub topic: &'static str,
    /// The facts, by name; never card data.
    pub facts: Vec<(&'static str, String)>,
}

/// Everything that one message brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The message.
    pub key: MessageKey,
    /// Where its rows lie.
    pub bucket: Bucket,
    /// How it was disposed of.
    pub disposition: Disposition,
    /// What the bank is told.
    pub reply: Reply,
    /// The movements.
    pub transfers: Vec<Transfer>,
    /// The purchases as they stand afterwards.
    pub purchases: Vec<Purchase>,
    /// Granted (positive) or given back, for each counter.
    pub counted: Vec<(CounterKey, i64)>,
    /// References to register.
    pub refs: Vec<MatchRefRow>,
    /// Events for the partners.
    pub outbox: Vec<OutboxEntry>,
    /// Why.
    pub explanation: Explanation,
    /// The purchase this message belongs to.
    pub purchase: Option<MessageKey>,
    /// The amount with which it counted, signed, in minor units of the program's currency.
    pub counted_minor: i64,
    /// The cycle and its business date, if the card belongs to a member.
    pub cycle: Option<(CycleId, Date)>,
    /// Where the member stands towards tiers from now on, if that changed.
    pub standing: Option<(AccountId, Standing)>,
    /// What was taken of budgets.
    pub budgeted: Vec<Budgeted>,
    /// Budgets that gave less than was asked of them.
    pub short: Vec<BudgetKey>,
    /// The rate by which the message was converted, if it was.
    pub rate: Option<PinnedRate>,
    /// Redemptions as they stand afterwards.
    pub redemptions: Vec<Redemption>,
    /// The local day of a purchase or redemption: the account is in use.
    pub active_on: Option<Date>,
    /// What was used of coupons.
    pub coupons: Vec<CouponUse>,
}

/// What was taken of a budget, or given back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgeted {
    /// Which one.
    pub key: BudgetKey,
    /// In minor units or miles; less than nothing is given back.
    pub amount: i64,
    /// How many purchases.
    pub uses: i64,
}

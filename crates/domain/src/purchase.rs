//! The state of one purchase: the facts that its messages have established and what is booked for it.

use jiff::civil::{Date, Time};

use crate::{
    AccountId, Amounts, Authorized, Birthday, Claims, Coupon, Currency, Lot, MessageKey, PartnerId,
    PinnedRate, Program, ProgramId, Redeemed, RefundMatch, Rounding, RulesHash, TierRank, mul_div,
};

/// What has become of the authorization's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// No authorization has been seen.
    None,
    /// Authorized; the clearing is awaited.
    Held,
    /// Declined, completed or replaced by the clearing: it does not come back.
    Released,
    /// No clearing came in time. What comes later counts all the same.
    Expired,
    /// Every authorization was reversed; a further one holds again.
    Reversed,
}

impl HoldState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Held => "held",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Reversed => "reversed",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::None, Self::Held, Self::Released, Self::Expired, Self::Reversed];
        all.into_iter().find(|state| state.name() == text)
    }
}

/// A discount that was offered at the till in the answer to an authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Till {
    /// The amount before the discount, in minor units.
    pub original_minor: u64,
    /// The discount offered, in minor units.
    pub discount_minor: u64,
}

/// Where the discount at the till was offered, once a correction has given the purchase another version or partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TillUnder {
    /// The version of the program.
    pub rules: RulesHash,
    /// The partner whose till it was.
    pub partner: PartnerId,
}

/// What a purchase in another currency comes to in that currency, for chargebacks that state no other amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The currency of the merchant.
    pub currency: Currency,
    /// Cleared in it, less reversals, in its minor units (DE4).
    pub cleared_minor: u64,
    /// For which that was billed, in minor units of the purchase's currency (DE6).
    pub billed_minor: u64,
    /// Charged back in it without a billing amount, less what was presented again, in its minor units.
    pub charged_back_minor: i64,
}

impl Foreign {
    /// What is charged back in the purchase's currency: its share of what was billed, half up. The share of the sum,
    /// not the sum of shares: parts that come to the whole take back all that was billed.
    fn charged_back_billed(&self) -> i64 {
        let billed = i64::try_from(self.billed_minor).unwrap_or(i64::MAX);
        let size = self.charged_back_minor.unsigned_abs();
        // Nothing was cleared yet: the share is known when it is. More than 64 bits cannot be cleared.
        let share = mul_div(billed, size, self.cleared_minor, Rounding::HalfUp).unwrap_or(0);
        if self.charged_back_minor < 0 { -share } else { share }
    }
}

/// One purchase of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The key of its first message.
    pub key: MessageKey,
    /// Whose purchase it is.
    pub account: AccountId,
    /// Under which program.
    pub program: ProgramId,
    /// Under which version: the one in force when its first message was decided, or that of the last re-rate run.
    pub rules: RulesHash,
    /// The merchant partner.
    pub partner: Option<PartnerId>,
    /// DE18.
    pub mcc: Option<u16>,
    /// The local date: chooses rules and the cap's period.
    pub date: Date,
    /// Whether its transaction type earns.
    pub is_purchase: bool,
    /// The member's tier when its first message was decided.
    pub tier: TierRank,
    /// The currency of all amounts below.
    pub currency: Currency,
    /// The largest amount that is authorized, in minor units.
    pub held_minor: u64,
    /// What became of the hold.
    pub hold: HoldState,
    /// The day, in the program's zone, at whose beginning an open hold expires.
    pub hold_until: Option<Date>,
    /// The discount offered at the till.
    pub till: Option<Till>,
    /// Cleared, all presentments, less reversals, in minor units.
    pub cleared_minor: u64,
    /// Refunded, less reversals of refunds, in minor units.
    pub refunded_minor: u64,
    /// Charged back, less what was presented again, in minor units. Below zero while a second presentment waits for
    /// the chargeback that it answers.
    pub charged_back_minor: i64,
    /// The purchase in the merchant's currency, if it was made in another one.
    pub foreign: Option<Foreign>,
    /// What is booked.
    pub booked: Amounts,
    /// What is provisional: pending until the clearing.
    pub pending: Amounts,
    /// The local time, if the message that told the date told it too.
    pub time: Option<Time>,
    /// Where the discount at the till was offered, if that is no longer where the purchase is.
    pub till_under: Option<TillUnder>,
    /// What each rule offered at the till, in minor units.
    pub offered: Vec<(String, u64)>,
    /// What it has of rules with a limit or a budget.
    pub claims: Claims,
    /// The rate by which it is converted, if it was not billed in `currency`.
    pub fx: Option<PinnedRate>,
    /// What became of its miles after they were booked.
    pub lot: Lot,
    /// What miles pay of it.
    pub redeemed: Option<Redeemed>,
    /// The coupon that was shown with it.
    pub coupon: Option<Coupon>,
    /// Of a refund that came without its purchase: where it counts.
    pub refund_match: Option<RefundMatch>,
    /// The member's birthday when its first message was decided, or a correction asked for it; `None` as well if the
    /// version of the program did not ask.
    pub birthday: Option<Birthday>,
    /// Its authorizations, in the order in which they came; those of before migration 21 are not known.
    pub authorized: Vec<Authorized>,
}

impl Purchase {
    /// A purchase of which no message has told anything but its day.
    pub(crate) fn without_facts(key: MessageKey, account: AccountId, program: &Program, date: Date) -> Self {
        Self {
            key,
            account,
            program: program.id,
            rules: program.hash,
            partner: None,
            mcc: None,
            date,
            time: None,
            is_purchase: false,
            tier: 0,
            currency: program.currency,
            held_minor: 0,
            hold: HoldState::None,
            hold_until: None,
            till: None,
            till_under: None,
            offered: Vec::new(),
            claims: Claims::default(),
            fx: None,
            cleared_minor: 0,
            refunded_minor: 0,
            charged_back_minor: 0,
            foreign: None,
            booked: Amounts::none(),
            pending: Amounts::none(),
            lot: Lot::default(),
            redeemed: None,
            coupon: None,
            refund_match: None,
            birthday: None,
            authorized: Vec::new(),
        }
    }

    /// Cleared less refunded and charged back, never below zero: what the award is computed from.
    pub fn net_minor(&self) -> u64 {
        self.net_of(self.cleared_minor)
    }

    /// What would be left if this were cleared.
    pub(crate) fn net_of(&self, cleared_minor: u64) -> u64 {
        let charged_back = u64::try_from(self.all_charged_back_minor()).unwrap_or(0);
        cleared_minor.saturating_sub(self.refunded_minor).saturating_sub(charged_back)
    }

    /// Charged back with and without a billing amount, less what was presented again, in minor units.
    pub(crate) fn all_charged_back_minor(&self) -> i64 {
        let foreign = self.foreign.map_or(0, |foreign| foreign.charged_back_billed());
        self.charged_back_minor.saturating_add(foreign)
    }

    /// Cleared less refunded and charged back, also below zero.
    pub(crate) fn position_minor(&self) -> i64 {
        let amount = |minor: u64| i64::try_from(minor).unwrap_or(i64::MAX);
        let claimed = amount(self.cleared_minor).saturating_sub(amount(self.refunded_minor));
        claimed.saturating_sub(self.all_charged_back_minor())
    }

    /// Adds to what was cleared in another currency: `transaction_minor` of it, billed as `billed_minor`.
    pub(crate) fn clear_foreign(&mut self, currency: Currency, transaction_minor: i64, billed_minor: i64) {
        if currency == self.currency {
            return;
        }
        let foreign = self.foreign.get_or_insert(Foreign {
            currency,
            cleared_minor: 0,
            billed_minor: 0,
            charged_back_minor: 0,
        });
        // The first currency is kept: what else was cleared has no share in it.
        if foreign.currency == currency {
            foreign.cleared_minor = foreign.cleared_minor.saturating_add_signed(transaction_minor);
            foreign.billed_minor = foreign.billed_minor.saturating_add_signed(billed_minor);
        }
    }

    /// Whether the share of an amount in `currency` is known, or will be when its presentment comes.
    pub(crate) fn has_share_of(&self, currency: Currency) -> bool {
        match self.foreign {
            None => self.cleared_minor == 0 && currency != self.currency,
            Some(foreign) => {
                foreign.currency == currency && (foreign.cleared_minor > 0 || self.cleared_minor == 0)
            }
        }
    }

    /// Adds to what is charged back without a billing amount.
    pub(crate) fn charge_back_foreign(&mut self, currency: Currency, minor: i64) {
        self.clear_foreign(currency, 0, 0);
        if let Some(foreign) = self.foreign.as_mut().filter(|foreign| foreign.currency == currency) {
            foreign.charged_back_minor = foreign.charged_back_minor.saturating_add(minor);
        }
    }

    /// Adds to what is charged back; less than nothing for what is presented again.
    pub(crate) fn charge_back(&mut self, minor: i64) -> Result<(), &'static str> {
        let sum = self.charged_back_minor.checked_add(minor).ok_or("an amount within 64 bits")?;
        self.charged_back_minor = sum;
        Ok(())
    }

    /// What miles have paid if `cleared_minor` is what was cleared: the net amount says that they did.
    pub(crate) fn paid_with_miles(&self, cleared_minor: u64) -> u64 {
        self.redeemed.filter(|redeemed| redeemed.net_minor() == cleared_minor).map_or(0, |by| by.worth_minor)
    }

    /// The versions of its program that deciding about it may look into.
    pub fn versions(&self) -> impl Iterator<Item = RulesHash> + use<> {
        [Some(self.rules), self.till_under.map(|under| under.rules)].into_iter().flatten()
    }

    /// The period of caps in which its miles count, such as `2026-10`.
    pub fn cap_period(&self) -> String {
        cap_period(self.date)
    }

    /// What the hold still stands for: nothing once it is released or cleared in full.
    pub fn open_hold_minor(&self) -> u64 {
        if self.hold == HoldState::Held && self.cleared_minor < self.held_minor { self.held_minor } else { 0 }
    }
}

/// The calendar month of a date, as a key of counters.
pub(crate) fn cap_period(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

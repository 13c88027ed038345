//! The state of one purchase: the facts that its messages have established and what is booked for it.

use jiff::civil::Date;

use crate::{AccountId, Amounts, Currency, MessageKey, PartnerId, ProgramId, RulesHash};

/// What has become of the authorization's hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// No authorization has been seen.
    None,
    /// Authorized; the clearing is awaited.
    Held,
    /// Reversed, declined or replaced by the clearing.
    Released,
    /// No clearing came in time. What comes later counts all the same.
    Expired,
}

impl HoldState {
    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Held => "held",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Held, Self::Released, Self::Expired].into_iter().find(|state| state.name() == text)
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

/// One purchase of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// The key of its first message.
    pub key: MessageKey,
    /// Whose purchase it is.
    pub account: AccountId,
    /// Under which program.
    pub program: ProgramId,
    /// Under which version: the one in force when its first message was decided.
    pub rules: RulesHash,
    /// The merchant partner.
    pub partner: Option<PartnerId>,
    /// DE18.
    pub mcc: Option<u16>,
    /// The local date: chooses rules and the cap's period.
    pub date: Date,
    /// Whether its transaction type earns.
    pub is_purchase: bool,
    /// The currency of all amounts below.
    pub currency: Currency,
    /// The authorized amount that is held, in minor units.
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
    /// What is booked.
    pub booked: Amounts,
    /// What is provisional: pending until the clearing.
    pub pending: Amounts,
}

impl Purchase {
    /// Cleared less refunded and charged back, never below zero: what the award is computed from.
    pub fn net_minor(&self) -> u64 {
        let charged_back = u64::try_from(self.charged_back_minor).unwrap_or(0);
        self.cleared_minor.saturating_sub(self.refunded_minor).saturating_sub(charged_back)
    }

    /// Adds to what is charged back; less than nothing for what is presented again.
    pub(crate) fn charge_back(&mut self, minor: i64) -> Result<(), &'static str> {
        let sum = self.charged_back_minor.checked_add(minor).ok_or("an amount within 64 bits")?;
        self.charged_back_minor = sum;
        Ok(())
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

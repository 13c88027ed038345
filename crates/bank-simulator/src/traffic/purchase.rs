//! A purchase: who, where, how much, and the messages that tell of it.

use jiff::civil::DateTime;

/// An amount with its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units, at most 12 digits.
    pub minor: u64,
    /// The currency's 3 digits, as in DE49.
    pub currency: String,
}

impl Money {
    /// An amount.
    #[must_use]
    pub fn new(minor: u64, currency: &str) -> Self {
        Self { minor, currency: currency.to_owned() }
    }

    /// Russian rubles.
    #[must_use]
    pub fn rub(minor: u64) -> Self {
        Self::new(minor, "643")
    }
}

/// A purchase with its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What it is called, for example `P1`. Unique within a day.
    pub id: String,
    /// Index of the card in the day's cards.
    pub card: usize,
    /// Index of the merchant in the day's merchants.
    pub merchant: usize,
    /// DE3: `000000` for goods, `010000` for cash.
    pub processing_code: String,
    /// DE4 and DE49 of the authorization.
    pub amount: Money,
    /// DE6 and DE51, if the cardholder is billed in another currency.
    pub billing: Option<Money>,
    /// The messages in the order in which they are sent.
    pub steps: Vec<Timed>,
}

/// A message and when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// The local time. A repeat has the time of what it repeats.
    pub at: DateTime,
    /// The message.
    pub step: Step,
}

/// One message of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// 0100: the amount of the purchase. The reply may reduce it.
    Authorize {
        /// DE25 06: the final amount is not known yet.
        preauthorization: bool,
    },
    /// 0200: as 0100, in one message with the purchase.
    AuthorizeFinancial,
    /// 0120, DE39 00: approved elsewhere.
    ApprovedAdvice,
    /// 0120 with another DE39: the issuer declined.
    DeclinedAdvice {
        /// DE39.
        code: &'static str,
    },
    /// 0220, DE39 00: a presentment.
    Clear(ClearAmount),
    /// 0220 with another DE39: the issuer declined.
    DeclinedClearing {
        /// DE39.
        code: &'static str,
    },
    /// 0220 with DE3 20: money back, naming a presentment in DE90.
    Refund {
        /// Which presentment, counted from 0.
        presentment: usize,
        /// How much of it.
        amount: Part,
    },
    /// 0400 or 0420: cancels a message, naming it in DE90.
    Reverse {
        /// Which message.
        target: Target,
        /// What remains of its DE4 (DE95); `None` reverses it in full.
        remaining: Option<Part>,
        /// 0420 in place of 0400.
        advice: bool,
    },
    /// The message before once more, in its repeat form.
    RepeatLast,
}

/// How much is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearAmount {
    /// What was approved: the purchase's amount, or what a reply has reduced it to.
    Full,
    /// The purchase's amount, whatever a reply has reduced it to.
    Gross,
    /// So much.
    Minor(u64),
    /// So many thousandths of what was approved, rounded down.
    PerMille(u64),
    /// What was approved, less what is presented already.
    Rest,
}

/// A part of an earlier message's DE4, never more than all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Full,
    /// So much.
    Minor(u64),
    /// So many thousandths, rounded down.
    PerMille(u64),
}

/// The message that is reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The first authorization.
    Authorization,
    /// A presentment, counted from 0.
    Presentment(usize),
    /// A refund, counted from 0.
    Refund(usize),
}

//! Cases: what people do about a break, what is left of it, and when nothing more is to be done.
//!
//! A case is opened for each break and stands open, assigned, pending external or resolved. What changes something is
//! proposed by one person and approved by another one. Amounts carry the sign of the difference, theirs less ours; whatever
//! is decided brings what is left towards zero and never past it.

mod adjusting;
mod age;
mod attachment;
mod rules;
mod steps;

pub use adjusting::{Adjusting, Sent, adjusted_item};
pub use age::{AgeBucket, CASE_WAIT_DAYS_MAX, case_age_days, wait_is_over};
pub use attachment::{
    ATTACHMENT_BYTES_MAX, ATTACHMENT_NAME_MAX, ATTACHMENTS_MAX, AttachmentType, CASE_TEXT_MAX,
    check_attachment, check_case_text,
};
pub use rules::{AmountThresholds, CaseRules, CaseRulesFault, Severity};
pub use steps::{AfterStep, CaseRefusal, CaseStanding, Proposed, adjustment_fits};

use crate::MoneyError;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseState {
    /// Nobody has it.
    Open,
    /// Somebody has it.
    Assigned,
    /// The bank or the partner must answer, or a date must come.
    PendingExternal,
    /// Nothing is left to be done.
    Resolved,
}

impl CaseState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Assigned, Self::PendingExternal, Self::Resolved];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::PendingExternal => "pending_external",
            Self::Resolved => "resolved",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Where a case stands for which nobody waits.
    pub fn of_assigned(is_assigned: bool) -> Self {
        match is_assigned {
            true => Self::Assigned,
            false => Self::Open,
        }
    }
}

/// By what a case was resolved: the last thing that was done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// Two people agree that both sides are the same.
    Matched,
    /// What was left is given up.
    WrittenOff,
    /// A later file corrects it.
    Adjusted,
    /// Two people have looked at it, and nothing is to be done.
    Explained,
    /// Two people agree that what was suggested is not the same.
    KeptApart,
    /// A later comparison no longer found it.
    Cured,
}

impl Resolution {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Matched, Self::WrittenOff, Self::Adjusted, Self::Explained, Self::KeptApart, Self::Cured];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::WrittenOff => "written_off",
            Self::Adjusted => "adjusted",
            Self::Explained => "explained",
            Self::KeptApart => "kept_apart",
            Self::Cured => "cured",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.name() == text)
    }
}

/// What can be proposed about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseProposalKind {
    /// What both sides have is the same after all.
    Match,
    /// An amount is given up.
    WriteOff,
    /// The partner's next file corrects an amount.
    Adjust,
    /// The bank or the partner is to mend it; somebody has told them.
    SendBack,
    /// Nothing is done until a date.
    WaitUntil,
    /// Looked at: nothing is to be done. Only where no amount differs.
    Explain,
    /// What was suggested is not the same: the next comparison has each by itself. Only of a suggested match.
    KeepApart,
}

impl CaseProposalKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Match,
        Self::WriteOff,
        Self::Adjust,
        Self::SendBack,
        Self::WaitUntil,
        Self::Explain,
        Self::KeepApart,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::WriteOff => "write_off",
            Self::Adjust => "adjust",
            Self::SendBack => "send_back",
            Self::WaitUntil => "wait_until",
            Self::Explain => "explain",
            Self::KeepApart => "keep_apart",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// What an approval is booked as.
    pub fn booking(self) -> CaseBookingKind {
        match self {
            Self::Match => CaseBookingKind::Match,
            Self::WriteOff => CaseBookingKind::WriteOff,
            Self::Adjust => CaseBookingKind::Adjust,
            Self::SendBack | Self::WaitUntil | Self::Explain | Self::KeepApart => CaseBookingKind::Nothing,
        }
    }

    /// How a case is resolved that an approval of this kind has finished; `None`: this kind finishes nothing.
    pub fn resolution(self) -> Option<Resolution> {
        match self {
            Self::Match => Some(Resolution::Matched),
            Self::WriteOff => Some(Resolution::WrittenOff),
            Self::Adjust => Some(Resolution::Adjusted),
            Self::Explain => Some(Resolution::Explained),
            Self::KeepApart => Some(Resolution::KeptApart),
            Self::SendBack | Self::WaitUntil => None,
        }
    }
}

/// What stands in the ledger of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseBookingKind {
    /// An amount was given up, on an account.
    WriteOff,
    /// An amount went into an adjustment of the partner's next file.
    Adjust,
    /// An amount was matched by hand.
    Match,
    /// A later comparison no longer found it; negative when it was found again.
    Cured,
    /// Something was decided that moves no amount.
    Nothing,
}

impl CaseBookingKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::WriteOff, Self::Adjust, Self::Match, Self::Cured, Self::Nothing];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::WriteOff => "write_off",
            Self::Adjust => "adjust",
            Self::Match => "match",
            Self::Cured => "cured",
            Self::Nothing => "none",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// The account on which a write-off is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteOffAccount {
    /// Differences of reconciliation that nobody makes good.
    Differences,
    /// Roundings, of tax among them.
    Rounding,
    /// Fees.
    Fees,
    /// Differences of rates of exchange.
    Exchange,
    /// Miles.
    Miles,
}

impl WriteOffAccount {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Differences, Self::Rounding, Self::Fees, Self::Exchange, Self::Miles];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Differences => "differences",
            Self::Rounding => "rounding",
            Self::Fees => "fees",
            Self::Exchange => "exchange",
            Self::Miles => "miles",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|account| account.name() == text)
    }

    /// The one that fits a break of this class and unit, if nobody says another.
    pub fn usual(class: &str, unit: &str) -> Self {
        match class {
            _ if unit == MILES_UNIT => Self::Miles,
            "vat_rounding" => Self::Rounding,
            "fee" => Self::Fees,
            "fx" => Self::Exchange,
            _ => Self::Differences,
        }
    }

    /// Miles are never written off to an account of money, nor money to that of miles.
    pub fn takes(self, unit: &str) -> bool {
        (self == Self::Miles) == (unit == MILES_UNIT)
    }
}

/// The unit of a break that counts miles.
pub const MILES_UNIT: &str = "MILES";

/// What has been booked about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseAmounts {
    /// Theirs less ours.
    pub difference: i64,
    /// Given up.
    pub written_off: i64,
    /// In adjustments.
    pub adjusted: i64,
    /// Matched by hand.
    pub matched: i64,
    /// No longer found.
    pub cured: i64,
}

impl CaseAmounts {
    /// What is left of the difference.
    pub fn left(&self) -> Result<i64, MoneyError> {
        [self.written_off, self.adjusted, self.matched, self.cured]
            .into_iter()
            .try_fold(self.difference, i64::checked_sub)
            .ok_or(MoneyError::Overflow)
    }
}

/// Whether an amount brings what is left towards zero and not past it.
pub fn is_within(amount: i64, left: i64) -> bool {
    amount != 0 && amount.signum() == left.signum() && amount.unsigned_abs() <= left.unsigned_abs()
}

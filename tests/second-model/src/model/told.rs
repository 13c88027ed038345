//! What a bank tells, as business facts: no message types, no references, no rows.

use jiff::civil::{Date, DateTime, Time};

use super::rules::Circumstances;

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// A message with a number that was told before is a repeat.
    pub(crate) id: u32,
    /// The member; `None` for a card that is nobody's.
    pub(crate) member: Option<u32>,
    /// The purchase in the real world.
    pub(crate) purchase: u32,
    pub(crate) says: Says,
    /// In the merchant's currency.
    pub(crate) amount: i128,
    /// Whether the merchant's currency is not the program's.
    pub(crate) foreign: bool,
    /// In the program's currency.
    pub(crate) billed: Option<i128>,
    /// The local day.
    pub(crate) day: Date,
    /// The local time in minutes of the day, if it is told.
    pub(crate) minute: Option<i16>,
    pub(crate) partner: Option<i32>,
    pub(crate) mcc: u16,
    pub(crate) kind: Kind,
    pub(crate) link: Link,
    /// Which record of a clearing file it is, or undoes: the same in every file.
    pub(crate) record: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Ask,
    /// The final amount is not known yet.
    AskEarly,
    /// Authorized elsewhere.
    Advise,
    /// Declined elsewhere.
    Decline,
    Clear,
    ClearDeclined,
    /// From a source that the bank has not declared.
    ClearElsewhere,
    Refund,
    /// What remains of message `of`, in the merchant's currency.
    Reverse {
        of: u32,
        remains: i128,
    },
    ChargeBack,
    PresentAgain,
    /// Nothing the bank says, like all that follows: the day has come on which a hold may be over.
    HoldIsOver,
    /// The day has come on which a purchase's miles may be over.
    MilesAreOver,
    /// The member wants to pay with miles; `amount` is what a part of which they pay, if that is known.
    Spend {
        miles: i128,
    },
    /// What was reserved by message `of` is spent.
    Confirm {
        of: u32,
    },
    /// It is given back.
    Cancel {
        of: u32,
    },
    /// The time has come at which nobody may confirm it any more.
    Lapse {
        of: u32,
    },
    /// Staff give or take miles, at a partner's or the bank's cost.
    Adjust {
        miles: i128,
        by: Option<i32>,
    },
    Send {
        miles: i128,
        to: u32,
    },
    /// A piece that another member sent, with its age.
    Arrive {
        miles: i128,
        granted: Date,
        vests: Option<Date>,
        expires: Option<Date>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Purchase,
    Cash,
    Inquiry,
}

/// By what the message shows its purchase; it says the same in every way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Retrieval,
    /// DE90 names that message; the retrieval reference is missing.
    Names(u32),
    /// The acquirer's reference alone.
    Acquirer,
}

impl Told {
    pub(crate) fn is_authorization(&self) -> bool {
        matches!(self.says, Says::Ask | Says::AskEarly | Says::Advise)
    }

    /// Whether it opens a hold or ends one.
    pub(crate) fn is_about_hold(&self) -> bool {
        self.is_authorization() || matches!(self.says, Says::Decline | Says::ClearDeclined)
    }

    /// Miles that were booked before, and no purchase.
    pub(crate) fn is_about_miles(&self) -> bool {
        matches!(
            self.says,
            Says::MilesAreOver
                | Says::Spend { .. }
                | Says::Confirm { .. }
                | Says::Cancel { .. }
                | Says::Lapse { .. }
                | Says::Adjust { .. }
                | Says::Send { .. }
                | Says::Arrive { .. }
        )
    }

    /// Whether the member has bought something: what was only authorized, or completed with
    /// nothing, was not bought.
    pub(crate) fn is_use(&self) -> bool {
        self.says == Says::Clear && self.kind == Kind::Purchase && self.amount > 0
    }

    pub(crate) fn at(&self) -> DateTime {
        let minute = i64::from(self.minute.unwrap_or(0));
        self.day.to_datetime(Time::midnight()) + jiff::Span::new().minutes(minute)
    }

    /// Money that goes back, or comes again, follows its purchase, whatever date it carries.
    pub(crate) fn goes_back(&self) -> bool {
        matches!(self.says, Says::Refund | Says::ChargeBack | Says::PresentAgain)
    }

    /// As it describes its purchase.
    pub(crate) fn circumstances(&self, tier: u8) -> Circumstances {
        let (partner, mcc, day, minute) = (self.partner, self.mcc, self.day, self.minute);
        Circumstances { partner, mcc, day, minute, is_purchase: self.kind == Kind::Purchase, tier }
    }

    /// Whether the amount is known in the program's currency, now or when the presentment comes.
    pub(crate) fn has_amount(&self) -> bool {
        match self.says {
            Says::ChargeBack | Says::PresentAgain | Says::Reverse { .. } | Says::HoldIsOver => true,
            _ if self.is_about_miles() => true,
            Says::Clear | Says::ClearDeclined | Says::Refund if self.amount == 0 => true,
            _ => !self.foreign || self.billed.is_some(),
        }
    }
}

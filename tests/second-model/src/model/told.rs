//! What a bank tells, as business facts: no message types, no references, no rows.

use jiff::civil::Date;

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
    /// Nothing the bank says: the day has come on which a hold may be over.
    HoldIsOver,
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

    /// Money that goes back, or comes again, follows its purchase, whatever date it carries.
    pub(crate) fn goes_back(&self) -> bool {
        matches!(self.says, Says::Refund | Says::ChargeBack | Says::PresentAgain)
    }

    /// As it describes its purchase.
    pub(crate) fn circumstances(&self, tier: u8) -> Circumstances {
        let (partner, mcc, day) = (self.partner, self.mcc, self.day);
        Circumstances { partner, mcc, day, is_purchase: self.kind == Kind::Purchase, tier }
    }

    /// Whether the amount is known in the program's currency, now or when the presentment comes.
    pub(crate) fn has_amount(&self) -> bool {
        match self.says {
            Says::ChargeBack | Says::PresentAgain | Says::Reverse { .. } | Says::HoldIsOver => true,
            Says::Clear | Says::ClearDeclined | Says::Refund if self.amount == 0 => true,
            _ => !self.foreign || self.billed.is_some(),
        }
    }
}

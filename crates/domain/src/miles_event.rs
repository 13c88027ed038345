//! What happens to miles without a purchase: schedulers, staff and members ask for it.

use jiff::civil::Date;

use crate::{AccountId, Bucket, Funder, MessageKey};

/// What happens to miles. Each has a deterministic key, so that asking twice is a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MilesEvent {
    /// The time of a lot is over; the event's `local` is the day on which somebody looked.
    Expiry {
        /// The purchase that was granted them.
        purchase: MessageKey,
    },
    /// The member asks to spend miles. If the event has an amount, they pay for a part of it.
    Reserve {
        /// How many.
        miles: u64,
    },
    /// What was reserved is spent.
    Confirm {
        /// The key of the [`Self::Reserve`].
        redemption: MessageKey,
    },
    /// What was reserved or spent is given back, each lot its own.
    Cancel {
        /// The key of the [`Self::Reserve`].
        redemption: MessageKey,
    },
    /// Nobody confirmed in time: as [`Self::Cancel`], but only of what is still reserved.
    Lapse {
        /// The key of the [`Self::Reserve`].
        redemption: MessageKey,
    },
    /// Staff give miles, or take them if there are less than none. The reason is in the event's content.
    Adjust {
        /// How many.
        miles: i64,
        /// Who bears it.
        funder: Funder,
    },
    /// Miles leave for another account of the program. They arrive by events of their own, one for each piece.
    Send {
        /// How many.
        miles: u64,
        /// Where the other account lies.
        to_bucket: Bucket,
        /// The other account.
        to: AccountId,
    },
    /// A piece of a lot comes from another account and keeps its age.
    Arrive {
        /// How many.
        miles: u64,
        /// The day of the purchase that was granted them.
        granted_on: Date,
        /// See [`crate::Lot::vests_on`].
        vests_on: Option<Date>,
        /// See [`crate::Lot::expire_on`].
        expire_on: Option<Date>,
    },
    /// The gateway answered an authorization that asked for miles without a loyalty result, as its decision was late.
    Unanswered {
        /// The key of the authorization.
        redemption: MessageKey,
    },
    /// As [`Self::Reserve`], of one account for a pool of its household, which was asked for the whole.
    ReserveShare {
        /// The pool.
        pool: MessageKey,
        /// How many.
        miles: u64,
        /// What they pay, in minor units, as it was settled for the pool.
        worth_minor: u64,
    },
    /// The partner that keeps the miles has refused, for good, a line of what it was told.
    Refused {
        /// The purchase.
        purchase: MessageKey,
        /// The miles of the line: above zero it did not take them, below zero it did not give them back.
        miles: i64,
    },
}

impl MilesEvent {
    /// Whether all open lots of the account must be read.
    pub(crate) fn spends(self) -> bool {
        match self {
            Self::Reserve { .. } | Self::ReserveShare { .. } | Self::Send { .. } => true,
            Self::Adjust { miles, .. } => miles < 0,
            _ => false,
        }
    }

    /// Whether a member pays with miles.
    pub(crate) fn reserves(self) -> bool {
        matches!(self, Self::Reserve { .. } | Self::ReserveShare { .. })
    }

    /// The redemption that it ends.
    pub(crate) fn redemption(self) -> Option<MessageKey> {
        match self {
            Self::Confirm { redemption }
            | Self::Cancel { redemption }
            | Self::Lapse { redemption }
            | Self::Unanswered { redemption } => Some(redemption),
            _ => None,
        }
    }
}

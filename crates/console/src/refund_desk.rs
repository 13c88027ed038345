//! The one way by which staff decide about a refund that came without its purchase, for the page and the command line.
//!
//! Nothing is booked here: a decision is kept, and the gateway's scheduler has a lane book it as the event that it would
//! make itself.

use domain::{
    Bucket, MatchParts, MessageKey, REFUND_SETTLES_DAYS, RefundDecisionId, RefundMatch, holds_card_number,
};
use jiff::{Timestamp, ToSpan, civil::Date};
use store::Transaction;
use store::{CameWithin, LoneRefund, NewRefundDecision, Pool, StoreError};

use crate::approval::{COMMENT_CHARS_MAX, Saying};

/// A refund, by the place of its rows and the key of the purchase that it has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundKey {
    /// The bucket.
    pub bucket: Bucket,
    /// The key.
    pub key: MessageKey,
}

impl RefundKey {
    /// Reads `7/00…`, as addresses and the command line write it.
    pub fn parse(bucket: &str, key: &str) -> Option<Self> {
        Some(Self { bucket: Bucket::new(bucket.parse().ok()?)?, key: MessageKey::parse(key)? })
    }

    /// Of a refund that was read.
    pub fn of(refund: &LoneRefund) -> Self {
        Self { bucket: refund.place.bucket, key: refund.at.purchase.key }
    }
}

impl std::fmt::Display for RefundKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.bucket, self.key)
    }
}

/// What staff choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundChoice {
    /// It takes back this purchase.
    Purchase(MessageKey),
    /// It stands alone.
    Alone,
}

/// Why a decision was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefundDeskError {
    /// No refund opened a purchase under this key.
    #[error(
        "there is no refund {0} that came without its purchase; `cobrand refunds list` shows those that wait"
    )]
    NotFound(RefundKey),
    /// It is too short or too long.
    #[error("the reason must have 1 to 1,000 characters: say why")]
    Reason,
    /// Something in it passes for a card number.
    #[error("the reason holds what looks like a card number: nothing was kept; take it out")]
    CardNumber,
    /// It was matched or reversed, or its purchase has come.
    #[error("the refund does not stand alone any more: there is nothing to decide")]
    Closed,
    /// Another account's, too old, of another currency, or nothing is left of it.
    #[error(
        "that purchase is none of this account that the refund could take back; the list shows its candidates"
    )]
    NotOfAccount,
    /// A hold can be meant, and nothing can be taken back of it.
    #[error("that purchase is not cleared yet: nothing can be taken back of it; decide when it is")]
    NotCleared,
    /// One decision at a time.
    #[error("somebody has decided about the refund already; that decision is being booked")]
    Waits,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// At most `max` refunds that wait, whatever their age once they have settled, oldest first, behind the last one seen.
pub async fn refunds_waiting(
    pool: &Pool,
    now: Timestamp,
    after: Option<(Date, RefundKey)>,
    max: u16,
) -> Result<Vec<LoneRefund>, StoreError> {
    let settled = now.checked_sub((i64::from(REFUND_SETTLES_DAYS) * 24).hours()).unwrap_or(Timestamp::MIN);
    let came = CameWithin { since: Timestamp::UNIX_EPOCH, until: settled };
    let after = after.map(|(date, refund)| (date, refund.bucket, refund.key));
    store::lone_refunds(pool, now, came, after, max).await
}

/// Keeps what a person decided, for the scheduler.
///
/// # Errors
/// See [`RefundDeskError`]; nothing is kept then.
pub async fn decide_refund(
    pool: &Pool,
    refund: RefundKey,
    choice: RefundChoice,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<RefundDecisionId, RefundDeskError> {
    let saying = Saying { by, reason, now };
    Ok(store::in_transaction!(pool, |step| decide_refund_in(&step, refund, choice, saying)))
}

/// The same in a transaction of the caller's, which must not be committed after an error.
pub(crate) async fn decide_refund_in(
    transaction: &Transaction<'_>,
    refund: RefundKey,
    choice: RefundChoice,
    Saying { by, reason, now }: Saying<'_>,
) -> Result<RefundDecisionId, RefundDeskError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > COMMENT_CHARS_MAX {
        return Err(RefundDeskError::Reason);
    }
    if holds_card_number(reason) {
        return Err(RefundDeskError::CardNumber);
    }
    let found = store::lone_refund_in(transaction, now, refund.bucket, refund.key).await?;
    let found = found.ok_or(RefundDeskError::NotFound(refund))?;
    if !stands_alone(&found) {
        return Err(RefundDeskError::Closed);
    }
    let (purchase, parts) = match choice {
        RefundChoice::Alone => (None, MatchParts::default()),
        RefundChoice::Purchase(key) => (Some(key), parts_of(transaction, &found, key).await?),
    };
    let (bucket, refund) = (refund.bucket, refund.key);
    let decision = NewRefundDecision { bucket, refund, purchase, parts, reason, by, at: now };
    store::decide_refund(transaction, &decision).await?.ok_or(RefundDeskError::Waits)
}

/// Whether there is something to decide: not for a refund that counts elsewhere, was reversed or has its purchase.
pub(crate) fn stands_alone(refund: &LoneRefund) -> bool {
    let purchase = &refund.at.purchase;
    let matched = matches!(purchase.refund_match, Some(RefundMatch::To { .. }));
    purchase.refunded_minor > 0 && purchase.cleared_minor == 0 && !matched
}

async fn parts_of(
    transaction: &Transaction<'_>,
    refund: &LoneRefund,
    key: MessageKey,
) -> Result<MatchParts, RefundDeskError> {
    let look = store::look_at_refund_in(transaction, refund).await?;
    let chosen = look.likenesses.iter().find(|(candidate, _)| candidate.purchase == key);
    match chosen {
        None => Err(RefundDeskError::NotOfAccount),
        Some((candidate, _)) if candidate.awaits_clearing => Err(RefundDeskError::NotCleared),
        Some((candidate, _)) => Ok(candidate.parts),
    }
}

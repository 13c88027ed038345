//! Refunds that came without their purchase, and what people decide about them.

use domain::MessageKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{LoneRefund, RefundDecision, RefundLook};

use super::{
    call::{Answer, Call},
    change::once,
    problems::Problem,
    values::Money,
};
use crate::{
    approval::Saying,
    refund_desk::{self, RefundChoice, RefundDeskError, RefundKey},
};

/// So many decisions of one refund are told.
const DECISIONS_MAX: u32 = 50;

/// A refund that came without its purchase.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundListed {
    /// Where its rows lie; with the key it names the refund.
    bucket: i32,
    /// Its key, 48 hexadecimal digits.
    key: String,
    /// When it came.
    received_at: String,
    /// What went back to the cardholder.
    amount: Money,
    /// The card acceptor, as the acquirer writes it.
    card_acceptor: String,
    /// The last four digits of the card number.
    last4: String,
    /// What follows without a person: `certain`, `ambiguous`, `nothing`.
    verdict: String,
    /// Purchases that it is likely to take back.
    likely: usize,
    /// Whether somebody has decided, and that waits to be booked.
    decided: bool,
}

/// A page of refunds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refunds {
    /// The oldest first.
    refunds: Vec<RefundListed>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

/// A purchase that a refund may take back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Candidate {
    /// Its key.
    key: String,
    /// Its date.
    date: String,
    /// What is left of it.
    left: Money,
    /// How likely it is.
    score: u32,
    /// The codes of what the two have in common.
    in_common: Vec<String>,
    /// Nothing can be taken back of it before it is cleared.
    awaits_clearing: bool,
}

/// A decision about a refund.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundDecided {
    /// Its number.
    id: i64,
    /// Which purchase it takes back; none: it stands alone.
    purchase: Option<String>,
    /// Who decided.
    by: String,
    /// When.
    at: String,
    /// Why.
    reason: String,
    /// The code of what came of it, once it is booked.
    result: Option<String>,
}

/// A refund with what it may take back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundShown {
    /// As in a list.
    refund: RefundListed,
    /// Whether there is something to decide.
    open: bool,
    /// The likeliest first.
    candidates: Vec<Candidate>,
    /// The newest first.
    decisions: Vec<RefundDecided>,
}

/// What is decided about a refund.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundVerdictGiven {
    /// The key of the purchase that it takes back; none: it stands alone.
    purchase: Option<String>,
    /// Why.
    reason: String,
}

/// A decision that is kept and will be booked.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundKept {
    /// Its number.
    id: i64,
}

impl From<RefundDeskError> for Problem {
    fn from(error: RefundDeskError) -> Self {
        let text = error.to_string();
        match error {
            RefundDeskError::NotFound(_) => Self::not_found("refund"),
            RefundDeskError::Reason | RefundDeskError::CardNumber => Self::refused("wrong_value", text),
            RefundDeskError::NotOfAccount => Self::conflict("no_candidate", text),
            RefundDeskError::NotCleared => Self::conflict("not_cleared", text),
            RefundDeskError::Closed => Self::conflict("nothing_to_decide", text),
            RefundDeskError::Waits => Self::conflict("decided_before", text),
            RefundDeskError::Store(error) => error.into(),
        }
    }
}

fn key(call: &Call) -> Result<RefundKey, Problem> {
    RefundKey::parse(call.part("bucket"), call.part("key")).ok_or_else(|| Problem::not_found("refund"))
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let limit = call.limit()?;
    let after = match call.after::<3>()? {
        None => None,
        Some([date, bucket, key]) => {
            let wrong = || Problem::parameter("after", "expected what the page before named as next");
            let date = date.parse().map_err(|_| wrong())?;
            Some((date, RefundKey::parse(&bucket, &key).ok_or_else(wrong)?))
        }
    };
    let mut rows = refund_desk::refunds_waiting(call.pool(), call.now(), after, limit + 1).await?;
    let next = call.cut(&mut rows, limit, |refund| {
        let RefundKey { bucket, key } = RefundKey::of(refund);
        vec![refund.at.purchase.date.to_string(), bucket.to_string(), key.to_string()]
    });
    let mut refunds = Vec::with_capacity(rows.len());
    for refund in &rows {
        refunds.push(listed(refund, &store::look_at_refund(call.pool(), refund).await?));
    }
    Answer::ok(&Refunds { refunds, next })
}

fn listed(refund: &LoneRefund, look: &RefundLook) -> RefundListed {
    let purchase = &refund.at.purchase;
    RefundListed {
        bucket: i32::from(refund.place.bucket.number()),
        key: purchase.key.to_string(),
        received_at: refund.received_at.to_string(),
        amount: Money::unsigned(purchase.refunded_minor, purchase.currency),
        card_acceptor: refund.at.merchant.card_acceptor.clone(),
        last4: refund.last4.clone(),
        verdict: look.verdict.name().to_owned(),
        likely: look.likenesses.iter().filter(|(candidate, _)| candidate.is_plausible()).count(),
        decided: refund.is_decided,
    }
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let RefundKey { bucket, key } = key(&call)?;
    let found = store::lone_refund(call.pool(), call.now(), bucket, key).await?;
    let refund = found.ok_or_else(|| Problem::not_found("refund"))?;
    let look = store::look_at_refund(call.pool(), &refund).await?;
    let decisions = store::refund_decisions(call.pool(), Some((bucket, key)), DECISIONS_MAX).await?;
    let candidate = |(candidate, at): &(domain::RefundCandidate, domain::PurchaseAt)| Candidate {
        key: candidate.purchase.to_string(),
        date: candidate.date.to_string(),
        left: Money::unsigned(candidate.left_minor, at.purchase.currency),
        score: candidate.parts.score(),
        in_common: candidate.parts.iter().map(|part| part.code().to_owned()).collect(),
        awaits_clearing: candidate.awaits_clearing,
    };
    Answer::ok(&RefundShown {
        refund: listed(&refund, &look),
        open: refund_desk::stands_alone(&refund) && !refund.is_decided,
        candidates: look.likenesses.iter().map(candidate).collect(),
        decisions: decisions.into_iter().map(decided).collect(),
    })
}

fn decided(decision: RefundDecision) -> RefundDecided {
    RefundDecided {
        id: decision.id.0,
        purchase: decision.purchase.map(|key| key.to_string()),
        by: decision.by,
        at: decision.at.to_string(),
        reason: decision.reason,
        result: decision.result,
    }
}

pub(super) async fn decide(call: Call) -> Result<Answer, Problem> {
    let (refund, given): (_, RefundVerdictGiven) = (key(&call)?, call.json()?);
    let choice = match &given.purchase {
        None => RefundChoice::Alone,
        Some(text) => {
            let key = MessageKey::parse(text);
            RefundChoice::Purchase(
                key.ok_or_else(|| Problem::body("expected a key of a candidate", "purchase"))?,
            )
        }
    };
    once!(call, |change| {
        let saying = Saying { by: &call.who().user, reason: &given.reason, now: call.now() };
        let kept = refund_desk::decide_refund_in(&change.transaction, refund, choice, saying).await?;
        Answer::created(&RefundKept { id: kept.0 })?
    })
}

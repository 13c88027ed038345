//! What people do about breaks: assign, comment, attach, propose, decide, take back.

use axum::http::StatusCode;
use domain::{
    AdjustedItem, Currency,
    case::{CaseProposalKind, CaseRefusal, WriteOffAccount},
    settlement::{Basis, Direction},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::cases::{
    Assigned, CaseDecision, CaseError, CaseStep, NewCaseAdjustment, NewCaseProposal, assign_in, attach_in,
    comment_in, decide_in, propose_in, take_back_in,
};

use super::{
    breaks::Adjustment,
    call::{Answer, Call},
    change::once,
    problems::Problem,
};
use crate::money;

/// A case that is to be assigned.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseSeen {
    /// Its number.
    id: i64,
    /// The version that was seen; none: whatever it is now.
    version: Option<i32>,
}

/// To whom cases are to be given, all of them or none.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// At most 500.
    cases: Vec<CaseSeen>,
    /// The user's name; none: to nobody.
    to: Option<String>,
}

/// How many cases were assigned.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentDone {
    /// All of them.
    assigned: usize,
}

/// A comment.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Comment {
    /// What is said.
    text: String,
}

/// What was added to the history of a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Added {
    /// Its place there.
    place: i32,
}

/// What is to become of a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseProposal {
    /// The version of the case that was seen; none: whatever it is now.
    version: Option<i32>,
    /// `match`, `write_off`, `adjust`, `send_back`, `wait_until`, `explain`, `keep_apart`.
    kind: String,
    /// How much of the case's unit, with the sign of the difference; none: all that is left.
    amount: Option<i64>,
    /// Until when nothing is done.
    wait_until: Option<String>,
    /// With what it is matched on their side.
    their_ref: Option<String>,
    /// With what it is matched on ours.
    our_ref: Option<String>,
    /// On which account it is written off: `differences`, `rounding`, `fees`, `exchange`, `miles`; none: the usual one.
    account: Option<String>,
    /// The adjustment, if it is one.
    adjustment: Option<Adjustment>,
    /// Why. Of an adjustment the partner reads it.
    reason: String,
}

/// What was proposed, by its number.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseProposalKept {
    /// The number.
    proposal: i64,
}

/// What is decided of the proposal that waits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseVerdict {
    /// The version of the case that was seen; none: whatever it is now.
    version: Option<i32>,
    /// `approved` or `rejected`.
    verdict: String,
    /// Why.
    reason: String,
}

/// Where the case stands behind the decision.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseStands {
    /// `open`, `assigned`, `pending_external`, `resolved`.
    state: String,
    /// By what it was resolved.
    resolution: Option<String>,
    /// What is left of the difference.
    left: i64,
    /// The number of the adjustment that the next close takes, if it is one.
    adjustment: Option<i64>,
}

/// A proposal that was taken back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseTakenBack {
    /// Its number.
    proposal: i64,
}

/// The codes of refusals, for the document.
pub(super) const REFUSALS: &[(u16, &str, &str)] = &[
    (409, "outdated", "somebody else was quicker: look at it again"),
    (409, "resolved", "it is resolved"),
    (409, "undecided", "a proposal waits for a decision"),
    (409, "nothing_proposed", "no such proposal waits for a decision"),
    (409, "not_allowed", "a break of this kind does not allow it"),
    (409, "past_what_is_left", "the amount is zero, of the other sign, or more than is left"),
    (409, "corrected_already", "a correction of the line is proposed or approved already"),
    (
        422,
        "wait_date",
        "the date is not after today, too far away, missing, or there is one where none belongs",
    ),
    (422, "card_number", "it holds what may be a card number: nothing was kept"),
    (422, "says_nothing", "the text is empty"),
    (422, "too_long", "the text, the name or the file is too long, or there are too many of them"),
];

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::Store(error) => error.into(),
            CaseError::Refused(refusal) => refused(refusal),
        }
    }
}

fn refused(refusal: CaseRefusal) -> Problem {
    let (code, detail) =
        (refusal.name(), format!("the step is refused: {}", refusal.name().replace('_', " ")));
    match refusal {
        CaseRefusal::NotFound => Problem::not_found("break"),
        CaseRefusal::SamePerson => {
            let detail = "nobody approves what he proposed";
            Problem::new(StatusCode::FORBIDDEN, "four_eyes", detail, "ask a colleague to decide")
        }
        CaseRefusal::NotTheProposer => {
            let detail = "only whoever proposed it takes it back";
            Problem::new(StatusCode::FORBIDDEN, code, detail, "reject it, if you may decide")
        }
        CaseRefusal::Outdated
        | CaseRefusal::Resolved
        | CaseRefusal::Undecided
        | CaseRefusal::NothingProposed
        | CaseRefusal::NotAllowed(_)
        | CaseRefusal::PastWhatIsLeft
        | CaseRefusal::CorrectedAlready
        | CaseRefusal::NotAllOfTheLine
        | CaseRefusal::AttachedAlready => Problem::conflict(code, detail),
        _ => Problem::refused(code, detail),
    }
}

fn step(call: &Call, version: Option<i32>) -> Result<CaseStep<'_>, Problem> {
    let case = call.number("id", "break")?;
    Ok(CaseStep { case, version, by: &call.who().user, at: call.now() })
}

pub(super) async fn assign(call: Call) -> Result<Answer, Problem> {
    let asked: Assignment = call.json()?;
    let cases: Vec<(i64, Option<i32>)> = asked.cases.iter().map(|case| (case.id, case.version)).collect();
    let by = (call.who().user.as_str(), call.now());
    once!(call, |change| {
        match assign_in(&change.transaction, &cases, asked.to.as_deref(), by).await? {
            Assigned::All(assigned) => Answer::ok(&AssignmentDone { assigned })?,
            Assigned::None(ways) => {
                let ways: Vec<String> =
                    ways.iter().map(|(case, why)| format!("{case} {}", why.name())).collect();
                return Err(Problem::conflict(
                    "not_assigned",
                    format!("none was assigned: {}", ways.join(", ")),
                ));
            }
        }
    })
}

pub(super) async fn comment(call: Call) -> Result<Answer, Problem> {
    let (said, step): (Comment, _) = (call.json()?, step(&call, None)?);
    once!(call, |change| {
        Answer::created(&Added { place: comment_in(&change.transaction, &step, said.text.trim()).await? })?
    })
}

pub(super) async fn attach(call: Call) -> Result<Answer, Problem> {
    let step = step(&call, None)?;
    let name = call.asked("name");
    let name = name.ok_or_else(|| Problem::parameter("name", "expected what the file is called"))?;
    once!(call, |change| {
        Answer::created(&Added { place: attach_in(&change.transaction, &step, name, &call.body).await? })?
    })
}

/// An adjustment, read.
fn adjustment(given: &Adjustment) -> Result<NewCaseAdjustment<'_>, Problem> {
    let wrong = |detail: &str, place: &str| Problem::body(detail, format!("adjustment.{place}"));
    let currency: Currency = money::from_code(&given.currency)
        .ok_or_else(|| wrong("expected the alphabetic code of a currency", "currency"))?;
    let stated = Direction::parse(&given.stated)
        .ok_or_else(|| wrong("expected bank_pays_partner or partner_pays_bank", "stated"))?;
    let basis = given
        .basis
        .as_deref()
        .map(|name| Basis::parse(name).ok_or_else(|| wrong("expected an item of the terms", "basis")));
    let item = AdjustedItem {
        basis: basis.transpose()?,
        quantity: given.quantity,
        net_minor: given.net_minor,
        vat_minor: given.vat_minor,
    };
    Ok(NewCaseAdjustment {
        currency,
        currency_code: &given.currency,
        stated,
        original: &given.original,
        item,
    })
}

pub(super) async fn propose(call: Call) -> Result<Answer, Problem> {
    let given: CaseProposal = call.json()?;
    let kind = CaseProposalKind::parse(&given.kind);
    let date = |text: &String| text.parse().map_err(|_| Problem::body("expected a date", "wait_until"));
    let account = |name: &String| {
        WriteOffAccount::parse(name).ok_or_else(|| Problem::body("expected an account", "account"))
    };
    let new = NewCaseProposal {
        kind: kind.ok_or_else(|| Problem::body("expected a kind of proposal", "kind"))?,
        amount: given.amount,
        wait_until: given.wait_until.as_ref().map(date).transpose()?,
        their_ref: given.their_ref.as_deref().unwrap_or_default(),
        our_ref: given.our_ref.as_deref().unwrap_or_default(),
        account: given.account.as_ref().map(account).transpose()?,
        adjustment: given.adjustment.as_ref().map(adjustment).transpose()?,
        reason: given.reason.trim(),
    };
    let step = step(&call, given.version)?;
    once!(call, |change| {
        Answer::created(&CaseProposalKept { proposal: propose_in(&change.transaction, &step, &new).await? })?
    })
}

pub(super) async fn decide(call: Call) -> Result<Answer, Problem> {
    let given: CaseVerdict = call.json()?;
    let approves = match given.verdict.as_str() {
        "approved" => true,
        "rejected" => false,
        _ => return Err(Problem::body("expected approved or rejected", "verdict")),
    };
    let (step, proposal) = (step(&call, given.version)?, call.number("proposal", "proposal")?);
    let decision = CaseDecision { proposal, approves, reason: given.reason.trim() };
    once!(call, |change| {
        let done = decide_in(&change.transaction, &step, &decision).await?;
        Answer::ok(&CaseStands {
            state: done.after.state.name().to_owned(),
            resolution: done.after.resolution.map(|by| by.name().to_owned()),
            left: done.after.left,
            adjustment: done.adjustment,
        })?
    })
}

pub(super) async fn take_back(call: Call) -> Result<Answer, Problem> {
    let given: super::proposals::TakenBack = call.json()?;
    let (step, proposal) = (step(&call, None)?, call.number("proposal", "proposal")?);
    once!(call, |change| {
        take_back_in(&change.transaction, &step, proposal, given.reason.trim()).await?;
        Answer::ok(&CaseTakenBack { proposal })?
    })
}

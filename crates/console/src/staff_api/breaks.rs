//! Breaks with their cases, as the pages list and show them.

use domain::{
    case::{AgeBucket, CaseState, Severity},
    settlement::Direction,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::cases::{
    CaseAttachmentRow, CaseBookingRow, CaseEventRow, CaseFilter, CaseOrder, CaseProposalRow, CaseRow,
    CaseSort, CaseView, Owner,
};

use super::{
    call::{Answer, Call},
    problems::Problem,
};
use crate::money;

/// A break with where its case stands.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakListed {
    /// The number of the break and of its case.
    id: i64,
    /// From which comparison: `bank_clearing`, `partner_statement` ...
    source: String,
    /// What was compared: the id of a file, a statement, a window.
    scope: String,
    /// `missing`, `duplicate`, `amount` ...
    class: String,
    /// `data` or `timing`.
    timing: String,
    /// The program's code.
    program: Option<String>,
    /// The partner's code.
    partner: Option<String>,
    /// The business date of what was compared.
    business_date: String,
    /// What it is about: a line, a reference, a file.
    subject: String,
    /// `RUB` and so on: then numbers count minor units. `MILES`: they count miles. Empty: nothing is counted.
    unit: String,
    /// What we have.
    ours: Option<i64>,
    /// What they have.
    theirs: Option<i64>,
    /// Theirs less ours.
    difference: i64,
    /// What is left of it.
    left: i64,
    /// The code of the reason.
    reason: String,
    /// The key of the message that it is about, where that is known.
    transaction: Option<String>,
    /// `open`, `assigned`, `pending_external`, `resolved`.
    state: String,
    /// Who has it.
    assigned_to: Option<String>,
    /// `low`, `medium`, `high`, `critical`.
    severity: String,
    /// From when on its age counts.
    opened_at: String,
    /// By when something must be done.
    due_at: String,
    /// Until when nothing is done.
    wait_until: Option<String>,
    /// When it was resolved.
    resolved_at: Option<String>,
    /// By what: `matched`, `written_off`, `adjusted`, `explained`, `cured`.
    resolution: Option<String>,
    /// Send it with a change: what has changed meanwhile is then refused and not overwritten.
    version: i32,
    /// The number of the proposal that waits for a decision.
    waiting: Option<i64>,
}

/// A page of breaks.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Breaks {
    /// In the order that was asked for.
    breaks: Vec<BreakListed>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

/// Something that happened to a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Happened {
    /// Its place in the history.
    place: i32,
    /// When.
    at: String,
    /// Who; none: a comparison, or the time.
    by: Option<String>,
    /// `opened`, `assigned`, `commented`, `attached`, `proposed`, `approved`, `rejected`, `taken_back`, `cured` ...
    what: String,
    /// What was said, by names that depend on `what`.
    body: Value,
}

/// What was decided.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseDecided {
    /// `approved` or `rejected`.
    verdict: String,
    /// Who.
    by: String,
    /// When.
    at: String,
    /// Why.
    reason: String,
}

/// An adjustment that the partner's next file is to have.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adjustment {
    /// The alphabetic code of the settlement's currency.
    pub(super) currency: String,
    /// In which direction the amounts are positive: `bank_pays_partner` or `partner_pays_bank`.
    pub(super) stated: String,
    /// What is corrected, by line id or by another reference.
    pub(super) original: String,
    /// The item of the terms; none: an amount by itself.
    pub(super) basis: Option<String>,
    /// Miles, or minor units of the program's currency.
    pub(super) quantity: i64,
    /// Net, in minor units of the currency.
    pub(super) net_minor: i64,
    /// Tax, in minor units of the currency.
    pub(super) vat_minor: i64,
}

/// A proposal about a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseProposed {
    /// Its number.
    id: i64,
    /// `match`, `write_off`, `adjust`, `send_back`, `wait_until`, `explain`, `keep_apart`.
    kind: String,
    /// How much of the case's unit, with the sign of the difference.
    amount: i64,
    /// Until when nothing is done.
    wait_until: Option<String>,
    /// With what it is matched on their side.
    their_ref: String,
    /// With what it is matched on ours.
    our_ref: String,
    /// On which account it is written off.
    account: Option<String>,
    /// The adjustment, if it is one.
    adjustment: Option<Adjustment>,
    /// Why.
    reason: String,
    /// Who.
    by: String,
    /// When.
    at: String,
    /// None: it waits.
    decision: Option<CaseDecided>,
}

/// A file that is kept with a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Attached {
    /// Its place in the history, by which it is fetched.
    place: i32,
    /// Its name.
    name: String,
    /// Its media type.
    media_type: String,
    /// How many bytes it has.
    bytes: i32,
    /// SHA-256, hexadecimal.
    sha256: String,
}

/// A row of the ledger of cases.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Booked {
    /// Its number.
    id: i64,
    /// `write_off`, `adjust`, `match`, `cured`, `none`.
    kind: String,
    /// By which proposal; none: by a comparison.
    proposal: Option<i64>,
    /// How much of the case's unit.
    amount: i64,
    /// `theirs_more`, `ours_more` or `none`.
    direction: String,
    /// The account of a write-off.
    account: Option<String>,
    /// The number of the adjustment in the settlement.
    adjustment: Option<i64>,
    /// When.
    at: String,
}

/// A break with all that belongs to its case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakShown {
    /// As in a list.
    listed: BreakListed,
    /// Side by side: a list of `field`, `ours`, `theirs`, `differs`.
    fields: Value,
    /// Its history, the oldest first.
    events: Vec<Happened>,
    /// Its proposals, the oldest first.
    proposals: Vec<CaseProposed>,
    /// Its files, the oldest first.
    attachments: Vec<Attached>,
    /// What was booked, the oldest first.
    bookings: Vec<Booked>,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let order = CaseOrder {
        sort: match call.asked("sort") {
            Some("amount") => CaseSort::Amount,
            Some("severity") => CaseSort::Severity,
            _ => CaseSort::Age,
        },
        reversed: call.asked("reversed").is_some(),
        after: call.after::<1>()?.map(|[place]| place),
        limit: u32::from(call.limit()?),
    };
    let found = store::cases::list(call.pool(), &filter(&call)?, &order, call.now()).await?;
    let breaks = found.rows.iter().map(|row| listed(&call, row)).collect();
    Answer::ok(&Breaks { breaks, next: found.next.map(|place| call.behind(&[&place])) })
}

fn filter(call: &Call) -> Result<CaseFilter, Problem> {
    let one = |name: &str| call.asked(name).map(str::to_owned);
    let program = match call.asked("program") {
        None => None,
        Some(code) => {
            let found = call.console().programs.iter().find(|program| program.code == code);
            Some(found.ok_or_else(|| Problem::parameter("program", "expected the code of a program"))?.id)
        }
    };
    let partner = match call.asked("partner") {
        None => None,
        Some(code) => {
            let found = call.console().partner_codes.iter().find(|(_, known)| *known == code);
            Some(*found.ok_or_else(|| Problem::parameter("partner", "expected the code of a partner"))?.0)
        }
    };
    // The words of these were looked at when the query was read.
    Ok(CaseFilter {
        states: call.asked("state").and_then(CaseState::parse).into_iter().collect(),
        classes: one("class").into_iter().collect(),
        timing: one("timing"),
        source: one("source"),
        program,
        partner,
        business_date: call.date("date")?,
        owner: call.asked("owner").map(|owner| match owner {
            "nobody" => Owner::Nobody,
            "me" => Owner::Person(call.who().user.clone()),
            name => Owner::Person(name.to_owned()),
        }),
        severity: call.asked("severity").and_then(Severity::parse),
        age: call.asked("age").and_then(AgeBucket::parse),
        unit: one("unit"),
        size_min: call.read("size_min", "a whole number")?,
        size_max: call.read("size_max", "a whole number")?,
        overdue: call.asked("overdue").is_some(),
        waits_for: call.asked("waiting").map(|_| call.who().user.clone()),
        search: one("q"),
        ..CaseFilter::default()
    })
}

pub(super) fn listed(call: &Call, row: &CaseRow) -> BreakListed {
    let program = call.console().programs.iter().find(|program| Some(program.id) == row.program);
    BreakListed {
        id: row.id,
        source: row.source.clone(),
        scope: row.scope.clone(),
        class: row.class.clone(),
        timing: row.timing.clone(),
        program: program.map(|program| program.code.clone()),
        partner: row.partner.map(|id| call.console().partner(id)),
        business_date: row.business_date.to_string(),
        subject: row.subject.clone(),
        unit: row.unit.clone(),
        ours: row.ours,
        theirs: row.theirs,
        difference: row.difference,
        left: row.left,
        reason: row.reason.clone(),
        transaction: row.transaction.map(|transaction| transaction.key.to_string()),
        state: row.state.name().to_owned(),
        assigned_to: row.assigned_to.clone(),
        severity: row.severity.name().to_owned(),
        opened_at: row.opened_at.to_string(),
        due_at: row.due_at.to_string(),
        wait_until: row.wait_until.map(|date| date.to_string()),
        resolved_at: row.resolved.map(|(at, _)| at.to_string()),
        resolution: row.resolved.map(|(_, by)| by.name().to_owned()),
        version: row.version,
        waiting: row.waiting.as_ref().map(|waiting| waiting.id),
    }
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let found = store::cases::show(call.pool(), call.number("id", "break")?).await?;
    let view = found.ok_or_else(|| Problem::not_found("break"))?;
    Answer::ok(&shown(&call, view))
}

fn shown(call: &Call, view: CaseView) -> BreakShown {
    BreakShown {
        listed: listed(call, &view.row),
        fields: view.fields,
        events: view.events.into_iter().map(happened).collect(),
        proposals: view.proposals.into_iter().map(proposed).collect(),
        attachments: view.attachments.into_iter().map(attached).collect(),
        bookings: view.bookings.into_iter().map(booked).collect(),
    }
}

fn happened(event: CaseEventRow) -> Happened {
    let CaseEventRow { place, at, by, what, body } = event;
    Happened { place, at: at.to_string(), by, what, body }
}

fn proposed(row: CaseProposalRow) -> CaseProposed {
    let adjustment = row.adjustment.map(|adjustment| Adjustment {
        currency: money::code(adjustment.currency),
        stated: Direction::name(adjustment.stated).to_owned(),
        original: adjustment.original,
        basis: adjustment.item.basis.map(|basis| basis.name().to_owned()),
        quantity: adjustment.item.quantity,
        net_minor: adjustment.item.net_minor,
        vat_minor: adjustment.item.vat_minor,
    });
    let decision = row.decision.map(|decision| CaseDecided {
        verdict: if decision.approved { "approved" } else { "rejected" }.to_owned(),
        by: decision.by,
        at: decision.at.to_string(),
        reason: decision.reason,
    });
    CaseProposed {
        id: row.id,
        kind: row.kind.name().to_owned(),
        amount: row.amount,
        wait_until: row.wait_until.map(|date| date.to_string()),
        their_ref: row.their_ref,
        our_ref: row.our_ref,
        account: row.account.map(|account| account.name().to_owned()),
        adjustment,
        reason: row.reason,
        by: row.by,
        at: row.at.to_string(),
        decision,
    }
}

fn attached(file: CaseAttachmentRow) -> Attached {
    let CaseAttachmentRow { place, name, media_type, length, sha256 } = file;
    Attached { place, name, media_type, bytes: length, sha256 }
}

fn booked(row: CaseBookingRow) -> Booked {
    Booked {
        id: row.id,
        kind: row.kind.name().to_owned(),
        proposal: row.proposal,
        amount: row.amount,
        direction: row.direction,
        account: row.account.map(|account| account.name().to_owned()),
        adjustment: row.adjustment,
        at: row.at.to_string(),
    }
}

pub(super) async fn attachment(call: Call) -> Result<Answer, Problem> {
    let (id, place) = (call.number("id", "break")?, call.number("place", "attachment")?);
    let found = store::cases::attachment(call.pool(), id, place).await?;
    let (file, bytes) = found.ok_or_else(|| Problem::not_found("attachment"))?;
    Ok(Answer::File { name: file.name, media_type: file.media_type, bytes })
}

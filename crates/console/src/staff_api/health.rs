//! The health of a program, and what the links of banks did.

use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{LATENCY_BOUNDS_MS, LinkMinute, link_spans};

use super::{
    call::{Answer, Call},
    problems::Problem,
};
use crate::{
    pages::health::held,
    queries::health::{self, Counted},
};

/// Business dates whose totals are told.
const DAYS: i64 = 30;
/// Minutes of a span of a link.
const SPAN_MINUTES: i32 = 30;

/// What was counted when the last cycle closed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountedAt {
    /// The business date of that cycle.
    business_date: String,
    /// When it was counted.
    at: String,
    /// Members.
    members: i64,
    /// Members who bought something of late.
    active_members: i64,
    /// Miles that members hold.
    liability_miles: i64,
}

/// Miles that members hold, by month of grant and month of expiry.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LotsOf {
    /// The first day of the month in which they were granted.
    granted: String,
    /// The first day of the month in which they expire; none: they do not.
    expires: Option<String>,
    /// How many.
    miles: i64,
}

/// What a business date came to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DayTotal {
    /// The date.
    business_date: String,
    /// `told`, `given`, `taken`; `counted`: the turnover of all members' cards.
    side: String,
    /// What: `base`, `bonus:bank`, `turnover:3` ...
    subject: String,
    /// Miles, or minor units of the program's currency, as the subject is.
    amount: i64,
}

/// The health of a program.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    /// The program's code.
    program: String,
    /// None before the first cycle was counted; then the lists are empty, too.
    counted: Option<CountedAt>,
    /// By month of grant and month of expiry.
    lots: Vec<LotsOf>,
    /// Of the last 30 business dates.
    totals: Vec<DayTotal>,
}

/// What a link did in a span of time.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkSpan {
    /// The link's code.
    link: String,
    /// When the span begins.
    begin: String,
    /// The most connections that a process had in it.
    connections: i32,
    /// Messages that came.
    messages: i64,
    /// Answers by `bounds_ms`, and one count more for those that took longer.
    answers: Vec<i64>,
}

/// What the links did in the last 24 hours.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Links {
    /// The begin of the first span.
    since: String,
    /// Minutes of a span.
    minutes: i32,
    /// Answers are counted by how long they took: up to so many milliseconds, and longer.
    bounds_ms: Vec<u32>,
    /// The oldest first.
    spans: Vec<LinkSpan>,
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    let program = call.program()?;
    let mut health = Health { program: program.code.clone(), counted: None, lots: vec![], totals: vec![] };
    if let Some(Counted { cycle, sequence, date, at, members, active }) =
        health::last_counted(call.pool(), program.id).await?
    {
        let lots = health::lots(call.pool(), cycle).await?;
        let from = date.checked_sub(Span::new().days(DAYS - 1)).unwrap_or(date);
        let totals = health::day_totals(call.pool(), program.id, (from, date)).await?;
        health.counted = Some(CountedAt {
            business_date: date.to_string(),
            at: at.to_string(),
            members,
            active_members: active,
            liability_miles: held(call.pool(), program.id, sequence, &lots).await?,
        });
        health.lots = lots.iter().map(lots_of).collect();
        health.totals = totals.into_iter().map(total).collect();
    }
    Answer::ok(&health)
}

fn lots_of(lots: &health::Lots) -> LotsOf {
    LotsOf {
        granted: lots.granted.to_string(),
        expires: lots.expires.map(|month| month.to_string()),
        miles: lots.miles,
    }
}

fn total(total: health::DayTotal) -> DayTotal {
    let health::DayTotal { date, side, subject, amount } = total;
    DayTotal { business_date: date.to_string(), side, subject, amount }
}

pub(super) async fn links(call: Call) -> Result<Answer, Problem> {
    // The gateway writes by the clock of its machine, also where business lives on another date.
    let begin = Timestamp::now() - Span::new().hours(24);
    let span = i64::from(SPAN_MINUTES) * 60;
    let since =
        Timestamp::from_second(begin.as_second() - begin.as_second().rem_euclid(span)).unwrap_or(begin);
    let spans = link_spans(call.pool(), since, SPAN_MINUTES).await?;
    let told = |span: LinkMinute| LinkSpan {
        link: span.link,
        begin: span.minute.to_string(),
        connections: span.connections,
        messages: span.messages,
        answers: span.answers,
    };
    Answer::ok(&Links {
        since: since.to_string(),
        minutes: SPAN_MINUTES,
        bounds_ms: LATENCY_BOUNDS_MS.to_vec(),
        spans: spans.into_iter().map(told).collect(),
    })
}

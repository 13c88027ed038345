//! Evidence for people: one page that needs nothing else.

use askama::Template;

use super::{duration_in_words, hexdump};
use crate::{
    report::{CaseResult, Level, Report, Tally, Verdict},
    script::{Check, ShownField, ShownMessage, StepResult},
};

/// The run as a page.
///
/// # Errors
///
/// When the template fails.
pub fn html(report: &Report) -> Result<String, askama::Error> {
    let levels = Level::ALL.map(|level| LevelRow { name: level.as_str(), tally: report.tally(Some(level)) });
    let latencies = report.latencies();
    let latency = |at: usize| latencies.get(at).map_or("none".to_owned(), |one| duration_in_words(*one));
    let page = Page {
        report,
        passed: report.passed(),
        levels: levels.into(),
        answers: latencies.len(),
        fastest: latency(0),
        median: latency(latencies.len() / 2),
        slowest: latency(latencies.len().saturating_sub(1)),
        failures: report.cases.iter().flat_map(failures).collect(),
        cases: report.cases.iter().map(CaseView::new).collect(),
    };
    page.render()
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    passed: bool,
    levels: Vec<LevelRow>,
    answers: usize,
    fastest: String,
    median: String,
    slowest: String,
    failures: Vec<Failure<'a>>,
    cases: Vec<CaseView<'a>>,
}

struct LevelRow {
    name: &'static str,
    tally: Tally,
}

struct Failure<'a> {
    id: &'static str,
    step: &'static str,
    check: &'a Check,
}

fn failures(case: &CaseResult) -> impl Iterator<Item = Failure<'_>> {
    case.failures().map(|(step, check)| Failure { id: case.id, step, check })
}

struct CaseView<'a> {
    case: &'a CaseResult,
    verdict: &'static str,
    skipped: Option<&'a str>,
    steps: Vec<StepView<'a>>,
}

impl<'a> CaseView<'a> {
    fn new(case: &'a CaseResult) -> Self {
        let skipped = match &case.verdict {
            Verdict::Skipped(why) => Some(why.as_str()),
            _ => None,
        };
        let steps = case.steps.iter().map(StepView::new).collect();
        Self { case, verdict: case.verdict.as_str(), skipped, steps }
    }
}

struct StepView<'a> {
    label: &'static str,
    passed: bool,
    latency: String,
    messages: Vec<MessageView<'a>>,
    checks: &'a [Check],
}

impl<'a> StepView<'a> {
    fn new(step: &'a StepResult) -> Self {
        let sent = step.sent.iter().map(|message| MessageView::new("sent", message));
        let received = step.received.iter().map(|message| MessageView::new("received", message));
        Self {
            label: step.label,
            passed: step.passed(),
            latency: step.latency.map(duration_in_words).unwrap_or_default(),
            messages: sent.chain(received).collect(),
            checks: &step.checks,
        }
    }
}

struct MessageView<'a> {
    direction: &'static str,
    summary: &'a str,
    dump: String,
    fields: &'a [ShownField],
    problem: Option<&'a str>,
}

impl<'a> MessageView<'a> {
    fn new(direction: &'static str, message: &'a ShownMessage) -> Self {
        Self {
            direction,
            summary: &message.summary,
            dump: hexdump(&message.bytes),
            fields: &message.fields,
            problem: message.problem.as_deref(),
        }
    }
}

//! Evidence for programs.

use serde_json::{Value, json};

use super::hexdump;
use crate::{
    report::{CaseResult, Level, Report, Tally, Verdict},
    script::{Check, ShownMessage, StepResult},
};

/// The run as JSON. Latencies are in microseconds.
#[must_use]
pub fn json(report: &Report) -> String {
    let run = &report.run;
    let levels = Level::ALL.map(|level| (level.as_str().to_owned(), tally(report.tally(Some(level)))));
    let value = json!({
        "pack": run.pack,
        "gateway": run.gateway,
        "dialect": run.wire.dialect,
        "version": run.wire.version,
        "framing": run.wire.framing,
        "header": run.wire.header,
        "mac": run.wire.mac,
        "agreed": run.agreed,
        "seed": run.seed,
        "at": run.at.to_string(),
        "started": run.started.to_string(),
        "verdict": if report.passed() { "passed" } else { "failed" },
        "summary": serde_json::Map::from_iter(levels),
        "cases": report.cases.iter().map(case).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn tally(tally: Tally) -> Value {
    json!({ "passed": tally.passed, "failed": tally.failed, "skipped": tally.skipped })
}

fn case(case: &CaseResult) -> Value {
    let skipped = match &case.verdict {
        Verdict::Skipped(why) => Some(why),
        _ => None,
    };
    json!({
        "id": case.id,
        "title": case.title,
        "purpose": case.purpose,
        "level": case.level.as_str(),
        "section": case.section,
        "verdict": case.verdict.as_str(),
        "skipped_because": skipped,
        "steps": case.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn step(step: &StepResult) -> Value {
    json!({
        "step": step.label,
        "verdict": if step.passed() { "passed" } else { "failed" },
        "latency_us": step.latency.map(|latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)),
        "sent": step.sent.as_ref().map(message),
        "received": step.received.as_ref().map(message),
        "checks": step.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn message(message: &ShownMessage) -> Value {
    let fields = message.fields.iter().map(|field| {
        json!({ "element": field.element, "name": field.name, "offset": field.offset, "value": field.value })
    });
    json!({
        "summary": message.summary,
        "hexdump": hexdump(&message.bytes).lines().collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
        "problem": message.problem,
    })
}

fn check(check: &Check) -> Value {
    json!({
        "field": check.field,
        "expected": check.expected,
        "found": check.found,
        "passed": check.passed,
    })
}

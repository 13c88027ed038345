//! `case show` and `case sums`.

use clap::Args;
use domain::case::WriteOffAccount;
use serde_json::{Value, json};
use store::cases::{self, CaseEventRow, CaseProposalRow, CaseSums, CaseView};

use super::{found, list::case_json};
use crate::{
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// Arguments of `case show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the case.
    case: i64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let view = found(&assembly, args.case).await?;
    let case = case_json(&assembly, &view.row, assembly.clock.now());
    if args.json {
        println!("{}", with_history(case, &view));
        return Ok(());
    }
    if let Value::Object(facts) = &case {
        for (name, value) in facts.iter().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            println!("{name:.<20} {text}");
        }
    }
    let side =
        |field: &Value, name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for field in view.fields.as_array().into_iter().flatten() {
        let mark =
            if field.get("differs").and_then(Value::as_bool) == Some(true) { "  <- differs" } else { "" };
        println!(
            "  {}: ours {}  theirs {}{mark}",
            side(field, "field"),
            side(field, "ours"),
            side(field, "theirs")
        );
    }
    for event in &view.events {
        println!("{}", event_line(event));
    }
    for booking in &view.bookings {
        println!("booked {}: {} {} {}", booking.at, booking.kind.name(), booking.amount, view.row.unit);
    }
    Ok(())
}

fn event_line(event: &CaseEventRow) -> String {
    let by = event.by.as_deref().unwrap_or("-");
    format!("{}  {}  {by}  {}  {}", event.place, event.at, event.what, event.body)
}

fn with_history(mut case: Value, view: &CaseView) -> Value {
    let events: Vec<Value> = view.events.iter().map(event_json).collect();
    let bookings = view.bookings.iter().map(|row| {
        json!({
            "kind": row.kind.name(), "amount": row.amount, "direction": row.direction, "proposal": row.proposal,
            "run": row.run, "account": row.account.map(WriteOffAccount::name), "adjustment": row.adjustment,
            "cycle": row.adjusted_in.map(|cycle| cycle.0), "booked_at": row.at.to_string(),
        })
    });
    let attachments = view.attachments.iter().map(|row| {
        json!({
            "place": row.place, "name": row.name, "media_type": row.media_type, "bytes": row.length,
            "sha256": row.sha256,
        })
    });
    if let Value::Object(facts) = &mut case {
        facts.insert("fields".to_owned(), view.fields.clone());
        facts.insert("stated".to_owned(), json!(view.stated.map(domain::settlement::Direction::name)));
        facts.insert("history".to_owned(), Value::Array(events));
        facts.insert("proposals".to_owned(), view.proposals.iter().map(proposal_json).collect());
        facts.insert("bookings".to_owned(), bookings.collect());
        facts.insert("attachments".to_owned(), attachments.collect());
    }
    case
}

fn event_json(event: &CaseEventRow) -> Value {
    json!({
        "place": event.place, "at": event.at.to_string(), "by": event.by, "what": event.what, "body": event.body,
    })
}

fn proposal_json(row: &CaseProposalRow) -> Value {
    let decision = row.decision.as_ref().map(|decision| {
        json!({
            "approved": decision.approved, "by": decision.by, "at": decision.at.to_string(), "reason": decision.reason,
        })
    });
    let adjustment = row.adjustment.as_ref().map(|it| {
        json!({
            "currency": it.currency.0, "direction": it.stated.name(), "original": it.original,
            "item": it.item.basis.map(domain::settlement::Basis::name), "quantity": it.item.quantity,
            "net_minor": it.item.net_minor, "vat_minor": it.item.vat_minor,
        })
    });
    json!({
        "proposal": row.id, "kind": row.kind.name(), "amount": row.amount,
        "wait_until": row.wait_until.map(|date| date.to_string()), "their_ref": row.their_ref, "our_ref": row.our_ref,
        "account": row.account.map(WriteOffAccount::name), "adjustment": adjustment, "reason": row.reason,
        "by": row.by, "at": row.at.to_string(), "decision": decision,
    })
}

/// Arguments of `case sums`.
#[derive(Debug, Args)]
pub struct SumsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn sums(args: &SumsArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let all = cases::sums(&assembly.pool).await?;
    match args.json {
        true => println!("{}", all.iter().map(sums_json).collect::<Value>()),
        false => all.iter().for_each(|sums| println!("{}", sums_line(sums))),
    }
    match all.iter().find(|sums| !sums.hold()) {
        None => Ok(()),
        Some(sums) => {
            let text = format!("the sums of {} do not hold, {} cases are off", sums.unit, sums.cases_off);
            Err(AnswerIsNo(text).into())
        }
    }
}

fn sums_line(sums: &CaseSums) -> String {
    let CaseSums {
        unit, cases, unresolved, differences, left, written_off, adjusted, matched, cured, ..
    } = sums;
    format!(
        "{unit}  differences {differences} = left {left} + written off {written_off} + adjusted {adjusted} + matched \
         {matched} + cured {cured}  ({cases} cases, {unresolved} not resolved)"
    )
}

/// Sums can need more digits than a JSON number surely has.
fn sums_json(sums: &CaseSums) -> Value {
    json!({
        "unit": sums.unit, "cases": sums.cases, "unresolved": sums.unresolved,
        "differences": sums.differences.to_string(), "left": sums.left.to_string(),
        "written_off": sums.written_off.to_string(), "adjusted": sums.adjusted.to_string(),
        "matched": sums.matched.to_string(), "cured": sums.cured.to_string(), "exposure": sums.exposure.to_string(),
        "holds": sums.hold(),
    })
}

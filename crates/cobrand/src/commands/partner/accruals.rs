//! `partner accruals`.

use clap::Args;
use domain::{HeldReason, LineState, RejectCode};
use serde_json::{Value, json};
use store::WaitingLine;

use super::programs;
use crate::{
    assembly::LoadedProgram,
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// Arguments of `partner accruals`.
#[derive(Debug, Args)]
pub struct AccrualsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only this partner's.
    #[arg(long)]
    partner: Option<String>,
    /// How many of the lines that wait are shown, oldest first.
    #[arg(long, default_value_t = 10)]
    waiting: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn accruals(args: &AccrualsArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let mut shown: Vec<Value> = Vec::new();
    for loaded in programs(&assembly, None)? {
        let partner = partner_of(loaded);
        if args.partner.as_ref().is_some_and(|wanted| *wanted != partner) {
            continue;
        }
        let sums = store::accruals_by_state(&assembly.pool, loaded.setup.id).await?;
        let waiting = store::accruals_waiting(&assembly.pool, loaded.setup.id, args.waiting).await?;
        let states = sums.iter().map(|sums| {
            json!({ "state": sums.state.name(), "lines": sums.lines, "miles": sums.miles,
                    "oldest": sums.oldest.to_string() })
        });
        shown.push(json!({
            "program": loaded.setup.code, "partner": partner,
            "states": states.collect::<Vec<_>>(),
            "waiting": waiting.iter().map(line_json).collect::<Vec<_>>(),
        }));
        if args.json {
            continue;
        }
        println!("{} at {partner}", loaded.setup.code);
        for sums in &sums {
            let (state, oldest) = (sums.state.name(), sums.oldest);
            println!("  {state:<12} {:>8} lines {:>12} miles   oldest {oldest}", sums.lines, sums.miles);
        }
        for line in &waiting {
            let WaitingLine { id, activity_date, miles, .. } = line;
            println!("  {id}  {activity_date}  {miles} miles: {}", next_step(line));
        }
    }
    if shown.is_empty() {
        let partner = args.partner.as_deref().unwrap_or_default();
        return Err(AnswerIsNo(format!("{partner:?} keeps the miles of no program")).into());
    }
    if args.json {
        println!("{}", json!({ "programs": shown }));
    }
    Ok(())
}

fn partner_of(loaded: &LoadedProgram) -> String {
    loaded.setup.partner_codes.get(&loaded.setup.cobrand_partner).cloned().unwrap_or_default()
}

fn line_json(line: &WaitingLine) -> Value {
    json!({
        "line": line.id, "state": line.state.name(), "reason": line.reason, "miles": line.miles,
        "member_number": line.member_number, "activity_date": line.activity_date.to_string(),
        "file": line.file, "next_step": next_step(line),
    })
}

/// What a person, or nobody, must do for the line to go on.
fn next_step(line: &WaitingLine) -> String {
    let correct = |what: &str| format!("correct it: cobrand partner member --line {} {what}", line.id);
    match line.state {
        LineState::Held => match HeldReason::parse(&line.reason) {
            Some(HeldReason::NoMemberNumber) => correct("--number NUMBER"),
            Some(HeldReason::MemberToBeCorrected) => "waits until its member is corrected".to_owned(),
            Some(HeldReason::OriginalNotAnswered) => "waits for the answer to what it takes back".to_owned(),
            None => {
                "goes out within 15 s where serve or settle runs, or with cobrand partner send".to_owned()
            }
        },
        LineState::Sent => {
            format!("waits for the hand-back of file {}", line.file.unwrap_or_default())
        }
        _ => match RejectCode::parse(&line.reason) {
            Some(RejectCode::UnknownMember) => correct("--number NUMBER"),
            Some(RejectCode::NameMismatch) => correct("--name-check LETTERS"),
            _ => "is not booked yet: give its hand-back again".to_owned(),
        },
    }
}

//! `simulate`: named scenarios against a gateway.

use std::path::PathBuf;

use bank_simulator::{
    Case,
    certification::run,
    evidence::{duration_in_words, json, junit},
    report::{CaseResult, Verdict},
    scenario,
    script::StepResult,
};
use clap::{Args, builder::PossibleValuesParser};

use super::bank_side::{BankSideArgs, advice};
use crate::cli::AnswerIsNo;

/// Plays named scenarios against a gateway, as a bank.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Tells the scenarios and ends.
    #[arg(long)]
    list: bool,
    /// A scenario, or `all`; may be given several times.
    #[arg(long, default_value = "purchase", value_parser = PossibleValuesParser::new(names()))]
    scenario: Vec<String>,
    /// Prints JSON in place of the transcript.
    #[arg(long)]
    json: bool,
    /// Also writes JUnit XML into this file.
    #[arg(long)]
    junit: Option<PathBuf>,
    #[command(flatten)]
    bank: BankSideArgs,
}

const ALL: &str = "all";

fn names() -> Vec<&'static str> {
    std::iter::once(ALL).chain(scenario::all().iter().map(|scenario| scenario.id)).collect()
}

/// Runs the command.
pub async fn simulate(args: SimulateArgs) -> anyhow::Result<()> {
    if args.list {
        list(args.json);
        return Ok(());
    }
    let bank = args.bank.connect("scenarios").await?;
    let chosen: Vec<Case> = if args.scenario.iter().any(|name| name == ALL) {
        scenario::all()
    } else {
        args.scenario.iter().filter_map(|name| scenario::named(name)).collect()
    };
    let (target, mut composer) = (bank.target, bank.composer);
    let told = |case: &CaseResult| {
        if !args.json {
            tell(case);
        }
    };
    let report = run(&chosen, &target, &mut composer, bank.run, told).await;
    if args.json {
        print!("{}", json(&report));
    } else if let Some(advice) = advice(&report) {
        println!("hint: {advice}");
    }
    if let Some(path) = &args.junit {
        std::fs::write(path, junit(&report))
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    }
    let tally = report.tally(None);
    if tally.failed > 0 {
        let answer = format!("{} of {} scenarios failed", tally.failed, report.cases.len());
        return Err(AnswerIsNo(answer).into());
    }
    Ok(())
}

fn list(as_json: bool) {
    if as_json {
        let scenarios = scenario::all().into_iter().map(|scenario| {
            let messages = scenario::messages(&scenario);
            serde_json::json!({ "name": scenario.id, "purpose": scenario.purpose, "messages": messages })
        });
        println!("{:#}", serde_json::Value::from_iter(scenarios));
        return;
    }
    for scenario in scenario::all() {
        println!("{:<29} {}", scenario.id, scenario.purpose);
        println!("{:<29} {}", "", scenario::messages(&scenario));
    }
}

/// The transcript of a scenario.
fn tell(case: &CaseResult) {
    println!("{}: {}", case.id, case.purpose);
    case.steps.iter().for_each(tell_step);
    match &case.verdict {
        Verdict::Skipped(why) => println!("{}: skipped, {why}\n", case.id),
        verdict => println!("{}: {}\n", case.id, verdict.as_str()),
    }
}

fn tell_step(step: &StepResult) {
    let latency = step.latency.map(|latency| format!(", {}", duration_in_words(latency))).unwrap_or_default();
    println!("  {}: {}{latency}", step.label, if step.passed() { "passed" } else { "FAILED" });
    for (arrow, message) in [("->", &step.sent), ("<-", &step.received)] {
        if let Some(message) = message {
            println!("    {arrow} {}", message.summary);
        }
    }
    step.failures().for_each(|check| println!("    ! {check}"));
}

//! `certify`: a pack of cases against a gateway, with evidence.

use std::path::PathBuf;

use bank_simulator::{
    certification::{Pack, run},
    evidence::{self, duration_in_words, json},
    report::{CaseResult, Level, Report, Verdict},
};
use clap::{Args, builder::PossibleValuesParser};

use super::bank_side::{BankSideArgs, advice};
use crate::cli::{AnswerIsNo, WrongUse};

/// Runs the cases of a pack against a gateway, as a bank, and writes evidence.
#[derive(Debug, Args)]
pub struct CertifyArgs {
    /// Tells the cases of the pack and ends.
    #[arg(long)]
    list: bool,
    /// The pack.
    #[arg(long, default_value = "standard", value_parser = PossibleValuesParser::new(Pack::NAMES))]
    pack: String,
    /// Only the case with this id; may be given several times.
    #[arg(long)]
    case: Vec<String>,
    /// The folder for report.html, junit.xml, evidence.json and SHA256SUMS.
    #[arg(long, required_unless_present = "list")]
    out: Option<PathBuf>,
    /// Prints the evidence as JSON in place of the list.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    bank: BankSideArgs,
}

/// Runs the command.
pub async fn certify(args: CertifyArgs) -> anyhow::Result<()> {
    let pack = chosen(&args)?;
    if args.list {
        list(&pack, args.json);
        return Ok(());
    }
    let bank = args.bank.connect(pack.name).await?;
    let mut composer = bank.composer;
    let told = |case: &CaseResult| {
        if !args.json {
            tell(case);
        }
    };
    let report = run(&pack.cases, &bank.target, &mut composer, bank.run, told).await;
    if let Some(out) = &args.out {
        evidence::write(&report, out)?;
    }
    if args.json {
        print!("{}", json(&report));
    } else {
        summarize(&report, args.out.as_ref());
    }
    if report.passed() {
        return Ok(());
    }
    let failed = report.tally(None).failed;
    Err(AnswerIsNo(format!("{failed} of {} cases failed", report.cases.len())).into())
}

fn chosen(args: &CertifyArgs) -> anyhow::Result<Pack> {
    let pack = Pack::named(&args.pack).unwrap_or_else(Pack::standard);
    if args.case.is_empty() {
        return Ok(pack);
    }
    if let Some(unknown) = args.case.iter().find(|id| !pack.cases.iter().any(|case| case.id == **id)) {
        let text = format!("--case {unknown}: the pack {} has no such case; see --list", pack.name);
        return Err(WrongUse(text).into());
    }
    Ok(pack.only(&args.case))
}

fn list(pack: &Pack, as_json: bool) {
    if as_json {
        let cases = pack.cases.iter().map(|case| {
            serde_json::json!({
                "id": case.id, "title": case.title, "purpose": case.purpose,
                "level": case.level.as_str(), "section": case.section,
            })
        });
        println!("{:#}", serde_json::Value::from_iter(cases));
        return;
    }
    println!("{}: {}", pack.name, pack.purpose);
    for case in &pack.cases {
        println!("{:<7} {:<12} {}: {}", case.id, case.level.as_str(), case.title, case.purpose);
    }
}

fn tell(case: &CaseResult) {
    let (verdict, level) = (case.verdict.as_str(), case.level.as_str());
    let line = format!("{verdict:<8} {:<7} {level:<12} {}", case.id, case.title);
    match &case.verdict {
        Verdict::Skipped(why) => println!("{line}\n         {why}"),
        _ => println!("{line} ({})", duration_in_words(case.took)),
    }
    case.failures().for_each(|(step, check)| println!("         {step}: {check}"));
}

fn summarize(report: &Report, out: Option<&PathBuf>) {
    let verdict = if report.passed() { "passed" } else { "failed" };
    println!("\n{}: {verdict}", report.run.pack);
    let wire = &report.run.wire;
    println!("dialect {}, framing {}, header {}, MAC {}", wire.dialect, wire.framing, wire.header, wire.mac);
    println!("stated {}", report.run.agreed);
    for level in Level::ALL {
        let tally = report.tally(Some(level));
        println!(
            "{:<12} {} passed, {} failed, {} skipped",
            level.as_str(),
            tally.passed,
            tally.failed,
            tally.skipped
        );
    }
    let latencies = report.latencies();
    if let (Some(median), Some(slowest)) = (latencies.get(latencies.len() / 2), latencies.last()) {
        let (median, slowest) = (duration_in_words(*median), duration_in_words(*slowest));
        println!("{} answers: median {median}, slowest {slowest}", latencies.len());
    }
    if let Some(advice) = advice(report) {
        println!("hint: {advice}");
    }
    if let Some(out) = out {
        println!("evidence: {}", out.join("report.html").display());
    }
}

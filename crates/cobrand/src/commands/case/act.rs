//! Assign, comment, attach, decide, take back.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use console::Deed;
use domain::case::{ATTACHMENT_BYTES_MAX, CaseRefusal, CaseState};
use serde_json::json;
use store::cases::{self, Assigned, CaseDecision, CaseStep, WaitingProposal};

use super::{OneCase, done, found, words};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, staff::StaffArgs},
};

/// Arguments of `case assign`.
#[derive(Debug, Args)]
pub struct AssignArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The numbers of the cases.
    #[arg(required = true)]
    cases: Vec<i64>,
    /// To whom: a name of the staff.
    #[arg(long, required_unless_present = "nobody", conflicts_with = "nobody")]
    to: Option<String>,
    /// Back to nobody.
    #[arg(long)]
    nobody: bool,
    #[command(flatten)]
    staff: StaffArgs,
}

pub(super) async fn assign(args: &AssignArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let by = args.staff.authenticate(&assembly, Deed::WorkCases).await?;
    let asked: Vec<_> = args.cases.iter().map(|case| (*case, None)).collect();
    let step = (by, assembly.clock.now());
    match done(cases::assign(&assembly.pool, &asked, args.to.as_deref(), step).await)? {
        Assigned::All(number) => {
            println!("{number} assigned to {}", args.to.as_deref().unwrap_or("nobody"));
            Ok(())
        }
        Assigned::None(refusals) => {
            let named = refusals.iter().map(|(case, refusal)| format!("case {case}: {}", words(*refusal)));
            Err(AnswerIsNo(format!("{}; nothing was done", named.collect::<Vec<_>>().join("; "))).into())
        }
    }
}

impl OneCase {
    /// The parts, and who does it, if a role of his is trusted with it.
    pub(super) async fn begin(&self, deed: Deed) -> anyhow::Result<(Assembly, CaseStep<'_>)> {
        let assembly = assemble(&self.config).await?;
        let by = self.staff.authenticate(&assembly, deed).await?;
        let step = CaseStep { case: self.case, version: self.version, by, at: assembly.clock.now() };
        Ok((assembly, step))
    }
}

/// Arguments of `case comment`.
#[derive(Debug, Args)]
pub struct CommentArgs {
    #[command(flatten)]
    one: OneCase,
    /// What is said; kept for good. Never a card number.
    #[arg(long)]
    text: String,
}

pub(super) async fn comment(args: &CommentArgs) -> anyhow::Result<()> {
    let (assembly, step) = args.one.begin(Deed::WorkCases).await?;
    let place = done(cases::comment(&assembly.pool, &step, &args.text).await)?;
    println!("case {}: line {place} of its history", step.case);
    Ok(())
}

/// Arguments of `case attach`.
#[derive(Debug, Args)]
pub struct AttachArgs {
    #[command(flatten)]
    one: OneCase,
    /// The file: txt, csv, json, xml, pdf, png, jpg or xlsx, at most 5 MiB.
    #[arg(long)]
    file: PathBuf,
    /// The name under which it is kept; by itself its own.
    #[arg(long)]
    name: Option<String>,
}

pub(super) async fn attach(args: &AttachArgs) -> anyhow::Result<()> {
    let path = args.file.display();
    let length = std::fs::metadata(&args.file).with_context(|| format!("{path} cannot be read"))?.len();
    if usize::try_from(length).unwrap_or(usize::MAX) > ATTACHMENT_BYTES_MAX {
        let text =
            format!("{path} has {length} bytes, at most {ATTACHMENT_BYTES_MAX} are kept; nothing was done");
        return Err(AnswerIsNo(text).into());
    }
    let bytes = std::fs::read(&args.file).with_context(|| format!("{path} cannot be read"))?;
    let own = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = args.name.as_ref().unwrap_or(&own);
    let (assembly, step) = args.one.begin(Deed::WorkCases).await?;
    let place = done(cases::attach(&assembly.pool, &step, name, &bytes).await)?;
    println!("case {}: line {place} of its history, {name}", step.case);
    Ok(())
}

/// Arguments of `case decide`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    one: OneCase,
    /// Agrees with the proposal that waits.
    #[arg(long, required_unless_present = "refuse", conflicts_with = "refuse")]
    approve: bool,
    /// Refuses it: another one can be made.
    #[arg(long)]
    refuse: bool,
    /// The number of the proposal; by itself the one that waits.
    #[arg(long)]
    proposal: Option<i64>,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

async fn the_waiting(assembly: &Assembly, case: i64, said: Option<i64>) -> anyhow::Result<WaitingProposal> {
    let waiting = found(assembly, case).await?.row.waiting;
    match waiting.filter(|waiting| said.is_none_or(|said| said == waiting.id)) {
        Some(waiting) => Ok(waiting),
        None => Err(AnswerIsNo(format!("{}; nothing was done", words(CaseRefusal::NothingProposed))).into()),
    }
}

pub(super) async fn decide(args: &DecideArgs) -> anyhow::Result<()> {
    let (assembly, step) = args.one.begin(Deed::DecideCases).await?;
    let waiting = the_waiting(&assembly, step.case, args.proposal).await?;
    let decision = CaseDecision { proposal: waiting.id, approves: args.approve, reason: &args.reason };
    let decided = done(cases::decide(&assembly.pool, &step, &decision).await)?;
    let (case, state, left) = (step.case, decided.after.state, decided.after.left);
    if args.json {
        let booked =
            decided.after.booking.map(|(kind, amount)| json!({ "kind": kind.name(), "amount": amount }));
        let told = json!({
            "case": case, "proposal": waiting.id, "approved": args.approve, "state": state.name(), "left": left,
            "booked": booked, "adjustment": decided.adjustment,
        });
        println!("{told}");
        return Ok(());
    }
    let kind = waiting.kind.name();
    match (args.approve, state) {
        (false, _) => println!("{kind} is refused: case {case} is {}, {left} is left", state.name()),
        (true, CaseState::Resolved) => println!("{kind} is approved and booked: case {case} is resolved"),
        (true, _) => {
            println!("{kind} is approved and booked: case {case} is {}, {left} is left", state.name())
        }
    }
    if let Some(adjustment) = decided.adjustment {
        println!("the next close takes adjustment {adjustment} into the partner's file");
    }
    Ok(())
}

/// Arguments of `case take-back`.
#[derive(Debug, Args)]
pub struct TakeBackArgs {
    #[command(flatten)]
    one: OneCase,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
}

pub(super) async fn take_back(args: &TakeBackArgs) -> anyhow::Result<()> {
    if args.reason.trim().is_empty() {
        return Err(WrongUse("--reason must say something".to_owned()).into());
    }
    let (assembly, step) = args.one.begin(Deed::WorkCases).await?;
    let waiting = the_waiting(&assembly, step.case, None).await?;
    done(cases::take_back(&assembly.pool, &step, waiting.id, &args.reason).await)?;
    println!("proposal {} is taken back", waiting.id);
    Ok(())
}

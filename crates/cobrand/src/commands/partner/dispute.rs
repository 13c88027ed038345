//! `partner dispute`: lines that a receiver disputes, and what two people decide about them.

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::{AdjustedItem, correction, sums};
use serde_json::{Value, json};
use store::{DisputeRow, NewAdjustment};

use super::adjust::{AmountArgs, currency_code, decide_about, items_json, partner_code, said, step};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, staff::StaffArgs},
};

/// So many are listed if nothing else is said.
const LISTED: u32 = 100;

/// Disputed lines.
#[derive(Debug, Subcommand)]
pub enum DisputeCommand {
    /// Those that wait for a person, the oldest first.
    List(ListArgs),
    /// Proposes to correct a line in the next file, or to leave it as it is. Another person must agree.
    Propose(Box<ProposeArgs>),
    /// Agrees with what somebody else has proposed, or refuses it.
    Decide(DecideArgs),
}

/// Arguments of `partner dispute list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Also those that are decided.
    #[arg(long)]
    all: bool,
    /// How many.
    #[arg(long, default_value_t = LISTED)]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `partner dispute propose`.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the dispute.
    dispute: i64,
    /// The receiver is right: the line is corrected so that it becomes what the receiver has, or by the amounts that are said.
    #[arg(long, required_unless_present = "leave", conflicts_with = "leave")]
    correct: bool,
    /// The line stands as it was sent.
    #[arg(long)]
    leave: bool,
    #[command(flatten)]
    amounts: AmountArgs,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `partner dispute decide`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the dispute.
    dispute: i64,
    /// Agrees with the proposal that waits.
    #[arg(long, required_unless_present = "refuse", conflicts_with = "refuse")]
    approve: bool,
    /// Refuses it: the dispute is open again.
    #[arg(long)]
    refuse: bool,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
}

impl DisputeCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(args) => list(&args).await,
            Self::Propose(args) => propose(&args).await,
            Self::Decide(args) => decide(&args).await,
        }
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let disputes = store::disputes(&assembly.pool, !args.all, args.limit).await?;
    if args.json {
        let all: Vec<Value> = disputes.iter().map(|dispute| dispute_json(&assembly, dispute)).collect();
        println!("{}", Value::Array(all));
        return Ok(());
    }
    for dispute in &disputes {
        let DisputeRow { id, line, code, state, receiver, reference, .. } = dispute;
        let (net, vat) = sums(&dispute.ours)?;
        let theirs = match dispute.theirs {
            Some((net, vat)) => format!("net {net} tax {vat}"),
            None => "no amounts".to_owned(),
        };
        let (code, state) = (code.name(), state.name());
        println!(
            "{id}  {state}  {receiver}  {line}  {code}  ours net {net} tax {vat}  theirs {theirs}  {reference}"
        );
    }
    Ok(())
}

async fn found(assembly: &Assembly, id: i64) -> anyhow::Result<DisputeRow> {
    match store::dispute(&assembly.pool, id).await? {
        Some(dispute) => Ok(dispute),
        None => bail!(AnswerIsNo(format!("there is no dispute {id}: see `cobrand partner dispute list`"))),
    }
}

/// What is added to the line: as it was said, or what makes it what the receiver has.
fn items(args: &ProposeArgs, dispute: &DisputeRow) -> anyhow::Result<Vec<AdjustedItem>> {
    let said = args.amounts.item()?;
    if args.leave {
        return match said {
            None => Ok(Vec::new()),
            Some(_) => Err(WrongUse("--leave adds nothing: give no amounts".to_owned()).into()),
        };
    }
    if let Some(item) = said {
        return Ok(vec![item]);
    }
    let items = correction(&dispute.ours, dispute.code, dispute.theirs)?;
    match items.is_empty() {
        false => Ok(items),
        true => Err(WrongUse(
            "the receiver has said no amounts that differ from ours: say them with --item, --quantity, --net and --vat"
                .to_owned(),
        )
        .into()),
    }
}

async fn propose(args: &ProposeArgs) -> anyhow::Result<()> {
    said("--reason", &args.reason)?;
    let assembly = assemble(&args.config).await?;
    let dispute = found(&assembly, args.dispute).await?;
    let items = items(args, &dispute)?;
    let by = args.staff.authenticate(&assembly, console::Deed::ProposeAdjustments).await?;
    let new = NewAdjustment {
        dispute: Some(dispute.id),
        program: dispute.program,
        partner: dispute.partner,
        currency: dispute.currency,
        stated: dispute.stated,
        original: &dispute.line,
        items: &items,
        reason: &args.reason,
        by,
        at: assembly.clock.now(),
    };
    let id = step(store::propose_adjustment(&assembly.pool, &new).await?)?;
    match args.json {
        true => println!("{}", json!({ "proposal": id, "items": items_json(&items) })),
        false => {
            let (net, vat) = sums(&items)?;
            println!("proposal {id}: net {net} and tax {vat} are added; somebody else must agree");
        }
    }
    Ok(())
}

async fn decide(args: &DecideArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let dispute = found(&assembly, args.dispute).await?;
    let Some(proposal) = dispute.proposal else {
        bail!(AnswerIsNo(format!("nobody has proposed anything about dispute {}", dispute.id)))
    };
    let done = decide_about(&assembly, proposal, args.approve, &args.reason, &args.staff).await?;
    println!("{done}");
    Ok(())
}

fn dispute_json(assembly: &Assembly, dispute: &DisputeRow) -> Value {
    json!({
        "dispute": dispute.id, "state": dispute.state.name(), "receiver": dispute.receiver, "line": dispute.line,
        "sequence": dispute.file_sequence, "revision": dispute.revision, "code": dispute.code.name(),
        "net_minor": dispute.theirs.map(|(net, _)| net), "vat_minor": dispute.theirs.map(|(_, vat)| vat),
        "reference": dispute.reference, "partner": partner_code(assembly, dispute.partner),
        "currency": currency_code(dispute.currency), "direction": dispute.stated.name(),
        "ours": items_json(&dispute.ours), "received_at": dispute.received_at.to_string(),
        "proposal": dispute.proposal,
    })
}

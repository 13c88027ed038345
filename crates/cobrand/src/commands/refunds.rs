//! `refunds`: refunds that came without their purchase, and what staff decide about them.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use console::{RefundChoice, RefundDeskError, RefundKey};
use domain::{MessageKey, RefundCandidate, RefundDecisionId};
use serde_json::{Value, json};
use store::{LoneRefund, RefundLook};

use super::{assemble, staff::StaffArgs};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
};

/// So many refunds are listed if nothing else is said.
const LISTED: u16 = 100;

/// Refunds that came without their purchase.
#[derive(Debug, Subcommand)]
pub enum RefundsCommand {
    /// Those that wait for a person, oldest first, with the purchases that they may take back.
    List(ListArgs),
    /// Decides that a refund takes back a purchase of its account, and books it.
    Match(MatchArgs),
    /// Decides that a refund stands alone: no purchase is taken back.
    Leave(DecisionArgs),
}

/// Arguments of `refunds list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How many.
    #[arg(long, default_value_t = LISTED)]
    limit: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `refunds match`.
#[derive(Debug, Args)]
pub struct MatchArgs {
    #[command(flatten)]
    decision: DecisionArgs,
    /// The purchase, as the list names it.
    #[arg(long)]
    purchase: String,
}

/// What every decision says.
#[derive(Debug, Args)]
pub struct DecisionArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The refund, as the list names it: `bucket/key`.
    refund: String,
    /// Why; kept with the decision. Never a card number.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl RefundsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(ListArgs { config, limit, json }) => list(&config, limit, json).await,
            Self::Match(MatchArgs { decision, purchase }) => {
                let key = MessageKey::parse(&purchase).ok_or_else(|| {
                    WrongUse(format!("--purchase {purchase:?} is no key: 48 hexadecimal digits, as listed"))
                })?;
                Box::pin(decide(decision, RefundChoice::Purchase(key))).await
            }
            Self::Leave(decision) => Box::pin(decide(decision, RefundChoice::Alone)).await,
        }
    }
}

async fn list(config: &ConfigArgs, limit: u16, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let now = assembly.clock.now();
    let mut shown = Vec::new();
    for refund in console::refunds_waiting(&assembly.pool, now, None, limit).await? {
        let look = store::look_at_refund(&assembly.pool, &refund).await?;
        match as_json {
            true => shown.push(refund_json(&refund, &look)),
            false => print!("{}", in_words(&refund, &look)),
        }
    }
    if as_json {
        println!("{}", Value::Array(shown));
    }
    Ok(())
}

fn plausible(look: &RefundLook) -> impl Iterator<Item = &RefundCandidate> {
    look.likenesses.iter().map(|(candidate, _)| candidate).filter(|candidate| candidate.is_plausible())
}

fn in_words(refund: &LoneRefund, look: &RefundLook) -> String {
    let (at, merchant) = (&refund.at.purchase, &refund.at.merchant);
    let (key, account) = (RefundKey::of(refund), refund.place.member.account);
    let found = if refund.is_decided { "decided" } else { look.verdict.name() };
    let mut text = format!(
        "{key}  {}  {} minor units of {}  {}  account {account}  {found}\n",
        at.date, at.refunded_minor, at.currency, merchant.card_acceptor
    );
    for one in plausible(look) {
        let waits = if one.awaits_clearing { ", not cleared yet" } else { "" };
        text.push_str(&format!(
            "    {}  {}  left {}  score {}: {}{waits}\n",
            one.purchase,
            one.date,
            one.left_minor,
            one.parts.score(),
            one.parts.to_text()
        ));
    }
    text
}

fn refund_json(refund: &LoneRefund, look: &RefundLook) -> Value {
    let (at, merchant) = (&refund.at.purchase, &refund.at.merchant);
    let candidate = |one: &RefundCandidate| {
        json!({
            "purchase": one.purchase.to_string(),
            "date": one.date.to_string(),
            "left_minor": one.left_minor,
            "awaits_clearing": one.awaits_clearing,
            "score": one.parts.score(),
            "parts": one.parts.iter().map(|part| json!({ "part": part.code(), "score": part.score() }))
                .collect::<Vec<_>>(),
        })
    };
    json!({
        "refund": RefundKey::of(refund).to_string(),
        "received_at": refund.received_at.to_string(),
        "date": at.date.to_string(),
        "amount_minor": at.refunded_minor,
        "currency": at.currency.to_string(),
        "acquirer": merchant.acquirer,
        "card_acceptor": merchant.card_acceptor,
        "terminal": merchant.terminal,
        "account": refund.place.member.account.0,
        "verdict": look.verdict.name(),
        "decided": refund.is_decided,
        "candidates": plausible(look).map(candidate).collect::<Vec<_>>(),
    })
}

/// Keeps the decision, then books what waits, as the scheduler of a gateway would within a minute.
async fn decide(args: DecisionArgs, choice: RefundChoice) -> anyhow::Result<()> {
    let DecisionArgs { config, refund, reason, staff, json: as_json } = args;
    let key = refund.split_once('/').and_then(|(bucket, key)| RefundKey::parse(bucket, key));
    let key = key.ok_or_else(|| WrongUse(format!("{refund:?} is no refund: give bucket/key, as listed")))?;
    let assembly = assemble(&config).await?;
    let by = staff.authenticate(&assembly, console::Deed::DecideRefunds).await?;
    let now = assembly.clock.now();
    let kept = console::decide_refund(&assembly.pool, key, choice, by, &reason, now).await;
    let id = kept.map_err(|error| match error {
        RefundDeskError::Store(error) => anyhow!(error),
        RefundDeskError::Reason | RefundDeskError::CardNumber => anyhow!(WrongUse(error.to_string())),
        error => anyhow!(AnswerIsNo(error.to_string())),
    })?;
    let gateway = assembly.lanes().await?;
    let booked = gateway::book_refund_decisions(&gateway).await;
    gateway.batcher.finish().await;
    booked?;
    say(&assembly, key, id, as_json).await
}

/// What came of the decision; "no" unless it was booked as decided.
async fn say(assembly: &Assembly, key: RefundKey, id: RefundDecisionId, as_json: bool) -> anyhow::Result<()> {
    let decisions = store::refund_decisions(&assembly.pool, Some((key.bucket, key.key)), 20).await?;
    let result = decisions.into_iter().find(|decision| decision.id == id).and_then(|found| found.result);
    if as_json {
        println!("{}", json!({ "decision": id.0, "refund": key.to_string(), "result": result }));
    }
    match result.as_deref() {
        Some(code @ ("refund_matched" | "refund_left_alone")) => {
            if !as_json {
                println!("decision {id}: {}", words(code));
            }
            Ok(())
        }
        Some(code) => Err(AnswerIsNo(format!("decision {id} came to nothing: {}", words(code))).into()),
        None => {
            let why = format!("decision {id} is kept and could not be booked now, see the log");
            Err(AnswerIsNo(format!("{why}; a running gateway books it")).into())
        }
    }
}

fn words(code: &str) -> String {
    let known = program_files::reason_words(code, program_files::Language::English);
    known.map_or_else(|| code.to_owned(), str::to_owned)
}

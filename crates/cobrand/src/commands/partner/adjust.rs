//! `partner adjust`: adjustments that one person proposes and another one approves.

use clap::{Args, Subcommand};
use domain::{
    AdjustedItem, PartnerId,
    settlement::{Basis, Direction},
};
use serde_json::{Value, json};
use store::{AdjustmentDecision, AdjustmentProposal, AdjustmentStep, NewAdjustment};

use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, staff::StaffArgs},
};

/// So many are listed if nothing else is said.
const LISTED: u32 = 50;

/// Adjustments by staff.
#[derive(Debug, Subcommand)]
pub enum AdjustCommand {
    /// Proposes to add an amount to a partner's next file. Another person must approve it.
    Propose(Box<ProposeArgs>),
    /// Approves a proposal of somebody else's: the next close takes it into the file.
    Approve(DecideArgs),
    /// Rejects a proposal, or takes one's own back.
    Reject(DecideArgs),
    /// Those that wait, then the last ones.
    List(ListArgs),
}

/// Arguments of `partner adjust propose`.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program.
    #[arg(long)]
    program: String,
    /// The partner.
    #[arg(long)]
    partner: String,
    /// The currency of the settlement, three letters.
    #[arg(long)]
    currency: String,
    /// In which direction the amounts are positive: `bank_pays_partner` or `partner_pays_bank`.
    #[arg(long)]
    direction: String,
    #[command(flatten)]
    amounts: AmountArgs,
    /// What is corrected: the id of a line of an earlier file, or another reference.
    #[arg(long)]
    original: String,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The amounts of one item.
#[derive(Debug, Args)]
pub(super) struct AmountArgs {
    /// The item of the terms, such as `miles_granted`; without it the amount stands by itself.
    #[arg(long)]
    item: Option<String>,
    /// Miles, or minor units of the program's currency.
    #[arg(long, allow_negative_numbers = true)]
    quantity: Option<i64>,
    /// Net, in minor units.
    #[arg(long, allow_negative_numbers = true)]
    net: Option<i64>,
    /// Value added tax, in minor units.
    #[arg(long, allow_negative_numbers = true)]
    vat: Option<i64>,
}

impl AmountArgs {
    /// The item; `None` if no amount was said.
    pub(super) fn item(&self) -> Result<Option<AdjustedItem>, WrongUse> {
        let basis = match &self.item {
            Some(name) => Some(Basis::parse(name).ok_or_else(|| {
                let known = Basis::ALL.map(Basis::name).join(", ");
                WrongUse(format!("--item {name:?} is none of {known}"))
            })?),
            None => None,
        };
        let amounts = [self.quantity, self.net, self.vat];
        if amounts.iter().all(|amount| amount.unwrap_or_default() == 0) {
            return Ok(None);
        }
        let [quantity, net_minor, vat_minor] = amounts.map(Option::unwrap_or_default);
        Ok(Some(AdjustedItem { basis, quantity, net_minor, vat_minor }))
    }
}

/// Arguments of `partner adjust approve` and `reject`.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the proposal.
    proposal: i64,
    /// Why; kept for good. Never a card number.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
}

/// Arguments of `partner adjust list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How many.
    #[arg(long, default_value_t = LISTED)]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl AdjustCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Propose(args) => propose(&args).await,
            Self::Approve(args) => decide(&args, true).await,
            Self::Reject(args) => decide(&args, false).await,
            Self::List(args) => list(&args).await,
        }
    }
}

/// What staff write is kept for good.
pub(super) fn said(option: &str, text: &str) -> Result<(), WrongUse> {
    match (text.trim().is_empty(), domain::holds_card_number(text)) {
        (true, _) => Err(WrongUse(format!("{option} must say something"))),
        (_, true) => Err(WrongUse(format!("{option} holds what may be a card number; nothing was kept"))),
        _ => Ok(()),
    }
}

async fn propose(args: &ProposeArgs) -> anyhow::Result<()> {
    said("--reason", &args.reason)?;
    said("--original", &args.original)?;
    let items: Vec<AdjustedItem> = args.amounts.item()?.into_iter().collect();
    if items.is_empty() {
        return Err(WrongUse("say --quantity, --net or --vat: nothing would be adjusted".to_owned()).into());
    }
    let stated = Direction::parse(&args.direction)
        .ok_or_else(|| WrongUse("--direction is bank_pays_partner or partner_pays_bank".to_owned()))?;
    let assembly = assemble(&args.config).await?;
    let loaded = assembly.program(&args.program)?;
    let setup = &loaded.setup;
    let terms = setup.terms.iter().find(|terms| {
        setup.partner_codes.get(&terms.partner) == Some(&args.partner)
            && currency_code(terms.currency).as_deref() == Some(args.currency.as_str())
    });
    let Some(terms) = terms else {
        let (partner, currency, program) = (&args.partner, &args.currency, &args.program);
        let text =
            format!("{program} has no terms with {partner} in {currency}: no file would have the adjustment");
        return Err(AnswerIsNo(text).into());
    };
    let by = args.staff.authenticate(&assembly, console::Deed::ProposeAdjustments).await?;
    let new = NewAdjustment {
        dispute: None,
        program: setup.id,
        partner: terms.partner,
        currency: terms.currency,
        stated,
        original: &args.original,
        items: &items,
        reason: &args.reason,
        by,
        at: assembly.clock.now(),
    };
    let id = step(store::propose_adjustment(&assembly.pool, &new).await?)?;
    match args.json {
        true => println!("{}", json!({ "proposal": id })),
        false => {
            println!("proposal {id}: somebody else approves it with `cobrand partner adjust approve {id}`")
        }
    }
    Ok(())
}

pub(super) fn currency_code(currency: domain::Currency) -> Option<String> {
    program_files::NamedCurrency::from_number(currency).map(|named| named.code)
}

/// The number, or why nothing was kept.
pub(super) fn step(step: AdjustmentStep) -> Result<i64, AnswerIsNo> {
    let text = match step {
        AdjustmentStep::Done(id) => return Ok(id),
        AdjustmentStep::NotFound => "there is no such number; nothing was kept".to_owned(),
        AdjustmentStep::Stands(state) => {
            format!("the dispute is {} already; nothing was kept", state.name())
        }
        AdjustmentStep::Decided => "somebody has decided about it already; nothing was kept".to_owned(),
        AdjustmentStep::SamePerson => {
            "nobody approves his own proposal; somebody else must; nothing was kept".to_owned()
        }
        AdjustmentStep::SettledByItsCase => {
            "a case about the line has written it off or adjusted it already; leave the line as it is (--leave), or go on in \
             the case: see `cobrand case list`; nothing was kept"
                .to_owned()
        }
    };
    Err(AnswerIsNo(text))
}

async fn decide(args: &DecideArgs, approves: bool) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let done = decide_about(&assembly, args.proposal, approves, &args.reason, &args.staff).await?;
    println!("{done}");
    Ok(())
}

/// Decides as a person of the staff; says what follows.
pub(super) async fn decide_about(
    assembly: &Assembly,
    proposal: i64,
    approves: bool,
    reason: &str,
    staff: &StaffArgs,
) -> anyhow::Result<String> {
    said("--reason", reason)?;
    let asked = store::adjustment_proposal(&assembly.pool, proposal).await?;
    // Whoever proposed it takes it back by the role with which he proposed.
    let deed = match !approves && asked.is_some_and(|asked| asked.by == staff.name) {
        true => console::Deed::ProposeAdjustments,
        false => console::Deed::DecideAdjustments,
    };
    let by = staff.authenticate(assembly, deed).await?;
    let decision = AdjustmentDecision { proposal, approves, reason, by, at: assembly.clock.now() };
    let id = step(store::decide_adjustment(&assembly.pool, &decision).await?)?;
    let kept = store::adjustment_proposal(&assembly.pool, id).await?;
    let adjusts = kept.is_some_and(|proposal| proposal.adjusts);
    Ok(match (approves, adjusts) {
        (true, true) => format!("proposal {id} is approved: the next close takes it into the partner's file"),
        (true, false) => format!("proposal {id} is approved: the line stands as it was sent"),
        (false, _) => format!("proposal {id} is rejected"),
    })
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let proposals = store::adjustment_proposals(&assembly.pool, args.limit).await?;
    if args.json {
        let all: Vec<Value> = proposals.iter().map(|proposal| proposal_json(&assembly, proposal)).collect();
        println!("{}", Value::Array(all));
        return Ok(());
    }
    for proposal in &proposals {
        let shown = proposal_json(&assembly, proposal);
        let text = |key: &str| shown.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        println!(
            "{}  {}  {} {}  {}  by {}: {}",
            proposal.id,
            text("state"),
            text("partner"),
            text("currency"),
            proposal.original,
            proposal.by,
            proposal.reason
        );
        for item in &proposal.items {
            let basis = item.basis.map_or("amount", Basis::name);
            let (quantity, net, vat) = (item.quantity, item.net_minor, item.vat_minor);
            println!("    {basis}  quantity {quantity}  net {net}  tax {vat}  {}", proposal.stated.name());
        }
    }
    Ok(())
}

pub(super) fn partner_code(assembly: &Assembly, partner: PartnerId) -> String {
    let found = assembly.codes.partners.iter().find(|(_, id)| **id == partner);
    found.map_or_else(|| partner.to_string(), |(code, _)| code.clone())
}

pub(super) fn items_json(items: &[AdjustedItem]) -> Vec<Value> {
    let item = |item: &AdjustedItem| {
        json!({
            "item": item.basis.map(Basis::name), "quantity": item.quantity, "net_minor": item.net_minor,
            "vat_minor": item.vat_minor,
        })
    };
    items.iter().map(item).collect()
}

fn proposal_json(assembly: &Assembly, proposal: &AdjustmentProposal) -> Value {
    let state = match (&proposal.decision, proposal.adjusts, proposal.cycle) {
        (None, _, _) => "proposed",
        (Some((false, ..)), _, _) => "rejected",
        (Some((true, ..)), false, _) => "line stands",
        (Some((true, ..)), true, None) => "waits for the next file",
        (Some((true, ..)), true, Some(_)) => "in a file",
    };
    json!({
        "proposal": proposal.id, "state": state, "dispute": proposal.dispute,
        "partner": partner_code(assembly, proposal.partner), "currency": currency_code(proposal.currency),
        "direction": proposal.stated.name(), "original": proposal.original, "reason": proposal.reason,
        "proposed_by": proposal.by, "proposed_at": proposal.at.to_string(), "items": items_json(&proposal.items),
        "decided_by": proposal.decision.as_ref().map(|(_, by, _)| by),
        "decision_reason": proposal.decision.as_ref().map(|(_, _, reason)| reason),
        "cycle": proposal.cycle.map(|cycle| cycle.0),
    })
}

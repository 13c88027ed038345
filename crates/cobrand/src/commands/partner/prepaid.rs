//! `partner prepaid`: blocks of miles that are bought before they are given.

use clap::{Args, Subcommand};
use domain::PartnerId;
use domain::settlement::{Basis, Terms};
use jiff::civil::Date;
use program_files::NamedCurrency;
use serde_json::json;
use store::{BlockApproval, BlockId, NewPrepaidBlock, PrepaidBlock};

use crate::{
    assembly::LoadedProgram,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, staff::StaffArgs},
};

/// Blocks of miles that are bought before they are given.
#[derive(Debug, Subcommand)]
pub enum PrepaidCommand {
    /// Writes down a block that was bought. It counts when another person approves it.
    Add(AddArgs),
    /// Approves a block that another person wrote down: it counts from the open cycle on.
    Approve(ApproveArgs),
    /// The blocks of a program, and what is left of them.
    Show(ShowArgs),
}

/// A block.
#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program.
    #[arg(long)]
    program: String,
    /// The partner whose terms have prepaid blocks.
    #[arg(long)]
    partner: String,
    /// Of which item of the terms; may be left out if only one has prepaid blocks.
    #[arg(long)]
    basis: Option<String>,
    /// How many miles.
    #[arg(long)]
    miles: u64,
    /// What was paid in the currency of the terms, tax included, in minor units.
    #[arg(long)]
    paid_minor: u64,
    /// The day on which it was bought.
    #[arg(long, value_name = "DATE")]
    bought_on: Date,
    /// The invoice or payment; once for each partner.
    #[arg(long)]
    reference: String,
    #[command(flatten)]
    staff: StaffArgs,
}

/// An approval.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the block, as `show` lists it.
    #[arg(long)]
    block: i64,
    #[command(flatten)]
    staff: StaffArgs,
}

/// Which program.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program.
    #[arg(long)]
    program: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl PrepaidCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(args) => add(args).await,
            Self::Approve(args) => approve(args).await,
            Self::Show(args) => show(&args).await,
        }
    }
}

async fn add(args: AddArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let loaded = assembly.program(&args.program)?;
    let (terms, basis) = item_of(loaded, &args)?;
    let number = |value: u64, what: &str| {
        let number = i64::try_from(value).ok().filter(|number| *number > 0);
        number.ok_or_else(|| WrongUse(format!("--{what} {value}: expected a number from 1 to {}", i64::MAX)))
    };
    let block = NewPrepaidBlock {
        program: loaded.file.program.id,
        partner: terms.partner,
        basis,
        units: number(args.miles, "miles")?,
        bought_on: args.bought_on,
        paid_minor: number(args.paid_minor, "paid-minor")?,
        currency: terms.currency,
        reference: args.reference.trim().to_owned(),
        by: args.staff.authenticate(&assembly, console::Deed::ProposeAdjustments).await?.to_owned(),
        at: assembly.clock.now(),
    };
    if block.reference.is_empty() || domain::holds_card_number(&block.reference) {
        let problem = "--reference: expected the number of an invoice or payment, and no card number";
        return Err(WrongUse(problem.to_owned()).into());
    }
    let Some(BlockId(id)) = store::propose_prepaid_block(&assembly.pool, &block).await? else {
        let said =
            format!("{:?} stands for a block of {} already; nothing was done", block.reference, args.partner);
        return Err(AnswerIsNo(said).into());
    };
    println!(
        "block {id} is written down; another person approves it with `partner prepaid approve --block {id}`"
    );
    Ok(())
}

/// The partner's terms with prepaid blocks, those of the latest day first.
fn item_of<'a>(loaded: &'a LoadedProgram, args: &AddArgs) -> anyhow::Result<(&'a Terms, Basis)> {
    let partner = partner_of(loaded, &args.partner);
    let mut found: Vec<(&Terms, Basis)> = Vec::new();
    for terms in loaded.file.terms.iter().filter(|terms| Some(terms.partner) == partner) {
        let prepaid = terms.items.iter().filter(|item| item.prepaid.is_some());
        found.extend(prepaid.map(|item| (terms, item.basis)));
    }
    if let Some(basis) = &args.basis {
        found.retain(|(_, other)| other.name() == basis);
    }
    found.sort_by_key(|(terms, _)| std::cmp::Reverse(terms.effective.from));
    let Some((terms, basis)) = found.first().copied() else {
        let said = format!(
            "program {} has no terms with prepaid blocks for partner {:?}{}: add `prepaid` to an item of miles",
            args.program,
            args.partner,
            args.basis.as_ref().map(|basis| format!(" and basis {basis:?}")).unwrap_or_default()
        );
        return Err(AnswerIsNo(said).into());
    };
    if found.iter().any(|(_, other)| *other != basis) {
        return Err(WrongUse("several items have prepaid blocks: say which with --basis".to_owned()).into());
    }
    Ok((terms, basis))
}

fn partner_of(loaded: &LoadedProgram, code: &str) -> Option<PartnerId> {
    let mut codes = loaded.setup.partner_codes.iter();
    codes.find(|(_, known)| known.as_str() == code).map(|(partner, _)| *partner)
}

async fn approve(args: ApproveArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let by = args.staff.authenticate(&assembly, console::Deed::DecideAdjustments).await?;
    let block = args.block;
    let said = match store::approve_prepaid_block(&assembly.pool, BlockId(block), by, assembly.clock.now())
        .await?
    {
        BlockApproval::Counts(cycle) => {
            println!("block {block} counts from cycle {cycle} on");
            return Ok(());
        }
        BlockApproval::SamePerson => format!("{by} wrote block {block} down: another person must approve it"),
        BlockApproval::Already => format!("block {block} was approved before"),
        BlockApproval::Unknown => format!("there is no block {block}: `partner prepaid show` lists them"),
        BlockApproval::NoCycle => "the program has no open cycle yet: start it first".to_owned(),
    };
    Err(AnswerIsNo(said).into())
}

async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let loaded = assembly.program(&args.program)?;
    let program = loaded.file.program.id;
    let blocks = store::prepaid_blocks(&assembly.pool, program).await?;
    let left = store::prepaid_left(&assembly.pool, program).await?;
    let code = |partner: PartnerId| loaded.setup.partner_codes.get(&partner).cloned().unwrap_or_default();
    if args.json {
        let left = left.iter().map(|sum| {
            json!({
                "partner": code(sum.partner), "basis": sum.basis.name(), "bought": sum.bought,
                "drawn": sum.drawn, "left": sum.bought.saturating_sub(sum.drawn),
            })
        });
        let blocks = blocks.iter().map(|block| block_json(block, &code(block.block.partner)));
        println!("{}", json!({ "left": left.collect::<Vec<_>>(), "blocks": blocks.collect::<Vec<_>>() }));
        return Ok(());
    }
    for sum in &left {
        let (bought, drawn) = (sum.bought, sum.drawn);
        let rest = bought.saturating_sub(drawn);
        println!("{} {}: {rest} left of {bought}, {drawn} taken", code(sum.partner), sum.basis.name());
    }
    for block in &blocks {
        println!("{}", in_words(block, &code(block.block.partner)));
    }
    Ok(())
}

fn paid(block: &PrepaidBlock) -> String {
    let named = NamedCurrency::from_number(block.block.currency);
    named.map_or_else(
        || block.block.paid_minor.to_string(),
        |named| format!("{} {}", named.format(block.block.paid_minor), named.code),
    )
}

fn in_words(block: &PrepaidBlock, partner: &str) -> String {
    let PrepaidBlock { id: BlockId(id), block: facts, approved } = block;
    let state = match approved {
        Some((by, _, cycle)) => format!("approved by {by}, counts from cycle {cycle} on"),
        None => "waits for another person's approval".to_owned(),
    };
    format!(
        "block {id}: {partner} {} {} miles, {} on {}, {:?}, by {}; {state}",
        facts.basis.name(),
        facts.units,
        paid(block),
        facts.bought_on,
        facts.reference,
        facts.by
    )
}

fn block_json(block: &PrepaidBlock, partner: &str) -> serde_json::Value {
    let PrepaidBlock { id: BlockId(id), block: facts, approved } = block;
    json!({
        "block": id, "partner": partner, "basis": facts.basis.name(), "miles": facts.units,
        "paid_minor": facts.paid_minor, "currency": facts.currency.to_string(),
        "bought_on": facts.bought_on.to_string(), "reference": facts.reference, "by": facts.by,
        "approved_by": approved.as_ref().map(|(by, ..)| by),
        "from_cycle": approved.as_ref().map(|(_, _, cycle)| cycle.0),
    })
}

//! `reconcile`: what banks and partners have said beside our books. Nothing is booked from it.

use std::{io::Read, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use partner_adapters::{IncomingFormat, STATEMENT_BYTES_MAX, canonical, formats::incoming::CsvMapping};
use serde_json::{Value, json};
use settlement::{AnswerError, BankStatementBrought, Environment, ReconcileSummary, SourceSummary};
use store::reconciliation::OpenBreak;

use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::assemble,
};

/// So many breaks are shown in words; JSON has all.
const SHOWN: usize = 50;

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ReconcileArgs {
    #[command(subcommand)]
    command: Option<ReconcileCommand>,
    #[command(flatten)]
    compare: CompareArgs,
}

/// What can be brought for it.
#[derive(Debug, Subcommand)]
enum ReconcileCommand {
    /// Keeps a bank's statement of the account that settlement is paid by.
    BankStatement(BankStatementArgs),
}

/// Arguments of the comparison.
#[derive(Debug, Args)]
struct CompareArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only the breaks of this program are told.
    #[arg(long)]
    program: Option<String>,
    /// What is due is judged by this instant, such as 2026-10-31T06:00:00Z; now without it. It moves cases as if it were then,
    /// so it is for test environments only.
    #[arg(long)]
    as_of: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `reconcile bank-statement`.
#[derive(Debug, Args)]
struct BankStatementArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Whose statement it is.
    #[arg(long)]
    bank: String,
    /// The statement.
    #[arg(long)]
    file: PathBuf,
    /// Its form.
    #[arg(long, default_value = "csv")]
    format: FormatName,
    /// A TOML file that says which column of a CSV is what; our own columns without it.
    #[arg(long)]
    columns: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// In which form a bank's statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// CSV.
    Csv,
    /// camt.053 or camt.054 of the bank's own account.
    Camt,
}

/// Runs the command.
pub async fn reconcile(args: &ReconcileArgs) -> anyhow::Result<()> {
    match &args.command {
        Some(ReconcileCommand::BankStatement(args)) => Box::pin(import(args)).await,
        None => Box::pin(compare(&args.compare)).await,
    }
}

async fn compare(args: &CompareArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let program = match &args.program {
        None => None,
        Some(code) => Some(assembly.program(code)?.setup.id.0),
    };
    let as_of = match args.as_of {
        None => assembly.clock.now(),
        Some(_) if assembly.environment()? == Environment::Live => bail!(WrongUse(
            "--as-of would cure, open and end cases as if it were then: it is for environments that are not live; leave it \
             out to compare as of now"
                .to_owned()
        )),
        Some(as_of) => as_of,
    };
    let summary = Box::pin(reconcile_all(&assembly, as_of)).await?;
    let open = store::reconciliation::open_breaks(&assembly.pool, program).await?;
    match args.json {
        true => println!("{}", to_json(&summary, &open, as_of)),
        false => print!("{}", in_words(&summary, &open)),
    }
    if open.is_empty() {
        return Ok(());
    }
    bail!(AnswerIsNo(format!("{} breaks are open", open.len())))
}

/// Compares everything there is.
pub(crate) async fn reconcile_all(assembly: &Assembly, as_of: Timestamp) -> anyhow::Result<ReconcileSummary> {
    let setups: Vec<_> = assembly.programs.iter().map(|loaded| &loaded.setup).collect();
    let settings = assembly.reconcile_settings()?;
    let out = &assembly.config.settlement.out;
    Ok(Box::pin(settlement::reconcile(&assembly.pool, out, &setups, &settings, as_of)).await?)
}

fn in_words(summary: &ReconcileSummary, open: &[OpenBreak]) -> String {
    let mut text = format!(
        "{:<18}{:>9}{:>10}{:>10}{:>10}{:>10}\n",
        "source", "compared", "matched", "suggested", "expected", "broken"
    );
    for SourceSummary { source, compared, counts, problems, .. } in &summary.sources {
        let (matched, suggested) = (counts.matched, counts.suggested);
        let (expected, broken) = (counts.expected, counts.broken);
        text.push_str(&format!(
            "{:<18}{compared:>9}{matched:>10}{suggested:>10}{expected:>10}{broken:>10}\n",
            source.name()
        ));
        for (scope, problem) in problems {
            text.push_str(&format!("    {scope} could not be read: {problem}\n"));
        }
    }
    for OpenBreak { id, source, class, subject, unit, difference, reason, business_date, .. } in
        open.iter().take(SHOWN)
    {
        let amount = if unit.is_empty() { String::new() } else { format!("  {difference} {unit}") };
        text.push_str(&format!("{id}  {business_date}  {source}  {class}  {subject}{amount}  ({reason})\n"));
    }
    if open.len() > SHOWN {
        text.push_str(&format!("and {} more: see --json\n", open.len() - SHOWN));
    }
    text
}

fn to_json(summary: &ReconcileSummary, open: &[OpenBreak], as_of: Timestamp) -> Value {
    let source = |of: &SourceSummary| {
        let problem = |(scope, problem): &(String, String)| json!({ "scope": scope, "problem": problem });
        json!({
            "source": of.source.name(), "compared": of.compared, "scopes": of.scopes, "matched": of.counts.matched,
            "suggested": of.counts.suggested, "expected": of.counts.expected, "broken": of.counts.broken,
            "problems": of.problems.iter().map(problem).collect::<Vec<_>>(),
        })
    };
    let one = |found: &OpenBreak| {
        json!({
            "break": found.id, "source": found.source, "scope": found.scope, "class": found.class,
            "subject": found.subject, "unit": found.unit, "difference": found.difference, "reason": found.reason,
            "business_date": found.business_date.to_string(),
        })
    };
    json!({
        "as_of": as_of.to_string(), "sources": summary.sources.iter().map(source).collect::<Vec<_>>(),
        "new": summary.new_breaks, "cured": summary.cured, "open": open.iter().map(one).collect::<Vec<_>>(),
    })
}

async fn import(args: &BankStatementArgs) -> anyhow::Result<()> {
    let path = &args.file;
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let max = u64::try_from(STATEMENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    let columns = columns(args)?;
    let assembly = assemble(&args.config).await?;
    let refused = |why: String| AnswerIsNo(format!("{}: {why}; nothing was taken", path.display()));
    if !assembly.programs.iter().any(|loaded| loaded.setup.bank.1 == args.bank) {
        bail!(refused(format!("no bank has the code {:?}", args.bank)));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let brought = BankStatementBrought {
        bank: &args.bank,
        name: &name,
        by: store::audit::BROUGHT_BY_HAND,
        at: assembly.clock.now(),
        format: match args.format {
            FormatName::Csv => IncomingFormat::Csv,
            FormatName::Camt => IncomingFormat::Camt,
        },
        columns: columns.as_ref(),
        environment: match assembly.environment()? {
            Environment::Test => canonical::Environment::Test,
            Environment::Live => canonical::Environment::Live,
        },
    };
    let taken = settlement::take_bank_statement(&assembly.pool, brought, &bytes).await;
    let (id, before) = taken.map_err(|error| match error {
        AnswerError::Statement(why) => anyhow::Error::new(refused(why)),
        error => error.into(),
    })?;
    match args.json {
        true => println!("{}", json!({ "statement": id, "bank": args.bank, "imported_before": before })),
        false => {
            let again = if before { ", imported before" } else { "" };
            println!("statement {id} of {}{again}; `cobrand reconcile` compares it", args.bank);
        }
    }
    Ok(())
}

fn columns(args: &BankStatementArgs) -> anyhow::Result<Option<CsvMapping>> {
    let Some(path) = &args.columns else { return Ok(None) };
    if args.format != FormatName::Csv {
        bail!(WrongUse("--columns is for --format csv".to_owned()));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mapping = toml::from_str(&text);
    Ok(Some(mapping.map_err(|error| WrongUse(format!("{}: {error}", path.display())))?))
}

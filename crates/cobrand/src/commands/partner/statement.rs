//! `partner statement`: a receiver's own statement beside what we have settled. Nothing is booked from it.

use std::{collections::BTreeMap, io::Read, path::PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use domain::{ComparedLine, PeriodTotal, StatementLine, StatementResult, period_totals};
use partner_adapters::{IncomingFormat, STATEMENT_BYTES_MAX, canonical};
use serde_json::{Value, json};
use settlement::{AnswerError, Environment, StatementBrought};
use store::StatementRow;

use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// So many lines that are not as ours are shown in words; JSON has all.
const SHOWN: usize = 50;

/// Receivers' own statements.
#[derive(Debug, Subcommand)]
pub enum StatementCommand {
    /// Keeps a statement and compares each line with what we have settled under the id that it names.
    Import(ImportArgs),
    /// Shows a statement that was imported, and the totals of its period.
    Show(ShowArgs),
}

/// Arguments of `partner statement import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Whose statement it is.
    #[arg(long)]
    partner: String,
    /// The statement.
    #[arg(long)]
    file: PathBuf,
    /// Its form; without it that of the partner's file, else `csv`.
    #[arg(long)]
    format: Option<FormatName>,
    /// The CSV has our own columns (`reference,date,amount_minor,currency,direction,text`), whatever the partner's file
    /// says.
    #[arg(long)]
    own_columns: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// In which form a statement is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    /// CSV: by the columns of the partner's file, else our own.
    Csv,
    /// camt.053 or camt.054.
    Camt,
    /// Our payout CSV, handed back.
    Payout,
    /// Our canonical file, handed back.
    Native,
}

impl From<FormatName> for IncomingFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Camt => Self::Camt,
            FormatName::Payout => Self::Payout,
            FormatName::Native => Self::Native,
        }
    }
}

/// Arguments of `partner statement show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the statement.
    statement: i64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl StatementCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Import(args) => import(&args).await,
            Self::Show(args) => {
                let assembly = assemble(&args.config).await?;
                show(&assembly, args.statement, None, args.json).await
            }
        }
    }
}

async fn import(args: &ImportArgs) -> anyhow::Result<()> {
    let bytes = read(args)?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let refused = |why: String| AnswerIsNo(format!("{}: {why}; nothing was taken", args.file.display()));
    let assembly = assemble(&args.config).await?;
    let is_known = assembly.codes.partners.contains_key(&args.partner)
        || assembly.programs.iter().any(|loaded| loaded.setup.bank.1 == args.partner);
    if !is_known {
        bail!(refused(format!("no partner and no bank has the code {:?}", args.partner)));
    }
    let (files, _) = assembly.read_partner_files();
    let of_partner = files.iter().find(|(.., file)| file.code == args.partner);
    let settings = of_partner.and_then(|(.., file)| file.statement.as_ref());
    let format = args.format.map(IncomingFormat::from).or(settings.map(|settings| settings.format));
    let brought = StatementBrought {
        receiver: &args.partner,
        name: &name,
        by: store::audit::BROUGHT_BY_HAND,
        at: assembly.clock.now(),
        format: format.unwrap_or(IncomingFormat::Csv),
        columns: settings.and_then(|settings| settings.columns.as_ref()).filter(|_| !args.own_columns),
        environment: match assembly.environment()? {
            Environment::Test => canonical::Environment::Test,
            Environment::Live => canonical::Environment::Live,
        },
    };
    let out = &assembly.config.settlement.out;
    let taken = settlement::take_statement(&assembly.pool, out, brought, &bytes).await;
    let (id, before) = taken.map_err(|error| match error {
        AnswerError::Statement(why) => anyhow::Error::new(refused(why)),
        error => error.into(),
    })?;
    show(&assembly, id, Some(before), args.json).await
}

fn read(args: &ImportArgs) -> anyhow::Result<Vec<u8>> {
    let path = &args.file;
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let max = u64::try_from(STATEMENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    Ok(bytes)
}

async fn show(assembly: &Assembly, id: i64, before: Option<bool>, as_json: bool) -> anyhow::Result<()> {
    let Some(row) = store::statement(&assembly.pool, id).await? else {
        bail!(AnswerIsNo(format!("there is no statement {id}")))
    };
    let out = &assembly.config.settlement.out;
    let files = settlement::totals_of_period(&assembly.pool, out, &row.receiver, row.period).await?;
    let totals = period_totals(&row.statement.lines, &files)?;
    match as_json {
        true => println!("{}", to_json(&row, before, &totals)),
        false => print!("{}", in_words(&row, before, &totals)),
    }
    Ok(())
}

fn lines(row: &StatementRow) -> impl Iterator<Item = (&StatementLine, &ComparedLine)> {
    row.statement.lines.iter().zip(&row.compared)
}

fn counts(row: &StatementRow) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for found in &row.compared {
        *counts.entry(found.result.name()).or_default() += 1;
    }
    counts
}

fn in_words(row: &StatementRow, before: Option<bool>, totals: &[PeriodTotal]) -> String {
    let StatementRow { id, receiver, period: (first, last), .. } = row;
    let again = if before == Some(true) { ", imported before" } else { "" };
    let mut text = format!("statement {id} of {receiver}, {first} to {last}{again}\n");
    for (result, count) in counts(row) {
        text.push_str(&format!("    {result}: {count} lines\n"));
    }
    for PeriodTotal { currency, theirs_minor, ours_minor } in totals {
        text.push_str(&format!(
            "    {currency}: theirs {theirs_minor}, our files of these days {ours_minor}\n"
        ));
    }
    let differs = lines(row).filter(|(_, found)| found.result != StatementResult::Matched);
    for (line, found) in differs.take(SHOWN) {
        let ours = found.our_minor.map(|ours| format!(", ours {ours}")).unwrap_or_default();
        let (result, amount, currency) = (found.result.name(), line.amount_minor, &line.currency);
        text.push_str(&format!("{}  {}  {amount} {currency}{ours}  {result}\n", line.date, line.reference));
    }
    text
}

fn to_json(row: &StatementRow, before: Option<bool>, totals: &[PeriodTotal]) -> Value {
    let total = |total: &PeriodTotal| {
        json!({
            "currency": total.currency, "theirs_minor": total.theirs_minor, "ours_minor": total.ours_minor,
            "difference_minor": total.theirs_minor.checked_sub(total.ours_minor),
        })
    };
    let line = |(line, found): (&StatementLine, &ComparedLine)| {
        json!({
            "reference": line.reference, "date": line.date.to_string(), "amount_minor": line.amount_minor,
            "currency": line.currency, "direction": line.direction.name(), "text": line.text,
            "result": found.result.name(), "id": found.id, "our_minor": found.our_minor,
        })
    };
    json!({
        "statement": row.id, "receiver": row.receiver, "first": row.period.0.to_string(), "last": row.period.1.to_string(),
        "imported_before": before, "imported_at": row.imported_at.to_string(), "brought_by": row.brought_by,
        "counts": counts(row), "totals": totals.iter().map(total).collect::<Vec<_>>(),
        "lines": lines(row).map(line).collect::<Vec<_>>(),
    })
}

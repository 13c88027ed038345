//! `clearing import` and `clearing list`: clearing by file.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use gateway::{ClearingFormat, ImportError, ImportOptions, Imported};
use iso8583::clearing::control::Mode;
use serde_json::{Value, json};
use store::ClearingFileRow;

use super::{assemble, staff::operator};
use crate::{cli::ConfigArgs, config::Config};

/// So many files are listed if nothing else is said.
const LISTED: u32 = 100;

/// Clearing files.
#[derive(Debug, Subcommand)]
pub enum ClearingCommand {
    /// Imports a clearing file; a file and a presentment are taken once. Status 1: the file was put aside, or
    /// a person has to look at some of its records.
    Import(Box<ImportArgs>),
    /// The files that came last, with their states, and why some were put aside.
    List {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// How many.
        #[arg(long, default_value_t = LISTED)]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which file, and what to accept of it.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The bank that sent it.
    #[arg(long)]
    bank: String,
    /// The file's id; of an IPM file that of its header, of a CTF file center, date and id of its header, else its
    /// name without the ending.
    #[arg(long)]
    file_id: Option<String>,
    /// The file's sequence number at the bank, for CSV and CTF; without it no gap is noticed.
    #[arg(long)]
    sequence: Option<i32>,
    /// The file's format.
    #[arg(long, value_enum, default_value_t = Format::Auto)]
    format: Format,
    /// Take the file although files before it are missing.
    #[arg(long)]
    accept_gap: bool,
    /// Take the file although its trailer states other totals than were counted.
    #[arg(long)]
    accept_totals: bool,
    /// Take the file although the same bytes were taken under another id: the bank wrote the same content again. Kept
    /// with the file.
    #[arg(long)]
    accept_same_content: bool,
    /// The day by which local times in CSV are judged, for files of other days; today if it is left out. Kept with the
    /// file.
    #[arg(long)]
    on: Option<jiff::civil::Date>,
    /// Who accepts; kept with the file.
    #[arg(long, env = "USER", default_value = "unknown")]
    by: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The file.
    file: PathBuf,
}

/// A format, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Told from the file's first bytes.
    Auto,
    /// Mastercard IPM.
    Ipm,
    /// Visa CTF.
    Ctf,
    /// CSV.
    Csv,
}

impl Format {
    fn asked(self) -> Option<ClearingFormat> {
        match self {
            Self::Auto => None,
            Self::Ipm => Some(ClearingFormat::Ipm),
            Self::Ctf => Some(ClearingFormat::Ctf),
            Self::Csv => Some(ClearingFormat::Csv),
        }
    }
}

impl ClearingCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Import(args) => Box::pin(import(*args)).await,
            Self::List { config, limit, json } => list(&config, limit, json).await,
        }
    }
}

async fn import(args: ImportArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let gateway = assembly.gateway().await?;
    let stem = args.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let file =
        std::fs::File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let live = assembly.config.settlement.environment.eq_ignore_ascii_case("live");
    let mode = if live { Mode::Production } else { Mode::Test };
    let options = ImportOptions {
        file_id: args.file_id.as_deref(),
        sequence: args.sequence,
        format: args.format.asked(),
        accept_gap: args.accept_gap,
        accept_totals: args.accept_totals,
        accept_same_content: args.accept_same_content,
        on: args.on,
        by: operator(&args.by),
        ..ImportOptions::new(&stem, mode)
    };
    let link = assembly.link(&args.bank)?;
    let imported = gateway::import_clearing(file, &options, link, &gateway).await;
    gateway.batcher.finish().await;
    match imported {
        Ok(imported) => {
            match args.json {
                true => println!("{}", imported_json(&imported)),
                false => print(&imported),
            }
            clean(&imported)?;
        }
        Err(ImportError::Quarantined(problem)) => {
            if args.json {
                let told = problem.to_string();
                println!("{}", json!({ "state": "quarantined", "reason": problem.code(), "told": told }));
            }
            return Err(ImportError::Quarantined(problem).into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A file of which a person has to look at something is no success.
fn clean(imported: &Imported) -> anyhow::Result<()> {
    let Imported { file_id: id, report, .. } = imported;
    anyhow::ensure!(
        report.is_taken(),
        "{id}: {} records were put aside and are not booked. Mend what the gateway's log says, then import the same \
         file again: what is booked is not booked twice",
        report.quarantined
    );
    anyhow::ensure!(
        report.differing == 0,
        "{id}: {} records were not booked, although they are not second copies of those with the same ARN and step. \
         Ask the bank, and correct the members' accounts by hand where they are due",
        report.differing
    );
    anyhow::ensure!(
        report.doubtful == 0,
        "{id}: of {} records it is not certain what the bank meant. Ask the bank, and correct the members' accounts by \
         hand where they are due",
        report.doubtful
    );
    anyhow::ensure!(
        report.is_clean(),
        "{id}: {} chargebacks book nothing. Correct the members' accounts by hand where they are due",
        report.undecided
    );
    Ok(())
}

fn print(imported: &Imported) {
    let Imported { file_id: id, report, remarks, format, look_at, .. } = imported;
    if report.already_imported {
        println!("{id}: taken before, nothing done");
        return;
    }
    println!(
        "{id}: {} records of {format}; {} booked, {} repeated, {} without loyalty, {} already known ({} differ), {} put aside, \
         {} chargebacks undecided, {} doubtful, {} cleared elsewhere, {} fees, {} passed over",
        report.records,
        report.booked,
        report.repeated,
        report.without_loyalty,
        report.already_known,
        report.differing,
        report.quarantined,
        report.undecided,
        report.doubtful,
        report.elsewhere,
        report.fees,
        report.passed_over
    );
    remarks.iter().chain(look_at).for_each(|remark| println!("{id}: {remark}"));
}

fn imported_json(imported: &Imported) -> Value {
    let Imported { file_id, sequence, format, report, remarks, look_at } = imported;
    json!({
        "state": if report.is_taken() { "taken" } else { "checked" },
        "file_id": file_id,
        "sequence": sequence,
        "format": format.name(),
        "already_taken": report.already_imported,
        "records": report.records,
        "booked": report.booked,
        "repeated": report.repeated,
        "without_loyalty": report.without_loyalty,
        "already_known": report.already_known,
        "differing": report.differing,
        "put_aside": report.quarantined,
        "undecided": report.undecided,
        "doubtful": report.doubtful,
        "elsewhere": report.elsewhere,
        "fees": report.fees,
        "passed_over": report.passed_over,
        "remarks": remarks,
        "look_at": look_at,
    })
}

async fn list(args: &ConfigArgs, limit: u32, json: bool) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let pool = store::pool(&store::Database::parse(&config.database.connection)?).await?;
    let files = store::clearing_files(&pool, limit).await?;
    if json {
        println!("{}", Value::Array(files.iter().map(row_json).collect()));
        return Ok(());
    }
    if files.is_empty() {
        println!("no clearing file has come");
    }
    for file in &files {
        let sequence = file.sequence.map(|number| format!(" number {number}")).unwrap_or_default();
        println!(
            "{} {} {}{sequence} ({}): {}, {} records, {} already known ({} differ), {} put aside",
            file.received_at,
            file.bank,
            file.file_id,
            file.format,
            file.state,
            file.records,
            file.already_known,
            file.differing,
            file.put_aside
        );
        file.told.lines().for_each(|line| println!("    {line}"));
        if !file.accepted.is_empty() {
            println!("    accepted by {}: {}", file.accepted_by, file.accepted);
        }
    }
    Ok(())
}

fn row_json(file: &ClearingFileRow) -> Value {
    json!({
        "bank": file.bank,
        "file_id": file.file_id,
        "sequence": file.sequence,
        "sha256": hex::encode(&file.sha256),
        "name": file.name,
        "format": file.format,
        "state": file.state,
        "records": file.records,
        "fees": file.fees,
        "passed_over": file.passed_over,
        "put_aside": file.put_aside,
        "already_known": file.already_known,
        "differing": file.differing,
        "reason": file.reason,
        "told": file.told,
        "accepted": file.accepted,
        "accepted_by": file.accepted_by,
        "received_at": file.received_at.to_string(),
    })
}

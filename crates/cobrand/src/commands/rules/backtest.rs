//! `rules backtest`: what another version would have given, and whether the ledger is what its own rules give.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::write_out;
use crate::{
    assembly,
    backtest::{Plan, Report, run},
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    config::Config,
};

/// Which version, for which purchases.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program file that is tried.
    candidate: PathBuf,
    /// The first local date of the purchases that follow it.
    #[arg(long)]
    from: Date,
    /// The day after the last one.
    #[arg(long)]
    to: Date,
    /// The program, if the file must be of this one.
    #[arg(long)]
    program: Option<String>,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
    /// How many threads read and decide; as many as there are cores if absent.
    #[arg(long)]
    threads: Option<usize>,
}

pub(super) async fn backtest(args: &BacktestArgs) -> anyhow::Result<()> {
    if args.from >= args.to {
        let problem = format!("--to is the day after the last one: expected one after {}", args.from);
        return Err(WrongUse(format!("{problem}, found {}", args.to)).into());
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(cores);
    if threads == 0 {
        return Err(WrongUse("--threads: expected at least 1, found 0".to_owned()).into());
    }
    let config = Config::read(&args.config.config)?;
    let database = assembly::database(&config)?;
    let pool = store::pool(&database).await?;
    let plan = Plan::of(&database, &pool, &args.candidate, (args.from, args.to), threads).await?;
    if let Some(other) = args.program.as_ref().filter(|code| **code != plan.file.program.code) {
        let (path, code) = (args.candidate.display(), &plan.file.program.code);
        return Err(WrongUse(format!("--program {other}: {path} is a version of {code}")).into());
    }
    let done = run(&plan).await?;
    let report = Report::of(&plan, &pool, &done.findings).await?;
    let text = match args.json {
        true => format!("{}\n", serde_json::to_string_pretty(&report.json())?),
        false => report.to_string(),
    };
    write_out(text.as_bytes())?;
    eprintln!("{}", done.rate());
    if report.equals_the_ledger() {
        return Ok(());
    }
    let differing = done.findings.differing;
    Err(AnswerIsNo(format!("{differing} messages, decided again, are not what the ledger holds")).into())
}

//! `enroll`: cards and members by file.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::assemble;
use crate::cli::ConfigArgs;

/// Arguments of `enroll`.
#[derive(Debug, Args)]
pub struct EnrollArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The bank whose cards they are.
    #[arg(long)]
    bank: String,
    /// CSV with the columns pan, program, member_number, enrolled_on. Delete it afterwards: it holds card numbers.
    file: PathBuf,
}

/// Enrolls the file's cards.
pub async fn enroll(args: EnrollArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let file =
        std::fs::File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    // Only the bank's own: its cards must not earn on another bank's account.
    let own = assembly.programs.iter().filter(|loaded| loaded.setup.bank.1 == args.bank);
    let programs: BTreeMap<_, _> = own.map(|loaded| (loaded.setup.code.clone(), loaded.setup.id)).collect();
    let keys = assembly.known_card_keys().await?;
    let link = assembly.link(&args.bank)?;
    let report = gateway::import_enrollment(file, link, &programs, &keys, &assembly.pool).await?;
    println!("enrolled {} cards, {} were known", report.enrolled, report.known);
    println!("delete {} now: it holds card numbers", args.file.display());
    Ok(())
}

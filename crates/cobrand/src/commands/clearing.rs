//! `clearing import`: clearing by file.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;

use super::assemble;
use crate::cli::ConfigArgs;

/// Clearing files.
#[derive(Debug, Subcommand)]
pub enum ClearingCommand {
    /// Imports a CSV clearing file; a file and a presentment are taken once.
    Import {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The bank that sent it.
        #[arg(long)]
        bank: String,
        /// The file's id; its name without the ending if absent.
        #[arg(long)]
        file_id: Option<String>,
        /// The file's sequence number at the bank.
        #[arg(long, default_value_t = 1)]
        sequence: i32,
        /// The file.
        file: PathBuf,
    },
}

impl ClearingCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::Import { config, bank, file_id, sequence, file } = self;
        let assembly = assemble(&config).await?;
        let gateway = assembly.gateway().await?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let id = file_id.unwrap_or(stem);
        let reader = std::fs::File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let link = assembly.link(&bank)?;
        let report = gateway::import_clearing(reader, &id, sequence, link, &gateway).await?;
        if report.already_imported {
            println!("{id}: imported before, nothing to do");
            return Ok(());
        }
        println!(
            "{id}: {} records; {} booked, {} repeated, {} without loyalty, {} put aside",
            report.records, report.booked, report.repeated, report.without_loyalty, report.quarantined
        );
        Ok(())
    }
}

//! `file verify` and `file regenerate`.

use std::path::PathBuf;

use clap::Subcommand;
use domain::CycleId;
use serde_json::json;

use super::assemble;
use crate::cli::{AnswerIsNo, ConfigArgs};

/// Settlement files.
#[derive(Debug, Subcommand)]
pub enum FileCommand {
    /// Recomputes every count, sum and hash of a file; needs no database.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The files; several of one receiver, in order, are also checked as a chain.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Writes the files of a settled cycle again, byte for byte, into a folder.
    Regenerate {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The program.
        #[arg(long)]
        program: String,
        /// The business date.
        #[arg(long)]
        date: jiff::civil::Date,
        /// The folder.
        #[arg(long)]
        out: PathBuf,
    },
}

impl FileCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Verify { json, files } => verify(json, &files),
            Self::Regenerate { config, program, date, out } => {
                let assembly = assemble(&config).await?;
                let loaded = assembly.program(&program)?;
                let cycle = store::cycle_by_date(&assembly.pool, loaded.setup.id, date).await?;
                let id: CycleId = cycle
                    .map(|cycle| cycle.id)
                    .ok_or_else(|| AnswerIsNo(format!("{program} has no cycle of {date}")))?;
                std::fs::create_dir_all(&out)?;
                for (name, bytes) in settlement::regenerate(&assembly.pool, &loaded.setup, id).await? {
                    partner_adapters::publish(&out, &name, &bytes)?;
                    println!("{}", out.join(name).display());
                }
                Ok(())
            }
        }
    }
}

fn verify(as_json: bool, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut earlier: Option<settlement::FileSummary> = None;
    for path in files {
        let summary = settlement::verify_path(path)
            .map_err(|error| AnswerIsNo(format!("{}: {error}", path.display())))?;
        if let Some(earlier) = earlier.filter(|earlier| earlier.header.receiver == summary.header.receiver) {
            settlement::verify_chain(&earlier, &summary)
                .map_err(|error| AnswerIsNo(format!("{}: {error}", path.display())))?;
        }
        if as_json {
            let batches: Vec<_> = summary
                .batches
                .iter()
                .map(|batch| {
                    json!({ "partner": batch.partner, "currency": batch.currency, "direction": batch.direction.name(),
                        "transactions": batch.transactions, "net_minor": batch.net_minor, "vat_minor": batch.vat_minor,
                        "rounding_minor": batch.rounding_minor, "to_pay_minor": batch.to_pay_minor })
                })
                .collect();
            println!(
                "{}",
                json!({ "file": path.display().to_string(), "receiver": summary.header.receiver,
                "business_date": summary.header.business_date.to_string(), "sha256": summary.sha256,
                "records": summary.records, "batches": batches })
            );
        } else {
            println!(
                "ok  {}  {} records, SHA-256 of the body {}",
                path.display(),
                summary.records,
                summary.sha256
            );
        }
        earlier = Some(summary);
    }
    Ok(())
}

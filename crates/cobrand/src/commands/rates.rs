//! `rates`: dated rates of exchange, for purchases that are not billed in their program's currency.

use std::path::PathBuf;

use anyhow::Context;
use clap::Subcommand;
use domain::RatesHash;
use program_files::read_rates;
use serde_json::{Value, json};

use super::{assemble, staff::StaffArgs};
use crate::{
    assembly::hash_of,
    cli::{AnswerIsNo, ConfigArgs},
};

/// Rate tables.
#[derive(Debug, Subcommand)]
pub enum RatesCommand {
    /// Imports a table. It replaces the one of this name for purchases that come; those that were converted keep their
    /// rate. Running gateways read it with SIGHUP.
    Import {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The name by which programs call the table.
        #[arg(long)]
        name: String,
        /// CSV with the columns `date,from,to,per,rate`: on that day, `per` units of `from` are `rate` units of `to`.
        file: PathBuf,
        /// Who imports it.
        #[command(flatten)]
        staff: StaffArgs,
    },
    /// The tables in force.
    List {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

impl RatesCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Import { config, name, file, staff } => import(&config, &name, &file, &staff).await,
            Self::List { config, json } => list(&config, json).await,
        }
    }
}

async fn import(
    config: &ConfigArgs,
    name: &str,
    file: &std::path::Path,
    staff: &StaffArgs,
) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let hash = RatesHash(hash_of(&text).0);
    let table =
        read_rates(&text, hash).map_err(|errors| AnswerIsNo(errors.in_file(&file.display().to_string())))?;
    let assembly = assemble(config).await?;
    let (by, now) =
        (staff.authenticate(&assembly, console::Deed::KeepCampaigns).await?, assembly.clock.now());
    let other = store::register_rates(&assembly.pool, name, hash, &text, by, now).await?;
    let rates = table.len();
    match other {
        true => println!("{name}: version {} with {rates} rates; gateways read it with SIGHUP", hash.short()),
        false => println!("{name}: version {} is in force already", hash.short()),
    }
    Ok(())
}

async fn list(config: &ConfigArgs, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let tables = store::rates_in_force(&assembly.pool).await?;
    if as_json {
        let one = |table: &store::RatesInForce| {
            json!({
                "name": table.name,
                "sha256": table.hash.to_string(),
                "in_force_at": table.since.to_string(),
                "imported_by": table.by,
            })
        };
        println!("{}", Value::Array(tables.iter().map(one).collect()));
        return Ok(());
    }
    for table in &tables {
        println!("{}  {}  {}  imported by {}", table.since, table.name, table.hash.short(), table.by);
    }
    Ok(())
}

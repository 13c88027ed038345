//! `merchants check`: a map by itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use clap::Args;
use domain::PartnerId;
use program_files::{Codes, partners_named, program_header};
use serde_json::json;

use super::{
    MapFile,
    map_file::{numbered, text_of},
};
use crate::{assembly::hash_of, cli::AnswerIsNo, config::Config};

/// Which map.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The map.
    file: PathBuf,
    /// A configuration: partners must be those that its program files name. Without it their codes are taken as they
    /// stand. No database is asked.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let text = text_of(&args.file)?;
    let codes = match &args.config {
        Some(path) => of_programs(&Config::read(path)?)?,
        None => numbered(BTreeMap::new(), partners_named(&text)),
    };
    let file = MapFile::of_text(&args.file, &text, &codes)?;
    let partners: BTreeSet<PartnerId> = file.map.rows().map(|row| row.partner).collect();
    let version = hash_of(&text).short();
    let aggregators = file.map.aggregators();
    if args.json {
        let overruled = file.map.overruled().map(|(holds, other)| json!([holds.line, other.line]));
        let found = json!({
            "file": args.file.display().to_string(),
            "version": version,
            "rows": file.map.len(),
            "partners": partners.iter().map(|id| file.partner(*id)).collect::<Vec<_>>(),
            "aggregators": aggregators,
            "overruled": overruled.collect::<Vec<_>>(),
        });
        println!("{found}");
        return Ok(());
    }
    println!(
        "ok  {}  version {version}: {} rows of {} partners, {} aggregators",
        args.file.display(),
        file.map.len(),
        partners.len(),
        aggregators.len()
    );
    for (holds, other) in file.map.overruled() {
        println!(
            "    line {} ({}, {}) stands back behind line {} ({}, {})",
            other.line,
            file.partner(other.partner),
            other.origin.name(),
            holds.line,
            file.partner(holds.partner),
            holds.origin.name()
        );
    }
    Ok(())
}

/// The partners that the program files of a configuration name.
fn of_programs(config: &Config) -> anyhow::Result<Codes> {
    let mut named = BTreeSet::new();
    for path in &config.programs.files {
        let name = path.display().to_string();
        let header = program_header(&text_of(path)?);
        let header = header.map_err(|errors| AnswerIsNo(errors.in_file(&name).to_string()))?;
        named.extend(header.partners_named);
        named.insert(header.cobrand_partner);
    }
    Ok(numbered(BTreeMap::new(), named))
}

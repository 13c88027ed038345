//! `merchants diff`: a dry run of a new map.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use domain::{MapChange, MerchantRow};
use jiff::Timestamp;
use program_files::partners_named;
use serde_json::{Value, json};

use super::{
    MapFile, asked, days_before,
    effect::{self, Effect},
    held,
    map_file::{numbered, pool, text_of},
};
use crate::config::Config;

/// Which maps.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The map that is in force.
    old: PathBuf,
    /// The map that would come.
    new: PathBuf,
    /// A configuration: its database is asked for the purchases.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The purchases of so many days are looked at.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Counted back from this instant; from now if it is absent.
    #[arg(long)]
    now: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn diff(args: &DiffArgs) -> anyhow::Result<()> {
    let (old, new) = (text_of(&args.old)?, text_of(&args.new)?);
    let mut named = partners_named(&old);
    named.extend(partners_named(&new));
    let pool = match &args.config {
        Some(path) => Some(pool(&Config::read(path)?).await?),
        None => None,
    };
    let known = match &pool {
        Some(pool) => store::allot_partners(pool, &[]).await?,
        None => BTreeMap::new(),
    };
    let codes = numbered(known, named);
    let old = MapFile::of_text(&args.old, &old, &codes)?;
    let new = MapFile::of_text(&args.new, &new, &codes)?;
    let effect = match &pool {
        Some(pool) => {
            let since = days_before(args.now.unwrap_or_else(Timestamp::now), args.days)?;
            Some(effect::of(&store::merchant_purchases(pool, since).await?, &old.map, &new.map))
        }
        None => None,
    };
    match args.json {
        true => println!("{}", as_json(&old, &new, effect.as_ref())),
        false => print(args, &old, &new, effect.as_ref()),
    }
    Ok(())
}

fn print(args: &DiffArgs, old: &MapFile, new: &MapFile, effect: Option<&Effect>) {
    let row = |row: &MerchantRow| {
        format!("{} {}{} ({})", old.partner(row.partner), asked(&row.criteria), held(row), row.origin.name())
    };
    let changes = old.map.changes(&new.map);
    for change in &changes {
        match change {
            MapChange::Added(to) => println!("+ {}  line {}", row(to), to.line),
            MapChange::Removed(from) => println!("- {}  line {}", row(from), from.line),
            MapChange::Changed { from, to } => {
                println!("~ {}  line {}\n  -> {}  line {}", row(from), from.line, row(to), to.line);
            }
        }
    }
    let (before, after) = (old.map.aggregators(), new.map.aggregators());
    after.difference(&before).for_each(|name| println!("+ aggregator {name}"));
    before.difference(&after).for_each(|name| println!("- aggregator {name}"));
    println!("{} rows differ", changes.len());
    if let Some(effect) = effect {
        effect.print(args.days, old);
    }
}

fn as_json(old: &MapFile, new: &MapFile, effect: Option<&Effect>) -> Value {
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for change in old.map.changes(&new.map) {
        match change {
            MapChange::Added(row) => added.push(new.row_json(&row)),
            MapChange::Removed(row) => removed.push(old.row_json(&row)),
            MapChange::Changed { from, to } => {
                changed.push(json!({ "from": old.row_json(&from), "to": new.row_json(&to) }));
            }
        }
    }
    let (before, after) = (old.map.aggregators(), new.map.aggregators());
    json!({
        "added": added,
        "removed": removed,
        "changed": changed,
        "aggregators_added": after.difference(&before).collect::<Vec<_>>(),
        "aggregators_removed": before.difference(&after).collect::<Vec<_>>(),
        "purchases": effect.map(|effect| effect.as_json(old)),
    })
}

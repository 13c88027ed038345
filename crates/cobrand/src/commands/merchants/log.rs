//! `merchants log`: which maps were in force.

use clap::Args;
use serde_json::{Value, json};

use super::map_file::pool;
use crate::{
    cli::{ConfigArgs, WrongUse},
    config::Config,
};

/// What to show.
#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the text of the map whose hash begins so, at least eight hexadecimal digits as explanations have them.
    #[arg(long)]
    show: Option<String>,
    /// How many are listed.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Digits of a hash in explanations.
const SHORT: usize = 8;

pub(super) async fn log(args: &LogArgs) -> anyhow::Result<()> {
    let pool = pool(&Config::read(&args.config.config)?).await?;
    if let Some(digits) = &args.show {
        if digits.len() < SHORT || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let expected = format!("--show: expected at least {SHORT} hexadecimal digits");
            return Err(WrongUse(format!("{expected}, as explanations name the map")).into());
        }
        print!("{}", store::merchant_map_text(&pool, &digits.to_lowercase()).await?);
        return Ok(());
    }
    let maps = store::merchant_maps_in_force(&pool, args.limit).await?;
    if args.json {
        let maps = maps
            .iter()
            .map(|map| json!({ "in_force_at": map.since.to_string(), "sha256": map.hash.to_string() }));
        println!("{}", Value::Array(maps.collect()));
        return Ok(());
    }
    maps.iter().for_each(|map| println!("{}  {}", map.since, map.hash.short()));
    Ok(())
}

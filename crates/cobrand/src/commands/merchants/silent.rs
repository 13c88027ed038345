//! `merchants silent`: rows of the map that no message comes for.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use domain::{MerchantRow, Rung};
use jiff::{Timestamp, tz::TimeZone};
use program_files::partners_named;
use serde_json::{Value, json};
use store::MerchantSeen;

use super::{
    MapFile, asked, days_before,
    map_file::{numbered, pool, text_of},
};
use crate::{
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    config::Config,
};

/// How long is too long.
#[derive(Debug, Args)]
pub struct SilentArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A merchant without a message for so many days is silent.
    #[arg(long)]
    days: u32,
    /// How far back the last message is looked for, in days; every message of that time is read.
    #[arg(long, default_value_t = 90)]
    look_back: u32,
    /// Counted back from this instant; from now if it is absent.
    #[arg(long)]
    now: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A silent row and when a message last came for it.
type Silent<'a> = (&'a MerchantRow, Option<Timestamp>);

pub(super) async fn silent(args: &SilentArgs) -> anyhow::Result<()> {
    if args.look_back < args.days {
        let why = format!("--look-back {} is shorter than --days {}", args.look_back, args.days);
        return Err(WrongUse(format!("{why}: look back at least as far")).into());
    }
    let config = Config::read(&args.config.config)?;
    let path = &config.programs.merchants;
    let text = text_of(path)?;
    let pool = pool(&config).await?;
    let codes = numbered(store::allot_partners(&pool, &[]).await?, partners_named(&text));
    let file = MapFile::of_text(path, &text, &codes)?;
    let now = args.now.unwrap_or_else(Timestamp::now);
    let seen = store::merchants_seen(&pool, days_before(now, args.look_back)?).await?;
    let (rows, by_name) = held_now(&file, now);
    let found = rows_silent(&file, rows, &seen, days_before(now, args.days)?);
    match args.json {
        true => println!("{}", as_json(&file, &found, by_name)),
        false => print(&file, &found, by_name, args),
    }
    match found.is_empty() {
        true => Ok(()),
        false => Err(AnswerIsNo(format!("{} merchants are silent", found.len())).into()),
    }
}

/// The rows by which a merchant can be found now, and how many others go by a name in DE43, which is not stored.
fn held_now(file: &MapFile, now: Timestamp) -> (Vec<&MerchantRow>, usize) {
    // The map's days are local to each terminal; for an alarm by days, that of UTC is near enough.
    let today = now.to_zoned(TimeZone::UTC).date();
    // A row that stands back behind another one finds nobody: that says nothing of its merchant.
    let behind = file.map.overruled().filter(|(holds, _)| holds.valid.contains(today));
    let behind: BTreeSet<usize> = behind.map(|(_, other)| other.line).collect();
    let rows = file.map.rows().filter(|row| row.valid.contains(today) && !behind.contains(&row.line));
    let (by_name, others): (Vec<_>, Vec<_>) =
        rows.partition(|row| row.criteria.rung() == Rung::SubMerchant || row.criteria.sub_merchant.is_some());
    (others, by_name.len())
}

/// Those of the rows for which the last message came before `since`, or none.
fn rows_silent<'a>(
    file: &MapFile,
    rows: Vec<&'a MerchantRow>,
    seen: &[MerchantSeen],
    since: Timestamp,
) -> Vec<Silent<'a>> {
    let mut last: BTreeMap<usize, Timestamp> = BTreeMap::new();
    for seen in seen {
        let date = seen.last.to_zoned(TimeZone::UTC).date();
        if let Some(row) = file.map.lookup(&seen.merchant, date).row() {
            let known = last.entry(row.line).or_insert(seen.last);
            *known = (*known).max(seen.last);
        }
    }
    let with_last = rows.into_iter().map(|row| (row, last.get(&row.line).copied()));
    let mut silent: Vec<Silent<'_>> =
        with_last.filter(|(_, last)| last.is_none_or(|last| last < since)).collect();
    silent.sort_by_key(|(row, _)| row.line);
    silent
}

fn print(file: &MapFile, found: &[Silent<'_>], by_name: usize, args: &SilentArgs) {
    for (row, last) in found {
        let last = match last {
            Some(last) => format!("last seen {last}"),
            None => format!("not seen in {} days", args.look_back),
        };
        println!("{}  {}  line {}: {last}", file.partner(row.partner), asked(&row.criteria), row.line);
    }
    if found.is_empty() {
        println!("every merchant of the map was seen in the last {} days", args.days);
    }
    if by_name > 0 {
        println!("{by_name} rows go by a name in DE43, which is not stored: they are not looked at");
    }
}

fn as_json(file: &MapFile, found: &[Silent<'_>], by_name: usize) -> Value {
    let silent = found.iter().map(
        |(row, last)| json!({ "row": file.row_json(row), "last_seen": last.map(|last| last.to_string()) }),
    );
    json!({ "silent": silent.collect::<Vec<_>>(), "not_looked_at": by_name })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_rows_by_which_a_merchant_can_be_found_today_are_looked_at() {
        let text = "partner,acquirer,card_acceptor,terminal,valid_from,valid_to,origin,name\n\
                    kosta,1,SHOP,,,,brand,\n\
                    skyfuel,1,SHOP,,,2026-10-10,manual,\n\
                    kosta,1,ENDED,,,2026-10-10,,\n\
                    kosta,1,COMES,,2026-11-01,,,\n\
                    kosta,1,,,,,,SQ *KOSTA\n";
        let codes = numbered(BTreeMap::new(), partners_named(text));
        let file = MapFile::of_text(Path::new("map.csv"), text, &codes).unwrap();
        for (now, lines) in [
            ("2026-10-09T12:00:00Z", vec![3, 4]),
            ("2026-10-10T12:00:00Z", vec![2]),
            ("2026-11-01T12:00:00Z", vec![2, 5]),
        ] {
            let (rows, by_name) = held_now(&file, now.parse().unwrap());
            let mut found: Vec<usize> = rows.iter().map(|row| row.line).collect();
            found.sort_unstable();
            assert_eq!((found, by_name), (lines, 1), "{now}");
        }
    }
}

//! `audit verify` and `audit list`: the journal of what people did, and whether anything of it was changed.

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use store::{
    Pool,
    audit::{self, AuditFilter, AuditRow, ChainHead, Verified},
};

use crate::{
    cli::{AnswerIsNo, ConfigArgs},
    config::Config,
};

/// So many entries are read at a time.
const PAGE: u32 = 500;
/// So many are listed if nothing else is said.
const LISTED: u64 = 100;

/// The journal.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Computes the whole chain anew. Status 1: something was changed or taken out; the first place is named.
    Verify(VerifyArgs),
    /// Lists entries, the newest first.
    List(ListArgs),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// An end that was printed before and kept elsewhere: it must still be in the chain. Without it, an end that was cut
    /// off is not noticed.
    #[arg(long, value_parser = known_end, value_name = "PLACE:HASH")]
    known: Option<ChainHead>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `audit list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Who acted.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// What was done, such as `user.add`, or the beginning of it up to the dot: `user`.
    #[arg(long, value_name = "WORD")]
    what: Option<String>,
    /// On which kind of object, such as `case`.
    #[arg(long)]
    kind: Option<String>,
    /// On which object.
    #[arg(long)]
    object: Option<String>,
    /// Not before this date, in UTC, or this instant.
    #[arg(long, value_parser = begin_of, value_name = "WHEN")]
    from: Option<Timestamp>,
    /// Up to this date, itself included, in UTC; or before this instant.
    #[arg(long, value_parser = end_of, value_name = "WHEN")]
    until: Option<Timestamp>,
    /// How many at most; 0 for all.
    #[arg(long, default_value_t = LISTED)]
    limit: u64,
    /// Print JSON, one entry a line.
    #[arg(long)]
    json: bool,
}

impl AuditCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Verify(args) => verify(&args).await,
            Self::List(args) => list(&args).await,
        }
    }
}

async fn pool(args: &ConfigArgs) -> anyhow::Result<Pool> {
    let config = Config::read(&args.config)?;
    let pool = store::pool(&crate::assembly::database(&config)?).await;
    pool.context("cannot reach PostgreSQL as database.connection says")
}

async fn verify(args: &VerifyArgs) -> anyhow::Result<()> {
    let pool = pool(&args.config).await?;
    let found = audit::verify(&pool, args.known.as_ref()).await?;
    let Verified { head, waiting, fault } = &found;
    let fault = fault.as_ref().map(ToString::to_string);
    let end = format!("{}:{}", head.place, hex::encode(head.hash));
    if args.json {
        println!(
            "{}",
            json!({ "whole": fault.is_none(), "places": head.place, "end": end, "waiting": waiting, "fault": fault })
        );
    }
    match fault {
        Some(fault) => Err(AnswerIsNo(format!(
            "the journal is not what was written: {fault}; up to place {} it is. Compare it with a backup",
            head.place
        ))
        .into()),
        None if args.json => Ok(()),
        None => {
            println!("whole: {} entries are chained, {waiting} wait for their seal", head.place);
            println!("end {end}");
            println!("keep it elsewhere, and give it to the next: cobrand audit verify --known {end}");
            Ok(())
        }
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let pool = pool(&args.config).await?;
    let (mut left, mut before_entry) = (if args.limit == 0 { u64::MAX } else { args.limit }, None);
    while left > 0 {
        let filter = AuditFilter {
            by: args.by.as_deref(),
            what: args.what.as_deref(),
            object_kind: args.kind.as_deref(),
            object: args.object.as_deref(),
            from: args.from,
            until: args.until,
            before_entry,
        };
        let page = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let rows = audit::entries(&pool, &filter, page).await?;
        rows.iter()
            .for_each(|row| println!("{}", if args.json { in_json(row).to_string() } else { in_words(row) }));
        let Some(last) = rows.last().filter(|_| rows.len() == usize::try_from(page).unwrap_or(0)) else {
            return Ok(());
        };
        before_entry = Some(last.entry);
        left -= u64::from(page);
    }
    Ok(())
}

fn in_words(row: &AuditRow) -> String {
    let AuditRow { entry, at, by, what, object_kind, object, before, after, note, .. } = row;
    let value = |name: &str, value: &Option<Value>| {
        value.as_ref().map_or_else(String::new, |value| format!("  {name} {value}"))
    };
    let note = if note.is_empty() { String::new() } else { format!("  ({note})") };
    let (before, after) = (value("before", before), value("after", after));
    format!("{entry}  {at}  {by}  {what}  {object_kind} {object}{before}{after}{note}")
}

fn in_json(row: &AuditRow) -> Value {
    let AuditRow { entry, at, by, what, object_kind, object, before, after, note, seal } = row;
    let seal = seal.map(|(place, hash)| json!({ "place": place, "hash": hex::encode(hash) }));
    json!({
        "entry": entry, "at": at.to_string(), "by": by, "what": what, "object_kind": object_kind, "object": object,
        "before": before, "after": after, "note": note, "seal": seal,
    })
}

fn known_end(text: &str) -> Result<ChainHead, String> {
    let expected = || "expected PLACE:HASH, as `audit verify` prints it".to_owned();
    let (place, hash) = text.split_once(':').ok_or_else(expected)?;
    let place = place.parse().map_err(|_| expected())?;
    let hash = hex::decode(hash).ok().and_then(|hash| hash.try_into().ok()).ok_or_else(expected)?;
    Ok(ChainHead { place, hash })
}

fn begin_of(text: &str) -> Result<Timestamp, String> {
    instant(text, Some)
}

fn end_of(text: &str) -> Result<Timestamp, String> {
    instant(text, |date| date.tomorrow().ok())
}

/// An instant, or the midnight in UTC at which a day begins.
fn instant(text: &str, day: impl Fn(Date) -> Option<Date>) -> Result<Timestamp, String> {
    let wrong =
        || "expected a date such as 2026-10-10, or an instant such as 2026-10-10T09:00:00Z".to_owned();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    let date = text.parse::<Date>().ok().and_then(day).ok_or_else(wrong)?;
    date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_given_by_dates_or_instants() {
        let at = |text: &str| text.parse::<Timestamp>().ok();
        assert_eq!(begin_of("2026-10-10").ok(), at("2026-10-10T00:00:00Z"));
        assert_eq!(end_of("2026-10-10").ok(), at("2026-10-11T00:00:00Z"));
        assert_eq!(end_of("2026-10-10T09:00:00+03:00").ok(), at("2026-10-10T06:00:00Z"));
        for wrong in ["", "yesterday", "9999-12-31", "2026-13-01"] {
            assert!(end_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_end_is_read_as_it_was_printed() {
        let end = format!("7:{}", "0a".repeat(32));
        assert_eq!(known_end(&end), Ok(ChainHead { place: 7, hash: [10; 32] }));
        for wrong in ["", "7", "7:", "x:00", &end[..20], &format!("{end}00")] {
            assert!(known_end(wrong).is_err(), "{wrong}");
        }
    }
}

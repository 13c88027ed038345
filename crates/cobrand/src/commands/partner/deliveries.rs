//! `partner deliveries`, `partner replay`, `partner enable`: what waits, once more, and again.

use clap::Args;
use domain::PartnerId;
use partner_adapters::PartnerFile;
use serde_json::{Value, json};
use store::{Carries, EndpointRow};

use crate::{
    assembly::{Assembly, ReadFile},
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::assemble,
};

/// Arguments of `partner deliveries`.
#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only this partner's.
    partner: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `partner replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The partner.
    partner: String,
    /// The number of one event.
    #[arg(long, conflicts_with_all = ["from", "to", "file"])]
    event: Option<i64>,
    /// The first number of a range.
    #[arg(long, requires = "to", conflicts_with = "file")]
    from: Option<i64>,
    /// The last number of the range, included.
    #[arg(long, requires = "from")]
    to: Option<i64>,
    /// The name of a settlement file.
    #[arg(long)]
    file: Option<String>,
    /// Only on this way, as `partner deliveries` names it; all that carry it if it is left out.
    #[arg(long)]
    way: Option<String>,
}

/// Arguments of `partner enable`.
#[derive(Debug, Args)]
pub struct EnableArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The partner.
    partner: String,
    /// Only this way; all of the partner if it is left out.
    #[arg(long)]
    way: Option<String>,
    /// Pass over events up to this number. They stay where they are and can be replayed.
    #[arg(long, requires = "way")]
    skip_to: Option<i64>,
}

/// The ways to a partner, or the one that is named.
async fn ways(
    assembly: &Assembly,
    partner: PartnerId,
    code: &str,
    way: Option<&str>,
) -> anyhow::Result<Vec<EndpointRow>> {
    let all = store::endpoints(&assembly.pool, partner).await?;
    let known: Vec<String> = all.iter().map(|row| row.endpoint.clone()).collect();
    let found: Vec<EndpointRow> =
        all.into_iter().filter(|row| way.is_none_or(|way| way == row.endpoint)).collect();
    if found.is_empty() {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(AnswerIsNo(format!(
            "{code} has no such way (known: {known}); a way is known once serve or settle has run with its file"
        ))
        .into());
    }
    Ok(found)
}

pub(super) async fn deliveries(args: &DeliveriesArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let now = assembly.clock.now();
    let (files, left_out) = assembly.read_partner_files();
    let mut shown: Vec<Value> = Vec::new();
    for (code, id) in &assembly.codes.partners {
        if args.partner.as_ref().is_some_and(|wanted| wanted != code) {
            continue;
        }
        for row in store::endpoints(&assembly.pool, *id).await? {
            let waits = row.waits_since.map(|since| now.duration_since(since).as_secs().max(0));
            let file = file_of(&files, *id);
            let in_file = file.is_some_and(|file| file.endpoint_names().contains(&row.endpoint));
            if !args.json {
                println!("{}", line(code, &row, waits, in_file));
                if !in_file {
                    println!("  {}", without_file(file.is_some(), !left_out.is_empty()));
                }
            }
            shown.push(json!({
                "partner": code, "way": row.endpoint, "in_file": in_file, "carries": row.carries.name(),
                "stopped": row.stopped, "delivered": row.delivered, "backlog": row.backlog,
                "oldest_seconds": waits, "attempts": row.attempts, "sent_to": row.sent_to,
                "next_attempt_at": row.next_attempt_at.map(|next| next.to_string()),
                "delivered_at": row.delivered_at.map(|at| at.to_string()),
                "last_error": row.last_error,
            }));
        }
    }
    if args.json {
        println!("{}", json!({ "deliveries": shown }));
    } else if shown.is_empty() {
        println!(
            "no way to a partner is known: name its file in [settlement] partners and start serve or settle"
        );
    }
    Ok(())
}

fn file_of(files: &[ReadFile], id: PartnerId) -> Option<&PartnerFile> {
    files.iter().find(|(_, known, _)| *known == id).map(|(.., file)| file)
}

/// Why nothing goes out on a way that no file has.
fn without_file(has_file: bool, some_left_out: bool) -> &'static str {
    match (has_file, some_left_out) {
        (true, _) => "its file has this way no more: nothing goes out on it",
        (false, true) => {
            "its file is not named, or cannot be used (see cobrand check): nothing goes out on it"
        }
        (false, false) => "[settlement] partners names no file of it: nothing goes out on it",
    }
}

/// Said wherever a way is to be tried again.
const AFTER_A_CHANGE: &str =
    "after a change of its file or keys first send SIGHUP to serve or settle, which reads them again";

fn line(code: &str, row: &EndpointRow, waits: Option<i64>, in_file: bool) -> String {
    let what = row.carries.name();
    let state = match (&row.stopped, row.next_attempt_at, row.backlog) {
        (Some(reason), ..) => format!("STOPPED ({reason})"),
        (None, Some(next), _) => format!("failing, attempt {} at {}", row.attempts + 1, seconds(next)),
        (None, None, _) if !in_file => "-".to_owned(),
        (None, None, 0) => "ok".to_owned(),
        (None, None, _) => "sending".to_owned(),
    };
    let mut text = format!(
        "{code:<12} {:<10} {:>8} {what} delivered, {:>6} wait",
        row.endpoint, row.delivered, row.backlog
    );
    if let Some(waits) = waits {
        text += &format!(", the oldest for {}", age(waits));
    }
    text += &format!("   {state}");
    if !row.last_error.is_empty() {
        text += &format!("\n  last error: {}", row.last_error);
    }
    if row.stopped.is_some() {
        text += &format!("\n  when it is mended: cobrand partner enable {code} --way {}", row.endpoint);
        text += &format!("\n  {AFTER_A_CHANGE}");
    }
    text
}

fn seconds(at: jiff::Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_second()).map_or_else(|_| at.to_string(), |at| at.to_string())
}

fn age(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

pub(super) async fn replay(args: &ReplayArgs) -> anyhow::Result<()> {
    let range = match (args.event, args.from, args.to) {
        (Some(number), ..) => Some((number, number)),
        (None, Some(from), Some(to)) if from <= to => Some((from, to)),
        (None, Some(_), Some(_)) => return Err(WrongUse("--from is greater than --to".to_owned()).into()),
        _ => None,
    };
    if range.is_none() && args.file.is_none() {
        return Err(WrongUse("say --event N, --from A --to B, or --file NAME".to_owned()).into());
    }
    let assembly = assemble(&args.config).await?;
    let partner = assembly.partner_id(&args.partner)?;
    let (pool, now) = (&assembly.pool, assembly.clock.now());
    let (mut asked, mut names) = (0, Vec::new());
    let mut found = ways(&assembly, partner, &args.partner, args.way.as_deref()).await?;
    if let (None, Some(file)) = (&args.way, file_of(&assembly.read_partner_files().0, partner)) {
        // On a way that the file has no more it would wait for ever.
        let names = file.endpoint_names();
        found.retain(|row| names.contains(&row.endpoint));
    }
    let carries = if args.file.is_some() { Carries::Files } else { Carries::Events };
    if !found.iter().any(|row| row.carries == carries) {
        let known: Vec<&str> = found.iter().map(|row| row.endpoint.as_str()).collect();
        let problem = format!(
            "{} has no way that carries {} (known: {})",
            args.partner,
            carries.name(),
            known.join(", ")
        );
        return Err(AnswerIsNo(problem).into());
    }
    for row in found {
        let again = match (range, &args.file, row.carries) {
            (Some(range), _, Carries::Events) => {
                store::replay_events(pool, partner, &row.endpoint, range, "cobrand partner replay", now)
                    .await?
            }
            (_, Some(file), Carries::Files) => {
                store::send_file_again(pool, partner, &row.endpoint, file, now).await?
            }
            _ => continue,
        };
        asked += again;
        names.push(row.endpoint);
    }
    if asked == 0 {
        let why = "nothing to send once more: events that were not sent yet come anyway, those of more than 90 days ago \
                   are gone, and a file must be one of this partner's";
        return Err(AnswerIsNo(why.to_owned()).into());
    }
    println!("{asked} will go out once more on {}, with the keys that they had", names.join(", "));
    Ok(())
}

pub(super) async fn enable(args: &EnableArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let partner = assembly.partner_id(&args.partner)?;
    for row in ways(&assembly, partner, &args.partner, args.way.as_deref()).await? {
        store::enable_endpoint(&assembly.pool, partner, &row.endpoint, args.skip_to).await?;
        println!("{} {}: is tried again at once, {} wait", args.partner, row.endpoint, row.backlog);
    }
    println!("  {AFTER_A_CHANGE}");
    Ok(())
}

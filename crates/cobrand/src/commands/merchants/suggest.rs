//! `merchants suggest`: whose merchant might this be?

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use domain::{Merchant, NameAndPlace, Resemblance};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::MapFile;

/// What to compare, and how much to show.
#[derive(Debug, Args)]
pub struct SuggestArgs {
    /// CSV with the columns `acquirer,card_acceptor,terminal,de43`, such as a bank's list of merchants. Those that the
    /// map knows are what the others are compared with. A row with a `partner` is a merchant of that partner's own
    /// list; it needs nothing else but `de43`.
    pairs: PathBuf,
    /// The merchant map.
    #[arg(long)]
    map: PathBuf,
    /// The day on which the map is asked; today if it is absent.
    #[arg(long)]
    on: Option<Date>,
    /// The least score that is shown, of 1000.
    #[arg(long, default_value_t = 700)]
    at_least: u32,
    /// How many partners are named for each merchant.
    #[arg(long, default_value_t = 3)]
    each: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A line of the CSV.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    acquirer: String,
    #[serde(default)]
    card_acceptor: String,
    #[serde(default)]
    terminal: String,
    de43: String,
    #[serde(default)]
    partner: String,
}

/// A merchant and, if it is known, its partner.
struct Known {
    line: u64,
    merchant: Merchant,
    partner: Option<String>,
}

/// A partner whose merchant looks like this one.
struct Candidate<'a> {
    partner: &'a str,
    like: &'a Known,
    alike: Resemblance,
}

pub(super) fn suggest(args: &SuggestArgs) -> anyhow::Result<()> {
    let map = MapFile::read(&args.map)?;
    let on = args.on.unwrap_or_else(|| jiff::Zoned::now().date());
    let all = read(&args.pairs, &map, on)?;
    let (known, unknown): (Vec<Known>, Vec<Known>) =
        all.into_iter().partition(|merchant| merchant.partner.is_some());
    let found: Vec<(&Known, Vec<Candidate<'_>>)> = unknown
        .iter()
        .map(|merchant| (merchant, candidates(merchant, &known, args)))
        .filter(|(_, candidates)| !candidates.is_empty())
        .collect();
    if args.json {
        println!(
            "{}",
            Value::Array(found.iter().map(|(merchant, among)| as_json(merchant, among)).collect())
        );
        return Ok(());
    }
    println!(
        "{} merchants without a partner compared with {} of partners; {} look like one",
        unknown.len(),
        known.len(),
        found.len()
    );
    found.iter().for_each(|(merchant, among)| print(merchant, among));
    Ok(())
}

fn read(path: &Path, map: &MapFile, on: Date) -> anyhow::Result<Vec<Known>> {
    let name = path.display();
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_path(path)
        .with_context(|| format!("cannot read {name}"))?;
    let mut all = Vec::new();
    for record in reader.deserialize::<Line>() {
        // The error of the CSV reader quotes no value, but it names line and column.
        let line = record.map_err(|error| {
            anyhow!("{name}: expected the columns acquirer, card_acceptor, terminal, de43, partner: {error}")
        })?;
        let number = u64::try_from(all.len()).unwrap_or(u64::MAX) + 1;
        let merchant = Merchant {
            acquirer: line.acquirer,
            card_acceptor: line.card_acceptor,
            terminal: line.terminal,
            name_and_place: NameAndPlace::split(&line.de43),
            mcc: None,
        };
        let partner = match line.partner.is_empty() {
            true => map.map.lookup(&merchant, on).partner().map(|id| map.partner(id).to_owned()),
            false => Some(line.partner),
        };
        all.push(Known { line: number, merchant, partner });
    }
    Ok(all)
}

/// The partners whose merchants are most like this one, the most alike first; each partner once.
fn candidates<'a>(merchant: &Known, known: &'a [Known], args: &SuggestArgs) -> Vec<Candidate<'a>> {
    let named = &merchant.merchant.name_and_place;
    let mut all: Vec<Candidate<'a>> = known
        .iter()
        .filter_map(|like| {
            let alike = Resemblance::of(named, &like.merchant.name_and_place);
            let partner = like.partner.as_deref()?;
            (alike.score >= args.at_least).then_some(Candidate { partner, like, alike })
        })
        .collect();
    all.sort_by_key(|candidate| (candidate.partner, std::cmp::Reverse(candidate.alike.score)));
    all.dedup_by_key(|candidate| candidate.partner);
    all.sort_by_key(|candidate| std::cmp::Reverse(candidate.alike.score));
    all.truncate(args.each);
    all
}

fn print(merchant: &Known, among: &[Candidate<'_>]) {
    let Merchant { acquirer, card_acceptor, terminal, name_and_place: place, .. } = &merchant.merchant;
    let said = [acquirer, card_acceptor, terminal, &place.name, &place.city, &place.country];
    let said: Vec<&str> = said.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    println!("{}", said.join("  "));
    for Candidate { partner, like, alike } in among {
        let part = |part: Option<u32>| part.map_or_else(|| "-".to_owned(), |part| part.to_string());
        println!(
            "    {:>4}  {partner}  name {} city {} country {}  like {} of row {}",
            alike.score,
            alike.name,
            part(alike.city),
            part(alike.country),
            like.merchant.name_and_place.name,
            like.line
        );
    }
}

fn as_json(merchant: &Known, among: &[Candidate<'_>]) -> Value {
    let candidate = |Candidate { partner, like, alike }: &Candidate<'_>| {
        json!({
            "partner": partner,
            "score": alike.score,
            "name": alike.name,
            "city": alike.city,
            "country": alike.country,
            "like": { "row": like.line, "name": like.merchant.name_and_place.name },
        })
    };
    let Merchant { acquirer, card_acceptor, terminal, name_and_place: place, .. } = &merchant.merchant;
    json!({
        "row": merchant.line,
        "acquirer": acquirer,
        "card_acceptor": card_acceptor,
        "terminal": terminal,
        "name": place.name,
        "city": place.city,
        "country": place.country,
        "candidates": among.iter().map(candidate).collect::<Vec<_>>(),
    })
}

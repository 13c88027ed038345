//! `partner handback`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use domain::RejectCode;
use gateway::RefusalsBooked;
use serde_json::{Value, json};
use settlement::{HandbackError, HandbackFile};
use store::{Handback, HandbackKept};

use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// The largest file that is read: some hundred thousand answers.
const BYTES_MAX: u64 = 64 << 20;

/// Arguments of `partner handback`.
#[derive(Debug, Args)]
pub struct HandbackArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Check the file and say what would be done; nothing is taken.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The partner's file.
    file: PathBuf,
}

/// How often each answer was given.
#[derive(Default)]
struct Counts {
    accepted: usize,
    rejected: Vec<(RejectCode, usize)>,
}

impl Counts {
    fn of(handback: &Handback) -> Self {
        let count = |code| handback.lines.iter().filter(|line| line.code == code).count();
        let rejected = RejectCode::ALL.into_iter().map(|code| (code, count(Some(code))));
        Self { accepted: count(None), rejected: rejected.filter(|(_, count)| *count > 0).collect() }
    }

    fn words(&self) -> String {
        let rejected = self.rejected.iter().map(|(code, count)| format!(", {count} {}", code.name()));
        format!("{} accepted{}", self.accepted, rejected.collect::<String>())
    }

    fn to_json(&self) -> Value {
        let rejected = self.rejected.iter().map(|(code, count)| (code.name().to_owned(), json!(count)));
        json!({ "accepted": self.accepted, "rejected": rejected.collect::<serde_json::Map<_, _>>() })
    }
}

pub(super) async fn handback(args: &HandbackArgs) -> anyhow::Result<()> {
    let bytes = read(&args.file)?;
    let refused =
        |error: HandbackError| AnswerIsNo(format!("{}: {error}; nothing was taken", args.file.display()));
    let file = HandbackFile::read(&bytes).map_err(refused)?;
    let assembly = assemble(&args.config).await?;
    let loaded = assembly.program(file.program())?;
    file.is_for(&loaded.setup).map_err(refused)?;
    let before = store::handback_hash(&assembly.pool, loaded.setup.id, file.sequence()).await?;
    let counts = match before {
        Some(hash) if hash == file.sha256() => None,
        Some(_) => return Err(altered(&file)),
        None => {
            let sent = store::accrual_file(&assembly.pool, loaded.setup.id, file.file_sequence()).await?;
            let lines = store::accrual_lines(&assembly.pool, loaded.setup.id, file.file_sequence()).await?;
            let answers = file.answers(&loaded.setup, sent.as_ref(), &lines).map_err(refused)?;
            let counts = Counts::of(&answers);
            if !args.dry_run {
                keep(&assembly, &file, &answers).await?;
            }
            Some(counts)
        }
    };
    if args.dry_run {
        tell(args, counts.as_ref(), None);
        return Ok(());
    }
    let booked = book(&assembly, loaded).await?;
    tell(args, counts.as_ref(), Some(booked));
    if booked.unanswered > 0 {
        let lines = booked.unanswered;
        anyhow::bail!("{lines} lines could not be booked now: give the same command again");
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        let text =
            format!("{} is larger than {BYTES_MAX} bytes: ask the partner for smaller files", path.display());
        return Err(AnswerIsNo(text).into());
    }
    Ok(bytes)
}

fn altered(file: &HandbackFile) -> anyhow::Error {
    let number = file.sequence();
    let text = format!(
        "hand-back {number} was taken before with other bytes; nothing was taken: ask the partner for a new number"
    );
    AnswerIsNo(text).into()
}

async fn keep(assembly: &Assembly, file: &HandbackFile, answers: &Handback) -> anyhow::Result<()> {
    match store::keep_handback(&assembly.pool, answers).await? {
        HandbackKept::New | HandbackKept::Before => Ok(()),
        HandbackKept::Altered => Err(altered(file)),
        HandbackKept::LineAnswered => {
            let text = "another hand-back was taken at the same time; nothing of this one was: give it again";
            Err(AnswerIsNo(text.to_owned()).into())
        }
    }
}

async fn book(assembly: &Assembly, loaded: &LoadedProgram) -> anyhow::Result<RefusalsBooked> {
    let gateway = assembly.lanes().await?;
    let booked = gateway::book_refusals(&gateway, loaded.setup.id).await;
    gateway.batcher.finish().await;
    Ok(booked?)
}

fn tell(args: &HandbackArgs, counts: Option<&Counts>, booked: Option<RefusalsBooked>) {
    let RefusalsBooked { reversed, miles_taken, written_off, miles_borne, .. } = booked.unwrap_or_default();
    if args.json {
        println!(
            "{}",
            json!({
                "dry_run": args.dry_run, "taken_before": counts.is_none(),
                "answers": counts.map(Counts::to_json),
                "reversed": { "lines": reversed, "miles": miles_taken },
                "written_off": { "lines": written_off, "miles": miles_borne },
            })
        );
        return;
    }
    match (counts, args.dry_run) {
        (None, _) => println!("{} was taken before", args.file.display()),
        (Some(counts), true) => println!("nothing was taken: {}", counts.words()),
        (Some(counts), false) => println!("{}", counts.words()),
    }
    if reversed > 0 {
        println!("{reversed} lines refused for good: {miles_taken} miles taken back");
    }
    if written_off > 0 {
        println!("{written_off} lines not given back: {miles_borne} miles borne by the program's funder");
    }
}

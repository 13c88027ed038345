//! `partner acknowledge`.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use domain::AnswerEffect;
use partner_adapters::ACKNOWLEDGEMENT_BYTES_MAX;
use serde_json::json;
use settlement::{AnswerError, AnswerTaken, Brought};

use super::answers::{follow_answers, outcome_words, setups};
use crate::{
    cli::{AnswerIsNo, ConfigArgs},
    commands::assemble,
};

/// Arguments of `partner acknowledge`.
#[derive(Debug, Args)]
pub struct AcknowledgeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The answer; without it, it is read from standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Whose answer it must be; without it, whose it says that it is.
    #[arg(long)]
    partner: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn acknowledge(args: &AcknowledgeArgs) -> anyhow::Result<()> {
    let bytes = read(args.file.as_deref())?;
    let assembly = assemble(&args.config).await?;
    let out = &assembly.config.settlement.out;
    let brought = Brought {
        receiver: args.partner.as_deref(),
        by: store::audit::BROUGHT_BY_HAND,
        at: assembly.clock.now(),
    };
    let taken = settlement::take_answer(&assembly.pool, &setups(&assembly), out, brought, &bytes).await;
    let taken = taken.map_err(|error| match error {
        AnswerError::Unreadable(_) | AnswerError::Misdirected(_) | AnswerError::UnknownReceiver(_) => {
            anyhow::Error::new(AnswerIsNo(error.to_string()))
        }
        error => error.into(),
    })?;
    let followed = follow_answers(&assembly).await;
    // Taken it is, whatever could not be done of what it asks for.
    tell(args, &taken)?;
    followed
}

fn read(path: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    // One byte more than is read: then it is too large, and its reader says so.
    let max = u64::try_from(ACKNOWLEDGEMENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    match path {
        Some(path) => {
            let file =
                std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            file.take(max).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
        }
        None => {
            std::io::stdin().lock().take(max).read_to_end(&mut bytes)?;
        }
    }
    Ok(bytes)
}

fn tell(args: &AcknowledgeArgs, taken: &AnswerTaken) -> anyhow::Result<()> {
    let alarm = taken.effect == AnswerEffect::Alarm;
    let AnswerTaken { receiver, number, file_id, outcome, before, .. } = taken;
    let words = outcome_words(*outcome);
    if args.json {
        println!(
            "{}",
            json!({
                "receiver": receiver, "number": number, "file_id": file_id, "outcome": outcome.name(),
                "before": before.map(domain::AnswerOutcome::name), "alarm": alarm, "words": words,
            })
        );
    }
    let text = format!("answer {number} of {receiver} to {file_id}: {words}");
    match (alarm, args.json) {
        (true, _) => Err(AnswerIsNo(text).into()),
        (false, true) => Ok(()),
        (false, false) => {
            println!("{text}");
            Ok(())
        }
    }
}

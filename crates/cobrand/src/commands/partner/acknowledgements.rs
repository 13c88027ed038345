//! `partner acknowledgements`: where each file stands with its receiver.

use std::collections::BTreeSet;

use clap::Args;
use domain::{FileState, missing_numbers, skipped_files};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{AnswerRow, FileStanding, InboxProblem, StandingsOf};

use super::answers::{follow_answers, to_do};
use crate::{assembly::Assembly, cli::ConfigArgs, commands::assemble};

/// So many files are listed if nothing else is said.
const LISTED: u32 = 50;
/// So many answers that came to nothing are listed.
const ANSWERS: u32 = 20;

/// Arguments of `partner acknowledgements`.
#[derive(Debug, Args)]
pub struct AcknowledgementsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// One receiver's.
    #[arg(long)]
    partner: Option<String>,
    /// Only those that wait for an answer or a decision, the oldest first.
    #[arg(long)]
    waiting: bool,
    /// How many.
    #[arg(long, default_value_t = LISTED)]
    limit: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is missing between a receiver and us.
struct Gaps {
    receiver: String,
    /// Numbers of its answers, first and last of each run.
    answers: Vec<(i32, i32)>,
    /// Files without an answer although a later one has one.
    files: Vec<i32>,
}

pub(super) async fn acknowledgements(args: &AcknowledgementsArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let followed = follow_answers(&assembly).await;
    let (pool, now) = (&assembly.pool, assembly.clock.now());
    let of = if args.waiting { StandingsOf::Unsettled } else { StandingsOf::Newest };
    let receiver = args.partner.as_deref();
    let files = store::file_standings(pool, of, receiver, args.limit).await?;
    let answers = store::answers_of(pool, receiver, ANSWERS).await?;
    let gaps = gaps(&assembly, receiver).await?;
    let inbox = store::inbox_problems(pool, receiver, ANSWERS).await?;
    match args.json {
        true => println!("{}", to_json(&files, &answers, &gaps, &inbox, now)),
        false => print!("{}{}", in_words(&files, &answers, &gaps, now), not_taken(&inbox)),
    }
    // Told after the list: it shows where everything stands.
    followed
}

async fn gaps(assembly: &Assembly, receiver: Option<&str>) -> anyhow::Result<Vec<Gaps>> {
    let all = store::file_standings(&assembly.pool, StandingsOf::Newest, receiver, u32::MAX).await?;
    let receivers: BTreeSet<&str> = all.iter().map(|file| file.receiver.as_str()).collect();
    let mut gaps = Vec::new();
    for receiver in receivers {
        let ours = all.iter().filter(|file| file.receiver == receiver);
        let states: Vec<(i32, FileState)> = ours.map(|file| (file.sequence, file.state)).collect();
        let numbers = store::answer_numbers(&assembly.pool, receiver).await?;
        let found = Gaps {
            receiver: receiver.to_owned(),
            answers: missing_numbers(1, numbers),
            files: skipped_files(&states),
        };
        gaps.extend((!found.answers.is_empty() || !found.files.is_empty()).then_some(found));
    }
    Ok(gaps)
}

fn state(file: &FileStanding, now: Timestamp) -> &'static str {
    if file.is_overdue(now) { "overdue" } else { file.state.name() }
}

fn file_id(file: &FileStanding) -> String {
    format!("{}-{}-{:06}-{}", file.receiver, file.program, file.cycle_sequence, file.revision)
}

fn in_words(files: &[FileStanding], answers: &[AnswerRow], gaps: &[Gaps], now: Timestamp) -> String {
    let mut text = String::new();
    for file in files {
        let due = file.due_at.map(|due| format!(", due {due}")).unwrap_or_default();
        let (date, id, to_do) = (file.business_date, file_id(file), to_do(file, file.is_overdue(now)));
        text.push_str(&format!("{date}  {id}  file {}  {}{due}: {to_do}\n", file.sequence, state(file, now)));
    }
    for answer in answers.iter().filter(|answer| answer.number.is_none()) {
        let AnswerRow { receiver, outcome, problem, brought_by, received_at, .. } = answer;
        text.push_str(&format!(
            "{received_at}  an answer of {receiver} ({brought_by}) does not count: {outcome} {problem}\n"
        ));
    }
    for gap in gaps {
        for (first, last) in &gap.answers {
            text.push_str(&format!(
                "ALARM  answers {first} to {last} of {} have not come: ask for them\n",
                gap.receiver
            ));
        }
        for file in &gap.files {
            let receiver = &gap.receiver;
            text.push_str(&format!(
                "ALARM  file {file} to {receiver} has no answer although a later one has: ask\n"
            ));
        }
    }
    text
}

/// Files of inboxes that were left where they are, or could not be read.
fn not_taken(inbox: &[InboxProblem]) -> String {
    let line = |file: &InboxProblem| {
        let InboxProblem { partner, endpoint, name, outcome, problem, at, .. } = file;
        let hash = file.sha256.as_ref().map(|hash| format!(", SHA-256 {}", hex::encode(hash)));
        let hash = hash.unwrap_or_default();
        format!(
            "{at}  file {name} from the inbox of {partner} ({endpoint}{hash}) was not taken: {outcome}: {problem}\n"
        )
    };
    inbox.iter().map(line).collect()
}

fn to_json(
    files: &[FileStanding],
    answers: &[AnswerRow],
    gaps: &[Gaps],
    inbox: &[InboxProblem],
    now: Timestamp,
) -> Value {
    let not_taken = |file: &InboxProblem| {
        json!({
            "partner": file.partner, "way": file.endpoint, "file": file.name, "outcome": file.outcome,
            "problem": file.problem, "sha256": file.sha256.as_ref().map(hex::encode), "at": file.at.to_string(),
        })
    };
    let file = |file: &FileStanding| {
        json!({
            "receiver": file.receiver, "program": file.program, "business_date": file.business_date.to_string(),
            "file_id": file_id(file), "sequence": file.sequence, "revision": file.revision, "file": file.file_name,
            "state": file.state.name(), "overdue": file.is_overdue(now), "undecided": file.undecided,
            "due_at": file.due_at.map(|due| due.to_string()), "last_outcome": file.last_outcome,
            "to_do": to_do(file, file.is_overdue(now)),
        })
    };
    let answer = |answer: &AnswerRow| {
        json!({
            "receiver": answer.receiver, "number": answer.number, "verdict": answer.verdict,
            "sequence": answer.file.map(|(sequence, _)| sequence), "revision": answer.file.map(|(_, revision)| revision),
            "outcome": answer.outcome, "problem": answer.problem, "brought_by": answer.brought_by,
            "received_at": answer.received_at.to_string(),
        })
    };
    let gap = |gap: &Gaps| {
        let answers: Vec<Value> =
            gap.answers.iter().map(|(first, last)| json!({ "first": first, "last": last })).collect();
        json!({ "receiver": gap.receiver, "answers": answers, "files": gap.files })
    };
    json!({
        "files": files.iter().map(file).collect::<Vec<_>>(),
        "answers": answers.iter().map(answer).collect::<Vec<_>>(),
        "gaps": gaps.iter().map(gap).collect::<Vec<_>>(),
        "not_taken": inbox.iter().map(not_taken).collect::<Vec<_>>(),
    })
}

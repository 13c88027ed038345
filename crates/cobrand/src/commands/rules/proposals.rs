//! `rules propose`, `proposals`, `show`, `approve`, `reject`, `withdraw` and `running`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use console::{ProgramInfo, Proposing};
use jiff::{Timestamp, civil::DateTime};
use program_files::{Assessment, Language, program_header};
use serde_json::{Value, json};
use store::{DecisionRow, ProposalRow, ProposalTexts, Wanted};

use super::{Lang, refused, text_of, write_out};
use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::{assemble, program_infos, staff::StaffArgs},
    config::ProgramChanges,
};

/// So many proposals are listed.
const LISTED_MAX: u32 = 200;

/// A version on its way into force.
#[derive(Debug, Subcommand)]
pub enum ProposalCommand {
    /// Proposes another version of a program that is in force. Exit status 1 if it was kept and must not be approved.
    Propose(ProposeArgs),
    /// Lists the proposals.
    Proposals {
        #[command(flatten)]
        config: ConfigArgs,
        /// Only of this program.
        #[arg(long)]
        program: Option<String>,
        /// Writes JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows a proposal: what it changes in rules and in money, and what has become of it.
    Show {
        #[command(flatten)]
        config: ConfigArgs,
        /// Its number.
        proposal: i32,
        /// Writes the text of the program, and nothing else.
        #[arg(long, conflicts_with = "json")]
        text: bool,
        /// The language of the example purchases.
        #[arg(long, value_enum, default_value = "en")]
        lang: Lang,
        /// Writes JSON.
        #[arg(long)]
        json: bool,
    },
    /// Approves a proposal of another person.
    Approve(DecideArgs),
    /// Rejects a proposal of another person.
    Reject(DecideArgs),
    /// Takes a proposal back before it comes into force.
    Withdraw(DecideArgs),
    /// Writes the text of the version that is in force.
    Running {
        #[command(flatten)]
        config: ConfigArgs,
        /// The program.
        program: String,
        /// Writes it into this file, which may be the program's own.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// What is proposed.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The file.
    file: PathBuf,
    /// What it is for; whoever approves reads it.
    #[arg(long)]
    comment: String,
    /// A back-test's report, JSON.
    #[arg(long, value_name = "REPORT")]
    backtest: Option<PathBuf>,
    /// When it is to come into force: `cut-off`, the next one after the approval; `now`; or an instant such as
    /// 2026-11-01T00:00 in the program's zone.
    #[arg(long, default_value = "cut-off")]
    at: String,
    #[command(flatten)]
    staff: StaffArgs,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
}

/// What is decided.
#[derive(Debug, Args)]
pub struct DecideArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the proposal.
    proposal: i32,
    /// Why.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    staff: StaffArgs,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy)]
enum Decide {
    Approve,
    Reject,
    Withdraw,
}

impl Decide {
    fn deed(self) -> console::Deed {
        match self {
            Self::Approve | Self::Reject => console::Deed::DecidePrograms,
            Self::Withdraw => console::Deed::WithdrawPrograms,
        }
    }
}

impl ProposalCommand {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Propose(args) => propose(args).await,
            Self::Proposals { config, program, json } => list(&config, program.as_deref(), json).await,
            Self::Show { config, proposal, text, lang, json } => {
                show(&config, proposal, text, lang.into(), json).await
            }
            Self::Approve(args) => decide(args, Decide::Approve).await,
            Self::Reject(args) => decide(args, Decide::Reject).await,
            Self::Withdraw(args) => decide(args, Decide::Withdraw).await,
            Self::Running { config, program, out } => running(&config, &program, out).await,
        }
    }
}

/// What the console refuses, this refuses: the answer is no.
fn no(error: console::ApprovalError) -> anyhow::Error {
    match error {
        console::ApprovalError::Store(error) => error.into(),
        error => AnswerIsNo(error.to_string()).into(),
    }
}

fn by_approval(assembly: &Assembly) -> anyhow::Result<()> {
    match assembly.config.programs.changes {
        ProgramChanges::Approval => Ok(()),
        ProgramChanges::File => Err(no(console::ApprovalError::ByFile)),
    }
}

fn program(assembly: &Assembly, code: &str) -> anyhow::Result<ProgramInfo> {
    assembly.program(code)?;
    let found = program_infos(assembly).into_iter().find(|program| program.code == code);
    found.ok_or_else(|| AnswerIsNo(format!("program {code:?} is not configured")).into())
}

fn wanted(at: &str, zone: &str) -> Result<Wanted, WrongUse> {
    let instant = |text: &str| {
        let named = text.parse::<Timestamp>().ok();
        named.or_else(|| Some(text.parse::<DateTime>().ok()?.in_tz(zone).ok()?.timestamp()))
    };
    match at {
        "now" => Ok(Wanted::Now),
        "cut-off" => Ok(Wanted::CutOff),
        text => instant(text).map(Wanted::At).ok_or_else(|| {
            WrongUse(format!(
                "--at: expected cut-off, now or an instant such as 2026-11-01T00:00, found {text:?}"
            ))
        }),
    }
}

async fn propose(args: ProposeArgs) -> anyhow::Result<()> {
    let text = text_of(&args.file)?;
    let name = args.file.display().to_string();
    let code = program_header(&text).map_err(|errors| refused(&name, &errors))?.code;
    let backtest = args.backtest.as_deref().map(text_of).transpose()?;
    let assembly = assemble(&args.config).await?;
    by_approval(&assembly)?;
    let program = program(&assembly, &code)?;
    let wanted = wanted(&args.at, &program.time_zone)?;
    let by = args.staff.authenticate(&assembly, console::Deed::ProposePrograms).await?;
    let comment = &args.comment;
    let proposing = Proposing { text: &text, by, comment, wanted, backtest: backtest.as_deref() };
    let now = assembly.clock.now();
    let (id, found) = console::propose(&assembly.pool, &program, now, &proposing).await.map_err(no)?;
    if args.json {
        write_out(format!("{}\n", one_json(&assembly, id).await?).as_bytes())?;
    } else {
        let mut told = format!("proposal {id}: {code} version {}\n", console::version_of(&text).short());
        told.push_str(&assessment_words(&found, Language::English));
        if found.is_approvable() {
            told.push_str("now another person approves it: in the console, or with cobrand rules approve\n");
        }
        write_out(told.as_bytes())?;
    }
    if found.is_approvable() {
        return Ok(());
    }
    Err(AnswerIsNo(format!("proposal {id} must not be approved:\n{}", found.refused.join("\n"))).into())
}

async fn decide(args: DecideArgs, what: Decide) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    if matches!(what, Decide::Approve) {
        by_approval(&assembly)?;
    }
    let (id, reason) = (args.proposal, args.reason.as_str());
    let (row, _) = read(&assembly, id).await?;
    let programs = program_infos(&assembly);
    let program = programs.iter().find(|program| program.id == row.program);
    let program =
        program.ok_or_else(|| AnswerIsNo(format!("the program of proposal {id} is not configured")))?;
    let by = args.staff.authenticate(&assembly, what.deed()).await?;
    let (pool, now) = (&assembly.pool, assembly.clock.now());
    let told = match what {
        Decide::Approve => {
            let instant = console::approve(pool, program, id, by, reason, now).await.map_err(no)?;
            format!(
                "proposal {id} is approved and comes into force at {}",
                instant.in_tz(&program.time_zone)?
            )
        }
        Decide::Reject => {
            console::reject(pool, program, id, by, reason, now).await.map_err(no)?;
            format!("proposal {id} is rejected")
        }
        Decide::Withdraw => {
            console::withdraw(pool, program, id, by, reason, now).await.map_err(no)?;
            format!("proposal {id} is withdrawn")
        }
    };
    let text = if args.json { one_json(&assembly, id).await?.to_string() } else { told };
    write_out(format!("{text}\n").as_bytes())
}

async fn read(assembly: &Assembly, id: i32) -> anyhow::Result<(ProposalRow, ProposalTexts)> {
    let found = store::proposal_by_id(&assembly.pool, id).await?;
    found.ok_or_else(|| AnswerIsNo(format!("there is no proposal {id}")).into())
}

async fn one_json(assembly: &Assembly, id: i32) -> anyhow::Result<Value> {
    let (row, texts) = read(assembly, id).await?;
    let mut value = row_json(&row, &code_of(assembly, &row));
    let backtest = texts.backtest.map(|text| serde_json::from_str(&text)).transpose()?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("assessment".to_owned(), serde_json::from_str(&texts.assessment)?);
        fields.insert("backtest".to_owned(), backtest.unwrap_or_default());
    }
    Ok(value)
}

fn code_of(assembly: &Assembly, row: &ProposalRow) -> String {
    let loaded = assembly.programs.iter().find(|loaded| loaded.setup.id == row.program);
    loaded.map_or_else(|| format!("program {}", row.program), |loaded| loaded.setup.code.clone())
}

fn row_json(row: &ProposalRow, program: &str) -> Value {
    let said = |said: &Option<DecisionRow>| {
        said.as_ref().map(|said| {
            json!({
                "by": said.by,
                "at": said.at.to_string(),
                "reason": said.reason,
                "effective_at": said.effective_at.map(|at| at.to_string()),
            })
        })
    };
    json!({
        "proposal": row.id,
        "program": program,
        "state": row.state.name(),
        "version": row.hash.to_string(),
        "against": row.against.to_string(),
        "proposed_by": row.by,
        "proposed_at": row.at.to_string(),
        "comment": row.comment,
        "wanted": row.wanted.name(),
        "approvable": row.approvable,
        "decision": said(&row.decision),
        "withdrawal": said(&row.withdrawal),
        "in_force_since": row.since.map(|at| at.to_string()),
    })
}

async fn list(config: &ConfigArgs, of: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    of.map(|code| program(&assembly, code)).transpose()?;
    let (mut values, mut told) = (Vec::new(), String::new());
    for program in program_infos(&assembly) {
        if of.is_some_and(|code| code != program.code) {
            continue;
        }
        for row in store::proposals(&assembly.pool, program.id, LISTED_MAX).await? {
            told.push_str(&line(&row, &program.code));
            values.push(row_json(&row, &program.code));
        }
    }
    if as_json {
        told = format!("{}\n", serde_json::to_string_pretty(&values)?);
    } else if told.is_empty() {
        told = "nobody has proposed a version yet\n".to_owned();
    }
    write_out(told.as_bytes())
}

fn line(row: &ProposalRow, program: &str) -> String {
    let instant = row.decision.as_ref().and_then(|decision| decision.effective_at);
    let instant = instant.map(|at| format!(" at {at}")).unwrap_or_default();
    let (state, version, by, at) = (row.state.name(), row.hash.short(), &row.by, row.at);
    format!("{:>4}  {program}  {version}  {state}{instant}  by {by} at {at}: {}\n", row.id, row.comment)
}

async fn show(
    config: &ConfigArgs,
    id: i32,
    only_text: bool,
    language: Language,
    as_json: bool,
) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let (row, texts) = read(&assembly, id).await?;
    let told = if only_text {
        texts.body
    } else if as_json {
        format!("{}\n", serde_json::to_string_pretty(&one_json(&assembly, id).await?)?)
    } else {
        let found: Assessment = serde_json::from_str(&texts.assessment)?;
        let mut told = line(&row, &code_of(&assembly, &row));
        for (what, said) in [("decided", &row.decision), ("withdrawn", &row.withdrawal)] {
            if let Some(said) = said {
                told.push_str(&format!("      {what} by {} at {}: {}\n", said.by, said.at, said.reason));
            }
        }
        told.push_str(&assessment_words(&found, language));
        if let Some(backtest) = texts.backtest {
            told.push_str(&format!("\nback-test\n{backtest}\n"));
        }
        told
    };
    write_out(told.as_bytes())
}

/// The assessment as a text.
fn assessment_words(found: &Assessment, language: Language) -> String {
    let mut told = String::new();
    for text in &found.refused {
        told.push_str(&format!("REFUSED  {text}\n"));
    }
    for text in &found.warnings {
        told.push_str(&format!("warning  {text}\n"));
    }
    let passed = found.tests.iter().filter(|test| test.passed).count();
    told.push_str(&format!("tests: {passed} of {} pass\n", found.tests.len()));
    for change in &found.changes {
        told.push_str(&format!("\n{} {} {}\n", change.what, change.kind, change.id));
        for field in &change.fields {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not given)".to_owned());
            told.push_str(&format!("  ~ {}: {} -> {}\n", field.field, side(&field.old), side(&field.new)));
        }
    }
    let (differing, looked_at) = (found.differing, found.looked_at);
    told.push_str(&format!("\n{differing} of {looked_at} example purchases are worth something else\n"));
    for example in &found.examples {
        let test = example.test.as_ref().map_or_else(String::new, |name| format!("test \"{name}\": "));
        told.push_str(&format!(
            "\n  {test}{}\n    < {}\n    > {}\n",
            example.purchase.text(language),
            example.old.text(language),
            example.new.text(language)
        ));
        for debt in &example.owed {
            let (old, new) = (debt.old.text(language), debt.new.text(language));
            told.push_str(&format!("      {}: {old} -> {new}\n", debt.partner));
        }
    }
    told.push('\n');
    told
}

async fn running(config: &ConfigArgs, code: &str, out: Option<PathBuf>) -> anyhow::Result<()> {
    let assembly = assemble(config).await?;
    let program = program(&assembly, code)?;
    let Some(version) = store::running_version(&assembly.pool, program.id).await? else {
        return Err(no(console::ApprovalError::NeverInForce(program.code)));
    };
    let text = store::program_version(&assembly.pool, version).await?;
    match out {
        Some(path) => std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display())),
        None => write_out(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_is_one_of_three() {
        let at = |text: &str| wanted(text, "Europe/Moscow").map_err(|error| error.to_string());
        assert_eq!(at("now"), Ok(Wanted::Now));
        assert_eq!(at("cut-off"), Ok(Wanted::CutOff));
        let instant = Wanted::At("2026-10-31T21:00:00Z".parse().unwrap());
        assert_eq!(at("2026-11-01T00:00"), Ok(instant));
        assert_eq!(at("2026-10-31T21:00:00Z"), Ok(instant));
        assert!(at("tomorrow").unwrap_err().starts_with("--at: expected cut-off, now or an instant"));
    }
}

//! `rules rerate`: purchases of a period anew under another version of their program.

use anyhow::{Context, anyhow};
use clap::Args;
use domain::RulesHash;
use program_files::{ProgramFile, VersionText, read_program, refusals};
use store::{Correction, CorrectionScope};

use super::{Asked, RunCommand, ask};
use crate::{
    assembly::{Assembly, LoadedProgram, entry_of, hash_of},
    cli::{AnswerIsNo, WrongUse},
    commands::assemble,
};

/// Which purchases, and under which version.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct RerateArgs {
    #[command(subcommand)]
    command: Option<RunCommand>,
    #[command(flatten)]
    run: Option<RerateRun>,
}

#[derive(Debug, Args)]
#[group(id = "run_asked")]
struct RerateRun {
    #[command(flatten)]
    asked: Asked,
    /// The program.
    #[arg(long)]
    program: String,
    /// The version: a program file, or at least eight hexadecimal digits of one that was registered.
    #[arg(long)]
    version: String,
}

impl RerateArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match (self.command, self.run) {
            (Some(command), _) => command.run().await,
            (None, Some(run)) => rerate(&run).await,
            (None, None) => Err(WrongUse("say which purchases; see --help".to_owned()).into()),
        }
    }
}

async fn rerate(run: &RerateRun) -> anyhow::Result<()> {
    run.asked.check()?;
    let assembly = assemble(&run.asked.config).await?;
    let program = assembly.program(&run.program)?;
    let (rules, new) = version(&assembly, program, &run.version).await?;
    let scope = CorrectionScope {
        correction: Correction::Rerate(rules),
        program: Some(program.setup.id),
        first: run.asked.from,
        end: run.asked.to,
    };
    let keep = async || match &new {
        None => Ok(()),
        Some((file, text)) => register(&assembly, file, text).await,
    };
    ask(&assembly, &run.asked, scope, keep).await
}

/// The version, and its text if it comes from a file.
async fn version(
    assembly: &Assembly,
    program: &LoadedProgram,
    named: &str,
) -> anyhow::Result<(RulesHash, Option<(ProgramFile, String)>)> {
    let path = std::path::Path::new(named);
    if path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {named}"))?;
        let file = of_file(assembly, program, named, &text).await?;
        assembly.rule_book.add(&file);
        return Ok((file.program.hash, Some((file, text))));
    }
    if named.len() < 8 || !named.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let why = format!("--version {named}: there is no such file, and it is no hash");
        return Err(WrongUse(format!("{why} of at least eight hexadecimal digits")).into());
    }
    let hash = store::program_version_named(&assembly.pool, program.setup.id, &named.to_lowercase()).await?;
    let text = store::program_version(&assembly.pool, hash).await?;
    fits(assembly, program, named, VersionText { hash, text: &text }).await?;
    assembly.rule_book.load(hash).await.map_err(|why| anyhow!("version {named}: {why}"))?;
    Ok((hash, None))
}

/// A version must be whole and pass its own tests before anything is computed by it.
async fn of_file(
    assembly: &Assembly,
    program: &LoadedProgram,
    name: &str,
    text: &str,
) -> anyhow::Result<ProgramFile> {
    fits(assembly, program, name, VersionText { hash: hash_of(text), text }).await?;
    let read = read_program(text, hash_of(text), &assembly.codes);
    Ok(read.map_err(|errors| AnswerIsNo(errors.in_file(name)))?)
}

/// The version is one of this program, as one that is proposed has to be: days and books hang on what a program is.
async fn fits(
    assembly: &Assembly,
    program: &LoadedProgram,
    name: &str,
    version: VersionText<'_>,
) -> anyhow::Result<()> {
    let code = &program.setup.code;
    let running = store::running_version(&assembly.pool, program.setup.id).await?;
    let hash = running.ok_or_else(|| AnswerIsNo(format!("the program {code} was never in force")))?;
    let text = store::program_version(&assembly.pool, hash).await?;
    match refusals(VersionText { hash, text: &text }, version).as_slice() {
        [] => Ok(()),
        refused => {
            let why = refused.join("\n");
            Err(AnswerIsNo(format!("{name} cannot be a version of the program {code}:\n{why}")).into())
        }
    }
}

async fn register(assembly: &Assembly, file: &ProgramFile, text: &str) -> anyhow::Result<()> {
    store::register_program(&assembly.pool, &entry_of(file), file.program.hash, text).await?;
    Ok(())
}

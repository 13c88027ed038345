//! `partner`: miles that the co-brand partner keeps.

mod accruals;
mod handback;
mod member;
mod prepaid;
mod send;

use clap::{Args, Subcommand};
use domain::MilesLedger;
pub(crate) use send::{tell_partner, tell_partner_news};

use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs},
};

/// Miles that the co-brand partner keeps, and blocks of miles that are bought before they are given.
#[derive(Debug, Subcommand)]
pub enum PartnerCommand {
    /// Makes lines of what moved in cut cycles and publishes those that can go out. Every close of a day does it too, and
    /// `serve` and `settle` within 15 s of an answer or a correction.
    Send(ProgramArgs),
    /// Takes a partner's answers: all of a file or nothing. The same file again changes nothing, and goes on where an
    /// earlier run broke off.
    Handback(handback::HandbackArgs),
    /// Where the lines stand: counts and miles by state, what waits longest, and what to do.
    Accruals(accruals::AccrualsArgs),
    /// Gives the member behind a line the number or the name check that the partner knows.
    Member(member::MemberArgs),
    /// Blocks of miles that are bought before they are given.
    #[command(subcommand)]
    Prepaid(prepaid::PrepaidCommand),
}

/// Which program.
#[derive(Debug, Args)]
pub struct ProgramArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The program; all whose miles a partner keeps if it is left out.
    #[arg(long)]
    program: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl PartnerCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Send(args) => send::send(&args).await,
            Self::Handback(args) => handback::handback(&args).await,
            Self::Accruals(args) => accruals::accruals(&args).await,
            Self::Member(args) => member::member(args).await,
            Self::Prepaid(command) => command.run().await,
        }
    }
}

fn kept_by_partner(loaded: &LoadedProgram) -> bool {
    loaded.file.program.miles.ledger == MilesLedger::Partner
}

/// The programs whose miles a partner keeps, or the one that is named.
fn programs<'a>(assembly: &'a Assembly, code: Option<&str>) -> anyhow::Result<Vec<&'a LoadedProgram>> {
    let found: Vec<&LoadedProgram> = match code {
        Some(code) => vec![assembly.program(code)?],
        None => assembly.programs.iter().collect(),
    };
    let kept: Vec<&LoadedProgram> = found.into_iter().filter(|loaded| kept_by_partner(loaded)).collect();
    if kept.is_empty() {
        let which =
            code.map_or_else(|| "no program says".to_owned(), |code| format!("program {code} does not say"));
        return Err(AnswerIsNo(format!("{which} ledger = \"partner\": we keep the miles")).into());
    }
    Ok(kept)
}

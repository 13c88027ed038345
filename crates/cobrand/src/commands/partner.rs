//! `partner`: how partners are connected, what they are sent and answer, and miles that the co-brand partner keeps.

mod accruals;
mod acknowledge;
mod acknowledgements;
mod add;
mod adjust;
mod answers;
mod deliveries;
mod dispute;
mod handback;
mod layout;
mod listen;
mod member;
mod prepaid;
mod send;
mod statement;
mod test;

pub(crate) use answers::{follow_answers, outcome_words};
use clap::{Args, Subcommand};
use domain::MilesLedger;
use partner_adapters::events;
pub(crate) use send::{tell_partner, tell_partner_news};

use crate::{
    assembly::{Assembly, LoadedProgram},
    cli::{AnswerIsNo, ConfigArgs},
};

/// Partners.
#[derive(Debug, Subcommand)]
pub enum PartnerCommand {
    /// Writes a commented file for a new partner and says what to do next.
    Add(add::AddArgs),
    /// Tries every way to a partner; a webhook gets a signed test event.
    Test(test::TestArgs),
    /// Receives events on this machine, for trials: checks signatures and prints what comes.
    Listen(listen::ListenArgs),
    /// What each way to a partner has brought, what waits and for how long, the next attempt and the last error.
    Deliveries(deliveries::DeliveriesArgs),
    /// Sends events or a file once more, under the keys that they had.
    Replay(deliveries::ReplayArgs),
    /// Tries a way again that was stopped, or that pauses.
    Enable(deliveries::EnableArgs),
    /// Makes a token with which a partner fetches events and files.
    Token,
    /// Prints the catalogue of events.
    Events {
        /// Print the JSON Schemas.
        #[arg(long)]
        schema: bool,
    },
    /// Prints the JSON Schema of partner files.
    Schema,
    /// Native layouts of settlement files.
    #[command(subcommand)]
    Layout(layout::LayoutCommand),
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
    /// Takes a receiver's answer to a settlement file, as text or as JSON. The same bytes again change nothing.
    Acknowledge(acknowledge::AcknowledgeArgs),
    /// Where each settlement file stands with its receiver, what is missing, and what to do.
    Acknowledgements(acknowledgements::AcknowledgementsArgs),
    /// Lines of settlement files that a receiver disputes.
    #[command(subcommand)]
    Dispute(dispute::DisputeCommand),
    /// Adjustments of a partner's settlement: one person proposes, another one approves.
    #[command(subcommand)]
    Adjust(adjust::AdjustCommand),
    /// Blocks of miles that are bought before they are given.
    #[command(subcommand)]
    Prepaid(prepaid::PrepaidCommand),
    /// A receiver's own statement beside what we have settled. Nothing is booked from it.
    #[command(subcommand)]
    Statement(statement::StatementCommand),
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
            Self::Add(args) => add::add(&args).await,
            Self::Test(args) => test::test(&args).await,
            Self::Listen(args) => listen::listen(&args).await,
            Self::Deliveries(args) => deliveries::deliveries(&args).await,
            Self::Replay(args) => deliveries::replay(&args).await,
            Self::Enable(args) => deliveries::enable(&args).await,
            Self::Token => add::token(),
            Self::Events { schema } => {
                let schemas = || serde_json::to_string_pretty(&events::schemas()).unwrap_or_default() + "\n";
                print!("{}", if schema { schemas() } else { events::markdown() });
                Ok(())
            }
            Self::Schema => {
                print!("{}", partner_adapters::partner_file_schema());
                Ok(())
            }
            Self::Layout(command) => command.run(),
            Self::Send(args) => send::send(&args).await,
            Self::Handback(args) => handback::handback(&args).await,
            Self::Accruals(args) => accruals::accruals(&args).await,
            Self::Member(args) => member::member(args).await,
            Self::Acknowledge(args) => acknowledge::acknowledge(&args).await,
            Self::Acknowledgements(args) => acknowledgements::acknowledgements(&args).await,
            Self::Dispute(command) => command.run().await,
            Self::Adjust(command) => command.run().await,
            Self::Prepaid(command) => command.run().await,
            Self::Statement(command) => command.run().await,
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

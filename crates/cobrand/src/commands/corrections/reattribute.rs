//! `merchants reattribute`: purchases of a period to the partners that the merchant map names by now.

use anyhow::Context;
use clap::Args;
use store::{Correction, CorrectionScope};

use super::{Asked, RunCommand, ask};
use crate::{cli::WrongUse, commands::assemble};

/// Which purchases.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReattributeArgs {
    #[command(subcommand)]
    command: Option<RunCommand>,
    #[command(flatten)]
    run: Option<ReattributeRun>,
}

#[derive(Debug, Args)]
#[group(id = "run_asked")]
struct ReattributeRun {
    #[command(flatten)]
    asked: Asked,
    /// Only of this program.
    #[arg(long)]
    program: Option<String>,
}

impl ReattributeArgs {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match (self.command, self.run) {
            (Some(command), _) => command.run().await,
            (None, Some(run)) => reattribute(&run).await,
            (None, None) => Err(WrongUse("say which purchases; see --help".to_owned()).into()),
        }
    }
}

async fn reattribute(run: &ReattributeRun) -> anyhow::Result<()> {
    run.asked.check()?;
    let assembly = assemble(&run.asked.config).await?;
    let program = run.program.as_deref().map(|code| assembly.program(code)).transpose()?;
    let map = assembly.rule_book.current().merchants.version().context("the merchant map has no version")?;
    let scope = CorrectionScope {
        correction: Correction::Reattribution(map),
        program: program.map(|loaded| loaded.setup.id),
        first: run.asked.from,
        end: run.asked.to,
    };
    ask(&assembly, &run.asked, scope, async || Ok(())).await
}

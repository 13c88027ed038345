//! `link withdraw-cut-over`: a cut-over that a bank sent by mistake.

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use store::{CutOver, Withdrawal, WithdrawalRequest};

use super::{assemble, staff::operator};
use crate::cli::{AnswerIsNo, ConfigArgs};

/// Banks' links.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Takes back the bank's latest cut-over message, as if it had not come. Status 1: nothing was done.
    WithdrawCutOver(WithdrawArgs),
}

/// Which cut-over.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The bank that sent it.
    #[arg(long)]
    bank: String,
    /// The date that it opened, such as 2026-10-24.
    #[arg(long)]
    date: Date,
    /// Withdraw it although messages or totals of that date have come since. They stay in the window of that date.
    #[arg(long)]
    accept_used: bool,
    /// Who withdraws it; kept with it.
    #[arg(long, env = "USER", default_value = "unknown")]
    by: String,
}

impl LinkCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::WithdrawCutOver(args) = self;
        withdraw(&args).await
    }
}

async fn withdraw(args: &WithdrawArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let (link, at) = (assembly.link(&args.bank)?, assembly.clock.now());
    let (bank, date) = (&args.bank, args.date);
    let request = WithdrawalRequest {
        bank: link.bank,
        bank_date: date,
        accept_used: args.accept_used,
        by: operator(&args.by),
        at,
    };
    match store::withdraw_cut_over(&assembly.pool, &request).await? {
        Withdrawal::NotTheLatest(latest) => bail!(AnswerIsNo(not_the_latest(bank, date, latest))),
        Withdrawal::Used { messages, totals } => bail!(AnswerIsNo(format!(
            "{bank}: since the cut-over to {date}, {messages} messages and {totals} totals of that date have come. They \
             would stay there: agree on them with the bank, then say --accept-used"
        ))),
        Withdrawal::Done { cut, .. } => {
            gateway::read_cut_overs(&assembly.pool, &assembly.links).await?;
            let open = link.bank_date(None, at);
            println!("{bank}: the cut-over to {date}, which came at {}, is withdrawn", cut.cut_at);
            println!("messages without DE15 belong to {open} as soon as the gateways know it, within 5 s");
            // Until then they give the withdrawn date: what stays there is known only afterwards.
            tokio::time::sleep(gateway::WITHDRAWN_EVERYWHERE).await;
            let (messages, totals) = store::count_withdrawn(&assembly.pool, &cut).await?;
            println!(
                "{messages} messages and {totals} totals that came meanwhile stay in the window of {date}"
            );
            if messages + totals > 0 {
                println!("agree on them with the bank");
            }
        }
    }
    Ok(())
}

fn not_the_latest(bank: &str, date: Date, latest: Option<CutOver>) -> String {
    let Some(CutOver { bank_date, cut_at, .. }) = latest else {
        return format!("{bank}: no date was opened by a cut-over message, so there is none to withdraw");
    };
    format!(
        "{bank}: only the latest cut-over can be withdrawn, and that to {date} is not it: the latest opened {bank_date} \
         and came at {cut_at}"
    )
}

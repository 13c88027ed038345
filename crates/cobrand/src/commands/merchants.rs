//! `merchants`: the merchant map and what people need to keep it right.

mod check;
mod diff;
mod effect;
mod log;
mod map_file;
mod silent;
mod suggest;

use clap::Subcommand;
use domain::{MerchantCriteria, MerchantRow, SubMerchant};
use jiff::{Timestamp, ToSpan};

pub(crate) use map_file::MapFile;

use super::corrections::ReattributeArgs;

/// The merchant map.
#[derive(Debug, Subcommand)]
pub enum MerchantsCommand {
    /// Reads a map and says what is wrong, with line and column, and which rows stand back behind others.
    Check(check::CheckArgs),
    /// What a new map says otherwise than an old one, row by row; with a configuration also which stored purchases it
    /// would give to another partner. Nothing is changed and nothing booked.
    Diff(diff::DiffArgs),
    /// Names partners whose merchants look like those of a bank's list, from a CSV of DE42 and DE43: a hint for people.
    /// Nothing is booked by it. DE43 is not stored, so the database cannot be asked.
    Suggest(suggest::SuggestArgs),
    /// Rows of the map in force that no message has come for lately: the merchant has closed, moved, or changed its
    /// acquirer. Status 1 if there are some.
    Silent(silent::SilentArgs),
    /// Which maps were in force and from when on, or the text of one of them: explanations name the map that decided.
    Log(log::LogArgs),
    /// Gives the purchases of a period to the partners that the map in force names and books the differences, once
    /// another person has approved the run.
    Reattribute(Box<ReattributeArgs>),
}

impl MerchantsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Check(args) => check::check(&args),
            Self::Diff(args) => diff::diff(&args).await,
            Self::Suggest(args) => suggest::suggest(&args),
            Self::Log(args) => log::log(&args).await,
            Self::Silent(args) => silent::silent(&args).await,
            Self::Reattribute(args) => args.run().await,
        }
    }
}

/// What a row asks for, in one line.
fn asked(criteria: &MerchantCriteria) -> String {
    let MerchantCriteria { acquirer, card_acceptor, terminal, sub_merchant, mcc } = criteria;
    let text = |name: &str, value: Option<&str>| value.map(|value| format!(" {name} {value}"));
    let mcc = mcc.map(|mcc| format!("{mcc:04}"));
    let parts = [
        text("card acceptor", card_acceptor.as_deref()),
        text("terminal", terminal.as_deref()),
        text("name", sub_merchant.as_ref().map(SubMerchant::as_str)),
        text("mcc", mcc.as_deref()),
    ];
    format!("acquirer {acquirer}{}", parts.into_iter().flatten().collect::<String>())
}

/// When a row holds; nothing if it always does.
fn held(row: &MerchantRow) -> String {
    let from = row.valid.from.map(|from| format!(" from {from}")).unwrap_or_default();
    let to = row.valid.to.map(|to| format!(" until before {to}")).unwrap_or_default();
    format!("{from}{to}")
}

/// The instant `days` of 24 hours before `now`.
fn days_before(now: Timestamp, days: u32) -> anyhow::Result<Timestamp> {
    Ok(now.checked_sub((i64::from(days) * 24).hours())?)
}

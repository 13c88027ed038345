//! `merchants`: the merchant map and what people need to keep it right.

mod map_file;
mod suggest;

use clap::Subcommand;

pub(crate) use map_file::MapFile;
use suggest::SuggestArgs;

/// The merchant map.
#[derive(Debug, Subcommand)]
pub enum MerchantsCommand {
    /// Names partners whose merchants look like those of the map, from a CSV of DE42 and DE43: a hint for people.
    /// Nothing is booked by it. DE43 is not stored, so the database cannot be asked.
    Suggest(SuggestArgs),
}

impl MerchantsCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Suggest(args) => suggest::suggest(&args),
        }
    }
}

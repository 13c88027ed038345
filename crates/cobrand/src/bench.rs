//! `bench`: measures side by side in one run. Filled in its own commit.

use clap::Args;

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs the measurements.
pub async fn run(_args: BenchArgs) -> anyhow::Result<()> {
    anyhow::bail!("not measured yet")
}

//! The subcommands, one file each.

mod check;
mod clearing;
mod day;
mod enroll;
mod file;
mod rules;
mod serve;
mod spec;
mod user;

pub use check::{check, migrate};
pub use clearing::ClearingCommand;
pub use day::DayCommand;
pub(crate) use day::position_json;
pub use enroll::{EnrollArgs, enroll};
pub use file::FileCommand;
pub use rules::RulesCommand;
pub(crate) use serve::until;
pub use serve::{Roles, console_state, serve, stop_signal};
pub use spec::SpecCommand;
pub use user::UserCommand;

use crate::{assembly::Assembly, cli::ConfigArgs, config::Config, observe};

/// Reads the configuration, starts the logs and assembles the parts with the machine's clock.
async fn assemble(args: &ConfigArgs) -> anyhow::Result<Assembly> {
    let config = Config::read(&args.config)?;
    observe::logs(&config.log, None)?;
    observe::metrics()?;
    Assembly::load(config, gateway::Clock::System).await
}

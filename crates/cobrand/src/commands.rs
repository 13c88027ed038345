//! The subcommands, one file each.

mod api;
mod audit;
mod bank_side;
mod case;
mod certify;
mod check;
mod clearing;
mod connection;
mod corrections;
mod coupons;
mod day;
mod deliver;
mod describe;
mod diff;
mod doctor;
mod encode;
mod enroll;
mod file;
mod follow_rules;
mod left_over;
mod link;
mod match_refunds;
mod merchants;
mod message_input;
mod miles;
mod partner;
mod rates;
mod reconcile;
mod redact;
mod refunds;
mod rules;
mod serve;
mod simulate;
mod spec;
mod staff;
mod user;

pub use api::ApiCommand;
pub use audit::AuditCommand;
pub use case::CaseCommand;
pub use certify::{CertifyArgs, certify};
pub use check::{check, migrate};
pub use clearing::ClearingCommand;
pub use coupons::CouponsCommand;
pub use day::DayCommand;
pub(crate) use day::position_json;
pub use describe::{DescribeArgs, describe};
pub use diff::{DiffArgs, diff};
pub use doctor::{DoctorArgs, doctor};
pub use encode::{EncodeArgs, encode};
pub use enroll::{EnrollArgs, enroll};
pub use file::FileCommand;
pub(crate) use follow_rules::follow;
pub use follow_rules::put_due_into_force;
pub use link::LinkCommand;
pub use merchants::MerchantsCommand;
pub use miles::MilesCommand;
pub use partner::PartnerCommand;
pub(crate) use partner::outcome_words;
pub use rates::RatesCommand;
pub(crate) use reconcile::reconcile_all;
pub use reconcile::{ReconcileArgs, reconcile};
pub use redact::{RedactArgs, redact};
pub use refunds::RefundsCommand;
pub use rules::RulesCommand;
pub(crate) use serve::until;
pub use serve::{Roles, console_state, program_infos, serve, stop_signal};
pub use simulate::{SimulateArgs, simulate};
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

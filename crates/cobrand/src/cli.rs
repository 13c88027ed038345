//! The command line. Exit status: 0 fine, 1 the answer is "no", 2 wrong use, 78 bad configuration.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{bench, certs, commands, config::ConfigError, demo};

/// The co-branded payment card loyalty gateway.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration file.
    #[arg(long, default_value = "cobrand.toml", env = "COBRAND_CONFIG")]
    pub config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A bank's whole day in a fresh private cluster: see it work. NOT for real cards.
    Demo(demo::DemoArgs),
    /// All roles in one process: gateway, close of day, console, metrics.
    Serve(ConfigArgs),
    /// Only the gateway: the process that sees card numbers.
    Gateway(ConfigArgs),
    /// Only the console: sees no card number.
    Console(ConfigArgs),
    /// Only the close of each day at its cut-off: sees no card number.
    Settle(ConfigArgs),
    /// Brings the database to the newest migration.
    Migrate(ConfigArgs),
    /// Checks the configuration with its files, then the database, then the ports.
    Check(ConfigArgs),
    /// Writes a throw-away development set: authority, certificates, a card key.
    Certs {
        /// The folder.
        #[arg(long, default_value = "certs")]
        out: PathBuf,
        /// Banks that get a certificate.
        #[arg(long, default_value = "northbank")]
        bank: Vec<String>,
    },
    /// Enrolls cards and members from a CSV file.
    Enroll(commands::EnrollArgs),
    /// The HTTP API for banks.
    #[command(subcommand)]
    Api(commands::ApiCommand),
    /// Clearing files.
    #[command(subcommand)]
    Clearing(commands::ClearingCommand),
    /// Banks' links.
    #[command(subcommand)]
    Link(commands::LinkCommand),
    /// A business day.
    #[command(subcommand)]
    Day(commands::DayCommand),
    /// Settlement files.
    #[command(subcommand)]
    File(commands::FileCommand),
    /// Program files.
    #[command(subcommand)]
    Rules(commands::RulesCommand),
    /// The merchant map: which merchants are a partner's.
    #[command(subcommand)]
    Merchants(commands::MerchantsCommand),
    /// Rates of exchange.
    #[command(subcommand)]
    Rates(commands::RatesCommand),
    /// Members' miles: adjustments and transfers by staff.
    #[command(subcommand)]
    Miles(commands::MilesCommand),
    /// Coupons: codes of campaigns.
    #[command(subcommand)]
    Coupons(commands::CouponsCommand),
    /// Partners: how they are connected, what they are sent, and what those that keep the miles answer.
    #[command(subcommand)]
    Partner(commands::PartnerCommand),
    /// Cases: what reconciliation has found, and what people do about it.
    #[command(subcommand)]
    Case(commands::CaseCommand),
    /// What banks and partners have said beside our books; status 1 if something does not agree.
    Reconcile(Box<commands::ReconcileArgs>),
    /// Refunds that came without their purchase: what waits for a person, and decisions.
    #[command(subcommand)]
    Refunds(commands::RefundsCommand),
    /// Message specifications and dialects.
    #[command(subcommand)]
    Spec(commands::SpecCommand),
    /// Staff who may sign in to the console.
    #[command(subcommand)]
    User(commands::UserCommand),
    /// The journal: who changed what, and whether anything of it was changed.
    #[command(subcommand)]
    Audit(commands::AuditCommand),
    /// Plays named scenarios against a gateway, as a bank.
    Simulate(Box<commands::SimulateArgs>),
    /// Runs a pack of cases against a gateway, as a bank, and writes evidence.
    Certify(Box<commands::CertifyArgs>),
    /// Tells what a message says: as a table, as JSON, as a hex dump. Masked unless asked for otherwise.
    Describe(commands::DescribeArgs),
    /// Writes a message from the JSON that `describe --json --unmasked` prints.
    Encode(commands::EncodeArgs),
    /// Tells how two messages differ, masked.
    Diff(commands::DiffArgs),
    /// Copies messages without card data; they can still be decoded.
    Redact(commands::RedactArgs),
    /// Tells what is wrong with a bank's link.
    Doctor(Box<commands::DoctorArgs>),
    /// Measures side by side in one run.
    Bench(bench::BenchArgs),
}

/// The answer is "no": the command worked and has said why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AnswerIsNo(pub String);

/// The command was given what it cannot work with; it says what to give in place of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUse(pub String);

/// Exit status of a command that was broken off because nobody reads on: 128 and the number of SIGPIPE, as shells tell it.
const NOBODY_READS: i32 = 141;

/// Whoever reads has seen enough, as `head` does: the command ends without a word. Printing knows no other way out than a
/// panic, so it is caught here, for every command.
fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let told = panic.payload().downcast_ref::<String>().map(String::as_str).unwrap_or_default();
        if told.starts_with("failed printing to std") && told.contains("Broken pipe") {
            std::process::exit(NOBODY_READS);
        }
        usual(panic);
    }));
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        end_quietly_when_nobody_reads();
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("cobrand: the runtime could not be started: {error}");
                return ExitCode::from(1);
            }
        };
        let result = runtime.block_on(self.command.run());
        // Tasks that wait on the network must not hold the exit.
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("cobrand: {}", in_words(&error));
                ExitCode::from(exit_status(&error))
            }
        }
    }
}

/// The error and its causes, each told once: many of ours quote their cause already.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.is_empty() {
            true => cause,
            false if text.contains(&cause) => text,
            false => format!("{text}: {cause}"),
        }
    })
}

fn exit_status(error: &anyhow::Error) -> u8 {
    let configuration = error.chain().any(|cause| {
        cause.is::<ConfigError>()
            || cause.is::<gateway::TlsError>()
            || cause.is::<bank_simulator::TlsError>()
            || cause.is::<gateway::KeyError>()
            || cause.is::<private_postgres::ClusterError>()
            || cause.is::<program_files::FileErrors>()
            || cause.is::<iso8583::DialectError>()
            || cause.is::<partner_adapters::PartnerFileError>()
    });
    let wrong_use = error.chain().any(|cause| cause.is::<WrongUse>());
    match (configuration, wrong_use) {
        (true, _) => 78,
        (false, true) => 2,
        (false, false) => 1,
    }
}

impl Command {
    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Demo(args) => demo::run(args).await,
            Self::Serve(args) => {
                commands::serve(&args, commands::Roles { gateway: true, console: true, settle: true }).await
            }
            Self::Gateway(args) => {
                commands::serve(&args, commands::Roles { gateway: true, console: false, settle: false }).await
            }
            Self::Console(args) => {
                commands::serve(&args, commands::Roles { gateway: false, console: true, settle: false }).await
            }
            Self::Settle(args) => {
                let roles = commands::Roles { gateway: false, console: false, settle: true };
                commands::serve(&args, roles).await
            }
            Self::Migrate(args) => commands::migrate(&args).await,
            Self::Check(args) => commands::check(&args).await,
            Self::Certs { out, bank } => {
                certs::write_development_set(&out, &bank)?;
                println!(
                    "wrote a development set to {} - NOT for real cards; keep its keys out of git",
                    out.display()
                );
                Ok(())
            }
            Self::Enroll(args) => commands::enroll(args).await,
            Self::Api(command) => {
                command.run();
                Ok(())
            }
            Self::Clearing(command) => command.run().await,
            Self::Link(command) => command.run().await,
            Self::Day(command) => command.run().await,
            Self::File(command) => command.run().await,
            Self::Rules(command) => command.run().await,
            Self::Merchants(command) => command.run().await,
            Self::Rates(command) => command.run().await,
            Self::Miles(command) => command.run().await,
            Self::Coupons(command) => command.run().await,
            Self::Partner(command) => command.run().await,
            Self::Case(command) => command.run().await,
            Self::Reconcile(args) => Box::pin(commands::reconcile(&args)).await,
            Self::Refunds(command) => command.run().await,
            Self::Spec(command) => command.run(),
            Self::User(command) => Box::pin(command.run()).await,
            Self::Audit(command) => command.run().await,
            Self::Simulate(args) => commands::simulate(*args).await,
            Self::Certify(args) => commands::certify(*args).await,
            Self::Describe(args) => commands::describe(&args),
            Self::Encode(args) => commands::encode(&args),
            Self::Diff(args) => commands::diff(&args),
            Self::Redact(args) => commands::redact(&args),
            Self::Doctor(args) => commands::doctor(*args).await,
            Self::Bench(args) => Box::pin(bench::run(args)).await,
        }
    }
}

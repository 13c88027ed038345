//! A bank's whole day in a fresh private cluster: from messages over mutual TLS to settlement files that tie.

mod bank_day;
mod checks;
mod http;
mod leaks;
mod partners;
mod screen;
mod world;

use std::{
    io::IsTerminal,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use anyhow::Context;
use bank_simulator::{Progress, Transcript, replay};
use clap::Args;
use jiff::civil::Date;
use serde_json::{Value, json};
use settlement::Closed;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use bank_day::{BankDay, merchant_labels};
pub use checks::{Checks, audited_messages, directory};
pub use leaks::{Leaks, scan_bytes, scan_tree};
pub use world::{World, WorldOptions};

use crate::{admin, commands, observe};

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// End with status 0 once the day is closed; the default without a terminal.
    #[arg(long)]
    pub exit: bool,
    /// Print one JSON object instead of the screen.
    #[arg(long)]
    pub json: bool,
    /// The same seed gives the same day and the same files.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The business date.
    #[arg(long, default_value = "2026-10-10")]
    pub business_date: Date,
    /// How many purchases the bank's cards make.
    #[arg(long, default_value_t = 400)]
    pub purchases: usize,
    /// Replay the worked day of the documentation instead of a seeded one.
    #[arg(long)]
    pub worked: bool,
    /// Keep everything in this folder; without it all is deleted on exit.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,
}

/// Cards that are served at once; each card's messages go one after another.
const CARDS_AT_ONCE: usize = 32;

/// Runs the demo. Ctrl-C ends it at any time, and nothing of it is left.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let staying = AtomicBool::new(false);
    let mut demo = Box::pin(run_day(args, &staying));
    tokio::select! {
        done = &mut demo => done,
        stopped = commands::stop_signal() => {
            stopped?;
            if staying.load(Ordering::Acquire) {
                return demo.await;
            }
            // Leaving drops the world: the cluster ends and its folder goes.
            Err(crate::cli::AnswerIsNo("interrupted; nothing of the demo is left".to_owned()).into())
        }
    }
}

async fn run_day(args: DemoArgs, staying: &AtomicBool) -> anyhow::Result<()> {
    let began = Instant::now();
    let stay = !args.exit && !args.json && std::io::stdout().is_terminal();
    let say = Steps { quiet: args.json };
    say.line(&format!(
        "cobrand {} demo - fictional bank Northbank; partners AirBoreal, Kosta, Skyfuel. NOT for real cards.",
        env!("CARGO_PKG_VERSION")
    ));
    let day = if args.worked {
        BankDay::worked()?
    } else {
        BankDay::seeded(args.seed, args.business_date, args.purchases)?
    };
    let options = WorldOptions {
        business_date: day.business_date(),
        keep_in: args.data_dir.clone(),
        changes: "approval",
        files: partners::files(),
        settlement: partners::CONNECTED.to_owned(),
        ..WorldOptions::default()
    };
    let world = say.step("private PostgreSQL, migrations, test certificates", World::start(options)).await?;
    say.step("enrolling the members", world.enroll(&day)).await?;
    let transcript =
        say.step("replaying one business day over mutual TLS", replay_day(&world, &day, &say)).await?;
    let program = world.assembly.program(bank_day::PROGRAM)?;
    let out = &world.assembly.config.settlement.out;
    let closing = settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out);
    let staff = Staff::add(&world).await?;
    Box::pin(partners::connect(&world)).await?;
    let closed = say.step("closing the day", async { Ok(closing.await?) }).await?;
    let sent =
        say.step("sending the partners their files", Box::pin(partners::deliver(&world, &closed))).await?;
    let services = Services::start(&world).await?;
    let pages = services.pages(&world, &closed).await?;
    let checks = say
        .step(
            "checking: ledger, totals, replies, card numbers",
            Checks::run(&world, &day, &transcript, &closed, &pages),
        )
        .await?;
    if args.json {
        let mut found = summary(&day, &transcript, &closed, &checks, began);
        if let Some(keys) = found.as_object_mut() {
            keys.insert("partner_files".to_owned(), partners::in_json(&sent));
        }
        println!("{found}");
    } else {
        screen::print(
            &world,
            &services,
            &staff,
            &day,
            &transcript,
            &closed,
            &sent,
            &checks,
            stay,
            began.elapsed(),
        );
    }
    if stay {
        println!("\n  Press Ctrl-C to stop.");
        staying.store(true, Ordering::Release);
        follow_until_stopped(&world).await?;
    }
    services.stop().await?;
    let passed = checks.all_hold();
    world.stop().await?;
    if passed {
        Ok(())
    } else {
        Err(crate::cli::AnswerIsNo("a check of the demo does not hold".to_owned()).into())
    }
}

/// Two people who may sign in: one proposes a change of the program, the other one decides.
pub(crate) struct Staff {
    /// Name and password.
    pub(crate) people: [(&'static str, String); 2],
}

impl Staff {
    async fn add(world: &World) -> anyhow::Result<Self> {
        let password = || Ok::<_, anyhow::Error>(crate::certs::new_card_key()?.chars().take(16).collect());
        let people: [(&'static str, String); 2] = [("demo", password()?), ("second", password()?)];
        for (name, password) in &people {
            let by = store::audit::OPERATOR;
            let new = console::NewUser { name, password, roles: domain::Roles::ALL, partner: None, by };
            match console::add_user_as(&world.assembly.pool, &new).await {
                // A kept folder is used again.
                Err(console::AddUserError::NameTaken(_)) => {
                    console::set_password(&world.assembly.pool, name, password).await?;
                    console::set_roles(&world.assembly.pool, name, domain::Roles::ALL, by).await?;
                }
                other => other?,
            }
        }
        Ok(Self { people })
    }
}

/// Approved changes of the program come into force until the demo is stopped.
async fn follow_until_stopped(world: &World) -> anyhow::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let stopped = async {
        let stopped = commands::stop_signal().await;
        let _ = stop.send(true);
        stopped
    };
    let (stopped, ()) =
        tokio::join!(stopped, commands::follow(&world.assembly, true, commands::until(stopping)));
    stopped
}

async fn replay_day(world: &World, day: &BankDay, say: &Steps) -> anyhow::Result<Transcript> {
    let bank = world.bank()?;
    let transcript = replay(&bank, day.day(), CARDS_AT_ONCE, |progress| say.progress(&progress)).await;
    bank.stop().await;
    Ok(transcript)
}

/// The machine-readable summary.
pub fn summary(
    day: &BankDay,
    transcript: &Transcript,
    closed: &Closed,
    checks: &Checks,
    began: Instant,
) -> Value {
    let settlement: Vec<Value> = closed.positions.iter().map(commands::position_json).collect();
    json!({
        "business_date": day.business_date().to_string(),
        "seed": day.seed(),
        "messages": {
            "received": transcript.sent(),
            "replied": transcript.replied(),
            "by_mti": transcript.by_mti(),
        },
        "settlement": settlement,
        "files": closed.files.iter().map(|file| json!({ "receiver": file.receiver,
            "path": file.path.display().to_string(), "records": file.records, "sha256": file.sha256 })).collect::<Vec<_>>(),
        "checks": {
            "ledger_balanced": checks.ledger_balanced,
            "totals_tie": checks.totals_tie,
            "replies_complete": checks.replies_complete,
            "pan_leaks": checks.leaks.hits.len(),
            "pan_bytes_scanned": checks.leaks.bytes,
            "pan_canary_found": checks.canary_found,
            "problems": checks.problems,
        },
        "elapsed_ms": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Console, metrics and health of a running demo.
pub(crate) struct Services {
    pub(crate) console: std::net::SocketAddr,
    pub(crate) admin: std::net::SocketAddr,
    pub(crate) sign_in: String,
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<std::io::Result<()>>>,
}

impl Services {
    async fn start(world: &World) -> anyhow::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let sign_in = crate::certs::new_card_key()?;
        let console_listener = free_port(8080).await?;
        let admin_listener = free_port(9090).await?;
        let (console, admin) = (console_listener.local_addr()?, admin_listener.local_addr()?);
        let state = commands::console_state(&world.assembly, Some(sign_in.clone()));
        let gateway = Arc::clone(world.gateway()?.gateway());
        let until = commands::until;
        let running = vec![
            tokio::spawn(console::serve(console_listener, state, until(stopping.clone()))),
            tokio::spawn(admin::serve(admin_listener, observe::metrics()?, Some(gateway), until(stopping))),
        ];
        Ok(Self { console, admin, sign_in, stop, running })
    }

    /// The answers of console and metrics that the search for card numbers reads.
    async fn pages(&self, world: &World, closed: &Closed) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let day = format!("/day/{}/{}", bank_day::PROGRAM, closed.business_date);
        let mut pages = http::browse(self.console, &self.sign_in, &["/", &day]).await?;
        let mut first = None;
        let look = |movement: store::Movement<'_>| {
            first = first.or(Some((movement.bucket, movement.message)));
            Ok::<(), store::StoreError>(())
        };
        store::each_movement(&world.assembly.pool, closed.cycle.id, look).await?;
        if let Some((bucket, message)) = first {
            let path = format!("/t/{bucket}/{message}");
            pages.extend(http::browse(self.console, &self.sign_in, &[&path]).await?);
        }
        pages.push(("/metrics".to_owned(), http::get(self.admin, "/metrics", None).await?.1));
        Ok(pages)
    }

    async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        for task in self.running {
            task.await.context("a service of the demo ended badly")??;
        }
        Ok(())
    }
}

/// The wanted port on loopback, or any free one.
async fn free_port(wanted: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", wanted)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind(("127.0.0.1", 0)).await?),
    }
}

/// Progress for people, on standard error so that the JSON stays alone on standard output.
pub(crate) struct Steps {
    quiet: bool,
}

impl Steps {
    fn line(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }

    async fn step<T>(&self, name: &str, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        let began = Instant::now();
        let result = Box::pin(work).await.with_context(|| name.to_owned());
        let state = if result.is_ok() { "ok" } else { "FAILED" };
        self.line(&format!("  {name:.<58} {state:>6} {:>6} ms", began.elapsed().as_millis()));
        result
    }

    fn progress(&self, progress: &Progress) {
        // One line each quarter is enough for a day of seconds.
        let (done, total) = (progress.answered + progress.unanswered, progress.total);
        if done % (total / 4).max(1) == 0 {
            self.line(&format!("    {done} of {total} messages"));
        }
    }
}

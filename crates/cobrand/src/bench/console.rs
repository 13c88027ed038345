//! `bench console`: how long each page of the console takes on a year of data, asked for over HTTP like a browser does.

mod breaks;
pub mod browser;
mod desk;
mod kept;
pub mod measured;
mod samples;
mod template;
pub mod visits;
pub mod year;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use clap::Args;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{admin, settings};
use crate::{
    cli::AnswerIsNo,
    commands,
    demo::{World, WorldOptions},
};
use browser::{Answer, Browser};
use desk::Desk;
use measured::Measured;
use samples::{Dice, Samples};
use visits::{Kind, VISITS, Visit};
use year::{Size, Year};

/// Arguments of `bench console`.
#[derive(Debug, Clone, Args)]
pub struct ConsoleArgs {
    /// Months of data.
    #[arg(long, default_value_t = 12)]
    pub months: u32,
    /// Transactions of each month.
    #[arg(long, default_value_t = 300_000)]
    pub per_month: u64,
    /// Rounds over all pages, of twenty visits to each; before them comes one to warm up.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Keep configuration and data in this folder, and stay until Ctrl-C, to look at them. A year that lies there is measured
    /// again and not made again: `--months` and `--per-month` do not count then.
    #[arg(long)]
    pub keep_in: Option<PathBuf>,
}

/// Visits to each page in a round.
const VISITS_OF_A_ROUND: usize = 20;

pub(super) async fn run(args: &ConsoleArgs, as_json: bool) -> anyhow::Result<()> {
    ensure!(args.rounds > 0, "--rounds: expected at least 1");
    let size = Size { months: args.months, per_month: args.per_month };
    let keep_in = args.keep_in.clone();
    let year = Shown::make(size, WorldOptions { keep_in, settings: settings(), ..options() }).await?;
    let (mut measured, mut problems) = (Vec::new(), Vec::new());
    for visit in VISITS {
        match year.measure(visit, args.rounds * VISITS_OF_A_ROUND).await {
            Ok(one) => measured.push(one),
            Err(problem) => problems.push(format!("{problem:#}")),
        }
    }
    if as_json {
        println!("{}", measured::json(&year.year, year.sign_in, &measured));
    } else {
        measured::print(&year.year, year.sign_in, &measured);
    }
    if args.keep_in.is_some() {
        eprintln!("{}\nCtrl-C stops", year.world.assembly.config.database.connection);
        commands::stop_signal().await?;
    }
    year.stop().await?;
    ensure!(problems.is_empty(), "pages that are not what they must be:\n{}", problems.join("\n"));
    match measured.iter().filter(|one| one.is_slow()).count() {
        0 => Ok(()),
        slow => Err(AnswerIsNo(format!("{slow} pages take longer than {:?} at p95", measured::LIMIT)).into()),
    }
}

/// A world whose first business date is that of the year.
pub fn options() -> WorldOptions {
    WorldOptions { business_date: year::FIRST, batch_messages_max: 2_048, ..WorldOptions::default() }
}

/// A year of data behind a running console, and somebody who has signed in.
pub struct Shown {
    /// The data.
    pub world: World,
    /// What there is of it.
    pub year: Year,
    /// How long signing in took.
    pub sign_in: Duration,
    samples: Samples,
    browser: Browser,
    program: Browser,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Shown {
    /// Makes the data, starts the console and signs in.
    ///
    /// # Errors
    /// If any of that fails.
    pub async fn make(size: Size, options: WorldOptions) -> anyhow::Result<Self> {
        let world = World::prepare(options).await?;
        let client = admin(&world).await?;
        let (year, desk) = match kept::read(&world.dir)? {
            Some(year) => (year, Desk::again(&world).await?),
            None => {
                let year = year::make(&world, size).await?;
                let desk = Desk::fill(&world, &year).await?;
                client.batch_execute("VACUUM ANALYZE").await?;
                kept::write(&world.dir, &year)?;
                (year, desk)
            }
        };
        while store::audit::seal(&world.assembly.pool).await? > 0 {}
        client.batch_execute("CHECKPOINT").await?;
        let samples = Samples::find(&client, &year).await?;
        let (address, stop, serving) = serve(&world, &year).await?;
        let mut browser = Browser::new(address);
        let sign_in = browser.sign_in(desk::NAME, &desk.password).await?;
        let program = Browser::new(address).with_token(desk.token);
        Ok(Self { world, year, sign_in, samples, browser, program, stop, serving })
    }

    /// Visits a page so many times with what `seed` chooses.
    ///
    /// # Errors
    /// If a visit is not answered with 200, or the page does not show what it is for.
    pub async fn visit(&self, visit: &Visit, seed: u64) -> anyhow::Result<Answer> {
        let mut dice = Dice::new(seed);
        let path = (visit.path)(&self.samples, &mut dice);
        let path = path.with_context(|| format!("the year has nothing for the page {:?}", visit.name))?;
        let mut browser = if visit.kind == Kind::Api { self.program.clone() } else { self.browser.clone() };
        let answer = browser.get(&path).await?;
        if answer.status != 200 {
            bail!("{}: {path} answers {} {:?}", visit.name, answer.status, answer.location);
        }
        ensure!(answer.body.contains(visit.shows), "{}: {path} shows no {:?}", visit.name, visit.shows);
        Ok(answer)
    }

    async fn measure(&self, visit: &Visit, times: usize) -> anyhow::Result<Measured> {
        self.visit(visit, 0).await?;
        let (mut took, mut bytes) = (Vec::with_capacity(times), 0);
        for seed in (1..).take(times) {
            let answer = self.visit(visit, seed).await?;
            took.push(answer.took);
            bytes = bytes.max(answer.body.len());
        }
        Ok(Measured::new(*visit, took, bytes))
    }

    /// Ends the console and the world.
    ///
    /// # Errors
    /// If one of them ended badly.
    pub async fn stop(self) -> anyhow::Result<()> {
        // It has ended already if nobody listens.
        let _ = self.stop.send(());
        self.serving.await.context("the console ended badly")??;
        self.world.stop().await
    }
}

type Serving = (SocketAddr, oneshot::Sender<()>, JoinHandle<std::io::Result<()>>);

/// The console, late on the last business date.
async fn serve(world: &World, year: &Year) -> anyhow::Result<Serving> {
    let now = year.now()?;
    let mut state = commands::console_state(&world.assembly, None);
    state.now = Arc::new(move || now);
    // As a console that has run for some minutes has done.
    ::console::verify_ahead(&state).await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async move {
        // Either way it is time.
        let _ = stopped.await;
    };
    Ok((address, stop, tokio::spawn(::console::serve(listener, state, until))))
}

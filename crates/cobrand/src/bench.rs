//! `bench`: throughput side by side in one run, on a private cluster with fsync and synchronous_commit on.
// Rates are no money.
#![allow(clippy::float_arithmetic)]

pub mod back_test;
mod client;
pub mod console;
pub mod lives;
mod raw_copy;
mod report;
mod settlement;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use gateway::{Batcher, BatcherOptions, Gateway, LinkLimits, Router};
use tokio_postgres::NoTls;

use crate::demo::{World, WorldOptions};
use client::{Load, run_load};
use report::Report;

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    /// What is measured; the path of messages if nothing is named.
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// How long each variant runs each time, in seconds.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// How often each variant runs; the median is reported.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

/// What else can be measured.
#[derive(Debug, Clone, Subcommand)]
pub enum BenchCommand {
    /// Back-tests of stored transactions: by the versions that held, which must give the ledger, and by another one.
    Backtest {
        /// How many transactions are stored first.
        #[arg(long, default_value_t = 1_000_000)]
        transactions: u64,
    },
    /// The pass of a close over its movements, beside a plain COPY of the same rows.
    Settlement {
        /// How many transactions the larger cycle has; the smaller has a tenth.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
    },
    /// How long each page of the console takes on a year of data.
    Console(console::ConsoleArgs),
}

/// Member cards that the load spreads over.
const CARDS: u64 = 4096;
/// Links of the load.
const LINKS: usize = 8;
/// Messages in flight on each link for the batch: together as many as two lanes take in two batches.
const IN_FLIGHT: usize = 128;
/// Sessions of the per-message handler that are tried; the best of them is reported.
const SESSIONS: [usize; 3] = [8, 16, 32];

/// Runs the measurements, variants interleaved.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    ensure!(args.rounds > 0 && args.seconds > 0, "--rounds and --seconds are at least 1");
    if cfg!(debug_assertions) {
        eprintln!(
            "cobrand bench: this is a development build; figures of a release build are what counts (make bench)"
        );
    }
    match args.what {
        Some(BenchCommand::Backtest { transactions }) => {
            return back_test::run(transactions, args.json).await;
        }
        Some(BenchCommand::Settlement { rows }) => {
            return settlement::run(rows, args.rounds, args.json).await;
        }
        Some(BenchCommand::Console(console)) => return console::run(&console, args.json).await,
        None => {}
    }
    let world = World::prepare(WorldOptions { settings: settings(), ..WorldOptions::default() }).await?;
    let cards = client::enroll(&world, CARDS).await?;
    let mut report = Report::new(&world).await?;
    let duration = Duration::from_secs(args.seconds);
    // Each run continues the numbering, so that no message key comes twice.
    let mut first_number = 1;
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}", args.rounds);
        let batch = BatcherOptions::default();
        let load = Load { links: LINKS, in_flight: IN_FLIGHT, duration, first_number };
        let done = measure(&world, &cards, batch, load).await?;
        first_number += done.sent;
        report.end_to_end.push(done.per_s());
        eprintln!("  end to end, batch of up to {}: {:.0}/s", batch.batch_messages_max, done.per_s());
        report.raw_copy.push(raw_copy::run(&world).await?);
        eprintln!(
            "  raw COPY into the same tables: {:.0}/s",
            report.raw_copy.last().copied().unwrap_or_default()
        );
        for (place, sessions) in SESSIONS.into_iter().enumerate() {
            let single =
                BatcherOptions { lanes: sessions, batch_messages_max: 1, ..BatcherOptions::default() };
            let load =
                Load { links: LINKS, in_flight: (sessions * 4 / LINKS).max(4), duration, first_number };
            let done = measure(&world, &cards, single, load).await?;
            first_number += done.sent;
            if let Some(runs) = report.per_message.get_mut(place) {
                runs.1.push(done.per_s());
            }
            eprintln!("  per message, {sessions} sessions: {:.0}/s", done.per_s());
        }
    }
    if args.json {
        println!("{}", report.json());
    } else {
        report.print();
    }
    world.stop().await
}

/// How the private cluster is set, beside fsync and synchronous_commit, which stay on.
fn settings() -> Vec<(String, String)> {
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "4GB"),
        ("min_wal_size", "1GB"),
        ("checkpoint_timeout", "15min"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// One variant: empty tables, a gateway of its own, a closed loop over mutual TLS.
async fn measure(
    world: &World,
    cards: &Arc<Vec<String>>,
    options: BatcherOptions,
    load: Load,
) -> anyhow::Result<client::Done> {
    empty_tables(world).await?;
    let assembly = &world.assembly;
    let gateway = Arc::new(Gateway {
        links: assembly.links.clone(),
        // A saturated system answers late; here every answer counts.
        limits: LinkLimits { answer_max: Duration::from_secs(30), ..LinkLimits::default() },
        keys: assembly.card_keys()?,
        router: Router::new(assembly.pool.clone(), Arc::clone(&assembly.rule_book)),
        batcher: Batcher::start(&assembly.database, &assembly.pool, &assembly.rule_book, options).await?,
        pool: assembly.pool.clone(),
        clock: assembly.clock,
    });
    let handle = gateway.listen(([127, 0, 0, 1], 0).into(), assembly.tls()?).await?;
    let done = run_load(handle.address(), &world.bank_tls()?, cards, load).await;
    let lanes = Arc::clone(handle.gateway());
    handle.drain().await;
    lanes.batcher.finish().await;
    let done = done?;
    let stored: i64 = admin(world).await?.query_one("SELECT count(*) FROM message", &[]).await?.try_get(0)?;
    ensure!(
        u64::try_from(stored).ok() == Some(done.sent),
        "{} messages were answered 00, {stored} are stored",
        done.sent
    );
    Ok(done)
}

/// A connection as the owner of the tables.
async fn admin(world: &World) -> anyhow::Result<tokio_postgres::Client> {
    let connection = world.assembly.config.database.connection.as_str();
    let (client, driver) =
        tokio_postgres::connect(connection, NoTls).await.context("cannot reach the private cluster")?;
    tokio::spawn(driver);
    Ok(client)
}

async fn empty_tables(world: &World) -> anyhow::Result<()> {
    let client = admin(world).await?;
    client
        .batch_execute(
            "TRUNCATE message, purchase, match_ref, transfer, member_balance, member_counter, outbox",
        )
        .await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

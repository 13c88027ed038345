//! `bench backtest`: stores transactions through the lanes, then back-tests them.

use std::sync::Arc;

use anyhow::{Context, ensure};
use gateway::{Clock, Gateway, expire_holds};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use serde_json::json;
use store::CycleState;

use super::lives::Lives;
use crate::{
    assembly::{Assembly, entry_of, hash_of},
    backtest::{Done, Plan, Report, run as back_test},
    demo::{World, WorldOptions},
};

/// Members for so many transactions: each has some hundred.
const TRANSACTIONS_OF_A_MEMBER: u64 = 128;
/// The purchases are spread over so many days.
const DAYS: i64 = 40;
/// The largest batch of a lane: what is stored is to be stored fast.
const BATCH_MAX: usize = 2_048;
/// The period of the back-tests.
pub const PERIOD: (Date, Date) = (date(2026, 10, 1), date(2026, 11, 1));

/// Stores `transactions` and back-tests them.
pub(super) async fn run(transactions: u64, as_json: bool) -> anyhow::Result<()> {
    ensure!(transactions > 0, "--transactions: expected at least 1");
    let options = WorldOptions {
        settings: super::settings(),
        batch_messages_max: BATCH_MAX,
        ..WorldOptions::default()
    };
    let world = World::prepare(options).await?;
    let began = std::time::Instant::now();
    let members = (transactions / TRANSACTIONS_OF_A_MEMBER).clamp(16, 20_000);
    let versions = versions(&world.assembly)?;
    store_lives(&world.assembly, transactions, u32::try_from(members)?, &versions).await?;
    let [_, text] = versions;
    eprintln!("stored {transactions} transactions of {members} members in {} s", began.elapsed().as_secs());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, cores];
    threads.dedup();
    let mut runs = Vec::new();
    for threads in threads {
        for (name, candidate) in [("unchanged", text.clone()), ("changed", changed(&text))] {
            let done = measured(&world.assembly, &candidate, threads, name == "changed").await?;
            eprintln!("{name}: {}", done.rate());
            runs.push((name, done));
        }
    }
    if as_json {
        let runs = runs.iter().map(|(name, done)| {
            json!({
                "candidate": name,
                "threads": done.threads,
                "transactions": done.findings.messages,
                "seconds": done.elapsed.as_millis() / 1000,
                "per_s": done.per_s(),
                "per_s_per_core": done.per_s_per_core(),
                "equals_the_ledger": done.findings.differing == 0,
                "purchases_changed": done.findings.changed,
            })
        });
        let runs: Vec<_> = runs.collect();
        println!("{}", json!({ "backtest": runs, "release_build": !cfg!(debug_assertions) }));
    } else {
        println!("back-test of stored transactions: a second, a second and core, purchases that change");
        for (name, done) in &runs {
            let (all, one, changed) = (done.per_s(), done.per_s_per_core(), done.findings.changed);
            let threads = format!("{} threads", done.threads);
            println!("  {name:<12} {threads:<12} {all:>10}/s {one:>10}/s {changed:>10}");
        }
        println!("  every run equals the ledger");
    }
    world.stop().await
}

/// One back-test; it must be equal to the ledger, and change something only if the candidate does.
async fn measured(
    assembly: &Assembly,
    candidate: &str,
    threads: usize,
    changes: bool,
) -> anyhow::Result<Done> {
    let named = ("the candidate", candidate);
    let plan = Plan::of_text(&assembly.database, &assembly.pool, named, PERIOD, threads).await?;
    let done = back_test(&plan).await?;
    let found = &done.findings;
    if found.differing > 0 || (found.changed > 0) != changes {
        let report = Report::of(&plan, &assembly.pool, found).await?;
        anyhow::bail!("the back-test is not what it must be:\n{report}");
    }
    Ok(done)
}

/// Stores lives under two versions, one after the other, and over two business days, and lets holds expire. In October
/// only the second version holds: a back-test by it changes nothing.
///
/// # Errors
/// If a lane does not decide a message.
pub async fn store_lives(
    assembly: &Assembly,
    messages: u64,
    members: u32,
    [first, second]: &[String; 2],
) -> anyhow::Result<()> {
    let mut gateway = assembly.gateway().await?;
    // When all holds have expired.
    let late: Timestamp = "2026-12-31T09:00:00Z".parse()?;
    Arc::<Gateway>::get_mut(&mut gateway).context("the gateway is shared")?.clock = Clock::starting_at(late);
    let program = &assembly.programs.first().context("no program")?.file.program;
    let of = (program.bank, program.id);
    put_into_force(assembly, first).await?;
    let mut lives = Lives::begin(&gateway, of, members, messages, DAYS).await?;
    // Ten of the forty days are in September.
    lives.live_until(&gateway, messages / 5).await?;
    put_into_force(assembly, second).await?;
    lives.live_until(&gateway, messages / 2).await?;
    next_day(assembly).await?;
    lives.live_until(&gateway, messages).await?;
    let expired = expire_holds(&gateway).await?;
    ensure!(expired.unanswered == 0 && expired.expired > 0, "no hold expired: {expired:?}");
    gateway.batcher.finish().await;
    Ok(())
}

/// The program file of a world, and the same with a lower cap and a lower discount at most.
///
/// # Errors
/// If the file is not the sample.
pub fn versions(assembly: &Assembly) -> anyhow::Result<[String; 2]> {
    let path = assembly.config.programs.files.first().context("no program file")?;
    let text = std::fs::read_to_string(path)?;
    let cap = ("miles_max = 1500", "miles_max = 1200");
    let discount = ("at_most = \"500.00\"", "at_most = \"400.00\"");
    let second = altered(&text, &[cap, discount])?;
    Ok([text, second])
}

/// A version that gives more bonus miles and a lower discount.
pub fn changed(text: &str) -> String {
    let changes = [("times_base = \"1/1\"", "times_base = \"2/1\""), ("percent = \"5\"", "percent = \"4\"")];
    // Without these lines there is nothing to change, and the caller finds that.
    altered(text, &changes).unwrap_or_else(|_| text.to_owned())
}

fn altered(text: &str, changes: &[(&str, &str)]) -> anyhow::Result<String> {
    changes.iter().try_fold(text.to_owned(), |text, (from, to)| {
        ensure!(text.contains(from), "the program file has no {from:?}");
        Ok(text.replace(from, to))
    })
}

/// Registers a version and lets new purchases follow it.
///
/// # Errors
/// If the database refuses it.
pub async fn put_into_force(assembly: &Assembly, text: &str) -> anyhow::Result<()> {
    let file = &assembly.programs.first().context("no program")?.file;
    let id = store::register_program(&assembly.pool, &entry_of(file), hash_of(text), text).await?;
    store::switch_rules(&assembly.pool, id, hash_of(text)).await?;
    Ok(())
}

/// Cuts the open cycle of the first program.
async fn next_day(assembly: &Assembly) -> anyhow::Result<()> {
    let program = assembly.programs.first().context("no program")?.file.program.id;
    let cycles = store::cycles(&assembly.pool, program).await?;
    let open = cycles.iter().find(|cycle| cycle.state == CycleState::Open).context("no open cycle")?;
    let next = store::prepare_next(&assembly.pool, open, open.business_date.tomorrow()?).await?;
    ensure!(store::cut(&assembly.pool, open, &next).await?, "the cycle was cut by somebody else");
    Ok(())
}

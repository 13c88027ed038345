//! `bench settlement`: the pass of a close over its movements, beside a plain COPY of the same rows as CSV, both written to a
//! file and made durable, in turns.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    pin::pin,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use domain::CycleId;
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use store::CycleState;

use super::{admin, report::median, settings};
use crate::{
    assembly::LoadedProgram,
    demo::{World, WorldOptions},
};

/// Members that the transactions are spread over.
const MEMBERS: u64 = 20_000;

/// Transactions of three shops, written by the server itself: base miles of all, bonus and both shares of a discount at the
/// till at the fuel retailer, turnover and both shares of a credit at the supermarket. `$1` is the cycle, `$2` how many,
/// `$3` the first number, `$4` the bank.
const MESSAGES: &str = "INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, \
    retrieval, approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, received_at, \
    bank_date, account_id, purchase_key, counted_minor, cycle_id, business_date, reply, explanation, audit_mac) \
    SELECT n % 1024, k, $4::int, 'bench|' || n, '', 'online', '0220', lpad((n % 1000000)::text, 6, '0'), \
    '1010' || lpad((n % 1000000)::text, 6, '0'), lpad(n::text, 12, '0'), lpad((n % 999983)::text, 6, '0'), \
    lpad(n::text, 23, '7'), '400001', CASE n % 3 WHEN 0 THEN 'GROCER000000001' WHEN 1 THEN 'KOSTA0000000001' \
    ELSE 'SKYFUEL00000001' END, 'TERM0001', '5411', '0000', 5000 + n % 700000, 643, d + time '12:00', d + time '09:00', d, \
    n % 20000, k, 5000 + n % 700000, $1::int, d, '', '', decode(repeat('00', 32), 'hex') \
    FROM generate_series($3::bigint, $3::bigint + $2::bigint - 1) n, \
    LATERAL (SELECT int8send(1791622800 + n / 100) || decode(md5(n::text), 'hex') AS k) x, \
    (SELECT business_date AS d FROM settlement_cycle WHERE cycle_id = $1::int) y";

/// `$1` is the cycle, `$2` the program, `$3` the fuel retailer, `$4` the supermarket.
const TRANSFERS: &str = "INSERT INTO transfer (bucket, message_key, leg, phase, bank_id, program_id, cycle_id, account_id, \
    purchase_key, rules_hash, item, unit_kind, unit_id, debit_kind, debit_id, credit_kind, credit_id, amount) \
    SELECT m.bucket, m.message_key, leg, 1::smallint, m.bank_id, $2::int, m.cycle_id, m.account_id, m.purchase_key, \
    decode(repeat('07', 32), 'hex'), item, kind, CASE kind WHEN 1 THEN $2::int ELSE 643 END, 3::smallint, 1, 1::smallint, m.account_id, \
    greatest(1, m.counted_minor / part) FROM message m, \
    LATERAL (VALUES (0::smallint, 'base', 1::smallint, 6000, ''), \
    (1::smallint, 'turnover:' || $4::int, 3::smallint, 1, 'KOSTA0000000001'), \
    (2::smallint, 'discount:statement_credit:bank:' || $4::int, 2::smallint, 50, 'KOSTA0000000001'), \
    (3::smallint, 'discount:statement_credit:partner-' || $4::int || ':' || $4::int, 2::smallint, 33, 'KOSTA0000000001'), \
    (1::smallint, 'bonus:partner-' || $3::int || ':weekend-fuel', 1::smallint, 6000, 'SKYFUEL00000001'), \
    (2::smallint, 'discount:at_till:bank:' || $3, 2::smallint, 66, 'SKYFUEL00000001')) \
    i(leg, item, kind, part, shop) WHERE m.cycle_id = $1::int AND (shop = '' OR shop = m.card_acceptor)";

/// `$1` is the program.
const ACCOUNTS: &str = "INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
    SELECT DISTINCT bucket, account_id, bank_id, $1::int, lpad(account_id::text, 8, '0'), date '2026-01-01' FROM message \
    ON CONFLICT DO NOTHING";

/// What was measured of one cycle.
struct Measured {
    transactions: u64,
    movements: u64,
    copy: Vec<f64>,
    pass: Vec<f64>,
    peak_kib: u64,
    bytes: u64,
}

impl Measured {
    fn ratio(&self) -> f64 {
        let ratios: Vec<f64> = self.copy.iter().zip(&self.pass).map(|(copy, pass)| pass / copy).collect();
        median(&ratios)
    }

    fn json(&self) -> Value {
        json!({
            "transactions": self.transactions,
            "movements": self.movements,
            "copy_csv_rows_per_s": whole(&self.copy),
            "pass_rows_per_s": whole(&self.pass),
            "pass_over_copy": (self.ratio() * 100.0).round() / 100.0,
            "peak_memory_kib": self.peak_kib,
            "bytes_written": self.bytes,
        })
    }
}

pub(super) async fn run(rows: u64, rounds: usize, as_json: bool) -> anyhow::Result<()> {
    ensure!(rows >= 10, "--rows: expected at least 10");
    let world = World::prepare(WorldOptions { settings: settings(), ..WorldOptions::default() }).await?;
    let program = world.assembly.programs.first().context("no program")?;
    let mut measured = Vec::new();
    let mut first = 1;
    for transactions in [rows / 10, rows] {
        let cycle = fill(&world, program, first, transactions).await?;
        first += transactions;
        measured.push(measure(&world, program, cycle, transactions, rounds).await?);
    }
    let began = Instant::now();
    reset_peak();
    let dates: Vec<_> = store::cycles(&world.assembly.pool, program.setup.id).await?;
    for cycle in dates.iter().filter(|cycle| cycle.state == CycleState::Closing) {
        let out = &world.assembly.config.settlement.out;
        settlement::close_day(&world.assembly.pool, &program.setup, cycle.business_date, out).await?;
    }
    let (whole_close, peak) = (began.elapsed(), peak_kib()?);
    print(&measured, whole_close, peak, as_json);
    world.stop().await
}

fn print(measured: &[Measured], whole_close: Duration, peak: u64, as_json: bool) {
    if as_json {
        let cycles: Vec<Value> = measured.iter().map(Measured::json).collect();
        println!(
            "{}",
            json!({ "settlement": cycles, "whole_close_of_both_ms": whole_close.as_millis(),
            "whole_close_peak_kib": peak, "release_build": !cfg!(debug_assertions) })
        );
        return;
    }
    println!("movements per second, median; each written to a file and made durable");
    for cycle in measured {
        println!(
            "  {:>9} transactions, {:>9} movements: COPY as CSV {:>9.0}, our pass {:>9.0}, ratio {:.2}, peak {} KiB",
            cycle.transactions,
            cycle.movements,
            median(&cycle.copy),
            median(&cycle.pass),
            cycle.ratio(),
            cycle.peak_kib
        );
    }
    println!("  both days closed, with all files: {:.1} s, peak {peak} KiB", whole_close.as_secs_f64());
}

fn whole(runs: &[f64]) -> Value {
    runs.iter().map(|run| run.round()).collect()
}

/// Writes transactions into the open cycle and cuts it.
async fn fill(world: &World, program: &LoadedProgram, first: u64, number: u64) -> anyhow::Result<CycleId> {
    let pool = &world.assembly.pool;
    let cycles = store::cycles(pool, program.setup.id).await?;
    let open = cycles.iter().find(|cycle| cycle.state == CycleState::Open).context("no open cycle")?;
    let client = admin(world).await?;
    let (first, number) = (i64::try_from(first)?, i64::try_from(number)?);
    let bank = program.setup.bank.0.0;
    client.execute(MESSAGES, &[&open.id.0, &number, &first, &bank]).await?;
    let of = |code: &str| world.assembly.codes.partners.get(code).map(|partner| partner.0);
    let (fuel, shop) = (of("skyfuel").context("no skyfuel")?, of("kosta").context("no kosta")?);
    client.execute(ACCOUNTS, &[&program.setup.id.0]).await?;
    client.execute(TRANSFERS, &[&open.id.0, &program.setup.id.0, &fuel, &shop]).await?;
    client.batch_execute("VACUUM ANALYZE message, transfer, member_account").await?;
    client.batch_execute("CHECKPOINT").await?;
    let next = store::prepare_next(pool, open, open.business_date.tomorrow()?).await?;
    ensure!(store::cut(pool, open, &next).await?, "the cycle was cut by somebody else");
    eprintln!("stored {number} transactions of {MEMBERS} members");
    Ok(open.id)
}

async fn measure(
    world: &World,
    program: &LoadedProgram,
    cycle: CycleId,
    transactions: u64,
    rounds: usize,
) -> anyhow::Result<Measured> {
    let (mut copies, mut passes) = (Vec::new(), Vec::new());
    let (mut movements, mut bytes, mut peak) = (0, 0, 0);
    let out = world.dir.join("bench");
    std::fs::create_dir_all(&out)?;
    for _ in 0..rounds {
        let began = Instant::now();
        movements = copy_csv(world, cycle, &out.join("movements.csv")).await?;
        copies.push(rate(movements, began.elapsed()));
        std::fs::remove_file(out.join("movements.csv"))?;
        reset_peak();
        let began = Instant::now();
        let (_, written) = settlement::rehearse(&world.assembly.pool, &program.setup, cycle, &out).await?;
        passes.push(rate(movements, began.elapsed()));
        (peak, bytes) = (peak.max(peak_kib()?), written);
        eprintln!(
            "  COPY as CSV {:.0}/s, our pass {:.0}/s",
            copies.last().copied().unwrap_or_default(),
            passes.last().copied().unwrap_or_default()
        );
    }
    Ok(Measured { transactions, movements, copy: copies, pass: passes, peak_kib: peak, bytes })
}

/// The yardstick. Returns how many rows there were.
async fn copy_csv(world: &World, cycle: CycleId, path: &Path) -> anyhow::Result<u64> {
    let client = admin(world).await?;
    let copy = format!("COPY ({}) TO STDOUT (FORMAT csv)", store::movements_query(cycle));
    let mut stream = pin!(client.copy_out(copy.as_str()).await?);
    let mut file = std::io::BufWriter::with_capacity(64 * 1024, File::create(path)?);
    let mut rows = 0;
    // The server sends one message for each row.
    while let Some(bytes) = stream.try_next().await? {
        file.write_all(&bytes)?;
        rows += 1;
    }
    file.flush()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(rows: u64, elapsed: Duration) -> f64 {
    rows as f64 / elapsed.as_secs_f64()
}

/// Lets the system count the peak anew; where it cannot, the peak is that of the whole run.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

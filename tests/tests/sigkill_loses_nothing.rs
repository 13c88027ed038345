//! SIGKILL in the middle of traffic loses nothing and counts nothing twice: the bank repeats what is unanswered, and
//! its own auditor recomputes every balance and the settlement from the messages that it knows to be answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts are what this test is for")]

mod support_link;

use std::{
    fs::OpenOptions,
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use bank_simulator::{
    Transcript,
    auditor::{AgreedProgram, Audit, audit},
    replay,
};
use cobrand::demo::{BankDay, World, WorldOptions, audited_messages, directory};
use jiff::{
    ToSpan, Zoned,
    civil::{Date, Weekday},
};
use settlement::Closed;
use support_link::{binary, free_port};

/// Purchases of the day, each of one to five messages.
const PURCHASES: usize = 500;
const CARDS_AT_ONCE: usize = 32;

// --- the gateway as a process of its own -----------------------------------------------------------

struct Process {
    command: Command,
    child: Child,
    killed: Vec<u32>,
}

impl Process {
    fn start(world: &World) -> Self {
        let mut command = Command::new(binary());
        let log = OpenOptions::new().create(true).append(true).open(world.dir.join("process.log")).unwrap();
        command.arg("gateway").arg("--config").arg(world.dir.join("cobrand.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).env_remove("RUST_LOG");
        let child = command.spawn().unwrap();
        Self { command, child, killed: Vec::new() }
    }

    /// SIGKILL, then a new process at once; nothing is said to the bank.
    fn kill_and_start_again(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the gateway ended by itself before it was killed");
        self.killed.push(self.child.id());
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
        // The log's handle is shared by all the processes: each one writes behind the one before.
        let log = OpenOptions::new().append(true).open(self.log()).unwrap();
        self.child = self.command.stderr(log).spawn().unwrap();
    }

    fn log(&self) -> std::path::PathBuf {
        let config = self.command.get_args().last().unwrap();
        std::path::Path::new(config).with_file_name("process.log")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// --- what the bank expects and what we hold ---------------------------------------------------------

/// Where the books and the bank's own recomputation differ.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differences {
    /// Units that the bank expects and we do not hold.
    lost: i128,
    /// Units that we hold and the bank does not expect.
    doubled: i128,
    in_words: Vec<String>,
}

impl Differences {
    fn compare(&mut self, what: &str, want: i128, have: i128) {
        self.lost += (want - have).max(0);
        self.doubled += (have - want).max(0);
        if want != have {
            self.in_words.push(format!("{what}: the bank computes {want}, we hold {have}"));
        }
    }
}

fn expected(day: &BankDay, transcript: &Transcript) -> Audit {
    let messages = audited_messages(transcript.exchanges(), day.business_date()).unwrap();
    audit(&AgreedProgram::boreal_gold(), &directory(day), &messages)
}

/// Every balance of every member, posted and pending, against the bank's own.
async fn balances(world: &World, day: &BankDay, expected: &Audit) -> Differences {
    let (pool, keys) = (&world.assembly.pool, world.assembly.card_keys().unwrap());
    let tokens: Vec<_> = day.members().iter().map(|card| keys.tokens(&card.pan)[0]).collect();
    let routes = store::routes(pool, &tokens).await.unwrap();
    let rows = store::balances(pool).await.unwrap();
    let mut differences = Differences::default();
    let mut looked_at = 0;
    for (card, route) in day.members().iter().zip(routes) {
        let account = route.unwrap().member.account;
        let sum = |unit, value: fn(&store::BalanceRow) -> i64| -> i128 {
            let of_unit = rows.iter().filter(|row| row.account == account && row.unit_kind == unit);
            of_unit.map(|row| i128::from(value(row))).sum()
        };
        looked_at += rows.iter().filter(|row| row.account == account).count();
        let balance = expected.balances[&card.label];
        let label = &card.label;
        differences.compare(&format!("{label} miles"), balance.miles, sum(1, |row| row.posted));
        differences.compare(
            &format!("{label} miles pending"),
            balance.pending_miles,
            sum(1, |row| row.pending),
        );
        differences.compare(&format!("{label} discount"), balance.discount(), sum(2, |row| row.posted));
        differences.compare(
            &format!("{label} discount pending"),
            balance.pending_discount(),
            sum(2, |row| row.pending),
        );
    }
    assert_eq!(looked_at, rows.len(), "a balance belongs to no member of the bank");
    differences
}

/// What is owed to and by each partner, in minor units with the bank's payments positive, and the miles.
fn positions(closed: &Closed, expected: &Audit) -> Differences {
    let mut differences = Differences::default();
    for (partner, ours) in &expected.positions {
        let stated = closed.positions.iter().find(|position| position.partner == *partner);
        let signed =
            |direction: &str, amount: i128| if direction == "bank_pays_partner" { amount } else { -amount };
        let want = signed(ours.direction.as_str(), ours.to_pay_minor);
        let have = stated.map_or(0, |at| signed(at.direction.name(), i128::from(at.net_minor)));
        differences.compare(&format!("{partner} to pay"), want, have);
        let miles = stated.map_or(0, |position| i128::from(position.miles));
        differences.compare(&format!("{partner} miles"), ours.miles, miles);
        let lines = i128::try_from(ours.lines.len()).unwrap();
        let stated_lines = stated.map_or(0, |position| i128::from(position.transactions));
        differences.compare(&format!("{partner} lines"), lines, stated_lines);
    }
    assert!(closed.positions.iter().all(|position| expected.positions.contains_key(&position.partner)));
    differences
}

/// Of the messages that were sent again: how many the gateway had stored the first time (their replies were lost with
/// it), and how many it had not. A row keeps the message type with which it came to be.
async fn stored_before_the_repeat(world: &World, transcript: &Transcript) -> (usize, usize) {
    let client = world.assembly.pool.get().await.unwrap();
    let (mut stored, mut new) = (0, 0);
    for sent in transcript.exchanges().filter(|exchange| exchange.attempts > 1).map(|exchange| &exchange.sent)
    {
        let text =
            "SELECT mti FROM message WHERE stan = $1 AND transmitted = $2 AND left(mti, 3) = left($3, 3)";
        let row = client.query_one(text, &[&sent.de11, &sent.de7, &sent.mti.as_str()]).await.unwrap();
        if row.get::<_, &str>(0).ends_with('0') { stored += 1 } else { new += 1 }
    }
    (stored, new)
}

async fn assert_ledger_is_clean(world: &World) {
    let ledger = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((ledger.balances_off, ledger.counters_off), (0, 0), "{ledger:?}");
    assert!(ledger.transfers > 0);
}

async fn close(world: &World, day: &BankDay) -> Closed {
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap()
}

/// The process lives by the machine's clock, and DE7 has no year: the day must lie near today. A Saturday, because the
/// program's bonus is granted at weekends. Not the last days of a year, because DE13 of late clearings would lie in the
/// next.
fn business_date_near_today() -> Date {
    let today = Zoned::now().date();
    let since_saturday = i32::from(today.weekday().since(Weekday::Saturday));
    let saturday = today.saturating_sub(since_saturday.days());
    if (saturday.month(), saturday.day()) >= (12, 27) { saturday.saturating_sub(7.days()) } else { saturday }
}

// --- ten times SIGKILL --------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sigkill_in_the_middle_of_traffic_loses_and_doubles_nothing() {
    let rounds: usize =
        std::env::var("COBRAND_FAULT_ROUNDS").map_or(10, |text| text.parse().expect("COBRAND_FAULT_ROUNDS"));
    let day = BankDay::seeded(20_261_010, business_date_near_today(), PURCHASES.max(rounds * 20)).unwrap();
    let options =
        WorldOptions { business_date: day.business_date(), port: free_port(), ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    world.enroll(&day).await.unwrap();
    let process = Mutex::new(Process::start(&world));
    let bank = world.bank_at(world.assembly.config.gateway.listen).unwrap();

    let step = day.day().message_count() / (rounds + 1);
    let transcript = replay(&bank, day.day(), CARDS_AT_ONCE, |progress| {
        let mut process = process.lock().unwrap();
        // By what is answered, not by time: a slow machine kills as often.
        let due = progress.answered.checked_div(step).unwrap_or(rounds).min(rounds);
        if process.killed.len() < due {
            process.kill_and_start_again();
        }
    })
    .await;
    let counters = bank.counters();
    bank.stop().await;
    let mut process = process.into_inner().unwrap();
    assert!(process.child.try_wait().unwrap().is_none(), "the last gateway ended by itself");
    let killed = std::mem::take(&mut process.killed);
    drop(process);

    assert_eq!(killed.len(), rounds);
    assert!(transcript.is_complete(), "{} of {} answered", transcript.replied(), transcript.sent());
    assert_eq!(transcript.sent(), day.day().message_count());
    assert!(rounds == 0 || counters.without_reply > 0, "no kill met a message in flight: {counters:?}");
    assert_eq!(transcript.by_code().keys().collect::<Vec<_>>(), ["00"]);

    let expected = expected(&day, &transcript);
    assert_eq!(expected.unknown, Vec::<String>::new());
    assert_eq!(expected.disagreements, Vec::<String>::new());
    assert_ledger_is_clean(&world).await;
    let held = balances(&world, &day, &expected).await;
    let (stored, new) = stored_before_the_repeat(&world, &transcript).await;
    let closed = close(&world, &day).await;
    let owed = positions(&closed, &expected);
    println!("of the messages that were repeated {stored} had been committed before the kill, {new} had not");
    println!(
        "killed {} gateways with SIGKILL (processes {killed:?}); {} messages, {} attempts, {} without a reply, {} not \
         taken (96 or 91), {} answered; members: lost {}, doubled {}; settlement: lost {}, doubled {}",
        killed.len(),
        transcript.sent(),
        counters.sent,
        counters.without_reply,
        counters.not_taken,
        transcript.replied(),
        held.lost,
        held.doubled,
        owed.lost,
        owed.doubled,
    );
    assert_eq!(held, Differences::default());
    assert_eq!(owed, Differences::default());
    assert!(expected.totals.base > 0 && expected.totals.bonus > 0 && expected.totals.discount > 0);
    for file in &closed.files {
        settlement::verify_path(&file.path).unwrap();
    }
    assert_ledger_is_clean(&world).await;
    world.stop().await.unwrap();
}

// --- the auditor sees what it must see ------------------------------------------------------------

/// A day as it should be, with the books as they are after it.
async fn day_in_the_books() -> (World, BankDay, Audit) {
    let day = BankDay::worked().unwrap();
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    world.enroll(&day).await.unwrap();
    let bank = world.bank().unwrap();
    let transcript = replay(&bank, day.day(), 1, |_| {}).await;
    bank.stop().await;
    let expected = expected(&day, &transcript);
    assert_eq!(balances(&world, &day, &expected).await, Differences::default());
    (world, day, expected)
}

/// Everything that the transfers of the movement `$1` (and leg, if any) did to balances and counters, `sign` times.
async fn move_again(world: &World, key: &[u8], leg: Option<i16>, sign: i64) {
    let client = world.assembly.pool.get().await.unwrap();
    let moved = "FROM transfer t WHERE message_key = $1 AND ($2::smallint IS NULL OR leg = $2)";
    let amount = "CASE WHEN credit_kind = 1 THEN amount ELSE -amount END";
    let balance = format!(
        "UPDATE member_balance b SET posted = b.posted + $3 * s.posted, pending = b.pending + $3 * s.pending \
         FROM (SELECT bucket, account_id, unit_kind, unit_id, \
         coalesce(sum({amount}) FILTER (WHERE phase = 1), 0)::bigint AS posted, \
         coalesce(sum({amount}) FILTER (WHERE phase = 2), 0)::bigint AS pending {moved} GROUP BY 1, 2, 3, 4) s \
         WHERE (b.bucket, b.account_id, b.unit_kind, b.unit_id) = (s.bucket, s.account_id, s.unit_kind, s.unit_id)"
    );
    let counter = format!(
        "UPDATE member_counter c SET value = c.value + $3 * s.miles \
         FROM (SELECT bucket, account_id, sum({amount})::bigint AS miles {moved} \
         AND phase = 1 AND unit_kind = 1 GROUP BY 1, 2) s \
         WHERE (c.bucket, c.account_id) = (s.bucket, s.account_id)"
    );
    for text in [balance, counter] {
        assert!(client.execute(text.as_str(), &[&key, &leg, &sign]).await.unwrap() > 0);
    }
}

/// The clearing with the most miles at the co-brand's merchantless grocer: key, leg and amount.
async fn a_movement_of_miles(world: &World) -> (Vec<u8>, i16, i64) {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT t.message_key, t.leg, t.amount FROM transfer t JOIN message m USING (bucket, message_key) \
                WHERE m.mti = '0220' AND t.phase = 1 AND t.unit_kind = 1 AND t.credit_kind = 1 AND t.amount < 500 \
                ORDER BY t.amount DESC, t.message_key, t.leg LIMIT 1";
    let row = client.query_one(text, &[]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_injected_loss_is_caught_by_the_auditor() {
    let (world, day, expected) = day_in_the_books().await;
    let (key, leg, miles) = a_movement_of_miles(&world).await;
    move_again(&world, &key, Some(leg), -1).await;
    let client = world.assembly.pool.get().await.unwrap();
    let gone = client
        .execute("DELETE FROM transfer WHERE message_key = $1 AND leg = $2", &[&key, &leg])
        .await
        .unwrap();
    assert_eq!(gone, 1);
    drop(client);

    // The ledger by itself sees nothing.
    assert_ledger_is_clean(&world).await;
    let held = balances(&world, &day, &expected).await;
    assert_eq!((held.lost, held.doubled), (i128::from(miles), 0), "{held:?}");
    let owed = positions(&close(&world, &day).await, &expected);
    assert!(owed.lost > 0, "{owed:?}");
    println!("injected loss of {miles} miles: {:?} {:?}", held.in_words, owed.in_words);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_injected_double_is_caught_by_the_auditor() {
    let (world, day, expected) = day_in_the_books().await;
    let (key, _, _) = a_movement_of_miles(&world).await;
    move_again(&world, &key, None, 1).await;
    let client = world.assembly.pool.get().await.unwrap();
    let other_key =
        "jsonb_build_object('message_key', set_byte(message_key, 23, get_byte(message_key, 23) # 255))";
    for table in ["message", "transfer"] {
        let text = format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(t, {other_key})).* FROM {table} t WHERE message_key = $1"
        );
        assert!(client.execute(text.as_str(), &[&key]).await.unwrap() > 0);
    }
    drop(client);

    assert_ledger_is_clean(&world).await;
    let held = balances(&world, &day, &expected).await;
    assert!(held.doubled > 0, "{held:?}");
    let owed = positions(&close(&world, &day).await, &expected);
    assert!(owed.doubled > 0, "{owed:?}");
    println!("injected double: {:?} {:?}", held.in_words, owed.in_words);
    world.stop().await.unwrap();
}

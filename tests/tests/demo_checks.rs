//! Each of the demo's four checks holds after a good day, and each is made false by what it is there to find.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
    time::Duration,
};

use bank_simulator::{BankOptions, PersistentBank, Transcript, replay};
use cobrand::demo::{BankDay, Checks, World, WorldOptions};
use gateway::GatewayHandle;
use settlement::Closed;

/// The checks after each thing that was done to one and the same day; each was undone before the next.
struct Evidence {
    good: Checks,
    balance_row: Checks,
    transfer_gone: Checks,
    cap_counter: Checks,
    ledger_that_agrees_with_itself: Checks,
    file_edited: Checks,
    file_gone: Checks,
    position_row: Checks,
    position_tax: Checks,
    positions_swapped: Checks,
    drained_midway: Checks,
    number_in_log: Checks,
    number_on_page: Checks,
    number_in_table: Checks,
    good_again: Checks,
    drained: Drained,
    data_dir: PathBuf,
}

/// What came of the day whose gateway stopped in the middle.
struct Drained {
    sent: usize,
    replied: usize,
    not_sent: usize,
}

static DAY: LazyLock<Evidence> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Box::pin(run_the_day()))
});

/// A closed day with the transcript of the bank.
struct ClosedDay {
    world: World,
    day: BankDay,
    transcript: Transcript,
    closed: Closed,
}

impl ClosedDay {
    async fn check(&self) -> Checks {
        self.check_with(&self.transcript, &[("/livez".to_owned(), b"alive\n".to_vec())]).await
    }

    async fn check_with(&self, transcript: &Transcript, pages: &[(String, Vec<u8>)]) -> Checks {
        Checks::run(&self.world, &self.day, transcript, &self.closed, pages).await.unwrap()
    }

    async fn sql(&self, text: &str) {
        self.world.assembly.pool.get().await.unwrap().batch_execute(text).await.unwrap();
    }

    /// The checks between `wrong` and its undoing.
    async fn check_between(&self, wrong: &str, undo: &str) -> Checks {
        self.sql(wrong).await;
        let checks = self.check().await;
        self.sql(undo).await;
        checks
    }

    fn published(&self, receiver: &str) -> &Path {
        &self.closed.files.iter().find(|file| file.receiver == receiver).unwrap().path
    }

    fn card_number(&self) -> &str {
        self.day.cards()[2].pan.expose()
    }
}

async fn run_the_day() -> Evidence {
    let day = BankDay::worked().unwrap();
    // The log lies in the world's folder, where the search for card numbers must find it.
    let world = World::prepare(WorldOptions { log_to_file: true, ..WorldOptions::default() }).await.unwrap();
    world.enroll(&day).await.unwrap();
    let interrupted = replay_until_drained(&world, &day).await;

    let gateway = listen(&world).await;
    let bank = world.bank_at(gateway.address()).unwrap();
    let transcript = replay(&bank, day.day(), 8, |_| {}).await;
    bank.stop().await;
    gateway.drain().await;
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    let closed =
        settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap();
    let closed_day = ClosedDay { world, day, transcript, closed };
    let evidence = Box::pin(tamper(&closed_day, &interrupted)).await;
    closed_day.world.stop().await.unwrap();
    evidence
}

async fn listen(world: &World) -> GatewayHandle {
    let gateway = world.assembly.gateway().await.unwrap();
    gateway.listen("127.0.0.1:0".parse().unwrap(), world.assembly.tls().unwrap()).await.unwrap()
}

/// The bank loses patience with what the gateway, gone after ten messages, does not answer.
async fn replay_until_drained(world: &World, day: &BankDay) -> Transcript {
    let gateway = listen(world).await;
    let options = BankOptions { deadline: Duration::from_secs(1), ..BankOptions::default() };
    let bank = PersistentBank::start(gateway.address(), world.bank_tls().unwrap(), options);
    bank.ready(Duration::from_secs(30)).await.unwrap();
    let gateway = Mutex::new(Some(gateway));
    let transcript = replay(&bank, day.day(), 8, |progress| {
        if progress.answered + progress.unanswered >= 10
            && let Some(gateway) = gateway.lock().unwrap().take()
        {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(gateway.drain()));
        }
    });
    let transcript = transcript.await;
    bank.stop().await;
    transcript
}

/// A base mile more for one message, in the transfer.
const ONE_TRANSFER: &str = "(SELECT t.bucket, t.message_key, t.leg FROM transfer t \
    WHERE t.phase = 1 AND t.item = 'base' ORDER BY 1, 2, 3 LIMIT 1)";

async fn tamper(day: &ClosedDay, interrupted: &Transcript) -> Evidence {
    let good = day.check().await;
    let one_balance =
        "(SELECT bucket, account_id, unit_kind FROM member_balance ORDER BY posted DESC, 1, 2, 3 LIMIT 1)";
    let balance = |change: &str| {
        format!(
            "UPDATE member_balance SET pending = pending {change} WHERE (bucket, account_id, unit_kind) = {one_balance}"
        )
    };
    let balance_row = day.check_between(&balance("+ 1"), &balance("- 1")).await;
    let transfer_gone = day
        .check_between(
            &format!("CREATE TABLE aside AS SELECT * FROM transfer WHERE (bucket, message_key, leg) = {ONE_TRANSFER}; \
                      DELETE FROM transfer USING aside a WHERE transfer.bucket = a.bucket \
                      AND transfer.message_key = a.message_key AND transfer.leg = a.leg"),
            "INSERT INTO transfer SELECT * FROM aside; DROP TABLE aside",
        )
        .await;
    let counter =
        |change: &str| format!("UPDATE member_counter SET value = value {change} WHERE value > 1000");
    let cap_counter = day.check_between(&counter("- 1"), &counter("+ 1")).await;
    // Transfer, balance and counter are all one mile higher: only somebody who recomputes the day can tell.
    let everywhere = |change: &str| {
        format!(
            "UPDATE transfer SET amount = amount {change} WHERE (bucket, message_key, leg) = {ONE_TRANSFER}; \
             UPDATE member_balance SET posted = posted {change} WHERE unit_kind = 1 AND (bucket, account_id) = \
             (SELECT bucket, account_id FROM transfer WHERE (bucket, message_key, leg) = {ONE_TRANSFER}); \
             UPDATE member_counter SET value = value {change} WHERE (bucket, account_id) = \
             (SELECT bucket, account_id FROM transfer WHERE (bucket, message_key, leg) = {ONE_TRANSFER})"
        )
    };
    day.sql(&everywhere("+ 1")).await;
    let itself = store::ledger_check(&day.world.assembly.pool).await.unwrap();
    assert_eq!((itself.balances_off, itself.counters_off), (0, 0), "the ledger agrees with itself");
    let ledger_that_agrees_with_itself = day.check().await;
    day.sql(&everywhere("- 1")).await;

    let (file_edited, file_gone) = tamper_with_files(day).await;
    let kosta = "WHERE partner_id = (SELECT partner_id FROM partner WHERE code = 'kosta')";
    let position =
        |change: &str| format!("UPDATE settlement_position SET to_pay_minor = to_pay_minor {change} {kosta}");
    let position_row = day.check_between(&position("+ 1"), &position("- 1")).await;
    let tax = |change: &str| format!("UPDATE settlement_position SET vat_minor = vat_minor {change} {kosta}");
    let position_tax = day.check_between(&tax("+ 1"), &tax("- 1")).await;
    // The numbers stay, two partners change places.
    let swap = "UPDATE settlement_position SET partner_id = -1 WHERE partner_id = 1; \
                UPDATE settlement_position SET partner_id = 1 WHERE partner_id = 2; \
                UPDATE settlement_position SET partner_id = 2 WHERE partner_id = -1";
    day.sql("ALTER TABLE settlement_position DROP CONSTRAINT settlement_position_partner_id_fkey").await;
    let positions_swapped = day.check_between(swap, swap).await;
    let drained_midway = day.check_with(interrupted, &[]).await;
    let good_again = day.check().await;

    let log = day.world.dir.join("gateway.log");
    let before = std::fs::read(&log).unwrap();
    assert!(!before.is_empty(), "the gateway has logged");
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    writeln!(file, "card {} was seen", day.card_number()).unwrap();
    let number_in_log = day.check().await;
    std::fs::write(&log, before).unwrap();

    let page = format!("<td>{}</td><td>{0}</td>", day.card_number());
    let number_on_page = day.check_with(&day.transcript, &[("/day".to_owned(), page.into_bytes())]).await;
    // Last, because the write-ahead log does not forget.
    day.sql(&format!("INSERT INTO staff_user (name, password_hash) VALUES ('{}', 'x')", day.card_number()))
        .await;
    day.sql("CHECKPOINT").await;
    let number_in_table = day.check().await;
    Evidence {
        good,
        balance_row,
        transfer_gone,
        cap_counter,
        ledger_that_agrees_with_itself,
        file_edited,
        file_gone,
        position_row,
        position_tax,
        positions_swapped,
        drained_midway,
        number_in_log,
        number_on_page,
        number_in_table,
        good_again,
        drained: Drained {
            sent: interrupted.sent(),
            replied: interrupted.replied(),
            not_sent: interrupted.not_sent(),
        },
        data_dir: day.world.cluster.data_dir().to_owned(),
    }
}

async fn tamper_with_files(day: &ClosedDay) -> (Checks, Checks) {
    let path = day.published("kosta");
    let bytes = std::fs::read(path).unwrap();
    let mut edited = bytes.clone();
    let place = bytes.windows(5).position(|five| five == b"55878").unwrap();
    edited[place + 4] = b'9';
    std::fs::write(path, edited).unwrap();
    let file_edited = day.check().await;
    std::fs::remove_file(path).unwrap();
    let file_gone = day.check().await;
    std::fs::write(path, bytes).unwrap();
    (file_edited, file_gone)
}

/// `[ledger, totals, replies, no leaks]`.
fn held(checks: &Checks) -> [bool; 4] {
    [checks.ledger_balanced, checks.totals_tie, checks.replies_complete, checks.leaks.hits.is_empty()]
}

const ALL: [bool; 4] = [true; 4];
const NOT_THE_LEDGER: [bool; 4] = [false, true, true, true];
const NOT_THE_TOTALS: [bool; 4] = [true, false, true, true];
const LEAKS: [bool; 4] = [true, true, true, false];

#[track_caller]
fn assert_only(checks: &Checks, expected: [bool; 4], problem: &str) {
    assert_eq!(held(checks), expected, "{:?}", checks.problems);
    assert!(!checks.all_hold());
    assert!(checks.problems.iter().any(|text| text.contains(problem)), "{:?}", checks.problems);
}

#[test]
fn all_hold_after_a_good_day() {
    for checks in [&DAY.good, &DAY.good_again] {
        assert_eq!(held(checks), ALL, "{:?}", checks.problems);
        assert!(checks.all_hold() && checks.problems.is_empty());
        // A fresh cluster with its WAL alone is larger.
        assert!(checks.leaks.bytes > 16_000_000, "{} bytes searched", checks.leaks.bytes);
    }
}

#[test]
fn the_ledger_is_out_of_balance_when_a_balance_row_is_changed() {
    assert_only(&DAY.balance_row, NOT_THE_LEDGER, "1 balances and 0 counters differ");
}

#[test]
fn the_ledger_is_out_of_balance_when_a_transfer_is_gone() {
    assert_only(&DAY.transfer_gone, NOT_THE_LEDGER, "1 balances and 1 counters differ");
}

#[test]
fn the_ledger_is_out_of_balance_when_a_cap_counter_is_changed() {
    assert_only(&DAY.cap_counter, NOT_THE_LEDGER, "0 balances and 1 counters differ");
}

#[test]
fn the_ledger_is_out_of_balance_when_it_agrees_with_itself_but_not_with_the_bank() {
    assert_only(&DAY.ledger_that_agrees_with_itself, NOT_THE_LEDGER, "the bank computes");
}

#[test]
fn the_totals_do_not_tie_when_a_published_file_is_edited_or_gone() {
    assert_only(&DAY.file_edited, NOT_THE_TOTALS, "kosta_boreal-gold_2026-10-10_000001_0.cbs");
    assert_only(&DAY.file_gone, NOT_THE_TOTALS, "cannot read");
}

#[test]
fn the_totals_do_not_tie_when_a_position_is_changed() {
    assert_only(&DAY.position_row, NOT_THE_TOTALS, "kosta");
    assert_only(&DAY.position_tax, NOT_THE_TOTALS, "kosta");
    assert_only(&DAY.positions_swapped, NOT_THE_TOTALS, "is not on the books");
}

#[test]
fn the_replies_are_incomplete_when_the_gateway_went_away_midway() {
    let Drained { sent, replied, not_sent } = DAY.drained;
    assert!(replied < sent && sent + not_sent == 27, "{sent} sent, {replied} answered, {not_sent} not sent");
    let checks = &DAY.drained_midway;
    assert!(!checks.replies_complete && !checks.all_hold());
    let problem = format!("{sent} messages sent, {replied} answered");
    assert!(checks.problems.contains(&problem), "{:?}", checks.problems);
    assert!(checks.problems.iter().any(|text| text.starts_with("not known to be taken")));
}

#[test]
fn a_card_number_in_a_log_is_found() {
    assert_only(&DAY.number_in_log, LEAKS, "gateway.log");
    assert_eq!(DAY.number_in_log.leaks.hits.len(), 1);
}

#[test]
fn a_card_number_on_a_page_is_found_as_often_as_it_stands_there() {
    assert_only(&DAY.number_on_page, LEAKS, "page /day");
    assert_eq!(DAY.number_on_page.leaks.hits.len(), 2);
}

#[test]
fn a_card_number_in_a_table_is_found_in_the_data_files_and_in_the_write_ahead_log() {
    let checks = &DAY.number_in_table;
    assert_eq!(held(checks), LEAKS);
    for folder in ["base", "pg_wal"] {
        let place = DAY.data_dir.join(folder).display().to_string();
        assert!(
            checks.leaks.hits.iter().any(|hit| hit.starts_with(&place)),
            "{folder}: {:?}",
            checks.leaks.hits
        );
    }
}

#[test]
fn the_planted_number_is_found_every_time_and_no_hit_repeats_a_number() {
    let numbers: Vec<String> =
        BankDay::worked().unwrap().cards().iter().map(|card| card.pan.expose().to_owned()).collect();
    for checks in [&DAY.good, &DAY.number_in_log, &DAY.number_on_page, &DAY.number_in_table] {
        assert!(checks.canary_found);
        let text = format!("{:?} {:?}", checks.leaks.hits, checks.problems);
        assert!(!numbers.iter().any(|number| text.contains(number)));
    }
}

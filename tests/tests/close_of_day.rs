//! Days are closed while messages keep flowing: no message misses its answer, every movement is in exactly one cycle,
//! and the files of the days together are what the bank's own auditor computes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use bank_simulator::{
    Card, ClearAmount, Day, Exchange, Money, Part, PersistentBank, Purchase, SplitMix64, Step, Target, Timed,
    WorkedMerchants,
    auditor::{AgreedProgram, Audit, Directory, Member, audit},
    replay, test_pan,
};
use cobrand::demo::{World, WorldOptions, audited_messages, merchant_labels};
use end_to_end::settlement_file::{Batch, SettlementFile};
use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use settlement::{CloseError, Closed};
use tokio::sync::{Semaphore, watch};

const FIRST: Date = date(2026, 10, 10);
const SECOND: Date = date(2026, 10, 11);
/// Nothing is sent on this day.
const EMPTY: Date = date(2026, 10, 12);
const DAYS: [Date; 3] = [FIRST, SECOND, EMPTY];
const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];

/// Cards that pay all the time, each its own messages one after another.
const PAYING: usize = 10;
/// The card whose presentment is late.
const LATE: usize = PAYING;
/// Purchases of each card before the close begins, and after it has ended.
const ROUNDS: u32 = 6;
/// So many purchases of one card fit its range of message numbers.
const ROUNDS_MAX: u32 = 1_000;

struct Evidence {
    exchanges: Vec<Exchange>,
    audit: Audit,
    days: BTreeMap<Date, Closed>,
    /// Published files by date and receiver.
    files: BTreeMap<(Date, String), SettlementFile>,
    /// Posted transfers by cycle sequence.
    posted: BTreeMap<i32, i64>,
    messages_in_two_cycles: i64,
    transfers_beside_their_message: i64,
    /// `[miles, pending miles, discounts, pending discounts]` by card label.
    balances: BTreeMap<String, [i64; 4]>,
    late_authorization: Exchange,
    late_presentment: Exchange,
    closed_at_once: (Closed, Closed),
    folder_before: Folder,
    closed_again: BTreeMap<Date, Closed>,
    folder_after: Folder,
    folder_restored: Folder,
    regenerated: BTreeMap<String, Vec<u8>>,
    too_early: CloseError,
}

/// Names with content and time of change.
type Folder = BTreeMap<String, (Vec<u8>, SystemTime)>;

static DAY: LazyLock<Evidence> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Box::pin(run_the_days()))
});

fn card(number: usize) -> Card {
    let pan = test_pan("220000", u64::try_from(number).unwrap()).unwrap();
    Card { pan, label: format!("card-{number:02}") }
}

fn purchase_day(card_number: usize, at_second: u32, merchant: usize, minor: u64, steps: &[Step]) -> Day {
    let at = WorkedMerchants::default();
    let merchants = vec![at.grocery, at.kosta, at.skyfuel, at.cafe];
    let (minute, second) =
        (i8::try_from(at_second / 60 % 60).unwrap(), i8::try_from(at_second % 60).unwrap());
    let local = FIRST.at(9 + i8::try_from(card_number).unwrap(), minute, second, 0);
    let first_stan = u32::try_from(card_number).unwrap() * 10_000 + at_second * 8 + 1;
    let purchase = Purchase {
        id: format!("{card_number}-{at_second}"),
        card: 0,
        merchant,
        processing_code: "000000".to_owned(),
        amount: Money::rub(minor),
        billing: None,
        steps: steps.iter().map(|step| Timed { at: local, step: step.clone() }).collect(),
    };
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    Day::new(FIRST, zone, vec![card(card_number)], merchants, vec![purchase], first_stan).unwrap()
}

/// One purchase after another, of every kind, until some after the day was closed.
async fn pay(
    bank: PersistentBank,
    number: usize,
    ready: Arc<Semaphore>,
    closed: watch::Receiver<bool>,
) -> Vec<Exchange> {
    let authorize = Step::Authorize { preauthorization: false };
    let clear = Step::Clear(ClearAmount::Full);
    let reverse = Step::Reverse { target: Target::Presentment(0), remaining: None, advice: true };
    let refund = Step::Refund { presentment: 0, amount: Part::PerMille(400) };
    let share = Step::Clear(ClearAmount::PerMille(700));
    let kinds = [
        (0, vec![authorize.clone(), clear.clone()]),
        (1, vec![authorize.clone(), clear.clone(), refund]),
        (2, vec![authorize.clone(), clear.clone()]),
        (1, vec![clear, reverse]),
        (3, vec![authorize, share, Step::Clear(ClearAmount::Rest)]),
        (1, vec![Step::Clear(ClearAmount::Full)]),
    ];
    let mut random = SplitMix64::new(u64::try_from(number).unwrap());
    let mut exchanges = Vec::new();
    let mut after = 0;
    for round in 0..ROUNDS_MAX {
        let (merchant, steps) = &kinds[usize::try_from(round).unwrap() % kinds.len()];
        let day = purchase_day(number, round, *merchant, random.between(10_000, 300_000), steps);
        let transcript = replay(&bank, &day, 1, |_| {}).await;
        exchanges.extend(transcript.exchanges().cloned());
        if round + 1 == ROUNDS {
            ready.add_permits(1);
        }
        after += u32::from(*closed.borrow());
        if after > ROUNDS {
            return exchanges;
        }
    }
    panic!("the day was not closed while {ROUNDS_MAX} purchases were made");
}

async fn close(world: &World, date: Date) -> Result<Closed, CloseError> {
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    settlement::close_day(&world.assembly.pool, &program.setup, date, out).await
}

async fn enroll(world: &World) {
    let mut csv = "pan,program,member_number,enrolled_on\n".to_owned();
    for card in (0..=LATE).map(card) {
        writeln!(csv, "{},boreal-gold,{},2026-01-01", card.pan.expose(), card.label).unwrap();
    }
    let assembly = &world.assembly;
    let (link, keys) = (assembly.link("northbank").unwrap(), assembly.card_keys().unwrap());
    gateway::import_enrollment(csv.as_bytes(), link, &assembly.codes.programs, &keys, &assembly.pool)
        .await
        .unwrap();
}

async fn run_the_days() -> Evidence {
    // Patience for a busy machine; the deadline of the contract is tested elsewhere.
    let options = WorldOptions { log_to_file: false, answer_max_ms: 20_000, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    enroll(&world).await;
    let bank = world.bank().unwrap();
    let one = async |minor, step| {
        let day = purchase_day(LATE, 0, 2, minor, &[step]);
        let transcript = replay(&bank, &day, 1, |_| {}).await;
        transcript.exchanges().next().unwrap().clone()
    };
    let late_authorization = one(745_000, Step::Authorize { preauthorization: false }).await;
    let too_early = close(&world, SECOND).await.unwrap_err();

    let (ready, (closing, closed)) = (Arc::new(Semaphore::new(0)), watch::channel(false));
    let paying: Vec<_> = (0..PAYING)
        .map(|number| tokio::spawn(pay(bank.clone(), number, Arc::clone(&ready), closed.clone())))
        .collect();
    let all = u32::try_from(PAYING).unwrap();
    ready.acquire_many(all).await.unwrap().forget();
    let first = close(&world, FIRST).await.unwrap();
    closing.send(true).unwrap();
    let mut exchanges = vec![late_authorization.clone()];
    for card in paying {
        exchanges.extend(card.await.unwrap());
    }
    // What the reply to the authorization had reduced the amount to.
    let late_presentment = one(722_650, Step::Clear(ClearAmount::Full)).await;
    exchanges.push(late_presentment.clone());
    bank.stop().await;
    let (left, right) = tokio::join!(close(&world, SECOND), close(&world, SECOND));
    let closed_at_once = (left.unwrap(), right.unwrap());
    let empty = close(&world, EMPTY).await.unwrap();
    let days = BTreeMap::from([(FIRST, first), (SECOND, closed_at_once.0.clone()), (EMPTY, empty)]);
    let evidence =
        gather(&world, exchanges, days, closed_at_once, late_authorization, late_presentment, too_early);
    let evidence = Box::pin(evidence).await;
    world.stop().await.unwrap();
    evidence
}

async fn gather(
    world: &World,
    exchanges: Vec<Exchange>,
    days: BTreeMap<Date, Closed>,
    closed_at_once: (Closed, Closed),
    late_authorization: Exchange,
    late_presentment: Exchange,
    too_early: CloseError,
) -> Evidence {
    let out = world.assembly.config.settlement.out.clone();
    let folder_before = folder(&out);
    let mut closed_again = BTreeMap::new();
    for date in DAYS {
        closed_again.insert(date, close(world, date).await.unwrap());
    }
    let folder_after = folder(&out);
    // A file that is gone is published again.
    std::fs::remove_file(&days[&FIRST].files[0].path).unwrap();
    close(world, FIRST).await.unwrap();
    let folder_restored = folder(&out);
    let mut regenerated = BTreeMap::new();
    let setup = &world.assembly.program("boreal-gold").unwrap().setup;
    let again = world.dir.join("again");
    for closed in days.values() {
        for path in settlement::regenerate(
            &world.assembly.pool,
            setup,
            closed.cycle.id,
            &world.assembly.config.settlement.out,
            &again,
        )
        .await
        .unwrap()
        {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            regenerated.insert(name, std::fs::read(path).unwrap());
        }
    }
    let files = days.iter().flat_map(|(date, closed)| {
        closed.files.iter().map(|file| {
            let text = std::fs::read_to_string(&file.path).unwrap();
            ((*date, file.receiver.clone()), SettlementFile::parse(&text))
        })
    });
    let files = files.collect();
    let sql = world.assembly.pool.get().await.unwrap();
    let count = async |text: &str| sql.query_one(text, &[]).await.unwrap().get::<_, i64>(0);
    let posted = "SELECT c.sequence, count(*) FROM transfer t JOIN settlement_cycle c USING (cycle_id) \
                  WHERE t.phase = 1 GROUP BY 1";
    let posted = sql.query(posted, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    let two = "SELECT count(*) FROM (SELECT 1 FROM transfer GROUP BY bucket, message_key \
               HAVING count(DISTINCT cycle_id) > 1) x";
    let beside = "SELECT count(*) FROM transfer t LEFT JOIN message m ON m.bucket = t.bucket \
                  AND m.message_key = t.message_key WHERE m.cycle_id IS DISTINCT FROM t.cycle_id";
    let messages_in_two_cycles = count(two).await;
    let transfers_beside_their_message = count(beside).await;
    let rows = "SELECT a.member_number, b.unit_kind, b.posted, b.pending FROM member_account a \
                LEFT JOIN member_balance b ON b.bucket = a.bucket AND b.account_id = a.account_id";
    let mut balances: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for row in sql.query(rows, &[]).await.unwrap() {
        let held = balances.entry(row.get(0)).or_default();
        match row.get(1) {
            Some(1_i16) => (held[0], held[1]) = (row.get(2), row.get(3)),
            Some(2) => (held[2], held[3]) = (row.get(2), row.get(3)),
            _ => {}
        }
    }
    Evidence {
        audit: audit_of(&exchanges),
        exchanges,
        days,
        files,
        posted,
        messages_in_two_cycles,
        transfers_beside_their_message,
        balances,
        late_authorization,
        late_presentment,
        closed_at_once,
        folder_before,
        closed_again,
        folder_after,
        folder_restored,
        regenerated,
        too_early,
    }
}

fn folder(dir: &Path) -> Folder {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let file = |entry: std::fs::DirEntry| {
        let modified = entry.metadata().unwrap().modified().unwrap();
        let bytes = std::fs::read(entry.path()).unwrap();
        (entry.file_name().to_string_lossy().into_owned(), (bytes, modified))
    };
    entries.map(file).collect()
}

fn audit_of(exchanges: &[Exchange]) -> Audit {
    let member = |label: String| {
        let member = Member { account: label.clone(), enrolled: date(2026, 1, 1) };
        (label, member)
    };
    let directory = Directory {
        members: (0..=LATE).map(|number| member(card(number).label)).collect(),
        merchant_labels: merchant_labels(&purchase_day(0, 0, 0, 10_000, &[])),
    };
    let messages = audited_messages(exchanges.iter(), FIRST).unwrap();
    audit(&AgreedProgram::boreal_gold(), &directory, &messages)
}

fn batch(date: Date, partner: &str) -> &'static Batch {
    DAY.files[&(date, partner.to_owned())].batch(partner)
}

#[test]
fn no_message_misses_its_answer_because_of_the_close() {
    for exchange in &DAY.exchanges {
        let answer = exchange.answer.as_ref();
        let code = answer.map(|answer| answer.de39.as_str());
        assert_eq!((code, exchange.attempts), (Some("00"), 1), "{:?}: {:?}", exchange.sent, exchange.problem);
    }
    // At least two rounds of each kind of purchase for each card.
    assert!(DAY.exchanges.len() > PAYING * 24, "{} messages", DAY.exchanges.len());
    assert_eq!((&DAY.audit.unknown, &DAY.audit.disagreements), (&Vec::new(), &Vec::new()));
}

#[test]
fn every_transfer_is_in_exactly_one_cycle() {
    assert_eq!((DAY.messages_in_two_cycles, DAY.transfers_beside_their_message), (0, 0));
    assert_eq!(DAY.posted.keys().copied().collect::<Vec<_>>(), [1, 2], "both days have movements");
    assert!(DAY.posted.values().all(|count| *count > 0));
    for partner in PARTNERS {
        let lines = DAYS.into_iter().flat_map(|date| &batch(date, partner).lines);
        let keys: Vec<_> = lines.map(|line| (&line.message, &line.purchase)).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "{partner}");
        assert!(!batch(FIRST, partner).lines.is_empty() && !batch(SECOND, partner).lines.is_empty());
    }
}

/// Miles, turnover, fee, tax and share of a line, positive as the auditor has them.
type Figures = (i128, i128, i128, i128, i128);

/// What the auditor computes, by message type, DE11 and DE37.
fn audited(partner: &str) -> BTreeMap<(String, String, String), Figures> {
    let lines = DAY.audit.positions[partner].lines.iter();
    lines
        .map(|line| {
            let key = (line.mti.clone(), line.stan.clone(), line.retrieval.clone());
            (key, (line.miles, line.turnover, line.fee, line.vat, line.share))
        })
        .collect()
}

/// The same as the files of all days say it. A merchant partner's figures count as paid to the bank.
fn filed(partner: &str) -> BTreeMap<(String, String, String), Figures> {
    let mut filed = BTreeMap::new();
    for batch in DAYS.map(|date| batch(date, partner)) {
        let sign = if partner == "airboreal" { batch.sign() } else { -batch.sign() };
        for line in &batch.lines {
            let figures = |item: usize| line.items[item].map(i128::from);
            let sign = i128::from(sign);
            let found = match partner {
                "airboreal" => {
                    let [miles, net, vat] = figures(0);
                    (miles, 0, net * sign, vat * sign, 0)
                }
                "kosta" => {
                    let ([turnover, net, vat], [_, share, _]) = (figures(0), figures(1));
                    (0, turnover, net * sign, vat * sign, share * sign)
                }
                _ => {
                    let ([miles, net, vat], [_, share, _]) = (figures(0), figures(1));
                    // Skyfuel pays no commission, so its file has no turnover.
                    (miles, i128::from(line.counted), net * sign, vat * sign, share * sign)
                }
            };
            let key = (line.mti.clone(), line.stan.clone(), line.retrieval.clone());
            assert_eq!(filed.insert(key, found), None, "{} is there twice", line.id);
        }
    }
    filed
}

#[test]
fn the_files_of_the_days_together_are_line_by_line_what_the_auditor_computes() {
    for partner in PARTNERS {
        let (filed, audited) = (filed(partner), audited(partner));
        assert_eq!(filed, audited, "{partner}");
        assert!(filed.len() >= PAYING, "{partner}: {} lines", filed.len());
    }
}

#[test]
fn the_totals_of_the_days_together_are_the_auditor_s() {
    for partner in ["kosta", "skyfuel"] {
        let paid: i64 = DAYS.into_iter().map(|date| batch(date, partner).bank_pays()).sum();
        let position = &DAY.audit.positions[partner];
        let sign = if position.direction.as_str() == "bank_pays_partner" { 1 } else { -1 };
        assert_eq!(i128::from(paid), sign * position.to_pay_minor, "{partner}");
    }
    // The co-brand partner's fee is rounded and taxed once for each document, so the days are taken one by one.
    let mut miles_of_all = 0;
    for batch in DAYS.map(|date| batch(date, "airboreal")) {
        let miles: i64 = batch.lines.iter().map(|line| line.items[0][0]).sum();
        let net = (miles * 123 + 1).div_euclid(2);
        let vat = (net * 20 + 50).div_euclid(100);
        let lines = i64::try_from(batch.lines.len()).unwrap();
        assert_eq!(batch.trailer, [lines, miles, net, vat, batch.rounding, net + vat]);
        assert_eq!(batch.document_vat, vat);
        miles_of_all += miles;
    }
    assert_eq!(i128::from(miles_of_all), DAY.audit.positions["airboreal"].miles);
    let held = DAY.audit.totals;
    assert_eq!(i128::from(miles_of_all), held.base + held.bonus);
}

#[test]
fn the_accounts_hold_what_the_auditor_computes() {
    let expected: BTreeMap<String, [i128; 4]> = DAY
        .audit
        .balances
        .iter()
        .map(|(card, held)| {
            (card.clone(), [held.miles, held.pending_miles, held.discount(), held.pending_discount()])
        })
        .collect();
    let found: BTreeMap<String, [i128; 4]> =
        DAY.balances.iter().map(|(card, held)| (card.clone(), held.map(i128::from))).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_late_presentment_goes_into_the_next_cycle() {
    let authorized = DAY.late_authorization.answer.as_ref().unwrap();
    assert_eq!((authorized.de4, authorized.de54), (Some(722_650), Some(745_000)));
    let presented = DAY.late_presentment.answer.as_ref().unwrap().de48.as_ref().unwrap();
    assert_eq!((presented.base_miles, presented.bonus_miles, presented.discount_minor), (120, 120, 22_350));
    let member = card(LATE).label;
    for partner in ["airboreal", "skyfuel"] {
        let of = |date| batch(date, partner).lines.iter().filter(|line| line.member == member).count();
        assert_eq!(DAYS.map(of), [0, 1, 0], "{partner}");
    }
    let line = batch(SECOND, "skyfuel").lines.iter().find(|line| line.member == member).unwrap();
    // The purchase keeps its own date: the cycle is that of the booking.
    assert_eq!((line.local_date.as_str(), line.counted, line.late_days), ("2026-10-10", 722_650, 1));
}

#[test]
fn an_empty_day_still_has_its_files() {
    let closed = &DAY.days[&EMPTY];
    let receivers: Vec<&str> = closed.files.iter().map(|file| file.receiver.as_str()).collect();
    assert_eq!(receivers, ["airboreal", "kosta", "northbank", "skyfuel"]);
    for partner in PARTNERS {
        let batch = batch(EMPTY, partner);
        assert!(batch.lines.is_empty() && batch.trailer.iter().all(|number| *number == 0), "{batch:?}");
        assert_eq!(DAY.files[&(EMPTY, "northbank".to_owned())].batch(partner).records, batch.records);
    }
    assert!(closed.positions.iter().all(|position| position.net_minor == 0 && position.transactions == 0));
}

#[test]
fn a_second_close_changes_nothing() {
    assert!(!DAY.days[&FIRST].already_closed);
    for (date, again) in &DAY.closed_again {
        assert!(again.already_closed);
        let first = &DAY.days[date];
        assert_eq!(
            (&again.positions, &again.files, again.cycle),
            (&first.positions, &first.files, first.cycle)
        );
    }
    assert_eq!(DAY.folder_before, DAY.folder_after, "not a byte, not a time");
    assert_eq!(DAY.folder_before.len(), DAYS.len() * 8);
}

#[test]
fn two_closes_at_once_come_to_one_result() {
    let (left, right) = &DAY.closed_at_once;
    assert_eq!((&left.positions, &left.files, left.cycle), (&right.positions, &right.files, right.cycle));
}

#[test]
fn a_file_that_is_gone_is_published_again_with_the_same_bytes() {
    let bytes = |folder: &Folder| -> BTreeMap<String, Vec<u8>> {
        folder.iter().map(|(name, (bytes, _))| (name.clone(), bytes.clone())).collect()
    };
    assert_eq!(bytes(&DAY.folder_before), bytes(&DAY.folder_restored));
}

#[test]
fn regenerated_files_are_byte_for_byte_the_published_ones() {
    assert_eq!(DAY.regenerated.len(), DAYS.len() * 4);
    for (name, bytes) in &DAY.regenerated {
        assert_eq!(bytes, &DAY.folder_before[name].0, "{name}");
    }
}

#[test]
fn files_follow_each_other_in_a_chain() {
    for receiver in ["airboreal", "kosta", "northbank", "skyfuel"] {
        let summaries = DAYS.map(|date| {
            let name = DAY.days[&date].files.iter().find(|file| file.receiver == receiver).unwrap();
            let name = name.path.file_name().unwrap().to_str().unwrap();
            settlement::verify_file(&DAY.folder_before[name].0).unwrap()
        });
        settlement::verify_chain(&summaries[0], &summaries[1]).unwrap();
        settlement::verify_chain(&summaries[1], &summaries[2]).unwrap();
        assert!(
            settlement::verify_chain(&summaries[0], &summaries[2]).is_err(),
            "a file between them is missing"
        );
    }
}

#[test]
fn verification_finds_any_changed_byte_and_any_lost_end() {
    for (name, (bytes, _)) in DAY.folder_before.iter().filter(|(name, _)| name.ends_with(".cbs")) {
        settlement::verify_file(bytes).unwrap();
        // Every byte of a small file, some of a large one.
        let step = if bytes.len() < 1_000 { 1 } else { bytes.len() / 100 };
        for place in (0..bytes.len()).step_by(step).chain(bytes.len() - 70..bytes.len()) {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(settlement::verify_file(&changed).is_err(), "{name}: byte {place} was changed");
            assert!(settlement::verify_file(&bytes[..place]).is_err(), "{name}: cut at {place}");
        }
    }
}

#[test]
fn a_day_that_has_no_cycle_yet_is_not_closed() {
    let text = DAY.too_early.to_string();
    assert!(
        text.contains("no settlement cycle of 2026-10-11") && text.contains("open is 2026-10-10"),
        "{text}"
    );
}

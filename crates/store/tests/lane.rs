//! A lane against a real PostgreSQL: what a batch writes, what a repeat is told, and what becomes of a batch whose
//! connection, row or lock fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod support;

use std::collections::BTreeSet;

use domain::{Disposition, MessageKey, ReplyCode, ResultStatus, Rules, RulesHash};
use store::{BatchError, BatchOutcome, Lane, MessageRecord, StoreError};
use support::{AUTHORIZATION, CLEARING, HASH, World, content, until_blocked};
use tokio::task::JoinHandle;

/// All tables that a batch writes.
const WRITTEN: [&str; 8] = [
    "message",
    "match_ref",
    "purchase",
    "transfer",
    "member_balance",
    "member_counter",
    "member_account",
    "outbox",
];

type Ran = (Lane, Result<BatchOutcome, BatchError>);

/// Runs the batch as a task of its own, so that the test can act while it waits for a lock.
fn spawn(mut lane: Lane, batch: &[MessageRecord], rules: &Rules) -> JoinHandle<Ran> {
    let (batch, rules) = (batch.to_vec(), rules.clone());
    tokio::spawn(async move {
        let result = lane.run(&batch, &rules).await;
        (lane, result)
    })
}

fn dispositions(done: &BatchOutcome) -> Vec<Disposition> {
    done.outcomes.iter().map(|outcome| outcome.disposition.clone()).collect()
}

fn sqlstate(error: &StoreError) -> String {
    let StoreError::Database(database) = error else { panic!("not from PostgreSQL: {error}") };
    database.code().map(|code| code.code().to_owned()).unwrap_or_default()
}

async fn all_rows(world: &World) -> Vec<(String, Vec<String>)> {
    let mut rows = Vec::new();
    for table in WRITTEN {
        rows.push((table.to_owned(), world.dump(table).await));
    }
    // The number of the batch is left out: how messages came together is not what they bring about.
    let messages = "(SELECT to_jsonb(m) - 'decided_batch' - 'decided_place' AS row FROM message m)";
    rows.retain(|(table, _)| table != "message");
    rows.push(("message".to_owned(), world.dump(messages).await));
    rows
}

/// Authorizations, clearings, a refund, a reversal and a repeat of two members at three kinds of merchants.
async fn a_day(world: &World) -> Vec<MessageRecord> {
    let (one, two) = (world.member(3, 1).await, world.member(700, 2).await);
    let plain = world.message(Some(one), 1, AUTHORIZATION, 120_000);
    let fuel = world.at("SKYFUEL", world.message(Some(two), 2, AUTHORIZATION, 200_000));
    let shop = world.at("KOSTA", world.message(Some(one), 3, AUTHORIZATION, 90_000));
    let gone = world.message(Some(two), 4, AUTHORIZATION, 60_000);
    vec![
        plain.clone(),
        fuel.clone(),
        shop.clone(),
        gone.clone(),
        world.clearing_of(&plain, 11, 120_000),
        world.clearing_of(&fuel, 12, 194_000),
        world.reversal_of(&gone, 13),
        plain.clone(),
        world.clearing_of(&shop, 14, 80_000),
        world.refund_of(&plain, 21, 61_000),
        world.clearing_of(&fuel, 12, 194_000),
        world.message(None, 31, AUTHORIZATION, 5_000),
    ]
}

#[tokio::test]
async fn one_batch_and_one_by_one_write_the_same_rows() {
    let (together, apart) = (World::new().await, World::new().await);
    let batch = a_day(&together).await;
    assert_eq!(batch, a_day(&apart).await, "the two worlds get the same messages");
    let at_once = together.lane().await.run(&batch, &together.rules).await.unwrap().outcomes;
    let mut lane = apart.lane().await;
    let mut singly = Vec::new();
    for record in &batch {
        let one = std::slice::from_ref(record);
        singly.extend(lane.run(one, &apart.rules).await.unwrap().outcomes);
    }
    assert_eq!(at_once, singly);
    assert_eq!(all_rows(&together).await, all_rows(&apart).await);
    for world in [&together, &apart] {
        world.audit().await;
        assert_eq!(world.rows("message").await, 10);
        assert!(world.rows("transfer").await > 10 && world.announced().await >= 8);
    }
    let miles = "SELECT sum(posted)::bigint FROM member_balance WHERE unit_kind = 1";
    // 20 - 11 base for the first, 13 at the shop, and at the station 32 base (of 1,940.00) with 32 bonus.
    assert_eq!(support::count(&together.admin, miles).await, 20 - 11 + 13 + 32 + 32);
}

#[tokio::test]
async fn every_sum_is_the_sum_of_its_transfers_and_the_check_would_notice() {
    let world = World::new().await;
    let batch = a_day(&world).await;
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    world.audit().await;
    world
        .admin
        .batch_execute("UPDATE member_balance SET posted = posted + 1 WHERE bucket = 3")
        .await
        .unwrap();
    let check = store::ledger_check(&world.pool).await.unwrap();
    assert!(check.balances_off > 0 && check.counters_off == 0, "{check:?}");
    world.admin.batch_execute("UPDATE member_counter SET value = value + 1").await.unwrap();
    assert!(store::ledger_check(&world.pool).await.unwrap().counters_off > 0);
}

#[tokio::test]
async fn a_repeat_gets_the_stored_reply_and_an_altered_one_is_named() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let mut lane = world.lane().await;
    let first = world.at("KOSTA", world.message(Some(route), 1, CLEARING, 120_000));
    let decided = lane.run(std::slice::from_ref(&first), &world.rules).await.unwrap();
    let before = all_rows(&world).await;
    let mut altered = first.clone();
    altered.event.amount_minor += 1;
    altered.event.content = content(&altered.event);
    let again = world.lane().await.run(&[first.clone(), altered], &world.rules).await.unwrap();
    assert_eq!(dispositions(&again), vec![Disposition::Repeat, Disposition::Altered { field: "DE4".into() }]);
    assert_eq!(again.outcomes[0].reply, decided.outcomes[0].reply, "also what it was told of the discount");
    assert!(decided.outcomes[0].reply.result.discount_minor > 0);
    assert_eq!(again.outcomes[1].reply.code, ReplyCode::AlteredRepeat);
    assert_eq!(all_rows(&world).await, before, "neither leaves a trace");
}

#[tokio::test]
async fn the_offer_at_the_till_survives_the_way_through_the_database() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let first = world.at("SKYFUEL", world.message(Some(route), 1, AUTHORIZATION, 200_000));
    let told = world.lane().await.run(std::slice::from_ref(&first), &world.rules).await.unwrap();
    let repeated = world.lane().await.run(std::slice::from_ref(&first), &world.rules).await.unwrap();
    assert_eq!(told.outcomes[0].reply.till, Some((194_000, 200_000)));
    assert_eq!(repeated.outcomes[0].reply, told.outcomes[0].reply);
}

#[tokio::test]
async fn the_same_key_twice_in_one_batch_is_decided_once() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let first = world.message(Some(route), 1, CLEARING, 120_000);
    let mut altered = first.clone();
    altered.event.merchant.card_acceptor = "ELSEWHERE".into();
    altered.event.content = content(&altered.event);
    let done = world.lane().await.run(&[first.clone(), first.clone(), altered], &world.rules).await.unwrap();
    let expected =
        vec![Disposition::Decided, Disposition::Repeat, Disposition::Altered { field: "DE42".into() }];
    assert_eq!(dispositions(&done), expected);
    assert_eq!(done.outcomes[0].reply, done.outcomes[1].reply);
    assert_eq!((world.rows("message").await, world.rows("transfer").await), (1, 1));
    world.audit().await;
}

#[tokio::test]
async fn one_key_for_two_accounts_is_decided_and_not_left_to_a_unique_violation() {
    let world = World::new().await;
    let (one, other) = (world.member(9, 1).await, world.member(10, 2).await);
    let neighbor = world.member(9, 3).await;
    let batch = [
        world.message(Some(one), 1, CLEARING, 120_000),
        world.message(Some(other), 1, CLEARING, 120_000),
        world.message(Some(neighbor), 1, CLEARING, 120_000),
    ];
    assert!(batch.iter().all(|record| record.event.key == batch[0].event.key));
    let done = world.lane().await.run(&batch, &world.rules).await.unwrap();
    // In another bucket it is another message; in the same one it is the same message with another card.
    let expected =
        vec![Disposition::Decided, Disposition::Decided, Disposition::Altered { field: "DE2".into() }];
    assert_eq!(dispositions(&done), expected);
    assert_eq!(world.rows("message").await, 2);
    world.audit().await;
}

#[tokio::test]
async fn a_message_of_an_unknown_card_is_stored_without_transfers() {
    let world = World::new().await;
    let record = world.message(None, 1, CLEARING, 120_000);
    let mut lane = world.lane().await;
    let done = lane.run(std::slice::from_ref(&record), &world.rules).await.unwrap();
    let reply = &done.outcomes[0].reply;
    assert_eq!((reply.code, reply.result.status), (ReplyCode::Taken, ResultStatus::None));
    assert_eq!(reply.result.reason, "not_a_member");
    for (table, rows) in all_rows(&world).await {
        assert_eq!(rows.len(), usize::from(table == "message"), "{table}");
    }
    // The card becomes a member's: the stored reply stands.
    let known = world.member(5, 1).await;
    let later = world.message(Some(known), 1, CLEARING, 120_000);
    let repeated = lane.run(&[later], &world.rules).await.unwrap();
    assert_eq!(dispositions(&repeated), vec![Disposition::Repeat]);
    assert_eq!(&repeated.outcomes[0].reply, reply);
    assert_eq!(world.rows("transfer").await, 0);
}

#[tokio::test]
async fn two_accounts_in_one_batch_each_get_their_own() {
    let world = World::new().await;
    // In descending order of buckets: the batch sorts its locks itself.
    let (high, low) = (world.member(1_000, 1).await, world.member(1, 2).await);
    let batch = [
        world.message(Some(high), 1, CLEARING, 120_000),
        world.message(Some(low), 2, CLEARING, 60_000),
        world.message(Some(high), 3, CLEARING, 60_000),
    ];
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    let posted = "SELECT bucket, posted FROM member_balance WHERE unit_kind = 1 ORDER BY bucket";
    let rows = world.admin.query(posted, &[]).await.unwrap();
    let rows: Vec<(i32, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, vec![(1, 10), (1_000, 30)]);
    // The first is the enrollment.
    let seqs = "SELECT account_seq FROM outbox WHERE bucket = 1000 ORDER BY account_seq";
    let seqs = world.admin.query(seqs, &[]).await.unwrap();
    assert_eq!(seqs.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), vec![1, 2, 3]);
    world.audit().await;
}

#[tokio::test]
async fn an_empty_batch_commits_nothing() {
    let world = World::new().await;
    let mut lane = world.lane().await;
    assert!(lane.run(&[], &world.rules).await.unwrap().outcomes.is_empty());
    lane.probe().await.unwrap();
    assert_eq!(world.rows("message").await, 0);
}

#[tokio::test]
async fn a_gate_with_an_unknown_version_asks_for_its_rules() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let newer = RulesHash([8; 32]);
    let entry = store::ProgramEntry {
        code: "boreal-gold".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    store::register_program(&world.pool, &entry, newer, "second text").await.unwrap();
    let first = world.message(Some(route), 1, AUTHORIZATION, 120_000);
    let mut lane = world.lane().await;
    lane.run(std::slice::from_ref(&first), &world.rules).await.unwrap();
    store::switch_rules(&world.pool, world.program, newer).await.unwrap();

    let before = all_rows(&world).await;
    let batch = [world.clearing_of(&first, 2, 120_000)];
    let refused = lane.run(&batch, &world.rules).await.unwrap_err();
    assert!(matches!(refused, BatchError::MissingRules(hash) if hash == newer), "{refused}");
    assert_eq!(all_rows(&world).await, before);
    // The same lane goes on once the version is loaded; the purchase still follows its own.
    let mut rules = world.rules.clone();
    rules.programs.insert(newer, world.program_of(newer));
    let done = lane.run(&batch, &rules).await.unwrap();
    assert!(done.outcomes[0].transfers.iter().all(|transfer| transfer.rules == HASH));
    // And a gateway that only knows the newest version asks for the purchase's.
    rules.programs.remove(&HASH);
    let refused = lane.run(&[world.refund_of(&first, 3, 1_000)], &rules).await.unwrap_err();
    assert!(matches!(refused, BatchError::MissingRules(hash) if hash == HASH), "{refused}");
    world.audit().await;
}

#[tokio::test]
async fn a_key_taken_in_between_is_unknown_and_the_second_run_answers_with_the_stored_result() {
    let (world, twin) = (World::new().await, World::new().await);
    for (id, is_member) in [(1, true), (2, false)] {
        let route = if is_member { Some(world.member(9, 1).await) } else { None };
        if is_member {
            twin.member(9, 1).await;
        }
        let batch = [world.message(route, id, CLEARING, 120_000)];
        let stored = twin.lane().await.run(&batch, &twin.rules).await.unwrap();
        // Reads go on, inserts wait: the lane stands between its look for repeats and its write.
        let other = support::client(&world.text).await;
        let (lane, pid) = world.lane_with_pid().await;
        other.batch_execute("BEGIN; LOCK TABLE message IN SHARE MODE").await.unwrap();
        let running = spawn(lane, &batch, &world.rules);
        until_blocked(&world.admin, pid).await;
        copy_message(&twin, &other, &batch[0]).await;
        other.batch_execute("COMMIT").await.unwrap();
        let (_, result) = running.await.unwrap();
        let BatchError::Unknown(error) = result.unwrap_err() else { panic!("not unknown") };
        assert_eq!(sqlstate(&error), "23505");
        let again = world.lane().await.run(&batch, &world.rules).await.unwrap();
        assert_eq!(dispositions(&again), vec![Disposition::Repeat]);
        assert_eq!(again.outcomes[0].reply, stored.outcomes[0].reply);
    }
    assert_eq!(world.rows("transfer").await, 0, "nothing of the lane's own came through");
}

/// Puts the twin's message row into another database, as a second gateway that came first would.
async fn copy_message(from: &World, to: &tokio_postgres::Client, record: &MessageRecord) {
    let key = record.event.key.as_bytes().as_slice();
    let sql = "SELECT row_to_json(t)::text FROM message t WHERE message_key = $1";
    let json: String = from.admin.query_one(sql, &[&key]).await.unwrap().get(0);
    let sql = "INSERT INTO message SELECT * FROM json_populate_record(NULL::message, $1::text::json)";
    to.execute(sql, &[&json]).await.unwrap();
}

#[tokio::test]
async fn a_lane_that_was_killed_while_idle_is_unknown_and_the_second_run_commits_once() {
    let world = World::new().await;
    let batch = [world.message(Some(world.member(9, 1).await), 1, CLEARING, 120_000)];
    let (mut lane, pid) = world.lane_with_pid().await;
    world.terminate(pid).await;
    let failed = lane.run(&batch, &world.rules).await.unwrap_err();
    assert!(matches!(failed, BatchError::Unknown(_)), "{failed:?}");
    assert!(!lane.is_open());
    assert!(lane.probe().await.is_err());
    let done = world.lane().await.run(&batch, &world.rules).await.unwrap();
    assert_eq!(dispositions(&done), vec![Disposition::Decided]);
    assert_eq!((world.rows("message").await, world.rows("transfer").await), (1, 1));
}

#[tokio::test]
async fn a_lane_that_was_killed_in_the_middle_is_unknown_and_the_second_run_commits_once() {
    let world = World::new().await;
    let batch = a_day(&world).await;
    // The message rows are written and the transfers wait when the server process is ended.
    let other = support::client(&world.text).await;
    let (lane, pid) = world.lane_with_pid().await;
    other.batch_execute("BEGIN; LOCK TABLE transfer IN SHARE MODE").await.unwrap();
    let running = spawn(lane, &batch, &world.rules);
    until_blocked(&world.admin, pid).await;
    world.terminate(pid).await;
    let (_, result) = running.await.unwrap();
    let failed = result.unwrap_err();
    assert!(matches!(failed, BatchError::Unknown(_)), "{failed:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!((world.rows("message").await, world.announced().await), (0, 0));
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    world.audit().await;

    let whole = World::new().await;
    let batch = a_day(&whole).await;
    whole.lane().await.run(&batch, &whole.rules).await.unwrap();
    assert_eq!(all_rows(&world).await, all_rows(&whole).await);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_books_once() {
    let world = World::new().await;
    let batch = a_day(&world).await;
    let (mut lane, pid) = world.lane_with_pid().await;
    let first = lane.run(&batch, &world.rules).await.unwrap();
    let before = all_rows(&world).await;
    world.terminate(pid).await;
    drop(lane);
    let again = world.lane().await.run(&batch, &world.rules).await.unwrap();
    assert!(again.outcomes.iter().all(|outcome| outcome.disposition == Disposition::Repeat));
    let replies = |done: &BatchOutcome| -> Vec<_> {
        done.outcomes.iter().map(|outcome| (outcome.key, outcome.reply.clone())).collect()
    };
    assert_eq!(replies(&again), replies(&first));
    assert_eq!(all_rows(&world).await, before);
    world.audit().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_stored_is_refused_with_its_whole_batch() {
    let world = World::new().await;
    let good = world.message(Some(world.member(9, 1).await), 1, CLEARING, 120_000);
    // No 63 bits hold it; the second is refused by the server's own check, the third by its text encoding.
    let too_much = world.message(None, 2, CLEARING, u64::MAX);
    let mut digits = world.message(None, 3, CLEARING, 100);
    digits.last4 = "00042".into();
    let mut nul = world.message(None, 4, CLEARING, 100);
    nul.stan = "00\u{0}01".into();
    let mut lane = world.lane().await;
    for (poison, code) in [(too_much, None), (digits, Some("23514")), (nul, Some("22021"))] {
        let refused = lane.run(&[good.clone(), poison], &world.rules).await.unwrap_err();
        let BatchError::Refused(error) = refused else { panic!("{refused:?}") };
        if let Some(code) = code {
            assert_eq!(sqlstate(&error), code);
        }
        for (table, rows) in all_rows(&world).await {
            // The account and the news of its enrollment.
            let enrolled = ["member_account", "outbox"].contains(&table.as_str());
            assert_eq!(rows.len(), usize::from(enrolled), "{table}");
        }
    }
    // Halved, the good one passes on the same lane.
    lane.run(&[good], &world.rules).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn an_amount_that_a_member_cannot_hold_is_answered_and_not_booked() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let batch =
        [world.message(Some(route), 1, CLEARING, u64::MAX), world.message(Some(route), 2, CLEARING, 120_000)];
    let done = world.lane().await.run(&batch, &world.rules).await.unwrap();
    assert!(matches!(done.outcomes[0].disposition, Disposition::Undecidable { .. }));
    assert_eq!(done.outcomes[0].reply.code, ReplyCode::Malfunction);
    assert_eq!(world.rows("message").await, 1);
    world.audit().await;
}

#[tokio::test]
async fn a_sum_that_leaves_its_range_is_refused_and_stops_nothing() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let max = u64::try_from(i64::MAX).unwrap();
    // Turnover at a partner; no miles, whose counter would be checked by the core.
    let huge = |id| world.at("KOSTA", world.message(Some(route), id, CLEARING, max));
    let (one, two) = (huge(1), huge(2));
    let mut rules = world.rules.clone();
    let program = rules.programs.get_mut(&HASH).unwrap();
    program.base.clear();
    program.bonuses.clear();
    let mut lane = world.lane().await;
    let refused = lane.run(&[one.clone(), two.clone()], &rules).await;
    assert!(matches!(refused, Err(BatchError::Refused(_))), "{refused:?}");
    // One by one it is the balance row that runs over, and PostgreSQL that says so.
    lane.run(&[one], &rules).await.unwrap();
    let refused = lane.run(&[two], &rules).await.unwrap_err();
    let BatchError::Refused(error) = refused else { panic!("{refused:?}") };
    assert_eq!(sqlstate(&error), "22003");
    world.audit().await;
}

#[tokio::test]
async fn two_lanes_on_one_account_go_one_after_the_other() {
    let world = World::new().await;
    let route = world.member(9, 1).await;
    let other = support::client(&world.text).await;
    other.batch_execute("BEGIN; SELECT 1 FROM member_account FOR UPDATE").await.unwrap();
    let (first, first_pid) = world.lane_with_pid().await;
    let (second, second_pid) = world.lane_with_pid().await;
    // The same purchase from both sides: each must see what the other has booked.
    let held = world.message(Some(route), 1, AUTHORIZATION, 120_000);
    let cleared = world.clearing_of(&held, 2, 120_000);
    let first = spawn(first, &[held.clone(), cleared.clone()], &world.rules);
    until_blocked(&world.admin, first_pid).await;
    let second = spawn(second, &[cleared, world.refund_of(&held, 3, 120_000)], &world.rules);
    until_blocked(&world.admin, second_pid).await;
    other.batch_execute("COMMIT").await.unwrap();
    for running in [first, second] {
        running.await.unwrap().1.unwrap();
    }
    assert_eq!((world.rows("message").await, world.rows("purchase").await), (3, 1));
    let left = "SELECT sum(abs(posted) + abs(pending))::bigint FROM member_balance";
    assert_eq!(support::count(&world.admin, left).await, 0, "bought, cleared and refunded in full");
    world.audit().await;
}

#[tokio::test]
async fn many_lanes_on_the_same_accounts_never_deadlock_or_lose() {
    const LANES: u32 = 6;
    const BATCHES: u32 = 8;
    let world = World::new().await;
    let mut routes = Vec::new();
    for (bucket, number) in [(900, 1), (17, 2), (500, 3)] {
        routes.push(world.member(bucket, number).await);
    }
    let mut running = Vec::new();
    for lane_number in 0..LANES {
        let mut lane = world.lane().await;
        let batch_of = |number: u32| -> Vec<MessageRecord> {
            let id = 1 + (lane_number * BATCHES + number) * 3;
            let start = (lane_number + number) as usize;
            (0..3_u32)
                .map(|n| {
                    let route = routes[(start + n as usize) % 3];
                    world.message(Some(route), id + n, CLEARING, 6_000)
                })
                .collect()
        };
        let batches: Vec<_> = (0..BATCHES).map(batch_of).collect();
        let rules = world.rules.clone();
        running.push(tokio::spawn(async move {
            for batch in &batches {
                // Waiting too long for a lock on a busy machine is no failure; a deadlock would be one.
                let mut tries = 1..=20;
                while let Err(error) = lane.run(batch, &rules).await {
                    let BatchError::Contended(reason) = &error else { panic!("{error:?}") };
                    assert_eq!(sqlstate(reason), "55P03");
                    assert!(tries.next().is_some(), "{error:?}");
                }
            }
        }));
    }
    for task in running {
        task.await.unwrap();
    }
    assert_eq!(world.rows("transfer").await, i64::from(LANES * BATCHES * 3));
    let miles = "SELECT sum(posted)::bigint FROM member_balance WHERE unit_kind = 1";
    assert_eq!(support::count(&world.admin, miles).await, i64::from(LANES * BATCHES * 3));
    world.audit().await;
}

#[tokio::test]
async fn an_account_that_stays_locked_is_contention_and_the_lane_goes_on() {
    let world = World::new().await;
    let batch = [world.message(Some(world.member(9, 1).await), 1, CLEARING, 120_000)];
    let other = support::client(&world.text).await;
    for held in ["SELECT 1 FROM member_account FOR UPDATE", "SELECT 1 FROM cycle_gate FOR UPDATE"] {
        other.batch_execute(&format!("BEGIN; {held}")).await.unwrap();
        let mut lane = world.lane().await;
        let BatchError::Contended(error) = lane.run(&batch, &world.rules).await.unwrap_err() else {
            panic!("not contended");
        };
        assert_eq!(sqlstate(&error), "55P03");
        assert_eq!(world.rows("message").await, 0);
        other.batch_execute("ROLLBACK").await.unwrap();
        // Left outside a transaction: the same lane serves the next batch.
        lane.run(&[], &world.rules).await.unwrap();
    }
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    world.audit().await;
}

/// What a lane makes of an error of each kind, raised by the server while it writes the ledger.
#[tokio::test]
async fn every_kind_of_error_is_told_apart() {
    #[derive(Debug, PartialEq)]
    enum Class {
        Contended,
        Unknown,
        Refused,
    }
    use Class::{Contended, Refused, Unknown};
    let world = World::new().await;
    let route = world.member(9, 1).await;
    world
        .admin
        .batch_execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'injected' USING ERRCODE = current_setting('test.code'); END $$; \
             CREATE TRIGGER fail BEFORE INSERT ON transfer FOR EACH STATEMENT EXECUTE FUNCTION fail()",
        )
        .await
        .unwrap();
    let table = [
        ("40001", Contended),
        ("40P01", Contended),
        ("55P03", Contended),
        ("08006", Unknown),
        ("57P01", Unknown),
        ("57P02", Unknown),
        ("57P03", Unknown),
        ("23505", Unknown),
        // The server's trouble, not the row's: halving would put good messages aside.
        ("40003", Unknown),
        ("53100", Unknown),
        ("53200", Unknown),
        ("53300", Unknown),
        ("57014", Unknown),
        ("58030", Unknown),
        ("25006", Unknown),
        ("XX000", Unknown),
        ("22003", Refused),
        ("22021", Refused),
        ("23502", Refused),
        ("23503", Refused),
        ("23514", Refused),
    ];
    let database: String =
        world.admin.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
    let batch = [world.message(Some(route), 1, CLEARING, 120_000)];
    for (code, expected) in table {
        world
            .admin
            .batch_execute(&format!("ALTER DATABASE {database} SET test.code = '{code}'"))
            .await
            .unwrap();
        let mut lane = world.lane().await;
        let (class, error) = match lane.run(&batch, &world.rules).await.unwrap_err() {
            BatchError::Contended(error) => (Contended, error),
            BatchError::Unknown(error) => (Unknown, error),
            BatchError::Refused(error) => (Refused, error),
            other => panic!("{code}: {other:?}"),
        };
        assert_eq!((sqlstate(&error).as_str(), class), (code, expected));
        assert_eq!((world.rows("message").await, world.announced().await), (0, 0), "{code}");
    }
    world.admin.batch_execute("DROP TRIGGER fail ON transfer").await.unwrap();
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    world.audit().await;
}

#[tokio::test]
async fn a_lane_acts_as_the_role_that_can_only_add() {
    let world = World::new().await;
    let batch = [world.message(Some(world.member(9, 1).await), 1, CLEARING, 120_000)];
    let mut lane = world.lane().await;
    world.admin.batch_execute("REVOKE INSERT ON transfer FROM cobrand_gateway").await.unwrap();
    let failed = lane.run(&batch, &world.rules).await.unwrap_err();
    let (BatchError::Refused(error) | BatchError::Unknown(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(sqlstate(&error), "42501");
    world.admin.batch_execute("GRANT INSERT ON transfer TO cobrand_gateway").await.unwrap();
    lane.run(&batch, &world.rules).await.unwrap();
}

#[tokio::test]
async fn no_transaction_of_two_lanes_touches_the_buckets_of_both() {
    const LANES: u16 = 2;
    let lane_of = |record: &MessageRecord| record.event.bucket.number() % LANES;
    let world = World::new().await;
    let mut batches: Vec<Vec<MessageRecord>> = vec![Vec::new(); usize::from(LANES)];
    let mut id = 0;
    for bucket in [2, 3, 4, 7, 511, 512, 1_022, 1_023] {
        let route = world.member(bucket, 1).await;
        for _ in 0..3 {
            id += 10;
            let held = world.at("SKYFUEL", world.message(Some(route), id, AUTHORIZATION, 90_000));
            let cleared = world.clearing_of(&held, id + 1, 90_000);
            batches[usize::from(lane_of(&held))].extend([held, cleared]);
        }
    }
    assert!(batches.iter().all(|batch| batch.len() == 24));
    let (one, two) = (world.lane().await, world.lane().await);
    let running =
        [(one, &batches[0]), (two, &batches[1])].map(|(lane, batch)| spawn(lane, batch, &world.rules));
    for task in running {
        task.await.unwrap().1.unwrap();
    }
    let decided = |table: &str| if table == "outbox" { "WHERE topic <> 'member.enrolled'" } else { "" };
    let parts: Vec<String> = WRITTEN
        .iter()
        .map(|table| format!("SELECT xmin::text AS tx, bucket FROM {table} {}", decided(table)))
        .collect();
    // A second card of an account and the enrollment itself are transactions of their own, each in one bucket.
    let sql = format!(
        "SELECT tx, count(DISTINCT bucket % 2), count(DISTINCT bucket) FROM ({}) rows GROUP BY tx",
        parts.join(" UNION ALL ")
    );
    let rows = world.admin.query(sql.as_str(), &[]).await.unwrap();
    assert_eq!(rows.len(), 2, "two batches, two transactions");
    for row in &rows {
        assert_eq!((row.get::<_, i64>(1), row.get::<_, i64>(2)), (1, 4), "{row:?}");
    }
    // The check sees a batch that was not cut by lane.
    let mixed = [
        world.message(Some(world.member(20, 1).await), 9_001, CLEARING, 60_000),
        world.message(Some(world.member(21, 1).await), 9_002, CLEARING, 60_000),
    ];
    world.lane().await.run(&mixed, &world.rules).await.unwrap();
    let rows = world.admin.query(sql.as_str(), &[]).await.unwrap();
    assert!(rows.iter().any(|row| row.get::<_, i64>(1) == 2), "a planted mixed batch is seen");
    // Every bucket has exactly one lane.
    let lanes: BTreeSet<u16> = (0..domain::BUCKETS).map(|bucket| bucket % LANES).collect();
    assert_eq!(lanes, BTreeSet::from([0, 1]));
}

#[tokio::test]
async fn what_is_stored_is_what_was_sent() {
    let world = World::new().await;
    let record = world.at("KOSTA", world.message(Some(world.member(9, 1).await), 1, CLEARING, 120_000));
    let done = world.lane().await.run(std::slice::from_ref(&record), &world.rules).await.unwrap();
    let outcome = &done.outcomes[0];
    let key: MessageKey = record.event.key;
    let view = store::message_view(&world.pool, 9, key).await.unwrap().unwrap();
    assert_eq!((view.key, view.bucket, view.purchase), (key, 9, outcome.purchase));
    assert_eq!((view.reply, view.amount_minor), (outcome.reply.clone(), 120_000));
    assert_eq!(view.business_date, Some(support::DAY));
    assert_eq!(view.transfers.len(), outcome.transfers.len());
    assert_eq!(view.explanation.len(), outcome.explanation.0.len());
    assert!(store::message_view(&world.pool, 10, key).await.unwrap().is_none());
}

//! What a lane has stored suffices to decide again: the same movements, in the order in which they were decided.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;

use domain::{
    BankRules, BirthdayWindow, Bucket, ClearingSource, Effective, EventKind, RulesHash,
    replay::{BackTest, Candidate, Findings},
};
use jiff::civil::date;
use store::{MessageRecord, Recording, Route};
use support::{AUTHORIZATION, CLEARING, DAY, HASH, World};

const BUCKETS: [u16; 2] = [3, 700];

fn buckets() -> Vec<Bucket> {
    BUCKETS.iter().map(|number| Bucket::new(*number).unwrap()).collect()
}

/// The back-test of everything, by another version or by the one that holds.
async fn back_test(world: &World, version: RulesHash) -> Findings {
    back_test_until(world, version, i64::MAX).await
}

/// The same up to a batch.
async fn back_test_until(world: &World, version: RulesHash, until: i64) -> Findings {
    let client = support::client(&world.text).await;
    let mut rules = world.rules.clone();
    // Yesterday is not decided by what is agreed today.
    rules.banks.clear();
    let mut recording = Recording::open(&client, world.bank, &buckets(), until).await.unwrap();
    let period = Effective { from: Some(date(2026, 10, 1)), to: Some(date(2026, 11, 1)) };
    let candidate = Candidate { program: world.program, rules: version, period };
    let mut test = BackTest::new(candidate, recording.accounts());
    while let Some((recorded, ledger)) = recording.next().await.unwrap() {
        test.feed(&recorded, &ledger, &mut rules);
    }
    for ((bucket, message), ledger) in recording.finish().await.unwrap() {
        test.ledger_without_message(bucket, message, &ledger);
    }
    test.finish()
}

async fn run(world: &World, batch: &[MessageRecord]) {
    world.lane().await.run(batch, &world.rules).await.unwrap();
}

/// Two members' purchases with what follows them, in several batches; keys do not follow the order of decisions.
async fn lives(world: &World) -> [Route; 2] {
    let (one, two) = (world.member(BUCKETS[0], 1).await, world.member(BUCKETS[1], 2).await);
    let fuel = world.at("SKYFUEL", world.message(Some(two), 92, AUTHORIZATION, 200_000));
    let plain = world.message(Some(one), 91, AUTHORIZATION, 120_000);
    let gone = world.message(Some(two), 94, AUTHORIZATION, 60_000);
    run(world, &[fuel.clone(), plain.clone(), gone.clone()]).await;
    run(world, &[world.reversal_of(&gone, 13), world.clearing_of(&plain, 11, 120_000)]).await;
    run(world, &[world.clearing_of(&fuel, 12, 194_000), world.refund_of(&plain, 10, 61_000)]).await;
    let stranger = world.message(None, 31, AUTHORIZATION, 5_000);
    let waits = world.message(Some(one), 8, AUTHORIZATION, 90_000);
    let mut expiry = world.message(Some(one), 7, EventKind::HoldExpiry { purchase: waits.event.key }, 0);
    expiry.event.local = date(2026, 12, 31).at(0, 0, 0, 0);
    run(world, &[stranger, waits, expiry]).await;
    [one, two]
}

#[tokio::test]
async fn what_is_stored_gives_the_ledger_again() {
    let world = World::new().await;
    lives(&world).await;
    let found = back_test(&world, HASH).await;
    // The stranger's message lies in a bucket of its own.
    assert_eq!((found.messages, found.differing, found.changed), (9, 0, 0), "{found:?}");
    assert_eq!(found.transfers, u64::try_from(world.rows("transfer").await).unwrap());
    assert_eq!(found.purchases, 4);
    assert!(found.moved.0.is_empty() && found.accounts.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_movement_that_was_changed_is_found_and_named() {
    for (what, tamper) in [
        ("an amount", "UPDATE transfer SET amount = amount + 1 WHERE bucket = 700 AND leg = 0 AND phase = 1"),
        (
            "a payer",
            "UPDATE transfer SET debit_id = debit_id + 1 WHERE bucket = 700 AND phase = 1 AND leg = 1",
        ),
        ("a movement that is gone", "DELETE FROM transfer WHERE bucket = 700 AND phase = 1 AND leg = 0"),
        ("a message that is gone", "DELETE FROM message WHERE bucket = 700 AND mti = '0220'"),
    ] {
        let world = World::new().await;
        let [_, two] = lives(&world).await;
        assert!(world.admin.execute(tamper, &[]).await.unwrap() > 0, "{what}");
        let found = back_test(&world, HASH).await;
        assert_eq!(found.differing, 1, "{what}: {found:?}");
        let ((bucket, key), difference) = found.differences.first_key_value().unwrap();
        assert_eq!((*bucket, difference.account), (two.bucket, Some(two.member.account)), "{what}");
        let id = u32::from_be_bytes(key.as_bytes()[8..12].try_into().unwrap());
        assert_eq!(id, 12, "{what}: the clearing at the station");
        assert!(difference.ledger.is_some() || difference.again.is_some(), "{what}");
    }
}

#[tokio::test]
async fn how_the_bank_cleared_and_the_version_in_force_are_those_of_then() {
    let mut world = World::new().await;
    let one = world.member(BUCKETS[0], 1).await;
    let first = world.message(Some(one), 1, AUTHORIZATION, 120_000);
    run(&world, &[first.clone(), world.clearing_of(&first, 2, 120_000)]).await;
    // From now on it clears by file: an advice does not count.
    world.rules.banks.insert(world.bank, BankRules { clearing_source: ClearingSource::File });
    let second = world.message(Some(one), 3, CLEARING, 60_000);
    run(&world, &[second]).await;
    // And other rules hold, which give nothing at the till.
    let other = RulesHash([8; 32]);
    let mut program = world.program_of(other);
    program.discounts.clear();
    world.rules.programs.insert(other, program);
    let entry = store::ProgramEntry {
        code: "boreal-gold".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    store::register_program(&world.pool, &entry, other, "second text").await.unwrap();
    store::switch_rules(&world.pool, world.program, other).await.unwrap();
    let third = world.at("SKYFUEL", world.message(Some(one), 4, AUTHORIZATION, 600_000));
    run(&world, &[third]).await;
    let found = back_test(&world, other).await;
    assert_eq!((found.messages, found.differing), (4, 0), "{found:?}");
    assert_eq!((found.changed, found.offers_changed), (0, 0), "{found:?}");
    let by_the_first = back_test(&world, HASH).await;
    assert_eq!((by_the_first.differing, by_the_first.offers_changed), (0, 1), "{by_the_first:?}");
}

#[tokio::test]
async fn batches_are_numbered_in_the_order_of_decisions() {
    let world = World::new().await;
    lives(&world).await;
    let sql = "SELECT stan, decided_batch, decided_place FROM message ORDER BY decided_batch, decided_place";
    let rows = world.admin.query(sql, &[]).await.unwrap();
    let order: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected = [92, 91, 94, 13, 11, 12, 10, 31, 8, 7].map(|stan| format!("{stan:06}"));
    assert_eq!(order, expected);
    let mut batches: BTreeMap<i64, Vec<i32>> = BTreeMap::new();
    rows.iter().for_each(|row| batches.entry(row.get(1)).or_default().push(row.get(2)));
    let places: Vec<Vec<i32>> = batches.into_values().collect();
    assert_eq!(places, [vec![1, 2, 3], vec![1, 2], vec![1, 2], vec![1, 2, 3]]);
}

#[tokio::test]
async fn what_comes_later_is_left_out_with_its_movements() {
    let world = World::new().await;
    lives(&world).await;
    let all = store::replayable(&world.pool, world.bank).await.unwrap();
    for (batches_less, messages) in [(0, 9), (1, 7), (2, 5), (3, 3), (4, 0)] {
        let found = back_test_until(&world, HASH, all.last_batch - batches_less).await;
        assert_eq!((found.messages, found.differing), (messages, 0), "{batches_less}: {found:?}");
    }
}

#[tokio::test]
async fn messages_from_before_are_counted_and_refused() {
    let world = World::new().await;
    lives(&world).await;
    let all = store::replayable(&world.pool, world.bank).await.unwrap();
    assert_eq!((all.messages, all.too_old, all.last_too_old), (10, 0, None));
    world
        .admin
        .execute("UPDATE message SET event = '' WHERE stan IN ('000091', '000011')", &[])
        .await
        .unwrap();
    let some = store::replayable(&world.pool, world.bank).await.unwrap();
    assert_eq!((some.messages, some.too_old, some.last_too_old), (10, 2, Some(DAY)));
    let client = support::client(&world.text).await;
    let mut recording = Recording::open(&client, world.bank, &buckets(), i64::MAX).await.unwrap();
    let error = loop {
        match recording.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a message without its event was read"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("the stored event cannot be read"), "{error}");
}

#[tokio::test]
async fn a_purchase_keeps_the_birthday_that_it_began_with() {
    let mut world = World::new().await;
    let [one, two] = [world.member(BUCKETS[0], 1).await, world.member(BUCKETS[1], 2).await];
    let asks = world.rules.programs.get_mut(&HASH).unwrap();
    asks.bonuses.iter_mut().for_each(|rule| rule.when.birthday = Some(BirthdayWindow::default()));
    let told = async |world: &World, birthday: &str| {
        let text = "UPDATE member_account SET birthday = $1 WHERE bucket = $2";
        world.admin.execute(text, &[&birthday, &i32::from(BUCKETS[0])]).await.unwrap();
    };
    told(&world, "1990-10-10").await;
    let first = world.at("SKYFUEL", world.message(Some(one), 1, AUTHORIZATION, 120_000));
    let other = world.at("SKYFUEL", world.message(Some(two), 2, AUTHORIZATION, 120_000));
    run(&world, &[first.clone(), other.clone()]).await;
    told(&world, "01-01").await;
    let its = [world.clearing_of(&first, 3, 120_000), world.clearing_of(&other, 4, 120_000)];
    run(&world, &its).await;
    let text = "SELECT p.birthday, m.explanation LIKE '%birthday_unknown%', m.event FROM message m \
                JOIN purchase p USING (bucket, purchase_key) WHERE m.mti = '0220' ORDER BY m.bucket";
    let rows = world.admin.query(text, &[]).await.unwrap();
    let rows: Vec<(String, bool, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get::<_, String>(2).contains("\"birthday\":\"01-01\"")))
        .collect();
    // Nobody is told more than month and day.
    assert_eq!(rows, [("10-10".to_owned(), false, true), (String::new(), true, false)]);
    told(&world, "").await;
    let found = back_test(&world, HASH).await;
    assert_eq!((found.messages, found.differing, found.changed), (4, 0, 0), "{found:?}");
}

#[tokio::test]
async fn what_each_authorization_holds_is_known_in_the_next_batch() {
    let world = World::new().await;
    let one = world.member(BUCKETS[0], 1).await;
    let again = |id, minor| {
        let mut record = world.message(Some(one), id, AUTHORIZATION, minor);
        record.event.references.retrieval = Some("R".into());
        record
    };
    let (small, large, last) = (again(1, 60_000), again(2, 120_000), again(5, 30_000));
    let reversals = [world.reversal_of(&large, 3), world.reversal_of(&small, 4)];
    let mut stood = Vec::new();
    for record in [&small, &large, &reversals[0], &reversals[1], &last] {
        run(&world, std::slice::from_ref(record)).await;
        let text = "SELECT hold, held_minor FROM purchase";
        let row = world.admin.query_one(text, &[]).await.unwrap();
        stood.push((row.get::<_, String>(0), row.get::<_, i64>(1)));
    }
    let held = |minor| ("held".to_owned(), minor);
    assert_eq!(stood, [held(60_000), held(120_000), held(60_000), ("reversed".to_owned(), 0), held(30_000)]);
    let found = back_test(&world, HASH).await;
    assert_eq!((found.messages, found.differing), (5, 0), "{found:?}");
}

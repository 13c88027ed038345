//! What a batch begins with: the calendar of its terms, and the rate of its day, which it keeps.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "other tests use the rest")]
mod database;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "worked-day/sample.rs"]
mod sample;

use database::World;
use domain::settlement::{Basis, BatchFold, Direction, Every, TermCharge};
use domain::{Currency, Effective, RatesHash, Rounding};
use sample::SATURDAY;
use settlement::{CloseError, Environment, ProgramSetup, opening};
use store::StoredOpening;

async fn import(world: &World, version: u8, rate: &str) {
    let staff = "INSERT INTO staff_user (name, password_hash) VALUES ('anna', 'x') ON CONFLICT DO NOTHING";
    world.pool.get().await.unwrap().batch_execute(staff).await.unwrap();
    let text = format!("date,from,to,per,rate\n2026-10-10,RUB,USD,100,{rate}\n");
    let at = jiff::Timestamp::from_second(1_791_622_800 + i64::from(version)).unwrap();
    let hash = RatesHash([version; 32]);
    assert!(store::register_rates(&world.pool, "cbr", hash, &text, "anna", at).await.unwrap());
}

/// The sample, with the terms of kosta in dollars.
fn setup() -> ProgramSetup {
    let mut setup = sample::setup();
    setup.terms[0].currency = Currency(840);
    setup.terms[0].rates = Some("cbr".to_owned());
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_converted_by_the_rate_of_its_day_and_keeps_it() {
    let (world, setup) = (World::new().await, setup());
    let (kosta, airline) = (&setup.terms[0], &setup.terms[1]);
    let cycle = store::cycle_by_date(&world.pool, setup.id, SATURDAY).await.unwrap().unwrap();
    let begin = async |terms| opening(&world.pool, &setup, &cycle, terms, true).await;
    let refused = begin(kosta).await.unwrap_err();
    assert!(matches!(refused, CloseError::NoRate { .. }));
    assert_eq!(
        refused.to_string(),
        "the batch of partner \"kosta\" is in USD, and the rate table \"cbr\" has no rate from RUB to USD on \
         2026-10-10; the operator must import it with `cobrand rates import`, then close the day again"
    );
    assert_eq!(begin(airline).await.unwrap().rate, None);

    import(&world, 1, "1.0811").await;
    let begun: StoredOpening = begin(kosta).await.unwrap();
    let rate = begun.opening.rate.unwrap();
    assert_eq!(
        (rate.of(1_000_000, Rounding::Floor), begun.rate.unwrap().table),
        (Ok(10_811), RatesHash([1; 32]))
    );
    let closing = BatchFold::new(kosta, begun.opening.clone()).close().unwrap();
    let mut client = world.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    assert!(store::record_items(&transaction, &cycle, kosta, &begun, &closing).await.unwrap());
    transaction.commit().await.unwrap();
    // Another table comes later: what is settled stays.
    import(&world, 2, "2").await;
    assert_eq!(begin(kosta).await.unwrap(), begun);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_only_pays_a_fee_is_settled() {
    let (world, mut setup) = (World::new().await, sample::setup());
    setup.terms[0].items.clear();
    setup.terms[0].charges = vec![TermCharge {
        basis: Basis::FixedFee,
        every: Every::Cycle,
        direction: Direction::PartnerPaysBank,
        price: domain::Ratio::new(500, 1).unwrap(),
        rounding: Rounding::HalfUp,
        vat: None,
    }];
    let closed = settlement::close_day(&world.pool, &setup, SATURDAY, &world.out).await.unwrap();
    let fee = closed.positions.iter().find(|position| position.partner == "kosta").unwrap();
    assert_eq!(fee.net_minor, 500);
    for file in &closed.files {
        settlement::verify_path(&file.path).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_carried_forward_is_not_forgotten_when_terms_are_gone() {
    let world = World::new().await;
    world.book(&sample::movements()).await;
    let mut setup = sample::setup();
    setup.terms.iter_mut().for_each(|terms| terms.minimum_payable = Some(100_000));
    let first = settlement::close_day(&world.pool, &setup, SATURDAY, &world.out).await.unwrap();
    assert_eq!(first.positions.iter().find(|of| of.partner == "kosta").unwrap().net_minor, 0);
    // Only now it is told that the terms of kosta have ended with Saturday.
    let sunday = SATURDAY.tomorrow().unwrap();
    setup.terms[0].effective = Effective { from: None, to: Some(sunday) };
    let refused = settlement::close_day(&world.pool, &setup, sunday, &world.out).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "55878 minor units of RUB that 2026-10-10 carried forward between the bank and partner \"kosta\" (above zero: the \
         partner owes them) have no terms on 2026-10-11; the program manager must let the terms of 2026-10-10 hold on \
         2026-10-11 too, as their last day, so that they are paid"
    );
    setup.terms[0].effective = Effective { from: None, to: sunday.tomorrow().ok() };
    let paid = settlement::close_day(&world.pool, &setup, sunday, &world.out).await.unwrap();
    assert_eq!(paid.positions.iter().find(|of| of.partner == "kosta").unwrap().net_minor, 55_878);
    // Paid, and not asked about again.
    setup.terms.remove(0);
    settlement::close_day(&world.pool, &setup, sunday.tomorrow().unwrap(), &world.out).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_cycle_of_terms_knows_that_it_is() {
    let world = World::new().await;
    let mut setup = sample::setup();
    setup.terms[1].effective = Effective { from: None, to: SATURDAY.tomorrow().ok() };
    let cycle = store::cycle_by_date(&world.pool, setup.id, SATURDAY).await.unwrap().unwrap();
    for (place, last_of_day, expected) in [(0, true, false), (1, true, true), (1, false, false)] {
        let terms = &setup.terms[place];
        let begun = opening(&world.pool, &setup, &cycle, terms, last_of_day).await.unwrap().opening;
        assert_eq!((begun.last_of_month, begun.last_of_terms), (expected, expected), "{place} {last_of_day}");
    }
}

//! What terms count over several cycles: the month to date, balances, prepaid blocks, rates and new cards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::settlement::{
    Basis, BatchClosing, BatchFold, Direction, PrepaidBlocks, Quantities, TermItem, Terms, ToDate,
};
use domain::{Currency, Funder, Item, PartnerId, RatesHash, Ratio};
use jiff::civil::{Date, date};
use store::{
    BatchRate, BlockApproval, BlockId, Cycle, MemberChange, NewPrepaidBlock, Replacement, StoredOpening,
};
use support::{RUB, World, by, token};

/// A mile of a bonus at 0.70, of which blocks can be bought.
fn terms(world: &World, direction: Direction) -> Terms {
    let item = TermItem {
        price: Ratio::new(70, 1).unwrap(),
        prepaid: Some(PrepaidBlocks { reorder_at: 10 }),
        ..TermItem::whole(Basis::BonusMiles, direction)
    };
    Terms { minimum_payable: Some(10_000), ..Terms::new(world.fuel, world.program, RUB, vec![item]) }
}

async fn open_cycle(world: &World) -> Cycle {
    let cycles = store::cycles(&world.pool, world.program).await.unwrap();
    *cycles.iter().find(|cycle| cycle.state == store::CycleState::Open).unwrap()
}

/// Cuts the open cycle; the next one has this business date.
async fn cut(world: &World, next: Date) -> Cycle {
    let old = open_cycle(world).await;
    let next = store::prepare_next(&world.pool, &old, next).await.unwrap();
    assert!(store::cut(&world.pool, &old, &next).await.unwrap());
    old
}

fn priced(terms: &Terms, opening: &StoredOpening, partner: PartnerId, miles: i64) -> BatchClosing {
    let mut fold = BatchFold::new(terms, opening.opening.clone());
    let mut quantities = Quantities::default();
    let item = Item::Bonus { rule: "fuel".into(), funder: Funder::Partner(partner) };
    quantities.add(&item, miles, partner, false);
    fold.line(&quantities).unwrap();
    fold.close().unwrap()
}

async fn record(
    world: &World,
    cycle: &Cycle,
    terms: &Terms,
    opening: &StoredOpening,
    closing: &BatchClosing,
) -> bool {
    let mut client = world.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let same = store::record_items(&transaction, cycle, terms, opening, closing).await.unwrap();
    transaction.commit().await.unwrap();
    same
}

async fn settle(world: &World, cycle: &Cycle, terms: &Terms, miles: i64) -> StoredOpening {
    let opening = store::opening(&world.pool, cycle, terms).await.unwrap();
    let closing = priced(terms, &opening, terms.partner, miles);
    assert!(record(world, cycle, terms, &opening, &closing).await);
    opening
}

#[tokio::test]
async fn a_cycle_begins_with_what_the_month_has_come_to() {
    let world = World::new().await;
    let ours = terms(&world, Direction::PartnerPaysBank);
    // Stated the other way round, by terms that follow: the same numbers, turned.
    let turned = terms(&world, Direction::BankPaysPartner);
    let dollars = Terms { currency: Currency(840), ..ours.clone() };
    let mut cycles = Vec::new();
    for next in [date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)] {
        cycles.push(cut(&world, next).await);
    }
    let mut openings = Vec::new();
    for (cycle, miles) in cycles.iter().zip([100, -30, 200, 10]) {
        openings.push(settle(&world, cycle, &ours, miles).await);
    }
    let to_date = |opening: &StoredOpening| {
        let ToDate { quantity, net_minor } = opening.opening.to_date[0];
        (opening.opening.balance_minor, quantity, net_minor)
    };
    let found: Vec<_> = openings.iter().map(to_date).collect();
    // 70.00 and -21.00 are too little to be paid; the third cycle pays. November counts from nothing.
    assert_eq!(found, [(0, 0, 0), (7_000, 100, 7_000), (4_900, 70, 4_900), (0, 0, 0)]);
    let next = open_cycle(&world).await;
    let november = store::opening(&world.pool, &next, &ours).await.unwrap();
    assert_eq!(to_date(&november), (700, 10, 700));
    let november = store::opening(&world.pool, &next, &turned).await.unwrap();
    assert_eq!(to_date(&november), (-700, 10, -700));
    let november = store::opening(&world.pool, &next, &dollars).await.unwrap();
    assert_eq!(to_date(&november), (0, 0, 0));

    // Asked again, an earlier cycle begins with the same, and the same numbers may be written once more.
    for (cycle, (opening, miles)) in cycles.iter().zip(openings.iter().zip([100, -30, 200, 10])) {
        assert_eq!(store::opening(&world.pool, cycle, &ours).await.unwrap(), *opening);
        let closing = priced(&ours, opening, world.fuel, miles);
        assert!(record(&world, cycle, &ours, opening, &closing).await);
        let other = priced(&ours, opening, world.fuel, miles + 1);
        assert!(!record(&world, cycle, &ours, opening, &other).await, "{cycle:?}");
    }
}

#[tokio::test]
async fn a_batch_keeps_the_rate_by_which_it_was_converted() {
    let world = World::new().await;
    let ours = terms(&world, Direction::PartnerPaysBank);
    let cycle = cut(&world, date(2026, 10, 11)).await;
    let rate = BatchRate { rate: Ratio::new(108_108, 10_000_000).unwrap(), table: RatesHash([7; 32]) };
    let mut opening = store::opening(&world.pool, &cycle, &ours).await.unwrap();
    assert_eq!((opening.rate, opening.opening.rate), (None, None));
    opening.rate = Some(rate);
    let closing = priced(&ours, &opening, world.fuel, 1);
    assert!(record(&world, &cycle, &ours, &opening, &closing).await);
    let again = store::opening(&world.pool, &cycle, &ours).await.unwrap();
    assert_eq!((again.rate, again.opening.rate), (Some(rate), Some(rate.rate)));
    opening.rate = Some(BatchRate { table: RatesHash([8; 32]), ..rate });
    assert!(!record(&world, &cycle, &ours, &opening, &closing).await);
}

async fn staff(world: &World) {
    let text = "INSERT INTO staff_user (name, password_hash) VALUES ('ann', 'x'), ('bob', 'x')";
    world.admin.batch_execute(text).await.unwrap();
}

async fn buy(world: &World, units: i64, reference: &str) -> Option<BlockId> {
    let block = NewPrepaidBlock {
        program: world.program,
        partner: world.fuel,
        basis: Basis::BonusMiles,
        units,
        bought_on: date(2026, 10, 9),
        paid_minor: units * 84,
        currency: RUB,
        reference: reference.into(),
        by: "ann".into(),
        at: by().at,
    };
    store::propose_prepaid_block(&world.pool, &block).await.unwrap()
}

async fn approve(world: &World, block: BlockId, who: &str) -> BlockApproval {
    store::approve_prepaid_block(&world.pool, block, who, by().at).await.unwrap()
}

#[tokio::test]
async fn a_block_counts_from_the_cycle_in_which_a_second_person_approves_it() {
    let world = World::new().await;
    staff(&world).await;
    let ours = terms(&world, Direction::PartnerPaysBank);
    let block = buy(&world, 100, "INV-1").await.unwrap();
    assert_eq!(buy(&world, 100, "INV-1").await, None, "one invoice is one block");
    assert_eq!(approve(&world, block, "ann").await, BlockApproval::SamePerson);
    assert_eq!(approve(&world, BlockId(99), "bob").await, BlockApproval::Unknown);
    let alone = "UPDATE prepaid_block SET approved_by = 'ann', approved_at = now(), cycle_id = 1";
    let refused = world.admin.batch_execute(alone).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23514");

    let first = cut(&world, date(2026, 10, 11)).await;
    let second = open_cycle(&world).await;
    assert_eq!(approve(&world, block, "bob").await, BlockApproval::Counts(second.id));
    assert_eq!(approve(&world, block, "bob").await, BlockApproval::Already);
    cut(&world, date(2026, 10, 12)).await;
    let further = buy(&world, 50, "INV-2").await.unwrap();
    buy(&world, 1_000, "INV-3").await.unwrap();
    let third = open_cycle(&world).await;
    assert_eq!(approve(&world, further, "bob").await, BlockApproval::Counts(third.id));

    // The first cycle had none, the second has a hundred, the third what is left and fifty more.
    let mut left = Vec::new();
    for (cycle, miles) in [(&first, 5), (&second, 70), (&third, -20)] {
        left.push(settle(&world, cycle, &ours, miles).await.opening.prepaid[0]);
    }
    assert_eq!(left, [None, Some(100), Some(80)]);
    let sums = store::prepaid_left(&world.pool, world.program).await.unwrap();
    assert_eq!((sums.len(), sums[0].bought, sums[0].drawn), (1, 150, 50));
    let blocks = store::prepaid_blocks(&world.pool, world.program).await.unwrap();
    let approved: Vec<_> =
        blocks.iter().map(|block| block.approved.as_ref().map(|(who, ..)| who.as_str())).collect();
    assert_eq!(approved, [Some("bob"), Some("bob"), None]);
    assert_eq!((blocks[0].block.units, blocks[0].block.paid_minor), (100, 8_400));
}

async fn numbers(world: &World, cycle: &Cycle) -> Vec<String> {
    let cards = store::new_cards(&world.pool, cycle.id).await.unwrap();
    cards.into_iter().map(|card| card.member_number).collect()
}

#[tokio::test]
async fn a_card_is_new_in_the_cycle_in_which_it_is_enrolled_first() {
    let world = World::without_cycle().await;
    let enroll = async |bucket, number, member: &str| {
        let new = world.new_member(token(bucket, number), member);
        store::enroll(&world.pool, &new, &by()).await.unwrap()
    };
    // Before there is a cycle, a card is part of what the program began with.
    enroll(1, 1, "AB-0").await;
    store::open_first(&world.pool, world.program, support::DAY, support::HASH).await.unwrap();
    assert!(enroll(2, 2, "AB-2").await.created);
    assert!(!enroll(2, 2, "AB-2").await.created);
    enroll(3, 3, "AB-1").await;
    enroll(4, 4, "AB-2").await;
    let first = cut(&world, date(2026, 10, 11)).await;
    enroll(5, 5, "AB-5").await;
    // A card in place of another one is not new.
    let replacement = Replacement {
        bank: world.bank,
        program: world.program,
        old: vec![token(3, 3)],
        new: vec![token(3, 33)],
        last4: "0043".into(),
        block_old: false,
    };
    let mut client = world.pool.get().await.unwrap();
    let change = MemberChange::begin(&mut client, by()).await.unwrap();
    change.replace_card(&replacement).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(numbers(&world, &first).await, ["AB-1", "AB-2", "AB-2"]);
    assert_eq!(numbers(&world, &open_cycle(&world).await).await, ["AB-5"]);
}

#[tokio::test]
async fn a_cut_waits_for_a_card_that_is_being_enrolled() {
    let world = World::new().await;
    let mut client = world.pool.get().await.unwrap();
    let change = MemberChange::begin(&mut client, by()).await.unwrap();
    change.enroll(&world.new_member(token(2, 2), "AB-2")).await.unwrap();
    let pool = world.pool.clone();
    let old = open_cycle(&world).await;
    let next = store::prepare_next(&pool, &old, date(2026, 10, 11)).await.unwrap();
    let cutting = tokio::spawn(async move { store::cut(&pool, &old, &next).await });
    support::until(
        &world.admin,
        "the cut waits for the gate",
        "SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE query LIKE 'UPDATE cycle_gate%'",
    )
    .await;
    assert_eq!(open_cycle(&world).await.id, old.id);
    change.commit().await.unwrap();
    assert!(cutting.await.unwrap().unwrap());
    assert_eq!(numbers(&world, &old).await, ["AB-2"]);
}

//! Proposed versions: the database keeps the second pair of eyes, of several at once one decides, and an approved
//! version comes into force once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{BUCKETS, ProposalState, RulesHash};
use jiff::{SignedDuration, Timestamp};
use store::{NewProposal, ProgramEntry, ProposalDecision, ProposalStep, Scheduled, StoreError, Wanted};
use support::{HASH, World, committed, count, until};

const NEW: RulesHash = RulesHash([8; 32]);

fn noon() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

/// A world in which ann, bob and eve are staff, with the first version in force.
async fn world() -> World {
    let world = World::new().await;
    let staff = "INSERT INTO staff_user VALUES ('ann', 'x'), ('bob', 'x'), ('eve', 'x')";
    world.admin.batch_execute(staff).await.unwrap();
    store::note_in_force(&world.pool, world.program, HASH, noon()).await.unwrap();
    world
}

fn new(world: &World, hash: RulesHash) -> NewProposal<'static> {
    NewProposal {
        program: world.program,
        hash,
        body: "the new text",
        against: HASH,
        by: "ann",
        at: noon(),
        comment: "more for weekends",
        wanted: Wanted::Now,
        assessment: "{}",
        approvable: true,
        backtest: Some("{\"miles\":12}"),
    }
}

async fn proposed(world: &World, hash: RulesHash) -> i32 {
    committed!(world.pool, |step| store::propose(&step, &new(world, hash))).unwrap().unwrap()
}

async fn approve(world: &World, id: i32, by: &str, effective_at: Timestamp) -> ProposalStep {
    let decision =
        ProposalDecision { by, at: noon(), reason: "looked at it", effective_at: Some(effective_at) };
    committed!(world.pool, |step| store::decide_proposal(&step, id, &decision)).unwrap()
}

async fn reject(world: &World, id: i32, by: &str) -> ProposalStep {
    let decision = ProposalDecision { by, at: noon(), reason: "too dear", effective_at: None };
    committed!(world.pool, |step| store::decide_proposal(&step, id, &decision)).unwrap()
}

async fn state(world: &World, id: i32) -> ProposalState {
    store::proposal_by_id(&world.pool, id).await.unwrap().unwrap().0.state
}

/// Registers the text, as the process does that puts it into force.
async fn register(world: &World, hash: RulesHash) {
    let entry = ProgramEntry {
        code: "boreal-gold".into(),
        bank: world.bank,
        cobrand_partner: world.airline,
        currency: support::RUB,
        time_zone: "Europe/Moscow".into(),
    };
    store::register_program(&world.pool, &entry, hash, "the new text").await.unwrap();
}

async fn the_scheduled(world: &World) -> Scheduled {
    let mut all = store::scheduled_versions(&world.pool).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn gates_that_name(world: &World, hash: RulesHash) -> i64 {
    let sql = format!("SELECT count(*) FROM cycle_gate WHERE rules_hash = '\\x{hash}'");
    count(&world.admin, &sql).await
}

#[tokio::test]
async fn a_proposal_keeps_everything_that_was_said_of_it() {
    let world = world().await;
    let id = proposed(&world, NEW).await;
    let (row, texts) = store::proposal_by_id(&world.pool, id).await.unwrap().unwrap();
    assert_eq!((row.id, row.hash, row.against, row.by.as_str()), (1, NEW, HASH, "ann"));
    assert_eq!((row.comment.as_str(), row.wanted, row.at), ("more for weekends", Wanted::Now, noon()));
    assert_eq!(
        (row.state, row.decision, row.withdrawal, row.since),
        (ProposalState::Proposed, None, None, None)
    );
    assert_eq!((texts.body.as_str(), texts.backtest.as_deref()), ("the new text", Some("{\"miles\":12}")));
    assert_eq!(store::proposal_by_id(&world.pool, 99).await.unwrap(), None);
    assert_eq!(approve(&world, 99, "bob", noon()).await, ProposalStep::NotFound);

    // What was compared with another version than the running one is not even kept.
    let other = NewProposal { against: NEW, ..new(&world, RulesHash([9; 32])) };
    assert_eq!(committed!(world.pool, |step| store::propose(&step, &other)).unwrap(), None);
    let nobody = NewProposal { by: "nobody", ..new(&world, NEW) };
    assert!(matches!(
        committed!(world.pool, |step| store::propose(&step, &nobody)),
        Err(StoreError::Database(_))
    ));
}

#[tokio::test]
async fn nobody_decides_on_his_own_proposal_and_what_fails_its_tests_is_never_approved() {
    let world = world().await;
    let id = proposed(&world, NEW).await;
    assert_eq!(approve(&world, id, "ann", noon()).await, ProposalStep::SamePerson);
    assert_eq!(reject(&world, id, "ann").await, ProposalStep::SamePerson);
    let failing = NewProposal { approvable: false, ..new(&world, RulesHash([9; 32])) };
    let failing = committed!(world.pool, |step| store::propose(&step, &failing)).unwrap().unwrap();
    assert_eq!(approve(&world, failing, "bob", noon()).await, ProposalStep::NotApprovable);

    // The database itself says no, whatever a program does.
    let lies = [
        (id, "ann", true, "ann", "rules_decision_by_another_person"),
        (id, "eve", true, "ann", "rules_decision_proposal_id_proposed_by_approvable_fkey"),
        (failing, "ann", false, "bob", "rules_decision_of_what_may_be_approved"),
        (failing, "ann", true, "bob", "rules_decision_proposal_id_proposed_by_approvable_fkey"),
    ];
    for (id, proposed_by, approvable, decided_by, constraint) in lies {
        let sql = "INSERT INTO rules_decision VALUES ($1, $2, $3, 'approved', $4, now(), 'x', now())";
        let error =
            world.admin.execute(sql, &[&id, &proposed_by, &approvable, &decided_by]).await.unwrap_err();
        assert_eq!(error.as_db_error().unwrap().constraint(), Some(constraint));
    }
    assert_eq!(state(&world, id).await, ProposalState::Proposed);
    assert_eq!(reject(&world, failing, "bob").await, ProposalStep::Done);
    assert_eq!(state(&world, failing).await, ProposalState::Rejected);
    assert_eq!(approve(&world, failing, "eve", noon()).await, ProposalStep::Stands(ProposalState::Rejected));
}

#[tokio::test]
async fn a_list_of_the_last_ones_holds_older_ones_that_wait() {
    let world = world().await;
    let (waits, rejected, last) =
        (proposed(&world, NEW).await, proposed(&world, NEW).await, proposed(&world, NEW).await);
    assert_eq!(reject(&world, rejected, "bob").await, ProposalStep::Done);
    assert_eq!(reject(&world, last, "bob").await, ProposalStep::Done);
    let listed = async || -> Vec<i32> {
        let rows = store::proposals(&world.pool, world.program, 1).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(listed().await, [last, waits]);
    assert_eq!(approve(&world, waits, "bob", later(9)).await, ProposalStep::Done);
    assert_eq!(listed().await, [last, waits], "it waits for its instant");
}

#[tokio::test]
async fn of_two_approvers_at_once_one_decides() {
    let world = world().await;
    let id = proposed(&world, NEW).await;
    let (bob, eve) = tokio::join!(approve(&world, id, "bob", noon()), approve(&world, id, "eve", noon()));
    let late = ProposalStep::Stands(ProposalState::Scheduled);
    assert!(
        [(ProposalStep::Done, late), (late, ProposalStep::Done)].contains(&(bob, eve)),
        "{bob:?} {eve:?}"
    );
    assert_eq!(count(&world.admin, "SELECT count(*) FROM rules_decision").await, 1);
}

#[tokio::test]
async fn an_approved_version_comes_into_force_once_at_its_instant() {
    let world = world().await;
    let id = proposed(&world, NEW).await;
    assert_eq!(store::scheduled_versions(&world.pool).await.unwrap(), []);
    assert_eq!(approve(&world, id, "bob", later(10)).await, ProposalStep::Done);
    assert_eq!(state(&world, id).await, ProposalState::Scheduled);
    let next = the_scheduled(&world).await;
    assert_eq!((next.proposal, next.hash, next.effective_at), (id, NEW, later(10)));
    register(&world, NEW).await;
    assert!(!store::put_into_force(&world.pool, &next, later(9)).await.unwrap(), "its instant has not come");
    assert_eq!(gates_that_name(&world, HASH).await, i64::from(BUCKETS));

    let (one, other) = tokio::join!(
        store::put_into_force(&world.pool, &next, later(10)),
        store::put_into_force(&world.pool, &next, later(11)),
    );
    assert_eq!(usize::from(one.unwrap()) + usize::from(other.unwrap()), 1, "two processes, one result");
    assert_eq!(gates_that_name(&world, NEW).await, i64::from(BUCKETS));
    assert_eq!(store::running_version(&world.pool, world.program).await.unwrap(), Some(NEW));
    assert_eq!(state(&world, id).await, ProposalState::Running);
    let past = store::versions_in_force(&world.pool, world.program, 10).await.unwrap();
    let past: Vec<_> = past.iter().map(|version| (version.hash, version.proposal)).collect();
    assert_eq!(past, [(NEW, Some(id)), (HASH, None)]);
    assert_eq!(store::scheduled_versions(&world.pool).await.unwrap(), []);
    assert!(!store::put_into_force(&world.pool, &next, later(12)).await.unwrap());

    // What settles a day asks for the version before its cut-off.
    let before = async |instant| store::version_before(&world.pool, world.program, instant).await.unwrap();
    assert_eq!(before(later(10)).await, Some(HASH), "a version of the cut-off itself is of the next day");
    assert_eq!(before(later(30)).await, Some(NEW));
    assert_eq!(before(later(-600)).await, Some(HASH), "before anything was written down");
}

#[tokio::test]
async fn a_version_waits_for_running_batches_and_a_withdrawal_comes_first() {
    let world = world().await;
    let id = proposed(&world, NEW).await;
    approve(&world, id, "bob", noon()).await;
    register(&world, NEW).await;
    let next = the_scheduled(&world).await;
    let lane = support::client(&world.text).await;
    lane.batch_execute("BEGIN; SELECT 1 FROM cycle_gate WHERE bucket = 5 FOR SHARE").await.unwrap();
    let pool = world.pool.clone();
    let switching = tokio::spawn({
        let next = next.clone();
        async move { store::put_into_force(&pool, &next, later(1)).await }
    });
    let waits = "SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE query LIKE 'UPDATE cycle_gate%'";
    until(&world.admin, "the switch waits for the batch", waits).await;
    lane.batch_execute("COMMIT").await.unwrap();
    assert!(switching.await.unwrap().unwrap());
    let late =
        committed!(world.pool, |step| store::withdraw_proposal(&step, id, "ann", later(2), "a mistake"))
            .unwrap();
    assert_eq!(late, ProposalStep::Stands(ProposalState::Running));

    let other = NewProposal { against: NEW, ..new(&world, RulesHash([9; 32])) };
    let other = committed!(world.pool, |step| store::propose(&step, &other)).unwrap().unwrap();
    assert_eq!(approve(&world, other, "bob", later(3)).await, ProposalStep::Done);
    let next = the_scheduled(&world).await;
    let taken_back =
        committed!(world.pool, |step| store::withdraw_proposal(&step, other, "ann", later(2), "a mistake"))
            .unwrap();
    assert_eq!((taken_back, state(&world, other).await), (ProposalStep::Done, ProposalState::Withdrawn));
    assert_eq!(store::scheduled_versions(&world.pool).await.unwrap(), []);
    assert!(!store::put_into_force(&world.pool, &next, later(4)).await.unwrap());
    assert_eq!(gates_that_name(&world, NEW).await, i64::from(BUCKETS));
}

#[tokio::test]
async fn what_was_compared_with_a_version_that_is_gone_is_outdated() {
    let world = world().await;
    let (first, second) = (proposed(&world, NEW).await, proposed(&world, RulesHash([9; 32])).await);
    assert_eq!(approve(&world, first, "bob", noon()).await, ProposalStep::Done);
    assert_eq!(approve(&world, second, "bob", noon()).await, ProposalStep::AnotherScheduled(first));
    register(&world, NEW).await;
    assert!(store::put_into_force(&world.pool, &the_scheduled(&world).await, noon()).await.unwrap());
    assert_eq!(state(&world, second).await, ProposalState::Outdated);
    assert_eq!(approve(&world, second, "bob", noon()).await, ProposalStep::Stands(ProposalState::Outdated));
    assert_eq!(reject(&world, second, "eve").await, ProposalStep::Done);

    // Also an approved one does not run after a version that nobody compared it with.
    let third = NewProposal { against: NEW, ..new(&world, RulesHash([9; 32])) };
    let third = committed!(world.pool, |step| store::propose(&step, &third)).unwrap().unwrap();
    assert_eq!(approve(&world, third, "bob", noon()).await, ProposalStep::Done);
    let next = the_scheduled(&world).await;
    register(&world, RulesHash([9; 32])).await;
    store::switch_rules(&world.pool, world.program, HASH).await.unwrap();
    store::note_in_force(&world.pool, world.program, HASH, later(1)).await.unwrap();
    assert_eq!(state(&world, third).await, ProposalState::Outdated);
    assert!(!store::put_into_force(&world.pool, &next, later(2)).await.unwrap());
    assert_eq!(state(&world, first).await, ProposalState::Superseded);
    let ids: Vec<i32> =
        store::proposals(&world.pool, world.program, 2).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(ids, [third, second]);
}

#[tokio::test]
async fn the_console_may_propose_and_decide_and_write_nothing_else() {
    let world = world().await;
    let console = World { pool: store::console_pool(&world.database), ..world };
    let id = proposed(&console, NEW).await;
    assert_eq!(approve(&console, id, "bob", noon()).await, ProposalStep::Done);
    let done = committed!(console.pool, |step| store::withdraw_proposal(&step, id, "eve", noon(), "not now"))
        .unwrap();
    assert_eq!(done, ProposalStep::Done);
    let client = console.pool.get().await.unwrap();
    for forbidden in [
        "UPDATE cycle_gate SET rules_hash = rules_hash",
        "UPDATE rules_proposal SET comment = 'another'",
        "UPDATE rules_decision SET decided_by = 'eve'",
        "DELETE FROM rules_withdrawal",
        "INSERT INTO rules_in_force VALUES (1, 9, '\\x00', now(), NULL)",
        "INSERT INTO program_version VALUES ('\\x00', 1, 'x')",
        "INSERT INTO staff_user VALUES ('mallory', 'x')",
        "UPDATE member_balance SET posted = 1",
        "DELETE FROM transfer",
        "INSERT INTO outbox VALUES (1, 1, 1, '', '', '')",
    ] {
        let error = client.execute(forbidden, &[]).await.unwrap_err();
        let code = error.code().map(tokio_postgres::error::SqlState::code);
        assert_eq!(code, Some("42501"), "{forbidden}: {error}");
    }
}

//! Changes of members and cards: households, replacements, blocks, consents, and who changed what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{BankId, Bucket, ResultStatus};
use jiff::civil::date;
use store::{
    BatchOutcome, CardToken, ChangeError, Consent, ConsentChange, KnownRequest, MemberChange, NewMember,
    Pool, Profile, ProfileChange, Refused, Replacement, Route, household_accounts, member_view,
};
use support::{AUTHORIZATION, CLEARING, World, by, count, token};

/// One change in a transaction of its own; what is refused is rolled back.
async fn change<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(&MemberChange<'_>) -> Result<T, ChangeError>,
) -> Result<T, ChangeError> {
    let mut client = pool.get().await.unwrap();
    let change = MemberChange::begin(&mut client, by()).await?;
    let done = work(&change).await?;
    change.commit().await?;
    Ok(done)
}

fn of_household(world: &World, token: CardToken, number: &str, household: &str) -> NewMember {
    let profile = Profile { household: household.into(), ..Profile::default() };
    NewMember { profile, ..world.new_member(token, number) }
}

fn replacement(world: &World, old: CardToken, new: CardToken) -> Replacement {
    Replacement {
        bank: world.bank,
        program: world.program,
        old: vec![old],
        new: vec![new],
        last4: "0077".into(),
        block_old: false,
    }
}

async fn replace(world: &World, replacement: &Replacement) -> Result<(Route, bool), ChangeError> {
    change(&world.pool, async |change| change.replace_card(replacement).await).await
}

async fn block(world: &World, card: CardToken, blocked: bool) -> Result<(Route, bool), ChangeError> {
    change(&world.pool, async |change| {
        change.block_card(world.bank, world.program, &[card], blocked, "lost").await
    })
    .await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ChangeError>, why: Refused) {
    match result {
        Err(ChangeError::Refused(found)) => assert_eq!(found, why),
        other => panic!("expected {why:?}, found {other:?}"),
    }
}

async fn changes(world: &World) -> Vec<String> {
    let text = "SELECT what || ' ' || changed_by FROM member_change ORDER BY change_seq";
    world.admin.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_new_account_of_a_household_lies_in_its_bucket() {
    let world = World::new().await;
    let enroll = async |new: NewMember| store::enroll(&world.pool, &new, &by()).await.unwrap().route;
    let first = enroll(of_household(&world, token(10, 1), "M-1", "H-1")).await;
    let second = enroll(of_household(&world, token(20, 2), "M-2", "H-1")).await;
    let alone = enroll(of_household(&world, token(30, 3), "M-3", "")).await;
    let other = enroll(of_household(&world, token(40, 4), "M-4", "H-2")).await;
    assert_eq!((first.bucket, second.bucket), (Bucket::new(10).unwrap(), Bucket::new(10).unwrap()));
    assert_ne!(first.member.account, second.member.account);
    assert_eq!((alone.bucket.number(), other.bucket.number()), (30, 40));

    let members = async |route: Route| {
        let found = household_accounts(&world.pool, route.bucket, route.member.account).await.unwrap();
        found.into_iter().map(|one| (one.bucket.number(), one.account)).collect::<Vec<_>>()
    };
    let mut both = vec![(10, first.member.account), (10, second.member.account)];
    both.sort();
    assert_eq!(members(first).await, both);
    assert_eq!(members(alone).await, [(30, alone.member.account)]);
    // Whoever joins later keeps the bucket: it never changes.
    let join = ProfileChange { household: Some("H-1".into()), ..ProfileChange::default() };
    let (bank, program) = (world.bank, world.program);
    change(&world.pool, async |change| change.change_profile(bank, program, "M-3", &join).await)
        .await
        .unwrap();
    both.push((30, alone.member.account));
    assert_eq!(members(second).await, both);
    let nobody = household_accounts(&world.pool, Bucket::new(1).unwrap(), first.member.account).await;
    assert_eq!(nobody.unwrap(), []);
}

#[tokio::test]
async fn members_of_a_household_that_are_enrolled_at_once_share_a_bucket() {
    let world = World::new().await;
    let new: Vec<NewMember> = (1..=6_u8)
        .map(|n| of_household(&world, token(u16::from(n) * 10, n), &format!("M-{n}"), "H"))
        .collect();
    let by = by();
    let done =
        futures_util::future::join_all(new.iter().map(|new| store::enroll(&world.pool, new, &by))).await;
    let buckets: Vec<Bucket> = done.into_iter().map(|done| done.unwrap().route.bucket).collect();
    assert!(buckets.iter().all(|bucket| *bucket == buckets[0]), "{buckets:?}");
    assert_eq!(world.rows("member_account").await, 6);
}

#[tokio::test]
async fn a_new_card_keeps_the_account_and_the_old_one_still_finds_it() {
    let world = World::new().await;
    let (old, new) = (token(10, 1), token(20, 2));
    let first = store::enroll(&world.pool, &world.new_member(old, "M-1"), &by()).await.unwrap().route;
    let (route, changed) = replace(&world, &replacement(&world, old, new)).await.unwrap();
    assert!(changed);
    assert_eq!((route.bucket, route.member), (first.bucket, first.member));
    assert_eq!(
        store::routes(&world.pool, &[old, new]).await.unwrap(),
        [Some(first), Some(route)],
        "the old card's route stays"
    );
    // A purchase of the new card, a late clearing of the old one, and its refund.
    let bought = world.message(Some(route), 1, CLEARING, 60_000);
    let late = world.message(Some(first), 2, CLEARING, 60_000);
    let refund = world.refund_of(&late, 3, 60_000);
    world.lane().await.run(&[bought, late, refund], &world.rules).await.unwrap();
    let sql = "SELECT posted FROM member_balance WHERE unit_kind = 1";
    assert_eq!(count(&world.admin, sql).await, 10);
    world.audit().await;

    // The same again changes nothing; another new card is refused.
    assert_eq!(replace(&world, &replacement(&world, old, new)).await.unwrap(), (route, false));
    refused(replace(&world, &replacement(&world, old, token(30, 3))).await, Refused::ReplacedByAnother);
    // Told once more as lost, the old card is blocked, once.
    let lost = Replacement { block_old: true, ..replacement(&world, old, new) };
    assert_eq!(replace(&world, &lost).await.unwrap(), (route, true));
    assert_eq!(replace(&world, &lost).await.unwrap(), (route, false));
    let blocked = "SELECT cardinality(blocked_cards)::bigint FROM member_account";
    assert_eq!(count(&world.admin, blocked).await, 1);
    // The new card may be replaced in its turn.
    assert!(replace(&world, &replacement(&world, new, token(40, 4))).await.unwrap().1);
    let view = member_view(&world.pool, world.bank, world.program, "M-1").await.unwrap().unwrap();
    let cards: Vec<_> =
        view.cards.iter().map(|card| (card.last4.as_str(), card.replaced_by_last4.as_deref())).collect();
    assert_eq!(cards, [("0042", Some("0077")), ("0077", Some("0077")), ("0077", None)]);
    let noted = changes(&world).await;
    assert_eq!(
        noted,
        ["enrolled a test", "card_replaced a test", "card_blocked a test", "card_replaced a test"]
    );
}

#[tokio::test]
async fn what_cannot_be_replaced_or_blocked_is_refused_and_changes_nothing() {
    let world = World::new().await;
    for (number, member) in [(1, "M-1"), (2, "M-2")] {
        let new = world.new_member(token(u16::from(number), number), member);
        store::enroll(&world.pool, &new, &by()).await.unwrap();
    }
    let rows = [world.dump("card").await, world.dump("card_route").await, world.dump("member_change").await];
    let (one, two, stranger) = (token(1, 1), token(2, 2), token(3, 3));
    refused(replace(&world, &replacement(&world, one, two)).await, Refused::CardOfAnotherAccount);
    refused(replace(&world, &replacement(&world, one, one)).await, Refused::CardOfAnotherAccount);
    refused(replace(&world, &replacement(&world, stranger, one)).await, Refused::NoCard);
    let other_bank = Replacement { bank: BankId(99), ..replacement(&world, one, stranger) };
    refused(replace(&world, &other_bank).await, Refused::NoCard);
    refused(block(&world, stranger, true).await, Refused::NoCard);
    let after = [world.dump("card").await, world.dump("card_route").await, world.dump("member_change").await];
    assert_eq!(rows, after);
}

async fn statuses(world: &World, route: Route, first_id: u32) -> [(ResultStatus, String); 2] {
    let batch = [
        world.message(Some(route), first_id, AUTHORIZATION, 60_000),
        world.message(Some(route), first_id + 1, CLEARING, 60_000),
    ];
    let outcome: BatchOutcome = world.lane().await.run(&batch, &world.rules).await.unwrap();
    let told = |index: usize| {
        let result = &outcome.outcomes[index].reply.result;
        (result.status, result.reason.clone())
    };
    [told(0), told(1)]
}

#[tokio::test]
async fn a_blocked_card_gets_nothing_for_authorizations_and_its_clearing_counts() {
    let world = World::new().await;
    let (lost, kept) = (token(10, 1), token(20, 2));
    let lost_route = store::enroll(&world.pool, &world.new_member(lost, "M-1"), &by()).await.unwrap().route;
    let kept_route = store::enroll(&world.pool, &world.new_member(kept, "M-1"), &by()).await.unwrap().route;
    assert!(block(&world, lost, true).await.unwrap().1);
    assert!(!block(&world, lost, true).await.unwrap().1, "it is blocked already");
    let [asked, cleared] = statuses(&world, lost_route, 1).await;
    assert_eq!(asked, (ResultStatus::None, "card_blocked".into()));
    assert_eq!(cleared.0, ResultStatus::Booked);
    assert_eq!(statuses(&world, kept_route, 3).await[0].0, ResultStatus::Provisional);
    // Found again.
    assert!(block(&world, lost, false).await.unwrap().1);
    assert_eq!(statuses(&world, lost_route, 5).await[0].0, ResultStatus::Provisional);
    // The replacement of a stolen card blocks it.
    let stolen = Replacement { block_old: true, ..replacement(&world, kept, token(30, 3)) };
    replace(&world, &stolen).await.unwrap();
    assert_eq!(statuses(&world, kept_route, 7).await[0].1, "card_blocked");
    let list = "SELECT cardinality(blocked_cards)::bigint FROM member_account";
    assert_eq!(count(&world.admin, list).await, 1);
    world.audit().await;
}

#[tokio::test]
async fn a_profile_changes_with_its_line_of_who_and_when() {
    let world = World::new().await;
    let given =
        |what: &str, version: &str| Consent { what: what.into(), version: version.into(), given_at: None };
    let profile =
        Profile { birthday: "02-29".into(), consents: vec![given("marketing", "1")], ..Profile::default() };
    let new = NewMember { profile, ..world.new_member(token(1, 1), "M-1") };
    let route = store::enroll(&world.pool, &new, &by()).await.unwrap().route;
    let (bank, program) = (world.bank, world.program);
    let to = async |number: &str, profile: ProfileChange| {
        change(&world.pool, async |change| change.change_profile(bank, program, number, &profile).await).await
    };
    let consents = |consents: Vec<ConsentChange>| ProfileChange { consents, ..ProfileChange::default() };
    to("M-1", ProfileChange { birthday: Some("1990-02-28".into()), ..ProfileChange::default() })
        .await
        .unwrap();
    to("M-1", consents(vec![ConsentChange::Withdrawn("marketing".into())])).await.unwrap();
    // Nothing is otherwise: no line.
    to("M-1", consents(vec![ConsentChange::Withdrawn("marketing".into())])).await.unwrap();
    to("M-1", ProfileChange { birthday: Some("1990-02-28".into()), ..ProfileChange::default() })
        .await
        .unwrap();
    to("M-1", consents(vec![ConsentChange::Given(given("marketing", "2"))])).await.unwrap();
    refused(to("M-9", ProfileChange::default()).await, Refused::NoMember);
    refused(to("", ProfileChange::default()).await, Refused::NoMember);
    let unknown = consents(vec![ConsentChange::Withdrawn("phone".into())]);
    refused(to("M-1", ProfileChange { household: Some("H".into()), ..unknown }).await, Refused::NoConsent);
    let noted = changes(&world).await;
    assert_eq!(noted, ["enrolled a test", "profile a test", "consent a test", "consent a test"]);
    let line = "SELECT before || ' -> ' || after FROM member_change WHERE what = 'profile'";
    let line: String = world.admin.query_one(line, &[]).await.unwrap().get(0);
    assert!(line.contains("\"birthday\":\"02-29\"") && line.contains("1990-02-28"), "{line}");

    let view = member_view(&world.pool, bank, program, "M-1").await.unwrap().unwrap();
    assert_eq!((view.birthday.as_str(), view.household.as_str()), ("1990-02-28", ""));
    assert_eq!((view.consents[0].version.as_str(), view.consents[0].withdrawn_at), ("2", None));
    assert_eq!(member_view(&world.pool, BankId(99), program, "M-1").await.unwrap(), None);

    let blocked = ProfileChange { blocked: Some(true), ..ProfileChange::default() };
    to("M-1", blocked).await.unwrap();
    assert_eq!(statuses(&world, route, 1).await[0].1, "account_blocked");
    let closed = Some(Some(date(2026, 10, 9)));
    to("M-1", ProfileChange { blocked: Some(false), closed_on: closed, ..ProfileChange::default() })
        .await
        .unwrap();
    for (_, reason) in statuses(&world, route, 3).await {
        assert_eq!(reason, "account_closed_before_the_purchase");
    }
}

#[tokio::test]
async fn whoever_changes_members_cannot_change_what_was_written_of_it() {
    let world = World::new().await;
    world.member(1, 1).await;
    for text in [
        "UPDATE member_change SET changed_by = 'x'",
        "DELETE FROM member_change",
        "TRUNCATE member_change",
        "DELETE FROM member_consent",
        "UPDATE card SET account_id = 1",
        "DELETE FROM api_request",
    ] {
        let as_gateway = format!("SET ROLE cobrand_gateway; {text}");
        let error = world.admin.batch_execute(&as_gateway).await.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("denied"), "{text}: {error}");
        world.admin.batch_execute("RESET ROLE").await.unwrap();
    }
}

#[tokio::test]
async fn the_console_reads_no_keys_and_nothing_that_was_said_of_members() {
    let world = World::new().await;
    for table in ["card_key", "member_consent", "member_change", "api_request"] {
        let as_console = format!("SET ROLE cobrand_console; SELECT FROM {table}");
        let error = world.admin.batch_execute(&as_console).await.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("denied"), "{table}: {error}");
        world.admin.batch_execute("RESET ROLE").await.unwrap();
    }
    world.admin.batch_execute("SET ROLE cobrand_console; SELECT FROM message").await.unwrap();
}

#[tokio::test]
async fn who_holds_an_account_for_long_keeps_nobody_waiting() {
    let mut world = World::new().await;
    store::enroll(&world.pool, &world.new_member(token(10, 1), "M-1"), &by()).await.unwrap();
    let held = world.admin.transaction().await.unwrap();
    held.execute("SELECT FROM member_account FOR UPDATE", &[]).await.unwrap();
    let (bank, program) = (world.bank, world.program);
    let blocked = change(&world.pool, async |change| {
        change.block_card(bank, program, &[token(10, 1)], true, "lost").await
    });
    match blocked.await {
        Err(ChangeError::Store(error)) => assert!(error.is_lock_timeout(), "{error}"),
        other => panic!("expected a lock timeout, found {other:?}"),
    }
    held.rollback().await.unwrap();
    block(&world, token(10, 1), true).await.unwrap();
}

#[tokio::test]
async fn a_request_is_carried_out_once_and_answered_alike() {
    let world = World::new().await;
    let ask = async |key: u8, mac: [u8; 32], answer: Option<&str>| {
        change(&world.pool, async |change| {
            let key = [key; 32];
            let known = change.take_request(world.bank, &key, &mac).await?;
            if let (KnownRequest::New, Some(answer)) = (&known, answer) {
                change.keep_answer(world.bank, &key, 201, answer).await?;
            }
            Ok(known)
        })
        .await
        .unwrap()
    };
    assert_eq!(ask(1, [1; 32], Some("made")).await, KnownRequest::New);
    let again = KnownRequest::Answered { status: 201, body: "made".into() };
    assert_eq!(ask(1, [1; 32], Some("other")).await, again);
    assert_eq!(ask(1, [2; 32], None).await, KnownRequest::OtherRequest);
    // What is rolled back was never taken.
    let mut client = world.pool.get().await.unwrap();
    let dropped = MemberChange::begin(&mut client, by()).await.unwrap();
    assert_eq!(dropped.take_request(world.bank, &[2; 32], &[1; 32]).await.unwrap(), KnownRequest::New);
    drop(dropped);
    drop(client);
    assert_eq!(ask(2, [2; 32], Some("made")).await, KnownRequest::New);
}

//! A household spends from all of its accounts over several lanes: broken off after every step, by several gateways at
//! once, and with accounts that change in between, a pool ends wholly one way or wholly the other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::Arc;

use cobrand::demo::{World, WorldOptions};
use domain::{Content, Currency, EventKind, Funder, MessageKey, MilesEvent, PoolState, ResultStatus};
use gateway::{Adjustment, Asker, Clock, Gateway, GatewayHandle, InternalEvent, MilesDone, Pooled, Spending};
use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};
use store::{By, HouseholdPool, MemberChange, PoolReturn, PoolTurn, ProfileChange, SpendingAccount};
use support_link::{card, enroll};

const RULES: &str = "\n[miles]\nexpiry = { after_months = 12 }\n\
                     [redemption]\nvalue = \"0.50\"\nmiles_min = 5\nreserve_minutes = 15\nhousehold = \"pooled\"\n";
const NOW: &str = "2026-10-24T09:00:00Z";
/// What each of the three has, the first to expire first: the middle one's lot is the oldest.
const MILES: [i64; 3] = [40, 30, 20];

struct Home {
    world: World,
    one: GatewayHandle,
    other: GatewayHandle,
}

impl Home {
    /// Three accounts that became a household later: each in the bucket of its card.
    async fn new() -> Self {
        let program = format!("{}{RULES}", include_str!("../../docs/samples/programs/boreal-gold.toml"));
        let options = WorldOptions { log_to_file: false, program: Some(program), ..WorldOptions::default() };
        let world = World::prepare(options).await.unwrap();
        enroll(&world, &[&card(1), &card(2), &card(3)]).await;
        let (one, other) = (listen(&world, NOW).await, listen(&world, NOW).await);
        let home = Self { world, one, other };
        let granted = [date(2026, 3, 1), date(2026, 1, 1), date(2026, 5, 1)];
        for (number, (miles, on)) in MILES.into_iter().zip(granted).enumerate() {
            let together = ProfileChange { household: Some("H-7".to_owned()), ..ProfileChange::default() };
            home.change(number, together).await;
            home.give(number, miles, on).await;
        }
        assert_eq!(home.balances().await, MILES);
        home
    }

    async fn change(&self, number: usize, change: ProfileChange) {
        let mut client = self.world.assembly.pool.get().await.unwrap();
        let by = By { who: "test".to_owned(), at: Timestamp::UNIX_EPOCH };
        let made = MemberChange::begin(&mut client, by).await.unwrap();
        let place = self.account(number).await.place;
        made.change_profile(place.bank, place.member.program, &format!("AB-{number:04}"), &change)
            .await
            .unwrap();
        made.commit().await.unwrap();
    }

    async fn account(&self, number: usize) -> SpendingAccount {
        let assembly = &self.world.assembly;
        let bank = assembly.link("northbank").unwrap().bank;
        let program = assembly.program("boreal-gold").unwrap().setup.id;
        let found = store::spending_account(&assembly.pool, bank, program, &format!("AB-{number:04}")).await;
        found.unwrap().unwrap()
    }

    async fn asker(&self, number: usize, id: &str) -> Asker {
        let at: Timestamp = NOW.parse().unwrap();
        let local = at.to_zoned(TimeZone::get("Europe/Moscow").unwrap()).datetime();
        let place = self.account(number).await.place;
        Asker { place, source: "api", id: id.to_owned(), at, local, currency: Currency(643) }
    }

    async fn give(&self, number: usize, miles: i64, on: Date) {
        let asker = Asker { local: on.at(12, 0, 0, 0), ..self.asker(number, &format!("give {on}")).await };
        let (reason, by) = ("a gift".to_owned(), "anna".to_owned());
        let given = Adjustment { miles, reason, funder: Funder::Bank, by };
        let decided = gateway::adjust(self.one.gateway(), &asker, &given).await;
        assert_eq!(decided.reply.unwrap().result.base_miles, miles);
    }

    /// Posted miles of each account.
    async fn balances(&self) -> [i64; 3] {
        let mut found = [0; 3];
        for (number, miles) in found.iter_mut().enumerate() {
            let place = self.account(number).await.place;
            *miles = store::miles_balance(&self.world.assembly.pool, &place).await.unwrap().posted;
        }
        found
    }

    /// The first member asks for so many miles; nothing is reserved yet.
    async fn begin(&self, id: &str, miles: u64) -> MessageKey {
        let asker = self.asker(0, id).await;
        let spending = Spending { miles, pays: None };
        let of = self.account(0).await;
        gateway::begin_pool(self.one.gateway(), &asker, &of, spending).await.unwrap().unwrap()
    }

    /// So many steps, then whoever took them is gone.
    async fn drive(&self, key: MessageKey, steps: u32) -> HouseholdPool {
        let place = self.account(0).await.place;
        gateway::drive_pool(self.one.gateway(), place, key, steps).await.unwrap().unwrap()
    }

    async fn turn(&self, key: MessageKey, turn: PoolTurn) {
        let seen = self.drive(key, 0).await;
        assert!(store::turn_pool(&self.world.assembly.pool, &seen, &turn).await.unwrap(), "{seen:?}");
    }

    /// The schedulers of both gateways look at once; nothing is left under way.
    async fn finish(&self, key: MessageKey) -> HouseholdPool {
        let (one, other) = tokio::join!(
            gateway::finish_pools(self.one.gateway()),
            gateway::finish_pools(self.other.gateway())
        );
        assert_eq!((one.unwrap().unanswered, other.unwrap().unanswered), (0, 0));
        let again = gateway::finish_pools(self.one.gateway()).await.unwrap();
        assert_eq!(again, MilesDone::default(), "nothing is left to do");
        self.drive(key, 0).await
    }

    async fn books_agree(&self) {
        let check = store::ledger_check(&self.world.assembly.pool).await.unwrap();
        let off = (check.balances_off, check.counters_off, check.lots_off, check.orphans);
        assert_eq!(off, (0, 0, 0, 0), "{check:?}");
    }

    async fn end(self) {
        self.books_agree().await;
        support_link::replays(&self.world).await;
        self.one.drain().await;
        self.other.drain().await;
        self.world.stop().await.unwrap();
    }
}

async fn listen(world: &World, now: &str) -> GatewayHandle {
    let mut gateway = world.assembly.gateway().await.unwrap();
    Arc::<Gateway>::get_mut(&mut gateway).unwrap().clock = Clock::starting_at(now.parse().unwrap());
    gateway.listen(([127, 0, 0, 1], 0).into(), world.assembly.tls().unwrap()).await.unwrap()
}

fn given_back(why: &str) -> PoolTurn {
    PoolTurn::Return(PoolReturn { by: "me".to_owned(), why: why.to_owned() })
}

/// More steps than any way of a pool of three has.
const STEPS: u32 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_after_any_step_a_pool_is_reserved_spent_and_given_back_as_a_whole() {
    let home = Home::new().await;
    for steps in 0..STEPS {
        let key = home.begin(&format!("pool {steps}"), 85).await;
        assert_eq!(home.balances().await, MILES, "what is written takes nothing");
        home.drive(key, steps).await;
        home.books_agree().await;
        assert_eq!(home.finish(key).await.state, PoolState::Reserved, "after {steps}");
        // 30 of the second, 40 of the first, 15 of the third: in the order of expiry.
        assert_eq!(home.balances().await, [0, 0, 5], "after {steps}");

        home.turn(key, PoolTurn::Confirm("me".to_owned())).await;
        home.drive(key, steps).await;
        assert_eq!(home.finish(key).await.state, PoolState::Confirmed, "after {steps}");
        assert_eq!(home.balances().await, [0, 0, 5], "after {steps}");

        home.turn(key, given_back("cancelled")).await;
        home.drive(key, steps).await;
        home.books_agree().await;
        assert_eq!(home.finish(key).await.state, PoolState::Returned, "after {steps}");
        assert_eq!(home.balances().await, MILES, "after {steps}");
    }
    let whole = home.drive(home.begin("whole", 85).await, STEPS).await;
    assert_eq!(whole.state, PoolState::Reserved, "as many steps are enough");
    home.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_cannot_be_had_gives_the_others_back_whenever_it_breaks_off() {
    let home = Home::new().await;
    // The one that is asked last, and the one that is asked first: then nobody has asked the others.
    for (steps, blocked) in (0..STEPS).flat_map(|steps| [(steps, 2), (steps, 1)]) {
        let key = home.begin(&format!("pool {steps} {blocked}"), 85).await;
        home.change(blocked, ProfileChange { blocked: Some(true), ..ProfileChange::default() }).await;
        let seen = home.drive(key, steps).await;
        home.books_agree().await;
        let ended = home.finish(key).await;
        assert_eq!((ended.state, ended.returned.why.as_str()), (PoolState::Returned, "account_blocked"));
        assert_eq!(home.balances().await, MILES, "after {steps}");
        home.change(blocked, ProfileChange { blocked: Some(false), ..ProfileChange::default() }).await;

        // Somebody slow, who still believes that it is being reserved, asks for all parts: they are repeats.
        for (place, part) in seen.parts.iter().enumerate() {
            let late = late(&seen, place);
            assert_eq!(late.key(), part.redemption);
            gateway::decide_events(home.other.gateway(), vec![late]).await;
        }
        assert_eq!(home.balances().await, MILES, "after {steps}");
    }
    home.end().await;
}

/// The event by which a part is reserved, written once more by hand.
fn late(pool: &HouseholdPool, place: usize) -> InternalEvent {
    let part = &pool.parts[place];
    let (miles, worth_minor) = (part.miles.unsigned_abs(), part.worth_minor.unsigned_abs());
    let member = domain::MemberRef { account: part.account.1, program: pool.place.member.program };
    InternalEvent {
        place: store::AccountPlace { bucket: part.account.0, bank: pool.place.bank, member },
        kind: EventKind::Miles(MilesEvent::ReserveShare { pool: pool.key, miles, worth_minor }),
        source: "household",
        name: "miles-pool-reserve",
        id: format!("{}|{place}", pool.key),
        key_at: pool.asked_at,
        local: pool.local,
        amount: (0, pool.currency),
        content: Content(vec![
            ("pool", pool.key.to_string()),
            ("miles", miles.to_string()),
            ("worth", worth_minor.to_string()),
        ]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_confirms_lapses_and_what_is_confirmed_does_not() {
    let home = Home::new().await;
    let (waits, spent) = (home.begin("waits", 35).await, home.begin("spent", 10).await);
    home.drive(waits, STEPS).await;
    assert_eq!(home.finish(waits).await.state, PoolState::Reserved, "it is early");
    // The second was chosen before the first took its miles: the lots that are left give it.
    let second = home.drive(spent, 0).await;
    assert_eq!((second.state, second.returned.why.as_str()), (PoolState::Returned, "not_enough_miles"));
    let spent = home.begin("spent later", 10).await;
    home.drive(spent, STEPS).await;
    let confirmed =
        gateway::confirm_pooled(home.one.gateway(), &home.asker(0, "yes").await, spent).await.unwrap();
    let Pooled::Done(confirmed) = confirmed else { panic!("{confirmed:?}") };
    assert_eq!(confirmed.state, PoolState::Confirmed);
    assert_eq!(home.balances().await, [25, 0, 20]);

    let late = listen(&home.world, "2026-10-24T09:20:00Z").await;
    let later = listen(&home.world, "2026-10-24T09:21:00Z").await;
    let (here, there) =
        tokio::join!(gateway::finish_pools(late.gateway()), gateway::finish_pools(later.gateway()));
    assert_eq!((here.unwrap().unanswered, there.unwrap().unanswered), (0, 0));
    let ended = home.drive(waits, 0).await;
    assert_eq!((ended.state, ended.returned.why.as_str()), (PoolState::Returned, "lapsed"));
    assert_eq!(home.balances().await, [30, 30, 20], "ten of them are spent");
    // No time of a part's own.
    assert_eq!(gateway::lapse_redemptions(later.gateway()).await.unwrap(), MilesDone::default());
    late.drain().await;
    later.drain().await;
    home.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_at_once_are_one_and_a_confirm_and_a_cancel_at_once_are_one_of_them() {
    let home = Home::new().await;
    let (one, other) = (home.one.gateway(), home.other.gateway());
    let (asker, of) = (home.asker(0, "twice").await, home.account(0).await);
    let spending = Spending { miles: 85, pays: None };
    let (left, right) = tokio::join!(
        gateway::reserve_pooled(one, &asker, &of, spending),
        gateway::reserve_pooled(other, &asker, &of, spending)
    );
    let (Pooled::Done(left), Pooled::Done(right)) = (left.unwrap(), right.unwrap()) else {
        panic!("both are told that it is reserved")
    };
    assert_eq!((left.key, left.state), (right.key, PoolState::Reserved));
    assert_eq!((left.worth_minor, home.balances().await), (4_250, [0, 0, 5]));
    let (asker, of) = (home.asker(1, "more").await, home.account(1).await);
    let too_many = gateway::reserve_pooled(one, &asker, &of, spending).await.unwrap();
    assert_eq!(too_many, Pooled::Refused("not_enough_miles".to_owned()));
    // Who has not asked for the pool ends nothing.
    let stranger = home.asker(1, "mine").await;
    let refused = gateway::cancel_pooled(one, &stranger, left.key).await.unwrap();
    assert_eq!(refused, Pooled::Refused("redemption_not_found".to_owned()));

    let (yes, no) = (home.asker(0, "yes").await, home.asker(0, "no").await);
    let (confirmed, cancelled) = tokio::join!(
        gateway::confirm_pooled(one, &yes, left.key),
        gateway::cancel_pooled(other, &no, left.key)
    );
    let (confirmed, cancelled) = (confirmed.unwrap(), cancelled.unwrap());
    let ended = home.finish(left.key).await;
    // What was confirmed may be cancelled afterwards, but what is given back is never confirmed.
    match (&confirmed, &cancelled, ended.state) {
        (_, Pooled::Done(_) | Pooled::Unanswered, PoolState::Returned) => {
            assert_eq!(home.balances().await, MILES);
        }
        (Pooled::Done(_) | Pooled::Unanswered, _, PoolState::Confirmed) => {
            assert_eq!(home.balances().await, [0, 0, 5]);
        }
        otherwise => panic!("{otherwise:?}"),
    }
    // The same requests again get what they are due.
    let again = gateway::confirm_pooled(other, &yes, left.key).await.unwrap();
    assert_eq!(matches!(again, Pooled::Done(_)), ended.confirmed_by.ends_with("|yes"), "{again:?}");
    home.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_closed_give_nothing_and_their_owner_does_not_ask() {
    let home = Home::new().await;
    let closed = |on| ProfileChange { closed_on: Some(Some(on)), ..ProfileChange::default() };
    home.change(1, closed(date(2026, 10, 23))).await;
    let (asker, of) = (home.asker(0, "a").await, home.account(0).await);
    let ask = |miles| Spending { miles, pays: None };
    let few = gateway::reserve_pooled(home.one.gateway(), &asker, &of, ask(61)).await.unwrap();
    assert_eq!(few, Pooled::Refused("not_enough_miles".to_owned()));
    let all = gateway::reserve_pooled(home.one.gateway(), &home.asker(0, "b").await, &of, ask(60)).await;
    assert!(matches!(all.unwrap(), Pooled::Done(_)));
    assert_eq!(home.balances().await, [0, 30, 0]);
    let (asker, of) = (home.asker(1, "c").await, home.account(1).await);
    let refused = gateway::reserve_pooled(home.one.gateway(), &asker, &of, ask(5)).await.unwrap();
    assert_eq!(refused, Pooled::Refused("account_closed_before_the_purchase".to_owned()));
    // What it gave before it was closed comes back to it all the same.
    let status = |decided: gateway::Decided| decided.reply.unwrap().result.status;
    let own = gateway::reserve(home.one.gateway(), &asker, ask(5)).await;
    assert_eq!(status(own), ResultStatus::None);
    home.end().await;
}

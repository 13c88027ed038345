//! Miles from the purchase to their end, over TLS and PostgreSQL: they vest, are spent, come back, go to another
//! member, are adjusted and expire, each once, whoever looks and however many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{io::Write, process::Stdio, sync::Arc};

use aws_lc_rs::{aead, hmac};
use bank_simulator::{Link, LinkOptions};
use cobrand::{
    assembly::Assembly,
    demo::{World, WorldOptions},
};
use domain::{Currency, Funder, MilesEvent, ResultStatus};
use gateway::{
    Adjustment, Asker, Clock, Decided, Gateway, GatewayHandle, InternalEvent, MilesDone, Sending, Spending,
};
use iso8583::Mti;
use jiff::{Timestamp, tz::TimeZone};
use store::AccountPlace;
use support_link::{PATIENCE, binary, card, cobrand, enroll, purchase, said};

async fn world() -> World {
    let program = concat!(
        include_str!("../../docs/samples/programs/boreal-gold.toml"),
        include_str!("../../docs/samples/miles.toml")
    );
    let options =
        WorldOptions { log_to_file: false, program: Some(program.to_owned()), ..WorldOptions::default() };
    World::prepare(options).await.unwrap()
}

async fn listen(assembly: &Assembly, now: &str) -> GatewayHandle {
    let mut gateway = assembly.gateway().await.unwrap();
    let now: Timestamp = now.parse().unwrap();
    Arc::<Gateway>::get_mut(&mut gateway).unwrap().clock = Clock::starting_at(now);
    gateway.listen(([127, 0, 0, 1], 0).into(), assembly.tls().unwrap()).await.unwrap()
}

/// 600.00 RUB each, 10 miles each, authorized and cleared on 10 October 2026.
async fn buy(world: &World, pan: &str, numbers: std::ops::RangeInclusive<u32>) {
    let gateway = listen(&world.assembly, "2026-10-10T09:00:00Z").await;
    let link =
        Link::connect(gateway.address(), &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    for number in numbers {
        assert!(link.ask(purchase(pan, number), PATIENCE).await.unwrap().is_taken());
        let clearing = purchase(pan, number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
        assert!(link.ask(clearing, PATIENCE).await.unwrap().is_taken());
    }
    drop(link);
    gateway.drain().await;
}

async fn place(world: &World, number: &str) -> AccountPlace {
    let assembly = &world.assembly;
    let program = assembly.program("boreal-gold").unwrap().setup.id;
    store::members_by_number(&assembly.pool, program, number).await.unwrap()[0]
}

/// A request of that member at the gateway's own time.
fn asker(gateway: &GatewayHandle, place: AccountPlace, id: &str) -> Asker {
    let at = gateway.gateway().clock.now();
    let local = at.to_zoned(TimeZone::get("Europe/Moscow").unwrap()).datetime();
    let at = Timestamp::from_second(1_791_622_800).unwrap();
    Asker { place, source: "member", id: id.to_owned(), at, local, currency: Currency(643) }
}

fn told(decided: &Decided) -> (ResultStatus, String, i64) {
    let result = &decided.reply.as_ref().expect("it is decided").result;
    (result.status, result.reason.clone(), result.base_miles)
}

/// Posted miles of a member.
async fn miles(world: &World, place: AccountPlace) -> i64 {
    let balances = store::balances(&world.assembly.pool).await.unwrap();
    let own = balances.iter().filter(|row| row.account == place.member.account && row.unit_kind == 1);
    own.map(|row| row.posted).sum()
}

async fn books_agree(world: &World) {
    support_link::replays(world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    let off = (check.balances_off, check.counters_off, check.lots_off, check.orphans);
    assert_eq!(off, (0, 0, 0, 0), "{check:?}");
}

fn spend(miles: u64) -> Spending {
    Spending { miles, pays: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn miles_are_spent_once_and_come_back_to_their_lots() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    buy(&world, &card(1), 1..=3).await;
    let member = place(&world, "AB-0000").await;
    assert_eq!(miles(&world, member).await, 30);

    let early = listen(&world.assembly, "2026-10-23T09:00:00Z").await;
    let refused = gateway::reserve(early.gateway(), &asker(&early, member, "early"), spend(5)).await;
    assert_eq!(told(&refused), (ResultStatus::None, "not_enough_miles".into(), 0), "they have not vested");

    let one = listen(&world.assembly, "2026-10-24T09:00:00Z").await;
    let other = listen(&world.assembly, "2026-10-24T09:00:00Z").await;
    let first = asker(&one, member, "first");
    let reserved = gateway::reserve(one.gateway(), &first, spend(12)).await;
    assert_eq!(told(&reserved), (ResultStatus::Booked, "miles_reserved".into(), -12));
    assert_eq!(gateway::reserve(other.gateway(), &first, spend(12)).await, reserved, "a repeat");
    assert_eq!(miles(&world, member).await, 18);

    // Two gateways, two requests, miles for one.
    let (left, right) = (asker(&one, member, "left"), asker(&other, member, "right"));
    let (left, right) = tokio::join!(
        gateway::reserve(one.gateway(), &left, spend(18)),
        gateway::reserve(other.gateway(), &right, spend(18))
    );
    let mut reasons = [told(&left).1, told(&right).1];
    reasons.sort();
    assert_eq!(reasons, ["miles_reserved", "not_enough_miles"]);
    assert_eq!(miles(&world, member).await, 0);

    let confirmed = gateway::confirm(one.gateway(), &asker(&one, member, "yes"), reserved.key).await;
    assert_eq!(told(&confirmed).1, "redemption_confirmed");
    let late = listen(&world.assembly, "2026-10-24T09:20:00Z").await;
    let later = listen(&world.assembly, "2026-10-24T09:21:00Z").await;
    assert_eq!(gateway::lapse_redemptions(one.gateway()).await.unwrap(), MilesDone::default(), "it is early");
    let (here, there) =
        tokio::join!(gateway::lapse_redemptions(late.gateway()), gateway::lapse_redemptions(later.gateway()));
    assert_eq!((here.unwrap().unanswered, there.unwrap().unanswered), (0, 0));
    assert_eq!(miles(&world, member).await, 18, "what was confirmed is spent, the other came back");
    assert_eq!(gateway::lapse_redemptions(late.gateway()).await.unwrap(), MilesDone::default());

    let cancelled = gateway::cancel(one.gateway(), &asker(&one, member, "no"), reserved.key).await;
    assert_eq!(told(&cancelled), (ResultStatus::Reversed, "redemption_cancelled".into(), 12));
    assert_eq!(miles(&world, member).await, 30);
    books_agree(&world).await;
    settlement_sees_what_was_granted(&world, 30).await;
}

/// The day is closed, and the co-brand partner is paid for what rules granted, whatever was spent of it.
async fn settlement_sees_what_was_granted(world: &World, miles: i64) {
    let (pool, config) = (&world.assembly.pool, &world.assembly.config);
    let program = world.assembly.program("boreal-gold").unwrap();
    let open = store::cycles(pool, program.setup.id).await.unwrap().remove(0);
    let out = &config.settlement.out;
    let closed = settlement::close_day(pool, &program.setup, open.business_date, out).await.unwrap();
    for file in &closed.files {
        settlement::verify_path(&file.path).unwrap();
    }
    let positions = store::positions_of(pool, open.id).await.unwrap();
    let cobrand = positions.iter().find(|row| row.partner == program.setup.cobrand_partner).unwrap();
    assert_eq!(
        (cobrand.miles, cobrand.lines),
        (miles, 3),
        "one line for each purchase, none for what followed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn miles_of_two_members_move_once_and_expire_with_their_age() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(2)]).await;
    buy(&world, &card(1), 1..=3).await;
    let (sender, receiver) = (place(&world, "AB-0000").await, place(&world, "AB-0001").await);
    let one = listen(&world.assembly, "2026-10-24T09:00:00Z").await;
    let other = listen(&world.assembly, "2026-10-24T09:00:00Z").await;

    let sending = Sending { miles: 12, to: receiver, by: None };
    let asks = asker(&one, sender, "gift");
    let sent = gateway::send(one.gateway(), &asks, sending).await;
    assert_eq!(told(&sent), (ResultStatus::Booked, "miles_sent".into(), -12));
    assert_eq!((miles(&world, sender).await, miles(&world, receiver).await), (18, 12));
    assert_eq!(gateway::send(other.gateway(), &asks, sending).await, sent, "a repeat");
    assert_eq!(gateway::deliver_miles(one.gateway()).await.unwrap(), MilesDone::default());

    // A sender that breaks off when the miles have left: two gateways bring them, once.
    let asked = MilesEvent::Send { miles: 5, to_bucket: receiver.bucket, to: receiver.member.account };
    let event = InternalEvent {
        place: sender,
        kind: domain::EventKind::Miles(asked),
        source: "member",
        name: "miles-send",
        id: "broken off".to_owned(),
        key_at: asks.at,
        local: asks.local,
        amount: (0, asks.currency),
        content: domain::Content::default(),
    };
    gateway::decide_events(one.gateway(), vec![event]).await;
    assert_eq!((miles(&world, sender).await, miles(&world, receiver).await), (13, 12));
    let (here, there) =
        tokio::join!(gateway::deliver_miles(one.gateway()), gateway::deliver_miles(other.gateway()));
    assert_eq!((here.unwrap().unanswered, there.unwrap().unanswered), (0, 0));
    assert_eq!((miles(&world, sender).await, miles(&world, receiver).await), (13, 17));

    let goodwill = Adjustment {
        miles: -3,
        reason: "granted twice by mistake".to_owned(),
        funder: Funder::Bank,
        by: "anna".to_owned(),
    };
    let adjusted = gateway::adjust(one.gateway(), &asker(&one, receiver, "a1"), &goodwill).await;
    assert_eq!(told(&adjusted), (ResultStatus::Reversed, "adjusted".into(), -3));

    // The last day counts in full, in Moscow.
    let before = listen(&world.assembly, "2027-10-31T20:59:00Z").await;
    assert_eq!(gateway::expire_miles(before.gateway()).await.unwrap(), MilesDone::default());
    let (day, same_day) = (
        listen(&world.assembly, "2027-10-31T21:00:01Z").await,
        listen(&world.assembly, "2027-11-01T09:00:00Z").await,
    );
    let (here, there) =
        tokio::join!(gateway::expire_miles(day.gateway()), gateway::expire_miles(same_day.gateway()));
    assert_eq!((here.unwrap().unanswered, there.unwrap().unanswered), (0, 0));
    assert_eq!((miles(&world, sender).await, miles(&world, receiver).await), (0, 0));
    assert_eq!(gateway::expire_miles(day.gateway()).await.unwrap(), MilesDone::default());
    books_agree(&world).await;
}

/// Gives a user a second factor whose secret is known here: sealed as the console does, by the demo's key.
async fn give_second_factor(world: &World, user: &str, secret: &[u8]) {
    let key = std::fs::read_to_string(world.dir.join("certs/second-factor.key")).unwrap();
    let key = aead::RandomizedNonceKey::new(&aead::AES_256_GCM, &hex::decode(key.trim()).unwrap()).unwrap();
    let mut sealed = secret.to_vec();
    let nonce = key.seal_in_place_append_tag(aead::Aad::from(user.as_bytes()), &mut sealed).unwrap();
    let sealed: Vec<u8> = nonce.as_ref().iter().copied().chain(sealed).collect();
    let pool = &world.assembly.pool;
    assert!(store::staff::begin_second_factor(pool, user, &sealed).await.unwrap());
    let now = Timestamp::now();
    assert!(store::staff::confirm_second_factor(pool, user, &sealed, 1, now).await.unwrap());
}

/// The code of this moment, by RFC 6238.
fn code(secret: &[u8]) -> String {
    let step = Timestamp::now().as_second() / 30;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 127, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_asks_for_the_code_of_whoever_has_a_second_factor() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let member = place(&world, "AB-0000").await;
    world.assembly.activate().await.unwrap();
    console::add_user(&world.assembly.pool, "anna", "correct horse battery staple").await.unwrap();
    let secret = [7; 20];
    give_second_factor(&world, "anna", &secret).await;
    // What is typed: the password, then the code, a line each; or the code comes from the environment.
    let adjust = |miles: &str, typed: &str, of_environment: Option<&str>| {
        let words =
            ["miles", "adjust", "--member", "AB-0000", "--miles", miles, "--funder", "bank", "--as", "anna"];
        let mut command = std::process::Command::new(binary());
        command
            .args(words)
            .args(["--reason", "a lost bag", "--config", "cobrand.toml"])
            .current_dir(&world.dir);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match of_environment {
            Some(code) => command.env("COBRAND_STAFF_CODE", code),
            None => command.env_remove("COBRAND_STAFF_CODE"),
        };
        let mut running = command.spawn().unwrap();
        running.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        running.wait_with_output().unwrap()
    };
    let password = "correct horse battery staple\n";
    for (typed, of_environment) in [
        (password.to_owned(), None),
        (format!("{password}000000\n"), None),
        (password.to_owned(), Some("000000")),
    ] {
        let refused = adjust("500", &typed, of_environment);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("anna has a second factor"), "{}", said(&refused));
    }
    assert_eq!(miles(&world, member).await, 0, "nothing was done");
    let now = code(&secret);
    let given = adjust("500", &format!("{password}{now}\n"), None);
    assert!(given.status.success(), "{}", said(&given));
    let again = adjust("501", password, Some(&now));
    assert_eq!(again.status.code(), Some(1), "a code counts once: {}", said(&again));
    assert_eq!(miles(&world, member).await, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_adjust_by_a_command_once_a_day() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let member = place(&world, "AB-0000").await;
    let adjust = |miles: &str, more: &[&str]| {
        let words = ["miles", "adjust", "--member", "AB-0000", "--miles", miles, "--funder", "bank"];
        let staff = ["--as", "anna", "--password-file", "anna.txt"];
        let words: Vec<&str> = words.iter().chain(&staff).chain(more).copied().collect();
        cobrand(&world.dir, &words)
    };
    world.assembly.activate().await.unwrap();
    std::fs::write(world.dir.join("anna.txt"), "correct horse battery staple").unwrap();
    let unknown = adjust("500", &["--reason", "a lost bag"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", said(&unknown));
    assert!(said(&unknown).contains("the name or the password is wrong"), "{}", said(&unknown));
    console::add_user(&world.assembly.pool, "anna", "correct horse battery staple").await.unwrap();
    let given = adjust("500", &["--reason", "a lost bag"]);
    assert!(given.status.success(), "{}", said(&given));
    assert!(adjust("500", &["--reason", "a lost bag"]).status.success(), "a repeat is told the same");
    assert_eq!(miles(&world, member).await, 500);
    assert!(adjust("500", &["--reason", "a lost bag", "--id", "second bag"]).status.success());
    assert_eq!(miles(&world, member).await, 1_000);
    // A retry after midnight names the day of the first try.
    for _ in 0..2 {
        let late = adjust("7", &["--reason", "late", "--on", "2026-10-11"]);
        assert!(late.status.success(), "{}", said(&late));
    }
    assert_eq!(miles(&world, member).await, 1_007);
    let future = adjust("7", &["--reason", "late", "--on", "2999-10-11"]);
    assert_eq!(future.status.code(), Some(2), "{}", said(&future));
    let refused = adjust("-1008", &["--reason", "too many"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("fewer miles may be spent"), "{}", said(&refused));
    let card_in_words = adjust("1", &["--reason", "for 4111 1111 1111 1111"]);
    assert_eq!(card_in_words.status.code(), Some(2), "{}", said(&card_in_words));
    assert!(!said(&card_in_words).contains("1111"), "{}", said(&card_in_words));
    assert_eq!(miles(&world, member).await, 1_007);
    let client = world.assembly.pool.get().await.unwrap();
    let kept = "SELECT count(*) FROM message WHERE mti = 'miles-adjust' AND content LIKE '%reason=a lost bag%' \
                AND content LIKE '%by=anna%'";
    assert_eq!(client.query_one(kept, &[]).await.unwrap().get::<_, i64>(0), 2);
    let journal = "SELECT string_agg(by || ' ' || (after->>'miles') || ' ' || note, '; ' ORDER BY entry_id) \
                   FROM audit_entry WHERE what = 'miles.adjust'";
    let told = client.query_one(journal, &[]).await.unwrap().get::<_, String>(0);
    assert_eq!(told, "anna 500 a lost bag; anna 500 a lost bag; anna 7 late", "what was booked, each once");
    let maps = client.query_one("SELECT count(*) FROM merchant_map_in_force", &[]).await.unwrap();
    assert_eq!(maps.get::<_, i64>(0), 0, "a command of staff puts no map into force");
    books_agree(&world).await;
}

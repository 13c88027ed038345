//! Totals with the bank: 0500 and 0520 are answered from the messages of the bank's own window, whatever our
//! settlement cycle does, and cut-over messages move that window.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{sync::Arc, time::Duration};

use bank_simulator::{BankWire, Link, LinkError, LinkOptions, Loyalty, Reply};
use cobrand::{
    assembly::Assembly,
    demo::{World, WorldOptions},
};
use gateway::{Gateway, GatewayHandle, NetworkCodes, Wire};
use iso8583::{Builder, Dialect, Mti, dialects};
use jiff::civil::date;
use store::{Withdrawal, WithdrawalRequest};
use support_link::{PATIENCE, card, cobrand, enroll, eventually, purchase, said};

async fn world() -> World {
    World::prepare(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap()
}

async fn listen(assembly: &Assembly, adjust: impl FnOnce(&mut Gateway)) -> GatewayHandle {
    let mut gateway = assembly.gateway().await.unwrap();
    adjust(Arc::get_mut(&mut gateway).unwrap());
    gateway.listen(([127, 0, 0, 1], 0).into(), assembly.tls().unwrap()).await.unwrap()
}

async fn connect(world: &World, gateway: &GatewayHandle) -> Link {
    let tls = world.bank_tls().unwrap();
    Link::connect(gateway.address(), &tls, LinkOptions::default()).await.unwrap()
}

/// A presentment of 600.00 RUB.
fn clearing(number: u32) -> Builder {
    purchase(&card(1), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00")
}

fn reversal(number: u32, of: u32) -> Builder {
    let named = format!("0220{of:06}1010090000{}", "0".repeat(22));
    purchase(&card(1), number).with_mti(Mti::new("0420")).set(90, named)
}

/// A reconciliation of the day 2026-10-10 with these totals; what is not named is zero.
fn totals(number: u32, stated: &[(u8, &str)]) -> Builder {
    let mut message = Builder::new(Mti::new("0500"))
        .set(7, "1010200000")
        .set(11, format!("{number:06}"))
        .set(15, "1010")
        .set(32, "400001")
        .set(50, "643")
        .set(99, "400001");
    for de in 74..=89 {
        let digits = [10, 12, 16][usize::from(de > 81) + usize::from(de > 85)];
        message = message.set(de, "0".repeat(digits));
    }
    message = message.set(97, format!("C{}", "0".repeat(16)));
    stated.iter().fold(message, |message, (de, value)| message.set(*de, *value))
}

fn network(number: u32, code: &str) -> Builder {
    Builder::new(Mti::new("0800")).set(7, "1010090500").set(11, format!("{number:06}")).set(70, code)
}

async fn ask(link: &Link, message: Builder) -> Reply {
    link.ask(message, PATIENCE).await.unwrap()
}

async fn take(link: &Link, message: Builder) {
    let reply = ask(link, message).await;
    assert!(reply.is_taken(), "{reply:?}");
}

/// DE39, DE66, the reason and the element of DE48.
fn verdict(reply: &Reply) -> (String, String, String, String) {
    let loyalty = reply.loyalty.clone().unwrap();
    assert_eq!(loyalty.status, "none");
    let at = loyalty.other.iter().find(|(tag, _)| tag == "ER").map(|(_, at)| at.clone());
    let balance = reply.field(66).unwrap_or_default().to_owned();
    (reply.code.clone(), balance, loyalty.reason, at.unwrap_or_default())
}

fn told(code: &str, balance: &str, reason: &str, at: &str) -> (String, String, String, String) {
    (code.to_owned(), balance.to_owned(), reason.to_owned(), at.to_owned())
}

fn all(reply: &Reply) -> Vec<Option<String>> {
    (2..=128).map(|de| reply.field(de).map(str::to_owned)).collect()
}

const RIGHT: [(u8, &str); 9] = [
    (74, "0000000001"),
    (76, "0000000003"),
    (77, "0000000001"),
    (81, "0000000001"),
    (86, "0000000000010000"),
    (88, "0000000000180000"),
    (89, "0000000000025000"),
    (97, "D0000000000145000"),
    (50, "643"),
];

/// What counts in the window of 2026-10-10 in roubles as [`RIGHT`] says, and much that does not.
async fn a_day(link: &Link) {
    take(link, clearing(1)).await;
    take(link, clearing(2).set(15, "1010")).await;
    take(link, clearing(3)).await;
    take(link, clearing(4).set(3, "200000").set(4, "000000010000")).await;
    let remains = format!("{:012}{}", 35_000, "0".repeat(30));
    take(link, reversal(5, 1).set(95, remains)).await;
    take(link, purchase(&card(1), 6)).await;
    // Another window, another currency.
    take(link, clearing(7).set(15, "1011")).await;
    take(link, clearing(8).set(15, "1009")).await;
    take(link, clearing(9).set(49, "840").set(4, "000000000700")).await;
    // A repeat, an altered repeat, a refusal, a decline, the reversal of an authorization.
    take(link, clearing(1).with_mti(Mti::new("0221"))).await;
    assert_eq!(ask(link, clearing(1).with_mti(Mti::new("0221")).set(4, "000000000001")).await.code, "94");
    assert_eq!(ask(link, clearing(10).set(2, "6000000000000007")).await.code, "57");
    take(link, clearing(11).set(39, "05")).await;
    let named = format!("01000000061010090000{}", "0".repeat(22));
    take(link, reversal(12, 6).set(90, named)).await;
}

async fn cut_the_cycle(world: &World) {
    let (pool, program) = (&world.assembly.pool, world.assembly.program("boreal-gold").unwrap().setup.id);
    let open = *store::cycles(pool, program).await.unwrap().last().unwrap();
    let next = store::prepare_next(pool, &open, open.business_date.tomorrow().unwrap()).await.unwrap();
    assert!(store::cut(pool, &open, &next).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_balance_with_the_bank_s_window_and_a_difference_is_named() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |_| {}).await;
    let link = connect(&world, &gateway).await;
    assert_eq!(verdict(&ask(&link, totals(1, &RIGHT)).await), told("91", "", "not_signed_on", ""));
    link.sign_on().await.unwrap();
    a_day(&link).await;

    let reply = ask(&link, totals(1, &RIGHT)).await;
    assert_eq!(verdict(&reply), told("00", "1", "in_balance", ""));
    assert_eq!(reply.mti, Mti::new("0510"));
    let sent = totals(1, &RIGHT);
    for de in [7, 11, 15, 32, 50, 99].into_iter().chain(74..=89).chain([97]) {
        assert_eq!(reply.field(de), sent.get(de), "DE{de}");
    }

    // One amount off: it is named, and ours are told.
    let wrong = |number| totals(number, &RIGHT).set(88, "0000000000180001").set(97, "D0000000000145001");
    let reply = ask(&link, wrong(2)).await;
    assert_eq!(verdict(&reply), told("00", "2", "out_of_balance", "DE88"));
    let ours = (reply.field(88), reply.field(97));
    assert_eq!(ours, (Some("0000000000180000"), Some("D0000000000145000")));

    // Our own cycle has no part in it.
    cut_the_cycle(&world).await;
    take(&link, clearing(20).set(15, "1011")).await;
    assert_eq!(verdict(&ask(&link, totals(3, &RIGHT)).await), told("00", "1", "in_balance", ""));

    // An advice, and another currency.
    let dollars = [(50, "840"), (76, "0000000001"), (88, "0000000000000700"), (97, "D0000000000000700")];
    let advice = totals(4, &dollars).with_mti(Mti::new("0520"));
    let reply = ask(&link, advice.clone()).await;
    assert_eq!((reply.mti, verdict(&reply)), (Mti::new("0530"), told("00", "1", "in_balance", "")));
    let again = ask(&link, advice.with_mti(Mti::new("0521"))).await;
    assert_eq!((again.mti, all(&again)), (reply.mti, all(&reply)));
    let reply = ask(&link, totals(5, &RIGHT).remove(50)).await;
    assert_eq!(verdict(&reply), told("00", "9", "several_currencies", ""));
    assert_eq!((reply.field(88), reply.field(50)), (None, None));
    // A window of one currency needs no DE50, and an empty one is in balance with nothing.
    let yesterday = [(76, "0000000001"), (88, "0000000000060000"), (97, "D0000000000060000"), (15, "1009")];
    let reply = ask(&link, totals(6, &yesterday).remove(50)).await;
    assert_eq!(verdict(&reply), told("00", "1", "in_balance", ""));
    assert_eq!(reply.field(50), Some("643"));
    // Without DE15 it is the window that the clock has closed.
    let reply = ask(&link, totals(7, &yesterday).remove(15)).await;
    assert_eq!((verdict(&reply), reply.field(15)), (told("00", "1", "in_balance", ""), Some("1009")));
    let reply = ask(&link, totals(8, &[(15, "1008")]).remove(50)).await;
    assert_eq!(verdict(&reply), told("00", "1", "in_balance", ""));
    let bare =
        Builder::new(Mti::new("0500")).set(7, "1010200000").set(11, "000009").set(15, "1010").set(50, "643");
    let reply = ask(&link, bare).await;
    assert_eq!(verdict(&reply), told("00", "9", "no_totals_stated", ""));
    assert_eq!(reply.field(88), Some("0000000000180000"));
    // A reversal that lacks its amount.
    take(&link, reversal(30, 2).remove(4).set(15, "1008")).await;
    let reply = ask(&link, totals(10, &[(15, "1008")])).await;
    assert_eq!(verdict(&reply), told("00", "9", "reversal_incomplete", ""));

    for (message, code, reason, at) in [
        (totals(11, &RIGHT).remove(7), "30", "field_missing", "DE7"),
        (totals(11, &RIGHT).set(15, "1340"), "30", "field_malformed", "DE15"),
        (totals(11, &RIGHT).set(50, "000"), "12", "unknown_currency", "DE50"),
        (totals(11, &RIGHT).with_mti(Mti::new("0502")), "12", "message_type_not_served", ""),
    ] {
        let refused = match link.ask(message.clone(), PATIENCE).await {
            Ok(reply) => reply,
            // The simulator finds no reply without DE7.
            Err(LinkError::WithoutKey) => continue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(verdict(&refused), told(code, "", reason, at));
    }
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_and_one_that_differs_is_named() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |_| {}).await;
    let link = connect(&world, &gateway).await;
    link.sign_on().await.unwrap();
    a_day(&link).await;
    let first = ask(&link, totals(1, &RIGHT)).await;
    assert_eq!(verdict(&first), told("00", "1", "in_balance", ""));
    // What comes later changes the next answer, not the one that was given.
    take(&link, clearing(21).set(15, "1010")).await;
    let other = connect(&world, &gateway).await;
    other.sign_on().await.unwrap();
    for (link, mti) in [(&link, "0501"), (&other, "0501"), (&other, "0500")] {
        let again = ask(link, totals(1, &RIGHT).with_mti(Mti::new(mti))).await;
        assert_eq!((again.mti, all(&again)), (first.mti, all(&first)));
    }
    let reply = ask(&link, totals(2, &RIGHT)).await;
    assert_eq!(verdict(&reply), told("00", "2", "out_of_balance", "DE76"));
    let altered = totals(1, &RIGHT).with_mti(Mti::new("0501")).set(88, "0000000000000001");
    assert_eq!(verdict(&ask(&link, altered).await), told("94", "", "altered_repeat:DE88", ""));

    // Several at once under one key are one.
    let asked = (0..4).map(|_| ask(&other, totals(3, &RIGHT)));
    let replies = futures_util::future::join_all(asked).await;
    assert!(replies.iter().all(|reply| all(reply) == all(&replies[0])));
    let admin = store::connect(&world.assembly.database).await.unwrap();
    let text = "SELECT stan, balance, differs_at, stated, counted FROM bank_totals ORDER BY stan";
    let kept: Vec<(String, i16, String, String, String)> = admin
        .query(text, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
        .collect();
    let shown: Vec<_> = kept.iter().map(|kept| (kept.0.as_str(), kept.1, kept.2.as_str())).collect();
    assert_eq!(shown, [("000001", 1, ""), ("000002", 2, "DE76"), ("000003", 2, "DE76")]);
    assert_eq!(kept[0].3, kept[0].4);
    assert!(kept[1].3.contains("DE76=0000000003|") && kept[1].4.contains("DE76=0000000004|"), "{kept:?}");
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_over_message_moves_the_window() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |_| {}).await;
    // Another process over the same database.
    let second = Assembly::load(world.assembly.config.clone(), world.assembly.clock).await.unwrap();
    let elsewhere = listen(&second, |_| {}).await;
    let link = connect(&world, &gateway).await;
    assert_eq!(verdict(&ask(&link, network(1, "201")).await), told("91", "", "not_signed_on", ""));
    link.sign_on().await.unwrap();
    take(&link, clearing(1)).await;
    let cut = ask(&link, network(1, "201")).await;
    assert_eq!((cut.code.as_str(), cut.field(15), cut.field(70)), ("00", Some("1011"), Some("201")));
    // A repeat opens nothing more, nor does another message for the same cut-over.
    for again in
        [network(1, "201").with_mti(Mti::new("0801")), network(2, "201"), network(3, "201").set(15, "1011")]
    {
        let reply = ask(&link, again).await;
        assert_eq!((reply.code.as_str(), reply.field(15)), ("00", Some("1011")));
    }
    take(&link, clearing(2)).await;
    take(&link, clearing(3)).await;
    // Of the date that has ended, but late.
    take(&link, clearing(4).set(15, "1010")).await;

    let two = [(76, "0000000002"), (88, "0000000000120000"), (97, "D0000000000120000")];
    let reply = ask(&link, totals(1, &two).remove(15)).await;
    assert_eq!((verdict(&reply), reply.field(15)), (told("00", "1", "in_balance", ""), Some("1010")));
    let reply = ask(&link, totals(2, &two).set(15, "1011")).await;
    assert_eq!(verdict(&reply), told("00", "1", "in_balance", ""));

    // The date that begins may be named, and then is not the next one.
    assert_eq!(
        verdict(&ask(&link, network(4, "201").set(15, "1010")).await),
        told("12", "", "bank_date_is_closed", "DE15")
    );
    assert_eq!(
        verdict(&ask(&link, network(5, "201").set(15, "1225")).await),
        told("30", "", "field_malformed", "DE15")
    );
    let cut = ask(&link, network(6, "201").set(15, "1014")).await;
    assert_eq!((cut.code.as_str(), cut.field(15)), ("00", Some("1014")));
    let late = ask(&link, network(3, "201").with_mti(Mti::new("0801")).set(15, "1011")).await;
    assert_eq!((late.code.as_str(), late.field(15)), ("00", Some("1014")));
    let reply = ask(&link, totals(3, &two).remove(15)).await;
    assert_eq!((verdict(&reply), reply.field(15)), (told("00", "1", "in_balance", ""), Some("1011")));

    // The other process learns of it, and one that starts knows it.
    let of_northbank = |assembly: &Assembly| Arc::clone(assembly.link("northbank").unwrap());
    let there = of_northbank(&second);
    let now = world.assembly.clock.now();
    eventually("the other gateway knows", async || there.bank_date(None, now) == date(2026, 10, 14)).await;
    let third = Assembly::load(world.assembly.config.clone(), world.assembly.clock).await.unwrap();
    assert_eq!(of_northbank(&third).bank_date(None, now), date(2026, 10, 10));
    gateway::read_cut_overs(&third.pool, &third.links).await.unwrap();
    assert_eq!(of_northbank(&third).bank_date(None, now), date(2026, 10, 14));
    assert_eq!(third.link("southbank").unwrap().bank_date(None, now), date(2026, 10, 10));
    elsewhere.drain().await;
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_network_has_its_codes_and_no_key_is_changed_by_message() {
    let world = world().await;
    let gateway = listen(&world.assembly, |gateway| {
        let link = gateway.links.iter_mut().find(|link| link.code == "northbank").unwrap();
        let mut own = (**link).clone();
        own.network_codes.sign_on = ["777".to_owned()].into();
        own.network_codes.cut_over = ["202".to_owned()].into();
        *link = Arc::new(own);
    })
    .await;
    let link = connect(&world, &gateway).await;
    assert_eq!(ask(&link, network(1, "001")).await.code, "12");
    take(&link, network(2, "777")).await;
    assert_eq!(ask(&link, network(3, "201")).await.code, "12");
    let cut = ask(&link, network(4, "202")).await;
    assert_eq!((cut.code.as_str(), cut.field(15)), ("00", Some("1011")));
    take(&link, network(5, "301")).await;
    for (number, code) in [(6, "101"), (7, "161"), (8, "162")] {
        let refused = ask(&link, network(number, code)).await;
        assert_eq!(verdict(&refused), told("12", "", "key_exchange_needs_hsm", ""));
        assert_eq!(refused.field(70), Some(code));
    }
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_that_come_too_late_disturb_nobody_and_answer_the_repeat() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |gateway| {
        gateway.limits.totals_max = Duration::from_millis(200);
    })
    .await;
    let link = connect(&world, &gateway).await;
    link.sign_on().await.unwrap();
    take(&link, clearing(1)).await;
    let right = [(76, "0000000001"), (88, "0000000000060000"), (97, "D0000000000060000")];
    let mut other = store::connect(&world.assembly.database).await.unwrap();
    let lock = other.transaction().await.unwrap();
    lock.execute("LOCK TABLE bank_totals IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    // A request hears of it, an advice does not; what is beyond the bound is refused at once.
    assert_eq!(verdict(&ask(&link, totals(1, &right)).await), told("96", "", "not_in_time", ""));
    let advice = totals(2, &right).with_mti(Mti::new("0520"));
    let silence = link.ask(advice.clone(), Duration::from_secs(1)).await;
    assert!(matches!(silence, Err(LinkError::NoReply { .. })), "{silence:?}");
    for number in 3..=4 {
        assert_eq!(verdict(&ask(&link, totals(number, &right)).await), told("96", "", "not_in_time", ""));
    }
    let refused = ask(&link, totals(5, &right)).await;
    assert_eq!(verdict(&refused), told("96", "", "too_many_totals_at_once", ""));
    take(&link, clearing(2).set(15, "1011")).await;
    lock.rollback().await.unwrap();
    let admin = store::connect(&world.assembly.database).await.unwrap();
    let kept = async || {
        admin.query_one("SELECT count(*) FROM bank_totals", &[]).await.unwrap().get::<_, i64>(0) == 4
    };
    eventually("what was asked is counted", kept).await;
    let repeat = ask(&link, advice.with_mti(Mti::new("0521"))).await;
    assert_eq!(verdict(&repeat), told("00", "1", "in_balance", ""));
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_withdraws_a_cut_over_that_was_a_mistake() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |_| {}).await;
    let link = connect(&world, &gateway).await;
    link.sign_on().await.unwrap();
    let withdraw = |options: &[&str]| {
        let fixed =
            ["link", "withdraw-cut-over", "--config", "cobrand.toml", "--bank", "northbank", "--by", "ann"];
        let arguments = [&fixed[..], options].concat();
        let output = tokio::task::block_in_place(|| cobrand(&world.dir, &arguments));
        (output.status.code(), said(&output))
    };
    let (status, told) = withdraw(&["--date", "2026-10-11"]);
    assert!(status == Some(1) && told.contains("there is none to withdraw"), "{told}");

    take(&link, network(1, "201").set(15, "1011")).await;
    take(&link, network(2, "201").set(15, "1021")).await;
    take(&link, clearing(1)).await;
    let (status, told) = withdraw(&["--date", "2026-10-11"]);
    assert!(status == Some(1) && told.contains("the latest opened 2026-10-21"), "{told}");
    let (status, told) = withdraw(&["--date", "2026-10-21"]);
    assert!(status == Some(1) && told.contains("1 messages and 0 totals of that date have come"), "{told}");
    assert_eq!(ask(&link, network(3, "201").set(15, "1012")).await.code, "12");

    let (status, told) = withdraw(&["--date", "2026-10-21", "--accept-used"]);
    assert!(status == Some(0) && told.contains("1 messages and 0 totals that came meanwhile stay"), "{told}");
    let link_here = gateway.gateway().links.iter().find(|link| link.code == "northbank").unwrap();
    let now = world.assembly.clock.now();
    let open = async || link_here.bank_date(None, now) == date(2026, 10, 11);
    eventually("the gateway knows that it was withdrawn", open).await;
    // As if it had not come: the right one opens its date, and what was stored stays where it is.
    take(&link, clearing(2)).await;
    let cut = ask(&link, network(4, "201").set(15, "1012")).await;
    assert_eq!((cut.code.as_str(), cut.field(15)), ("00", Some("1012")));
    let one = [(76, "0000000001"), (88, "0000000000060000"), (97, "D0000000000060000")];
    for (number, day) in [(1, "1011"), (2, "1021")] {
        let reply = ask(&link, totals(number, &one).set(15, day)).await;
        assert_eq!(verdict(&reply), told_in_balance(), "{day}");
    }
    let admin = store::connect(&world.assembly.database).await.unwrap();
    let kept = "SELECT bank_date::text || ' ' || withdrawn_by || ' ' || messages FROM bank_window_withdrawal";
    assert_eq!(admin.query_one(kept, &[]).await.unwrap().get::<_, String>(0), "2026-10-21 ann 1");
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_judges_a_cut_over_and_not_what_was_known() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen(&world.assembly, |_| {}).await;
    let link = connect(&world, &gateway).await;
    link.sign_on().await.unwrap();
    let bank = world.assembly.link("northbank").unwrap().bank;
    let withdraw = async |day: i8| {
        let request = WithdrawalRequest {
            bank,
            bank_date: date(2026, 10, day),
            accept_used: false,
            by: "ann",
            at: world.assembly.clock.now(),
        };
        let told = store::withdraw_cut_over(&world.assembly.pool, &request).await.unwrap();
        assert!(matches!(told, Withdrawal::Done { messages: 0, totals: 0, .. }), "{told:?}");
    };
    let open = async || {
        let stored = store::last_cut_overs(&world.assembly.pool).await.unwrap();
        stored.iter().map(|cut| cut.bank_date.day()).collect::<Vec<_>>()
    };
    // Withdrawn and sent again at once, before the gateway looks by itself; then an earlier one in its place.
    for (number, day, then) in [(1, 21, "1021"), (3, 21, "1012")] {
        let cut = ask(&link, network(number, "201").set(15, "1021")).await;
        assert_eq!((cut.code.as_str(), open().await), ("00", vec![day]));
        withdraw(day).await;
        assert_eq!(open().await, Vec::<i8>::new());
        let again = ask(&link, network(number + 1, "201").set(15, then)).await;
        assert_eq!((again.code.as_str(), again.field(15)), ("00", Some(then)));
        assert_eq!(open().await, [then[2..].parse::<i8>().unwrap()]);
        withdraw(then[2..].parse().unwrap()).await;
    }
    // Nor is one answered that memory knows and nobody can look up.
    take(&link, network(5, "201").set(15, "1012")).await;
    let mut other = store::connect(&world.assembly.database).await.unwrap();
    let lock = other.transaction().await.unwrap();
    lock.execute("LOCK TABLE bank_window IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
    let again = ask(&link, network(6, "201").set(15, "1012")).await;
    assert_eq!(verdict(&again), told("91", "", "unavailable", ""));
    lock.rollback().await.unwrap();
    gateway.drain().await;
    world.stop().await.unwrap();
}

fn told_in_balance() -> (String, String, String, String) {
    told("00", "1", "in_balance", "")
}

fn iso93() -> &'static Dialect {
    dialects::named("iso93-ascii").unwrap()
}

/// The gateway of a bank whose link speaks 1993.
async fn listen_1993(assembly: &Assembly) -> GatewayHandle {
    listen(assembly, |gateway| {
        let link = gateway.links.iter_mut().find(|link| link.code == "northbank").unwrap();
        let mut own = (**link).clone();
        own.wire = Wire::new("binary-2".parse().unwrap(), None, iso93(), None).unwrap();
        own.network_codes = NetworkCodes::usual(iso93().version());
        *link = Arc::new(own);
    })
    .await
}

/// A bank that writes what it says in the terms of 1987 as 1993 has it.
async fn connect_1993(world: &World, gateway: &GatewayHandle) -> Link {
    let wire = BankWire::new("binary-2".parse().unwrap(), iso93().clone(), None).near(date(2026, 10, 10));
    let options = LinkOptions { wire, ..LinkOptions::default() };
    Link::connect(gateway.address(), &world.bank_tls().unwrap(), options).await.unwrap()
}

/// [`totals`] as 1993 has it, with [`RIGHT`] and the reversed authorization of [`a_day`].
fn totals_1993(number: u32, stated: &[(u8, &str)]) -> Builder {
    let mut message = Builder::new(Mti::new("1520"))
        .set(11, format!("{number:06}"))
        .set(12, "261010200000")
        .set(24, "500")
        .set(28, "261010")
        .set(99, "400001")
        .set(90, "0000000001");
    for de in (74..=89).chain(105..=108) {
        let zeros = if matches!(de, 86..=89 | 105 | 106) { 16 } else { 10 };
        message = message.set(de, "0".repeat(zeros));
    }
    RIGHT.iter().chain(stated).fold(message, |message, (de, value)| message.set(*de, *value))
}

/// Exactly as it is on the wire.
async fn ask_1993(link: &Link, message: &Builder) -> Builder {
    link.send_raw(&message.encode(iso93()).unwrap()).await.unwrap();
    let bytes = link.next_raw(PATIENCE).await.unwrap();
    Builder::from_message(&iso93().decode(&bytes).unwrap())
}

/// DE39, the reason and the element of DE48.
fn verdict_1993(reply: &Builder) -> (String, String, String) {
    let loyalty = Loyalty::parse(reply.get(48).unwrap()).unwrap();
    let at = loyalty.other.iter().find(|(tag, _)| tag == "ER").map(|(_, at)| at.clone());
    (reply.get(39).unwrap().to_owned(), loyalty.reason, at.unwrap_or_default())
}

fn told_1993(code: &str, reason: &str, at: &str) -> (String, String, String) {
    (code.to_owned(), reason.to_owned(), at.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_of_1993_balance_by_action_code() {
    let world = world().await;
    enroll(&world, &[&card(1)]).await;
    let gateway = listen_1993(&world.assembly).await;
    let link = connect_1993(&world, &gateway).await;
    let refused = ask_1993(&link, &totals_1993(1, &[])).await;
    assert_eq!(verdict_1993(&refused), told_1993("907", "not_signed_on", ""));
    link.sign_on().await.unwrap();
    a_day(&link).await;

    // A part of it, but not which: nothing is taken back, neither in the books nor in the totals.
    for originals in [None, Some("0".repeat(24))] {
        let part = Builder::new(Mti::new("1420"))
            .set(2, card(1))
            .set(3, "000000")
            .set(4, "000000020000")
            .set(7, "1010090000")
            .set(11, "000077")
            .set(12, "261010120000")
            .set(24, "401")
            .set(32, "400001")
            .set(49, "643")
            .set(56, "122000000226101012000006400001");
        let part = originals.into_iter().fold(part, |part, originals| part.set(30, originals));
        assert_eq!(verdict_1993(&ask_1993(&link, &part).await), told_1993("904", "field_missing", "DE30"));
    }
    let sent = totals_1993(1, &[]);
    let reply = ask_1993(&link, &sent).await;
    assert_eq!((reply.mti(), verdict_1993(&reply)), (Mti::new("1530"), told_1993("500", "in_balance", "")));
    for de in [11, 12, 28, 50, 97, 99].into_iter().chain(74..=90).chain(105..=108) {
        assert_eq!(reply.get(de), sent.get(de), "DE{de}");
    }
    assert_eq!((reply.get(15), reply.get(66)), (None, None));
    // The first answer comes again, whatever has come since; one that differs is named.
    take(&link, clearing(21).set(15, "1010")).await;
    let again = ask_1993(&link, &sent.clone().with_mti(Mti::new("1521"))).await;
    assert_eq!((again.mti(), again.encode(iso93())), (reply.mti(), reply.encode(iso93())));
    let altered = sent.clone().with_mti(Mti::new("1521")).set(90, "0000000002");
    assert_eq!(verdict_1993(&ask_1993(&link, &altered).await), told_1993("913", "altered_repeat:DE90", ""));
    let reply = ask_1993(&link, &totals_1993(2, &[])).await;
    assert_eq!(verdict_1993(&reply), told_1993("501", "out_of_balance", "DE76"));
    assert_eq!(reply.get(76), Some("0000000004"));

    // A window that nothing more comes into.
    let yesterday = [
        (28, "261009"),
        (74, "0000000000"),
        (76, "0000000001"),
        (77, "0000000000"),
        (81, "0000000000"),
        (86, "0000000000000000"),
        (88, "0000000000060000"),
        (89, "0000000000000000"),
        (90, "0000000000"),
        (97, "D0000000000060000"),
    ];
    let of_yesterday = |number| totals_1993(number, &yesterday);
    for (message, code, reason, at) in [
        (of_yesterday(3), "500", "in_balance", ""),
        (of_yesterday(4).with_mti(Mti::new("1500")), "500", "in_balance", ""),
        (of_yesterday(5).set(7, "1010200000").remove(12), "500", "in_balance", ""),
        (of_yesterday(6).remove(28).set(15, "261009"), "500", "in_balance", ""),
        (of_yesterday(7).remove(28), "500", "in_balance", ""),
        (of_yesterday(8).set(90, "0000000001"), "501", "out_of_balance", "DE90"),
        (of_yesterday(9).set(82, "0000000001"), "501", "out_of_balance", "DE82"),
        (of_yesterday(10).set(105, "0000000000000001"), "501", "out_of_balance", "DE105"),
        (totals_1993(11, &[]).remove(50), "503", "several_currencies", ""),
        (of_yesterday(12).remove(12), "904", "field_missing", "DE12"),
        (of_yesterday(13).set(12, "261310200000"), "904", "field_malformed", "DE12"),
        (of_yesterday(14).set(28, "261340"), "904", "field_malformed", "DE28"),
        (of_yesterday(15).with_mti(Mti::new("1502")), "902", "message_type_not_served", ""),
    ] {
        let reply = ask_1993(&link, &message).await;
        assert_eq!(verdict_1993(&reply), told_1993(code, reason, at), "{message:?}");
        assert_eq!(reply.mti(), message.mti().response());
        if code == "500" {
            let named = if message.get(28).is_some() { 28 } else { 15 };
            assert_eq!(reply.get(named), Some("261009"), "{message:?}");
        }
    }
    let bare = Builder::new(Mti::new("1520"))
        .set(11, "000016")
        .set(12, "261010200000")
        .set(28, "261009")
        .set(50, "643");
    let reply = ask_1993(&link, &bare).await;
    assert_eq!(verdict_1993(&reply), told_1993("504", "no_totals_stated", ""));
    assert_eq!(reply.get(88), Some("0000000000060000"));
    // A cut-over names its date there too.
    let cut = Builder::new(Mti::new("1804")).set(11, "000017").set(12, "261010200000").set(24, "821");
    let reply = ask_1993(&link, &cut.set(28, "261012")).await;
    assert_eq!((reply.get(39), reply.get(28), reply.get(15)), (Some("800"), Some("261012"), None));
    gateway.drain().await;
    world.stop().await.unwrap();
}

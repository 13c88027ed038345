//! A bank that repeats until it is answered.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use bank_simulator::{AskError, BankOptions, PersistentBank, repeat_form};
use iso8583::{Builder, Mti, dialects};
use support::{Gateway, LONG, SECOND, authorization, reply};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

fn options(links: usize) -> BankOptions {
    BankOptions { links, reply_timeout: SECOND, deadline: LONG, ..BankOptions::default() }
}

fn bank(gateway: &Gateway, options: BankOptions) -> PersistentBank {
    PersistentBank::start(gateway.address, gateway.pki.client_tls(), options)
}

#[tokio::test]
async fn a_dropped_connection_makes_a_repeat_with_the_same_content() {
    let seen: Arc<Mutex<Vec<Builder>>> = Arc::default();
    let writes = Arc::clone(&seen);
    let gateway = Gateway::start(move |number, mut peer| {
        let seen = Arc::clone(&writes);
        async move {
            while let Some(request) = peer.next_financial().await {
                seen.lock().unwrap().push(request.clone());
                if number < 2 {
                    return;
                }
                peer.send(&reply(&request, "00")).await;
            }
        }
    })
    .await;
    let bank = bank(&gateway, options(1));
    let answered = bank.ask_until_answered(authorization(1)).await.unwrap();
    assert!(answered.reply.is_taken());
    assert_eq!(answered.attempts, 3);

    let seen = seen.lock().unwrap().clone();
    let mtis: Vec<Mti> = seen.iter().map(Builder::mti).collect();
    assert_eq!(mtis, [Mti::new("0100"), Mti::new("0101"), Mti::new("0101")]);
    let body = |message: &Builder| message.encode(dialects::iso87_ascii()).unwrap()[4..].to_vec();
    assert!(seen.iter().all(|message| body(message) == body(&authorization(1))));
    let counters = bank.counters();
    assert_eq!((counters.sent, counters.repeats, counters.answered, counters.without_reply), (3, 2, 1, 2));
    assert_eq!(counters.connected, 3);
}

#[tokio::test]
async fn not_taken_now_is_asked_again_and_a_refusal_is_not() {
    let calls = Arc::new(AtomicU32::new(0));
    let gateway = Gateway::answering(move |request| {
        if request.mti().class() == 8 {
            return reply(request, "00");
        }
        let code = match calls.fetch_add(1, Ordering::Relaxed) {
            0 => "96",
            1 => "91",
            2 => "00",
            _ => "94",
        };
        reply(request, code)
    })
    .await;
    let bank = bank(&gateway, options(1));
    let first = bank.ask_until_answered(authorization(1)).await.unwrap();
    assert_eq!((first.reply.code.as_str(), first.attempts), ("00", 3));
    let second = bank.ask_until_answered(authorization(2)).await.unwrap();
    assert_eq!((second.reply.code.as_str(), second.attempts), ("94", 1));
    assert_eq!(bank.counters().not_taken, 2);
}

#[tokio::test]
async fn many_messages_share_the_links_and_late_replies_harm_nobody() {
    let gateway = Gateway::start(|_, mut peer| async move {
        // Every third message is answered only when its repeat comes, and then twice.
        while let Some(request) = peer.next_financial().await {
            let stan: u32 = request.get(11).unwrap().parse().unwrap();
            if stan.is_multiple_of(3) && !request.mti().is_repeat() {
                continue;
            }
            let answer = reply(&request, "00").set(4, format!("{stan:012}"));
            peer.send(&answer).await;
            if stan.is_multiple_of(3) {
                peer.send(&answer).await;
            }
        }
    })
    .await;
    let bank = bank(&gateway, options(4));
    bank.ready(LONG).await.unwrap();
    let mut asking = JoinSet::new();
    for stan in 1..=60 {
        let bank = bank.clone();
        asking.spawn(async move { (stan, bank.ask_until_answered(authorization(stan)).await.unwrap()) });
    }
    while let Some(asked) = asking.join_next().await {
        let (stan, answered) = asked.unwrap();
        assert_eq!(answered.reply.amount, Some(u64::from(stan)));
        assert_eq!(answered.attempts, if stan % 3 == 0 { 2 } else { 1 }, "{stan}");
    }
    bank.stop().await;
    let counters = bank.counters();
    assert_eq!((counters.sent, counters.answered, counters.connected), (80, 60, 4));
}

#[tokio::test]
async fn patience_ends_by_attempts_by_time_and_for_what_cannot_be_sent() {
    let gateway =
        Gateway::start(|_, mut peer| async move { while peer.next_financial().await.is_some() {} }).await;
    let short = BankOptions { reply_timeout: SECOND / 50, ..options(1) };
    let few = bank(&gateway, BankOptions { attempts_max: 3, ..short.clone() });
    let error = few.ask_until_answered(authorization(1)).await.unwrap_err();
    assert!(matches!(error, AskError::Unanswered { attempts: 3, .. }), "{error}");
    let error = few.ask_until_answered(authorization(1).set(4, "x")).await.unwrap_err();
    assert!(matches!(error, AskError::Unsendable(_)), "{error}");

    let brief = bank(&gateway, BankOptions { deadline: SECOND, ..short.clone() });
    let error = brief.ask_until_answered(authorization(1)).await.unwrap_err();
    let AskError::Unanswered { attempts, elapsed, .. } = error else { panic!("{error}") };
    assert!((2..50).contains(&attempts) && elapsed < LONG / 2, "{attempts} {elapsed:?}");

    let address = gateway.address;
    let tls = gateway.pki.client_tls().without_identity();
    let stranger = PersistentBank::start(address, tls, BankOptions { deadline: SECOND / 4, ..short });
    let error = stranger.ask_until_answered(authorization(1)).await.unwrap_err();
    assert!(matches!(error, AskError::Unanswered { attempts: 0, .. }), "{error}");
    let error = stranger.ready(SECOND / 10).await.unwrap_err();
    assert!(matches!(error, AskError::NotReady { .. }), "{error}");
}

#[tokio::test]
async fn a_silent_link_is_replaced_and_an_address_may_change() {
    let silent = Gateway::start(|_, mut peer| async move {
        // The sign-on is answered, the echo is not.
        let request = peer.next().await.unwrap();
        peer.send(&reply(&request, "00")).await;
        while peer.next().await.is_some() {}
    })
    .await;
    let mut options = options(1);
    options.echo_every = SECOND / 20;
    options.link.network_timeout = SECOND / 20;
    let bank = bank(&silent, options);
    bank.ready(LONG).await.unwrap();
    let first = bank.link().await;
    let reason = first.closed().await;
    assert!(reason.contains("this side"), "{reason}");

    let other = Gateway::answering(|request| reply(request, "00")).await;
    bank.redirect(other.address);
    // The other gateway has another authority, so this bank must not trust it.
    let refused = async {
        while bank.counters().connect_failed == 0 {
            sleep(SECOND / 100).await;
        }
    };
    timeout(LONG, refused).await.unwrap();
    let error = bank.ready(SECOND / 10).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn the_repeat_form_changes_the_last_digit_only() {
    for (first, repeat) in [
        ("0100", "0101"),
        ("0101", "0101"),
        ("0120", "0121"),
        ("0220", "0221"),
        ("0400", "0401"),
        ("0420", "0421"),
        ("0102", "0103"),
        ("0103", "0103"),
    ] {
        let message = Builder::new(Mti::parse(first.as_bytes()).unwrap()).set(11, "000001");
        let again = repeat_form(message);
        assert_eq!((again.mti().as_str(), again.get(11)), (repeat, Some("000001")), "{first}");
    }
}

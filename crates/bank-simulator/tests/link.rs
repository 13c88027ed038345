//! One link: replies in any order, raw bytes, and every way in which it ends.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use bank_simulator::{ClientTls, Link, LinkError, LinkOptions, TlsError, TlsVersions};
use iso8583::dialects;
use support::{Gateway, LONG, Pki, SECOND, authorization, reply};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};

async fn link_to(gateway: &Gateway) -> Arc<Link> {
    let tls = gateway.pki.client_tls();
    Arc::new(Link::connect(gateway.address, &tls, LinkOptions::default()).await.unwrap())
}

#[tokio::test]
async fn replies_find_their_askers_in_reverse_order() {
    let gateway = Gateway::start(|_, mut peer| async move {
        let mut requests = Vec::new();
        while requests.len() < 50 {
            requests.push(peer.next().await.unwrap());
        }
        for request in requests.iter().rev() {
            let stan: u64 = request.get(11).unwrap().parse().unwrap();
            peer.send(&reply(request, "00").set(4, format!("{stan:012}"))).await;
        }
        peer.next().await;
    })
    .await;
    let link = link_to(&gateway).await;
    let mut asking = JoinSet::new();
    for stan in 1..=50 {
        let link = Arc::clone(&link);
        asking.spawn(async move { (stan, link.ask(authorization(stan), LONG).await.unwrap()) });
    }
    while let Some(asked) = asking.join_next().await {
        let (stan, reply) = asked.unwrap();
        assert_eq!((reply.amount, reply.mti.as_str()), (Some(u64::from(stan)), "0110"));
    }
    assert_eq!((link.counters().replies(), link.counters().unmatched()), (50, 0));
}

#[tokio::test]
async fn replies_of_other_terminals_types_and_times_match_nobody() {
    let gateway = Gateway::start(|_, mut peer| async move {
        let request = peer.next().await.unwrap();
        let right = reply(&request, "00");
        peer.send(&right.clone().set(41, "TERM0002")).await;
        peer.send(&right.clone().set(7, "1010090001")).await;
        peer.send(&right.clone().with_mti(iso8583::Mti::new("0130"))).await;
        peer.send(&right.clone().remove(11)).await;
        peer.send_frame(b"0110 no message").await;
        peer.send(&right.clone().remove(41)).await;
        peer.send(&right).await;
        peer.next().await;
    })
    .await;
    let link = link_to(&gateway).await;
    let reply = link.ask(authorization(1), LONG).await.unwrap();
    assert!(reply.is_taken() && reply.field(41).is_none());
    let mut strays = Vec::new();
    for _ in 0..6 {
        strays.push(link.next_raw(LONG).await.unwrap());
    }
    assert_eq!(strays[4], b"0110 no message");
    assert_eq!((link.counters().unmatched(), link.counters().undecodable()), (5, 1));
    assert!(matches!(link.next_raw(SECOND / 20).await, Err(LinkError::NoReply { .. })));
}

#[tokio::test]
async fn sign_on_echo_and_sign_off_are_answered_or_refused() {
    let gateway = Gateway::answering(|request| {
        let refused = request.get(70) == Some("301");
        reply(request, if refused { "96" } else { "00" })
    })
    .await;
    let link = link_to(&gateway).await;
    assert_eq!(link.sign_on().await.unwrap().mti.as_str(), "0810");
    assert!(
        matches!(link.echo().await, Err(LinkError::Refused { code, function }) if code == "96" && function == "301")
    );
    link.sign_off().await.unwrap();
}

#[tokio::test]
async fn raw_bytes_go_out_as_they_are() {
    let gateway = Gateway::start(|_, mut peer| async move {
        while let Some(frame) = peer.next_frame().await {
            peer.send_frame(&frame).await;
        }
    })
    .await;
    let link = link_to(&gateway).await;
    link.send_raw(b"not a message").await.unwrap();
    assert_eq!(link.next_raw(LONG).await.unwrap(), b"not a message");
    link.send_unframed(&[0, 3, b'a', b'b']).await.unwrap();
    link.send_unframed(b"c").await.unwrap();
    assert_eq!(link.next_raw(LONG).await.unwrap(), b"abc");
    assert!(matches!(link.send_raw(b"").await, Err(LinkError::Frame(_))));
    // A frame length of zero ends the conversation.
    link.send_unframed(&[0, 0]).await.unwrap();
    let reason = link.closed().await;
    assert!(reason.contains("closed the connection"), "{reason}");
}

#[tokio::test]
async fn whoever_waits_is_failed_when_the_link_ends() {
    let gateway = Gateway::start(|number, mut peer| async move {
        peer.next().await;
        if number == 1 {
            peer.send_frame(&[b'x'; 9000]).await;
            peer.next().await;
        }
    })
    .await;
    for expected in ["closed the connection", "no frame"] {
        let link = link_to(&gateway).await;
        let error = link.ask(authorization(1), LONG).await.unwrap_err();
        assert!(error.is_worth_repeating() && error.to_string().contains(expected), "{error}");
        assert!(link.is_closed());
        assert!(matches!(link.ask(authorization(2), LONG).await, Err(LinkError::Closed { .. })));
    }
    let link = link_to(&gateway).await;
    let asking = tokio::spawn({
        let link = Arc::clone(&link);
        async move { link.ask(authorization(1), LONG).await }
    });
    sleep(SECOND / 20).await;
    link.close().await;
    assert!(asking.await.unwrap().is_err());
    assert!(matches!(link.next_raw(LONG).await, Err(LinkError::Closed { .. })));
}

#[tokio::test]
async fn a_reply_that_does_not_come_or_a_message_that_cannot_go() {
    let gateway = Gateway::start(|_, mut peer| async move {
        let first = peer.next().await.unwrap();
        peer.next().await;
        peer.send(&reply(&first, "00")).await;
        peer.next().await;
    })
    .await;
    let link = link_to(&gateway).await;
    assert!(matches!(link.ask(authorization(1), SECOND / 20).await, Err(LinkError::NoReply { .. })));
    // The first reply is late now.
    assert!(link.ask(authorization(2), SECOND / 20).await.is_err());
    link.next_raw(LONG).await.unwrap();
    assert_eq!(link.counters().unmatched(), 1);
    assert!(matches!(link.ask(authorization(3).remove(11), LONG).await, Err(LinkError::WithoutKey)));
    let error = link.ask(authorization(3).set(4, "4111111111111111"), LONG).await.unwrap_err();
    assert!(matches!(error, LinkError::Encode(_)) && !error.is_worth_repeating());
    assert!(!error.to_string().contains("4111"), "{error}");
}

#[tokio::test]
async fn every_offered_version_of_tls_connects() {
    let gateway = Gateway::answering(|request| reply(request, "00")).await;
    for versions in [TlsVersions::Both, TlsVersions::Only12, TlsVersions::Only13] {
        let options = LinkOptions { versions, ..LinkOptions::default() };
        let link = Link::connect(gateway.address, &gateway.pki.client_tls(), options).await.unwrap();
        link.sign_on().await.unwrap_or_else(|error| panic!("{versions:?}: {error}"));
    }
}

#[tokio::test]
async fn a_stranger_is_refused_by_either_side() {
    let gateway = Gateway::answering(|request| reply(request, "00")).await;
    let signs_on = async |tls: ClientTls, versions| {
        let options = LinkOptions { versions, ..LinkOptions::default() };
        Link::connect(gateway.address, &tls, options).await?.sign_on().await
    };
    let strangers = Pki::new();
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let without = gateway.pki.client_tls().without_identity();
        assert!(signs_on(without, versions).await.is_err(), "{versions:?}");
        let of_others = ClientTls { identity: strangers.client_tls().identity, ..gateway.pki.client_tls() };
        assert!(signs_on(of_others, versions).await.is_err(), "{versions:?}");
        let error = signs_on(strangers.client_tls(), versions).await.unwrap_err();
        assert!(matches!(error, LinkError::Connect { .. }), "{versions:?}: {error}");
    }
}

#[tokio::test]
async fn nobody_there_or_nobody_who_speaks_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = Pki::new().client_tls();
    let options = LinkOptions { connect_timeout: SECOND / 10, ..LinkOptions::default() };
    let error = Link::connect(address, &tls, options.clone()).await.unwrap_err();
    assert!(matches!(error, LinkError::ConnectTimeout { .. }), "{error}");
    drop(listener);
    let error = Link::connect(address, &tls, options).await.unwrap_err();
    assert!(matches!(error, LinkError::Connect { .. }), "{error}");
}

#[test]
fn tls_material_is_read_from_files_and_wrong_material_is_named() {
    let pki = Pki::new();
    let folder = std::env::temp_dir().join(format!("bank-simulator-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let (ca, chain, key) =
        (write("ca.pem", &pki.ca), write("chain.pem", &pki.client.0), write("key.pem", &pki.client.1));
    let read = ClientTls::from_pem_files(&ca, &chain, &key, "localhost").unwrap();
    assert_eq!((read.ca.len(), read.identity.unwrap().chain.len()), (1, 1));
    let error = ClientTls::from_pem_files(&key, &chain, &key, "localhost").unwrap_err();
    assert!(matches!(&error, TlsError::NoCertificate { what } if what.ends_with("key.pem")), "{error}");
    let error = ClientTls::from_pem_files(&ca, &chain, &chain, "localhost").unwrap_err();
    assert!(matches!(error, TlsError::Pem { .. }), "{error}");
    let error = ClientTls::from_pem_files(folder.join("none.pem"), &chain, &key, "localhost").unwrap_err();
    assert!(matches!(error, TlsError::Pem { .. }), "{error}");
    let error = ClientTls::from_pem_files(&ca, &chain, &key, "no name").unwrap_err();
    assert!(matches!(error, TlsError::ServerName { .. }), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nothing_shows_a_card_number_or_a_key() {
    let message = authorization(1);
    let bytes = message.encode(dialects::iso87_ascii()).unwrap();
    let reply = bank_simulator::Reply::from_message(&dialects::iso87_ascii().decode(&bytes).unwrap());
    let tls = Pki::new().client_tls();
    for shown in [format!("{message:?}"), format!("{reply:?}")] {
        assert!(shown.contains("1111") && !shown.contains("411111"), "{shown}");
    }
    let shown = format!("{:?}", tls.identity.unwrap().key);
    assert!(shown.contains("elided"), "{shown}");
}

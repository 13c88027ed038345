//! Refunds that came without their purchase: a person sees them with their candidates and decides; the books follow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use console::ConsoleState;
use domain::TransactionKind;
use support::{
    browser::{Browser, Page},
    day::{CLEARING, Sent},
    world::{PASSWORD, World},
};

const KOSTA: &str = "KOSTA0000000001";

/// Five days after the messages: the refunds have settled.
async fn person(world: &World, name: &str) -> Browser {
    let _ = console::add_user(&world.pool, name, PASSWORD).await;
    let now = Arc::new(|| "2026-10-15T09:30:00Z".parse().unwrap());
    let mut browser = Browser::new(console::router(ConsoleState { now, ..world.state() }));
    assert_eq!(browser.sign_in(name, PASSWORD).await.location(), "/");
    browser
}

fn refund(id: u32, card: char, minor: u64) -> Sent {
    let of_nothing = Sent::new(id, &format!("R{id}"), card, CLEARING, minor).at(KOSTA, 5411);
    Sent { transaction: TransactionKind::Refund, ..of_nothing }
}

fn page_of(sent: &Sent) -> String {
    format!("/refunds/{}/{}", World::bucket(sent.card), sent.key())
}

async fn decide(browser: &mut Browser, path: &str, choice: &str, reason: &str) -> Page {
    browser.prove(PASSWORD).await;
    let csrf = browser.get("/refunds").await.hidden("csrf");
    browser.post(path, &[("csrf", &csrf), ("choice", choice), ("reason", reason)]).await
}

#[tokio::test]
async fn a_person_sees_the_candidates_and_decides() {
    let world = World::new().await;
    let (one, other) = (
        Sent::new(1, "P1", 'A', CLEARING, 120_000).at(KOSTA, 5411),
        Sent::new(2, "P2", 'A', CLEARING, 90_000).at(KOSTA, 5411),
    );
    let (part, strange) = (refund(3, 'A', 60_000), refund(4, 'B', 30_000));
    world.send(&[one.clone(), other.clone(), part.clone(), strange.clone()]).await;
    let mut stranger = world.stranger();
    assert_eq!(stranger.get("/refunds").await.status, StatusCode::SEE_OTHER, "staff only");
    let mut ann = person(&world, "ann").await;

    let list = ann.get("/refunds").await;
    for part in ["600.00 RUB", "300.00 RUB", KOSTA, "a person must decide", "no likely purchase", "(2)"] {
        list.has(part);
    }
    list.has("<td class=\"n\">5</td>");
    list.has(&format!("href=\"{}\"", page_of(&part)));
    let page = ann.get(&page_of(&part)).await;
    for shown in [
        "same card acceptor: 40",
        "same terminal: 20",
        "less than what was left of the purchase: 10",
        "1,200.00 RUB",
        "900.00 RUB",
        "Nobody has decided about it.",
    ] {
        page.has(shown);
    }
    page.has(&format!("value=\"{}\"", one.key()));
    ann.get(&page_of(&strange)).await.has("The account has no purchase that it could take back.");

    // What is refused keeps nothing, and says why.
    let path = page_of(&part);
    let key = one.key().to_string();
    for (choice, reason, problem) in [
        ("", "the receipt", "Choose a purchase"),
        (key.as_str(), " ", "Say in 1 to 1,000 characters why."),
        (key.as_str(), "card 4111111111111111", "what looks like a card number"),
        (&strange.key().to_string(), "the receipt", "That purchase is none of this account"),
    ] {
        let refused = decide(&mut ann, &path, choice, reason).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        refused.has(problem);
    }
    // Nobody's text has a zero byte, wherever it comes from.
    let now = "2026-10-15T09:30:00Z".parse().unwrap();
    let bucket = World::bucket(part.card).to_string();
    let refund = console::RefundKey::parse(&bucket, &part.key().to_string()).unwrap();
    let alone = console::RefundChoice::Alone;
    let said = console::decide_refund(&world.pool, refund, alone, "ann", "a\0b", now).await;
    assert!(matches!(said, Err(console::RefundDeskError::Reason)), "{said:?}");
    let forged = ann.post(&path, &[("csrf", "guessed"), ("choice", &key), ("reason", "mine")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    ann.get(&path).await.has("Nobody has decided about it.");

    assert_eq!(decide(&mut ann, &path, &key, "her receipt of Saturday").await.location(), path);
    let page = ann.get(&path).await;
    page.has("<strong>ann</strong> It takes back this purchase: her receipt of Saturday (waits to be booked");
    page.has_not("name=\"choice\"");
    ann.get("/refunds").await.has("decided, not booked yet");
    let mut bob = person(&world, "bob").await;
    let late = decide(&mut bob, &path, "alone", "no").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.has("Somebody has decided about it already");
    assert_eq!(decide(&mut bob, &page_of(&strange), "alone", "a gift").await.status, StatusCode::SEE_OTHER);
    let kept = store::refund_decisions(&world.pool, None, 10).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|one| (one.by.as_str(), one.purchase, one.parts.score())).collect();
    assert_eq!(kept, [("bob", None, 0), ("ann", Some(one.key()), 115)]);

    // In Russian, too; and there is nothing under other addresses.
    let csrf = ann.get("/refunds").await.hidden("csrf");
    ann.post("/language", &[("csrf", &csrf), ("to", "ru"), ("next", &path)]).await;
    ann.get(&path).await.has("Это возврат этой покупки");
    ann.get("/refunds").await.has("решено, ещё не проведено");
    let early = format!("/refunds?after=-004800-01-01/0/{}", "0".repeat(48));
    for nothing in [page_of(&one), "/refunds/7/xyz".to_owned(), "/refunds?after=x".to_owned(), early] {
        assert_eq!(ann.get(&nothing).await.status, StatusCode::NOT_FOUND, "{nothing}");
    }
}

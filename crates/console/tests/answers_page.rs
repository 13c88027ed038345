//! Files with what their receivers have answered: overdue ones are seen, in both languages, and only by staff.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::Arc;

use axum::http::StatusCode;
use console::ConsoleState;
use support::{
    browser::Browser,
    world::{PASSWORD, World},
};

#[tokio::test]
async fn staff_see_what_waits_and_what_is_overdue() {
    let world = World::closed().await;
    let closed = "2026-10-11T00:00:00Z".parse().unwrap();
    store::expect_answers(&world.pool, "airboreal", 24, closed).await.unwrap();
    world
        .run(
            "INSERT INTO settlement_answer (receiver, number, sha256, body, verdict, file_sequence, revision, outcome, \
             problem, brought_by, received_at) VALUES ('kosta', 1, decode(repeat('00', 32), 'hex'), '', 'ack', 1, 0, \
             'acknowledged', '', 'test', now())",
        )
        .await;
    let mut stranger = world.stranger();
    assert_eq!(stranger.get("/answers").await.status, StatusCode::SEE_OTHER);
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let now = Arc::new(|| "2026-10-12T09:30:00Z".parse().unwrap());
    let mut ann = Browser::new(console::router(ConsoleState { now, ..world.state() }));
    ann.sign_in("ann", PASSWORD).await;

    let page = ann.get("/answers").await;
    page.has("airboreal_boreal-gold_2026-10-10_000001_0.cbs");
    page.has("overdue: ask the receiver");
    page.has("2026-10-12 03:00:00");
    page.has("waits for an answer");
    let waiting = page.body.split("Newest files").next().unwrap().to_owned();
    assert!(!waiting.contains("kosta_boreal-gold"), "what is acknowledged does not wait");
    page.has("kosta_boreal-gold_2026-10-10_000001_0.cbs");
    page.has("acknowledged");

    let csrf = page.hidden("csrf");
    ann.post("/language", &[("csrf", &csrf), ("next", "/answers"), ("to", "ru")]).await;
    let page = ann.get("/answers").await;
    page.has("просрочен: спросите получателя");
    page.has_not("overdue");
}

//! A version is proposed, looked at and decided in the console, and stored messages are explained by the API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use support::{
    browser::{Browser, Page},
    world::{PASSWORD, World},
};

const PROGRAM: &str = include_str!("../../../docs/samples/programs/boreal-gold.toml");
const PROPOSE: &str = "/programs/boreal-gold/propose";

/// The sample with twice the bonus at weekends, and the tests changed with it.
fn dearer() -> String {
    PROGRAM
        .replace("times_base = \"1/1\"", "times_base = \"2/1\"")
        .replace("bonus_miles = 120, discount = \"223.50\"", "bonus_miles = 240, discount = \"223.50\"")
        .replace("expect = { miles = 240,", "expect = { miles = 360,")
}

async fn person(world: &World, name: &str) -> Browser {
    let _ = console::add_user(&world.pool, name, PASSWORD).await;
    let mut browser = world.stranger();
    assert_eq!(browser.sign_in(name, PASSWORD).await.location(), "/");
    browser
}

async fn csrf(browser: &mut Browser) -> String {
    browser.get("/programs").await.hidden("csrf")
}

async fn propose(browser: &mut Browser, text: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = csrf(browser).await;
    let mut all = vec![("csrf", csrf.as_str()), ("text", text), ("comment", "more for weekends")];
    all.extend_from_slice(fields);
    browser.post(PROPOSE, &all).await
}

async fn say(browser: &mut Browser, path: &str, reason: &str) -> Page {
    if path.ends_with("/approve") || path.ends_with("/reject") {
        assert_eq!(browser.prove(PASSWORD).await.status, StatusCode::SEE_OTHER);
    }
    let csrf = csrf(browser).await;
    browser.post(path, &[("csrf", &csrf), ("reason", reason)]).await
}

#[tokio::test]
async fn one_person_proposes_and_another_one_approves() {
    let world = World::new().await;
    let (mut ann, mut bob) = (person(&world, "ann").await, person(&world, "bob").await);
    let form = ann.get(PROPOSE).await;
    form.has("times_base = &#34;1/1&#34;");
    // What browsers send as line ends is not a part of the version.
    let sent = dearer().replace('\n', "\r\n");
    let fields = [("wanted", "cut-off"), ("backtest", "{\"miles\":{\"airboreal\":120}}")];
    let proposed = propose(&mut ann, &sent, &fields).await;
    assert_eq!((proposed.status, proposed.location()), (StatusCode::SEE_OTHER, "/proposals/1"));

    let page = ann.get("/proposals/1").await;
    for part in [
        "bonus <code>weekend-fuel</code>",
        "<del>1/1</del>",
        "<ins>2/1</ins>",
        "airboreal: bank pays 177.12 RUB",
        "airboreal: bank pays 265.68 RUB",
        "&#34;airboreal&#34;: 120",
        "fuel on Saturday",
        "more for weekends",
        // The worked day's next midnight in Moscow.
        "2026-10-11 00:00:00",
        "You proposed it, so another person must decide.",
    ] {
        page.has(part);
    }
    page.has_not("/proposals/1/approve");
    let own = say(&mut ann, "/proposals/1/approve", "I am sure").await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    own.has("another person must decide");

    bob.get("/programs").await.has("<a href=\"/proposals/1\">");
    ann.get("/programs").await.has_not("<a href=\"/proposals/1\">");
    let page = bob.get("/proposals/1").await;
    page.has("data-prove href=\"/proof?next=/proposals/1\"");
    page.has_not("action=\"/proposals/1/approve\"");
    bob.prove(PASSWORD).await;
    let page = bob.get("/proposals/1").await;
    page.has("action=\"/proposals/1/approve\"");
    assert_eq!(say(&mut bob, "/proposals/1/approve", " ").await.status, StatusCode::CONFLICT);
    assert_eq!(
        say(&mut bob, "/proposals/1/approve", "agreed with marketing").await.location(),
        "/proposals/1"
    );
    let page = bob.get("/proposals/1").await;
    page.has("data-state=\"scheduled\"");
    page.has("agreed with marketing");
    page.has_not("/proposals/1/reject");
    let late = say(&mut bob, "/proposals/1/reject", "no").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.has("not possible any more");
    ann.get("/programs").await.has("<a href=\"/proposals/1\">1</a>, ");

    // Whoever sees the mistake takes it back.
    assert_eq!(say(&mut ann, "/proposals/1/withdraw", "the budget is gone").await.location(), "/proposals/1");
    bob.get("/programs/boreal-gold").await.has("data-state=\"withdrawn\"");
}

#[tokio::test]
async fn what_must_not_run_is_kept_and_cannot_be_approved() {
    let world = World::new().await;
    let (mut ann, mut bob) = (person(&world, "ann").await, person(&world, "bob").await);
    let failing = PROGRAM.replace("times_base = \"1/1\"", "times_base = \"2/1\"");
    assert_eq!(propose(&mut ann, &failing, &[("wanted", "now")]).await.location(), "/proposals/1");
    let page = bob.get("/proposals/1").await;
    page.has("its test");
    page.has("data-passed=\"false\"");
    page.has("It can only be rejected");
    page.has_not("/proposals/1/approve");
    assert_eq!(say(&mut bob, "/proposals/1/approve", "never mind").await.status, StatusCode::CONFLICT);
    assert_eq!(say(&mut bob, "/proposals/1/reject", "mend the tests").await.location(), "/proposals/1");
    bob.get("/proposals/1").await.has("mend the tests");

    for (text, fields, problem) in [
        ("", [("wanted", "now"), ("backtest", "")], "The program&#39;s text is empty"),
        ("x", [("wanted", "at"), ("instant", "tomorrow")], "The instant cannot be read"),
        ("x", [("wanted", "now"), ("backtest", "[1]")], "must be a JSON object"),
        ("# 4111111111111111", [("wanted", "now"), ("backtest", "")], "looks like a card number"),
    ] {
        let page = propose(&mut ann, text, &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
        page.has(problem);
        page.has("more for weekends");
    }
    assert_eq!(ann.get("/proposals/2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn forms_without_their_token_change_nothing() {
    let world = World::new().await;
    let mut ann = person(&world, "ann").await;
    assert_eq!(propose(&mut ann, &dearer(), &[("wanted", "now")]).await.location(), "/proposals/1");
    ann.prove(PASSWORD).await;
    for path in [PROPOSE, "/proposals/1/approve", "/proposals/1/withdraw", "/proposals/1/again", "/language"]
    {
        for csrf in ["", "0000"] {
            let page = ann.post(path, &[("csrf", csrf), ("reason", "x"), ("text", "x"), ("to", "ru")]).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        }
        let mut stranger = world.stranger();
        assert_eq!(stranger.post(path, &[]).await.location(), "/sign-in", "{path}");
    }
    ann.get("/proposals/1").await.has("data-state=\"proposed\"");
    assert_eq!(say(&mut ann, "/proposals/1/other", "x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ann.get("/programs/other").await.status, StatusCode::NOT_FOUND);
    for query in ["", "?old=00&new=00", "?old=x&new=y"] {
        let page = ann.get(&format!("/programs/boreal-gold/versions{query}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{query}");
    }
    let seven = "07".repeat(32);
    let page = ann.get(&format!("/programs/boreal-gold/versions?old={seven}&new={seven}")).await;
    page.has("No rule differs.");
}

#[tokio::test]
async fn pages_of_programs_and_explanations_speak_russian() {
    let world = World::closed().await;
    let mut ann = person(&world, "ann").await;
    let csrf = csrf(&mut ann).await;
    let to = |to, next| [("csrf", csrf.as_str()), ("to", to), ("next", next)];
    assert_eq!(ann.post("/language", &to("ru", "/programs")).await.location(), "/programs");
    assert_eq!(ann.post("/language", &to("ru", "//evil.example")).await.location(), "/");
    assert_eq!(ann.post("/language", &to("xx", "/")).await.status, StatusCode::BAD_REQUEST);
    let fields = [("wanted", "cut-off")];
    assert_eq!(propose(&mut ann, &dearer(), &fields).await.location(), "/proposals/1");
    for (path, words) in [
        ("/programs", "Ждут вашего решения"),
        ("/programs/boreal-gold", "Действующие правила"),
        (PROPOSE, "Полный текст файла программы"),
        ("/proposals/1", "airboreal: платит банк 265,68 RUB"),
        ("/proposals/1", "решает другой человек"),
    ] {
        let page = ann.get(path).await;
        page.has("<html lang=\"ru\">");
        page.has(words);
        page.has("In English");
    }
    let transactions = ann.get("/day/boreal-gold/2026-10-10/transactions?mti=0220").await;
    let (_, rest) = transactions.body.split_once("href=\"/t/").unwrap();
    let page = ann.get(&format!("/t/{}", rest.split('"').next().unwrap())).await;
    page.has("<section aria-labelledby=\"explanation\">");
    page.has("применено");
    page.has("начислено за другие покупки");
}

fn ask(path: &str, token: Option<&str>) -> axum::http::request::Builder {
    let request = Request::builder().uri(path);
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

#[tokio::test]
async fn the_api_explains_stored_messages_to_staff_only() {
    let world = World::with_messages().await;
    let now = jiff::Timestamp::now();
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let token = console::new_token(&world.pool, "ann", 30, now).await.unwrap();
    let long_ago = now - jiff::SignedDuration::from_hours(31 * 24);
    let old = console::new_token(&world.pool, "ann", 30, long_ago).await.unwrap();
    assert!(console::new_token(&world.pool, "bob", 30, now).await.is_err());
    assert!(console::new_token(&world.pool, "ann", 0, now).await.is_err());

    let path = "/api/v1/transactions/6283000000P1/explanation";
    let mut browser = world.stranger();
    for wrong in [None, Some(""), Some("ann"), Some(&"0".repeat(64)), Some(old.as_str())] {
        let page = browser.send(ask(path, wrong), Body::empty()).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{wrong:?}");
        assert_eq!(serde_json::from_str::<Value>(&page.body).unwrap()["error"]["code"], "not_signed_in");
    }
    let page = browser.send(ask(path, Some(&token)), Body::empty()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let told: Value = serde_json::from_str(&page.body).unwrap();
    let messages = told["messages"].as_array().unwrap();
    assert!(!messages.is_empty());
    let first = &messages[0];
    assert_eq!((&first["retrieval"], &first["program"]), (&"6283000000P1".into(), &"boreal-gold".into()));
    assert_eq!(first["rules_version"], "07".repeat(32));
    let base = first["steps"].as_array().unwrap().iter().find(|step| step["rule"] == "base").unwrap();
    assert_eq!((&base["verdict"], &base["reason"]), (&"applied".into(), &"base_rate".into()));
    assert!(base["words"]["ru"].as_str().unwrap().contains("мил"), "{base}");

    // The key finds the same message; nothing else is found.
    let by_key = format!("/api/v1/transactions/{}/explanation", first["key"].as_str().unwrap());
    let page = browser.send(ask(&by_key, Some(&token)), Body::empty()).await;
    let same: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(same["messages"][0], *first);
    for nothing in ["nothing", &"0".repeat(48), "4111111111111111", "%00"] {
        let path = format!("/api/v1/transactions/{nothing}/explanation");
        assert_eq!(browser.send(ask(&path, Some(&token)), Body::empty()).await.status, StatusCode::NOT_FOUND);
    }
    // The browser of somebody who has signed in needs no token.
    assert_eq!(world.staff().await.get(path).await.status, StatusCode::OK);
}

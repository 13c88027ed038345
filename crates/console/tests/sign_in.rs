//! Who gets in and who does not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use console::{AddUserError, add_user, set_password};
use support::world::{DAY, PASSWORD, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

const INSIDE: [&str; 5] = [
    "/",
    DAY,
    "/day/boreal-gold/2026-10-10/transactions",
    "/t/7/000000006ac9e2d00000000000000000000000000000000",
    "/find?retrieval=628300000P1",
];

#[tokio::test]
async fn pages_before_the_sign_in_and_refusals_speak_russian_too() {
    const RUSSIAN: &str = "ru-RU,ru;q=0.9,en;q=0.5";
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut ann = world.stranger();
    let form = ann.get_in("/sign-in?next=/programs", RUSSIAN).await;
    for text in [
        "<html lang=\"ru\">",
        "К содержанию",
        "<h1>Вход</h1>",
        "Пароль",
        "In English",
        "lang=en&#38;next=/programs",
    ] {
        form.has(text);
    }
    form.has_not("Sign in");
    // The switch comes before the browser's wish, and what was chosen stays through a wrong password into the session.
    ann.get_in("/sign-in?lang=en", RUSSIAN).await.has("<h1>Sign in</h1>");
    let wrong = ann.sign_in_with(&[("name", "ann"), ("password", "wrong password"), ("lang", "ru")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    wrong.has("Неверное имя или пароль.");
    wrong.has("name=\"lang\" value=\"ru\"");
    ann.sign_in_with(&[("name", "ann"), ("password", PASSWORD), ("lang", "ru")]).await;
    let programs = ann.get("/programs").await;
    programs.has("<html lang=\"ru\">");
    programs.has("Выйти");
    let nowhere = ann.get("/nowhere").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    nowhere.has("Такой страницы нет");
    nowhere.has("На начальную страницу");
    let no_token = ann.post("/sign-out", &[]).await;
    assert_eq!(no_token.status, StatusCode::FORBIDDEN);
    no_token.has("Запрос отклонён");
    let csrf = programs.hidden("csrf");
    ann.post("/language", &[("csrf", &csrf), ("to", "en"), ("next", "/programs")]).await;
    ann.get_in("/nowhere", RUSSIAN).await.has("There is no such page");
    // Nobody's refusal is in the language of his browser.
    let mut stranger = world.stranger();
    stranger.get_in("/nowhere", RUSSIAN).await.has("Такой страницы нет");
    stranger.get("/nowhere").await.has("There is no such page");
    stranger.cookie = Some("cobrand_session=ann".to_owned());
    stranger.get_in("/nowhere", RUSSIAN).await.has("Такой страницы нет");
}

#[tokio::test]
async fn the_right_password_opens_and_signing_out_closes() {
    let world = World::new().await;
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut browser = world.stranger();
    let form = browser.get("/sign-in").await;
    assert_eq!(form.status, StatusCode::OK);
    form.has("TEST: a private cluster");

    let page = browser.sign_in("ann", PASSWORD).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/"));
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let start = browser.get("/").await;
    assert_eq!(start.status, StatusCode::OK);
    start.has("<strong>ann</strong>");

    // Without the token of the form nobody is signed out.
    for csrf in ["", "0000"] {
        assert_eq!(browser.post("/sign-out", &[("csrf", csrf)]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let kept = browser.cookie.clone();
    let out = browser.post("/sign-out", &[("csrf", &start.hidden("csrf"))]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(browser.cookie, None);
    browser.cookie = kept;
    assert_eq!(browser.get("/").await.location(), "/sign-in", "an ended session does not come back");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let world = World::new().await;
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut browser = world.stranger();
    let mut bodies = Vec::new();
    for (name, password) in [("ann", "wrong password"), ("bob", "wrong password"), ("ann", ""), ("bob", "")] {
        let page = browser.sign_in(name, password).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.headers.get(header::SET_COOKIE).is_none());
        page.has("The name or the password is wrong.");
        bodies.push(page.body.replace(name, "NAME"));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    // What could not be a name is not repeated on the page.
    browser.sign_in("\"><b>", "x").await.has("value=\"\"");
}

#[tokio::test]
async fn after_ten_failures_a_name_is_locked_whether_anybody_has_it_or_not() {
    let world = World::new().await;
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    for name in ["ann", "nobody"] {
        let mut browser = world.stranger();
        for _ in 0..10 {
            assert_eq!(browser.sign_in(name, "wrong password").await.status, StatusCode::UNAUTHORIZED);
        }
        let page = browser.sign_in(name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        page.has("locked");
    }
    // Another console, or this one after a restart, has forgotten nothing.
    let mut other = world.stranger();
    assert_eq!(other.sign_in("ann", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    world.run("UPDATE staff_attempt SET last_at = last_at - interval '30 minutes'").await;
    assert_eq!(other.sign_in("ann", PASSWORD).await.location(), "/", "half an hour later");
    let told = store::audit::AuditFilter { what: Some("user"), ..store::audit::AuditFilter::default() };
    let told = store::audit::entries(&world.pool, &told, 100).await.unwrap();
    let count = |by: &str, what: &str| told.iter().filter(|row| row.by == by && row.what == what).count();
    assert_eq!((count("ann", "user.refused"), count("ann", "user.locked_out")), (9, 1));
    assert_eq!((count("unknown", "user.locked_out"), count("ann", "user.sign_in")), (1, 1));
    assert!(told.iter().all(|row| row.by != "nobody"), "what is typed as a name may be a password");
}

#[tokio::test]
async fn who_is_locked_out_is_out_at_once_and_comes_back_when_let_in() {
    let world = World::new().await;
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let now = jiff::Timestamp::now();
    let token = console::new_token(&world.pool, "ann", 30, now).await.unwrap();
    let mut browser = world.stranger();
    assert_eq!(browser.sign_in("ann", PASSWORD).await.location(), "/");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let ask = || {
        let request = Request::builder().uri("/api/v1/transactions/1/explanation");
        request.header(header::AUTHORIZATION, format!("Bearer {token}"))
    };
    assert_eq!(world.stranger().send(ask(), Body::empty()).await.status, StatusCode::NOT_FOUND);

    console::lock_user(&world.pool, "ann", true, now).await.unwrap();
    assert_eq!(browser.get("/").await.location(), "/sign-in", "the open session");
    assert_eq!(world.stranger().send(ask(), Body::empty()).await.status, StatusCode::UNAUTHORIZED);
    let refused = world.stranger().sign_in("ann", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(!console::is_the_password(&world.pool, "ann", PASSWORD).await.unwrap(), "the command line");
    assert!(console::new_token(&world.pool, "ann", 30, now).await.is_err());

    console::lock_user(&world.pool, "ann", false, now).await.unwrap();
    assert_eq!(browser.get("/").await.location(), "/sign-in", "the session has ended");
    assert_eq!(browser.sign_in("ann", PASSWORD).await.location(), "/");
    assert_eq!(console::revoke_tokens(&world.pool, "ann", "eve").await.unwrap(), 1);
    assert_eq!(world.stranger().send(ask(), Body::empty()).await.status, StatusCode::UNAUTHORIZED);
    let nobody = console::lock_user(&world.pool, "bob", true, now).await;
    assert!(matches!(nobody, Err(AddUserError::NoSuchUser(_))), "{nobody:?}");
}

#[tokio::test]
async fn no_page_is_shown_without_a_session_and_a_forged_cookie_is_none() {
    let world = World::new().await;
    let forged = ["cobrand_session=", "cobrand_session=0000", "cobrand_session=ann", "other=1"];
    let long = format!("cobrand_session={}", "0".repeat(64));
    for cookie in [None].into_iter().chain(forged.into_iter().chain([long.as_str()]).map(Some)) {
        let mut browser = world.stranger();
        browser.cookie = cookie.map(str::to_owned);
        for path in INSIDE {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{path} with {cookie:?}");
            assert!(page.location().starts_with("/sign-in"), "{path}");
            assert!(page.body.is_empty());
        }
        assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
    }
    // A session of one console opens no other.
    let mut other = world.stranger();
    other.cookie = world.staff().await.cookie;
    assert_eq!(other.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_wanted_and_never_elsewhere() {
    let world = World::new().await;
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut browser = world.stranger();
    let to_form = browser.get("/find?retrieval=628300000P1").await;
    assert_eq!(to_form.location(), "/sign-in?next=/find%3Fretrieval%3D628300000P1");
    let form = browser.get(to_form.location()).await;
    assert_eq!(form.hidden("next"), "/find?retrieval=628300000P1");
    for (next, location) in [(DAY, DAY), ("//evil.example", "/"), ("https://evil.example/day/", "/")] {
        let fields = [("name", "ann"), ("password", PASSWORD), ("next", next)];
        assert_eq!(browser.sign_in_with(&fields).await.location(), location);
    }
}

#[tokio::test]
async fn the_demos_link_works_in_the_demo_only() {
    let mut world = World::new().await;
    assert_eq!(world.stranger().get("/demo-sign-in?t=").await.status, StatusCode::NOT_FOUND);
    world.demo_sign_in = Some("f00d".repeat(16));
    let mut browser = world.stranger();
    for wrong in ["", "?t=", "?t=f00d", "?x=1"] {
        let page = browser.get(&format!("/demo-sign-in{wrong}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.headers.get(header::SET_COOKIE).is_none());
    }
    let page = browser.get(&format!("/demo-sign-in?t={}", "f00d".repeat(16))).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/"));
    browser.get("/").await.has("<strong>demo</strong>");
}

#[tokio::test]
async fn forms_from_elsewhere_and_forms_that_are_too_long_are_refused() {
    let world = World::new().await;
    let mut browser = world.stranger();
    let form = |site: &str| {
        let request = Request::builder().method(Method::POST).uri("/sign-in").header("sec-fetch-site", site);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    };
    for site in ["cross-site", "same-site", "whatever"] {
        assert_eq!(browser.send(form(site), Body::from("name=ann")).await.status, StatusCode::FORBIDDEN);
    }
    // Without the token of a form of this browser nobody is signed in, either: not even with a right password.
    let csrf = browser.get("/sign-in").await.hidden("csrf");
    add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let fields = |csrf: &str| {
        let password = PASSWORD.replace(' ', "+");
        Body::from(format!("name=ann&password={password}&csrf={csrf}"))
    };
    for wrong in ["", "0000", &"0".repeat(64)] {
        assert_eq!(browser.send(form("same-origin"), fields(wrong)).await.status, StatusCode::FORBIDDEN);
    }
    let mut stranger = world.stranger();
    assert_eq!(stranger.send(form("same-origin"), fields(&csrf)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.send(form("same-origin"), fields(&csrf)).await.location(), "/");
    let long = browser.post("/sign-in", &[("name", "ann"), ("password", &"x".repeat(8_000))]).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
    long.has("This is too long");
    let json =
        Request::builder().method(Method::POST).uri("/sign-in").header(header::CONTENT_TYPE, "text/plain");
    assert_eq!(browser.send(json, Body::from("name=ann")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_plain_words() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    let key = "0".repeat(48);
    for path in [
        "/nothing",
        "/day/boreal-gold/2026-10-11",
        "/day/boreal-gold/yesterday",
        "/day/other/2026-10-10",
        "/day/boreal-gold/2026-10-10/transactions?after=x",
        "/day/boreal-gold/2026-10-10/transactions?mti=X%27",
        "/days?program=boreal-gold&before=x",
        &format!("/t/7/{key}"),
        &format!("/t/x/{key}"),
        "/t/7/xyz",
        "/t/99999999999/00",
        "/../etc/passwd",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.has("There is no such page");
    }
    let wrong = browser.post("/", &[]).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    wrong.has("This cannot be done here");
    for (path, kind) in [("/style.css", "text/css; charset=utf-8"), ("/icon.svg", "image/svg+xml")] {
        let page = browser.get(path).await;
        assert_eq!(page.headers[header::CONTENT_TYPE], kind);
        assert!(!page.body.contains("http://") || path == "/icon.svg");
        assert!(!page.body.contains("@import") && !page.body.contains("url("));
    }
}

#[tokio::test]
async fn a_failure_of_ours_shows_a_number_and_nothing_else() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    world.run("DROP TABLE quarantine").await;
    let page = browser.get(DAY).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    page.has("Something went wrong on our side");
    for internal in ["quarantine", "PostgreSQL", "relation", "42P01"] {
        page.has_not(internal);
    }
}

#[tokio::test]
async fn users_are_added_once_and_with_a_password_that_is_long_enough() {
    let world = World::new().await;
    let pool = &world.pool;
    add_user(pool, "ann", PASSWORD).await.unwrap();
    assert!(matches!(add_user(pool, "ann", PASSWORD).await, Err(AddUserError::NameTaken(_))));
    assert!(matches!(add_user(pool, "bob", "short").await, Err(AddUserError::BadPassword)));
    for name in ["", "two words", "<b>", &"x".repeat(65)] {
        assert!(matches!(add_user(pool, name, PASSWORD).await, Err(AddUserError::BadName)), "{name}");
    }
    assert!(matches!(set_password(pool, "bob", PASSWORD).await, Err(AddUserError::NoSuchUser(_))));
    set_password(pool, "ann", "another long password").await.unwrap();
    let mut browser = world.stranger();
    assert_eq!(browser.sign_in("ann", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.sign_in("ann", "another long password").await.location(), "/");
    let client = pool.get().await.unwrap();
    let stored: String = client.query_one("SELECT password_hash FROM staff_user", &[]).await.unwrap().get(0);
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
}

#[tokio::test]
async fn the_server_answers_over_tcp_and_stops_when_told() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(console::serve(listener, world.state(), shutdown));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

//! The second factor: enrolment, sign-in with its code, proof by it, and what an installation may ask of who decides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use aws_lc_rs::hmac;
use axum::{
    extract::ConnectInfo,
    http::{StatusCode, header},
};
use console::{AccessRules, ConsoleState, Identity, NewUser, SealKey, Shown};
use domain::{Role, Roles};
use jiff::Timestamp;
use store::TokenScope;
use support::{
    browser::{Browser, Page},
    caller::Program,
    world::{PASSWORD, World},
};

fn rules() -> AccessRules {
    let second_factor_key = SealKey::parse(&"5a".repeat(32));
    assert!(second_factor_key.is_some());
    AccessRules { second_factor_key, ..AccessRules::default() }
}

fn console(world: &World, access: AccessRules) -> Browser {
    Browser::new(console::router(ConsoleState { access, ..world.state() }))
}

/// A second computation of a code, from the secret as it is shown.
fn code(secret: &str, steps_later: i64) -> String {
    let digits = secret.bytes().map(|letter| match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        _ => u32::from(letter - b'2') + 26,
    });
    let bits: Vec<u32> = digits.flat_map(|digit| (0..5).rev().map(move |at| digit >> at & 1)).collect();
    let bytes: Vec<u8> = bits
        .chunks_exact(8)
        .map(|eight| u8::try_from(eight.iter().fold(0, |byte, bit| byte * 2 + *bit)).unwrap())
        .collect();
    let step = Timestamp::now().as_second() / 30 + steps_later;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 127, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

fn secret(page: &Page) -> String {
    let (_, rest) = page.body.split_once("<code data-secret>").expect("a secret");
    rest.split('<').next().unwrap().to_owned()
}

async fn post(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let csrf = browser.get("/second-factor").await.hidden("csrf");
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    browser.post(path, &all).await
}

/// Enrolls and returns the secret; the code of this moment is used up.
async fn enroll(browser: &mut Browser) -> String {
    browser.prove(PASSWORD).await;
    let page = post(browser, "/second-factor", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let secret = secret(&page);
    let confirmed = post(browser, "/second-factor/confirm", &[("code", &code(&secret, -1))]).await;
    assert_eq!(confirmed.location(), "/sign-in", "{confirmed:?}");
    secret
}

async fn say_code(browser: &mut Browser, code: &str) -> Page {
    let csrf = browser.get("/sign-in/code").await.hidden("csrf");
    browser.post("/sign-in/code", &[("csrf", &csrf), ("code", code), ("next", "/programs")]).await
}

#[tokio::test]
async fn an_authenticator_is_enrolled_by_its_own_code_and_asked_for_from_then_on() {
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut ann = console(&world, rules());
    let mut elsewhere = ann.clone();
    ann.sign_in("ann", PASSWORD).await;
    elsewhere.sign_in("ann", PASSWORD).await;
    // Nobody enrolls at a desk that was left open.
    assert_eq!(post(&mut ann, "/second-factor", &[]).await.location(), "/proof?next=/second-factor");
    ann.prove(PASSWORD).await;
    let first = post(&mut ann, "/second-factor", &[]).await;
    first.has("otpauth://totp/cobrand:ann?secret=");
    let second = post(&mut ann, "/second-factor", &[]).await;
    assert_ne!(secret(&first), secret(&second), "each time another one");
    let of_first = code(&secret(&first), 0);
    let wrong = post(&mut ann, "/second-factor/confirm", &[("code", &of_first)]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "the one before counts no more");
    assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);

    let secret = secret(&second);
    let stored = world.pool.get().await.unwrap();
    let stored =
        stored.query_one("SELECT encode(sealed, 'escape') FROM staff_second_factor", &[]).await.unwrap();
    assert!(!stored.get::<_, String>(0).contains(&secret));
    let confirmed = post(&mut ann, "/second-factor/confirm", &[("code", &code(&secret, -1))]).await;
    assert_eq!(confirmed.location(), "/sign-in");
    for browser in [&mut ann, &mut elsewhere] {
        assert_eq!(browser.get("/").await.location(), "/sign-in", "what was signed in without it has ended");
    }

    // The password alone opens no page, but leads to the code.
    let half = ann.sign_in("ann", PASSWORD).await;
    assert_eq!(half.location(), "/sign-in/code?next=/");
    for path in ["/", "/programs", "/second-factor", "/proof"] {
        assert_eq!(ann.get(path).await.location(), "/sign-in/code", "{path}");
    }
    let half_way = ann.cookie.clone();
    assert_eq!(say_code(&mut ann, "000000").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(say_code(&mut ann, &code(&secret, -1)).await.status, StatusCode::UNAUTHORIZED, "it was used");
    let right = code(&secret, 0);
    let through = say_code(&mut ann, &right).await;
    assert_eq!((through.status, through.location()), (StatusCode::SEE_OTHER, "/programs"));
    assert_ne!(ann.cookie, half_way, "another id");
    assert_eq!(ann.get("/").await.status, StatusCode::OK);
    let mut replayed = console(&world, rules());
    replayed.cookie = half_way;
    assert_eq!(replayed.get("/").await.location(), "/sign-in");
    replayed.sign_in("ann", PASSWORD).await;
    assert_eq!(say_code(&mut replayed, &right).await.status, StatusCode::UNAUTHORIZED, "a code counts once");

    ann.get("/second-factor").await.has("data-enrolled");
    assert_eq!(
        post(&mut ann, "/second-factor/confirm", &[("code", &right)]).await.status,
        StatusCode::CONFLICT
    );
    // A decision is proved by a code, and by a password no more.
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let csrf = ann.get("/proof").await.hidden("csrf");
    let next = code(&secret, 1);
    assert_eq!(ann.post("/proof", &[("csrf", &csrf), ("code", &next)]).await.location(), "/");
    assert_eq!(
        ann.post("/proof", &[("csrf", &csrf), ("code", &next)]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn knowing_the_password_does_not_buy_more_guesses_at_the_code() {
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut ann = console(&world, rules());
    ann.sign_in("ann", PASSWORD).await;
    let secret = enroll(&mut ann).await;
    let mut thief = console(&world, rules());
    let mut locked = false;
    for _ in 0..10 {
        locked |= thief.sign_in("ann", PASSWORD).await.status == StatusCode::TOO_MANY_REQUESTS;
        if !locked {
            locked |= say_code(&mut thief, "000000").await.status == StatusCode::TOO_MANY_REQUESTS;
        }
    }
    assert!(locked);
    assert_eq!(ann.sign_in("ann", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    // Nobody gets in with another installation's key, and an administrator takes a lost one away.
    store::staff::forget_attempts(&world.pool, store::staff::Subject::Name("ann")).await.unwrap();
    let other = AccessRules { second_factor_key: SealKey::parse(&"5b".repeat(32)), ..AccessRules::default() };
    let mut strange = console(&world, other);
    strange.sign_in("ann", PASSWORD).await;
    let refused = say_code(&mut strange, &code(&secret, 0)).await;
    assert_eq!(refused.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(store::staff::drop_second_factor(&world.pool, "ann", "root").await.unwrap());
    assert_eq!(ann.sign_in("ann", PASSWORD).await.location(), "/");
}

#[tokio::test]
async fn an_installation_may_ask_a_second_factor_of_those_who_decide() {
    let world = World::new().await;
    let access = AccessRules { second_factor_required: true, ..rules() };
    for (name, role) in [("ann", Role::Approver), ("bob", Role::Viewer)] {
        let roles = Roles::from_iter([role]);
        let new = NewUser { name, password: PASSWORD, roles, partner: None, by: "a test" };
        console::add_user_as(&world.pool, &new).await.unwrap();
    }
    let (mut ann, mut bob) = (console(&world, access.clone()), console(&world, access));
    ann.sign_in("ann", PASSWORD).await;
    bob.sign_in("bob", PASSWORD).await;
    assert_eq!(bob.get("/programs").await.status, StatusCode::OK);
    assert_eq!(ann.get("/programs").await.location(), "/second-factor");
    let secret = enroll(&mut ann).await;
    ann.sign_in("ann", PASSWORD).await;
    assert_eq!(say_code(&mut ann, &code(&secret, 0)).await.location(), "/programs");
    assert_eq!(ann.get("/programs").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_asked_for_the_second_factor_of_its_holder_as_well() {
    let world = World::new().await;
    let access = AccessRules { second_factor_required: true, ..rules() };
    let router = console::router(ConsoleState { access: access.clone(), ..world.state() });
    world.user("ann", &[Role::Approver]).await;
    world.user("vera", &[Role::Viewer]).await;
    let decides = Program::with(&router, &world.token("ann", TokenScope::Decide).await);
    let reads = Program::with(&router, &world.token("ann", TokenScope::Read).await);
    let path = "/api/v1/program-proposals/1/decision";
    for told in [reads.get("/api/v1/breaks").await, decides.post(path, "k", &serde_json::json!({})).await] {
        told.is_problem(403, "not_allowed");
        assert!(told.body.contains("must have a second factor"), "{}", told.body);
    }
    let vera = Program::with(&router, &world.token("vera", TokenScope::Read).await);
    vera.get("/api/v1/breaks").await.ok();
    enroll(&mut {
        let mut ann = console(&world, access);
        ann.sign_in("ann", PASSWORD).await;
        ann
    })
    .await;
    reads.get("/api/v1/breaks").await.ok();
}

/// The failures that are counted of a name or network now.
async fn counted(world: &World) -> Vec<String> {
    let client = world.pool.get().await.unwrap();
    let text = "SELECT kind || ' ' || subject || ' ' || failures FROM staff_attempt ORDER BY 1";
    client.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn right_sign_ins_and_a_locked_name_use_up_nothing_of_the_office_s_network() {
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let office: std::net::SocketAddr = "192.0.2.7:1".parse().unwrap();
    let router = console::router(ConsoleState { access: rules(), ..world.state() });
    let mut ann = Browser::new(router.layer(axum::Extension(ConnectInfo(office))));
    ann.sign_in("ann", PASSWORD).await;
    let secret = enroll(&mut ann).await;
    assert_eq!(ann.sign_in("ann", PASSWORD).await.location(), "/sign-in/code?next=/");
    assert_eq!(counted(&world).await, ["name ann 1"], "guesses at the code would be counted on");
    assert_eq!(say_code(&mut ann, &code(&secret, 0)).await.location(), "/programs");
    assert_eq!(counted(&world).await, [""; 0], "nothing was wrong");
    for _ in 0..15 {
        ann.sign_in("zoe", "wrong password").await;
    }
    assert_eq!(counted(&world).await, ["name zoe 10", "network 192.0.2.7 10"], "five were not looked at");
}

#[tokio::test]
async fn a_secret_is_shown_once_and_confirmed_by_whoever_has_proved_himself() {
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut ann = console(&world, rules());
    ann.sign_in("ann", PASSWORD).await;
    ann.prove(PASSWORD).await;
    let secret = secret(&post(&mut ann, "/second-factor", &[]).await);
    // A wrong code does not show it again, and neither does the page.
    let wrong = post(&mut ann, "/second-factor/confirm", &[("code", "000000")]).await;
    assert_eq!(wrong.hidden("next"), "/second-factor", "the switch of the language leads back to a page");
    for page in [wrong, ann.get("/second-factor").await] {
        page.has("action=\"/second-factor/confirm\"");
        page.has_not(&secret);
        page.has_not("data-secret");
    }
    // At another desk of hers, without a proof, nothing is confirmed.
    let mut elsewhere = ann.clone();
    elsewhere.sign_in("ann", PASSWORD).await;
    let right = code(&secret, 0);
    let refused = post(&mut elsewhere, "/second-factor/confirm", &[("code", &right)]).await;
    assert_eq!(refused.location(), "/proof?next=/second-factor");
    elsewhere.prove(PASSWORD).await;
    assert_eq!(
        post(&mut elsewhere, "/second-factor/confirm", &[("code", &right)]).await.location(),
        "/sign-in"
    );
}

#[tokio::test]
async fn the_command_line_asks_for_the_code_of_whoever_has_one() {
    let world = World::new().await;
    for name in ["ann", "bob"] {
        console::add_user(&world.pool, name, PASSWORD).await.unwrap();
    }
    let key = SealKey::parse(&"5a".repeat(32));
    let show = async |name: &str, password: &str, code: Option<&str>, key: Option<&SealKey>| {
        console::identify(&world.pool, key, Shown { name, password, code }).await.unwrap()
    };
    let known = Identity::Known(Roles::WORKING);
    assert_eq!(show("bob", PASSWORD, None, None).await, known, "who has none is asked for none");
    assert_eq!(show("bob", "wrong password", None, None).await, Identity::Wrong);
    assert_eq!(show("nobody", PASSWORD, None, None).await, Identity::Wrong);
    let mut ann = console(&world, rules());
    ann.sign_in("ann", PASSWORD).await;
    let secret = enroll(&mut ann).await;
    assert_eq!(show("ann", PASSWORD, None, key.as_ref()).await, Identity::CodeToCome);
    assert_eq!(show("ann", "wrong password", Some(&code(&secret, 0)), key.as_ref()).await, Identity::Wrong);
    for wrong in ["", "000000", &code(&secret, -1)] {
        assert_eq!(show("ann", PASSWORD, Some(wrong), key.as_ref()).await, Identity::WrongCode, "{wrong}");
    }
    let right = code(&secret, 0);
    assert_eq!(show("ann", PASSWORD, Some(&right), None).await, Identity::NoKey);
    assert_eq!(show("ann", PASSWORD, Some(&right), key.as_ref()).await, known);
    assert_eq!(show("ann", PASSWORD, Some(&right), key.as_ref()).await, Identity::WrongCode, "once");
    for _ in 0..12 {
        show("ann", PASSWORD, Some("000000"), key.as_ref()).await;
    }
    let next = code(&secret, 1);
    assert_eq!(show("ann", PASSWORD, Some(&next), key.as_ref()).await, Identity::Locked);
    console::lock_user(&world.pool, "bob", true, Timestamp::now()).await.unwrap();
    assert_eq!(show("bob", PASSWORD, None, None).await, Identity::Wrong);
    let filter =
        store::audit::AuditFilter { by: Some("ann"), what: Some("user.refused"), ..Default::default() };
    let told = store::audit::entries(&world.pool, &filter, 50).await.unwrap();
    assert!(told.len() >= 5, "{told:?}");
}

#[tokio::test]
async fn over_tls_cookies_are_of_this_host_alone() {
    let world = World::new().await;
    console::add_user(&world.pool, "ann", PASSWORD).await.unwrap();
    let mut ann = console(&world, AccessRules { secure: true, ..AccessRules::default() });
    let form = ann.get("/sign-in").await;
    assert!(form.headers[header::SET_COOKIE].to_str().unwrap().starts_with("__Host-cobrand_form="));
    let page = ann.sign_in("ann", PASSWORD).await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-cobrand_session="), "{cookie}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert_eq!(ann.get("/").await.status, StatusCode::OK);
    // The name without the prefix, which any page of the domain could set, is no session.
    ann.cookie = ann.cookie.map(|cookie| cookie.replace("__Host-", ""));
    assert_eq!(ann.get("/").await.location(), "/sign-in");
}

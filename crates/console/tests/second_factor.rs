//! The second factor: enrolment, sign-in with its code, proof by it, and what an installation may ask of who decides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use aws_lc_rs::hmac;
use axum::http::{StatusCode, header};
use console::{AccessRules, ConsoleState, NewUser, SealKey};
use domain::{Role, Roles};
use jiff::Timestamp;
use support::{
    browser::{Browser, Page},
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

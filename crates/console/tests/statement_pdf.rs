//! The statement of a day as a PDF: for staff all of it, for somebody of a partner that partner's own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::{
    body::to_bytes,
    http::{Request, StatusCode, header},
};
use console::{ConsoleState, NewUser, add_user_as};
use domain::Roles;
use support::{
    browser::Browser,
    world::{DAY, World},
};
use tower::ServiceExt;

const PASSWORD: &str = "a long password 1";

/// The document as its bytes; a browser of the tests reads text alone.
async fn pdf(browser: &Browser, path: &str) -> (StatusCode, String, Vec<u8>) {
    let request = Request::builder().uri(path).header(header::COOKIE, browser.cookie.clone().unwrap());
    let response =
        browser.router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let media = response.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
    (status, media.unwrap_or_default(), to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec())
}

async fn signed_in(world: &World, name: &str) -> Browser {
    let state = ConsoleState { pool: store::console_pool(&world.database), ..world.state() };
    let mut browser = Browser::new(console::router(state));
    let page = browser.sign_in(name, PASSWORD).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{page:?}");
    browser
}

async fn add(world: &World, name: &str, roles: Roles, partner: Option<&str>) {
    let partner = partner.map(|code| world.codes.partners[code]);
    let new = NewUser { name, password: PASSWORD, roles, partner, by: "a test" };
    add_user_as(&world.pool, &new).await.unwrap();
}

#[tokio::test]
async fn staff_get_the_whole_day_and_partners_their_own() {
    let world = World::closed().await;
    add(&world, "rita", Roles::WORKING, None).await;
    add(&world, "kate", Roles::NONE, Some("kosta")).await;
    let address = format!("{DAY}/statement.pdf");
    let rita = signed_in(&world, "rita").await;
    let (status, media, whole) = pdf(&rita, &address).await;
    assert_eq!((status, media.as_str()), (StatusCode::OK, "application/pdf"));
    assert!(whole.starts_with(b"%PDF-"));
    assert_eq!(pdf(&rita, &address).await.2, whole, "the same day, the same bytes");
    let kate = signed_in(&world, "kate").await;
    let (status, _, own) = pdf(&kate, &address).await;
    assert_eq!(status, StatusCode::OK);
    assert!(own.len() < whole.len(), "{} of {} bytes", own.len(), whole.len());
    // In the other language it is another document.
    let mut rita = rita;
    let csrf = rita.get(DAY).await.hidden("csrf");
    rita.post("/language", &[("csrf", &csrf), ("to", "ru"), ("next", DAY)]).await;
    assert_ne!(pdf(&rita, &address).await.2, whole);
    for missing in ["/day/boreal-gold/2026-10-09/statement.pdf", "/day/other/2026-10-10/statement.pdf"] {
        assert_eq!(pdf(&rita, missing).await.0, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn an_open_day_has_a_statement_for_staff_and_none_for_partners() {
    let world = World::with_messages().await;
    add(&world, "rita", Roles::WORKING, None).await;
    add(&world, "kate", Roles::NONE, Some("kosta")).await;
    let address = format!("{DAY}/statement.pdf");
    let rita = signed_in(&world, "rita").await;
    assert_eq!(pdf(&rita, &address).await.0, StatusCode::OK);
    let kate = signed_in(&world, "kate").await;
    assert_eq!(pdf(&kate, &address).await.0, StatusCode::NOT_FOUND);
}

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

#[tokio::test]
async fn a_partner_sees_nothing_of_a_day_before_the_second_person_has_approved_it() {
    let world = World::with_messages().await;
    add(&world, "anna", Roles::WORKING, None).await;
    add(&world, "boris", Roles::WORKING, None).await;
    add(&world, "kate", Roles::NONE, Some("kosta")).await;
    world.compute("anna").await;
    let (mut anna, mut kate) = (signed_in(&world, "anna").await, signed_in(&world, "kate").await);
    let router = kate.router.clone();
    let token = world.token("kate", store::TokenScope::Read).await;
    let program = support::caller::Program::with(&router, &token);
    let position = format!("{DAY}/positions/kosta/RUB");
    let own = "/partners/kosta?from=2026-10-01&until=2026-10-31";
    let api = "/api/v1/partners/kosta/statement?from=2026-10-10&until=2026-10-10";
    // The bank's own people look at it: they must decide.
    assert_eq!(pdf(&anna, &format!("{DAY}/statement.pdf")).await.0, StatusCode::OK);
    anna.get(&position).await.has("558.78 RUB");
    anna.get(own).await.has("558.78 RUB");
    assert_eq!(pdf(&kate, &format!("{DAY}/statement.pdf")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(kate.get(&position).await.status, StatusCode::NOT_FOUND);
    kate.get(own).await.has_not("558.78");
    assert_eq!(program.get(api).await.ok()["lines"].as_array().map(Vec::len), Some(0));

    let cycle = world.cycle().await;
    assert!(store::approve_cycle(&world.pool, cycle.id, "boris").await.unwrap());
    assert_eq!(pdf(&kate, &format!("{DAY}/statement.pdf")).await.0, StatusCode::OK);
    kate.get(&position).await.has("558.78 RUB");
    kate.get(own).await.has("558.78 RUB");
    assert_eq!(program.get(api).await.ok()["lines"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn people_of_a_partner_find_their_own_pages_and_no_dead_links() {
    let world = World::closed().await;
    add(&world, "kate", Roles::NONE, Some("kosta")).await;
    let mut kate = signed_in(&world, "kate").await;
    let page = kate.get("/answers").await;
    page.has("<a class=\"part\" href=\"/partners/kosta\">Statement</a>");
    let mut seen = Vec::from(["/answers".to_owned()]);
    let mut ahead = Vec::from(["/partners/kosta?from=2026-10-01&until=2026-10-31".to_owned()]);
    // Every link that leads anywhere, from page to page.
    while let Some(path) = ahead.pop() {
        if seen.contains(&path) {
            continue;
        }
        let page = kate.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        seen.push(path);
        if !page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html") {
            continue;
        }
        for link in page.body.split("href=\"").skip(1).map(|link| link.split('"').next().unwrap()) {
            let link = link.split('#').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
            if link.starts_with('/') && !link.contains('.') || link.ends_with(".pdf") {
                ahead.push(link);
            }
        }
    }
    for wanted in
        ["/day/boreal-gold/2026-10-10/positions/kosta/RUB", "/day/boreal-gold/2026-10-10/statement.pdf"]
    {
        assert!(seen.iter().any(|path| path == wanted), "{wanted} is not among {seen:?}");
    }
}

/// Breaks that were found with the bank alone: its totals, its files.
async fn breaks_of_the_bank(world: &World, from: i32, until: i32) {
    world
        .run(&format!(
            "INSERT INTO reconciliation_run (source, scope, bank_id, business_date, as_of, compared_at, inputs_sha256, \
             matched, suggested, expected, broken, problem) SELECT 'bank_clearing', 'north {from}', p.bank_id, '2026-10-10', \
             now(), now(), sha256('x'), 0, 0, 0, 1, '' FROM program p; \
             INSERT INTO reconciliation_break (break_key, source, scope, class, timing, bank_id, business_date, subject, unit, \
             difference, reason, fields, first_run, found_at, last_run) \
             SELECT sha256(convert_to('bank ' || n, 'UTF8')), 'bank_clearing', 'north {from}', 'sequence_gap', 'data', \
             r.bank_id, '2026-10-10', 'file ' || n, 'RUB', -100, 'sequence_gap', '[]', r.run_id, now(), r.run_id \
             FROM generate_series({from}, {until}) n, reconciliation_run r WHERE r.scope = 'north {from}'; \
             INSERT INTO break_case (case_id, unit, difference, left_amount, state, severity, opened_at, due_at, version) \
             SELECT break_id, 'RUB', -100, -100, 'open', 'critical', '2026-10-10T06:00:00Z', '2026-10-12T06:00:00Z', 1 \
             FROM reconciliation_break WHERE scope = 'north {from}'"
        ))
        .await;
}

#[tokio::test]
async fn the_bank_s_own_breaks_are_on_the_statement_and_all_are_counted() {
    let world = World::closed().await;
    add(&world, "rita", Roles::WORKING, None).await;
    add(&world, "kate", Roles::NONE, Some("kosta")).await;
    let address = format!("{DAY}/statement.pdf");
    let (rita, kate) = (signed_in(&world, "rita").await, signed_in(&world, "kate").await);
    let without = (pdf(&rita, &address).await.2, pdf(&kate, &address).await.2);
    breaks_of_the_bank(&world, 1, 1).await;
    let one = pdf(&rita, &address).await.2;
    assert_ne!(one, without.0, "its page says that none is open");
    assert_eq!(pdf(&kate, &address).await.2, without.1, "they are no partner's");
    breaks_of_the_bank(&world, 2, 600).await;
    let many = pdf(&rita, &address).await.2;
    // Beyond what is itemised only the count and the sum change.
    breaks_of_the_bank(&world, 601, 700).await;
    assert_ne!(pdf(&rita, &address).await.2, many);

    let (program, date) = (world.file.program.id, support::world::SATURDAY);
    let listed = store::breaks_carried(&world.pool, program, date, None, 500).await.unwrap();
    let left = store::breaks_left(&world.pool, program, date, None).await.unwrap();
    assert_eq!(listed.len(), 500);
    assert_eq!(
        left.iter().map(|left| (left.unit.as_str(), left.breaks, left.size)).collect::<Vec<_>>(),
        [("RUB", 700, 70_000)]
    );
    let kosta = Some(world.partner("kosta"));
    assert!(store::breaks_left(&world.pool, program, date, kosta).await.unwrap().is_empty());
}

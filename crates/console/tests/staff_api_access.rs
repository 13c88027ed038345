//! The API for staff: who gets in, with which token, role and partner; how failures are told; how often may be asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use console::{StaffApiLimits, StaffOperation, TokenError, TokenTerms, roles_may, staff_operations};
use domain::{Role, Roles};
use serde_json::{Value, json};
use store::TokenScope;
use support::{
    caller::{Program, Told},
    world::{PASSWORD, World},
};

/// A path of an operation with its parameters filled in.
fn path_of(operation: &StaffOperation) -> String {
    let filled = operation.path.split('/').map(|part| match part {
        "{program}" => "boreal-gold".to_owned(),
        "{date}" => "2026-10-10".to_owned(),
        "{reference}" => "6283000000P1".to_owned(),
        "{partner}" => "airboreal".to_owned(),
        "{file}" => "nothing.cbs".to_owned(),
        "{version}" => "07".repeat(32),
        "{bucket}" => "0".to_owned(),
        "{key}" => "0".repeat(48),
        part if part.starts_with('{') => "1".to_owned(),
        part => part.to_owned(),
    });
    filled.collect::<Vec<_>>().join("/")
}

async fn ask(program: &Program, operation: &StaffOperation, key: &str) -> Told {
    match operation.method {
        "GET" => program.get(&path_of(operation)).await,
        _ => program.post(&path_of(operation), key, &json!({ "no": "such field" })).await,
    }
}

#[tokio::test]
async fn every_operation_asks_for_its_scope_and_its_role() {
    let world = World::new().await;
    let router = world.router();
    let stranger = Program::without_token(&router);
    for operation in staff_operations() {
        ask(&stranger, &operation, "k").await.is_problem(401, "not_signed_in");
    }
    for role in Role::ALL {
        let name = role.name();
        world.user(name, &[role]).await;
        for scope in TokenScope::ALL {
            let program = Program::with(&router, &world.token(name, scope).await);
            for operation in staff_operations() {
                let told = ask(&program, &operation, name).await;
                let may =
                    scope.covers(operation.scope) && roles_may(Roles::from_iter([role]), operation.deed);
                let refused = told.status == StatusCode::FORBIDDEN;
                assert_eq!(
                    refused, !may,
                    "{name} {scope:?} {}: {} {}",
                    operation.name, told.status, told.body
                );
                assert!(
                    told.status != StatusCode::UNAUTHORIZED && !told.status.is_server_error(),
                    "{told:?}"
                );
                if refused {
                    told.is_problem(403, "not_allowed");
                } else if operation.method == "POST" && operation.name != "attachToCase" {
                    let code = told.json()["type"].clone();
                    assert!(code == "wrong_body" || code == "not_found", "{}: {}", operation.name, told.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn people_of_a_partner_get_what_is_theirs_and_nothing_tells_of_others() {
    let world = World::closed().await;
    let router = world.router();
    world.of_partner("kim", world.partner("kosta")).await;
    let kim = Program::with(&router, &world.token("kim", TokenScope::Read).await);
    for operation in staff_operations() {
        let told = ask(&kim, &operation, "k").await;
        if operation.scope != TokenScope::Read {
            told.is_problem(403, "not_allowed");
        } else if !operation.partners {
            told.is_problem(404, "not_found");
        }
    }
    let told = kim.get("/api/v1/partners").await.ok();
    assert_eq!(
        told["partners"]
            .as_array()
            .map(|all| all.iter().map(|one| one["partner"].clone()).collect::<Vec<_>>()),
        Some(vec!["kosta".into()])
    );
    let files = kim.get("/api/v1/partners/kosta/files").await.ok();
    let name = files["files"][0]["file"].as_str().unwrap();
    let file = kim.get(&format!("/api/v1/partners/kosta/files/{name}")).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.body, std::fs::read_to_string(world.out.join(name)).unwrap());

    world.user("vera", &[Role::Viewer]).await;
    let vera = Program::with(&router, &world.token("vera", TokenScope::Read).await);
    let others = vera.get("/api/v1/partners/airboreal/files").await.ok();
    let other = others["files"][0]["file"].as_str().unwrap();
    for path in [
        "/api/v1/partners/airboreal/files".to_owned(),
        "/api/v1/partners/nobody/files".to_owned(),
        format!("/api/v1/partners/airboreal/files/{other}"),
        format!("/api/v1/partners/kosta/files/{other}"),
    ] {
        kim.get(&path).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_token_counts_while_its_user_may_and_one_that_decides_for_a_day() {
    let world = World::new().await;
    let router = world.router();
    world.user("ann", &[Role::Viewer, Role::Approver]).await;
    let now = jiff::Timestamp::now();
    let make = async |may, label, days, at| {
        console::new_scoped_token(&world.pool, "ann", TokenTerms { may, label, days }, at, "operator").await
    };
    let too_long = make(TokenScope::Decide, "", 2, now).await;
    assert!(matches!(too_long, Err(TokenError::DecidesTooLong)), "{too_long:?}");
    let bad = make(TokenScope::Read, "a\nb", 2, now).await;
    assert!(matches!(bad, Err(TokenError::BadLabel)), "{bad:?}");
    let client = world.pool.get().await.unwrap();
    let behind_our_back = "UPDATE staff_token SET expires_at = made_at + interval '25 hours'";
    let decides = make(TokenScope::Decide, "approvals", 1, now).await.unwrap();
    let refused = client.batch_execute(behind_our_back).await.unwrap_err();
    assert_eq!(refused.as_db_error().unwrap().constraint(), Some("staff_token_decides_for_a_day"));
    let day = jiff::SignedDuration::from_hours(24);
    let yesterday = make(TokenScope::Decide, "", 1, now - day).await.unwrap();

    let ask = |token: &str| {
        let program = Program::with(&router, token);
        async move { program.get("/api/v1/programs").await }
    };
    ask(&decides).await.ok();
    for wrong in [yesterday.as_str(), "", "ann", &"0".repeat(64)] {
        let told = ask(wrong).await;
        told.is_problem(401, "not_signed_in");
        assert_eq!(told.header("www-authenticate"), "Bearer");
    }
    console::lock_user(&world.pool, "ann", true, now).await.unwrap();
    ask(&decides).await.is_problem(401, "not_signed_in");
    console::lock_user(&world.pool, "ann", false, now).await.unwrap();
    ask(&decides).await.ok();
    console::revoke_tokens(&world.pool, "ann", "operator").await.unwrap();
    ask(&decides).await.is_problem(401, "not_signed_in");
    // Whoever had her password may have made one, too: with another password all of hers end, and nobody else's.
    world.user("bob", &[Role::Viewer]).await;
    let of_bob = world.token("bob", TokenScope::Read).await;
    let (one, other) =
        (world.token("ann", TokenScope::Read).await, make(TokenScope::Decide, "", 1, now).await.unwrap());
    console::set_password_as(&world.pool, "ann", "another battery", "root").await.unwrap();
    for token in [&one, &other] {
        ask(token).await.is_problem(401, "not_signed_in");
    }
    ask(&of_bob).await.ok();
    let text = "SELECT (after->'tokens_ended')::text FROM audit_entry WHERE what = 'user.password'";
    let told: String = client.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(told, "2", "the journal tells how many");
    ask(&world.token("ann", TokenScope::Read).await).await.ok();
}

#[tokio::test]
async fn a_browser_s_session_reads_and_changes_nothing() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let told = browser.get("/api/v1/programs").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let path = "/api/v1/program-proposals/1/decision";
    let request = Request::builder().method("POST").uri(path).header("idempotency-key", "k");
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let told = browser.send(request, Body::from("{}")).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{}", told.body);
    assert_eq!(browser.sign_in("ann", PASSWORD).await.location(), "/", "nothing else of it changed");
}

#[tokio::test]
async fn every_failure_is_a_problem_document() {
    let world = World::with_messages().await;
    let router = world.router();
    world.user("ann", &[Role::Viewer, Role::ProgramManager]).await;
    let ann = Program::with(&router, &world.token("ann", TokenScope::Propose).await);
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/programs", "/api/v1/programs/"] {
        ann.get(path).await.is_problem(404, "no_such_path");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let told = ann.send(Request::builder().method(method).uri("/api/v1/programs"), Body::empty()).await;
        told.is_problem(405, "no_such_method");
        assert_eq!(told.header("allow"), "GET, HEAD");
    }
    let withdraw = "/api/v1/program-proposals/1/withdrawal";
    let told = ann.get(withdraw).await;
    told.is_problem(405, "no_such_method");
    assert_eq!(told.header("allow"), "POST");

    for (query, code) in [
        ("limit=0", "wrong_parameter"),
        ("limit=201", "wrong_parameter"),
        ("limit=x", "wrong_parameter"),
        ("after=zz", "wrong_parameter"),
        ("page=2", "wrong_parameter"),
        ("limit=1&limit=2", "wrong_parameter"),
        ("limit=%ff", "wrong_parameter"),
    ] {
        let path = format!("/api/v1/programs/boreal-gold/days?{query}");
        ann.get(&path).await.is_problem(400, code);
    }
    ann.get("/api/v1/breaks?state=nowhere").await.is_problem(400, "wrong_parameter");
    ann.get("/api/v1/programs/nothing/days").await.is_problem(404, "not_found");
    ann.get("/api/v1/programs/boreal-gold/days/1999-01-01").await.is_problem(404, "not_found");
    ann.get("/api/v1/programs/boreal-gold/days/%ff").await.is_problem(404, "not_found");
    ann.get("/api/v1/transactions/4111111111111111").await.is_problem(404, "not_found");

    let propose = "/api/v1/programs/boreal-gold/proposals";
    let post = |kind: &'static str, key: Option<&'static str>, body: String| {
        let request = Request::builder().method("POST").uri(propose).header(header::CONTENT_TYPE, kind);
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        let ann = ann.clone();
        async move { ann.send(request, Body::from(body)).await }
    };
    let kind = "application/json";
    post(kind, None, "{}".to_owned()).await.is_problem(400, "wrong_header");
    post(kind, Some("two words"), "{}".to_owned()).await.is_problem(400, "wrong_header");
    post("text/plain", Some("k"), "{}".to_owned()).await.is_problem(415, "wrong_media_type");
    post(kind, Some("k"), "{".to_owned()).await.is_problem(400, "wrong_body");
    post(kind, Some("k"), "{} {}".to_owned()).await.is_problem(400, "wrong_body");
    post(kind, Some("k"), " ".repeat(3 << 20)).await.is_problem(413, "body_too_large");
    let card = json!({ "text": "x = 4111111111111111", "comment": "c", "wanted": "now", "backtest": null });
    let told = post(kind, Some("k"), card.to_string()).await;
    told.is_problem(422, "wrong_value");

    // The explanation tells its failures as it always did, too.
    let told = ann.get("/api/v1/transactions/nothing/explanation").await;
    told.is_problem(404, "not_found");
    assert_eq!(told.json()["error"]["code"], "not_found");
    let told = Program::without_token(&router).get("/api/v1/transactions/1/explanation").await;
    told.is_problem(401, "not_signed_in");
    assert_eq!(told.json()["error"]["code"], "not_signed_in");
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let world = World::new().await;
    let router = world.limited(3, 6);
    world.user("ann", &[Role::Viewer]).await;
    world.user("bob", &[Role::Viewer]).await;
    let (ann, bob) = (world.token("ann", TokenScope::Read).await, world.token("bob", TokenScope::Read).await);
    let ask = |token: String, from: &'static str| {
        let program = Program::with(&router, &token);
        let from: std::net::SocketAddr = from.parse().unwrap();
        let request = Request::builder().uri("/api/v1/programs").extension(ConnectInfo(from));
        async move { program.send(request, Body::empty()).await }
    };
    for left in ["2", "1", "0"] {
        let told = ask(ann.clone(), "192.0.2.1:1").await;
        told.ok();
        assert_eq!((told.header("ratelimit-limit"), told.header("ratelimit-remaining")), ("3", left));
    }
    let told = ask(ann.clone(), "192.0.2.2:1").await;
    told.is_problem(429, "too_many_requests");
    let seconds: u64 = told.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(told.header("ratelimit-remaining"), "0");
    // Another token has a minute of its own, until the network has had enough.
    for _ in 0..3 {
        ask(bob.clone(), "192.0.2.1:2").await.ok();
    }
    let guess = "0".repeat(64);
    let told = ask(guess.clone(), "192.0.2.1:3").await;
    told.is_problem(429, "too_many_requests");
    assert!(!told.header("retry-after").is_empty());
    ask(guess, "192.0.2.3:3").await.is_problem(401, "not_signed_in");
}

#[tokio::test]
async fn behind_a_proxy_each_network_has_a_count_of_its_own() {
    let world = World::new().await;
    let mut state = world.state_of_console();
    state.access.proxies = vec!["127.0.0.1".parse().unwrap()];
    let limits = StaffApiLimits { of_token: 100, of_network: 2 };
    let named = console::router_limited(state, limits);
    let unnamed = world.limited(100, 2);
    world.user("ann", &[Role::Viewer]).await;
    let ann = world.token("ann", TokenScope::Read).await;
    let ask = |router: &axum::Router, token: &str, forwarded: &'static str| {
        let program = Program::with(router, token);
        let proxy: std::net::SocketAddr = "127.0.0.1:9".parse().unwrap();
        let request = Request::builder().uri("/api/v1/programs").extension(ConnectInfo(proxy));
        async move { program.send(request.header("x-forwarded-for", forwarded), Body::empty()).await }
    };
    let guess = "0".repeat(64);
    for _ in 0..2 {
        ask(&named, &guess, "198.51.100.1").await.is_problem(401, "not_signed_in");
    }
    ask(&named, &ann, "198.51.100.1").await.is_problem(429, "too_many_requests");
    ask(&named, &ann, "203.0.113.9, 198.51.100.1").await.is_problem(429, "too_many_requests");
    ask(&named, &ann, "198.51.100.2").await.ok();
    // Of a proxy that is not named nothing is known: it is not taken for everybody's network.
    for _ in 0..3 {
        ask(&unnamed, &ann, "198.51.100.1").await.ok();
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end_by_cursors_of_letters() {
    let world = World::new().await;
    let router = world.router();
    world.user("ann", &[Role::Auditor]).await;
    world.user("bob", &[Role::Viewer]).await;
    let ann = Program::with(&router, &world.token("ann", TokenScope::Read).await);
    let entries = |told: Value| told["entries"].as_array().unwrap().clone();
    let all = entries(ann.get("/api/v1/audit").await.ok());
    assert!(all.len() > 2, "{all:?}");
    let (mut read, mut address) = (Vec::new(), "/api/v1/audit?limit=1".to_owned());
    loop {
        let page = ann.get(&address).await.ok();
        read.extend(entries(page.clone()));
        let Some(next) = page["next"].as_str() else { break };
        assert!(next.bytes().all(|byte| byte.is_ascii_lowercase()), "digits could be a card number: {next}");
        address = format!("/api/v1/audit?limit=1&after={next}");
    }
    assert_eq!(read, all);
}

#[tokio::test]
async fn what_no_book_has_is_the_callers_mistake() {
    let world = World::new().await;
    let router = world.router();
    world.user("ann", &Role::ALL).await;
    let ann = Program::with(&router, &world.token("ann", TokenScope::Decide).await);
    let letters = |text: &str| {
        let letter = |half: u8| char::from(b'a' + half);
        text.bytes().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect::<String>()
    };
    ann.get("/api/v1/partners/kosta/files/%00").await.is_problem(404, "not_found");
    for (list, place, status) in [
        ("breaks", "breaks\n-250000000000000000.1".to_owned(), 200),
        ("refunds", format!("refunds\n-004800-01-01\n0\n{}", "0".repeat(48)), 400),
        ("audit", "audit\nmany".to_owned(), 400),
    ] {
        let operation = staff_operations().find(|one| one.path == format!("/api/v1/{list}")).unwrap().name;
        let place = place.replacen(list, operation, 1);
        let told = ann.get(&format!("/api/v1/{list}?after={}", letters(&place))).await;
        assert_eq!(told.status.as_u16(), status, "{list}: {}", told.body);
    }
    ann.get("/api/v1/audit?from=-009000-01-02T00:00:00Z&until=-004800-01-02T00:00:00Z").await.ok();
    let given = json!({ "purchase": null, "reason": "a\0b" });
    let refund = format!("/api/v1/refunds/0/{}/decision", "0".repeat(48));
    ann.post(&refund, "k", &given).await.is_problem(400, "wrong_body");
    let given = json!({ "cases": [{ "id": 1, "version": null }], "to": "a\0b" });
    let mut browser = support::browser::Browser::new(router.clone());
    browser.sign_in("ann", PASSWORD).await;
    assert_eq!(browser.get("/audit?by=%00").await.status, StatusCode::BAD_REQUEST);
    let proposes = Program::with(&router, &world.token("ann", TokenScope::Propose).await);
    proposes.post("/api/v1/assignments", "k", &given).await.is_problem(400, "wrong_body");
}

#[tokio::test]
async fn the_routes_of_the_console_name_every_operation() {
    let routes: Vec<console::RouteInfo> = console::routes().collect();
    for operation in staff_operations() {
        let named =
            routes.iter().filter(|route| route.path == operation.path && route.method == operation.method);
        assert_eq!(named.count(), 1, "{}", operation.name);
    }
    let document: Value = serde_json::from_str(&console::staff_openapi()).unwrap();
    for operation in staff_operations() {
        let method = operation.method.to_lowercase();
        assert_eq!(document["paths"][operation.path][method]["operationId"], operation.name);
    }
}

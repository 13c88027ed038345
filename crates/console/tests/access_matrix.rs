//! Who gets what: every route by every role and by people of partners; stale and forged sessions, forms without their
//! token, guessed ids, and the proof before a decision.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use console::{Deed, Kind, Needs, NewUser, Partners, RouteInfo, may, routes};
use domain::{Role, Roles};
use support::{
    browser::{Browser, Page},
    world::{PASSWORD, World},
};

const NOT_ALLOWED: &str = "Your roles do not allow this";
const NO_TOKEN: &str = "This request was refused";
const NO_PAGE: &str = "There is no such page";

async fn person(world: &World, name: &str, roles: Roles, partner: Option<&str>) -> Browser {
    let codes = world.state().partner_codes;
    let partner = partner.map(|code| *codes.iter().find(|(_, known)| known.as_str() == code).unwrap().0);
    let new = NewUser { name, password: PASSWORD, roles, partner, by: "a test" };
    console::add_user_as(&world.pool, &new).await.unwrap();
    let mut browser = world.stranger();
    assert_eq!(browser.sign_in(name, PASSWORD).await.location(), "/");
    browser
}

/// An address of the route. What it names may not be there: a guard answers before anybody looks.
fn address(route: &RouteInfo) -> String {
    let zeros = "0".repeat(48);
    let values = [
        ("{program}", "boreal-gold"),
        ("{date}", "2026-10-10"),
        ("{partner}", "skyfuel"),
        ("{currency}", "RUB"),
        ("{bucket}", "7"),
        ("{key}", zeros.as_str()),
        ("{reference}", zeros.as_str()),
    ];
    let path = values.iter().fold(route.path.to_owned(), |path, (name, value)| path.replace(name, value));
    // Whatever else is a number.
    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}

async fn ask(browser: &mut Browser, route: &RouteInfo, body: &str) -> Page {
    let kind = if route.kind == Kind::Api { "application/json" } else { "application/x-www-form-urlencoded" };
    let method: Method = route.method.parse().unwrap();
    let request = Request::builder().method(method).uri(address(route)).header(header::CONTENT_TYPE, kind);
    browser.send(request, Body::from(body.to_owned())).await
}

/// Beyond the door: whatever came, it was not the door that refused.
#[track_caller]
fn was_let_in(page: &Page, route: &RouteInfo, who: &str) {
    let to_sign_in = page.location().starts_with("/sign-in");
    assert!(!to_sign_in && page.status != StatusCode::UNAUTHORIZED, "{who} {route:?}: {page:?}");
    assert!(
        !page.body.contains(NOT_ALLOWED) && !page.body.contains("not_allowed"),
        "{who} {route:?}: {page:?}"
    );
    assert!(!page.status.is_server_error(), "{who} {route:?}: {page:?}");
}

#[track_caller]
fn was_not_allowed(page: &Page, route: &RouteInfo, who: &str) {
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{who} {route:?}: {page:?}");
    let words = if route.kind == Kind::Api { "not_allowed" } else { NOT_ALLOWED };
    assert!(page.body.contains(words), "{who} {route:?}: {page:?}");
}

#[tokio::test]
async fn every_route_lets_in_the_roles_of_its_deed_and_nobody_else() {
    let world = World::closed().await;
    for role in Role::ALL.into_iter().map(Some).chain([None]) {
        let name = role.map_or("nobody-yet", Role::name);
        let roles = role.into_iter().collect();
        let mut browser = person(&world, name, roles, None).await;
        for route in routes().filter(|route| !(route.kind == Kind::Api && route.method != "GET")) {
            let trusted = |deed: Deed| role.is_some_and(|role| may(role, deed));
            let page = ask(&mut browser, &route, "").await;
            match route.needs {
                Needs::Demo => assert_eq!(page.status, StatusCode::NOT_FOUND, "{route:?}"),
                Needs::Nothing | Needs::Password | Needs::SignIn => {
                    assert!(!page.status.is_server_error(), "{name} {route:?}: {page:?}");
                }
                Needs::Deed(deed) if !trusted(deed) => was_not_allowed(&page, &route, name),
                Needs::Deed(deed) if deed.decides() && route.method != "GET" => {
                    assert!(page.location().starts_with("/proof?next=/"), "{name} {route:?}: {page:?}");
                }
                Needs::Deed(_) => was_let_in(&page, &route, name),
            }
        }
    }
}

/// So many pages of one route are looked at by one person; all links are checked against the routes.
const OF_ONE_ROUTE: usize = 3;

/// The values of an attribute, as a browser reads them.
fn values<'a>(page: &'a str, attribute: &'a str) -> impl Iterator<Item = String> + 'a {
    let parts = page.split(attribute).skip(1);
    parts.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

/// The route that an address leads to.
fn route_of(method: &str, address: &str) -> Option<RouteInfo> {
    let path = address.split(['?', '#']).next().unwrap();
    let leads = |route: &RouteInfo| {
        let (own, given): (Vec<&str>, Vec<&str>) =
            (route.path.split('/').collect(), path.split('/').collect());
        let same = |(own, given): (&&str, &&str)| own == given || own.starts_with('{') && !given.is_empty();
        own.len() == given.len() && own.iter().zip(&given).all(same)
    };
    let mut found: Vec<RouteInfo> = routes().filter(|route| route.method == method).filter(leads).collect();
    // What is written out comes before what is a parameter.
    found.sort_by_key(|route| route.path.matches('{').count());
    found.first().copied()
}

/// Whether the door of a route lets somebody in, as far as roles and partner say.
fn opens(route: &RouteInfo, roles: Roles, of_partner: bool) -> bool {
    match route.needs {
        Needs::Demo => false,
        Needs::Nothing | Needs::Password | Needs::SignIn => true,
        Needs::Deed(_) if of_partner => route.partners != Partners::No,
        Needs::Deed(deed) => console::roles_may(roles, deed),
    }
}

/// Follows every link from the start page on; returns the addresses that were opened.
async fn walk(browser: &mut Browser, who: &str, roles: Roles, of_partner: bool) -> BTreeSet<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut opened, mut to_see) = (BTreeSet::new(), vec![("/".to_owned(), "the start page".to_owned())]);
    while let Some((address, from)) = to_see.pop() {
        let route =
            route_of("GET", &address).unwrap_or_else(|| panic!("{who}: {from} links {address}: no route"));
        assert!(opens(&route, roles, of_partner), "{who}: {from} links {address}, which {route:?} refuses");
        let count = seen.entry(route.path).or_default();
        if *count >= OF_ONE_ROUTE || !opened.insert(address.clone()) {
            continue;
        }
        *count += 1;
        let page = browser.get(&address).await;
        if address == "/" && of_partner {
            to_see.push((page.location().to_owned(), address));
            continue;
        }
        assert_eq!(page.status, StatusCode::OK, "{who}: {from} links {address}: {}", page.body);
        assert!(!page.body.contains(NOT_ALLOWED) && !page.body.contains(NO_PAGE), "{who}: {from}: {address}");
        let form = |action: String| {
            let route = route_of("POST", &action).or_else(|| route_of("GET", &action));
            let route = route.unwrap_or_else(|| panic!("{who}: {address} sends to {action}: no route"));
            assert!(
                opens(&route, roles, of_partner),
                "{who}: {address} sends to {action}, which {route:?} refuses"
            );
        };
        if page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html") {
            values(&page.body, " action=\"").for_each(form);
            let links = values(&page.body, " href=\"").filter(|link| link.starts_with('/'));
            to_see.extend(links.map(|link| (link, address.clone())));
        }
    }
    opened
}

#[tokio::test]
async fn every_link_and_form_that_somebody_is_shown_is_open_to_him() {
    let world = World::closed().await;
    for role in Role::ALL {
        let roles = Roles::from_iter([role]);
        let mut browser = person(&world, role.name(), roles, None).await;
        let opened = walk(&mut browser, role.name(), roles, false).await;
        assert!(opened.len() > 20, "{}: {opened:?}", role.name());
        assert_eq!(opened.iter().any(|path| path.starts_with("/audit")), may(role, Deed::SeeAudit));
    }
    // Nobody gave him a role yet: he is told so, and is shown no part that would tell him the same.
    let mut nobody = person(&world, "nobody-yet", Roles::NONE, None).await;
    nobody.get("/").await.has(NOT_ALLOWED);
    nobody.get("/second-factor").await.has_not("class=\"part\"");
    let mut kim = person(&world, "kim", Roles::NONE, Some("kosta")).await;
    let opened = walk(&mut kim, "kim of kosta", Roles::NONE, true).await;
    for path in ["/partners/kosta", "/answers"] {
        assert!(opened.contains(path), "{path} of {opened:?}");
    }
    assert!(opened.iter().any(|path| path.contains("/positions/kosta/RUB")), "{opened:?}");
    assert!(opened.iter().any(|path| path.ends_with("statement.pdf")), "{opened:?}");
}

#[tokio::test]
async fn nobody_is_let_in_who_has_not_signed_in() {
    let world = World::new().await;
    let mut browser = world.stranger();
    for route in routes().filter(|route| !matches!(route.needs, Needs::Nothing | Needs::Demo)) {
        for cookie in [None, Some("cobrand_session="), Some("cobrand_session=ann"), Some(&*forged())] {
            browser.cookie = cookie.map(str::to_owned);
            let page = ask(&mut browser, &route, "").await;
            match route.kind {
                Kind::Page => assert!(page.location().starts_with("/sign-in"), "{route:?}: {page:?}"),
                Kind::Api => assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{route:?}: {page:?}"),
            }
        }
    }
}

fn forged() -> String {
    format!("cobrand_session={}", "0".repeat(64))
}

#[tokio::test]
async fn no_form_counts_without_the_token_of_its_session() {
    let world = World::closed().await;
    let mut ann = person(&world, "ann", Roles::ALL, None).await;
    let mut bob = person(&world, "bob", Roles::ALL, None).await;
    let of_bob = bob.get("/programs").await.hidden("csrf");
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::SEE_OTHER);
    let changes = |route: &RouteInfo| route.method != "GET" && route.kind == Kind::Page;
    for route in routes().filter(changes) {
        for token in
            ["", "csrf=", "csrf=0000", &*format!("csrf={of_bob}"), &*format!("csrf={}", "0".repeat(64))]
        {
            let page = ask(&mut ann, &route, token).await;
            // A form with a file is of another kind, and none at all if it comes like this.
            let is_none = page.status == StatusCode::BAD_REQUEST;
            assert!(is_none || page.status == StatusCode::FORBIDDEN, "{route:?} {token:?}: {page:?}");
            assert!(is_none || page.body.contains(NO_TOKEN), "{route:?}: {page:?}");
        }
    }
    assert_eq!(ann.get("/").await.status, StatusCode::OK, "none of them signed her out");
    // By the API a cookie changes nothing at all: a browser sends it with whatever it is made to send.
    for route in routes().filter(|route| route.method != "GET" && route.kind == Kind::Api) {
        let page = ask(&mut ann, &route, "{}").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{route:?}: {page:?}");
    }
}

#[tokio::test]
async fn somebody_of_a_partner_sees_its_own_rows_and_other_pages_are_none() {
    let world = World::closed().await;
    let mut own = person(&world, "kim", Roles::NONE, Some("airboreal")).await;
    let mut other = person(&world, "lee", Roles::NONE, Some("skyfuel")).await;
    for route in routes().filter(|route| !(route.kind == Kind::Api && route.method != "GET")) {
        let Needs::Deed(_) = route.needs else { continue };
        let page = ask(&mut own, &route, "").await;
        match route.partners {
            Partners::No => {
                assert_eq!(page.status, StatusCode::NOT_FOUND, "{route:?}: {page:?}");
                let words = if route.kind == Kind::Api { "not_found" } else { NO_PAGE };
                assert!(page.body.contains(words), "{route:?}: {page:?}");
            }
            Partners::SentTo(path) => assert_eq!(page.location(), path, "{route:?}"),
            // Addresses of this test name another partner, where they name one.
            Partners::OwnRows => {
                let names_other = route.path.contains("{partner}");
                let expected = if names_other { StatusCode::NOT_FOUND } else { StatusCode::OK };
                assert_eq!(page.status, expected, "{route:?}: {page:?}");
                assert!(!page.body.contains("skyfuel"), "{route:?}: {}", page.body);
            }
        }
    }
    let (of_own, of_other) = (own.get("/answers").await, other.get("/answers").await);
    of_own.has("airboreal");
    of_other.has("skyfuel");
    of_other.has_not("airboreal");
    of_own.has_not("/day/");
    // What is there and what is not look alike.
    let path = World::page_of(&support::day::worked_day()[0]);
    let (there, nowhere) = (own.get(&path).await, own.get("/t/7/xyz").await);
    assert_eq!((there.status, there.body), (nowhere.status, nowhere.body));
}

#[tokio::test]
async fn a_session_ends_with_every_change_of_what_lets_its_holder_in() {
    let world = World::new().await;
    let (pool, by, now) = (&world.pool, "a test", jiff::Timestamp::now());
    let mut ann = person(&world, "ann", Roles::WORKING, None).await;
    let again = async |browser: &mut Browser, what: &str| {
        let old = browser.cookie.clone();
        assert_eq!(browser.get("/").await.location(), "/sign-in", "{what}");
        assert_eq!(browser.sign_in("ann", PASSWORD).await.location(), "/");
        assert_ne!(browser.cookie, old, "each sign-in has another id");
    };
    console::set_roles(pool, "ann", Roles::from_iter([Role::Viewer]), by).await.unwrap();
    again(&mut ann, "other roles").await;
    console::set_password(pool, "ann", PASSWORD).await.unwrap();
    again(&mut ann, "another password").await;
    console::lock_user(pool, "ann", true, now).await.unwrap();
    console::lock_user(pool, "ann", false, now).await.unwrap();
    again(&mut ann, "locked and let in").await;
    // Whoever signs in anew leaves no session behind.
    let old = ann.cookie.clone();
    assert_eq!(ann.sign_in("ann", PASSWORD).await.location(), "/");
    let mut stale = ann.clone();
    stale.cookie = old;
    assert_eq!(stale.get("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn failed_sign_ins_of_others_keep_nobody_from_deciding_who_is_in() {
    let world = World::new().await;
    let mut ann = person(&world, "ann", Roles::WORKING, None).await;
    let mut thief = world.stranger();
    for _ in 0..12 {
        thief.sign_in("ann", "wrong password").await;
    }
    assert_eq!(thief.sign_in("ann", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ann.prove("wrong password").await.status, StatusCode::UNAUTHORIZED, "it was looked at");
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::SEE_OTHER);
    // Her own wrong proofs stop her, and an administrator lets her go on; her sign-in is another matter.
    for _ in 0..10 {
        ann.prove("wrong password").await;
    }
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    store::staff::forget_attempts(&world.pool, store::staff::Subject::Proof("ann")).await.unwrap();
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_decides_proves_once_more_who_he_is() {
    let world = World::new().await;
    let mut ann = person(&world, "ann", Roles::WORKING, None).await;
    let mut elsewhere = world.stranger();
    elsewhere.sign_in("ann", PASSWORD).await;
    let decide = async |browser: &mut Browser| {
        let csrf = browser.get("/programs").await.hidden("csrf");
        browser.post("/proposals/1/approve", &[("csrf", &csrf), ("reason", "x")]).await
    };
    assert_eq!(decide(&mut ann).await.location(), "/proof?next=/proposals/1");
    let form = ann.get("/proof?next=/proposals/1").await;
    form.has("name=\"next\" value=\"/proposals/1\"");
    ann.get("/proof?next=//evil.example").await.has("name=\"next\" value=\"/\"");
    assert_eq!(ann.prove("wrong password").await.status, StatusCode::UNAUTHORIZED);
    assert!(decide(&mut ann).await.location().starts_with("/proof"), "a wrong proof is none");
    let csrf = form.hidden("csrf");
    let proved =
        ann.post("/proof", &[("csrf", &csrf), ("password", PASSWORD), ("next", "/proposals/1")]).await;
    assert_eq!((proved.status, proved.location()), (StatusCode::SEE_OTHER, "/proposals/1"));
    // There is no proposal: the door let her through.
    assert_eq!(decide(&mut ann).await.status, StatusCode::NOT_FOUND);
    // The proof is of this session; another one of hers is asked anew, and so is a new one.
    assert!(decide(&mut elsewhere).await.location().starts_with("/proof"));
    ann.sign_in("ann", PASSWORD).await;
    assert!(decide(&mut ann).await.location().starts_with("/proof"));
    for _ in 0..10 {
        ann.prove("wrong password").await;
    }
    assert_eq!(ann.prove(PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
}

//! Breaks and what staff do about them, with the rights that the console has in the database: one proposes, another one
//! decides, and files are what the screen shows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use console::{ConsoleState, NewUser, add_user_as};
use domain::{Role, Roles, case::CaseRules, reconciliation::BreakClass};
use support::{
    browser::{Browser, Page},
    caller::Program,
    day::worked_day,
    exported::{files_are_the_tables, shown_rows},
    world::{DAY, SATURDAY, World},
};

const PASSWORD: &str = "a long password 1";

/// A console with staff: who works on cases, who decides, who does both, who only looks.
struct Desk {
    world: World,
}

impl Desk {
    async fn new() -> Self {
        let world = World::closed().await;
        for (name, roles) in [
            ("rita", &[Role::Viewer, Role::Reconciler][..]),
            ("andy", &[Role::Viewer, Role::Approver]),
            ("boss", &[Role::Reconciler, Role::Approver, Role::Administrator]),
            ("vera", &[Role::Viewer]),
        ] {
            let roles = roles.iter().copied().collect::<Roles>();
            let new = NewUser { name, password: PASSWORD, roles, partner: None, by: "a test" };
            add_user_as(&world.pool, &new).await.unwrap();
        }
        let partner = world.codes.partners["kosta"];
        let new = NewUser {
            name: "kate",
            password: PASSWORD,
            roles: Roles::NONE,
            partner: Some(partner),
            by: "a test",
        };
        add_user_as(&world.pool, &new).await.unwrap();
        Self { world }
    }

    async fn browser(&self, name: &str) -> Browser {
        let state = ConsoleState { pool: store::console_pool(&self.world.database), ..self.world.state() };
        let mut browser = Browser::new(console::router(state));
        let page = browser.sign_in(name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{name}: {page:?}");
        // What one decides asks for it.
        let page = browser.prove(PASSWORD).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{name}: {page:?}");
        browser
    }

    /// Breaks as a comparison finds them: subject, class, unit, difference. The first is the number of the first.
    async fn found(&self, breaks: &[(&str, &str, &str, i64)]) -> Vec<i64> {
        let mut client = self.world.pool.get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let at: jiff::Timestamp = "2026-10-10T06:00:00Z".parse().unwrap();
        let run: i64 = transaction
            .query_one(
                "INSERT INTO reconciliation_run (source, scope, business_date, as_of, compared_at, inputs_sha256, \
                 matched, suggested, expected, broken, problem) VALUES ('partner_statement', 'statement 1', $1, $2, $2, \
                 sha256('x'), 0, 0, 0, 1, '') RETURNING run_id",
                &[&SATURDAY, &at],
            )
            .await
            .unwrap()
            .get(0);
        let clearing = worked_day().into_iter().find(|sent| sent.id == 31).unwrap();
        let (bucket, key) = (i32::from(World::bucket(clearing.card).number()), clearing.key());
        let mut ids = Vec::new();
        for (subject, class, unit, difference) in breaks {
            let text = "INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, partner_id, \
                business_date, subject, unit, ours, theirs, difference, bucket, message_key, reason, fields, first_run, \
                found_at, last_run) VALUES (sha256(convert_to($1 || $2 || $3, 'UTF8')), 'partner_statement', 'statement 1', \
                $2, 'data', $4, $5, $6, $1, $3, 1000, $7::bigint + 1000, $7::bigint, $10, $11, 'amounts_differ', \
                '[{\"field\":\"amount\",\"ours\":\"12 345\",\"theirs\":\"12 435\",\"differs\":true}, \
                {\"field\":\"date\",\"ours\":\"2026-10-10\",\"theirs\":\"2026-10-10\",\"differs\":false}]', $8, $9, $8) \
                RETURNING break_id";
            let program = self.world.file.program.id.0;
            let partner = self.world.codes.partners["kosta"].0;
            let key = key.as_bytes().as_slice();
            let row = transaction
                .query_one(
                    text,
                    &[
                        subject, class, unit, &program, &partner, &SATURDAY, difference, &run, &at, &bucket,
                        &key,
                    ],
                )
                .await
                .unwrap();
            ids.push(row.get(0));
        }
        store::cases::follow_run(&transaction, run, &CaseRules::default(), at).await.unwrap();
        transaction.commit().await.unwrap();
        ids
    }

    async fn count(&self, sql: &str) -> i64 {
        self.world.pool.get().await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
    }
}

/// The fields that every form about a case carries, from its page.
fn hidden(page: &Page) -> Vec<(&'static str, String)> {
    let mut fields = vec![("csrf", page.hidden("csrf")), ("version", page.hidden("version"))];
    if page.body.contains("name=\"proposal\"") {
        fields.push(("proposal", page.hidden("proposal")));
    }
    fields
}

/// Sends the form of a case's page with these fields.
async fn send(browser: &mut Browser, case: i64, step: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(&format!("/breaks/{case}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let hidden = hidden(&page);
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend_from_slice(fields);
    browser.post(&format!("/breaks/{case}/{step}"), &all).await
}

#[tokio::test]
async fn one_proposes_another_approves_and_the_ledger_and_the_history_show_it() {
    let desk = Desk::new().await;
    let case = desk.found(&[("boreal-gold-000001-kosta-RUB-000001", "amount", "RUB", 9_000)]).await[0];
    let (mut rita, mut andy) = (desk.browser("rita").await, desk.browser("andy").await);

    // She sees the break, and it is three clicks to the masked message.
    let list = rita.get("/breaks").await;
    list.has(&format!("href=\"/breaks/{case}\">#{case}</a>"));
    list.has("<data value=\"90.00\">90.00 RUB</data>");
    let page = rita.get(&format!("/breaks/{case}")).await;
    page.has("<dd data-difference>90.00 RUB</dd>");
    page.has("<dd data-left>90.00 RUB</dd>");
    page.has("≠</span> differs");
    page.has("=</span> same");
    page.has("Both sides have it with different amounts");
    let clearing = worked_day().into_iter().find(|sent| sent.id == 31).unwrap();
    page.has(&format!("href=\"{}\"", World::page_of(&clearing)));
    let transaction = rita.get(&World::page_of(&clearing)).await;
    transaction.has("<h2 id=\"message\">");
    // And back: the transaction knows who disagrees about it.
    transaction.has(&format!("href=\"/breaks/{case}\""));

    // Nothing is chosen beforehand, and a reason is needed.
    page.has("<option value=\"\">choose</option>");
    page.has_not(" selected>write off");
    let empty = send(&mut rita, case, "propose", &[("kind", "write_off"), ("reason", " ")]).await;
    assert_eq!(empty.status, StatusCode::CONFLICT);
    empty.has("Say why: a reason is needed.");
    let too_much = [("kind", "write_off"), ("amount", "90.01"), ("reason", "rounding")];
    send(&mut rita, case, "propose", &too_much).await.has("must have the sign of what is left");
    let done =
        send(&mut rita, case, "propose", &[("kind", "write_off"), ("reason", "too small to ask")]).await;
    assert_eq!(done.location(), format!("/breaks/{case}"));

    // She cannot approve it, and is told why; the address does not help.
    let page = rita.get(&format!("/breaks/{case}")).await;
    page.has("You proposed this, so somebody else must decide.");
    page.has_not("value=\"approve\"");
    rita.get("/approvals").await.has("Yours, waiting for others");
    let forced = send(&mut rita, case, "decide", &[("verdict", "approve"), ("reason", "mine")]).await;
    assert_eq!(forced.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.count("SELECT count(*) FROM case_booking").await, 0);

    // He sees that it waits for him; reject stands beside approve, as large.
    let waiting = andy.get("/approvals").await;
    waiting.has(&format!("/breaks/{case}#four-eyes"));
    waiting.has("Waits for you");
    let page = andy.get(&format!("/breaks/{case}")).await;
    page.has("<button type=\"submit\" name=\"verdict\" value=\"reject\">Reject</button> <button type=\"submit\" name=\"verdict\" value=\"approve\">Approve</button>");
    assert_eq!(desk.count("SELECT count(*) FROM case_booking").await, 0);
    let done = send(&mut andy, case, "decide", &[("verdict", "approve"), ("reason", "agreed")]).await;
    assert_eq!(done.location(), format!("/breaks/{case}"), "{}", done.body);

    // The ledger and the history.
    let booked = "SELECT count(*) FROM case_booking WHERE kind = 'write_off' AND amount = 9000 AND unit = 'RUB' \
                  AND account = 'differences'";
    assert_eq!(desk.count(booked).await, 1);
    let page = rita.get(&format!("/breaks/{case}")).await;
    page.has("<dd data-left>0.00 RUB</dd>");
    page.has("✓</span> resolved");
    page.has("<td>differences of reconciliation</td>");
    page.has("<strong>andy</strong> approved: write off: 90.00 RUB: agreed");
    page.has("<strong>rita</strong> proposed: write off: 90.00 RUB: too small to ask");
    page.has("The case is resolved.");
    let tables = files_are_the_tables(&mut rita, &format!("/breaks/{case}")).await;
    assert_eq!(tables, ["proposals", "bookings"]);
    assert_eq!(
        rita.get(&format!("/breaks/{case}?table=others&format=csv")).await.status,
        StatusCode::NOT_FOUND
    );
    rita.get("/breaks").await.has("Nothing disagrees in this view.");
    rita.get("/breaks?state=resolved").await.has(&format!("#{case}</a>"));
}

#[tokio::test]
async fn nobody_approves_his_own_whatever_his_roles() {
    let desk = Desk::new().await;
    let case = desk.found(&[("line 1", "amount", "RUB", -500)]).await[0];
    let mut boss = desk.browser("boss").await;
    send(&mut boss, case, "propose", &[("kind", "write_off"), ("reason", "mine")]).await;
    let page = boss.get(&format!("/breaks/{case}")).await;
    page.has("No role lifts that, the administrator&#39;s neither.");
    page.has_not("value=\"approve\"");
    let forced = send(&mut boss, case, "decide", &[("verdict", "approve"), ("reason", "me again")]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT);
    forced.has("another person must approve it. Nobody is exempt.");
    assert_eq!(desk.count("SELECT count(*) FROM case_decision").await, 0);
    // He may take it back.
    let done = send(&mut boss, case, "take-back", &[("reason", "a mistake")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    boss.get(&format!("/breaks/{case}")).await.has("taken back: a mistake");
    assert_eq!(desk.count("SELECT count(*) FROM case_booking").await, 0);
}

#[tokio::test]
async fn each_kind_of_proposal_has_its_way() {
    let desk = Desk::new().await;
    let ids = desk
        .found(&[
            ("line 1", "amount", "RUB", 5_000),
            ("line 2", "miles_rate", "MILES", 12),
            ("line 3", "late", "", 0),
            ("line 4", "amount", "RUB", 700),
            ("line 5", "missing_theirs", "RUB", -700),
        ])
        .await;
    let (mut rita, mut andy) = (desk.browser("rita").await, desk.browser("andy").await);
    for (case, fields, left, state) in [
        (
            ids[0],
            &[("kind", "adjust"), ("our_ref", "boreal-gold-000001-kosta-RUB-000002")][..],
            "0.00 RUB",
            "resolved",
        ),
        (ids[1], &[("kind", "write_off"), ("amount", "5")], "7\u{a0}miles", "open"),
        (ids[2], &[("kind", "explain")], "nothing is counted", "resolved"),
        (ids[3], &[("kind", "wait_until"), ("wait_until", "2026-10-20")], "7.00 RUB", "waits for others"),
        (ids[4], &[("kind", "match"), ("their_ref", "PAY 7")], "0.00 RUB", "resolved"),
    ] {
        let mut all = fields.to_vec();
        all.push(("reason", "because"));
        let proposed = send(&mut rita, case, "propose", &all).await;
        assert_eq!(proposed.status, StatusCode::SEE_OTHER, "{fields:?}: {}", proposed.body);
        let decided = send(&mut andy, case, "decide", &[("verdict", "approve"), ("reason", "yes")]).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{fields:?}: {}", decided.body);
        let page = rita.get(&format!("/breaks/{case}")).await;
        page.has(&format!("<dd data-left>{left}</dd>"));
        page.has(&format!("</span> {state}</span>"));
    }
    // What waits for a date is in the list and in every count.
    let list = rita.get("/breaks").await;
    list.has(&format!("#{}</a>", ids[3]));
    list.has("waits until 2026-10-20");
    // The adjustment goes the way of all others.
    assert_eq!(desk.count("SELECT count(*) FROM settlement_adjustment WHERE cycle_id IS NULL").await, 1);
    // A rejection changes nothing but the history, and another proposal may follow.
    let case = desk.found(&[("line 6", "fee", "RUB", 100)]).await[0];
    send(&mut rita, case, "propose", &[("kind", "send_back"), ("reason", "ask them")]).await;
    let second = send(&mut rita, case, "propose", &[("kind", "write_off"), ("reason", "again")]).await;
    second.has("A proposal waits for a decision.");
    send(&mut andy, case, "decide", &[("verdict", "reject"), ("reason", "ask by phone")]).await;
    let page = rita.get(&format!("/breaks/{case}")).await;
    page.has("✗</span> rejected");
    page.has("<dd data-left>1.00 RUB</dd>");
    page.has("action=\"/breaks/1/propose\"".replace('1', &case.to_string()).as_str());
}

/// What an adjustment is made of: as its line was sent and taxed, or as all is that the terms price; else a person says it.
#[tokio::test]
async fn an_adjustment_goes_the_way_of_its_line_and_is_taxed_like_it() {
    let desk = Desk::new().await;
    let ids = desk
        .found(&[
            // Commission only: 12.00 and 20 % of tax.
            ("boreal-gold-000001-kosta-RUB-000002", "amount", "RUB", -600),
            // Commission with tax and a share of a discount without.
            ("boreal-gold-000001-kosta-RUB-000001", "amount", "RUB", 1_000),
            ("boreal-gold-000001-kosta-RUB-000001#2", "missing_theirs", "RUB", -47_778),
            // The tax alone differs.
            ("boreal-gold-000001-kosta-RUB-000003", "vat_rounding", "RUB", 1),
            // No line: commission is taxed, the share is not.
            ("their own", "missing_ours", "RUB", 500),
        ])
        .await;
    let (mut rita, mut andy) = (desk.browser("rita").await, desk.browser("andy").await);
    let adjust = [("kind", "adjust"), ("reason", "agreed by letter")];
    for (case, fields, net, vat) in [
        (ids[0], &[][..], -500, -100),
        (ids[1], &[("vat", "1.67")], 833, 167),
        (ids[2], &[], -44_815, -2_963),
        (ids[3], &[], 0, 1),
        (ids[4], &[("vat", "0")], 500, 0),
    ] {
        if !fields.is_empty() {
            let refused = send(&mut rita, case, "propose", &adjust).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{case}");
            refused.has("cannot be told from the line or the terms");
        }
        let done = send(&mut rita, case, "propose", &[&adjust[..], fields].concat()).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{case}: {}", done.body);
        let kept = format!(
            "SELECT count(*) FROM case_proposal WHERE case_id = {case} AND net_minor = {net} AND vat_minor = {vat} \
             AND stated = 'partner_pays_bank'"
        );
        assert_eq!(desk.count(&kept).await, 1, "{case}");
    }
    // Whoever decides sees what the partner will be sent.
    andy.get(&format!("/breaks/{}", ids[0])).await.has("-5.00 RUB + -1.00 RUB, partner pays bank");
    andy.get(&format!("/breaks/{}", ids[2])).await.has("partner pays bank");
}

/// The rows of the list: the text of each cell, or its number as files have it.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let (_, table) = page.body.split_once("<table id=\"breaks\">").unwrap();
    let body = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let text = |cell: &str| {
        if let Some((_, value)) = cell.split_once("<data value=\"") {
            return value.split('"').next().unwrap().to_owned();
        }
        let (_, mut rest) = cell.split_once('>').unwrap();
        // The icon of a word is not part of it.
        if let Some((_, behind)) = rest.split_once("aria-hidden=\"true\">") {
            rest = behind.split_once("</span>").unwrap().1;
        }
        let parts = rest.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        parts.collect::<String>().trim().to_owned()
    };
    let row = |row: &str| {
        let cells = row.split("<t").filter(|cell| cell.starts_with("h ") || cell.starts_with("d"));
        cells.filter(|cell| !cell.contains("type=\"checkbox\"")).map(text).collect()
    };
    body.split("<tr data-break").skip(1).map(row).collect()
}

#[tokio::test]
async fn files_are_what_the_screen_shows_whatever_is_filtered() {
    let desk = Desk::new().await;
    let names: Vec<String> = (0..60).map(|n| format!("line-{n:03}")).collect();
    let breaks: Vec<(&str, &str, &str, i64)> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let class = ["amount", "fee", "miles_rate"][n % 3];
            let unit = if n % 3 == 2 { "MILES" } else { "RUB" };
            (name.as_str(), class, unit, i64::try_from(n * 100).unwrap() - 2_000)
        })
        .collect();
    let ids = desk.found(&breaks).await;
    let mut rita = desk.browser("rita").await;
    for (query, count) in [
        ("", 60),
        ("class=fee", 20),
        ("unit=MILES", 20),
        ("unit=RUB&size_from=10&size_until=15", 8),
        ("q=line-01", 10),
        (&format!("q=%23{}", ids[7]), 1),
        ("partner=kosta&program=boreal-gold&source=partner_statement&timing=data", 60),
        ("partner=skyfuel", 0),
        ("owner=nobody", 60),
        ("owner=me", 0),
        ("state=resolved", 0),
        ("age=0-1", 60),
        ("age=30%2B", 0),
        ("from=2026-10-10&until=2026-10-10", 60),
        ("from=2026-10-11", 0),
        ("severity=critical", 0),
    ] {
        let all = ["severest", "oldest", "newest", "largest"];
        for order in all.into_iter().take(if query.is_empty() { 4 } else { 1 }) {
            let query = format!("{query}&order={order}");
            let csv = rita.get(&format!("/breaks?{query}&table=breaks&format=csv")).await;
            let mut lines = csv.body.lines();
            assert!(lines.next().unwrap().starts_with("Number,Class,"), "{query}");
            let lines: Vec<&str> = lines.collect();
            assert_eq!(lines.len(), count, "{query}");
            // All pages together are the file, in the same order, without a gap.
            let (mut shown, mut next) = (Vec::new(), Some(format!("/breaks?{query}")));
            while let Some(address) = next {
                let page = rita.get(&address).await;
                assert_eq!(page.status, StatusCode::OK, "{address}");
                if count > 0 {
                    shown.extend(rows(&page));
                }
                assert!(shown.len() <= count, "{address}: a page came again");
                next = page.body.split_once("<a rel=\"next\" href=\"").map(|(_, rest)| {
                    rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&")
                });
            }
            assert_eq!(shown.len(), count, "{query}");
            for (row, line) in shown.iter().zip(&lines) {
                let filed: Vec<&str> = line.split(',').collect();
                // Number, class, ..., subject, difference in money with its currency, in miles.
                assert_eq!(row[0], filed[0], "{query}");
                assert_eq!(row[1], filed[1]);
                assert_eq!(row[6], filed[6]);
                assert_eq!(row[7], filed[7], "{line}");
                assert_eq!(row[8], filed[9], "{line}");
                assert_eq!(row[11], filed[13], "the age: {line}");
            }
        }
    }
    let xlsx = rita.get("/breaks?class=fee&table=ages&format=csv").await;
    assert_eq!(xlsx.status, StatusCode::OK);
    for wrong in ["class=other", "partner=nobody", "age=7", "severity=x", "from=x", "state=x", "format=doc"] {
        assert_eq!(rita.get(&format!("/breaks?{wrong}")).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn several_are_assigned_and_commented_at_once_and_never_decided() {
    let desk = Desk::new().await;
    let ids =
        desk.found(&[("a", "amount", "RUB", 1), ("b", "fee", "RUB", 2), ("c", "split", "RUB", 3)]).await;
    let mut rita = desk.browser("rita").await;
    let page = rita.get("/breaks").await;
    page.has_not(" checked");
    for word in ["approve", "reject", "verdict"] {
        page.has_not(&format!("value=\"{word}\""));
        page.has_not(&format!("name=\"{word}\""));
    }
    let csrf = page.hidden("csrf");
    let (first, second) = (format!("case-{}", ids[0]), format!("case-{}", ids[1]));
    let chosen =
        [("csrf", csrf.as_str()), ("query", "class=&state=unresolved"), (&first, "1"), (&second, "1")];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut all = chosen.to_vec();
        all.extend_from_slice(more);
        all
    };
    let done = rita.post("/breaks/bulk", &with(&[("what", "assign"), ("to", "rita")])).await;
    assert_eq!(done.location(), "/breaks?state=unresolved");
    assert_eq!(desk.count("SELECT count(*) FROM break_case WHERE assigned_to = 'rita'").await, 2);
    let done = rita.post("/breaks/bulk", &with(&[("what", "comment"), ("text", "asked kosta")])).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.count("SELECT count(*) FROM case_event WHERE what = 'commented'").await, 2);
    rita.get("/breaks?owner=me").await.has(&format!("#{}</a>", ids[0]));
    // An old version: somebody was faster, and none is assigned.
    let stale = rita.post("/breaks/bulk", &with(&[("what", "assign"), ("to", "andy")])).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    stale.has("Somebody has changed the case since you opened it.");
    assert_eq!(desk.count("SELECT count(*) FROM break_case WHERE assigned_to = 'andy'").await, 0);
    let none = rita.post("/breaks/bulk", &[("csrf", &csrf), ("what", "assign"), ("to", "rita")]).await;
    none.has("Choose at least one break first.");
    // The list is the one that was asked for, in whatever letters.
    let words = [
        ("csrf", csrf.as_str()),
        ("query", "q=%D0%92%D0%BE%D0%BB%D0%B3%D0%B0"),
        ("what", "assign"),
        ("to", "rita"),
    ];
    rita.post("/breaks/bulk", &words).await.has("value=\"Волга\"");
    let card =
        rita.post("/breaks/bulk", &with(&[("what", "comment"), ("text", "4111 1111 1111 1111")])).await;
    card.has("It holds what looks like a card number.");
    for what in ["approve", "decide", ""] {
        let done = rita.post("/breaks/bulk", &with(&[])).await;
        assert_eq!(done.status, StatusCode::BAD_REQUEST, "{what}");
    }
    let forged = rita.post("/breaks/bulk", &[("csrf", "x"), (&first, "2"), ("what", "assign")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_only_looks_changes_nothing_and_a_partner_s_people_see_none_of_it() {
    let desk = Desk::new().await;
    let case = desk.found(&[("a", "amount", "RUB", 100)]).await[0];
    let (mut vera, mut kate) = (desk.browser("vera").await, desk.browser("kate").await);
    let list = vera.get("/breaks").await;
    list.has(&format!("#{case}</a>"));
    list.has_not("type=\"checkbox\"");
    let page = vera.get(&format!("/breaks/{case}")).await;
    for step in ["propose", "comment", "assign", "attach", "decide", "take-back"] {
        page.has_not(&format!("/breaks/{case}/{step}\""));
        let csrf = page.hidden("csrf");
        let done = vera.post(&format!("/breaks/{case}/{step}"), &[("csrf", &csrf)]).await;
        assert_eq!(done.status, StatusCode::FORBIDDEN, "{step}");
    }
    for path in ["/breaks", "/approvals", &format!("/breaks/{case}"), "/find"] {
        assert_eq!(kate.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Her own position's lines, and no other's.
    let own = kate.get(&format!("{DAY}/positions/kosta/RUB")).await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(kate.get(&format!("{DAY}/positions/skyfuel/RUB")).await.status, StatusCode::NOT_FOUND);
    for missing in ["0", "-1", "x", "999999", "1%20OR%201"] {
        assert_eq!(vera.get(&format!("/breaks/{missing}")).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn a_file_is_attached_and_given_out_as_a_file() {
    let desk = Desk::new().await;
    let case = desk.found(&[("a", "amount", "RUB", 100)]).await[0];
    let mut rita = desk.browser("rita").await;
    let csrf = rita.get(&format!("/breaks/{case}")).await.hidden("csrf");
    let upload = |name: &str, content: &str, csrf: &str| {
        format!(
            "--b1\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b1\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n{content}\r\n--b1--\r\n"
        )
    };
    let request = || {
        Request::builder()
            .method(Method::POST)
            .uri(format!("/breaks/{case}/attach"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b1")
    };
    let forged = rita.send(request(), Body::from(upload("note.txt", "hello", "x"))).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let done = rita.send(request(), Body::from(upload("note.txt", "<b>hello</b>", &csrf))).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = rita.get(&format!("/breaks/{case}")).await;
    let (_, rest) = page.body.split_once(&format!("<a href=\"/breaks/{case}/attachments/")).unwrap();
    let place = rest.split('"').next().unwrap();
    let file = rita.get(&format!("/breaks/{case}/attachments/{place}")).await;
    assert_eq!(file.body, "<b>hello</b>");
    let header = |name: &str| file.headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename*=UTF-8''note.txt");
    assert_eq!(header("x-content-type-options"), "nosniff");
    for (name, content, words) in [
        ("page.html", "<script>", "Files of this type are not kept"),
        ("card.txt", "4111111111111111", "It holds what looks like a card number."),
        ("note.txt", "<b>hello</b>", "This file is attached already."),
    ] {
        let refused = rita.send(request(), Body::from(upload(name, content, &csrf))).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{name}");
        refused.has(words);
    }
    let missing = rita.get(&format!("/breaks/{case}/attachments/77")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_view_is_kept_for_its_owner_and_forgotten_again() {
    let desk = Desk::new().await;
    desk.found(&[("a", "amount", "RUB", 100), ("b", "fee", "RUB", 200)]).await;
    let (mut rita, mut andy) = (desk.browser("rita").await, desk.browser("andy").await);
    let page = rita.get("/breaks?class=fee&order=oldest").await;
    let csrf = page.hidden("csrf");
    let query = page.hidden("query").replace("&#38;", "&");
    rita.post("/breaks/views", &[("csrf", &csrf), ("query", &query), ("name", "Fees <b>")]).await;
    let page = rita.get("/breaks").await;
    page.has("Fees &#60;b&#62;</a>");
    page.has("href=\"/breaks?class=fee&#38;order=oldest&#38;state=unresolved\"");
    andy.get("/breaks").await.has("You have saved no view yet.");
    let (_, rest) = page.body.split_once("action=\"/breaks/views/").unwrap();
    let forget = format!("/breaks/views/{}", rest.split('"').next().unwrap());
    let of_andy = andy.get("/breaks").await.hidden("csrf");
    assert_eq!(andy.post(&forget, &[("csrf", &of_andy)]).await.status, StatusCode::NOT_FOUND);
    let unnamed = rita.post("/breaks/views", &[("csrf", &csrf), ("query", ""), ("name", " ")]).await;
    unnamed.has("A view needs a name of at most 60 characters");
    assert_eq!(rita.post(&forget, &[("csrf", &csrf)]).await.status, StatusCode::SEE_OTHER);
    rita.get("/breaks").await.has("You have saved no view yet.");
}

#[tokio::test]
async fn every_class_is_explained_in_both_languages() {
    let desk = Desk::new().await;
    let breaks: Vec<(&str, &str, &str, i64)> =
        BreakClass::ALL.iter().map(|class| ("x", class.name(), "", 0)).collect();
    let ids = desk.found(&breaks).await;
    let mut rita = desk.browser("rita").await;
    let csrf = rita.get("/breaks").await.hidden("csrf");
    for (language, unknown) in [("en", "Of a class that this version does not know"), ("ru", "Вид, которого")]
    {
        rita.post("/language", &[("csrf", &csrf), ("to", language), ("next", "/breaks")]).await;
        for id in &ids {
            let page = rita.get(&format!("/breaks/{id}")).await;
            page.has(&format!("<html lang=\"{language}\">"));
            page.has_not(unknown);
        }
        let list = rita.get("/breaks").await;
        list.has(if language == "ru" { "Расхождения" } else { "Breaks" });
        rita.get("/approvals").await.has(if language == "ru" {
            "Согласования"
        } else {
            "Approvals"
        });
        rita.get("/find").await.has(if language == "ru" {
            "Найти операцию"
        } else {
            "Find a transaction"
        });
    }
}

/// What waits of each other kind, proposed by rita.
const WAITING: &str = "INSERT INTO rules_proposal (proposal_id, program_id, rules_hash, body, against_hash, proposed_by, \
    proposed_at, comment, wanted, assessment, approvable) SELECT 7, program_id, sha256('x'), 'text', rules_hash, 'rita', \
    '2026-10-10T06:10:00Z', 'more miles', 'now', '{}', true FROM program_version LIMIT 1; \
    INSERT INTO adjustment_proposal (verdict, program_id, partner_id, currency, stated, original, reason, proposed_by, \
    proposed_at) SELECT 'adjust', g.program_id, k.partner_id, 643, 'partner_pays_bank', 'line-7', 'too little', 'rita', \
    '2026-10-10T06:20:00Z' FROM program g, partner k WHERE k.code = 'kosta'; \
    INSERT INTO adjustment_proposal_item SELECT proposal_id, 0, NULL, 0, 5000, 1000 FROM adjustment_proposal; \
    INSERT INTO correction_run (kind, program_id, first_date, end_date, rules_hash, reason, price, maker, made_at, state) \
    SELECT 'rerate', program_id, '2026-10-01', '2026-10-11', rules_hash, 'a wrong rate', '{}', 'rita', \
    '2026-10-10T06:30:00Z', 'proposed' FROM program_version LIMIT 1; \
    INSERT INTO prepaid_block (program_id, partner_id, basis, units, bought_on, paid_minor, currency, reference, proposed_by, \
    proposed_at) SELECT g.program_id, k.partner_id, 'miles', 1000, '2026-10-09', 90000, 643, 'INV-9', 'rita', \
    '2026-10-10T06:40:00Z' FROM program g, partner k WHERE k.code = 'airboreal'; \
    UPDATE settlement_cycle SET state = 'computed', two_people = true, computed_by = 'rita' WHERE business_date = '2026-10-10'";

#[tokio::test]
async fn everything_that_waits_is_on_one_page_on_the_morning_s_and_in_the_api() {
    let desk = Desk::new().await;
    let case = desk.found(&[("line 1", "amount", "RUB", 9_000)]).await[0];
    let (mut rita, mut andy) = (desk.browser("rita").await, desk.browser("andy").await);
    send(&mut rita, case, "propose", &[("kind", "write_off"), ("reason", "small")]).await;
    desk.world.run(WAITING).await;
    let page = andy.get("/approvals").await;
    let rows = shown_rows(&page, "waiting");
    let kinds: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
    let mut wanted =
        ["day to approve", "version of a program", "adjustment", "correction run", "prepaid block", "break"];
    // The day has no instant and is first; the proposal of the case is made now, long after the others.
    assert_eq!(kinds, wanted);
    for (row, what, amount, miles, command) in [
        (0, "2026-10-10", "", "", "cobrand day approve --program boreal-gold 2026-10-10"),
        (1, "7", "", "", ""),
        (2, "1", "60.00 RUB", "", "cobrand partner adjust approve 1"),
        (3, "1", "", "", "cobrand rules rerate approve 1"),
        (4, "1", "", "1,000", "cobrand partner prepaid approve --block 1"),
        (5, format!("#{case}").as_str(), "90.00 RUB", "", ""),
    ] {
        assert_eq!((rows[row][0].as_str(), rows[row][8].as_str()), (what, "rita"));
        assert_eq!([&rows[row][6], &rows[row][7], &rows[row][10]], [amount, miles, command]);
    }
    for href in [format!("/breaks/{case}#four-eyes"), "/proposals/7".to_owned(), DAY.to_owned()] {
        page.has(&format!("href=\"{href}\""));
    }
    // The same rows, whoever reads them where.
    assert_eq!(shown_rows(&andy.get("/").await, "waiting-table"), rows);
    andy.get("/").await.has("6\u{a0}proposals");
    assert_eq!(shown_rows(&rita.get("/approvals").await, "mine"), rows);
    rita.get("/").await.has("Nothing of others waits for a decision.");
    assert_eq!(shown_rows(&desk.browser("vera").await.get("/approvals").await, "others"), rows);
    let router = andy.router.clone();
    let program = Program::with(&router, &desk.world.token("andy", store::TokenScope::Read).await);
    let told = program.get("/api/v1/approvals").await.ok();
    assert_eq!(told["all"], 6);
    let entries = told["approvals"].as_array().unwrap();
    let kinds: Vec<&str> = entries.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["day", "program_version", "adjustment", "correction", "prepaid", "case"]);
    assert!(entries.iter().all(|one| one["yours"] == true && one["by"] == "rita"), "{told}");

    // One kind, in the address and in its files.
    assert_eq!(files_are_the_tables(&mut andy, "/approvals").await, ["waiting"]);
    assert_eq!(files_are_the_tables(&mut andy, "/approvals?kind=case").await, ["waiting"]);
    let cases = andy.get("/approvals?kind=case").await;
    assert_eq!(shown_rows(&cases, "waiting"), rows[5..]);
    cases.has("<option value=\"case\" selected>");
    assert_eq!(andy.get("/approvals?kind=wish").await.status, StatusCode::NOT_FOUND);

    // A case that a comparison has resolved waits for nobody, whatever is proposed of it.
    desk.world.run("ALTER TABLE break_case DISABLE TRIGGER stands; UPDATE break_case SET state = 'resolved', resolved_at = now(), resolution = 'cured', left_amount = 0").await;
    wanted[5] = "";
    let left: Vec<String> =
        shown_rows(&andy.get("/approvals").await, "waiting").iter().map(|row| row[1].clone()).collect();
    assert_eq!(left, wanted[..5]);
    andy.get("/").await.has("5\u{a0}proposals");
}

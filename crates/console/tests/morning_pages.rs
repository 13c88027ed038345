//! The morning, the days, partners, health, links and the journal: their numbers are those of the books, in both languages,
//! and every export holds exactly the rows of its table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::http::StatusCode;
use support::{
    browser::{Browser, Page},
    exported::{files_are_the_tables, shown_rows, xlsx_rows},
    world::{DAY, PASSWORD, World},
};

/// The pages of this part; each must be a page in both languages on any day.
const PAGES: [&str; 7] =
    ["/", "/days", DAY, "/partners", "/partners/kosta", "/programs/boreal-gold/health", "/links"];

async fn in_russian(browser: &mut Browser) {
    let csrf = browser.get("/days").await.hidden("csrf");
    browser.post("/language", &[("csrf", &csrf), ("next", "/days"), ("to", "ru")]).await;
}

/// A break of the day with its case, as a comparison leaves them.
async fn with_a_break(world: &World) {
    world
        .run(
            "INSERT INTO reconciliation_run (source, scope, program_id, bank_id, partner_id, cycle_id, business_date, as_of, \
             compared_at, inputs_sha256, matched, suggested, expected, broken, problem) \
             SELECT s.source, s.scope, p.program_id, CASE WHEN s.source LIKE 'bank%' THEN p.bank_id END, \
             CASE WHEN s.source NOT LIKE 'bank%' THEN k.partner_id END, NULL, s.day::date, now(), \
             '2026-10-10T08:00:00Z', decode(repeat('00', 32), 'hex'), s.matched, 0, s.expected, s.broken, '' \
             FROM program p, partner k, (VALUES ('bank_totals', 'w1', '2026-10-10', 12, 3, 0), \
             ('partner_statement', 's1', '2026-10-09', 9, 0, 1)) s(source, scope, day, matched, expected, broken) \
             WHERE k.code = 'kosta'; \
             INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, partner_id, business_date, \
             subject, unit, ours, theirs, difference, reason, fields, first_run, found_at, last_run) \
             SELECT decode(repeat('01', 32), 'hex'), 'partner_statement', 's1', 'amount', 'data', p.program_id, k.partner_id, \
             '2026-10-10', 'line-7', 'RUB', 100, -124900, -125000, 'amount_differs', '[]', r.run_id, now(), r.run_id \
             FROM program p, partner k, reconciliation_run r WHERE k.code = 'kosta' AND r.scope = 's1'; \
             INSERT INTO break_case (case_id, unit, difference, left_amount, state, severity, opened_at, due_at, version) \
             SELECT break_id, 'RUB', -125000, -125000, 'open', 'high', '2026-10-07T09:00:00Z', '2026-10-12T09:00:00Z', 1 \
             FROM reconciliation_break",
        )
        .await;
}

#[tokio::test]
async fn a_morning_without_anything_says_so_in_both_languages() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "1. Did everything arrive?",
        "2. Do the control totals tie?",
        "6. What is expected and going stale?",
        "No break is open.",
        "Nothing of others waits for a decision.",
        "Every way to every partner works",
        "No cycle has been settled yet.",
        "bank&#39;s totals (0500, 0520)",
        "Saturday 10 October 2026",
        "Europe/Moscow (UTC+03:00)",
    ] {
        page.has(text);
    }
    in_russian(&mut browser).await;
    let page = browser.get("/").await;
    page.has("<html lang=\"ru\">");
    for text in
        ["1. Всё ли пришло?", "Открытых расхождений нет.", "суббота, 10 октября 2026", "0\u{a0}расхождений"]
    {
        page.has(text);
    }
    page.has_not("Nothing");
}

#[tokio::test]
async fn a_break_is_on_the_morning_with_its_age_and_amount() {
    let world = World::closed().await;
    with_a_break(&world).await;
    let mut browser = world.staff().await;
    let page = browser.get("/").await;
    page.has("1\u{a0}break</span>");
    let rows = shown_rows(&page, "biggest");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][1..5], ["amount", "partner's statement", "kosta", "line-7"]);
    assert_eq!(rows[0][5], "-1,250.00 RUB");
    assert_eq!(rows[0][6], "3\u{a0}d\u{a0}0\u{a0}h", "from the 7th at 09:00 UTC to the console's now");
    assert!(rows[0][7].contains("high") && rows[0][8].contains("open"));

    let inputs = shown_rows(&page, "inputs");
    let of = |source: &str| inputs.iter().find(|row| row[0] == source).unwrap().clone();
    assert_eq!(of("bank's totals (0500, 0520)")[3..8], ["1", "12", "0", "3", "0"]);
    assert!(of("partner's statement")[2].contains("with breaks"));
    assert!(of("bank's clearing files")[2].contains("nothing of it was compared"));
    // 9 of 10 and 12 of 12.
    let rates = shown_rows(&page, "rate-table");
    assert_eq!(rates[0][..2], ["2026-10-09", "90.00\u{a0}%"]);
    assert_eq!(rates[1][..2], ["2026-10-10", "100.00\u{a0}%"]);
    let ages = shown_rows(&page, "ages-table");
    assert_eq!(ages[1], ["2–3", "0", "0", "1", "0"]);

    in_russian(&mut browser).await;
    let rows = shown_rows(&browser.get("/").await, "biggest");
    assert_eq!(rows[0][5], "-1\u{202f}250,00\u{a0}RUB");
    browser.get(DAY).await.has("<time datetime=\"2026-10-10\">10.10.2026</time>");
    browser.get("/answers").await.has(">10.10.2026</a>");
    assert!(shown_rows(&browser.get("/days").await, "days-boreal-gold").iter().any(|row| row[5] == "1"));
}

#[tokio::test]
async fn another_bank_s_breaks_do_not_stand_against_this_one() {
    let world = World::closed().await;
    with_a_break(&world).await;
    world.run("INSERT INTO bank (bank_id, code) VALUES (4711, 'southbank')").await;
    let of = |bank: &str| {
        format!(
            "UPDATE reconciliation_break SET source = 'bank_clearing', program_id = NULL, partner_id = NULL, \
             bank_id = (SELECT bank_id FROM bank WHERE code = '{bank}')"
        )
    };
    let mut browser = world.staff().await;
    world.run(&of("southbank")).await;
    let rows = shown_rows(&browser.get("/").await, "ties-table");
    assert!(rows.len() == 3 && rows.iter().all(|row| row[9].contains("agrees")), "{rows:?}");
    world.run(&of("northbank")).await;
    let rows = shown_rows(&browser.get("/").await, "ties-table");
    assert!(rows.len() == 3 && rows.iter().all(|row| row[9].contains("1\u{a0}break")), "{rows:?}");
}

#[tokio::test]
async fn the_morning_counts_also_what_it_does_not_list() {
    let world = World::closed().await;
    with_a_break(&world).await;
    world
        .run(
            "INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, partner_id, business_date, \
             subject, unit, difference, reason, fields, first_run, found_at, last_run) \
             SELECT sha256(convert_to('late ' || n, 'UTF8')), k.source, k.scope, 'late', 'timing', k.program_id, k.partner_id, \
             k.business_date, 'late ' || n, '', 0, 'late', '[]', k.first_run, k.found_at, k.last_run \
             FROM generate_series(1, 105) n, reconciliation_break k; \
             INSERT INTO break_case (case_id, unit, difference, left_amount, state, severity, opened_at, due_at, version) \
             SELECT break_id, '', 0, 0, 'open', 'low', '2026-10-09T09:00:00Z', '2026-10-12T09:00:00Z', 1 \
             FROM reconciliation_break WHERE class = 'late'",
        )
        .await;
    let page = world.staff().await.get("/").await;
    page.has("105\u{a0}items missing or late");
    page.has("(the first 100 of 105)");
    assert_eq!(shown_rows(&page, "missing").len(), 100);
}

#[tokio::test]
async fn opening_movements_and_payments_come_to_the_closing_on_every_page() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let ties = shown_rows(&browser.get("/").await, "ties-table");
    let of = |rows: &[Vec<String>], partner: &str| rows.iter().find(|row| row[0] == partner).unwrap().clone();
    // The worked day: the bank pays airboreal 1,645.74 and kosta pays 558.78.
    let air = of(&ties, "airboreal");
    assert_eq!(air[3..8], ["0.00 RUB", "-1,645.74 RUB", "-1,645.74 RUB", "0.00 RUB", "0.00 RUB"]);
    assert!(air[8].contains("agrees"));
    assert_eq!(of(&ties, "kosta")[4..6], ["558.78 RUB", "558.78 RUB"]);

    let balances = shown_rows(&browser.get(DAY).await, "balances-table");
    let kosta = of(&balances, "kosta");
    assert_eq!(
        kosta[1..8],
        ["0.00 RUB", "523.15 RUB", "0.00 RUB", "35.63 RUB", "558.78 RUB", "0.00 RUB", "0.00 RUB"]
    );
    let statement =
        shown_rows(&browser.get("/partners/kosta?from=2026-10-01&until=2026-10-31").await, "statement");
    assert_eq!(statement.len(), 1);
    assert_eq!(
        statement[0][4..10],
        ["0.00 RUB", "523.15 RUB", "35.63 RUB", "558.78 RUB", "0.00 RUB", "0.00 RUB"]
    );

    // A kopeck that is nowhere is seen on each of them, and no other partner's row hides it.
    world.run("UPDATE settlement_balance SET closing_minor = 1").await;
    let ties = shown_rows(&browser.get("/").await, "ties-table");
    assert!(ties.iter().all(|row| row[7] == "-0.01 RUB" && row[8].contains("differs")), "{ties:?}");
    let balances = shown_rows(&browser.get(DAY).await, "balances-table");
    assert!(balances.iter().all(|row| row[7] == "-0.01 RUB" && row[8].contains("does not tie")));
}

#[tokio::test]
async fn three_sides_state_the_same_of_the_worked_day() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let rows = shown_rows(&browser.get(DAY).await, "control-table");
    assert_eq!(rows.len(), 15, "five measures of three partners");
    let pay: Vec<_> = rows.iter().filter(|row| row[1] == "To pay").collect();
    assert_eq!(
        pay[0][..6],
        ["airboreal", "To pay", "1,645.74 RUB", "1,645.74 RUB", "1,645.74 RUB", "0.00 RUB"]
    );
    assert_eq!(pay[1][..6], ["kosta", "To pay", "-558.78 RUB", "-558.78 RUB", "-558.78 RUB", "0.00 RUB"]);
    let miles = rows.iter().find(|row| row[0] == "airboreal" && row[1] == "Miles").unwrap();
    assert_eq!(miles[2..6], ["2,230", "2,230", "2,230", "0"]);
    world.run("UPDATE settlement_position SET lines = lines + 1").await;
    let rows = shown_rows(&browser.get(DAY).await, "control-table");
    assert!(rows.iter().filter(|row| row[1] == "Lines").all(|row| row[5] == "1"), "{rows:?}");
}

#[tokio::test]
async fn control_totals_do_not_tie_without_the_file_that_must_state_them() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let files = store::files_of(&world.pool, world.cycle().await.id).await.unwrap();
    let path = |receiver: &str| {
        world.out.join(&files.iter().find(|file| file.receiver == receiver).unwrap().file_name)
    };
    let kept = std::fs::read_to_string(path("kosta")).unwrap();
    std::fs::write(path("kosta"), kept.replacen('7', "8", 1)).unwrap();
    let rows = shown_rows(&browser.get(DAY).await, "control-table");
    let of = |rows: &[Vec<String>], partner: &str| -> Vec<Vec<String>> {
        rows.iter().filter(|row| row[0] == partner).cloned().collect()
    };
    for row in of(&rows, "kosta") {
        assert_eq!((row[4].as_str(), row[6].as_str()), ("missing", "does not tie"), "{row:?}");
    }
    assert!(of(&rows, "skyfuel").iter().all(|row| row[6] == "ties"), "{rows:?}");
    files_are_the_tables(&mut browser, DAY).await;
    // The bank's file is gone too: our own number alone ties with nothing.
    std::fs::remove_file(path("northbank")).unwrap();
    let rows = shown_rows(&browser.get(DAY).await, "control-table");
    assert_eq!(rows.len(), 15);
    for row in &rows {
        assert_eq!((row[2].as_str(), row[6].as_str()), ("missing", "does not tie"), "{row:?}");
    }
}

/// An adjustment of a partner that two people have decided and that the cycle has taken: net and tax in minor units, stated
/// as what the partner pays.
async fn adjusted(world: &World, partner: &str, net: i64, vat: i64) {
    for name in ["maker", "checker"] {
        console::add_user(&world.pool, name, PASSWORD).await.unwrap();
    }
    let cycle = world.cycle().await.id.0;
    world
        .run(&format!(
            "INSERT INTO adjustment_proposal (verdict, program_id, partner_id, currency, stated, original, reason, \
             proposed_by, proposed_at) SELECT 'adjust', p.program_id, k.partner_id, 643, 'partner_pays_bank', 'line-7', \
             'too little', 'maker', now() FROM program p, partner k WHERE k.code = '{partner}'; \
             INSERT INTO adjustment_proposal_item SELECT proposal_id, 0, NULL, 0, {net}, {vat} FROM adjustment_proposal; \
             INSERT INTO adjustment_decision SELECT proposal_id, 'maker', 'adjust', 'approved', 'checker', now(), 'agreed' \
             FROM adjustment_proposal; \
             INSERT INTO settlement_adjustment (proposal_id, cycle_id) SELECT proposal_id, {cycle} FROM adjustment_proposal; \
             UPDATE settlement_position SET net_minor = net_minor + {net}, vat_minor = vat_minor + {vat}, \
             to_pay_minor = to_pay_minor + {net} + {vat} WHERE partner_id = (SELECT partner_id FROM partner WHERE code = \
             '{partner}')"
        ))
        .await;
}

#[tokio::test]
async fn an_adjustment_is_shown_without_its_tax_which_stands_with_the_tax() {
    let world = World::closed().await;
    adjusted(&world, "kosta", 5_000, 1_000).await;
    let mut browser = world.staff().await;
    let page = browser.get(DAY).await;
    let balances = shown_rows(&page, "balances-table");
    let kosta = balances.iter().find(|row| row[0] == "kosta").unwrap();
    // What was earned is what it is without the adjustment: 523.15; its tax is 35.63 and 10.00.
    assert_eq!(
        kosta[1..8],
        ["0.00 RUB", "523.15 RUB", "50.00 RUB", "45.63 RUB", "618.78 RUB", "0.00 RUB", "0.00 RUB"]
    );
    page.has("<th scope=\"col\" class=\"n\">Adjusted, without VAT</th>");
    let drawn = shown_rows(&browser.get(&format!("{DAY}?partner=kosta")).await, "waterfall-table");
    assert_eq!(
        drawn[1..4].iter().map(|row| row[1].as_str()).collect::<Vec<_>>(),
        ["523.15 RUB", "50.00 RUB", "45.63 RUB"]
    );
}

#[tokio::test]
async fn what_was_kept_at_the_close_is_what_is_counted_now() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let kept = browser.get(DAY).await;
    kept.has("The numbers were counted at the close of the day, at");
    let now = browser.get(&format!("{DAY}?count=now")).await;
    now.has_not("The numbers were counted at the close of the day, at");
    let tie =
        |page: &Page| page.body.split("<section aria-labelledby=\"tie-out\"").nth(1).unwrap().to_owned();
    assert_eq!(tie(&kept).split("</table>").next(), tie(&now).split("</table>").next());
    // Miles: 2,230 granted are all that members hold.
    let miles = shown_rows(&kept, "miles-table");
    assert_eq!(miles[0], ["Opening", "0"]);
    assert_eq!(miles[7], ["Closing", "2,230"]);
    // Without the kept numbers the page counts by itself.
    world.run("DELETE FROM cycle_total; DELETE FROM cycle_arrival; DELETE FROM cycle_lots; DELETE FROM cycle_counted").await;
    let page = browser.get(DAY).await;
    assert_eq!(tie(&page).split("</table>").next(), tie(&now).split("</table>").next());
    browser.get("/programs/boreal-gold/health").await.has("No cycle of this program has been counted yet");
}

#[tokio::test]
async fn what_was_not_kept_at_a_close_is_kept_with_the_next() {
    let world = World::closed().await;
    let cycle = world.cycle().await.id;
    assert!(store::kept_numbers(&world.pool, cycle).await.unwrap().is_some());
    world.run("DELETE FROM cycle_total; DELETE FROM cycle_arrival; DELETE FROM cycle_lots; DELETE FROM cycle_counted").await;
    assert!(store::kept_numbers(&world.pool, cycle).await.unwrap().is_none());
    world.close().await;
    let kept = store::kept_numbers(&world.pool, cycle).await.unwrap().expect("they are kept");
    assert!(kept.totals.iter().any(|total| total.subject == "base" && total.amount > 0), "{kept:?}");
    assert!(store::uncounted_cycles(&world.pool, world.file.program.id, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn health_is_that_of_its_business_date_however_late_the_day_is_approved() {
    let world = World::with_messages().await;
    // Meanwhile it is the next day: everybody has bought again, one has left on the day, one before it, and miles came.
    world
        .run(
            "UPDATE member_account SET active_on = '2026-10-11'; \
             UPDATE member_account SET closed_on = '2026-10-10' WHERE member_number = 'AB-A'; \
             UPDATE member_account SET closed_on = '2026-10-12' WHERE member_number = 'AB-B'; \
             UPDATE purchase SET open_miles = open_miles + 100 WHERE open_miles > 0",
        )
        .await;
    world.close().await;
    let mut browser = world.staff().await;
    let page = browser.get("/programs/boreal-gold/health").await;
    page.has("<span class=\"big\" data-liability>2,230\u{a0}miles</span>");
    page.has("<span class=\"big\" data-members>6</span>");
    page.has("<span class=\"big\" data-active>6</span>");
    // It is what the day's own drawing closes with.
    assert_eq!(shown_rows(&browser.get(DAY).await, "miles-table")[7], ["Closing", "2,230"]);
}

#[tokio::test]
async fn the_health_of_the_program_is_that_of_its_books() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let page = browser.get("/programs/boreal-gold/health").await;
    page.has("<span class=\"big\" data-liability>2,230\u{a0}miles</span>");
    page.has("<span class=\"big\" data-members>7</span>");
    let ages = shown_rows(&page, "by-age-table");
    assert_eq!(ages, [["October 2026", "2,230"]]);
    let cost = shown_rows(&page, "cost");
    assert_eq!(
        cost.iter().find(|row| row[0] == "skyfuel").unwrap()[2],
        "120",
        "bonus miles that skyfuel funds"
    );
    let bank = cost.iter().find(|row| row[0] == "the bank").unwrap();
    assert_eq!(bank[1], "2,110");
    // 14,845.66 at kosta and 7,226.50 at skyfuel of 246,856.71.
    let turnover = shown_rows(&page, "turnover");
    assert_eq!(turnover[0][..4], ["2026-10-10", "22,072.16 RUB", "246,856.71 RUB", "8.94\u{a0}%"]);
    in_russian(&mut browser).await;
    let page = browser.get("/programs/boreal-gold/health").await;
    page.has("2\u{202f}230\u{a0}миль");
    page.has("октябрь 2026");
}

#[tokio::test]
async fn links_are_up_down_or_silent_and_their_answers_are_counted() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    browser.get("/links").await.has("No minute of a link has been written yet.");
    let minute = |link: &str, connections, messages| store::LinkMinute {
        link: link.to_owned(),
        minute: jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() / 60 * 60).unwrap(),
        connections,
        messages,
        answers: vec![0, 0, 90, 9, 0, 1, 0, 0, 0, 0, 0],
    };
    let minutes = [minute("north", 2, 100), minute("south", 0, 7)];
    store::keep_link_minutes(&world.pool, &minutes).await.unwrap();
    // Another process of the same gateway adds to the minute.
    store::keep_link_minutes(&world.pool, &[minute("north", 1, 50)]).await.unwrap();
    let page = browser.get("/links").await;
    let rows = shown_rows(&page, "links");
    assert_eq!(rows[0][0], "north");
    assert!(rows[0][1].contains("up") && rows[1][1].contains("no connection"), "{rows:?}");
    assert_eq!(rows[0][2..6], ["2", "150", "5", "10"]);
    world.run("UPDATE link_minute SET minute = minute - interval '2 hours'").await;
    assert!(shown_rows(&browser.get("/links").await, "links")[0][1].contains("silent"));
}

#[tokio::test]
async fn how_a_link_stands_is_that_of_its_last_minute() {
    let world = World::new().await;
    let now = jiff::Timestamp::now().as_second() / 60 * 60;
    let minute = |link: &str, ago: i64, connections| store::LinkMinute {
        link: link.to_owned(),
        minute: jiff::Timestamp::from_second(now - 60 * ago).unwrap(),
        connections,
        messages: 10,
        answers: vec![0; 11],
    };
    // North had two connections until a minute ago; nobody has written of south for some minutes.
    let minutes = [minute("north", 1, 2), minute("north", 0, 0), minute("south", 5, 1), minute("west", 1, 1)];
    store::keep_link_minutes(&world.pool, &minutes).await.unwrap();
    let page = world.staff().await.get("/links").await;
    let rows = shown_rows(&page, "links");
    for (row, link, state, connections, messages) in [
        (0, "north", "no connection", "0", "20"),
        (1, "south", "silent", "1", "10"),
        (2, "west", "up", "1", "10"),
    ] {
        assert_eq!(rows[row][0], link);
        assert!(rows[row][1].contains(state), "{rows:?}");
        assert_eq!(rows[row][2..4], [connections, messages], "{link}");
    }
    let machine = support::exported::machine_rows(&page, "links");
    for (row, ago) in [(1, 0), (2, 5), (3, 1)] {
        let written = jiff::Timestamp::from_second(now - 60 * ago).unwrap().to_string();
        assert_eq!(machine[row].last(), Some(&written), "{machine:?}");
    }
}

#[tokio::test]
async fn every_export_holds_exactly_the_rows_of_its_table() {
    let world = World::closed().await;
    with_a_break(&world).await;
    let mut browser = world.staff().await;
    let mut compared = 0;
    for language in ["en", "ru"] {
        if language == "ru" {
            in_russian(&mut browser).await;
        }
        for path in PAGES {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {page:?}");
            page.has(&format!("<html lang=\"{language}\">"));
            compared += files_are_the_tables(&mut browser, path).await.len();
        }
    }
    assert!(compared >= 40, "only {compared} tables were compared");
}

#[tokio::test]
async fn a_text_that_a_spreadsheet_would_run_is_only_a_text() {
    let world = World::closed().await;
    with_a_break(&world).await;
    world.run("UPDATE reconciliation_break SET subject = '=HYPERLINK(\"x\")'").await;
    let mut browser = world.staff().await;
    let csv = browser.get("/?table=biggest&format=csv").await;
    csv.has("\"'=HYPERLINK(\"\"x\"\")\"");
    let xlsx = browser.bytes("/?table=biggest&format=xlsx").await;
    assert_eq!(xlsx_rows(&xlsx)[1][4], "=HYPERLINK(\"x\")", "a text, in a cell of texts");
    assert!(!support::exported::sheet(&xlsx).contains("<f>"), "no cell has a formula");
    assert_eq!(browser.get("/?format=pdf").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/?format=csv&table=none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_journal_shows_who_did_what_and_that_the_chain_is_whole() {
    let world = World::new().await;
    assert_eq!(world.staff().await.get("/audit").await.status, StatusCode::FORBIDDEN, "it is for auditors");
    console::add_user(&world.pool, "olga", PASSWORD).await.unwrap();
    world.run("INSERT INTO staff_role (name, role) VALUES ('olga', 'auditor')").await;
    let mut browser = world.stranger();
    browser.sign_in("olga", PASSWORD).await;
    let page = browser.get("/audit").await;
    assert_eq!(page.status, StatusCode::OK);
    page.has("whole: every seal fits its entry and the one before");
    let rows = shown_rows(&page, "audit");
    assert!(!rows.is_empty(), "the user was added and signed in");
    let by = browser.get("/audit?by=nobody-of-this-name").await;
    by.has("No change fits these filters.");
    assert_eq!(browser.get("/audit?from=yesterday").await.status, StatusCode::BAD_REQUEST);
    // Days that no calendar of ours reaches are refused, and never fail.
    for path in ["/audit?until=9999-12-31", "/audit?from=0001-01-01", "/partners/kosta?until=0001-01-01"] {
        assert_eq!(browser.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    assert_eq!(browser.get("/audit?until=2999-12-31").await.status, StatusCode::OK);
}

//! From a position to the masked message, and a transaction found by each of its references.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use axum::http::StatusCode;
use support::{
    browser::{Browser, Page},
    day::{Sent, worked_day},
    world::{DAY, World},
};

fn sent(id: u32) -> Sent {
    worked_day().into_iter().find(|sent| sent.id == id).unwrap()
}

/// The address behind the first link whose text or address holds this.
fn link(page: &Page, wanted: &str) -> String {
    let mut links = page.body.split("<a ").skip(1);
    let link = links.find(|link| link.split("</a>").next().unwrap().contains(wanted));
    let link = link.unwrap_or_else(|| panic!("no link to {wanted} in\n{}", page.body));
    let (_, rest) = link.split_once("href=\"").unwrap();
    rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
}

/// Follows links from page to page as somebody who clicks; an address within the page stays on it.
async fn click(browser: &mut Browser, page: &Page, wanted: &str) -> Page {
    let address = link(page, wanted);
    let next = browser.get(address.split('#').next().unwrap()).await;
    assert_eq!(next.status, StatusCode::OK, "{address}");
    next
}

#[tokio::test]
async fn it_is_at_most_four_clicks_from_a_position_to_the_masked_message() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    for language in ["en", "ru"] {
        let day = browser.get(DAY).await;
        let csrf = day.hidden("csrf");
        browser.post("/language", &[("csrf", &csrf), ("to", language), ("next", DAY)]).await;
        let day = browser.get(DAY).await;
        // One: the lines of the position. Two: the transaction of a line. Three: the message behind it.
        let lines = click(&mut browser, &day, "/positions/skyfuel/RUB").await;
        lines.has("boreal-gold-000001-skyfuel-RUB-000001");
        let transaction = click(&mut browser, &lines, "boreal-gold-000001-skyfuel-RUB-000001").await;
        assert_eq!(link(&transaction, "#message"), "#message");
        transaction.has("<h2 id=\"message\">");
        transaction.has("•••• 0065");
        transaction.has("boreal-gold-000001-skyfuel-RUB-000001");
    }
}

#[tokio::test]
async fn a_clearing_is_traced_from_its_authorization_to_the_answer_to_its_file() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let page = browser.get(&World::page_of(&sent(21))).await;
    let steps = [
        "0100 authorization request",
        "0220 clearing (financial advice)",
        "entries of the rules that were looked at",
        "movements",
        "boreal-gold-000001-airboreal-RUB-",
        "airboreal_boreal-gold_2026-10-10_",
        "boreal-gold-000001-skyfuel-RUB-",
        "skyfuel_boreal-gold_2026-10-10_",
    ];
    let (_, trace) = page.body.split_once("<h2 id=\"trace\">").unwrap();
    let places: Vec<usize> =
        steps.iter().map(|step| trace.find(step).unwrap_or_else(|| panic!("{step}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    page.has("no way is set up: the receiver fetches it");
    page.has("<th scope=\"row\">Answer of the receiver</th>");
    // The authorization leads to the same lines: they are of the purchase.
    let authorization = browser.get(&World::page_of(&sent(20))).await;
    authorization.has("boreal-gold-000001-skyfuel-RUB-000001");
    authorization.has("(this message)");
    // A line leads back to its place in the file.
    let line = browser.get(&link(&page, "boreal-gold-000001-skyfuel-RUB-000001")).await;
    line.has(&World::page_of(&sent(21)));
    line.has("its SHA-256 is the one in the books");
}

#[tokio::test]
async fn before_the_close_there_is_no_line_and_that_is_said() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    browser.get(&World::page_of(&sent(21))).await.has("The day is not settled yet, so there is no line.");
    let of_none = browser.get(&World::page_of(&sent(91))).await;
    of_none.has("Nothing of it is settled.");
    let position = browser.get(&format!("{DAY}/positions/skyfuel/RUB")).await;
    assert_eq!(position.status, StatusCode::NOT_FOUND, "there are no positions yet");
}

#[tokio::test]
async fn the_lines_of_a_position_are_those_of_its_file_and_their_export_is_the_same() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    for partner in ["airboreal", "kosta", "skyfuel"] {
        let files = store::files_of(&world.pool, world.cycle().await.id).await.unwrap();
        let file = files.iter().find(|file| file.receiver == partner).unwrap();
        let text = fs::read_to_string(world.out.join(&file.file_name)).unwrap();
        let records: Vec<Vec<&str>> = text.lines().map(|record| record.split('|').collect()).collect();
        let lines: Vec<_> =
            records.iter().filter(|fields| !["FH", "BH", "BT", "FT"].contains(&fields[0])).collect();
        assert!(!lines.is_empty(), "{partner}");
        let page = browser.get(&format!("{DAY}/positions/{partner}/RUB")).await;
        let export = browser.get(&format!("{DAY}/positions/{partner}/RUB?table=lines&format=csv")).await;
        assert_eq!(export.body.lines().count(), lines.len() + 1, "{partner}");
        for (line, row) in lines.iter().zip(export.body.lines().skip(1)) {
            page.has(line[1]);
            assert!(row.starts_with(&format!("{},", line[1])), "{row}");
            let minor: i64 = line.last().unwrap().parse().unwrap();
            let sign = if minor < 0 { "-" } else { "" };
            let total = format!("{sign}{}.{:02},RUB", minor.abs() / 100, minor.abs() % 100);
            assert!(row.ends_with(&total), "{row}: {total}");
            page.has(&format!("<data value=\"{}\">", total.strip_suffix(",RUB").unwrap()));
        }
        // From a line on.
        let second =
            browser.get(&format!("{DAY}/positions/{partner}/RUB?line=2&table=lines&format=csv")).await;
        assert_eq!(
            second.body.lines().skip(1).collect::<Vec<_>>(),
            export.body.lines().skip(2).collect::<Vec<_>>()
        );
    }
    for wrong in ["nobody/RUB", "kosta/USD", "kosta/%27", "kosta/RUB?line=x"] {
        assert_eq!(
            browser.get(&format!("{DAY}/positions/{wrong}")).await.status,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_file_whose_bytes_changed_shows_no_lines() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let address = format!("{DAY}/positions/skyfuel/RUB");
    browser.get(&address).await.has("boreal-gold-000001-skyfuel-RUB-000001");
    let files = store::files_of(&world.pool, world.cycle().await.id).await.unwrap();
    let of_bank = world.out.join(&files.iter().find(|file| file.receiver == "northbank").unwrap().file_name);
    let text = fs::read_to_string(&of_bank).unwrap();
    fs::write(&of_bank, text.replacen("|0220|", "|0221|", 1)).unwrap();
    let page = browser.get(&address).await;
    page.has("its bytes have changed");
    page.has_not("boreal-gold-000001-skyfuel-RUB-000001");
    browser.get(&World::page_of(&sent(21))).await.has("its bytes have changed");
    fs::remove_file(&of_bank).unwrap();
    browser.get(&address).await.has("The file is not in its folder");
}

#[tokio::test]
async fn a_transaction_is_found_by_each_of_its_references() {
    let world = World::closed().await;
    let clearing = sent(21);
    // What the world's messages do not carry by themselves.
    world
        .run(
            "INSERT INTO match_ref (bucket, bank_id, kind, value, message_key, purchase_key, amount_minor, \
             transaction_minor) SELECT bucket, bank_id, kind, value, message_key, purchase_key, 0, 0 FROM message, \
             (VALUES (10, '74999990000000000000021'), (11, 'MCC0001234567')) v(kind, value) WHERE stan = '000021'; \
             UPDATE message SET transmitted = '1010090021' WHERE stan = '000021'",
        )
        .await;
    let mut browser = world.staff().await;
    let page = World::page_of(&clearing);
    let key = clearing.key().to_string();
    let day = "from=2026-10-10&until=2026-10-10";
    for (name, query) in [
        ("DE37", format!("q={}", clearing.retrieval())),
        ("DE38", "q=A1B2C3".to_owned()),
        ("DE11 and DE7", "q=000021+1010090021".to_owned()),
        ("ARN", "q=74999990000000000000021".to_owned()),
        ("network id", "q=MCC0001234567".to_owned()),
        ("member number", "q=AB-A".to_owned()),
        ("key", format!("q={key}")),
        ("last 4 and date", format!("last4=0065&{day}")),
        ("amount, last 4, date", format!("last4=0065&amount=7226.50&{day}")),
        ("amount as Russians write it", format!("last4=0065&amount=7+226%2C50&{day}")),
        ("DE42", format!("merchant=SKYFUEL00000001&{day}")),
        ("DE41, DE42 and DE32", format!("merchant=SKYFUEL00000001&terminal=TERM0001&acquirer=400001&{day}")),
    ] {
        let found = browser.get(&format!("/find?{query}")).await;
        assert_eq!(found.status, StatusCode::OK, "{name}");
        assert!(found.body.contains(&page), "{name} finds it:\n{}", found.body);
        // The files have what the screen has.
        let csv = browser.get(&format!("/find?{query}&table=found&format=csv")).await;
        assert_eq!(
            csv.body.lines().count() - 1,
            found.body.matches("<tr><th scope=\"row\">").count(),
            "{name}"
        );
    }
    // The id of a line leads to the line, and from there to the transaction.
    let line = browser.get("/find?q=boreal-gold-000001-skyfuel-RUB-000001").await;
    assert_eq!(line.status, StatusCode::SEE_OTHER);
    browser.get(line.location()).await.has(&page);
    browser
        .get("/find?q=boreal-gold-000077-skyfuel-RUB-000001")
        .await
        .has("That line is in no published file.");
    for (query, words) in [
        ("acquirer=400001", "the acquirer alone is in too many messages"),
        ("last4=12", "The last four digits are four digits."),
        ("amount=x", "The amount is a decimal number"),
        ("terminal=T1&from=2026-01-01&until=2026-10-10", "without them at most 3"),
    ] {
        browser.get(&format!("/find?{query}")).await.has(words);
    }
    let card = browser.get("/find?q=4111111111111111").await;
    card.has("This may be a card number");
    card.has_not("1111111");
}

#[tokio::test]
async fn on_a_date_with_several_cycles_every_link_leads_to_its_own() {
    let mut world = World::with_messages().await;
    let noon_and_midnight = vec![jiff::civil::time(12, 0, 0, 0), jiff::civil::Time::midnight()];
    world.file.cut_offs = domain::CutOffs::new(noon_and_midnight).unwrap();
    world.close().await;
    let mut browser = world.staff().await;
    // The first cycle is settled, the second is open: without its number an address is that of the second.
    browser.get(DAY).await.has("data-cycle=\"2\"");
    let page = browser.get(&World::page_of(&sent(21))).await;
    let first = format!("{DAY}?cycle=1");
    assert_eq!(link(&page, "Saturday 10 October 2026"), first);
    assert_eq!(link(&page, "/transactions?"), format!("{DAY}/transactions?cycle=1"));
    let line = link(&page, "boreal-gold-000001-skyfuel-RUB-000001");
    assert_eq!(line, format!("{DAY}/positions/skyfuel/RUB?cycle=1&line=1"));
    browser.get(&line).await.has(&World::page_of(&sent(21)));
    assert_eq!(link(&page, "skyfuel_boreal-gold_2026-10-10_"), format!("{first}#files"));
    for (address, text) in [
        ("/", "2026-10-10, cycle\u{a0}1"),
        ("/partners/skyfuel?from=2026-10-10&until=2026-10-10", "2026-10-10, cycle\u{a0}1"),
        ("/answers", ">2026-10-10<"),
    ] {
        let page = browser.get(address).await;
        page.has(text);
        page.has(&format!("href=\"{first}\""));
        page.has_not(&format!("href=\"{DAY}\""));
    }
}

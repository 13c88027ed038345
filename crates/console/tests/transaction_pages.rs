//! Lists of transactions, the page of one, and the search.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeSet, sync::LazyLock};

use axum::http::StatusCode;
use domain::EventKind;
use support::{
    browser::Page,
    day::{AUTHORIZATION, CLEARING, Sent, worked_day},
    exported::{csv_rows, files_are_the_tables},
    world::{DAY, World},
};

const ATTACK: &str = "<script>&'\"";

/// A message of the worked day.
fn sent(id: u32) -> &'static Sent {
    static DAY: LazyLock<Vec<Sent>> = LazyLock::new(worked_day);
    DAY.iter().find(|sent| sent.id == id).unwrap()
}

fn find(purchase: &str) -> String {
    format!("/find?retrieval={}", Sent::new(1, purchase, 'A', CLEARING, 1).retrieval())
}

fn links(page: &Page) -> Vec<String> {
    let parts = page.body.split("<th scope=\"row\"><a href=\"/t/").skip(1);
    parts.map(|part| format!("/t/{}", part.split('"').next().unwrap())).collect()
}

#[tokio::test]
async fn a_transaction_is_shown_with_its_reply_its_explanation_and_its_transfers() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let day = worked_day();
    let clearing = day.iter().find(|sent| sent.id == 21).unwrap();
    let page = browser.get(&World::page_of(clearing)).await;
    assert_eq!(page.status, StatusCode::OK);
    page.has("0220 clearing (financial advice) <small>7,226.50 RUB</small>");
    for (field, name, value) in [
        ("DE2", "Card number, masked", "•••• 0065"),
        ("DE11", "System trace audit number", "000021"),
        ("DE18", "Merchant category", "5541"),
        ("DE37", "Retrieval reference number", "6283000000P2"),
        ("DE42", "Card acceptor", "SKYFUEL00000001"),
    ] {
        page.has(&format!("<tr><td>{field}</td><th scope=\"row\">{name}</th><td>{value}</td></tr>"));
    }
    // One zone on the page, UTC behind it.
    page.has("title=\"2026-10-10 09:00:21 UTC\">2026-10-10 12:00:21 Europe/Moscow (UTC+03:00)</time>");
    page.has(
        "Different purchases can share a retrieval reference number. Times in Europe/Moscow (UTC+03:00)",
    );
    page.has("title=\"2026-10-10 09:00:20 UTC\">2026-10-10 12:00:20</time>");
    page.has("<td>120</td>");
    page.has("the clearing came net: the discount at the till was given");
    page.has("found by the retrieval reference number (DE32 and DE37)");
    page.has("<dt>rate</dt><dd>1 per 60.00 RUB</dd>");
    page.has("<dt>full price</dt><dd>7,450.00 RUB</dd>");
    page.has("<dt>paid by</dt><dd>skyfuel</dd>");
    page.has("bonus miles of rule weekend-fuel, paid by skyfuel");
    page.has("discount at the till for skyfuel, borne by the bank");
    page.has("data-amount=\"11175\">111.75 RUB<");
    page.has("data-amount=\"120\">120\u{a0}miles<");
    // The authorization of the same purchase is one click away, by its reference and by the explanation.
    let authorization = World::page_of(day.iter().find(|sent| sent.id == 20).unwrap());
    page.has(&format!("<th scope=\"row\"><a href=\"{authorization}\">0100 authorization request</a></th>"));
    page.has(&format!("<a href=\"{authorization}\">open</a>"));
    page.has("<td>the same</td>");

    let page = browser.get(&authorization).await;
    page.has("<th scope=\"row\">Amount in the reply (DE4)</th><td>7,226.50 RUB</td>");
    page.has("<th scope=\"row\">Original amount in the reply (DE54)</th><td>7,450.00 RUB</td>");
    page.has("an estimate: the clearing decides");
    page.has("> pending</span>");
    page.has("<br><small>the estimate</small>");
    page.has_not("<small>releases the estimate</small>");
}

#[tokio::test]
async fn what_a_clearing_does_to_the_estimate_is_said() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    for (id, text) in [
        // The clearing and the reversal of an authorization.
        (21, "<small>releases the estimate</small></td><td class=\"n\" data-amount=\"-"),
        (81, "<small>releases the estimate</small></td><td class=\"n\" data-amount=\"-"),
    ] {
        let page = browser.get(&World::page_of(sent(id))).await;
        page.has(text);
        page.has_not("<small>the estimate</small>");
    }
}

#[tokio::test]
async fn the_page_reads_from_the_facts_to_the_relatives() {
    let world = World::with_messages().await;
    let page = world.staff().await.get(&World::page_of(sent(21))).await;
    let places = ["trace", "message", "reply", "explanation", "transfers", "other-messages"]
        .map(|id| page.body.find(&format!("<h2 id=\"{id}\"")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    // What stands side by side are the two halves of the fields, and nothing else.
    assert_eq!(page.body.matches("class=\"columns\"").count(), 1);
    page.has("<caption>Card, amount and merchant</caption>");
    page.has("<caption>References, and how it came</caption>");
    page.has("<table class=\"fields reply\">");
}

#[tokio::test]
async fn a_refund_and_a_reversal_say_what_they_are_and_what_they_took_back() {
    let world = World::with_messages().await;
    let clearing = Sent::new(800, "P80", 'D', CLEARING, 50_000).at("KOSTA0000000001", 5411);
    let authorization = Sent::new(801, "P81", 'D', AUTHORIZATION, 90_000);
    let reversal = |id: u32, purchase: &str, of: &Sent, remaining_minor: u64, amount: u64| {
        let kind = EventKind::Reversal { remaining_minor };
        Sent { names: Some(of.own()), ..Sent::new(id, purchase, 'D', kind, amount) }
    };
    let of_clearing = reversal(802, "P80", &clearing, 0, 50_000);
    let of_a_part = reversal(803, "P81", &authorization, 60_000, 90_000);
    let again = reversal(804, "P80", &clearing, 0, 50_000);
    let extra = [clearing, authorization, of_clearing, of_a_part, again];
    world.send(&extra).await;
    // The world's messages carry no processing code; here one does, and has counted nothing.
    world.run("UPDATE message SET content = 'DE3=200000|' || content WHERE mti = '0100' AND retrieval LIKE '%P7'").await;
    let mut browser = world.staff().await;
    let list = browser.get(&format!("{DAY}/transactions")).await;
    for (sent, title, amount, note) in [
        (sent(53), "0220 refund (financial advice)", "-1,000.00 RUB", None),
        (sent(52), "0220 clearing (financial advice)", "1,500.00 RUB", None),
        (sent(70), "0100 authorization request of a refund", "200,000.00 RUB", None),
        (sent(81), "0400 reversal request", "-600.00 RUB", None),
        (&extra[2], "0400 reversal request", "-500.00 RUB", None),
        (&extra[3], "0400 reversal request", "-300.00 RUB", Some("DE4 900.00 RUB")),
        (&extra[4], "0400 reversal request", "0.00 RUB", Some("DE4 500.00 RUB")),
    ] {
        let address = World::page_of(sent);
        let page = browser.get(&address).await;
        page.has(&format!("<h1>{title} <small>{amount}</small></h1>"));
        let found = browser.get(&format!("/find?retrieval={}", sent.retrieval())).await;
        for list in [&list, &found] {
            let (_, row) = list.body.split_once(&format!("<a href=\"{address}\">")).unwrap();
            let row = row.split("</tr>").next().unwrap();
            assert!(row.starts_with(&format!("{title}</a>")), "{row}");
            assert!(row.contains(&format!(">{amount}<")), "{row}");
            assert!(note.is_none_or(|note| row.contains(note)), "{row}");
        }
    }
    let refund = browser.get(&World::page_of(sent(53))).await;
    refund.has("Counted in turnover with</th><td>-1,000.00 RUB</td>");
    refund.has("<td>DE4</td><th scope=\"row\">Amount, transaction</th><td>1,000.00 RUB</td>");
    browser.get(&World::page_of(&extra[3])).await.has("Took back</th><td>300.00 RUB</td>");
    browser.get(&World::page_of(sent(70))).await.has("Processing code</th><td>200000 (refund)</td>");
    // Its relatives name it so, too.
    browser.get(&World::page_of(sent(52))).await.has("0220 refund (financial advice)</a>");
}

#[tokio::test]
async fn the_date_is_said_once_unless_rows_differ() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let page = browser.get(&format!("{DAY}/transactions")).await;
    page.has("Times of 2026-10-10 in Europe/Moscow (UTC+03:00).");
    page.has("title=\"2026-10-10 09:00:10 UTC\">12:00:10</time>");
    page.has_not(">2026-10-10 12:00:10<");
    browser.get("/style.css").await.has(".messages tbody th { white-space: nowrap; }");
    // The last one reached us after midnight of the program's zone.
    world.run("UPDATE message SET received_at = '2026-10-10T21:00:01Z' WHERE stan = '000121'").await;
    let page = browser.get(&format!("{DAY}/transactions")).await;
    page.has("Times in Europe/Moscow (UTC+03:00).");
    page.has(">2026-10-10 12:00:10</time>");
    page.has("title=\"2026-10-10 21:00:01 UTC\">2026-10-11 00:00:01</time>");
}

#[tokio::test]
async fn the_others_with_the_same_reference_are_files_too() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let tables = files_are_the_tables(&mut browser, &World::page_of(sent(51))).await;
    assert_eq!(tables, ["others"]);
}

#[tokio::test]
async fn every_type_that_a_day_counts_leads_to_its_messages() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    for (id, mti) in [
        (10, "hold-expiry"),
        (20, "miles-expiry"),
        (30, "file-second-presentment"),
        (40, "miles-pool-confirm"),
    ] {
        let key = hex::encode(sent(id).key().as_bytes());
        world
            .run(&format!("UPDATE message SET mti = '{mti}' WHERE encode(message_key, 'hex') = '{key}'"))
            .await;
    }
    let day = browser.get(DAY).await;
    let rows: Vec<&str> =
        day.body.split("<tr data-mti=\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    assert!(rows.len() >= 6, "{rows:?}");
    for mti in rows {
        let href = format!("{DAY}/transactions?mti={mti}");
        day.has(&format!("href=\"{href}\""));
        let list = browser.get(&href).await;
        assert_eq!(list.status, StatusCode::OK, "{href}");
        let listed = links(&list).len();
        assert!(listed >= 1, "{href}");
        assert_eq!(list.body.matches(&format!("\">{mti} ")).count(), listed, "only {mti} in\n{}", list.body);
        list.has_not("other message");
    }
    for wrong in ["hold%20expiry", "%27", "FILE", "a%00b"] {
        let list = browser.get(&format!("{DAY}/transactions?mti={wrong}")).await;
        assert_eq!(list.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn the_list_s_file_has_numbers_and_what_the_message_said() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let file = browser.get(&format!("{DAY}/transactions?mti=0400&table=messages&format=csv")).await;
    let rows = csv_rows(&file.body);
    // The reversal of P8's hold: it took back 600.00.
    assert_eq!(rows[0][4..7], ["Amount", "Amount, currency", "As the message said it"]);
    assert_eq!(rows[1][4..7], ["-600.00", "RUB", ""]);
}

#[tokio::test]
async fn messages_of_a_clearing_file_can_be_listed_by_their_type() {
    let world = World::with_messages().await;
    world.run("UPDATE message SET mti = 'file', content = 'kind=refund' WHERE stan = '000053'").await;
    let mut browser = world.staff().await;
    browser.get(DAY).await.has("/transactions?mti=file\">file clearing (file)</a>");
    let page = browser.get(&format!("{DAY}/transactions?mti=file")).await;
    page.has("Only file clearing (file).");
    assert_eq!(links(&page).len(), 1);
    page.has("file refund (file)</a>");
    for wrong in ["%27", "a_b", "far-too-long-a-type".repeat(3).as_str()] {
        let page = browser.get(&format!("{DAY}/transactions?mti={wrong}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[tokio::test]
async fn a_message_of_no_member_is_shown_and_belongs_to_no_day() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let day = worked_day();
    let page = browser.get(&World::page_of(day.iter().find(|sent| sent.id == 91).unwrap())).await;
    page.has("Of no program&#39;s business day");
    page.has("the card belongs to no member of the program");
    page.has("This message moved nothing.");
}

#[tokio::test]
async fn every_message_of_the_day_has_a_sound_page() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    for sent in worked_day() {
        let page = browser.get(&World::page_of(&sent)).await;
        assert_eq!(page.status, StatusCode::OK, "message {}", sent.id);
        page.has(&sent.retrieval());
    }
}

#[tokio::test]
async fn the_list_is_paged_without_gaps_and_can_be_narrowed_to_a_type() {
    let world = World::new().await;
    let mut day = Vec::new();
    for n in 0..60 {
        let card = char::from(b'A' + u8::try_from(n % 5).unwrap());
        let (id, purchase) = (1000 + n * 2, format!("X{n}"));
        day.push(Sent::new(id, &purchase, card, AUTHORIZATION, 60_000));
        day.push(Sent::new(id + 1, &purchase, card, CLEARING, 60_000));
    }
    world.send(&day).await;
    let mut browser = world.staff().await;
    for (filter, expected, pages) in [("", 120, 3), ("?mti=0220", 60, 2), ("?mti=0420", 0, 1)] {
        let (mut seen, mut count) = (Vec::new(), 1);
        let mut page = browser.get(&format!("{DAY}/transactions{filter}")).await;
        loop {
            assert!(links(&page).len() <= 50);
            seen.extend(links(&page));
            let Some((_, rest)) = page.body.split_once("<a rel=\"next\" href=\"") else { break };
            let next = rest.split('"').next().unwrap().replace("&#38;", "&");
            page = browser.get(&next).await;
            assert_eq!(page.status, StatusCode::OK, "{next}");
            page.has("First page");
            count += 1;
        }
        // By time, whatever bucket a card lies in; the key begins with it.
        let keys: Vec<&str> = seen.iter().map(|link| link.rsplit('/').next().unwrap()).collect();
        assert!(keys.is_sorted(), "{filter}: {keys:?}");
        let unique: BTreeSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len(), count), (expected, expected, pages), "{filter}");
    }
}

#[tokio::test]
async fn messages_are_found_by_their_retrieval_reference() {
    let world = World::with_messages().await;
    let mut browser = world.staff().await;
    let page = browser.get(&find("P5")).await;
    assert_eq!(links(&page).len(), 4, "authorization, two presentments, a refund");
    page.has("refunded: what the refund takes back");
    assert_eq!(browser.get(&links(&page)[3]).await.status, StatusCode::OK);
    browser.get(&find("P99")).await.has("Nothing has this reference.");
    browser.get("/find").await.has("Enter a reference, or a date");
    let long = browser.get("/find?retrieval=4111111111111111").await;
    long.has("This may be a card number");
    long.has_not("1111");
    browser.get("/find?q=%00").await.has("No reference is that long");
    browser.get("/find?q=%27%20OR%201%3D1").await.has("Nothing has this reference.");
    browser.get("/find?q=%3Cscript%3E").await.has("value=\"&#60;script&#62;\"");
}

#[tokio::test]
async fn what_a_terminal_sends_is_text_and_never_markup() {
    let world = World::new().await;
    let mut sent = Sent::new(500, "<b>P", 'A', CLEARING, 60_000).at(ATTACK, 5411);
    sent.terminal = "\"><img src=x>".to_owned();
    world.send(&[sent.clone()]).await;
    let mut browser = world.staff().await;
    let address = World::page_of(&sent);
    for path in [address.as_str(), &format!("{DAY}/transactions"), "/find?retrieval=62830000%3Cb%3EP"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.has("&#60;b&#62;P");
        for markup in ["<script>", "<img", "<b>"] {
            page.has_not(markup);
        }
    }
    browser.get(&address).await.has("&#60;script&#62;&#38;&#39;&#34;");
}

#[tokio::test]
async fn what_looks_like_a_card_number_is_masked_wherever_it_stands() {
    let world = World::new().await;
    let mut sent = Sent::new(600, "P600", 'A', CLEARING, 60_000).at("378282246310005", 5411);
    sent.terminal = "x4111111111111111".to_owned();
    world.send(&[sent.clone()]).await;
    let mut browser = world.staff().await;
    // The browser looks for runs on each page; here it is seen that the fields are there, masked.
    let page = browser.get(&World::page_of(&sent)).await;
    page.has("•••••••••••0005");
    page.has("x••••••••••••1111");
    page.has_not("37828224631");
    for path in ["/", DAY, &format!("{DAY}/transactions"), &find("P600")] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK);
    }
}

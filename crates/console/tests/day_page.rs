//! The page of a business day: the worked day to the kopeck, and what it says when something is wrong.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{collections::BTreeMap, fs};

use axum::http::StatusCode;
use domain::{Item, TransactionKind};
use support::{
    browser::Page,
    day::{CLEARING, Sent, worked_day},
    world::{DAY, SATURDAY, World},
};

/// The attributes of the tie-out's line: transactions, ledger, files, difference, result.
fn line(page: &Page, partner: &str, measure: &str) -> [String; 5] {
    let start = format!("<tr data-partner=\"{partner}\" data-measure=\"{measure}\"");
    let (_, rest) = page.body.split_once(&start).unwrap_or_else(|| panic!("no {measure} of {partner}"));
    let tag = rest.split('>').next().unwrap();
    ["transactions", "ledger", "files", "difference", "result"].map(|name| {
        let (_, value) = tag.split_once(&format!(" data-{name}=\"")).unwrap();
        value.split('"').next().unwrap().to_owned()
    })
}

#[track_caller]
fn ties(page: &Page, partner: &str, measure: &str, numbers: [&str; 3]) {
    let [transactions, ledger, files] = numbers;
    assert_eq!(
        line(page, partner, measure),
        [transactions, ledger, files, "0", "ties"],
        "{partner} {measure}"
    );
}

#[tokio::test]
async fn the_closed_worked_day_shows_its_positions_and_ties() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let start = browser.get("/days").await;
    start.has("href=\"/day/boreal-gold/2026-10-10\"");
    start.has("Saturday 10 October 2026");
    start.has("4 of 4 published");

    let page = browser.get(DAY).await;
    assert_eq!(page.status, StatusCode::OK);
    page.has("Europe/Moscow (UTC+03:00)");
    page.has("<dd>00:00</dd>");
    page.has("data-state=\"published\"");
    for (partner, direction, words, minor, text) in [
        ("airboreal", "bank_pays_partner", "bank pays airboreal", "164574", "1,645.74 RUB"),
        ("kosta", "partner_pays_bank", "kosta pays bank", "55878", "558.78 RUB"),
        ("skyfuel", "bank_pays_partner", "bank pays skyfuel", "1095", "10.95 RUB"),
    ] {
        page.has(&format!(
            "<td class=\"n\" data-partner=\"{partner}\" data-to-pay-minor=\"{minor}\"><strong>{text}</strong></td>"
        ));
        page.has(&format!(
            "data-position=\"{partner}\" data-currency=\"RUB\" data-direction=\"{direction}\""
        ));
        page.has(&format!("<td>{words}</td>"));
    }
    page.has("data-partner=\"airboreal\" data-miles=\"2230\">2,230<");
    page.has("data-partner=\"airboreal\" data-net-minor=\"137145\">1,371.45 RUB<");
    page.has("data-partner=\"airboreal\" data-vat-minor=\"27429\">274.29 RUB<");

    ties(&page, "airboreal", "miles", ["2230", "2230", "2230"]);
    ties(&page, "airboreal", "net", ["", "137145", "137145"]);
    ties(&page, "airboreal", "vat", ["", "27429", "27429"]);
    ties(&page, "airboreal", "to-pay", ["", "164574", "164574"]);
    ties(&page, "kosta", "turnover", ["1484566", "1484566", "1484566"]);
    ties(&page, "kosta", "discount", ["57500", "57500", ""]);
    ties(&page, "kosta", "discount-share", ["", "34500", "34500"]);
    // A line names its currency once; what the partner pays is negative, so that net and VAT add up to it.
    page.has("<th scope=\"row\">To pay, RUB</th>");
    page.has("<td class=\"n\">-558.78</td>");
    ties(&page, "kosta", "net", ["", "-52315", "-52315"]);
    ties(&page, "kosta", "vat", ["", "-3563", "-3563"]);
    ties(&page, "kosta", "to-pay", ["", "-55878", "-55878"]);
    ties(&page, "skyfuel", "miles", ["120", "120", "120"]);
    ties(&page, "skyfuel", "turnover", ["722650", "722650", ""]);
    ties(&page, "skyfuel", "discount", ["22350", "22350", ""]);
    ties(&page, "skyfuel", "discount-share", ["", "11175", "11175"]);
    ties(&page, "skyfuel", "net", ["", "2775", "2775"]);
    ties(&page, "skyfuel", "vat", ["", "-1680", "-1680"]);
    ties(&page, "skyfuel", "to-pay", ["", "1095", "1095"]);
    page.has("A dash: this side does not state the measure.");
    page.has("<span aria-hidden=\"true\" title=\"not told by message\">–</span>");
    page.has("data-verdict=\"ties\"");
    page.has("All 17 lines tie: transactions = ledger = files.");
    page.has_not("does not tie");
}

#[tokio::test]
async fn what_arrived_is_counted_by_type() {
    let world = World::with_messages().await;
    let page = world.staff().await.get(DAY).await;
    // P9 is of no member, so it belongs to no program's day.
    for (mti, meaning, messages, counted) in [
        ("0100", "authorization request", 10, "0.00 RUB"),
        ("0220", "clearing (financial advice)", 12, "246,856.71 RUB"),
        ("0400", "reversal request", 1, "0.00 RUB"),
    ] {
        page.has(&format!("{mti} {meaning}</a></th>\n<td class=\"n\">{messages}</td>"));
        page.has(&format!("<td class=\"n\">{counted}</td>"));
    }
    page.has("data-arrived=\"23\"");
}

#[tokio::test]
async fn messages_of_no_member_are_counted_and_said_to_be_normal() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    let page = browser.get(DAY).await;
    page.has(
        "data-no-member=\"0\">Every message of northbank&#39;s day 2026-10-10 is of a member&#39;s card.",
    );
    world.send(&worked_day()).await;
    // The two messages of P9.
    let page = browser.get(DAY).await;
    page.has("data-no-member=\"2\">2 messages of northbank&#39;s day 2026-10-10 belong to no member.");
    page.has("This is normal:");
    // Another day of the bank, and another bank, are not counted.
    world.run("UPDATE message SET bank_date = '2026-10-11' WHERE account_id IS NULL AND mti = '0100'").await;
    let page = browser.get(DAY).await;
    page.has("data-no-member=\"1\">1 message of northbank&#39;s day 2026-10-10 belongs to no member.");
    world.run("UPDATE message SET bank_id = bank_id + 1000 WHERE account_id IS NULL").await;
    browser.get(DAY).await.has("data-no-member=\"0\"");
}

#[tokio::test]
async fn a_kopeck_moved_between_net_and_tax_does_not_tie() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    world
        .run(
            "UPDATE settlement_position SET net_minor = net_minor - 1, vat_minor = vat_minor + 1 WHERE \
               partner_id = (SELECT partner_id FROM partner WHERE code = 'skyfuel')",
        )
        .await;
    let page = browser.get(DAY).await;
    assert_eq!(line(&page, "skyfuel", "net"), ["", "2774", "2775", "1", "broken"]);
    assert_eq!(line(&page, "skyfuel", "vat"), ["", "-1679", "-1680", "1", "broken"]);
    assert_eq!(line(&page, "skyfuel", "to-pay")[4], "ties", "the sum is the same");
    page.has("2 of 17 lines do not tie.");
}

#[tokio::test]
async fn what_is_to_be_paid_comes_right_after_the_partner_on_a_small_screen() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let page = browser.get(DAY).await;
    // The stylesheet moves the last column to the second place; the roles keep the grid a table.
    page.has("<table class=\"positions\" role=\"table\">");
    page.has("<th role=\"columnheader\" scope=\"col\" class=\"n\">To pay</th></tr></thead>");
    page.has("<th role=\"rowheader\" scope=\"row\"><a href=\"/day/boreal-gold/2026-10-10/positions/kosta/RUB\">kosta</a></th>");
    assert_eq!(
        page.body.matches("<div class=\"scroll wide\"").count(),
        6,
        "each wide table says that it scrolls"
    );
    let style = browser.get("/style.css").await;
    style.has(".positions tr > :last-child { order: 1; }");
    style.has("Wide table: scroll it sideways");
}

#[tokio::test]
async fn an_open_day_says_what_is_still_to_come() {
    let world = World::with_messages().await;
    let page = world.staff().await.get(DAY).await;
    page.has("open: taking messages");
    page.has("Not closed yet: positions are booked when the day is closed.");
    page.has("Not closed yet: files are written when the day is closed.");
    page.has("title=\"not closed yet\">–</span>");
    page.has("A dash: no number yet, the day is not closed");
    let [transactions, ledger, files, difference, result] = line(&page, "airboreal", "miles");
    assert_eq!([transactions, ledger], ["2230", "2230"]);
    assert_eq!([files, difference, result], ["", "0", "so-far"]);
    page.has("data-verdict=\"so-far\"");
}

#[tokio::test]
async fn an_empty_day_is_a_page_too() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    browser.get(DAY).await.has("No message has arrived for this day.");
    world.close().await;
    let page = browser.get(DAY).await;
    page.has("data-partner=\"kosta\" data-to-pay-minor=\"0\"");
    page.has("data-verdict=\"ties\"");
    browser.get("/days").await.has("2026-10-11");
}

#[tokio::test]
async fn every_file_is_shown_with_its_hash_and_verified() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let page = browser.get(DAY).await;
    let files = store::files_of(&world.pool, world.cycle().await.id).await.unwrap();
    assert_eq!(files.len(), 4);
    for file in &files {
        let sha256: String = file.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        page.has(&format!("<code title=\"{sha256}\">{}</code>", &sha256[..12]));
        page.has(&format!("<code class=\"copy\">{sha256}</code>"));
        page.has(&file.file_name);
    }
    assert_eq!(page.body.matches("</span> verified</span>").count(), 4);
}

#[tokio::test]
async fn an_altered_or_missing_file_does_not_tie() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    let files = store::files_of(&world.pool, world.cycle().await.id).await.unwrap();
    let path = |receiver: &str| {
        world.out.join(&files.iter().find(|file| file.receiver == receiver).unwrap().file_name)
    };
    let kept = fs::read_to_string(path("kosta")).unwrap();
    fs::write(path("kosta"), kept.replacen('7', "8", 1)).unwrap();
    let page = browser.get(DAY).await;
    page.has("altered: its SHA-256 is not the one in the books");
    assert_eq!(line(&page, "kosta", "to-pay")[4], "broken");
    assert_eq!(line(&page, "skyfuel", "to-pay")[4], "ties", "only kosta's own file is altered");
    page.has("data-verdict=\"broken\"");
    fs::write(path("kosta"), kept).unwrap();
    browser.get(DAY).await.has("data-verdict=\"ties\"");

    fs::remove_file(path("northbank")).unwrap();
    let page = browser.get(DAY).await;
    page.has("not found in the folder of files");
    for partner in ["airboreal", "kosta", "skyfuel"] {
        assert_eq!(line(&page, partner, "to-pay")[4], "broken", "the bank's file tells of everybody");
    }
}

#[tokio::test]
async fn a_lost_movement_and_a_changed_position_do_not_tie() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    world.run("DELETE FROM transfer WHERE item LIKE 'bonus:%' AND phase = 1").await;
    world
        .run(
            "UPDATE settlement_position SET to_pay_minor = to_pay_minor + 1 WHERE partner_id = \
               (SELECT partner_id FROM partner WHERE code = 'kosta')",
        )
        .await;
    let page = browser.get(&format!("{DAY}?count=now")).await;
    assert_eq!(line(&page, "airboreal", "miles"), ["2230", "2110", "2230", "120", "broken"]);
    assert_eq!(line(&page, "skyfuel", "miles"), ["120", "0", "120", "120", "broken"]);
    assert_eq!(line(&page, "kosta", "to-pay"), ["", "-55879", "-55878", "1", "broken"]);
    assert_eq!(line(&page, "kosta", "turnover")[4], "ties");
    page.has("3 of 17 lines do not tie.");
    page.has("does not tie");
}

#[tokio::test]
async fn a_reply_that_promised_too_much_does_not_tie() {
    let world = World::closed().await;
    let mut browser = world.staff().await;
    world.run("UPDATE message SET reply = replace(reply, '\"discount\":50000', '\"discount\":60000')").await;
    world.run("UPDATE message SET counted_minor = counted_minor + 7 WHERE mti = '0220' AND amount_minor = 99999").await;
    let page = browser.get(&format!("{DAY}?count=now")).await;
    assert_eq!(line(&page, "kosta", "discount"), ["67500", "57500", "", "10000", "broken"]);
    assert_eq!(line(&page, "kosta", "turnover"), ["1484573", "1484566", "1484566", "7", "broken"]);
}

#[tokio::test]
async fn a_refund_before_its_clearing_ties_on_both_days() {
    let world = World::new().await;
    let clearing = Sent::new(700, "P70", 'B', CLEARING, 300_000).at("KOSTA0000000001", 5411);
    let refund =
        Sent { id: 701, transaction: TransactionKind::Refund, amount_minor: 100_000, ..clearing.clone() };
    world.send(&[refund]).await;
    world.close().await;
    world.send(&[clearing]).await;
    let mut browser = world.staff().await;
    let page = browser.get(DAY).await;
    page.has("-1,000.00 RUB");
    page.has("data-verdict=\"ties\"");
    let page = browser.get("/day/boreal-gold/2026-10-11").await;
    assert_eq!(line(&page, "kosta", "turnover"), ["200000", "200000", "", "0", "so-far"]);
    page.has("data-verdict=\"so-far\"");
}

#[tokio::test]
async fn the_ledgers_column_is_the_sum_of_the_stores_movements() {
    let world = World::closed().await;
    let page = world.staff().await.get(DAY).await;
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    let mut sum = |movement: store::Movement<'_>| {
        let kind = match Item::parse(movement.item).unwrap() {
            Item::Base | Item::Bonus { .. } => "miles",
            Item::Turnover(_) => "turnover",
            Item::Qualifying => "units",
            Item::Discount { .. } => "discount",
            _ => "later",
        };
        *sums.entry(kind).or_default() += movement.amount;
        Ok::<(), store::StoreError>(())
    };
    store::each_movement(&world.pool, world.cycle().await.id, &mut sum).await.unwrap();
    let of = |partner: &str, measure: &str| line(&page, partner, measure)[1].parse::<i64>().unwrap();
    assert_eq!(of("airboreal", "miles"), sums["miles"]);
    assert_eq!(of("kosta", "turnover") + of("skyfuel", "turnover"), sums["turnover"]);
    assert_eq!(of("kosta", "discount") + of("skyfuel", "discount"), sums["discount"]);
}

#[tokio::test]
async fn quarantined_messages_are_not_hidden() {
    let world = World::new().await;
    let mut browser = world.staff().await;
    browser.get(DAY).await.has_not("quarantine");
    let now = jiff::Timestamp::UNIX_EPOCH;
    store::quarantine(&world.pool, &[1], domain::BankId(1), now, "bitmap", "…").await.unwrap();
    browser.get(DAY).await.has("1 message that could not be taken waits in quarantine");
}

#[tokio::test]
async fn many_days_are_paged() {
    let world = World::new().await;
    let mut text = String::from("UPDATE settlement_cycle SET sequence = 100;");
    for n in 1..=40 {
        let date = SATURDAY.checked_sub(jiff::Span::new().days(41 - n)).unwrap();
        text += &format!(
            "INSERT INTO settlement_cycle (cycle_id, program_id, sequence, business_date, state) \
             SELECT {n} + 1000, program_id, {n}, '{date}', 'published' FROM program;"
        );
    }
    world.run(&text).await;
    let mut browser = world.staff().await;
    let first = browser.get("/days").await;
    assert_eq!(first.body.matches("<tr data-program").count(), 32);
    let (_, rest) = first.body.split_once("<a rel=\"next\" href=\"").unwrap();
    let older = rest.split('"').next().unwrap().replace("&amp;", "&");
    let second = browser.get(&older).await;
    assert_eq!(second.body.matches("<tr data-program").count(), 9);
    second.has_not("rel=\"next\"");
    second.has_not("data-date=\"2026-10-10\"");
}

#[tokio::test]
async fn of_several_cycles_each_is_shown_by_itself() {
    let mut world = World::with_messages().await;
    let noon_and_midnight = vec![jiff::civil::time(12, 0, 0, 0), jiff::civil::Time::midnight()];
    world.file.cut_offs = domain::CutOffs::new(noon_and_midnight).unwrap();
    world.close().await;
    let mut browser = world.staff().await;
    let start = browser.get("/days").await;
    for number in [1, 2] {
        start.has(&format!("href=\"/day/boreal-gold/2026-10-10?cycle={number}\""));
    }
    start.has("cut-off 12:00, 00:00");

    // The one that is not done is the day's.
    let open = browser.get(DAY).await;
    for text in [
        "data-state=\"open\"",
        "data-cycle=\"2\"",
        "<dd>00:00</dd>",
        "No message has arrived",
        "?cycle=1\">cycle 1</a>",
    ] {
        open.has(text);
    }
    let first = browser.get(&format!("{DAY}?cycle=1")).await;
    for text in ["data-state=\"published\"", "<dd>12:00</dd>", "1,645.74 RUB", "transactions?cycle=1\""] {
        first.has(text);
    }
    ties(&first, "airboreal", "miles", ["2230", "2230", "2230"]);
    let list = browser.get(&format!("{DAY}/transactions?cycle=1")).await;
    list.has(", cycle 1</small>");
    list.has("href=\"/t/");
    browser.get(&format!("{DAY}/transactions?cycle=2")).await.has("No such message has arrived");
    for wrong in ["0", "3", "x", "-1"] {
        assert_eq!(
            browser.get(&format!("{DAY}?cycle={wrong}")).await.status,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
}

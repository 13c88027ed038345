//! Opening + movements - paid - closing = 0, on every page that shows it, and every number of it is what others compute who
//! have never seen the database: the second settlement for days of two programs with refunds, reversals, chargebacks,
//! adjustments, carried balances, closed days and two currencies; the bank's own auditor for what messages on the link
//! booked. What is planted in the books is seen.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts are what these tests are for")]

mod console_reader;
mod settlement_lanes;
mod support_answers;
mod tie_out;

use cobrand::demo::World;
use console_reader::Reader;
use jiff::civil::date;
use second_settlement::Month;
use tie_out::{
    audited::{self, AuditedDays},
    cycles::Days,
    pages::{Comparison, Planted},
};

/// As many messages as leave each day some of every kind.
const MESSAGES: usize = 4_000;
const SEED: u64 = 20_261_001;
/// Over a weekend and both of its closed days, with days on which nothing goes out to one partner.
const CLOSED_DATES: usize = 8;

/// As the owner of the database, who can change what the programs cannot.
async fn as_owner(world: &World, text: &str) -> u64 {
    let connection = &world.assembly.config.database.connection;
    let (owner, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(driver);
    owner.execute(text, &[]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_what_messages_and_terms_come_to() {
    let days = Box::pin(Days::pass(Month::new(SEED, MESSAGES), CLOSED_DATES)).await;
    lacks_nothing(&days);
    let reader = Reader::of(&days.lanes.world, "vera").await;
    let mut comparison = Comparison::new(&days, &reader, None);
    comparison.today().await;
    comparison.list_of_days().await;
    comparison.every_day().await;
    comparison.every_partner().await;
    comparison.every_position().await;
    comparison.every_statement().await;
    comparison.api().await;
    println!("compared rows: {:?}", comparison.rows);
    an_open_day_ties_so_far(&days, &reader).await;
    a_planted_closing_is_seen(&days, &reader).await;
    a_planted_total_is_seen(&days, &reader).await;
    drop(reader);
    days.stop().await;
}

/// What lacks something is compared in vain.
fn lacks_nothing(days: &Days) {
    let all = || days.closed.iter().flat_map(|closed| &closed.must);
    let arrived = |mti: &str| days.closed.iter().any(|closed| closed.arrived.contains_key(mti));
    for (what, has) in [
        ("an opening", all().any(|must| must.opening != 0)),
        ("a carried balance", all().any(|must| must.closing != 0)),
        ("an adjustment", all().any(|must| must.adjusted[0] != 0)),
        ("an adjusted tax", all().any(|must| must.adjusted[1] != 0)),
        ("an adjusted quantity", all().any(|must| must.quantities != must.moved)),
        ("both directions", all().any(|must| must.paid > 0) && all().any(|must| must.paid < 0)),
        ("roubles", all().any(|must| must.currency == "RUB" && must.paid != 0)),
        ("euros", all().any(|must| must.currency == "EUR" && must.paid != 0)),
        (
            "a partner that is paid in another currency",
            all().any(|must| must.currency == "EUR" && must.miles() != 0),
        ),
        ("a reversal", arrived("0400") || arrived("0420")),
        ("miles that are spent", arrived("miles-reserve")),
    ] {
        assert!(has, "these days have no {what}");
    }
}

/// What the open date has so far; nothing is settled of it.
async fn an_open_day_ties_so_far(days: &Days, reader: &Reader) {
    for program in 0..days.month.programs.len() {
        let path = format!("/day/{}/{}", days.code(program), days.open);
        let page = reader.page(&path).await;
        let tie = page.captioned("Net, VAT and to pay are negative").unwrap();
        for line in tie.lines() {
            assert_eq!(
                (line.text("Difference").trim_end_matches(".00"), line.text("Result")),
                ("0", "ties so far")
            );
            assert_eq!(line.text("Files"), "not closed yet");
        }
        assert!(page.table("balances-table").rows.is_empty());
    }
}

/// Somebody with all rights changes a closing balance.
async fn a_planted_closing_is_seen(days: &Days, reader: &Reader) {
    let last = days.last(1);
    let place = days.closed.iter().position(|closed| std::ptr::eq(closed, last)).unwrap();
    let must = &last.must[0];
    let planted = Planted { place, partner: must.partner.clone(), currency: must.currency.clone(), minor: 1 };
    let change = |minor: i32| {
        format!(
            "UPDATE settlement_balance b SET closing_minor = closing_minor + {minor} WHERE b.cycle_id = (SELECT max(c.cycle_id) \
             FROM settlement_cycle c JOIN program g USING (program_id) JOIN settlement_position p USING (cycle_id) \
             WHERE g.code = '{}' AND c.business_date = '{}') \
             AND b.partner_id = (SELECT partner_id FROM partner WHERE code = '{}')",
            days.code(1),
            last.turn.date,
            must.partner
        )
    };
    assert_eq!(as_owner(&days.lanes.world, &change(1)).await, 1);
    let mut comparison = Comparison::new(days, reader, Some(planted));
    comparison.today().await;
    comparison.every_day().await;
    comparison.every_partner().await;
    comparison.api().await;
    assert_eq!(as_owner(&days.lanes.world, &change(-1)).await, 1);
}

/// Somebody with all rights changes what was kept of a day.
async fn a_planted_total_is_seen(days: &Days, reader: &Reader) {
    let (closed, code) = (days.last(0), days.code(0));
    let change = format!(
        "UPDATE cycle_total t SET amount = amount + 7 WHERE t.side = 'given' AND t.subject = 'base' AND t.cycle_id = \
         (SELECT cycle_id FROM settlement_cycle JOIN program USING (program_id) WHERE code = '{code}' \
         AND business_date = '{}')",
        closed.turn.date
    );
    assert_eq!(as_owner(&days.lanes.world, &change).await, 1);
    let path = format!("/day/{code}/{}", closed.turn.date);
    let page = reader.page(&path).await;
    let tie = page.captioned("Net, VAT and to pay are negative").unwrap();
    let broken: Vec<_> = tie.lines().filter(|line| line.text("Result") != "ties").collect();
    assert_eq!(broken.len(), 1, "{tie:#?}");
    assert_eq!((broken[0].text("Measure"), broken[0].text("Difference")), ("Miles", "7"));
    let told = reader.api(&format!("/api/v1/programs/{code}/days/{}", closed.turn.date)).await;
    assert_eq!(told["ties"], false);
    let broken = told["tie_out"].as_array().unwrap().iter().filter(|line| line["verdict"] == "broken");
    assert_eq!(broken.map(|line| line["difference"]["amount"].as_i64()).collect::<Vec<_>>(), [Some(7)]);
    // Counted again, it is what it was.
    let page = reader.page(&format!("{path}?count=now")).await;
    let tie = page.captioned("Net, VAT and to pay are negative").unwrap();
    assert!(tie.lines().all(|line| line.text("Result") == "ties"), "{tie:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_what_the_bank_s_auditor_computes() {
    let days =
        Box::pin(AuditedDays::pass(&[date(2026, 10, 10), date(2026, 10, 11)], date(2026, 10, 12))).await;
    let reader = Reader::of(&days.world, "vera").await;
    for day in &days.days {
        audited::day(&reader, day).await;
        audited::transactions(&reader, day).await;
    }
    audited::health(&reader, &days).await;
    drop(reader);
    days.world.stop().await.unwrap();
}

//! The data of `cobrand bench console`, small: its days tie, its ledger agrees with itself, and every page that the bench
//! visits is there and shows rows. Nothing is timed here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use cobrand::{
    bench::console::{
        Shown, options,
        visits::{self, VISITS},
        year::Size,
    },
    demo::WorldOptions,
};
use console::Needs;
use store::LedgerCheck;

/// January.
const SMALL: Size = Size { months: 1, per_month: 1_500 };

#[test]
fn every_page_of_the_console_is_visited() {
    let visited = VISITS.iter().filter(|visit| visit.kind != visits::Kind::Api);
    let visited: BTreeSet<&str> = visited.map(|visit| visit.route).collect();
    let pages = console::routes().filter(|route| route.method == "GET" && route.kind == console::Kind::Page);
    // Between password and code there is one form, and nothing of the books.
    let pages = pages.filter(|route| !matches!(route.needs, Needs::Demo | Needs::Password));
    let pages: BTreeSet<&str> = pages.map(|route| route.path).collect();
    let missing: Vec<_> = pages.difference(&visited).collect();
    assert!(
        missing.is_empty(),
        "a page without a line in crates/cobrand/src/bench/console/visits.rs: {missing:?}"
    );
    let gone: Vec<_> = visited.difference(&pages).collect();
    assert!(gone.is_empty(), "a line there for what is no page: {gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_bench_shows_the_days_that_it_made() {
    let shown =
        Shown::make(SMALL, WorldOptions { log_to_file: false, ..options() }).await.expect("a month of days");
    let year = &shown.year;
    assert_eq!((year.days, year.transactions), (31, 1_500));
    assert!(year.messages > 2_500 && year.transfers > year.messages, "{year:?}");

    let check = store::ledger_check(&shown.world.assembly.pool).await.unwrap();
    let transfers = i64::try_from(year.transfers).unwrap();
    assert_eq!(check, LedgerCheck { transfers, ..LedgerCheck::default() }, "what was copied is a ledger");

    let mut ties = 0;
    for visit in VISITS {
        for seed in 1..=3 {
            let answer = shown.visit(visit, seed).await.unwrap_or_else(|error| panic!("{error:#}"));
            if visit.name == "day, closed" {
                assert!(
                    answer.body.contains("data-verdict=\"ties\""),
                    "a closed day does not tie\n{}",
                    answer.body
                );
                assert!(!answer.body.contains("data-verdict=\"broken\""), "{}", answer.body);
                ties += 1;
            }
        }
    }
    assert_eq!(ties, 3);
    shown.stop().await.unwrap();
}

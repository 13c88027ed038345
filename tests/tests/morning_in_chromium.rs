//! The morning of a reconciler in headless Chromium: sees the break, goes down to the message, proposes a write-off and
//! cannot approve it; a second person does; books, journal and exports say the same. In both languages; the second time
//! without JavaScript. Every page is looked at for what bars people from it.
//!
//! Run by `make browser-test`. COBRAND_UPDATE_SCREENSHOTS=1 also writes the pictures in `docs/images/pages`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what was left out, and the driver's log")]
#![allow(dead_code, reason = "the parts of the tests are shared")]

mod axe;
mod morning;
mod support_link;
mod support_statements;
mod webdriver;

use std::sync::Arc;

use cobrand::{commands::console_state, demo::World};
use morning::{Browsing, Person, pages};
use support_statements::{HEADER, closed_day, must, state, told};
use tokio::net::TcpListener;
use webdriver::Driver;

const PASSWORD: &str = "correct horse battery staple";
/// After the time within which all of the day is to be answered and paid.
const LATER: &str = "2026-11-05T00:00:00Z";
/// By how much two lines of Kosta's statement differ from ours, in minor units.
const DIFFERENCES: [i64; 2] = [12_345, 20_100];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs chromium and chromedriver: make browser-test"]
async fn a_reconcilers_morning_in_both_languages() {
    let world = Arc::new(closed_day().await);
    partners_state_what_they_have(&world);
    must_find(&world);
    for name in ["anna", "boris", "olga"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    must(&world, &["user", "roles", "olga", "auditor"]);
    let breaks = breaks(&world).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let console =
        tokio::spawn(console::serve(listener, console_state(&world.assembly, None), std::future::pending()));
    let (inside, runtime) = (Arc::clone(&world), tokio::runtime::Handle::current());
    let seen = tokio::task::spawn_blocking(move || {
        let booked = |id| runtime.block_on(booked(&inside, id));
        let driver = Driver::start();
        for (number, javascript, says) in [(0, true, &morning::ENGLISH), (1, false, &morning::RUSSIAN)] {
            let people = ["anna", "boris", "olga"].map(|name| Person {
                browser: driver.browser(&format!("{name}-{number}"), javascript),
                name,
            });
            let browsing = Browsing { base: &base, password: PASSWORD, says };
            browsing.morning(&people, breaks[number], DIFFERENCES[number], &booked);
            // Without scripts axe-core cannot look either.
            let lookers = match javascript {
                true => people,
                false => ["anna", "boris", "olga"].map(|name| {
                    let browser = driver.browser(&format!("{name}-looks"), true);
                    browsing.sign_in(Person { browser, name })
                }),
            };
            pages::look_at_all(&browsing, &lookers, breaks[number]);
        }
    })
    .await;

    // Also after a failure, so that nothing is left behind.
    console.abort();
    if let Ok(world) = Arc::try_unwrap(world) {
        world.stop().await.unwrap();
    }
    if let Err(failure) = seen {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// All say what we have settled, but Kosta has other amounts in two lines.
fn partners_state_what_they_have(world: &World) {
    let mut paid = Vec::new();
    for partner in ["airboreal", "kosta", "skyfuel"] {
        let (mut lines, payments) = told(world, partner);
        if partner == "kosta" {
            lines.iter_mut().zip(DIFFERENCES).for_each(|(line, more)| *line = altered(line, more));
        }
        state(world, partner, &lines);
        paid.extend(payments);
    }
    std::fs::write(world.dir.join("account.csv"), format!("{HEADER}{}\n", paid.join("\n"))).unwrap();
    must(world, &["reconcile", "bank-statement", "--bank", "northbank", "--file", "account.csv"]);
}

fn altered(line: &str, more: i64) -> String {
    let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
    fields[2] = (fields[2].parse::<i64>().unwrap() + more).to_string();
    fields.join(",")
}

fn must_find(world: &World) {
    let output = support_link::cobrand(&world.dir, &["reconcile", "--as-of", LATER]);
    assert_eq!(output.status.code(), Some(1), "{}", support_link::said(&output));
}

/// The two breaks, by their differences; there are no others.
async fn breaks(world: &World) -> Vec<i64> {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT break_id, abs(difference) FROM reconciliation_break ORDER BY 2";
    let rows = client.query(text, &[]).await.unwrap();
    let differences: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
    assert_eq!(differences, DIFFERENCES);
    rows.iter().map(|row| row.get(0)).collect()
}

/// What the books have of a case: the bookings, and whether it is resolved.
async fn booked(world: &World, id: i64) -> (Vec<(String, i64)>, bool) {
    let client = world.assembly.pool.get().await.unwrap();
    let text = "SELECT kind, amount FROM case_booking WHERE case_id = $1";
    let rows = client.query(text, &[&id]).await.unwrap();
    let state = "SELECT state = 'resolved' FROM break_case WHERE case_id = $1";
    let resolved = client.query_one(state, &[&id]).await.unwrap().get(0);
    (rows.iter().map(|row| (row.get(0), row.get(1))).collect(), resolved)
}

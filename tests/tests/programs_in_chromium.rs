//! Two people change a program in headless Chromium: one proposes, the other one reads what it brings in rules and in money
//! and approves, in English with JavaScript and in Russian without.
//!
//! Run by `make browser-test`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, reason = "the driver is shared")]
#![allow(clippy::print_stderr, reason = "the driver's log")]

mod webdriver;

use cobrand::{
    commands::{console_state, put_due_into_force},
    demo::{World, WorldOptions},
};
use tokio::net::TcpListener;
use webdriver::{Browser, Driver, until};

const PASSWORD: &str = "correct horse battery staple";
const WIDTHS: [u32; 2] = [390, 1440];

/// What is typed behind the text in force: a bonus that no test of the sample knows.
fn bonus(id: &str, mcc: &str) -> String {
    format!(
        "\n[[bonus]]\nid = \"{id}\"\neffective = {{ from = 2026-01-01 }}\nwhen = {{ mcc = [\"{mcc}\"] }}\n\
         times_base = \"1/2\"\nrounding = \"floor\"\nfunded_by = \"bank\"\n"
    )
}

/// What the pages say in one language.
struct Says {
    propose: &'static str,
    not_yours: &'static str,
    added: &'static str,
    scheduled: &'static str,
    running: &'static str,
    pays: &'static str,
}

const ENGLISH: Says = Says {
    propose: "Propose another version",
    not_yours: "You proposed it, so another person must decide. You can withdraw it.",
    added: "+ added: bonus",
    scheduled: "approved: waits for its instant",
    running: "in force",
    pays: "airboreal: bank pays",
};

const RUSSIAN: Says = Says {
    propose: "Предложить другую версию",
    not_yours: "Вы это предложили, поэтому решает другой человек. Вы можете отозвать предложение.",
    added: "+ добавлено: bonus",
    scheduled: "одобрено: ждёт своего момента",
    running: "действует",
    pays: "airboreal: платит банк",
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs chromium and chromedriver: make browser-test"]
async fn two_people_change_a_program_in_both_languages() {
    let options = WorldOptions { changes: "approval", log_to_file: false, ..WorldOptions::default() };
    let world = std::sync::Arc::new(World::start(options).await.unwrap());
    for name in ["ann", "bob"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let console =
        tokio::spawn(console::serve(listener, console_state(&world.assembly, None), std::future::pending()));
    let (inside, runtime) = (std::sync::Arc::clone(&world), tokio::runtime::Handle::current());
    let seen = tokio::task::spawn_blocking(move || {
        let due = || runtime.block_on(put_due_into_force(&inside.assembly)).unwrap();
        let driver = Driver::start();
        for (number, javascript, says) in [(1, true, &ENGLISH), (2, false, &RUSSIAN)] {
            let people = ["ann", "bob"].map(|name| driver.browser(&format!("{name}-{number}"), javascript));
            change(&base, number, &people, says, due);
        }
    })
    .await;

    // Also after a failure, so that nothing is left behind.
    console.abort();
    if let Ok(world) = std::sync::Arc::try_unwrap(world) {
        world.stop().await.unwrap();
    }
    if let Err(failure) = seen {
        std::panic::resume_unwind(failure.into_panic());
    }
}

fn change(
    base: &str,
    number: u32,
    [ann, bob]: &[Browser<'_>; 2],
    says: &Says,
    due: impl Fn() -> Option<jiff::Timestamp>,
) {
    let proposal = format!("{base}/proposals/{number}");
    for (browser, name) in [(ann, "ann"), (bob, "bob")] {
        browser.set_width(1440);
        browser.open(&format!("{base}/programs"));
        browser.one("#name").type_text(name);
        browser.one("#password").type_text(PASSWORD);
        browser.one("form button").click();
        arrive(browser, &format!("{base}/programs"));
        if number == 2 {
            browser.one("form.language button").click();
            until("the page is in Russian", || browser.all("html[lang=ru]").into_iter().next().map(|_| ()));
        }
    }
    ann.one("tr[data-program='boreal-gold'] a").click();
    arrive(ann, &format!("{base}/programs/boreal-gold"));
    let link = ann.one("main a[href$='/propose']");
    assert_eq!(link.text(), says.propose);
    link.click();
    arrive(ann, &format!("{base}/programs/boreal-gold/propose"));
    ann.one("#comment").type_text("half as much again");
    let text = ann.one("#text").property("value");
    let changed = text + &bonus(&format!("extra-{number}"), &format!("58{number}4"));
    ann.one("#text").type_text(&changed);
    ann.one("input[value=now]").click();
    ann.one("button.main").click();
    arrive(ann, &proposal);
    assert_eq!(ann.one("[data-why-not]").text(), says.not_yours);
    assert!(ann.all("form.decide").is_empty(), "the maker has nothing to approve with");

    bob.open(&format!("{base}/programs"));
    bob.one(&format!("a[href='/proposals/{number}']")).click();
    arrive(bob, &proposal);
    let text = bob.one("main").text();
    for part in [says.added, &format!("extra-{number}"), says.pays, "half as much again"] {
        assert!(text.contains(part), "{part:?} is not on the page:\n{text}");
    }
    fits(bob, &[&proposal, &format!("{base}/programs"), &format!("{base}/programs/boreal-gold/propose")]);
    bob.open(&proposal);
    // Whoever decides shows once more who he is: first there is nothing to decide with.
    assert!(bob.all("form.decide").is_empty());
    bob.one("a[data-prove]").click();
    arrive(bob, &format!("{base}/proof"));
    bob.one("#password").type_text(PASSWORD);
    bob.one("form.prove button").click();
    arrive(bob, &proposal);
    bob.one("#reason").type_text("agreed");
    bob.one("form.decide button.main").click();
    let state = |wanted: &str| {
        until(&format!("the proposal is {wanted}"), || {
            bob.all(&format!("dd[data-state={wanted}]")).into_iter().next().map(|word| word.text())
        })
    };
    assert!(state("scheduled").contains(says.scheduled));
    assert_eq!(due(), None);
    bob.open(&proposal);
    assert!(state("running").contains(says.running));

    bob.open(&format!("{base}/programs/boreal-gold"));
    bob.one("form.choose button").click();
    arrive(bob, &format!("{base}/programs/boreal-gold/versions"));
    assert!(bob.one("main").text().contains(says.added));
    fits(bob, &[&bob.url(), &format!("{base}/programs/boreal-gold")]);
    assert_eq!(bob.complaints(), [""; 0], "the browser complained");
}

fn arrive(browser: &Browser<'_>, address: &str) {
    until(&format!("{address} is shown"), || {
        let url = browser.url();
        (url == address || url.starts_with(&format!("{address}?"))).then_some(())
    });
}

/// No page is wider than the window: a table that is scrolls by itself.
fn fits(browser: &Browser<'_>, pages: &[&str]) {
    for width in WIDTHS {
        browser.set_width(width);
        for page in pages {
            browser.open(page);
            let fits = browser.script(
                "const page = document.documentElement;
                 return [window.innerWidth, page.scrollWidth <= page.clientWidth];",
            );
            assert_eq!(fits, serde_json::json!([width, true]), "{page} does not fit into {width} px");
        }
    }
}

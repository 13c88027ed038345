//! What people do in the morning, and what they must see.

pub(crate) mod pages;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::json;

use crate::webdriver::{Browser, until};

/// Clicks from the start page to the masked message.
const CLICKS_MAX: usize = 4;

/// What the pages say in one language.
pub(crate) struct Says {
    pub(crate) language: &'static str,
    pub(crate) own_proposal: &'static str,
    /// The number with two places, as it is typed and shown.
    pub(crate) point: char,
    pub(crate) masked: &'static str,
}

pub(crate) const ENGLISH: Says =
    Says { language: "en", own_proposal: "somebody else must decide", point: '.', masked: "Message" };

pub(crate) const RUSSIAN: Says =
    Says {
        language: "ru", own_proposal: "решить должен другой человек", point: ',', masked: "Сообщение"
    };

/// Somebody at a browser.
pub(crate) struct Person<'a> {
    pub(crate) browser: Browser<'a>,
    pub(crate) name: &'static str,
}

/// Where the console is, and in which language it is read.
pub(crate) struct Browsing<'a> {
    pub(crate) base: &'a str,
    pub(crate) password: &'static str,
    pub(crate) says: &'static Says,
}

/// The bookings of a case as kind and amount, and whether it is resolved.
type Booked<'a> = &'a dyn Fn(i64) -> (Vec<(String, i64)>, bool);

impl Browsing<'_> {
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// From signing in to the entry in the journal.
    pub(crate) fn morning(&self, people: &[Person<'_>; 3], case: i64, minor: i64, booked: Booked<'_>) {
        let [anna, boris, olga] = people;
        people.iter().for_each(|person| self.enter(person));
        self.drill_down(&anna.browser, case);
        self.propose(&anna.browser, case, minor);
        assert_eq!(booked(case), (Vec::new(), false), "a proposal books nothing");
        self.cannot_approve(&anna.browser, case);
        assert_eq!(booked(case), (Vec::new(), false), "nobody approves his own");
        self.approve(&boris.browser, case);
        let (bookings, resolved) = booked(case);
        assert_eq!(
            bookings.iter().map(|(kind, minor)| (kind.as_str(), minor.abs())).collect::<Vec<_>>(),
            [("write_off", minor)]
        );
        assert!(resolved, "nothing is left of it");
        self.journal_says(&olga.browser, case);
        for path in ["/breaks?state=", "/", "/days", "/partners"] {
            self.export_is_the_screen(&anna.browser, path);
        }
    }

    /// The same person, signed in.
    pub(crate) fn sign_in<'a>(&self, person: Person<'a>) -> Person<'a> {
        self.enter(&person);
        person
    }

    fn enter(&self, person: &Person<'_>) {
        let browser = &person.browser;
        browser.set_width(1440);
        browser.open(&self.address("/"));
        browser.one("#name").type_text(person.name);
        browser.one("#password").type_text(self.password);
        browser.one("form button").click();
        self.arrive(browser, "/");
        if self.says.language != "en" {
            browser.one("form.language button").click();
            until("the page is in the other language", || {
                browser.all(&format!("html[lang={}]", self.says.language)).pop().map(|_| ())
            });
        }
    }

    fn arrive(&self, browser: &Browser<'_>, path: &str) {
        let address = self.address(path);
        until(&format!("{address} is shown"), || {
            let url = browser.url();
            let url = url.split(['?', '#']).next().unwrap_or_default();
            (url == address).then_some(())
        });
    }

    /// From the start page over the break, its position and a line of it to the masked message.
    fn drill_down(&self, browser: &Browser<'_>, case: i64) {
        browser.open(&self.address("/"));
        let mut clicks = 0;
        let mut follow = |selector: &str| {
            let link = browser.all(selector).into_iter().next();
            link.unwrap_or_else(|| panic!("no {selector} on {}", browser.url())).click();
            clicks += 1;
        };
        follow(&format!("main a[href='/breaks/{case}']"));
        self.arrive(browser, &format!("/breaks/{case}"));
        follow("main a[href^='/t/']");
        until("the transaction is shown", || browser.url().contains("/t/").then_some(()));
        follow("a[href='#message']");
        assert!(clicks <= CLICKS_MAX, "{clicks} clicks");
        let text = browser.one("main").text();
        for part in ["DE37", "DE4", "•••• "] {
            assert!(text.contains(part), "{part:?} is not on {}:\n{text}", browser.url());
        }
    }

    fn propose(&self, browser: &Browser<'_>, case: i64, minor: i64) {
        browser.open(&self.address(&format!("/breaks/{case}")));
        choose(browser, "#p-kind", "write_off");
        let left = browser.one("[data-left]").text();
        let shown = format!("{}{}{:02}", minor / 100, self.says.point, minor % 100);
        assert!(left.contains(&shown), "{left:?} is left, not {shown}");
        let sign = if left.starts_with(['-', '−']) { "-" } else { "" };
        browser.one("#p-amount").type_text(&format!("{sign}{shown}"));
        let account = browser.script(
            "return [...document.querySelectorAll('#p-account option')].map(o => o.value).find(v => v);",
        );
        choose(browser, "#p-account", account.as_str().unwrap());
        browser.one("#p-reason").type_text("too little to ask for");
        browser.one("form[action$='/propose'] button").click();
        until("the proposal waits", || browser.all("form[action$='/take-back']").pop().map(|_| ()));
    }

    /// Who one is, once more: nothing is decided without it.
    fn prove(&self, browser: &Browser<'_>, case: i64) {
        browser.open(&self.address(&format!("/proof?next=/breaks/{case}")));
        browser.one("#password").type_text(self.password);
        browser.one("form.prove button").click();
        self.arrive(browser, &format!("/breaks/{case}"));
    }

    /// There is nothing to approve with, and a form made by hand is refused, also with a proof.
    fn cannot_approve(&self, browser: &Browser<'_>, case: i64) {
        self.prove(browser, case);
        let text = browser.one("main").text();
        assert!(text.contains(self.says.own_proposal), "{:?} is not said:\n{text}", self.says.own_proposal);
        assert!(browser.all("form[action$='/decide']").is_empty(), "the maker has nothing to approve with");
        browser.script(&format!(
            "const mine = document.querySelector(\"form[action$='/take-back']\");
             mine.action = '/breaks/{case}/decide';
             mine.querySelector('textarea').value = 'by hand';
             const verdict = document.createElement('input');
             verdict.type = 'hidden'; verdict.name = 'verdict'; verdict.value = 'approve';
             mine.append(verdict); mine.submit();"
        ));
        until("the form is refused", || browser.all("[role=alert]").pop().map(|_| ()));
    }

    fn approve(&self, browser: &Browser<'_>, case: i64) {
        browser.open(&self.address("/approvals"));
        browser.all(&format!("a[href^='/breaks/{case}#']")).into_iter().next().expect("it waits").click();
        self.arrive(browser, &format!("/breaks/{case}"));
        assert!(browser.all("button[value=approve]").is_empty(), "nothing is decided without a proof");
        browser.one("[data-prove]").click();
        self.arrive(browser, "/proof");
        self.prove(browser, case);
        browser.one("#decision-reason").type_text("agreed");
        browser.one("button[value=approve]").click();
        until("nothing waits any more", || browser.all("form[action$='/decide']").is_empty().then_some(()));
        assert!(browser.all("[role=alert]").is_empty(), "{}", browser.one("main").text());
        let ledger = browser.one("section[aria-labelledby=ledger]").text();
        assert!(!browser.all("section[aria-labelledby=ledger] tbody tr").is_empty(), "{ledger}");
    }

    /// Who did what, with a chain that holds.
    fn journal_says(&self, browser: &Browser<'_>, case: i64) {
        browser.open(&self.address("/audit"));
        let text = browser.one("main").text();
        for part in ["anna", "boris", "case.propose", "case.approve"] {
            assert!(text.contains(part), "{part:?} is not in the journal:\n{text}");
        }
        assert!(text.contains(&case.to_string()));
    }

    /// Each table as CSV has as many rows as the screen; the tests of the console compare every cell.
    fn export_is_the_screen(&self, browser: &Browser<'_>, path: &str) {
        browser.open(&self.address(path));
        let files = browser.script(
            "return [...document.querySelectorAll(\"a[href*='format=csv']\")].map(link => {
                 const named = document.getElementById(new URL(link.href).searchParams.get('table'));
                 const place = named ?? link.closest('section, main');
                 const table = place.matches('table') ? place : place.querySelector('table');
                 const rows = table ? [...table.querySelectorAll('tbody tr')] : [];
                 return [link.getAttribute('href'), rows.length];
             });",
        );
        assert!(!files.as_array().unwrap().is_empty(), "nothing can be exported on {path}");
        for file in files.as_array().unwrap() {
            let text = self.download(browser, file[0].as_str().unwrap());
            let mut rows = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
            let exported = rows.records().map(Result::unwrap).count();
            assert_eq!(json!(exported), file[1], "{file}\n{text}");
        }
    }

    /// A file with the session of the browser.
    fn download(&self, browser: &Browser<'_>, path: &str) -> String {
        let authority = self.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority).unwrap();
        let cookie = browser.cookie("cobrand_session");
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nCookie: cobrand_session={cookie}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        body.trim_start_matches('\u{feff}').to_owned()
    }
}

/// Chooses an option, as a person would by keyboard.
fn choose(browser: &Browser<'_>, selector: &str, value: &str) {
    let (selector, value) = (json!(selector), json!(value));
    browser.script(&format!("document.querySelector({selector}).value = {value};"));
}

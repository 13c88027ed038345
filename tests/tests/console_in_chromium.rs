//! Staff read the settled day in headless Chromium: they sign in, the positions that they see are the trailers of the
//! settlement files, and everything works with JavaScript switched off too.
//!
//! Run by `make browser-test`. COBRAND_UPDATE_SCREENSHOTS=1 also writes the pictures in `docs/images`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "where the pictures are, and the driver's log")]

#[allow(dead_code, reason = "other tests use the rest")]
mod webdriver;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bank_simulator::replay;
use cobrand::{
    commands::console_state,
    demo::{BankDay, World, WorldOptions},
};
use domain::settlement::Direction;
use settlement::{BatchSummary, Closed, FileSummary};
use tokio::net::TcpListener;
use webdriver::{Browser, Driver, until};

const CARDS_AT_ONCE: usize = 8;
const USER: &str = "anna.petrova";
const PASSWORD: &str = "correct horse battery staple";
/// Clicks from the list of days to the explanation of a transaction.
const CLICKS_MAX: usize = 4;
const PICTURE_BYTES_MAX: usize = 400 * 1024;
const WIDTHS: [u32; 2] = [390, 1440];

/// The settled day: what the browser may expect.
struct Settled {
    base: String,
    program: String,
    date: String,
    files: Vec<FileSummary>,
    card_numbers: Vec<String>,
}

impl Settled {
    fn day(&self) -> String {
        format!("{}/day/{}/{}", self.base, self.program, self.date)
    }

    /// What the trailers of the files state, by partner: the partner's own file and the bank's say the same.
    fn trailers(&self) -> BTreeMap<String, BatchSummary> {
        let mut trailers: BTreeMap<String, Vec<&BatchSummary>> = BTreeMap::new();
        for batch in self.files.iter().flat_map(|file| &file.batches) {
            trailers.entry(batch.partner.clone()).or_default().push(batch);
        }
        let agreed = |(partner, batches): (String, Vec<&BatchSummary>)| {
            assert_eq!(batches.len(), 2, "{partner}: once in its own file and once in the bank's");
            assert_eq!(batches[0], batches[1], "{partner}: the two files");
            (partner, batches[0].clone())
        };
        trailers.into_iter().map(agreed).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs chromium and chromedriver: make browser-test"]
async fn staff_read_the_positions_of_the_files_with_and_without_javascript() {
    let day = BankDay::worked().unwrap();
    let options =
        WorldOptions { business_date: day.business_date(), log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    let closed = close_the_day(&world, &day).await;

    console::add_user(&world.assembly.pool, USER, PASSWORD).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let console =
        tokio::spawn(console::serve(listener, console_state(&world.assembly, None), std::future::pending()));
    let settled = Settled {
        base,
        program: closed.positions[0].program.clone(),
        date: closed.business_date.to_string(),
        files: closed.files.iter().map(|file| settlement::verify_path(&file.path).unwrap()).collect(),
        card_numbers: day.cards().iter().map(|card| card.pan.expose().to_owned()).collect(),
    };
    let seen = tokio::task::spawn_blocking(move || browse(&settled)).await;

    // Also after a failure, so that nothing is left behind.
    console.abort();
    world.stop().await.unwrap();
    if let Err(failure) = seen {
        std::panic::resume_unwind(failure.into_panic());
    }
}

async fn close_the_day(world: &World, day: &BankDay) -> Closed {
    world.enroll(day).await.unwrap();
    let bank = world.bank().unwrap();
    let transcript = replay(&bank, day.day(), CARDS_AT_ONCE, |_| {}).await;
    bank.stop().await;
    assert_eq!(transcript.sent(), transcript.replied(), "unanswered messages");
    let program = &world.assembly.programs[0];
    let out = &world.assembly.config.settlement.out;
    settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap()
}

fn browse(settled: &Settled) {
    let driver = Driver::start();
    {
        let browser = driver.browser("with-javascript", true);
        assert!(runs_scripts(&browser), "the control: scripts run in this browser");
        browser.set_width(1440);
        refuses_a_wrong_password(&browser, settled);
        walk(&browser, settled);
        look_at_every_page(&browser, settled);
        take_pictures(&browser, settled);
        assert_eq!(browser.complaints(), [""; 0], "the browser complained");
        sign_out(&browser, settled);
    }
    let browser = driver.browser("without-javascript", false);
    assert!(!runs_scripts(&browser), "scripts are switched off in this browser");
    refuses_a_wrong_password(&browser, settled);
    walk(&browser, settled);
    sign_out(&browser, settled);
    assert!(!runs_scripts(&browser), "scripts were off all the time");
}

/// Whether the scripts of a page run.
fn runs_scripts(browser: &Browser<'_>) -> bool {
    browser.open("data:text/html,<title>off</title><script>document.title='on'</script>");
    browser.title() == "on"
}

// --- signing in and out --------------------------------------------------------------------------------

/// Opens the day's address, is sent to the sign-in page, and gets it wrong.
fn refuses_a_wrong_password(browser: &Browser<'_>, settled: &Settled) {
    browser.open(&settled.day());
    assert!(is_at(browser, &format!("{}/sign-in?next=", settled.base)), "{}", browser.url());
    assert!(!browser.source().contains("data-position"), "positions without a sign-in");
    browser.complaints();

    sign_in(browser, "not the password");
    let refusal = until("the refusal is shown", || browser.all("[role=alert]").into_iter().next());
    assert_eq!(refusal.text(), "✗ The name or the password is wrong.");
    assert_eq!(browser.one("#name").property("value"), USER, "the name need not be typed again");
    assert_eq!(browser.one("#password").property("value"), "", "the password does not come back");
    // The browser itself notes the status of the answer, and nothing else.
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("401")), "{complaints:?}");
}

fn sign_in(browser: &Browser<'_>, password: &str) {
    assert_eq!(browser.one("h1").text(), "Sign in");
    browser.one("#name").type_text(USER);
    browser.one("#password").type_text(password);
    browser.one("form button").click();
}

fn sign_out(browser: &Browser<'_>, settled: &Settled) {
    browser.one("form.who button").click();
    arrive(browser, &format!("{}/sign-in", settled.base));
    browser.open(&settled.day());
    assert!(is_at(browser, &format!("{}/sign-in", settled.base)), "the session has ended");
}

fn is_at(browser: &Browser<'_>, address: &str) -> bool {
    browser.url().starts_with(address)
}

fn arrive(browser: &Browser<'_>, address: &str) {
    until(&format!("{address} is shown"), || is_at(browser, address).then_some(()));
}

// --- reading ---------------------------------------------------------------------------------------------

/// From the sign-in page over the day to the explanation of a transaction.
fn walk(browser: &Browser<'_>, settled: &Settled) {
    sign_in(browser, PASSWORD);
    arrive(browser, &settled.day());
    assert_eq!(browser.one("form.who strong").text(), USER);
    positions_are_the_trailers(browser, settled);
    files_are_the_published_ones(browser, settled);
    everything_ties(browser, settled);

    browser.one(".parts a[href='/days']").click();
    arrive(browser, &format!("{}/days", settled.base));
    let mut clicks = 0;
    let mut follow = |selector: &str, address: String| {
        let link = browser.all(selector).into_iter().next();
        link.unwrap_or_else(|| panic!("no `{selector}` on {}", browser.url())).click();
        clicks += 1;
        arrive(browser, &address);
    };
    follow(&format!("tr[data-date='{}'] a", settled.date), settled.day());
    follow("a[href$='/transactions']", format!("{}/transactions", settled.day()));
    follow("a[href^='/t/']", format!("{}/t/", settled.base));
    assert!(clicks <= CLICKS_MAX, "{clicks} clicks from the days to a transaction");
    a_transaction_is_explained(browser, settled);

    // And back by the way that the page shows.
    browser.one(&format!(".crumbs a[href='/day/{}/{}']", settled.program, settled.date)).click();
    arrive(browser, &settled.day());
}

fn positions_are_the_trailers(browser: &Browser<'_>, settled: &Settled) {
    let trailers = settled.trailers();
    assert_eq!(trailers.len(), 3, "the worked day has three partners");
    let rows = browser.all("tr[data-position]");
    let shown: Vec<String> = rows.iter().map(|row| row.attribute("data-position")).collect();
    assert!(shown.iter().eq(trailers.keys()), "{shown:?}");
    let headings = browser.all("section[aria-labelledby=positions] thead th");
    let headings: Vec<String> = headings.iter().map(|heading| heading.text()).collect();
    assert_eq!(headings, ["Partner", "Direction", "Lines", "Miles", "Net", "VAT", "To pay"]);
    for (row, (partner, trailer)) in rows.iter().zip(&trailers) {
        assert_eq!(row.attribute("data-currency"), trailer.currency, "{partner}");
        assert_eq!(row.attribute("data-direction"), trailer.direction.name(), "{partner}");
        let miles = trailer.miles().unwrap_or(0);
        for (name, value) in [
            ("data-miles", miles),
            ("data-net-minor", trailer.net_minor),
            ("data-vat-minor", trailer.vat_minor),
            ("data-to-pay-minor", trailer.to_pay_minor),
        ] {
            let cell = row.one(&format!("[{name}]"));
            assert_eq!(cell.attribute(name), value.to_string(), "{partner}: {name}");
            assert_eq!(cell.attribute("data-partner"), *partner, "{name}");
        }
        let direction = match trailer.direction {
            Direction::BankPaysPartner => format!("bank pays {partner}"),
            Direction::PartnerPaysBank => format!("{partner} pays bank"),
        };
        let wanted = [
            partner.clone(),
            direction,
            grouped(trailer.transactions),
            grouped(miles),
            money(trailer.net_minor, trailer),
            money(trailer.vat_minor, trailer),
            money(trailer.to_pay_minor, trailer),
        ];
        let read: Vec<String> = (1..=wanted.len())
            .map(|column| row.one(&format!(":scope > :nth-child({column})")).text())
            .collect();
        assert_eq!(read, wanted, "{partner}");
    }
}

fn files_are_the_published_ones(browser: &Browser<'_>, settled: &Settled) {
    let rows = browser.all("tr[data-receiver]");
    assert_eq!(rows.len(), settled.files.len());
    for row in &rows {
        let receiver = row.attribute("data-receiver");
        let file = settled.files.iter().find(|file| file.header.receiver == receiver);
        let file = file.unwrap_or_else(|| panic!("a file to {receiver} is shown that was not written"));
        assert_eq!(row.attribute("data-sha256"), file.sha256, "{receiver}");
        assert!(row.text().contains("✓ verified"), "{receiver}: {}", row.text());
        // The whole hash can be read and copied: the browser opens it without a script.
        row.one("summary").click();
        assert_eq!(row.one("code.copy").text(), file.sha256, "{receiver}");
        row.one("summary").click();
    }
}

fn everything_ties(browser: &Browser<'_>, settled: &Settled) {
    let verdict = browser.one("[data-tie-out]");
    assert_eq!(verdict.attribute("data-tie-out"), "ties");
    assert_eq!(verdict.one(".word").text(), "✓ ties");
    let lines = browser.all("tr[data-measure]");
    let summary = browser.one("[data-verdict]").text();
    assert_eq!(summary, format!("✓ All {} lines tie: transactions = ledger = files.", lines.len()));
    for line in &lines {
        let name = format!("{} {}", line.attribute("data-partner"), line.attribute("data-measure"));
        assert_eq!(line.attribute("data-difference"), "0", "{name}");
        assert_eq!(line.one("td:last-child").text(), "✓ ties", "{name}");
    }
    for partner in settled.trailers().keys() {
        let of_partner = lines.iter().filter(|line| line.attribute("data-partner") == *partner);
        assert!(of_partner.count() >= 2, "{partner} has no lines in the tie-out");
    }
}

fn a_transaction_is_explained(browser: &Browser<'_>, settled: &Settled) {
    let rules = browser.all("section[aria-labelledby=explanation] tbody tr");
    assert!(!rules.is_empty(), "no rule on {}", browser.url());
    for rule in &rules {
        for cell in ["th", "td:nth-child(2)", "td:nth-child(3)"] {
            assert!(!rule.one(cell).text().trim().is_empty(), "an empty {cell} on {}", browser.url());
        }
    }
    let text = browser.one("main").text();
    for part in ["Message", "Reply", "Explanation", "Transfers", "DE37", "•••• "] {
        assert!(text.contains(part), "{part:?} is not on the page:\n{text}");
    }
    let source = browser.source();
    assert!(!settled.card_numbers.iter().any(|number| source.contains(number)), "a card number on a page");
}

/// `-1,645.74 RUB`, made from the file alone.
fn money(minor: i64, batch: &BatchSummary) -> String {
    let unit = 10_i64.pow(batch.exponent.into());
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, fraction) = (minor.abs() / unit, minor.abs() % unit);
    let places = usize::from(batch.exponent);
    format!("{sign}{}.{fraction:0places$} {}", grouped(whole), batch.currency)
}

fn grouped(number: i64) -> String {
    let digits = number.abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|three| str::from_utf8(three).unwrap()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

// --- how it looks ------------------------------------------------------------------------------------------

/// No page is wider than the window: a table that is scrolls by itself.
fn look_at_every_page(browser: &Browser<'_>, settled: &Settled) {
    let transaction = a_purchase_of_a_partner(browser, settled);
    let (base, day) = (&settled.base, settled.day());
    let pages = [
        ("days", format!("{base}/")),
        ("transactions", format!("{day}/transactions")),
        ("day-page", day),
        ("transaction-page", transaction),
        ("nothing-found", format!("{base}/find?retrieval=no-such")),
        ("no-such-page", format!("{base}/no-such-page")),
        ("sign-in", format!("{base}/sign-in")),
    ];
    for width in WIDTHS {
        browser.set_width(width);
        for (name, page) in &pages {
            browser.open(page);
            // A telephone's browser makes the window itself wider where something does not fit.
            let fits = browser.script(
                "const page = document.documentElement;
                 return [window.innerWidth, page.scrollWidth <= page.clientWidth];",
            );
            assert_eq!(fits, serde_json::json!([width, true]), "{page} does not fit into {width} px");
            let name = format!("{name}-{width}");
            store_picture(&temporary_pictures(), &name, &browser.screenshot("body"));
        }
    }
    // The page that does not exist is the one complaint that is right.
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|complaint| complaint.contains("404")), "{complaints:?}");
}

/// The address of the clearing with the most rules applied: the page that shows most.
fn a_purchase_of_a_partner(browser: &Browser<'_>, settled: &Settled) -> String {
    browser.open(&format!("{}/transactions?mti=0220", settled.day()));
    let links: Vec<String> =
        browser.all("a[href^='/t/']").iter().map(|link| link.attribute("href")).collect();
    let shown = links.into_iter().map(|link| {
        let address = format!("{}{link}", settled.base);
        browser.open(&address);
        (browser.all("section[aria-labelledby=explanation] .word.good").len(), address)
    });
    let (applied, address) = shown.max().unwrap();
    assert!(applied > 0, "no rule was applied to any clearing");
    address
}

fn take_pictures(browser: &Browser<'_>, settled: &Settled) {
    let for_the_docs = std::env::var_os("COBRAND_UPDATE_SCREENSHOTS").is_some_and(|value| value == "1");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/images");
    let folder = if for_the_docs { docs } else { temporary_pictures() };
    let transaction = a_purchase_of_a_partner(browser, settled);
    browser.set_width(1440);
    for (name, address, end) in [
        ("day-page", settled.day(), "body"),
        ("transaction-page", transaction, "section[aria-labelledby=explanation]"),
    ] {
        browser.open(&address);
        let picture = browser.screenshot(end);
        // Other fonts make other sizes: only what enters the repository is limited.
        let bytes = picture.len();
        assert!(bytes < PICTURE_BYTES_MAX || !for_the_docs, "{name} has {bytes} bytes");
        store_picture(&folder, name, &picture);
    }
    println!("pictures: {}", folder.display());
    browser.open(&settled.day());
}

/// A folder of cargo's for what tests leave to look at.
fn temporary_pictures() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("console-pictures")
}

fn store_picture(folder: &Path, name: &str, picture: &[u8]) {
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}

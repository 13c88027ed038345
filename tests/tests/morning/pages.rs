//! Every page: nothing bars people from it, it fits into a telephone, and it has its picture in the documents.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Browsing, Person};
use crate::{axe, webdriver::Browser};

const WIDTHS: [u32; 2] = [1440, 390];
const PICTURE_BYTES_MAX: usize = 600_000;
const DAY: &str = "/day/boreal-gold/2026-10-10";

/// Looks at every page as somebody of the staff, at the journal as an auditor.
pub(crate) fn look_at_all(browsing: &Browsing<'_>, [anna, _, olga]: &[Person<'_>; 3], case: i64) {
    let transaction = first_link(browsing, &anna.browser, &format!("{DAY}/transactions"), "a[href^='/t/']");
    let lines = first_link(browsing, &anna.browser, DAY, "a[href*='/positions/']");
    let pages = [
        ("today", "/"),
        ("days", "/days"),
        ("day", DAY),
        ("transactions", "/day/boreal-gold/2026-10-10/transactions"),
        ("lines", &lines),
        ("transaction", &transaction),
        ("find-nothing", "/find?q=no-such"),
        ("breaks", "/breaks"),
        ("breaks-none", "/breaks?q=no-such"),
        ("break", &format!("/breaks/{case}")),
        ("approvals", "/approvals"),
        ("partners", "/partners"),
        ("partner", "/partners/kosta"),
        ("programs", "/programs"),
        ("program", "/programs/boreal-gold"),
        ("health", "/programs/boreal-gold/health"),
        ("propose", "/programs/boreal-gold/propose"),
        ("refunds", "/refunds"),
        ("answers", "/answers"),
        ("links", "/links"),
        ("proof", "/proof?next=/"),
        ("second-factor", "/second-factor"),
        ("no-such-page", "/no-such-page"),
    ];
    let mut found = Vec::new();
    for (name, path) in pages {
        found.extend(look_at(browsing, &anna.browser, name, path));
    }
    found.extend(look_at(browsing, &olga.browser, "audit", "/audit"));
    assert!(found.is_empty(), "what bars people:\n{}", found.join("\n"));
}

/// What is wrong with a page.
fn look_at(browsing: &Browsing<'_>, browser: &Browser<'_>, name: &str, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let address = browsing.address(path);
    for width in WIDTHS {
        browser.set_width(width);
        browser.open(&address);
        assert!(browser.url().starts_with(&address), "{address} became {}", browser.url());
        // A telephone's browser makes the window itself wider where something does not fit.
        let needed =
            browser.script("return Math.max(window.innerWidth, document.documentElement.scrollWidth);");
        if needed != serde_json::json!(width) {
            found.push(format!("{path} needs {needed} px, not {width}"));
        }
        found.extend(axe::barriers(browser, path));
        let name = format!("{name}-{}-{width}", browsing.says.language);
        store(&name, &browser.screenshot("body"));
    }
    browser.set_width(WIDTHS[0]);
    found
}

fn first_link(browsing: &Browsing<'_>, browser: &Browser<'_>, page: &str, selector: &str) -> String {
    browser.open(&browsing.address(page));
    let link = browser.all(selector).into_iter().next();
    link.unwrap_or_else(|| panic!("no {selector} on {page}")).attribute("href")
}

/// Into the documents, if that is asked for and in English; else where tests leave what one may look at.
fn store(name: &str, picture: &[u8]) {
    let for_the_docs = std::env::var_os("COBRAND_UPDATE_SCREENSHOTS").is_some_and(|value| value == "1");
    let for_the_docs = for_the_docs && name.contains("-en-");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/images/pages");
    let temporary = || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let folder = if for_the_docs { docs } else { temporary() };
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
    let bytes = picture.len();
    assert!(bytes < PICTURE_BYTES_MAX || !for_the_docs, "{name} has {bytes} bytes");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}

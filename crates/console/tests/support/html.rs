//! What must hold for the text of every page.

/// No run of 13 to 19 digits with a right check digit. Message keys and hashes, 48 or 64 hexadecimal digits, are
/// taken out first.
#[track_caller]
pub(crate) fn has_no_card_number(page: &str) {
    for word in page.split(|c: char| !c.is_ascii_alphanumeric()) {
        if [48, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            continue;
        }
        for run in word.split(|c: char| !c.is_ascii_digit()) {
            assert!(!(13..=19).contains(&run.len()) || !has_check_digit(run), "{run} may be a card number");
        }
    }
}

/// The check digit of a card number, computed in another way than the console does.
fn has_check_digit(run: &str) -> bool {
    const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let digits: Vec<u32> = run.chars().map(|c| c.to_digit(10).unwrap()).collect();
    let mut sum = 0;
    for (index, digit) in digits.iter().enumerate() {
        let from_right = digits.len() - index;
        sum += if from_right.is_multiple_of(2) { DOUBLED[*digit as usize] } else { *digit };
    }
    sum.is_multiple_of(10)
}

const VOID: [&str; 5] = ["meta", "link", "input", "br", "!doctype"];

/// Every element is closed where it must be, ids are unique, tables have a caption and headers a scope, labels
/// meet their fields, and there is no style in the page and no script but that of the keys.
#[track_caller]
pub(crate) fn is_sound(page: &str) {
    let (mut open, mut ids, mut labels) = (Vec::<String>::new(), Vec::<String>::new(), Vec::<String>::new());
    let mut fields = Vec::<String>::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("a tag is not closed: <{part}"));
        let name = tag.split([' ', '\n']).next().unwrap().to_ascii_lowercase();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "in <{tag}> of\n{page}");
            continue;
        }
        assert!(!["style", "iframe", "object"].contains(&name.as_str()), "<{tag}>");
        assert!(name != "script" || tag == "script src=\"/keys.js\" defer", "<{tag}>");
        for forbidden in [" style=", " onclick=", " onload=", "javascript:", "http://", "https://"] {
            assert!(!tag.contains(forbidden), "<{tag}>");
        }
        let attribute = |wanted: &str| {
            let (_, rest) = tag.split_once(&format!(" {wanted}=\""))?;
            Some(rest.split('"').next().unwrap().to_owned())
        };
        ids.extend(attribute("id"));
        match name.as_str() {
            "th" => assert!(attribute("scope").is_some(), "<{tag}>"),
            "label" => labels.extend(attribute("for")),
            "input" if attribute("type").as_deref() != Some("hidden") => fields.extend(attribute("id")),
            "textarea" | "select" => fields.extend(attribute("id")),
            _ => {}
        }
        if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} is never closed");
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count(), "a table has no caption");
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(labels, fields, "each field has its label");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
    assert!(["en", "ru"].iter().any(|lang| page.contains(&format!("<html lang=\"{lang}\">"))), "{page}");
    for wanted in ["class=\"skip\" href=\"#main\"", "<main id=\"main\"", "<title>"] {
        assert!(page.contains(wanted), "{wanted} is not on\n{page}");
    }
}

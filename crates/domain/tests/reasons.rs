//! Every reason and value that a decision can give is in the lists that its readers go by, and nothing else is.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::{collections::BTreeSet, path::Path};

use domain::{REASONS, VALUES};

/// The sources that decide, without their tests.
fn sources() -> String {
    let mut text = String::new();
    for folder in
        ["src", "src/award", "src/decide", "src/decide/miles", "src/decide/redeem", "src/merchant_map"]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let decides = ["award", "decide", "miles", "redeem"].iter().any(|part| folder.ends_with(part));
            if path.is_file()
                && (decides
                    || ["award.rs", "decide.rs", "limit.rs", "attribution.rs", "refund_match.rs"]
                        .contains(&name.as_str()))
            {
                let source = std::fs::read_to_string(path).unwrap();
                text.push_str(source.split("#[cfg(test)]").next().unwrap());
            }
        }
    }
    text
}

#[test]
fn every_code_in_the_sources_is_in_the_lists_and_back() {
    let sources = sources();
    let literals: BTreeSet<&str> = sources.split('"').skip(1).step_by(2).collect();
    let is_code = |literal: &&&str| {
        literal.contains('_') && literal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    // What is written about a movement for other systems, not about its reasons.
    let facts = ["base_miles", "bonus_miles", "discount_minor", "pending_miles"];
    for code in literals.iter().filter(is_code).filter(|code| !facts.contains(code)) {
        assert!(REASONS.contains(code) || VALUES.contains(code), "REASONS and VALUES lack {code}");
    }
    let from_a_name = ["altered_repeat", "statement_credit", "at_till"];
    for code in REASONS.iter().chain(VALUES).filter(|code| !from_a_name.contains(code)) {
        assert!(literals.contains(code), "nothing gives {code} any more");
    }
}

#[test]
fn no_code_stands_twice() {
    assert_eq!(REASONS.iter().collect::<BTreeSet<_>>().len(), REASONS.len());
    assert_eq!(VALUES.iter().collect::<BTreeSet<_>>().len(), VALUES.len());
}

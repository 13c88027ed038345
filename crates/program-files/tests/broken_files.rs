//! Program files that are broken on purpose, each with what `rules check` prints of it beside.
//!
//! After a change that is meant: `REWRITE=1 cargo test -p program-files --test broken_files`, then read the difference.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use program_files::{Severity, partners_named, read_program, read_program_beside};
use support::{HASH, KOSTA, codes, sample};

/// What `rules check` prints, and last whether the file may be put into force.
fn printed(file: &str, text: &str) -> String {
    match read_program(text, HASH, &codes()) {
        Err(errors) => format!("{}\nrefused\n", errors.in_file(file)),
        Ok(read) => {
            let mut lines: Vec<String> = read.notices.iter().map(|notice| notice.in_file(file)).collect();
            lines.push(if read.is_refused() { "refused" } else { "accepted" }.to_owned());
            format!("{}\n", lines.join("\n"))
        }
    }
}

fn broken_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_broken_file_is_told_with_its_line_and_what_to_do() {
    let rewrite = std::env::var_os("REWRITE").is_some();
    let mut wrong = Vec::new();
    for path in broken_files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let got = printed(&name, &fs::read_to_string(&path).unwrap());
        let beside = path.with_extension("expected");
        if rewrite {
            fs::write(&beside, &got).unwrap();
        } else if fs::read_to_string(&beside).ok().as_deref() != Some(got.as_str()) {
            wrong.push(format!("{name}:\n{got}"));
        }
        assert!(got.lines().count() > 1, "{name}: nothing is wrong with it");
        let pointed = got.lines().next().unwrap();
        assert!(pointed.starts_with(&format!("{name}:")) && pointed.contains("; "), "{pointed}");
    }
    assert!(broken_files().len() >= 20);
    assert!(wrong.is_empty(), "not as expected; see the head of this test\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_noticed_in_the_sample() {
    let file = read_program(&sample("programs/boreal-gold.toml"), HASH, &codes()).unwrap();
    assert_eq!(file.notices, []);
}

#[test]
fn a_file_with_warnings_alone_is_accepted() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken/cap-below-the-first-step.toml"),
    );
    let file = read_program(&text.unwrap(), HASH, &codes()).unwrap();
    assert!(!file.is_refused() && file.notices.iter().all(|notice| notice.severity == Severity::Warning));
    let failed: Vec<_> = file.run_tests().into_iter().filter(|result| !result.passed).collect();
    assert_eq!(failed, []);
}

/// Purchases follow their version for years: what is noticed today must not refuse what was stored before.
#[test]
fn a_stored_text_that_contradicts_itself_is_still_read() {
    let text = sample("programs/boreal-gold.toml").replace("weekday = [\"sat\", \"sun\"]", "weekday = []");
    let file = read_program(&text, HASH, &codes()).unwrap();
    assert!(file.is_refused());
    // As it always was: an empty list is no condition.
    assert_eq!(file.program.bonuses.first().unwrap().when.weekdays, []);
}

#[test]
fn rules_for_partners_without_a_merchant_are_told() {
    let text = sample("programs/boreal-gold.toml");
    let told = |mapped| {
        let file = read_program_beside(&text, HASH, &codes(), Some(&mapped)).unwrap();
        assert!(!file.is_refused());
        file.notices.iter().map(|notice| notice.in_file("f")).collect::<Vec<_>>()
    };
    let advice = "found \"skyfuel\"; add its merchants to the map, or correct the partner";
    assert_eq!(
        told([KOSTA].into()),
        [
            format!(
                "f:33:20: warning: bonus[0].when.partner: expected a partner with merchants in the map, {advice}"
            ),
            format!(
                "f:48:11: warning: discount[0].partner: expected a partner with merchants in the map, {advice}"
            ),
        ]
    );
    let map = sample("merchants.csv");
    let codes = codes();
    let in_map = partners_named(&map).iter().map(|code| codes.partners.get(code).copied().unwrap()).collect();
    assert_eq!(told(in_map), Vec::<String>::new());
}

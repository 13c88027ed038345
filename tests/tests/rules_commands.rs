//! `cobrand rules`: what a program manager does with a file, by the binary and without a database.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use support_link::{cobrand, said};

const PROGRAM: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");
const MERCHANTS: &str = include_str!("../../docs/samples/merchants.csv");

/// A folder with the sample as `old.toml` and an edited copy as `new.toml`.
fn folder(name: &str, edit: (&str, &str)) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rules-{}-{name}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    assert!(PROGRAM.contains(edit.0), "{}", edit.0);
    fs::write(path.join("old.toml"), PROGRAM).unwrap();
    fs::write(path.join("new.toml"), PROGRAM.replacen(edit.0, edit.1, 1)).unwrap();
    path
}

fn check(folder: &Path, arguments: &[&str], status: i32, parts: &[&str]) -> String {
    let output = cobrand(folder, arguments);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} said:\n{text}");
    for part in parts {
        assert!(text.contains(part), "{arguments:?}: [{part}] is not in:\n{text}");
    }
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn differences_are_told_in_words_and_as_data() {
    let dir = folder("diff", ("percent = \"5\"", "percent = \"6\""));
    let words = [
        "changed discount kosta-5-percent\n  ~ percent: 5 -> 6\n",
        "test \"1,000 RUB is enough\": 1000.00 RUB, 2026-10-10 (Saturday), at kosta, merchant category 5411",
        "< miles 16 (16 base); discount 50.00 RUB (merchant 30.00 RUB, bank 20.00 RUB)",
        "> miles 16 (16 base); discount 60.00 RUB (merchant 36.00 RUB, bank 24.00 RUB)",
        "the versions differ: entries 1, example purchases",
    ];
    check(&dir, &["rules", "diff", "old.toml", "new.toml"], 1, &words);
    let json: Value =
        serde_json::from_str(&check(&dir, &["rules", "diff", "old.toml", "new.toml", "--json"], 1, &[]))
            .unwrap();
    assert_eq!(
        json["changes"][0]["fields"][0],
        serde_json::json!({ "field": "percent", "old": "5", "new": "6" })
    );
    assert_eq!(json["examples"][0]["old"]["discount_minor"], 5_000);
    assert_eq!(json["examples"][0]["new"]["discount_minor"], 6_000);
    check(&dir, &["rules", "diff", "old.toml", "old.toml"], 0, &["no rule differs"]);
}

#[test]
fn one_purchase_is_explained_in_both_languages() {
    let dir = folder("explain", ("percent = \"5\"", "percent = \"5\""));
    let given = "local_date = 2026-10-10, mcc = \"5411\", partner = \"kosta\", amount = \"999.99\"";
    let explain = |more: &[&str], status, parts: &[&str]| {
        check(&dir, &[&["rules", "explain", "old.toml", "--given", given], more].concat(), status, parts)
    };
    explain(
        &[],
        0,
        &["skipped  kosta-5-percent  the amount is below the discount's minimum", "minimum 1000.00 RUB"],
    );
    explain(&["--lang", "ru"], 0, &["сумма меньше минимальной для этой скидки", "Итог: мили 16"]);
    let json: Value = serde_json::from_str(&explain(&["--json"], 0, &[])).unwrap();
    let reasons: Vec<&str> =
        json["steps"].as_array().unwrap().iter().map(|step| step["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["base_rate", "partner", "below_cap", "below_minimum"]);
    let minimum = serde_json::json!({ "name": "amount_min", "stored": "100000", "words": "1000.00 RUB" });
    assert_eq!(json["steps"][3]["values"][1], minimum);
    let wrong = ["rules", "explain", "old.toml", "--given", "local_date = 2026-10-10, amount = 60"];
    check(&dir, &wrong, 2, &["--given: line 1, column 35: given.amount: expected text in quotes, found 60"]);
}

#[test]
fn warnings_are_told_and_accepted_errors_are_not() {
    let dir = folder("check", ("miles_max = 1500", "effective = { to = 2026-01-01 }\nmiles_max = 1500"));
    let warned = ["new.toml:39:6: warning: cap[0].effective", "ok  new.toml  boreal-gold version"];
    check(&dir, &["rules", "check", "new.toml"], 0, &warned);
    fs::write(dir.join("wrong.toml"), PROGRAM.replace("[\"sat\", \"sun\"]", "[]")).unwrap();
    // One wrong file keeps nobody from hearing of the others.
    let both =
        ["wrong.toml:33:41: bonus[0].when.weekday", "ok  old.toml", "1 file must not be put into force"];
    check(&dir, &["rules", "check", "wrong.toml", "old.toml"], 1, &both);

    fs::write(dir.join("all.csv"), MERCHANTS).unwrap();
    let of_kosta: Vec<&str> = MERCHANTS.lines().filter(|line| !line.starts_with("skyfuel")).collect();
    fs::write(dir.join("kosta.csv"), of_kosta.join("\n")).unwrap();
    let said = check(&dir, &["rules", "check", "--merchants", "all.csv", "old.toml"], 0, &["ok  old.toml"]);
    assert!(!said.contains("warning"), "{said}");
    let parts =
        ["old.toml:48:11: warning: discount[0].partner: expected a partner with merchants in the map"];
    check(&dir, &["rules", "check", "--merchants", "kosta.csv", "old.toml"], 0, &parts);
}

#[test]
fn the_schema_is_the_committed_one() {
    let dir = folder("schema", ("percent = \"5\"", "percent = \"5\""));
    let committed = include_str!("../../docs/schema/program.schema.json");
    assert_eq!(check(&dir, &["rules", "schema"], 0, &[]), committed);
}

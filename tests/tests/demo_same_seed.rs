//! The same seed gives the same settlement and the same bytes, whenever and wherever the day is run: nothing from the
//! wall clock is in a file. The binary itself is run, as `make demo` runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use serde_json::Value;

/// A finished demo.
struct Demo {
    summary: Value,
    /// By name: published files and their announcements.
    files: BTreeMap<String, Vec<u8>>,
    /// The same of what each of the three partners got.
    sent: [BTreeMap<String, Vec<u8>>; 3],
}

/// Seed 7 twice, and seed 8; each in a fresh cluster.
static DEMOS: LazyLock<[Demo; 3]> = LazyLock::new(|| {
    let scratch = Scratch::new();
    let running = [("a", 7), ("b", 7), ("c", 8)].map(|(name, seed)| {
        let dir = scratch.0.join(name);
        let child = Command::new(binary())
            .args([
                "demo",
                "--exit",
                "--json",
                "--purchases",
                "120",
                "--seed",
                &seed.to_string(),
                "--data-dir",
            ])
            .arg(&dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        (dir, child)
    });
    let demos = running.map(|(dir, child)| {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the demo ended with {}: {said}", output.status);
        assert!(said.is_empty(), "with --json nothing else is said: {said}");
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        let sent = ["airboreal", "kosta", "skyfuel"].map(|code| read_all(&dir.join(format!("for-{code}"))));
        Demo { summary, files: read_all(&dir.join("out")), sent }
    });
    verify_with_the_binary(&scratch.0.join("a/out"));
    demos
});

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("cobrand-same-seed-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary lies one folder above the tests.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("cobrand");
    assert!(path.is_file(), "{} is missing: run `cargo build`", path.display());
    path
}

fn read_all(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let entries = entries.filter(|entry| entry.path().is_file());
    let file = |entry: std::fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// `file verify` says yes with status 0, and no with another once a byte is changed.
fn verify_with_the_binary(out: &Path) {
    let path = out.join("kosta_boreal-gold_2026-10-10_000001_0.cbs");
    let status = || {
        let output = Command::new(binary()).args(["file", "verify"]).arg(&path).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(status().0, Some(0));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (code, said) = status();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("kosta_boreal-gold_2026-10-10_000001_0.cbs"), "{said}");
}

#[test]
fn the_same_seed_gives_the_same_settlement_and_the_same_bytes() {
    let [first, second, _] = &*DEMOS;
    for key in ["business_date", "messages", "settlement", "seed"] {
        assert_eq!(first.summary[key], second.summary[key], "{key}");
    }
    assert_eq!(first.files.len(), 8, "four files with their announcements: {:?}", first.files.keys());
    assert_eq!(first.files, second.files);
    // What the partners got: five files with their announcements, and a word of greeting.
    assert!(first.sent.iter().all(|files| files.len() == 11), "{:?}", first.sent[0].keys());
    assert_eq!(first.sent, second.sent);
    let told = first.summary["partner_files"].as_array().unwrap();
    assert_eq!(told.len(), 15);
    let name = |file: &Value| Path::new(file["path"].as_str().unwrap()).file_name().unwrap().to_owned();
    for file in told {
        let name = name(file).into_string().unwrap();
        assert!(first.sent.iter().any(|files| files.contains_key(&name)), "{name}");
    }
}

#[test]
fn another_seed_gives_another_settlement() {
    let [first, _, other] = &*DEMOS;
    assert_eq!(first.files.keys().collect::<Vec<_>>(), other.files.keys().collect::<Vec<_>>());
    for (name, bytes) in &first.files {
        assert_ne!(bytes, &other.files[name], "{name}");
    }
    for (ours, theirs) in positions(first).iter().zip(positions(other)) {
        assert_eq!(ours["partner"], theirs["partner"]);
        assert_ne!(ours["net_minor"], theirs["net_minor"], "{}", ours["partner"]);
        assert_ne!(ours["sha256"], theirs["sha256"], "{}", ours["partner"]);
    }
}

fn positions(demo: &Demo) -> &Vec<Value> {
    demo.summary["settlement"].as_array().unwrap()
}

#[test]
fn the_summary_has_the_keys_that_are_promised() {
    for demo in &*DEMOS {
        let summary = &demo.summary;
        assert_eq!(summary["business_date"], "2026-10-10");
        let messages = &summary["messages"];
        let received = messages["received"].as_u64().unwrap();
        assert!(received > 120);
        assert_eq!(messages["replied"], received);
        let by_mti = messages["by_mti"].as_object().unwrap();
        assert_eq!(by_mti.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), received);
        assert!(by_mti.contains_key("0100") && by_mti.contains_key("0220"), "{by_mti:?}");
        let checks = &summary["checks"];
        for check in ["ledger_balanced", "totals_tie", "replies_complete"] {
            assert_eq!(checks[check], true, "{check}");
        }
        assert_eq!(checks["pan_leaks"], 0);
        assert!(summary["elapsed_ms"].is_u64());
        let partners: Vec<&Value> = positions(demo).iter().map(|position| &position["partner"]).collect();
        assert_eq!(partners, ["airboreal", "kosta", "skyfuel"]);
        for position in positions(demo) {
            assert_eq!((&position["program"], &position["currency"]), (&"boreal-gold".into(), &"RUB".into()));
            let direction = position["direction"].as_str().unwrap();
            assert!(["bank_pays_partner", "partner_pays_bank"].contains(&direction));
            for number in ["net_minor", "miles", "transactions"] {
                assert!(position[number].is_i64(), "{number}: {position}");
            }
            let file = &demo.files[position["file"].as_str().unwrap()];
            let announced = &demo.files[&format!("{}.done", position["file"].as_str().unwrap())];
            assert!(announced.starts_with(position["sha256"].as_str().unwrap().as_bytes()));
            assert!(file.starts_with(b"FH|2|TEST|northbank|"));
        }
    }
}

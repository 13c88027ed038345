//! `merchants` as a process: maps and lists as files, answers as text and JSON.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("merchants").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn cobrand(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrand")).args(args).current_dir(folder).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

const MAP: &str = "partner,acquirer,card_acceptor,terminal\nkosta,1,KOSTA1,\nskyfuel,1,SKY1,\n";

#[test]
fn merchants_that_look_like_a_partner_s_are_named_with_their_score() {
    let folder = folder("suggest");
    fs::write(folder.join("map.csv"), MAP).unwrap();
    let pairs = "acquirer,card_acceptor,terminal,de43,partner\n\
                 1,KOSTA1,,KOSTA 001\\STREET 1\\MOSCOW\\101000    RUS,\n\
                 2,KST9,T1,Kosta 117\\STREET 9\\KAZAN\\420000    RUS,\n\
                 2,BAKER,,OLD BAKERY\\STREET 9\\KAZAN\\420000    RUS,\n\
                 ,,,SKYFUEL STATION,skyfuel\n\
                 2,FUEL7,,SKY FUEL STATION,\n";
    fs::write(folder.join("pairs.csv"), pairs).unwrap();
    let suggest = ["merchants", "suggest", "pairs.csv", "--map", "map.csv", "--on", "2026-10-10"];
    let text = out(&cobrand(&folder, &suggest));
    let expected = "\
3 merchants without a partner compared with 2 of partners; 2 look like one
2  KST9  T1  Kosta 117  KAZAN  RUS
     800  kosta  name 1000 city 0 country 1000  like KOSTA 001 of row 1
2  FUEL7  SKY FUEL STATION
    1000  skyfuel  name 1000 city - country -  like SKYFUEL STATION of row 4
";
    assert_eq!(text, expected);
    let found: Value =
        serde_json::from_str(&out(&cobrand(&folder, &[&suggest[..], &["--json"]].concat()))).unwrap();
    assert_eq!(found[1]["candidates"][0]["partner"], json!("skyfuel"));
    assert_eq!(found[0]["candidates"][0]["city"], json!(0));
    let none = out(&cobrand(&folder, &[&suggest[..], &["--at-least", "1001"]].concat()));
    assert_eq!(none.lines().count(), 1);

    fs::write(folder.join("pairs.csv"), "acquirer,name\n1,KOSTA\n").unwrap();
    let (status, error) = refused(&cobrand(&folder, &suggest));
    assert!(status == 1 && error.contains("expected the columns acquirer"), "{status} {error}");
}

#[test]
fn a_map_is_checked_and_tells_which_rows_stand_back() {
    let folder = folder("check");
    fs::write(folder.join("map.csv"), MAP).unwrap();
    let text = out(&cobrand(&folder, &["merchants", "check", "map.csv"]));
    assert!(
        text.starts_with("ok  map.csv  version ")
            && text.ends_with(": 2 rows of 2 partners, 0 aggregators\n")
    );
    let ranked = "partner,acquirer,card_acceptor,terminal,origin,name\n\
                  kosta,1,KOSTA1,,address,\nskyfuel,1,KOSTA1,,,\n,1,SQUARE,,,SQ *\n";
    fs::write(folder.join("map.csv"), ranked).unwrap();
    let text = out(&cobrand(&folder, &["merchants", "check", "map.csv"]));
    let behind = "    line 2 (kosta, address) stands back behind line 3 (skyfuel, manual)";
    assert_eq!(text.lines().nth(1), Some(behind));
    let found: Value =
        serde_json::from_str(&out(&cobrand(&folder, &["merchants", "check", "map.csv", "--json"]))).unwrap();
    assert_eq!(found["overruled"], json!([[3, 2]]));
    assert_eq!(found["aggregators"], json!(["1/SQUARE", "SQ*"]));

    fs::write(folder.join("map.csv"), format!("{MAP}kosta,1,SKY1,\n")).unwrap();
    let (status, error) = refused(&cobrand(&folder, &["merchants", "check", "map.csv"]));
    assert_eq!(status, 1);
    assert!(
        error.contains("map.csv:4:1: partner: expected one partner for each merchant and day"),
        "{error}"
    );
}

#[test]
fn two_maps_are_compared_row_by_row() {
    let folder = folder("diff");
    fs::write(folder.join("old.csv"), MAP).unwrap();
    let new = "partner,acquirer,card_acceptor,terminal,valid_to,name\n\
               airboreal,1,KOSTA1,,2026-11-01,\nkosta,2,MALL,T1,,\n,,,,,SQ *\n";
    fs::write(folder.join("new.csv"), new).unwrap();
    let diff = ["merchants", "diff", "old.csv", "new.csv"];
    let expected = "\
~ kosta acquirer 1 card acceptor KOSTA1 (manual)  line 2
  -> airboreal acquirer 1 card acceptor KOSTA1 until before 2026-11-01 (manual)  line 2
+ kosta acquirer 2 card acceptor MALL terminal T1 (manual)  line 3
- skyfuel acquirer 1 card acceptor SKY1 (manual)  line 3
+ aggregator SQ*
3 rows differ
";
    assert_eq!(out(&cobrand(&folder, &diff)), expected);
    let found: Value =
        serde_json::from_str(&out(&cobrand(&folder, &[&diff[..], &["--json"]].concat()))).unwrap();
    assert_eq!(found["added"][0]["terminal"], json!("T1"));
    assert_eq!(found["changed"][0]["to"]["partner"], json!("airboreal"));
    assert_eq!((&found["removed"][0]["line"], &found["purchases"]), (&json!(3), &Value::Null));
}

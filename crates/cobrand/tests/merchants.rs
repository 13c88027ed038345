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

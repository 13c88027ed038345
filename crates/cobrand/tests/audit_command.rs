//! `audit verify` and `audit list` with the binary: the journal is whole, and the first place that somebody changed is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{path::PathBuf, process::Command};

use private_postgres::{Options, PrivateCluster};
use serde_json::{Value, json};
use store::{
    Database, Pool,
    audit::{self, AuditEntry},
};

const SAMPLE: &str = include_str!("../../../docs/samples/cobrand.toml");

struct World {
    _cluster: PrivateCluster,
    _folder: tempfile::TempDir,
    connection: String,
    config: PathBuf,
    pool: Pool,
}

impl World {
    async fn new() -> Self {
        let cluster = PrivateCluster::start(Options::default()).unwrap();
        cluster.create_database("journal").unwrap();
        let connection = cluster.connection_string("journal");
        let database = Database::parse(&connection).unwrap();
        store::migrate(&mut store::connect(&database).await.unwrap()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("cobrand.toml");
        let of_sample = SAMPLE.lines().find(|line| line.starts_with("connection = ")).unwrap();
        std::fs::write(&config, SAMPLE.replace(of_sample, &format!("connection = \"{connection}\"")))
            .unwrap();
        let pool = store::pool(&database).await.unwrap();
        Self { _cluster: cluster, _folder: folder, connection, config, pool }
    }

    async fn note(&self, by: &str, what: &str, object: &str) {
        let entry = AuditEntry::new(by, what, "thing", object).to(json!({ "n": 1 })).why("so");
        audit::record(&*self.pool.get().await.unwrap(), &entry).await.unwrap();
    }

    /// Standard output, standard error and status of `cobrand audit`.
    async fn audit(&self, args: &[&str]) -> (String, String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobrand"));
        command.arg("audit").args(args).arg("--config").arg(&self.config);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
    }

    async fn listed(&self, args: &[&str]) -> Vec<Value> {
        let (told, error, status) = self.audit(&[&["list", "--json"], args].concat()).await;
        assert_eq!(status, 0, "{error}");
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_verified_and_what_was_changed_is_named() {
    let world = World::new().await;
    for number in 0..4 {
        world.note("ann", "thing.change", &number.to_string()).await;
    }
    audit::seal(&world.pool).await.unwrap();
    world.note("bob", "thing.wait", "4").await;
    let (told, _, status) = world.audit(&["verify"]).await;
    assert_eq!(status, 0, "{told}");
    assert!(told.starts_with("whole: 4 entries are chained, 1 wait for their seal\nend 4:"), "{told}");
    let (told, _, status) = world.audit(&["verify", "--json"]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (status, &told["whole"], &told["places"], &told["waiting"]),
        (0, &json!(true), &json!(4), &json!(1))
    );
    let end = told["end"].as_str().unwrap().to_owned();
    assert_eq!(world.audit(&["verify", "--known", &end]).await.2, 0);

    let admin = store::connect(&Database::parse(&world.connection).unwrap()).await.unwrap();
    let behind = async |text: &str| {
        let text =
            format!("SET session_replication_role = replica; {text}; SET session_replication_role = origin");
        admin.batch_execute(&text).await.unwrap();
    };
    behind("UPDATE audit_entry SET note = 'never' WHERE entry_id = 3").await;
    let (told, error, status) = world.audit(&["verify"]).await;
    assert_eq!((status, told.as_str()), (1, ""));
    assert!(
        error.contains("entry 3 is not what was sealed at place 3") && error.contains("up to place 2"),
        "{error}"
    );
    let (told, _, status) = world.audit(&["verify", "--json"]).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["whole"]), (1, &json!(false)));
    behind("UPDATE audit_entry SET note = 'so' WHERE entry_id = 3").await;
    assert_eq!(world.audit(&["verify"]).await.2, 0);
    // An end that was cut off is noticed by whoever kept it.
    behind("DELETE FROM audit_seal WHERE place = 4; DELETE FROM audit_entry WHERE entry_id = 4").await;
    assert_eq!(world.audit(&["verify"]).await.2, 0, "the chain alone cannot tell");
    let (_, error, status) = world.audit(&["verify", "--known", &end]).await;
    assert!(status == 1 && error.contains("the chain was cut or written anew"), "{error}");
    assert_eq!(world.audit(&["verify", "--known", "4"]).await.2, 2, "no such end");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_listed_by_who_what_object_and_date_and_all_of_them_page_by_page() {
    let world = World::new().await;
    let many = "INSERT INTO audit_entry (by, what, object_kind, object, note) \
                SELECT 'ann', 'thing.change', 'thing', n::text, '' FROM generate_series(1, 1201) n";
    world.pool.get().await.unwrap().batch_execute(many).await.unwrap();
    world.note("bob", "user.add", "eve").await;
    world.note("bob", "users", "eve").await;
    let all = world.listed(&["--limit", "0"]).await;
    let numbers: Vec<i64> = all.iter().map(|row| row["entry"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=1203).rev().collect::<Vec<i64>>(), "each once, the newest first");
    assert_eq!(world.listed(&[]).await.len(), 100);
    assert_eq!(world.listed(&["--limit", "501"]).await.len(), 501);
    let of_user = world.listed(&["--what", "user"]).await;
    assert_eq!(of_user.len(), 1, "a word up to its dot: {of_user:?}");
    assert_eq!((&of_user[0]["after"], &of_user[0]["note"]), (&json!({ "n": 1 }), &json!("so")));
    assert_eq!(world.listed(&["--by", "bob", "--object", "eve"]).await.len(), 2);
    assert_eq!(world.listed(&["--kind", "case"]).await.len(), 0);
    assert_eq!(world.listed(&["--until", "2026-01-01"]).await.len(), 0);
    assert_eq!(world.listed(&["--from", "2200-01-01"]).await.len(), 0);
    assert_eq!(world.listed(&["--from", "2026-01-01", "--until", "2200-01-01"]).await.len(), 100);
    assert_eq!(world.audit(&["list", "--from", "yesterday"]).await.2, 2);
    let (told, _, _) = world.audit(&["list", "--what", "user.add"]).await;
    assert!(told.contains("  bob  user.add  thing eve  after {\"n\":1}  (so)"), "{told}");
}

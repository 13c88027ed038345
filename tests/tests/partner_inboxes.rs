//! A partner takes its file from its own server and leaves its answer there: `cobrand serve` finds it, and what should not
//! lie there it leaves and names. Over OpenSSH's SFTP, and over S3.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "a test that cannot run says so")]

#[path = "../../partner-adapters/tests/s3_server/mod.rs"]
mod s3_server;
#[path = "../../partner-adapters/tests/sshd/mod.rs"]
mod sshd;
mod support_answers;
mod support_endpoints;
mod support_link;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cobrand::demo::{World, WorldOptions};
use domain::{AnswerVerdict, FileState};
use jiff::{ToSpan, Zoned};
use s3_server::Store;
use serde_json::Value;
use sshd::Sshd;
use store::StandingsOf;
use support_answers::answer_to;
use support_endpoints::{Process, connect, paid};
use support_link::{PATIENCE, card, cobrand, enroll, eventually, free_port, said};

const PARTNER: &str = "airboreal";
/// Bytes of an answer; one more is too large.
const ANSWER_BYTES_MAX: usize = 4_000;

/// A partner's server, seen from its own side.
struct Server {
    /// Its `[[transport]]`, before `[transport.inbox]`.
    transport: String,
    inbox: &'static str,
    /// Where our files appear, and where its answers lie.
    files: PathBuf,
    answers: PathBuf,
    /// What is left and named.
    refused: &'static [&'static str],
    /// What is left and passed over: it is not finished, hidden, or no file.
    passed_over: &'static [&'static str],
}

impl Server {
    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.answers.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn holds(&self, name: &str) -> bool {
        self.answers.join(name).symlink_metadata().is_ok()
    }
}

fn json(world: &World, words: &[&str]) -> Value {
    let output = cobrand(&world.dir, words);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn prepare(server: &Server) -> World {
    let partner = format!(
        "schema = \"partner/1\"\ncode = \"{PARTNER}\"\n{}[transport.inbox]\npath = \"{}\"\n\
         max_bytes = {ANSWER_BYTES_MAX}\n[acknowledgement]\nexpected_within_hours = 24\n",
        server.transport, server.inbox
    );
    let options = WorldOptions {
        log_to_file: false,
        // Not due before the day after tomorrow: nobody but the test closes it.
        business_date: Zoned::now().date().saturating_add(2.days()),
        port: free_port(),
        files: vec![(format!("partners/{PARTNER}.toml"), partner)],
        settlement: format!("partners = [\"partners/{PARTNER}.toml\"]"),
        ..WorldOptions::default()
    };
    let world = World::prepare(options).await.unwrap();
    enroll(&world, &[&card(1)]).await;
    world
}

/// The partner's file of a day with a purchase, as it lies on its server.
async fn file_of_a_day(world: &World, server: &Server) -> PathBuf {
    let link = connect(world).await;
    eventually("the way is known", async || {
        let shown = json(world, &["partner", "deliveries", "--json"]);
        shown["deliveries"].as_array().unwrap().len() == 1
    })
    .await;
    assert!(link.ask(paid(&card(1), 1), PATIENCE).await.unwrap().is_taken());
    let date = world.assembly.config.programs.first_business_date.clone().unwrap();
    json(world, &["day", "close", "--program", "boreal-gold", &date, "--early", "--json"]);
    let name = format!("{PARTNER}_boreal-gold_{date}_000001_0.cbs");
    let (there, ours) = (server.files.join(&name), world.dir.join("out").join(&name));
    eventually("the file is on the partner's server", async || there.exists()).await;
    assert_eq!(fs::read(&there).unwrap(), fs::read(ours).unwrap());
    there
}

async fn state(world: &World) -> FileState {
    let pool = &world.assembly.pool;
    let files = store::file_standings(pool, StandingsOf::Newest, Some(PARTNER), 10).await.unwrap();
    assert_eq!(files.len(), 1);
    files[0].state
}

async fn an_answer_is_found_and_all_else_is_left(server: Server) {
    let world = prepare(&server).await;
    let serve = Process::start(&world.dir, "serve");
    let file = file_of_a_day(&world, &server).await;
    assert_eq!(state(&world).await, FileState::Waiting);

    // Each of these would be an answer, but for its place, its name, or its size: it would have the file sent again.
    let other = answer_to(&file, 2, AnswerVerdict::Transport).to_text();
    let mut large = other.clone().into_bytes();
    large.resize(ANSWER_BYTES_MAX + 1, b'\n');
    for name in server.refused.iter().chain(server.passed_over) {
        server.put(name, if name.starts_with("large") { &large } else { other.as_bytes() });
    }
    server.put("junk.txt", b"4111111111111111\n");
    server.put("ACK_1.txt", answer_to(&file, 1, AnswerVerdict::Accepted).to_text().as_bytes());
    // The look that takes the one leaves the others.
    let shown = || json(&world, &["partner", "acknowledgements", "--partner", PARTNER, "--json"]);
    let all = server.refused.len() + 1;
    eventually("the inbox was looked into", async || {
        let named = shown()["not_taken"].as_array().unwrap().len();
        named == all && state(&world).await == FileState::Acknowledged
    })
    .await;
    let shown = shown();
    assert_eq!(shown["files"][0]["state"], "acknowledged", "{shown}");
    let named = |outcome: &str| -> BTreeSet<String> {
        let of = shown["not_taken"].as_array().unwrap().iter().filter(|file| file["outcome"] == outcome);
        of.map(|file| file["file"].as_str().unwrap().to_owned()).collect()
    };
    let refused: BTreeSet<String> = server.refused.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(named("not_fetched"), refused, "{shown}");
    assert_eq!(named("unreadable"), BTreeSet::from(["junk.txt".to_owned()]), "{shown}");
    assert!(!shown.to_string().contains("4111111111111111"));
    let client = world.assembly.pool.get().await.unwrap();
    let taken = "SELECT count(*) FROM settlement_answer WHERE number IS NOT NULL";
    assert_eq!(client.query_one(taken, &[]).await.unwrap().get::<_, i64>(0), 1, "one answer has come");
    drop(client);
    for name in server.refused.iter().chain(server.passed_over).chain(&["junk.txt", "ACK_1.txt"]) {
        assert!(server.holds(name), "{name} is the partner's, and stays");
    }
    drop(serve);
    world.stop().await.unwrap();
}

/// Whether something lies where a name with dots would lead.
fn assert_nothing_escaped(folder: &Path) {
    for name in ["x.txt", "b.txt"] {
        assert!(!folder.join(name).exists() && !folder.join("in").join(name).exists(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_sftp() {
    let Some(sshd) = Sshd::start("an answer over SFTP") else { return };
    let folder = sshd.folder.clone();
    std::os::unix::fs::symlink(folder.join("host_a"), folder.join("in/link.txt")).unwrap();
    let transport = format!(
        "[[transport]]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = {:?}\nhost_keys = [{:?}]\n\
         private_keys = [\"{}/client_a\"]\nfolder = \"out\"\n",
        sshd.port,
        sshd.user,
        sshd.fingerprint("host_a"),
        folder.display()
    );
    let server = Server {
        transport,
        inbox: "in",
        files: folder.join("out"),
        answers: folder.join("in"),
        refused: &["-rf", "a\\..\\b.txt", "large.txt", "up%2f..%2fx.txt"],
        passed_over: &["ACK_0.txt.partial", ".ACK_0.txt", "deeper/ACK_0.txt"],
    };
    an_answer_is_found_and_all_else_is_left(server).await;
    assert!(
        folder.join("in/link.txt").symlink_metadata().unwrap().is_symlink(),
        "it leads to a key, and is no file"
    );
    assert_nothing_escaped(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_s3() {
    let store = Store::start("inbox").await;
    let bucket = store.folder.join("data/partner");
    let transport = format!(
        "[[transport]]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:{}\"\nbucket = \"partner\"\nprefix = \"in/\"\n\
         access_key = \"{1}/access\"\nsecret_key = \"{1}/secret\"\n",
        store.port,
        store.folder.display()
    );
    let server = Server {
        transport,
        inbox: "answers/",
        files: bucket.join("in"),
        answers: bucket.join("answers"),
        refused: &["-rf", "large.txt"],
        passed_over: &["ACK_0.txt.partial", "deeper/ACK_0.txt"],
    };
    an_answer_is_found_and_all_else_is_left(server).await;
    assert_nothing_escaped(&bucket);
}

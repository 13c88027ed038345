//! Files that are not as they must be: the `cobrand` binary names the place and the mend, and ends with the status
//! that scripts rely on: 1 for "no", 2 for wrong use, 78 for a configuration that cannot be used.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use support_link::{PATIENCE, binary, card, cobrand, enroll, eventually, free_port, purchase, said};

const PROGRAM: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");
const PROGRAM_FILE: &str = "programs/boreal-gold.toml";

async fn world() -> World {
    World::prepare(WorldOptions { port: free_port(), log_to_file: false, ..WorldOptions::default() })
        .await
        .unwrap()
}

/// A new folder below the build folder.
fn folder(name: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bad-files-{}-{name}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

/// Runs `cobrand` and compares its status and what it says with what it must be.
fn assert_says(folder: &Path, arguments: &[&str], status: i32, parts: &[&str]) -> String {
    let output = cobrand(folder, arguments);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} said:\n{text}");
    for part in parts {
        assert!(text.contains(part), "{arguments:?}: [{part}] is not in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// What is replaced by what, and what `check` and `gateway` must say to it.
type Change = (&'static str, &'static str, &'static [&'static str]);

/// In the configuration: nothing is started, and the status is 78.
const CONFIGURATION: &[Change] = &[
    (
        "clearing_source",
        "clearing_sauce",
        &["cobrand.toml:22:1", "link[0].clearing_sauce", "`clearing_source`"],
    ),
    ("client_ca", "#client_ca", &["cobrand.toml:5:1", "missing field `client_ca`"]),
    ("lanes = 2", "lanes = \"two\"", &["cobrand.toml:10:9", "gateway.lanes", "expected"]),
    ("[[link]]", "[[link", &["cobrand.toml:18:", "expected"]),
    ("Europe/Moscow", "Europe/Mosscow", &["link northbank.time_zone", "Europe/Mosscow"]),
    ("600000-609999", "6000x0-609999", &["link southbank.bins", "6 to 8, such as 220000"]),
    ("600000-609999", "229999-230000", &["link northbank.bins", "overlap with those of southbank"]),
    ("southbank.example", "northbank.example", &["link certificate_names", "stands twice"]),
    ("lanes = 2", "lanes = 0", &["gateway.lanes", "expected 1 to 64, found 0"]),
    ("[\"southbank.example\"]", "[]", &["link southbank.certificate_names", "at least one name"]),
    ("clearing_source = \"advice\"", "clearing_source = \"mail\"", &["advice, file or single_message"]),
    ("environment = \"test\"", "environment = \"prod\"", &["settlement.environment", "test or live"]),
    ("\"2026-10-10\"", "\"10.10.2026\"", &["programs.first_business_date", "such as 2026-10-10"]),
    ("certs/gateway.pem", "certs/new.pem", &["our certificate", "certs/new.pem", "cobrand certs --out"]),
    ("certs/gateway.key", "certs/new.key", &["our private key", "certs/new.key", "cobrand certs --out"]),
    (
        "certs/ca.pem",
        "certs/new.pem",
        &["the authority of the banks", "certs/new.pem", "cobrand certs --out"],
    ),
    ("certs/gateway.key", "certs/northbank.key", &["certificate, key and authority belong together"]),
    ("certs/gateway.pem", "merchants.csv", &["our certificate", "merchants.csv", "holds no certificate"]),
    ("certs/card.key", "certs/new.key", &["certs/new.key"]),
    ("certs/card.key", "merchants.csv", &["card_key", "64 hexadecimal digits", "cobrand certs --out"]),
    ("programs/boreal-gold.toml", "programs/new.toml", &["programs/new.toml", "No such file"]),
    ("\"merchants.csv\"", "\"shops.csv\"", &["shops.csv", "No such file"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_used_is_refused_with_its_place_and_status_78() {
    let world = world().await;
    let good = fs::read_to_string(world.dir.join("cobrand.toml")).unwrap();
    let checked = assert_says(&world.dir, &["check"], 0, &["configuration  ok", "database       ok"]);
    assert!(
        checked.contains("(10 tests pass)") && checked.contains("keys and TLS   ok   2 links"),
        "{checked}"
    );

    for (from, to, parts) in CONFIGURATION {
        assert!(good.contains(from), "{from}");
        fs::write(world.dir.join("cobrand.toml"), good.replace(from, to)).unwrap();
        assert_says(&world.dir, &["check"], 78, parts);
        assert_says(&world.dir, &["gateway"], 78, parts);
    }
    fs::write(world.dir.join("cobrand.toml"), &good[..good.len() / 2]).unwrap();
    assert_says(&world.dir, &["check"], 78, &["cobrand.toml:", "expected"]);
    assert_says(&world.dir, &["check", "--config", "nowhere.toml"], 78, &["nowhere.toml", "cannot be read"]);

    // The card key itself is never shown.
    fs::write(world.dir.join("cobrand.toml"), &good).unwrap();
    let key = fs::read_to_string(world.dir.join("certs/card.key")).unwrap();
    fs::write(world.dir.join("certs/card.key"), &key[..62]).unwrap();
    let text = assert_says(&world.dir, &["gateway"], 78, &["64 hexadecimal digits"]);
    assert!(!text.contains(&key[..8]), "the card key is shown: {text}");
    world.stop().await.unwrap();
}

/// The program file, cut off after the first line of an item of its terms.
fn first_half() -> &'static str {
    let item = PROGRAM.find("basis = \"statement_credit_share\"").unwrap();
    &PROGRAM[..item + PROGRAM[item..].find('\n').unwrap() + 1]
}

/// In the program file: the place, the key and what was expected.
const PROGRAM_CHANGES: &[Change] = &[
    ("times_base", "time_base", &[":34:1:", "bonus[0].time_base", "did you mean `times_base`"]),
    ("miles_max = 1500", "miles_max = \"many\"", &[":40:13:", "cap[0].miles_max", "expected a whole number"]),
    ("percent = \"3\"", "percent = 3.5", &["discount[0].percent", "expected"]),
    ("timezone = \"Europe/Moscow\"", "timezone = \"Europe/Mosscow\"", &["timezone", "Europe/Mosscow"]),
    ("currency = \"RUB\"\ntimezone", "currency = \"RUR\"\ntimezone", &["currency", "RUR"]),
    ("[\"sat\", \"sun\"]", "[]", &[":33:41:", "bonus[0].when.weekday", "an empty list is no condition"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_program_file_is_refused_with_line_key_and_mend() {
    let world = world().await;
    let path = world.dir.join(PROGRAM_FILE);
    let rules = |verb: &'static str| ["rules", verb, PROGRAM_FILE];
    assert_says(&world.dir, &rules("check"), 0, &["boreal-gold version"]);
    assert_says(&world.dir, &rules("test"), 0, &["pass  the cap truncates a large purchase"]);

    let half = first_half();
    let changed = PROGRAM_CHANGES.iter().map(|(from, to, parts)| {
        assert!(PROGRAM.contains(from), "{from}");
        (PROGRAM.replacen(from, to, 1), *parts)
    });
    let cases = [(half.to_owned(), &[":102:1: terms[1].item[1].payer", "add `payer`"][..])];
    for (text, parts) in cases.into_iter().chain(changed) {
        fs::write(&path, text).unwrap();
        let place = [&[PROGRAM_FILE][..], parts].concat();
        assert_says(&world.dir, &rules("check"), 1, &place);
        assert_says(&world.dir, &rules("test"), 1, &place);
        assert_says(&world.dir, &["check"], 78, &place);
        assert_says(&world.dir, &["gateway"], 78, &place);
    }

    // A file that is whole, but does not do what its own tests say.
    fs::write(&path, PROGRAM.replace("base_miles = 59", "base_miles = 60")).unwrap();
    assert_says(&world.dir, &rules("check"), 0, &[]);
    let failed = [
        "FAIL  one mile for each full 60 RUB",
        "expected base_miles 60",
        "got      base_miles 59",
        "1 tests",
    ];
    assert_says(&world.dir, &rules("test"), 1, &failed);
    assert_says(&world.dir, &["check"], 78, &["its own tests fail", "one mile", "cobrand rules test"]);
    assert_says(
        &world.dir,
        &["rules", "check", "programs/nowhere.toml"],
        1,
        &["cannot read", "nowhere.toml"],
    );

    // Nothing of them was kept: the version in force is the one that the world was made with.
    let client = world.assembly.pool.get().await.unwrap();
    let versions: i64 = client.query_one("SELECT count(*) FROM program_version", &[]).await.unwrap().get(0);
    drop(client);
    assert!(versions <= 2, "{versions} versions are kept");
    world.stop().await.unwrap();
}

#[test]
fn wrong_use_ends_with_2() {
    let folder = folder("use");
    for (arguments, part) in [
        (&[][..], "Usage: cobrand"),
        (&["serv"], "similar subcommand"),
        (&["check", "--confg", "cobrand.toml"], "--config"),
        (&["rules", "check"], "<FILES>"),
        (&["file", "verify"], "<FILES>"),
        (&["day", "close", "--program", "boreal-gold", "2026-13-40"], "2026-13-40"),
        (&["demo", "--seed", "many"], "--seed"),
    ] {
        assert_says(&folder, arguments, 2, &[part]);
    }
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_settlement_file_is_not_verified() {
    let world = world().await;
    let (pool, out) = (&world.assembly.pool, &world.assembly.config.settlement.out);
    let setup = &world.assembly.program("boreal-gold").unwrap().setup;
    let date = jiff::civil::date(2026, 10, 10);
    let closed = settlement::close_day(pool, setup, date, out).await.unwrap();
    let path = closed.files[0].path.display().to_string();
    assert_says(&world.dir, &["file", "verify", &path], 0, &["ok  ", &path, "SHA-256"]);

    let good = fs::read(&path).unwrap();
    let damaged = world.dir.join("damaged.cbs");
    let name = damaged.display().to_string();
    let text = String::from_utf8(good.clone()).unwrap();
    let without_last_line = text.trim_end().rfind('\n').unwrap() + 1;
    let cases = [
        ("half a file", good[..good.len() / 2].to_vec()),
        ("no trailer", good[..without_last_line].to_vec()),
        ("a line too many", [&good[..], b"XX|1\n"].concat()),
        ("another date", text.replace("2026-10-10", "2026-10-11").into_bytes()),
        ("another environment", text.replacen("TEST", "LIVE", 1).into_bytes()),
        ("nothing", Vec::new()),
        ("no text", vec![0xFF; 100]),
    ];
    for (what, bytes) in cases {
        assert_ne!(bytes, good, "{what}");
        fs::write(&damaged, bytes).unwrap();
        assert_says(&world.dir, &["file", "verify", &name], 1, &[&name]);
        assert_says(&world.dir, &["file", "verify", "--json", &path, &name], 1, &[&name]);
    }
    // Each single byte counts.
    for at in (0..good.len()).step_by(good.len() / 25) {
        let mut bytes = good.clone();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        fs::write(&damaged, bytes).unwrap();
        let output = cobrand(&world.dir, &["file", "verify", &name]);
        assert_eq!(output.status.code(), Some(1), "byte {at} was changed: {}", said(&output));
    }
    assert_says(&world.dir, &["file", "verify", "nowhere.cbs"], 1, &["nowhere.cbs"]);
    world.stop().await.unwrap();
}

// --- reload ------------------------------------------------------------------------------------------

struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn start(world: &World) -> Self {
        let log = world.dir.join("process.log");
        let mut command = Command::new(binary());
        command.arg("gateway").arg("--config").arg(world.dir.join("cobrand.toml")).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap());
        Self { child: command.spawn().unwrap(), log }
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
    }

    async fn says(&self, times: usize, parts: &[&str]) {
        let has = || {
            let text = fs::read_to_string(&self.log).unwrap();
            text.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count() >= times
        };
        eventually(&format!("the gateway says {parts:?}"), async || has()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is noticed today stops no gateway over a text that was in force yesterday.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_registered_before_goes_on_although_it_contradicts_itself() {
    let world = world().await;
    let text = PROGRAM
        .replace("[\"sat\", \"sun\"]", "[]")
        .replace("bonus_miles = 0, skipped = [\"weekend-fuel: weekday\"]", "bonus_miles = 120");
    fs::write(world.dir.join(PROGRAM_FILE), &text).unwrap();
    let refused = ["programs/boreal-gold.toml:33:41: bonus[0].when.weekday", "an empty list is no condition"];
    assert_says(&world.dir, &["check"], 78, &refused);
    let client = world.assembly.pool.get().await.unwrap();
    let register = "INSERT INTO program_version (rules_hash, program_id, body) \
                    SELECT sha256(convert_to($1, 'UTF8')), program_id, $1 FROM program";
    assert_eq!(client.execute(register, &[&text]).await.unwrap(), 1);
    drop(client);
    assert_says(&world.dir, &["check"], 0, &["database       ok"]);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_program_file_at_reload_leaves_the_old_version_in_force() {
    let world = world().await;
    let path = world.dir.join(PROGRAM_FILE);
    let pan = card(1);
    enroll(&world, &[&pan]).await;
    let mut gateway = Running::start(&world);
    gateway.says(1, &["listening for banks"]).await;
    let address = world.assembly.config.gateway.listen;
    let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    let mut number = 0;
    let mut miles = async || {
        number += 1;
        let reply = link.ask(purchase(&pan, number), PATIENCE).await.unwrap();
        assert!(reply.is_taken(), "{reply:?}");
        reply.loyalty.unwrap().base_miles
    };
    assert_eq!(miles().await, 10);

    let doubled = PROGRAM.replace("earn = { miles = 1,", "earn = { miles = 2,");
    let broken = [
        (first_half().replace("miles = 1,", "miles = 2,"), "add `payer`"),
        (doubled.replace("times_base", "time_base"), "did you mean `times_base`"),
        // Whole, but its own tests still expect one mile.
        (doubled.clone(), "its own tests fail"),
    ];
    for ((text, part), times) in broken.into_iter().zip(1..) {
        fs::write(&path, text).unwrap();
        gateway.signal("HUP");
        gateway.says(times, &["program files not taken: the old versions stay in force"]).await;
        gateway.says(1, &["program files not taken", part]).await;
        assert_eq!(miles().await, 10);
    }
    fs::remove_file(&path).unwrap();
    gateway.signal("HUP");
    gateway.says(1, &["program files not taken", "No such file"]).await;
    assert_eq!(miles().await, 10);

    // A good file is taken, so it was the file and not the signal.
    let without_tests =
        doubled.split("# ---------------------------------------------------------------- tests").next();
    fs::write(&path, without_tests.unwrap()).unwrap();
    gateway.signal("HUP");
    gateway.says(1, &["program files read again", "changed=1"]).await;
    assert_eq!(miles().await, 20);

    gateway.signal("TERM");
    assert!(gateway.child.wait().unwrap().success());
    gateway.says(1, &["stopping: no new links, answering what is in flight"]).await;
    world.stop().await.unwrap();
}

#[test]
fn a_development_set_is_never_written_over_another() {
    let folder = folder("certs");
    assert_says(&folder, &["certs", "--out", "set"], 0, &["NOT for real cards"]);
    let key = fs::read(folder.join("set/card.key")).unwrap();
    assert_says(&folder, &["certs", "--out", "set"], 1, &["holds a development set already", "--out"]);
    assert_eq!(fs::read(folder.join("set/card.key")).unwrap(), key);
    fs::remove_dir_all(folder).unwrap();
}

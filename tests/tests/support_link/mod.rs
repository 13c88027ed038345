//! What the tests of links, files and crashes share: members, purchases, metrics, the log and the `cobrand` binary.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use bank_simulator::{Link, LinkOptions, test_pan};
use cobrand::{config::LogConfig, demo::World, observe};
use iso8583::{Builder, Mti};

/// Everything here happens within seconds; this only ends a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The `cobrand` binary that the same build has put beside the tests.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("cobrand");
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build -p cobrand` before this test",
        path.display()
    );
    path
}

/// Runs `cobrand` in a folder and waits for it.
pub(crate) fn cobrand(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).current_dir(folder).env_remove("RUST_LOG").output().unwrap()
}

/// Standard output and standard error, one behind the other.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A port that nobody listens on just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// The log of all gateways in this test process, in a file below the build folder.
pub(crate) fn log_file() -> &'static Path {
    static LOG: OnceLock<PathBuf> = OnceLock::new();
    LOG.get_or_init(|| {
        let name = std::env::current_exe().unwrap().file_stem().unwrap().to_owned();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("log");
        observe::logs(&LogConfig::default(), Some(&path)).unwrap();
        path
    })
}

/// Waits until the log has a line with all of these.
pub(crate) async fn logged(parts: &[&str]) {
    let has = || {
        let text = std::fs::read_to_string(log_file()).unwrap_or_default();
        text.lines().any(|line| parts.iter().all(|part| line.contains(part)))
    };
    eventually(&format!("the log says {parts:?}"), async || has()).await;
}

/// Asks again and again until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it never came that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The sum of a counter's series that have all of these labels.
pub(crate) fn counted(metric: &str, labels: &[(&str, &str)]) -> u64 {
    let text = observe::metrics().unwrap().render();
    let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let lines = text.lines().filter(|line| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        name == metric && wanted.iter().all(|label| line.contains(label))
    });
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// How often something was refused for this reason.
pub(crate) fn rejects(reason: &str) -> u64 {
    counted("cobrand_iso_rejects_total", &[("reason", reason)])
}

/// Enrolls cards of the demo's bank.
pub(crate) async fn enroll(world: &World, pans: &[&str]) {
    let mut csv = "pan,program,member_number,enrolled_on\n".to_owned();
    for (number, pan) in pans.iter().enumerate() {
        csv.push_str(&format!("{pan},boreal-gold,AB-{number:04},2026-01-01\n"));
    }
    let assembly = &world.assembly;
    let (keys, link) = (assembly.card_keys().unwrap(), assembly.link("northbank").unwrap());
    let programs = &assembly.codes.programs;
    let report = gateway::import_enrollment(csv.as_bytes(), link, programs, &keys, &assembly.pool).await;
    assert_eq!(report.unwrap().enrolled, pans.len());
}

/// The number of a made-up card of the demo's bank.
pub(crate) fn card(number: u64) -> String {
    test_pan("220000", number).unwrap().expose().to_owned()
}

/// An authorization of 600.00 RUB on Saturday 2026-10-10 at a grocer's, by a card of its own for each `number`.
pub(crate) fn purchase(pan: &str, number: u32) -> Builder {
    Builder::new(Mti::new("0100"))
        .set(2, pan)
        .set(3, "000000")
        .set(4, "000000060000")
        .set(7, "1010090000")
        .set(11, format!("{number:06}"))
        .set(12, "120000")
        .set(13, "1010")
        .set(18, "5411")
        .set(22, "051")
        .set(25, "00")
        .set(32, "400001")
        .set(37, format!("{number:012}"))
        .set(41, "GROCER01")
        .set(42, "GROCER000000001")
        .set(49, "643")
}

/// Everything that is stored, decided again by its own rules, gives exactly the ledger; and a candidate that is the
/// version in force changes nothing.
pub(crate) async fn replays(world: &World) {
    let path = world.assembly.config.programs.files.first().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let always = (jiff::civil::date(2020, 1, 1), jiff::civil::date(2040, 1, 1));
    let (database, pool) = (&world.assembly.database, &world.assembly.pool);
    let plan = cobrand::backtest::Plan::of_text(database, pool, ("it", &text), always, 1).await.unwrap();
    let found = cobrand::backtest::run(&plan).await.unwrap().findings;
    let stored: i64 = {
        let client = pool.get().await.unwrap();
        client.query_one("SELECT count(*) FROM transfer", &[]).await.unwrap().get(0)
    };
    assert_eq!(found.transfers, u64::try_from(stored).unwrap());
    assert_eq!((found.differing, found.changed, found.undecided), (0, 0, 0), "{found:#?}");
}

/// A new member buys at a grocer's and at SkyFuel's; both are cleared.
pub(crate) async fn two_purchases(world: &World) {
    enroll(world, &[&card(1)]).await;
    let address = world.gateway().unwrap().address();
    let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    let cleared =
        |number| purchase(&card(1), number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
    assert!(link.ask(cleared(1), PATIENCE).await.unwrap().is_taken());
    let fuel = cleared(2).set(18, "5541").set(41, "SKYF0007").set(42, "SKYFUEL00000001");
    assert!(link.ask(fuel, PATIENCE).await.unwrap().is_taken());
}

/// The role `settle` as a process of its own, which the test ends.
pub(crate) fn settle(folder: &Path) -> Child {
    Command::new(binary())
        .args(["settle", "--config", "cobrand.toml"])
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

//! A close that is killed at any of its steps, and contested by others, comes to exactly one file for each partner and
//! cycle, with the bytes that messages and terms come to.
//!
//! The steps are found from outside: by what stands in the database and in the folder, by tables that are locked so
//! that the close waits before it, and by chance. `CLOSE_ROUNDS` makes more rounds, `CLOSE_SEED` others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts are what this test is for")]

mod settlement_lanes;
mod support_answers;
mod support_link;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use jiff::civil::{Date, date};
use second_settlement::{Layout, Month, Place, compare};
use settlement_lanes::Lanes;
use support_link::{binary, cobrand, said};
use tokio_postgres::{Client, NoTls};

/// The business date of the first round.
const FIRST: Date = date(2026, 4, 1);
/// Messages of each program and round.
const MESSAGES_OF_A_ROUND: usize = 60;
/// The longest that a close, also one that waits for the end of another's claim, may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// What the moments of chance are drawn from, in microseconds: somewhat more than a close takes.
const CHANCE_MAX: u64 = 900_000;

/// When the close is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many microseconds after it began.
    After(u64),
    /// As soon as this is true, for the program and business date of the round.
    Seen(&'static str),
    /// When it waits for this table, which somebody else has locked.
    WaitsFor(&'static str),
    /// As soon as so many of the cycle's names with this end are in the folder.
    Named(&'static str, usize),
}

/// What stands in the database: `c` is the cycle of the round.
const SEEN: &[&str] = &[
    "EXISTS (SELECT 1 FROM settlement_cycle n WHERE n.program_id = c.program_id AND n.sequence = c.sequence + 1)",
    "c.state NOT IN ('prepared', 'open')",
    "EXISTS (SELECT 1 FROM settlement_position p WHERE p.cycle_id = c.cycle_id)",
    "EXISTS (SELECT 1 FROM settlement_file f WHERE f.cycle_id = c.cycle_id)",
    "(SELECT count(*) FROM settlement_file f WHERE f.cycle_id = c.cycle_id) >= 2",
    "c.state NOT IN ('prepared', 'open', 'closing')",
    "c.state NOT IN ('prepared', 'open', 'closing', 'computed')",
    "c.state NOT IN ('prepared', 'open', 'closing', 'computed', 'approved')",
    "EXISTS (SELECT 1 FROM settlement_batch b WHERE b.cycle_id = c.cycle_id)",
    "EXISTS (SELECT 1 FROM close_lease l WHERE l.program_id = c.program_id AND l.until > now())",
];

/// In place of an end: names of temporary files in which batches wait for their file.
const SPOOL: &str = "spool-";

/// In place of an end: the temporary file of the one who most often takes a file of several cycles.
const FILE: &str = "file-airboreal.";

/// What a close writes to.
const LOCKED: &[&str] = &[
    "settlement_cycle",
    "cycle_gate",
    "settlement_position",
    "settlement_file",
    "settlement_batch",
    "settlement_balance",
    "settlement_adjustments_taken",
    "close_lease",
];

const NAMED: &[(&str, usize)] = &[
    (SPOOL, 1),
    (FILE, 1),
    (SPOOL, 3),
    (".partial", 1),
    (".cbs", 1),
    (".cbs.done", 1),
    (".cbs", 2),
    (".cbs.done", 2),
    (".cbs.done", 3),
    (".cbs", 4),
    (".cbs.done", 4),
];

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// Each kind in turn, and of each kind every one.
    fn moment(&mut self, round: usize) -> Moment {
        let turn = round / 4;
        match round % 4 {
            0 => Moment::After(self.below(CHANCE_MAX)),
            1 => Moment::Seen(SEEN[turn % SEEN.len()]),
            2 => {
                let (end, count) = NAMED[turn % NAMED.len()];
                Moment::Named(end, count)
            }
            _ => Moment::WaitsFor(LOCKED[turn % LOCKED.len()]),
        }
    }
}

/// A `cobrand day close` of its own.
struct Close {
    child: Child,
    log: PathBuf,
}

impl Close {
    fn start(dir: &Path, program: &str, date: Date, name: &str) -> Self {
        let log = dir.join(format!("close-{name}.log"));
        let said = fs::File::create(&log).unwrap();
        let child = Command::new(binary())
            .args([
                "day",
                "close",
                "--config",
                "cobrand.toml",
                "--program",
                program,
                &date.to_string(),
                "--early",
            ])
            .current_dir(dir)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Whether it was alive.
    fn kill(&mut self) -> bool {
        let alive = self.ended().is_none();
        let _ = self.child.kill();
        self.child.wait().unwrap();
        alive
    }

    fn wait(mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return (status, fs::read_to_string(&self.log).unwrap());
            }
            assert!(
                began.elapsed() < PATIENCE,
                "a close does not end: {}",
                fs::read_to_string(&self.log).unwrap()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Close {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Faults {
    lanes: Lanes,
    month: Month,
    watch: Client,
    chance: Chance,
    /// What is known to be right: the files of each receiver in their order.
    chains: BTreeMap<String, Vec<Vec<u8>>>,
    met: BTreeMap<String, usize>,
    contested: usize,
    /// Names of second editions.
    editions: BTreeSet<String>,
    /// Closes of a file of several cycles that were killed, and days whose bank file was gone when one came.
    covering: usize,
    gone: usize,
    refused: BTreeSet<String>,
}

async fn connect(lanes: &Lanes) -> Client {
    let connection = &lanes.world.assembly.config.database.connection;
    let (client, driver) = tokio_postgres::connect(connection, NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

impl Faults {
    fn dir(&self) -> &Path {
        &self.lanes.world.dir
    }

    fn out(&self) -> PathBuf {
        self.lanes.world.assembly.config.settlement.out.clone()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).unwrap().map(Result::unwrap);
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// How many files a cycle of the program with this code has.
    fn receivers(&self, program: &str, date: Date) -> usize {
        let place = self.month.programs.iter().position(|of| of.code == program).unwrap();
        self.month.receivers(place, date).len()
    }

    /// Whether some file of the cycle has batches that waited for it.
    fn covers(&self, program: usize, date: Date) -> bool {
        let receivers = |date| self.month.receivers(program, date);
        let before = date.yesterday().map(receivers).unwrap_or_default();
        date > FIRST && receivers(date).iter().any(|receiver| !before.contains(receiver))
    }

    /// Whether the moment has come.
    async fn has_come(&self, moment: Moment, (program, date): (&str, Date), began: Instant) -> bool {
        match moment {
            Moment::After(micros) => began.elapsed() >= Duration::from_micros(micros),
            Moment::Seen(what) => {
                let text = format!(
                    "SELECT {what} FROM settlement_cycle c JOIN program USING (program_id) \
                     WHERE program.code = $1 AND c.business_date = $2"
                );
                let row = self.watch.query_one(text.as_str(), &[&program, &date]).await.unwrap();
                row.get(0)
            }
            Moment::WaitsFor(_) => {
                let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                            AND wait_event_type = 'Lock' AND wait_event = 'relation'";
                self.watch.query_one(text, &[]).await.unwrap().get::<_, i64>(0) > 0
            }
            Moment::Named(end, count) => {
                let of_cycle = format!("_{program}_{date}_");
                let spool = format!("{SPOOL}{program}-");
                let named = |name: &&String| match end {
                    SPOOL => name.starts_with(&spool),
                    FILE => name.starts_with(&spool) && name.contains(FILE),
                    _ => name.contains(&of_cycle) && name.ends_with(end),
                };
                let files = self.receivers(program, date);
                self.names().iter().filter(named).count() >= count.min(files)
            }
        }
    }

    /// Closes one date of the first program, killed and contested, and the second program's beside it or behind.
    async fn round(&mut self, round: usize, date: Date) {
        let [first, second] = [0, 1].map(|program: usize| self.month.programs[program].code);
        for program in 0..self.month.programs.len() {
            self.lanes.happen(&self.month, (program, date)).await;
            self.lanes.hear(self.month.messages(program, date)).await;
        }
        if self.covers(0, date) && self.chance.below(2) == 0 {
            self.what_waits_is_gone(date);
        }
        let moment = self.chance.moment(round);
        let mut locked = None;
        if let Moment::WaitsFor(table) = moment {
            let other = connect(&self.lanes).await;
            let lock = format!("BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
            other.batch_execute(&lock).await.unwrap();
            locked = Some(other);
        }
        // Nobody else, one that begins at the same time, or one that comes while the first is at work.
        let contest = self.chance.below(3);
        let delay = Duration::from_micros(self.chance.below(CHANCE_MAX));
        let beside = self.chance.below(2) == 0;
        let both_die = self.chance.below(4) == 0;
        let began = Instant::now();
        let mut victim = Close::start(self.dir(), first, date, "victim");
        let mut rival = (contest == 1).then(|| Close::start(self.dir(), first, date, "rival"));
        let mut other = beside.then(|| Close::start(self.dir(), second, date, "other"));
        let killed = loop {
            if contest == 2 && rival.is_none() && began.elapsed() >= delay {
                rival = Some(Close::start(self.dir(), first, date, "rival"));
            }
            if victim.ended().is_some() {
                break false;
            }
            if self.has_come(moment, (first, date), began).await {
                let both = rival.as_mut().filter(|_| both_die).is_some_and(Close::kill);
                rival = rival.filter(|_| !both);
                break victim.kill();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{moment:?} never came: {}",
                fs::read_to_string(&victim.log).unwrap()
            );
            tokio::time::sleep(Duration::from_micros(300)).await;
        };
        drop(victim);
        // One that comes at the latest when the first is dead.
        if contest == 2 && rival.is_none() {
            rival = Some(Close::start(self.dir(), first, date, "rival"));
        }
        // What the dead process had asked for is done now, if its server process has not seen that it is dead.
        if let Some(other) = locked {
            other.batch_execute("ROLLBACK").await.unwrap();
        }
        let met = match (killed, moment) {
            (false, _) => "closed before it could be killed".to_owned(),
            (true, Moment::After(_)) => "by chance".to_owned(),
            (true, Moment::Seen(what)) => format!("seen: {what}"),
            (true, Moment::WaitsFor(table)) => format!("waits for {table}"),
            (true, Moment::Named(end, count)) => format!("{count} names with {end}"),
        };
        *self.met.entry(met.clone()).or_default() += 1;
        self.covering += usize::from(killed && self.covers(0, date));
        self.contested += usize::from(rival.is_some());
        for contestant in [rival.take(), other.take()].into_iter().flatten() {
            let (status, text) = contestant.wait();
            if !status.success() {
                // It may say that somebody else is at it; nothing else.
                assert!(
                    text.contains("is being closed") || text.contains("another"),
                    "{met}: {status}: {text}"
                );
                self.refused.insert(text.lines().next().unwrap_or_default().to_owned());
            }
        }
        self.complete(first, date, &met);
        self.complete(second, date, &met);
        self.files_are_right(date, &met);
        self.answers(date).await;
        if round.is_multiple_of(10) {
            self.regenerates((0, date));
        }
    }

    /// The bank's file of the day before is lost while batches in it wait for a partner's next file: no close goes on
    /// without it, nor makes less of a file; closing its day again brings the same bytes.
    fn what_waits_is_gone(&mut self, date: Date) {
        let (before, first) = (date.yesterday().unwrap(), &self.month.programs[0]);
        let of_bank = format!("{}_{}_{before}_", first.bank, first.code);
        let names = self.names();
        let lost = names.iter().filter(|name| name.starts_with(&of_bank) && name.ends_with(".cbs"));
        let [name] = lost.collect::<Vec<_>>()[..] else { panic!("{of_bank}: {names:?}") };
        let path = self.out().join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let (status, text) = Close::start(self.dir(), first.code, date, "without").wait();
        assert!(!status.success() && text.contains("must close"), "{status}: {text}");
        assert!(
            !self.names().iter().any(|name| name.contains(&format!("_{}_{date}_", first.code))),
            "{text}"
        );
        let (status, text) = Close::start(self.dir(), first.code, before, "again").wait();
        assert!(status.success(), "{text}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
        self.gone += 1;
    }

    /// The same command until it has gone through: a dead process's claim may have to end first.
    fn complete(&self, program: &str, date: Date, met: &str) {
        let began = Instant::now();
        loop {
            let (status, text) = Close::start(self.dir(), program, date, "last").wait();
            if status.success() {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{met}: {program} {date} cannot be closed: {text}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Every name in the folder is that of one right file, its announcement, or a left-over that nobody reads.
    fn files_are_right(&mut self, date: Date, met: &str) {
        let out = self.out();
        let mut names: BTreeSet<String> = self.names().into_iter().collect();
        names.retain(|name| !name.ends_with(".partial") && !out.join(name).is_dir());
        let files: Vec<String> = names.iter().filter(|name| name.ends_with(".cbs")).cloned().collect();
        assert_eq!(names.len(), files.len() * 2, "{met}: {names:?}");
        let mut new: Vec<(String, i32, String)> = Vec::new();
        for name in files {
            let parts: Vec<&str> = name.split('_').collect();
            let [receiver, _, _, sequence, revision] = parts[..] else { panic!("a name {name}") };
            if self.editions.contains(&name) {
                continue;
            }
            assert_eq!(revision, "0.cbs", "{met}: {name}");
            let known = self.chains.get(receiver).map_or(0, Vec::len);
            if sequence.parse::<usize>().unwrap() > known {
                new.push((receiver.to_owned(), sequence.parse().unwrap(), name.clone()));
            }
        }
        new.sort();
        let mut settled = BTreeSet::new();
        for (receiver, sequence, name) in new {
            let program = name.split('_').nth(1).unwrap();
            let program = self.month.programs.iter().position(|of| of.code == program).unwrap();
            assert!(settled.insert((receiver.clone(), program)), "{met}: two files {name}");
            let is = fs::read_to_string(out.join(&name)).unwrap();
            let layout = if is.starts_with("FH|1|") { Layout::One } else { Layout::Two };
            let chain = self.chains.entry(receiver.clone()).or_default();
            assert_eq!(usize::try_from(sequence).unwrap(), chain.len() + 1, "{met}: a gap before {name}");
            let place = Place { sequence, revision: 0, previous: chain.last().map(Vec::as_slice) };
            let (must_name, must) = self.month.file((program, date), &receiver, place, layout);
            assert_eq!(name, must_name, "{met}");
            let differences = compare(&self.month, program, &name, &must, &is);
            assert!(differences.is_empty(), "{met}: {}", differences[0].0);
            let announced = fs::read_to_string(out.join(format!("{name}.done"))).unwrap();
            assert_eq!(announced, format!("{}  {name}\n", sha256(&out.join(&name))), "{met}");
            chain.push(is.into_bytes());
        }
        let wanted: BTreeSet<(String, usize)> = (0..self.month.programs.len())
            .flat_map(|program| {
                self.month.receivers(program, date).into_iter().map(move |receiver| (receiver, program))
            })
            .collect();
        assert_eq!(settled, wanted, "{met}");
        let all: usize = self.chains.values().map(Vec::len).sum();
        assert_eq!(names.len(), (all + self.editions.len()) * 2, "{met}: files too many");
    }

    /// What receivers answer to the files of a date: lines that staff correct in later rounds, and files that go out once
    /// more under the next revision.
    async fn answers(&mut self, date: Date) {
        for program in 0..self.month.programs.len() {
            let code = self.month.programs[program].code;
            for receiver in self.month.receivers(program, date) {
                let of_file = format!("{receiver}_{code}_{date}_");
                let name = self
                    .names()
                    .into_iter()
                    .find(|name| name.starts_with(&of_file) && name.ends_with(".cbs"));
                let path = self.out().join(name.unwrap());
                if !self.lanes.answer(&self.month, (program, date), (&receiver, &path)).await {
                    continue;
                }
                let chain = self.chains.get_mut(&receiver).unwrap();
                let before = path.file_name().unwrap().to_string_lossy().into_owned();
                let name = before.replace("_0.cbs", "_1.cbs");
                let is = fs::read_to_string(path.with_file_name(&name)).unwrap();
                // The answers are those to the newest files: each is the last of its chain, or the one before.
                let place = chain.iter().rposition(|file| *file == fs::read(&path).unwrap()).unwrap();
                let previous = place.checked_sub(1).map(|before| chain[before].as_slice());
                let sequence = i32::try_from(place).unwrap() + 1;
                let at = Place { sequence, revision: 1, previous };
                let (_, must) = self.month.file((program, date), &receiver, at, Layout::Two);
                assert_eq!(compare(&self.month, program, &name, &must, &is), []);
                if place + 1 == chain.len() {
                    chain[place] = is.into_bytes();
                }
                self.editions.insert(name);
            }
        }
    }

    /// The product renders the same bytes again.
    fn regenerates(&self, (program, date): (usize, Date)) {
        let wanted = self.month.receivers(program, date).len() * 2;
        let program = self.month.programs[program].code;
        let again = self.dir().join(format!("again-{date}"));
        let date = date.to_string();
        let arguments = ["file", "regenerate", "--config", "cobrand.toml", "--program", program];
        let to = ["--date", &date, "--out", again.to_str().unwrap()];
        let output = cobrand(self.dir(), &[&arguments[..], &to[..]].concat());
        assert!(output.status.success(), "{}", said(&output));
        let mut files = 0;
        for entry in fs::read_dir(&again).unwrap().map(Result::unwrap) {
            let published = self.out().join(entry.file_name());
            assert_eq!(fs::read(entry.path()).unwrap(), fs::read(&published).unwrap(), "{published:?}");
            files += 1;
        }
        assert_eq!(files, wanted, "files and announcements");
    }

    /// All files of each receiver, by the product's own reader.
    fn chains_verify(&self) {
        for receiver in self.chains.keys() {
            let mut names: Vec<String> = self.names();
            names.retain(|name| name.starts_with(&format!("{receiver}_")) && name.ends_with(".cbs"));
            names.sort_by_key(|name| name.split('_').skip(3).collect::<Vec<_>>().join("_"));
            let paths: Vec<String> =
                names.iter().map(|name| self.out().join(name).to_string_lossy().into_owned()).collect();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let output = cobrand(self.dir(), &[&["file", "verify"], &paths[..]].concat());
            assert!(output.status.success(), "{receiver}: {}", said(&output));
        }
    }
}

/// By another program than ours.
fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_that_is_killed_and_contested_comes_to_one_file() {
    let rounds = usize::try_from(number("CLOSE_ROUNDS", 10)).unwrap();
    let seed = number("CLOSE_SEED", 20_261_101);
    let month = Month::in_rounds(seed, rounds * MESSAGES_OF_A_ROUND * 2, (FIRST, rounds));
    let lanes = Lanes::open(&month).await;
    let watch = connect(&lanes).await;
    let mut faults = Faults {
        lanes,
        month,
        watch,
        chance: Chance(seed),
        chains: BTreeMap::new(),
        met: BTreeMap::new(),
        contested: 0,
        editions: BTreeSet::new(),
        covering: 0,
        gone: 0,
        refused: BTreeSet::new(),
    };
    for (round, date) in faults.month.dates().into_iter().enumerate() {
        faults.round(round, date).await;
    }
    faults.chains_verify();
    let killed: usize =
        faults.met.iter().filter(|(met, _)| !met.starts_with("closed")).map(|(_, count)| count).sum();
    let partials = faults.names().iter().filter(|name| name.ends_with(".partial")).count();
    let files: usize = faults.chains.values().map(Vec::len).sum();
    println!(
        "seed {seed}: {rounds} rounds, {killed} closes killed, {} contested, {files} files, each once and right; {} \
         left-over temporary files; {} killed closes had files of several cycles, {} times what waited was gone; {} \
         second editions; killed when: {:#?}; contestants were refused: {:#?}",
        faults.contested,
        partials,
        faults.covering,
        faults.gone,
        faults.editions.len(),
        faults.met,
        faults.refused
    );
    assert!(killed * 4 >= rounds, "too few were killed: {:?}", faults.met);
    assert!(faults.covering > 0 && faults.gone > 0 || rounds < 10, "nothing waited when a close was killed");
    faults.lanes.gateway.batcher.finish().await;
    let Lanes { world, gateway, .. } = faults.lanes;
    drop((gateway, faults.watch));
    world.stop().await.unwrap();
}

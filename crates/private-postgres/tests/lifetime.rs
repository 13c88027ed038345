//! A private cluster answers while its owner lives and is gone afterwards, however the owner ended.
//!
//! The owners that are killed here are this test program itself, started again with [`HOLD`] set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use private_postgres::{ClusterError, Options, PrivateCluster};

/// Set in a child: its value is the base folder of a kept cluster, or empty.
const HOLD: &str = "COBRAND_PG_TEST_HOLD";
const GONE_MAX: Duration = Duration::from_secs(30);
/// The same for one that was only being created: there is no server to wait for, or one that has just begun.
const GONE_EARLY_MAX: Duration = Duration::from_secs(20);

fn start() -> PrivateCluster {
    PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The parts of a cluster that must not outlive it.
#[derive(Debug, Clone)]
struct Traces {
    server_pid: u32,
    socket: PathBuf,
    run: PathBuf,
    data: PathBuf,
}

impl Traces {
    fn of(cluster: &PrivateCluster) -> Self {
        Self {
            server_pid: cluster.server_pid(),
            socket: cluster.socket_dir().join(format!(".s.PGSQL.{}", cluster.port())),
            run: cluster.socket_dir().parent().unwrap().to_owned(),
            data: cluster.data_dir().to_owned(),
        }
    }

    fn answers(&self) -> bool {
        UnixStream::connect(&self.socket).is_ok()
    }

    fn remaining(&self) -> Vec<String> {
        let mut left = Vec::new();
        if lives(self.server_pid) {
            left.push(format!("server process {}", self.server_pid));
        }
        if self.answers() {
            left.push(format!("socket {}", self.socket.display()));
        }
        if self.run.exists() {
            left.push(format!("folder {}", self.run.display()));
        }
        left
    }

    fn assert_gone(&self) {
        assert_eq!(self.remaining(), Vec::<String>::new(), "left behind");
    }

    fn assert_gone_soon(&self) {
        let started = Instant::now();
        while started.elapsed() < GONE_MAX && !self.remaining().is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.assert_gone();
    }
}

/// Is there such a process, not counting one that ended and is not yet reaped?
fn lives(pid: u32) -> bool {
    let output = Command::new("/bin/sh")
        .args(["-c", "kill -0 $0 2>/dev/null && { cat /proc/$0/cmdline 2>/dev/null || echo unknown; }"])
        .arg(pid.to_string())
        .output()
        .unwrap();
    !output.stdout.is_empty()
}

fn signal(name: &str, target: &str) {
    let done = Command::new("/bin/sh").args(["-c", "kill -s $0 -- $1", name, target]).status().unwrap();
    assert!(done.success(), "kill -s {name} -- {target}");
}

/// Not a test of its own: the body of the children below. Without [`HOLD`] it does nothing.
#[test]
fn hold_a_cluster_for_a_parent() {
    let Some(base) = std::env::var_os(HOLD) else { return };
    let base = (!base.is_empty()).then(|| PathBuf::from(base));
    let keep = base.is_some();
    match PrivateCluster::start(Options { base_dir: base, keep, settings: Vec::new() }) {
        Ok(cluster) => {
            let traces = Traces::of(&cluster);
            let owner = fs::metadata(cluster.data_dir()).unwrap().uid();
            cluster.create_database("held").unwrap();
            println!(
                "\nheld\t{}\t{}\t{}\t{}\t{}\t{owner}",
                traces.server_pid,
                traces.socket.display(),
                traces.run.display(),
                traces.data.display(),
                cluster.binaries().dir.display(),
            );
            std::io::stdout().flush().unwrap();
            // The parent closes this pipe, or kills us before.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        }
        Err(error) => println!("\nrefused\t{}", error.to_string().replace('\n', " / ")),
    }
}

/// A child that holds a cluster, in a process group of its own as a shell at a terminal would start it.
struct Holder {
    child: Child,
    traces: Traces,
    data_owner: u32,
}

fn holding_command(program: &Path, base: Option<&Path>) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "hold_a_cluster_for_a_parent", "--nocapture", "--test-threads=1"])
        .env(HOLD, base.unwrap_or(Path::new("")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    command
}

/// The line that the child prints once it has, or has not, got its cluster.
fn first_words(child: &mut Child) -> Vec<String> {
    let stdout = BufReader::new(child.stdout.as_mut().unwrap());
    for line in stdout.lines() {
        let words: Vec<String> = line.unwrap().split('\t').map(str::to_owned).collect();
        if ["held", "refused"].contains(&words[0].as_str()) {
            return words;
        }
    }
    panic!("the child ended without a word");
}

fn hold(mut command: Command) -> Holder {
    let mut child = command.spawn().unwrap();
    let words = first_words(&mut child);
    assert_eq!(words[0], "held", "{words:?}");
    let traces = Traces {
        server_pid: words[1].parse().unwrap(),
        socket: words[2].clone().into(),
        run: words[3].clone().into(),
        data: words[4].clone().into(),
    };
    assert!(traces.answers() && lives(traces.server_pid), "the child's cluster does not answer: {traces:?}");
    Holder { child, traces, data_owner: words[6].parse().unwrap() }
}

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let dir = Path::new("/tmp").join(format!("cobrand-lifetime-{name}-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

#[test]
fn a_cluster_answers_and_is_gone_after_stop() {
    let cluster = start();
    let traces = Traces::of(&cluster);
    assert!(traces.answers());
    cluster.create_database("loyalty").unwrap();
    cluster.create_database("with \"quotes\" and spaces").unwrap();

    let twice = cluster.create_database("loyalty").unwrap_err();
    assert!(twice.to_string().contains("already exists (SQLSTATE 42P04)"), "{twice}");
    assert!(cluster.connection_string("loyalty").ends_with(" port=5432 user=postgres dbname=loyalty"));
    assert_eq!(fs::metadata(cluster.socket_dir()).unwrap().mode() & 0o777, 0o700);
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    assert!(!log.contains("CREATE DATABASE"), "a statement is in the log:\n{log}");

    cluster.stop().unwrap();
    traces.assert_gone();
}

#[test]
fn two_at_once_do_not_meet_and_are_gone_after_drop() {
    let (one, two) = (start(), start());
    let traces = [Traces::of(&one), Traces::of(&two)];
    for cluster in [&one, &two] {
        cluster.create_database("same_name").unwrap();
    }
    assert_ne!(traces[0].socket, traces[1].socket);

    drop(one);
    traces[0].assert_gone();
    assert!(traces[1].answers(), "stopping one cluster stopped another");
    drop(two);
    traces[1].assert_gone();
}

#[test]
fn gone_after_kill_9_of_its_owner() {
    let mut holder = hold(holding_command(&this_program(), None));
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    holder.traces.assert_gone_soon();
}

#[test]
fn gone_after_ctrl_c_to_the_whole_process_group() {
    let mut holder = hold(holding_command(&this_program(), None));
    signal("INT", &format!("-{}", holder.child.id()));
    assert!(!holder.child.wait().unwrap().success());
    holder.traces.assert_gone_soon();
}

#[test]
fn gone_when_its_owner_is_killed_while_it_is_still_being_created() {
    for delay_ms in [0, 30, 100, 300, 600] {
        let base = scratch(&format!("early-{delay_ms}"));
        let mut command = holding_command(&this_program(), None);
        let mut child = command.env("TMPDIR", &base).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let started = Instant::now();
        while started.elapsed() < GONE_EARLY_MAX && fs::read_dir(&base).unwrap().count() > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let left: Vec<_> = fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().path()).collect();
        // Killed before there was a guard: a folder may be left, but never a database in it.
        let unborn = |dir: &PathBuf| !dir.join("guard").exists() && !dir.join("data/PG_VERSION").exists();
        assert!(left.iter().all(unborn), "killed after {delay_ms} ms, left behind: {left:?}");
        fs::remove_dir_all(&base).unwrap();
    }
}

#[test]
fn an_orphan_without_guard_is_swept_by_the_next_start() {
    let mut holder = hold(holding_command(&this_program(), None));
    let guard = fs::read_to_string(holder.traces.run.join("guard")).unwrap();
    signal("KILL", guard.trim());
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    assert!(lives(holder.traces.server_pid), "the server was expected to outlive owner and guard here");

    drop(start());
    holder.traces.assert_gone_soon();
}

#[test]
fn kept_data_are_found_again_also_after_kill_9() {
    let base = scratch("kept");
    let mut holder = hold(holding_command(&this_program(), Some(&base)));
    assert!(holder.traces.data.starts_with(&base));
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();

    // At once: the guard of the killed owner may still be stopping the earlier server.
    let again = Options { base_dir: Some(base.clone()), keep: true, settings: Vec::new() };
    let cluster = PrivateCluster::start(again).unwrap_or_else(|error| panic!("{error}"));
    let twice = cluster.create_database("held").unwrap_err();
    assert!(twice.to_string().contains("already exists"), "the database of the first run is lost: {twice}");
    let traces = Traces::of(&cluster);
    cluster.stop().unwrap();
    traces.assert_gone();
    assert!(traces.data.join("PG_VERSION").exists(), "the kept data were removed");
    assert!(!traces.data.join("postmaster.pid").exists(), "the server did not stop in an orderly way");
    fs::remove_dir_all(&base).unwrap();
}

#[test]
fn a_server_that_cannot_start_shows_its_log_and_leaves_nothing() {
    let base = scratch("refused");
    let settings = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let error =
        PrivateCluster::start(Options { base_dir: Some(base.clone()), keep: false, settings }).unwrap_err();
    assert!(matches!(error, ClusterError::ServerDied { .. }), "{error:?}");
    assert!(error.to_string().contains("unrecognized configuration parameter"), "{error}");
    assert_eq!(fs::read_dir(&base).unwrap().count(), 0, "something was left in {}", base.display());
    fs::remove_dir(&base).unwrap();
}

#[test]
fn without_binaries_the_message_names_one_command() {
    let empty = scratch("empty-cache");
    let words = refusal(
        holding_command(&this_program(), None).env_remove("COBRAND_PG_BIN").env("COBRAND_PG_HIDE", "1").env(
            // Root's cache cannot be hidden by a variable: see below.
            "XDG_CACHE_HOME",
            &empty,
        ),
    );
    match words {
        Some(text) => assert!(text.contains("make setup") && text.contains("empty-cache"), "{text}"),
        None => say_aloud("SKIPPED: /var/cache has binaries unpacked by an earlier `make setup`"),
    }
    let mut command = holding_command(&this_program(), None);
    let text =
        refusal(command.env("COBRAND_PG_BIN", &empty)).expect("a wrong COBRAND_PG_BIN must be refused");
    assert!(text.contains("COBRAND_PG_BIN=") && text.contains("has no `postgres`"), "{text}");
    fs::remove_dir(&empty).unwrap();
}

/// `None` if a cluster was started after all.
fn refusal(command: &mut Command) -> Option<String> {
    let mut child = command.spawn().unwrap();
    let words = first_words(&mut child);
    drop(child.stdin.take());
    child.wait().unwrap();
    (words[0] == "refused").then(|| words[1].clone())
}

#[test]
fn a_normal_user_can_do_all_this_too() {
    let home = scratch("nobody");
    if fs::metadata(&home).unwrap().uid() != 0 {
        say_aloud("SKIPPED: not root, so every other test here already ran as a normal user");
        fs::remove_dir(&home).unwrap();
        return;
    }
    let Some(nobody) = user_id("nobody") else {
        say_aloud("SKIPPED: this machine has no user `nobody`");
        fs::remove_dir(&home).unwrap();
        return;
    };
    let program = home.join("holder");
    // Not `fs::copy`: a child forked meanwhile would hold the copy open for writing, and it could not be run.
    assert!(Command::new("cp").args([&this_program(), &program]).status().unwrap().success());
    std::os::unix::fs::chown(&home, Some(nobody), None).unwrap();
    let mut command = holding_command(&program, None);
    command.uid(nobody).current_dir("/").env("HOME", &home).env_remove("TMPDIR").env_remove("XDG_CACHE_HOME");

    let mut holder = hold(command);
    assert_eq!(holder.data_owner, nobody);
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    holder.traces.assert_gone_soon();
    fs::remove_dir_all(&home).unwrap();
}

/// The test harness swallows what `eprintln!` writes when a test passes; a skip must be seen.
fn say_aloud(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn user_id(name: &str) -> Option<u32> {
    let output = Command::new("id").args(["-u", name]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

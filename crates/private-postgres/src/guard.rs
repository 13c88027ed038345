//! The guard: a process that ends the server when we end, whatever ended us.
//!
//! It reads from a pipe whose only writing end we hold. The end of that pipe is the one thing that `kill -9`,
//! a panic, `exit` and an orderly stop have in common, so there is one way to clean up and it is used every
//! time. It is a shell script and not a thread or a second role of our binary because it must outlive us and
//! must work for any program that links this crate, tests included.
//!
//! The guard is told the server's process id over the pipe. It never takes it from a file, because the
//! server's user could write that file while the guard may be root.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::ClusterError;

/// `$1` the run folder, removed at the end; `$2` the data folder.
///
/// A Ctrl-C at the terminal does not reach it (own process group); the ignored signals are for a shell that
/// hangs up. `postmaster.pid` disappears when the server has ended, also where nobody reaps it.
const SCRIPT: &str = r#"
trap '' HUP INT TERM QUIT PIPE
run=$1 data=$2 pid='' how=QUIT outcome=0
while read -r word value; do
    case $word in
        process) pid=$value ;;
        ended) pid='' ;;
        stop) how=$value ;;
    esac
done
if [ -n "$pid" ]; then
    kill -s "$how" "$pid" 2>/dev/null
    tries=0
    while [ -e "$data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ]; then outcome=3; break; fi
        sleep 0.05 2>/dev/null || sleep 1
    done
    kill -s KILL -- "-$pid" 2>/dev/null
fi
rm -rf -- "$run" 2>/dev/null || { sleep 1; rm -rf -- "$run" 2>/dev/null; } || outcome=4
exit $outcome
"#;

/// How the server is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ends sessions, writes a checkpoint: for data that is kept.
    Fast,
    /// Ends at once: for data that is thrown away.
    Immediate,
}

/// The guard process and our end of its pipe.
#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    /// `None` once closed. The standard library marks it close-on-exec, so no other child holds it open.
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts the guard of a run folder, before there is anything to guard.
    pub(crate) fn start(run: &Path, data: &Path) -> Result<Self, ClusterError> {
        let mut process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "private-postgres-guard"])
            .args([run, data])
            .current_dir("/")
            .stdin(Stdio::piped())
            // Inherited, they would keep a reader of our output waiting for the guard.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(ClusterError::io("run", "/bin/sh"))?;
        let pipe = process.stdin.take();
        Ok(Self { process, pipe })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// From now on the guard ends this process, which leads its process group.
    pub(crate) fn watch(&mut self, pid: u32) -> Result<(), ClusterError> {
        self.tell(&format!("process {pid}"))
    }

    /// The watched process is over; its id may be given to somebody else.
    pub(crate) fn forget(&mut self) -> Result<(), ClusterError> {
        self.tell("ended")
    }

    fn tell(&mut self, line: &str) -> Result<(), ClusterError> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        pipe.write_all(format!("{line}\n").as_bytes())
            .map_err(ClusterError::io("talk to", "the guard process"))
    }

    /// Closes the pipe and waits until the server is gone and the run folder removed.
    pub(crate) fn finish(&mut self, how: Stop) -> Result<(), ClusterError> {
        if self.pipe.is_none() {
            return Ok(());
        }
        let told = match how {
            Stop::Fast => self.tell("stop INT"),
            Stop::Immediate => Ok(()),
        };
        self.pipe = None;
        let status = self.process.wait().map_err(ClusterError::io("wait for", "the guard process"))?;
        told?;
        match status.code() {
            Some(0) => Ok(()),
            Some(3) => {
                Err(ClusterError::StopFailed { reason: "it did not end within 60 s and was killed".into() })
            }
            Some(4) => Err(ClusterError::StopFailed { reason: "its folder could not be removed".into() }),
            _ => {
                Err(ClusterError::StopFailed { reason: format!("the guard process ended early ({status})") })
            }
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Only reached when a start failed half-way; that error is the one to report.
        let _ = self.finish(Stop::Immediate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_guard_ends_what_it_watches_and_removes_the_folder() {
        let run = std::env::temp_dir().join(format!("cobrand-guard-test-{}", std::process::id()));
        let data = run.join("data");
        fs::create_dir_all(&data).unwrap();
        let mut guard = Guard::start(&run, &data).unwrap();
        let mut watched = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        guard.watch(watched.id()).unwrap();

        guard.finish(Stop::Immediate).unwrap();

        assert!(!watched.wait().unwrap().success());
        assert!(!run.exists());
    }

    #[test]
    fn a_forgotten_process_is_left_alone() {
        let run = std::env::temp_dir().join(format!("cobrand-guard-forgets-test-{}", std::process::id()));
        fs::create_dir_all(&run).unwrap();
        let mut guard = Guard::start(&run, &run).unwrap();
        let mut stranger = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
        guard.watch(stranger.id()).unwrap();
        guard.forget().unwrap();

        guard.finish(Stop::Fast).unwrap();

        assert!(stranger.try_wait().unwrap().is_none(), "the guard killed a process it was told to forget");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

//! Whoever reads a command's output may stop, as `head` does: the command ends without a word.

#![allow(clippy::unwrap_used)]

use std::{
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Command, Stdio},
};

#[test]
fn a_command_whose_output_nobody_reads_ends_without_a_word() {
    for words in [
        &["partner", "events"][..],
        &["partner", "schema"],
        &["partner", "token"],
        &["api", "document"],
        &["rules", "schema"],
        &["spec", "list"],
        &["--help"],
    ] {
        let (ours, theirs) = UnixStream::pair().unwrap();
        // Before anything is written: no race decides.
        drop(ours);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cobrand"));
        let output = command.args(words).stdout(Stdio::from(OwnedFd::from(theirs))).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.is_empty(), "{words:?}: {told}");
        assert!(matches!(output.status.code(), Some(0 | 141)), "{words:?}: {}", output.status);
    }
}

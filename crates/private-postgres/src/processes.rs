//! Questions about other processes: what is running, and is it still the one we mean?

use std::fs;
use std::process::Command;

/// The command line of a living process; `None` if there is no such process (a zombie is none).
///
/// A process id alone proves nothing: it may have been given to somebody else since.
pub(crate) fn command_line(pid: u32) -> Option<String> {
    if fs::exists("/proc/self/cmdline").unwrap_or(false) {
        let raw = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let words: Vec<String> = raw
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        return (!words.is_empty()).then(|| words.join(" "));
    }
    let output = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// This run of the machine and this process namespace: process ids mean something only inside both.
/// `None` where the system does not tell.
pub(crate) fn boot_and_namespace() -> Option<(String, String)> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some((boot.trim().to_owned(), namespace.to_string_lossy().into_owned()))
}

/// Sends a signal by its name; `false` if there was nobody to receive it.
pub(crate) fn signal(name: &str, pid: u32) -> bool {
    Command::new("/bin/sh")
        .args(["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", name, &pid.to_string()])
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_command_line_is_known_and_a_dead_one_is_not() {
        let ours = command_line(std::process::id()).unwrap();
        assert!(ours.contains("private_postgres"), "{ours}");

        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(command_line(pid), None);
        assert!(!signal("CONT", pid));
    }
}

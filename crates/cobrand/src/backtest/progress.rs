//! How far a long command is, on a terminal.

use std::{io::IsTerminal, time::Duration};

/// How often the bar is drawn.
const EVERY: Duration = Duration::from_millis(200);
/// How wide it is.
const WIDTH: u64 = 40;

/// A bar on standard error; nothing if that is not a terminal.
pub(super) struct Progress {
    all: u64,
    shown: bool,
}

impl Progress {
    pub(super) fn begin(all: u64) -> Self {
        Self { all, shown: std::io::stderr().is_terminal() }
    }

    /// Until the bar is drawn again.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(EVERY).await;
    }

    pub(super) fn show(&self, done: u64) {
        if self.shown {
            eprint!("\r{}", bar(done, self.all));
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if self.shown {
            let width = usize::try_from(WIDTH).unwrap_or(0) + 40;
            eprint!("\r{:width$}\r", "");
        }
    }
}

fn bar(done: u64, all: u64) -> String {
    // Messages that came since they were counted.
    let all = all.max(done).max(1);
    let filled = usize::try_from(done.saturating_mul(WIDTH) / all).unwrap_or(0);
    let empty = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(filled);
    let percent = done.saturating_mul(100) / all;
    format!("[{}{}] {percent:>3} % of {all} messages", "#".repeat(filled), "-".repeat(empty))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_fills() {
        assert_eq!(bar(0, 0), format!("[{}]   0 % of 1 messages", "-".repeat(40)));
        assert_eq!(bar(50, 200), format!("[{}{}]  25 % of 200 messages", "#".repeat(10), "-".repeat(30)));
        assert_eq!(bar(7, 5), format!("[{}] 100 % of 7 messages", "#".repeat(40)));
    }
}

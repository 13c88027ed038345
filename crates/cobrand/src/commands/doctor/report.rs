//! Groups of checks on standard output.

use std::io::Write as _;

/// A line on standard output; that nobody reads on, as behind `| head`, is no error.
macro_rules! line {
    ($($text:tt)*) => {{
        let _ = writeln!(std::io::stdout().lock(), $($text)*);
    }};
}

/// What was found so far.
#[derive(Debug, Default)]
pub(in crate::commands) struct Report {
    failures: usize,
    warnings: usize,
    groups: usize,
}

impl Report {
    /// Begins a group.
    pub(super) fn group(&mut self, name: &str) {
        if self.groups > 0 {
            line!();
        }
        self.groups += 1;
        line!("{name}");
        line!("{}", "-".repeat(name.chars().count()));
    }

    pub(super) fn ok(&self, text: &str) {
        line!("√ {text}");
    }

    pub(super) fn warn(&mut self, text: &str, hint: &str) {
        self.warnings += 1;
        line!("‼ {text}\n    {hint}");
    }

    pub(super) fn fail(&mut self, text: &str, hint: &str) {
        self.failures += 1;
        line!("× {text}\n    {hint}");
    }

    pub(super) fn skip(&self, what: &str, why: &str) {
        line!("- {what}: {why}");
    }

    /// Something that is neither right nor wrong.
    pub(super) fn tell(&self, text: &str) {
        line!("  {text}");
    }

    pub(super) const fn failures(&self) -> usize {
        self.failures
    }

    /// The last lines.
    pub(super) fn end(&self) {
        let verdict = if self.failures == 0 { "√" } else { "×" };
        let counted = |number: usize, what: &str| match number {
            1 => format!("1 {what}"),
            many => format!("{many} {what}s"),
        };
        let (failures, warnings) = (counted(self.failures, "failure"), counted(self.warnings, "warning"));
        line!("\nresult {verdict}: {failures}, {warnings}");
    }
}

//! Groups of checks on standard output.

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
            println!();
        }
        self.groups += 1;
        println!("{name}");
        println!("{}", "-".repeat(name.chars().count()));
    }

    pub(super) fn ok(&self, text: &str) {
        println!("√ {text}");
    }

    pub(super) fn warn(&mut self, text: &str, hint: &str) {
        self.warnings += 1;
        println!("‼ {text}\n    {hint}");
    }

    pub(super) fn fail(&mut self, text: &str, hint: &str) {
        self.failures += 1;
        println!("× {text}\n    {hint}");
    }

    pub(super) fn skip(&self, what: &str, why: &str) {
        println!("- {what}: {why}");
    }

    /// Something that is neither right nor wrong.
    pub(super) fn tell(&self, text: &str) {
        println!("  {text}");
    }

    pub(super) const fn failures(&self) -> usize {
        self.failures
    }

    /// The last lines.
    pub(super) fn end(&self) {
        let verdict = if self.failures == 0 { "√" } else { "×" };
        println!("\nresult {verdict}: {} failures, {} warnings", self.failures, self.warnings);
    }
}

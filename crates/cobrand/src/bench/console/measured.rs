//! What the visits took.

use std::time::Duration;

use serde_json::{Value, json};

use super::{visits::Kind, visits::Visit, year::Year};

/// A page answers within this, for nineteen visits of twenty.
pub const LIMIT: Duration = Duration::from_millis(100);

/// The visits of one line.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Which.
    pub visit: Visit,
    /// From the shortest to the longest.
    pub took: Vec<Duration>,
    /// The longest answer, in bytes.
    pub bytes: usize,
}

impl Measured {
    pub(super) fn new(visit: Visit, mut took: Vec<Duration>, bytes: usize) -> Self {
        took.sort();
        Self { visit, took, bytes }
    }

    /// What so many visits of a hundred did not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let place = (self.took.len() * hundredths).div_ceil(100).saturating_sub(1);
        self.took.get(place).copied().unwrap_or_default()
    }

    /// Whether somebody waits too long.
    pub fn is_slow(&self) -> bool {
        self.visit.kind == Kind::Page && self.percentile(95) >= LIMIT
    }

    fn json(&self) -> Value {
        json!({
            "name": self.visit.name,
            "route": self.visit.route,
            "kind": word(self.visit.kind),
            "visits": self.took.len(),
            "p50_ms": ms(self.percentile(50)),
            "p95_ms": ms(self.percentile(95)),
            "max_ms": ms(self.percentile(100)),
            "bytes": self.bytes,
            "within_limit": !self.is_slow(),
        })
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Page => "page",
        Kind::Export => "export",
        Kind::Api => "api",
    }
}

fn ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

/// All of it as one object.
pub(super) fn json(year: &Year, sign_in: Duration, measured: &[Measured]) -> Value {
    let pages: Vec<Value> = measured.iter().map(Measured::json).collect();
    let slow: Vec<&str> = measured.iter().filter(|one| one.is_slow()).map(|one| one.visit.name).collect();
    json!({
        "console": { "loaded": year.json(), "limit_ms": LIMIT.as_millis(), "sign_in_ms": ms(sign_in),
            "pages": pages, "above_the_limit": slow },
        "release_build": !cfg!(debug_assertions),
    })
}

/// The same for people.
pub(super) fn print(year: &Year, sign_in: Duration, measured: &[Measured]) {
    println!(
        "{} days, {} transactions, {} messages, {} movements, {} MB, loaded in {} s; milliseconds until the whole answer is there",
        year.days,
        year.transactions,
        year.messages,
        year.transfers,
        year.bytes / 1_000_000,
        year.took.as_secs()
    );
    println!("  {:<44} {:>7} {:>8} {:>8} {:>8} {:>9}", "", "visits", "p50", "p95", "max", "bytes");
    for one in measured {
        let verdict = match one.visit.kind {
            Kind::Page if one.is_slow() => "ABOVE THE LIMIT",
            Kind::Page => "",
            Kind::Export | Kind::Api => word(one.visit.kind),
        };
        let [p50, p95, max] = [50, 95, 100].map(|hundredths| ms(one.percentile(hundredths)));
        println!(
            "  {:<44} {:>7} {p50:>8.1} {p95:>8.1} {max:>8.1} {:>9} {verdict}",
            one.visit.name,
            one.took.len(),
            one.bytes
        );
    }
    println!("  signing in, which is slow on purpose: {:.1} ms", ms(sign_in));
    println!("  the limit is {} ms at p95 for each page", LIMIT.as_millis());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::console::visits::VISITS;

    #[test]
    fn the_slowest_of_twenty_may_be_above_the_limit_and_the_two_slowest_not() {
        let visit = VISITS[0];
        let of = |slow: usize| {
            let took = (0..20).map(|n| Duration::from_millis(if n < slow { 150 } else { 10 }));
            Measured::new(visit, took.collect(), 0)
        };
        assert!(!of(0).is_slow() && !of(1).is_slow());
        assert!(of(2).is_slow());
        assert_eq!(of(2).percentile(50), Duration::from_millis(10));
        assert_eq!(of(1).percentile(100), Duration::from_millis(150));
        let export = Visit { kind: Kind::Export, ..visit };
        assert!(!Measured { visit: export, ..of(20) }.is_slow(), "an export has no limit");
    }
}

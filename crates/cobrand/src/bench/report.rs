//! What was measured, with its spread.

use serde_json::{Value, json};

use super::{SESSIONS, admin};
use crate::demo::World;

/// Messages per second of every run.
pub(super) struct Report {
    pub(super) end_to_end: Vec<f64>,
    pub(super) raw_copy: Vec<f64>,
    pub(super) per_message: Vec<(usize, Vec<f64>)>,
    settings: Vec<(String, String)>,
}

impl Report {
    pub(super) async fn new(world: &World) -> anyhow::Result<Self> {
        let client = admin(world).await?;
        let mut settings = Vec::new();
        for name in ["fsync", "synchronous_commit", "full_page_writes", "server_version"] {
            let row = client.query_one(format!("SHOW {name}").as_str(), &[]).await?;
            settings.push((name.to_owned(), row.try_get::<_, String>(0)?));
        }
        let per_message = SESSIONS.map(|sessions| (sessions, Vec::new())).to_vec();
        Ok(Self { end_to_end: Vec::new(), raw_copy: Vec::new(), per_message, settings })
    }

    /// The number of sessions at which the per-message handler is fastest, and its runs.
    fn best(&self) -> (usize, &[f64]) {
        let best = self.per_message.iter().max_by(|a, b| median(&a.1).total_cmp(&median(&b.1)));
        best.map_or((0, &[][..]), |(sessions, runs)| (*sessions, runs.as_slice()))
    }

    /// The ratios of each round by itself: what a drift of the machine's speed leaves alone.
    fn ratios(&self) -> Vec<f64> {
        let (_, single) = self.best();
        self.end_to_end.iter().zip(single).map(|(batch, single)| batch / single).collect()
    }

    pub(super) fn json(&self) -> Value {
        let (sessions, single) = self.best();
        let settings: serde_json::Map<String, Value> =
            self.settings.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let runs: serde_json::Map<String, Value> =
            self.per_message.iter().map(|(sessions, runs)| (sessions.to_string(), whole(runs))).collect();
        json!({
            "end_to_end_per_s": median(&self.end_to_end).round(),
            "per_message_per_s": median(single).round(),
            "per_message_sessions": sessions,
            "raw_copy_per_s": median(&self.raw_copy).round(),
            "end_to_end_over_per_message": two_digits(median(&self.ratios())),
            "end_to_end_over_raw_copy": two_digits(median(&self.end_to_end) / median(&self.raw_copy)),
            "runs": { "end_to_end": whole(&self.end_to_end), "raw_copy": whole(&self.raw_copy), "per_message": runs },
            "settings": settings,
            "release_build": !cfg!(debug_assertions),
        })
    }

    pub(super) fn print(&self) {
        let (sessions, single) = self.best();
        println!("messages per second, median (lowest-highest) of {} runs", self.end_to_end.len());
        line("end to end over mutual TLS, batched", &self.end_to_end);
        line(&format!("the same with a batch of one, {sessions} sessions"), single);
        line("raw COPY of the same rows", &self.raw_copy);
        println!("  end to end / per message      {:.2}", median(&self.ratios()));
        println!("  end to end / raw COPY         {:.2}", median(&self.end_to_end) / median(&self.raw_copy));
        let settings =
            self.settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        println!("  PostgreSQL: {}", settings.join(" "));
    }
}

fn line(name: &str, runs: &[f64]) {
    let (low, high) =
        runs.iter().fold((f64::MAX, 0.0_f64), |(low, high), run| (low.min(*run), high.max(*run)));
    println!("  {name:<46} {:>8.0} ({low:.0}-{high:.0})", median(runs));
}

fn whole(runs: &[f64]) -> Value {
    runs.iter().map(|run| run.round()).collect()
}

fn two_digits(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

pub(super) fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

//! What reconciliation makes of it, as it is stored.

use jiff::{Timestamp, ToSpan};
use planted_month::Found;
use settlement::ReconcileSettings;

use super::Lanes;

/// So many days after the last date everything is due.
const DAYS_LATER: i64 = 20;

impl Lanes {
    /// Compares everything, as if the month were long over; the breaks that are open then.
    pub(crate) async fn reconcile(&self) -> Vec<Found> {
        let (pool, settings) = (&self.world.assembly.pool, ReconcileSettings::default());
        let as_of: Timestamp = self.now() + (24 * DAYS_LATER).hours();
        let found = settlement::reconcile(pool, self.out(), &self.setups(), &settings, as_of).await.unwrap();
        for of in &found.sources {
            println!(
                "{}: {} scopes, {:?}, problems {:?}",
                of.source.name(),
                of.scopes,
                of.counts,
                of.problems
            );
        }
        let text = "SELECT source, class, subject, unit, difference FROM reconciliation_break \
                    WHERE cured_run IS NULL ORDER BY break_id";
        let rows = pool.get().await.unwrap().query(text, &[]).await.unwrap();
        let breaks = rows.iter().map(|row| Found {
            source: row.get(0),
            class: row.get(1),
            subject: row.get(2),
            unit: row.get(3),
            difference: row.get(4),
        });
        breaks.collect()
    }
}

//! What reconciliation makes of it, as it is stored.

use domain::reconciliation::{FileSchedule, StatementPeriod};
use jiff::{Timestamp, ToSpan, civil::Weekday};
use planted_month::{BANKS, FIRST, Found};
use settlement::{FilesAgreed, ReconcileSettings, StatementsAgreed};

use super::Lanes;

/// On each of so many days behind the first both banks clear something.
const FILES_DAYS: i64 = 31;
/// So many days after the last date everything is due.
const DAYS_LATER: i64 = 20;

impl Lanes {
    /// A clearing file for each date on which there is always something, and a statement of each bank for each month.
    fn agreed(&self) -> ReconcileSettings {
        let mut settings = ReconcileSettings::default();
        for bank in BANKS {
            let files = FilesAgreed {
                code: bank.code.to_owned(),
                schedule: FileSchedule {
                    weekdays: Some(Weekday::Monday.cycle_forward().take(7).collect()),
                    files: 1,
                },
                due_hours: 24,
                since: Some(FIRST + 1.day()),
                until: Some(FIRST + FILES_DAYS.days()),
            };
            let monthly = StatementsAgreed { every: StatementPeriod::Month, within_hours: 72, since: None };
            let id = self.world.assembly.program(bank.program).unwrap().file.program.bank;
            settings.clearing_files.insert(id, files);
            settings.statements.insert(bank.code.to_owned(), monthly);
        }
        settings
    }

    /// Compares everything, as if the month were long over; the breaks that are open then.
    pub(crate) async fn reconcile(&self) -> Vec<Found> {
        let (pool, settings) = (&self.world.assembly.pool, self.agreed());
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

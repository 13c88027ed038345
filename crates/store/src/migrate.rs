//! The migrations: numbered texts, applied once, in order, one statement per call, under a lock.

use aws_lc_rs::digest::{SHA256, digest};
use tokio_postgres::Client;

use crate::StoreError;

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number.
    pub version: i32,
    /// What it does.
    pub name: &'static str,
    /// The oldest version of the program that still works once it is applied.
    pub works_from: &'static str,
    body: &'static str,
}

/// All migrations, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        works_from: "0.1.0",
        body: include_str!("../migrations/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "totals with banks",
        works_from: "0.1.0",
        body: include_str!("../migrations/0002_totals_with_banks.sql"),
    },
    Migration {
        version: 3,
        name: "clearing files",
        works_from: "0.1.0",
        body: include_str!("../migrations/0003_clearing_files.sql"),
    },
    Migration {
        version: 4,
        name: "records of files",
        works_from: "0.1.0",
        body: include_str!("../migrations/0004_records_of_files.sql"),
    },
    Migration {
        version: 5,
        name: "withdrawn cut-overs",
        works_from: "0.1.0",
        body: include_str!("../migrations/0005_withdrawn_cut_overs.sql"),
    },
    Migration {
        version: 6,
        name: "merchant maps",
        works_from: "0.1.0",
        body: include_str!("../migrations/0006_merchant_maps.sql"),
    },
    Migration {
        version: 7,
        name: "holds expire",
        works_from: "0.1.0",
        body: include_str!("../migrations/0007_holds_expire.sql"),
    },
    Migration {
        version: 8,
        name: "files of equal content",
        works_from: "0.1.0",
        body: include_str!("../migrations/0008_files_of_equal_content.sql"),
    },
    Migration {
        version: 9,
        name: "life of miles",
        works_from: "0.1.0",
        body: include_str!("../migrations/0009_life_of_miles.sql"),
    },
    Migration {
        version: 10,
        name: "discounts",
        works_from: "0.1.0",
        body: include_str!("../migrations/0010_discounts.sql"),
    },
    Migration {
        version: 11,
        name: "approval",
        works_from: "0.1.0",
        body: include_str!("../migrations/0011_approval.sql"),
    },
    Migration {
        version: 12,
        name: "what decided",
        works_from: "0.1.0",
        body: include_str!("../migrations/0012_what_decided.sql"),
    },
    Migration {
        version: 13,
        name: "corrections",
        works_from: "0.1.0",
        body: include_str!("../migrations/0013_corrections.sql"),
    },
    Migration {
        version: 14,
        name: "members and their cards",
        works_from: "0.1.0",
        body: include_str!("../migrations/0014_members_and_their_cards.sql"),
    },
    Migration {
        version: 15,
        name: "tiers",
        works_from: "0.1.0",
        body: include_str!("../migrations/0015_tiers.sql"),
    },
    Migration {
        version: 16,
        name: "redeem",
        works_from: "0.1.0",
        body: include_str!("../migrations/0016_redeem.sql"),
    },
    Migration {
        version: 17,
        name: "pools",
        works_from: "0.1.0",
        body: include_str!("../migrations/0017_pools.sql"),
    },
    Migration {
        version: 18,
        name: "coupons",
        works_from: "0.1.0",
        body: include_str!("../migrations/0018_coupons.sql"),
    },
    Migration {
        version: 19,
        name: "partner ledger",
        works_from: "0.1.0",
        body: include_str!("../migrations/0019_partner_ledger.sql"),
    },
    Migration {
        version: 20,
        name: "refund matcher",
        works_from: "0.1.0",
        body: include_str!("../migrations/0020_refund_matcher.sql"),
    },
    Migration {
        version: 21,
        name: "small",
        works_from: "0.1.0",
        body: include_str!("../migrations/0021_small.sql"),
    },
    Migration {
        version: 22,
        name: "close of day",
        works_from: "0.1.0",
        body: include_str!("../migrations/0022_close_of_day.sql"),
    },
    Migration {
        version: 23,
        name: "terms",
        works_from: "0.1.0",
        body: include_str!("../migrations/0023_terms.sql"),
    },
    Migration {
        version: 24,
        name: "events and deliveries",
        works_from: "0.1.0",
        body: include_str!("../migrations/0024_events_and_deliveries.sql"),
    },
    Migration {
        version: 25,
        name: "acknowledgements",
        works_from: "0.1.0",
        body: include_str!("../migrations/0025_acknowledgements.sql"),
    },
    Migration {
        version: 26,
        name: "access",
        works_from: "0.1.0",
        body: include_str!("../migrations/0026_access.sql"),
    },
    Migration {
        version: 27,
        name: "audit",
        works_from: "0.1.0",
        body: include_str!("../migrations/0027_audit.sql"),
    },
    Migration {
        version: 28,
        name: "reconciliation",
        works_from: "0.1.0",
        body: include_str!("../migrations/0028_reconciliation.sql"),
    },
    Migration {
        version: 29,
        name: "cases",
        works_from: "0.1.0",
        body: include_str!("../migrations/0029_cases.sql"),
    },
    Migration {
        version: 30,
        name: "what pages show",
        works_from: "0.1.0",
        body: include_str!("../migrations/0030_what_pages_show.sql"),
    },
    Migration {
        version: 31,
        name: "search and views",
        works_from: "0.1.0",
        body: include_str!("../migrations/0031_search_and_views.sql"),
    },
    Migration {
        version: 32,
        name: "staff api",
        works_from: "0.1.0",
        body: include_str!("../migrations/0032_staff_api.sql"),
    },
    Migration {
        version: 33,
        name: "console indexes",
        works_from: "0.1.0",
        body: include_str!("../migrations/0033_console_indexes.sql"),
    },
    Migration {
        version: 34,
        name: "access and kept answers",
        works_from: "0.1.0",
        body: include_str!("../migrations/0034_access_and_kept_answers.sql"),
    },
    Migration {
        version: 35,
        name: "suggestions and disputes",
        works_from: "0.1.0",
        body: include_str!("../migrations/0035_suggestions_and_disputes.sql"),
    },
];

/// A number that no other program should use for an advisory lock.
const LOCK: i64 = 0x636f_6272_616e_6401;

impl Migration {
    fn statements(&self) -> impl Iterator<Item = &'static str> {
        self.body.split("\n---\n").map(str::trim).filter(|statement| !statement.is_empty())
    }

    fn checksum(&self) -> Vec<u8> {
        digest(&SHA256, self.body.as_bytes()).as_ref().to_vec()
    }
}

/// Brings the database to the newest migration; returns how many were applied.
pub async fn migrate(client: &mut Client) -> Result<usize, StoreError> {
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let applied = apply_missing(client).await;
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    applied
}

async fn apply_missing(client: &mut Client) -> Result<usize, StoreError> {
    let table = "CREATE TABLE IF NOT EXISTS schema_migration (version int PRIMARY KEY, name text NOT NULL, \
                 works_from text NOT NULL, checksum bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
    client.execute(table, &[]).await?;
    let rows = client
        .query("SELECT version, checksum, works_from FROM schema_migration ORDER BY version", &[])
        .await?;
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    for row in &rows {
        let (version, checksum): (i32, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        match MIGRATIONS.iter().find(|migration| migration.version == version) {
            // A migration says which is the oldest program that still works on it.
            None if works(row.try_get(2)?) => {}
            None => return Err(StoreError::DatabaseIsNewer { found: version, known }),
            Some(migration) if migration.checksum() != checksum => {
                return Err(StoreError::MigrationChanged { version });
            }
            Some(_) => {}
        }
    }
    let applied = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i32>, _>>()?;
    let missing: Vec<&Migration> =
        MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version)).collect();
    for migration in &missing {
        apply(client, migration).await?;
    }
    Ok(missing.len())
}

/// Whether this program is not older than `works_from`, as `major.minor.patch`.
fn works(works_from: &str) -> bool {
    let parts =
        |text: &str| text.split('.').map(|part| part.parse().unwrap_or(u32::MAX)).collect::<Vec<u32>>();
    parts(works_from) <= parts(env!("CARGO_PKG_VERSION"))
}

async fn apply(client: &mut Client, migration: &Migration) -> Result<(), StoreError> {
    let transaction = client.transaction().await?;
    for statement in migration.statements() {
        transaction.execute(statement, &[]).await?;
    }
    let record = "INSERT INTO schema_migration (version, name, works_from, checksum) VALUES ($1, $2, $3, $4)";
    let checksum = migration.checksum();
    transaction
        .execute(record, &[&migration.version, &migration.name, &migration.works_from, &checksum])
        .await?;
    transaction.commit().await?;
    tracing::info!(version = migration.version, name = migration.name, "migration applied");
    Ok(())
}

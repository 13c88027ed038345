//! What of the year is visited: some of everything, spread over all of it.

use jiff::civil::Date;
use tokio_postgres::{Client, Row};

use super::year::Year;
use crate::bench::lives::mixed;

/// So many of each kind are found.
const SAMPLES: i64 = 64;

/// A message and how it can be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfMessage {
    pub(super) bucket: i32,
    /// In hexadecimal digits.
    pub(super) key: String,
    pub(super) retrieval: String,
    pub(super) date: Date,
}

/// Places of pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Samples {
    pub(super) program: String,
    /// Closed dates, and behind them the open one.
    pub(super) dates: Vec<Date>,
    pub(super) last: Date,
    pub(super) messages: Vec<OfMessage>,
    /// Versions of the program, as hexadecimal digits.
    pub(super) versions: Vec<String>,
    pub(super) proposals: Vec<i32>,
    /// Refunds that wait, as `bucket/key`.
    pub(super) refunds: Vec<String>,
}

impl Samples {
    pub(super) async fn find(client: &Client, year: &Year) -> anyhow::Result<Self> {
        let dates = client
            .query("SELECT business_date FROM settlement_cycle WHERE state <> 'prepared' ORDER BY 1", &[])
            .await?;
        let dates = dates.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Date>, _>>()?;
        Ok(Self {
            program: year.program.clone(),
            last: year.last,
            dates,
            messages: messages(client).await?,
            versions: column(client, "SELECT encode(rules_hash, 'hex') FROM program_version LIMIT 8").await?,
            proposals: column(client, "SELECT proposal_id FROM rules_proposal ORDER BY 1 DESC LIMIT 64")
                .await?,
            refunds: column(
                client,
                "SELECT bucket || '/' || encode(purchase_key, 'hex') FROM purchase WHERE refunded_minor > 0 \
                 AND cleared_minor = 0 AND hold = 'none' AND refund_match IS NULL LIMIT 64",
            )
            .await?,
        })
    }
}

async fn column<T>(client: &Client, text: &str) -> anyhow::Result<Vec<T>>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    let rows = client.query(text, &[]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// One message of a purchase from each of some cycles, at some time of the day.
async fn messages(client: &Client) -> anyhow::Result<Vec<OfMessage>> {
    let text = "SELECT m.bucket, encode(m.message_key, 'hex'), m.retrieval, c.business_date FROM \
                (SELECT c.*, row_number() OVER (ORDER BY md5(cycle_id::text)) AS place FROM settlement_cycle c \
                 WHERE state <> 'prepared') c \
                CROSS JOIN generate_series(1, 4) g, \
                LATERAL (SELECT * FROM message m WHERE m.cycle_id = c.cycle_id AND m.purchase_key IS NOT NULL \
                 AND m.message_key > int8send(extract(epoch FROM c.business_date)::bigint + 7200 * g) \
                 ORDER BY m.message_key LIMIT 1) m ORDER BY place, g LIMIT $1";
    let rows = client.query(text, &[&SAMPLES]).await?;
    let one = |row: &Row| {
        anyhow::Ok(OfMessage {
            bucket: row.try_get(0)?,
            key: row.try_get(1)?,
            retrieval: row.try_get(2)?,
            date: row.try_get(3)?,
        })
    };
    rows.iter().map(one).collect()
}

/// Numbers that look like chance, and are the same each time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of them; `None` if there is none.
    pub(super) fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = u64::try_from(of.len()).unwrap_or(0);
        of.get(usize::try_from(mixed(self.0) % number.max(1)).unwrap_or(0))
    }
}

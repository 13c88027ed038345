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
    /// DE11 and DE7.
    pub(super) sent: String,
    pub(super) arn: String,
    pub(super) approval: String,
    pub(super) last4: String,
    pub(super) shop: String,
    /// The member's number at the partner.
    pub(super) member: String,
    /// In major units, as somebody enters it.
    pub(super) amount: String,
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
    /// Partners with a position each day.
    pub(super) partners: Vec<String>,
    /// Breaks that are not resolved, and others.
    pub(super) open: Vec<i64>,
    pub(super) resolved: Vec<i64>,
    /// As `case/place`.
    pub(super) attachments: Vec<String>,
    /// Classes of breaks.
    pub(super) classes: Vec<String>,
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
            partners: column(
                client,
                "SELECT DISTINCT code FROM settlement_position JOIN partner USING (partner_id) ORDER BY 1",
            )
            .await?,
            open: column(client, "SELECT case_id FROM break_case WHERE state <> 'resolved'").await?,
            resolved: column(client, "SELECT case_id FROM break_case WHERE state = 'resolved' LIMIT 500")
                .await?,
            attachments: column(client, "SELECT case_id || '/' || place FROM case_attachment LIMIT 64")
                .await?,
            classes: column(client, "SELECT DISTINCT class FROM reconciliation_break ORDER BY 1").await?,
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
    let text = "SELECT m.bucket, encode(m.message_key, 'hex'), m.retrieval, c.business_date, m.stan || ' ' || m.transmitted, \
                m.arn, m.approval, m.last4, m.card_acceptor, a.member_number, (m.amount_minor / 100) || '.' || \
                lpad((m.amount_minor % 100)::text, 2, '0') FROM \
                (SELECT c.*, row_number() OVER (ORDER BY md5(cycle_id::text)) AS place FROM settlement_cycle c \
                 WHERE state <> 'prepared') c \
                CROSS JOIN generate_series(1, 4) g, \
                LATERAL (SELECT * FROM message m WHERE m.cycle_id = c.cycle_id AND m.purchase_key IS NOT NULL AND m.mti = '0220' \
                 AND m.message_key > int8send(extract(epoch FROM c.business_date)::bigint + 7200 * g) \
                 ORDER BY m.message_key LIMIT 1) m \
                JOIN member_account a ON a.bucket = m.bucket AND a.account_id = m.account_id ORDER BY place, g LIMIT $1";
    let rows = client.query(text, &[&SAMPLES]).await?;
    let one = |row: &Row| {
        anyhow::Ok(OfMessage {
            bucket: row.try_get(0)?,
            key: row.try_get(1)?,
            retrieval: row.try_get(2)?,
            date: row.try_get(3)?,
            sent: row.try_get(4)?,
            arn: row.try_get(5)?,
            approval: row.try_get(6)?,
            last4: row.try_get(7)?,
            shop: row.try_get(8)?,
            member: row.try_get(9)?,
            amount: row.try_get(10)?,
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

//! What a bank's link did, minute by minute.

use jiff::Timestamp;

use crate::{Pool, StoreError};

/// Answers are counted by how long they took: up to so many milliseconds, and longer.
pub const LATENCY_BOUNDS_MS: [u32; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 300, 500];

/// A minute of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkMinute {
    /// The link's code.
    pub link: String,
    /// Its begin.
    pub minute: Timestamp,
    /// The most connections that a process had in it.
    pub connections: i32,
    /// Messages that came.
    pub messages: i64,
    /// Answers by [`LATENCY_BOUNDS_MS`], and one count more for those that took longer.
    pub answers: Vec<i64>,
}

/// Adds minutes to what other processes have noted of them.
pub async fn keep_link_minutes(pool: &Pool, minutes: &[LinkMinute]) -> Result<(), StoreError> {
    let text = "INSERT INTO link_minute (link, minute, connections, messages, answers) VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (link, minute) DO UPDATE SET \
                connections = greatest(link_minute.connections, EXCLUDED.connections), \
                messages = link_minute.messages + EXCLUDED.messages, \
                answers = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place) \
                FROM unnest(link_minute.answers, EXCLUDED.answers) WITH ORDINALITY both_of(a, b, place))";
    let client = pool.get().await?;
    for one in minutes {
        client
            .execute(text, &[&one.link, &one.minute, &one.connections, &one.messages, &one.answers])
            .await?;
    }
    Ok(())
}

/// The last minute of a link that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastLinkMinute {
    /// The link's code.
    pub link: String,
    /// Its begin.
    pub minute: Timestamp,
    /// The most connections that a process had in it.
    pub connections: i32,
}

/// The last minute of each link that was written since an instant, by link.
///
/// # Errors
/// The database.
pub async fn last_link_minutes(pool: &Pool, since: Timestamp) -> Result<Vec<LastLinkMinute>, StoreError> {
    let text = "SELECT DISTINCT ON (link) link, minute, connections FROM link_minute WHERE minute >= $1 \
                ORDER BY link, minute DESC";
    let rows = pool.get().await?.query(text, &[&since]).await?;
    let last = |row: &tokio_postgres::Row| {
        Ok(LastLinkMinute { link: row.try_get(0)?, minute: row.try_get(1)?, connections: row.try_get(2)? })
    };
    rows.iter().map(last).collect()
}

/// What all links did from `since` on, by link and in spans of so many minutes; the oldest first.
pub async fn link_spans(
    pool: &Pool,
    since: Timestamp,
    span_minutes: i32,
) -> Result<Vec<LinkMinute>, StoreError> {
    let text = "SELECT link, date_bin(make_interval(mins => $2), minute, $1) AS span, max(connections), \
                sum(messages)::bigint, (SELECT array_agg(total ORDER BY place) FROM (SELECT place, sum(n)::bigint AS total \
                FROM unnest(array_agg(minutes.answers)) WITH ORDINALITY flat(n, at) \
                CROSS JOIN LATERAL (SELECT (at - 1) % 11 AS place) p GROUP BY place) sums) \
                FROM link_minute minutes WHERE minute >= $1 GROUP BY 1, 2 ORDER BY 2, 1";
    let rows = pool.get().await?.query(text, &[&since, &span_minutes]).await?;
    rows.iter()
        .map(|row| {
            Ok(LinkMinute {
                link: row.try_get(0)?,
                minute: row.try_get(1)?,
                connections: row.try_get(2)?,
                messages: row.try_get(3)?,
                answers: row.try_get(4)?,
            })
        })
        .collect()
}

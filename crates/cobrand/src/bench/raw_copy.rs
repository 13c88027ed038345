//! The yardstick: COPY of the very rows that the end-to-end run wrote, into the same indexed tables.

use std::time::Instant;

use anyhow::{Context, ensure};
use futures_util::{SinkExt, StreamExt, pin_mut};
use tokio_postgres::Client;

use super::admin;
use crate::demo::World;

/// The tables that a message writes, parents first.
const TABLES: [&str; 7] =
    ["message", "purchase", "match_ref", "transfer", "member_balance", "member_counter", "outbox"];

/// Messages per second of one connection that copies all rows in one transaction and commits.
pub(super) async fn run(world: &World) -> anyhow::Result<f64> {
    let mut client = admin(world).await?;
    let messages: i64 = client.query_one("SELECT count(*) FROM message", &[]).await?.try_get(0)?;
    ensure!(messages > 0, "there is nothing to copy");
    let mut rows = Vec::new();
    for table in TABLES {
        rows.push((table, copy_out(&client, table).await?));
    }
    super::empty_tables(world).await?;
    let began = Instant::now();
    let transaction = client.transaction().await?;
    for (table, chunks) in rows {
        let sink = transaction.copy_in(format!("COPY {table} FROM STDIN (FORMAT binary)").as_str()).await?;
        pin_mut!(sink);
        for chunk in chunks {
            sink.send(chunk).await?;
        }
        sink.finish().await?;
    }
    transaction.commit().await?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(f64::from(u32::try_from(messages).context("too many messages")?) / seconds)
}

async fn copy_out(client: &Client, table: &str) -> anyhow::Result<Vec<bytes::Bytes>> {
    let stream = client.copy_out(format!("COPY {table} TO STDOUT (FORMAT binary)").as_str()).await?;
    pin_mut!(stream);
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        chunks.push(chunk?);
    }
    Ok(chunks)
}

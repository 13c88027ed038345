//! The two tasks of a link: one reads, one writes.

use std::{io, sync::Arc, time::Duration};

use iso8583::{MAX_MESSAGE, dialects, framing};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use super::Shared;
use crate::reply::Reply;

/// Read at once; whole frames are taken out after each read, so the buffer stays below this and one frame.
const READ_BYTES: usize = 16 * 1024;
/// Written at once: four TLS records. More would only delay the first of them.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Bytes as they go out.
    Bytes(Vec<u8>),
    /// Nothing follows.
    Goodbye,
}

/// Runs until the connection ends.
pub(super) async fn read_replies(
    mut stream: impl AsyncRead + Unpin,
    shared: Arc<Shared>,
    raw: mpsc::Sender<Vec<u8>>,
) {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let reason = loop {
        buffer.reserve(READ_BYTES);
        match stream.read_buf(&mut buffer).await {
            Ok(0) => break "the gateway closed the connection".to_owned(),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                break "the gateway closed the connection without a goodbye".to_owned();
            }
            Err(error) => break format!("the connection broke: {error}"),
        }
        if let Err(error) = take_frames(&mut buffer, &shared, &raw) {
            break format!("the gateway sent what is no frame: {error}");
        }
    };
    tracing::debug!(reason, "link ended");
    shared.close(&reason);
}

fn take_frames(
    buffer: &mut Vec<u8>,
    shared: &Shared,
    raw: &mpsc::Sender<Vec<u8>>,
) -> Result<(), framing::FrameError> {
    let mut taken = 0;
    while let Some(range) = framing::next_frame(buffer.get(taken..).unwrap_or_default(), MAX_MESSAGE)? {
        let frame = buffer.get(taken + range.start..taken + range.end).unwrap_or_default();
        take_frame(frame, shared, raw);
        taken += range.end;
    }
    buffer.drain(..taken);
    Ok(())
}

fn take_frame(frame: &[u8], shared: &Shared, raw: &mpsc::Sender<Vec<u8>>) {
    match dialects::iso87_ascii().decode(frame) {
        Ok(message) if shared.in_flight.deliver(Reply::from_message(&message)) => {
            shared.counters.reply();
            return;
        }
        Ok(message) => {
            tracing::debug!(?message, "nobody waited for this message");
            shared.counters.unmatched_one();
        }
        Err(error) => {
            tracing::warn!(%error, "the gateway sent what the dialect cannot read");
            shared.counters.undecodable_one();
        }
    }
    if raw.try_send(frame.to_vec()).is_err() {
        shared.counters.thrown_away_one();
    }
}

/// Runs until the goodbye, or until nobody can send any more.
pub(super) async fn write_frames(
    mut stream: impl AsyncWrite + Unpin,
    shared: Arc<Shared>,
    mut queue: mpsc::Receiver<Outgoing>,
    write_timeout: Duration,
) {
    let mut batch = Vec::new();
    let mut goodbye = false;
    while !goodbye && let Some(first) = queue.recv().await {
        batch.clear();
        goodbye = add(&mut batch, first);
        while !goodbye
            && batch.len() < WRITE_BYTES_MAX
            && let Ok(next) = queue.try_recv()
        {
            goodbye = add(&mut batch, next);
        }
        let written = timeout(write_timeout, async {
            stream.write_all(&batch).await?;
            stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return shared.close(&format!("the connection broke: {error}")),
            Err(_) => return shared.close(&format!("the gateway took nothing for {write_timeout:?}")),
        }
    }
    // The peer may be gone already; that is no matter any more.
    let _ = timeout(write_timeout, stream.shutdown()).await;
}

/// Whether that was the goodbye.
fn add(batch: &mut Vec<u8>, outgoing: Outgoing) -> bool {
    match outgoing {
        Outgoing::Bytes(bytes) => batch.extend_from_slice(&bytes),
        Outgoing::Goodbye => return true,
    }
    false
}

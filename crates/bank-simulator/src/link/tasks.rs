//! The two tasks of a link: one reads, one writes.

use std::{io, sync::Arc, time::Duration};

use iso8583::framing::{Frame, FrameError};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use super::Shared;
use crate::{reply::Reply, wire::BankWire};

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

/// What the reader needs.
pub(super) struct Incoming {
    pub(super) wire: BankWire,
    pub(super) shared: Arc<Shared>,
    pub(super) raw: mpsc::Sender<Vec<u8>>,
    /// For echoes. Weak, so that the writer ends when the link is dropped.
    pub(super) outgoing: mpsc::WeakSender<Outgoing>,
}

/// Runs until the connection ends.
pub(super) async fn read_replies(mut stream: impl AsyncRead + Unpin, incoming: Incoming) {
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
        if let Err(error) = incoming.take_frames(&mut buffer) {
            break format!("the gateway sent what is no frame: {error}");
        }
    };
    tracing::debug!(reason, "link ended");
    incoming.shared.close(&reason);
}

impl Incoming {
    fn take_frames(&self, buffer: &mut Vec<u8>) -> Result<(), FrameError> {
        let mut taken = 0;
        loop {
            let rest = buffer.get(taken..).unwrap_or_default();
            let Some(frame) = self.wire.next_frame(rest)? else { break };
            taken += frame.consumed();
            match frame {
                Frame::Message(range) => self.take_message(rest.get(range).unwrap_or_default()),
                Frame::KeepAlive(range) => self.take_keep_alive(rest.get(range).unwrap_or_default()),
            }
        }
        buffer.drain(..taken);
        Ok(())
    }

    /// Gives a keep-alive back, unless it is the echo of one of ours.
    fn take_keep_alive(&self, frame: &[u8]) {
        if self.shared.keep_alives.take_echo() {
            return;
        }
        // One that finds no room is lost: the peer sends another one.
        if let Some(outgoing) = self.outgoing.upgrade() {
            let _ = outgoing.try_send(Outgoing::Bytes(frame.to_vec()));
        }
    }

    fn take_message(&self, frame: &[u8]) {
        let counters = &self.shared.counters;
        match self.wire.decode(frame) {
            Ok(message) => {
                let mti = message.mti();
                if self.shared.in_flight.deliver(Reply::new(message)) {
                    counters.reply();
                    return;
                }
                tracing::debug!(%mti, "nobody waited for this message");
                counters.unmatched_one();
            }
            Err(error) => {
                tracing::warn!(%error, "the gateway sent what cannot be read");
                counters.undecodable_one();
            }
        }
        if self.raw.try_send(frame.to_vec()).is_err() {
            counters.thrown_away_one();
        }
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

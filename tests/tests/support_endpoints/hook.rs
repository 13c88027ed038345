//! The endpoint of a partner that takes events: it checks each signature and keeps what came, with the hour in which it
//! came.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use jiff::Timestamp;
use partner_adapters::transport::{Secret, WebhookKeys};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// With which every partner of a test checks.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The `webhook-id`.
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
    /// What the test's clock of hours showed.
    pub(crate) hour: u32,
}

impl Call {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) struct Hook {
    pub(crate) port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Hook {
    pub(crate) async fn start(hour: &Arc<AtomicU32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::default();
        let (of_task, hour) = (Arc::clone(&calls), Arc::clone(hour));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&of_task), Arc::clone(&hour)));
            }
        });
        Self { port, calls }
    }

    /// Everything that came, in its order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The same as a partner takes it who knows each key again. A key never has two contents.
    pub(crate) fn taken(&self) -> Vec<Call> {
        let mut taken: Vec<Call> = Vec::new();
        for call in self.calls() {
            match taken.iter().find(|known| known.key == call.key) {
                Some(known) => assert_eq!(known.body, call.body, "{}: other bytes under one key", call.key),
                None => taken.push(call),
            }
        }
        taken
    }
}

async fn serve(mut stream: TcpStream, calls: Arc<Mutex<Vec<Call>>>, hour: Arc<AtomicU32>) {
    let keys = WebhookKeys::new(&[Secret::new(SECRET.to_owned())]).unwrap();
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if !more(&mut stream, &mut bytes).await {
                return;
            }
        };
        let head = String::from_utf8(bytes.drain(..end + 4).collect()).unwrap();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
                .unwrap()
        };
        let length: usize = header("content-length").parse().unwrap();
        while bytes.len() < length {
            // A call that was cut in its middle has not come.
            if !more(&mut stream, &mut bytes).await {
                return;
            }
        }
        let body: Vec<u8> = bytes.drain(..length).collect();
        let (key, at) = (header("webhook-id"), header("webhook-timestamp"));
        keys.verify(&key, &at, &header("webhook-signature"), &body, Timestamp::now().as_second()).unwrap();
        calls.lock().unwrap().push(Call { key, body, hour: hour.load(Ordering::SeqCst) });
        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    matches!(stream.read_buf(bytes).await, Ok(1..))
}

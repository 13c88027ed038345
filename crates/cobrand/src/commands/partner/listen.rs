//! `partner listen`: an endpoint on this machine, for trials: checks signatures, prints what comes, and answers as told.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use clap::Args;
use partner_adapters::transport::{SecretSource, WebhookKeys};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::commands::stop_signal;

/// The longest pause of `--hang`: longer than any sender waits.
const HANG: Duration = Duration::from_secs(120);

/// Arguments of `partner listen`.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 9200)]
    port: u16,
    /// A file with a secret `whsec_...`; signatures are checked by it. May be given twice while the secret changes.
    #[arg(long, required = true)]
    secret: Vec<PathBuf>,
    /// Answer with this status in place of 200, such as 500 or 410.
    #[arg(long)]
    answer: Option<u16>,
    /// Never answer.
    #[arg(long)]
    hang: bool,
}

struct Receiver {
    keys: WebhookKeys,
    answer: StatusCode,
    hang: bool,
    /// What came already.
    seen: Mutex<BTreeSet<String>>,
}

pub(super) async fn listen(args: &ListenArgs) -> anyhow::Result<()> {
    let read = |path: &PathBuf| SecretSource::new(path.to_string_lossy()).read("--secret", Path::new(""));
    let secrets = args.secret.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let answer = StatusCode::from_u16(args.answer.unwrap_or(200)).context("--answer is no HTTP status")?;
    let keys = WebhookKeys::new(&secrets)?;
    let receiver = Arc::new(Receiver { keys, answer, hang: args.hang, seen: Mutex::default() });
    let address = SocketAddr::from(([127, 0, 0, 1], args.port));
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}; is the port taken?"))?;
    let says = if args.hang { "never answers".to_owned() } else { format!("answers {answer}") };
    println!("listening on http://{}/ - {says}; end it with Ctrl-C", listener.local_addr()?);
    let router = Router::new().fallback(post(take)).with_state(receiver);
    let ended = async {
        let _ = stop_signal().await;
    };
    Ok(axum::serve(listener, router).with_graceful_shutdown(ended).await?)
}

async fn take(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let now = jiff::Timestamp::now().as_second();
    let checked = receiver.keys.verify(id, timestamp, header("webhook-signature"), &body, now);
    if let Err(error) = checked {
        let id = if id.is_empty() { "a call" } else { id };
        println!("REFUSED  {id}: {error}; nothing of it is shown");
        return StatusCode::UNAUTHORIZED;
    }
    let again = !receiver.seen.lock().await.insert(id.to_owned());
    println!("{} signature ok  {}", if again { "again   " } else { "received" }, words(id, &body));
    if receiver.hang {
        tokio::time::sleep(HANG).await;
    }
    receiver.answer
}

fn words(id: &str, body: &[u8]) -> String {
    let event: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let data = event.get("data").map(Value::to_string).unwrap_or_default();
    format!("{id} {} {} {} {data}", text("type"), text("environment"), text("subject"))
}

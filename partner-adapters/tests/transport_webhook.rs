//! Webhooks against an HTTPS receiver on loopback: signatures, answers, and the addresses that are never called.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use partner_adapters::transport::{Content, Fault, Outgoing, Secret, Settings, Transport, WebhookKeys};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD3b2bLJgQGQw=";
const LOOPBACK: &str = "allow_networks = [\"127.0.0.0/8\", \"::1/128\"]\n";

#[derive(Clone)]
enum Reply {
    Says(String),
    Hangs,
    Endless,
}

#[derive(Clone)]
struct Call {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

#[derive(Default)]
struct Log {
    calls: Vec<Call>,
    replies: VecDeque<Reply>,
}

struct Receiver {
    port: u16,
    folder: PathBuf,
    log: Arc<Mutex<Log>>,
}

impl Receiver {
    async fn start(test: &str, clients_sign_in: bool, tls: bool) -> Self {
        Self::with_certificate(test, clients_sign_in, tls, |_| {}).await
    }

    async fn with_certificate(
        test: &str,
        clients_sign_in: bool,
        tls: bool,
        change: fn(&mut CertificateParams),
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("cobrand-webhook-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        keep(folder.join("old"), OLD);
        keep(folder.join("new"), format!("{NEW}\n"));
        let acceptor = TlsAcceptor::from(Arc::new(certificates(&folder, clients_sign_in, change)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, log) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if !tls {
                        serve(stream, &log).await;
                    } else if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &log).await;
                    }
                });
            }
        });
        Self { port, folder, log }
    }

    async fn https(test: &str) -> Self {
        Self::start(test, false, true).await
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/hook?token=hidden", self.port)
    }

    fn open(&self, more: &str) -> Transport {
        open(&self.folder, &self.url(), &format!("ca_file = \"ca.pem\"\n{more}"))
    }

    fn replies(&self, replies: &[Reply]) {
        self.log.lock().unwrap().replies = replies.iter().cloned().collect();
    }

    fn calls(&self) -> Vec<Call> {
        self.log.lock().unwrap().calls.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn open(folder: &Path, url: &str, more: &str) -> Transport {
    let text = format!("kind = \"webhook\"\nurl = {url:?}\nsecrets = [\"new\", \"old\"]\n{more}");
    Transport::open(&toml::from_str::<Settings>(&text).unwrap(), folder).unwrap()
}

/// An authority, a certificate of `localhost`, and one of ours for signing in.
fn certificates(folder: &Path, clients_sign_in: bool, change: fn(&mut CertificateParams)) -> ServerConfig {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap();
    fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let leaf = |names: &[&str], change: fn(&mut CertificateParams)| {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (client, client_key) = leaf(&["cobrand"], |_| {});
    fs::write(folder.join("client.pem"), client.pem()).unwrap();
    keep(folder.join("client.key"), client_key.serialize_pem());
    let (server, server_key) = leaf(&["localhost", "127.0.0.1"], change);
    let chain = vec![CertificateDer::from(server.der().to_vec())];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
    if !clients_sign_in {
        return builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(ca.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    builder.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap()
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, log: &Mutex<Log>) {
    while let Some(call) = read(&mut stream).await {
        let reply = {
            let mut log = log.lock().unwrap();
            log.calls.push(call);
            log.replies.pop_front().unwrap_or_else(|| answer("204 No Content", ""))
        };
        match reply {
            Reply::Says(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Hangs => std::future::pending().await,
            Reply::Endless => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                while stream.write_all(b"400\r\n").await.is_ok()
                    && stream.write_all(&[b'x'; 1026]).await.is_ok()
                {}
                return;
            }
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Call> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Call { line, headers, body })
}

fn answer(status: &str, headers: &str) -> Reply {
    Reply::Says(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{headers}\r\n"))
}

fn event(body: &[u8]) -> Outgoing {
    Outgoing {
        name: "event".into(),
        content: Content::Bytes(Arc::from(body)),
        sha256: digest(&SHA256, body).as_ref().try_into().unwrap(),
        key: "evt_0198c7".into(),
        media_type: "application/json",
    }
}

const BODY: &[u8] = "{\"type\":\"miles.accrued\",\"note\":\"\u{e4}\"}".as_bytes();

#[tokio::test]
async fn a_call_is_signed_by_every_key_and_checked_by_others() {
    let receiver = Receiver::https("signed").await;
    let receipt = receiver.open(LOOPBACK).deliver(&event(BODY)).await.unwrap();
    assert_eq!(receipt.answer.as_deref(), Some("HTTP 204"));
    assert!(!receipt.place.contains("hidden"), "{}", receipt.place);
    let calls = receiver.calls();
    let call = &calls[0];
    assert_eq!((call.line.as_str(), &call.body[..]), ("POST /hook?token=hidden HTTP/1.1", BODY));
    assert_eq!(call.headers["content-type"], "application/json");
    let (id, timestamp) = (&call.headers["webhook-id"], &call.headers["webhook-timestamp"]);
    let signature = &call.headers["webhook-signature"];
    assert_eq!(id, "evt_0198c7");
    assert_eq!(signature.split(' ').count(), 2);
    for secret in [OLD, NEW] {
        let keys = WebhookKeys::new(&[Secret::new(secret.to_owned())]).unwrap();
        keys.verify(id, timestamp, signature, BODY, timestamp.parse().unwrap()).unwrap();
        independent(secret, call);
    }
}

/// The specification's own library for Python.
fn independent(secret: &str, call: &Call) {
    const CHECK: &str = "import sys, json\n\
        try:\n    from standardwebhooks.webhooks import Webhook\n\
        except ImportError:\n    sys.exit(7)\n\
        given = json.load(sys.stdin)\n\
        Webhook(given['secret']).verify(given['body'], given['headers'])\n";
    let python = std::env::var("COBRAND_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let given = serde_json::json!({
        "secret": secret, "headers": call.headers, "body": String::from_utf8(call.body.clone()).unwrap(),
    });
    let started = Command::new(python).args(["-c", CHECK]).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("SKIPPED: checking signatures with standardwebhooks: python3 is not there");
        return;
    };
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let status = child.wait().unwrap();
    if status.code() == Some(7) {
        println!("SKIPPED: checking signatures with standardwebhooks: it is not there; set COBRAND_PYTHON");
        return;
    }
    assert!(status.success(), "standardwebhooks refuses the signature");
}

#[tokio::test]
async fn an_answer_is_taken_refused_or_waited_for_and_never_followed() {
    let receiver = Receiver::https("answers").await;
    let transport = receiver.open(LOOPBACK);
    let elsewhere = format!("location: https://localhost:{}/elsewhere\r\n", receiver.port);
    for (reply, fault, wait) in [
        (answer("301 Moved", &elsewhere), Fault::Redirected, None),
        (answer("307 Temporary Redirect", &elsewhere), Fault::Redirected, None),
        (answer("400 Bad Request", ""), Fault::Answered, None),
        (answer("500 Oops", "retry-after: 7\r\n"), Fault::Answered, Some(7)),
        (answer("429 Slow Down", "retry-after: 120\r\n"), Fault::Busy, Some(120)),
        (answer("503 Later", "retry-after: Sat, 10 Oct 2099 12:00:00 GMT\r\n"), Fault::Busy, Some(86_400)),
        (answer("503 Later", "retry-after: soon\r\n"), Fault::Busy, None),
        (answer("410 Gone", ""), Fault::Gone, None),
    ] {
        receiver.replies(&[reply]);
        let before = receiver.calls().len();
        let error = transport.deliver(&event(BODY)).await.unwrap_err();
        assert_eq!((error.fault(), error.retry_after()), (fault, wait.map(Duration::from_secs)), "{error}");
        assert_eq!((error.disable(), error.retryable()), (fault == Fault::Gone, fault != Fault::Gone));
        assert_eq!(receiver.calls().len(), before + 1, "one call, nothing followed");
    }
    receiver.replies(&[Reply::Endless]);
    assert_eq!(transport.deliver(&event(BODY)).await.unwrap().answer.as_deref(), Some("HTTP 200"));
    let report = transport.probe().await.unwrap();
    assert!(report.steps[0].found.contains("HTTP 204"));
    assert!(receiver.calls().last().unwrap().body.starts_with(b"{\"type\":\"partner.test\""));
}

#[tokio::test]
async fn an_endpoint_that_hangs_meets_the_deadline() {
    let receiver = Receiver::https("hangs").await;
    receiver.replies(&[Reply::Hangs]);
    let transport = receiver.open(&format!("{LOOPBACK}timeout_seconds = 1\n"));
    let error = transport.deliver(&event(BODY)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::TimedOut, "{error}");
    assert!(!error.to_string().contains("hidden"), "{error}");
    transport.deliver(&event(BODY)).await.unwrap();
}

#[tokio::test]
async fn private_addresses_are_never_called() {
    let receiver = Receiver::https("private").await;
    let port = receiver.port;
    for host in [
        "localhost",
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
        "[64:ff9b::7f00:1]",
        "10.0.0.1",
    ] {
        let url = format!("https://{host}:{port}/");
        let transport =
            open(&receiver.folder, &url, "ca_file = \"ca.pem\"\nallow_networks = [\"10.20.0.0/16\"]\n");
        let error = transport.deliver(&event(BODY)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::AddressForbidden, "{error}");
        assert!(!error.retryable());
        assert_eq!(transport.probe().await.unwrap_err().fault(), Fault::AddressForbidden);
    }
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn a_stranger_with_another_certificate_is_told_nothing() {
    let receiver = Receiver::https("stranger").await;
    let other = Receiver::https("stranger-other").await;
    fs::copy(other.folder.join("ca.pem"), receiver.folder.join("ca.pem")).unwrap();
    let error = receiver.open(LOOPBACK).deliver(&event(BODY)).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Tls, "{error}");
    assert!(receiver.calls().is_empty());
    let nobody = open(&receiver.folder, "https://localhost:1/", LOOPBACK);
    assert_eq!(nobody.deliver(&event(BODY)).await.unwrap_err().fault(), Fault::Unreachable);
}

#[tokio::test]
async fn a_client_certificate_opens_where_one_is_asked_for() {
    let receiver = Receiver::start("client", true, true).await;
    assert!(receiver.open(LOOPBACK).deliver(&event(BODY)).await.is_err());
    let more = format!("{LOOPBACK}client_certificate = \"client.pem\"\nclient_key = \"client.key\"\n");
    receiver.open(&more).deliver(&event(BODY)).await.unwrap();
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn without_tls_only_named_networks_are_called() {
    let receiver = Receiver::start("plain", false, false).await;
    let url = format!("http://127.0.0.1:{}/", receiver.port);
    open(&receiver.folder, &url, LOOPBACK).deliver(&event(BODY)).await.unwrap();
    let text = format!("kind = \"webhook\"\nurl = {url:?}\nsecrets = [\"new\"]\n");
    let error = Transport::open(&toml::from_str(&text).unwrap(), &receiver.folder).unwrap_err();
    assert_eq!(error.setting, "url");
    let elsewhere = open(&receiver.folder, "http://1.1.1.1/", LOOPBACK);
    assert_eq!(elsewhere.deliver(&event(BODY)).await.unwrap_err().fault(), Fault::AddressForbidden);
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_told_as_that() {
    let folder = Receiver::https("other").await;
    for (scheme, says, expected) in [
        ("https", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS: is it http, or another port?"),
        ("https", "SSH-2.0-OpenSSH_9.7\r\n", "does not speak TLS"),
        ("http", "SSH-2.0-OpenSSH_9.7\r\n", "does not speak HTTP"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(says.as_bytes()).await.unwrap();
            // Until the other side has seen enough.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let error = open(&folder.folder, &url, LOOPBACK).deliver(&event(BODY)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Unreachable, "{url}: {error}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}

#[tokio::test]
async fn what_is_too_large_or_not_the_recorded_content_is_not_sent() {
    let receiver = Receiver::https("large").await;
    let transport = receiver.open(LOOPBACK);
    let large = transport.deliver(&event(&vec![b'x'; 300 << 10])).await.unwrap_err();
    assert_eq!(large.fault(), Fault::TooLarge);
    let changed = Outgoing { sha256: [0; 32], ..event(BODY) };
    assert_eq!(transport.deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    let bad_id = Outgoing { key: "a.b".into(), ..event(BODY) };
    assert_eq!(transport.deliver(&bad_id).await.unwrap_err().fault(), Fault::LocalFile);
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn a_certificate_of_another_name_or_out_of_its_time_is_refused_before_anything_is_said() {
    let check = async |test: &str, change: fn(&mut CertificateParams)| {
        let receiver = Receiver::with_certificate(test, false, true, change).await;
        let error = receiver.open(LOOPBACK).deliver(&event(BODY)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::Tls, "{test}: {error}");
        assert!(receiver.calls().is_empty(), "{test}");
    };
    check("another-name", |params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("localhost.example".try_into().unwrap())];
    })
    .await;
    check("expired", |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    })
    .await;
    check("not-yet", |params| params.not_before = rcgen::date_time_ymd(2999, 1, 1)).await;
}

/// As a secret is kept: for its owner alone.
fn keep(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

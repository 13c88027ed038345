//! An HTTPS endpoint of a partner on loopback: it keeps what came, and answers as the test says.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use partner_adapters::transport::{Secret, WebhookKeys};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came, and what was answered.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) event: Value,
    pub(crate) status: u16,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    /// 0 never answers.
    status: u16,
}

pub(crate) struct Endpoint {
    port: u16,
    state: Arc<Mutex<State>>,
    called: Arc<Notify>,
}

impl Endpoint {
    /// Starts with answers of 200. Its authority and its secret are put into `folder`.
    pub(crate) async fn start(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("secret"), SECRET).unwrap();
        std::fs::set_permissions(folder.join("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(certificate(&folder.join("ca.pem"))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { status: 200, ..State::default() }));
        let called = Arc::new(Notify::new());
        let of_task = (Arc::clone(&state), Arc::clone(&called));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, of_task) = (acceptor.clone(), of_task.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        serve(stream, &of_task.0, &of_task.1).await;
                    }
                });
            }
        });
        Self { port, state, called }
    }

    /// The partner's file that leads here.
    pub(crate) fn partner_file(&self, code: &str) -> String {
        format!(
            "schema = \"partner/1\"\ncode = \"{code}\"\n[[transport]]\nkind = \"webhook\"\n\
             url = \"https://127.0.0.1:{}/hook\"\nsecrets = [\"secret\"]\nca_file = \"ca.pem\"\n\
             allow_networks = [\"127.0.0.0/8\"]\n",
            self.port
        )
    }

    pub(crate) fn answer(&self, status: u16) {
        self.state.lock().unwrap().status = status;
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The numbers of the events that were taken, in the order in which they came.
    pub(crate) fn taken(&self) -> Vec<i64> {
        let calls = self.calls();
        let taken = calls.iter().filter(|call| call.status == 200);
        taken.map(|call| call.event["number"].as_i64().unwrap()).collect()
    }

    /// Waits for the next call.
    pub(crate) async fn called(&self) {
        self.called.notified().await;
    }
}

fn certificate(ca: &PathBuf) -> ServerConfig {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(ca, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap()
}

async fn serve(mut stream: TlsStream<tokio::net::TcpStream>, state: &Mutex<State>, called: &Notify) {
    let keys = WebhookKeys::new(&[Secret::new(SECRET.to_owned())]).unwrap();
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            }
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let length: usize = header("content-length").unwrap().parse().unwrap();
        bytes.drain(..end + 4);
        while bytes.len() < length {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).await.unwrap();
            bytes.extend_from_slice(&chunk[..count]);
        }
        let body: Vec<u8> = bytes.drain(..length).collect();
        let (id, at) = (header("webhook-id").unwrap(), header("webhook-timestamp").unwrap());
        let now = jiff::Timestamp::now().as_second();
        keys.verify(&id, &at, &header("webhook-signature").unwrap(), &body, now).unwrap();
        let event = serde_json::from_slice(&body).unwrap();
        let status = {
            let mut state = state.lock().unwrap();
            let status = state.status;
            state.calls.push(Call { id, event, status });
            status
        };
        called.notify_one();
        if status == 0 {
            return std::future::pending().await;
        }
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

//! A tiny gateway for the tests: real mutual TLS, and the test decides what it answers.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use bank_simulator::{Card, ClientTls, Merchant, SeededPlan, test_pan};
use iso8583::{Builder, dialects, framing};
use jiff::{civil::date, tz::TimeZone};
use rcgen::{CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub const SECOND: Duration = Duration::from_secs(1);
pub const LONG: Duration = Duration::from_secs(20);

/// PEM texts of an authority, a server and a client.
pub struct Pki {
    pub ca: String,
    pub server: (String, String),
    pub client: (String, String),
}

impl Pki {
    pub fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = params.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(params, ca_key);
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        };
        Self { server: issue("localhost"), client: issue("northbank.test"), ca }
    }

    pub fn client_tls(&self) -> ClientTls {
        let (chain, key) = &self.client;
        ClientTls::from_pem(self.ca.as_bytes(), chain.as_bytes(), key.as_bytes(), "localhost").unwrap()
    }

    fn acceptor(&self) -> TlsAcceptor {
        let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.ca)).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let (chain, key) = &self.server;
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate(chain)],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A gateway; dropping it ends it.
pub struct Gateway {
    pub address: SocketAddr,
    pub pki: Pki,
    task: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gateway {
    /// `serve` gets each connection and its number, from 0 on.
    pub async fn start<F>(serve: impl Fn(usize, Peer) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pki = Pki::new();
        let acceptor = pki.acceptor();
        let task = tokio::spawn(async move {
            let mut number = 0;
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                if let Ok(stream) = acceptor.accept(tcp).await {
                    tokio::spawn(serve(number, Peer { stream, buffer: Vec::new() }));
                    number += 1;
                }
            }
        });
        Self { address, pki, task }
    }

    /// A gateway that answers every message at once with what `answer` makes of it.
    pub async fn answering(answer: impl Fn(&Builder) -> Builder + Clone + Send + Sync + 'static) -> Self {
        Self::start(move |_, mut peer| {
            let answer = answer.clone();
            async move {
                while let Some(request) = peer.next().await {
                    peer.send(&answer(&request)).await;
                }
            }
        })
        .await
    }
}

/// A connection as the gateway sees it.
pub struct Peer {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Peer {
    /// The next frame, or `None` at the end.
    pub async fn next_frame(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(range) = framing::next_frame(&self.buffer, 8192).ok()? {
                let frame = self.buffer[range.clone()].to_vec();
                self.buffer.drain(..range.end);
                return Some(frame);
            }
            if self.stream.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// The next message.
    pub async fn next(&mut self) -> Option<Builder> {
        let frame = self.next_frame().await?;
        Some(Builder::from_message(&dialects::iso87_ascii().decode(&frame).unwrap()))
    }

    /// The next message that is no sign-on, sign-off or echo; those are answered.
    pub async fn next_financial(&mut self) -> Option<Builder> {
        loop {
            let request = self.next().await?;
            if request.mti().class() != 8 {
                return Some(request);
            }
            self.send(&reply(&request, "00")).await;
        }
    }

    pub async fn send(&mut self, message: &Builder) {
        self.send_frame(&message.encode(dialects::iso87_ascii()).unwrap()).await;
    }

    pub async fn send_frame(&mut self, payload: &[u8]) {
        let mut frame = Vec::new();
        framing::write_frame(&mut frame, payload).unwrap();
        // The client may be gone.
        let _ = self.stream.write_all(&frame).await;
        let _ = self.stream.flush().await;
    }
}

/// The reply to a request, with what a gateway echoes.
pub fn reply(request: &Builder, code: &str) -> Builder {
    let mut reply = Builder::new(request.mti().response()).set(39, code);
    for de in [3, 4, 7, 11, 32, 37, 41, 42, 49, 70] {
        if let Some(value) = request.get(de) {
            reply = reply.set(de, value);
        }
    }
    reply
}

/// A purchase's authorization with the given STAN.
pub fn authorization(stan: u32) -> Builder {
    Builder::new(iso8583::Mti::new("0100"))
        .set(2, "4111111111111111")
        .set(3, "000000")
        .set(4, "000000010000")
        .set(7, "1010090000")
        .set(11, format!("{stan:06}"))
        .set(41, "TERM0001")
        .set(49, "643")
}

pub fn merchants() -> Vec<Merchant> {
    vec![
        Merchant::new("Grocer's", "400001", "GROCER000000001", "GROCER01", "5411").with_weight(5),
        Merchant::new("Kosta", "400001", "KOSTA0000000001", "K1", "5411").of_partner("kosta").with_weight(3),
        Merchant::new("Skyfuel", "400003", "SKYFUEL00000002", "", "5541")
            .of_partner("skyfuel")
            .with_weight(3),
        Merchant::new("Cash machine", "400001", "CASH1", "CASH0001", "6011"),
        Merchant::new("Bets", "400001", "BETS1", "BETS0001", "7995"),
    ]
}

pub fn cards(count: u64) -> Vec<Card> {
    (0..count)
        .map(|number| Card { pan: test_pan("220000", number).unwrap(), label: format!("card {number}") })
        .collect()
}

pub fn seeded(seed: u64, purchases: usize) -> SeededPlan {
    SeededPlan {
        seed,
        business_date: date(2026, 10, 10),
        zone: TimeZone::get("Europe/Moscow").unwrap(),
        cards: cards(20),
        merchants: merchants(),
        purchases,
        currency: "643".to_owned(),
        mix: Default::default(),
        first_stan: 1,
    }
}

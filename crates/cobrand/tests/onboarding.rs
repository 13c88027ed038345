//! The way of a new bank engineer (docs/operations/onboard-a-bank.md): from a pasted dump of unknown form to a link
//! that works, with the binary alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{path::PathBuf, process::Command, sync::Arc};

use cobrand::{
    certs::{Authority, Validity},
    demo::{World, WorldOptions},
};
use iso8583::{
    Builder, Mti, dialects,
    framing::{Frame, Framing},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Standard output, and the exit status.
async fn cobrand(args: Vec<String>) -> (String, i32) {
    let run = move || Command::new(env!("CARGO_BIN_EXE_cobrand")).args(&args).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (told, output.status.code().unwrap())
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// The dump of a sign-on as a network tool shows it, behind a length of four digits.
fn pasted() -> String {
    let message = Builder::new(Mti::new("0800")).set(7, "1009090000").set(11, "000001").set(70, "001");
    let mut bytes = Vec::new();
    Framing::ASCII_4.write(&mut bytes, &message.encode(dialects::iso87_ascii()).unwrap()).unwrap();
    let line = |(number, chunk): (usize, &[u8])| {
        let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk.iter().map(|byte| char::from(*byte)).collect();
        format!("{:04x}   {:<47}   {text}\n", number * 16, digits.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_pasted_dump_to_a_link_that_works() {
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    let at = |file: &str| world.dir.join(file).display().to_string();

    // What is this?
    let (told, status) = cobrand(vec!["describe".into(), pasted(), "--dialect".into(), "auto".into()]).await;
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("framing ascii-4, header none, dialect iso87-ascii"), "{told}");
    assert!(told.contains("0800 network management · sign-on"), "{told}");

    // Does it fit what the gateway has for the link?
    let mut args = words(&format!("doctor --config {} --link northbank --capture", at("cobrand.toml")));
    args.push(pasted());
    let (told, status) = cobrand(args).await;
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("the link has binary-2, the capture is ascii-4"), "{told}");
    assert!(told.contains("framing = \"ascii-4\""), "{told}");

    // With the line that it names in the configuration it does.
    let config = std::fs::read_to_string(at("cobrand.toml")).unwrap();
    let bank = "bank = \"northbank\"";
    assert!(config.contains(bank), "{config}");
    std::fs::write(at("changed.toml"), config.replacen(bank, &format!("{bank}\nframing = \"ascii-4\""), 1))
        .unwrap();
    let mut args = words(&format!("doctor --config {} --link northbank --capture", at("changed.toml")));
    args.push(pasted());
    let (told, status) = cobrand(args).await;
    assert!(status == 0 && told.contains("√ framing ascii-4: 1 message"), "{told}");

    // The other way round: the bank's side tries what it thinks is agreed, and is told what is answered.
    let to = world.gateway().unwrap().address().to_string();
    let bank = format!(
        "doctor --to {to} --ca {} --certificate {} --key {}",
        at("certs/ca.pem"),
        at("certs/northbank.pem"),
        at("certs/northbank.key")
    );
    let (told, status) = cobrand(words(&format!("{bank} --framing ascii-4"))).await;
    assert_eq!(status, 1, "{told}");
    assert!(
        told.contains("√ framing binary-2, header none, dialect iso87-ascii: the echo was answered"),
        "{told}"
    );

    // As it says, it works.
    let (told, status) = cobrand(words(&format!("{bank} --framing binary-2"))).await;
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("√ signed on") && told.contains("TLS 1.3"), "{told}");

    // From the gateway's side too.
    let gateway = format!("doctor --config {} --link northbank --to {to}", at("cobrand.toml"));
    let (told, status) = cobrand(words(&gateway)).await;
    assert_eq!(status, 0, "{told}");
    world.stop().await.unwrap();
}

/// A host that understands one framing only, and answers what it likes.
struct Host {
    address: std::net::SocketAddr,
    folder: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

/// What the certificate of the bank is worth there.
#[derive(Clone, Copy)]
struct Habits {
    framing: Framing,
    trusts_the_bank: bool,
    echoes_stan: bool,
    gateway_days: i64,
}

const USUAL: Habits =
    Habits { framing: Framing::BINARY_2, trusts_the_bank: true, echoes_stan: true, gateway_days: 90 };

impl Host {
    async fn start(name: &str, habits: Habits) -> Self {
        let folder = std::env::temp_dir().join(format!("cobrand-doctor-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (authority, strange) = (Authority::new("ours").unwrap(), Authority::new("theirs").unwrap());
        let bank = authority.issue("bank.example", Validity { days: 90 }).unwrap();
        let gateway =
            authority.issue(cobrand::certs::GATEWAY_NAME, Validity { days: habits.gateway_days }).unwrap();
        for (file, text) in
            [("ca.pem", authority.pem()), ("bank.pem", &bank.certificate), ("bank.key", &bank.key)]
        {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let trusted = if habits.trusts_the_bank { authority.pem() } else { strange.pem() };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(gateway.certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(gateway.key.as_bytes()).unwrap(),
            )
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(socket).await else { return };
                    answer(&mut stream, habits).await;
                });
            }
        });
        Self { address, folder, task }
    }

    async fn doctor(&self, more: &str) -> (String, i32) {
        let at = |file: &str| self.folder.join(file).display().to_string();
        let files =
            format!("--ca {} --certificate {} --key {}", at("ca.pem"), at("bank.pem"), at("bank.key"));
        cobrand(words(format!("doctor --to {} {files} {more}", self.address).trim())).await
    }

    fn stop(self) {
        self.task.abort();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Answers 0800 in its own framing; keeps silent about all else.
async fn answer(stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin), habits: Habits) {
    let mut buffer = Vec::new();
    while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        let Ok(Some(Frame::Message(range))) = habits.framing.next(&buffer, 4096) else { continue };
        let Ok(request) = dialects::iso87_ascii().decode(&buffer[range]) else { continue };
        let mut reply = Builder::reply_to(&request).set(39, "00");
        for de in [7, 70] {
            reply = reply.set(de, request.text(de).unwrap());
        }
        if habits.echoes_stan {
            reply = reply.set(11, request.text(11).unwrap());
        }
        let mut frame = Vec::new();
        habits.framing.write(&mut frame, &reply.encode(dialects::iso87_ascii()).unwrap()).unwrap();
        stream.write_all(&frame).await.unwrap();
        buffer.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_answered_with_the_framing_that_works() {
    let host = Host::start("silence", Habits { framing: Framing::ASCII_4, ..USUAL }).await;
    let (told, status) = host.doctor("").await;
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("× no answer to 0800 sign-on"), "{told}");
    assert!(
        told.contains("√ framing ascii-4, header none, dialect iso87-ascii: the echo was answered"),
        "{told}"
    );
    let (told, status) = host.doctor("--framing ascii-4").await;
    assert!(status == 0 && told.contains("0 failures, 0 warnings"), "{told}");
    host.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_dialect_is_tried_too() {
    let host = Host::start("dialect", USUAL).await;
    let own = host.folder.join("bank-a.toml");
    let text = "name = \"bank-a\"\nextends = \"iso87-ascii\"\n[wire]\nmti = \"bcd\"\nbitmap = \"binary\"\n";
    std::fs::write(&own, text).unwrap();
    let (told, status) = host.doctor(&format!("--dialect {}", own.display())).await;
    assert_eq!(status, 1, "{told}");
    let found = "√ framing binary-2, header none, dialect iso87-ascii: the echo was answered";
    assert!(told.contains(found), "{told}");
    host.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_could_match_is_named() {
    let host = Host::start("stan", Habits { echoes_stan: false, ..USUAL }).await;
    let (told, status) = host.doctor("").await;
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("DE11: expected the value of the request, found none"), "{told}");
    host.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_side_that_refuses_a_certificate_is_named() {
    let host = Host::start("strange", Habits { trusts_the_bank: false, ..USUAL }).await;
    let (told, status) = host.doctor("").await;
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("the gateway refused this side's certificate"), "{told}");
    host.stop();
    let host = Host::start("expired", Habits { gateway_days: -1, ..USUAL }).await;
    let (told, status) = host.doctor("").await;
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("this side refused the gateway's certificate: it has expired"), "{told}");
    let (told, _) = host.doctor("--server-name other.example").await;
    assert!(told.contains("this side refused the gateway's certificate"), "{told}");
    host.stop();
}

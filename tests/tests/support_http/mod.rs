//! A client of the HTTP API over mutual TLS, one connection for each request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::SocketAddr;

use bank_simulator::ClientTls;
use cobrand::{certs::GATEWAY_NAME, demo::World};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Client {
    address: SocketAddr,
    tls: ClientTls,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("{} {:?} is not JSON", self.status, self.text))
    }
}

impl Client {
    /// With a certificate of the world's set.
    pub(crate) fn of(world: &World, certificate: &str) -> Self {
        let file = |name: &str| world.dir.join("certs").join(name);
        let (chain, key) = (file(&format!("{certificate}.pem")), file(&format!("{certificate}.key")));
        let tls = ClientTls::from_pem_files(file("ca.pem"), chain, key, GATEWAY_NAME).unwrap();
        Self { address: world.api().unwrap(), tls }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> Answer {
        self.try_send(method, path, key, body).await.unwrap()
    }

    /// An error is a connection that was ended without an answer.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        let mut stream = self.tls.connect_over(TcpStream::connect(self.address).await?).await?;
        let key = if key.is_empty() { String::new() } else { format!("Idempotency-Key: {key}\r\n") };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {GATEWAY_NAME}\r\nConnection: close\r\n{key}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let text = String::from_utf8(bytes).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, kind: header("content-type"), text: body.to_owned() })
    }
}

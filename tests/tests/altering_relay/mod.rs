//! A relay between a bank and a gateway that changes what the gateway answers: a gateway with one wrong field.

use std::{net::SocketAddr, sync::Arc};

use bank_simulator::{BankWire, ClientTls};
use iso8583::{Builder, framing::Frame};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What becomes of an answer; `None` keeps it back.
pub(crate) type Alteration = Arc<dyn Fn(Builder) -> Option<Builder> + Send + Sync>;

/// A running relay; dropping it ends it.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Ends TLS on both sides: with the gateway's certificate towards the bank, with the bank's towards the gateway.
    pub(crate) async fn start(
        server: Arc<ServerConfig>,
        bank: ClientTls,
        gateway: SocketAddr,
        wire: BankWire,
        alter: Alteration,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(server);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, bank, alter) = (acceptor.clone(), bank.clone(), Arc::clone(&alter));
                let wire = wire.clone();
                tokio::spawn(async move {
                    let Ok(near) = acceptor.accept(socket).await else { return };
                    let far = TcpStream::connect(gateway).await.unwrap();
                    let far = bank.connect_over(far).await.unwrap();
                    relay(near, far, wire, alter).await;
                });
            }
        });
        Self { address, task }
    }
}

async fn relay(
    near: impl AsyncRead + AsyncWrite + Unpin,
    far: impl AsyncRead + AsyncWrite + Unpin,
    wire: BankWire,
    alter: Alteration,
) {
    let (mut requests, mut to_bank) = tokio::io::split(near);
    let (mut answers, mut to_gateway) = tokio::io::split(far);
    let onward = async { tokio::io::copy(&mut requests, &mut to_gateway).await };
    let back = async {
        let mut buffer = Vec::new();
        while answers.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
            while let Some(frame) = wire.next_frame(&buffer).unwrap() {
                let altered = match &frame {
                    Frame::Message(range) => altered(&buffer[range.clone()], &wire, &alter),
                    Frame::KeepAlive(range) => buffer[range.clone()].to_vec(),
                };
                buffer.drain(..frame.consumed());
                if to_bank.write_all(&altered).await.is_err() || to_bank.flush().await.is_err() {
                    return;
                }
            }
        }
    };
    // Either side may end it.
    tokio::select! {
        _ = onward => {}
        () = back => {}
    }
}

fn altered(bytes: &[u8], wire: &BankWire, alter: &Alteration) -> Vec<u8> {
    let message = wire.dialect.decode(bytes).unwrap();
    let altered = alter(Builder::from_message(&message));
    // Where a MAC is agreed an altered answer has its own: only what it says is wrong.
    let written = |message: Builder| match &wire.mac {
        Some(keys) => keys.sign_message(&message, &wire.dialect).unwrap(),
        None => message.encode(&wire.dialect).unwrap(),
    };
    altered.map(|message| wire.frame(&written(message)).unwrap()).unwrap_or_default()
}

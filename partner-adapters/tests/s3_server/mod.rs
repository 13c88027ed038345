//! An S3 store in this process, in a temporary folder, on a loopback port: with us in between, who can cut a connection or
//! hold it after a number of bytes.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use partner_adapters::transport::{Settings, Transport};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const ACCESS: &str = "AKIDTEST";

pub(crate) struct Store {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) gate: Arc<Gate>,
}

/// What happens to a connection after so many bytes from the client; `u64::MAX` for nothing.
pub(crate) struct Gate {
    pub(crate) cuts: AtomicBool,
    pub(crate) after: AtomicU64,
    pub(crate) held: Notify,
    pub(crate) release: Notify,
}

impl Store {
    pub(crate) async fn start(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("cobrand-s3-{test}-{}", std::process::id()));
        fs::create_dir_all(folder.join("data/partner")).unwrap();
        keep(folder.join("access"), ACCESS);
        keep(folder.join("secret"), "not much of a secret\n");
        keep(folder.join("wrong"), "another");
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.join("data")).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS, "not much of a secret"));
        let service = builder.build();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = server.accept().await {
                let service = service.clone();
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        let gate = Arc::new(Gate {
            cuts: AtomicBool::new(false),
            after: AtomicU64::new(u64::MAX),
            held: Notify::new(),
            release: Notify::new(),
        });
        let port = between(behind, Arc::clone(&gate)).await;
        Self { folder, port, gate }
    }

    pub(crate) fn open(&self, more: &str) -> Transport {
        self.open_with("secret", more)
    }

    pub(crate) fn open_with(&self, secret: &str, more: &str) -> Transport {
        let text = format!(
            "kind = \"s3\"\nendpoint = \"http://127.0.0.1:{}\"\nbucket = \"partner\"\nprefix = \"out/\"\n\
             access_key = \"access\"\nsecret_key = {secret:?}\ntimeout_seconds = 20\n{more}",
            self.port
        );
        Transport::open(&toml::from_str::<Settings>(&text).unwrap(), &self.folder).unwrap()
    }

    /// The objects below a prefix, without what the server keeps for itself.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.join("data/partner").join(prefix)) else {
            return Vec::new();
        };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.folder.join("data/partner").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, key: &str) -> Vec<u8> {
        fs::read(self.folder.join("data/partner").join(key)).unwrap()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that leads on to the server, and cuts or holds.
async fn between(behind: u16, gate: Arc<Gate>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (gate, most) = (Arc::clone(&gate), gate.after.load(Ordering::SeqCst));
            tokio::spawn(async move {
                let server = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::select! {
                    () = carry(from_client, to_server, most, &gate) => {}
                    () = carry(from_server, to_client, u64::MAX, &gate) => {}
                }
            });
        }
    });
    port
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut most: u64,
    gate: &Gate,
) {
    let (mut buffer, mut carried) = (vec![0; 16 << 10], 0_u64);
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        carried += read as u64;
        if carried > most {
            if gate.cuts.load(Ordering::SeqCst) {
                return;
            }
            most = u64::MAX;
            gate.held.notify_one();
            gate.release.notified().await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// As a secret is kept: for its owner alone.
pub(crate) fn keep(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

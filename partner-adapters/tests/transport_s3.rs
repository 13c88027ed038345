//! S3 against a server of that protocol in this process: objects appear whole, with their hash, and never over others.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use partner_adapters::transport::{Content, Fault, Outgoing, Settings, Transport};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const ACCESS: &str = "AKIDTEST";

struct Store {
    folder: PathBuf,
    port: u16,
    gate: Arc<Gate>,
}

/// What happens to a connection after so many bytes from the client; `u64::MAX` for nothing.
struct Gate {
    cuts: AtomicBool,
    after: AtomicU64,
    held: Notify,
    release: Notify,
}

impl Store {
    async fn start(test: &str) -> Self {
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

    fn open(&self, more: &str) -> Transport {
        self.open_with("secret", more)
    }

    fn open_with(&self, secret: &str, more: &str) -> Transport {
        let text = format!(
            "kind = \"s3\"\nendpoint = \"http://127.0.0.1:{}\"\nbucket = \"partner\"\nprefix = \"out/\"\n\
             access_key = \"access\"\nsecret_key = {secret:?}\ntimeout_seconds = 20\n{more}",
            self.port
        );
        Transport::open(&toml::from_str::<Settings>(&text).unwrap(), &self.folder).unwrap()
    }

    /// The objects below a prefix, without what the server keeps for itself.
    fn names(&self, prefix: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.join("data/partner").join(prefix)) else {
            return Vec::new();
        };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.folder.join("data/partner").join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read(&self, key: &str) -> Vec<u8> {
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

fn item(name: &str, bytes: &[u8]) -> Outgoing {
    Outgoing {
        name: name.into(),
        content: Content::Bytes(Arc::from(bytes)),
        sha256: digest(&SHA256, bytes).as_ref().try_into().unwrap(),
        key: "file-1".into(),
        media_type: "text/plain",
    }
}

#[tokio::test]
async fn small_and_large_objects_arrive_once_and_are_never_overwritten() {
    let store = Store::start("arrive").await;
    let transport = store.open("");
    // The large one goes in three parts, from a file.
    for (name, size) in [("small.cbs", 3_usize), ("large.cbs", 17_000_001)] {
        let bytes: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
        let path = store.folder.join(name);
        fs::write(&path, &bytes).unwrap();
        let sent = Outgoing { content: Content::Path(path), ..item(name, &bytes) };
        let first = transport.deliver(&sent).await.unwrap();
        assert_eq!((first.already, first.bytes), (false, size as u64));
        assert_eq!(first.place, format!("s3://partner/out/{name}"));
        assert!(store.read(&format!("out/{name}")) == bytes, "{name}");
        assert!(transport.deliver(&sent).await.unwrap().already, "{name}");
        let mut other = bytes.clone();
        other[0] ^= 1;
        for other in [&other[..], &bytes[1..]] {
            let error = transport.deliver(&item(name, other)).await.unwrap_err();
            assert_eq!(error.fault(), Fault::NameTaken, "{error}");
        }
        assert!(store.read(&format!("out/{name}")) == bytes, "{name}");
    }
    assert_eq!(store.names("out"), ["large.cbs", "small.cbs"]);
}

#[tokio::test]
async fn an_object_without_our_hash_is_read_back_and_compared() {
    let store = Store::start("hash").await;
    store.put("out/same.cbs", b"abc");
    store.put("out/other.cbs", b"abd");
    let transport = store.open("");
    assert!(transport.deliver(&item("same.cbs", b"abc")).await.unwrap().already);
    let error = transport.deliver(&item("other.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::NameTaken, "{error}");
}

/// Both look and see nothing; the slower one then meets the condition, also with an object in parts.
#[tokio::test]
async fn of_two_contents_under_one_name_the_first_stays() {
    let store = Store::start("race").await;
    for (name, size, hold_after) in [("small.cbs", 200_000_usize, 1_000), ("large.cbs", 9_000_000, 5_000_000)]
    {
        let (slow, fast) = (store.open(""), store.open(""));
        let (a, b) = (item(name, &vec![b'a'; size]), item(name, &vec![b'b'; size]));
        store.gate.after.store(hold_after, Ordering::SeqCst);
        let (slow, fast) = tokio::join!(slow.deliver(&a), async {
            store.gate.held.notified().await;
            store.gate.after.store(u64::MAX, Ordering::SeqCst);
            let receipt = fast.deliver(&b).await;
            store.gate.release.notify_one();
            receipt
        });
        assert!(!fast.unwrap().already, "{name}");
        let error = slow.unwrap_err();
        assert_eq!(error.fault(), Fault::NameTaken, "{error}");
        assert!(store.read(&format!("out/{name}")) == vec![b'b'; size], "{name}");
    }
}

#[tokio::test]
async fn a_cut_connection_leaves_nothing_under_the_name_and_the_next_attempt_completes() {
    let store = Store::start("cut").await;
    let transport = store.open("");
    let item = item("large.cbs", &vec![7; 17_000_000]);
    store.gate.cuts.store(true, Ordering::SeqCst);
    for cut_after in [100, 5_000_000] {
        store.gate.after.store(cut_after, Ordering::SeqCst);
        let error = store.open("").deliver(&item).await.unwrap_err();
        assert!(error.retryable(), "{error}");
        assert!(store.names("out").is_empty(), "{cut_after}");
    }
    store.gate.after.store(u64::MAX, Ordering::SeqCst);
    assert!(!transport.deliver(&item).await.unwrap().already);
    assert_eq!(store.read("out/large.cbs").len(), 17_000_000);
}

#[tokio::test]
async fn the_inbox_gives_plain_objects_once_and_nothing_else() {
    let store = Store::start("inbox").await;
    store.put("in/ack.csv", b"yes");
    store.put("in/done/older.csv", b"no");
    store.put("in/-rf", b"no");
    store.put("in/half.csv.partial", b"no");
    store.put("in/large.csv", b"more than ten");
    store.put("inbox-of-others/x.csv", b"no");
    let transport = store.open("[inbox]\npath = \"in/\"\ndone = \"in/done/\"\nmax_bytes = 10\n");
    let first = transport.collect(&|_| false).await.unwrap();
    assert_eq!(first.files.len(), 1, "{first:?}");
    assert_eq!((&*first.files[0].name, &first.files[0].content[..]), ("ack.csv", &b"yes"[..]));
    let refused: Vec<&str> = first.refused.iter().map(|refused| refused.name.as_str()).collect();
    assert_eq!(refused, ["-rf", "large.csv"]);
    assert_eq!(transport.collect(&|_| false).await.unwrap().files, first.files);
    let mark = first.files[0].mark.clone();
    assert!(transport.collect(&|seen| seen == mark).await.unwrap().files.is_empty());
    assert_eq!(store.read("in/done/ack.csv"), b"yes");
    assert!(!store.names("in").contains(&"ack.csv".to_owned()));
}

#[tokio::test]
async fn a_probe_proves_that_nothing_is_overwritten_and_what_is_wrong_is_named() {
    let store = Store::start("probe").await;
    let report = store.open("").probe().await.unwrap();
    let steps: Vec<&str> = report.steps.iter().map(|step| step.what).collect();
    assert_eq!(steps, ["bucket", "nothing overwritten", "left behind"]);
    assert!(store.names("out").is_empty());

    let error = store.open_with("wrong", "").deliver(&item("a.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::SignInRefused, "{error}");
    let changed = Outgoing { sha256: [0; 32], ..item("a.cbs", b"abc") };
    assert_eq!(store.open("").deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    let nobody = "kind = \"s3\"\nendpoint = \"http://127.0.0.1:1\"\nbucket = \"b\"\n\
        access_key = \"access\"\nsecret_key = \"secret\"\ntimeout_seconds = 2\n";
    let nobody = Transport::open(&toml::from_str::<Settings>(nobody).unwrap(), &store.folder).unwrap();
    let error = nobody.deliver(&item("a.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unreachable, "{error}");
    assert!(store.names("out").is_empty());
}

/// As a secret is kept: for its owner alone.
fn keep(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

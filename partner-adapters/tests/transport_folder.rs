//! The folder as a transport: out by name and hash, in by plain names, and nothing overwritten.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use partner_adapters::transport::{Content, Fault, Outgoing, Settings, Transport};

struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cobrand-transport-{test}-{}", std::process::id()));
        for folder in ["out", "in", "done"] {
            fs::create_dir_all(path.join(folder)).unwrap();
        }
        Self(path)
    }

    fn transport(&self) -> Transport {
        let settings: Settings = toml::from_str(
            "kind = \"folder\"\npath = \"out\"\n[inbox]\npath = \"in\"\ndone = \"done\"\nmax_bytes = 10\n",
        )
        .unwrap();
        Transport::open(&settings, &self.0).unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
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
async fn the_same_item_again_is_the_same_result_and_another_content_is_refused() {
    let folder = Folder::new("again");
    let transport = folder.transport();
    let first = transport.deliver(&item("a.cbs", b"abc")).await.unwrap();
    let second = transport.deliver(&item("a.cbs", b"abc")).await.unwrap();
    assert!(!first.already && second.already);
    assert_eq!((first.bytes, first.sha256, &first.place), (3, second.sha256, &second.place));
    let error = transport.deliver(&item("a.cbs", b"abd")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::NameTaken);
    assert!(!error.retryable() && error.fault().alarms());
    assert_eq!(fs::read(folder.0.join("out/a.cbs")).unwrap(), b"abc");
}

#[tokio::test]
async fn a_file_that_is_not_the_recorded_one_never_leaves() {
    let folder = Folder::new("recorded");
    let transport = folder.transport();
    let path = folder.0.join("a.cbs");
    fs::write(&path, b"abX").unwrap();
    let changed = Outgoing { content: Content::Path(path.clone()), ..item("a.cbs", b"abc") };
    assert_eq!(transport.deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    fs::remove_file(path).unwrap();
    assert_eq!(transport.deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    assert_eq!(transport.deliver(&item("../a.cbs", b"abc")).await.unwrap_err().fault(), Fault::LocalFile);
    assert!(folder.names("out").is_empty());
}

#[tokio::test]
async fn the_inbox_gives_plain_files_once_and_nothing_else() {
    let folder = Folder::new("inbox");
    let inbox = folder.0.join("in");
    fs::write(inbox.join("ack.csv"), b"yes").unwrap();
    fs::write(inbox.join(".hidden"), b"no").unwrap();
    fs::write(inbox.join("half.csv.partial"), b"no").unwrap();
    fs::write(inbox.join("-rf"), b"no").unwrap();
    fs::write(inbox.join("large.csv"), b"more than ten").unwrap();
    fs::create_dir(inbox.join("folder")).unwrap();
    symlink("/etc/passwd", inbox.join("link.csv")).unwrap();
    let transport = folder.transport();

    let first = transport.collect(&|_| false).await.unwrap();
    assert_eq!(first.files.len(), 1);
    assert_eq!((&*first.files[0].name, &first.files[0].content[..]), ("ack.csv", &b"yes"[..]));
    let refused: Vec<&str> = first.refused.iter().map(|refused| refused.name.as_str()).collect();
    assert_eq!(refused, ["-rf", "large.csv"]);

    // Nobody took it in durably: it comes again, and is put away only once it is known.
    assert_eq!(transport.collect(&|_| false).await.unwrap().files, first.files);
    let mark = first.files[0].mark.clone();
    assert!(transport.collect(&|seen| seen == mark).await.unwrap().files.is_empty());
    assert_eq!(folder.names("done"), ["ack.csv"]);

    // The same name once more is another file.
    fs::write(inbox.join("ack.csv"), b"no").unwrap();
    let again = transport.collect(&|seen| seen == mark).await.unwrap();
    assert_eq!(&again.files[0].content[..], b"no");
    let mark = again.files[0].mark.clone();
    transport.collect(&|seen| seen == mark).await.unwrap();
    let done = folder.names("done");
    assert_eq!(done.len(), 2, "{done:?}");
    assert_eq!(fs::read(folder.0.join("done/ack.csv")).unwrap(), b"yes");
    assert!(!inbox.join("ack.csv").exists());
}

#[tokio::test]
async fn a_probe_leaves_nothing_behind_and_a_missing_folder_is_named() {
    let folder = Folder::new("probe");
    let report = folder.transport().probe().await.unwrap();
    assert_eq!(report.steps.iter().map(|step| step.what).collect::<Vec<_>>(), ["folder", "inbox"]);
    assert!(folder.names("out").is_empty());
    fs::remove_dir(folder.0.join("out")).unwrap();
    let error = folder.transport().probe().await.unwrap_err();
    assert_eq!(error.fault(), Fault::Refused);
    assert!(error.to_string().contains("out"), "{error}");
}

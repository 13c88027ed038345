//! SFTP against OpenSSH's own server: whole files under their final names, a pinned server, and a bounded inbox.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod sshd;

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use partner_adapters::transport::{Content, Fault, Outgoing, Settings, Transport};
use sshd::Sshd;

fn open(server: &Sshd, host_keys: &[&str], private_keys: &[&str], more: &str) -> Transport {
    let host_keys: Vec<String> = host_keys.iter().map(|key| server.fingerprint(key)).collect();
    let text = format!(
        "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = {:?}\nhost_keys = {host_keys:?}\n\
         private_keys = {private_keys:?}\nfolder = \"out\"\n{more}",
        server.port, server.user
    );
    let settings: Settings = toml::from_str(&text).unwrap();
    Transport::open(&settings, &server.folder).unwrap()
}

fn usual(server: &Sshd) -> Transport {
    open(server, &["host_a"], &["client_a"], "")
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
async fn a_file_arrives_whole_once_and_is_never_overwritten() {
    let Some(server) = Sshd::start("a_file_arrives_whole_once_and_is_never_overwritten") else { return };
    let transport = open(&server, &["host_a"], &["client_a"], "announce = true\nread_back = \"always\"\n");
    let path = server.folder.join("large");
    // No multiple of the chunk, and more than all that is under way at once.
    let bytes: Vec<u8> = (0..3_000_001_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    let large = Outgoing { content: Content::Path(path.clone()), ..item("a.cbs", &bytes) };

    let first = transport.deliver(&large).await.unwrap();
    assert!(!first.already);
    assert_eq!((first.bytes, first.sha256), (3_000_001, large.sha256));
    assert!(first.place.ends_with("/out/a.cbs"), "{}", first.place);
    assert_eq!(fs::read(server.folder.join("out/a.cbs")).unwrap(), bytes);
    assert_eq!(server.names("out"), ["a.cbs", "a.cbs.done"]);
    let line = fs::read_to_string(server.folder.join("out/a.cbs.done")).unwrap();
    assert_eq!(line, format!("{}  a.cbs\n", hex::encode(large.sha256)));

    assert!(transport.deliver(&large).await.unwrap().already);
    for other in [&bytes[1..], &[&[bytes[0] ^ 1], &bytes[1..]].concat()] {
        let error = transport.deliver(&item("a.cbs", other)).await.unwrap_err();
        assert_eq!(error.fault(), Fault::NameTaken, "{error}");
        assert!(!error.retryable());
    }
    assert_eq!(fs::read(server.folder.join("out/a.cbs")).unwrap(), bytes);

    fs::write(&path, b"something else").unwrap();
    let changed = Outgoing { name: "b.cbs".into(), ..large };
    assert_eq!(transport.deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    assert_eq!(server.names("out"), ["a.cbs", "a.cbs.done"], "nothing half-written stays");
}

#[tokio::test]
async fn a_cut_connection_leaves_nothing_under_the_final_name_and_the_next_attempt_completes() {
    let Some(server) = Sshd::start("a_cut_connection_leaves_nothing_under_the_final_name") else { return };
    let transport = usual(&server);
    let item = item("a.cbs", &vec![7; 1_000_000]);
    for cut_after in [100, 20_000, 300_000, 900_000] {
        server.cut_after(cut_after);
        let error = transport.deliver(&item).await.unwrap_err();
        assert!(matches!(error.fault(), Fault::Interrupted | Fault::Protocol), "{cut_after}: {error}");
        assert!(error.retryable());
        assert!(!server.folder.join("out/a.cbs").exists(), "{cut_after}");
    }
    assert_eq!(server.names("out"), ["a.cbs.partial"], "the cuts came in the middle");
    server.cut_after(u64::MAX);
    assert!(!transport.deliver(&item).await.unwrap().already);
    assert_eq!(server.names("out"), ["a.cbs"]);
    assert_eq!(fs::read(server.folder.join("out/a.cbs")).unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn a_changed_host_key_stops_everything_until_it_is_pinned() {
    let Some(server) = Sshd::start("a_changed_host_key_stops_everything_until_it_is_pinned") else { return };
    let (before, both) = (usual(&server), open(&server, &["host_a", "host_b"], &["client_a"], ""));
    before.deliver(&item("a.cbs", b"abc")).await.unwrap();
    server.show_host_key("host_b");
    let error = before.deliver(&item("b.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::HostKeyChanged);
    assert!(!error.retryable() && error.fault().alarms());
    let text = error.to_string();
    for key in ["host_a", "host_b"] {
        assert!(text.contains(&server.fingerprint(key)), "{text}");
    }
    both.deliver(&item("b.cbs", b"abc")).await.unwrap();
    server.show_host_key("host_a");
    both.deliver(&item("c.cbs", b"abc")).await.unwrap();
    assert_eq!(server.names("out"), ["a.cbs", "b.cbs", "c.cbs"]);
}

#[tokio::test]
async fn our_key_changes_without_a_gap() {
    let Some(server) = Sshd::start("our_key_changes_without_a_gap") else { return };
    let transport = open(&server, &["host_a"], &["client_ecdsa", "client_a"], "");
    transport.deliver(&item("old.cbs", b"abc")).await.unwrap();
    server.accept(&["client_a", "client_ecdsa"]);
    transport.deliver(&item("both.cbs", b"abc")).await.unwrap();
    server.accept(&["client_ecdsa"]);
    transport.deliver(&item("new.cbs", b"abc")).await.unwrap();
    let sign_in = transport.probe().await.unwrap().steps[1].found.clone();
    assert!(sign_in.contains(&server.fingerprint("client_ecdsa")), "{sign_in}");
    server.accept(&["client_b"]);
    let error = transport.deliver(&item("none.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::SignInRefused, "{error}");
    assert_eq!(server.names("out"), ["both.cbs", "new.cbs", "old.cbs"]);
}

#[tokio::test]
async fn the_inbox_gives_plain_files_once_and_nothing_else() {
    let Some(server) = Sshd::start("the_inbox_gives_plain_files_once_and_nothing_else") else { return };
    let inbox = server.folder.join("in");
    fs::write(inbox.join("ack.csv"), b"yes").unwrap();
    for name in [".hidden", "half.csv.partial", "-rf", "a\\..\\b.csv", "line\nbreak.csv"] {
        fs::write(inbox.join(name), b"no").unwrap();
    }
    let bytes = std::ffi::OsString::from_vec(b"b\xff\xfe.csv".to_vec());
    fs::write(inbox.join(bytes), b"no").unwrap();
    fs::write(inbox.join("large.csv"), [b'x'; 40_001]).unwrap();
    fs::write(inbox.join("medium.csv"), [b'x'; 40_000]).unwrap();
    fs::create_dir(inbox.join("folder.csv")).unwrap();
    symlink("/etc/passwd", inbox.join("link.csv")).unwrap();
    let transport = open(
        &server,
        &["host_a"],
        &["client_a"],
        "[inbox]\npath = \"in\"\ndone = \"done\"\nmax_bytes = 40000\n",
    );

    let first = transport.collect(&|_| false).await.unwrap();
    let names: Vec<&str> = first.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["ack.csv", "medium.csv"]);
    assert_eq!((&first.files[0].content[..], first.files[1].content.len()), (&b"yes"[..], 40_000));
    let refused: Vec<&str> = first.refused.iter().map(|refused| refused.name.as_str()).collect();
    assert_eq!(refused, ["-rf", "a\\..\\b.csv", "b??.csv", "large.csv", "line?break.csv"]);

    assert_eq!(transport.collect(&|_| false).await.unwrap().files, first.files, "nobody took it in yet");
    let marks: Vec<String> = first.files.iter().map(|file| file.mark.clone()).collect();
    let seen = |mark: &str| marks.iter().any(|known| known == mark);
    assert!(transport.collect(&seen).await.unwrap().files.is_empty());
    assert_eq!(server.names("done"), ["ack.csv", "medium.csv"]);

    fs::write(inbox.join("ack.csv"), b"more").unwrap();
    let again = transport.collect(&seen).await.unwrap();
    assert_eq!(&again.files[0].content[..], b"more", "the same name once more is another file");
    transport.collect(&|mark| mark == again.files[0].mark).await.unwrap();
    assert_eq!(fs::read(server.folder.join("done/ack.csv")).unwrap(), b"yes");
    assert_eq!(server.names("done").len(), 3);
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_half_written_stays() {
    let Some(server) = Sshd::start("a_full_disk_is_told_and_nothing_half_written_stays") else { return };
    let Some(_mounted) = Mounted::small(&server.folder.join("out")) else {
        println!(
            "SKIPPED: a_full_disk_is_told_and_nothing_half_written_stays: a tmpfs cannot be mounted here"
        );
        return;
    };
    let transport = usual(&server);
    let error = transport.deliver(&item("a.cbs", &vec![7; 4_000_000])).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Full, "{error}");
    assert!(error.retryable() && error.fault().alarms());
    assert!(server.names("out").is_empty(), "{:?}", server.names("out"));
    transport.deliver(&item("b.cbs", b"abc")).await.unwrap();
}

/// A file system of one megabyte.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn small(path: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs"])
            .arg(path)
            .stderr(std::process::Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success()).then(|| Self(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let Some(server) = Sshd::start("what_is_wrong_is_named") else { return };
    let transport = usual(&server);
    let report = transport.probe().await.unwrap();
    let steps: Vec<&str> = report.steps.iter().map(|step| step.what).collect();
    assert_eq!(steps, ["host key", "sign-in", "durable writes", "folder"]);
    assert_eq!((&*report.steps[0].found, &*report.steps[2].found), (&*server.fingerprint("host_a"), "yes"));
    assert!(server.names("out").is_empty(), "a probe leaves nothing behind");

    fs::remove_dir(server.folder.join("out")).unwrap();
    let error = transport.deliver(&item("a.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Refused, "{error}");
    assert!(error.to_string().contains("the folder out is not there"), "{error}");
    fs::write(server.folder.join("out"), b"no folder").unwrap();
    assert!(transport.deliver(&item("a.cbs", b"abc")).await.is_err());
    drop(server);
    let error = transport.deliver(&item("a.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Unreachable, "{error}");
}

/// A port that takes connections and says nothing.
#[tokio::test]
async fn a_silent_server_meets_the_deadline() {
    let Some(server) = Sshd::start("a_silent_server_meets_the_deadline") else { return };
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"x\"\nhost_keys = [{:?}]\n\
         private_keys = [\"client_a\"]\nconnect_timeout_seconds = 1\n",
        silent.local_addr().unwrap().port(),
        server.fingerprint("host_a"),
    );
    let settings: Settings = toml::from_str(&text).unwrap();
    let transport = Transport::open(&settings, &server.folder).unwrap();
    let error = transport.deliver(&item("a.cbs", b"abc")).await.unwrap_err();
    assert_eq!(error.fault(), Fault::TimedOut, "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused_with_their_name() {
    let key = std::env::temp_dir().join(format!("cobrand-sftp-setting-{}", std::process::id()));
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("SKIPPED: settings_that_cannot_work_are_refused_with_their_name: ssh-keygen is not there");
        return;
    }
    let pin = "SHA256:WGPlLNz5U8L5XNWFOnCzLjvUKVHU8XWjHZEcSoo3bJA";
    let check = |host_keys: &str, private_keys: &str, setting: &str| {
        let text = format!(
            "kind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\nhost_keys = {host_keys}\nprivate_keys = {private_keys}\n"
        );
        let error = Transport::open(&toml::from_str(&text).unwrap(), Path::new("/")).unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
        assert!(!error.to_string().contains("BEGIN"), "{error}");
    };
    check("[]", "[]", "host_keys");
    check("[\"SHA256:short\"]", "[]", "host_keys");
    check("[\"MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48\"]", "[]", "host_keys");
    check(&format!("[{pin:?}, {pin:?}, {pin:?}]"), "[]", "host_keys");
    check(&format!("[{pin:?}]"), "[]", "private_keys");
    check(&format!("[{pin:?}]"), "[\"no/such/file\"]", "private_keys");
    check(&format!("[{pin:?}]"), "[\"-----BEGIN OPENSSH PRIVATE KEY-----\"]", "private_keys");
    check(&format!("[{pin:?}]"), &format!("[{key:?}]"), "private_keys");
    assert!(toml::from_str::<Settings>("kind = \"sftp\"\nhosts = \"h\"\n").is_err(), "an unknown setting");
    let _ = fs::remove_file(&key);
    let _ = fs::remove_file(key.with_extension("pub"));
}

//! OpenPGP around a transport, against GnuPG: it reads what we encrypt and sign, and we read what it does.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA256, digest};
use partner_adapters::transport::{Content, Fault, Outgoing, Settings, SetupError, Transport};

/// Two key rings: ours and the partner's. GnuPG's agent listens on a socket, whose path must be short.
struct Rings(PathBuf);

impl Rings {
    /// `None`, said loudly, where GnuPG is not installed.
    fn new(test: &str) -> Option<Self> {
        if !Command::new("gpg").arg("--version").stdout(Stdio::null()).status().is_ok_and(|it| it.success()) {
            println!("SKIPPED: {test}: gpg is not installed");
            return None;
        }
        let rings = Self(std::env::temp_dir().join(format!("cbpgp-{}-{test}", std::process::id())));
        for folder in ["ours", "partner", "stranger", "locked", "out", "in", "kept"] {
            fs::create_dir_all(rings.0.join(folder)).unwrap();
        }
        for (ring, kinds) in [
            ("ours", "ed25519/cert,sign+cv25519/encr"),
            ("partner", "rsa2048/cert,sign+rsa2048/encr"),
            ("stranger", "ed25519/cert,sign+cv25519/encr"),
        ] {
            rings.make_key(ring, kinds, "");
            let key = rings.gpg(ring, &["--armor", "--export"], b"");
            keep(rings.0.join(format!("{ring}.asc")), key);
        }
        keep(rings.0.join("own.key"), rings.gpg("ours", &["--armor", "--export-secret-keys"], b""));
        keep(rings.0.join("rsa.key"), rings.gpg("partner", &["--armor", "--export-secret-keys"], b""));
        for (ring, others) in [("partner", ["ours", "stranger"]), ("stranger", ["ours", "partner"])] {
            for other in others {
                let key = fs::read(rings.0.join(format!("{other}.asc"))).unwrap();
                rings.gpg(ring, &["--import"], &key);
            }
        }
        Some(rings)
    }

    fn make_key(&self, ring: &str, kinds: &str, passphrase: &str) {
        let (primary, sub) = kinds.split_once('+').unwrap();
        let (kind, uses) = primary.split_once('/').unwrap();
        let name = format!("{ring}@example.org");
        let common = ["--batch", "--passphrase", passphrase, "--pinentry-mode", "loopback"];
        self.gpg(ring, &[&common[..], &["--quick-generate-key", &name, kind, uses, "never"]].concat(), b"");
        let listed = String::from_utf8(self.gpg(ring, &["--list-keys", "--with-colons"], b"")).unwrap();
        let fingerprint =
            listed.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap();
        let (kind, uses) = sub.split_once('/').unwrap();
        self.gpg(ring, &[&common[..], &["--quick-add-key", fingerprint, kind, uses, "never"]].concat(), b"");
    }

    fn gpg(&self, ring: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = self.command(ring, args);
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
        // Both at once: it answers before it has read all.
        std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        if args.contains(&"--decrypt") {
            return [output.stdout, b"|".to_vec(), output.stderr].concat();
        }
        output.stdout
    }

    fn command(&self, ring: &str, args: &[&str]) -> std::process::Child {
        Command::new("gpg")
            .arg("--homedir")
            .arg(self.0.join(ring))
            .args(["--quiet", "--no-permission-warning", "--yes", "--trust-model", "always"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn open(&self, pgp: &str) -> Result<Transport, SetupError> {
        let text = format!(
            "kind = \"folder\"\npath = \"out\"\n[inbox]\npath = \"in\"\nmax_bytes = 100000\n\
             [pgp]\nkept = \"kept\"\n{pgp}"
        );
        Transport::open(&toml::from_str::<Settings>(&text).unwrap(), &self.0)
    }

    fn both(&self) -> Transport {
        self.open("partner_key = \"partner.asc\"\nown_key = \"own.key\"\n").unwrap()
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        for ring in ["ours", "partner", "stranger", "locked"] {
            let _ = Command::new("gpgconf")
                .arg("--homedir")
                .arg(self.0.join(ring))
                .args(["--kill", "all"])
                .status();
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn item(name: &str, path: &Path, bytes: &[u8]) -> Outgoing {
    fs::write(path, bytes).unwrap();
    Outgoing {
        name: name.into(),
        content: Content::Path(path.to_owned()),
        sha256: digest(&SHA256, bytes).as_ref().try_into().unwrap(),
        key: "file-1".into(),
        media_type: "text/plain",
    }
}

#[tokio::test]
async fn gnupg_reads_what_we_encrypt_and_sign_and_a_resend_is_the_same_bytes() {
    let Some(rings) = Rings::new("out") else { return };
    // More than one chunk of the message.
    let bytes: Vec<u8> = b"line of a file\n".iter().copied().cycle().take(700_000).collect();
    let item = item("a.cbs", &rings.0.join("a.cbs"), &bytes);
    let transport = rings.both();
    let first = transport.deliver(&item).await.unwrap();
    assert!(first.place.ends_with("out/a.cbs.pgp") && !first.already, "{first:?}");
    let sent = fs::read(rings.0.join("out/a.cbs.pgp")).unwrap();
    assert!(!sent.windows(12).any(|part| part == b"line of a fi"), "it is not encrypted");
    let read = rings.gpg("partner", &["--decrypt"], &sent);
    assert!(read.starts_with(&bytes), "GnuPG reads something else");
    let said = String::from_utf8_lossy(&read[bytes.len()..]).into_owned();
    assert!(said.contains("Good signature from \"ours@example.org\""), "{said}");

    // Another process, later: it finds what was kept.
    let second = rings.both().deliver(&item).await.unwrap();
    assert!(second.already);
    assert_eq!((second.sha256, second.bytes), (first.sha256, first.bytes));
    let kept: Vec<_> = fs::read_dir(rings.0.join("kept")).unwrap().collect();
    assert_eq!(kept.len(), 1);

    let changed = Outgoing { sha256: [0; 32], ..item };
    assert_eq!(transport.deliver(&changed).await.unwrap_err().fault(), Fault::LocalFile);
    assert_eq!(fs::read_dir(rings.0.join("kept")).unwrap().count(), 1, "nothing half-encrypted is kept");
}

#[tokio::test]
async fn only_signing_and_only_encrypting_work_as_well() {
    let Some(rings) = Rings::new("one") else { return };
    let signs = rings.open("own_key = \"own.key\"\n").unwrap();
    signs.deliver(&item("s.cbs", &rings.0.join("s"), b"signed only")).await.unwrap();
    let read = rings.gpg("partner", &["--decrypt"], &fs::read(rings.0.join("out/s.cbs.pgp")).unwrap());
    let said = String::from_utf8_lossy(&read).into_owned();
    assert!(said.starts_with("signed only|") && said.contains("Good signature"), "{said}");
    let encrypts = rings.open("partner_key = \"partner.asc\"\n").unwrap();
    encrypts.deliver(&item("e.cbs", &rings.0.join("e"), b"encrypted only")).await.unwrap();
    let read = rings.gpg("partner", &["--decrypt"], &fs::read(rings.0.join("out/e.cbs.pgp")).unwrap());
    let said = String::from_utf8_lossy(&read).into_owned();
    assert!(said.starts_with("encrypted only|") && !said.contains("Good signature"), "{said}");
}

#[tokio::test]
async fn answers_are_decrypted_checked_and_bounded() {
    let Some(rings) = Rings::new("in") else { return };
    let inbox = rings.0.join("in");
    let write = |name: &str, ring: &str, args: &[&str], plain: &[u8]| {
        let common = ["--batch", "--passphrase", "", "--pinentry-mode", "loopback"];
        fs::write(inbox.join(name), rings.gpg(ring, &[&common[..], args].concat(), plain)).unwrap();
    };
    let to_us = ["--recipient", "ours@example.org", "--encrypt"];
    let signed = [&to_us[..], &["--sign"]].concat();
    write("1-good.csv.pgp", "partner", &signed, b"accepted");
    write("2-armored.csv.asc", "partner", &[&signed[..], &["--armor"]].concat(), b"accepted too");
    write("3-signed-only.csv.pgp", "partner", &["--sign"], b"accepted as well");
    write("4-unsigned.csv.pgp", "partner", &to_us, b"no");
    write("5-stranger.csv.pgp", "stranger", &signed, b"no");
    write(
        "6-for-others.csv.pgp",
        "stranger",
        &["--recipient", "partner@example.org", "--encrypt", "--sign"],
        b"no",
    );
    write(
        "7-bomb.csv.pgp",
        "partner",
        &[&signed[..], &["--compress-algo", "zlib", "-z", "9"]].concat(),
        &vec![0; 5_000_000],
    );
    fs::write(inbox.join("8-plain.csv"), b"no").unwrap();
    let mut damaged = fs::read(inbox.join("1-good.csv.pgp")).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(inbox.join("9-damaged.csv.pgp"), damaged).unwrap();

    let collected = rings.both().collect(&|_| false).await.unwrap();
    let taken: Vec<(&str, &[u8], bool)> =
        collected.files.iter().map(|file| (&*file.name, &file.content[..], file.signed)).collect();
    assert_eq!(
        taken,
        [
            ("1-good.csv.pgp", &b"accepted"[..], true),
            ("2-armored.csv.asc", b"accepted too", true),
            ("3-signed-only.csv.pgp", b"accepted as well", true),
        ],
        "{:?}",
        collected.refused
    );
    let refused: Vec<&str> = collected.refused.iter().map(|refused| &refused.name[..2]).collect();
    assert_eq!(refused, ["4-", "5-", "6-", "7-", "8-", "9-"], "{:?}", collected.refused);
    for refused in &collected.refused {
        assert!(refused.reason.starts_with("PGP: "), "{refused:?}");
    }
}

#[test]
fn keys_that_cannot_work_are_refused_with_their_name() {
    let Some(rings) = Rings::new("keys") else { return };
    let check = |pgp: &str, setting: &str| {
        let error = rings.open(pgp).unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
        error.to_string()
    };
    check("", "pgp");
    check("partner_key = \"missing.asc\"\n", "pgp.partner_key");
    check("partner_key = \"own.key\"\n", "pgp.partner_key");
    check("own_key = \"partner.asc\"\n", "pgp.own_key");
    let text = check("own_key = \"rsa.key\"\n", "pgp.own_key");
    assert!(text.contains("RSA") && text.contains("Ed25519"), "{text}");
    rings.make_key("locked", "ed25519/cert,sign+cv25519/encr", "open sesame");
    let args = ["--batch", "--passphrase", "open sesame", "--pinentry-mode", "loopback"];
    let locked = rings.gpg("locked", &[&args[..], &["--armor", "--export-secret-keys"]].concat(), b"");
    keep(rings.0.join("locked.key"), locked);
    check("own_key = \"locked.key\"\n", "pgp");
    keep(rings.0.join("passphrase"), "open sesame\n");
    rings.open("own_key = \"locked.key\"\npassphrase = \"passphrase\"\n").unwrap();
}

/// As a secret is kept: for its owner alone.
fn keep(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

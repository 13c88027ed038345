//! OpenSSH's own server with internal-sftp, on a loopback port, in a temporary folder, with fresh keys.
//!
//! There is no daemon: each connection that our port takes gets an `sshd -i` of its own, as an unprivileged user, with
//! us in between, who can cut it after a number of bytes.
#![allow(dead_code)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

const PROGRAMS: &[&str] =
    &["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/opt/homebrew/sbin/sshd"];
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A running server. Dropped, its port, its processes and its folder are gone.
pub(crate) struct Sshd {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) user: String,
    ids: Option<(u32, u32)>,
    /// Bytes from the client after which a connection is cut; `u64::MAX` for never.
    cut_after: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Sshd {
    /// `None`, said loudly, where OpenSSH's server is not installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let Some(program) = PROGRAMS.iter().find(|program| Path::new(program).exists()) else {
            println!("SKIPPED: {test}: sshd is not installed; `make setup` installs openssh-server");
            return None;
        };
        let ids = unprivileged();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("cobrand-sshd-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            user: if ids.is_some() { "nobody".to_owned() } else { output("id", &["-un"]) },
            ids,
            cut_after: Arc::new(AtomicU64::new(u64::MAX)),
            over: Arc::new(AtomicBool::new(false)),
            folder,
        };
        server.furnish();
        server.listen(listener, program);
        Some(server)
    }

    fn furnish(&self) {
        for folder in ["in", "out", "done"] {
            self.make_folder(folder);
        }
        for key in ["host_a", "host_b", "client_a", "client_b"] {
            self.make_key(key, "ed25519");
        }
        self.make_key("client_ecdsa", "ecdsa");
        self.show_host_key("host_a");
        self.accept(&["client_a"]);
    }

    fn make_key(&self, name: &str, kind: &str) {
        let path = self.folder.join(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", name, "-f"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(made.success(), "ssh-keygen");
        self.give(&path);
    }

    pub(crate) fn make_folder(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).unwrap();
        self.give(&path);
        path
    }

    /// To the user that the server runs as.
    pub(crate) fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.ids {
            chown(path, Some(uid), Some(gid)).unwrap();
        }
    }

    /// From now on the server has this key.
    pub(crate) fn show_host_key(&self, name: &str) {
        let text = format!(
            "HostKey {0}/{name}\nAuthorizedKeysFile {0}/authorized\nStrictModes no\nUsePAM yes\nPidFile none\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel ERROR\n\
             Subsystem sftp internal-sftp\nForceCommand internal-sftp -d {0}\n",
            self.folder.display()
        );
        fs::write(self.folder.join("config"), text).unwrap();
    }

    /// From now on these keys may sign in.
    pub(crate) fn accept(&self, names: &[&str]) {
        let keys: Vec<String> = names
            .iter()
            .map(|name| fs::read_to_string(self.folder.join(format!("{name}.pub"))).unwrap())
            .collect();
        fs::write(self.folder.join("authorized"), keys.concat()).unwrap();
    }

    pub(crate) fn fingerprint(&self, key: &str) -> String {
        let line =
            output("ssh-keygen", &["-l", "-f", &self.folder.join(format!("{key}.pub")).to_string_lossy()]);
        line.split(' ').nth(1).unwrap().to_owned()
    }

    /// Cuts each connection after so many bytes from the client.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.cut_after.store(bytes, Ordering::SeqCst);
    }

    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn listen(&self, listener: TcpListener, program: &'static str) {
        let (config, ids) = (self.folder.join("config"), self.ids);
        let (cut_after, over) = (Arc::clone(&self.cut_after), Arc::clone(&self.over));
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                serve(client.unwrap(), program, &config, ids, cut_after.load(Ordering::SeqCst));
            }
        });
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(client: TcpStream, program: &str, config: &Path, ids: Option<(u32, u32)>, cut_after: u64) {
    client.set_nodelay(true).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs_too = theirs.try_clone().unwrap();
    let mut command = Command::new(program);
    command.arg("-i").arg("-e").arg("-f").arg(config).current_dir("/");
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::from(OwnedFd::from(theirs_too)));
    command.stderr(if std::env::var_os("COBRAND_SSHD_LOG").is_some() {
        Stdio::inherit()
    } else {
        Stdio::null()
    });
    if let Some((uid, gid)) = ids {
        command.uid(uid).gid(gid);
    }
    let mut child = command.spawn().unwrap();
    // Its ends of the pair now belong to the child alone: its end is our end of file.
    drop(command);
    thread::spawn(move || child.wait());
    let (from_client, to_server) = (client.try_clone().unwrap(), ours.try_clone().unwrap());
    thread::spawn(move || carry(from_client, to_server, cut_after));
    thread::spawn(move || carry(ours, client, u64::MAX));
}

trait Cut: Read + Write {
    fn cut(&self);
}

impl Cut for TcpStream {
    fn cut(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Cut for UnixStream {
    fn cut(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn carry(mut from: impl Cut, mut to: impl Cut, most: u64) {
    let (mut buffer, mut carried) = ([0; 16 << 10], 0_u64);
    while let Ok(read) = from.read(&mut buffer) {
        carried += read as u64;
        if read == 0 || carried > most || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.cut();
    to.cut();
}

/// Whom root hands the server to; nobody if we are not root.
fn unprivileged() -> Option<(u32, u32)> {
    let number = |args: &[&str]| output("id", args).parse().ok();
    if number(&["-u"]) != Some(0) {
        return None;
    }
    Some((number(&["-u", "nobody"])?, number(&["-g", "nobody"])?))
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

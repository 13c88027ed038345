//! Partners' endpoints, the worker as a process of its own, and what stands between them.
#![allow(dead_code, unused_imports, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod door;
mod hook;

use std::{
    fs::OpenOptions,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) use door::{Door, Mood, RETRY_AFTER_SECONDS};
pub(crate) use hook::{Call, Hook, SECRET};

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::World;
use iso8583::{Builder, Mti};
use jiff::{Zoned, civil::Weekday};

use crate::support_link::{binary, eventually, purchase};

/// A role of `cobrand` as a process of its own.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// `role` is `gateway`, `settle` or `serve`. Its log is a file in the folder.
    pub(crate) fn start(folder: &Path, role: &str) -> Self {
        let log = folder.join(format!("{role}.log"));
        let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(binary());
        command.arg(role).arg("--config").arg(folder.join("cobrand.toml")).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self { child: command.spawn().unwrap() }
    }

    /// SIGKILL: it cannot do anything any more, and gives nothing back.
    pub(crate) fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself before it was killed");
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bank's link to the gateway that runs as a process of its own, signed on.
pub(crate) async fn connect(world: &World) -> Link {
    let (address, tls) = (world.assembly.config.gateway.listen, world.bank_tls().unwrap());
    let mut link = None;
    eventually("the gateway listens", async || {
        link = Link::connect(address, &tls, LinkOptions::default()).await.ok();
        link.is_some()
    })
    .await;
    let link = link.unwrap();
    link.sign_on().await.unwrap();
    link
}

/// A purchase of 2,000.00 RUB of last Saturday, cleared: a process lives by the machine's clock, and merchants have
/// campaigns on Saturdays.
pub(crate) fn paid(pan: &str, number: u32) -> Builder {
    let day = Zoned::now().date().nth_weekday(-1, Weekday::Saturday).unwrap().strftime("%m%d").to_string();
    let cleared = purchase(pan, number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00");
    cleared.set(4, "000000200000").set(7, format!("{day}090000")).set(12, "120000").set(13, day)
}

//! A bank for tests and the demo: seeded traffic over mutual TLS.
//!
//! From the wire upwards:
//!
//! - [`BankWire`]: framing, header, dialect and MAC of a link, whichever are agreed.
//! - [`ClientTls`] and [`Link`]: one connection, many messages in flight, replies in any order.
//! - [`PersistentBank`]: several links that come back by themselves; a message is repeated until it is answered.
//! - [`Card`], [`Merchant`], [`Purchase`], [`Step`]: traffic as data. A [`Day`] is a plan of such purchases:
//!   [`Day::seeded`] makes one up, [`Day::worked`] is the worked day, [`Day::new`] takes any script.
//! - [`replay`] sends a day and returns its [`Transcript`], from which an auditor recomputes everything.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use bank_simulator::{BankOptions, ClientTls, Day, PersistentBank, WorkedMerchants, replay};
//!
//! let tls = ClientTls::from_pem_files("certs/ca.pem", "certs/bank.pem", "certs/bank.key", "localhost")?;
//! let bank = PersistentBank::start("127.0.0.1:8583".parse()?, tls, BankOptions::default());
//! let day = Day::worked(Day::worked_cards()?, &WorkedMerchants::default())?;
//! let transcript = replay(&bank, &day, 4, |_| {}).await;
//! assert!(transcript.is_complete());
//! bank.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Card numbers are in [`iso8583::Pan`] and [`iso8583::Builder`] only, whose `Debug` is masked.

#![forbid(unsafe_code)]

pub mod auditor;
mod bank;
mod case;
pub mod certification;
pub mod clearing_file;
pub mod evidence;
mod link;
mod random;
mod replay;
mod reply;
pub mod report;
pub mod scenario;
pub mod script;
mod tls;
mod traffic;
mod wire;

pub use crate::{
    bank::{Answered, AskError, BankCounters, BankOptions, PersistentBank, repeat_form},
    case::{Case, Need},
    link::{Layer, Link, LinkCounters, LinkError, LinkOptions},
    random::SplitMix64,
    replay::{Answer, Exchange, Progress, Sent, Transcript, replay},
    reply::{Loyalty, Reply, paying_with_miles},
    tls::{ClientTls, Identity, TlsError, TlsVersions},
    traffic::{
        Card, ClearAmount, Day, Merchant, Mix, Money, Part, PlanError, Planned, Purchase, SeededPlan, Step,
        TEST_PANS, Target, Timed, WorkedMerchants, test_pan,
    },
    wire::{BankWire, NetworkCodes, NetworkFunction, ReadError, WireNames},
};

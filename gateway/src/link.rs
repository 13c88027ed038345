//! What is agreed with a bank about its link.

use std::{collections::BTreeSet, time::Duration};

use domain::{BankId, ClearingSource};
use iso8583::{Pan, Version};
use jiff::{Timestamp, civil::Date, civil::Time, tz::TimeZone};

use crate::{BankWindow, Wire};

/// An inclusive range of leading digits of card numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinRange {
    /// The first, 6 to 8 digits.
    pub first: String,
    /// The last, of the same length.
    pub last: String,
}

impl BinRange {
    /// Whether the card number lies inside.
    pub fn contains(&self, pan: &Pan) -> bool {
        let bin = pan.bin(self.first.len());
        bin.len() == self.first.len() && self.first.as_str() <= bin && bin <= self.last.as_str()
    }
}

impl BinRange {
    /// Whether some card number lies in both; a longer prefix is compared by its leading digits.
    fn overlaps(&self, other: &Self) -> bool {
        let digits = self.first.len().min(other.first.len());
        let lead = |text: &str| text.get(..digits).unwrap_or(text).to_owned();
        lead(&self.first) <= lead(&other.last) && lead(&other.first) <= lead(&self.last)
    }
}

/// Bounds of a link, each with what happens beyond it.
#[derive(Debug, Clone)]
pub struct LinkLimits {
    /// A TLS handshake that takes longer is dropped.
    pub handshake_max: Duration,
    /// A connection that sends nothing at all for so long after the handshake is dropped.
    pub first_byte_max: Duration,
    /// A frame that is not complete so long after its first byte drops the connection.
    pub frame_max: Duration,
    /// A connection without traffic for so long is dropped; banks send an echo well before.
    pub idle_max: Duration,
    /// A longer frame drops the connection.
    pub frame_bytes_max: usize,
    /// Further connections are refused.
    pub connections_max: usize,
    /// Further connections of one link are refused: a bank cannot take the places of the others.
    pub link_connections_max: usize,
    /// Further messages of a connection wait in the network.
    pub in_flight_max: usize,
    /// A request that is not committed so soon is answered with 96; an advice is not answered at all.
    pub answer_max: Duration,
    /// Totals (0500, 0520) that are not counted so soon are answered as late; what was counted answers the repeat.
    pub totals_max: Duration,
    /// A drain waits so long for what is in flight.
    pub drain_max: Duration,
}

impl Default for LinkLimits {
    fn default() -> Self {
        Self {
            handshake_max: Duration::from_secs(5),
            first_byte_max: Duration::from_secs(30),
            frame_max: Duration::from_secs(5),
            idle_max: Duration::from_secs(300),
            frame_bytes_max: 4096,
            connections_max: 256,
            link_connections_max: 64,
            in_flight_max: 1024,
            answer_max: Duration::from_millis(300),
            totals_max: Duration::from_secs(5),
            drain_max: Duration::from_secs(10),
        }
    }
}

/// What a network management message (0800) asks for, by its DE70.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFunction {
    /// From now on messages are taken on this connection.
    SignOn,
    /// From now on they are not.
    SignOff,
    /// Could the gateway commit now?
    Echo,
    /// The bank's window ends.
    CutOver,
    /// A key is sent or asked for; refused, since that needs an HSM.
    KeyChange,
}

/// The codes that the bank's network uses in DE70 (of 1993: DE24), three digits each. No code stands for two functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkCodes {
    /// Sign-on.
    pub sign_on: BTreeSet<String>,
    /// Sign-off.
    pub sign_off: BTreeSet<String>,
    /// Echo.
    pub echo: BTreeSet<String>,
    /// Cut-over.
    pub cut_over: BTreeSet<String>,
    /// Key change.
    pub key_change: BTreeSet<String>,
}

impl Default for NetworkCodes {
    fn default() -> Self {
        Self::usual(Version::V1987)
    }
}

impl NetworkCodes {
    /// The usual codes: of DE70 in 1987, of the function code DE24 in 1993.
    pub fn usual(version: Version) -> Self {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        if version != Version::V1987 {
            return Self {
                sign_on: codes(&["801"]),
                sign_off: codes(&["802"]),
                echo: codes(&["831"]),
                cut_over: codes(&["821"]),
                key_change: codes(&["811", "812"]),
            };
        }
        Self {
            sign_on: codes(&["001", "061"]),
            sign_off: codes(&["002", "062"]),
            echo: codes(&["270", "301"]),
            cut_over: codes(&["201"]),
            key_change: codes(&["101", "161", "162"]),
        }
    }
}

impl NetworkCodes {
    /// The sets by the names that they have in the configuration.
    pub fn by_name(&self) -> [(&'static str, NetworkFunction, &BTreeSet<String>); 5] {
        [
            ("sign_on", NetworkFunction::SignOn, &self.sign_on),
            ("sign_off", NetworkFunction::SignOff, &self.sign_off),
            ("echo", NetworkFunction::Echo, &self.echo),
            ("cut_over", NetworkFunction::CutOver, &self.cut_over),
            ("key_change", NetworkFunction::KeyChange, &self.key_change),
        ]
    }

    /// What a code asks for; `None` for one that is not agreed.
    pub fn function(&self, code: &str) -> Option<NetworkFunction> {
        self.by_name().into_iter().find(|(_, _, codes)| codes.contains(code)).map(|(_, function, _)| function)
    }
}

/// A bank's link.
#[derive(Debug, Clone)]
pub struct Link {
    /// The bank.
    pub bank: BankId,
    /// Its code in logs and metrics.
    pub code: String,
    /// Names in a client certificate (SAN, DNS) that are this bank's.
    pub certificate_names: BTreeSet<String>,
    /// The bank's card ranges; a card outside is not its to send.
    pub bins: Vec<BinRange>,
    /// Agreed values of DE33; empty if none is agreed.
    pub forwarders: BTreeSet<String>,
    /// Agreed values of DE100; empty if none is agreed.
    pub receivers: BTreeSet<String>,
    /// The one source of its clearing.
    pub clearing_source: ClearingSource,
    /// The bank's zone, for its own business day and for messages without a local time.
    pub time_zone: TimeZone,
    /// When its business day ends.
    pub cut_over: Time,
    /// How its messages are written.
    pub wire: Wire,
    /// The codes of its network management.
    pub network_codes: NetworkCodes,
    /// Its business date as its cut-over messages move it.
    pub window: BankWindow,
}

impl Link {
    /// Whether a card could belong to both links.
    pub fn shares_cards_with(&self, other: &Self) -> bool {
        self.bins.iter().any(|range| other.bins.iter().any(|theirs| range.overlaps(theirs)))
    }

    /// The bank's business day of a message: DE15 if it is sent, else the day that is open by the bank's cut-over.
    pub fn bank_date(&self, settlement_date: Option<Date>, received_at: Timestamp) -> Date {
        settlement_date.unwrap_or_else(|| self.open_date(received_at))
    }

    /// The bank's business day by the clock alone.
    pub(crate) fn date_by_clock(&self, at: Timestamp) -> Date {
        domain::business_date(at.to_zoned(self.time_zone.clone()).datetime(), self.cut_over)
    }
}

#[cfg(test)]
impl Link {
    /// A link of the bank `northbank` with cards 411111, in UTC.
    pub(crate) fn for_tests() -> Self {
        Self {
            bank: BankId(1),
            code: "northbank".to_owned(),
            certificate_names: BTreeSet::new(),
            bins: vec![BinRange { first: "411111".to_owned(), last: "411111".to_owned() }],
            forwarders: BTreeSet::new(),
            receivers: BTreeSet::new(),
            clearing_source: ClearingSource::Advice,
            time_zone: TimeZone::UTC,
            cut_over: Time::MIN,
            wire: Wire::default(),
            network_codes: NetworkCodes::default(),
            window: BankWindow::default(),
        }
    }
}

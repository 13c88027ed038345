//! Scripts: what a bank sends on a link and what must come back, as data, and the run of one against a gateway.
//!
//! A [`Step`] says what to do and what to expect of the answer. Beside what it expects itself, every answer is held
//! against the link contract: its message type, the fields that come back as sent, the loyalty result, and that it
//! carries no card data. [`play`] runs the steps one after another on a connection of its own.

mod agreed;
mod compose;
mod contents;
mod damage;
mod draft;
mod expect;
mod judge;
mod miles;
mod play;
mod shown;
mod totals;
mod wire;
mod worth;

pub(crate) use self::worth::ROOM;
pub use self::{
    agreed::{Agreed, AgreedError, Earn, Rounding, Share},
    compose::{ClearingSource, Composer, Parties},
    draft::{Amount, Damage, Draft, Edit, NetworkCode, Place, Whose},
    expect::{Check, Expect},
    play::{Failed, StepResult, Target, play},
    shown::{MaskedByte, ShownField, ShownMessage, masked_bytes, masked_value},
    worth::Worth,
};

use std::time::Duration;

use crate::wire::NetworkFunction;

/// One step of a script.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is called; later steps name it by this, so it is there once in a script.
    pub label: &'static str,
    /// What is done.
    pub action: Action,
    /// What is expected beside what the contract says of every answer.
    pub expect: Vec<Expect>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sends a message and waits for its answer.
    Send(Draft),
    /// Sends a message and does not look at its answer for so long: the bank gives up, or goes on meanwhile.
    SendOnly(Draft, Duration),
    /// Sends a message that must not be answered.
    SendInVain(Draft),
    /// Makes a message without sending it, so that another one can name it first.
    Prepare(Draft),
    /// Sends a message that was prepared, and waits for its answer.
    SendPrepared(&'static str),
    /// Waits for the answer to a message that was only sent.
    AwaitAnswer(&'static str),
    /// Sends an earlier message once more in its repeat form, the named data elements changed.
    Repeat(&'static str, Vec<Edit>),
    /// Sends damaged bytes of a message that can be told by its type; the answer is a refusal.
    SendDamaged(Draft, Damage),
    /// Sends bytes after which the gateway must end the connection.
    SendFatal(Draft, Damage),
    /// Cuts the connection without a goodbye and opens another one.
    Reconnect,
}

impl Action {
    /// The message that is made here, if one is.
    pub(crate) const fn draft(&self) -> Option<&Draft> {
        match self {
            Self::Send(draft)
            | Self::SendOnly(draft, _)
            | Self::SendInVain(draft)
            | Self::Prepare(draft)
            | Self::SendDamaged(draft, _)
            | Self::SendFatal(draft, _) => Some(draft),
            Self::SendPrepared(_) | Self::AwaitAnswer(_) | Self::Repeat(..) | Self::Reconnect => None,
        }
    }
}

impl Step {
    fn new(label: &'static str, action: Action) -> Self {
        Self { label, action, expect: Vec::new() }
    }

    /// Sends a message and waits for its answer.
    #[must_use]
    pub fn send(label: &'static str, draft: Draft) -> Self {
        Self::new(label, Action::Send(draft))
    }

    /// Sends a message and looks away for so many milliseconds.
    #[must_use]
    pub fn send_only(label: &'static str, draft: Draft, pause_ms: u64) -> Self {
        Self::new(label, Action::SendOnly(draft, Duration::from_millis(pause_ms)))
    }

    /// Sends a message that must not be answered.
    #[must_use]
    pub fn send_in_vain(label: &'static str, draft: Draft) -> Self {
        Self::new(label, Action::SendInVain(draft))
    }

    /// Makes a message that a later step sends.
    #[must_use]
    pub fn prepare(label: &'static str, draft: Draft) -> Self {
        Self::new(label, Action::Prepare(draft))
    }

    /// Sends what was prepared.
    #[must_use]
    pub fn send_prepared(label: &'static str, prepared: &'static str) -> Self {
        Self::new(label, Action::SendPrepared(prepared))
    }

    /// Waits for the answer to a message that was only sent.
    #[must_use]
    pub fn await_answer(label: &'static str, of: &'static str) -> Self {
        Self::new(label, Action::AwaitAnswer(of))
    }

    /// The repeat form of an earlier message; the result must be the same as then.
    #[must_use]
    pub fn repeat(label: &'static str, of: &'static str) -> Self {
        let mut step = Self::new(label, Action::Repeat(of, Vec::new()));
        step.expect.push(Expect::SameResultAs(of));
        step
    }

    /// The repeat form of an earlier message, with other content.
    #[must_use]
    pub fn altered_repeat(label: &'static str, of: &'static str, edits: Vec<Edit>) -> Self {
        Self::new(label, Action::Repeat(of, edits))
    }

    /// Sends damaged bytes that are answered with a refusal.
    #[must_use]
    pub fn send_damaged(label: &'static str, draft: Draft, damage: Damage) -> Self {
        Self::new(label, Action::SendDamaged(draft, damage))
    }

    /// Sends bytes that end the connection.
    #[must_use]
    pub fn send_fatal(label: &'static str, draft: Draft, damage: Damage) -> Self {
        Self::new(label, Action::SendFatal(draft, damage))
    }

    /// Cuts the connection and opens another one.
    #[must_use]
    pub fn reconnect(label: &'static str) -> Self {
        Self::new(label, Action::Reconnect)
    }

    /// Signs on: what almost every script begins with.
    #[must_use]
    pub fn sign_on() -> Self {
        Self::send("sign on", Draft::network(NetworkFunction::SignOn)).code("00")
    }

    /// Expects this DE39.
    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        self.expect(Expect::Code(code))
    }

    /// Expects DE39 00 with this status and one of these reasons in DE48.
    #[must_use]
    pub fn taken(self, status: &'static str, reasons: &'static [&'static str]) -> Self {
        self.code("00").expect(Expect::Tag("ST", status_of(status))).expect(Expect::Tag("RS", reasons))
    }

    /// Expects a refusal: this DE39, this reason in DE48, and no loyalty.
    #[must_use]
    pub fn refused(self, code: &'static str, reason: &'static [&'static str]) -> Self {
        self.code(code).expect(Expect::Tag("ST", &["none"])).expect(Expect::Tag("RS", reason))
    }

    /// Expects the miles and the discount that the answers to those steps have told together.
    #[must_use]
    pub fn miles_as(self, to: &'static [&'static str]) -> Self {
        self.expect(Expect::MilesAddUp { with: &[], to })
    }

    /// Expects that all of the miles and the discount of those steps are taken back.
    #[must_use]
    pub fn takes_back(self, with: &'static [&'static str]) -> Self {
        self.expect(Expect::MilesAddUp { with, to: &[] })
    }

    /// Expects what the stated rate makes of this message behind those of the same purchase.
    #[must_use]
    pub fn worth(self, after: &'static [&'static str]) -> Self {
        self.expect(Expect::Worth(Worth { after, offer: None }))
    }

    /// The same where the answer to a step has offered a discount at the till.
    #[must_use]
    pub fn worth_offered(self, after: &'static [&'static str], offer: &'static str) -> Self {
        self.expect(Expect::Worth(Worth { after, offer: Some(offer) }))
    }

    /// Expects something else.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.expect.push(expect);
        self
    }
}

/// A month's cap may be used up by earlier runs: then a purchase is taken and worth nothing.
fn status_of(status: &'static str) -> &'static [&'static str] {
    match status {
        "provisional" => &["provisional", "none"],
        "booked" => &["booked", "none"],
        "reversed" => &["reversed"],
        _ => &["none"],
    }
}

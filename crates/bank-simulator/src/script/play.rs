//! Plays a script against a gateway.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use iso8583::Builder;

use super::{
    Action, Step,
    compose::{Composer, Memory},
    damage::{Bytes, damaged},
    draft::{Damage, Draft, Edit},
    expect::Check,
    judge::{Pair, judge},
    shown::ShownMessage,
    wire::{Answer, Wire},
};
use crate::{
    bank::repeat_form,
    link::{Layer, Link, LinkError, LinkOptions},
    tls::ClientTls,
    wire::BankWire,
};

/// The gateway, and how patient the bank is with it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who we are.
    pub tls: ClientTls,
    /// How each connection behaves.
    pub options: LinkOptions,
    /// How long an answer, or the end of a connection, may take.
    pub patience: Duration,
    /// How long is waited for an answer that must not come.
    pub quiet: Duration,
}

/// Why no script can be played at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// Nobody listens there.
    #[error(
        "TCP: {}; nothing was sent: check address and port, that the gateway runs, and that no firewall is between",
        cause(.0)
    )]
    Tcp(LinkError),
    /// Somebody listens, but there is no TLS connection.
    #[error(
        "TLS: {}; check that the authority given has signed the gateway's certificate, that the server name \
         given is in it, and that certificate and key belong together and are not expired",
        cause(.0)
    )]
    Tls(LinkError),
    /// There is a TLS connection, but no sign-on.
    #[error(
        "sign-on: {0}; if the connection was closed the gateway does not take our certificate: let its operator \
         compare `certificate_names` of the [[link]], the authority `client_ca`, and the bounds of connections"
    )]
    SignOn(LinkError),
}

/// What happened, without advice that is given elsewhere.
fn cause(error: &LinkError) -> String {
    match error {
        LinkError::Connect { address, source, .. } => format!("{address}: {source}"),
        LinkError::ConnectTimeout { address, after, .. } => format!("{address}: nothing within {after:?}"),
        other => other.to_string(),
    }
}

impl Target {
    /// Connects, signs on, and ends the connection: whether scripts can be played at all.
    ///
    /// # Errors
    ///
    /// Which layer failed, and what to do.
    pub async fn probe(&self) -> Result<(), Failed> {
        let link = Link::connect(self.address, &self.tls, self.options.clone()).await;
        let link = link.map_err(|error| match error {
            LinkError::Connect { layer: Layer::Tcp, .. }
            | LinkError::ConnectTimeout { layer: Layer::Tcp, .. } => Failed::Tcp(error),
            _ => Failed::Tls(error),
        })?;
        link.sign_on().await.map_err(Failed::SignOn)?;
        link.close().await;
        Ok(())
    }
}

/// What came of a step. Holds nothing that may not be shown.
#[derive(Clone, Debug)]
pub struct StepResult {
    /// The step's label.
    pub label: &'static str,
    /// What went out.
    pub sent: Option<ShownMessage>,
    /// What came back.
    pub received: Option<ShownMessage>,
    /// From sending to the answer, if the answer was waited for at once.
    pub latency: Option<Duration>,
    /// What was looked at.
    pub checks: Vec<Check>,
}

impl StepResult {
    fn new(label: &'static str) -> Self {
        Self { label, sent: None, received: None, latency: None, checks: Vec::new() }
    }

    /// Whether all is well.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    /// What is not well.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.passed)
    }

    fn failed(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}

/// A message of this script.
#[derive(Default)]
struct Remembered {
    sent: Option<Builder>,
    answer: Option<Builder>,
    /// Its answer was not waited for at once.
    looked_away: bool,
}

impl Memory for BTreeMap<&'static str, Remembered> {
    fn sent(&self, label: &str) -> Option<&Builder> {
        self.get(label)?.sent.as_ref()
    }

    fn answer(&self, label: &str) -> Option<&Builder> {
        self.get(label)?.answer.as_ref()
    }
}

/// Plays a script on a connection of its own. It ends early when the connection does.
pub async fn play(target: &Target, composer: &mut Composer, name: &str, steps: &[Step]) -> Vec<StepResult> {
    composer.begin(name, &target.options.wire.codes);
    let mut player = Player { target, composer, wire: None, memory: BTreeMap::new() };
    let mut results = Vec::with_capacity(steps.len());
    for step in steps {
        let result = player.step(step).await;
        let broken = player.wire.is_none();
        results.push(result);
        if broken {
            break;
        }
    }
    results.extend(player.end().await);
    results
}

struct Player<'a> {
    target: &'a Target,
    composer: &'a mut Composer,
    wire: Option<Wire>,
    memory: BTreeMap<&'static str, Remembered>,
}

/// What is sent: the message, and what becomes of it on the wire.
struct Outgoing {
    message: Builder,
    bytes: Bytes,
}

impl Target {
    fn shown(&self, bytes: &[u8]) -> ShownMessage {
        ShownMessage::of(&self.options.wire.dialect, bytes)
    }
}

impl<'a> Player<'a> {
    /// How messages are written.
    fn written(&self) -> &'a BankWire {
        &self.target.options.wire
    }

    async fn step(&mut self, step: &Step) -> StepResult {
        if self.wire.is_none() || matches!(step.action, Action::Reconnect) {
            // Dropping the old one cuts it.
            self.wire = None;
            match Link::connect(self.target.address, &self.target.tls, self.target.options.clone()).await {
                Ok(link) => self.wire = Some(Wire::new(link, self.written().clone())),
                Err(error) => return StepResult::new(step.label).failed(link_check("a connection", &error)),
            }
        }
        match &step.action {
            Action::Reconnect => StepResult::new(step.label),
            Action::Prepare(draft) => self.prepare(step.label, draft),
            Action::AwaitAnswer(of) => self.finish(StepResult::new(step.label), of, step).await,
            Action::SendOnly(draft, pause) => self.send_only(step.label, draft, *pause).await,
            Action::SendInVain(draft) => self.send_in_vain(step.label, draft).await,
            Action::SendFatal(draft, damage) => self.send_fatal(step.label, draft, *damage).await,
            Action::Send(_) | Action::SendPrepared(_) | Action::Repeat(..) | Action::SendDamaged(..) => {
                self.exchange(step).await
            }
        }
    }

    fn prepare(&mut self, label: &'static str, draft: &Draft) -> StepResult {
        match self.composer.compose(draft, &self.memory) {
            Ok(message) => {
                self.memory.entry(label).or_default().sent = Some(message);
                StepResult::new(label)
            }
            Err(error) => StepResult::new(label).failed(cannot_compose(error)),
        }
    }

    async fn exchange(&mut self, step: &Step) -> StepResult {
        let outgoing = match self.outgoing(step) {
            Ok(outgoing) => outgoing,
            Err(error) => return StepResult::new(step.label).failed(cannot_compose(error)),
        };
        match self.send(step.label, outgoing).await {
            Ok(result) => self.finish(result, step.label, step).await,
            Err(failed) => failed,
        }
    }

    fn outgoing(&mut self, step: &Step) -> Result<Outgoing, String> {
        let sent = |memory: &BTreeMap<_, Remembered>, label| {
            Memory::sent(memory, label).cloned().ok_or_else(|| format!("\"{label}\" was not sent"))
        };
        let (message, damage) = match &step.action {
            Action::Send(draft) => (self.composer.compose(draft, &self.memory)?, None),
            Action::SendDamaged(draft, damage) => {
                (self.composer.compose(draft, &self.memory)?, Some(*damage))
            }
            Action::SendPrepared(label) => (sent(&self.memory, label)?, None),
            Action::Repeat(label, edits) => {
                let again = repeat_form(sent(&self.memory, label)?);
                let edit = |again, edit: &Edit| self.composer.edited(again, *edit, &self.memory);
                (edits.iter().fold(again, edit), None)
            }
            _ => return Err("this step sends nothing".to_owned()),
        };
        outgoing(self.written(), message, damage)
    }

    /// Sends; what went out is in the result.
    async fn send(&mut self, label: &'static str, outgoing: Outgoing) -> Result<StepResult, StepResult> {
        let mut result = StepResult::new(label);
        result.sent = Some(match &outgoing.bytes {
            Bytes::Framed(bytes) => self.target.shown(bytes),
            Bytes::Bare(bytes) => ShownMessage::bare(bytes, "a damaged frame"),
        });
        let remembered = self.memory.entry(label).or_default();
        remembered.sent = Some(outgoing.message.clone());
        let Some(wire) = &mut self.wire else { return Err(result) };
        match wire.send(label, outgoing.message, &outgoing.bytes).await {
            Ok(()) => Ok(result),
            Err(error) => {
                self.wire = None;
                Err(result.failed(link_check("that the message can be sent", &error)))
            }
        }
    }

    /// Waits for the answer to `of` and judges it.
    async fn finish(&mut self, mut result: StepResult, of: &'static str, step: &Step) -> StepResult {
        let Some(wire) = &mut self.wire else { return result };
        let answer = match wire.answer(of, self.target.patience).await {
            Ok(answer) => answer,
            Err(error) => {
                if !matches!(error, LinkError::NoReply { .. }) {
                    self.wire = None;
                }
                return result.failed(link_check("an answer", &error));
            }
        };
        let remembered = self.memory.entry(of).or_default();
        result.received = Some(self.target.shown(&answer.bytes));
        result.latency = (!remembered.looked_away).then_some(answer.after);
        self.judge(result, of, step, &answer)
    }

    fn judge(
        &mut self,
        mut result: StepResult,
        of: &'static str,
        step: &Step,
        answer: &Answer,
    ) -> StepResult {
        let message = match answer.message(self.written()) {
            Ok(message) => message,
            Err(error) => return result.failed(Check::failed("answer", "a message of the dialect", error)),
        };
        let Some(sent) = self.memory.get(of).and_then(|remembered| remembered.sent.clone()) else {
            return result.failed(cannot_compose(format!("\"{of}\" was not sent")));
        };
        let damaged = matches!(step.action, Action::SendDamaged(..));
        let (dialect, parties) = (&self.written().dialect, self.composer.parties());
        let (raw, _) = dialect.decode_partial(&answer.bytes);
        let today = self.composer.today();
        let written = self.written();
        let pair = Pair { sent: &sent, answer: &message, raw, damaged, written, today, parties };
        result.checks.extend(judge(&pair, &step.expect, &self.memory));
        self.memory.entry(of).or_default().answer = Some(message);
        result
    }

    async fn send_only(&mut self, label: &'static str, draft: &Draft, pause: Duration) -> StepResult {
        let sent = match self.compose(draft, None) {
            Ok(outgoing) => self.send(label, outgoing).await,
            Err(check) => return StepResult::new(label).failed(check),
        };
        self.memory.entry(label).or_default().looked_away = pause > Duration::ZERO;
        tokio::time::sleep(pause).await;
        sent.unwrap_or_else(|failed| failed)
    }

    async fn send_in_vain(&mut self, label: &'static str, draft: &Draft) -> StepResult {
        let mut result = match self.compose(draft, None) {
            Ok(outgoing) => match self.send(label, outgoing).await {
                Ok(result) => result,
                Err(failed) => return failed,
            },
            Err(check) => return StepResult::new(label).failed(check),
        };
        let Some(wire) = &mut self.wire else { return result };
        let came = wire.answer(label, self.target.quiet).await;
        wire.forget(label);
        match came {
            Err(LinkError::NoReply { .. }) => {
                result.checks.push(Check::new("answer", "none", "none", true));
                result
            }
            Ok(answer) => {
                result.received = Some(self.target.shown(&answer.bytes));
                result.failed(Check::failed("answer", "none", "one"))
            }
            Err(error) => {
                self.wire = None;
                result.failed(link_check("that the connection stays", &error))
            }
        }
    }

    async fn send_fatal(&mut self, label: &'static str, draft: &Draft, damage: Damage) -> StepResult {
        let mut result = match self.compose(draft, Some(damage)) {
            Ok(outgoing) => match self.send(label, outgoing).await {
                Ok(result) => result,
                Err(failed) => return failed,
            },
            Err(check) => return StepResult::new(label).failed(check),
        };
        let Some(wire) = &mut self.wire else { return result };
        let ended = wire.ended(self.target.patience).await;
        let answered = wire.answer(label, Duration::from_millis(1)).await.ok();
        result.received = answered.map(|answer| self.target.shown(&answer.bytes));
        let found = match (&ended, &result.received) {
            (Some(_), None) => "that it did",
            (Some(_), Some(_)) => "an answer before it",
            (None, _) => "a connection that goes on",
        };
        let passed = ended.is_some() && result.received.is_none();
        result.checks.push(Check::new("link", "that the gateway ends the connection", found, passed));
        result
    }

    fn compose(&mut self, draft: &Draft, damage: Option<Damage>) -> Result<Outgoing, Check> {
        let message = self.composer.compose(draft, &self.memory).map_err(cannot_compose)?;
        outgoing(self.written(), message, damage).map_err(cannot_compose)
    }

    /// Says goodbye; tells of frames that nobody asked for.
    async fn end(self) -> Option<StepResult> {
        let wire = self.wire?;
        let strays = wire.strays();
        wire.close().await;
        (strays > 0).then(|| {
            let found = format!("{strays} that nobody asked for");
            StepResult::new("end").failed(Check::failed("link", "no further messages", found))
        })
    }
}

fn outgoing(written: &BankWire, message: Builder, damage: Option<Damage>) -> Result<Outgoing, String> {
    let bytes = match damage {
        Some(damage) => {
            let bytes =
                if damage.of_signed() { written.encode(&message) } else { written.encode_unsigned(&message) };
            let bytes = bytes.map_err(|error| error.to_string())?;
            damaged(written, &bytes, damage)?
        }
        None => Bytes::Framed(written.encode(&message).map_err(|error| error.to_string())?),
    };
    Ok(Outgoing { message, bytes })
}

fn cannot_compose(why: String) -> Check {
    Check::failed("message", "that it can be made", why)
}

fn link_check(expected: &str, error: &LinkError) -> Check {
    Check::failed("link", expected, error.to_string())
}

//! One connection of a bank: frames in, replies out in any order, every wait with a deadline.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::BufMut as _;
use iso8583::{Builder, DecodeError, Message, Mti, framing::Frame, mac::MacProblem};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
};
use zeroize::Zeroizing;

use crate::{
    Gateway, LaneAnswer, Link, MacPolicy, NetworkFunction, ResponseCode, answer, measures, miles, router,
    totals::{self, Asked},
    translate::{Translated, translate},
    versions, window,
    wire::MacCount,
};

/// Replies that are gathered into one write.
const REPLIES_PER_WRITE_MAX: usize = 64;
/// A bank that does not read its replies for so long is dropped.
const WRITE_MAX: Duration = Duration::from_secs(10);
/// Undecodable messages that the whole process keeps for people in an hour; further ones are only counted.
const KEPT_UNDECODABLE_PER_HOUR_MAX: u32 = 1_000;
const HOUR: Duration = Duration::from_secs(3600);

/// Whether one more undecodable message may be kept.
fn may_keep(now: Instant) -> bool {
    static KEPT: Mutex<Option<(Instant, u32)>> = Mutex::new(None);
    let Ok(mut kept) = KEPT.lock() else { return false };
    let (since, count) = kept.filter(|(since, _)| now.duration_since(*since) < HOUR).unwrap_or((now, 0));
    *kept = Some((since, count.saturating_add(1)));
    count < KEPT_UNDECODABLE_PER_HOUR_MAX
}
/// Refused messages of one connection that are logged; further ones are only counted.
const LOGGED_REFUSALS_MAX: u32 = 100;

/// Serves the connection until it ends; returns why.
pub(crate) async fn run<S>(
    gateway: Arc<Gateway>,
    link: Arc<Link>,
    stream: S,
    mut draining: watch::Receiver<bool>,
) -> &'static str
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut reading, writing) = tokio::io::split(stream);
    let in_flight_max = gateway.limits.in_flight_max;
    // One place for each message in flight, so that a reply never waits for room.
    let (replies, outgoing) = mpsc::channel(in_flight_max + 1);
    let writer = tokio::spawn(write_replies(writing, outgoing));
    let session = Arc::new(Session {
        gateway,
        link,
        replies,
        in_flight: Arc::new(Semaphore::new(in_flight_max)),
        signed_on: AtomicBool::new(false),
        logged_refusals: AtomicU32::new(0),
        macs: Mutex::default(),
    });
    let ended = session.read(&mut reading, &mut draining).await;
    // What is in flight is answered before the connection closes.
    let all = u32::try_from(in_flight_max).unwrap_or(u32::MAX);
    let wait = session.gateway.limits.drain_max;
    let _ = tokio::time::timeout(wait, session.in_flight.acquire_many(all)).await;
    drop(session);
    let _ = tokio::time::timeout(WRITE_MAX, writer).await;
    ended
}

struct Session {
    gateway: Arc<Gateway>,
    link: Arc<Link>,
    replies: mpsc::Sender<Vec<u8>>,
    in_flight: Arc<Semaphore>,
    signed_on: AtomicBool,
    logged_refusals: AtomicU32,
    macs: Mutex<MacCount>,
}

/// The connection must end; the text says why.
struct Disconnect(&'static str);

impl Session {
    async fn read<R: AsyncRead + Unpin>(
        self: &Arc<Self>,
        reading: &mut R,
        draining: &mut watch::Receiver<bool>,
    ) -> &'static str {
        let limits = self.gateway.limits.clone();
        // Of its full length from the start: a buffer that grows leaves copies of card data behind.
        let longest = limits.frame_bytes_max + self.link.wire.framing.prefix();
        let mut buffer = Zeroizing::new(Vec::with_capacity(longest));
        let (mut quiet_since, mut frame_since) = (Instant::now(), None::<Instant>);
        let mut seen_any = false;
        loop {
            match self.take_frames(&mut buffer).await {
                Ok(taken) if taken > 0 => frame_since = (!buffer.is_empty()).then(Instant::now),
                Ok(_) => {}
                Err(Disconnect(reason)) => {
                    measures::reject(&self.link.code, reason);
                    return reason;
                }
            }
            let (deadline, reason) = match frame_since {
                Some(since) => (since + limits.frame_max, "frame_timeout"),
                None if seen_any => (quiet_since + limits.idle_max, "idle_timeout"),
                None => (quiet_since + limits.first_byte_max, "first_byte_timeout"),
            };
            let room = longest.saturating_sub(buffer.len());
            let mut free = (&mut *buffer).limit(room);
            // Reading is safe to cancel: bytes are either in the buffer or still in the connection.
            let read = tokio::select! {
                read = reading.read_buf(&mut free) => read,
                () = tokio::time::sleep_until(deadline.into()) => {
                    measures::reject(&self.link.code, reason);
                    return reason;
                }
                _ = draining.changed() => return "drained",
                // The writer has ended: the bank does not read, and nothing it sends could be answered.
                () = self.replies.closed() => {
                    measures::reject(&self.link.code, "replies_not_read");
                    return "replies_not_read";
                }
            };
            match read {
                Ok(0) if buffer.is_empty() => return "closed by the bank",
                Ok(0) => {
                    measures::reject(&self.link.code, "truncated_frame");
                    return "truncated_frame";
                }
                Err(_) => return "connection broken",
                Ok(_) => {
                    seen_any = true;
                    quiet_since = Instant::now();
                    frame_since.get_or_insert(quiet_since);
                }
            }
        }
    }

    /// Handles every whole frame in the buffer.
    async fn take_frames(self: &Arc<Self>, buffer: &mut Vec<u8>) -> Result<usize, Disconnect> {
        let (mut taken, mut consumed) = (0, 0);
        loop {
            let rest = buffer.get(consumed..).unwrap_or_default();
            let frame =
                self.link.wire.framing.next(rest, self.gateway.limits.frame_bytes_max).map_err(|error| {
                    tracing::warn!(link = self.link.code, %error, "a frame was refused and the link dropped");
                    Disconnect("bad_frame")
                })?;
            let Some(frame) = frame else { break };
            let bytes =
                |range: std::ops::Range<usize>| Zeroizing::new(rest.get(range).unwrap_or_default().to_vec());
            let end = frame.consumed();
            match frame {
                Frame::Message(range) => self.handle(&bytes(range)).await?,
                Frame::KeepAlive(range) => self.echo_keep_alive(&bytes(range)).await?,
            }
            consumed += end;
            taken += 1;
        }
        buffer.drain(..consumed);
        Ok(taken)
    }

    /// Gives a frame without a message back. It takes a place in flight, so that nobody gathers echoes without bound.
    async fn echo_keep_alive(&self, received: &[u8]) -> Result<(), Disconnect> {
        let _place = self.in_flight.acquire().await.map_err(|_| Disconnect("closing"))?;
        measures::message(&self.link.code, "-", "keep_alive");
        let mut frame = Vec::new();
        if self.link.wire.framing.echo_keep_alive(&mut frame, received).is_ok() {
            let _ = self.replies.send(frame).await;
        }
        Ok(())
    }

    async fn handle(self: &Arc<Self>, frame: &[u8]) -> Result<(), Disconnect> {
        // Waiting here is the back pressure: the network holds what the bank sends beyond the bound.
        let permit = Arc::clone(&self.in_flight).acquire_owned().await.map_err(|_| Disconnect("closing"))?;
        let received = Instant::now();
        let (message, error) = self.link.wire.dialect.decode_partial(frame);
        let Some(message) = message else {
            if let Some(error) = error {
                tracing::warn!(link = self.link.code, %error, "a message without a readable type: the link is dropped");
            }
            return Err(Disconnect("unreadable_message_type"));
        };
        let mti = message.mti();
        let version = self.link.wire.dialect.version();
        // Digits in ASCII read as packed ones make a type such as 3031: nothing would be answered, nor told.
        if mti.is_response() && mti.version() != version.digit() {
            let (link, mti, year) = (&self.link.code, mti.as_str(), version.year());
            tracing::warn!(
                link,
                mti,
                year,
                "a message type of another version: the link is dropped, see its dialect"
            );
            return Err(Disconnect("other_version"));
        }
        if mti.is_response() {
            measures::message(&self.link.code, mti.as_str(), "unexpected_response");
            return Ok(());
        }
        if let Some(error) = error {
            self.refuse_undecodable(&message, &error, permit).await;
            return self.count_unverifiable();
        }
        if let Some(reason) = self.wrong_mac(&message) {
            return self.refuse_mac(&message, reason).await;
        }
        if mti.version() != version.digit() {
            self.refuse(&message, ResponseCode::Invalid, "message_type_not_served", None).await;
            return Ok(());
        }
        match mti.class() {
            8 => self.network(&message, permit, received).await,
            1 | 2 | 4 | 5 if !self.signed_on.load(Ordering::Acquire) => {
                self.refuse(&message, ResponseCode::Unavailable, "not_signed_on", None).await;
            }
            5 if totals::serves(mti) => self.totals(&message, permit, received).await,
            _ => self.financial(&message, permit, received).await,
        }
        Ok(())
    }

    /// Answers first; what is kept for people is written meanwhile, in the message's own place in flight.
    async fn refuse_undecodable(
        &self,
        message: &Message<'_>,
        error: &DecodeError,
        permit: OwnedSemaphorePermit,
    ) {
        tracing::warn!(link = self.link.code, mti = message.mti().as_str(), %error, "a message cannot be decoded");
        let at = format!("{}@{}", error.path(), error.offset());
        self.refuse(message, ResponseCode::FormatError, "undecodable", Some(&at)).await;
        if !self.signed_on.load(Ordering::Acquire) || !may_keep(Instant::now()) {
            return;
        }
        let masked = format!("{error}\n{}", message.describe());
        let key = self.gateway.keys.audit_mac(&masked);
        let (bank, now, pool) = (self.link.bank, self.gateway.clock.now(), self.gateway.pool.clone());
        tokio::spawn(async move {
            if let Err(error) = store::quarantine(&pool, &key, bank, now, "undecodable", &masked).await {
                tracing::warn!(%error, "an undecodable message could not be kept");
            }
            drop(permit);
        });
    }

    async fn refuse(
        &self,
        message: &Message<'_>,
        code: ResponseCode,
        reason: &'static str,
        at: Option<&str>,
    ) {
        measures::message(&self.link.code, message.mti().as_str(), reason);
        measures::reject(&self.link.code, reason);
        // Why a message cannot be decoded is logged already.
        if reason != "undecodable"
            && self.logged_refusals.fetch_add(1, Ordering::Relaxed) < LOGGED_REFUSALS_MAX
        {
            let (link, mti, code) = (&self.link.code, message.mti(), code.digits());
            let at = at.unwrap_or_default();
            tracing::warn!(
                link,
                mti = mti.as_str(),
                code,
                reason,
                at,
                "a message was refused: {}",
                mend(reason)
            );
        }
        self.send(&answer::refusal(message, code, reason, at)).await;
    }

    /// Why the MAC of a message is not right, where one is agreed. Sign-on, sign-off and echo may come without one: they
    /// move nothing. A cut-over moves the bank's date.
    fn wrong_mac(&self, message: &Message<'_>) -> Option<&'static str> {
        let policy = self.link.wire.mac.as_ref()?;
        let now = self.gateway.clock.now().as_second();
        match policy.keys.verify_message(message, now) {
            Ok(_) => {
                self.macs.lock().unwrap_or_else(PoisonError::into_inner).right();
                None
            }
            Err(MacProblem::Missing) if self.moves_nothing(message) => None,
            Err(problem) => {
                let (link, mti) = (&self.link.code, message.mti());
                tracing::warn!(link, mti = mti.as_str(), %problem, "the MAC of a message is not right");
                Some(match problem {
                    MacProblem::Missing => "mac_missing",
                    MacProblem::Expired { .. } => "mac_key_expired",
                    _ => "mac_wrong",
                })
            }
        }
    }

    fn moves_nothing(&self, message: &Message<'_>) -> bool {
        let code = versions::network_code(message);
        message.mti().class() == 8
            && self.link.network_codes.function(&code) != Some(NetworkFunction::CutOver)
    }

    /// Answers with the code of the bank's profile; too many wrong MACs end the connection.
    async fn refuse_mac(&self, message: &Message<'_>, reason: &'static str) -> Result<(), Disconnect> {
        let Some(policy) = &self.link.wire.mac else { return Ok(()) };
        measures::message(&self.link.code, message.mti().as_str(), reason);
        measures::reject(&self.link.code, reason);
        self.send(&answer::refusal_with(message, &policy.response_code, reason, None)).await;
        self.count_wrong_mac(policy)
    }

    /// Where a MAC is agreed, what cannot be decoded cannot be verified: it counts like a wrong one.
    fn count_unverifiable(&self) -> Result<(), Disconnect> {
        let Some(policy) = &self.link.wire.mac else { return Ok(()) };
        measures::reject(&self.link.code, "mac_unverifiable");
        self.count_wrong_mac(policy)
    }

    fn count_wrong_mac(&self, policy: &MacPolicy) -> Result<(), Disconnect> {
        match self.macs.lock().unwrap_or_else(PoisonError::into_inner).wrong(policy.wrong_max) {
            true => Err(Disconnect("too_many_wrong_macs")),
            false => Ok(()),
        }
    }

    /// Sends a reply; there is a place for each message in flight.
    async fn send(&self, reply: &Builder) {
        let wire = &self.link.wire;
        let frame = wire.frame(reply).or_else(|problem| {
            // Every element was decoded by the same dialect or tried at the start; still a bank must not wait in vain.
            tracing::error!(link = self.link.code, problem, "a reply could not be written whole");
            measures::reject(&self.link.code, "reply_not_writable");
            wire.frame(&answer::least(reply))
        });
        if let Ok(frame) = frame {
            let _ = self.replies.send(frame).await;
        }
    }

    /// 0500, 0520: counted and answered beside the messages that follow.
    async fn totals(
        self: &Arc<Self>,
        message: &Message<'_>,
        permit: OwnedSemaphorePermit,
        received: Instant,
    ) {
        let asked = match Asked::read(message, &self.link, self.gateway.clock.now()) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(message, refusal.code, refusal.reason, refusal.at).await,
        };
        let (session, mti) = (Arc::clone(self), message.mti());
        tokio::spawn(async move {
            let (gateway, link) = (Arc::clone(&session.gateway), Arc::clone(&session.link));
            let told = totals::tell(gateway, link, asked, permit, received).await;
            totals::measure(&session.link, mti, &told);
            if let Some(reply) = told.reply {
                session.send(&reply).await;
            }
        });
    }

    /// 0800: sign-on, sign-off, echo and cut-over.
    async fn network(
        self: &Arc<Self>,
        message: &Message<'_>,
        permit: OwnedSemaphorePermit,
        received: Instant,
    ) {
        let code = versions::network_code(message);
        let function = self.link.network_codes.function(&code);
        match function {
            Some(NetworkFunction::SignOn) => self.signed_on.store(true, Ordering::Release),
            Some(NetworkFunction::SignOff) => self.signed_on.store(false, Ordering::Release),
            Some(NetworkFunction::CutOver) => return self.cut_over(message, received).await,
            Some(NetworkFunction::KeyChange) => {
                return self.refuse(message, ResponseCode::Invalid, "key_exchange_needs_hsm", None).await;
            }
            Some(NetworkFunction::Echo) | None => {}
        }
        let (known, echo) = (function.is_some(), function == Some(NetworkFunction::Echo));
        let mti = message.mti();
        let [ready, away, invalid] = [ResponseCode::Taken, ResponseCode::Unavailable, ResponseCode::Invalid]
            .map(|code| answer::network(message, code));
        let session = Arc::clone(self);
        tokio::spawn(async move {
            let reply = match (known, echo) {
                (false, _) => invalid,
                (true, false) => ready,
                // The echo tells whether we could commit, not merely that the process lives.
                (true, true)
                    if session.gateway.batcher.could_commit(session.gateway.limits.answer_max).await =>
                {
                    ready
                }
                (true, true) => away,
            };
            measures::message(
                &session.link.code,
                mti.as_str(),
                if known { "answered" } else { "unknown_network_code" },
            );
            session.send(&reply).await;
            drop(permit);
        });
    }

    /// Reading waits for it: what the bank sends behind a cut-over belongs to the date that it opens.
    async fn cut_over(&self, message: &Message<'_>, received: Instant) {
        if !self.signed_on.load(Ordering::Acquire) {
            return self.refuse(message, ResponseCode::Unavailable, "not_signed_on", None).await;
        }
        match window::cut_over(&self.gateway, &self.link, message, received).await {
            Ok(reply) => {
                measures::message(&self.link.code, message.mti().as_str(), "answered");
                self.send(&reply).await;
            }
            Err(refusal) => self.refuse(message, refusal.code, refusal.reason, refusal.at).await,
        }
    }

    async fn financial(
        self: &Arc<Self>,
        message: &Message<'_>,
        permit: OwnedSemaphorePermit,
        received: Instant,
    ) {
        let translated = match translate(message, &self.link, &self.gateway.keys, self.gateway.clock.now()) {
            Ok(translated) => translated,
            Err(refusal) => return self.refuse(message, refusal.code, refusal.reason, refusal.at).await,
        };
        let pending = PendingReply { opening: answer::Opening::of(message), mti: message.mti(), received };
        let session = Arc::clone(self);
        match self.gateway.router.known(&translated) {
            // A known card's messages enter their lane in the order of the connection.
            Some(route) => {
                let waiter = miles::submit(&self.gateway, router::route(translated, Some(route)));
                tokio::spawn(async move {
                    session.finish(pending, waiter).await;
                    drop(permit);
                });
            }
            None => {
                tokio::spawn(async move {
                    session.look_up_and_finish(pending, translated, permit).await;
                });
            }
        }
    }

    async fn look_up_and_finish(
        &self,
        pending: PendingReply,
        translated: Translated,
        permit: OwnedSemaphorePermit,
    ) {
        let gateway = Arc::clone(&self.gateway);
        // The look-up is a task of its own: its database future is never dropped, only no longer waited for. It keeps
        // the message's place in flight, so that a hanging database does not gather look-ups without bound.
        let submitted = tokio::spawn(async move {
            let route = gateway.router.look_up(&translated).await;
            let waiter = route.map(|route| miles::submit(&gateway, router::route(translated, route)));
            drop(permit);
            waiter
        });
        let deadline = pending.received + self.gateway.limits.answer_max;
        let waiter = match tokio::time::timeout_at(deadline.into(), submitted).await {
            Ok(Ok(Ok(waiter))) => waiter,
            Ok(Ok(Err(error))) => {
                tracing::warn!(link = self.link.code, %error, "a card's route could not be read");
                None
            }
            _ => None,
        };
        self.finish(pending, waiter).await;
    }

    /// Waits for the COMMIT, but not longer than the bank does.
    async fn finish(&self, pending: PendingReply, waiter: Option<oneshot::Receiver<LaneAnswer>>) {
        let deadline = pending.received + self.gateway.limits.answer_max;
        let answered = match waiter {
            Some(mut waiter) => match tokio::time::timeout_at(deadline.into(), &mut waiter).await {
                Ok(answered) => answered.ok(),
                Err(_) => {
                    // From here on nothing is handed over any more; what was in this moment is answered.
                    waiter.close();
                    waiter.try_recv().ok()
                }
            },
            None => None,
        };
        let PendingReply { opening, mti, received } = pending;
        // An advice that is not stored is not answered: the bank repeats it. Function 2 is an advice.
        let advice = mti.function() == 2;
        let (result, reply) = match answered {
            Some(LaneAnswer::Decided { reply, repeated }) => {
                let result = if repeated { "repeat" } else { reply.result.status.name() };
                (result, Some(opening.decided(&reply)))
            }
            _ if advice => ("unanswered_advice", None),
            Some(LaneAnswer::Unavailable) => {
                ("unavailable", Some(opening.refusal(ResponseCode::Unavailable, "unavailable", None)))
            }
            Some(LaneAnswer::Quarantined) => {
                ("quarantined", Some(opening.refusal(ResponseCode::Malfunction, "put_aside", None)))
            }
            None => ("late", Some(opening.refusal(ResponseCode::Malfunction, "not_in_time", None))),
        };
        measures::message(&self.link.code, mti.as_str(), result);
        measures::answered(&self.link.code, received.elapsed().as_secs_f64());
        if let Some(reply) = reply {
            self.send(&reply).await;
        }
    }
}

/// Who must do what so that such a message is not refused.
fn mend(reason: &str) -> &'static str {
    match reason {
        "not_signed_on" => "the bank must sign on first",
        "field_missing" => "the bank must send this data element",
        "field_malformed" => "the bank must send a value that this data element may have",
        "key_exchange_needs_hsm" => "the bank must not change keys by message: that needs an HSM here",
        "bank_date_is_closed" => "the bank must send the date that begins, not one that has ended",
        "unknown_currency" => "the bank must send a numeric code of ISO 4217",
        "message_type_not_served" => "the bank must not send this message type here",
        "card_of_another_bank" => {
            "the bank must send its own cards; if it is one, the operator adds its range to bins"
        }
        "forwarder_not_agreed" | "receiver_not_agreed" => {
            "the bank must send an agreed value, or the operator adds this one to the link"
        }
        _ => "see the link contract",
    }
}

/// What is needed to answer a message once it is committed.
struct PendingReply {
    opening: answer::Opening,
    mti: Mti,
    received: Instant,
}

/// Writes replies as they come, gathering what is ready into one write.
async fn write_replies<W: AsyncWrite + Unpin>(mut writing: W, mut outgoing: mpsc::Receiver<Vec<u8>>) {
    let mut frames = Vec::with_capacity(REPLIES_PER_WRITE_MAX);
    while outgoing.recv_many(&mut frames, REPLIES_PER_WRITE_MAX).await > 0 {
        let bytes = frames.concat();
        frames.clear();
        let write = async {
            writing.write_all(&bytes).await?;
            writing.flush().await
        };
        match tokio::time::timeout(WRITE_MAX, write).await {
            Ok(Ok(())) => {}
            // The bank repeats what it did not get.
            _ => return,
        }
    }
    let _ = tokio::time::timeout(WRITE_MAX, writing.shutdown()).await;
}

//! One connection to the gateway: mutual TLS, many messages in flight, replies in any order.

mod counters;
mod error;
mod in_flight;
mod tasks;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use iso8583::{Builder, Mti};
use jiff::Timestamp;
use tokio::{
    net::TcpStream,
    sync::{Mutex, Semaphore, mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

pub use self::{
    counters::LinkCounters,
    error::{Layer, LinkError},
};
use self::{
    in_flight::{InFlight, MatchKey},
    tasks::Outgoing,
};
use crate::{
    reply::Reply,
    tls::{ClientTls, TlsVersions},
    wire::{BankWire, NetworkFunction},
};

/// Frames that wait for the writer. Askers wait beyond it; 256 frames of common size fill one TLS record batch
/// several times over.
const OUTGOING_MAX: usize = 256;
/// Replies that nobody waits for, kept for [`Link::next_raw`]; what comes beyond is counted and thrown away.
const RAW_MAX: usize = 1024;
/// The last STAN before the row begins again: DE11 has six digits.
const STAN_MAX: u32 = 999_999;

/// How a link behaves.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// The versions of TLS that are offered.
    pub versions: TlsVersions,
    /// How long connecting and the TLS handshake may take together.
    pub connect_timeout: Duration,
    /// How long one write may take before the link counts as broken: the peer does not read.
    pub write_timeout: Duration,
    /// How long the answer to a sign-on, sign-off or echo may take.
    pub network_timeout: Duration,
    /// Messages in flight at most; further askers wait, within their own timeout.
    pub in_flight_max: usize,
    /// The clock for DE7 of sign-on, sign-off and echo.
    pub now: fn() -> Timestamp,
    /// How messages are written.
    pub wire: BankWire,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            versions: TlsVersions::Both,
            connect_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            network_timeout: Duration::from_secs(5),
            in_flight_max: 1024,
            now: Timestamp::now,
            wire: BankWire::default(),
        }
    }
}

/// What the link and its two tasks share.
#[derive(Debug)]
struct Shared {
    in_flight: InFlight,
    counters: Arc<LinkCounters>,
    closed: watch::Sender<Option<Arc<str>>>,
    keep_alives: KeepAlives,
}

/// Keep-alives of our own. An echo of one must not be echoed again, or it would go to and fro for ever.
#[derive(Debug, Default)]
struct KeepAlives {
    /// Sent and not come back yet.
    awaited: AtomicU32,
    /// How many came back.
    echoed: watch::Sender<u32>,
}

impl KeepAlives {
    /// Whether a keep-alive that came is the echo of one of ours.
    fn take_echo(&self) -> bool {
        let less = |awaited: u32| awaited.checked_sub(1);
        let echo = self.awaited.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok();
        if echo {
            self.echoed.send_modify(|echoed| *echoed = echoed.wrapping_add(1));
        }
        echo
    }
}

impl Shared {
    /// Fails all who wait; the first reason stands.
    fn close(&self, reason: &str) {
        let reason: Arc<str> = reason.into();
        self.in_flight.close(&reason);
        self.closed.send_if_modified(|closed| {
            let first = closed.is_none();
            closed.get_or_insert(reason);
            first
        });
    }
}

/// A connection. Dropping it ends it at once; [`Link::close`] says goodbye to the peer.
#[derive(Debug)]
pub struct Link {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
    raw: Mutex<mpsc::Receiver<Vec<u8>>>,
    slots: Semaphore,
    stan: AtomicU32,
    options: LinkOptions,
    reader: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl Link {
    /// Connects and shakes hands. With TLS 1.3 the gateway judges our certificate after that: a refusal shows as a
    /// closed link with the first message.
    ///
    /// # Errors
    ///
    /// When the TLS material is of no use, nobody listens, or the handshake fails or takes too long.
    pub async fn connect(
        address: SocketAddr,
        tls: &ClientTls,
        options: LinkOptions,
    ) -> Result<Self, LinkError> {
        Self::connect_counting(address, tls, options, Arc::default()).await
    }

    pub(crate) async fn connect_counting(
        address: SocketAddr,
        tls: &ClientTls,
        options: LinkOptions,
        counters: Arc<LinkCounters>,
    ) -> Result<Self, LinkError> {
        let connector = TlsConnector::from(tls.config(options.versions)?);
        let server_name = tls.server_name.clone();
        let deadline = Instant::now() + options.connect_timeout;
        let failed = |layer| move |source| LinkError::Connect { address, layer, source };
        let late = |layer| LinkError::ConnectTimeout { address, layer, after: options.connect_timeout };
        let tcp = timeout_at(deadline, TcpStream::connect(address)).await.map_err(|_| late(Layer::Tcp))?;
        let tcp = tcp.map_err(failed(Layer::Tcp))?;
        tcp.set_nodelay(true).map_err(failed(Layer::Tcp))?;
        let shaken = timeout_at(deadline, connector.connect(server_name, tcp)).await;
        let stream = shaken.map_err(|_| late(Layer::Tls))?.map_err(failed(Layer::Tls))?;

        let (read, write) = tokio::io::split(stream);
        let (outgoing, queue) = mpsc::channel(OUTGOING_MAX);
        let (raw_in, raw) = mpsc::channel(RAW_MAX);
        let (closed, _) = watch::channel(None);
        let keep_alives = KeepAlives::default();
        let shared = Arc::new(Shared { in_flight: InFlight::default(), counters, closed, keep_alives });
        let incoming = tasks::Incoming {
            wire: options.wire.clone(),
            shared: Arc::clone(&shared),
            raw: raw_in,
            outgoing: outgoing.downgrade(),
        };
        Ok(Self {
            reader: tokio::spawn(tasks::read_replies(read, incoming)),
            writer: tokio::spawn(tasks::write_frames(
                write,
                Arc::clone(&shared),
                queue,
                options.write_timeout,
            )),
            slots: Semaphore::new(options.in_flight_max.clamp(1, Semaphore::MAX_PERMITS)),
            raw: Mutex::new(raw),
            stan: AtomicU32::new(0),
            shared,
            outgoing,
            options,
        })
    }

    /// Sends a message and waits for its reply: the one with the matching message type, DE7 and DE11, and with the
    /// same DE37 and DE41 where both carry them.
    ///
    /// # Errors
    ///
    /// When the message cannot be written, no reply came in time, or the link is closed.
    pub async fn ask(&self, message: Builder, within: Duration) -> Result<Reply, LinkError> {
        let key = MatchKey::of_request(&message).ok_or(LinkError::WithoutKey)?;
        let bytes = self.options.wire.encode(&message)?;
        let exchange = async {
            let _slot = self.slots.acquire().await.map_err(|_| self.closed_error())?;
            let waiting = self.shared.in_flight.register(key)?;
            self.send(self.options.wire.frame(&bytes)?).await?;
            self.shared.counters.sent();
            waiting.reply().await
        };
        timeout(within, exchange).await.map_err(|_| LinkError::NoReply { after: within })?
    }

    /// Signs on: 0800 with the agreed DE70.
    ///
    /// # Errors
    ///
    /// As [`Link::ask`], and when DE39 is not 00.
    pub async fn sign_on(&self) -> Result<Reply, LinkError> {
        self.network(NetworkFunction::SignOn).await
    }

    /// Signs off: 0800 with the agreed DE70.
    ///
    /// # Errors
    ///
    /// As [`Link::sign_on`].
    pub async fn sign_off(&self) -> Result<Reply, LinkError> {
        self.network(NetworkFunction::SignOff).await
    }

    /// Asks whether the gateway is there: 0800 with the agreed DE70.
    ///
    /// # Errors
    ///
    /// As [`Link::sign_on`].
    pub async fn echo(&self) -> Result<Reply, LinkError> {
        self.network(NetworkFunction::Echo).await
    }

    async fn network(&self, function: NetworkFunction) -> Result<Reply, LinkError> {
        let codes = self.options.wire.codes.of(function);
        let code = codes.first().ok_or(LinkError::NotAgreed { function: function.name() })?;
        let stan = self.stan.fetch_add(1, Ordering::Relaxed) % STAN_MAX + 1;
        let message = Builder::new(Mti::new("0800"))
            .set(7, (self.options.now)().strftime("%m%d%H%M%S").to_string())
            .set(11, format!("{stan:06}"))
            .set(70, code.as_str());
        let reply = self.ask(message, self.options.network_timeout).await?;
        if reply.is_taken() {
            return Ok(reply);
        }
        Err(LinkError::Refused { code: reply.code, function: code.clone() })
    }

    /// Sends any bytes as one frame, without waiting for a reply. For tests of what must not be sent.
    ///
    /// # Errors
    ///
    /// When the frame is empty or too long for its length, or the link is closed.
    pub async fn send_raw(&self, payload: &[u8]) -> Result<(), LinkError> {
        self.send(self.options.wire.frame(payload)?).await
    }

    /// Sends any bytes as they are, without a frame length.
    ///
    /// # Errors
    ///
    /// When the link is closed.
    pub async fn send_unframed(&self, bytes: &[u8]) -> Result<(), LinkError> {
        self.send(bytes.to_vec()).await
    }

    /// Sends a frame without a message and waits until it comes back.
    ///
    /// # Errors
    ///
    /// When the framing has no keep-alive, none came back in time, or the link is closed.
    pub async fn keep_alive(&self, within: Duration) -> Result<(), LinkError> {
        let mut frame = Vec::new();
        self.options.wire.framing.write_keep_alive(&mut frame)?;
        let mut echoed = self.shared.keep_alives.echoed.subscribe();
        let before = *echoed.borrow_and_update();
        self.shared.keep_alives.awaited.fetch_add(1, Ordering::AcqRel);
        self.send(frame).await?;
        let echo = echoed.wait_for(|echoed| *echoed != before);
        match timeout(within, echo).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(self.closed_error()),
            Err(_) => Err(LinkError::NoReply { after: within }),
        }
    }

    /// The next frame that no asker waited for, without its length.
    ///
    /// # Errors
    ///
    /// When none came in time, or the link is closed and none is left.
    pub async fn next_raw(&self, within: Duration) -> Result<Vec<u8>, LinkError> {
        let next = async { self.raw.lock().await.recv().await };
        match timeout(within, next).await {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(self.closed_error()),
            Err(_) => Err(LinkError::NoReply { after: within }),
        }
    }

    /// Ends the link: tells the peer, and fails all who wait.
    pub async fn close(&self) {
        // The queue may be full of what the peer does not take; then the connection is cut.
        let goodbye = timeout(self.options.write_timeout, self.outgoing.send(Outgoing::Goodbye)).await;
        self.shared.close("this side closed the link");
        if !matches!(goodbye, Ok(Ok(()))) {
            self.writer.abort();
        }
    }

    /// Whether the link is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.borrow().is_some()
    }

    /// Waits until the link is closed, and says why.
    pub async fn closed(&self) -> String {
        let mut closed = self.shared.closed.subscribe();
        let reason = closed.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.as_deref().map(str::to_owned)).unwrap_or_default()
    }

    /// What went over this link.
    #[must_use]
    pub fn counters(&self) -> &LinkCounters {
        &self.shared.counters
    }

    async fn send(&self, bytes: Vec<u8>) -> Result<(), LinkError> {
        if self.is_closed() {
            return Err(self.closed_error());
        }
        self.outgoing.send(Outgoing::Bytes(bytes)).await.map_err(|_| self.closed_error())
    }

    fn closed_error(&self) -> LinkError {
        let reason =
            self.shared.closed.borrow().as_deref().unwrap_or("the link's tasks have ended").to_owned();
        LinkError::Closed { reason }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.close("the link was dropped");
        self.reader.abort();
        self.writer.abort();
    }
}

//! The network: TCP, TLS, then a sign-on as it is agreed, and where nobody answers, an echo in other forms.

use std::time::Duration;

use bank_simulator::ClientTls;
use iso8583::{
    Builder, Dialect, FindingProblem, Message, Mti,
    describe::{Known, detect},
    dialects,
    framing::{Frame, Framing},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::{
    agreed::{Agreed, FURTHER_KEY_FIELDS, KEY_FIELDS},
    attempts,
    handshake::{self, Stream, Wrong},
    report::Report,
};

/// How long an answer to a sign-on may take.
const ANSWER: Duration = Duration::from_secs(3);
/// Sign-on.
const SIGN_ON: &str = "001";

/// What came back.
pub(super) enum Outcome {
    /// A frame of the agreed form, without its length.
    Frame(Vec<u8>),
    /// Bytes that are no such frame.
    Other(Vec<u8>),
    Silence,
    Closed,
    Refused(Wrong),
}

pub(super) async fn check(to: &str, tls: &ClientTls, agreed: &Agreed, report: &mut Report) {
    report.group("network");
    let address = match handshake::resolve(to).await {
        Ok(address) => address,
        Err(wrong) => return report.fail(&wrong.text, wrong.hint),
    };
    let socket = match handshake::tcp(address).await {
        Ok(socket) => socket,
        Err(wrong) => return report.fail(&wrong.text, wrong.hint),
    };
    report.ok(&format!("TCP: connected to {address}"));
    let (mut stream, version) = match handshake::tls(socket, tls).await {
        Ok(shaken) => shaken,
        Err(wrong) => return report.fail(&wrong.text, wrong.hint),
    };
    report.ok(&format!("TLS: {version}, the gateway's certificate is trusted and has the agreed name"));
    report.group("sign-on");
    let request = match network_message(&agreed.dialect, SIGN_ON) {
        Ok(request) => request,
        Err(error) => {
            return report.fail(&format!("0800 cannot be written: {error}"), "put the dialect right");
        }
    };
    match ask(stream.as_mut(), agreed.framing, &request, ANSWER).await {
        Outcome::Frame(frame) => judge(&request, &frame, agreed, report),
        Outcome::Other(bytes) => told_otherwise(&bytes, report),
        Outcome::Refused(wrong) => report.fail(&wrong.text, wrong.hint),
        Outcome::Silence => {
            report.fail("no answer to 0800 sign-on", "the other side waits for another form; trying some");
            attempts::try_others(address, tls, agreed, report).await;
        }
        Outcome::Closed => {
            let hint =
                "the other side could not read it, or knows no link of this certificate; trying other forms";
            report.fail("the connection was closed after 0800 sign-on", hint);
            attempts::try_others(address, tls, agreed, report).await;
        }
    }
}

/// 0800 in a dialect, without a frame length.
pub(super) fn network_message(dialect: &Dialect, code: &str) -> Result<Vec<u8>, iso8583::EncodeError> {
    let now = jiff::Timestamp::now();
    let mti = match dialect.version().digit() {
        0 => Mti::new("0800"),
        1 => Mti::new("1804"),
        _ => Mti::new("2804"),
    };
    let stan = now.as_second().rem_euclid(999_999) + 1;
    let message =
        Builder::new(mti).set(7, now.strftime("%m%d%H%M%S").to_string()).set(11, format!("{stan:06}"));
    let message = match mti.version() {
        0 => message.set(70, code),
        _ => message.set(24, "801"),
    };
    message.encode(dialect)
}

/// Sends a message and waits for a frame.
pub(super) async fn ask(
    stream: &mut dyn Stream,
    framing: Framing,
    message: &[u8],
    patience: Duration,
) -> Outcome {
    let mut frame = Vec::new();
    if framing.write(&mut frame, message).is_err() {
        return Outcome::Silence;
    }
    if let Err(error) = async {
        stream.write_all(&frame).await?;
        stream.flush().await
    }
    .await
    {
        return ended(&error);
    }
    let mut received = Vec::new();
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let mut chunk = [0; 4096];
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        match timeout(left, stream.read(&mut chunk)).await {
            Err(_) if received.is_empty() => return Outcome::Silence,
            Err(_) => return Outcome::Other(received),
            Ok(Ok(0)) if received.is_empty() => return Outcome::Closed,
            Ok(Ok(0)) => return Outcome::Other(received),
            Ok(Ok(read)) => received.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Ok(Err(error)) => return ended(&error),
        }
        match framing.next(&received, iso8583::MAX_MESSAGE) {
            Ok(Some(Frame::Message(range))) => {
                return Outcome::Frame(received.get(range).unwrap_or_default().to_vec());
            }
            Ok(Some(frame @ Frame::KeepAlive(_))) => {
                received.drain(..frame.consumed());
            }
            Ok(None) => {}
            Err(_) => return Outcome::Other(received),
        }
    }
}

/// With TLS 1.3 a refusal of our certificate comes with the first read.
fn ended(error: &std::io::Error) -> Outcome {
    let told = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    if told { Outcome::Refused(handshake::refusal(error)) } else { Outcome::Closed }
}

/// An answer in the agreed framing: its dialect, its code, its key fields.
fn judge(request: &[u8], reply: &[u8], agreed: &Agreed, report: &mut Report) {
    report.ok(&format!("framing {}: the answer is a whole frame", agreed.framing));
    let reply = match agreed.dialect.decode(reply) {
        Ok(reply) => reply,
        Err(error) => {
            report.fail(
                &format!("the answer does not decode in {}: {error}", agreed.dialect.name()),
                "see below",
            );
            return told_otherwise(reply, report);
        }
    };
    report.ok(&format!(
        "header {}, dialect {}: the answer is {}",
        agreed.header,
        agreed.dialect.name(),
        reply.mti()
    ));
    if let Ok(request) = agreed.dialect.decode(request) {
        key_fields(&request, &reply, report);
        for finding in agreed.dialect.check_echo(&request, &reply) {
            // Missing key fields were told above, missing mandatory ones are told below.
            if finding.problem == FindingProblem::NotEchoed {
                report.fail(&format!("the answer: {finding}"), "agree with the other side on what it echoes");
            }
        }
    }
    for finding in agreed.dialect.check(&reply) {
        report.fail(&format!("the answer: {finding}"), "agree with the other side on what it sends");
    }
    match reply.text(39).as_deref() {
        Some("00" | "000" | "800") => report.ok("signed on"),
        Some(code) => {
            let words = iso8583::codes::meaning("response-code", code).unwrap_or_default();
            let hint = "the other side's log says why it refused";
            report.fail(&format!("sign-on was answered with {code} {words}"), hint);
        }
        None => report.fail("the answer has no DE39", "it must say whether the sign-on was taken"),
    }
}

/// What others make a timeout of: an answer that nobody can match.
fn key_fields(request: &Message<'_>, reply: &Message<'_>, report: &mut Report) {
    let expected = request.mti().response();
    if reply.mti() != expected {
        report.fail(
            &format!("expected {expected}, found {}", reply.mti()),
            "the answer must be of the request's type",
        );
    }
    let mut right = true;
    for de in KEY_FIELDS.iter().chain(&FURTHER_KEY_FIELDS) {
        let (sent, got) = (request.text(*de), reply.text(*de));
        if sent.is_some() && sent != got {
            right = false;
            let found = if got.is_some() { "another value" } else { "none" };
            let hint = "without it a reply cannot be matched, and shows as a timeout: have it echoed";
            report
                .fail(&format!("the answer: DE{de}: expected the value of the request, found {found}"), hint);
        }
    }
    if right {
        report.ok("key fields: the answer echoes DE7 and DE11");
    }
}

/// Something came back, in another form than agreed: which?
pub(super) fn told_otherwise(bytes: &[u8], report: &mut Report) {
    let detection = detect(bytes, &Known::default(), dialects::all());
    match detection.fits.first() {
        Some(fit) => {
            let (framing, header, dialect) = (fit.framing_name(), &fit.header, fit.dialect.name());
            report.fail(
                &format!(
                    "an answer came in another form: framing {framing}, header {header}, dialect {dialect}"
                ),
                "agree on one form; to try this one: --framing, --header, --dialect",
            );
        }
        None => report.fail(
            &format!("{} bytes came back that are no message in any built-in dialect", bytes.len()),
            "capture them and see: cobrand describe FILE --dialect auto",
        ),
    }
}

//! Nobody answered: an echo in other framings and headers, one connection each, until one answers.

use std::{net::SocketAddr, time::Duration};

use bank_simulator::ClientTls;
use iso8583::{framing::Framing, header::Header};

use super::{
    agreed::Agreed,
    exchange::{Outcome, ask, network_message, told_otherwise},
    handshake,
    report::Report,
};

/// Connections at most: the other side must not take this for an attack.
const MOST: usize = 24;
/// How long each echo waits.
const PATIENCE: Duration = Duration::from_millis(800);
/// Echo.
const ECHO: &str = "301";

/// What is tried: the agreed header in every framing, then other headers in the usual framings.
fn forms(agreed: &Agreed) -> Vec<(Framing, Header)> {
    let mut forms: Vec<(Framing, Header)> =
        Framing::forms().into_iter().map(|framing| (framing, agreed.header.clone())).collect();
    let headers = ["none", "tpdu", "visanet"].into_iter().filter_map(|name| name.parse::<Header>().ok());
    for header in headers.filter(|header| *header != agreed.header) {
        for framing in [agreed.framing, Framing::BINARY_2, Framing::ASCII_4] {
            forms.push((framing, header.clone()));
        }
    }
    let mut once: Vec<(Framing, Header)> = Vec::new();
    for form in forms {
        let same = form.0 == agreed.framing && form.1 == agreed.header;
        if !same && !once.contains(&form) {
            once.push(form);
        }
    }
    once.truncate(MOST);
    once
}

pub(super) async fn try_others(address: SocketAddr, tls: &ClientTls, agreed: &Agreed, report: &mut Report) {
    report.group("other forms");
    let forms = forms(agreed);
    for (framing, header) in &forms {
        let dialect = agreed.dialect.with_header(header.clone());
        let Ok(message) = network_message(&dialect, ECHO) else { continue };
        let Ok(socket) = handshake::tcp(address).await else { return };
        let Ok((mut stream, _)) = handshake::tls(socket, tls).await else { return };
        match ask(stream.as_mut(), *framing, &message, PATIENCE).await {
            Outcome::Frame(reply) if dialect.decode(&reply).is_ok() => {
                report.ok(&format!("framing {framing}, header {header}: the echo was answered"));
                report.tell("change the configuration of the link to:");
                report.tell(&format!("  framing = \"{framing}\""));
                return report.tell(&format!("  header = \"{header}\""));
            }
            Outcome::Frame(reply) => return told_otherwise(&reply, report),
            Outcome::Other(reply) => return told_otherwise(&reply, report),
            Outcome::Silence | Outcome::Closed | Outcome::Refused(_) => {}
        }
    }
    report.fail(
        &format!("none of {} other forms was answered", forms.len()),
        "ask the other side for one captured message, then: cobrand doctor --capture FILE",
    );
}

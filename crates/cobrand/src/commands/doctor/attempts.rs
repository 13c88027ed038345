//! Nobody answered: an echo in other framings and headers, one connection each, until one answers.

use std::{net::SocketAddr, time::Duration};

use bank_simulator::ClientTls;
use iso8583::{Dialect, dialects, framing::Framing, header::Header};

use super::{
    agreed::Agreed,
    exchange::{Outcome, ask, network_message, told_otherwise},
    handshake,
    report::Report,
};

/// Connections at most: the other side must not take this for an attack.
const MOST: usize = 40;
/// How long each echo waits.
const PATIENCE: Duration = Duration::from_millis(800);
/// Echo.
const ECHO: &str = "301";

/// A framing and a dialect with its header.
struct Form {
    framing: Framing,
    dialect: Dialect,
}

/// What is tried: the agreed header in every framing, then other headers in the usual framings, then other dialects.
fn forms(agreed: &Agreed) -> Vec<Form> {
    let mut once: Vec<(Framing, Header)> = vec![(agreed.framing, agreed.header.clone())];
    let headers = ["none", "tpdu", "visanet"].into_iter().filter_map(|name| name.parse::<Header>().ok());
    let usual = |header: Header| {
        [agreed.framing, Framing::BINARY_2, Framing::ASCII_4].map(|framing| (framing, header.clone()))
    };
    let every = Framing::forms().into_iter().map(|framing| (framing, agreed.header.clone()));
    for form in every.chain(headers.flat_map(usual)) {
        if !once.contains(&form) {
            once.push(form);
        }
    }
    let others = dialects::all().filter(|dialect| dialect.name() != agreed.dialect.name());
    let others = others.map(|dialect| Form { framing: agreed.framing, dialect: dialect.clone() });
    let same = once.into_iter().skip(1);
    let same = same.map(|(framing, header)| Form { framing, dialect: agreed.dialect.with_header(header) });
    same.chain(others).take(MOST).collect()
}

pub(super) async fn try_others(address: SocketAddr, tls: &ClientTls, agreed: &Agreed, report: &mut Report) {
    report.group("other forms");
    let forms = forms(agreed);
    for Form { framing, dialect } in &forms {
        let Ok(message) = network_message(dialect, ECHO) else { continue };
        let Ok(socket) = handshake::tcp(address).await else { return };
        let Ok((mut stream, _)) = handshake::tls(socket, tls).await else { return };
        match ask(stream.as_mut(), *framing, &message, PATIENCE).await {
            Outcome::Frame(reply) if dialect.decode(&reply).is_ok() => {
                let (name, header) = (dialect.name(), dialect.header());
                report.ok(&format!(
                    "framing {framing}, header {header}, dialect {name}: the echo was answered"
                ));
                report.tell("agree on these for the link:");
                for (key, value) in [
                    ("framing", framing.to_string()),
                    ("header", header.to_string()),
                    ("dialect", name.to_owned()),
                ] {
                    report.tell(&format!("  {key} = \"{value}\""));
                }
                return;
            }
            Outcome::Frame(reply) | Outcome::Other(reply) => return told_otherwise(&reply, report),
            Outcome::Silence | Outcome::Closed | Outcome::Refused(_) => {}
        }
    }
    report.fail(
        &format!("none of {} other forms was answered", forms.len()),
        "ask the other side for one captured message, then: cobrand doctor --capture FILE",
    );
}

//! TCP and TLS: who refused whom, and why.

use std::{io, net::SocketAddr, time::Duration};

use bank_simulator::ClientTls;
use rustls::{AlertDescription, CertificateError};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};

/// How long a peer may take for TCP and for TLS, each.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// A connection, its TLS done.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What is wrong, and the next thing to do.
pub(super) struct Wrong {
    pub(super) text: String,
    pub(super) hint: &'static str,
}

fn wrong(text: impl Into<String>, hint: &'static str) -> Wrong {
    Wrong { text: text.into(), hint }
}

/// The address behind a name.
pub(super) async fn resolve(to: &str) -> Result<SocketAddr, Wrong> {
    let found = tokio::net::lookup_host(to).await;
    let first = found
        .map_err(|error| wrong(format!("{to}: {error}"), "give host:port, such as 127.0.0.1:8583"))?
        .next();
    first.ok_or_else(|| {
        wrong(format!("{to}: the name has no address"), "give host:port, such as 127.0.0.1:8583")
    })
}

pub(super) async fn tcp(address: SocketAddr) -> Result<TcpStream, Wrong> {
    if address.port() == 0 {
        let what = format!("{address}: the configuration leaves the port to the system");
        return Err(wrong(what, "say where the gateway listens: --to host:port (the demo prints it)"));
    }
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => {
            let hint = "is the gateway running, and is this its address? Start it: cobrand serve";
            Err(wrong(format!("nobody answers at {address}: {error}"), hint))
        }
        Err(_) => Err(wrong(
            format!("no answer from {address} within {PATIENCE:?}"),
            "a firewall drops the connection: have address and port opened on both sides",
        )),
    }
}

/// Shakes hands; gives the connection and the version of TLS.
pub(super) async fn tls(socket: TcpStream, tls: &ClientTls) -> Result<(Box<dyn Stream>, String), Wrong> {
    match timeout(PATIENCE, tls.connect_over(socket)).await {
        Ok(Ok(stream)) => {
            let version = stream.get_ref().1.protocol_version();
            let version = version.map_or_else(|| "TLS".to_owned(), |version| format!("{version:?}"));
            Ok((Box::new(stream), version.replace("TLSv1_", "TLS 1.")))
        }
        Ok(Err(error)) => Err(refusal(&error)),
        Err(_) => Err(wrong(
            format!("no TLS handshake within {PATIENCE:?}"),
            "the peer speaks no TLS there, or something in between swallows it; check the port",
        )),
    }
}

/// Which side refused, and why.
pub(super) fn refusal(error: &io::Error) -> Wrong {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => ours(reason),
        Some(rustls::Error::AlertReceived(alert)) => theirs(*alert),
        Some(rustls::Error::InvalidMessage(_)) => wrong(
            "the peer answered something that is no TLS",
            "it speaks without TLS there, or another protocol; check the port",
        ),
        Some(other) => wrong(format!("TLS failed: {other}"), "both sides need TLS 1.2 or 1.3"),
        None => wrong(
            format!("the peer closed the connection during the handshake: {error}"),
            "it may take only known addresses, or has no TLS on this port",
        ),
    }
}

/// We refused the peer's certificate.
fn ours(reason: &CertificateError) -> Wrong {
    let (why, hint) = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("it has expired".to_owned(), "the gateway needs a new certificate")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("it is not valid yet".to_owned(), "check the clock of this machine")
        }
        CertificateError::UnknownIssuer => {
            ("its authority is unknown here".to_owned(), "give the authority that signed it with --ca")
        }
        CertificateError::NotValidForName => {
            ("it carries another name".to_owned(), "give the agreed name with --server-name")
        }
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!(
                "it carries another name: {}",
                presented.join(", ").replace("DnsName(", "").replace(')', "")
            ),
            "give the agreed name with --server-name",
        ),
        other => (other.to_string(), "have the gateway's certificate issued anew"),
    };
    wrong(format!("this side refused the gateway's certificate: {why}"), hint)
}

/// The peer refused our certificate, or TLS as we speak it.
fn theirs(alert: AlertDescription) -> Wrong {
    let (why, hint) = match alert {
        AlertDescription::CertificateExpired => ("it has expired", "have the bank's certificate renewed"),
        AlertDescription::UnknownCA | AlertDescription::DecryptError => (
            "its authority is unknown there",
            "the gateway's client_ca must be the authority that signed the bank's certificate",
        ),
        AlertDescription::CertificateRequired => {
            ("none was presented", "give the bank's certificate with --certificate and --key")
        }
        AlertDescription::ProtocolVersion => ("the version of TLS", "both sides need TLS 1.2 or 1.3"),
        AlertDescription::AccessDenied | AlertDescription::CertificateUnknown => (
            "no link has its name",
            "add the certificate's name to certificate_names of the link, then restart the gateway",
        ),
        _ => ("see its log", "the gateway logs the reason: look for `tls` there"),
    };
    wrong(format!("the gateway refused this side's certificate ({alert:?}): {why}"), hint)
}

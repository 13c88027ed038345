//! The partner's HTTPS endpoint, called as Standard Webhooks 1.0.0 says. It is reached only at addresses that were
//! checked, is never followed elsewhere, and can neither hold a call up nor fill our memory.

mod addresses;
mod answer;
mod signature;

use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Certificate, Client, Identity, Url, redirect, retry};
use zeroize::Zeroizing;

use self::addresses::{CheckedResolver, ForbiddenAddress, Gate};
use super::fault::foreign;
use super::{DeliveryError, Fault, Outgoing, ProbeReport, Receipt, SetupError, WebhookSettings};

pub use self::signature::{SignatureError, WebhookKeys};

/// Standard Webhooks advises against more than 20 kB; more than this is a file.
const BODY_BYTES_MAX: u64 = 256 << 10;
/// Read of an answer, and dropped: so that the connection can be used again.
const ANSWER_BYTES_MAX: usize = 4 << 10;
/// Longer an answer's body is not waited for; the status has come already.
const ANSWER_WAIT: Duration = Duration::from_secs(1);
/// What the HTTP client's reason begins with when the other side speaks something else, or speaks first.
const NO_HTTP: &[&str] = &["invalid HTTP", "received unexpected message"];
const AGENT: &str = concat!("cobrand/", env!("CARGO_PKG_VERSION"));

/// A partner's endpoint.
pub(crate) struct Webhook {
    place: String,
    url: Url,
    gate: Arc<Gate>,
    keys: WebhookKeys,
    client: Client,
}

impl Webhook {
    pub(crate) fn open(settings: &WebhookSettings, base: &Path) -> Result<Self, SetupError> {
        let (url, gate) = without_secrets(settings)?;
        let secrets: Result<Vec<_>, _> =
            settings.secrets.iter().map(|source| source.read("secrets", base)).collect();
        Ok(Self {
            place: place_of(&url),
            client: client(settings, base, &gate)?,
            keys: WebhookKeys::new(&secrets?)
                .map_err(|error| SetupError::new("secrets", error.to_string()))?,
            gate,
            url,
        })
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) async fn deliver(&self, item: &Outgoing) -> Result<Receipt, DeliveryError> {
        signature::check_id(&item.key).map_err(|error| item.fault(error.to_string()))?;
        let body = item.whole(BODY_BYTES_MAX).await?;
        let bytes = body.len() as u64;
        let answer = self.post(&item.key, item.media_type, body).await?;
        Ok(Receipt {
            place: self.place.clone(),
            already: false,
            bytes,
            sha256: item.sha256,
            answer: Some(answer),
        })
    }

    pub(crate) async fn probe(&self) -> Result<ProbeReport, DeliveryError> {
        let now = Timestamp::now();
        let body = format!("{{\"type\":\"partner.test\",\"timestamp\":\"{now}\",\"data\":{{}}}}");
        let answer =
            self.post(&format!("test_{}", now.as_nanosecond()), "application/json", body.into()).await?;
        let mut report = ProbeReport::default();
        report.add("signed call", format!("partner.test: {answer}"));
        Ok(report)
    }

    /// The answer's status line, if it means that the event was taken.
    async fn post(&self, id: &str, media_type: &str, body: Vec<u8>) -> Result<String, DeliveryError> {
        self.check_literal()?;
        let now = Timestamp::now();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", media_type)
            .header("webhook-id", id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", self.keys.sign(id, now.as_second(), &body))
            .body(body);
        let mut response = request.send().await.map_err(|error| self.failed(error))?;
        let judged =
            answer::judge(response.status().as_u16(), response.headers(), Timestamp::now(), &self.place);
        let drain = async {
            let mut read = 0;
            while let Ok(Some(part)) = response.chunk().await {
                read += part.len();
                if read > ANSWER_BYTES_MAX {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(ANSWER_WAIT, drain).await;
        judged
    }

    /// A literal address is connected to without asking any resolver.
    fn check_literal(&self) -> Result<(), DeliveryError> {
        match literal(&self.url).map(|address| self.gate.check(address)) {
            Some(Err(error)) => {
                Err(DeliveryError::new(Fault::AddressForbidden, &self.place, error.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: reqwest::Error) -> DeliveryError {
        let error = error.without_url();
        let (fault, found) = match cause(&error) {
            Cause::Forbidden(reason) => (Fault::AddressForbidden, reason),
            Cause::Tls(reason) => (Fault::Tls, reason),
            Cause::NoTls => (
                Fault::Unreachable,
                "what listens there does not speak TLS: is it http, or another port?".to_owned(),
            ),
            Cause::Other(_) if error.is_timeout() => (Fault::TimedOut, "no answer in time".to_owned()),
            Cause::Other(reason) if NO_HTTP.iter().any(|begin| reason.starts_with(begin)) => {
                let found = format!(
                    "what listens there does not speak HTTP ({reason}): is it https, or another port?"
                );
                (Fault::Unreachable, found)
            }
            Cause::Other(reason) if error.is_connect() => (Fault::Unreachable, reason),
            Cause::Other(reason) => (Fault::Interrupted, reason),
        };
        DeliveryError::new(fault, &self.place, foreign(&found))
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("place", &self.place).finish_non_exhaustive()
    }
}

enum Cause {
    Forbidden(String),
    Tls(String),
    /// The first bytes were no TLS at all.
    NoTls,
    Other(String),
}

/// The innermost reason, and what kind it is.
fn cause(error: &reqwest::Error) -> Cause {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(current) = next {
        if let Some(forbidden) = current.downcast_ref::<ForbiddenAddress>() {
            return Cause::Forbidden(forbidden.to_string());
        }
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => Cause::NoTls,
                _ => Cause::Tls(tls.to_string()),
            };
        }
        last = current.to_string();
        // An I/O error hides what it carries from `source`.
        let carried = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match carried {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    Cause::Other(last)
}

/// What can be checked before anybody has made a secret. An address that is written out is checked here; a name is
/// resolved at each call.
pub(crate) fn check(settings: &WebhookSettings) -> Result<(), SetupError> {
    let (url, gate) = without_secrets(settings)?;
    match literal(&url).map(|address| (address, gate.check(address))) {
        Some((address, Err(error))) => {
            let reason = format!(
                "{error}; if it is meant, name its network: allow_networks = [\"{address}/{}\"]",
                bits(address)
            );
            Err(SetupError::new("url", reason))
        }
        _ => Ok(()),
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn without_secrets(settings: &WebhookSettings) -> Result<(Url, Arc<Gate>), SetupError> {
    let url = checked_url(&settings.url)?;
    let gate = Arc::new(Gate::new(&settings.allow_networks, url.scheme() == "http")?);
    Ok((url, gate))
}

fn checked_url(text: &str) -> Result<Url, SetupError> {
    let url = Url::parse(text).map_err(SetupError::because("url", "`https://...` is expected"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(SetupError::new("url", "`https://...` is expected"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(SetupError::new("url", "a user, a password or a fragment does not belong into it"));
    }
    Ok(url)
}

/// Without the query, in which partners hide tokens.
fn place_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Odd forms (`0x7f.1`, `2130706433`) are dotted quads by now: the parser of addresses does that.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn client(settings: &WebhookSettings, base: &Path, gate: &Arc<Gate>) -> Result<Client, SetupError> {
    if settings.timeout_seconds == 0 || settings.connect_timeout_seconds == 0 {
        return Err(SetupError::new("timeout_seconds", "at least 1 second is expected"));
    }
    let total = Duration::from_secs(settings.timeout_seconds);
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .dns_resolver(Arc::new(CheckedResolver(Arc::clone(gate))))
        .connect_timeout(Duration::from_secs(settings.connect_timeout_seconds))
        .read_timeout(total)
        .timeout(total)
        .pool_max_idle_per_host(1);
    if let Some(path) = &settings.ca_file {
        let pem = fs::read(base.join(path))
            .map_err(SetupError::because("ca_file", format!("cannot read {}", path.display())))?;
        let certificates =
            Certificate::from_pem_bundle(&pem).map_err(SetupError::because("ca_file", "no certificates"))?;
        builder = builder.tls_certs_only(certificates);
    }
    if let Some(identity) = identity(settings, base)? {
        builder = builder.identity(identity);
    }
    builder.build().map_err(SetupError::because("url", "no HTTPS client can be made"))
}

fn identity(settings: &WebhookSettings, base: &Path) -> Result<Option<Identity>, SetupError> {
    let (Some(certificate), Some(key)) = (&settings.client_certificate, &settings.client_key) else {
        if settings.client_certificate.is_some() || settings.client_key.is_some() {
            return Err(SetupError::new(
                "client_key",
                "`client_certificate` and `client_key` belong together",
            ));
        }
        return Ok(None);
    };
    // A certificate is for everybody to read.
    let certificate = fs::read_to_string(base.join(certificate)).map_err(SetupError::because(
        "client_certificate",
        format!("cannot read {}", certificate.display()),
    ))?;
    let key = key.read("client_key", base)?;
    let pem = Zeroizing::new(format!("{}\n{certificate}\n", key.expose()));
    let identity = Identity::from_pem(pem.as_bytes())
        .map_err(SetupError::because("client_key", "no certificate with its key in PEM"))?;
    Ok(Some(identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_forms_of_an_address_are_the_address() {
        for odd in [
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://①②⑦.0.0.1/",
        ] {
            assert_eq!(literal(&Url::parse(odd).unwrap()), Some("127.0.0.1".parse().unwrap()), "{odd}");
        }
        let mapped = literal(&Url::parse("https://[::ffff:10.0.0.1]/").unwrap()).unwrap();
        assert_eq!(mapped.to_canonical(), "10.0.0.1".parse::<IpAddr>().unwrap());
        assert_eq!(literal(&Url::parse("https://boreal.example/").unwrap()), None);
    }

    #[test]
    fn an_address_with_secrets_in_it_is_refused_or_not_shown() {
        for text in [
            "ftp://h/",
            "https://u:p@h/",
            "https://u@h/",
            "https://h/#f",
            "/hook",
            "https://",
            "file:///etc/passwd",
        ] {
            assert!(checked_url(text).is_err(), "{text}");
        }
        let url = checked_url("https://h:8443/hook?token=abc").unwrap();
        assert_eq!(place_of(&url), "https://h:8443/hook");
    }
}

//! The connection to an object store: no redirects, no proxies, deadlines, and no upload that overwrites.

use std::error::Error as StdError;
use std::fs;
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use reqwest::header::{HeaderValue, IF_NONE_MATCH};
use reqwest::{Certificate, Client, Method, Url, redirect, retry};

use crate::transport::{Fault, S3Settings, SetupError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Adds to the last request of an upload in parts what the library gives to single requests only: the condition that
/// nothing stands under the name.
#[derive(Debug, Clone)]
pub(super) struct CreateOnly(Client);

impl CreateOnly {
    pub(super) fn new(settings: &S3Settings, base: &Path, timeout: Duration) -> Result<Self, SetupError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(timeout)
            .timeout(timeout);
        if let Some(path) = &settings.ca_file {
            let pem = fs::read(base.join(path))
                .map_err(SetupError::because("ca_file", format!("cannot read {}", path.display())))?;
            let certificates = Certificate::from_pem_bundle(&pem)
                .map_err(SetupError::because("ca_file", "no certificates"))?;
            builder = builder.tls_certs_only(certificates);
        }
        builder.build().map(Self).map_err(SetupError::because("endpoint", "no HTTPS client can be made"))
    }
}

impl HttpConnector for CreateOnly {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for CreateOnly {
    fn call<'service, 'call>(
        &'service self,
        mut request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'call>>
    where
        'service: 'call,
        Self: 'call,
    {
        let completes = request.method() == Method::POST
            && request
                .uri()
                .query()
                .is_some_and(|query| query.split('&').any(|part| part.starts_with("uploadId=")));
        if completes {
            request.headers_mut().insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
        }
        HttpService::call(&self.0, request)
    }
}

/// `http` is for this machine, unless the operator says otherwise.
pub(super) fn check_endpoint(text: &str, allow_http: bool) -> Result<(), SetupError> {
    let url = Url::parse(text).map_err(SetupError::because("endpoint", "no address"))?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(SetupError::new("endpoint", "a user or password does not belong into it"))
        }
        "https" => Ok(()),
        "http" if here || allow_http => Ok(()),
        _ => Err(SetupError::new("endpoint", "`https://...` is expected; `http` needs `allow_http = true`")),
    }
}

pub(super) fn fault_of(error: &object_store::Error) -> Fault {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if current.downcast_ref::<rustls::Error>().is_some() {
            return Fault::Tls;
        }
        if let Some(http) = current.downcast_ref::<HttpError>() {
            match http.kind() {
                HttpErrorKind::Timeout => return Fault::TimedOut,
                HttpErrorKind::Connect if !speaks_of_tls(http) => return Fault::Unreachable,
                HttpErrorKind::Decode => return Fault::Protocol,
                _ => {}
            }
        }
        next = deeper(current);
    }
    Fault::Interrupted
}

fn speaks_of_tls(error: &HttpError) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = next {
        if current.downcast_ref::<rustls::Error>().is_some() {
            return true;
        }
        next = deeper(current);
    }
    false
}

/// An I/O error hides what it carries from `source`.
fn deeper<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The innermost reason: the outer ones repeat addresses.
pub(super) fn reason(error: &object_store::Error) -> String {
    let mut current: &(dyn StdError + 'static) = error;
    while let Some(inner) = deeper(current) {
        current = inner;
    }
    current.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_unless_it_is_said() {
        for (endpoint, allow_http, fine) in [
            ("https://s3.example", false, true),
            ("http://127.0.0.1:9000", false, true),
            ("http://[::1]:9000", false, true),
            ("http://localhost:9000", false, true),
            ("http://s3.example", false, false),
            ("http://127.0.0.1.example", false, false),
            ("http://s3.example", true, true),
            ("https://key:secret@s3.example", true, false),
            ("ftp://s3.example", true, false),
            ("s3.example", true, false),
        ] {
            assert_eq!(check_endpoint(endpoint, allow_http).is_ok(), fine, "{endpoint}");
        }
    }
}

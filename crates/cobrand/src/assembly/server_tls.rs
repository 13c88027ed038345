//! The TLS side of listeners whose callers show a token or a session, and no certificate.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{Assembly, value_error};

/// With this certificate chain and key; `part` is what an error names.
pub(super) fn server_tls(part: &str, certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let wrong = |path: &Path, error: &dyn std::fmt::Display| {
        value_error(part, format!("{}: {error}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| wrong(certificate, &error))?;
    Ok(Arc::new(tls))
}

impl Assembly {
    /// The TLS side of the console; `None` if it speaks plain HTTP, which only loopback may.
    pub fn console_tls(&self) -> anyhow::Result<Option<Arc<ServerConfig>>> {
        let config = &self.config.console;
        match (&config.certificate, &config.key) {
            (Some(certificate), Some(key)) => server_tls("console", certificate, key).map(Some),
            (None, None) if config.listen.ip().is_loopback() => Ok(None),
            (None, None) => {
                let problem = format!(
                    "{} can be reached from other machines, and passwords would go over the network in the clear: \
                     name certificate and key, or listen on loopback",
                    config.listen
                );
                Err(value_error("console.listen", problem).into())
            }
            _ => Err(value_error("console", "name certificate and key together".to_owned()).into()),
        }
    }
}

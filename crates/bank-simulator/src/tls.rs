//! Who the bank is on the wire: the certificate authority it trusts and its own certificate and key.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};

/// Why the TLS material cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file or text has no usable PEM.
    #[error("{what}: {source}; give the PEM text of {expected}")]
    Pem {
        /// The file, or what the text is.
        what: String,
        /// What should be there.
        expected: &'static str,
        /// What the PEM reader says.
        source: rustls::pki_types::pem::Error,
    },
    /// There is no certificate in the PEM text.
    #[error("{what}: no certificate found; give the PEM text of at least one")]
    NoCertificate {
        /// The file, or what the text is.
        what: String,
    },
    /// The server name is neither a DNS name nor an IP address.
    #[error("server name `{name}`: expected a DNS name or an IP address of the gateway's certificate")]
    ServerName {
        /// As given.
        name: String,
    },
    /// Certificate, key or authority do not fit together.
    #[error("TLS material: {0}; check that certificate and key belong together")]
    Rustls(#[from] rustls::Error),
}

/// The bank's certificate chain, its own certificate first, and the key to it.
#[derive(Debug)]
pub struct Identity {
    /// The chain.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key; its `Debug` shows nothing.
    pub key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

/// What is needed to connect to a gateway over mutual TLS.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// The authorities that may have signed the gateway's certificate.
    pub ca: Vec<CertificateDer<'static>>,
    /// Who we are. `None` connects without a certificate, which a gateway must refuse.
    pub identity: Option<Identity>,
    /// The name that the gateway's certificate must carry.
    pub server_name: ServerName<'static>,
}

/// The versions of TLS to offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.3 and 1.2.
    #[default]
    Both,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
}

impl TlsVersions {
    fn list(self) -> Vec<&'static SupportedProtocolVersion> {
        match self {
            Self::Both => vec![&rustls::version::TLS13, &rustls::version::TLS12],
            Self::Only12 => vec![&rustls::version::TLS12],
            Self::Only13 => vec![&rustls::version::TLS13],
        }
    }
}

const CERTIFICATES: &str = "one or more certificates";
const KEY: &str = "a private key";

impl ClientTls {
    /// Reads PEM files.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or holds something else, or the name is none.
    pub fn from_pem_files(
        ca: impl AsRef<Path>,
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        server_name: &str,
    ) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_file(&key).map_err(|source| TlsError::Pem {
            what: shown(&key),
            expected: KEY,
            source,
        })?;
        Ok(Self {
            ca: certificates(shown(&ca), CertificateDer::pem_file_iter(&ca))?,
            identity: Some(Identity {
                chain: certificates(shown(&chain), CertificateDer::pem_file_iter(&chain))?,
                key,
            }),
            server_name: name(server_name)?,
        })
    }

    /// Reads PEM texts.
    ///
    /// # Errors
    ///
    /// When a text holds something else, or the name is none.
    pub fn from_pem(ca: &[u8], chain: &[u8], key: &[u8], server_name: &str) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| TlsError::Pem {
            what: "the bank's key".to_owned(),
            expected: KEY,
            source,
        })?;
        let chain =
            certificates("the bank's certificate".to_owned(), Ok(CertificateDer::pem_slice_iter(chain)))?;
        Ok(Self {
            ca: certificates("the certificate authority".to_owned(), Ok(CertificateDer::pem_slice_iter(ca)))?,
            identity: Some(Identity { chain, key }),
            server_name: name(server_name)?,
        })
    }

    /// The same without a certificate of our own: to show that a gateway refuses it.
    #[must_use]
    pub fn without_identity(mut self) -> Self {
        self.identity = None;
        self
    }

    /// A TLS connection over an open socket, for load that needs nothing else of a [`crate::Link`].
    ///
    /// # Errors
    ///
    /// When the parts do not fit together, or the handshake fails.
    pub async fn connect_over(
        &self,
        socket: tokio::net::TcpStream,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
        let config = self.config(TlsVersions::default()).map_err(std::io::Error::other)?;
        tokio_rustls::TlsConnector::from(config).connect(self.server_name.clone(), socket).await
    }

    /// The configuration for rustls, with aws-lc-rs as the provider whatever else the process has installed.
    pub(crate) fn config(&self, versions: TlsVersions) -> Result<Arc<ClientConfig>, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.ca {
            roots.add(certificate.clone())?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions.list())?
            .with_root_certificates(roots);
        Ok(Arc::new(match self.identity.clone() {
            Some(Identity { chain, key }) => config.with_client_auth_cert(chain, key)?,
            None => config.with_no_client_auth(),
        }))
    }
}

fn shown(path: impl AsRef<Path>) -> String {
    PathBuf::from(path.as_ref()).display().to_string()
}

fn name(text: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(text.to_owned()).map_err(|_| TlsError::ServerName { name: text.to_owned() })
}

fn certificates<I>(
    what: String,
    found: Result<I, rustls::pki_types::pem::Error>,
) -> Result<Vec<CertificateDer<'static>>, TlsError>
where
    I: Iterator<Item = Result<CertificateDer<'static>, rustls::pki_types::pem::Error>>,
{
    let found = found.and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::NoCertificate { what }),
        Ok(found) => Ok(found),
        Err(source) => Err(TlsError::Pem { what, expected: CERTIFICATES, source }),
    }
}

//! Partners: from their files to the ways by which they are reached.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use aws_lc_rs::rand;
use console::{ApiPartner, PartnerApi, PartnerApiParts, PartnerListener};
use domain::PartnerId;
use partner_adapters::PartnerFile;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use settlement::{ConnectedPartner, Dispatch, Environment};
use tokio::net::TcpListener;

use super::{Assembly, environment, value_error};
use crate::config::{ConfigError, PartnersConfig};

/// The listener for partners, before anybody is served: what is wrong is known before anything is changed.
pub struct PartnerApiBound {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    api: Arc<PartnerApi>,
}

impl PartnerApiBound {
    /// Serves.
    pub fn serve(self) -> anyhow::Result<PartnerListener> {
        Ok(self.api.listen_on(self.listener, self.tls)?)
    }
}

impl Assembly {
    /// What the files of all partners say, each with its path. Nothing is opened.
    pub fn partner_files(&self) -> anyhow::Result<Vec<(&Path, PartnerId, PartnerFile)>> {
        let mut read: Vec<(&Path, PartnerId, PartnerFile)> = Vec::new();
        for path in &self.config.settlement.partners {
            let file = PartnerFile::read(path)?;
            if let Some((other, ..)) = read.iter().find(|(.., other)| other.code == file.code) {
                let problem = format!("{} and {} are both of {}", other.display(), path.display(), file.code);
                return Err(value_error("settlement.partners", problem).into());
            }
            read.push((path, self.partner_id(&file.code)?, file));
        }
        Ok(read)
    }

    /// The number of a partner that some program names.
    pub fn partner_id(&self, code: &str) -> Result<PartnerId, ConfigError> {
        self.codes.partners.get(code).copied().ok_or_else(|| {
            let known: Vec<&str> = self.codes.partners.keys().map(String::as_str).collect();
            value_error(
                "settlement.partners",
                format!("no program names the partner {code:?}; known are: {}", known.join(", ")),
            )
        })
    }

    /// Opens the ways to all partners: reads their keys and secrets, calls nobody.
    pub fn connect_partners(&self) -> anyhow::Result<Vec<Arc<ConnectedPartner>>> {
        let connect = |(path, id, file): (&Path, PartnerId, PartnerFile)| {
            let endpoints = file.open(path)?;
            Ok(Arc::new(ConnectedPartner { id, file, endpoints }))
        };
        self.partner_files()?.into_iter().map(connect).collect()
    }

    /// What deliveries need of this process.
    pub fn dispatch(&self) -> anyhow::Result<Dispatch> {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        let clock = self.clock;
        Ok(Dispatch {
            pool: self.pool.clone(),
            out: self.config.settlement.out.clone(),
            environment: self.environment()?,
            owner: format!("{}-{}", std::process::id(), hex::encode(bytes)),
            now: Box::new(move || clock.now()),
        })
    }

    /// Test or live.
    pub fn environment(&self) -> Result<Environment, ConfigError> {
        environment(&self.config)
    }

    /// Takes the port of the listener for partners and reads its files; `None` if it is not configured.
    pub async fn bind_partner_api(&self) -> anyhow::Result<Option<PartnerApiBound>> {
        let Some(config) = &self.config.partners else { return Ok(None) };
        let tls = self.partner_tls(config)?;
        let partners: Vec<ApiPartner> = self.partner_files()?.into_iter().filter_map(api_partner).collect();
        let parts = PartnerApiParts {
            pool: self.pool.clone(),
            partners,
            out: self.config.settlement.out.clone(),
            environment: self.environment()?,
            answers: None,
        };
        let listener = TcpListener::bind(config.listen).await.with_context(|| {
            format!("cannot listen on {} as partners.listen says; is the port taken?", config.listen)
        })?;
        Ok(Some(PartnerApiBound { listener, tls, api: PartnerApi::new(parts) }))
    }

    /// Partners show a token and no certificate.
    fn partner_tls(&self, config: &PartnersConfig) -> anyhow::Result<Arc<ServerConfig>> {
        let settings = &self.config.gateway;
        let certificate = config.certificate.as_ref().unwrap_or(&settings.certificate);
        let key = config.key.as_ref().unwrap_or(&settings.key);
        let wrong = |path: &Path, error: &dyn std::fmt::Display| {
            value_error("partners", format!("{}: {error}", path.display()))
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
}

fn api_partner((_, id, file): (&Path, PartnerId, PartnerFile)) -> Option<ApiPartner> {
    let pull = file.pull?;
    let (tokens, requests_per_minute) = (pull.tokens(), pull.requests_per_minute);
    Some(ApiPartner { id, code: file.code, tokens, requests_per_minute })
}

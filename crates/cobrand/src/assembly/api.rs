//! The HTTP API: from the configuration to its clients and its listener.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use anyhow::Context;
use gateway::{Api, ApiClient, ApiHandle, Gateway};
use rustls::ServerConfig;
use tokio::net::TcpListener;

use super::{Assembly, value_error};
use crate::config::{ApiClientConfig, ApiConfig, ConfigError};

/// The API's listener and TLS, before anybody is served: what is wrong is known before anything is changed.
pub struct ApiParts {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    clients: Vec<Arc<ApiClient>>,
}

impl Assembly {
    /// Takes the API's port and reads its files; `None` if it is not configured.
    pub async fn bind_api(&self) -> anyhow::Result<Option<ApiParts>> {
        let Some(api) = &self.config.api else { return Ok(None) };
        let listener = bind(api.listen).await?;
        Ok(Some(ApiParts { listener, tls: self.api_tls(api)?, clients: self.api_clients(api)? }))
    }

    /// The clients of the API.
    pub(super) fn api_clients(&self, api: &ApiConfig) -> Result<Vec<Arc<ApiClient>>, ConfigError> {
        let mut seen = BTreeSet::new();
        api.client.iter().map(|client| self.api_client(client, &mut seen).map(Arc::new)).collect()
    }

    fn api_client<'a>(
        &self,
        config: &'a ApiClientConfig,
        seen: &mut BTreeSet<&'a str>,
    ) -> Result<ApiClient, ConfigError> {
        let key = |name: &str| format!("api.client {}.{name}", config.bank);
        let link = self.links.iter().find(|link| link.code == config.bank);
        let link =
            link.ok_or_else(|| value_error(key("bank"), "has no [[link]]: its cards are not known"))?;
        if config.certificate_names.is_empty() {
            return Err(value_error(key("certificate_names"), "at least one name is needed"));
        }
        for name in &config.certificate_names {
            if !seen.insert(name) {
                let problem = format!("{name} stands twice: a certificate speaks for one bank");
                return Err(value_error(key("certificate_names"), problem));
            }
        }
        let own = self.programs.iter().filter(|loaded| loaded.setup.bank.1 == config.bank);
        Ok(ApiClient {
            link: Arc::clone(link),
            certificate_names: config.certificate_names.iter().cloned().collect(),
            programs: own.map(|loaded| (loaded.setup.code.clone(), loaded.setup.id)).collect(),
        })
    }

    fn api_tls(&self, api: &ApiConfig) -> Result<Arc<ServerConfig>, gateway::TlsError> {
        let settings = &self.config.gateway;
        gateway::server_config(&gateway::TlsFiles {
            client_ca: api.client_ca.as_ref().unwrap_or(&settings.client_ca).clone(),
            certificate: api.certificate.as_ref().unwrap_or(&settings.certificate).clone(),
            key: api.key.as_ref().unwrap_or(&settings.key).clone(),
        })
    }
}

impl ApiParts {
    /// Serves.
    pub fn serve(self, gateway: &Arc<Gateway>) -> anyhow::Result<ApiHandle> {
        Ok(Api::new(Arc::clone(gateway), self.clients).listen_on(self.listener, self.tls)?)
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {address} as api.listen says; is the port taken?"))
}

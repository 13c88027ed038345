//! Partners: from their files to the ways by which they are reached.

use std::{path::Path, sync::Arc};

use aws_lc_rs::rand;
use domain::PartnerId;
use partner_adapters::PartnerFile;
use settlement::{ConnectedPartner, Dispatch, Environment};

use super::{Assembly, environment, value_error};
use crate::config::ConfigError;

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
}

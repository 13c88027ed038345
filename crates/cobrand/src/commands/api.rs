//! `api`: what the HTTP API speaks.

use clap::Subcommand;

/// The HTTP API.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Prints the OpenAPI document.
    Document {
        /// That of the API for partners.
        #[arg(long)]
        partners: bool,
    },
}

impl ApiCommand {
    pub(crate) fn run(self) {
        let Self::Document { partners } = self;
        print!("{}", if partners { console::partner_openapi() } else { gateway::openapi() });
    }
}

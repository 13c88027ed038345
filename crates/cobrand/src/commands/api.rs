//! `api`: what the HTTP API speaks.

use clap::Subcommand;

/// The HTTP API.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Prints the OpenAPI document.
    Document,
}

impl ApiCommand {
    pub(crate) fn run(self) {
        let Self::Document = self;
        print!("{}", gateway::openapi());
    }
}

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
        /// That of the API for staff.
        #[arg(long, conflicts_with = "partners")]
        staff: bool,
    },
}

impl ApiCommand {
    pub(crate) fn run(self) {
        let Self::Document { partners, staff } = self;
        let document = match (partners, staff) {
            (true, _) => console::partner_openapi(),
            (_, true) => console::staff_openapi(),
            _ => gateway::openapi(),
        };
        print!("{document}");
    }
}

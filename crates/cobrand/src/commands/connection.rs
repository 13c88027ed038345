//! How a command that plays the bank reaches the gateway, and what it speaks there.

use std::path::PathBuf;

use clap::Args;

use crate::certs;

/// Where the gateway is, who we are, and what the link speaks.
#[derive(Debug, Args)]
pub(super) struct ConnectionArgs {
    /// The gateway, as host:port.
    #[arg(long)]
    pub(super) to: Option<String>,
    /// PEM file of the authority that has signed the gateway's certificate.
    #[arg(long)]
    pub(super) ca: Option<PathBuf>,
    /// PEM file of the bank's certificate chain.
    #[arg(long)]
    pub(super) certificate: Option<PathBuf>,
    /// PEM file of the bank's private key.
    #[arg(long)]
    pub(super) key: Option<PathBuf>,
    /// The name in the gateway's certificate.
    #[arg(long, default_value = certs::GATEWAY_NAME)]
    pub(super) server_name: String,
    /// What messages are written in: a built-in dialect or a dialect file; by itself what the configuration says, else
    /// iso87-ascii.
    #[arg(long)]
    pub(super) dialect: Option<String>,
    /// How messages are put into frames, such as `ascii-4`; by itself what the configuration says, else binary-2.
    #[arg(long)]
    pub(super) framing: Option<String>,
    /// What comes before the message type, such as `tpdu`; by itself what the configuration or the dialect says.
    #[arg(long)]
    pub(super) header: Option<String>,
}

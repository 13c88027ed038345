//! `spec`: the message specification of a dialect, and the schema of dialect files; without a database.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use clap::Subcommand;
use iso8583::{Dialect, dialects};

use super::message_input::load_dialect;
use crate::{
    assembly::link_wire::read_dialect,
    cli::WrongUse,
    config::{Config, ConfigError, GatewayConfig, LinkConfig},
};

/// Message specifications.
#[derive(Debug, Subcommand)]
pub enum SpecCommand {
    /// The message specification of a dialect as Markdown.
    Doc {
        /// A built-in dialect, or a dialect file; by itself the link's, else iso87-ascii.
        #[arg(long)]
        dialect: Option<String>,
        /// A bank of the configuration, whose agreements are printed too.
        #[arg(long, requires = "config")]
        link: Option<String>,
        /// The configuration file.
        #[arg(long, requires = "link")]
        config: Option<PathBuf>,
    },
    /// The JSON Schema of dialect files, for editors.
    Schema,
    /// The built-in dialects.
    List,
}

impl SpecCommand {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let text = match self {
            Self::Doc { dialect, link, config } => {
                let (spoken, agreed) = match link.zip(config) {
                    Some((bank, path)) => agreed(&Config::read(&path)?, &bank)?,
                    None => ("iso87-ascii".to_owned(), Vec::new()),
                };
                let dialect = match dialect {
                    Some(name) => load_dialect(&name)?,
                    None => read_dialect(&spoken)
                        .map_err(|problem| ConfigError::Value { key: "dialect".to_owned(), problem })?,
                };
                iso8583::document(&dialect, &agreed)
            }
            Self::Schema => format!("{}\n", serde_json::to_string_pretty(&Dialect::json_schema())?),
            Self::List => {
                let width = dialects::names().map(str::len).max().unwrap_or_default();
                dialects::all()
                    .map(|dialect| format!("{:width$}  {}\n", dialect.name(), dialect.title()))
                    .collect()
            }
        };
        match io::stdout().write_all(text.as_bytes()) {
            // Who reads has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

/// The dialect of a link, and what the configuration says about it.
fn agreed(config: &Config, bank: &str) -> anyhow::Result<(String, Vec<(String, String)>)> {
    let Some(link) = config.link.iter().find(|link| link.bank == bank) else {
        let banks: Vec<&str> = config.link.iter().map(|link| link.bank.as_str()).collect();
        let text = format!("the configuration has no link {bank}; it has {}", banks.join(", "));
        return Err(WrongUse(text).into());
    };
    Ok((link.dialect.clone(), rows(&config.gateway, link)))
}

fn rows(gateway: &GatewayConfig, link: &LinkConfig) -> Vec<(String, String)> {
    let list = |values: &[String]| match values {
        [] => "any".to_owned(),
        values => values.join(", "),
    };
    let codes = |codes: &Option<Vec<String>>, usual: &str| match codes {
        None => usual.to_owned(),
        Some(codes) if codes.is_empty() => "none".to_owned(),
        Some(codes) => codes.join(", "),
    };
    let network = &link.network_codes;
    [
        ("bank", link.bank.clone()),
        ("transport", "TCP with TLS 1.2 or 1.3, certificates on both sides; the bank connects".to_owned()),
        ("names in the bank's certificate", list(&link.certificate_names)),
        ("framing", format!("{}; messages of 1 to 4096 bytes", link.framing)),
        ("header", link.header.clone().unwrap_or_else(|| "as the dialect has it".to_owned())),
        ("MAC", if link.mac.is_some() { "in DE64 or DE128" } else { "none" }.to_owned()),
        ("answer to a request", format!("within {} ms", gateway.answer_max_ms)),
        ("silence", format!("a connection without traffic for {} s is dropped", gateway.idle_max_s)),
        ("card ranges", list(&link.bins)),
        ("DE33", list(&link.forwarders)),
        ("DE100", list(&link.receivers)),
        ("clearing source", link.clearing_source.clone()),
        ("time zone", link.time_zone.clone()),
        ("cut-over", link.cut_over.clone()),
        ("DE70 sign-on", codes(&network.sign_on, "001, 061")),
        ("DE70 sign-off", codes(&network.sign_off, "002, 062")),
        ("DE70 echo", codes(&network.echo, "270, 301")),
        ("DE70 cut-over", codes(&network.cut_over, "201")),
        ("DE70 key change, refused", codes(&network.key_change, "101, 161, 162")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_agreed_with_a_bank_of_the_sample_is_told() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/samples/cobrand.toml");
        let config = Config::read(&path).unwrap();
        let bank = config.link[0].bank.clone();
        let (spoken, rows) = agreed(&config, &bank).unwrap();
        assert_eq!(spoken, "iso87-ascii");
        assert_eq!(rows[0], ("bank".to_owned(), bank));
        assert!(rows.contains(&("clearing source".to_owned(), config.link[0].clearing_source.clone())));
        let error = agreed(&config, "nobody").unwrap_err().to_string();
        assert!(error.starts_with("the configuration has no link nobody"), "{error}");
    }

    #[test]
    fn dialects_are_found_by_name_or_read_from_a_file() {
        assert_eq!(read_dialect("ipm").unwrap().name(), "ipm");
        assert!(read_dialect("ipn").unwrap_err().contains("ipm-ebcdic"));
        assert!(read_dialect("/nowhere/own.toml").unwrap_err().contains("neither a file nor"));
    }
}

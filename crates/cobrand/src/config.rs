//! The configuration: one TOML file, secrets in files of their own.

mod reconciliation;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub use reconciliation::{ReconciliationConfig, SourceConfig, ToleranceConfig};
use serde::Deserialize;

mod cases;

pub use cases::{CaseAgesConfig, CaseAmountConfig, CaseDueConfig, CasesConfig};

/// Why a configuration was refused. The process ends with status 78.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}; go into its folder, or name it by --config or COBRAND_CONFIG",
        path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A key is misspelt, missing or of the wrong kind.
    #[error("{path}{place}: {key}: {problem}", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// `:line:column`, if known.
        place: String,
        /// The path of the key.
        key: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A value does not fit with others.
    #[error("{key}: {problem}")]
    Value {
        /// The path of the key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file that the configuration names is missing or not as it must be.
    #[error("{0}")]
    File(String),
}

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database.
    pub database: DatabaseConfig,
    /// The listener for banks.
    pub gateway: GatewayConfig,
    /// Keys of card tokens, newest first.
    pub card_key: Vec<CardKeyConfig>,
    /// The banks.
    pub link: Vec<LinkConfig>,
    /// Programs and merchants.
    pub programs: ProgramsConfig,
    /// Settlement files.
    pub settlement: SettlementConfig,
    /// The staff console.
    #[serde(default)]
    pub console: ConsoleConfig,
    /// Metrics and health.
    #[serde(default)]
    pub admin: AdminConfig,
    /// Logs.
    #[serde(default)]
    pub log: LogConfig,
    /// Cases: severity and due dates.
    #[serde(default)]
    pub cases: CasesConfig,
    /// Enrollment by file.
    #[serde(default)]
    pub enrollment: EnrollmentConfig,
    /// The HTTP API for banks; off unless it is there.
    #[serde(default)]
    pub api: Option<ApiConfig>,
    /// The REST listener for partners; off unless it is there.
    #[serde(default)]
    pub partners: Option<PartnersConfig>,
    /// When things are due, and how far they may differ.
    #[serde(default)]
    pub reconciliation: ReconciliationConfig,
}

/// Enrollment by file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrollmentConfig {
    /// The private enrollment key, with which sealed files are opened.
    pub key: Option<PathBuf>,
}

/// The HTTP API for banks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// The authority that signs the clients' certificates; that of `[gateway]` if it is absent.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Our certificate chain; that of `[gateway]` if it is absent.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Our private key; that of `[gateway]` if it is absent.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Who may call.
    pub client: Vec<ApiClientConfig>,
}

/// A client of the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiClientConfig {
    /// The bank for which it speaks.
    pub bank: String,
    /// The names in its client certificate. The certificate of the bank's link is no client unless it is named here.
    pub certificate_names: Vec<String>,
}

/// The database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Such as `host=/run/postgresql user=cobrand dbname=cobrand`.
    pub connection: String,
}

/// The listener for banks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// The authority that signs the banks' certificates.
    pub client_ca: PathBuf,
    /// Our certificate chain.
    pub certificate: PathBuf,
    /// Our private key.
    pub key: PathBuf,
    /// Lanes: as many as PostgreSQL can run in parallel.
    #[serde(default = "two")]
    pub lanes: usize,
    /// Most messages of one batch.
    #[serde(default = "batch_messages_max")]
    pub batch_messages_max: usize,
    /// A request that is not committed so soon is answered with 96.
    #[serde(default = "answer_max_ms")]
    pub answer_max_ms: u64,
    /// A connection without traffic for so long is dropped.
    #[serde(default = "idle_max_s")]
    pub idle_max_s: u64,
    /// Further connections are refused.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
}

fn two() -> usize {
    2
}
fn batch_messages_max() -> usize {
    256
}
fn answer_max_ms() -> u64 {
    300
}
fn idle_max_s() -> u64 {
    300
}
fn connections_max() -> usize {
    256
}

/// A key of card tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardKeyConfig {
    /// Its id, stored in every token.
    pub id: u8,
    /// The file that holds 64 hexadecimal digits.
    pub file: PathBuf,
}

/// A bank.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// Its code.
    pub bank: String,
    /// The names in its client certificate.
    pub certificate_names: Vec<String>,
    /// Its card ranges, such as `411111` or `220000-220099`.
    pub bins: Vec<String>,
    /// Agreed values of DE33.
    #[serde(default)]
    pub forwarders: Vec<String>,
    /// Agreed values of DE100.
    #[serde(default)]
    pub receivers: Vec<String>,
    /// `advice`, `file` or `single_message`.
    pub clearing_source: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// When its business day ends, such as `00:00`.
    #[serde(default = "midnight")]
    pub cut_over: String,
    /// How its messages are written: a built-in dialect, or the path of a dialect file.
    #[serde(default = "iso87_ascii")]
    pub dialect: String,
    /// How messages are put into frames.
    #[serde(default = "binary_2")]
    pub framing: String,
    /// What comes before the message type in each frame; by itself what the dialect says.
    #[serde(default)]
    pub header: Option<String>,
    /// The message authentication code, if one is agreed.
    #[serde(default)]
    pub mac: Option<MacConfig>,
    /// The codes of its network management, where they are not the usual ones.
    #[serde(default)]
    pub network_codes: NetworkCodesConfig,
}

/// The message authentication code of a link.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacConfig {
    /// DE39 of the answer to a message whose MAC is missing or wrong.
    #[serde(default = "malfunction")]
    pub response_code: String,
    /// So many wrong MACs on one connection end it.
    #[serde(default = "three")]
    pub wrong_max: u32,
    /// The keys: one without `not_after`, which signs; others are accepted until then.
    pub key: Vec<MacKeyConfig>,
}

/// One key of a message authentication code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacKeyConfig {
    /// Its version, once in this link.
    pub version: u32,
    /// `aes-cmac`, `x9.19` or `x9.19-padding-2`.
    #[serde(default = "aes_cmac")]
    pub algorithm: String,
    /// Bytes of the MAC that count, 8 or 4; behind 4 there are 4 zero bytes.
    #[serde(default = "eight")]
    pub length: usize,
    /// The file that holds the key in hexadecimal digits.
    pub file: PathBuf,
    /// Until when it is accepted, such as `2026-12-01T00:00:00Z`; absent for the key that signs.
    #[serde(default)]
    pub not_after: Option<String>,
}

fn iso87_ascii() -> String {
    "iso87-ascii".to_owned()
}
fn binary_2() -> String {
    "binary-2".to_owned()
}
fn malfunction() -> String {
    "96".to_owned()
}
fn three() -> u32 {
    3
}
fn aes_cmac() -> String {
    "aes-cmac".to_owned()
}
fn eight() -> usize {
    8
}

/// Codes of DE70 by what they ask for; a list that is absent is the usual one, an empty list is no code at all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkCodesConfig {
    /// Sign-on; at least one code.
    pub sign_on: Option<Vec<String>>,
    /// Sign-off.
    pub sign_off: Option<Vec<String>>,
    /// Echo.
    pub echo: Option<Vec<String>>,
    /// Cut-over.
    pub cut_over: Option<Vec<String>>,
    /// Key change, which is refused with a reason.
    pub key_change: Option<Vec<String>>,
}

fn midnight() -> String {
    "00:00".to_owned()
}

/// Programs and merchants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramsConfig {
    /// The program files.
    pub files: Vec<PathBuf>,
    /// The merchant map.
    pub merchants: PathBuf,
    /// The business date of the first cycle of a new program; today if it is absent.
    #[serde(default)]
    pub first_business_date: Option<String>,
    /// How another version of a program that is in force takes over.
    #[serde(default)]
    pub changes: ProgramChanges,
}

/// How another version of a program that is in force takes over. The first one always comes from its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProgramChanges {
    /// One person proposes it, another one approves it; a file that differs is named and not used. It is the default
    /// because rules are money: with files, whoever can write one folder changes what every purchase is worth.
    #[default]
    Approval,
    /// The file, whenever a gateway starts or reads it again.
    File,
}

/// Settlement files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlementConfig {
    /// The folder that files are published in.
    pub out: PathBuf,
    /// `test` or `live`.
    pub environment: String,
    /// Who lets the files of a day go out.
    #[serde(default)]
    pub approval: DayApproval,
    /// The files of the partners that are connected.
    #[serde(default)]
    pub partners: Vec<PathBuf>,
    /// For receivers that answer to their files: within how many hours, by the receiver's code.
    #[serde(default)]
    pub answer_within_hours: BTreeMap<String, u32>,
}

/// Who lets the files of a computed day go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayApproval {
    /// Nobody is asked.
    #[default]
    Automatic,
    /// A person other than who closed the day: `cobrand day approve`.
    TwoPeople,
}

/// The REST listener for partners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnersConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// Our certificate chain; that of `[gateway]` if it is absent.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Our private key; that of `[gateway]` if it is absent.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// The staff console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Address and port; loopback unless said otherwise.
    pub listen: SocketAddr,
    /// Our certificate chain; without it the console speaks plain HTTP, which only loopback may.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Our private key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// A proxy with TLS stands before us: cookies are then for TLS only.
    #[serde(default)]
    pub behind_tls: bool,
    /// The addresses of such proxies, whose `X-Forwarded-For` says where a request comes from.
    #[serde(default)]
    pub proxies: Vec<std::net::IpAddr>,
    /// A file with 64 hexadecimal digits that seals the secrets of authenticators; without it none can be enrolled.
    #[serde(default)]
    pub second_factor_key: Option<PathBuf>,
    /// Whoever decides must have a second factor.
    #[serde(default)]
    pub second_factor_required: bool,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            certificate: None,
            key: None,
            behind_tls: false,
            proxies: Vec::new(),
            second_factor_key: None,
            second_factor_required: false,
        }
    }
}

/// Metrics and health.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port; loopback unless said otherwise.
    pub listen: SocketAddr,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9090)) }
    }
}

/// Logs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// One JSON object a line.
    pub json: bool,
    /// A filter such as `info,gateway=debug`; `RUST_LOG` comes before it.
    pub filter: Option<String>,
}

impl Config {
    /// Reads a configuration; paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config = Self::parse(&text, path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.root_paths(folder);
        Ok(config)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let key_error = |key: String, error: &toml::de::Error| ConfigError::Key {
            path: path.to_owned(),
            place: error.span().map(|span| place(text, span.start)).unwrap_or_default(),
            key,
            problem: error.message().to_owned(),
        };
        let deserializer =
            toml::Deserializer::parse(text).map_err(|error| key_error("the file".to_owned(), &error))?;
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let key = error.path().to_string();
            key_error(key, error.inner())
        })
    }

    fn root_paths(&mut self, folder: &Path) {
        let root = |path: &mut PathBuf| *path = folder.join(&*path);
        let gateway = &mut self.gateway;
        [&mut gateway.client_ca, &mut gateway.certificate, &mut gateway.key].into_iter().for_each(root);
        self.card_key.iter_mut().for_each(|key| root(&mut key.file));
        self.programs.files.iter_mut().for_each(root);
        for link in &mut self.link {
            link.mac.iter_mut().flat_map(|mac| &mut mac.key).for_each(|key| root(&mut key.file));
            // The name of a built-in dialect has no dot.
            if link.dialect.contains('.') {
                link.dialect = folder.join(&link.dialect).display().to_string();
            }
        }
        self.enrollment.key.iter_mut().for_each(root);
        if let Some(api) = &mut self.api {
            let files = [&mut api.client_ca, &mut api.certificate, &mut api.key];
            files.into_iter().flatten().for_each(root);
        }
        if let Some(partners) = &mut self.partners {
            [&mut partners.certificate, &mut partners.key].into_iter().flatten().for_each(root);
        }
        let console = &mut self.console;
        let files = [&mut console.certificate, &mut console.key, &mut console.second_factor_key];
        files.into_iter().flatten().for_each(root);
        root(&mut self.programs.merchants);
        root(&mut self.settlement.out);
        self.settlement.partners.iter_mut().for_each(root);
    }
}

/// `:line:column` of a byte offset, both from 1.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    format!(":{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_named_with_its_place() {
        let text =
            include_str!("../../../docs/samples/cobrand.toml").replace("clearing_source", "clearing_sauce");
        let error = Config::parse(&text, Path::new("cobrand.toml")).unwrap_err().to_string();
        assert!(error.contains("clearing_sauce") && error.contains("expected one of"), "{error}");
        assert!(error.starts_with("cobrand.toml:"), "{error}");
    }

    #[test]
    fn every_setting_of_the_console_is_documented() {
        let ConsoleConfig {
            listen: _,
            certificate: _,
            key: _,
            behind_tls: _,
            proxies: _,
            second_factor_key: _,
            second_factor_required: _,
        } = ConsoleConfig::default();
        let document = include_str!("../../../docs/operations/run.md");
        for name in [
            "listen",
            "certificate",
            "key",
            "behind_tls",
            "proxies",
            "second_factor_key",
            "second_factor_required",
        ] {
            assert!(document.contains(&format!("`console.{name}`")), "run.md does not tell console.{name}");
        }
    }

    #[test]
    fn the_sample_is_read() {
        Config::parse(include_str!("../../../docs/samples/cobrand.toml"), Path::new("cobrand.toml")).unwrap();
    }
}

//! A gateway with everything around it, in a private cluster: the demo's and the tests' world.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::Context;
use bank_simulator::{BankOptions, BankWire, ClientTls, LinkOptions, PersistentBank, TlsVersions};
use gateway::{ApiHandle, Clock, GatewayHandle};
use jiff::civil::Date;
use private_postgres::{Options, PrivateCluster};

use super::BankDay;
use crate::{assembly::Assembly, bank_codes, certs, config::Config, observe};

const PROGRAM: &str = include_str!("../../../../docs/samples/programs/boreal-gold.toml");
const MERCHANTS: &str = include_str!("../../../../docs/samples/merchants.csv");

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// The business date of the first cycle; the clock shows noon of it.
    pub business_date: Date,
    /// A folder to keep everything in; without one all is deleted.
    pub keep_in: Option<PathBuf>,
    /// The port of the gateway; 0 for any.
    pub port: u16,
    /// Lanes of the batcher.
    pub lanes: usize,
    /// Most messages of a batch.
    pub batch_messages_max: usize,
    /// The deadline of an answer.
    pub answer_max_ms: u64,
    /// How the bank clears.
    pub clearing_source: &'static str,
    /// What the bank's `[[link]]` says of how it writes, as lines of TOML such as `framing = "ascii-4"`; files that
    /// it names are in [`WorldOptions::files`].
    pub link_wire: String,
    /// Further files of the world's folder, by name.
    pub files: Vec<(String, String)>,
    /// `approval` or `file`: how another version of the program takes over.
    pub changes: &'static str,
    /// The text of the program file, if not the sample's.
    pub program: Option<String>,
    /// Lines of TOML of `[settlement]` and what may follow it, such as `partners = ["partners/skyfuel.toml"]`.
    pub settlement: String,
    /// Settings of PostgreSQL beside the private cluster's own.
    pub settings: Vec<(String, String)>,
    /// Write the gateway's log into the world's folder; only the first world of a process can.
    pub log_to_file: bool,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            business_date: jiff::civil::date(2026, 10, 10),
            keep_in: None,
            port: 0,
            lanes: 2,
            batch_messages_max: 256,
            // A laptop under load is slower than a bank's host; the contract's 300 ms is tested by itself.
            answer_max_ms: 2_000,
            clearing_source: "advice",
            link_wire: String::new(),
            files: Vec::new(),
            changes: "file",
            program: None,
            settlement: String::new(),
            settings: Vec::new(),
            log_to_file: true,
        }
    }
}

/// A running world.
pub struct World {
    /// The parts.
    pub assembly: Assembly,
    /// The private cluster.
    pub cluster: PrivateCluster,
    /// The folder with configuration, certificates, files and logs.
    pub dir: PathBuf,
    gateway: Option<GatewayHandle>,
    api: Option<ApiHandle>,
    folder: Folder,
}

/// The world's folder: it goes with the world, also after a panic or an interruption, unless it is kept.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

static WORLDS: AtomicU32 = AtomicU32::new(0);

impl World {
    /// Starts the cluster, migrates, writes certificates and configuration, and listens.
    pub async fn start(options: WorldOptions) -> anyhow::Result<Self> {
        let mut world = Self::prepare(options).await?;
        world.listen().await?;
        Ok(world)
    }

    /// The same without listening: for a gateway that runs as a process of its own.
    pub async fn prepare(options: WorldOptions) -> anyhow::Result<Self> {
        let dir = folder(&options)?;
        let keep = options.keep_in.is_some();
        let folder = Folder { path: dir.clone(), keep };
        if options.log_to_file {
            observe::logs(&crate::config::LogConfig::default(), Some(&dir.join("gateway.log")))?;
        }
        observe::metrics()?;
        let base = options.keep_in.as_ref().map(|_| dir.join("postgresql"));
        if let Some(base) = &base {
            std::fs::create_dir_all(base)?;
        }
        let cluster_options = Options { base_dir: base, keep, settings: options.settings.clone() };
        let cluster = tokio::task::spawn_blocking(move || {
            let cluster = PrivateCluster::start(cluster_options)?;
            match cluster.create_database("cobrand") {
                // A kept folder is used again.
                Err(error) if keep && error.to_string().contains("already exists") => {}
                other => other?,
            }
            Ok::<_, private_postgres::ClusterError>(cluster)
        });
        let cluster = cluster.await??;
        write_files(&dir, &cluster, &options)?;
        let config = Config::read(&dir.join("cobrand.toml"))?;
        let mut client = store::connect(&store::Database::parse(&config.database.connection)?).await?;
        store::migrate(&mut client).await?;
        let noon = options.business_date.at(12, 0, 0, 0).in_tz("Europe/Moscow")?.timestamp();
        let assembly = Assembly::load(config, Clock::starting_at(noon)).await?;
        assembly.activate().await?;
        Ok(Self { assembly, cluster, dir, gateway: None, api: None, folder })
    }

    async fn listen(&mut self) -> anyhow::Result<()> {
        let gateway = self.assembly.gateway().await?;
        if let Some(parts) = self.assembly.bind_api().await? {
            self.api = Some(parts.serve(&gateway)?);
        }
        let listening = gateway.listen(self.assembly.config.gateway.listen, self.assembly.tls()?).await?;
        self.gateway = Some(listening);
        Ok(())
    }

    /// The running gateway.
    pub fn gateway(&self) -> anyhow::Result<&GatewayHandle> {
        self.gateway.as_ref().context("the gateway of this world does not run")
    }

    /// Where the running gateway's API listens.
    pub fn api(&self) -> anyhow::Result<std::net::SocketAddr> {
        Ok(self.api.as_ref().context("the API of this world does not run")?.address())
    }

    /// Whether the folder stays after the end.
    pub fn is_kept(&self) -> bool {
        self.folder.keep
    }

    /// The TLS identity of the demo's bank.
    pub fn bank_tls(&self) -> anyhow::Result<ClientTls> {
        let certs = self.dir.join("certs");
        let (ca, chain, key) =
            (certs.join("ca.pem"), certs.join("northbank.pem"), certs.join("northbank.key"));
        Ok(ClientTls::from_pem_files(&ca, &chain, &key, certs::GATEWAY_NAME)?)
    }

    /// What the demo's bank speaks, as the configuration of its link says.
    pub fn bank_wire(&self) -> anyhow::Result<BankWire> {
        let wire = &self.assembly.link("northbank")?.wire;
        let keys = wire.mac.as_ref().map(|policy| std::sync::Arc::clone(&policy.keys));
        let today = self.assembly.clock.now().in_tz("Europe/Moscow")?.date();
        let wire = BankWire::new(wire.framing, wire.dialect.clone(), keys).near(today);
        let of_link = self.assembly.config.link.iter().find(|link| link.bank == "northbank");
        let codes = of_link.map(|link| bank_codes::agreed(&link.network_codes, wire.codes.clone()));
        let codes = codes.unwrap_or_else(|| wire.codes.clone());
        Ok(wire.with_codes(codes))
    }

    /// The demo's bank, connected to the running gateway.
    pub fn bank(&self) -> anyhow::Result<PersistentBank> {
        self.bank_at(self.gateway()?.address())
    }

    /// The demo's bank, connected to `address`.
    pub fn bank_at(&self, address: std::net::SocketAddr) -> anyhow::Result<PersistentBank> {
        let options = BankOptions {
            links: 2,
            link: LinkOptions {
                versions: TlsVersions::default(),
                wire: self.bank_wire()?,
                ..LinkOptions::default()
            },
            reply_timeout: Duration::from_secs(3),
            ..BankOptions::default()
        };
        Ok(PersistentBank::start(address, self.bank_tls()?, options))
    }

    /// Enrolls the members of a day through the file import.
    pub async fn enroll(&self, day: &BankDay) -> anyhow::Result<()> {
        let csv = day.enrollment_csv();
        let keys = self.assembly.card_keys()?;
        let link = self.assembly.link("northbank")?;
        let programs = &self.assembly.codes.programs;
        gateway::import_enrollment(csv.as_bytes(), link, programs, &keys, &self.assembly.pool).await?;
        Ok(())
    }

    /// Drains the gateway, stops the cluster and deletes the folder unless it is kept.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(api) = self.api.take() {
            api.drain().await;
        }
        if let Some(gateway) = self.gateway.take() {
            let lanes = std::sync::Arc::clone(gateway.gateway());
            gateway.drain().await;
            lanes.batcher.finish().await;
        }
        let Self { assembly, cluster, folder, .. } = self;
        drop(assembly);
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        drop(folder);
        Ok(())
    }
}

fn folder(options: &WorldOptions) -> anyhow::Result<PathBuf> {
    let dir = options.keep_in.clone().unwrap_or_else(|| {
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("cobrand-world-{}-{number}", std::process::id()))
    });
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(std::fs::canonicalize(&dir)?)
}

/// Some of these files are secrets, and a secret that others may read is refused.
fn write_for_us_alone(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

fn write_files(dir: &Path, cluster: &PrivateCluster, options: &WorldOptions) -> anyhow::Result<()> {
    let certs = dir.join("certs");
    if !certs.join("ca.pem").exists() {
        certs::write_development_set(&certs, &["northbank".to_owned(), "southbank".to_owned()])?;
    }
    let seal = certs.join("second-factor.key");
    if !seal.exists() {
        // As a card key: 256 random bits in hexadecimal digits.
        write_for_us_alone(&seal, &certs::new_card_key()?)?;
    }
    std::fs::create_dir_all(dir.join("programs"))?;
    std::fs::create_dir_all(dir.join("out"))?;
    let program = options.program.as_deref().unwrap_or(PROGRAM);
    std::fs::write(dir.join("programs/boreal-gold.toml"), program)?;
    std::fs::write(dir.join("merchants.csv"), MERCHANTS)?;
    let WorldOptions {
        business_date,
        port,
        lanes,
        batch_messages_max,
        answer_max_ms,
        clearing_source,
        link_wire,
        files,
        changes,
        settlement,
        ..
    } = options;
    for (name, text) in files {
        if let Some(folder) = dir.join(name).parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_for_us_alone(&dir.join(name), text)?;
    }
    let connection = cluster.connection_string("cobrand");
    let text = format!(
        r#"# Written by the demo. NOT for real cards.
[database]
connection = "{connection}"

[gateway]
listen = "127.0.0.1:{port}"
client_ca = "certs/ca.pem"
certificate = "certs/gateway.pem"
key = "certs/gateway.key"
lanes = {lanes}
batch_messages_max = {batch_messages_max}
answer_max_ms = {answer_max_ms}

[[card_key]]
id = 1
file = "certs/card.key"

[[link]]
bank = "northbank"
certificate_names = ["northbank.example"]
bins = ["220000-229999", "400000-559999"]
clearing_source = "{clearing_source}"
time_zone = "Europe/Moscow"
{link_wire}

[[link]]
bank = "southbank"
certificate_names = ["southbank.example"]
bins = ["600000-609999"]
clearing_source = "advice"
time_zone = "Europe/Moscow"

[programs]
files = ["programs/boreal-gold.toml"]
merchants = "merchants.csv"
first_business_date = "{business_date}"
changes = "{changes}"

[settlement]
out = "out"
environment = "test"
{settlement}

[enrollment]
key = "certs/enrollment.key"

[api]
listen = "127.0.0.1:0"

[[api.client]]
bank = "northbank"
certificate_names = ["api.northbank.example"]

[[api.client]]
bank = "southbank"
certificate_names = ["api.southbank.example"]

[console]
listen = "127.0.0.1:0"
second_factor_key = "certs/second-factor.key"

[admin]
listen = "127.0.0.1:0"
"#
    );
    std::fs::write(dir.join("cobrand.toml"), text)?;
    Ok(())
}

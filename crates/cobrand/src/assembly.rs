//! From the configuration to the parts of a running gateway.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, RwLock},
    time::Duration,
};

use anyhow::{Context, anyhow};
use domain::reconciliation::StatementPeriod;
use domain::{
    BankId, BankRules, ClearingSource, MapHash, MerchantMap, PartnerId, ProgramId, RateTable, Rules,
    RulesHash,
};
use gateway::{
    AutoEnroll, BankWindow, Batcher, BatcherOptions, BinRange, CardKeys, Clock, Gateway, Link, LinkLimits,
    NetworkCodes, Router, RuleBook,
};
use iso8583::Version;
use jiff::{civil::Date, tz::TimeZone};
use partner_adapters::{PartnerFile, StatementComes, StatementEvery};
use program_files::{Codes, ProgramFile, Severity, program_header, read_merchants, read_program, read_rates};
use settlement::{Environment, ProgramSetup};
use store::{Database, Pool, ProgramEntry};
use zeroize::Zeroizing;

pub(crate) mod api;
mod in_force;
pub(crate) mod link_wire;
mod partners;
mod server_tls;

pub use in_force::DifferingFile;
pub(crate) use partners::ReadFile;
pub use partners::{Connected, LeftOut, NamedPartner, PartnerApiBound};

use crate::config::{Config, ConfigError, LinkConfig, NetworkCodesConfig};

/// A program that is in force.
pub struct LoadedProgram {
    /// What its file says.
    pub file: ProgramFile,
    /// How its days are closed.
    pub setup: ProgramSetup,
}

/// The parts.
pub struct Assembly {
    /// Where the database is.
    pub database: Database,
    /// The shared pool.
    pub pool: Pool,
    /// The rules in force.
    pub rule_book: Arc<RuleBook>,
    /// The banks' links.
    pub links: Vec<Arc<Link>>,
    /// The programs.
    pub programs: Vec<LoadedProgram>,
    /// Numbers by code.
    pub codes: Codes,
    /// The files of partners, as the configuration names them now: they can be read again while a process runs.
    partner_paths: RwLock<Vec<PathBuf>>,
    /// Banks that have a file of their own under `settlement.partners`, with their numbers as receivers.
    pub receivers: BTreeMap<String, PartnerId>,
    /// The clock.
    pub clock: Clock,
    /// The configuration.
    pub config: Config,
    /// Files that are not used, because another version of their program is in force.
    pub differing: Vec<DifferingFile>,
    /// The text of the merchant map.
    map_text: String,
}

fn statements_agreed(comes: &StatementComes) -> settlement::StatementsAgreed {
    settlement::StatementsAgreed {
        every: match comes.every {
            StatementEvery::Day => StatementPeriod::Day,
            StatementEvery::Month => StatementPeriod::Month,
        },
        within_hours: comes.within_hours,
        since: Some(comes.since()),
    }
}

pub(crate) fn value_error(key: impl Into<String>, problem: impl std::fmt::Display) -> ConfigError {
    ConfigError::Value { key: key.into(), problem: problem.to_string() }
}

impl Assembly {
    /// Connects, allots numbers and reads every file. Nothing that is in force changes: see [`Self::activate`].
    pub async fn load(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let database = database(&config)?;
        // A pool only says that no connection came; this says why.
        drop(store::connect(&database).await.context("cannot reach PostgreSQL as database.connection says")?);
        let pool =
            store::pool(&database).await.context("cannot reach PostgreSQL as database.connection says")?;
        let (codes, programs, differing) = load_programs(&pool, &config).await?;
        let (merchants, map_text) = merchants(&config, &codes)?;
        let links = config.link.iter().map(|link| self::link(link, &codes)).collect::<Result<Vec<_>, _>>()?;
        sane(&config, &links, &programs)?;
        let rules = Rules {
            programs: programs
                .iter()
                .map(|loaded| (loaded.file.program.hash, loaded.file.program.clone()))
                .collect(),
            merchants,
            banks: links
                .iter()
                .map(|link| (link.bank, BankRules { clearing_source: link.clearing_source }))
                .collect(),
            rates: rates(&pool).await?,
        };
        let rule_book = Arc::new(RuleBook::new(
            rules,
            auto_enroll(programs.iter().map(|loaded| &loaded.file)),
            pool.clone(),
        ));
        let receivers = partners::bank_receivers(&pool, &config, codes.banks.keys()).await?;
        let assembly = Self {
            database,
            pool,
            rule_book,
            links,
            programs,
            codes,
            partner_paths: RwLock::new(config.settlement.partners.clone()),
            receivers,
            clock,
            config,
            differing,
            map_text,
        };
        // `check` must not pass what the gateway will refuse. A partner's file stops no process, see `connect_each`.
        assembly.clearing_agreed()?;
        assembly.case_rules()?;
        assembly.config.api.as_ref().map(|api| assembly.api_clients(api)).transpose()?;
        assembly.programs.iter().try_for_each(|loaded| assembly.first_date(&loaded.file).map(|_| ()))?;
        Ok(assembly)
    }

    /// Opens the first cycle of a new program with the version of its file. Where files change programs, it also puts
    /// each file's version into force, for all gateways at one instant. Only a process that takes messages does this: a
    /// look at a day must not change the rules.
    pub async fn activate(&self) -> anyhow::Result<()> {
        for loaded in &self.programs {
            let date = self.first_date(&loaded.file)?;
            let program = &loaded.file.program;
            store::open_first(&self.pool, program.id, date, program.hash).await?;
            self.follow_file(program).await?;
        }
        self.name_differing_files(&self.differing);
        Ok(())
    }

    fn first_date(&self, file: &ProgramFile) -> anyhow::Result<Date> {
        match &self.config.programs.first_business_date {
            Some(text) => Ok(text.parse().map_err(|_| {
                value_error("programs.first_business_date", "expected a date such as 2026-10-10")
            })?),
            None => {
                let local = self.clock.now().in_tz(&file.timezone)?.datetime();
                Ok(domain::business_date(local, file.cut_off))
            }
        }
    }

    /// The keys of card tokens.
    pub fn card_keys(&self) -> anyhow::Result<CardKeys> {
        let keys: Vec<(u8, Zeroizing<String>)> = self
            .config
            .card_key
            .iter()
            .map(|key| Ok((key.id, Zeroizing::new(read(&key.file)?))))
            .collect::<anyhow::Result<_>>()?;
        Ok(CardKeys::from_hex(&keys).map_err(|error| value_error("card_key", error))?)
    }

    /// The keys of card tokens, after making sure that they are those which the database's cards know.
    pub async fn known_card_keys(&self) -> anyhow::Result<CardKeys> {
        let keys = self.card_keys()?;
        for (id, value) in keys.check_values() {
            if !store::card_key_is_known(&self.pool, id, value).await? {
                return Err(gateway::KeyError::Different(id).into());
            }
        }
        Ok(keys)
    }

    /// The shared parts of the gateway's sessions, with its lanes open. The configured merchant map is in force from now
    /// on: for processes that take messages.
    pub async fn gateway(&self) -> anyhow::Result<Arc<Gateway>> {
        let gateway = self.lanes().await?;
        // After a reload the map in force is another one than that of the start, and it is registered.
        if self.rule_book.current().merchants.version() == Some(map_hash(&self.map_text)) {
            self.register_map(&self.map_text).await?;
        }
        Ok(gateway)
    }

    /// The same for what staff ask for at a command line: nothing that is in force changes.
    pub(crate) async fn lanes(&self) -> anyhow::Result<Arc<Gateway>> {
        let settings = &self.config.gateway;
        let limits = LinkLimits {
            answer_max: Duration::from_millis(settings.answer_max_ms),
            idle_max: Duration::from_secs(settings.idle_max_s),
            connections_max: settings.connections_max,
            ..LinkLimits::default()
        };
        let options = BatcherOptions {
            lanes: settings.lanes,
            batch_messages_max: settings.batch_messages_max,
            ..BatcherOptions::default()
        };
        gateway::read_cut_overs(&self.pool, &self.links)
            .await
            .context("cannot read the banks' cut-overs; has `cobrand migrate` been run with this version?")?;
        Ok(Arc::new(Gateway {
            links: self.links.clone(),
            limits,
            keys: self.known_card_keys().await?,
            router: Router::new(self.pool.clone(), Arc::clone(&self.rule_book)),
            batcher: Batcher::start(&self.database, &self.pool, &self.rule_book, options).await?,
            pool: self.pool.clone(),
            clock: self.clock,
        }))
    }

    /// Keeps the text of the map before anything is decided by it.
    async fn register_map(&self, text: &str) -> anyhow::Result<()> {
        let hash = map_hash(text);
        let other = store::register_merchant_map(&self.pool, hash, text, self.clock.now()).await;
        if other.context("cannot keep the merchant map; has `cobrand migrate` been run with this version?")? {
            tracing::warn!(version = hash.short(), "another merchant map is in force from now on");
        }
        Ok(())
    }

    /// The TLS side of the listener.
    pub fn tls(&self) -> Result<Arc<rustls::ServerConfig>, gateway::TlsError> {
        let settings = &self.config.gateway;
        gateway::server_config(&gateway::TlsFiles {
            client_ca: settings.client_ca.clone(),
            certificate: settings.certificate.clone(),
            key: settings.key.clone(),
        })
    }

    /// How everything is compared, and what banks and partners have agreed to send.
    pub fn reconcile_settings(&self) -> Result<settlement::ReconcileSettings, ConfigError> {
        let mut settings = self.config.reconciliation.settings()?;
        settings.cases = self.case_rules()?;
        settings.clearing_files = self.clearing_agreed()?;
        let files = self.read_partner_files().0.into_iter().map(|(.., file)| file);
        let agreed = |file: PartnerFile| Some((file.code, file.statement?.comes?));
        let agreed = files.filter_map(agreed).map(|(code, comes)| (code, statements_agreed(&comes)));
        settings.statements = agreed.collect();
        Ok(settings)
    }

    fn clearing_agreed(&self) -> Result<BTreeMap<BankId, settlement::FilesAgreed>, ConfigError> {
        let links = self.links.iter().map(|link| (link.bank, link.code.as_str(), link.clearing_source));
        self.config.reconciliation.clearing(links)
    }

    /// How severe cases are, and by when they are due.
    pub fn case_rules(&self) -> Result<domain::case::CaseRules, ConfigError> {
        self.config.cases.rules(&self.codes)
    }

    /// A program by its code.
    pub fn program(&self, code: &str) -> anyhow::Result<&LoadedProgram> {
        let known =
            || self.programs.iter().map(|loaded| loaded.setup.code.as_str()).collect::<Vec<_>>().join(", ");
        self.programs
            .iter()
            .find(|loaded| loaded.setup.code == code)
            .ok_or_else(|| anyhow!("program {code:?} is not configured; known are: {}", known()))
    }

    /// A link by its bank's code.
    pub fn link(&self, bank: &str) -> anyhow::Result<&Arc<Link>> {
        self.links
            .iter()
            .find(|link| link.code == bank)
            .ok_or_else(|| anyhow!("bank {bank:?} has no [[link]]"))
    }

    /// Reads program files and merchant map again and puts what changed into force; an invalid file changes
    /// nothing. Terms of settlement are read when a process starts.
    pub async fn reload_programs(&self) -> anyhow::Result<usize> {
        let (codes, programs, differing) = load_programs(&self.pool, &self.config).await?;
        let (merchants, map_text) = merchants(&self.config, &codes)?;
        self.name_differing_files(&differing);
        let known = self.rule_book.current();
        let changed =
            programs.iter().filter(|loaded| !known.programs.contains_key(&loaded.file.program.hash)).count();
        let versions = programs.iter().map(|loaded| &loaded.file);
        self.register_map(&map_text).await?;
        let enrolling = auto_enroll(programs.iter().map(|loaded| &loaded.file));
        let rates = rates(&self.pool).await?;
        self.rule_book.replace(versions, merchants, rates, enrolling);
        for loaded in &programs {
            self.follow_file(&loaded.file.program).await?;
        }
        Ok(changed)
    }
}

/// Where the database is.
pub fn database(config: &Config) -> Result<Database, ConfigError> {
    Database::parse(&config.database.connection).map_err(|error| value_error("database.connection", error))
}

/// What each part cannot know of the others.
fn sane(config: &Config, links: &[Arc<Link>], programs: &[LoadedProgram]) -> Result<(), ConfigError> {
    let settings = &config.gateway;
    let bounds = [
        ("gateway.lanes", u64::try_from(settings.lanes).unwrap_or(u64::MAX), 1, 64),
        (
            "gateway.batch_messages_max",
            u64::try_from(settings.batch_messages_max).unwrap_or(u64::MAX),
            1,
            4096,
        ),
        ("gateway.connections_max", u64::try_from(settings.connections_max).unwrap_or(u64::MAX), 1, 10_000),
        ("gateway.answer_max_ms", settings.answer_max_ms, 1, 60_000),
        ("gateway.idle_max_s", settings.idle_max_s, 1, 86_400),
    ];
    for (key, value, low, high) in bounds {
        if !(low..=high).contains(&value) {
            return Err(value_error(key, format!("expected {low} to {high}, found {value}")));
        }
    }
    once("card_key id", config.card_key.iter().map(|key| key.id))?;
    once("link bank", config.link.iter().map(|link| &link.bank))?;
    once("link certificate_names", config.link.iter().flat_map(|link| &link.certificate_names))?;
    once("programs.files: program", programs.iter().map(|loaded| &loaded.setup.code))?;
    for (index, link) in links.iter().enumerate() {
        let others = links.iter().skip(index + 1);
        if let Some(other) = others.into_iter().find(|other| link.shares_cards_with(other)) {
            let problem =
                format!("its card ranges overlap with those of {}: a card belongs to one bank", other.code);
            return Err(value_error(format!("link {}.bins", link.code), problem));
        }
    }
    Ok(())
}

fn once<T: Ord + std::fmt::Display>(key: &str, values: impl Iterator<Item = T>) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for value in values {
        if seen.contains(&value) {
            return Err(value_error(key, format!("{value} stands twice")));
        }
        seen.insert(value);
    }
    Ok(())
}

/// What the catalog keeps of a program besides its text.
pub(crate) fn entry_of(file: &ProgramFile) -> ProgramEntry {
    ProgramEntry {
        code: file.program.code.clone(),
        bank: file.program.bank,
        cobrand_partner: file.program.cobrand_partner,
        currency: file.program.currency,
        time_zone: file.timezone.clone(),
    }
}

/// SHA-256 of a program file.
pub fn hash_of(text: &str) -> RulesHash {
    RulesHash(gateway::sha256(text.as_bytes()))
}

pub(crate) fn read(path: &std::path::Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

/// SHA-256 of a merchant map.
fn map_hash(text: &str) -> MapHash {
    MapHash(hash_of(text).0)
}

/// The rate tables in force.
async fn rates(pool: &Pool) -> anyhow::Result<BTreeMap<String, RateTable>> {
    let tables = store::rates_in_force(pool).await;
    let tables =
        tables.context("cannot read the rate tables; has `cobrand migrate` been run with this version?")?;
    let read = |table: store::RatesInForce| {
        let read = read_rates(&table.text, table.hash);
        let read = read.map_err(|errors| anyhow!("the stored rate table {}: {errors}", table.name))?;
        Ok((table.name, read))
    };
    tables.into_iter().map(read).collect()
}

/// The merchant map and its text.
fn merchants(config: &Config, codes: &Codes) -> Result<(MerchantMap, String), ConfigError> {
    let path = &config.programs.merchants;
    let text = read(path)?;
    let map = read_merchants(&text, codes);
    let map = map.map_err(|errors| in_file(&path.display().to_string(), &errors))?;
    Ok((map.with_version(map_hash(&text)), text))
}

fn in_file(name: &str, errors: &program_files::FileErrors) -> ConfigError {
    ConfigError::File(errors.in_file(name).to_string())
}

fn contradictions(name: &str, file: &ProgramFile) -> ConfigError {
    let errors = file.notices.iter().filter(|notice| notice.severity == Severity::Error);
    ConfigError::File(errors.map(|notice| notice.in_file(name)).collect::<Vec<_>>().join("\n"))
}

fn environment(config: &Config) -> Result<Environment, ConfigError> {
    Environment::parse(&config.settlement.environment.to_uppercase())
        .ok_or_else(|| value_error("settlement.environment", "expected test or live"))
}

/// Reads the program files, runs their tests, and only then keeps their texts and allots their numbers. In place of a
/// file that must not take over it reads the version in force.
async fn load_programs(
    pool: &Pool,
    config: &Config,
) -> anyhow::Result<(Codes, Vec<LoadedProgram>, Vec<DifferingFile>)> {
    let environment = environment(config)?;
    let (texts, differing) = in_force::texts(pool, config).await?;
    let mut codes = allot_named(pool, config, &texts).await?;
    // A file must be whole before its text is kept for ever, so it is read once with a provisional number.
    let numbers = store::program_numbers(pool).await?;
    let provisional = |code: &str| numbers.get(code).copied().unwrap_or(ProgramId(0));
    for (name, text) in &texts {
        let header = program_header(text).map_err(|errors| in_file(name, &errors))?;
        codes.programs.insert(header.code.clone(), provisional(&header.code));
    }
    for (name, text) in &texts {
        let file = read_program(text, hash_of(text), &codes).map_err(|errors| in_file(name, &errors))?;
        if file.is_refused() {
            // A version that was registered before goes on as it was: only a new one is refused.
            match store::program_version(pool, file.program.hash).await {
                Err(store::StoreError::NotFound { .. }) => return Err(contradictions(name, &file).into()),
                known => known.map(|_| ())?,
            }
        }
        tested(name, &file)?;
        let id = store::register_program(pool, &entry_of(&file), file.program.hash, text).await?;
        codes.programs.insert(file.program.code.clone(), id);
    }
    let mut programs = Vec::new();
    for (name, text) in &texts {
        let file = read_program(text, hash_of(text), &codes).map_err(|errors| in_file(name, &errors))?;
        let setup = ProgramSetup::of_file(&file, &codes, environment)
            .ok_or_else(|| value_error(name, "its bank has no number"))?;
        programs.push(LoadedProgram { file, setup });
    }
    Ok((codes, programs, differing))
}

/// Whether the file's own tests pass.
fn tested(name: &str, file: &ProgramFile) -> Result<(), ConfigError> {
    let failed: Vec<String> =
        file.run_tests().into_iter().filter(|test| !test.passed).map(|test| test.name).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(value_error(
            name,
            format!("its own tests fail: {}; run: cobrand rules test {name}", failed.join("; ")),
        ))
    }
}

/// Numbers for all banks and partners that the configuration and the program files name.
async fn allot_named(pool: &Pool, config: &Config, texts: &[(String, String)]) -> anyhow::Result<Codes> {
    let (mut banks, mut partners) = (BTreeSet::new(), BTreeSet::new());
    banks.extend(config.link.iter().map(|link| link.bank.clone()));
    for (name, text) in texts {
        let header = program_header(text).map_err(|errors| in_file(name, &errors))?;
        banks.insert(header.bank);
        partners.extend(header.partners_named);
        partners.insert(header.cobrand_partner);
    }
    Ok(Codes {
        banks: store::allot_banks(pool, &banks.into_iter().collect::<Vec<_>>()).await?,
        partners: store::allot_partners(pool, &partners.into_iter().collect::<Vec<_>>()).await?,
        ..Codes::default()
    })
}

/// The ranges of automatic enrollment of all programs that have one.
fn auto_enroll<'a>(programs: impl Iterator<Item = &'a ProgramFile>) -> Vec<AutoEnroll> {
    let of = |file: &ProgramFile| AutoEnroll {
        bank: file.program.bank,
        program: file.program.id,
        bins: file
            .auto_enroll
            .iter()
            .map(|range| BinRange { first: range.from.clone(), last: range.to.clone() })
            .collect(),
    };
    programs.map(of).filter(|auto| !auto.bins.is_empty()).collect()
}

fn link(config: &LinkConfig, codes: &Codes) -> Result<Arc<Link>, ConfigError> {
    let key = |name: &str| format!("link {}.{name}", config.bank);
    let bank: BankId =
        *codes.banks.get(&config.bank).ok_or_else(|| value_error(key("bank"), "has no number"))?;
    let sources = [ClearingSource::Advice, ClearingSource::File, ClearingSource::SingleMessage];
    let clearing_source = sources
        .into_iter()
        .find(|source| source.name() == config.clearing_source)
        .ok_or_else(|| value_error(key("clearing_source"), "expected advice, file or single_message"))?;
    if config.certificate_names.is_empty() {
        return Err(value_error(
            key("certificate_names"),
            "at least one name of the bank's certificate is needed",
        ));
    }
    let bins = config.bins.iter().map(|text| bin(text)).collect::<Option<Vec<_>>>();
    let bins = bins.filter(|bins| !bins.is_empty());
    let wire = link_wire::of(config)?;
    Ok(Arc::new(Link {
        bank,
        code: config.bank.clone(),
        certificate_names: config.certificate_names.iter().cloned().collect(),
        bins: bins.ok_or_else(|| {
            value_error(
                key("bins"),
                "expected leading digits of card numbers, 6 to 8, such as 220000 or 220000-220099",
            )
        })?,
        forwarders: config.forwarders.iter().cloned().collect(),
        receivers: config.receivers.iter().cloned().collect(),
        clearing_source,
        time_zone: TimeZone::get(&config.time_zone).map_err(|error| value_error(key("time_zone"), error))?,
        cut_over: config
            .cut_over
            .parse()
            .map_err(|_| value_error(key("cut_over"), "expected a time such as 00:00"))?,
        network_codes: network_codes(&config.network_codes, wire.dialect.version(), key)?,
        wire,
        window: BankWindow::default(),
    }))
}

fn network_codes(
    config: &NetworkCodesConfig,
    version: Version,
    key: impl Fn(&str) -> String,
) -> Result<NetworkCodes, ConfigError> {
    let usual = NetworkCodes::usual(version);
    let chosen = |codes: &Option<Vec<String>>, usual| match codes {
        Some(codes) => codes.iter().cloned().collect(),
        None => usual,
    };
    let codes = NetworkCodes {
        sign_on: chosen(&config.sign_on, usual.sign_on),
        sign_off: chosen(&config.sign_off, usual.sign_off),
        echo: chosen(&config.echo, usual.echo),
        cut_over: chosen(&config.cut_over, usual.cut_over),
        key_change: chosen(&config.key_change, usual.key_change),
    };
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, _, set) in codes.by_name() {
        let refused = |problem: String| Err(value_error(key(&format!("network_codes.{name}")), problem));
        for code in set {
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                return refused(format!("expected three digits of DE70 such as 201, found {code:?}"));
            }
            if let Some(other) = known.insert(code, name) {
                return refused(format!("{code} stands in {other} too: take it out of one of them"));
            }
        }
    }
    if codes.sign_on.is_empty() {
        return Err(value_error(key("network_codes.sign_on"), "without a code no bank could sign on"));
    }
    Ok(codes)
}

fn bin(text: &str) -> Option<BinRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let digits = |text: &str| (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let sane = digits(first) && digits(last) && first.len() == last.len() && first <= last;
    sane.then(|| BinRange { first: first.to_owned(), last: last.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Result<NetworkCodes, String> {
        let config = toml::from_str(text).unwrap();
        network_codes(&config, Version::V1987, |name| format!("link northbank.{name}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn network_codes_are_the_usual_ones_unless_others_are_named() {
        assert_eq!(codes("").unwrap(), NetworkCodes::default());
        let own = codes("cut_over = [\"202\"]\nkey_change = []").unwrap();
        assert_eq!(own.function("202"), Some(gateway::NetworkFunction::CutOver));
        assert_eq!((own.function("201"), own.function("101")), (None, None));
        assert_eq!(own.function("001"), Some(gateway::NetworkFunction::SignOn));
    }

    #[test]
    fn network_codes_that_cannot_be_are_refused_by_name() {
        for (text, expected) in [
            ("cut_over = [\"20\"]", "link northbank.network_codes.cut_over: expected three digits"),
            ("echo = [\"2O1\"]", "link northbank.network_codes.echo: expected three digits"),
            ("cut_over = [\"301\"]", "link northbank.network_codes.cut_over: 301 stands in echo too"),
            ("sign_on = []", "link northbank.network_codes.sign_on: without a code"),
        ] {
            let error = codes(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}

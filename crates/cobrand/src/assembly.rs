//! From the configuration to the parts of a running gateway.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use aws_lc_rs::digest::{SHA256, digest};
use domain::{BankId, BankRules, ClearingSource, ProgramId, Rules, RulesHash};
use gateway::{
    AutoEnroll, Batcher, BatcherOptions, BinRange, CardKeys, Clock, Gateway, Link, LinkLimits, Router,
    RuleBook,
};
use jiff::{civil::Date, tz::TimeZone};
use program_files::{Codes, ProgramFile, program_header, read_merchants, read_program};
use settlement::{Environment, ProgramSetup};
use store::{Database, Pool, ProgramEntry};
use zeroize::Zeroizing;

use crate::config::{Config, ConfigError, LinkConfig};

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
    /// The clock.
    pub clock: Clock,
    /// The configuration.
    pub config: Config,
}

fn value_error(key: impl Into<String>, problem: impl std::fmt::Display) -> ConfigError {
    ConfigError::Value { key: key.into(), problem: problem.to_string() }
}

impl Assembly {
    /// Connects, allots numbers, registers the versions of the programs and puts them into force.
    pub async fn load(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let database = Database::parse(&config.database.connection)
            .map_err(|error| value_error("database.connection", error))?;
        let pool =
            store::pool(&database).await.context("cannot reach PostgreSQL as database.connection says")?;
        let texts = program_texts(&config)?;
        let codes = allot(&pool, &config, &texts).await?;
        let environment = Environment::parse(&config.settlement.environment.to_uppercase())
            .ok_or_else(|| value_error("settlement.environment", "expected test or live"))?;
        let mut programs = Vec::new();
        for (name, text) in &texts {
            let file = read_program(text, hash_of(text), &codes)
                .map_err(|errors| ConfigError::File(errors.in_file(name)))?;
            let failed: Vec<String> =
                file.run_tests().into_iter().filter(|test| !test.passed).map(|test| test.name).collect();
            if !failed.is_empty() {
                return Err(value_error(
                    name,
                    format!("its own tests fail: {}; run: cobrand rules test", failed.join("; ")),
                )
                .into());
            }
            let setup = ProgramSetup::of_file(&file, &codes, environment)
                .ok_or_else(|| value_error(name, "its bank has no number"))?;
            programs.push(LoadedProgram { file, setup });
        }
        let merchants_text = read(&config.programs.merchants)?;
        let merchants = read_merchants(&merchants_text, &codes).map_err(|errors| {
            ConfigError::File(errors.in_file(&config.programs.merchants.display().to_string()))
        })?;
        let links = config.link.iter().map(|link| self::link(link, &codes)).collect::<Result<Vec<_>, _>>()?;
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
        };
        let auto = programs.iter().map(auto_enroll).filter(|auto| !auto.bins.is_empty()).collect();
        let rule_book = Arc::new(RuleBook::new(rules, auto, codes.clone(), pool.clone()));
        let assembly = Self { database, pool, rule_book, links, programs, codes, clock, config };
        assembly.open_cycles().await?;
        Ok(assembly)
    }

    /// Opens the first cycle of a new program and puts the current version of each into force.
    async fn open_cycles(&self) -> anyhow::Result<()> {
        for loaded in &self.programs {
            let date = self.first_date(&loaded.file)?;
            let program = &loaded.file.program;
            store::open_first(&self.pool, program.id, date, program.hash).await?;
            store::switch_rules(&self.pool, program.id, program.hash).await?;
        }
        Ok(())
    }

    fn first_date(&self, file: &ProgramFile) -> anyhow::Result<Date> {
        match &self.config.programs.first_business_date {
            Some(text) => Ok(text.parse().map_err(|_| {
                value_error("programs.first_business_date", "expected a date such as 2026-10-10")
            })?),
            None => Ok(self.clock.now().in_tz(&file.timezone)?.date()),
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

    /// The shared parts of the gateway's sessions, with its lanes open.
    pub async fn gateway(&self) -> anyhow::Result<Arc<Gateway>> {
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
        Ok(Arc::new(Gateway {
            links: self.links.clone(),
            limits,
            keys: self.card_keys()?,
            router: Router::new(self.pool.clone(), Arc::clone(&self.rule_book)),
            batcher: Batcher::start(&self.database, &self.pool, &self.rule_book, options).await?,
            pool: self.pool.clone(),
            clock: self.clock,
        }))
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

    /// Reads the program files again and puts changed versions into force; an invalid file changes nothing.
    pub async fn reload_programs(&self) -> anyhow::Result<usize> {
        let mut switched = 0;
        let texts = program_texts(&self.config)?;
        for (name, text) in &texts {
            let file = read_program(text, hash_of(text), &self.codes)
                .map_err(|errors| ConfigError::File(errors.in_file(name)))?;
            if let Some(test) = file.run_tests().into_iter().find(|test| !test.passed) {
                return Err(anyhow!(
                    "{name}: its own test {:?} fails; the old version stays in force",
                    test.name
                ));
            }
        }
        let codes = allot(&self.pool, &self.config, &texts).await?;
        for (name, text) in &texts {
            let hash = hash_of(text);
            let file =
                read_program(text, hash, &codes).map_err(|errors| ConfigError::File(errors.in_file(name)))?;
            if !self.rule_book.current().programs.contains_key(&hash) {
                switched += 1;
            }
            self.rule_book.add(&file);
            store::switch_rules(&self.pool, file.program.id, hash).await?;
        }
        Ok(switched)
    }
}

/// SHA-256 of a program file.
pub fn hash_of(text: &str) -> RulesHash {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    RulesHash(hash)
}

fn read(path: &std::path::Path) -> anyhow::Result<String> {
    let unreadable = |error| ConfigError::File(format!("cannot read {}: {error}", path.display()));
    Ok(std::fs::read_to_string(path).map_err(unreadable)?)
}

fn program_texts(config: &Config) -> anyhow::Result<Vec<(String, String)>> {
    config.programs.files.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect()
}

/// Numbers for all banks, partners and programs that the configuration names. A file must be whole before its
/// text is kept for ever, so it is read once with a provisional number.
async fn allot(pool: &Pool, config: &Config, texts: &[(String, String)]) -> anyhow::Result<Codes> {
    let (mut banks, mut partners) = (BTreeSet::new(), BTreeSet::new());
    banks.extend(config.link.iter().map(|link| link.bank.clone()));
    let mut headers = Vec::new();
    for (name, text) in texts {
        let header = program_header(text).map_err(|errors| ConfigError::File(errors.in_file(name)))?;
        banks.insert(header.bank.clone());
        partners.extend(header.partners_named.iter().cloned());
        partners.insert(header.cobrand_partner.clone());
        headers.push(header);
    }
    let mut codes = Codes {
        banks: store::allot_banks(pool, &banks.into_iter().collect::<Vec<_>>()).await?,
        partners: store::allot_partners(pool, &partners.into_iter().collect::<Vec<_>>()).await?,
        ..Codes::default()
    };
    for ((name, text), header) in texts.iter().zip(&headers) {
        codes.programs.insert(header.code.clone(), ProgramId(0));
        let hash = hash_of(text);
        let file =
            read_program(text, hash, &codes).map_err(|errors| ConfigError::File(errors.in_file(name)))?;
        let entry = ProgramEntry {
            code: header.code.clone(),
            bank: file.program.bank,
            cobrand_partner: file.program.cobrand_partner,
            currency: file.program.currency,
            time_zone: file.timezone.clone(),
        };
        let id = store::register_program(pool, &entry, hash, text).await?;
        codes.programs.insert(header.code.clone(), id);
    }
    Ok(codes)
}

fn auto_enroll(loaded: &LoadedProgram) -> AutoEnroll {
    let bins = loaded
        .file
        .auto_enroll
        .iter()
        .map(|range| BinRange { first: range.from.clone(), last: range.to.clone() });
    AutoEnroll { bank: loaded.file.program.bank, program: loaded.file.program.id, bins: bins.collect() }
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
    }))
}

fn bin(text: &str) -> Option<BinRange> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let digits = |text: &str| (6..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let sane = digits(first) && digits(last) && first.len() == last.len() && first <= last;
    sane.then(|| BinRange { first: first.to_owned(), last: last.to_owned() })
}

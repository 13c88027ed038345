//! The bank's side of a link on the command line: where the gateway is, who we are, and with whom we play.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use bank_simulator::{
    BankWire, ClientTls, LinkOptions, Merchant, NetworkFunction,
    certification::this_second,
    report::{CaseResult, Report, Run},
    script::{Agreed, Check, ClearingSource, Composer, Earn, Failed, Parties, Share, Target},
};
use clap::Args;
use iso8583::{
    Pan,
    mac::{KeyVersion, MacAlgorithm, MacKey, MacKeys, MacLength, MacMethod},
};
use jiff::{Timestamp, tz::TimeZone};
use zeroize::Zeroizing;

use super::{connection::ConnectionArgs, message_input::load_dialect};
use crate::{
    assembly::link_wire,
    bank_codes,
    cli::WrongUse,
    config::{Config, LinkConfig},
};

/// How long is waited for an answer that must not come: longer than a gateway may take for one.
const QUIET: Duration = Duration::from_millis(500);

/// Where the gateway is, who we are, and with whom we play.
#[derive(Debug, Args)]
pub(super) struct BankSideArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// A gateway's configuration: gives address, zone, clearing source, what the link speaks, and the certificates
    /// that `cobrand certs` wrote beside `client_ca`; other options come before it.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Which bank of that configuration; the only one if there is one.
    #[arg(long, requires = "config")]
    link: Option<String>,
    /// The card of a member: a test number.
    #[arg(long, default_value = "4111111111111111", hide_default_value = true)]
    card: CardNumber,
    /// A card of the bank that belongs to no member: a test number.
    #[arg(long, default_value = "4988438843884305", hide_default_value = true)]
    stranger_card: CardNumber,
    /// A card in none of the bank's ranges: a test number. Without it what it is for is skipped.
    #[arg(long)]
    other_bank_card: Option<CardNumber>,
    /// A merchant of no partner, as acquirer:card acceptor:terminal:category.
    #[arg(long, default_value = "400001:GROCER000000001:GROCER01:5411")]
    merchant: String,
    /// A merchant with a discount at the till, likewise, or `none`.
    #[arg(long, default_value = "400001:SKYFUEL00000001:FUEL0001:5541")]
    till_merchant: String,
    /// DE49, three digits.
    #[arg(long, default_value = "643")]
    currency: String,
    /// What a purchase costs, in minor units.
    #[arg(long, default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    amount_minor: u64,
    /// Base miles of a purchase, as agreed: miles/minor units and a rounding, such as `1/6000:each_full_step`. Without
    /// it miles are only held against each other.
    #[arg(long, value_name = "RATE")]
    earn: Option<Earn>,
    /// Bonus miles at `--merchant` on the day of the run, as a part of the base miles, such as `1/2:floor` or `0`.
    #[arg(long, value_name = "PART", requires = "earn")]
    bonus: Option<Share>,
    /// Bonus miles at `--till-merchant`, likewise.
    #[arg(long, value_name = "PART", requires = "earn")]
    till_bonus: Option<Share>,
    /// The discount at the till, as a part of the amount, such as `3%:floor`.
    #[arg(long, value_name = "PART")]
    till_discount: Option<Share>,
    /// Seed of DE11, DE37 and DE38.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first DE7, such as 2026-10-10T09:00:00Z; now if absent. Seed and this give the same messages again.
    #[arg(long)]
    at: Option<Timestamp>,
    /// The file of the key that signs and checks messages, in hexadecimal digits.
    #[arg(long)]
    mac_key: Option<PathBuf>,
    /// `aes-cmac`, `x9.19` or `x9.19-padding-2`.
    #[arg(long, default_value = "aes-cmac", requires = "mac_key")]
    mac_algorithm: String,
    /// Bytes of the MAC that count, 8 or 4.
    #[arg(long, default_value_t = 8, requires = "mac_key")]
    mac_length: usize,
    /// The codes of a function of network management where they are not the usual ones, the one to use first, such as
    /// `key_change=101,161`; without a code none is agreed. May be given several times.
    #[arg(long, value_name = "FUNCTION=CODES", value_parser = network_codes)]
    network_code: Vec<(NetworkFunction, Vec<String>)>,
    /// How long the bank waits for an answer, in milliseconds.
    #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    patience_ms: u64,
}

/// A card number as it was typed; no message shows it, not even one about a wrong number.
#[derive(Clone)]
struct CardNumber(Zeroizing<String>);

impl From<String> for CardNumber {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardNumber(****)")
    }
}

impl CardNumber {
    fn pan(&self, option: &str) -> anyhow::Result<Pan> {
        Pan::parse(&self.0)
            .ok_or_else(|| wrong(format!("{option}: expected a card number of 12 to 19 digits")))
    }
}

fn wrong(text: impl Into<String>) -> anyhow::Error {
    WrongUse(text.into()).into()
}

/// Everything that a run needs.
pub(super) struct BankSide {
    pub(super) target: Target,
    pub(super) composer: Composer,
    pub(super) run: Run,
}

impl BankSideArgs {
    /// Reads files, finds the gateway and signs on once.
    pub(super) async fn connect(&self, pack: &str) -> anyhow::Result<BankSide> {
        let given = self.configured()?;
        let named =
            self.connection.to.clone().or_else(|| given.as_ref().map(|given| given.address.to_string()));
        let named = named.ok_or_else(|| WrongUse("no gateway given: use --to or --config".to_owned()))?;
        if named.ends_with(":0") {
            bail!("{named}: the gateway takes any free port (0): name the one it has taken with --to");
        }
        let tls = self.tls(given.as_ref())?;
        let at = self.at.map_or_else(|| this_second(Timestamp::now()), this_second);
        let composer = Composer::new(self.parties(given.as_ref())?, self.seed, at);
        let patience = Duration::from_millis(self.patience_ms);
        let wire = self.wire(given.as_ref())?.near(at.to_zoned(TimeZone::UTC).date());
        let spoken = wire.names();
        let options = LinkOptions { wire, ..LinkOptions::default() };
        let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut target = Target { address: unspecified, tls, options, patience, quiet: QUIET };
        find(&mut target, &named).await?;
        let started = this_second(Timestamp::now());
        let (pack, agreed) = (pack.to_owned(), self.agreed().to_string());
        let run = Run { pack, gateway: named, wire: spoken, agreed, seed: self.seed, at, started };
        Ok(BankSide { target, composer, run })
    }

    fn configured(&self) -> anyhow::Result<Option<FromConfig>> {
        let Some(path) = &self.config else { return Ok(None) };
        let config = Config::read(path)?;
        let link = match (&self.link, config.link.as_slice()) {
            (None, [only]) => only.clone(),
            (None, _) => {
                return Err(wrong(format!("{} has several banks: name one with --link", path.display())));
            }
            (Some(code), links) => {
                let found = links.iter().find(|link| link.bank == *code).cloned();
                found.ok_or_else(|| wrong(format!("{} has no [[link]] of bank {code:?}", path.display())))?
            }
        };
        let folder = config.gateway.client_ca.parent().map(PathBuf::from).unwrap_or_default();
        Ok(Some(FromConfig { address: config.gateway.listen, ca: config.gateway.client_ca, folder, link }))
    }

    fn tls(&self, given: Option<&FromConfig>) -> anyhow::Result<ClientTls> {
        let file = |own: &Option<PathBuf>, what: &str, option: &str, of: &dyn Fn(&FromConfig) -> PathBuf| {
            let path = own.clone().or_else(|| given.map(of));
            path.ok_or_else(|| WrongUse(format!("no {what} given: use {option} or --config")))
        };
        let bank = |ending: &'static str| {
            move |given: &FromConfig| given.folder.join(format!("{}.{ending}", given.link.bank))
        };
        let ca = file(&self.connection.ca, "authority", "--ca", &|given| given.ca.clone())?;
        let certificate = file(&self.connection.certificate, "certificate", "--certificate", &bank("pem"))?;
        let key = file(&self.connection.key, "key", "--key", &bank("key"))?;
        Ok(ClientTls::from_pem_files(ca, certificate, key, &self.connection.server_name)?)
    }

    /// What the link speaks: what is given, else what the configuration says of it.
    fn wire(&self, given: Option<&FromConfig>) -> anyhow::Result<BankWire> {
        let of_link = given.map(|given| link_wire::of(&given.link)).transpose()?.unwrap_or_default();
        let mut dialect = match &self.connection.dialect {
            Some(name) => load_dialect(name)?,
            None => of_link.dialect,
        };
        if let Some(header) = &self.connection.header {
            dialect =
                dialect.with_header(header.parse().map_err(|error| wrong(format!("--header: {error}")))?);
        }
        let framing = self.connection.framing.as_deref().map(str::parse).transpose();
        let framing = framing.map_err(|error| wrong(format!("--framing: {error}")))?;
        let mac = match self.mac()? {
            Some(keys) => Some(Arc::new(keys)),
            None => of_link.mac.map(|policy| policy.keys),
        };
        if mac.is_some() && !MacKeys::fit(&dialect) {
            bail!("the dialect {} must have DE64 and DE128 as b64 to carry a MAC", dialect.name());
        }
        let wire = BankWire::new(framing.unwrap_or(of_link.framing), dialect, mac);
        let agreed = given.map(|given| bank_codes::agreed(&given.link.network_codes, wire.codes.clone()));
        let mut codes = agreed.unwrap_or_else(|| wire.codes.clone());
        for (function, own) in &self.network_code {
            codes = codes.with(*function, own.clone());
        }
        if codes.sign_on.is_empty() {
            return Err(wrong("--network-code sign_on: without a code no bank could sign on"));
        }
        Ok(wire.with_codes(codes))
    }

    fn mac(&self) -> anyhow::Result<Option<MacKeys>> {
        let Some(path) = &self.mac_key else { return Ok(None) };
        let algorithm: MacAlgorithm =
            self.mac_algorithm.parse().map_err(|error| wrong(format!("--mac-algorithm: {error}")))?;
        let length = MacLength::of_bytes(self.mac_length);
        let length = length.ok_or_else(|| wrong("--mac-length: expected 8 or 4"))?;
        let text = std::fs::read_to_string(path).with_context(|| format!("--mac-key {}", path.display()))?;
        let text = Zeroizing::new(text);
        // The version is a name between the two sides; no message carries it.
        let key = MacKey::from_hex(KeyVersion(1), MacMethod { algorithm, length }, text.trim());
        Ok(Some(MacKeys::new(key.context("--mac-key")?, Vec::new())?))
    }

    const fn agreed(&self) -> Agreed {
        Agreed {
            earn: self.earn,
            bonus: self.bonus,
            till_bonus: self.till_bonus,
            till_discount: self.till_discount,
        }
    }

    fn parties(&self, given: Option<&FromConfig>) -> anyhow::Result<Parties> {
        let clearing_source = match given.map(|given| given.link.clearing_source.as_str()) {
            None | Some("advice") => ClearingSource::Advice,
            Some("file") => ClearingSource::File,
            Some("single_message") => ClearingSource::SingleMessage,
            Some(other) => bail!("clearing_source {other:?}: expected advice, file or single_message"),
        };
        let zone = match given {
            None => TimeZone::UTC,
            Some(given) => TimeZone::get(&given.link.time_zone)?,
        };
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("--currency: expected the three digits of ISO 4217, such as 643"));
        }
        let till = self.till_merchant.as_str();
        let other_bank = self.other_bank_card.as_ref();
        Ok(Parties {
            member: self.card.pan("--card")?,
            stranger: self.stranger_card.pan("--stranger-card")?,
            other_bank: other_bank.map(|card| card.pan("--other-bank-card")).transpose()?,
            plain: merchant("--merchant", &self.merchant)?,
            till: (till != "none").then(|| merchant("--till-merchant", till)).transpose()?,
            currency: self.currency.clone(),
            agreed: self.agreed(),
            amount_minor: self.amount_minor,
            clearing_source,
            zone,
        })
    }
}

/// What a gateway's configuration tells.
struct FromConfig {
    address: SocketAddr,
    ca: PathBuf,
    folder: PathBuf,
    link: LinkConfig,
}

/// A name may stand for several addresses: the first one that answers.
async fn find(target: &mut Target, named: &str) -> anyhow::Result<()> {
    let addresses = tokio::net::lookup_host(named).await;
    let addresses = addresses.with_context(|| format!("--to {named}: expected host:port of a known host"))?;
    let mut last = None;
    for address in addresses {
        target.address = address;
        match target.probe().await {
            Ok(()) => return Ok(()),
            Err(error @ Failed::Tcp(_)) => last = Some(error),
            // A gateway closes on frames that it cannot read, too; which ones it reads is found by trying.
            Err(error) => {
                let next = format!(
                    "no sign-on at {named}; `cobrand doctor --to {named}` with the same options tells why"
                );
                return Err(anyhow::Error::from(error).context(next));
            }
        }
    }
    Err(last.map_or_else(|| anyhow!("--to {named}: the name has no address"), anyhow::Error::from))
}

/// What to try when the parties given are not what they must be.
pub(super) fn advice(report: &Report) -> Option<&'static str> {
    let says = |code: &str| {
        let mut failures = report.cases.iter().flat_map(CaseResult::failures);
        failures.any(|(_, check)| check.found.contains(code))
    };
    if says("not_a_member") {
        return Some("the card given with --card is no member there: enroll it, or give another one");
    }
    if says("card_of_another_bank") {
        return Some("a card given with --card or --stranger-card is in none of the bank's ranges there");
    }
    let of_date = |check: &Check| check.expected.starts_with("a date within a day of today");
    if report.cases.iter().flat_map(CaseResult::failures).any(|(_, check)| of_date(check)) {
        return Some(
            "the gateway's clock shows another day; in an environment with a time of its own, such as the demo, give \
             --at a time of that day",
        );
    }
    let of_rate =
        |case: &CaseResult| case.failures().any(|(_, check)| check.expected.contains(" minor units "));
    // One wrong case is the gateway's; if all are wrong it may be what was stated.
    (report.cases.iter().filter(|case| of_rate(case)).count() > 3).then_some(
        "if the rates of --earn, --bonus and --till-bonus are those of the day of --at, see whether the card has \
         room under the cap of that month; else the gateway grants other miles than were agreed",
    )
}

/// Such as `key_change=101,161`.
fn network_codes(text: &str) -> Result<(NetworkFunction, Vec<String>), String> {
    let names = || NetworkFunction::ALL.map(NetworkFunction::name).join(", ");
    let (name, codes) = text.split_once('=').unwrap_or((text, ""));
    let function = NetworkFunction::ALL.into_iter().find(|function| function.name() == name);
    let function = function.ok_or_else(|| format!("expected one of {}, then = and codes", names()))?;
    let codes: Vec<String> = codes.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect();
    match codes.iter().find(|code| code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(code) => Err(format!("expected three digits of DE70 such as 201, found {code:?}")),
        None => Ok((function, codes)),
    }
}

fn merchant(option: &str, text: &str) -> anyhow::Result<Merchant> {
    let parts: Vec<&str> = text.split(':').collect();
    let [acquirer, card_acceptor, terminal, category] = parts.as_slice() else {
        let form = "acquirer:card acceptor:terminal:category, such as 400001:SHOP1:TERM1:5411";
        return Err(wrong(format!("{option}: expected {form}")));
    };
    let merchant = Merchant::new("merchant", acquirer, card_acceptor, terminal, category);
    merchant.check().map_err(|error| wrong(format!("{option}: {error}")))?;
    Ok(merchant)
}

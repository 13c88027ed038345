//! The file that connects a partner: `partners/<code>.toml`. A new partner is such a file and no code.

mod outputs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::acknowledgement::AcknowledgementSettings;
use crate::events;
use crate::formats::FileSettings;
use crate::statement::StatementSettings;
use crate::transport::{Schedule, Settings, SetupError, Transport};

pub use outputs::{CANONICAL, FileOutputs, may_pass};

/// The version of the file's format.
pub const PARTNER_SCHEMA: &str = "partner/1";
/// Ways to one partner.
const TRANSPORTS_MAX: usize = 8;
/// Tokens of one partner: the one that is used, and the next.
const TOKENS_MAX: usize = 2;

/// What is wrong with a partner's file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{place}: {key}: {problem}", path.display())]
pub struct PartnerFileError {
    /// The file.
    pub path: PathBuf,
    /// `:line:column`, if known.
    pub place: String,
    /// The path of the key.
    pub key: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

/// A partner's file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerFile {
    /// `partner/1`: the version of this format.
    pub schema: String,
    /// The partner's code in the program files.
    pub code: String,
    /// Which files it gets.
    #[serde(default)]
    pub file: FileSettings,
    /// The ways to it. Each has a name: its kind, and from the second of a kind on a number, such as `sftp-2`.
    #[serde(default)]
    pub transport: Vec<Settings>,
    /// When what failed is tried again. Without the table about three days long, as Standard Webhooks proposes.
    #[serde(default)]
    pub retry: Schedule,
    /// Which events it is told.
    #[serde(default)]
    pub events: EventSettings,
    /// That it answers to its files. Without the table it need not.
    #[serde(default)]
    pub acknowledgement: Option<AcknowledgementSettings>,
    /// How its own statements are read that come by an inbox. Without the table everything in an inbox is an answer.
    #[serde(default)]
    pub statement: Option<StatementSettings>,
    /// Whether it may fetch events and files itself.
    #[serde(default)]
    pub pull: Option<PullSettings>,
}

/// `[events]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventSettings {
    /// The types of events; all that are the partner's if it is absent. A change counts for what happens from then on.
    pub topics: Option<Vec<String>>,
}

/// `[pull]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PullSettings {
    /// SHA-256 of the partner's token, 64 hexadecimal digits; two while it changes. The token itself stands nowhere.
    pub token_sha256: Vec<String>,
    /// How many requests it may send in a minute.
    #[serde(default = "requests_per_minute")]
    pub requests_per_minute: u32,
}

const fn requests_per_minute() -> u32 {
    300
}

/// A way to a partner, opened.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name, by which its state is kept.
    pub name: String,
    /// Whether it carries files; else it carries events.
    pub carries_files: bool,
    /// Whether the partner's answers come by it.
    pub has_inbox: bool,
    /// The way itself.
    pub transport: Transport,
}

impl PartnerFile {
    /// Reads a file and checks what it says by itself. Nothing is opened and nobody is called.
    ///
    /// # Errors
    /// [`PartnerFileError`] names the place, what was found and what is expected.
    pub fn read(path: &Path) -> Result<Self, PartnerFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(path, "the file", format!("cannot be read: {error}")))?;
        Self::parse(&text, path)
    }

    /// The same from a text; `path` is for errors.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, PartnerFileError> {
        let pointed = |key: String, error: &toml::de::Error| {
            let span = error.span().unwrap_or_default();
            let at = table_of(text, &key).unwrap_or(span.start);
            let problem =
                error.message().to_owned() + &hint(error.message(), text.get(span).unwrap_or_default());
            PartnerFileError { place: place(text, at), ..wrong(path, &key, problem) }
        };
        let reader =
            toml::Deserializer::parse(text).map_err(|error| pointed("the file".to_owned(), &error))?;
        let file: Self = serde_path_to_error::deserialize(reader)
            .map_err(|error| pointed(error.path().to_string(), error.inner()))?;
        file.check().map_err(|(key, problem)| wrong(path, key, problem))?;
        Ok(file)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.schema != PARTNER_SCHEMA {
            return Err(("schema", format!("expected {PARTNER_SCHEMA:?}, found {:?}", self.schema)));
        }
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.code.is_empty() || self.code.len() > 40 || !self.code.chars().all(letters) {
            return Err(("code", format!("expected 1 to 40 of a-z, 0-9 and -, found {:?}", self.code)));
        }
        if self.transport.len() > TRANSPORTS_MAX {
            return Err(("transport", format!("at most {TRANSPORTS_MAX}, found {}", self.transport.len())));
        }
        let topics = self.events.topics.iter().flatten();
        if let Some(unknown) = topics.into_iter().find(|name| events::topic(name).is_none()) {
            let known: Vec<&str> = events::TOPICS.iter().map(|topic| topic.name).collect();
            return Err(("events.topics", format!("{unknown:?} is none of {}", known.join(", "))));
        }
        self.retry.check()?;
        self.file.check().map_err(|error| ("file", error.to_string()))?;
        if let Some(statement) = &self.statement {
            statement.check().map_err(|(key, problem)| (key, problem.to_owned()))?;
            if !self.transport.iter().any(|way| way.inbox().is_some()) {
                let problem = "no [[transport]] has an inbox from which a statement could come";
                return Err(("statement", problem.to_owned()));
            }
        }
        self.pull.as_ref().map_or(Ok(()), PullSettings::check)
    }

    /// Whether the partner is told of this type of event.
    pub fn is_told(&self, topic: &str) -> bool {
        self.events.topics.as_ref().is_none_or(|topics| topics.iter().any(|name| name == topic))
    }

    /// The name of each way, in the order of the file.
    pub fn endpoint_names(&self) -> Vec<String> {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let name = |settings: &Settings| {
            let kind = settings.kind();
            let count = seen.entry(kind).or_default();
            *count += 1;
            if *count == 1 { kind.to_owned() } else { format!("{kind}-{count}") }
        };
        self.transport.iter().map(name).collect()
    }

    /// Opens every way: reads keys and secrets, calls nobody. `path` is that of the file.
    ///
    /// # Errors
    /// The name of the way, and what is wrong with its settings.
    pub fn open(&self, path: &Path) -> Result<Vec<Endpoint>, PartnerFileError> {
        self.open_each(path).into_iter().map(|(_, opened)| opened).collect()
    }

    /// The same for each way by itself, with its name: one that cannot be opened hides no other.
    pub fn open_each(&self, path: &Path) -> Vec<(String, Result<Endpoint, PartnerFileError>)> {
        let base = path.parent().unwrap_or(Path::new("."));
        let open = |(name, settings): (String, &Settings)| {
            let opened = Transport::open(settings, base).map_err(|error| of_way(path, &name, &error));
            let endpoint = opened.map(|transport| Endpoint {
                carries_files: settings.carries_files(),
                has_inbox: settings.inbox().is_some(),
                name: name.clone(),
                transport,
            });
            (name, endpoint)
        };
        self.endpoint_names().into_iter().zip(&self.transport).map(open).collect()
    }

    /// Checks of every way what can be checked before keys and secrets are there. `path` is that of the file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn check_ways(&self, path: &Path) -> Result<(), PartnerFileError> {
        let mut ways = self.endpoint_names().into_iter().zip(&self.transport);
        ways.try_for_each(|(name, way)| Transport::check(way).map_err(|error| of_way(path, &name, &error)))
    }
}

impl PullSettings {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.token_sha256.is_empty() || self.token_sha256.len() > TOKENS_MAX {
            return Err(("pull.token_sha256", format!("expected 1 or {TOKENS_MAX} hashes")));
        }
        if self.tokens().len() != self.token_sha256.len() {
            let problem = "expected 64 hexadecimal digits: cobrand partner token makes a token and its hash";
            return Err(("pull.token_sha256", problem.to_owned()));
        }
        if !(1..=60_000).contains(&self.requests_per_minute) {
            let problem = format!("expected 1 to 60000, found {}", self.requests_per_minute);
            return Err(("pull.requests_per_minute", problem));
        }
        Ok(())
    }

    /// The hashes.
    pub fn tokens(&self) -> Vec<[u8; 32]> {
        let hash = |text: &String| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok();
        self.token_sha256.iter().filter_map(hash).collect()
    }
}

/// The JSON Schema of partner files.
pub fn partner_file_schema() -> String {
    let schema = schemars::schema_for!(PartnerFile).to_value();
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn of_way(path: &Path, name: &str, error: &SetupError) -> PartnerFileError {
    wrong(path, &format!("transport {name}.{}", error.setting), format!("{}; {}", error.reason, error.mend))
}

/// The start of the `[[transport]]` that a key such as `transport[1]` counts: the reader tells the first one's.
fn table_of(text: &str, key: &str) -> Option<usize> {
    let index: usize = key.strip_prefix("transport[")?.split(']').next()?.parse().ok()?;
    let mut start = 0;
    let tables = text.split_inclusive('\n').filter_map(|line| {
        let at = start;
        start += line.len();
        line.trim_start().starts_with("[[transport]]").then_some(at)
    });
    tables.collect::<Vec<_>>().get(index).copied()
}

/// What the reader's words leave open. `there` is the text that they point to.
fn hint(problem: &str, there: &str) -> String {
    match problem {
        "duplicate key" => format!(" `{}`: it stands above already, so put both together", there.trim()),
        _ if problem.starts_with("unknown field `inbox`") => {
            "; only sftp, s3 and folder have an inbox: put [transport.inbox] behind that [[transport]]"
                .to_owned()
        }
        _ => String::new(),
    }
}

fn wrong(path: &Path, key: &str, problem: String) -> PartnerFileError {
    PartnerFileError { path: path.to_owned(), place: String::new(), key: key.to_owned(), problem }
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

    const SAMPLE: &str = include_str!("../../docs/samples/partners/skyfuel.toml");

    fn parse(text: &str) -> Result<PartnerFile, String> {
        PartnerFile::parse(text, Path::new("skyfuel.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_samples_are_read() {
        let file = parse(SAMPLE).unwrap();
        assert_eq!(file.endpoint_names(), ["sftp", "webhook"]);
        assert!(file.is_told("discount.given") && file.pull.is_some());
        parse(include_str!("../../docs/samples/partners/airboreal.toml")).unwrap();
        let bank = parse(include_str!("../../docs/samples/partners/northbank.toml")).unwrap();
        assert_eq!(bank.outputs(Path::new("northbank.toml")).unwrap().names().len(), 3);
    }

    #[test]
    fn ways_of_one_kind_are_numbered() {
        let folder = "[[transport]]\nkind = \"folder\"\npath = \"a\"\n";
        let text = format!("schema = \"partner/1\"\ncode = \"a\"\n{}", folder.repeat(3));
        assert_eq!(parse(&text).unwrap().endpoint_names(), ["folder", "folder-2", "folder-3"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (from, to, expected) in [
            ("partner/1", "partner/9", "schema: expected \"partner/1\", found \"partner/9\""),
            ("code = \"skyfuel\"", "code = \"Sky Fuel\"", "code: expected 1 to 40 of"),
            ("host = ", "hots = ", "skyfuel.toml:"),
            ("discount.given", "discount.gifted", "events.topics: \"discount.gifted\" is none of"),
            ("requests_per_minute = 300", "requests_per_minute = 0", "pull.requests_per_minute"),
            ("token_sha256 = [\"", "token_sha256 = [\"x", "pull.token_sha256: expected 64"),
            ("[pull]", "[poll]", "unknown field `poll`"),
            ("[events]", "[retry]\nwait_seconds = [5, 0]\n[events]", "retry.wait_seconds: expected 1 to 20"),
            ("layout = \"canonical\"", "layout = \"no-such\"", "file: layout: expected `canonical`"),
            ("[transport.inbox]\npath = \"out\"\n", "", "statement: no [[transport]]"),
            ("format = \"csv\"", "format = \"xls\"", "skyfuel.toml:"),
            ("expected_within_hours", "hours", "skyfuel.toml:"),
        ] {
            let text = SAMPLE.replacen(from, to, 1);
            assert_ne!(text, SAMPLE, "{from}");
            let error = parse(&text).unwrap_err();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn a_table_in_the_wrong_place_is_told_where_it_belongs() {
        let ways = "schema = \"partner/1\"\ncode = \"a\"\n[[transport]]\nkind = \"folder\"\npath = \"a\"\n\
                    [[transport]]\nkind = \"webhook\"\nurl = \"https://h/\"\nsecrets = [\"s\"]\n";
        for (more, expected) in [
            ("[transport.inbox]\npath = \"out\"\n", "skyfuel.toml:6:1: transport[1]: unknown field `inbox`"),
            ("[transport.inbox]\npath = \"out\"\n", "put [transport.inbox] behind that [[transport]]"),
            ("[file]\n[file]\n", "duplicate key `file`: it stands above already"),
        ] {
            let error = parse(&format!("{ways}{more}")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn ways_are_checked_before_there_are_keys_and_none_hides_another() {
        let of = |ways: &str| parse(&format!("schema = \"partner/1\"\ncode = \"a\"\n{ways}")).unwrap();
        let path = Path::new("skyfuel.toml");
        let sftp = |more: &str| {
            format!(
                "[[transport]]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\nprivate_keys = [\"no-such-key\"]\n{more}\n"
            )
        };
        let hook = |url: &str, more: &str| {
            format!("[[transport]]\nkind = \"webhook\"\nurl = \"{url}\"\nsecrets = [\"no-such\"]\n{more}\n")
        };
        let good = "SHA256:WGPlLNz5U8L5XNWFOnCzLjvUKVHU8XWjHZEcSoo3bJA";
        for (ways, expected) in [
            (sftp("host_keys = []"), ""),
            (sftp(&format!("host_keys = [\"{good}\"]")), ""),
            (
                sftp("host_keys = [\"SHA256:WGPl...\"]"),
                "transport sftp.host_keys: `SHA256:WGPl...` is no fingerprint",
            ),
            (sftp(&format!("host_keys = [\"256 {good} h (ED25519)\"]")), "the second word is expected"),
            (hook("https://hooks.example/", ""), ""),
            (hook("hooks.example", ""), "`https://...` is expected"),
            (hook("ftp://x", ""), "`https://...` is expected"),
            (hook("https://", ""), "`https://...` is expected"),
            (hook("https://user:pw@h.example/", ""), "does not belong into it"),
            (hook("http://127.0.0.1:9200/", ""), "allow_networks = [\"127.0.0.0/8\"]"),
            (hook("https://127.0.0.1/", ""), "is loopback; if it is meant, name its network"),
            (
                hook("http://127.0.0.1/", "allow_networks = [\"127.0.0.0\"]"),
                "a network as 10.20.0.0/16 is expected",
            ),
            (hook("http://127.0.0.1/", "allow_networks = [\"127.0.0.0/8\"]"), ""),
        ] {
            let told =
                of(&ways).check_ways(path).map_err(|error| error.to_string()).err().unwrap_or_default();
            let as_expected = if expected.is_empty() { told.is_empty() } else { told.contains(expected) };
            assert!(as_expected, "{ways}: {told:?}");
            assert!(!told.contains("transport setting"), "said twice: {told}");
        }
        let half = of(&format!("{}[[transport]]\nkind = \"folder\"\npath = \".\"\n", sftp("host_keys = []")));
        let opened: Vec<(String, bool)> =
            half.open_each(path).into_iter().map(|(name, way)| (name, way.is_ok())).collect();
        assert_eq!(opened, [("sftp".to_owned(), false), ("folder".to_owned(), true)]);
        let told = half.open(path).unwrap_err().to_string();
        assert!(told.contains("ssh-keyscan -t ed25519 -p 22 h | ssh-keygen -lf -"), "{told}");
    }

    #[test]
    fn outputs_are_found_by_their_names_and_a_wrong_layout_at_the_start() {
        let outputs = |file: &str, ways: &str| {
            let text = format!("schema = \"partner/1\"\ncode = \"a\"\n[file]\n{file}\n{ways}");
            parse(&text)
                .and_then(|of| of.outputs(Path::new("there/a.toml")).map_err(|error| error.to_string()))
        };
        let folder = "[[transport]]\nkind = \"folder\"\npath = \"a\"";
        let found = outputs("also = [\"payout-csv\", \"delimited\"]", folder).unwrap();
        assert_eq!(found.names(), ["canonical", "payout-csv", "delimited"]);
        let name = |output| found.file_name(output, "a_1.cbs");
        assert_eq!(name("canonical").unwrap(), "a_1.cbs");
        assert_eq!(name("payout-csv").unwrap(), "a_1.payout.csv");
        assert!(name("delimited").unwrap().starts_with("a_1.delimited."));
        assert_eq!(name("camt.054"), None);
        let native = outputs("layout = \"fixed-width\"\nalso = [\"camt.053\"]", folder).unwrap();
        assert_eq!(native.file_name("camt.053", "a_1.cbs").unwrap(), "a_1.camt.053.xml");
        assert_eq!(native.file_name("canonical", "a_1.cbs"), None, "the layout stands in its place");
        for (file, ways, says) in [
            ("layout = \"no.toml\"", folder, "there/no.toml"),
            ("also = [\"camt.053\", \"camt.053\"]", folder, "two files of a day would be called"),
            ("also = [\"camt.053\"]", "", "no [[transport]] carries files"),
        ] {
            let error = outputs(file, ways).unwrap_err();
            assert!(error.contains(says), "{file}: {error}");
        }
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema/partner.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let command = "cobrand partner schema > docs/schema/partner.schema.json";
        assert!(committed == partner_file_schema(), "write it anew: {command}");
    }
}

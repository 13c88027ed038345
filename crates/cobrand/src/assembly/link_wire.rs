//! How a link writes: from the configuration to framing, header, dialect and MAC.

use std::{path::Path, sync::Arc};

use gateway::{MacPolicy, Wire};
use iso8583::{
    Dialect, Version, dialects,
    mac::{AcceptedKey, KeyVersion, MacAlgorithm, MacKey, MacKeys, MacLength, MacMethod},
};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{read, value_error};
use crate::config::{ConfigError, LinkConfig, MacConfig, MacKeyConfig};

type Result<T> = std::result::Result<T, ConfigError>;

/// How a link of the configuration writes.
pub(crate) fn of(config: &LinkConfig) -> Result<Wire> {
    let key = |name: &str| format!("link {}.{name}", config.bank);
    let dialect = read_dialect(&config.dialect).map_err(|problem| value_error(key("dialect"), problem))?;
    let framing = config.framing.parse().map_err(|error| value_error(key("framing"), error))?;
    let header = config.header.as_deref().map(str::parse).transpose();
    let header = header.map_err(|error| value_error(key("header"), error))?;
    let mac = config.mac.as_ref().map(|mac| policy(mac, &dialect, key)).transpose()?;
    Wire::new(framing, header, &dialect, mac).map_err(|error| value_error(key("dialect"), error))
}

/// A built-in dialect by its name, or a dialect file by its path.
pub(crate) fn read_dialect(name: &str) -> std::result::Result<Dialect, String> {
    if let Some(dialect) = dialects::named(name) {
        return Ok(dialect.clone());
    }
    if !Path::new(name).is_file() {
        let names: Vec<&str> = dialects::names().collect();
        return Err(format!("{name}: neither a file nor a built-in dialect; those are {}", names.join(", ")));
    }
    let text = std::fs::read_to_string(name).map_err(|error| format!("{name} cannot be read: {error}"))?;
    Dialect::from_toml(&text).map_err(|error| format!("{name}: {error}"))
}

fn policy(config: &MacConfig, dialect: &Dialect, key: impl Fn(&str) -> String) -> Result<MacPolicy> {
    let digits = if dialect.version() == Version::V1987 { 2 } else { 3 };
    let code = &config.response_code;
    if code.len() != digits || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let problem = format!("expected {digits} characters as DE39 of the dialect has them, found {code:?}");
        return Err(value_error(key("mac.response_code"), problem));
    }
    if MacPolicy::says_taken(dialect.version(), code) {
        let problem = format!(
            "{code:?} says that a message was taken; expected a code of refusal, such as {}",
            if digits == 2 { "96" } else { "909" }
        );
        return Err(value_error(key("mac.response_code"), problem));
    }
    if config.wrong_max == 0 {
        return Err(value_error(key("mac.wrong_max"), "expected at least 1"));
    }
    let (mut current, mut accepted) = (Vec::new(), Vec::new());
    for (index, entry) in config.key.iter().enumerate() {
        let place = |name: &str| key(&format!("mac.key[{index}].{name}"));
        let mac_key = mac_key(entry, place)?;
        match &entry.not_after {
            None => current.push(mac_key),
            Some(text) => {
                let not_after: Timestamp = text.parse().map_err(|_| {
                    value_error(place("not_after"), "expected an instant such as 2026-12-01T00:00:00Z")
                })?;
                let not_after_unix_seconds = not_after.as_second();
                accepted.push(AcceptedKey { key: mac_key, not_after_unix_seconds });
            }
        }
    }
    let found = current.len();
    let Some(signing) = current.pop().filter(|_| found == 1) else {
        let problem = format!("expected exactly one key without not_after, which signs; found {found}");
        return Err(value_error(key("mac.key"), problem));
    };
    let keys = MacKeys::new(signing, accepted).map_err(|error| value_error(key("mac.key"), error))?;
    Ok(MacPolicy { keys: Arc::new(keys), response_code: code.clone(), wrong_max: config.wrong_max })
}

fn mac_key(config: &MacKeyConfig, key: impl Fn(&str) -> String) -> Result<MacKey> {
    let algorithm: MacAlgorithm =
        config.algorithm.parse().map_err(|error| value_error(key("algorithm"), error))?;
    let length = MacLength::of_bytes(config.length);
    let length = length.ok_or_else(|| value_error(key("length"), "expected 8 or 4"))?;
    let text = Zeroizing::new(read(&config.file)?);
    MacKey::from_hex(KeyVersion(config.version), MacMethod { algorithm, length }, text.trim())
        .map_err(|error| value_error(key("file"), error))
}

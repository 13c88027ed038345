//! A year in a kept folder: what is known of it, so that it need not be made again.

use std::{fs, path::Path, time::Duration};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::year::Year;

/// Beside the configuration, in the folder that is kept.
const FILE: &str = "year.json";

/// [`Year`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    program: String,
    /// `YYYY-MM-DD`.
    last: String,
    days: u64,
    transactions: u64,
    messages: u64,
    movements: u64,
    database_bytes: u64,
    loaded_in_s: u64,
}

/// The year that lies in this folder; `None` if there is none yet.
pub(super) fn read(folder: &Path) -> anyhow::Result<Option<Year>> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let kept: Kept = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
    Ok(Some(Year {
        program: kept.program,
        last: kept.last.parse().with_context(|| format!("{}: last", path.display()))?,
        days: kept.days,
        transactions: kept.transactions,
        messages: kept.messages,
        transfers: kept.movements,
        bytes: kept.database_bytes,
        took: Duration::from_secs(kept.loaded_in_s),
    }))
}

/// Notes that the year in this folder is whole.
pub(super) fn write(folder: &Path, year: &Year) -> anyhow::Result<()> {
    let kept = Kept {
        program: year.program.clone(),
        last: year.last.to_string(),
        days: year.days,
        transactions: year.transactions,
        messages: year.messages,
        movements: year.transfers,
        database_bytes: year.bytes,
        loaded_in_s: year.took.as_secs(),
    };
    let path = folder.join(FILE);
    fs::write(&path, serde_json::to_string_pretty(&kept)?).with_context(|| format!("{}", path.display()))
}

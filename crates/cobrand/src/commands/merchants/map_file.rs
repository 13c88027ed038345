//! Merchant maps as files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context;
use domain::{MerchantMap, MerchantRow, PartnerId};
use program_files::{Codes, partners_named, read_merchants};
use serde_json::{Value, json};

use crate::{cli::AnswerIsNo, config::Config};

/// A map with its partners.
pub(crate) struct MapFile {
    pub(crate) map: MerchantMap,
    partners: BTreeMap<PartnerId, String>,
}

impl MapFile {
    /// Reads a map. The codes of its partners are taken as they stand.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = text_of(path)?;
        Self::of_text(path, &text, &numbered(BTreeMap::new(), partners_named(&text)))
    }

    /// Reads a map under the numbers of partners that are known.
    pub(crate) fn of_text(path: &Path, text: &str, codes: &Codes) -> anyhow::Result<Self> {
        let map = read_merchants(text, codes);
        let map =
            map.map_err(|errors| AnswerIsNo(errors.in_file(&path.display().to_string()).to_string()))?;
        let partners = codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect();
        Ok(Self { map, partners })
    }

    /// A partner's code.
    pub(crate) fn partner(&self, id: PartnerId) -> &str {
        self.partners.get(&id).map_or("?", String::as_str)
    }

    /// A row as JSON.
    pub(crate) fn row_json(&self, row: &MerchantRow) -> Value {
        let criteria = &row.criteria;
        json!({
            "line": row.line,
            "partner": self.partner(row.partner),
            "acquirer": criteria.acquirer,
            "card_acceptor": criteria.card_acceptor,
            "terminal": criteria.terminal,
            "name": criteria.sub_merchant.as_ref().map(domain::SubMerchant::as_str),
            "mcc": criteria.mcc.map(|mcc| format!("{mcc:04}")),
            "valid_from": row.valid.from.map(|date| date.to_string()),
            "valid_to": row.valid.to.map(|date| date.to_string()),
            "origin": row.origin.name(),
        })
    }
}

/// The text of a file.
pub(crate) fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Partners with the numbers that they have; those that have none get one below zero, as no stored partner has.
pub(crate) fn numbered(known: BTreeMap<String, PartnerId>, named: BTreeSet<String>) -> Codes {
    let new: Vec<String> = named.into_iter().filter(|code| !known.contains_key(code)).collect();
    let new = new.into_iter().zip(1..).map(|(code, number)| (code, PartnerId(-number)));
    Codes { partners: new.chain(known).collect(), ..Codes::default() }
}

/// A pool on the configured database.
pub(crate) async fn pool(config: &Config) -> anyhow::Result<store::Pool> {
    store::pool(&crate::assembly::database(config)?)
        .await
        .context("cannot reach PostgreSQL as database.connection says")
}

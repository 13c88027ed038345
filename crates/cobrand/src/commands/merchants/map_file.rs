//! Merchant maps as files, read without a database.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context;
use domain::{MerchantMap, PartnerId};
use program_files::{Codes, partners_named, read_merchants};

use crate::cli::AnswerIsNo;

/// A map with its partners.
pub(crate) struct MapFile {
    pub(crate) map: MerchantMap,
    partners: BTreeMap<PartnerId, String>,
}

impl MapFile {
    /// Reads a map. The codes of its partners are taken as they stand.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = text_of(path)?;
        Self::of_text(path, &text, &numbered(partners_named(&text)))
    }

    /// Reads a map under the numbers of partners that are known.
    pub(crate) fn of_text(path: &Path, text: &str, codes: &Codes) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let map = read_merchants(text, codes);
        let map = map.map_err(|errors| AnswerIsNo(errors.in_file(&name).to_string()))?;
        let partners = codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect();
        Ok(Self { map, partners })
    }

    /// A partner's code.
    pub(crate) fn partner(&self, id: PartnerId) -> &str {
        self.partners.get(&id).map_or("?", String::as_str)
    }
}

/// The text of a file.
pub(crate) fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Numbers of our own for partners: nothing is compared with a database.
pub(crate) fn numbered(partners: BTreeSet<String>) -> Codes {
    let partners = partners.into_iter().zip(1..).map(|(code, number)| (code, PartnerId(number)));
    Codes { partners: partners.collect(), ..Codes::default() }
}

//! Everything that decisions look up and that changes only between batches.

use std::collections::BTreeMap;

use crate::{BankId, ClearingSource, Merchant, PartnerId, Program, RulesHash};

/// The merchants of partners: acquirer (DE32) and card acceptor (DE42), optionally a terminal (DE41).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MerchantMap(BTreeMap<(String, String, Option<String>), PartnerId>);

impl MerchantMap {
    /// Adds an entry; returns the partner that held the same key before.
    pub fn insert(
        &mut self,
        acquirer: &str,
        card_acceptor: &str,
        terminal: Option<&str>,
        partner: PartnerId,
    ) -> Option<PartnerId> {
        self.0.insert(Self::key(acquirer, card_acceptor, terminal), partner)
    }

    /// The partner of a merchant: an entry with the terminal comes before one without.
    pub fn partner_of(&self, merchant: &Merchant) -> Option<PartnerId> {
        let look =
            |terminal| self.0.get(&Self::key(&merchant.acquirer, &merchant.card_acceptor, terminal)).copied();
        look(Some(&merchant.terminal)).or_else(|| look(None))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn key(acquirer: &str, card_acceptor: &str, terminal: Option<&str>) -> (String, String, Option<String>) {
        // DE32 is n..11: banks send it with and without leading zeros.
        let acquirer = acquirer.trim_start_matches('0').to_owned();
        (acquirer, card_acceptor.trim_end().to_owned(), terminal.map(|text| text.trim_end().to_owned()))
    }
}

/// What is agreed with a bank and matters to decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BankRules {
    /// The one source of its clearing.
    pub clearing_source: ClearingSource,
}

/// Program versions, merchant map and bank agreements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Every known version of every program.
    pub programs: BTreeMap<RulesHash, Program>,
    /// The merchants of partners.
    pub merchants: MerchantMap,
    /// The banks.
    pub banks: BTreeMap<BankId, BankRules>,
}

//! Everything that decisions look up and that changes only between batches.

use std::collections::BTreeMap;

use crate::{BankId, ClearingSource, MerchantMap, Program, RateTable, RulesHash};

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
    /// The rate tables in force, by name.
    pub rates: BTreeMap<String, RateTable>,
}

//! The rules in force: swapped between batches, never inside one.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use domain::{BankId, ProgramId, Rules, RulesHash};
use program_files::{Codes, ProgramFile, read_program};
use store::Pool;

use crate::BinRange;

/// Cards of these ranges become members of the program with their first message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoEnroll {
    /// The bank.
    pub bank: BankId,
    /// The program.
    pub program: ProgramId,
    /// The ranges.
    pub bins: Vec<BinRange>,
}

/// The rules, and how to load a version that this gateway has not seen.
pub struct RuleBook {
    rules: ArcSwap<Rules>,
    auto_enroll: ArcSwap<Vec<AutoEnroll>>,
    pool: Pool,
}

impl RuleBook {
    /// With the rules that were loaded at the start.
    pub fn new(rules: Rules, auto_enroll: Vec<AutoEnroll>, pool: Pool) -> Self {
        Self { rules: ArcSwap::from_pointee(rules), auto_enroll: ArcSwap::from_pointee(auto_enroll), pool }
    }

    /// The rules as they are now.
    pub fn current(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// The ranges of automatic enrollment.
    pub fn auto_enroll(&self) -> Arc<Vec<AutoEnroll>> {
        self.auto_enroll.load_full()
    }

    /// Adds a version; it takes effect when a gate or a purchase names it.
    pub fn add(&self, file: &ProgramFile) {
        self.rules.rcu(|rules| {
            let mut rules = Rules::clone(rules);
            rules.programs.insert(file.program.hash, file.program.clone());
            rules
        });
    }

    /// Puts other merchants, rates and ranges in place and adds versions; those that purchases still follow stay.
    pub fn replace<'a>(
        &self,
        versions: impl Iterator<Item = &'a ProgramFile>,
        merchants: domain::MerchantMap,
        rates: BTreeMap<String, domain::RateTable>,
        auto_enroll: Vec<AutoEnroll>,
    ) {
        let mut rules = Rules::clone(&self.rules.load());
        rules.programs.extend(versions.map(|file| (file.program.hash, file.program.clone())));
        rules.merchants = merchants;
        rules.rates = rates;
        self.rules.store(Arc::new(rules));
        self.auto_enroll.store(Arc::new(auto_enroll));
    }

    /// Loads a version from the database, which keeps every text that was ever in force.
    pub async fn load(&self, hash: RulesHash) -> Result<(), String> {
        let text = store::program_version(&self.pool, hash).await.map_err(|error| error.to_string())?;
        // Another gateway may have brought partners that were unknown when this one started.
        let codes = self.codes_now().await.map_err(|error| error.to_string())?;
        let file = read_program(&text, hash, &codes).map_err(|errors| errors.to_string())?;
        self.add(&file);
        Ok(())
    }

    async fn codes_now(&self) -> Result<Codes, store::StoreError> {
        Ok(Codes {
            banks: store::allot_banks(&self.pool, &[]).await?,
            partners: store::allot_partners(&self.pool, &[]).await?,
            programs: store::program_numbers(&self.pool).await?,
        })
    }
}

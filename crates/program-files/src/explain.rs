//! Explanations in words: the data that is stored with every decision, in English and Russian.
//!
//! The tables take stored codes, so that whoever reads an explanation from the database shows it in the same words.

mod reasons;
mod report;
mod values;

use std::collections::BTreeMap;

use domain::{Amounts, Explanation, PartnerId, TierRank, TierRules, Verdict};

use crate::codes::NamedCurrency;
use crate::given::Given;

pub use reasons::reason_words;
pub use report::Explained;
pub(crate) use values::{day, money, payer};
pub use values::{value_name, value_words};

/// A language in which explanations are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// The one that a speaker of this language reads.
    pub fn choose<T>(self, english: T, russian: T) -> T {
        match self {
            Self::English => english,
            Self::Russian => russian,
        }
    }

    /// A decimal number with the separator of the language.
    pub(crate) fn number(self, number: String) -> String {
        self.choose(number.clone(), number.replace('.', ","))
    }
}

/// What stands behind the numbers in values: the currency and the codes of partners.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    /// The program's currency.
    pub currency: &'a NamedCurrency,
    partners: BTreeMap<PartnerId, &'a str>,
    tiers: Vec<(TierRank, &'a str)>,
}

impl<'a> Names<'a> {
    /// The names of these partners.
    pub fn new(currency: &'a NamedCurrency, partners: &'a BTreeMap<String, PartnerId>) -> Self {
        let partners = partners.iter().map(|(code, id)| (*id, code.as_str())).collect();
        Self { currency, partners, tiers: Vec::new() }
    }

    /// The same with the tiers of a program.
    #[must_use]
    pub fn with_tiers(mut self, tiers: Option<&'a TierRules>) -> Self {
        let tiers = tiers.map(|rules| rules.tiers.as_slice()).unwrap_or_default();
        self.tiers = tiers.iter().map(|tier| (tier.rank, tier.id.as_str())).collect();
        self
    }

    /// The id of a tier; `none` is a member without one.
    pub fn tier(&self, rank: TierRank) -> String {
        let known = self.tiers.iter().find(|(known, _)| *known == rank).map(|(_, id)| (*id).to_owned());
        known.unwrap_or_else(|| if rank == 0 { "none".to_owned() } else { format!("tier {rank}") })
    }

    /// A purchase in words: how much, when, where.
    pub fn purchase(&self, given: &Given, language: Language) -> String {
        report::purchase_words(given, language, self)
    }

    /// Miles and discount in words, with who pays for them.
    pub fn amounts(&self, amounts: &Amounts, language: Language) -> String {
        report::amounts_words(amounts, language, self)
    }

    /// The code of a partner.
    pub fn partner(&self, id: PartnerId) -> String {
        self.partners.get(&id).map_or_else(|| format!("partner {id}"), |code| (*code).to_owned())
    }
}

/// One step of a decision in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The rule's id, or the name of the step.
    pub rule: String,
    /// Whether it took effect.
    pub verdict: Verdict,
    /// The code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// What was looked at.
    pub values: Vec<Shown>,
}

/// A value of a step in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its stable name, as it is stored.
    pub name: String,
    /// The value as it is stored.
    pub stored: String,
    /// What it is called.
    pub label: String,
    /// The value in words.
    pub text: String,
}

/// A decision in words, step by step.
pub fn steps(explanation: &Explanation, language: Language, names: &Names<'_>) -> Vec<Step> {
    let step = |finding: &domain::Finding| {
        let values = finding.values.iter().map(|(name, value)| {
            let label = value_name(name, language).unwrap_or(name).to_owned();
            let text = value_words(name, value, language, names);
            Shown { name: (*name).to_owned(), stored: value.clone(), label, text }
        });
        Step {
            rule: finding.rule.clone(),
            verdict: finding.verdict,
            code: finding.reason.to_owned(),
            reason: reason_words(finding.reason, language).unwrap_or(finding.reason).to_owned(),
            values: values.collect(),
        }
    };
    explanation.0.iter().map(step).collect()
}

//! The report of a back-test: as data, as JSON and as text. The same findings give the same bytes.

mod in_json;
mod in_words;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    BankId, Funder, MessageKey, PartnerId, Transfer,
    replay::{AccountChange, Change, Difference, Findings, RuleChange},
};
use program_files::{NamedCurrency, Names};
use store::Pool;

use super::{
    Plan,
    money::{self, Priced},
};

/// A report with everything named.
#[derive(Debug, Clone)]
pub struct Report {
    program: String,
    version: String,
    period: [String; 2],
    currency: NamedCurrency,
    findings: Findings,
    total: Change,
    partners: Vec<(Option<String>, Change)>,
    funders: Vec<(String, Change)>,
    settlement: Vec<Settled>,
    unpriced: Vec<(String, &'static str)>,
    accounts: Vec<(AccountChange, String)>,
}

/// What the bank receives more from a partner.
#[derive(Debug, Clone)]
struct Settled {
    partner: String,
    currency: String,
    net: (i64, String),
    vat: (i64, String),
}

impl Report {
    /// Names and prices what was found.
    ///
    /// # Errors
    /// If an amount leaves its range, or the database cannot be asked for the members' numbers.
    pub async fn of(plan: &Plan, pool: &Pool, findings: &Findings) -> anyhow::Result<Self> {
        let names = Names::new(&plan.file.currency, &plan.codes.partners);
        let ids: BTreeSet<PartnerId> = plan.codes.partners.values().copied().collect();
        let cobrand = plan.file.program.cobrand_partner;
        let Priced { partners, unpriced } = money::priced(&findings.moved, &plan.file.terms, &ids, cobrand)?;
        let bank = bank_code(plan, plan.bank);
        let funder = |funder: &Funder| match funder {
            Funder::Bank => bank.clone(),
            Funder::Partner(partner) => names.partner(*partner),
        };
        let keys: Vec<_> = findings.accounts.iter().map(|one| (one.bucket, one.account)).collect();
        let numbers = store::member_numbers(pool, &keys).await?;
        let settled = |((partner, currency), receives): (&(PartnerId, _), &money::Receives)| {
            let currency = NamedCurrency::from_number(*currency);
            let shown = |minor: i64| {
                let text = currency.as_ref().map_or_else(|| minor.to_string(), |named| named.format(minor));
                (minor, text)
            };
            Settled {
                partner: names.partner(*partner),
                currency: currency.as_ref().map(|named| named.code.clone()).unwrap_or_default(),
                net: shown(receives.net_minor),
                vat: shown(receives.vat_minor),
            }
        };
        let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
        let by_partner =
            findings.partners.iter().map(|(partner, change)| (partner.map(|id| names.partner(id)), *change));
        let by_funder = findings.moved.by_funder();
        Ok(Self {
            program: plan.file.program.code.clone(),
            version: plan.candidate.rules.short(),
            period: [day(plan.candidate.period.from), day(plan.candidate.period.to)],
            currency: plan.file.currency.clone(),
            total: findings.moved.total(),
            partners: by_partner.collect(),
            funders: by_funder.iter().map(|(one, change)| (funder(one), *change)).collect(),
            settlement: partners.iter().map(settled).collect(),
            unpriced: unpriced.iter().map(|(id, basis)| (names.partner(*id), basis.name())).collect(),
            accounts: findings.accounts.iter().copied().zip(numbers).collect(),
            findings: findings.clone(),
        })
    }

    /// Whether the rules that held give the ledger again.
    pub fn equals_the_ledger(&self) -> bool {
        self.findings.differing == 0
    }

    fn rules(&self) -> &BTreeMap<String, RuleChange> {
        &self.findings.rules
    }

    fn differences(&self) -> impl Iterator<Item = (&MessageKey, &Difference)> {
        self.findings.differences.iter().map(|((_, key), difference)| (key, difference))
    }
}

fn bank_code(plan: &Plan, bank: BankId) -> String {
    let found = plan.codes.banks.iter().find(|(_, id)| **id == bank);
    found.map_or_else(|| format!("bank {bank}"), |(code, _)| code.clone())
}

/// A movement in one line: what, how much, for which purchase.
fn movement(transfer: &Transfer) -> String {
    let phase = match transfer.phase {
        domain::Phase::Posted => "posted",
        domain::Phase::Pending => "pending",
    };
    let Transfer { item, purchase, rules, leg, .. } = transfer;
    let amount = transfer.signed_for_member();
    format!("leg {leg} {phase} {item} {amount:+} of purchase {purchase} under version {}", rules.short())
}

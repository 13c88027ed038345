//! The terms of settlement: who pays whom for what.

use domain::settlement::{Basis, Direction, RoundingLevel, TermItem, Terms, Vat};
use domain::{PartnerId, ProgramId, Ratio, Rounding};

use crate::codes::NamedCurrency;
use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::rules::overlap;
use crate::scalars::{self, quoted};

pub(crate) const PAYERS: [(&str, Direction); 2] =
    [("bank", Direction::BankPaysPartner), ("partner", Direction::PartnerPaysBank)];
pub(crate) const LEVELS: [(&str, RoundingLevel); 2] =
    [("line", RoundingLevel::Line), ("batch", RoundingLevel::Batch)];
pub(crate) const VAT_LEVELS: [(&str, RoundingLevel); 2] =
    [("line", RoundingLevel::Line), ("document", RoundingLevel::Batch)];

/// What terms refer to in the rest of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramFacts<'a> {
    pub(crate) program: ProgramId,
    pub(crate) cobrand_partner: PartnerId,
    pub(crate) currency: &'a NamedCurrency,
}

impl Reading<'_> {
    /// All terms of the file; no two may price the same thing on the same day.
    pub(crate) fn all_terms(
        &mut self,
        entries: &[Table<document::Terms>],
        facts: Option<ProgramFacts<'_>>,
    ) -> Vec<Terms> {
        let mut all: Vec<Terms> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("terms[{index}]");
            let Some(terms) = self.terms(&path, entry, facts) else { continue };
            if all.iter().any(|other| conflict(other, &terms)) {
                let partner = quoted(entry.partner.get_ref());
                let problem = Problem::new(
                    "one set of terms for a partner on each day",
                    format!("a second one for {partner} on the same days"),
                    "let one end (`to`) where the other begins (`from`)",
                );
                self.report(&path, &entry.partner, problem);
            }
            all.push(terms);
        }
        all
    }

    fn terms(
        &mut self,
        path: &str,
        entry: &document::Terms,
        facts: Option<ProgramFacts<'_>>,
    ) -> Option<Terms> {
        let partner = self.partner(&format!("{path}.partner"), &entry.partner);
        let currency = self.value(&format!("{path}.currency"), &entry.currency, scalars::currency);
        let effective = self.effective(path, entry.effective.as_deref());
        if entry.item.is_empty() {
            let advice = "add [[terms.item]] below it";
            self.report(
                &format!("{path}.item"),
                &entry.partner,
                Problem::new("at least one item", "none", advice),
            );
        }
        let (currency, facts) = (currency?, facts?);
        let mut items: Vec<TermItem> = Vec::new();
        for (index, item) in entry.item.iter().enumerate() {
            let path = format!("{path}.item[{index}]");
            let Some(read) = self.term_item(&path, item, &currency) else { continue };
            self.check_basis(&path, item, &read, partner, &currency, facts);
            if items.iter().any(|other| other.basis == read.basis) {
                let found = format!("{} again", quoted(item.basis.get_ref()));
                let problem =
                    Problem::new("each basis once in the terms", found, "delete one of the two items");
                self.report(&format!("{path}.basis"), &item.basis, problem);
            }
            items.push(read);
        }
        let program = facts.program;
        Some(Terms { partner: partner?, program, currency: currency.number, effective: effective?, items })
    }

    fn term_item(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        currency: &NamedCurrency,
    ) -> Option<TermItem> {
        let bases = Basis::ALL.map(|basis| (basis.name(), basis));
        let basis = self.value(&format!("{path}.basis"), &entry.basis, |text| scalars::word(text, &bases));
        let payer = self.value(&format!("{path}.payer"), &entry.payer, |text| scalars::word(text, &PAYERS));
        let price = basis.and_then(|basis| self.price(path, entry, basis, currency));
        let rounding = match (&entry.rounding, basis) {
            (Some(rounding), _) => {
                let path = format!("{path}.rounding");
                let mode = self.value(&format!("{path}.mode"), &rounding.mode, scalars::rounding);
                let level = self
                    .value(&format!("{path}.level"), &rounding.level, |text| scalars::word(text, &LEVELS));
                mode.zip(level)
            }
            // A share of a discount is taken whole: there is nothing to round.
            (None, Some(_)) if price.is_some_and(is_one) => Some((Rounding::HalfUp, RoundingLevel::Line)),
            (None, Some(_)) => {
                let advice = "add rounding = { mode = \"half_up\", level = \"line\" }";
                let problem = Problem::new("the key `rounding`", "nothing", advice);
                self.report(&format!("{path}.rounding"), &entry.basis, problem);
                None
            }
            (None, None) => None,
        };
        let vat = match &entry.vat {
            Some(vat) => self.vat(&format!("{path}.vat"), vat).map(Some),
            None => Some(None),
        };
        let (rounding, level) = rounding?;
        Some(TermItem { basis: basis?, direction: payer?, price: price?, rounding, level, vat: vat? })
    }

    fn price(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        basis: Basis,
        currency: &NamedCurrency,
    ) -> Option<Ratio> {
        let missing = |key: &str, example: &str| {
            Problem::new(format!("the key `{key}`"), "nothing", format!("add {key} = \"{example}\""))
        };
        let (price_path, percent_path) = (format!("{path}.price"), format!("{path}.percent"));
        match (&entry.price, &entry.percent) {
            (Some(price), None) if basis.is_miles() => {
                self.value(&price_path, price, |text| scalars::price_per_mile(text, currency))
            }
            (Some(price), None) => self.value(&price_path, price, scalars::fraction),
            (None, Some(percent)) if !basis.is_miles() => {
                self.value(&percent_path, percent, scalars::percent_or_zero)
            }
            (None, None) if basis.is_miles() => {
                self.report(&price_path, &entry.basis, missing("price", "0.615"));
                None
            }
            (None, None) if basis == Basis::Turnover => {
                self.report(&percent_path, &entry.basis, missing("percent", "1.2"));
                None
            }
            (None, None) => Ratio::new(1, 1).ok(),
            (_, Some(percent)) => {
                let (expected, advice) = if basis.is_miles() {
                    ("a price per mile", "delete `percent` and write price = \"0.615\"")
                } else {
                    ("either `price` or `percent`", "delete one of the two")
                };
                self.report(&percent_path, percent, Problem::new(expected, "`percent`", advice));
                None
            }
        }
    }

    fn vat(&mut self, path: &str, entry: &document::Vat) -> Option<Vat> {
        let rate = self.value(&format!("{path}.percent"), &entry.percent, scalars::percent_or_zero);
        let level =
            self.value(&format!("{path}.level"), &entry.level, |text| scalars::word(text, &VAT_LEVELS));
        let rounding = self.value(&format!("{path}.mode"), &entry.mode, scalars::rounding);
        Some(Vat { rate: rate?, level: level?, rounding: rounding? })
    }

    /// Refuses a basis that can never hold anything for this partner.
    fn check_basis(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        item: &TermItem,
        partner: Option<PartnerId>,
        currency: &NamedCurrency,
        facts: ProgramFacts<'_>,
    ) {
        let path = format!("{path}.basis");
        let basis = quoted(item.basis.name());
        if item.basis == Basis::MilesGranted
            && partner.is_some_and(|partner| partner != facts.cobrand_partner)
        {
            let advice = "use \"bonus_miles\", the miles that this partner pays for";
            let expected = "a basis of a merchant partner";
            self.report(&path, &entry.basis, Problem::new(expected, basis, advice));
        } else if !item.basis.is_miles() && currency.number != facts.currency.number {
            let expected = format!("terms in the program's currency {}", facts.currency.code);
            let found = format!("{basis} in {}", currency.code);
            let advice = format!("write currency = \"{}\" for terms about money", facts.currency.code);
            self.report(&path, &entry.basis, Problem::new(expected, found, advice));
        }
    }
}

fn is_one(price: Ratio) -> bool {
    price.numerator() == price.denominator()
}

/// Whether two sets of terms would both bill the same thing, or share one batch.
fn conflict(left: &Terms, right: &Terms) -> bool {
    let shared = left.items.iter().any(|item| right.items.iter().any(|other| other.basis == item.basis));
    left.partner == right.partner
        && (shared || left.currency == right.currency)
        && overlap(&left.effective, &right.effective)
}

//! Everything that a program makes somebody owe must have a price in the terms.

use std::collections::BTreeMap;

use domain::settlement::{Basis, Terms};
use domain::{BonusRule, DiscountMode, DiscountRule, Funder, PartnerId, Program};

use crate::document::{Document, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::quoted;

impl Reading<'_> {
    /// Reports what the rules make somebody owe and no terms price. A price of zero says that nothing is paid.
    pub(crate) fn check_owed(&mut self, document: &Document, program: &Program, terms: &[Terms]) {
        let mut owed: BTreeMap<(PartnerId, Basis), (String, &Text)> = BTreeMap::new();
        if !program.base.is_empty() {
            let place = ("cobrand_partner".to_owned(), &document.cobrand_partner);
            owed.insert((program.cobrand_partner, Basis::MilesGranted), place);
        }
        for (index, (rule, entry)) in program.bonuses.iter().zip(&document.bonus).enumerate() {
            if let Some(by_whom) = of_bonus(rule) {
                let place = (format!("bonus[{index}].funded_by"), &entry.funded_by);
                owed.entry(by_whom).or_insert(place);
            }
        }
        for (index, (rule, entry)) in program.discounts.iter().zip(&document.discount).enumerate() {
            for with_whom in of_discount(rule) {
                let place = (format!("discount[{index}].partner"), &entry.partner);
                owed.entry(with_whom).or_insert(place);
            }
        }
        for ((partner, basis), (path, place)) in owed {
            let mut items =
                terms.iter().filter(|terms| terms.partner == partner).flat_map(|terms| &terms.items);
            if !items.any(|item| item.basis == basis) {
                // A share of a discount at another merchant is owed by a partner that the place does not name.
                let code = self.codes.partners.iter().find(|(_, id)| **id == partner);
                let code = code.map_or_else(|| place.get_ref().clone(), |(code, _)| code.clone());
                let expected = format!("terms that price {} for {}", quoted(basis.name()), quoted(&code));
                let advice = "add a [[terms.item]] with this basis to the partner's [[terms]]";
                self.report(&path, place, Problem::new(expected, "none", advice));
            }
        }
    }
}

/// What a bonus makes a partner owe.
pub(crate) fn of_bonus(rule: &BonusRule) -> Option<(PartnerId, Basis)> {
    match rule.funder {
        Funder::Partner(partner) => Some((partner, Basis::BonusMiles)),
        Funder::Bank => None,
    }
}

/// What a discount makes its partners owe, or the bank owe the one that gives it.
pub(crate) fn of_discount(rule: &DiscountRule) -> Vec<(PartnerId, Basis)> {
    let share = rule.merchant_share;
    let own = match rule.mode {
        DiscountMode::StatementCredit => (share.numerator() > 0).then_some(Basis::StatementCreditShare),
        DiscountMode::AtTill => (share.numerator() < share.denominator()).then_some(Basis::TillShare),
    };
    let others = rule.partner_shares.iter().map(|(partner, _)| (*partner, Basis::StatementCreditShare));
    own.map(|basis| (rule.partner, basis)).into_iter().chain(others).collect()
}

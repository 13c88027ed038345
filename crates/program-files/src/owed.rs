//! Everything that a program makes somebody owe must have a price in the terms.

use std::collections::BTreeMap;

use domain::settlement::{Basis, Terms};
use domain::{DiscountMode, Funder, PartnerId, Program};

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
            if let Funder::Partner(partner) = rule.funder {
                let place = (format!("bonus[{index}].funded_by"), &entry.funded_by);
                owed.entry((partner, Basis::BonusMiles)).or_insert(place);
            }
        }
        for (index, (rule, entry)) in program.discounts.iter().zip(&document.discount).enumerate() {
            let share = rule.merchant_share;
            let basis = match rule.mode {
                DiscountMode::StatementCredit if share.numerator() > 0 => Basis::StatementCreditShare,
                DiscountMode::AtTill if share.numerator() < share.denominator() => Basis::TillShare,
                _ => continue,
            };
            let place = (format!("discount[{index}].partner"), &entry.partner);
            owed.entry((rule.partner, basis)).or_insert(place);
        }
        for ((partner, basis), (path, place)) in owed {
            let mut items =
                terms.iter().filter(|terms| terms.partner == partner).flat_map(|terms| &terms.items);
            if !items.any(|item| item.basis == basis) {
                let expected =
                    format!("terms that price {} for {}", quoted(basis.name()), quoted(place.get_ref()));
                let advice = "add a [[terms.item]] with this basis to the partner's [[terms]]";
                self.report(&path, place, Problem::new(expected, "none", advice));
            }
        }
    }
}

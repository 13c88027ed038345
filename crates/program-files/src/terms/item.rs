//! One thing that is paid for.

use domain::settlement::{Basis, Every, PrepaidBlocks, PriceTier, RoundingLevel, TermCharge, TermItem, Vat};
use domain::{MilesLedger, PartnerId, Ratio, Rounding};

use super::{EVERY, LEVELS, PAYERS, Priced, ProgramFacts, VAT_LEVELS};
use crate::codes::NamedCurrency;
use crate::document::{self, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};

impl Reading<'_> {
    pub(super) fn term_item(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        currency: &NamedCurrency,
        of_program: &NamedCurrency,
    ) -> Option<Priced> {
        let bases = Basis::ALL.map(|basis| (basis.name(), basis));
        let basis = self.value(&format!("{path}.basis"), &entry.basis, |text| scalars::word(text, &bases));
        let payer = self.value(&format!("{path}.payer"), &entry.payer, |text| scalars::word(text, &PAYERS));
        let price = basis.and_then(|basis| self.price(path, entry, basis, currency));
        let rounding = self.term_rounding(path, entry, basis, price);
        let vat = match &entry.vat {
            Some(vat) => self.vat(&format!("{path}.vat"), vat).map(Some),
            None => Some(None),
        };
        let basis = basis?;
        self.check_keys(path, entry, basis);
        if basis.is_charge() {
            let every = self.every(path, entry, basis);
            let (rounding, level) = rounding?;
            self.check_level(path, entry, level);
            return Some(Priced::Charge(TermCharge {
                basis,
                every: every?,
                direction: payer?,
                price: price?,
                rounding,
                vat: vat?,
            }));
        }
        let tiers = self.price_tiers(path, entry, basis, currency, of_program);
        let minimum =
            self.optional(&format!("{path}.minimum_per_month"), entry.minimum_per_month.as_ref(), |text| {
                scalars::amount(text, currency)
            });
        let prepaid = entry.prepaid.as_ref().map(|blocks| PrepaidBlocks {
            reorder_at: i64::try_from(*blocks.reorder_at.get_ref()).unwrap_or(i64::MAX),
        });
        let whole = |tier: &PriceTier| is_whole(tier.price, basis);
        if entry.rounding.is_none() && !tiers.iter().flatten().all(whole) && rounding.is_some() {
            self.no_rounding(path, entry);
            return None;
        }
        let (rounding, level) = rounding?;
        Some(Priced::Item(TermItem {
            basis,
            direction: payer?,
            price: price?,
            tiers: tiers?,
            rounding,
            level,
            vat: vat?,
            minimum_minor: minimum?.and_then(|minor| i64::try_from(minor).ok()),
            prepaid,
        }))
    }

    fn term_rounding(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        basis: Option<Basis>,
        price: Option<Ratio>,
    ) -> Option<(Rounding, RoundingLevel)> {
        match (&entry.rounding, basis) {
            (Some(rounding), _) => {
                let path = format!("{path}.rounding");
                let mode = self.value(&format!("{path}.mode"), &rounding.mode, scalars::rounding);
                let level = self
                    .value(&format!("{path}.level"), &rounding.level, |text| scalars::word(text, &LEVELS));
                mode.zip(level)
            }
            // A share of a discount is taken whole, and a fee of whole minor units: there is nothing to round.
            (None, Some(basis)) if price.is_some_and(|price| is_whole(price, basis)) => {
                Some((Rounding::HalfUp, RoundingLevel::Line))
            }
            (None, Some(_)) => {
                self.no_rounding(path, entry);
                None
            }
            (None, None) => None,
        }
    }

    fn no_rounding(&mut self, path: &str, entry: &document::TermItem) {
        let advice = "add rounding = { mode = \"half_up\", level = \"line\" }";
        let problem = Problem::new("the key `rounding`", "nothing", advice);
        self.report(&format!("{path}.rounding"), &entry.basis, problem);
    }

    fn vat(&mut self, path: &str, entry: &document::Vat) -> Option<Vat> {
        let rate = self.value(&format!("{path}.percent"), &entry.percent, scalars::percent_or_zero);
        let level =
            self.value(&format!("{path}.level"), &entry.level, |text| scalars::word(text, &VAT_LEVELS));
        let rounding = self.value(&format!("{path}.mode"), &entry.mode, scalars::rounding);
        Some(Vat { rate: rate?, level: level?, rounding: rounding? })
    }

    /// How often a charge is owed: a fee says it, a card is one each.
    fn every(&mut self, path: &str, entry: &document::TermItem, basis: Basis) -> Option<Every> {
        let path = format!("{path}.every");
        match (&entry.every, basis) {
            (Some(every), Basis::FixedFee) => self.value(&path, every, |text| scalars::word(text, &EVERY)),
            (None, Basis::FixedFee) => {
                let advice = "add every = \"month\", or \"cycle\"";
                self.report(&path, &entry.basis, Problem::new("the key `every`", "nothing", advice));
                None
            }
            _ => Some(Every::Unit),
        }
    }

    fn check_level(&mut self, path: &str, entry: &document::TermItem, level: RoundingLevel) {
        if let (RoundingLevel::Batch, Some(rounding)) = (level, &entry.rounding) {
            let advice = "write level = \"line\": each fee is a row of its own";
            let problem = Problem::new("rounding by line for a fee", "\"batch\"", advice);
            self.report(&format!("{path}.rounding.level"), &rounding.level, problem);
        }
    }

    /// Refuses keys that say nothing for this basis.
    fn check_keys(&mut self, path: &str, entry: &document::TermItem, basis: Basis) {
        let tiers = entry.tiers.first().map(|tier| tier.above.span());
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.span());
        let given = [
            ("every", text(&entry.every), basis == Basis::FixedFee, "`fixed_fee`"),
            ("tiers", tiers, !basis.is_charge(), "what transactions move"),
            (
                "minimum_per_month",
                text(&entry.minimum_per_month),
                !basis.is_charge(),
                "what transactions move",
            ),
            (
                "prepaid",
                entry.prepaid.as_ref().map(|blocks| blocks.reorder_at.span()),
                basis.is_miles(),
                "miles",
            ),
        ];
        for (key, place, fits, of) in given {
            if let (Some(place), false) = (place, fits) {
                let expected = format!("`{key}` for {of} only");
                let found = format!("`{key}` for {}", quoted(basis.name()));
                let problem = Problem::new(expected, found, format!("delete `{key}`"));
                self.log.at_byte(place.start, format!("{path}.{key}"), problem);
            }
        }
    }

    /// Refuses a basis that can never hold anything for this partner.
    pub(super) fn check_basis(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        basis: Basis,
        partner: PartnerId,
        facts: ProgramFacts<'_>,
    ) {
        let path = format!("{path}.basis");
        let of_cobrand = matches!(basis, Basis::MilesGranted | Basis::MilesRedeemed);
        if of_cobrand && partner != facts.cobrand_partner {
            let advice = "use \"bonus_miles\", the miles that this partner pays for";
            let expected = "a basis of a merchant partner";
            self.report(&path, &entry.basis, Problem::new(expected, quoted(basis.name()), advice));
        } else if basis == Basis::MilesRedeemed && facts.ledger == MilesLedger::Partner {
            let advice = "the partner keeps the miles, so nobody spends them here: delete the item";
            let expected = "a basis of a program with ledger = \"own\"";
            self.report(&path, &entry.basis, Problem::new(expected, quoted(basis.name()), advice));
        }
    }
}

/// Whether whole units have a whole price.
fn is_whole(price: Ratio, basis: Basis) -> bool {
    let one = price.numerator() == price.denominator();
    one || price.numerator() == 0
        || (basis.is_charge() && price.numerator().is_multiple_of(price.denominator()))
}

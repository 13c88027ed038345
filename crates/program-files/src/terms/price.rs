//! Prices, and those for larger quantities of a month.

use domain::Ratio;
use domain::settlement::{Basis, PriceTier};

use crate::codes::NamedCurrency;
use crate::document::{self, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};

impl Reading<'_> {
    pub(super) fn price(
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
            (Some(price), None) => self.price_text(&price_path, price, basis, currency),
            (None, Some(percent)) if basis.is_money() => {
                self.value(&percent_path, percent, scalars::percent_or_zero)
            }
            (None, None) if basis.is_miles() => {
                self.report(&price_path, &entry.basis, missing("price", "0.615"));
                None
            }
            (None, None) if basis.is_charge() => {
                self.report(&price_path, &entry.basis, missing("price", "300.00"));
                None
            }
            (None, None) if basis == Basis::Turnover => {
                self.report(&percent_path, &entry.basis, missing("percent", "1.2"));
                None
            }
            (None, None) => Some(Ratio::ONE),
            (_, Some(percent)) => {
                let (expected, advice) = if basis.is_miles() {
                    ("a price per mile", "delete `percent` and write price = \"0.615\"")
                } else if basis.is_charge() {
                    ("a price", "delete `percent` and write price = \"300.00\"")
                } else {
                    ("either `price` or `percent`", "delete one of the two")
                };
                self.report(&percent_path, percent, Problem::new(expected, "`percent`", advice));
                None
            }
        }
    }

    fn price_text(
        &mut self,
        path: &str,
        price: &Text,
        basis: Basis,
        currency: &NamedCurrency,
    ) -> Option<Ratio> {
        self.value(path, price, |text| {
            if basis.is_miles() {
                scalars::price_per_mile(text, currency)
            } else if basis.is_charge() {
                scalars::price_of_a_fee(text, currency)
            } else {
                scalars::fraction(text)
            }
        })
    }

    /// The prices for what is above: each above the one before, and written as the item's own price is.
    pub(super) fn price_tiers(
        &mut self,
        path: &str,
        entry: &document::TermItem,
        basis: Basis,
        currency: &NamedCurrency,
        of_program: &NamedCurrency,
    ) -> Option<Vec<PriceTier>> {
        let mut tiers: Vec<PriceTier> = Vec::new();
        for (index, tier) in entry.tiers.iter().enumerate() {
            let path = format!("{path}.tiers[{index}]");
            let above = self.value(&format!("{path}.above"), &tier.above, |text| match basis.is_miles() {
                true => scalars::whole_number(text),
                false => scalars::amount(text, of_program),
            });
            let price = match (&tier.price, &tier.percent, entry.percent.is_some()) {
                (Some(price), None, false) => {
                    self.price_text(&format!("{path}.price"), price, basis, currency)
                }
                (None, Some(percent), true) => {
                    self.value(&format!("{path}.percent"), percent, scalars::percent_or_zero)
                }
                (.., as_percent) => {
                    let key = if as_percent { "percent" } else { "price" };
                    let expected = format!("`{key}`, as the item itself has it");
                    let problem = Problem::new(expected, "another key or none", format!("write {key} alone"));
                    self.report(&path, &tier.above, problem);
                    None
                }
            };
            let above = above.and_then(|above| i64::try_from(above).ok());
            let (Some(above), Some(price)) = (above, price) else { continue };
            if let Some(last) = tiers.last().filter(|last| last.above >= above) {
                let expected = format!("more than the {} before it", last.above);
                let problem = Problem::new(expected, quoted(tier.above.get_ref()), "let the tiers rise");
                self.report(&format!("{path}.above"), &tier.above, problem);
            }
            tiers.push(PriceTier { above, price });
        }
        (tiers.len() == entry.tiers.len()).then_some(tiers)
    }
}

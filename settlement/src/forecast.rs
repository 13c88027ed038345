//! What movements that are not booked yet would come to in the files of a day.

use std::collections::BTreeSet;

use domain::settlement::{Basis, Direction, Quantities, price};
use domain::{Item, PartnerId};
use jiff::civil::Date;

use crate::setup::currency;
use crate::{CloseError, ProgramSetup, unpriced};

/// What a partner's batch would hold of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The partner.
    pub partner: PartnerId,
    /// Its code.
    pub partner_code: String,
    /// Three letters of ISO 4217.
    pub currency: &'static str,
    /// Who pays whom.
    pub direction: Direction,
    /// Net, in minor units, never below zero with `direction`.
    pub net_minor: i64,
    /// Value added tax.
    pub vat_minor: i64,
    /// Net and tax.
    pub to_pay_minor: i64,
    /// The quantity of each item of the terms.
    pub quantities: Vec<(Basis, i64)>,
}

/// Prices movements, one line for each element, under the terms of a business date. Refuses what would stop that day's
/// close. Partners of whom nothing moves are left out.
pub fn forecast(
    setup: &ProgramSetup,
    date: Date,
    lines: &[Vec<(Item, i64)>],
) -> Result<Vec<Forecast>, CloseError> {
    let items: BTreeSet<&Item> = lines.iter().flatten().map(|(item, _)| item).collect();
    for item in items {
        unpriced::is_priced(setup, date, item)?;
    }
    let mut found = Vec::new();
    for terms in setup.terms_on(date) {
        let cobrand = terms.partner == setup.cobrand_partner;
        let of_line = |moves: &Vec<(Item, i64)>| {
            let mut quantities = Quantities::default();
            moves.iter().for_each(|(item, amount)| quantities.add(item, *amount, terms.partner, cobrand));
            quantities
        };
        let quantities: Vec<Quantities> = lines.iter().map(of_line).collect();
        let partner_code = setup.partner_code(terms.partner)?.to_owned();
        let priced = price(terms, &quantities)
            .map_err(|source| CloseError::Arithmetic { partner: partner_code.clone(), source })?;
        if priced.lines.is_empty() {
            continue;
        }
        let (currency, _) = currency(terms.currency)
            .ok_or_else(|| setup.problem(format!("the currency {} is not known", terms.currency)))?;
        found.push(Forecast {
            partner: terms.partner,
            partner_code,
            currency,
            direction: priced.direction,
            net_minor: priced.net_minor,
            vat_minor: priced.vat_minor,
            to_pay_minor: priced.to_pay_minor,
            quantities: terms.items.iter().map(|item| item.basis).zip(priced.quantities).collect(),
        });
    }
    Ok(found)
}

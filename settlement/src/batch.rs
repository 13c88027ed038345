//! A batch: the lines of one partner in one currency, priced.

use domain::settlement::Terms;
use domain::settlement::{Basis, PricedBatch, Quantities, price};
use domain::{Currency, PartnerId};
use store::PositionRow;

use crate::lines::Line;
use crate::setup::currency;
use crate::{CloseError, ProgramSetup};

/// What is owed between the bank and a partner in one currency, line by line.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) partner: PartnerId,
    pub(crate) partner_code: String,
    pub(crate) cobrand: bool,
    pub(crate) currency: Currency,
    pub(crate) currency_code: &'static str,
    pub(crate) exponent: u16,
    pub(crate) bases: Vec<Basis>,
    pub(crate) priced: PricedBatch,
}

impl Batch {
    /// Prices the lines of a day under one set of terms.
    pub(crate) fn of(setup: &ProgramSetup, terms: &Terms, lines: &[Line<'_>]) -> Result<Self, CloseError> {
        let partner_code = setup.partner_code(terms.partner)?.to_owned();
        let (currency_code, exponent) = currency(terms.currency)
            .ok_or_else(|| setup.problem(format!("the currency {} is not known", terms.currency)))?;
        let cobrand = terms.partner == setup.cobrand_partner;
        let quantities: Vec<Quantities> =
            lines.iter().map(|line| line.quantities(terms.partner, cobrand)).collect();
        let priced = price(terms, &quantities)
            .map_err(|source| CloseError::Arithmetic { partner: partner_code.clone(), source })?;
        let bases = terms.items.iter().map(|item| item.basis).collect();
        let partner = terms.partner;
        Ok(Self {
            partner,
            partner_code,
            cobrand,
            currency: terms.currency,
            currency_code,
            exponent,
            bases,
            priced,
        })
    }

    /// What goes on the books.
    pub(crate) fn position(&self) -> PositionRow {
        PositionRow {
            partner: self.partner,
            currency: self.currency,
            direction: self.priced.direction,
            // A cycle of more than two thousand million lines does not fit the memory that it is priced in.
            lines: i32::try_from(self.priced.lines.len()).unwrap_or(i32::MAX),
            miles: paid_miles(&self.bases, &self.priced.quantities).unwrap_or(0),
            net_minor: self.priced.net_minor,
            vat_minor: self.priced.vat_minor,
            rounding_minor: self.priced.rounding_minor,
            to_pay_minor: self.priced.to_pay_minor,
        }
    }
}

/// Miles that are paid for; `None` if the terms price none. A partner's bonus miles are among the miles granted in
/// the program, so they do not count twice.
pub(crate) fn paid_miles(bases: &[Basis], quantities: &[i64]) -> Option<i64> {
    let of = |basis| bases.iter().zip(quantities).find(|(other, _)| **other == basis);
    of(Basis::MilesGranted).or_else(|| of(Basis::BonusMiles)).map(|(_, miles)| *miles)
}

//! What the movements of one cycle cost one partner.

use crate::{
    book::Movement,
    exact::Fraction,
    programs::PARTNERS,
    terms::{Level, Terms},
};

/// Quantity, net and tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Priced {
    pub(crate) quantity: i128,
    pub(crate) net: i128,
    pub(crate) vat: i128,
}

pub(crate) struct Line<'m> {
    pub(crate) movement: &'m Movement,
    pub(crate) items: Vec<Priced>,
}

impl Line<'_> {
    pub(crate) fn total(&self) -> i128 {
        self.items.iter().map(|item| item.net + item.vat).sum()
    }
}

/// All amounts are positive in the direction of the terms' first item.
pub(crate) struct Batch<'m> {
    pub(crate) terms: &'m Terms,
    pub(crate) partner: i32,
    pub(crate) lines: Vec<Line<'m>>,
    pub(crate) quantities: Vec<i128>,
    pub(crate) rounding: i128,
    pub(crate) document_vat: i128,
    pub(crate) net: i128,
    pub(crate) vat: i128,
}

impl Batch<'_> {
    /// Signed in the stated direction.
    pub(crate) fn owed(&self) -> i128 {
        self.net + self.vat
    }

    pub(crate) fn bank_pays_stated(&self) -> bool {
        self.terms.items[0].bank_pays
    }
}

/// `sorted` are the movements of the cycle in the order of lines.
pub(crate) fn price<'m>(terms: &'m Terms, sorted: &[&'m Movement]) -> Batch<'m> {
    let partner = PARTNERS.iter().position(|code| *code == terms.partner).unwrap();
    let partner = i32::try_from(partner).unwrap() + 1;
    let sign = |of: usize| if terms.items[of].bank_pays == terms.items[0].bank_pays { 1 } else { -1 };
    let mut lines = Vec::new();
    for movement in sorted {
        let quantities: Vec<i128> =
            terms.items.iter().map(|item| movement.quantity(&item.basis, partner)).collect();
        if quantities.iter().any(|quantity| *quantity != 0) {
            let priced = quantities.iter().enumerate().map(|(of, quantity)| {
                let item = &terms.items[of];
                let net = item.price.times(Fraction(*quantity, 1)).rounded(item.mode) * sign(of);
                let vat = match item.vat {
                    Some((rate, Level::Line, mode)) => rate.times(Fraction(net, 1)).rounded(mode),
                    _ => 0,
                };
                Priced { quantity: *quantity, net, vat }
            });
            lines.push(Line { movement, items: priced.collect() });
        }
    }
    let mut batch =
        Batch { terms, partner, lines, quantities: Vec::new(), rounding: 0, document_vat: 0, net: 0, vat: 0 };
    for (of, item) in terms.items.iter().enumerate() {
        let sum = |value: fn(&Priced) -> i128| -> i128 {
            batch.lines.iter().map(|line| value(&line.items[of])).sum()
        };
        let (quantity, shown, vat) = (sum(|item| item.quantity), sum(|item| item.net), sum(|item| item.vat));
        let net = match item.level {
            Level::Line => shown,
            Level::Batch => item.price.times(Fraction(quantity, 1)).rounded(item.mode) * sign(of),
        };
        let document_vat = match item.vat {
            Some((rate, Level::Batch, mode)) => rate.times(Fraction(net, 1)).rounded(mode),
            _ => 0,
        };
        batch.quantities.push(quantity);
        batch.rounding += net - shown;
        batch.document_vat += document_vat;
        batch.net += net;
        batch.vat += vat + document_vat;
    }
    batch
}

//! Pricing in one pass: line by line, then what closes the batch.

use super::close::close;
use super::{
    Basis, BatchClosing, BatchOpening, Direction, Quantities, RoundingLevel, TermCharge, Terms, Vat, add,
};
use crate::{AdjustedItem, MoneyError};

/// The price of one item on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PricedItem {
    /// The quantity: miles or minor units.
    pub quantity: i64,
    /// Net, rounded as the item says.
    pub net_minor: i64,
    /// Value added tax, if it is computed by line.
    pub vat_minor: i64,
}

/// One line of a batch, items in the order of the terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PricedLine {
    /// How many quantities were handed in before those that it prices.
    pub index: usize,
    /// The items.
    pub items: Vec<PricedItem>,
    /// Net and tax of all items.
    pub total_minor: i64,
}

/// What the lines of one item, or the rows of one charge, have come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) quantity: i64,
    pub(super) net_minor: i64,
    pub(super) vat_minor: i64,
}

impl PricedItem {
    fn count(&mut self, other: Self) -> Result<(), MoneyError> {
        self.quantity = add(self.quantity, other.quantity)?;
        self.net_minor = add(self.net_minor, other.net_minor)?;
        self.vat_minor = add(self.vat_minor, other.vat_minor)?;
        Ok(())
    }
}

impl Sum {
    pub(super) fn count(&mut self, item: PricedItem) -> Result<(), MoneyError> {
        self.quantity = add(self.quantity, item.quantity)?;
        self.net_minor = add(self.net_minor, item.net_minor)?;
        self.vat_minor = add(self.vat_minor, item.vat_minor)?;
        Ok(())
    }
}

/// Prices a batch: one partner, one currency, one cycle. It holds a few numbers for each item, however many lines
/// there are. All amounts are positive in [`Terms::stated`], so a line, and the whole, may be negative.
#[derive(Debug, Clone)]
pub struct BatchFold<'t> {
    pub(super) terms: &'t Terms,
    pub(super) opening: BatchOpening,
    pub(super) items: Vec<Sum>,
    /// Of lines whose amounts were given.
    pub(super) given: Vec<Sum>,
    /// The part of their net for which no tax was given.
    pub(super) untaxed: Vec<i64>,
    pub(super) charged: Vec<Sum>,
    pub(super) transactions: u64,
    pub(super) charges: u64,
    line: PricedLine,
    seen: usize,
}

impl<'t> BatchFold<'t> {
    /// A batch without lines.
    pub fn new(terms: &'t Terms, opening: BatchOpening) -> Self {
        let items = vec![Sum::default(); terms.items.len()];
        let (given, untaxed) = (items.clone(), vec![0; terms.items.len()]);
        let charged = vec![Sum::default(); terms.charges.len()];
        let (line, seen) = (PricedLine::default(), 0);
        Self { terms, opening, items, given, untaxed, charged, transactions: 0, charges: 0, line, seen }
    }

    /// Prices the next line; `None` if nothing of it is this partner's. The order of the lines matters where a price
    /// falls with the quantity of the month.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits, or a rate is missing.
    pub fn line(&mut self, quantities: &Quantities) -> Result<Option<&PricedLine>, MoneyError> {
        self.line.index = self.seen;
        self.seen += 1;
        if quantities.too_large {
            return Err(MoneyError::Overflow);
        }
        if self.terms.items.iter().all(|item| quantities.of(item.basis) == 0) {
            return Ok(None);
        }
        self.line.items.clear();
        self.line.total_minor = 0;
        for (position, (item, sum)) in self.terms.items.iter().zip(&mut self.items).enumerate() {
            let quantity = quantities.of(item.basis);
            let before = add(self.opening.before(position).quantity, sum.quantity)?;
            let cost = item.cost(before, quantity, self.terms.rate_for(item, self.opening.rate)?)?;
            let net_minor = self.terms.signed(item.direction, cost);
            let vat_minor = Vat::at(item.vat, RoundingLevel::Line, net_minor)?;
            let priced = PricedItem { quantity, net_minor, vat_minor };
            sum.count(priced)?;
            self.line.total_minor = add(self.line.total_minor, add(net_minor, vat_minor)?)?;
            self.line.items.push(priced);
        }
        self.transactions += 1;
        Ok(Some(&self.line))
    }

    /// Takes a line whose amounts two people have decided, positive in `stated`. What has no item of the terms, or one that
    /// they do not price any more, stands in the first item's column without a quantity. The line counts in the totals;
    /// where its item is taxed for the document it counts there too, unless its own tax is given. It moves no tier, minimum
    /// or prepaid block: those are of what was done, and this corrects what was owed for it. `None` if the terms have no
    /// item, so that no line could show it.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits.
    pub fn given(
        &mut self,
        stated: Direction,
        adjusted: &[AdjustedItem],
    ) -> Result<Option<&PricedLine>, MoneyError> {
        if self.terms.items.is_empty() {
            return Ok(None);
        }
        let mut line = PricedLine { index: self.seen, ..PricedLine::default() };
        line.items.resize(self.terms.items.len(), PricedItem::default());
        for item in adjusted {
            let own = self.terms.items.iter().position(|priced| Some(priced.basis) == item.basis);
            let signed = |amount: i64| match stated == self.terms.stated() {
                true => Ok(amount),
                false => amount.checked_neg().ok_or(MoneyError::Overflow),
            };
            let net_minor = signed(item.net_minor)?;
            // A quantity is of what was done, whoever pays for it.
            let quantity = if own.is_some() { item.quantity } else { 0 };
            let priced = PricedItem { quantity, net_minor, vat_minor: signed(item.vat_minor)? };
            let column = own.unwrap_or(0);
            if let Some(shown) = line.items.get_mut(column) {
                shown.count(priced)?;
            }
            if let Some(sum) = self.given.get_mut(column) {
                sum.count(priced)?;
            }
            let taxed = own.is_some() && priced.vat_minor == 0;
            if let (true, Some(untaxed)) = (taxed, self.untaxed.get_mut(column)) {
                *untaxed = add(*untaxed, net_minor)?;
            }
            line.total_minor = add(line.total_minor, add(net_minor, priced.vat_minor)?)?;
        }
        self.transactions += 1;
        self.line = line;
        Ok(Some(&self.line))
    }

    /// Prices a charge for something that is no transaction, such as a new card; `None` if the terms do not charge for
    /// it. Fixed fees and minimums come by themselves when the batch is closed.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits.
    pub fn charge(&mut self, basis: Basis, quantity: i64) -> Result<Option<PricedItem>, MoneyError> {
        let mut charges = self.terms.charges.iter().zip(&mut self.charged);
        let Some((charge, sum)) = charges.find(|(charge, _)| charge.basis == basis) else { return Ok(None) };
        let priced = charge.priced(self.terms, quantity)?;
        sum.count(priced)?;
        self.charges += 1;
        Ok(Some(priced))
    }

    /// Closes the batch.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits, or a rate is missing.
    pub fn close(self) -> Result<BatchClosing, MoneyError> {
        close(self)
    }
}

impl TermCharge {
    pub(super) fn priced(&self, terms: &Terms, quantity: i64) -> Result<PricedItem, MoneyError> {
        let net_minor = terms.signed(self.direction, self.price.of(quantity, self.rounding)?);
        let vat_minor = Vat::at(self.vat, RoundingLevel::Line, net_minor)?;
        Ok(PricedItem { quantity, net_minor, vat_minor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::{TermItem, ToDate};
    use crate::{Currency, PartnerId, ProgramId, Ratio};

    fn commission() -> Terms {
        let item = TermItem {
            price: Ratio::new(12, 1000).unwrap(),
            ..TermItem::whole(Basis::Turnover, Direction::PartnerPaysBank)
        };
        Terms::new(PartnerId(1), ProgramId(1), Currency(643), vec![item])
    }

    fn adjusted(basis: Option<Basis>, quantity: i64, net_minor: i64, vat_minor: i64) -> AdjustedItem {
        AdjustedItem { basis, quantity, net_minor, vat_minor }
    }

    const HERE: Direction = Direction::PartnerPaysBank;

    #[test]
    fn what_is_given_counts_in_the_totals_and_in_no_tier() {
        let terms = commission();
        let mut fold = BatchFold::new(&terms, BatchOpening::default());
        let mut bought = Quantities::default();
        bought.set(Basis::Turnover, 100_000);
        fold.line(&bought).unwrap();
        let line =
            fold.given(HERE, &[adjusted(Some(Basis::Turnover), -50_000, -601, -120)]).unwrap().unwrap();
        let item = PricedItem { quantity: -50_000, net_minor: -601, vat_minor: -120 };
        assert_eq!((line.items.as_slice(), line.total_minor), (&[item][..], -721));
        // The other way round, of an item that is not priced any more, and an amount by itself.
        let others = [
            adjusted(Some(Basis::BonusMiles), 9, 7, 0),
            adjusted(None, 5, 3, 0),
            adjusted(Some(Basis::Turnover), 40, 0, 0),
        ];
        let line = fold.given(HERE.opposite(), &others).unwrap().unwrap();
        assert_eq!(line.items, [PricedItem { quantity: 40, net_minor: -10, vat_minor: 0 }]);
        let closing = fold.close().unwrap();
        assert_eq!((closing.net_minor, closing.vat_minor, closing.transactions), (589, -120, 3));
        assert_eq!((closing.quantities.as_slice(), closing.to_pay_minor), (&[50_040][..], 469));
        assert_eq!(closing.to_date, [ToDate { quantity: 100_000, net_minor: 1_200 }]);
    }

    #[test]
    fn what_is_given_leaves_no_room_for_a_wrong_sum() {
        let terms = commission();
        let mut fold = BatchFold::new(&terms, BatchOpening::default());
        fold.given(HERE, &[adjusted(Some(Basis::Turnover), i64::MAX, 0, 0)]).unwrap();
        let one = [adjusted(Some(Basis::Turnover), 1, 0, 0)];
        assert_eq!(fold.given(HERE, &one), Err(MoneyError::Overflow));
        let lowest = [adjusted(None, 0, i64::MIN, 0)];
        assert_eq!(fold.given(HERE.opposite(), &lowest), Err(MoneyError::Overflow));
        let none = Terms { items: Vec::new(), ..commission() };
        assert_eq!(BatchFold::new(&none, BatchOpening::default()).given(HERE, &one), Ok(None));
    }

    #[test]
    fn what_is_given_is_taxed_with_the_document_and_not_rounded_again() {
        let rate = Ratio::new(20, 100).unwrap();
        let vat = Vat { rate, level: RoundingLevel::Batch, rounding: crate::Rounding::HalfUp };
        let mut terms = commission();
        terms.items[0] = TermItem { vat: Some(vat), level: RoundingLevel::Batch, ..terms.items[0].clone() };
        for (given, tax) in [
            (adjusted(Some(Basis::Turnover), -50_000, -605, 0), -121),
            // Who states a tax has stated all of it, and of an amount by itself nobody knows whether it is taxed.
            (adjusted(Some(Basis::Turnover), -50_000, -605, -60), -60),
            (adjusted(None, 0, -605, 0), 0),
        ] {
            let mut fold = BatchFold::new(&terms, BatchOpening::default());
            fold.given(HERE, &[given]).unwrap();
            let closing = fold.close().unwrap();
            assert_eq!((closing.net_minor, closing.rounding_minor, closing.vat_minor), (-605, 0, tax));
        }
    }

    #[test]
    fn what_moved_in_one_line_beyond_64_bits_is_an_error() {
        let terms = commission();
        for amounts in [[i64::MAX, 1], [i64::MIN, -1], [i64::MIN, 0], [i64::MAX, i64::MAX]] {
            let mut quantities = Quantities::default();
            for amount in amounts {
                quantities.add(&crate::Item::Turnover(PartnerId(1)), amount, PartnerId(1), false);
            }
            let mut fold = BatchFold::new(&terms, BatchOpening::default());
            assert_eq!(fold.line(&quantities), Err(MoneyError::Overflow), "{amounts:?}");
        }
    }

    #[test]
    fn a_batch_of_refunds_is_negative_until_it_is_closed() {
        let terms = commission();
        let mut fold = BatchFold::new(&terms, BatchOpening { balance_minor: 200, ..BatchOpening::default() });
        assert_eq!(fold.line(&Quantities::default()), Ok(None));
        let mut refund = Quantities::default();
        refund.set(Basis::Turnover, -100_000);
        let line = fold.line(&refund).unwrap().unwrap();
        assert_eq!((line.index, line.total_minor), (1, -1_200));
        let closing = fold.close().unwrap();
        assert_eq!((closing.net_minor, closing.closing_minor, closing.transactions), (-1_200, 0, 1));
        assert_eq!((closing.direction, closing.to_pay_minor), (Direction::BankPaysPartner, 1_000));
        assert_eq!(closing.to_date, [ToDate { quantity: -100_000, net_minor: -1_200 }]);
    }
}

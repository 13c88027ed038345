//! Pricing in one pass: line by line, then what closes the batch.

use super::{
    Basis, BatchClosing, BatchOpening, ClosingRow, Quantities, RoundingLevel, TermItem, Terms, ToDate, add,
};
use crate::MoneyError;

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

/// What the lines of one item have come to.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    quantity: i64,
    net_minor: i64,
    vat_minor: i64,
}

/// Prices a batch: one partner, one currency, one cycle. It holds a few numbers for each item, however many lines
/// there are. All amounts are positive in [`Terms::stated`], so a line, and the whole, may be negative.
#[derive(Debug, Clone)]
pub struct BatchFold<'t> {
    terms: &'t Terms,
    opening: BatchOpening,
    sums: Vec<Sum>,
    line: PricedLine,
    seen: usize,
    transactions: u64,
    charges: u64,
}

impl<'t> BatchFold<'t> {
    /// A batch without lines.
    pub fn new(terms: &'t Terms, opening: BatchOpening) -> Self {
        let sums = vec![Sum::default(); terms.items.len()];
        Self { terms, opening, sums, line: PricedLine::default(), seen: 0, transactions: 0, charges: 0 }
    }

    /// Prices the next line; `None` if nothing of it is this partner's.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits.
    pub fn line(&mut self, quantities: &Quantities) -> Result<Option<&PricedLine>, MoneyError> {
        self.line.index = self.seen;
        self.seen += 1;
        if self.terms.items.iter().all(|item| quantities.of(item.basis) == 0) {
            return Ok(None);
        }
        self.line.items.clear();
        self.line.total_minor = 0;
        for (item, sum) in self.terms.items.iter().zip(&mut self.sums) {
            let quantity = quantities.of(item.basis);
            let net_minor = signed(self.terms, item, item.price.of(quantity, item.rounding)?);
            let vat_minor = item.vat_of(RoundingLevel::Line, net_minor)?;
            sum.quantity = add(sum.quantity, quantity)?;
            sum.net_minor = add(sum.net_minor, net_minor)?;
            sum.vat_minor = add(sum.vat_minor, vat_minor)?;
            self.line.total_minor = add(self.line.total_minor, add(net_minor, vat_minor)?)?;
            self.line.items.push(PricedItem { quantity, net_minor, vat_minor });
        }
        self.transactions += 1;
        Ok(Some(&self.line))
    }

    /// Prices a charge that has no transaction, such as a new card; `None` if the terms do not charge for it.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits.
    pub fn charge(&mut self, _basis: Basis, _quantity: i64) -> Result<Option<PricedItem>, MoneyError> {
        Ok(None)
    }

    /// Closes the batch.
    ///
    /// # Errors
    /// If a sum does not fit 64 bits.
    pub fn close(self) -> Result<BatchClosing, MoneyError> {
        let mut closing = BatchClosing {
            rows: Vec::new(),
            transactions: self.transactions,
            charges: self.charges,
            quantities: Vec::new(),
            opening_minor: self.opening.balance_minor,
            net_minor: 0,
            vat_minor: 0,
            rounding_minor: 0,
            document_vat_minor: 0,
            closing_minor: 0,
            direction: self.terms.stated(),
            to_pay_minor: 0,
            to_date: Vec::new(),
            prepaid: self.opening.prepaid.clone(),
        };
        for (position, (item, sum)) in self.terms.items.iter().zip(&self.sums).enumerate() {
            let before = self.opening.to_date.get(position).copied().unwrap_or_default();
            close_item(&mut closing, self.terms, item, *sum, before)?;
        }
        if closing.rounding_minor != 0 {
            closing.rows.push(ClosingRow::Rounding { amount_minor: closing.rounding_minor });
        }
        if closing.document_vat_minor != 0 {
            closing.rows.push(ClosingRow::DocumentVat { amount_minor: closing.document_vat_minor });
        }
        let owed = add(closing.opening_minor, add(closing.net_minor, closing.vat_minor)?)?;
        if owed < 0 {
            closing.direction = self.terms.stated().opposite();
        }
        closing.to_pay_minor = owed.checked_abs().ok_or(MoneyError::Overflow)?;
        Ok(closing)
    }
}

fn close_item(
    closing: &mut BatchClosing,
    terms: &Terms,
    item: &TermItem,
    sum: Sum,
    before: ToDate,
) -> Result<(), MoneyError> {
    let net = match item.level {
        RoundingLevel::Line => sum.net_minor,
        RoundingLevel::Batch => signed(terms, item, item.price.of(sum.quantity, item.rounding)?),
    };
    let document_vat = item.vat_of(RoundingLevel::Batch, net)?;
    closing.quantities.push(sum.quantity);
    closing.rounding_minor = add(closing.rounding_minor, net - sum.net_minor)?;
    closing.net_minor = add(closing.net_minor, net)?;
    closing.document_vat_minor = add(closing.document_vat_minor, document_vat)?;
    closing.vat_minor = add(closing.vat_minor, add(sum.vat_minor, document_vat)?)?;
    let quantity = add(before.quantity, sum.quantity)?;
    closing.to_date.push(ToDate { quantity, net_minor: add(before.net_minor, net)? });
    Ok(())
}

/// What the payer of `item` owes, in the stated direction.
fn signed(terms: &Terms, item: &TermItem, amount: i64) -> i64 {
    if item.direction == terms.stated() { amount } else { -amount }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::Direction;
    use crate::{Currency, Effective, PartnerId, ProgramId, Ratio, Rounding};

    fn commission() -> Terms {
        let item = TermItem {
            basis: Basis::Turnover,
            direction: Direction::PartnerPaysBank,
            price: Ratio::new(12, 1000).unwrap(),
            rounding: Rounding::HalfUp,
            level: RoundingLevel::Line,
            vat: None,
        };
        let (partner, program) = (PartnerId(1), ProgramId(1));
        let effective = Effective::default();
        Terms { partner, program, currency: Currency(643), effective, items: vec![item] }
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

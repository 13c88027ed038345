//! What closes a batch: minimums, fees, prepaid blocks, rounding, the document's tax, and what is carried forward.

use super::fold::{PricedItem, Sum};
use super::{
    Basis, BatchClosing, BatchFold, BatchOpening, ClosingRow, Every, RoundingLevel, TermItem, Terms, ToDate,
    Vat, add,
};
use crate::MoneyError;

pub(super) fn close(mut fold: BatchFold<'_>) -> Result<BatchClosing, MoneyError> {
    let terms = fold.terms;
    let mut closing = BatchClosing {
        rows: Vec::new(),
        transactions: fold.transactions,
        charges: 0,
        quantities: Vec::new(),
        opening_minor: fold.opening.balance_minor,
        net_minor: 0,
        vat_minor: 0,
        rounding_minor: 0,
        document_vat_minor: 0,
        closing_minor: 0,
        direction: terms.stated(),
        to_pay_minor: 0,
        to_date: Vec::new(),
        prepaid: Vec::new(),
        reorder: Vec::new(),
    };
    let mut prepaid = Vec::new();
    for (position, (item, sum)) in terms.items.iter().zip(&fold.items).enumerate() {
        let given = Given::of(&fold, position);
        let closed = close_item(terms, item, (*sum, given.untaxed), position, &fold.opening)?;
        closed.count(&mut closing, item.basis)?;
        given.count(&mut closing, sum.quantity)?;
        prepaid.extend(draw_down(&mut closing, terms, item, &closed, position, &fold.opening)?);
    }
    fees(&mut fold, &mut closing)?;
    closing.charges = add_count(fold.charges, &closing.rows);
    for row in prepaid {
        if let ClosingRow::Prepaid { net_minor, vat_minor, .. } = &row {
            closing.net_minor = add(closing.net_minor, *net_minor)?;
            closing.vat_minor = add(closing.vat_minor, *vat_minor)?;
        }
        closing.rows.push(row);
    }
    finish(terms, &fold.opening, closing)
}

/// What was given of an item: no price, tier or block comes of it.
struct Given {
    sum: Sum,
    /// The part of the net for which no tax was given.
    untaxed: i64,
}

impl Given {
    fn of(fold: &BatchFold<'_>, position: usize) -> Self {
        let sum = fold.given.get(position).copied().unwrap_or_default();
        Self { sum, untaxed: fold.untaxed.get(position).copied().unwrap_or_default() }
    }

    fn count(&self, closing: &mut BatchClosing, of_lines: i64) -> Result<(), MoneyError> {
        closing.quantities.push(add(of_lines, self.sum.quantity)?);
        closing.net_minor = add(closing.net_minor, self.sum.net_minor)?;
        closing.vat_minor = add(closing.vat_minor, self.sum.vat_minor)?;
        Ok(())
    }
}

/// An item whose lines are complete.
struct ClosedItem {
    sum: Sum,
    /// Rounded as the item says, without what lifts it to its minimum.
    net_minor: i64,
    /// What lifts it.
    minimum: PricedItem,
    /// The tax on both that is computed once for the document.
    document_vat_minor: i64,
    to_date: ToDate,
}

fn close_item(
    terms: &Terms,
    item: &TermItem,
    (sum, untaxed): (Sum, i64),
    position: usize,
    opening: &BatchOpening,
) -> Result<ClosedItem, MoneyError> {
    let before = opening.before(position);
    let net_minor = match item.level {
        RoundingLevel::Line => sum.net_minor,
        RoundingLevel::Batch => {
            let rate = terms.rate_for(item, opening.rate)?;
            terms.signed(item.direction, item.cost(before.quantity, sum.quantity, rate)?)
        }
    };
    let quantity = add(before.quantity, sum.quantity)?;
    let to_date = ToDate { quantity, net_minor: add(before.net_minor, net_minor)? };
    let mut minimum = PricedItem::default();
    if let (Some(least), true) = (item.minimum_minor, opening.last_of_month) {
        let missing = least.checked_sub(terms.signed(item.direction, to_date.net_minor));
        let missing = missing.ok_or(MoneyError::Overflow)?.max(0);
        minimum.net_minor = terms.signed(item.direction, missing);
        minimum.vat_minor = Vat::at(item.vat, RoundingLevel::Line, minimum.net_minor)?;
    }
    let taxed = add(add(net_minor, minimum.net_minor)?, untaxed)?;
    let document_vat_minor = Vat::at(item.vat, RoundingLevel::Batch, taxed)?;
    Ok(ClosedItem { sum, net_minor, minimum, document_vat_minor, to_date })
}

impl ClosedItem {
    fn count(&self, closing: &mut BatchClosing, basis: Basis) -> Result<(), MoneyError> {
        let rounding = self.net_minor.checked_sub(self.sum.net_minor).ok_or(MoneyError::Overflow)?;
        closing.rounding_minor = add(closing.rounding_minor, rounding)?;
        closing.net_minor = add(closing.net_minor, self.net_minor)?;
        closing.vat_minor = add(closing.vat_minor, self.sum.vat_minor)?;
        closing.to_date.push(self.to_date);
        if self.minimum.net_minor != 0 {
            charge(closing, basis, true, self.minimum)?;
        }
        document_vat(closing, self.document_vat_minor)
    }
}

/// The row of a prepaid block. A batch that takes units is covered as far as they go; one that gives back in all puts
/// its units into the block again, and no money moves.
fn draw_down(
    closing: &mut BatchClosing,
    terms: &Terms,
    item: &TermItem,
    closed: &ClosedItem,
    position: usize,
    opening: &BatchOpening,
) -> Result<Option<ClosingRow>, MoneyError> {
    let left = opening.prepaid.get(position).copied().flatten();
    let (Some(blocks), Some(left)) = (item.prepaid, left) else {
        closing.prepaid.push(left);
        return Ok(None);
    };
    let taken = closed.sum.quantity;
    let drawn = if taken > 0 { taken.min(left.max(0)) } else { taken };
    let after = left.checked_sub(drawn).ok_or(MoneyError::Overflow)?;
    closing.prepaid.push(Some(after));
    if after <= blocks.reorder_at {
        closing.reorder.push(item.basis);
    }
    let (net, vat) = if drawn == taken {
        // All of it: nothing may be left over from rounding.
        let document = Vat::at(item.vat, RoundingLevel::Batch, closed.net_minor)?;
        (closed.net_minor, add(closed.sum.vat_minor, document)?)
    } else {
        // Lines that were rounded one by one may come to less than the part as one amount: what they do not hold is
        // not taken off.
        let of_payer = |amount| terms.signed(item.direction, amount);
        let document = Vat::at(item.vat, RoundingLevel::Batch, closed.net_minor)?;
        let shown = add(closed.sum.vat_minor, document)?;
        let cost = item.cost(opening.before(position).quantity, drawn, None)?;
        let cost = cost.min(of_payer(closed.net_minor)).max(0);
        let vat = item.vat.map_or(Ok(0), |vat| vat.rate.of(cost, vat.rounding))?;
        (of_payer(cost), of_payer(vat.min(of_payer(shown)).max(0)))
    };
    let (basis, net_minor, vat_minor) = (item.basis, -net, -vat);
    Ok(Some(ClosingRow::Prepaid { basis, opening: left, drawn, closing: after, net_minor, vat_minor }))
}

/// Fees that nothing causes, then the document's tax of all charges.
fn fees(fold: &mut BatchFold<'_>, closing: &mut BatchClosing) -> Result<(), MoneyError> {
    let terms = fold.terms;
    for (fee, sum) in terms.charges.iter().zip(&mut fold.charged) {
        // What was charged row by row before.
        closing.net_minor = add(closing.net_minor, sum.net_minor)?;
        closing.vat_minor = add(closing.vat_minor, sum.vat_minor)?;
        let due = match fee.every {
            Every::Unit => false,
            Every::Cycle => true,
            Every::Month => fold.opening.last_of_month,
        };
        if due {
            let priced = fee.priced(terms, 1)?;
            sum.count(priced)?;
            charge(closing, fee.basis, false, priced)?;
        }
        document_vat(closing, Vat::at(fee.vat, RoundingLevel::Batch, sum.net_minor)?)?;
    }
    Ok(())
}

fn charge(
    closing: &mut BatchClosing,
    basis: Basis,
    minimum: bool,
    priced: PricedItem,
) -> Result<(), MoneyError> {
    let PricedItem { quantity, net_minor, vat_minor } = priced;
    closing.net_minor = add(closing.net_minor, net_minor)?;
    closing.vat_minor = add(closing.vat_minor, vat_minor)?;
    closing.rows.push(ClosingRow::Charge { basis, minimum, quantity, net_minor, vat_minor });
    Ok(())
}

fn document_vat(closing: &mut BatchClosing, vat_minor: i64) -> Result<(), MoneyError> {
    closing.document_vat_minor = add(closing.document_vat_minor, vat_minor)?;
    closing.vat_minor = add(closing.vat_minor, vat_minor)?;
    Ok(())
}

fn add_count(charges: u64, rows: &[ClosingRow]) -> u64 {
    let more = rows.iter().filter(|row| matches!(row, ClosingRow::Charge { .. })).count();
    charges.saturating_add(u64::try_from(more).unwrap_or(u64::MAX))
}

/// The rows of the whole, and who pays what.
fn finish(
    terms: &Terms,
    opening: &BatchOpening,
    mut closing: BatchClosing,
) -> Result<BatchClosing, MoneyError> {
    if closing.rounding_minor != 0 {
        closing.rows.push(ClosingRow::Rounding { amount_minor: closing.rounding_minor });
    }
    if closing.document_vat_minor != 0 {
        closing.rows.push(ClosingRow::DocumentVat { amount_minor: closing.document_vat_minor });
    }
    let owed = add(closing.opening_minor, add(closing.net_minor, closing.vat_minor)?)?;
    let size = owed.checked_abs().ok_or(MoneyError::Overflow)?;
    let too_small = terms.minimum_payable.is_some_and(|least| size < least);
    if owed != 0 && too_small && !opening.last_of_terms {
        closing.closing_minor = owed;
        closing.rows.push(ClosingRow::CarryForward { amount_minor: owed });
        return Ok(closing);
    }
    closing.to_pay_minor = size;
    if owed < 0 {
        closing.direction = terms.stated().opposite();
    }
    Ok(closing)
}

#[cfg(test)]
mod tests;

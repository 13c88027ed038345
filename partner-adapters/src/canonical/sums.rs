//! What the lines of a batch come to: the same arithmetic for who writes a file and who verifies it.

use super::layout::HASH_TOTAL_MODULUS;
use super::{BatchHeader, BatchTrailer, LineItem};

/// A sum left 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum that does not fit 64 bits")]
pub struct SumOverflow;

/// The sums of a batch so far, in its stated direction.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    /// Records that have a line id.
    pub(super) lines: u64,
    transactions: u64,
    adjustments: u64,
    charges: u64,
    quantities: Vec<i64>,
    debit: i64,
    credit: i64,
    net: i64,
    vat: i64,
    pub(super) rounding: i64,
    pub(super) document_vat: i64,
    pub(super) closing: i64,
    pub(super) hash_total: u128,
}

impl Sums {
    pub(super) fn of_items(items: usize) -> Self {
        Self { quantities: vec![0; items], ..Self::default() }
    }

    pub(super) fn transaction(&mut self, items: &[LineItem]) -> Result<i64, SumOverflow> {
        self.transactions += 1;
        self.items(items)
    }

    pub(super) fn adjustment(&mut self, items: &[LineItem]) -> Result<i64, SumOverflow> {
        self.adjustments += 1;
        self.items(items)
    }

    /// Returns the line's total.
    fn items(&mut self, items: &[LineItem]) -> Result<i64, SumOverflow> {
        let (mut net, mut vat) = (0, 0);
        for (sum, item) in self.quantities.iter_mut().zip(items) {
            *sum = add(*sum, item.quantity)?;
            net = add(net, item.net_minor)?;
            vat = add(vat, item.vat_minor)?;
        }
        self.amounts(net, vat)
    }

    pub(super) fn charge(&mut self, net: i64, vat: i64) -> Result<i64, SumOverflow> {
        self.charges += 1;
        self.amounts(net, vat)
    }

    /// Of a prepaid block, too. Returns the line's total.
    pub(super) fn amounts(&mut self, net: i64, vat: i64) -> Result<i64, SumOverflow> {
        self.net = add(self.net, net)?;
        self.vat = add(self.vat, vat)?;
        let total = add(net, vat)?;
        self.total(total)?;
        Ok(total)
    }

    pub(super) fn round(&mut self, amount: i64) -> Result<(), SumOverflow> {
        self.rounding = amount;
        self.amounts(amount, 0).map(drop)
    }

    pub(super) fn tax_document(&mut self, amount: i64) -> Result<(), SumOverflow> {
        self.document_vat = amount;
        self.amounts(0, amount).map(drop)
    }

    pub(super) fn carry(&mut self, amount: i64) {
        self.closing = amount;
        self.hash(amount);
        self.lines += 1;
    }

    fn total(&mut self, total: i64) -> Result<(), SumOverflow> {
        let side = if total < 0 { &mut self.credit } else { &mut self.debit };
        *side = add(*side, total.checked_abs().ok_or(SumOverflow)?)?;
        self.hash(total);
        self.lines += 1;
        Ok(())
    }

    fn hash(&mut self, amount: i64) {
        self.hash_total = (self.hash_total + u128::from(amount.unsigned_abs())) % HASH_TOTAL_MODULUS;
    }

    /// The trailer that these lines ask for.
    pub(super) fn trailer(&self, header: &BatchHeader) -> Result<BatchTrailer, SumOverflow> {
        let owed = add(add(header.opening_minor, self.net)?, self.vat)?;
        let signed = owed.checked_sub(self.closing).ok_or(SumOverflow)?;
        Ok(BatchTrailer {
            transactions: self.transactions,
            adjustments: self.adjustments,
            charges: self.charges,
            quantities: self.quantities.clone(),
            debit_minor: self.debit,
            credit_minor: self.credit,
            net_minor: self.net,
            vat_minor: self.vat,
            rounding_minor: self.rounding,
            closing_minor: self.closing,
            direction: if signed < 0 { header.stated.opposite() } else { header.stated },
            to_pay_minor: signed.checked_abs().ok_or(SumOverflow)?,
        })
    }
}

/// The least number is refused: it could not be turned into the other direction.
pub(super) fn add(a: i64, b: i64) -> Result<i64, SumOverflow> {
    a.checked_add(b).filter(|sum| *sum != i64::MIN).ok_or(SumOverflow)
}

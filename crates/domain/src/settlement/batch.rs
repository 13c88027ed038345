//! A whole batch in memory.

use super::{BatchFold, BatchOpening, Direction, PricedLine, Quantities, Terms};
use crate::MoneyError;

/// A priced batch: all amounts are positive in its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedBatch {
    /// Who pays in the end.
    pub direction: Direction,
    /// The lines that carry something.
    pub lines: Vec<PricedLine>,
    /// What rounding at batch level adds to the sum of the lines' net amounts.
    pub rounding_minor: i64,
    /// Net of all items, rounding included.
    pub net_minor: i64,
    /// Value added tax of all items.
    pub vat_minor: i64,
    /// The part of the tax that is computed by document and stands on no line.
    pub document_vat_minor: i64,
    /// To be paid: never negative.
    pub to_pay_minor: i64,
    /// The sum of the quantities of each item of the terms.
    pub quantities: Vec<i64>,
}

/// Prices movements for one partner, of whom nothing was known before: what they alone come to, without fees, and
/// without carrying forward what is too little to be paid.
pub fn price(terms: &Terms, movements: &[Quantities]) -> Result<PricedBatch, MoneyError> {
    let terms = &Terms { charges: Vec::new(), minimum_payable: None, ..terms.clone() };
    let mut fold = BatchFold::new(terms, BatchOpening::default());
    let mut lines = Vec::new();
    for quantities in movements {
        lines.extend(fold.line(quantities)?.cloned());
    }
    let closing = fold.close()?;
    let mut batch = PricedBatch {
        direction: closing.direction,
        lines,
        rounding_minor: closing.rounding_minor,
        net_minor: closing.net_minor,
        vat_minor: closing.vat_minor,
        document_vat_minor: closing.document_vat_minor,
        to_pay_minor: closing.to_pay_minor,
        quantities: closing.quantities,
    };
    if batch.direction != terms.stated() {
        turn(&mut batch);
    }
    Ok(batch)
}

fn turn(batch: &mut PricedBatch) {
    for line in &mut batch.lines {
        line.total_minor = -line.total_minor;
        for item in &mut line.items {
            item.net_minor = -item.net_minor;
            item.vat_minor = -item.vat_minor;
        }
    }
    batch.rounding_minor = -batch.rounding_minor;
    batch.net_minor = -batch.net_minor;
    batch.vat_minor = -batch.vat_minor;
    batch.document_vat_minor = -batch.document_vat_minor;
}

#[cfg(test)]
mod tests {
    use super::super::{Basis, Every, PricedItem, RoundingLevel, TermCharge, TermItem, Vat};
    use super::*;
    use crate::{Currency, PartnerId, ProgramId, Ratio, Rounding};

    fn item(
        basis: Basis,
        direction: Direction,
        price: (u64, u64),
        level: RoundingLevel,
        vat: Option<RoundingLevel>,
    ) -> TermItem {
        let rate = Ratio::new(20, 100).unwrap();
        TermItem {
            price: Ratio::new(price.0, price.1).unwrap(),
            level,
            vat: vat.map(|level| Vat { rate, level, rounding: Rounding::HalfUp }),
            ..TermItem::whole(basis, direction)
        }
    }

    fn terms(items: Vec<TermItem>) -> Terms {
        Terms::new(PartnerId(1), ProgramId(1), Currency(643), items)
    }

    fn quantities(basis: Basis, amounts: &[i64]) -> Vec<Quantities> {
        amounts
            .iter()
            .map(|amount| {
                let mut quantities = Quantities::default();
                quantities.set(basis, *amount);
                quantities
            })
            .collect()
    }

    #[test]
    fn an_airline_is_paid_for_miles_with_rounding_by_batch() {
        let price_of_a_mile = (615, 10);
        let miles = item(
            Basis::MilesGranted,
            Direction::BankPaysPartner,
            price_of_a_mile,
            RoundingLevel::Batch,
            Some(RoundingLevel::Batch),
        );
        let day = [59, 240, 205, 16, 16, 25, -16, 0, 1500, 7, 20, 158];
        let batch = price(&terms(vec![miles]), &quantities(Basis::MilesGranted, &day)).unwrap();
        let lines: Vec<i64> = batch.lines.iter().map(|line| line.total_minor).collect();
        assert_eq!(lines, [3_629, 14_760, 12_608, 984, 984, 1_538, -984, 92_250, 431, 1_230, 9_717]);
        assert_eq!(batch.direction, Direction::BankPaysPartner);
        assert_eq!(
            (batch.rounding_minor, batch.net_minor, batch.vat_minor, batch.to_pay_minor),
            (-2, 137_145, 27_429, 164_574)
        );
        assert_eq!(batch.quantities, [2_230]);
    }

    #[test]
    fn a_retailer_pays_commission_and_its_share() {
        let commission = item(
            Basis::Turnover,
            Direction::PartnerPaysBank,
            (12, 1000),
            RoundingLevel::Line,
            Some(RoundingLevel::Line),
        );
        let share =
            item(Basis::StatementCreditShare, Direction::PartnerPaysBank, (1, 1), RoundingLevel::Line, None);
        let mut day = quantities(Basis::Turnover, &[1_234_567, 99_999, 100_000, 150_000, -100_000]);
        for (line, amount) in day.iter_mut().zip([30_000, 0, 3_000, 4_500, -3_000]) {
            line.set(Basis::StatementCreditShare, amount);
        }
        let batch = price(&terms(vec![commission, share]), &day).unwrap();
        let lines: Vec<i64> = batch.lines.iter().map(|line| line.total_minor).collect();
        assert_eq!(lines, [47_778, 1_440, 4_440, 6_660, -4_440]);
        assert_eq!(
            (batch.direction, batch.to_pay_minor, batch.rounding_minor),
            (Direction::PartnerPaysBank, 55_878, 0)
        );
    }

    #[test]
    fn both_directions_are_netted() {
        let bonus = item(
            Basis::BonusMiles,
            Direction::PartnerPaysBank,
            (70, 1),
            RoundingLevel::Line,
            Some(RoundingLevel::Line),
        );
        let share = item(Basis::TillShare, Direction::BankPaysPartner, (1, 1), RoundingLevel::Line, None);
        let mut line = Quantities::default();
        line.set(Basis::BonusMiles, 120);
        line.set(Basis::TillShare, 11_175);
        let batch = price(&terms(vec![bonus, share]), &[line]).unwrap();
        assert_eq!((batch.direction, batch.to_pay_minor), (Direction::BankPaysPartner, 1_095));
        assert_eq!(
            batch.lines[0].items[0],
            PricedItem { quantity: 120, net_minor: -8_400, vat_minor: -1_680 }
        );
    }

    #[test]
    fn movements_alone_have_no_fees_and_are_not_carried_forward() {
        let bonus = item(Basis::BonusMiles, Direction::PartnerPaysBank, (70, 1), RoundingLevel::Line, None);
        let fee = TermCharge {
            basis: Basis::FixedFee,
            every: Every::Cycle,
            direction: Direction::PartnerPaysBank,
            price: Ratio::ONE,
            rounding: Rounding::HalfUp,
            vat: None,
        };
        let terms = Terms { charges: vec![fee], minimum_payable: Some(1_000), ..terms(vec![bonus]) };
        let batch = price(&terms, &quantities(Basis::BonusMiles, &[2])).unwrap();
        assert_eq!((batch.net_minor, batch.to_pay_minor), (140, 140));
    }

    #[test]
    fn nothing_moved_is_an_empty_batch() {
        let bonus = item(Basis::BonusMiles, Direction::PartnerPaysBank, (70, 1), RoundingLevel::Line, None);
        let batch = price(&terms(vec![bonus]), &[Quantities::default()]).unwrap();
        assert_eq!((batch.lines.len(), batch.to_pay_minor), (0, 0));
    }
}

//! Settlement arithmetic: what the movements of a closed cycle cost, and who pays whom.
//!
//! Amounts are minor units of the terms' currency. Each item is rounded once, at its declared level: by line,
//! or for the whole batch with an explicit rounding amount, so that the rows still add up.

use crate::{
    Currency, DiscountMode, Effective, Funder, Item, MoneyError, PartnerId, ProgramId, Ratio, Rounding,
};

/// Who pays whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The bank pays the partner.
    BankPaysPartner,
    /// The partner pays the bank.
    PartnerPaysBank,
}

impl Direction {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::BankPaysPartner => "bank_pays_partner",
            Self::PartnerPaysBank => "partner_pays_bank",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::BankPaysPartner, Self::PartnerPaysBank].into_iter().find(|direction| direction.name() == text)
    }
}

/// What an item of the terms is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// All miles granted in the program, base and bonus, less claw-back; for the co-brand partner.
    MilesGranted,
    /// Bonus miles that this partner funds.
    BonusMiles,
    /// Net cleared turnover at this partner.
    Turnover,
    /// This partner's share of discounts that the bank paid first: what it credited to cardholders, and what it paid
    /// to other merchants that gave them at the till.
    StatementCreditShare,
    /// The share of others in discounts that this partner gave at the till. The bank pays it, also for a partner, which
    /// owes it to the bank.
    TillShare,
}

impl Basis {
    /// All, in the order of the columns of a file.
    pub const ALL: [Self; 5] =
        [Self::MilesGranted, Self::BonusMiles, Self::Turnover, Self::StatementCreditShare, Self::TillShare];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::MilesGranted => "miles_granted",
            Self::BonusMiles => "bonus_miles",
            Self::Turnover => "turnover",
            Self::StatementCreditShare => "statement_credit_share",
            Self::TillShare => "till_share",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == text)
    }

    /// Whether it counts miles; otherwise it counts minor units.
    pub fn is_miles(self) -> bool {
        matches!(self, Self::MilesGranted | Self::BonusMiles)
    }
}

/// Where an amount is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundingLevel {
    /// Each line; the total is the sum of rounded lines.
    Line,
    /// The whole batch; lines are shown rounded and a rounding amount makes them add up.
    Batch,
}

/// Value added tax on an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vat {
    /// The rate, such as 20/100.
    pub rate: Ratio,
    /// `Line`: on each line. `Batch`: once on the item's net in the document.
    pub level: RoundingLevel,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
}

/// One item of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermItem {
    /// What is paid for.
    pub basis: Basis,
    /// Who pays for a positive quantity.
    pub direction: Direction,
    /// Minor units for each unit of the basis.
    pub price: Ratio,
    /// How fractions of a minor unit are rounded.
    pub rounding: Rounding,
    /// Where they are rounded.
    pub level: RoundingLevel,
    /// Value added tax, if any.
    pub vat: Option<Vat>,
}

/// The terms of settlement between the bank and one partner for one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The partner.
    pub partner: PartnerId,
    /// The program.
    pub program: ProgramId,
    /// The currency of the settlement.
    pub currency: Currency,
    /// The business dates for which they hold.
    pub effective: Effective,
    /// What is paid for.
    pub items: Vec<TermItem>,
}

/// What one message moved, as far as one partner is concerned: a quantity for each [`Basis`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quantities([i64; 5]);

impl Quantities {
    /// The quantity of one basis.
    pub fn of(&self, basis: Basis) -> i64 {
        let [miles, bonus, turnover, credit, till] = self.0;
        match basis {
            Basis::MilesGranted => miles,
            Basis::BonusMiles => bonus,
            Basis::Turnover => turnover,
            Basis::StatementCreditShare => credit,
            Basis::TillShare => till,
        }
    }

    /// Adds a posted movement; `cobrand` says whether `partner` is the program's co-brand partner.
    pub fn add(&mut self, item: &Item, amount: i64, partner: PartnerId, cobrand: bool) {
        let [miles, bonus, turnover, credit, till] = &mut self.0;
        match item {
            Item::Base if cobrand => *miles += amount,
            // The partner that keeps the miles is paid for those that it has taken and not given back.
            Item::Refused | Item::WrittenOff { .. } if cobrand => *miles += amount,
            Item::Bonus { funder, .. } => {
                *miles += if cobrand { amount } else { 0 };
                *bonus += if *funder == Funder::Partner(partner) { amount } else { 0 };
            }
            Item::Turnover(at) if *at == partner => *turnover += amount,
            Item::Discount { mode: DiscountMode::StatementCredit, funder, .. }
                if *funder == Funder::Partner(partner) =>
            {
                *credit += amount;
            }
            Item::Discount { mode: DiscountMode::AtTill, funder, partner: at } => {
                let ours = *funder == Funder::Partner(partner);
                *credit += if ours && *at != partner { amount } else { 0 };
                *till += if !ours && *at == partner { amount } else { 0 };
            }
            _ => {}
        }
    }
}

/// The price of one item on one line, as the payer named in the batch's direction sees it.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// The index of the quantities that it prices.
    pub index: usize,
    /// The items.
    pub items: Vec<PricedItem>,
    /// Net and tax of all items.
    pub total_minor: i64,
}

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

/// Prices the movements of one cycle for one partner.
pub fn price(terms: &Terms, movements: &[Quantities]) -> Result<PricedBatch, MoneyError> {
    let mut batch = PricedBatch {
        direction: Direction::PartnerPaysBank,
        lines: Vec::new(),
        rounding_minor: 0,
        net_minor: 0,
        vat_minor: 0,
        document_vat_minor: 0,
        to_pay_minor: 0,
        quantities: Vec::new(),
    };
    for (index, quantities) in movements.iter().enumerate() {
        batch.lines.extend(price_line(terms, index, quantities)?);
    }
    for (position, item) in terms.items.iter().enumerate() {
        close_item(&mut batch, position, item)?;
    }
    batch.to_pay_minor = add(batch.net_minor, batch.vat_minor)?;
    if batch.to_pay_minor < 0 || (batch.to_pay_minor == 0 && pays_bank_first(terms)) {
        turn(&mut batch);
    }
    Ok(batch)
}

/// Amounts here are positive if the partner pays the bank.
fn price_line(
    terms: &Terms,
    index: usize,
    quantities: &Quantities,
) -> Result<Option<PricedLine>, MoneyError> {
    if terms.items.iter().all(|item| quantities.of(item.basis) == 0) {
        return Ok(None);
    }
    let (mut items, mut total) = (Vec::with_capacity(terms.items.len()), 0);
    for item in &terms.items {
        let quantity = quantities.of(item.basis);
        let net_minor = signed(item, item.price.of(quantity, item.rounding)?);
        let vat_minor = match item.vat {
            Some(vat) if vat.level == RoundingLevel::Line => vat.rate.of(net_minor, vat.rounding)?,
            _ => 0,
        };
        total = add(total, add(net_minor, vat_minor)?)?;
        items.push(PricedItem { quantity, net_minor, vat_minor });
    }
    Ok(Some(PricedLine { index, items, total_minor: total }))
}

fn close_item(batch: &mut PricedBatch, position: usize, item: &TermItem) -> Result<(), MoneyError> {
    let (mut quantity, mut lines, mut vat) = (0, 0, 0);
    for priced in batch.lines.iter().filter_map(|line| line.items.get(position)) {
        quantity = add(quantity, priced.quantity)?;
        lines = add(lines, priced.net_minor)?;
        vat = add(vat, priced.vat_minor)?;
    }
    let net = match item.level {
        RoundingLevel::Line => lines,
        RoundingLevel::Batch => signed(item, item.price.of(quantity, item.rounding)?),
    };
    let document_vat = match item.vat {
        Some(vat) if vat.level == RoundingLevel::Batch => vat.rate.of(net, vat.rounding)?,
        _ => 0,
    };
    batch.quantities.push(quantity);
    batch.rounding_minor = add(batch.rounding_minor, net - lines)?;
    batch.net_minor = add(batch.net_minor, net)?;
    batch.document_vat_minor = add(batch.document_vat_minor, document_vat)?;
    batch.vat_minor = add(batch.vat_minor, add(vat, document_vat)?)?;
    Ok(())
}

fn signed(item: &TermItem, amount: i64) -> i64 {
    if item.direction == Direction::PartnerPaysBank { amount } else { -amount }
}

fn add(a: i64, b: i64) -> Result<i64, MoneyError> {
    a.checked_add(b).ok_or(MoneyError::Overflow)
}

/// A batch in which nothing is owed is shown in the direction of its first item.
fn pays_bank_first(terms: &Terms) -> bool {
    terms.items.first().is_some_and(|item| item.direction == Direction::BankPaysPartner)
}

fn turn(batch: &mut PricedBatch) {
    batch.direction = Direction::BankPaysPartner;
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
    batch.to_pay_minor = -batch.to_pay_minor;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partner_is_owed_or_owes_its_part_of_a_discount() {
        let (shop, other) = (PartnerId(2), PartnerId(3));
        for (mode, of_shop, of_other) in [
            // The bank credited 60: it is owed 30 by the shop and 10 by the other.
            (DiscountMode::StatementCredit, (30, 0), (10, 0)),
            // The shop gave 60: it gets 20 of the bank and 10 of the other, which owes these to the bank.
            (DiscountMode::AtTill, (0, 30), (10, 0)),
        ] {
            for (partner, expected) in [(shop, of_shop), (other, of_other)] {
                let mut quantities = Quantities::default();
                for (funder, amount) in
                    [(Funder::Partner(shop), 30), (Funder::Partner(other), 10), (Funder::Bank, 20)]
                {
                    let item = Item::Discount { mode, funder, partner: shop };
                    quantities.add(&item, amount, partner, false);
                }
                let owed = (quantities.of(Basis::StatementCreditShare), quantities.of(Basis::TillShare));
                assert_eq!(owed, expected, "{mode:?} {partner}");
            }
        }
    }

    fn item(
        basis: Basis,
        direction: Direction,
        price: (u64, u64),
        level: RoundingLevel,
        vat: Option<RoundingLevel>,
    ) -> TermItem {
        let rate = Ratio::new(20, 100).unwrap();
        TermItem {
            basis,
            direction,
            price: Ratio::new(price.0, price.1).unwrap(),
            rounding: Rounding::HalfUp,
            level,
            vat: vat.map(|level| Vat { rate, level, rounding: Rounding::HalfUp }),
        }
    }

    fn terms(items: Vec<TermItem>) -> Terms {
        let (partner, program) = (PartnerId(1), ProgramId(1));
        Terms { partner, program, currency: Currency(643), effective: Effective::default(), items }
    }

    fn quantities(basis: Basis, amounts: &[i64]) -> Vec<Quantities> {
        let position = Basis::ALL.iter().position(|other| *other == basis).unwrap();
        amounts
            .iter()
            .map(|amount| {
                let mut quantities = Quantities::default();
                quantities.0[position] = *amount;
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
            line.0[3] = amount;
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
        line.0[1] = 120;
        line.0[4] = 11_175;
        let batch = price(&terms(vec![bonus, share]), &[line]).unwrap();
        assert_eq!((batch.direction, batch.to_pay_minor), (Direction::BankPaysPartner, 1_095));
        assert_eq!(
            batch.lines[0].items[0],
            PricedItem { quantity: 120, net_minor: -8_400, vat_minor: -1_680 }
        );
    }

    #[test]
    fn nothing_moved_is_an_empty_batch() {
        let bonus = item(Basis::BonusMiles, Direction::PartnerPaysBank, (70, 1), RoundingLevel::Line, None);
        let batch = price(&terms(vec![bonus]), &[Quantities::default()]).unwrap();
        assert_eq!((batch.lines.len(), batch.to_pay_minor), (0, 0));
    }
}

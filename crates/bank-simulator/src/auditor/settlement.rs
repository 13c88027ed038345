//! What the movements cost, and who pays whom.

use std::collections::BTreeMap;

use super::{
    agreement::{AgreedProgram, CoBrandTerms, MerchantTerms, Ratio, Rounding, Vat, VatLevel},
    arithmetic::{at_price, half_up},
    booking::Movement,
    findings::{Direction, Line, Position},
};

pub(super) fn settle(program: &AgreedProgram, movements: &[Movement<'_>]) -> BTreeMap<String, Position> {
    let co_brand = (program.co_brand.partner.clone(), co_brand(&program.co_brand, movements));
    let merchants = program.merchants.iter().map(|terms| {
        let position = merchant(program, terms, movements);
        (terms.partner.clone(), position)
    });
    std::iter::once(co_brand).chain(merchants).collect()
}

/// The bank buys every mile that was granted.
fn co_brand(terms: &CoBrandTerms, movements: &[Movement<'_>]) -> Position {
    let mut lines = Vec::new();
    for movement in movements {
        let miles = movement.moved.miles();
        if miles != 0 {
            lines.push(Line { miles, ..line(movement) });
        }
    }
    let fee = Fee { price: Some(terms.per_mile), rounding: terms.rounding, vat: terms.vat };
    let sum = fee.charge(&mut lines, |line| line.miles);
    position(Direction::BankPaysPartner, sum, lines)
}

/// The partner buys the bonus miles that it funds and pays a commission; discounts are shared.
fn merchant(program: &AgreedProgram, terms: &MerchantTerms, movements: &[Movement<'_>]) -> Position {
    let mut lines = Vec::new();
    for movement in movements {
        let at_home = movement.merchant.as_ref() == Some(&terms.partner);
        let funded = program.bonuses.iter().zip(&movement.moved.bonuses);
        let funded =
            funded.filter(|(bonus, _)| bonus.funder == terms.partner && terms.per_bonus_mile.is_some());
        let miles = funded.map(|(_, miles)| miles).sum();
        let turnover = if at_home { movement.moved.turnover } else { 0 };
        let share = if at_home { share(movement) } else { 0 };
        let has_commission = turnover != 0 && terms.commission.is_some();
        if miles != 0 || has_commission || share != 0 {
            lines.push(Line { miles, turnover, share, total: share, ..line(movement) });
        }
    }
    let fee = |price| Fee { price, rounding: terms.rounding, vat: terms.vat };
    let miles = fee(terms.per_bonus_mile).charge(&mut lines, |line| line.miles);
    let commission = fee(terms.commission).charge(&mut lines, |line| line.turnover);
    let sum = Sum {
        net: miles.net + commission.net + lines.iter().map(|line| line.share).sum::<i128>(),
        vat: miles.vat + commission.vat,
        rounding: miles.rounding + commission.rounding,
    };
    position(Direction::PartnerPaysBank, sum, lines)
}

/// Of a statement credit the merchant owes its share to the bank; at the till the merchant has given all of
/// it, and the bank owes the rest.
fn share(movement: &Movement<'_>) -> i128 {
    let moved = &movement.moved;
    if moved.at_till == 0 { moved.merchant_share } else { moved.merchant_share - moved.at_till }
}

fn line(movement: &Movement<'_>) -> Line {
    let message = movement.message;
    Line {
        mti: message.first_mti(),
        stan: message.stan.clone(),
        retrieval: message.retrieval.clone(),
        miles: 0,
        turnover: 0,
        fee: 0,
        vat: 0,
        share: 0,
        total: 0,
    }
}

/// One service and its price.
struct Fee {
    price: Option<Ratio>,
    rounding: Rounding,
    vat: Vat,
}

/// What all lines of a service come to.
struct Sum {
    net: i128,
    vat: i128,
    rounding: i128,
}

impl Fee {
    /// Adds this service to each line and returns what it comes to.
    fn charge(&self, lines: &mut [Line], quantity: fn(&Line) -> i128) -> Sum {
        let Some(price) = self.price else { return Sum { net: 0, vat: 0, rounding: 0 } };
        let (mut fees, mut taxes, mut quantities) = (0, 0, 0);
        for line in lines {
            let fee = at_price(quantity(line), price);
            let tax = if self.vat.level == VatLevel::Line { self.tax(fee) } else { 0 };
            line.fee += fee;
            line.vat += tax;
            line.total += fee + tax;
            fees += fee;
            taxes += tax;
            quantities += quantity(line);
        }
        let net = if self.rounding == Rounding::Batch { at_price(quantities, price) } else { fees };
        let vat = if self.vat.level == VatLevel::Document { self.tax(net) } else { taxes };
        Sum { net, vat, rounding: net - fees }
    }

    fn tax(&self, fee: i128) -> i128 {
        half_up(fee, self.vat.percent, 100)
    }
}

/// Turns the sum so that it is not negative.
fn position(natural: Direction, sum: Sum, lines: Vec<Line>) -> Position {
    let to_pay = sum.net + sum.vat;
    let (direction, sign) = if to_pay < 0 { (natural.opposite(), -1) } else { (natural, 1) };
    Position {
        direction,
        net_minor: sign * sum.net,
        vat_minor: sign * sum.vat,
        to_pay_minor: sign * to_pay,
        rounding_minor: sum.rounding,
        miles: lines.iter().map(|line| line.miles).sum(),
        lines,
    }
}

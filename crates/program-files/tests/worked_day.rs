//! The worked day: its program is read from the sample and gives every number to the kopeck.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use domain::settlement::{Direction, PricedBatch, Quantities, price};
use domain::{Amounts, AwardInput, DiscountMode, Funder, Item, PartnerId, Till, award};
use jiff::civil::date;
use program_files::ProgramFile;
use support::{AIRBOREAL, KOSTA, SKYFUEL};

/// One booked line: base, bonus, discount and the merchant's share of it.
type Line = [i64; 4];

/// A purchase of the day with its presentments and refunds, in kopecks.
struct Purchase {
    partner: Option<PartnerId>,
    mcc: u16,
    till: Option<Till>,
    earned_before: i64,
    moves: &'static [i64],
    lines: &'static [Line],
}

const fn purchase(
    partner: Option<PartnerId>,
    mcc: u16,
    moves: &'static [i64],
    lines: &'static [Line],
) -> Purchase {
    Purchase { partner, mcc, till: None, earned_before: 0, moves, lines }
}

fn day() -> Vec<Purchase> {
    let till = Some(Till { original_minor: 745_000, discount_minor: 22_350 });
    vec![
        purchase(None, 5411, &[359_999], &[[59, 0, 0, 0]]),
        Purchase {
            till,
            earned_before: 59,
            ..purchase(Some(SKYFUEL), 5541, &[722_650], &[[120, 120, 22_350, 11_175]])
        },
        purchase(Some(KOSTA), 5411, &[1_234_567], &[[205, 0, 50_000, 30_000]]),
        Purchase { earned_before: 205, ..purchase(Some(KOSTA), 5411, &[99_999], &[[16, 0, 0, 0]]) },
        purchase(
            Some(KOSTA),
            5411,
            &[100_000, 150_000, -100_000],
            &[[16, 0, 5_000, 3_000], [25, 0, 7_500, 4_500], [-16, 0, -5_000, -3_000]],
        ),
        purchase(None, 6011, &[1_000_000], &[[0; 4]]),
        purchase(None, 5732, &[20_000_000], &[[1_500, 0, 0, 0]]),
        Purchase { earned_before: 299, ..purchase(None, 5814, &[45_000], &[[7, 0, 0, 0]]) },
        purchase(None, 5411, &[123_456], &[[20, 0, 0, 0]]),
        Purchase { earned_before: 20, ..purchase(None, 7011, &[950_000], &[[158, 0, 0, 0]]) },
    ]
}

/// What each presentment or refund of a purchase books: the difference to the new target.
fn book(file: &ProgramFile, purchase: &Purchase) -> Vec<Vec<(Item, i64)>> {
    let (mut booked, mut cleared, mut refunded) = (Amounts::none(), 0, 0);
    let mut lines = Vec::new();
    for amount in purchase.moves {
        *(if *amount > 0 { &mut cleared } else { &mut refunded }) += amount.unsigned_abs();
        let input = AwardInput {
            net_minor: cleared - refunded,
            partner: purchase.partner,
            mcc: Some(purchase.mcc),
            date: date(2026, 10, 10),
            is_purchase: true,
            tier: 0,
            may_offer_till: false,
            till: purchase.till,
            cleared_minor: cleared,
            granted_elsewhere: purchase.earned_before,
            granted_here: 0,
            birthday: None,
            time: None,
            miles_minor: 0,
        };
        let target = award(&file.program, &input).unwrap().amounts;
        lines.push(target.difference_to(&booked));
        booked = target;
    }
    lines
}

fn line(items: &[(Item, i64)]) -> Line {
    let mut line = [0; 4];
    for (item, amount) in items {
        match item {
            Item::Base => line[0] += amount,
            Item::Bonus { .. } => line[1] += amount,
            Item::Discount { funder, .. } => {
                line[2] += amount;
                line[3] += if *funder == Funder::Bank { 0 } else { *amount };
            }
            _ => {}
        }
    }
    line
}

fn batch(file: &ProgramFile, partner: PartnerId) -> PricedBatch {
    let mut movements = Vec::new();
    for items in day().iter().flat_map(|purchase| book(file, purchase)) {
        let mut quantities = Quantities::default();
        for (item, amount) in &items {
            quantities.add(item, *amount, partner, partner == file.program.cobrand_partner);
        }
        movements.push(quantities);
    }
    let terms = file.terms.iter().find(|terms| terms.partner == partner).unwrap();
    price(terms, &movements).unwrap()
}

fn totals(batch: &PricedBatch) -> Vec<i64> {
    batch.lines.iter().map(|line| line.total_minor).collect()
}

#[test]
fn every_line_is_booked_as_worked_out() {
    let file = support::boreal_gold();
    for (number, purchase) in day().iter().enumerate() {
        let lines: Vec<Line> = book(&file, purchase).iter().map(|items| line(items)).collect();
        assert_eq!(lines, purchase.lines, "purchase {number}");
    }
}

#[test]
fn the_till_is_asked_for_the_reduced_amount() {
    let file = support::boreal_gold();
    let input = AwardInput {
        net_minor: 745_000,
        partner: Some(SKYFUEL),
        mcc: Some(5541),
        date: date(2026, 10, 10),
        is_purchase: true,
        tier: 0,
        may_offer_till: true,
        till: None,
        cleared_minor: 0,
        granted_elsewhere: 59,
        granted_here: 0,
        birthday: None,
        time: None,
        miles_minor: 0,
    };
    let amounts = award(&file.program, &input).unwrap().amounts;
    let share =
        |funder| amounts.amount(&Item::Discount { mode: DiscountMode::AtTill, funder, partner: SKYFUEL });
    assert_eq!((share(Funder::Bank), share(Funder::Partner(SKYFUEL))), (11_175, 11_175));
}

#[test]
fn the_airline_is_paid_for_its_miles() {
    let batch = batch(&support::boreal_gold(), AIRBOREAL);
    assert_eq!(totals(&batch), [3_629, 14_760, 12_608, 984, 984, 1_538, -984, 92_250, 431, 1_230, 9_717]);
    assert_eq!(batch.direction, Direction::BankPaysPartner);
    assert_eq!((batch.rounding_minor, batch.net_minor, batch.vat_minor), (-2, 137_145, 27_429));
    assert_eq!((batch.to_pay_minor, batch.quantities[0]), (164_574, 2_230));
}

#[test]
fn the_retailer_pays_commission_and_its_share() {
    let batch = batch(&support::boreal_gold(), KOSTA);
    assert_eq!(totals(&batch), [47_778, 1_440, 4_440, 6_660, -4_440]);
    let columns: Vec<[i64; 4]> = batch
        .lines
        .iter()
        .map(|line| {
            let (commission, share) = (line.items[0], line.items[1]);
            [commission.quantity, commission.net_minor, commission.vat_minor, share.net_minor]
        })
        .collect();
    assert_eq!(
        columns,
        [
            [1_234_567, 14_815, 2_963, 30_000],
            [99_999, 1_200, 240, 0],
            [100_000, 1_200, 240, 3_000],
            [150_000, 1_800, 360, 4_500],
            [-100_000, -1_200, -240, -3_000],
        ]
    );
    assert_eq!((batch.direction, batch.to_pay_minor), (Direction::PartnerPaysBank, 55_878));
}

#[test]
fn the_fuel_company_is_netted() {
    let batch = batch(&support::boreal_gold(), SKYFUEL);
    let (bonus, share) = (batch.lines[0].items[0], batch.lines[0].items[1]);
    assert_eq!((bonus.quantity, bonus.net_minor, bonus.vat_minor), (120, -8_400, -1_680));
    assert_eq!((share.quantity, share.net_minor), (11_175, 11_175));
    assert_eq!((batch.direction, batch.to_pay_minor), (Direction::BankPaysPartner, 1_095));
}

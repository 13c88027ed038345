//! Batches that follow one another under one set of terms, with every row in exact numbers.

use proptest::prelude::*;

use crate::settlement::{
    Basis, BatchClosing, BatchFold, BatchOpening, ClosingRow, Direction, Every, PrepaidBlocks, PriceTier,
    Quantities, RoundingLevel, TermCharge, TermItem, Terms, Vat,
};
use crate::{Currency, MoneyError, PartnerId, ProgramId, Ratio, Rounding};

fn ratio(upper: u64, lower: u64) -> Ratio {
    Ratio::new(upper, lower).unwrap()
}

fn vat(level: RoundingLevel) -> Option<Vat> {
    Some(Vat { rate: ratio(20, 100), level, rounding: Rounding::HalfUp })
}

/// A station pays 0.70 and tax for each bonus mile.
fn bonus() -> TermItem {
    TermItem {
        price: ratio(70, 1),
        vat: vat(RoundingLevel::Line),
        ..TermItem::whole(Basis::BonusMiles, Direction::PartnerPaysBank)
    }
}

/// A mile costs the bank 0.615, rounded by batch, with the tax on the document.
fn granted() -> TermItem {
    TermItem {
        price: ratio(615, 10),
        level: RoundingLevel::Batch,
        vat: vat(RoundingLevel::Batch),
        ..TermItem::whole(Basis::MilesGranted, Direction::BankPaysPartner)
    }
}

fn fee(basis: Basis, every: Every, price: u64) -> TermCharge {
    TermCharge {
        basis,
        every,
        direction: Direction::PartnerPaysBank,
        price: ratio(price, 1),
        rounding: Rounding::HalfUp,
        vat: vat(RoundingLevel::Line),
    }
}

fn terms(items: Vec<TermItem>) -> Terms {
    Terms::new(PartnerId(1), ProgramId(1), Currency(643), items)
}

/// What the next batch of the same month begins with.
fn next(closing: &BatchClosing) -> BatchOpening {
    BatchOpening {
        balance_minor: closing.closing_minor,
        to_date: closing.to_date.clone(),
        prepaid: closing.prepaid.clone(),
        ..BatchOpening::default()
    }
}

/// Prices lines of one basis; the sum of the lines' totals, and what the batch comes to.
fn batch(
    terms: &Terms,
    opening: BatchOpening,
    basis: Basis,
    amounts: &[i64],
) -> Result<(i64, BatchClosing), MoneyError> {
    let mut fold = BatchFold::new(terms, opening);
    let mut lines = 0;
    for amount in amounts {
        let mut quantities = Quantities::default();
        quantities.set(basis, *amount);
        lines += fold.line(&quantities)?.map_or(0, |line| line.total_minor);
    }
    Ok((lines, fold.close()?))
}

/// The rows as text: what stands after the lines.
fn rows(closing: &BatchClosing) -> Vec<String> {
    let text = |row: &ClosingRow| match row {
        ClosingRow::Charge { basis, minimum, quantity, net_minor, vat_minor } => {
            let what = if *minimum { "minimum" } else { "fee" };
            format!("CH {} {what} {quantity} {net_minor} {vat_minor}", basis.name())
        }
        ClosingRow::Prepaid { basis, opening, drawn, closing, net_minor, vat_minor } => {
            format!("PP {} {opening}-{drawn}={closing} {net_minor} {vat_minor}", basis.name())
        }
        ClosingRow::Rounding { amount_minor } => format!("RD {amount_minor}"),
        ClosingRow::DocumentVat { amount_minor } => format!("VD {amount_minor}"),
        ClosingRow::CarryForward { amount_minor } => format!("CF {amount_minor}"),
    };
    closing.rows.iter().map(text).collect()
}

/// A day: its lines, the rows after them, and what the bank receives (less than nothing: pays).
type Expected<'a> = (&'a [i64], &'a [&'a str], i64);

/// Prices days one after the other; the first opening is given, the others follow.
fn check(terms: &Terms, basis: Basis, first: BatchOpening, days: &[Expected<'_>]) -> BatchClosing {
    let mut opening = first;
    let mut last = None;
    for (number, (amounts, expected, received)) in days.iter().enumerate() {
        let last_of_month = opening.last_of_month;
        let (_, closing) = batch(terms, opening, basis, amounts).unwrap();
        assert_eq!(rows(&closing), *expected, "day {number}");
        let sign = if closing.direction == Direction::PartnerPaysBank { 1 } else { -1 };
        assert_eq!(sign * closing.to_pay_minor, *received, "day {number}");
        opening = BatchOpening { last_of_month, ..next(&closing) };
        last = Some(closing);
    }
    last.unwrap()
}

#[test]
fn less_than_the_minimum_is_carried_forward_in_either_direction() {
    let terms = Terms { minimum_payable: Some(1_000), ..terms(vec![bonus()]) };
    let first = BatchOpening::default();
    check(
        &terms,
        Basis::BonusMiles,
        first.clone(),
        &[
            // 10 miles are 8.40 with tax.
            (&[10], &["CF 840"], 0),
            (&[], &["CF 840"], 0),
            (&[2], &[], 1_008),
            (&[-11], &["CF -924"], 0),
            (&[-1], &[], -1_008),
            // What is carried may come to nothing: then there is no row.
            (&[5], &["CF 420"], 0),
            (&[-5], &[], 0),
        ],
    );
    // Exactly the minimum is paid.
    let exact = Terms { minimum_payable: Some(840), ..terms.clone() };
    check(&exact, Basis::BonusMiles, first, &[(&[10], &[], 840)]);
    // Nothing follows: nothing is left behind.
    let last = BatchOpening { balance_minor: 300, last_of_terms: true, ..BatchOpening::default() };
    check(&terms, Basis::BonusMiles, last, &[(&[1], &[], 384)]);
}

#[test]
fn tiers_count_the_month_and_refunds_walk_back() {
    let tiered = TermItem {
        tiers: vec![
            PriceTier { above: 100, price: ratio(50, 1) },
            PriceTier { above: 200, price: ratio(10, 1) },
        ],
        vat: None,
        ..bonus()
    };
    let closing = check(
        &terms(vec![tiered]),
        Basis::BonusMiles,
        BatchOpening::default(),
        &[
            (&[90, 20], &[], 7_000 + 500),
            (&[100], &[], 90 * 50 + 10 * 10),
            (&[-20, -100], &[], -(10 * 10 + 10 * 50) - (90 * 50 + 10 * 70)),
            (&[5], &[], 350),
        ],
    );
    assert_eq!((closing.to_date[0].quantity, closing.to_date[0].net_minor), (95, 6_650));
}

#[test]
fn tiers_are_rounded_at_their_level() {
    let tiered = TermItem { tiers: vec![PriceTier { above: 3, price: ratio(333, 10) }], ..granted() };
    // Lines of 61.5, 123 and 33.3 show 62, 123 and 33; the batch is 217.8. The next is 66.6 for two lines of 33.
    let closing = check(
        &terms(vec![tiered.clone()]),
        Basis::MilesGranted,
        BatchOpening::default(),
        &[(&[1, 2, 1], &["VD 44"], -262), (&[1, 1], &["RD 1", "VD 13"], -80)],
    );
    assert_eq!(closing.to_date[0].net_minor, 218 + 67);
}

#[test]
fn a_minimum_is_topped_up_on_the_last_cycle_of_the_month() {
    let least = TermItem { minimum_minor: Some(10_000), ..bonus() };
    let of_document = TermItem { minimum_minor: Some(10_000), ..granted() };
    let last = |net_minor| BatchOpening {
        to_date: vec![crate::settlement::ToDate { quantity: 0, net_minor }],
        last_of_month: true,
        ..BatchOpening::default()
    };
    let by_line = terms(vec![least]);
    for (before, amounts, row, received) in [
        (2_000, &[100_i64][..], Some("CH bonus_miles minimum 0 1000 200"), 8_400 + 1_200),
        (3_000, &[100], None, 8_400),
        (0, &[], Some("CH bonus_miles minimum 0 10000 2000"), 12_000),
        // Refunds of the month before do not lower the minimum.
        (0, &[-10], Some("CH bonus_miles minimum 0 10700 2140"), -840 + 12_840),
    ] {
        let row: Vec<&str> = row.into_iter().collect();
        check(&by_line, Basis::BonusMiles, last(before), &[(amounts, &row, received)]);
    }
    let not_last = BatchOpening::default();
    check(&by_line, Basis::BonusMiles, not_last, &[(&[10], &[], 840)]);
    // The bank pays: its minimum is negative in no direction but its own, and the tax is that of the document.
    let expected: Expected<'_> = (&[101], &["CH miles_granted minimum 0 3788 0", "VD 2000"], -12_000);
    let closing = check(&terms(vec![of_document]), Basis::MilesGranted, last(0), &[expected]);
    assert_eq!((closing.net_minor, closing.to_date[0].net_minor), (10_000, 6_212));
}

#[test]
fn fees_come_by_card_by_cycle_and_by_month() {
    let terms = Terms {
        charges: vec![
            fee(Basis::NewCards, Every::Unit, 30_000),
            TermCharge { vat: vat(RoundingLevel::Batch), ..fee(Basis::FixedFee, Every::Cycle, 1_001) },
        ],
        ..terms(vec![granted()])
    };
    let monthly = Terms { charges: vec![fee(Basis::FixedFee, Every::Month, 500_000)], ..terms.clone() };
    let mut fold = BatchFold::new(&terms, BatchOpening::default());
    for quantity in [1, 1] {
        let card = fold.charge(Basis::NewCards, quantity).unwrap().unwrap();
        // The bank pays for miles first, so what the partner pays is negative.
        assert_eq!((card.quantity, card.net_minor, card.vat_minor), (1, -30_000, -6_000));
    }
    assert_eq!(fold.charge(Basis::Turnover, 1), Ok(None));
    let closing = fold.close().unwrap();
    assert_eq!(rows(&closing), ["CH fixed_fee fee 1 -1001 0", "VD -200"]);
    assert_eq!((closing.charges, closing.net_minor, closing.vat_minor), (3, -61_001, -12_200));
    assert_eq!((closing.direction, closing.to_pay_minor), (Direction::PartnerPaysBank, 73_201));

    let mut month = BatchOpening::default();
    check(&monthly, Basis::MilesGranted, month.clone(), &[(&[], &[], 0)]);
    month.last_of_month = true;
    check(&monthly, Basis::MilesGranted, month, &[(&[], &["CH fixed_fee fee 1 -500000 -100000"], 600_000)]);
    let without = BatchFold::new(&monthly, BatchOpening::default()).charge(Basis::NewCards, 1);
    assert_eq!(without, Ok(None));
}

#[test]
fn a_prepaid_block_is_used_up_and_the_rest_is_paid() {
    let prepaid = TermItem { prepaid: Some(PrepaidBlocks { reorder_at: 20 }), ..bonus() };
    let terms_of = terms(vec![prepaid.clone()]);
    let block = |units| BatchOpening { prepaid: vec![Some(units)], ..BatchOpening::default() };
    let closing = check(
        &terms_of,
        Basis::BonusMiles,
        block(100),
        &[
            (&[50], &["PP bonus_miles 100-50=50 -3500 -700"], 0),
            (&[-10], &["PP bonus_miles 50--10=60 700 140"], 0),
            (&[70], &["PP bonus_miles 60-60=0 -4200 -840"], 840),
            (&[1, 1], &["PP bonus_miles 0-0=0 0 0"], 168),
            // What comes back goes into the block, and no money moves.
            (&[-5], &["PP bonus_miles 0--5=5 350 70"], 0),
        ],
    );
    assert_eq!((closing.prepaid, closing.reorder), (vec![Some(5)], vec![Basis::BonusMiles]));
    let (_, enough) = batch(&terms_of, block(100), Basis::BonusMiles, &[79]).unwrap();
    assert_eq!((enough.prepaid, enough.reorder), (vec![Some(21)], vec![]));
    // Nothing was ever bought: all is paid afterwards.
    check(&terms_of, Basis::BonusMiles, BatchOpening::default(), &[(&[10], &[], 840)]);

    // Rounding and the document's tax go with what is covered.
    let by_batch = TermItem { prepaid: Some(PrepaidBlocks { reorder_at: 0 }), ..granted() };
    check(
        &terms(vec![by_batch]),
        Basis::MilesGranted,
        block(10),
        &[
            (&[1, 1, 1], &["PP miles_granted 10-3=7 -185 -37", "RD -1", "VD 37"], 0),
            (&[8], &["PP miles_granted 7-7=0 -431 -86", "VD 98"], -(492 - 431 + 98 - 86)),
        ],
    );
}

#[test]
fn a_block_takes_off_no_more_than_the_lines_came_to() {
    // Rounded by line, miles one by one cost nothing (0.4) or one (0.6), and as one amount something else.
    for (price, mode, row, received) in [
        (4, Rounding::HalfUp, "PP bonus_miles 4-4=0 0 0", 0),
        (9, Rounding::Floor, "PP bonus_miles 4-4=0 0 0", 0),
        (6, Rounding::HalfUp, "PP bonus_miles 4-4=0 -2 0", 3),
    ] {
        let small = TermItem {
            price: ratio(price, 10),
            rounding: mode,
            prepaid: Some(PrepaidBlocks { reorder_at: 0 }),
            ..bonus()
        };
        let block = BatchOpening { prepaid: vec![Some(4)], ..BatchOpening::default() };
        check(&terms(vec![small]), Basis::BonusMiles, block, &[(&[1, 1, 1, 1, 1], &[row], received)]);
    }
    // The tax of lines that each have none.
    let taxed = TermItem { price: ratio(2, 1), prepaid: Some(PrepaidBlocks { reorder_at: 0 }), ..bonus() };
    let block = BatchOpening { prepaid: vec![Some(4)], ..BatchOpening::default() };
    let row = "PP bonus_miles 4-4=0 -8 0";
    check(&terms(vec![taxed]), Basis::BonusMiles, block, &[(&[1, 1, 1, 1, 1], &[row], 2)]);
}

#[test]
fn money_of_another_currency_needs_a_rate() {
    let commission =
        TermItem { price: ratio(12, 1000), ..TermItem::whole(Basis::Turnover, Direction::PartnerPaysBank) };
    let terms = Terms { rates: Some("cbr".into()), ..terms(vec![commission, bonus()]) };
    let at = |rate| BatchOpening { rate, ..BatchOpening::default() };
    let rate = Some(ratio(108_108, 10_000_000));
    check(&terms, Basis::Turnover, at(rate), &[(&[1_234_567], &[], 160)]);
    // The price of a mile is in the currency of the terms.
    check(&terms, Basis::BonusMiles, at(rate), &[(&[10], &[], 840)]);
    assert_eq!(batch(&terms, at(None), Basis::Turnover, &[1]), Err(MoneyError::NoRate));
}

#[test]
fn what_leaves_64_bits_is_an_error() {
    let opening = BatchOpening { balance_minor: i64::MAX, ..BatchOpening::default() };
    let found = batch(&terms(vec![bonus()]), opening, Basis::BonusMiles, &[1]);
    assert_eq!(found, Err(MoneyError::Overflow));
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let level = || prop_oneof![Just(RoundingLevel::Line), Just(RoundingLevel::Batch)];
    let direction = prop_oneof![Just(Direction::BankPaysPartner), Just(Direction::PartnerPaysBank)];
    let item = (level(), level(), direction, 1_u64..900, any::<[bool; 4]>());
    (item, prop::option::of(1_i64..5_000)).prop_map(
        |((level, tax, direction, price, with), minimum_payable)| {
            let [tiered, least, prepaid, taxed] = with;
            let tier = PriceTier { above: 50, price: ratio(price, 20) };
            let item = TermItem {
                price: ratio(price, 10),
                tiers: if tiered { vec![tier] } else { Vec::new() },
                level,
                vat: if taxed { vat(tax) } else { None },
                minimum_minor: least.then_some(3_000),
                prepaid: prepaid.then_some(PrepaidBlocks { reorder_at: 10 }),
                ..TermItem::whole(Basis::BonusMiles, direction)
            };
            let other = TermItem::whole(Basis::TillShare, Direction::BankPaysPartner);
            let charges = vec![
                fee(Basis::NewCards, Every::Unit, 77),
                TermCharge { vat: vat(tax), ..fee(Basis::FixedFee, Every::Cycle, 13) },
                fee(Basis::FixedFee, Every::Month, 99),
            ];
            Terms { charges, minimum_payable, ..terms(vec![item, other]) }
        },
    )
}

proptest! {
    /// The rows of every batch add up to what is paid and carried, and nothing is lost between batches.
    #[test]
    fn every_movement_has_a_row(
        terms in any_terms(),
        days in prop::collection::vec(prop::collection::vec((-60_i64..90, -500_i64..900), 0..6), 1..6),
        block in prop::option::of(0_i64..120),
    ) {
        let mut opening = BatchOpening { prepaid: vec![block, None], ..BatchOpening::default() };
        let (mut of_rows, mut paid, mut units) = (0, 0, 0);
        for (number, lines) in days.iter().enumerate() {
            opening.last_of_month = number + 1 == days.len();
            opening.last_of_terms = opening.last_of_month;
            let mut fold = BatchFold::new(&terms, opening.clone());
            let (mut net, mut tax) = (0, 0);
            for (miles, share) in lines {
                let mut quantities = Quantities::default();
                quantities.set(Basis::BonusMiles, *miles);
                quantities.set(Basis::TillShare, *share);
                if let Some(line) = fold.line(&quantities).unwrap() {
                    net += line.items.iter().map(|item| item.net_minor).sum::<i64>();
                    tax += line.items.iter().map(|item| item.vat_minor).sum::<i64>();
                    prop_assert_eq!(line.total_minor, line.items.iter().map(|item| item.net_minor + item.vat_minor).sum::<i64>());
                }
            }
            let card = fold.charge(Basis::NewCards, 1).unwrap().unwrap();
            (net, tax) = (net + card.net_minor, tax + card.vat_minor);
            let closing = fold.close().unwrap();
            let mut carried = 0;
            for row in &closing.rows {
                match row {
                    ClosingRow::Charge { net_minor, vat_minor, .. } => (net, tax) = (net + net_minor, tax + vat_minor),
                    ClosingRow::Prepaid { opening, drawn, closing, net_minor, vat_minor, .. } => {
                        prop_assert_eq!(opening - drawn, *closing);
                        prop_assert!(*closing >= 0);
                        units += drawn;
                        (net, tax) = (net + net_minor, tax + vat_minor);
                    }
                    ClosingRow::Rounding { amount_minor } => net += amount_minor,
                    ClosingRow::DocumentVat { amount_minor } => tax += amount_minor,
                    ClosingRow::CarryForward { amount_minor } => carried = *amount_minor,
                }
            }
            prop_assert_eq!((net, tax), (closing.net_minor, closing.vat_minor));
            prop_assert_eq!(carried, closing.closing_minor);
            let signed = if closing.direction == terms.stated() { closing.to_pay_minor } else { -closing.to_pay_minor };
            prop_assert_eq!(closing.opening_minor + net + tax, signed + carried);
            prop_assert!(closing.to_pay_minor >= terms.minimum_payable.unwrap_or(0) || closing.to_pay_minor == 0 || opening.last_of_terms);
            (of_rows, paid) = (of_rows + net + tax, paid + signed);
            opening = next(&closing);
        }
        prop_assert_eq!(of_rows, paid);
        prop_assert_eq!(opening.balance_minor, 0);
        if let (Some(block), Some(Some(left))) = (block, opening.prepaid.first()) {
            prop_assert_eq!(block - units, *left);
        }
    }
}

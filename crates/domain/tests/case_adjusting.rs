//! What an adjustment of a case is made of: a table of lines, terms and amounts, with net and tax by hand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use domain::case::{Adjusting, Sent, adjusted_item};
use domain::settlement::{Basis, Direction, Every, RoundingLevel, TermCharge, TermItem, Terms, Vat};
use domain::{AdjustedItem, Currency, DisputeCode, PartnerId, ProgramId, Ratio, Rounding};
use proptest::prelude::*;

fn vat(percent: u64, level: RoundingLevel) -> Option<Vat> {
    Some(Vat { rate: Ratio::new(percent, 100).unwrap(), level, rounding: Rounding::HalfUp })
}

const LINE: RoundingLevel = RoundingLevel::Line;
const DOCUMENT: RoundingLevel = RoundingLevel::Batch;

/// Turnover is taxed as the first says, miles as the second, a card as the third.
fn terms(turnover: Option<Vat>, miles: Option<Vat>, card: Option<Vat>) -> Terms {
    let item = |basis, vat| TermItem { vat, ..TermItem::whole(basis, Direction::PartnerPaysBank) };
    let items = vec![item(Basis::Turnover, turnover), item(Basis::BonusMiles, miles)];
    let mut terms = Terms::new(PartnerId(1), ProgramId(1), Currency(643), items);
    terms.charges.push(TermCharge {
        basis: Basis::NewCards,
        every: Every::Unit,
        direction: Direction::PartnerPaysBank,
        price: Ratio::ONE,
        rounding: Rounding::HalfUp,
        vat: card,
    });
    terms
}

fn item(basis: Option<Basis>, quantity: i64, net_minor: i64, vat_minor: i64) -> AdjustedItem {
    AdjustedItem { basis, quantity, net_minor, vat_minor }
}

const TURNOVER: Option<Basis> = Some(Basis::Turnover);
const MILES: Option<Basis> = Some(Basis::BonusMiles);
const CARD: Option<Basis> = Some(Basis::NewCards);

fn line(items: &[AdjustedItem]) -> Sent {
    Sent { items: items.to_vec(), dispute: None }
}

fn adjusted(class: &str, amount: i64, line: Option<&Sent>, terms: &Terms) -> Option<AdjustedItem> {
    adjusted_item(&Adjusting { class, amount, line, terms }).unwrap()
}

#[test]
fn a_line_is_adjusted_as_it_was_taxed() {
    let taxed = terms(vat(20, LINE), vat(10, LINE), vat(20, DOCUMENT));
    let check = |items: &[AdjustedItem], amount: i64, expected: Option<AdjustedItem>| {
        let line = line(items);
        assert_eq!(adjusted("amount", amount, Some(&line), &taxed), expected, "{items:?} {amount}");
    };
    let one = [item(TURNOVER, 50_000, 600, 120), item(MILES, 0, 0, 0)];
    // A part of it, with the rate of its item; what no net comes to exactly is still the amount.
    check(&one, -60, Some(item(TURNOVER, 0, -50, -10)));
    check(&one, 5_000, Some(item(TURNOVER, 0, 4_167, 833)));
    check(&one, -3, Some(item(TURNOVER, 0, -3, 0)));
    check(&[item(MILES, 100, 100, 10)], 11, Some(item(MILES, 0, 10, 1)));
    // The whole line is taken back, or stands once more, as it was sent.
    check(&one, -720, Some(item(TURNOVER, -50_000, -600, -120)));
    check(&one, 720, Some(item(TURNOVER, 50_000, 600, 120)));
    // Several items: as a whole, or not without a person.
    let both = [item(TURNOVER, 50_000, 600, 120), item(MILES, 100, 100, 10)];
    check(&both, -830, Some(item(None, 0, -700, -130)));
    check(&both, -83, None);
    // A rounding and the tax of a document stand by themselves.
    check(&[item(None, 0, 3, 0)], -2, Some(item(None, 0, -2, 0)));
    check(&[item(None, 0, 0, 40)], -2, Some(item(None, 0, 0, -2)));
    // An adjustment of a charge is not taxed with the document; and of what the terms no longer price nobody knows the tax.
    check(&[item(CARD, 1, 100, 0)], -50, None);
    check(&[item(Some(Basis::MilesGranted), 1, 100, 20)], -50, None);
}

#[test]
fn what_the_document_taxes_has_its_tax_from_the_document() {
    let by_document = terms(vat(20, DOCUMENT), vat(20, DOCUMENT), None);
    let check = |items: &[AdjustedItem], amount: i64, expected: Option<AdjustedItem>| {
        let line = line(items);
        assert_eq!(adjusted("amount", amount, Some(&line), &by_document), expected, "{items:?} {amount}");
    };
    let one = [item(TURNOVER, 50_000, 600, 0), item(MILES, 0, 0, 0)];
    check(&one, -60, Some(item(TURNOVER, 0, -60, 0)));
    check(&one, -600, Some(item(TURNOVER, -50_000, -600, 0)));
    check(&[item(TURNOVER, 1, 600, 0), item(MILES, 1, 100, 0)], -700, None);
    check(&[item(CARD, 1, 100, 0)], -50, Some(item(CARD, 0, -50, 0)));
}

#[test]
fn a_disputed_line_is_corrected_as_its_dispute_would_be() {
    let taxed = terms(vat(20, LINE), None, None);
    let disputed = |code, theirs| Sent {
        dispute: Some((code, theirs)),
        ..line(&[item(TURNOVER, 50_000, 600, 120), item(MILES, 0, 0, 0)])
    };
    // Theirs is 590 + 110: the rate does not say so, they do.
    let price = disputed(DisputeCode::Price, Some((590, 110)));
    assert_eq!(adjusted("amount", -20, Some(&price), &taxed), Some(item(TURNOVER, 0, -10, -10)));
    assert_eq!(adjusted("amount", -12, Some(&price), &taxed), Some(item(TURNOVER, 0, -10, -2)));
    let denied = disputed(DisputeCode::NotFound, None);
    let back = Some(item(TURNOVER, -50_000, -600, -120));
    assert_eq!(adjusted("missing_theirs", -720, Some(&denied), &taxed), back);
}

#[test]
fn what_differs_by_its_tax_only_is_tax() {
    let taxed = terms(vat(20, LINE), None, None);
    let of_line = line(&[item(TURNOVER, 50_000, 600, 120)]);
    assert_eq!(adjusted("vat_rounding", -1, Some(&of_line), &taxed), Some(item(TURNOVER, 0, 0, -1)));
    assert_eq!(adjusted("vat_rounding", 1, None, &taxed), Some(item(None, 0, 0, 1)));
}

#[test]
fn what_is_no_line_is_taxed_as_all_is_that_the_terms_price() {
    for level in [LINE, DOCUMENT] {
        let all = terms(vat(20, level), vat(20, level), vat(20, level));
        assert_eq!(adjusted("missing_theirs", -1_200, None, &all), Some(item(None, 0, -1_000, -200)));
    }
    assert_eq!(adjusted("amount", 7, None, &terms(None, None, None)), Some(item(None, 0, 7, 0)));
    assert_eq!(adjusted("amount", 7, None, &terms(vat(20, LINE), None, None)), None);
    let nothing = line(&[item(TURNOVER, 9, 0, 0)]);
    let untaxed = terms(None, None, None);
    assert_eq!(adjusted("amount", 7, Some(&nothing), &untaxed), Some(item(None, 0, 7, 0)));
}

proptest! {
    #[test]
    fn net_and_tax_come_to_the_amount(
        amount in any::<i32>(), percent in 0_u64..40, sent in any::<i16>(), by_document in any::<bool>(), known in any::<bool>()
    ) {
        let rate = vat(percent, if by_document { DOCUMENT } else { LINE });
        let tax = if by_document { 0 } else { rate.unwrap().rate.of(sent.into(), Rounding::HalfUp).unwrap() };
        let line = line(&[item(TURNOVER, 1, sent.into(), tax)]);
        let amount = i64::from(amount);
        let terms = terms(rate, rate, rate);
        let adjusted = adjusted("amount", amount, known.then_some(&line), &terms).unwrap();
        prop_assert_eq!(adjusted.net_minor + adjusted.vat_minor, amount);
        // The tax is that of its net, to a minor unit.
        if known && !by_document && sent != 0 && amount.abs() != (i64::from(sent) + tax).abs() {
            let own = rate.unwrap().rate.of(adjusted.net_minor, Rounding::HalfUp).unwrap();
            prop_assert!((own - adjusted.vat_minor).abs() <= 1);
        }
    }
}

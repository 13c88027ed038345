//! The tie-out of a day: transactions = ledger = files, for every partner.
//!
//! *Transactions* is what the bank was told, message by message. *Ledger* is what was posted, and at the close
//! booked as a position. *Files* is what the published files state. Differences are never netted: the
//! difference of a line is the distance between its largest and its smallest number.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Currency, DiscountMode, Funder, Item, PartnerId,
    settlement::{Basis, Direction},
};
use store::{CycleTotal as Total, PositionRow};

use crate::{FileTotals, money};

/// What a line compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// Miles that the co-brand partner is paid for, or bonus miles that a merchant partner funds.
    Miles,
    /// Net cleared turnover at the partner.
    Turnover,
    /// Discounts at the partner, all shares together.
    Discount,
    /// The share of discounts that is settled with the partner.
    DiscountShare,
    /// What is to be paid before tax, rounding included; positive if the bank pays.
    Net(Currency),
    /// The value added tax in it.
    Vat(Currency),
    /// What is to be paid; positive if the bank pays.
    ToPay(Currency),
}

impl Measure {
    /// The word in `data-measure`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Miles => "miles",
            Self::Turnover => "turnover",
            Self::Discount => "discount",
            Self::DiscountShare => "discount-share",
            Self::Net(_) => "net",
            Self::Vat(_) => "vat",
            Self::ToPay(_) => "to-pay",
        }
    }

    /// What a position and a batch of a file say of an amount to be paid: the sum and its two parts.
    fn of_payment(currency: Currency) -> [Self; 3] {
        [Self::Net(currency), Self::Vat(currency), Self::ToPay(currency)]
    }
}

/// One of the three numbers of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// It is this.
    Is(i64),
    /// This side says nothing about the measure.
    NotStated,
    /// There is none before the day is closed.
    NotClosed,
    /// The day is closed, but its files are not out yet.
    NotPublished,
    /// It should be there and is not.
    Missing,
    /// The files contradict each other: each receiver's number.
    Disagree(Vec<(String, i64)>),
}

/// Whether a line ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All numbers that there are, are equal, and none misses.
    Ties,
    /// They differ, or one misses.
    Broken,
    /// Equal so far; the files are still to come.
    SoFar,
}

/// A line of the tie-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) partner: PartnerId,
    pub(crate) measure: Measure,
    pub(crate) transactions: Side,
    pub(crate) ledger: Side,
    pub(crate) files: Side,
}

impl Line {
    fn numbers(&self) -> Vec<i64> {
        let mut numbers = Vec::new();
        for side in [&self.transactions, &self.ledger, &self.files] {
            match side {
                Side::Is(number) => numbers.push(*number),
                Side::Disagree(stated) => numbers.extend(stated.iter().map(|(_, number)| *number)),
                _ => {}
            }
        }
        numbers
    }

    /// The distance between the largest and the smallest number.
    pub(crate) fn difference(&self) -> i64 {
        let numbers = self.numbers();
        match (numbers.iter().max(), numbers.iter().min()) {
            (Some(max), Some(min)) => max.saturating_sub(*min),
            _ => 0,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let sides = [&self.transactions, &self.ledger, &self.files];
        if self.difference() != 0 || sides.contains(&&Side::Missing) {
            Verdict::Broken
        } else if matches!(self.files, Side::NotClosed | Side::NotPublished) {
            Verdict::SoFar
        } else {
            Verdict::Ties
        }
    }
}

/// How far the day's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Files {
    /// The day is open.
    NotClosed,
    /// The day is closed, no file is published.
    NotPublished,
    /// By receiver, what the published files state; `None` for a file that is gone, altered or unreadable.
    Published(Vec<(String, Option<Vec<FileTotals>>)>),
}

/// Everything that is compared.
#[derive(Debug)]
pub(crate) struct Books<'a> {
    pub(crate) cobrand: PartnerId,
    pub(crate) partner_codes: &'a BTreeMap<PartnerId, String>,
    pub(crate) totals: &'a [Total],
    pub(crate) positions: &'a [PositionRow],
    /// What two people have added to quantities of the cycle.
    pub(crate) adjusted: &'a [AdjustedQuantity],
    pub(crate) files: &'a Files,
}

/// Quantities that two people have adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AdjustedQuantity {
    pub(crate) partner: PartnerId,
    /// Of the settlement that takes it.
    pub(crate) currency: Currency,
    pub(crate) basis: Basis,
    pub(crate) quantity: i64,
}

/// A stored total that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored item {0:?} cannot be read")]
pub(crate) struct UnknownItem(String);

type Sums = BTreeMap<(PartnerId, Measure), i64>;

/// Compares the books, partner by partner.
pub(crate) fn lines(books: &Books<'_>) -> Result<Vec<Line>, UnknownItem> {
    let (mut told, mut ledger) = (Sums::new(), Sums::new());
    for total in books.totals {
        let (sums, subject) = match total.side.as_str() {
            "told" => (&mut told, told_subject(books.cobrand, &total.subject)),
            _ => (&mut ledger, ledger_subject(books.cobrand, &total.subject)),
        };
        let amount = if total.side == "taken" { -total.amount } else { total.amount };
        for key in subject.ok_or_else(|| UnknownItem(total.subject.clone()))? {
            *sums.entry(key).or_default() += amount;
        }
        // No bank was told of it: it follows from what the partner has answered.
        if total.side != "told" && answered_by_the_partner(&total.subject) {
            *told.entry((books.cobrand, Measure::Miles)).or_default() += amount;
        }
    }
    for (key, quantity) in adjusted_and_stated(books) {
        // No bank was told of it: two people have agreed upon it.
        *told.entry(key).or_default() += quantity;
        *ledger.entry(key).or_default() += quantity;
    }
    let mut keys: BTreeSet<(PartnerId, Measure)> = told.keys().chain(ledger.keys()).copied().collect();
    keys.insert((books.cobrand, Measure::Miles));
    for row in books.positions {
        keys.extend(Measure::of_payment(row.currency).map(|measure| (row.partner, measure)));
    }
    keys.extend(stated_payments(books));
    keys.extend(stated_quantities(books));
    Ok(keys.into_iter().map(|(partner, measure)| line(books, &told, &ledger, partner, measure)).collect())
}

fn line(books: &Books<'_>, told: &Sums, ledger: &Sums, partner: PartnerId, measure: Measure) -> Line {
    let files = file_side(books, partner, measure);
    let of = |sums: &Sums| Side::Is(sums.get(&(partner, measure)).copied().unwrap_or(0));
    let (transactions, ledger) = match measure {
        Measure::Net(_) | Measure::Vat(_) | Measure::ToPay(_) => {
            (Side::NotStated, booked(books, partner, measure))
        }
        Measure::DiscountShare => (Side::NotStated, of(ledger)),
        _ => (of(told), of(ledger)),
    };
    Line { partner, measure, transactions, ledger, files }
}

/// The lines to which a total of what the bank was told belongs; `None` if it cannot be read.
fn told_subject(cobrand: PartnerId, subject: &str) -> Option<Vec<(PartnerId, Measure)>> {
    let partner = |text: &str| text.parse().ok().map(PartnerId);
    Some(match subject.split_once(':') {
        None => vec![(cobrand, Measure::Miles)],
        Some(("bonus", funder)) => funded_miles(cobrand, Funder::parse(funder)?),
        Some(("turnover", text)) => vec![(partner(text)?, Measure::Turnover)],
        Some(("discount", text)) => vec![(partner(text)?, Measure::Discount)],
        Some(_) => return None,
    })
}

/// The lines to which a total of the ledger belongs; `None` if its item cannot be read.
fn ledger_subject(cobrand: PartnerId, item: &str) -> Option<Vec<(PartnerId, Measure)>> {
    Some(match Item::parse(item)? {
        Item::Base => vec![(cobrand, Measure::Miles)],
        Item::Bonus { funder, .. } => {
            let mut lines = vec![(cobrand, Measure::Miles)];
            lines.extend(funded_miles(cobrand, funder));
            lines
        }
        Item::Discount { mode, funder, partner } => {
            let to_the_merchant = mode == DiscountMode::AtTill && funder != Funder::Partner(partner);
            let to_the_bank = match funder {
                Funder::Partner(owes) if mode == DiscountMode::StatementCredit || owes != partner => {
                    Some(owes)
                }
                _ => None,
            };
            let shares = to_the_merchant.then_some(partner).into_iter().chain(to_the_bank);
            let shares = shares.map(|partner| (partner, Measure::DiscountShare));
            shares.chain([(partner, Measure::Discount)]).collect()
        }
        Item::Turnover(partner) => vec![(partner, Measure::Turnover)],
        Item::Refused | Item::WrittenOff { .. } => vec![(cobrand, Measure::Miles)],
        // Units towards tiers are in no file; what happens to miles after rules granted them is no business of
        // settlement files.
        _ => vec![],
    })
}

fn answered_by_the_partner(item: &str) -> bool {
    matches!(Item::parse(item), Some(Item::Refused | Item::WrittenOff { .. }))
}

/// What was adjusted of what a published batch prices. Terms without the item take the amount and no quantity.
fn adjusted_and_stated(books: &Books<'_>) -> Vec<((PartnerId, Measure), i64)> {
    let states = |one: &AdjustedQuantity| {
        batches(books).any(|(_, partner, currency, batch)| {
            (partner, currency) == (one.partner, one.currency) && batch.bases.contains(&one.basis)
        })
    };
    let measure = |one: &AdjustedQuantity| match one.basis {
        Basis::MilesGranted if one.partner == books.cobrand => Some(Measure::Miles),
        Basis::BonusMiles if one.partner != books.cobrand => Some(Measure::Miles),
        Basis::Turnover => Some(Measure::Turnover),
        Basis::StatementCreditShare | Basis::TillShare => Some(Measure::DiscountShare),
        _ => None,
    };
    let of = books.adjusted.iter().filter(|one| states(one));
    of.filter_map(|one| Some(((one.partner, measure(one)?), one.quantity))).collect()
}

/// Bonus miles also stand with the merchant partner that funds them.
fn funded_miles(cobrand: PartnerId, funder: Funder) -> Vec<(PartnerId, Measure)> {
    match funder {
        Funder::Partner(partner) if partner != cobrand => vec![(partner, Measure::Miles)],
        _ => vec![],
    }
}

/// Positive if the bank pays.
fn signed(direction: Direction, minor: i64) -> i64 {
    if direction == Direction::BankPaysPartner { minor } else { minor.saturating_neg() }
}

fn booked(books: &Books<'_>, partner: PartnerId, measure: Measure) -> Side {
    let of = |row: &PositionRow| match measure {
        Measure::Net(currency) if currency == row.currency => Some(row.net_minor),
        Measure::Vat(currency) if currency == row.currency => Some(row.vat_minor),
        Measure::ToPay(currency) if currency == row.currency => Some(row.to_pay_minor),
        _ => None,
    };
    let mut rows = books.positions.iter().filter(|row| row.partner == partner);
    match rows.find_map(|row| Some(signed(row.direction, of(row)?))) {
        Some(minor) => Side::Is(minor),
        None if *books.files == Files::NotClosed => Side::NotClosed,
        None => Side::Missing,
    }
}

fn published(files: &Files) -> &[(String, Option<Vec<FileTotals>>)] {
    match files {
        Files::Published(files) => files,
        _ => &[],
    }
}

/// The published files that tell of this partner: its own, and those of a bank.
fn telling_of<'a>(
    books: &'a Books<'_>,
    partner: PartnerId,
) -> impl Iterator<Item = &'a (String, Option<Vec<FileTotals>>)> {
    let is_own = move |receiver: &String| books.partner_codes.get(&partner) == Some(receiver);
    let is_banks = |receiver: &String| !books.partner_codes.values().any(|code| code == receiver);
    published(books.files).iter().filter(move |(receiver, _)| is_own(receiver) || is_banks(receiver))
}

/// All batches of the published files that belong to a known partner and currency.
fn batches<'a>(books: &'a Books<'_>) -> impl Iterator<Item = (&'a str, PartnerId, Currency, &'a FileTotals)> {
    published(books.files).iter().flat_map(|(receiver, batches)| {
        batches.iter().flatten().filter_map(|batch| {
            let partner = books.partner_codes.iter().find(|(_, code)| **code == batch.partner)?.0;
            Some((receiver.as_str(), *partner, money::from_code(&batch.currency)?, batch))
        })
    })
}

fn stated_payments(books: &Books<'_>) -> Vec<(PartnerId, Measure)> {
    let keys = |(_, partner, currency, _)| Measure::of_payment(currency).map(|measure| (partner, measure));
    batches(books).flat_map(keys).collect()
}

/// Quantities that a file states are compared even if our side knows nothing of them.
fn stated_quantities(books: &Books<'_>) -> Vec<(PartnerId, Measure)> {
    let mut keys = Vec::new();
    for (_, partner, _, batch) in batches(books) {
        let quantities = [
            (Measure::Miles, batch.miles),
            (Measure::Turnover, batch.turnover_minor),
            (Measure::DiscountShare, batch.discount_share_minor),
        ];
        let stated =
            quantities.into_iter().filter(|(_, quantity)| quantity.is_some_and(|number| number != 0));
        keys.extend(stated.map(|(measure, _)| (partner, measure)));
    }
    keys
}

fn file_side(books: &Books<'_>, partner: PartnerId, measure: Measure) -> Side {
    match books.files {
        Files::NotClosed => return Side::NotClosed,
        Files::NotPublished => return Side::NotPublished,
        Files::Published(_) => {}
    }
    if measure == Measure::Discount {
        return Side::NotStated;
    }
    if telling_of(books, partner).any(|(_, batches)| batches.is_none()) {
        return Side::Missing;
    }
    let mut stated: Vec<(String, i64)> = Vec::new();
    // Quantities are miles or the program's currency, whatever currency the partner is paid in.
    for (receiver, _, currency, batch) in batches(books).filter(|(_, of, ..)| *of == partner) {
        let number = match measure {
            Measure::Miles => batch.miles,
            Measure::Turnover => batch.turnover_minor,
            Measure::DiscountShare => batch.discount_share_minor,
            Measure::Net(wanted) if currency == wanted => Some(signed(batch.direction, batch.net_minor)),
            Measure::Vat(wanted) if currency == wanted => Some(signed(batch.direction, batch.vat_minor)),
            Measure::ToPay(wanted) if currency == wanted => Some(signed(batch.direction, batch.to_pay_minor)),
            _ => None,
        };
        stated.extend(number.map(|number| (receiver.to_owned(), number)));
    }
    if is_left_out(books, partner, measure, &stated) {
        return Side::Missing;
    }
    match stated.split_first() {
        Some(((_, first), others)) if others.iter().all(|(_, number)| number == first) => Side::Is(*first),
        Some(_) => Side::Disagree(stated),
        None if must_be_stated(books, partner, measure) => Side::Missing,
        None => Side::NotStated,
    }
}

/// What was booked as a position must stand in each file that tells of the partner, not in one of them only.
fn is_left_out(books: &Books<'_>, partner: PartnerId, measure: Measure, stated: &[(String, i64)]) -> bool {
    let is_payment = matches!(measure, Measure::Net(_) | Measure::Vat(_) | Measure::ToPay(_));
    let states = |receiver: &String| stated.iter().any(|(by, _)| by == receiver);
    is_payment
        && must_be_stated(books, partner, measure)
        && telling_of(books, partner).any(|(receiver, _)| !states(receiver))
}

/// What was booked as a position must stand in a file.
fn must_be_stated(books: &Books<'_>, partner: PartnerId, measure: Measure) -> bool {
    let rows = books.positions.iter().filter(|row| row.partner == partner);
    match measure {
        Measure::Net(currency) | Measure::Vat(currency) | Measure::ToPay(currency) => {
            rows.filter(|row| row.currency == currency).count() > 0
        }
        Measure::Miles => rows.filter(|row| row.miles != 0).count() > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AIR: PartnerId = PartnerId(1);
    const SHOP: PartnerId = PartnerId(2);
    const RUB: Currency = Currency(643);

    fn total(side: &str, subject: &str, amount: i64) -> Total {
        Total { side: side.into(), subject: subject.into(), amount }
    }

    fn batch(partner: &str, to_pay_minor: i64) -> FileTotals {
        FileTotals {
            partner: partner.into(),
            currency: "RUB".into(),
            cycle_sequence: 1,
            bases: vec![Basis::MilesGranted],
            direction: Direction::BankPaysPartner,
            miles: Some(7),
            turnover_minor: None,
            discount_share_minor: None,
            lines: 1,
            net_minor: to_pay_minor,
            vat_minor: 0,
            to_pay_minor,
        }
    }

    fn position(partner: PartnerId) -> PositionRow {
        PositionRow {
            partner,
            currency: RUB,
            direction: Direction::BankPaysPartner,
            lines: 1,
            miles: 7,
            net_minor: 100,
            vat_minor: 0,
            rounding_minor: 0,
            to_pay_minor: 100,
        }
    }

    /// The verdict, difference and files of the co-brand partner's lines: miles, then what is to be paid.
    fn check(totals: &[Total], files: &Files, miles: (Verdict, i64, Side), to_pay: (Verdict, i64, Side)) {
        let partner_codes = BTreeMap::from([(AIR, "air".to_owned()), (SHOP, "shop".to_owned())]);
        let positions = [position(AIR)];
        let books = Books {
            cobrand: AIR,
            partner_codes: &partner_codes,
            totals,
            positions: &positions,
            adjusted: &[],
            files,
        };
        let lines = lines(&books).unwrap();
        let found: Vec<_> = lines
            .iter()
            .filter(|line| line.partner == AIR && !matches!(line.measure, Measure::Net(_) | Measure::Vat(_)))
            .map(|line| (line.verdict(), line.difference(), line.files.clone()))
            .collect();
        assert_eq!(found, [miles, to_pay]);
    }

    #[test]
    fn the_files_must_agree_with_the_books_and_with_each_other() {
        let totals = [total("told", "miles", 7), total("ledger", "base", 7)];
        let own_and = |bank: Option<Vec<FileTotals>>| {
            Files::Published(vec![("air".into(), Some(vec![batch("air", 100)])), ("bank".into(), bank)])
        };
        let tie = |number| (Verdict::Ties, 0, Side::Is(number));
        check(&totals, &own_and(Some(vec![batch("air", 100)])), tie(7), tie(100));
        let stated = Side::Disagree(vec![("air".into(), 100), ("bank".into(), 103)]);
        check(&totals, &own_and(Some(vec![batch("air", 103)])), tie(7), (Verdict::Broken, 3, stated));
        let missing = || (Verdict::Broken, 0, Side::Missing);
        check(&totals, &own_and(None), missing(), missing());
        check(&totals, &Files::Published(vec![]), missing(), missing());
        let later = |side: Side| (Verdict::SoFar, 0, side);
        check(&totals, &Files::NotPublished, later(Side::NotPublished), later(Side::NotPublished));
        check(&totals, &Files::NotClosed, later(Side::NotClosed), later(Side::NotClosed));
    }

    #[test]
    fn a_kopeck_between_net_and_tax_does_not_tie_in_whichever_file_it_is() {
        let totals = [total("told", "miles", 7), total("ledger", "base", 7)];
        let partner_codes = BTreeMap::from([(AIR, "air".to_owned()), (SHOP, "shop".to_owned())]);
        let good = || vec![batch("air", 100)];
        let moved = || vec![FileTotals { net_minor: 99, vat_minor: 1, ..batch("air", 100) }];
        let check = |own: Vec<FileTotals>, bank: Vec<FileTotals>, expected: [(&str, Verdict, Side); 3]| {
            let files = Files::Published(vec![("air".into(), Some(own)), ("bank".into(), Some(bank))]);
            let books = Books {
                cobrand: AIR,
                partner_codes: &partner_codes,
                totals: &totals,
                positions: &[position(AIR)],
                adjusted: &[],
                files: &files,
            };
            let found: Vec<_> = lines(&books)
                .unwrap()
                .iter()
                .filter(|line| line.measure != Measure::Miles)
                .map(|line| (line.measure.name(), line.verdict(), line.files.clone()))
                .collect();
            assert_eq!(found, expected);
        };
        let payment = |net: (Verdict, Side), vat: (Verdict, Side), to_pay: (Verdict, Side)| {
            [("net", net.0, net.1), ("vat", vat.0, vat.1), ("to-pay", to_pay.0, to_pay.1)]
        };
        let ties = |number| (Verdict::Ties, Side::Is(number));
        let disagree = |own: i64, bank: i64| {
            (Verdict::Broken, Side::Disagree(vec![("air".into(), own), ("bank".into(), bank)]))
        };
        check(good(), good(), payment(ties(100), ties(0), ties(100)));
        check(good(), moved(), payment(disagree(100, 99), disagree(0, 1), ties(100)));
        check(moved(), good(), payment(disagree(99, 100), disagree(1, 0), ties(100)));
        let broken = |number| (Verdict::Broken, Side::Is(number));
        check(moved(), moved(), payment(broken(99), broken(1), ties(100)));
        // One file that says nothing is not made good by the other one.
        let missing = || (Verdict::Broken, Side::Missing);
        check(good(), vec![], payment(missing(), missing(), missing()));
        check(vec![], good(), payment(missing(), missing(), missing()));
    }

    #[test]
    fn a_share_of_a_discount_stands_with_who_owes_or_gets_it() {
        let other = PartnerId(3);
        for (item, expected) in [
            ("discount:statement_credit:bank:2", vec![]),
            ("discount:statement_credit:partner-2:2", vec![SHOP]),
            ("discount:statement_credit:partner-3:2", vec![other]),
            ("discount:at_till:partner-2:2", vec![]),
            ("discount:at_till:bank:2", vec![SHOP]),
            ("discount:at_till:partner-3:2", vec![SHOP, other]),
        ] {
            let lines = ledger_subject(AIR, item).unwrap();
            let shares: Vec<_> = lines
                .iter()
                .filter(|(_, measure)| *measure == Measure::DiscountShare)
                .map(|(who, _)| *who)
                .collect();
            assert_eq!(shares, expected, "{item}");
        }
    }

    #[test]
    fn quantities_are_compared_whatever_is_paid_in_and_with_what_was_adjusted() {
        const EUR: Currency = Currency(978);
        let totals = [total("told", "turnover:2", 100), total("ledger", "turnover:2", 100)];
        let partner_codes = BTreeMap::from([(AIR, "air".to_owned()), (SHOP, "shop".to_owned())]);
        let batch = FileTotals {
            currency: "EUR".into(),
            bases: vec![Basis::Turnover],
            miles: None,
            turnover_minor: Some(130),
            ..batch("shop", 0)
        };
        let files = Files::Published(vec![("shop".into(), Some(vec![batch]))]);
        let check = |quantity, basis, currency, expected| {
            let adjusted = [AdjustedQuantity { partner: SHOP, currency, basis, quantity }];
            let books = Books {
                cobrand: AIR,
                partner_codes: &partner_codes,
                totals: &totals,
                positions: &[],
                adjusted: &adjusted,
                files: &files,
            };
            let lines = lines(&books).unwrap();
            let line = lines.iter().find(|line| line.measure == Measure::Turnover).unwrap();
            assert_eq!((line.ledger.clone(), line.difference()), expected, "{line:?}");
            assert_eq!(line.transactions, line.ledger);
        };
        check(30, Basis::Turnover, EUR, (Side::Is(130), 0));
        check(-30, Basis::Turnover, EUR, (Side::Is(70), 60));
        // What the terms do not price has no quantity in the file.
        check(30, Basis::BonusMiles, EUR, (Side::Is(100), 30));
        check(30, Basis::Turnover, RUB, (Side::Is(100), 30));
    }

    #[test]
    fn differences_in_two_directions_are_not_netted() {
        let totals = [
            total("told", "miles", 7),
            total("told", "turnover:2", 100),
            total("ledger", "base", 7),
            total("ledger", "turnover:2", 99),
            total("told", "discount:2", 10),
            total("ledger", "discount:at_till:bank:2", 11),
        ];
        let files = Files::Published(vec![("air".into(), Some(vec![batch("air", 100)]))]);
        let partner_codes = BTreeMap::from([(AIR, "air".to_owned()), (SHOP, "shop".to_owned())]);
        let books = Books {
            cobrand: AIR,
            partner_codes: &partner_codes,
            totals: &totals,
            positions: &[position(AIR)],
            adjusted: &[],
            files: &files,
        };
        let broken: Vec<_> = lines(&books)
            .unwrap()
            .iter()
            .filter(|line| line.verdict() == Verdict::Broken)
            .map(Line::difference)
            .collect();
        assert_eq!(broken, [1, 1]);
    }

    #[test]
    fn an_item_that_cannot_be_read_is_an_error_and_never_left_out() {
        let partner_codes = BTreeMap::new();
        for (side, subject) in [("ledger", "gift"), ("told", "turnover:x"), ("told", "gift:1")] {
            let totals = [total(side, subject, 1)];
            let books = Books {
                cobrand: AIR,
                partner_codes: &partner_codes,
                totals: &totals,
                positions: &[],
                adjusted: &[],
                files: &Files::NotClosed,
            };
            assert_eq!(lines(&books), Err(UnknownItem(subject.to_owned())));
        }
    }
}

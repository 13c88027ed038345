//! What an adjustment of a case is made of if nobody says more: net and tax of an amount, by the line that it corrects, or by
//! the terms.

use crate::reconciliation::BreakClass;
use crate::settlement::{Basis, RoundingLevel, Terms, Vat};
use crate::{AdjustedItem, DisputeCode, MoneyError, Ratio, correction, sums};

/// A line as its receiver was sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What it comes to, item by item, in the direction in which its batch is stated.
    pub items: Vec<AdjustedItem>,
    /// What the receiver disputes of it, with the net and tax that it has.
    pub dispute: Option<(DisputeCode, Option<(i64, i64)>)>,
}

/// What is to be adjusted.
#[derive(Debug, Clone, Copy)]
pub struct Adjusting<'a> {
    /// The stored word of the break's class.
    pub class: &'a str,
    /// How much, tax included, in minor units.
    pub amount: i64,
    /// The line that it corrects; `None`: a payment, a file, or something else.
    pub line: Option<&'a Sent>,
    /// The terms by which the next file is made.
    pub terms: &'a Terms,
}

/// Net and tax of an amount, as its line was taxed, or as all that the terms price is. What makes the line what its receiver
/// has, or takes it back, is the correction that its dispute would have. What the document is taxed for has its tax from
/// the document. `None` if it cannot be known: then a person must say it.
///
/// # Errors
/// If an amount does not fit 64 bits.
pub fn adjusted_item(of: &Adjusting<'_>) -> Result<Option<AdjustedItem>, MoneyError> {
    if of.class == BreakClass::VatRounding.name() {
        let basis = of.line.and_then(|line| carrying(&line.items).next()).and_then(|item| item.basis);
        return Ok(Some(AdjustedItem { basis, quantity: 0, net_minor: 0, vat_minor: of.amount }));
    }
    match of.line.filter(|line| carrying(&line.items).next().is_some()) {
        Some(line) => by_line(of, line),
        None => by_terms(of),
    }
}

fn carrying(items: &[AdjustedItem]) -> impl Iterator<Item = &AdjustedItem> {
    items.iter().filter(|item| (item.net_minor, item.vat_minor) != (0, 0))
}

fn net(basis: Option<Basis>, net_minor: i64) -> AdjustedItem {
    AdjustedItem { basis, quantity: 0, net_minor, vat_minor: 0 }
}

fn by_line(of: &Adjusting<'_>, line: &Sent) -> Result<Option<AdjustedItem>, MoneyError> {
    let disputed = match line.dispute {
        Some((code, theirs)) => correction(&line.items, code, theirs)?,
        None => Vec::new(),
    };
    let back = correction(&line.items, DisputeCode::NotFound, None)?;
    for whole in [&disputed, &back, &line.items] {
        let (net, vat) = sums(whole)?;
        if net.checked_add(vat) == Some(of.amount) {
            return together(whole, of.terms);
        }
    }
    let bases: Vec<Option<Basis>> = carrying(&line.items).map(|item| item.basis).collect();
    let basis = bases.first().copied().flatten();
    let (_, line_vat) = sums(&line.items)?;
    Ok(match alike(bases.iter().map(|basis| taxed(of.terms, *basis))) {
        Some(Taxed::Here(vat)) => {
            let (net_minor, vat_minor) = split(of.amount, vat)?;
            Some(AdjustedItem { basis, quantity: 0, net_minor, vat_minor })
        }
        Some(Taxed::ByDocument) => Some(net(basis, of.amount)),
        Some(Taxed::Not) if line_vat == 0 => Some(net(basis, of.amount)),
        // The tax of a whole document, which stands on a line of its own.
        Some(Taxed::Not) if carrying(&line.items).all(|item| item.net_minor == 0) => {
            Some(AdjustedItem { vat_minor: of.amount, ..net(basis, 0) })
        }
        _ => None,
    })
}

/// An amount that pays for everything has its tax in it, wherever that was computed.
fn by_terms(of: &Adjusting<'_>) -> Result<Option<AdjustedItem>, MoneyError> {
    let items = of.terms.items.iter().map(|item| item.vat);
    let mut vats = items.chain(of.terms.charges.iter().map(|charge| charge.vat));
    let first = vats.next().flatten();
    match (vats.all(|vat| vat == first), first) {
        (false, _) => Ok(None),
        (true, None) => Ok(Some(net(None, of.amount))),
        (true, Some(vat)) => {
            let (net_minor, vat_minor) = split(of.amount, vat)?;
            Ok(Some(AdjustedItem { vat_minor, ..net(None, net_minor) }))
        }
    }
}

/// How what an adjustment has for an item is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taxed {
    Not,
    /// With the adjustment itself.
    Here(Vat),
    /// With the document of the next file.
    ByDocument,
    /// The terms do not say, or an adjustment of it is not taxed with the document.
    Unknown,
}

fn taxed(terms: &Terms, basis: Option<Basis>) -> Taxed {
    let Some(basis) = basis else { return Taxed::Not };
    let item = terms.items.iter().find(|item| item.basis == basis);
    let charge = terms.charges.iter().find(|charge| charge.basis == basis);
    match (item.map(|item| item.vat), charge.map(|charge| charge.vat)) {
        (Some(None), _) | (None, Some(None)) => Taxed::Not,
        (Some(Some(vat)), _) if vat.level == RoundingLevel::Batch => Taxed::ByDocument,
        (None, Some(Some(vat))) if vat.level == RoundingLevel::Batch => Taxed::Unknown,
        (Some(Some(vat)), _) | (None, Some(Some(vat))) => Taxed::Here(vat),
        (None, None) => Taxed::Unknown,
    }
}

/// What all are, if all are the same.
fn alike(mut all: impl Iterator<Item = Taxed>) -> Option<Taxed> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// All items as one; what the document taxes cannot be put together.
fn together(items: &[AdjustedItem], terms: &Terms) -> Result<Option<AdjustedItem>, MoneyError> {
    let mut all = items.iter().filter(|item| (item.quantity, item.net_minor, item.vat_minor) != (0, 0, 0));
    let by_document =
        |item: &AdjustedItem| item.vat_minor == 0 && taxed(terms, item.basis) == Taxed::ByDocument;
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(Some(*one)),
        _ if items.iter().any(by_document) => Ok(None),
        _ => {
            let (net_minor, vat_minor) = sums(items)?;
            Ok(Some(AdjustedItem { vat_minor, ..net(None, net_minor) }))
        }
    }
}

/// Net and tax of an amount that has both; together they come to it.
fn split(amount: i64, vat: Vat) -> Result<(i64, i64), MoneyError> {
    let (part, whole) = (vat.rate.numerator(), vat.rate.denominator());
    let with_tax = whole.checked_add(part).ok_or(MoneyError::Overflow)?;
    let near = Ratio::new(whole, with_tax)?.of(amount, vat.rounding)?;
    for net in [Some(near), near.checked_sub(1), near.checked_add(1)].into_iter().flatten() {
        let tax = vat.rate.of(net, vat.rounding)?;
        if net.checked_add(tax) == Some(amount) {
            return Ok((net, tax));
        }
    }
    // No net has exactly this amount with its tax.
    Ok((near, amount.checked_sub(near).ok_or(MoneyError::Overflow)?))
}

//! What is wrong or doubtful in a file that can be read: rules that contradict themselves, that can never take effect or
//! that another rule hides, caps that nothing reaches, miles that expire before they vest, terms that end before the rules do.
//!
//! An error contradicts itself. Everything else is a warning: it may be meant, and the books stay right.

mod caps;
mod conditions;
mod coupons;
mod discounts;
mod examples;
mod limits;
mod miles;
mod reach;
mod shadows;
mod terms;

use std::collections::BTreeSet;

use domain::settlement::Terms;
use domain::{BaseRule, Effective, PartnerId, Program};

use crate::document::Document;
use crate::meaning::Reading;
use crate::rules::overlap;

/// A file that can be read: its text with places and what it means, entry by entry in the same order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) document: &'a Document,
    pub(crate) program: &'a Program,
    pub(crate) terms: &'a [Terms],
    /// The partners that have a merchant in the map, if that is known.
    pub(crate) mapped: Option<&'a BTreeSet<PartnerId>>,
}

impl<'a> Parts<'a> {
    /// The base rates that hold on some day of `range`.
    fn base_within(&self, range: Effective) -> impl Iterator<Item = &'a BaseRule> {
        self.program.base.iter().filter(move |base| overlap(&base.effective, &range))
    }
}

/// Puts everything that is noticed into `reading.notices`.
pub(crate) fn analyze(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    conditions::check(reading, parts);
    discounts::check(reading, parts);
    shadows::check(reading, parts);
    limits::check(reading, parts);
    caps::check(reading, parts);
    terms::check(reading, parts);
    miles::check(reading, parts);
    examples::check(reading, parts);
    coupons::check(reading, parts);
}

/// Whether every day of `inner` lies in `outer`.
fn encloses(outer: &Effective, inner: &Effective) -> bool {
    let begins = outer.from.is_none_or(|from| inner.from.is_some_and(|inner| from <= inner));
    let ends = outer.to.is_none_or(|to| inner.to.is_some_and(|inner| inner <= to));
    begins && ends
}

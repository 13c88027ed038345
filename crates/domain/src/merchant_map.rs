//! The merchant map: which merchants are a partner's, and from when to when.

mod aggregator;
mod attribution;
mod changes;
mod criteria;
mod origin;
mod resemblance;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use aggregator::Aggregators;
pub use aggregator::SubMerchant;
pub use attribution::{Attribution, Rung};
pub use changes::MapChange;
pub use criteria::MerchantCriteria;
use criteria::Shape;
pub use origin::MerchantOrigin;
pub use resemblance::Resemblance;
pub use version::MapHash;

use crate::{Effective, Merchant, PartnerId};

/// One row of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantRow {
    /// Its line in the file, from 1; 0 if it comes from no file.
    pub line: usize,
    /// What it asks of a message.
    pub criteria: MerchantCriteria,
    /// The local dates of the purchases that it holds for.
    pub valid: Effective,
    /// From where it is known.
    pub origin: MerchantOrigin,
    /// Whose merchant it is.
    pub partner: PartnerId,
}

/// A row asks for the same as another one of the same origin, on a common day, for another partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the merchant of line {line} again, for another partner")]
pub struct Contradiction {
    /// The line of the other row.
    pub line: usize,
    /// Its partner.
    pub partner: PartnerId,
}

/// The merchants of partners.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MerchantMap {
    rows: BTreeMap<MerchantCriteria, Vec<MerchantRow>>,
    /// The shapes of all criteria: a lookup asks once for each, the most specific one first.
    shapes: BTreeSet<Shape>,
    aggregators: Aggregators,
    version: Option<MapHash>,
    /// What is answered whatever is asked.
    recorded: Option<MerchantRow>,
}

impl MerchantMap {
    /// Adds a row. One that is there already, but for its line, is not added again.
    ///
    /// # Errors
    ///
    /// With the row that it contradicts.
    pub fn add(&mut self, row: MerchantRow) -> Result<(), Contradiction> {
        let rows = self.rows.entry(row.criteria.clone()).or_default();
        let alike = |other: &&MerchantRow| other.origin == row.origin && overlap(other.valid, row.valid);
        if let Some(other) = rows.iter().filter(alike).find(|other| other.partner != row.partner) {
            return Err(Contradiction { line: other.line, partner: other.partner });
        }
        if !rows.iter().filter(alike).any(|other| other.valid == row.valid) {
            self.shapes.insert(row.criteria.shape());
            if let Some(named) = &row.criteria.sub_merchant {
                let card_acceptor = row.criteria.card_acceptor.clone();
                let at = card_acceptor.map(|card| (row.criteria.acquirer.clone(), card));
                self.aggregators.know(named.prefix(), at);
            }
            rows.push(row);
        }
        Ok(())
    }

    /// Adds a row that holds for ever, by hand. If there is one for another partner it stays, and its partner is
    /// returned.
    pub fn insert(
        &mut self,
        acquirer: &str,
        card_acceptor: &str,
        terminal: Option<&str>,
        partner: PartnerId,
    ) -> Option<PartnerId> {
        let criteria =
            MerchantCriteria::new(acquirer, card_acceptor).with_terminal(terminal.unwrap_or_default());
        let row = MerchantRow {
            line: 0,
            criteria,
            valid: Effective::default(),
            origin: MerchantOrigin::default(),
            partner,
        };
        self.add(row).err().map(|other| other.partner)
    }

    /// The answer of a map of which nothing else is known any more: every merchant is this partner's.
    pub fn attributing(partner: Option<PartnerId>) -> Self {
        let row = |partner| MerchantRow {
            line: 0,
            criteria: MerchantCriteria::new("", ""),
            valid: Effective::default(),
            origin: MerchantOrigin::default(),
            partner,
        };
        Self { recorded: partner.map(row), ..Self::default() }
    }

    /// Makes an aggregator known: by its prefix in DE43, and by one of its card acceptors if there are criteria for
    /// one. Whoever comes under its name, or at that card acceptor, is never found by the card acceptor alone.
    pub fn add_aggregator(&mut self, prefix: &SubMerchant, at: Option<&MerchantCriteria>) {
        let known = |at: &MerchantCriteria| Some((at.acquirer.clone(), at.card_acceptor.clone()?));
        self.aggregators.know(prefix.prefix(), at.and_then(known));
    }

    /// Whose merchant this is on this local date of a purchase. Of the rows that hold, one with the terminal comes
    /// first, then one with the name under an aggregator, then one with the card acceptor, then one with the merchant
    /// category, then the one whose origin is trusted more.
    pub fn lookup(&self, merchant: &Merchant, date: Date) -> Attribution<'_> {
        if let Some(row) = &self.recorded {
            return Attribution { row: Some(row), of_an_aggregator: false, version: self.version };
        }
        let named = self.aggregators.sub_merchant(merchant);
        let acquirer = merchant.acquirer.trim_start_matches('0');
        let shared = named.is_some() || self.aggregators.owns(acquirer, merchant.card_acceptor.trim_end());
        let found = self.shapes.iter().rev().find_map(|shape| {
            if shared && shape.rung() == Rung::CardAcceptor {
                return None;
            }
            let rows = self.rows.get(&MerchantCriteria::of(merchant, named.as_ref(), *shape)?)?;
            rows.iter().filter(|row| row.valid.contains(date)).min_by_key(|row| row.origin)
        });
        Attribution { row: found, of_an_aggregator: shared, version: self.version }
    }

    /// Rows that can never hold: they go by the card acceptor alone, and it is an aggregator's.
    pub fn unreachable(&self) -> impl Iterator<Item = &MerchantRow> {
        let owned = |at: &MerchantCriteria| {
            at.card_acceptor.as_ref().is_some_and(|card| self.aggregators.owns(&at.acquirer, card))
        };
        self.rows().filter(move |row| row.criteria.rung() == Rung::CardAcceptor && owned(&row.criteria))
    }

    /// The aggregators that the map knows: prefixes, and card acceptors as `acquirer/card acceptor`.
    pub fn aggregators(&self) -> BTreeSet<String> {
        self.aggregators.names()
    }

    /// The same map, which says in explanations that it is this text.
    #[must_use]
    pub fn with_version(self, version: MapHash) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Which text it is; `None` if it comes from none.
    pub fn version(&self) -> Option<MapHash> {
        self.version
    }

    /// All rows, by their criteria.
    pub fn rows(&self) -> impl Iterator<Item = &MerchantRow> {
        self.rows.values().flatten()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Whether two half-open ranges have a day in common; an open end has no bound.
fn overlap(one: Effective, other: Effective) -> bool {
    let begins_in_time = |from: Option<Date>, to: Option<Date>| match (from, to) {
        (Some(from), Some(to)) => from < to,
        _ => true,
    };
    begins_in_time(one.from, other.to) && begins_in_time(other.from, one.to)
}

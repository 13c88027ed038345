//! The merchant map: which merchants are a partner's, and from when to when.

mod criteria;
mod origin;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub use criteria::MerchantCriteria;
use criteria::Shape;
pub use origin::MerchantOrigin;

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

/// The merchants of partners.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MerchantMap {
    rows: BTreeMap<MerchantCriteria, Vec<MerchantRow>>,
    /// The shapes of all criteria: a lookup asks once for each, the most specific one first.
    shapes: BTreeSet<Shape>,
}

impl MerchantMap {
    /// Adds a row. One that is there already, but for its line, is not added again.
    ///
    /// # Errors
    ///
    /// With the row that it contradicts: the same criteria and origin, a common day, and another partner.
    pub fn add(&mut self, row: MerchantRow) -> Result<(), MerchantRow> {
        let rows = self.rows.entry(row.criteria.clone()).or_default();
        let alike = |other: &&MerchantRow| other.origin == row.origin && overlap(other.valid, row.valid);
        if let Some(other) = rows.iter().filter(alike).find(|other| other.partner != row.partner) {
            return Err(other.clone());
        }
        if !rows.iter().filter(alike).any(|other| other.valid == row.valid) {
            self.shapes.insert(row.criteria.shape());
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

    /// The row that says whose merchant this is on this local date of a purchase: of those that hold, one with the
    /// terminal comes first, then one with the merchant category, then the one whose origin is trusted more.
    pub fn lookup(&self, merchant: &Merchant, date: Date) -> Option<&MerchantRow> {
        self.shapes.iter().rev().find_map(|shape| {
            let rows = self.rows.get(&MerchantCriteria::of(merchant, *shape)?)?;
            rows.iter().filter(|row| row.valid.contains(date)).min_by_key(|row| row.origin)
        })
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

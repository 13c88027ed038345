//! What one merchant map says otherwise than another one.

use super::{MerchantMap, MerchantRow, overlap};

/// A row that only one of two maps has, or that has another time or partner in the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapChange {
    /// Only the new map has it.
    Added(MerchantRow),
    /// Only the old map has it.
    Removed(MerchantRow),
    /// The same criteria and origin, but another partner or another time.
    Changed {
        /// In the old map.
        from: MerchantRow,
        /// In the new map.
        to: MerchantRow,
    },
}

impl MerchantMap {
    /// What `new` says otherwise, by criteria. Lines do not count.
    pub fn changes(&self, new: &Self) -> Vec<MapChange> {
        let mut removed: Vec<&MerchantRow> = self.rows().filter(|row| !new.has(row)).collect();
        let mut changes = Vec::new();
        for to in new.rows().filter(|row| !self.has(row)) {
            let alike = |from: &&MerchantRow| from.criteria == to.criteria && from.origin == to.origin;
            changes.push(match removed.iter().position(alike) {
                Some(place) => MapChange::Changed { from: removed.remove(place).clone(), to: to.clone() },
                None => MapChange::Added(to.clone()),
            });
        }
        changes.extend(removed.into_iter().cloned().map(MapChange::Removed));
        changes
    }

    fn has(&self, row: &MerchantRow) -> bool {
        let same = |other: &MerchantRow| MerchantRow { line: row.line, ..other.clone() } == *row;
        self.rows.get(&row.criteria).is_some_and(|rows| rows.iter().any(same))
    }

    /// Rows that stand back on some day behind a row of a more trusted origin for another partner: the row that holds,
    /// then the one that does not.
    pub fn overruled(&self) -> impl Iterator<Item = (&MerchantRow, &MerchantRow)> {
        self.rows.values().flat_map(|rows| {
            let pairs = rows.iter().flat_map(move |holds| rows.iter().map(move |other| (holds, other)));
            pairs.filter(|(holds, other)| {
                holds.origin < other.origin
                    && holds.partner != other.partner
                    && overlap(holds.valid, other.valid)
            })
        })
    }
}

//! What staff adjust: its amounts are given, whatever anything costs.

use jiff::civil::Date;

use crate::{book::Movement, price::Priced, terms::Terms};

/// What is added to one item of what was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The item of the terms; `None`: an amount by itself.
    pub basis: Option<String>,
    /// Miles, or minor units of the program's currency.
    pub quantity: i128,
    /// In the direction of the adjustment.
    pub net: i128,
    /// In the direction of the adjustment.
    pub vat: i128,
}

/// What becomes of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Another person approves it.
    Approved,
    /// It is rejected, and the same is proposed again and approved.
    ApprovedTheSecondTime,
    /// Another person rejects it.
    Rejected,
    /// Nobody decides.
    Waits,
}

/// What one person proposes while a cycle is open.
#[derive(Debug, Clone)]
pub struct Adjustment {
    /// The partner's code.
    pub partner: String,
    /// Three letters.
    pub currency: String,
    /// The direction in which the amounts are positive.
    pub bank_pays: bool,
    /// What is corrected, as staff say it; of a disputed line its id.
    pub original: String,
    /// Why.
    pub reason: String,
    /// Empty: the disputed line stands.
    pub items: Vec<Given>,
    /// Whether a receiver disputes the line with the id [`Adjustment::original`].
    pub disputed: bool,
    /// What becomes of it.
    pub fate: Fate,
    pub(crate) references: References,
}

/// The transaction behind a line.
#[derive(Debug, Clone)]
pub(crate) enum References {
    Of(Box<Movement>),
    /// None, and the date that stands in its place.
    Nothing(Date),
}

impl References {
    /// The keys by which lines stand in their order.
    pub(crate) fn keys(&self) -> (String, String) {
        match self {
            Self::Of(movement) => (movement.message.key(), movement.purchase.clone()),
            Self::Nothing(_) => ("0".repeat(48), "0".repeat(48)),
        }
    }
}

/// A row of a batch, in its columns.
pub(crate) struct Row<'m> {
    pub(crate) adjustment: &'m Adjustment,
    pub(crate) items: Vec<Priced>,
    /// What of each column is taxed with the document.
    taxed: Vec<i128>,
}

impl Row<'_> {
    pub(crate) fn total(&self) -> i128 {
        self.items.iter().map(|item| item.net + item.vat).sum()
    }
}

impl Adjustment {
    pub(crate) fn counts(&self) -> bool {
        matches!(self.fate, Fate::Approved | Fate::ApprovedTheSecondTime) && !self.items.is_empty()
    }

    fn is_of(&self, terms: &Terms) -> bool {
        (&self.partner, &self.currency) == (&terms.partner, &terms.currency)
    }

    /// In the columns of terms: what has none stands in the first one, without a quantity and without the document's tax.
    fn row(&self, terms: &Terms) -> Row<'_> {
        let sign = if self.bank_pays == terms.bank_pays_stated() { 1 } else { -1 };
        let mut items = vec![Priced::default(); terms.items.len()];
        let mut taxed = vec![0; terms.items.len()];
        for given in &self.items {
            let own = terms.items.iter().position(|item| Some(&item.basis) == given.basis.as_ref());
            let column = own.unwrap_or(0);
            let (net, vat) = (given.net * sign, given.vat * sign);
            items[column].net += net;
            items[column].vat += vat;
            if own.is_some() {
                items[column].quantity += given.quantity;
                // Who states a tax has stated all of it.
                taxed[column] += if vat == 0 { net } else { 0 };
            }
        }
        Row { adjustment: self, items, taxed }
    }
}

/// The rows of a batch by the keys of what they correct, those of one line in the order in which they were proposed.
pub(crate) fn rows<'m>(all: &'m [Adjustment], terms: &Terms) -> Vec<Row<'m>> {
    let ours = all.iter().filter(|one| one.counts() && one.is_of(terms));
    let mut rows: Vec<Row<'m>> = ours.map(|one| one.row(terms)).collect();
    rows.sort_by_cached_key(|row| row.adjustment.references.keys());
    rows
}

/// What rows add to a column: quantity, net and tax, and what of it is taxed with the document.
pub(crate) fn column(rows: &[Row<'_>], of: usize) -> (Priced, i128) {
    let mut sum = (Priced::default(), 0);
    for row in rows {
        sum.0.quantity += row.items[of].quantity;
        sum.0.net += row.items[of].net;
        sum.0.vat += row.items[of].vat;
        sum.1 += row.taxed[of];
    }
    sum
}

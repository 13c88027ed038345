//! What a batch begins with, and what it comes to.

use super::{Basis, Direction};
use crate::Ratio;

/// What one item has come to since the calendar month began, before a batch or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ToDate {
    /// Units of its basis.
    pub quantity: i64,
    /// Net, in the stated direction of the terms.
    pub net_minor: i64,
}

/// What earlier batches and the day leave to a batch. The default is nothing: the first batch under simple terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchOpening {
    /// What earlier batches carried forward, in the stated direction of the terms.
    pub balance_minor: i64,
    /// For each item of the terms, in their order; one that is missing begins at zero.
    pub to_date: Vec<ToDate>,
    /// Units left of the prepaid blocks of each item, in the order of the terms; `None` has none.
    pub prepaid: Vec<Option<i64>>,
    /// Whether no further batch of the calendar month follows: its fees and minimums are due.
    pub last_of_month: bool,
    /// Whether no further batch of this partner and currency follows at all: nothing is carried forward.
    pub last_of_terms: bool,
    /// Minor units of the terms' currency for one of the program's, where they differ.
    pub rate: Option<Ratio>,
}

impl BatchOpening {
    /// What the item at this place has come to in the month.
    pub(super) fn before(&self, position: usize) -> ToDate {
        self.to_date.get(position).copied().unwrap_or_default()
    }
}

/// A row that stands after the transactions of a batch, in the order in which rows stand. Amounts are in the stated
/// direction of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosingRow {
    /// What is owed without a transaction.
    Charge {
        /// What is charged.
        basis: Basis,
        /// Whether it lifts the item to its minimum of the month.
        minimum: bool,
        /// How many.
        quantity: i64,
        /// Net.
        net_minor: i64,
        /// Value added tax, if it is computed by line.
        vat_minor: i64,
    },
    /// What a prepaid block covers: it has been paid and taxed when it was bought.
    Prepaid {
        /// What the block is of.
        basis: Basis,
        /// Units left before the batch.
        opening: i64,
        /// Units that the batch took.
        drawn: i64,
        /// Units left after it.
        closing: i64,
        /// Net that is taken off.
        net_minor: i64,
        /// Tax that is taken off.
        vat_minor: i64,
    },
    /// What rounding at batch level adds to the sum of the net amounts; never 0.
    Rounding {
        /// The amount.
        amount_minor: i64,
    },
    /// Value added tax that is computed once for the document; never 0.
    DocumentVat {
        /// The amount.
        amount_minor: i64,
    },
    /// What is not paid now and opens the next batch; never 0.
    CarryForward {
        /// The amount.
        amount_minor: i64,
    },
}

/// What a batch comes to. Amounts are in the stated direction of the terms, except what is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchClosing {
    /// The rows after the transactions.
    pub rows: Vec<ClosingRow>,
    /// How many lines carried something.
    pub transactions: u64,
    /// How many charges there are, those among `rows` included.
    pub charges: u64,
    /// The sum of the quantities of the lines, for each item of the terms.
    pub quantities: Vec<i64>,
    /// What earlier batches carried forward.
    pub opening_minor: i64,
    /// Net of all lines, charges and prepaid blocks, rounding included.
    pub net_minor: i64,
    /// Value added tax of all of these, that of the document included.
    pub vat_minor: i64,
    /// What rounding at batch level adds.
    pub rounding_minor: i64,
    /// The part of the tax that stands on no line.
    pub document_vat_minor: i64,
    /// What is carried forward: `opening + net + vat - what is paid`.
    pub closing_minor: i64,
    /// Who pays; the stated direction if nothing is paid.
    pub direction: Direction,
    /// What is paid; never negative.
    pub to_pay_minor: i64,
    /// For each item of the terms, what it has come to in the month, this batch included, without what lifts it to its
    /// minimum.
    pub to_date: Vec<ToDate>,
    /// Units left of the prepaid blocks of each item.
    pub prepaid: Vec<Option<i64>>,
    /// Items of whose prepaid blocks so little is left that the next one should be bought.
    pub reorder: Vec<Basis>,
}

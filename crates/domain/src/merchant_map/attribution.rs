//! The answer of the merchant map, and why it is so.

use super::MerchantRow;
use crate::{Explanation, PartnerId};

/// The most specific value by which a row finds its merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// DE41.
    Terminal,
    /// The name under an aggregator, in DE43.
    SubMerchant,
    /// DE42.
    CardAcceptor,
}

impl Rung {
    /// The reason in explanations.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Terminal => "matched_by_terminal",
            Self::SubMerchant => "matched_by_sub_merchant",
            Self::CardAcceptor => "matched_by_card_acceptor",
        }
    }
}

/// Whose merchant it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution<'a> {
    /// The partner's of this row.
    To(&'a MerchantRow),
    /// No row holds.
    Nobody {
        /// The merchant is an aggregator's: a row by the card acceptor alone would not count.
        of_an_aggregator: bool,
    },
}

impl<'a> Attribution<'a> {
    /// The row that holds.
    pub fn row(&self) -> Option<&'a MerchantRow> {
        match self {
            Self::To(row) => Some(row),
            Self::Nobody { .. } => None,
        }
    }

    /// The partner.
    pub fn partner(&self) -> Option<PartnerId> {
        self.row().map(|row| row.partner)
    }

    /// Tells in an explanation how the merchant was found, or that it was not.
    pub fn explain(&self, explanation: &mut Explanation) {
        match self {
            Self::To(row) => {
                let values = vec![
                    ("partner", row.partner.to_string()),
                    ("map_line", row.line.to_string()),
                    ("map_origin", row.origin.name().to_owned()),
                ];
                explanation.applied("merchant", row.criteria.rung().reason(), values);
            }
            Self::Nobody { of_an_aggregator: true } => {
                explanation.skipped("merchant", "sub_merchant_not_in_the_map", vec![]);
            }
            Self::Nobody { .. } => explanation.skipped("merchant", "not_in_the_map", vec![]),
        }
    }
}

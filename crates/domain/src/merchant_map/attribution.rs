//! The answer of the merchant map, and why it is so.

use super::{MapHash, MerchantRow};
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
pub struct Attribution<'a> {
    pub(super) row: Option<&'a MerchantRow>,
    /// A row by the card acceptor alone would not have counted.
    pub(super) of_an_aggregator: bool,
    pub(super) version: Option<MapHash>,
}

impl<'a> Attribution<'a> {
    /// The row that holds.
    pub fn row(&self) -> Option<&'a MerchantRow> {
        self.row
    }

    /// The partner.
    pub fn partner(&self) -> Option<PartnerId> {
        self.row.map(|row| row.partner)
    }

    /// Whether it was under an aggregator, where no row by the card acceptor alone counts.
    pub fn is_of_an_aggregator(&self) -> bool {
        self.of_an_aggregator
    }

    /// Tells in an explanation how the merchant was found, or that it was not, and by which map.
    pub fn explain(&self, explanation: &mut Explanation) {
        let map = self.version.map(|version| ("map", version.short()));
        let Some(row) = self.row else {
            let reason = match self.of_an_aggregator {
                true => "sub_merchant_not_in_the_map",
                false => "not_in_the_map",
            };
            return explanation.skipped("merchant", reason, map.into_iter().collect());
        };
        let found = [
            ("partner", row.partner.to_string()),
            ("map_line", row.line.to_string()),
            ("map_origin", row.origin.name().to_owned()),
        ];
        let values = found.into_iter().chain(map).collect();
        explanation.applied("merchant", row.criteria.rung().reason(), values);
    }
}

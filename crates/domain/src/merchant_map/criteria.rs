//! What a row of the merchant map asks of a message.

use super::{Rung, SubMerchant};
use crate::Merchant;

/// Values that a message must carry. Each is kept as it is compared: the acquirer without leading zeros, texts
/// without trailing blanks; what is `None` is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MerchantCriteria {
    /// DE32.
    pub acquirer: String,
    /// DE42. Only a row with a sub-merchant may leave it open: aggregators have many.
    pub card_acceptor: Option<String>,
    /// DE41.
    pub terminal: Option<String>,
    /// The name under an aggregator, in DE43.
    pub sub_merchant: Option<SubMerchant>,
    /// DE18.
    pub mcc: Option<u16>,
}

/// Which values a row asks for. A greater shape is more specific; the fields stand in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    terminal: bool,
    sub_merchant: bool,
    card_acceptor: bool,
    mcc: bool,
}

impl Shape {
    pub(super) fn rung(self) -> Rung {
        match self {
            Self { terminal: true, .. } => Rung::Terminal,
            Self { sub_merchant: true, .. } => Rung::SubMerchant,
            _ => Rung::CardAcceptor,
        }
    }
}

impl MerchantCriteria {
    /// All messages of a card acceptor; an empty one stands for all of the acquirer.
    pub fn new(acquirer: &str, card_acceptor: &str) -> Self {
        Self {
            // DE32 is n..11: banks send it with and without leading zeros.
            acquirer: acquirer.trim_start_matches('0').to_owned(),
            card_acceptor: filled(card_acceptor),
            terminal: None,
            sub_merchant: None,
            mcc: None,
        }
    }

    /// Of these only what comes from a terminal; an empty one stands for all.
    #[must_use]
    pub fn with_terminal(self, terminal: &str) -> Self {
        Self { terminal: filled(terminal), ..self }
    }

    /// Of these only what an aggregator did for this merchant.
    #[must_use]
    pub fn with_sub_merchant(self, sub_merchant: Option<SubMerchant>) -> Self {
        Self { sub_merchant, ..self }
    }

    /// Of these only what has a merchant category.
    #[must_use]
    pub fn with_mcc(self, mcc: Option<u16>) -> Self {
        Self { mcc, ..self }
    }

    /// The most specific of the values by which it finds its merchant.
    pub fn rung(&self) -> Rung {
        self.shape().rung()
    }

    pub(super) fn shape(&self) -> Shape {
        Shape {
            terminal: self.terminal.is_some(),
            sub_merchant: self.sub_merchant.is_some(),
            card_acceptor: self.card_acceptor.is_some(),
            mcc: self.mcc.is_some(),
        }
    }

    /// What a row of this shape must ask for to hold for the merchant; `None` if the message lacks one of the values.
    pub(super) fn of(merchant: &Merchant, named: Option<&SubMerchant>, shape: Shape) -> Option<Self> {
        let asked = |wanted: bool, text: &str| wanted.then(|| filled(text)).flatten();
        let criteria = Self {
            card_acceptor: asked(shape.card_acceptor, &merchant.card_acceptor),
            terminal: asked(shape.terminal, &merchant.terminal),
            sub_merchant: named.filter(|_| shape.sub_merchant).cloned(),
            mcc: merchant.mcc.filter(|_| shape.mcc),
            ..Self::new(&merchant.acquirer, "")
        };
        (criteria.shape() == shape).then_some(criteria)
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim_end()).filter(|text| !text.is_empty()).map(str::to_owned)
}

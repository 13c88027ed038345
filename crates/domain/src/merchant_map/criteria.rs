//! What a row of the merchant map asks of a message.

use crate::Merchant;

/// Values that a message must carry. Each is kept as it is compared: the acquirer without leading zeros, texts
/// without trailing blanks; what is `None` is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MerchantCriteria {
    /// DE32.
    pub acquirer: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE41.
    pub terminal: Option<String>,
    /// DE18.
    pub mcc: Option<u16>,
}

/// Which values a row asks for. A greater shape is more specific; the fields stand in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    terminal: bool,
    mcc: bool,
}

impl MerchantCriteria {
    /// All messages of a card acceptor.
    pub fn new(acquirer: &str, card_acceptor: &str) -> Self {
        Self {
            // DE32 is n..11: banks send it with and without leading zeros.
            acquirer: acquirer.trim_start_matches('0').to_owned(),
            card_acceptor: card_acceptor.trim_end().to_owned(),
            terminal: None,
            mcc: None,
        }
    }

    /// Of these only what comes from a terminal; an empty one stands for all.
    #[must_use]
    pub fn with_terminal(self, terminal: &str) -> Self {
        let terminal = Some(terminal.trim_end()).filter(|text| !text.is_empty()).map(str::to_owned);
        Self { terminal, ..self }
    }

    /// Of these only what has a merchant category.
    #[must_use]
    pub fn with_mcc(self, mcc: Option<u16>) -> Self {
        Self { mcc, ..self }
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { terminal: self.terminal.is_some(), mcc: self.mcc.is_some() }
    }

    /// What a row of this shape must ask for to hold for the merchant; `None` if the message lacks one of the values.
    pub(super) fn of(merchant: &Merchant, shape: Shape) -> Option<Self> {
        let plain = Self::new(&merchant.acquirer, &merchant.card_acceptor);
        let with_terminal = if shape.terminal { plain.with_terminal(&merchant.terminal) } else { plain };
        let whole = with_terminal.with_mcc(merchant.mcc.filter(|_| shape.mcc));
        (whole.shape() == shape).then_some(whole)
    }
}

//! Merchants as a bank's messages name them.

use super::plan_error::PlanError;

/// A terminal of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// DE32: up to 11 digits.
    pub acquirer: String,
    /// DE42 without pads: up to 15 characters.
    pub card_acceptor: String,
    /// DE41 without pads: up to 8 characters.
    pub terminal: String,
    /// DE18: 4 digits.
    pub mcc: String,
    /// What it is called wherever it is shown; it is not sent.
    pub name: String,
    /// The partner it belongs to, as a label; it is not sent.
    pub partner: Option<String>,
    /// How often it is visited in a seeded day, relative to the others.
    pub weight: u32,
}

impl Merchant {
    /// A merchant without partner that is visited as often as any other.
    #[must_use]
    pub fn new(name: &str, acquirer: &str, card_acceptor: &str, terminal: &str, mcc: &str) -> Self {
        Self {
            acquirer: acquirer.to_owned(),
            card_acceptor: card_acceptor.to_owned(),
            terminal: terminal.to_owned(),
            mcc: mcc.to_owned(),
            name: name.to_owned(),
            partner: None,
            weight: 1,
        }
    }

    /// The same as a merchant of a partner.
    #[must_use]
    pub fn of_partner(mut self, partner: &str) -> Self {
        self.partner = Some(partner.to_owned());
        self
    }

    /// The same with another weight.
    #[must_use]
    pub const fn with_weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Whether it fits its data elements.
    ///
    /// # Errors
    ///
    /// What does not, and what is expected.
    pub fn check(&self) -> Result<(), PlanError> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let printable = |text: &str| text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        let rules = [
            (
                (1..=11).contains(&self.acquirer.len()) && digits(&self.acquirer),
                "an acquirer of 1 to 11 digits",
            ),
            (
                (1..=15).contains(&self.card_acceptor.len()) && printable(&self.card_acceptor),
                "a card acceptor of 1 to 15 ASCII characters",
            ),
            (self.terminal.len() <= 8 && printable(&self.terminal), "a terminal of up to 8 ASCII characters"),
            (self.mcc.len() == 4 && digits(&self.mcc), "an MCC of 4 digits"),
        ];
        match rules.into_iter().find(|(kept, _)| !kept) {
            Some((_, expected)) => Err(PlanError::Merchant { name: self.name.clone(), expected }),
            None => Ok(()),
        }
    }
}

//! How often each kind of purchase comes in a seeded day.

/// Weights of the kinds of purchases; 0 leaves a kind out. Partners, excluded MCC and cards that are no members come
/// with the merchants and cards that the caller gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of one kind of purchase")]
pub struct Mix {
    /// Authorization and clearing.
    pub plain: u32,
    /// 0120 that the issuer approved, and clearing.
    pub approved_advice: u32,
    /// DE25 06, and clearing of a smaller amount.
    pub preauthorization: u32,
    /// A clearing that nothing announced.
    pub clearing_only: u32,
    pub refund_full: u32,
    pub refund_part: u32,
    pub reverse_authorization: u32,
    /// The rest is cleared.
    pub reverse_part_of_authorization: u32,
    pub reverse_clearing: u32,
    pub reverse_part_of_clearing: u32,
    pub two_presentments: u32,
    /// Two presentments and a refund of a part of the second.
    pub two_presentments_and_refund: u32,
    /// Every message twice.
    pub repeats: u32,
    /// Cleared with up to 20 % more.
    pub over_clearing: u32,
    /// Cleared with up to 40 % less.
    pub under_clearing: u32,
    /// Cleared with the amount before a discount at the till.
    pub gross_clearing: u32,
    /// 0120 that the issuer declined.
    pub declined_advice: u32,
    /// 0220 that the issuer declined.
    pub declined_clearing: u32,
    /// Paid in a foreign currency, billed in the bank's.
    pub foreign_currency: u32,
    /// The same with a full refund.
    pub foreign_currency_refund: u32,
    /// Cash from a merchant with MCC 6011 (any other merchant if there is none).
    pub cash: u32,
    /// 0200 in place of 0100. Only for banks whose clearing comes from elsewhere.
    pub financial_request: u32,
    /// Thousandths of all messages that are sent once more at once.
    pub repeat_per_mille: u32,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            plain: 40,
            approved_advice: 2,
            preauthorization: 2,
            clearing_only: 4,
            refund_full: 4,
            refund_part: 5,
            reverse_authorization: 4,
            reverse_part_of_authorization: 3,
            reverse_clearing: 3,
            reverse_part_of_clearing: 3,
            two_presentments: 4,
            two_presentments_and_refund: 2,
            repeats: 3,
            over_clearing: 3,
            under_clearing: 4,
            gross_clearing: 3,
            declined_advice: 2,
            declined_clearing: 2,
            foreign_currency: 4,
            foreign_currency_refund: 1,
            cash: 2,
            financial_request: 0,
            repeat_per_mille: 20,
        }
    }
}

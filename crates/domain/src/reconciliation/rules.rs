//! By what items are matched, and how far they may differ: data.

use super::Unit;

/// A kind of identifier. A rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Our id of a line of a file; given once.
    LineId,
    /// Our id of a file or payout; given once.
    FileId,
    /// Our reference of a payment or transfer.
    OurReference,
    /// Acquirer reference number, step and clearing sequence.
    ClearingIdentity,
    /// The acquirer reference number.
    Arn,
    /// The network's own name of the transaction.
    Network,
    /// Acquirer, retrieval reference and card acceptor.
    RetrievalAndAcceptor,
    /// Retrieval reference, terminal, amount and local date.
    RetrievalTerminalAmountDate,
    /// Approval code, card's last digits, amount and local date.
    ApprovalAmountDate,
    /// The name of a total.
    Element,
    /// Partner, program, cycle and currency.
    PartnerCycleCurrency,
}

impl Rung {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::LineId,
        Self::FileId,
        Self::OurReference,
        Self::ClearingIdentity,
        Self::Arn,
        Self::Network,
        Self::RetrievalAndAcceptor,
        Self::RetrievalTerminalAmountDate,
        Self::ApprovalAmountDate,
        Self::Element,
        Self::PartnerCycleCurrency,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::LineId => "line_id",
            Self::FileId => "file_id",
            Self::OurReference => "our_reference",
            Self::ClearingIdentity => "clearing_identity",
            Self::Arn => "arn",
            Self::Network => "network",
            Self::RetrievalAndAcceptor => "retrieval_and_acceptor",
            Self::RetrievalTerminalAmountDate => "retrieval_terminal_amount_date",
            Self::ApprovalAmountDate => "approval_amount_date",
            Self::Element => "element",
            Self::PartnerCycleCurrency => "partner_cycle_currency",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }

    /// Whether it is given once only: what has it again is the same thing again, and not a part of it.
    pub fn is_unique(self) -> bool {
        matches!(self, Self::LineId | Self::ClearingIdentity | Self::Element)
    }
}

/// How far two amounts may differ and still be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Minor units or miles.
    pub minor: u32,
    /// Thousandths of the greater amount.
    pub per_mille: u32,
}

impl Tolerance {
    /// Whether the difference of two amounts is within the greater of both bounds. Exact: nothing is rounded.
    pub fn allows(self, one: i128, other: i128) -> bool {
        let apart = one.abs_diff(other);
        let greater = one.unsigned_abs().max(other.unsigned_abs());
        let share = greater.saturating_mul(u128::from(self.per_mille));
        apart <= u128::from(self.minor) || apart.saturating_mul(1_000) <= share
    }
}

/// How the items of a source are matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRules {
    /// The kinds of identifier by which items are found, the strongest first.
    pub ladder: Vec<Rung>,
    /// By unit; what is not here is exact.
    pub tolerances: Vec<(Unit, Tolerance)>,
    /// By so many days the dates of a match may be apart.
    pub days: i32,
    /// Whether amount and date may make a suggestion.
    pub suggests: bool,
    /// How many candidates are looked through for a sum.
    pub candidates_max: usize,
    /// What two people have said is not the same, by the references of our side and of theirs: it is not suggested again.
    pub apart: Vec<(String, String)>,
}

impl MatchRules {
    /// What a unit tolerates.
    pub fn tolerance(&self, unit: Unit) -> Tolerance {
        self.tolerances.iter().find(|(of, _)| *of == unit).map(|(_, found)| *found).unwrap_or_default()
    }
}

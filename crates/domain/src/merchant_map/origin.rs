//! From where a row of the merchant map is known.

/// From where a row is known, the most trusted one first: of two rows that ask for the same, the first one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MerchantOrigin {
    /// A purchase that a member missed was looked up at the acquirer.
    Claim,
    /// Somebody of ours wrote it.
    #[default]
    Manual,
    /// The partner's own list.
    Brand,
    /// A processor's or an acquirer's list.
    Processor,
    /// A list that was bought.
    ThirdParty,
    /// Found by its name and address.
    Address,
}

impl MerchantOrigin {
    /// All of them, the most trusted one first.
    pub const ALL: [Self; 6] =
        [Self::Claim, Self::Manual, Self::Brand, Self::Processor, Self::ThirdParty, Self::Address];

    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Manual => "manual",
            Self::Brand => "brand",
            Self::Processor => "processor",
            Self::ThirdParty => "third_party",
            Self::Address => "address",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == text)
    }
}

//! Why something is a match or a break, as stored words.

/// Why something is a match or a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Both have the identifier, nobody else has it, and the values are equal.
    SameIdentifier,
    /// The same, and the difference is within what is tolerated.
    WithinTolerance,
    /// The parts under one identifier add up.
    PartsAddUp,
    /// No identifier in common; amount and date fit, and fit nothing else.
    SameAmountAndDate,
    /// No identifier in common; some of the other side add up to it, in one way only.
    SumOfOthers,
    /// The other side has nothing with its identifiers, and it is due.
    NotFoundTheirs,
    /// We have nothing with its identifiers.
    NotFoundOurs,
    /// What stands once on one side stands again on the other, with the same value.
    NamedAgain,
    /// It stands again, with another value.
    NamedAgainDiffering,
    /// The same identifier with another amount, and nothing explains it.
    AmountsDiffer,
    /// Equal without fees.
    FeesDiffer,
    /// The net is equal and the tax differs by more than rounding.
    TaxDiffers,
    /// The net is equal and the tax differs as roundings do.
    TaxRounded,
    /// Equal in the original currency.
    RatesDiffer,
    /// The same identifier in another currency.
    CurrenciesDiffer,
    /// Equal in what miles are given for.
    MilesDiffer,
    /// The parts under one identifier do not add up.
    PartsDoNotAddUp,
    /// Found by an identifier while a stronger one differs.
    StrongerIdentifierDiffers,
    /// Amount and date fit more than one.
    FitsSeveral,
    /// The dates are farther apart than agreed.
    CameLate,
    /// It stands in a later statement or window than the one in which it had to be.
    StandsLater,
    /// Nothing came until it was due.
    NothingCame,
    /// A number of the series is missing, and later ones came.
    NumberMissing,
    /// It came again with other content.
    OtherContent,
    /// The same content came under another name.
    SameContentAgain,
    /// Counts or totals differ.
    TotalsDiffer,
    /// The bytes are not those of the books.
    HashDiffers,
    /// The file is not where it was published.
    FileGone,
    /// The file does not add up in itself.
    NotVerified,
    /// The file does not follow the one before it.
    ChainBroken,
    /// The receiver refused it.
    Refused,
    /// The receiver disputes the line.
    LineDisputed,
    /// The record could not be booked.
    RecordPutAside,
    /// Nobody of this name is known.
    UnknownSender,
    /// The signature over it does not hold, or there is none.
    NotSigned,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::SameIdentifier,
        Self::WithinTolerance,
        Self::PartsAddUp,
        Self::SameAmountAndDate,
        Self::SumOfOthers,
        Self::NotFoundTheirs,
        Self::NotFoundOurs,
        Self::NamedAgain,
        Self::NamedAgainDiffering,
        Self::AmountsDiffer,
        Self::FeesDiffer,
        Self::TaxDiffers,
        Self::TaxRounded,
        Self::RatesDiffer,
        Self::CurrenciesDiffer,
        Self::MilesDiffer,
        Self::PartsDoNotAddUp,
        Self::StrongerIdentifierDiffers,
        Self::FitsSeveral,
        Self::CameLate,
        Self::StandsLater,
        Self::NothingCame,
        Self::NumberMissing,
        Self::OtherContent,
        Self::SameContentAgain,
        Self::TotalsDiffer,
        Self::HashDiffers,
        Self::FileGone,
        Self::NotVerified,
        Self::ChainBroken,
        Self::Refused,
        Self::LineDisputed,
        Self::RecordPutAside,
        Self::UnknownSender,
        Self::NotSigned,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameIdentifier => "same_identifier",
            Self::WithinTolerance => "within_tolerance",
            Self::PartsAddUp => "parts_add_up",
            Self::SameAmountAndDate => "same_amount_and_date",
            Self::SumOfOthers => "sum_of_others",
            Self::NotFoundTheirs => "not_found_theirs",
            Self::NotFoundOurs => "not_found_ours",
            Self::NamedAgain => "named_again",
            Self::NamedAgainDiffering => "named_again_differing",
            Self::AmountsDiffer => "amounts_differ",
            Self::FeesDiffer => "fees_differ",
            Self::TaxDiffers => "tax_differs",
            Self::TaxRounded => "tax_rounded",
            Self::RatesDiffer => "rates_differ",
            Self::CurrenciesDiffer => "currencies_differ",
            Self::MilesDiffer => "miles_differ",
            Self::PartsDoNotAddUp => "parts_do_not_add_up",
            Self::StrongerIdentifierDiffers => "stronger_identifier_differs",
            Self::FitsSeveral => "fits_several",
            Self::CameLate => "came_late",
            Self::StandsLater => "stands_later",
            Self::NothingCame => "nothing_came",
            Self::NumberMissing => "number_missing",
            Self::OtherContent => "other_content",
            Self::SameContentAgain => "same_content_again",
            Self::TotalsDiffer => "totals_differ",
            Self::HashDiffers => "hash_differs",
            Self::FileGone => "file_gone",
            Self::NotVerified => "not_verified",
            Self::ChainBroken => "chain_broken",
            Self::Refused => "refused",
            Self::LineDisputed => "line_disputed",
            Self::RecordPutAside => "record_put_aside",
            Self::UnknownSender => "unknown_sender",
            Self::NotSigned => "not_signed",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }
}

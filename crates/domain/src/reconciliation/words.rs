//! The words of reconciliation, as they are stored.

/// What is compared with our books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A bank's clearing files and their records.
    BankClearing,
    /// What a bank stated of its window (0500, 0520).
    BankTotals,
    /// A bank's statement of the account that settlement is paid by.
    BankStatement,
    /// Answers of receivers to settlement files.
    Acknowledgement,
    /// Answers of a partner that keeps the miles.
    Handback,
    /// A receiver's own statement.
    PartnerStatement,
    /// Our published files: sequence, hash and chain against the books.
    OwnFile,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BankClearing,
        Self::BankTotals,
        Self::BankStatement,
        Self::Acknowledgement,
        Self::Handback,
        Self::PartnerStatement,
        Self::OwnFile,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::BankClearing => "bank_clearing",
            Self::BankTotals => "bank_totals",
            Self::BankStatement => "bank_statement",
            Self::Acknowledgement => "acknowledgement",
            Self::Handback => "handback",
            Self::PartnerStatement => "partner_statement",
            Self::OwnFile => "own_file",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }
}

/// What kind of disagreement it is: the taxonomy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakClass {
    /// Expected and overdue: nothing came at all from the source.
    Missing,
    /// It came after its time.
    Late,
    /// It stands in a later cycle.
    CarriedForward,
    /// They have it, we do not.
    MissingOurs,
    /// We have it, they do not.
    MissingTheirs,
    /// One side has it more than once.
    Duplicate,
    /// It is of somebody whom we do not know.
    UnknownPartner,
    /// The amounts differ; the sign says who has more.
    Amount,
    /// Only what is a fee differs.
    Fee,
    /// The net is equal, the tax differs by no more than a minor unit for each line.
    VatRounding,
    /// The amount in the original currency is equal, the converted one differs.
    Fx,
    /// The same thing in another currency.
    Currency,
    /// What miles are given for is equal, the miles differ.
    MilesRate,
    /// The parts under one identifier do not add up.
    Split,
    /// One identifier says that it is the same, a stronger one differs.
    Reference,
    /// It fits several ways.
    Ambiguous,
    /// Only amount and date say that it is the same: two people decide.
    Suggested,
    /// A number of a series of files is missing.
    SequenceGap,
    /// Counts or totals of a file or window differ.
    Totals,
    /// The bytes are not those that they were.
    AlteredFile,
    /// The signature does not fit.
    Signature,
    /// The receiver refused it.
    Nack,
}

impl BreakClass {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Missing,
        Self::Late,
        Self::CarriedForward,
        Self::MissingOurs,
        Self::MissingTheirs,
        Self::Duplicate,
        Self::UnknownPartner,
        Self::Amount,
        Self::Fee,
        Self::VatRounding,
        Self::Fx,
        Self::Currency,
        Self::MilesRate,
        Self::Split,
        Self::Reference,
        Self::Ambiguous,
        Self::Suggested,
        Self::SequenceGap,
        Self::Totals,
        Self::AlteredFile,
        Self::Signature,
        Self::Nack,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Late => "late",
            Self::CarriedForward => "carried_forward",
            Self::MissingOurs => "missing_ours",
            Self::MissingTheirs => "missing_theirs",
            Self::Duplicate => "duplicate",
            Self::UnknownPartner => "unknown_partner",
            Self::Amount => "amount",
            Self::Fee => "fee",
            Self::VatRounding => "vat_rounding",
            Self::Fx => "fx",
            Self::Currency => "currency",
            Self::MilesRate => "miles_rate",
            Self::Split => "split",
            Self::Reference => "reference",
            Self::Ambiguous => "ambiguous",
            Self::Suggested => "suggested",
            Self::SequenceGap => "sequence_gap",
            Self::Totals => "totals",
            Self::AlteredFile => "altered_file",
            Self::Signature => "signature",
            Self::Nack => "nack",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }

    /// Whether the data disagree, or only the time.
    pub fn timing(self) -> Timing {
        match self {
            Self::Missing | Self::Late | Self::CarriedForward => Timing::Timing,
            _ => Timing::Data,
        }
    }
}

/// Whether the data disagree, or only the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timing {
    /// What is said differs.
    Data,
    /// It is the same, but at another time, or has not come yet.
    Timing,
}

impl Timing {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Data, Self::Timing];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Timing => "timing",
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Nothing: it is about a file.
    Nothing,
    /// Miles.
    Miles,
    /// Minor units of a currency, three letters of ISO 4217.
    Money([u8; 3]),
}

impl Unit {
    /// The stored word: `MILES`, three letters, or nothing.
    pub fn name(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Miles => "MILES",
            // Only letters are let in.
            Self::Money(letters) => std::str::from_utf8(letters).unwrap_or_default(),
        }
    }

    /// Reads [`Self::name`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Nothing),
            "MILES" => Some(Self::Miles),
            _ => {
                let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
                letters.iter().all(u8::is_ascii_uppercase).then_some(Self::Money(letters))
            }
        }
    }
}

//! A message before it has a card, a time and a number: what a script says of it.

use crate::wire::{NetworkCodes, NetworkFunction};

/// What a message shall be.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The message type, four digits.
    pub mti: &'static str,
    /// It tells that money moves: a presentment, by 0200 where the bank clears so.
    pub presents: bool,
    /// Whose card it is.
    pub card: Whose,
    /// Where it was.
    pub place: Place,
    /// DE4.
    pub amount: Amount,
    /// Which purchase of the script: the same number gives the same DE37 and the same local time.
    pub purchase: u8,
    /// The step whose message DE90 names; of totals the step whose answer they are taken from.
    pub names: Option<&'static str>,
    /// What is changed at last.
    pub edits: Vec<Edit>,
}

/// Whose card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A member's.
    Member,
    /// Of the bank, but nobody's who takes part.
    Stranger,
    /// Of another bank.
    OtherBank,
}

/// Which merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One that belongs to no partner.
    Plain,
    /// One of a partner who gives a discount at the till.
    Till,
}

/// An amount in terms of the run's amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many thousandths of it.
    PerMille(u64),
    /// DE4 of the answer to a step: what was approved, perhaps reduced.
    AnsweredTo(&'static str),
}

/// A change to a composed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Sets a data element.
    Set(u8, &'static str),
    /// Takes a data element out.
    Remove(u8),
    /// Sets DE70 to an agreed code.
    Network(NetworkCode),
    /// Adds one to the number that a data element holds.
    Increase(u8),
    /// Sets a data element to what another one holds.
    Copy {
        /// The data element that is set.
        to: u8,
        /// Where the value comes from.
        from: u8,
    },
    /// Sets a data element to what the answer to a step has there.
    Answered {
        /// The data element.
        de: u8,
        /// The step.
        to: &'static str,
    },
    /// Sets DE4 to so many thousandths of the run's amount.
    Amount(u64),
    /// Sets DE95: so many thousandths of the run's amount remain.
    Remaining(u64),
}

/// Which code of network management is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkCode {
    /// The first that is agreed for it.
    First(NetworkFunction),
    /// The last that is agreed for it.
    Last(NetworkFunction),
    /// One that shows whether the link goes on: of an echo, else of a sign-on.
    SignOfLife,
    /// One that nobody has agreed on.
    Unknown,
}

impl NetworkCode {
    /// The code on this link; `None` if none is agreed.
    pub(crate) fn of(self, codes: &NetworkCodes) -> Option<String> {
        match self {
            Self::First(function) => codes.of(function).first().cloned(),
            Self::Last(function) => codes.of(function).last().cloned(),
            Self::SignOfLife => codes.echo.first().or_else(|| codes.sign_on.first()).cloned(),
            Self::Unknown => Some(codes.unknown()),
        }
    }
}

/// How the bytes of a message are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The last bytes are missing, and the frame says so.
    CutShort(usize),
    /// More bytes follow the last data element.
    Trailing,
    /// The bitmap has a character that is no hexadecimal digit.
    BitmapNotHexadecimal,
    /// The bitmap announces a data element that is not there.
    Announced(u8),
    /// The bitmap does not announce a data element that is there.
    Unannounced(u8),
    /// The first digit of a data element is a letter.
    LetterIn(u8),
    /// The length of a data element is no number.
    LengthNotNumber(u8),
    /// The length of a data element is greater than it may be.
    LengthTooGreat(u8),
    /// The last character is beyond ASCII.
    BeyondAscii,
    /// The message type is not four digits.
    TypeNotDigits,
    /// A frame of no bytes.
    EmptyFrame,
    /// A frame that announces more bytes than the contract allows.
    FrameTooLong,
    /// A frame that ends before its length says.
    FrameCutShort,
    /// The MAC is of other bytes.
    WrongMac,
    /// There is no MAC.
    NoMac,
}

impl Draft {
    /// A message of a member at a merchant of no partner, with the run's whole amount.
    #[must_use]
    pub fn new(mti: &'static str) -> Self {
        Self {
            mti,
            presents: false,
            card: Whose::Member,
            place: Place::Plain,
            amount: Amount::PerMille(1000),
            purchase: 0,
            names: None,
            edits: Vec::new(),
        }
    }

    /// Network management with the first code that is agreed for it.
    #[must_use]
    pub fn network(function: NetworkFunction) -> Self {
        Self::network_code(NetworkCode::First(function))
    }

    /// Network management with this code.
    #[must_use]
    pub fn network_code(code: NetworkCode) -> Self {
        Self::new("0800").edit(Edit::Network(code))
    }

    /// A presentment: 0220, or 0200 of a bank that clears so.
    #[must_use]
    pub fn presentment() -> Self {
        Self { presents: true, ..Self::new("0220") }
    }

    /// A refund: a presentment with DE3 20, with a reference of its own, naming a presentment if there is one.
    #[must_use]
    pub fn refund(names: Option<&'static str>) -> Self {
        Self { names, ..Self::presentment().purchase(200).edit(Edit::Set(3, "200000")) }
    }

    /// A reversal of the message of a step.
    #[must_use]
    pub fn reversal(mti: &'static str, names: &'static str) -> Self {
        Self { names: Some(names), ..Self::new(mti) }
    }

    /// Totals that state what an earlier answer has told.
    #[must_use]
    pub fn totals_of(answer_to: &'static str) -> Self {
        Self { names: Some(answer_to), ..Self::new("0500") }
    }

    /// The same as an advice: 0520 in place of 0500.
    #[must_use]
    pub fn as_totals_advice(self) -> Self {
        Self { mti: "0520", ..self }
    }

    /// The same with another card.
    #[must_use]
    pub fn card(mut self, card: Whose) -> Self {
        self.card = card;
        self
    }

    /// The same at another merchant.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same with so many thousandths of the run's amount.
    #[must_use]
    pub fn per_mille(mut self, share: u64) -> Self {
        self.amount = Amount::PerMille(share);
        self
    }

    /// The same with the amount that was approved.
    #[must_use]
    pub fn as_answered_to(mut self, label: &'static str) -> Self {
        self.amount = Amount::AnsweredTo(label);
        self
    }

    /// The same for another purchase.
    #[must_use]
    pub fn purchase(mut self, number: u8) -> Self {
        self.purchase = number;
        self
    }

    /// The same with a change.
    #[must_use]
    pub fn edit(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }
}

//! What a record of an IPM file means: from MTI, function code (DE24), processing code (DE3) and reversal flag
//! (PDS0025).
//!
//! Sources: the clearing records in the test data of this project and public descriptions of IPM reports (function
//! codes 200, 450, 680, 685, 695, 697 and 783 were seen there); all other codes are general knowledge of the form
//! and wait for the bank's confirmation. They stand in the tables of this file and nowhere else.

use std::fmt;

use crate::mti::Mti;

/// Whether the whole amount of the original is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The whole amount.
    Full,
    /// A part of the amount.
    Partial,
}

/// Which way money goes on the cardholder's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The cardholder owes more.
    Debit,
    /// The cardholder owes less.
    Credit,
}

impl Direction {
    /// The other way.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

/// What the cardholder did, from the first two digits of DE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transaction {
    /// 00: goods or services.
    Purchase,
    /// 09: goods or services and cash.
    PurchaseWithCash,
    /// 01 at a machine, 12 at a counter, 17 by a convenience check: cash.
    Cash,
    /// 18: something that is as good as cash, for example tokens of a casino.
    QuasiCash,
    /// 20: money back from a merchant.
    Refund,
    /// 28: money sent to the card.
    Payment,
}

impl Transaction {
    /// Which way the money goes when it is presented.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Purchase | Self::PurchaseWithCash | Self::Cash | Self::QuasiCash => Direction::Debit,
            Self::Refund | Self::Payment => Direction::Credit,
        }
    }
}

/// What a 1644 record is about, when it is neither header nor trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Administrative {
    /// 603: the issuer asks for a document.
    RetrievalRequest,
    /// 605: the answer to a retrieval request.
    RetrievalAcknowledgement,
    /// 640: rates of exchange.
    CurrencyUpdate,
    /// 680: totals of a file by currency.
    FileCurrencySummary,
    /// 685: totals of clearing.
    FinancialPosition,
    /// 688: totals of settlement.
    SettlementPosition,
    /// 691: a record was rejected.
    MessageException,
    /// 693: text for people.
    Text,
    /// 696: details that belong to the presentment before it, for example of a flight.
    Addendum,
    /// 699: a file was rejected.
    FileReject,
}

/// Why fees are collected with a 1740 record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fee {
    /// 700: a member collects a fee.
    Collection,
    /// 780: the fee is given back.
    Return,
    /// 781: the fee is collected again.
    Resubmission,
    /// 782: the fee is given back for the second time.
    ArbitrationReturn,
    /// 783: the clearing system collects a fee.
    ClearingSystem,
    /// 790: money is moved by the clearing system.
    FundsTransfer,
    /// 791: such a movement is undone.
    FundsTransferBackout,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// 1644/697.
    FileHeader,
    /// 1644/695.
    FileTrailer,
    /// 1240/200: the acquirer claims the money.
    FirstPresentment,
    /// 1240/205 full, 282 partial: the acquirer claims again what was charged back.
    SecondPresentment(Extent),
    /// 1442/450 full, 453 partial: the issuer takes the money back.
    FirstChargeback(Extent),
    /// 1442/451 full, 454 partial: the issuer takes the money back for the second time.
    ArbitrationChargeback(Extent),
    /// 1740.
    FeeCollection(Fee),
    /// 1644, neither header nor trailer.
    Administrative(Administrative),
}

impl RecordKind {
    /// Whether the record moves money of a cardholder, and so has DE3 and DE4.
    #[must_use]
    pub const fn is_financial(self) -> bool {
        matches!(
            self,
            Self::FirstPresentment
                | Self::SecondPresentment(_)
                | Self::FirstChargeback(_)
                | Self::ArbitrationChargeback(_)
        )
    }

    const fn is_chargeback(self) -> bool {
        matches!(self, Self::FirstChargeback(_) | Self::ArbitrationChargeback(_))
    }

    /// Header and trailer frame the file: nothing of them can be taken back.
    const fn is_frame(self) -> bool {
        matches!(self, Self::FileHeader | Self::FileTrailer)
    }
}

/// What a record means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Meaning {
    /// What the record is.
    pub kind: RecordKind,
    /// What the cardholder did; `None` for what is no presentment and no chargeback.
    pub transaction: Option<Transaction>,
    /// Whether the record undoes an earlier record of the same kind (PDS0025 starts with `R`).
    pub reversal: bool,
}

impl Meaning {
    /// Which way money goes on the cardholder's account in the end: that of the transaction for a presentment, the
    /// opposite for a chargeback, and again the opposite for a reversal. `None` where no money of the cardholder
    /// moves.
    #[must_use]
    pub const fn effect(self) -> Option<Direction> {
        let Some(transaction) = self.transaction else { return None };
        let direction = transaction.direction();
        Some(if self.kind.is_chargeback() == self.reversal { direction } else { direction.opposite() })
    }
}

/// A code of decimal digits, so short that it can be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code<const DIGITS: usize>([u8; DIGITS]);

impl<const DIGITS: usize> Code<DIGITS> {
    /// Reads exactly so many ASCII digits, anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = <[u8; DIGITS]>::try_from(text.as_bytes()).ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const DIGITS: usize> fmt::Display for Code<DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const DIGITS: usize> fmt::Debug for Code<DIGITS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a record has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordKindError {
    /// The MTI is none of 1240, 1442, 1644 and 1740.
    #[error(
        "MTI: expected 1240, 1442, 1644 or 1740, found {0}, which is not a clearing record; the sender must put only \
         clearing records into the file"
    )]
    NotAClearingRecord(Mti),
    /// The function code is missing or not three digits.
    #[error(
        "DE24 of a {0}: expected three digits, found none or something else; the sender must send a function code"
    )]
    NoFunction(Mti),
    /// The function code does not exist with this MTI.
    #[error(
        "DE24: expected a function code of a {mti}, found {function}; the sender must correct MTI or function code, \
         or agree on what this combination means"
    )]
    UnknownFunction {
        /// The MTI.
        mti: Mti,
        /// The function code.
        function: Code<3>,
    },
    /// A presentment or chargeback has no processing code, or one that is not six digits.
    #[error(
        "DE3 of a {0}: expected six digits, found none or something else; the sender must send a processing code, \
         without which nobody knows whether to debit or to credit"
    )]
    NoProcessingCode(Mti),
    /// The processing code of a presentment or chargeback is not in the table.
    #[error(
        "DE3: expected to start with 00, 01, 09, 12, 17, 18, 20 or 28, found {0}; the sender must correct it, or \
         agree on whether it debits or credits"
    )]
    UnknownProcessingCode(Code<6>),
    /// PDS0025 starts neither with `R` nor with a blank.
    #[error(
        "PDS0025: expected to start with R or a blank, found {0}; the sender must correct the reversal flag"
    )]
    UnknownReversalFlag(&'static str),
    /// A header or a trailer says that it is a reversal.
    #[error(
        "PDS0025: expected no reversal of a file header or trailer, found R; the sender must leave it out"
    )]
    ReversedFrame,
}

/// What a record means. `function` is DE24, `processing` DE3, `reversal` PDS0025, each as text where present.
///
/// # Errors
///
/// When the combination makes no sense or is not in the tables. Nothing is guessed: a guess would debit where the
/// card must be credited.
pub fn record_kind(
    mti: Mti,
    function: Option<&str>,
    processing: Option<&str>,
    reversal: Option<&str>,
) -> Result<Meaning, RecordKindError> {
    if !matches!(mti.as_str(), "1240" | "1442" | "1644" | "1740") {
        return Err(RecordKindError::NotAClearingRecord(mti));
    }
    let function = function.and_then(Code::parse).ok_or(RecordKindError::NoFunction(mti))?;
    let kind = kind(mti, &function).ok_or(RecordKindError::UnknownFunction { mti, function })?;
    let transaction = if kind.is_financial() { Some(transaction(mti, processing)?) } else { None };
    let reversal = is_reversal(reversal)?;
    if reversal && kind.is_frame() {
        return Err(RecordKindError::ReversedFrame);
    }
    Ok(Meaning { kind, transaction, reversal })
}

fn kind(mti: Mti, function: &Code<3>) -> Option<RecordKind> {
    Some(match (mti.as_str(), function.as_str()) {
        ("1240", "200") => RecordKind::FirstPresentment,
        ("1240", "205") => RecordKind::SecondPresentment(Extent::Full),
        ("1240", "282") => RecordKind::SecondPresentment(Extent::Partial),
        ("1442", "450") => RecordKind::FirstChargeback(Extent::Full),
        ("1442", "453") => RecordKind::FirstChargeback(Extent::Partial),
        ("1442", "451") => RecordKind::ArbitrationChargeback(Extent::Full),
        ("1442", "454") => RecordKind::ArbitrationChargeback(Extent::Partial),
        ("1644", "697") => RecordKind::FileHeader,
        ("1644", "695") => RecordKind::FileTrailer,
        ("1644", other) => RecordKind::Administrative(administrative(other)?),
        ("1740", other) => RecordKind::FeeCollection(fee(other)?),
        _ => return None,
    })
}

fn administrative(function: &str) -> Option<Administrative> {
    Some(match function {
        "603" => Administrative::RetrievalRequest,
        "605" => Administrative::RetrievalAcknowledgement,
        "640" => Administrative::CurrencyUpdate,
        "680" => Administrative::FileCurrencySummary,
        "685" => Administrative::FinancialPosition,
        "688" => Administrative::SettlementPosition,
        "691" => Administrative::MessageException,
        "693" => Administrative::Text,
        "696" => Administrative::Addendum,
        "699" => Administrative::FileReject,
        _ => return None,
    })
}

fn fee(function: &str) -> Option<Fee> {
    Some(match function {
        "700" => Fee::Collection,
        "780" => Fee::Return,
        "781" => Fee::Resubmission,
        "782" => Fee::ArbitrationReturn,
        "783" => Fee::ClearingSystem,
        "790" => Fee::FundsTransfer,
        "791" => Fee::FundsTransferBackout,
        _ => return None,
    })
}

fn transaction(mti: Mti, processing: Option<&str>) -> Result<Transaction, RecordKindError> {
    let code: Code<6> = processing.and_then(Code::parse).ok_or(RecordKindError::NoProcessingCode(mti))?;
    Ok(match code.as_str().get(..2) {
        Some("00") => Transaction::Purchase,
        Some("01" | "12" | "17") => Transaction::Cash,
        Some("09") => Transaction::PurchaseWithCash,
        Some("18") => Transaction::QuasiCash,
        Some("20") => Transaction::Refund,
        Some("28") => Transaction::Payment,
        _ => return Err(RecordKindError::UnknownProcessingCode(code)),
    })
}

fn is_reversal(flag: Option<&str>) -> Result<bool, RecordKindError> {
    match flag.map(|flag| flag.as_bytes().first()) {
        None | Some(Some(b' ')) => Ok(false),
        Some(Some(b'R')) => Ok(true),
        Some(None) => Err(RecordKindError::UnknownReversalFlag("nothing")),
        Some(Some(_)) => Err(RecordKindError::UnknownReversalFlag("another character")),
    }
}

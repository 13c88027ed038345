//! Replies: DE39, the loyalty result in DE48 and the amounts of a discount at the till.

use domain::{Reply, ReplyCode};
use iso8583::{AdditionalAmount, Builder, Message, Version, tagged};

use crate::versions;

/// DE39 as this gateway sends it. By the link contract anything but 00 means "no loyalty now", never a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseCode {
    /// 00: taken and durably stored.
    Taken,
    /// 12: a message type, transaction or currency that this link does not serve.
    Invalid,
    /// 30: a field is missing, malformed or undefined.
    FormatError,
    /// 57: the card, DE33 or DE100 is not this bank's.
    NotPermitted,
    /// 91: draining, not signed on, or the database is away.
    Unavailable,
    /// 94: a repeat that differs from the first.
    AlteredRepeat,
    /// 96: not committed in time, or put aside.
    Malfunction,
}

impl ResponseCode {
    /// DE39 as a version of the standard writes it; `class` is the second digit of the message type.
    pub fn of_version(self, version: Version, class: u8) -> &'static str {
        match (version, self) {
            (Version::V1987, code) => code.digits(),
            (_, Self::Taken) => match class {
                4 => "400",
                8 => "800",
                _ => "000",
            },
            (_, Self::Invalid) => "902",
            (_, Self::FormatError) => "904",
            (_, Self::NotPermitted) => "119",
            (_, Self::Unavailable) => "907",
            (_, Self::AlteredRepeat) => "913",
            (_, Self::Malfunction) => "909",
        }
    }

    /// The two digits of DE39 in 1987.
    pub fn digits(self) -> &'static str {
        match self {
            Self::Taken => "00",
            Self::Invalid => "12",
            Self::FormatError => "30",
            Self::NotPermitted => "57",
            Self::Unavailable => "91",
            Self::AlteredRepeat => "94",
            Self::Malfunction => "96",
        }
    }
}

impl From<ReplyCode> for ResponseCode {
    fn from(code: ReplyCode) -> Self {
        match code {
            ReplyCode::Taken => Self::Taken,
            ReplyCode::AlteredRepeat => Self::AlteredRepeat,
            ReplyCode::Malfunction => Self::Malfunction,
        }
    }
}

/// The tags of DE48 in replies.
pub mod tags {
    /// Status: `provisional`, `booked`, `reversed`, `none`.
    pub const STATUS: &str = "ST";
    /// A code for the reason.
    pub const REASON: &str = "RS";
    /// Base miles.
    pub const BASE_MILES: &str = "BM";
    /// Bonus miles.
    pub const BONUS_MILES: &str = "XM";
    /// Discount in minor units.
    pub const DISCOUNT: &str = "DC";
    /// How the discount reaches the cardholder.
    pub const DISCOUNT_MODE: &str = "DM";
    /// Miles that are reserved, if miles to pay with were asked for.
    pub const RESERVED_MILES: &str = "RM";
    /// The money that remains to be paid then, in minor units.
    pub const REMAINING_AMOUNT: &str = "RA";
    /// Where a format error lies.
    pub const ERROR_AT: &str = "ER";
}

/// DE54 amount type: the original amount, before the discount.
const ORIGINAL_AMOUNT: &str = "57";

/// The fields that a reply gives back as they came; the card number is not among them.
const ECHOED: [u8; 14] = [3, 4, 7, 11, 12, 13, 15, 32, 33, 37, 41, 42, 49, 90];
/// The same in 1993, which has date and time in DE12 and names the original in DE56.
const ECHOED_1993: [u8; 13] = [3, 4, 7, 11, 12, 15, 32, 33, 37, 41, 42, 49, 56];
/// The fields of network management that a reply gives back.
const ECHOED_NETWORK: [u8; 3] = [7, 11, 70];
/// The same in 1993, which has the function in DE24.
const ECHOED_NETWORK_1993: [u8; 4] = [7, 11, 12, 24];
/// The fields of a reconciliation that a reply gives back.
const ECHOED_TOTALS: [u8; 8] = [7, 11, 15, 32, 33, 50, 99, 100];

/// The same in 1993.
const ECHOED_TOTALS_1993: [u8; 13] = [7, 11, 12, 15, 28, 29, 32, 33, 50, 93, 94, 99, 100];

/// The beginning of a reply: what comes back as sent.
fn echo(message: &Message<'_>) -> Builder {
    let echoed = match (message.dialect().version(), message.mti().class()) {
        (Version::V1987, 5) => &ECHOED_TOTALS[..],
        (_, 5) => &ECHOED_TOTALS_1993,
        (Version::V1987, 8) => &ECHOED_NETWORK,
        (Version::V1987, _) => &ECHOED,
        (_, 8) => &ECHOED_NETWORK_1993,
        (_, _) => &ECHOED_1993,
    };
    echoed
        .iter()
        .filter_map(|de| Some((*de, message.text(*de)?)))
        .fold(Builder::reply_to(message), |reply, (de, value)| reply.set(de, value))
}

/// The reply to network management.
pub(crate) fn network(message: &Message<'_>, code: ResponseCode) -> Builder {
    echo(message).set(39, code_of(message, code))
}

/// The beginning of a reply to totals: what comes back as sent.
pub(crate) fn totals(message: &Message<'_>) -> Builder {
    echo(message)
}

fn code_of(message: &Message<'_>, code: ResponseCode) -> &'static str {
    code.of_version(message.dialect().version(), message.mti().class())
}

/// A reply without a loyalty result.
pub(crate) fn refusal(message: &Message<'_>, code: ResponseCode, reason: &str, at: Option<&str>) -> Builder {
    Opening::of(message).refusal(code, reason, at)
}

/// What a reply says whatever is decided. It has no card data, so the message need not be kept for it.
pub(crate) struct Opening {
    reply: Builder,
    version: Version,
    /// DE49.
    currency: String,
}

impl Opening {
    /// Of the reply to this message.
    pub(crate) fn of(message: &Message<'_>) -> Self {
        Self {
            reply: echo(message),
            version: message.dialect().version(),
            currency: message.text(49).unwrap_or_default().into_owned(),
        }
    }

    fn code(&self, code: ResponseCode) -> &'static str {
        code.of_version(self.version, self.reply.mti().class())
    }

    /// A reply without a loyalty result.
    pub(crate) fn refusal(self, code: ResponseCode, reason: &str, at: Option<&str>) -> Builder {
        let code = self.code(code);
        without_result(self.reply, code, reason, at)
    }

    /// The reply to a message that was decided.
    pub(crate) fn decided(self, reply: &Reply) -> Builder {
        let code = self.code(ResponseCode::from(reply.code));
        let mut builder = self.reply.set(39, code);
        if let Some((net, original)) = reply.till {
            builder = builder.set(4, format!("{net:012}"));
            let amount = AdditionalAmount {
                account_type: "00".to_owned(),
                amount_type: ORIGINAL_AMOUNT.to_owned(),
                currency: self.currency,
                credit: false,
                amount: original,
            };
            if let Ok(text) = AdditionalAmount::write_all(&[amount]) {
                builder = builder.set(54, text);
            }
        }
        let reason = versions::in_its_terms(self.version, &reply.result.reason);
        result(builder, reply, &reason)
    }
}

/// A reply without a loyalty result, with a DE39 that the bank's profile names.
pub(crate) fn refusal_with(message: &Message<'_>, code: &str, reason: &str, at: Option<&str>) -> Builder {
    without_result(echo(message), code, reason, at)
}

/// What of a reply says which message it answers, and DE39: for a reply that cannot be written whole.
pub(crate) fn least(reply: &Builder) -> Builder {
    const KEPT: [u8; 6] = [7, 11, 12, 24, 39, 70];
    let others: Vec<u8> = reply.elements().filter(|de| !KEPT.contains(de)).collect();
    others.into_iter().fold(reply.clone(), Builder::remove)
}

/// Completes a reply without a loyalty result.
pub(crate) fn without_result(reply: Builder, code: &str, reason: &str, at: Option<&str>) -> Builder {
    let mut entries = vec![(tags::STATUS, "none"), (tags::REASON, reason)];
    entries.extend(at.map(|at| (tags::ERROR_AT, at)));
    with_result(reply.set(39, code), &entries)
}

fn result(builder: Builder, reply: &Reply, reason: &str) -> Builder {
    let result = &reply.result;
    let (base, bonus) = (result.base_miles.to_string(), result.bonus_miles.to_string());
    let discount = result.discount_minor.to_string();
    let mut entries = vec![(tags::STATUS, result.status.name()), (tags::REASON, reason)];
    if result.base_miles != 0 || result.bonus_miles != 0 {
        entries.extend([(tags::BASE_MILES, base.as_str()), (tags::BONUS_MILES, bonus.as_str())]);
    }
    if result.discount_minor != 0 {
        entries.push((tags::DISCOUNT, discount.as_str()));
        entries.extend(result.discount_mode.map(|mode| (tags::DISCOUNT_MODE, mode.name())));
    }
    let paid = reply.miles.map(|paid| [paid.reserved.to_string(), paid.remains_minor.to_string()]);
    if let Some([reserved, remains]) = &paid {
        entries
            .extend([(tags::RESERVED_MILES, reserved.as_str()), (tags::REMAINING_AMOUNT, remains.as_str())]);
    }
    with_result(builder, &entries)
}

fn with_result(builder: Builder, entries: &[(&str, &str)]) -> Builder {
    match tagged::write(entries) {
        Ok(text) => builder.set(48, text),
        // Reasons are short codes of ours; without DE48 the reply still says DE39.
        Err(_) => builder,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

    use domain::{DiscountMode, LoyaltyResult, MilesPaid, REASONS, Reply, ReplyCode, ResultStatus};
    use iso8583::{Builder, Mti, tagged};

    use super::result;
    use crate::wire::RESULT_MIN;

    /// An amount has twelve digits at most, and no account holds more miles than that.
    const MOST: u64 = 999_999_999_999;

    #[test]
    fn the_longest_result_fits_into_the_shortest_element_and_says_what_miles_pay() {
        let taken_back = -i64::try_from(MOST).unwrap();
        let longest = REASONS.iter().max_by_key(|reason| reason.len()).unwrap();
        let reply = Reply {
            code: ReplyCode::Taken,
            till: None,
            result: LoyaltyResult {
                status: ResultStatus::Provisional,
                reason: (*longest).to_owned(),
                base_miles: taken_back,
                bonus_miles: taken_back,
                discount_minor: i64::try_from(MOST).unwrap(),
                discount_mode: Some(DiscountMode::StatementCredit),
            },
            miles: Some(MilesPaid { reserved: MOST, remains_minor: MOST }),
        };
        let written = result(Builder::new(Mti::new("0110")), &reply, longest);
        let text = written.get(48).unwrap();
        assert!(text.len() <= RESULT_MIN as usize, "{} characters: {text}", text.len());
        let tags = tagged::parse(text).unwrap();
        let most = MOST.to_string();
        assert!(tags.ends_with(&[("RM", most.as_str()), ("RA", most.as_str())]), "{text}");
    }
}

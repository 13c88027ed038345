//! What a message was and did: a refund looks like a clearing on the wire, a reversal tells what it was sent for and
//! not what it took back.

use domain::Currency;
use program_files::Language;

use crate::{locale::Locale, queries::Listed};

/// The amount of a message as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Signed: what goes back to the cardholder has a minus.
    pub(crate) text: String,
    /// What the message itself said, where that is another amount.
    pub(crate) note: Option<String>,
}

/// A stored currency number; one out of range is no currency that ISO 4217 knows.
pub(crate) fn currency(number: i32) -> Currency {
    Currency(u16::try_from(number).unwrap_or(0))
}

/// The processing code, DE3, among the fields that the store keeps for the comparison of repeats.
pub(crate) fn processing_code(content: &str) -> Option<&str> {
    content.split('|').find_map(|field| field.strip_prefix("DE3="))
}

/// Whether the message takes back another one.
pub(crate) fn is_reversal(mti: &str) -> bool {
    mti.starts_with("04") || mti == "file-reversal"
}

/// Whether the message itself is a refund: by what it says, or by how it counted. Only messages of a bank and presentments
/// of its files can be: a chargeback and a computation anew count below zero too, and no shop gives anything back.
pub(crate) fn is_refund(listed: &Listed) -> bool {
    let is_presented = listed.mti == "file" || listed.mti.bytes().all(|byte| byte.is_ascii_digit());
    if !is_presented || is_reversal(&listed.mti) {
        return false;
    }
    let says_so = processing_code(&listed.content).is_some_and(|code| code.starts_with("20"))
        || listed.content.split('|').any(|field| field == "kind=refund");
    says_so || listed.counted_minor < 0 || listed.reason == "refunded"
}

/// What a reversal took back, without a sign; `None` for any other message.
pub(crate) fn taken_back(listed: &Listed) -> Option<i64> {
    is_reversal(&listed.mti).then(|| match listed.counted_minor {
        // Of a hold nothing has counted yet: what it stood for is in the explanation.
        0 => listed.taken_back.unwrap_or(0),
        counted => counted.saturating_abs(),
    })
}

/// The amount with its sign: a minus where the message counted negative, and what a reversal took back.
pub(crate) fn amount(listed: &Listed) -> Amount {
    amount_in(listed, Locale(Language::English))
}

/// The same, as readers of a language write it.
pub(crate) fn amount_in(listed: &Listed, locale: Locale) -> Amount {
    let paid_in = currency(listed.currency);
    let said = locale.money(listed.amount_minor, paid_in);
    let Some(taken_back) = taken_back(listed) else {
        let negative = listed.counted_minor < 0;
        let text = if negative { locale.money(-listed.amount_minor, paid_in) } else { said };
        return Amount { text, note: None };
    };
    // A reversal of a refund counts positive: the turnover comes back.
    let signed = if listed.counted_minor > 0 { taken_back } else { -taken_back };
    let booked_in = listed.booked_in.map_or(paid_in, currency);
    let as_said = booked_in == paid_in && taken_back == listed.amount_minor;
    Amount { text: locale.money(signed, booked_in), note: (!as_said).then(|| format!("DE4 {said}")) }
}

/// The amount of a message as a number: signed, in the currency in which it is shown.
pub(crate) fn signed(listed: &Listed) -> (i64, Currency) {
    let paid_in = currency(listed.currency);
    match taken_back(listed) {
        None if listed.counted_minor < 0 => (-listed.amount_minor, paid_in),
        None => (listed.amount_minor, paid_in),
        Some(minor) => {
            let booked_in = listed.booked_in.map_or(paid_in, currency);
            (if listed.counted_minor > 0 { minor } else { -minor }, booked_in)
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::MessageKey;
    use jiff::Timestamp;

    use super::*;

    fn listed(mti: &str, content: &str, counted_minor: i64, taken_back: Option<i64>) -> Listed {
        Listed {
            bucket: 0,
            key: MessageKey::new(0, [0; 16]),
            mti: mti.to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            retrieval: String::new(),
            last4: String::new(),
            amount_minor: 100_000,
            currency: 643,
            status: String::new(),
            reason: String::new(),
            purchase: None,
            counted_minor,
            content: content.to_owned(),
            taken_back,
            booked_in: Some(643),
        }
    }

    #[test]
    fn a_refund_is_known_by_its_processing_code_or_by_how_it_counted() {
        let check = |mti: &str, content: &str, counted: i64, expected: bool| {
            assert_eq!(
                is_refund(&listed(mti, content, counted, None)),
                expected,
                "{mti} {content} {counted}"
            );
        };
        check("0220", "DE3=200000|DE4=000000100000", 0, true);
        check("0220", "DE3=000000|DE4=000000100000", -100_000, true);
        check("0220", "DE3=000000|DE4=200000", 100_000, false);
        check("0100", "DE3=200000", 0, true);
        check("file", "kind=refund|amount=100000", 0, true);
        for other in ["file-chargeback", "file-arbitration", "rerate", "reattribution", "match-refund"] {
            check(other, "kind=purchase", -100_000, false);
        }
        check("file", "kind=purchase|arn=kind=refund", 100_000, false);
        check("0400", "DE3=200000", 100_000, false);
        check("file-reversal", "kind=purchase|reversal=true", -100_000, false);
    }

    #[test]
    fn the_sign_is_that_of_the_books() {
        let check = |listed: Listed, text: &str, note: Option<&str>| {
            let amount = amount(&listed);
            assert_eq!((amount.text.as_str(), amount.note.as_deref()), (text, note), "{}", listed.mti);
            let (minor, of) = signed(&listed);
            assert_eq!(crate::money::money(minor, of), text, "{}", listed.mti);
        };
        check(listed("0220", "", 100_000, None), "1,000.00 RUB", None);
        check(listed("0220", "", -100_000, None), "-1,000.00 RUB", None);
        // In another currency than the program's the sign is that of the counted amount.
        let abroad = Listed { currency: 840, ..listed("0220", "", -9_500_000, None) };
        check(abroad, "-1,000.00 USD", None);
        // A reversal shows what it took back: of a hold, of a presentment, of a refund, of a part, of nothing.
        check(listed("0400", "", 0, Some(100_000)), "-1,000.00 RUB", None);
        check(listed("0420", "", -100_000, Some(100_000)), "-1,000.00 RUB", None);
        check(listed("0420", "", 100_000, Some(100_000)), "1,000.00 RUB", None);
        check(listed("0400", "", 0, Some(40_000)), "-400.00 RUB", Some("DE4 1,000.00 RUB"));
        check(listed("0400", "", 0, None), "0.00 RUB", Some("DE4 1,000.00 RUB"));
        let abroad = Listed { currency: 840, ..listed("0400", "", 0, Some(9_500_000)) };
        check(abroad, "-95,000.00 RUB", Some("DE4 1,000.00 USD"));
    }
}

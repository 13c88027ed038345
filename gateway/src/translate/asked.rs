//! What a cardholder asks for beside the purchase: our tags of DE48 in a bank's messages.

use domain::{Asked, Content, CouponId, EventKind};
use iso8583::{Message, tagged};

use super::{Refusal, malformed};
use crate::{
    coupon_codes::shown,
    hash::{array, sha256},
};

/// The tags of DE48 in requests and advices.
mod tags {
    /// Miles to pay with, in digits.
    pub(super) const MILES: &str = "MI";
    /// The code of a coupon, as it was shown.
    pub(super) const COUPON: &str = "CP";
}

/// The most letters and digits of a coupon's code.
const CODE_MAX: usize = 32;
/// The most digits of miles: more than any account holds, less than any sum overflows at.
const MILES_DIGITS_MAX: usize = 12;

/// Reads the tags. A DE48 that is not written in our tags is a bank's own business and asks for nothing; miles that
/// cannot be read are refused in a request, for nothing of value is given on a guess. What can be no code is a wrong
/// code, which hinders no purchase.
pub(super) fn read(message: &Message<'_>, kind: EventKind) -> Result<Asked, Refusal> {
    let online = matches!(
        kind,
        EventKind::Authorization { .. } | EventKind::AuthorizationAdvice { .. } | EventKind::Clearing { .. }
    );
    let Some(text) = message.text(48).filter(|_| online) else { return Ok(Asked::default()) };
    let Ok(entries) = tagged::parse(&text) else { return Ok(Asked::default()) };
    let value = |tag: &str| entries.iter().find(|(name, _)| *name == tag).map(|(_, value)| *value);
    let (miles, coupon) = (value(tags::MILES), value(tags::COUPON));
    let asked = Asked { miles: miles.and_then(number), coupon: coupon.map(shown) };
    let unread = miles.is_some() && asked.miles.is_none();
    if unread && matches!(kind, EventKind::Authorization { .. }) {
        return Err(malformed("DE48"));
    }
    Ok(asked)
}

fn number(text: &str) -> Option<u64> {
    let digits = text.len() <= MILES_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|miles| digits && *miles > 0)
}

/// What stands for a code: capitals and small letters, blanks and hyphens make no difference.
pub fn coupon_id(code: &str) -> Option<CouponId> {
    let plain: String = code
        .chars()
        .filter(|char| !matches!(char, ' ' | '-'))
        .map(|char| char.to_ascii_uppercase())
        .collect();
    let readable = plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (readable && (1..=CODE_MAX).contains(&plain.len())).then(|| CouponId(array(&sha256(plain.as_bytes()))))
}

/// A repeat must ask for the same.
pub(super) fn content(Content(mut fields): Content, asked: Asked) -> Content {
    fields.extend(asked.miles.map(|miles| ("DE48.MI", miles.to_string())));
    fields.extend(asked.coupon.map(|coupon| ("DE48.CP", hex::encode(coupon.0))));
    Content(fields)
}

#[cfg(test)]
mod tests {
    use super::{coupon_id, number};

    #[test]
    fn a_code_is_the_same_however_it_is_written() {
        let id = coupon_id("SPRING-7K2M-9QXA").unwrap();
        for (code, same) in [
            ("spring 7k2m 9qxa", true),
            ("SPRING7K2M9QXA", true),
            ("SPRING-7K2M-9QXB", false),
            ("", false),
            ("--", false),
            ("SPRING_7K2M", false),
            ("A23456789012345678901234567890123", false),
        ] {
            assert_eq!(coupon_id(code) == Some(id), same, "{code}");
        }
    }

    #[test]
    fn miles_are_a_number_above_zero() {
        for (text, miles) in [
            ("500", Some(500)),
            ("000500", Some(500)),
            ("0", None),
            ("", None),
            ("+5", None),
            ("1234567890123", None),
        ] {
            assert_eq!(number(text), miles, "{text}");
        }
    }
}

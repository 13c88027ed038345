//! Codes of coupons as people read, say and type them: sixteen letters and digits in four groups.
//!
//! Fifteen of them are random, more than 74 bits, so that nobody finds one by trying, even with the kept hashes. The last
//! is a check: of one wrong character, or of two that changed places, it always tells.

use domain::CouponId;

use crate::{hash::sha256, translate::coupon_id};

/// Without 0, 1, I, L and O, which are taken for each other. Their number is a prime, which the check needs.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Characters of a code, the check among them.
const LENGTH: u64 = 16;

/// The characters of a group.
const GROUP: usize = 4;

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes; no code was made")]
pub struct NoRandomness;

/// Why a text is none of our codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Too short or too long, or a character that no code has.
    #[error(
        "expected {LENGTH} letters and digits without 0, 1, I, L and O, such as ABCD-EFGH-JKMN-PQRS; look at the printed code again"
    )]
    Shape,
    /// The check says that a character is wrong.
    #[error("a character is wrong, or two have changed places; look at the printed code again")]
    Mistyped,
}

/// A new code, such as `7KQW-M2XD-P9RA-ZT4C`, and what stands for it.
pub fn new_coupon_code() -> Result<(String, CouponId), NoRandomness> {
    let mut values = Vec::new();
    let alphabet = ALPHABET.len() as u64;
    while (values.len() as u64) < LENGTH - 1 {
        let mut bytes = [0_u8; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        let left = usize::try_from(LENGTH - 1).unwrap_or(0) - values.len();
        // One of 32 is left out, so that each of the others is as likely.
        let drawn = bytes.iter().map(|byte| u64::from(byte % 32)).filter(|value| *value < alphabet);
        values.extend(drawn.take(left));
    }
    let sum = weighted(&values) % alphabet;
    // The check has the weight 16, and 2 * 16 is 1 modulo 31.
    values.push((alphabet - sum) * 2 % alphabet);
    let letter = |value: &u64| ALPHABET.get(usize::try_from(*value).unwrap_or(0)).copied();
    let letters: Vec<char> = values.iter().filter_map(letter).map(char::from).collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    let code = groups.join("-");
    if domain::holds_card_number(&code) {
        // Once in a hundred million: where it is shown, it would be taken for one.
        return new_coupon_code();
    }
    let id = coupon_id(&code).ok_or(NoRandomness)?;
    Ok((code, id))
}

/// What stands for a code that somebody has typed, if its check is right.
pub fn typed_coupon_code(text: &str) -> Result<CouponId, NotACode> {
    let plain = text.trim().to_ascii_uppercase().into_bytes();
    let plain = plain.into_iter().filter(|byte| !matches!(byte, b' ' | b'-'));
    let place = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).map(|place| place as u64);
    let values: Option<Vec<u64>> = plain.map(place).collect();
    let values = values.filter(|values| values.len() as u64 == LENGTH).ok_or(NotACode::Shape)?;
    match weighted(&values).is_multiple_of(ALPHABET.len() as u64) {
        true => coupon_id(text.trim()).ok_or(NotACode::Shape),
        false => Err(NotACode::Mistyped),
    }
}

/// Every place has a weight of its own.
fn weighted(values: &[u64]) -> u64 {
    values.iter().zip(1..).map(|(value, weight)| value * weight).sum()
}

/// What stands for a text that was shown as a code. One that can be none stands for itself: nobody has given it out. A
/// text that holds a card number is not even hashed: whoever knows its last digits would find it by trying.
pub(crate) fn shown(text: &str) -> CouponId {
    if domain::holds_card_number(text) {
        return CouponId(sha256(b"a card number"));
    }
    coupon_id(text).unwrap_or_else(|| CouponId(sha256(format!("no code: {text}").as_bytes())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn new_codes_are_good_and_differ() {
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let (code, id) = new_coupon_code().unwrap();
            assert_eq!((code.len(), typed_coupon_code(&code)), (19, Ok(id)), "{code}");
            assert_eq!(typed_coupon_code(&code.replace('-', " ").to_lowercase()), Ok(id));
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn of_a_card_number_nothing_is_kept() {
        let kept = shown("4111111111111111");
        for text in ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "CARD 4111111111111111"]
        {
            assert_eq!(shown(text), kept, "{text}");
        }
        for text in ["4111111111111112", "7KQW-M2XD-P9RA-ZT4C"] {
            assert_ne!(shown(text), kept, "{text}");
        }
    }

    #[test]
    fn one_wrong_character_or_two_that_changed_places_are_noticed() {
        let (code, _) = new_coupon_code().unwrap();
        let plain: Vec<u8> = code.bytes().filter(|byte| *byte != b'-').collect();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for place in 0..plain.len() {
            for letter in ALPHABET.iter().filter(|letter| **letter != plain[place]) {
                let mut wrong = plain.clone();
                wrong[place] = *letter;
                assert_eq!(typed_coupon_code(&text(&wrong)), Err(NotACode::Mistyped), "{}", text(&wrong));
            }
            for other in place + 1..plain.len() {
                let mut wrong = plain.clone();
                wrong.swap(place, other);
                assert_eq!(typed_coupon_code(&text(&wrong)).is_err(), wrong != plain, "{}", text(&wrong));
            }
        }
        for none in ["", "ABCD", "ABCD-EFGH-JKMN-PQR0", &text(&plain[1..])] {
            assert_eq!(typed_coupon_code(none), Err(NotACode::Shape), "{none}");
        }
    }

    #[test]
    fn what_can_be_no_code_is_nobodys() {
        assert_eq!(shown("ABCD"), coupon_id("abcd").unwrap());
        assert_ne!(shown("ABCD_1"), shown("ABCD_2"));
    }
}

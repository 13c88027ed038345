//! DE54: additional amounts in groups of 20 characters.

use std::fmt::Write as _;

use crate::field_error::FieldError;

const DE: u8 = 54;
const GROUP: usize = 20;
const MAX_GROUPS: usize = 6;
const MAX_AMOUNT: u64 = 999_999_999_999;
const EXPECTED: &str = "account type n2, amount type n2, currency n3, C or D, amount n12";

/// One additional amount of DE54.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AdditionalAmount {
    /// Account type, 2 digits.
    pub account_type: String,
    /// Amount type, 2 digits, for example `40` (cashback) or `02` (available balance).
    pub amount_type: String,
    /// Currency, 3 digits.
    pub currency: String,
    /// `C` (credit) or `D` (debit).
    pub credit: bool,
    /// Amount in minor units.
    pub amount: u64,
}

impl AdditionalAmount {
    /// Reads the value of DE54: up to six groups of 20 characters, possibly none.
    ///
    /// # Errors
    ///
    /// When the length is no multiple of 20, there are too many groups, or a group is malformed.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, FieldError> {
        if !text.is_ascii() {
            return Err(FieldError::new(DE, EXPECTED, "characters outside ASCII"));
        }
        if !text.len().is_multiple_of(GROUP) {
            return Err(FieldError::new(DE, "groups of 20 characters", "an incomplete group"));
        }
        if text.len() > GROUP * MAX_GROUPS {
            return Err(FieldError::new(DE, "at most 6 groups", "more groups"));
        }
        let groups = (0..text.len()).step_by(GROUP).map(|start| text.get(start..start + GROUP));
        groups
            .map(|group| {
                group.and_then(Self::parse).ok_or(FieldError::new(DE, EXPECTED, "a group of another form"))
            })
            .collect()
    }

    /// Writes the value of DE54.
    ///
    /// # Errors
    ///
    /// When there are more than six amounts, or one does not fit its group.
    pub fn write_all(amounts: &[Self]) -> Result<String, FieldError> {
        if amounts.len() > MAX_GROUPS {
            return Err(FieldError::new(DE, "at most 6 groups", "more groups"));
        }
        let mut text = String::with_capacity(GROUP * amounts.len());
        for amount in amounts {
            let fits = digits(&amount.account_type, 2)
                && digits(&amount.amount_type, 2)
                && digits(&amount.currency, 3)
                && amount.amount <= MAX_AMOUNT;
            if !fits {
                return Err(FieldError::new(DE, EXPECTED, "a value that does not fit"));
            }
            let sign = if amount.credit { 'C' } else { 'D' };
            // Writing into a String cannot fail.
            let _ = write!(
                text,
                "{}{}{}{sign}{:012}",
                amount.account_type, amount.amount_type, amount.currency, amount.amount
            );
        }
        Ok(text)
    }

    fn parse(group: &str) -> Option<Self> {
        let part = |from, to| group.get(from..to).filter(|text| digits(text, to - from));
        let credit = match group.as_bytes().get(7)? {
            b'C' => true,
            b'D' => false,
            _ => return None,
        };
        Some(Self {
            account_type: part(0, 2)?.to_owned(),
            amount_type: part(2, 4)?.to_owned(),
            currency: part(4, 7)?.to_owned(),
            credit,
            amount: part(8, GROUP)?.parse().ok()?,
        })
    }
}

fn digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

//! Tests of the file whose expectations cannot all come true.

use super::Parts;
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars;

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    // The currency has been read before; without one there would be no program.
    let Ok(currency) = scalars::currency(parts.document.currency.get_ref()) else { return };
    for (index, entry) in parts.document.test.iter().enumerate() {
        let expect = entry.expect.get_ref();
        let minor = |text: &crate::document::Text| scalars::amount_or_zero(text.get_ref(), &currency).ok();
        let shares = (&expect.discount, &expect.merchant_share, &expect.bank_share);
        if let (Some(whole), Some(merchant), Some(bank)) = shares
            && let (Some(whole), Some(merchant), Some(bank)) = (minor(whole), minor(merchant), minor(bank))
            && merchant.checked_add(bank) != Some(whole)
        {
            let sum = i64::try_from(merchant.saturating_add(bank)).unwrap_or(i64::MAX);
            let expected = format!("shares that add up to the discount, as {}", currency.format(sum));
            let found = currency.format(i64::try_from(whole).unwrap_or(i64::MAX));
            let problem = Problem::new(expected, found, "correct `discount` or one of the shares");
            reading.notice(Severity::Error, &format!("test[{index}].expect"), &entry.expect, problem);
        }
        if let (Some(miles), Some(base), Some(bonus)) = (expect.miles, expect.base_miles, expect.bonus_miles)
            && base.checked_add(bonus) != Some(miles)
        {
            let expected = format!("`miles` of {base} + {bonus}");
            let problem = Problem::new(expected, miles.to_string(), "correct one of the three numbers");
            reading.notice(Severity::Error, &format!("test[{index}].expect"), &entry.expect, problem);
        }
    }
}

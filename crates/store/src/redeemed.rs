//! The stored form of what miles pay of a purchase.

use domain::{MessageKey, Redeemed};
use serde::{Deserialize, Serialize};

use crate::{StoreError, error::damaged};

/// Old forms stay readable.
#[derive(Serialize, Deserialize)]
struct RedeemedRow {
    v: u16,
    redemption: String,
    amount: u64,
    worth: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unanswered: bool,
}

/// Empty if miles pay nothing.
pub(crate) fn redeemed_text(redeemed: Option<&Redeemed>) -> String {
    let Some(by) = redeemed else { return String::new() };
    let row = RedeemedRow {
        v: 1,
        redemption: by.redemption.to_string(),
        amount: by.amount_minor,
        worth: by.worth_minor,
        unanswered: by.unanswered,
    };
    // A struct of strings and numbers always has a JSON form.
    serde_json::to_string(&row).unwrap_or_default()
}

pub(crate) fn redeemed(text: &str) -> Result<Option<Redeemed>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    let row: RedeemedRow =
        serde_json::from_str(text).map_err(|error| damaged("miles that pay for a purchase", error))?;
    let redemption = MessageKey::parse(&row.redemption)
        .ok_or_else(|| damaged("key of the miles that pay for a purchase", &row.redemption))?;
    let RedeemedRow { amount: amount_minor, worth: worth_minor, unanswered, .. } = row;
    Ok(Some(Redeemed { redemption, amount_minor, worth_minor, unanswered }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let redemption = MessageKey::from_bytes(&[7; 24]).unwrap();
        for (amount_minor, worth_minor, unanswered) in [(80_000, 50_000, false), (u64::MAX, 1, true)] {
            let by = Redeemed { redemption, amount_minor, worth_minor, unanswered };
            assert_eq!(redeemed(&redeemed_text(Some(&by))).unwrap(), Some(by));
        }
        assert_eq!(redeemed(&redeemed_text(None)).unwrap(), None);
        assert!(redeemed("{\"v\":1,\"redemption\":\"07\",\"amount\":1,\"worth\":1}").is_err());
        assert!(redeemed("?").is_err());
    }
}

//! By what a partner knows a member, as staff give it: the same checks as in an enrollment.

use super::entry;

/// A member's number at the partner, if it may be kept; else why not.
pub fn checked_member_number(text: &str) -> Result<String, String> {
    entry::member_number(text).map(str::to_owned).map_err(|found| found.problem)
}

/// Letters of a member's name as they are kept; else why not.
pub fn checked_name_check(text: &str) -> Result<String, String> {
    entry::name_check(text).map_err(|found| found.problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_only() {
        let kept = |text: &str| checked_name_check(text).ok();
        assert_eq!(kept("ivai").as_deref(), Some("IVAI"));
        assert_eq!(kept("").as_deref(), Some(""));
        for text in ["IVANOVIVA", "IV I", "IV1", "ИВАИ", "IV-I"] {
            assert_eq!(kept(text), None, "{text}");
        }
        let shown = checked_name_check("IV1").unwrap_err();
        assert!(!shown.contains("IV1"), "{shown}");
    }

    #[test]
    fn no_card_number() {
        assert_eq!(checked_member_number("999000001"), Ok("999000001".to_owned()));
        assert!(checked_member_number("4111111111111111").is_err());
    }
}

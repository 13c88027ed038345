//! The reasons of decisions. The codes are those of the domain's decisions and awards, the words those of every reader.

use program_files::{Language, reason_words};

/// What a reason's code means. A code that is not known here is shown as it is.
pub(crate) fn reason(code: &str, language: Language) -> String {
    if let Some(field) = code.strip_prefix("altered_repeat:") {
        return match language {
            Language::English => {
                format!("a repeat with another {field} than the first time: refused, nothing booked")
            }
            Language::Russian => {
                format!("повтор с другим {field}, чем в первый раз: отказано, ничего не учтено")
            }
        };
    }
    reason_words(code, language).map_or_else(|| code_words(code), str::to_owned)
}

/// A code as words: `cap-month` becomes `cap month`.
pub(crate) fn code_words(code: &str) -> String {
    code.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_the_domain_has_words() {
        for name in domain::VALUES {
            assert!(super::super::values::is_value_name(name), "the value {name:?} has no words");
        }
    }

    #[test]
    fn every_reason_of_the_domain_has_words_in_both_languages() {
        let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        for code in domain::REASONS.iter().copied().chain(["altered_repeat:DE4"]) {
            let [english, russian] = Language::ALL.map(|language| reason(code, language));
            assert!(english != code_words(code) || !code.contains('_'), "{code} has no words");
            assert!(!cyrillic(&english) && cyrillic(&russian), "{code}: {english}, {russian}");
        }
    }

    #[test]
    fn unknown_codes_are_shown_as_they_are() {
        let english = |code| reason(code, Language::English);
        assert_eq!(english("some_new_code"), "some new code");
        assert_eq!(english("not_a_member"), "the card belongs to no member of the program");
        assert_eq!(
            english("altered_repeat:DE4"),
            "a repeat with another DE4 than the first time: refused, nothing booked"
        );
    }
}

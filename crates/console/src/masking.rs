//! The last net under every page: nothing that looks like a card number leaves the console.
//!
//! Card numbers never reach the store, but free fields of a message hold whatever a terminal put there. What
//! [`card_numbers`] finds with 13 digits or more is shown by its last four only. A long merchant number can look like
//! that by chance; it is masked as well, on purpose.

use std::collections::BTreeSet;

use domain::card_numbers;

/// Shorter ones are retrieval numbers (DE37), which staff look for.
const DIGITS_MIN: usize = 13;
/// Digits that stay.
const SHOWN: usize = 4;

/// The text with every number masked that could be a card's.
pub(crate) fn mask_card_numbers(text: &str) -> String {
    let numbers = card_numbers(text);
    let long = numbers.iter().filter(|number| number.len() >= DIGITS_MIN);
    let hidden: BTreeSet<usize> = long.flat_map(|number| number.iter().rev().skip(SHOWN).copied()).collect();
    text.char_indices().map(|(at, shown)| if hidden.contains(&at) { '•' } else { shown }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        assert_eq!(mask_card_numbers(text), shown);
    }

    #[test]
    fn card_numbers_are_masked_wherever_they_stand() {
        check("<td>4111111111111111</td>", "<td>••••••••••••1111</td>");
        check("x4111111111111111y", "x••••••••••••1111y");
        check("?retrieval=378282246310005&amp;", "?retrieval=•••••••••••0005&amp;");
        check("4111111111111111 4111111111111111", "••••••••••••1111 ••••••••••••1111");
        check("4222222222222", "•••••••••2222");
        check("<p>4111 1111 1111 1111 12/27</p>", "<p>•••• •••• •••• 1111 12/27</p>");
        check("4111-1111-1111-1111, é", "••••-••••-••••-1111, é");
    }

    #[test]
    fn no_text_keeps_a_run_that_could_be_a_card_number() {
        // A fixed walk over texts of digits, letters and separators; a seed is enough to tell which text failed.
        let alphabet: Vec<char> = "0123456789012345678901234567890123456789a-< é".chars().collect();
        let (mut state, mut found) = (0x2545_f491_4f6c_dd1d_u64, 0);
        for seed in 0..20_000 {
            let text: String = (0..40)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()]
                })
                .collect();
            let shown = mask_card_numbers(&text);
            assert_eq!(shown.chars().count(), text.chars().count());
            found += usize::from(shown != text);
            let mut runs = shown.split(|c: char| !c.is_ascii_digit());
            let is_one =
                |run: &str| run.trim_start_matches('0').len() >= DIGITS_MIN && domain::is_card_number(run);
            assert!(!runs.any(is_one), "seed {seed}: {text} became {shown}");
        }
        assert!(found > 500, "only {found} texts had one");
    }

    #[test]
    fn other_text_stays() {
        for text in
            ["", "é ✓ 4111111111111112", "123456789012", "000000000000", "41111111111111111111", "<p>1</p>"]
        {
            check(text, text);
        }
        let key = format!("0000000068{}", "4111111111111111aaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!(key.len(), 48);
        check(&format!("/t/7/{key}"), &format!("/t/7/{key}"));
    }
}

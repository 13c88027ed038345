//! The last net under every page: nothing that looks like a card number leaves the console.
//!
//! Card numbers never reach the store, but free fields of a message hold whatever a terminal put there. A run
//! of 13 to 19 digits with a right check digit is shown by its last four digits only. A long merchant number
//! can look like that by chance; it is masked as well, on purpose.

/// Hexadecimal words of these lengths are message keys and SHA-256 values, which are no card numbers.
const HEX_WORDS: [usize; 2] = [48, 64];

/// The text with every run of digits masked that could be a card number.
pub(crate) fn mask_card_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in words(text) {
        if HEX_WORDS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            shown.push_str(word);
        } else {
            mask_runs(word, &mut shown);
        }
    }
    shown
}

/// Whether a word of the text is a number that could be a card's.
pub(crate) fn has_card_number(text: &str) -> bool {
    words(text).any(may_be_card_number)
}

/// Runs of ASCII letters and digits, and the text between them, in order.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || next_run(&mut rest, |c| c.is_ascii_alphanumeric()))
}

fn next_run<'a>(rest: &mut &'a str, class: impl Fn(char) -> bool) -> Option<&'a str> {
    let kind = class(rest.chars().next()?);
    let end = rest.find(|c| class(c) != kind).unwrap_or(rest.len());
    let (run, after) = rest.split_at(end);
    *rest = after;
    Some(run)
}

fn mask_runs(word: &str, shown: &mut String) {
    let mut rest = word;
    while let Some(run) = next_run(&mut rest, |c| c.is_ascii_digit()) {
        if may_be_card_number(run) {
            let (hidden, last4) = run.split_at(run.len() - 4);
            shown.extend(hidden.chars().map(|_| '•'));
            shown.push_str(last4);
        } else {
            shown.push_str(run);
        }
    }
}

/// 13 to 19 ASCII digits with a right check digit.
pub(crate) fn may_be_card_number(run: &str) -> bool {
    if !(13..=19).contains(&run.len()) || !run.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = run
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
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
            assert!(!runs.any(may_be_card_number), "seed {seed}: {text} became {shown}");
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

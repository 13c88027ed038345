//! The check digit of card numbers (ISO/IEC 7812, Luhn), and numbers that nobody has.

/// Whether digits end with their check digit.
pub(super) fn passes(number: &str) -> bool {
    match number.split_at_checked(number.len().saturating_sub(1)) {
        Some((front, last)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            last.starts_with(of(front))
        }
        _ => false,
    }
}

/// The check digit of the digits in front of it.
fn of(front: &str) -> char {
    let sum: u32 = front
        .bytes()
        .rev()
        .zip([true, false].into_iter().cycle())
        .map(|(byte, doubled)| match (doubled, u32::from(byte.wrapping_sub(b'0'))) {
            (false, digit) => digit,
            (true, digit @ 0..5) => digit * 2,
            (true, digit) => digit * 2 - 9,
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

/// Test numbers that networks and payment providers publish; no card has them.
const PUBLISHED: [&str; 5] =
    ["4222222222222", "38520000023237", "378282246310005", "4111111111111111", "6205500000000000004"];

/// A test number of this length: a published one, or a 4, zeros and the check digit.
pub(super) fn test_number(length: usize) -> String {
    if let Some(published) = PUBLISHED.iter().find(|number| number.len() == length) {
        return (*published).to_owned();
    }
    let front = format!("{:0<width$}", "4", width = length.saturating_sub(1));
    let check = of(&front);
    format!("{front}{check}")
}

#[cfg(test)]
mod tests {
    use super::{passes, test_number};

    #[test]
    fn test_numbers_of_every_length_pass() {
        for length in 12..=19 {
            let number = test_number(length);
            assert!(number.len() == length && passes(&number), "{number}");
        }
        for wrong in ["4111111111111112", "", "411111111111111A"] {
            assert!(!passes(wrong), "{wrong}");
        }
    }
}

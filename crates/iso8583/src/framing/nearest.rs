//! The known name that is nearest to a misspelt one.

/// The nearest of `known`, if it is near enough to be a slip of the hand.
pub(crate) fn nearest(word: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    // A long text is no slip of the hand, and need not be compared letter by letter.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase().replace(['_', ' '], "-");
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(&word, &name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be added, dropped or changed.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut next = vec![line + 1];
        let mut last = line + 1;
        for (other, above) in right.chars().zip(row.windows(2)) {
            let &[diagonal, above] = above else { continue };
            last = (diagonal + usize::from(letter != other)).min(above + 1).min(last + 1);
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances() {
        for (left, right, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("tpdu", "tpud", 2)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = || ["binary-2", "binary-4", "cs"].map(str::to_owned);
        assert_eq!(nearest("Binary_2", known()).as_deref(), Some("binary-2"));
        assert_eq!(nearest("binry-4", known()).as_deref(), Some("binary-4"));
        assert_eq!(nearest("xml", known()), None);
        assert_eq!(nearest(&"b".repeat(100_000), known()), None);
    }
}

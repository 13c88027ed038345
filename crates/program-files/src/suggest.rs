//! "Did you mean": the known word that is nearest to a misspelt one.

/// The advice for a word that is none of `known`.
pub(crate) fn advice<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest(word, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, true) => "there is none to choose from".to_owned(),
        (None, false) => format!("choose one of {}", list(&known)),
    }
}

/// `a`, `b` and so on, shortened if there are many.
pub(crate) fn list(words: &[&str]) -> String {
    const SHOWN: usize = 16;
    let shown: Vec<String> = words.iter().take(SHOWN).map(|word| format!("`{word}`")).collect();
    let rest = if words.len() > SHOWN { ", ..." } else { "" };
    format!("{}{rest}", shown.join(", "))
}

/// The nearest of `known`, if it is near enough to be a slip of the hand or one word is part of the other.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    let rank = |candidate: &'a str| {
        let lower = candidate.to_lowercase();
        let distance = distance(&word, &lower);
        let part = word.len().min(lower.len()) >= 3 && (word.contains(&lower) || lower.contains(&word));
        (distance <= allowed || part).then_some((distance, candidate))
    };
    known.into_iter().filter_map(rank).min().map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with their neighbor.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (line, letter) in left.chars().enumerate() {
        let mut next = vec![line + 1];
        for (index, other) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let change = at(&row, index) + usize::from(letter != *other);
            let mut best = change.min(at(&row, index + 1) + 1).min(at(&next, index) + 1);
            let swapped = index.checked_sub(1).and_then(|left| right.get(left).map(|other| (left, *other)));
            if let Some((earlier, swapped)) = swapped
                && swapped == letter
                && previous == Some(*other)
            {
                best = best.min(at(&before, earlier) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(letter);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("effective", "effectve", 1),
            ("form", "from", 1),
            ("kitten", "sitting", 3),
            ("abc", "", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("curency", ["code", "currency"]), Some("currency"));
        assert_eq!(nearest("form", ["from", "to"]), Some("from"));
        assert_eq!(nearest("sunday", ["sat", "sun"]), Some("sun"));
        assert_eq!(nearest("month", ["calendar_month"]), Some("calendar_month"));
        assert_eq!(nearest("x", ["from", "to"]), None);
        assert_eq!(advice("quux", ["from", "to"]), "choose one of `from`, `to`");
        assert_eq!(advice("quux", []), "there is none to choose from");
    }
}

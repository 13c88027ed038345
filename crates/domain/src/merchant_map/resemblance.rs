//! How alike two merchants are by what DE43 calls them: a hint for people, never a reason to book.

use super::SubMerchant;
use crate::NameAndPlace;

/// How alike two merchants are, from 0 to 1,000. What one of the two lacks is `None` and does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resemblance {
    /// All parts together, by their weights: name 70, city 20, country 10.
    pub score: u32,
    /// The names.
    pub name: u32,
    /// The cities.
    pub city: Option<u32>,
    /// The countries: the same or not.
    pub country: Option<u32>,
}

const SAME: usize = 1_000;
/// Words that are less alike have nothing to do with each other.
const WORD_MIN: usize = 700;
/// Longer names are compared by their beginnings: work grows with the square.
const LETTERS_MAX: usize = 64;

impl Resemblance {
    /// Compares two merchants. It does not matter which comes first.
    pub fn of(one: &NameAndPlace, other: &NameAndPlace) -> Self {
        let name = names(&one.name, &other.name);
        let city = known(&one.city, &other.city).map(|(one, other)| joined(&one, &other));
        // RU and RUS may be the same country or not: only codes of one length are compared.
        let country = known(&one.country, &other.country)
            .map(|(one, other)| (one.concat(), other.concat()))
            .filter(|(one, other)| one.len() == other.len())
            .map(|(one, other)| if one == other { SAME } else { 0 });
        let parts = [(70, Some(name)), (20, city), (10, country)];
        let counting = parts.iter().filter_map(|(weight, part)| Some((weight, (*part)?)));
        let (weights, sum) =
            counting.fold((0, 0), |(weights, sum), (weight, part)| (weights + weight, sum + weight * part));
        let small = |part: usize| u32::try_from(part).unwrap_or(0);
        Self {
            score: small(sum / weights),
            name: small(name),
            city: city.map(small),
            country: country.map(small),
        }
    }
}

/// The words of a text: capitals and digits, without punctuation.
fn words(text: &str) -> Vec<String> {
    let upper: String = text.chars().take(LETTERS_MAX).collect::<String>().to_uppercase();
    upper
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The words of both, if both have some.
fn known(one: &str, other: &str) -> Option<(Vec<String>, Vec<String>)> {
    Some((words(one), words(other))).filter(|(one, other)| !one.is_empty() && !other.is_empty())
}

/// The words of a name that tell merchants apart: those behind an aggregator's prefix, without the numbers of shops.
fn telling(name: &str) -> Vec<String> {
    let sub = SubMerchant::parse(name).filter(|sub| !sub.is_prefix());
    let behind = sub.as_ref().and_then(|sub| sub.as_str().split_once('*')).map_or(name, |(_, behind)| behind);
    let all = words(behind);
    let letters: Vec<String> =
        all.iter().filter(|word| !word.chars().all(|letter| letter.is_ascii_digit())).cloned().collect();
    if letters.is_empty() { all } else { letters }
}

fn names(one: &str, other: &str) -> usize {
    let (one, other) = (telling(one), telling(other));
    if one.is_empty() || other.is_empty() {
        return 0;
    }
    // BLUECAFE is BLUE CAFE: the words may be divided otherwise.
    by_words(&one, &other).max(joined(&one, &other))
}

/// Each word with the one that is most like it on the other side, counted by its letters.
fn by_words(one: &[String], other: &[String]) -> usize {
    let side = |from: &[String], to: &[String]| {
        from.iter().fold((0, 0), |(sum, letters), word| {
            let best = to.iter().map(|other| alike(word, other)).max().unwrap_or(0);
            let weight = word.chars().count();
            (sum + weight * if best < WORD_MIN { 0 } else { best }, letters + weight)
        })
    };
    let ((sum, letters), (other_sum, other_letters)) = (side(one, other), side(other, one));
    (sum + other_sum).checked_div(letters + other_letters).unwrap_or(0)
}

fn joined(one: &[String], other: &[String]) -> usize {
    alike(&one.concat(), &other.concat())
}

/// The part of the longer text that need not be changed to come to the other one.
fn alike(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longer = one.len().max(other.len());
    let kept = longer.saturating_sub(changes(&one, &other));
    (kept * SAME).checked_div(longer).unwrap_or(0)
}

/// How many letters must be added, dropped or changed.
fn changes(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut next = vec![line + 1];
        for ((pair, left), candidate) in row.windows(2).zip(1_usize..).zip(other) {
            let before = next.get(left - 1).copied().unwrap_or(usize::MAX - 1);
            let (diagonal, above) = (pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0));
            next.push((diagonal + usize::from(letter != candidate)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Resemblance;
    use crate::NameAndPlace;

    fn merchant(text: &str) -> NameAndPlace {
        let mut parts = text.split('|').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        NameAndPlace { name: part(), city: part(), country: part() }
    }

    #[test]
    fn the_score_has_its_parts() {
        for (one, other, score, name, city, country) in [
            ("KOSTA|MOSCOW|RU", "Kosta.|Moscow|ru", 1_000, 1_000, Some(1_000), Some(1_000)),
            // The number of a shop says nothing.
            ("KOSTA 0012|MOSCOW|RU", "KOSTA #17|MOSCOW|RU", 1_000, 1_000, Some(1_000), Some(1_000)),
            ("KOSTA|MOSCOW|RU", "KOSTA|KAZAN|RU", 800, 1_000, Some(0), Some(1_000)),
            ("KOSTA|MOSCOW|RU", "KOSTA|MOSCOW|US", 900, 1_000, Some(1_000), Some(0)),
            // RU and RUS are not compared; a city that is not known does not count.
            ("KOSTA||RU", "KOSTA|MOSCOW|RUS", 1_000, 1_000, None, None),
            ("SQ *BLUE CAFE", "BLUE CAFE", 1_000, 1_000, None, None),
            ("BLUECAFE", "BLUE CAFE", 1_000, 1_000, None, None),
            ("CAFE BLUE", "BLUE CAFE", 1_000, 1_000, None, None),
            // Five of eleven letters have a counterpart: KOSTA twice of 5 + 5 + 6.
            ("KOSTA", "KOSTA MARKET", 625, 625, None, None),
            // One letter of five.
            ("KOSTA", "COSTA", 800, 800, None, None),
            ("ПЕКАРНЯ", "пекарня", 1_000, 1_000, None, None),
            ("711", "711", 1_000, 1_000, None, None),
            ("", "KOSTA", 0, 0, None, None),
            ("***", "KOSTA", 0, 0, None, None),
        ] {
            let found = Resemblance::of(&merchant(one), &merchant(other));
            assert_eq!(found, Resemblance { score, name, city, country }, "{one} and {other}");
        }
        let strangers = Resemblance::of(&merchant("GROCER"), &merchant("SKYFUEL"));
        assert!(strangers.score < 400, "{strangers:?}");
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_within_its_bounds(one in "\\PC{0,40}", other in "[A-C *]{0,12}") {
            for (one, other) in [(&one, &other), (&one, &one), (&other, &other)] {
                let (one, other) = (merchant(one), merchant(other));
                let found = Resemblance::of(&one, &other);
                prop_assert!(found.score <= 1_000 && found.name <= 1_000);
                prop_assert_eq!(found, Resemblance::of(&other, &one));
                let says_something = one.name.chars().any(char::is_alphanumeric);
                if one == other && says_something && !one.name.contains('*') {
                    prop_assert_eq!(found.name, 1_000);
                }
            }
        }
    }
}

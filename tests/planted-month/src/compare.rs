//! What was found beside what was planted: by class, each break with its subject and its amount.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use crate::table::{Class, Must, Planted};

/// A break that was found, in stored words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "as in `Must`")]
pub struct Found {
    pub source: String,
    pub class: String,
    pub subject: String,
    pub unit: String,
    pub difference: i64,
}

impl From<&Must> for Found {
    fn from(must: &Must) -> Self {
        Self {
            source: must.source.name().to_owned(),
            class: must.class.name().to_owned(),
            subject: must.subject.clone(),
            unit: must.unit.clone(),
            difference: must.difference,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scores {
    /// By class: planted, found and right, invented.
    classes: BTreeMap<String, [usize; 3]>,
    /// What was planted and not found as it must be.
    pub missed: Vec<Planted>,
    /// What was found and not planted so.
    pub invented: Vec<Found>,
}

impl Scores {
    /// Each break that was found stands for one fault at the most.
    #[must_use]
    pub fn new(planted: &[Planted], found: &[Found]) -> Self {
        let mut left: BTreeMap<&Found, usize> = BTreeMap::new();
        found.iter().for_each(|one| *left.entry(one).or_default() += 1);
        let mut scores = Self { classes: BTreeMap::new(), missed: Vec::new(), invented: Vec::new() };
        for class in Class::ALL {
            scores.classes.insert(class.name().to_owned(), [0; 3]);
        }
        for one in planted {
            let wanted = Found::from(&one.must);
            let counts = scores.classes.entry(wanted.class.clone()).or_default();
            counts[0] += 1;
            match left.get_mut(&wanted).filter(|left| **left > 0) {
                Some(left) => (*left, counts[1]) = (*left - 1, counts[1] + 1),
                None => scores.missed.push(one.clone()),
            }
        }
        for (one, times) in left {
            scores.classes.entry(one.class.clone()).or_default()[2] += times;
            scores.invented.extend(std::iter::repeat_n(one.clone(), times));
        }
        scores
    }

    /// Planted, found and right, invented.
    #[must_use]
    pub fn sums(&self) -> [usize; 3] {
        [0, 1, 2].map(|at| self.classes.values().map(|counts| counts[at]).sum())
    }

    /// So many of what was missed and of what was invented, one on each line.
    #[must_use]
    pub fn told(&self, most: usize) -> String {
        let mut text = String::new();
        for one in self.missed.iter().take(most) {
            let _ = writeln!(text, "missed   {one}");
        }
        for Found { source, class, subject, unit, difference } in self.invented.iter().take(most) {
            let _ = writeln!(text, "invented {source} {class} {subject} {unit} {difference}");
        }
        text
    }
}

/// Of a hundred, with one decimal; nothing of nothing is all.
fn percent(part: usize, whole: usize) -> String {
    let thousandths = (part * 1_000).checked_div(whole).unwrap_or(1_000);
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

impl fmt::Display for Scores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, [planted, right, invented]: [usize; 3]| {
            let (recall, precision) = (percent(right, planted), percent(right, right + invented));
            writeln!(formatter, "{name:<16}{planted:>8}{right:>8}{invented:>10}{recall:>10}{precision:>11}")
        };
        for (class, counts) in &self.classes {
            row(class, *counts)?;
        }
        row("all", self.sums())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Edit;

    #[test]
    fn a_break_with_another_amount_is_both_missed_and_invented() {
        let planted = [
            Edit::LineAmount.must("a", "RUB", (100, 150)),
            Edit::LineLate.must("b", "RUB", (100, 100)),
            Edit::LineTwice.must("c", "RUB", (7, 7)),
        ];
        let mut found: Vec<Found> = planted.iter().map(|one| Found::from(&one.must)).collect();
        let all = Scores::new(&planted, &found);
        assert_eq!((all.sums(), all.told(9).as_str()), ([3, 3, 0], ""));
        found[0].difference = 49;
        found.push(found[2].clone());
        let some = Scores::new(&planted, &found);
        assert_eq!((some.sums(), some.missed.len(), some.invented.len()), ([3, 2, 2], 1, 2));
        assert!(some.to_string().contains("amount                 1       0         1     0.0 %      0.0 %"));
    }
}

//! Ranges of card number prefixes whose holders are enrolled by themselves.

use crate::document::{self, Table};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{Read, quoted};

/// An inclusive range of card number prefixes (BINs) of equal length, 6 to 8 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinRange {
    /// The first prefix.
    pub from: String,
    /// The last prefix, inclusive.
    pub to: String,
}

impl BinRange {
    /// Whether a card number, or its leading digits, begins with a prefix in the range.
    pub fn contains(&self, digits: &str) -> bool {
        // Prefixes have equal length, so that their order as text is their order as numbers.
        digits
            .get(..self.from.len())
            .is_some_and(|bin| (self.from.as_str()..=self.to.as_str()).contains(&bin))
    }

    /// Whether some card number lies in both ranges.
    fn overlaps(&self, other: &Self) -> bool {
        let length = self.from.len().min(other.from.len());
        let cut = |bin: &str| bin.get(..length).unwrap_or(bin).to_owned();
        cut(&self.from) <= cut(&other.to) && cut(&other.from) <= cut(&self.to)
    }
}

impl Reading<'_> {
    /// All ranges of the file.
    pub(crate) fn bin_ranges(&mut self, entries: &[Table<document::AutoEnroll>]) -> Vec<BinRange> {
        let mut ranges: Vec<BinRange> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("auto_enroll[{index}]");
            let from = self.value(&format!("{path}.bin_from"), &entry.bin_from, bin);
            let to = self.value(&format!("{path}.bin_to"), &entry.bin_to, bin);
            let (Some(from), Some(to)) = (from, to) else { continue };
            let range = BinRange { from, to };
            let to_path = format!("{path}.bin_to");
            if range.from.len() != range.to.len() {
                let expected = format!("{} digits, as many as `bin_from` has", range.from.len());
                let advice = "write both prefixes with the same length";
                self.report(&to_path, &entry.bin_to, Problem::new(expected, quoted(&range.to), advice));
            } else if range.to < range.from {
                let expected = format!("{} or a higher prefix", quoted(&range.from));
                let advice = "swap `bin_from` and `bin_to`";
                self.report(&to_path, &entry.bin_to, Problem::new(expected, quoted(&range.to), advice));
            } else {
                if let Some(other) = ranges.iter().find(|other| other.overlaps(&range)) {
                    let found = format!("an overlap with {}-{}", other.from, other.to);
                    let problem = Problem::new("ranges that do not overlap", found, "join or separate them");
                    self.report(&path, &entry.bin_from, problem);
                }
                ranges.push(range);
            }
        }
        ranges
    }
}

fn bin(text: &str) -> Read<String> {
    if (6..=8).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let advice = "write the first 6, 7 or 8 digits of the card numbers, never more";
    // What stands here might be a card number: it is not repeated.
    let found = format!("a text of {} characters", text.chars().count());
    Err(Problem::new("a card number prefix of 6 to 8 digits", found, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> BinRange {
        BinRange { from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn card_numbers_are_found_by_their_prefix() {
        let bins = range("411111", "411113");
        for (digits, inside) in
            [("411111", true), ("4111139999999999", true), ("4111140000000000", false), ("41111", false)]
        {
            assert_eq!(bins.contains(digits), inside, "{digits}");
        }
    }

    #[test]
    fn ranges_of_different_length_are_compared_by_what_they_hold() {
        assert!(range("411111", "411111").overlaps(&range("41111155", "41111160")));
        assert!(!range("411111", "411111").overlaps(&range("41111200", "41111299")));
    }
}

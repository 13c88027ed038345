//! Plants faults in our own published files as they lie in their folder.

use crate::{
    published::Published,
    random::Random,
    table::{Edit, Planted},
};

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    /// One digit of it becomes another one.
    Altered,
    /// It is gone.
    Gone,
}

impl Mischief {
    /// The bytes of a file after it, if it is still there.
    ///
    /// # Panics
    /// If the file holds no payment.
    #[must_use]
    pub fn done_to(self, text: &str) -> Option<String> {
        match self {
            Self::Gone => None,
            Self::Altered => {
                // The last digit of what is to be paid in the first batch.
                let line = text.lines().find(|line| line.starts_with("BT|")).unwrap();
                let (kept, digit) = line.split_at(line.len() - 1);
                let other = (digit.parse::<u8>().unwrap() + 1) % 10;
                Some(text.replacen(line, &format!("{kept}{other}"), 1))
            }
        }
    }
}

/// Chooses files of the banks: by name what happens to each.
///
/// # Panics
/// If the month is too short.
pub fn plant_published(random: &mut Random, files: &[Published]) -> (Vec<(String, Mischief)>, Vec<Planted>) {
    let (mut mischief, mut planted) = (Vec::new(), Vec::new());
    let of_banks = |file: &&Published| !file.is_partner_s();
    let last = files.iter().filter(of_banks).map(|file| file.sequence).max().unwrap();
    // Neither the first nor the last of a chain.
    let within = |file: &&Published| file.sequence > 1 && file.sequence < last - 1;
    let mut free: Vec<&Published> = files.iter().filter(of_banks).filter(within).collect();
    for (edit, what) in [(Edit::PublishedAltered, Mischief::Altered), (Edit::PublishedGone, Mischief::Gone)] {
        for _ in 0..edit.times() {
            let file = random.take(&mut free, &format!("{edit:?}"));
            // The next one of a chain that lacks one is not looked at twice.
            free.retain(|other| {
                other.receiver != file.receiver || other.sequence.abs_diff(file.sequence) > 1
            });
            mischief.push((file.name.clone(), what));
            planted.push(edit.must(&file.id, "", (0, 0)));
        }
    }
    (mischief, planted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_file_differs_in_one_byte() {
        let text = "FH|2\nBT|1|0|bank_pays_partner|1099\nFT|9\n";
        let altered = Mischief::Altered.done_to(text).unwrap();
        assert_eq!(altered, "FH|2\nBT|1|0|bank_pays_partner|1090\nFT|9\n");
        assert_eq!(Mischief::Gone.done_to(text), None);
    }
}

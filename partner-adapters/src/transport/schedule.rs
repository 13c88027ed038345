//! How long to wait before the next attempt: about three days in all, as Standard Webhooks proposes.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Seconds between the end of one attempt and the next: 10 attempts over some 75 hours.
const WAITS: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// A tenth of the wait is added at most, so that what failed together does not come back together.
const JITTER_SHARE: u64 = 10;
/// Longer than this nobody may ask us to wait.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * HOUR);

/// The schedule of attempts. Pure: chance comes in as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule;

impl Schedule {
    /// How many attempts are made in all.
    pub const ATTEMPTS: u32 = 10;

    /// How long to wait after attempt `made` (the first is 1) has failed; `None` if that was the last. `chance` is any
    /// number, evenly drawn; `asked` is [`super::DeliveryError::retry_after`], which only lengthens the wait.
    #[must_use]
    pub fn wait(made: u32, chance: u16, asked: Option<Duration>) -> Option<Duration> {
        let index = usize::try_from(made.checked_sub(1)?).ok()?;
        let wait = Duration::from_secs(*WAITS.get(index)?);
        let most = wait.as_millis() / u128::from(JITTER_SHARE);
        let jitter = most * u128::from(chance) / u128::from(u16::MAX);
        let jittered = wait + Duration::from_millis(u64::try_from(jitter).unwrap_or_default());
        Some(jittered.max(asked.unwrap_or_default().min(RETRY_AFTER_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attempts_fill_about_three_days() {
        let waits: Vec<Duration> = (1..).map_while(|made| Schedule::wait(made, 0, None)).collect();
        assert_eq!(waits.len() + 1, Schedule::ATTEMPTS as usize);
        assert!(waits.is_sorted());
        let hours = waits.iter().sum::<Duration>().as_secs() / HOUR;
        assert!((72..=84).contains(&hours), "{hours} h");
        assert_eq!(Schedule::wait(0, 0, None), None, "nothing was attempted yet");
        assert_eq!(Schedule::wait(u32::MAX, 0, None), None);
    }

    #[test]
    fn jitter_adds_a_tenth_at_most() {
        let check = |chance, millis| {
            assert_eq!(Schedule::wait(2, chance, None), Some(Duration::from_millis(millis)), "{chance}");
        };
        check(0, 300_000);
        check(u16::MAX / 2, 314_999);
        check(u16::MAX, 330_000);
    }

    #[test]
    fn what_the_partner_asks_lengthens_the_wait_within_a_day() {
        let check = |asked, seconds| {
            let wait = Schedule::wait(1, 0, Some(Duration::from_secs(asked)));
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{asked}");
        };
        check(0, 5);
        check(120, 120);
        check(u64::MAX, 24 * HOUR);
    }
}

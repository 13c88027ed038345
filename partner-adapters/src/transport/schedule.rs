//! How long to wait before the next attempt: about three days in all, as Standard Webhooks proposes, or as a partner has
//! agreed.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Attempts that a partner may agree on.
const WAITS_MAX: usize = 20;
/// Seconds between the end of one attempt and the next: 10 attempts over some 75 hours.
const WAITS: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// A tenth of the wait is added at most, so that what failed together does not come back together.
const JITTER_SHARE: u64 = 10;
/// Longer than this nobody may ask us to wait.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * HOUR);

/// `[retry]`: the schedule of attempts on each way to a partner. Pure: chance comes in as a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Seconds from a failed attempt to the next one: after the first failure in a row, the second, and so on. After as many
    /// the way is stopped. 1 to 20 of 1 to 86400, none shorter than the one before.
    pub wait_seconds: Vec<u64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { wait_seconds: WAITS.to_vec() }
    }
}

impl Schedule {
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let waits = &self.wait_seconds;
        let known = (1..=WAITS_MAX).contains(&waits.len())
            && waits.iter().all(|wait| (1..=24 * HOUR).contains(wait))
            && waits.is_sorted();
        if known {
            return Ok(());
        }
        let problem = format!(
            "expected 1 to {WAITS_MAX} numbers of 1 to {}, none less than the one before, found {waits:?}",
            24 * HOUR
        );
        Err(("retry.wait_seconds", problem))
    }

    /// How long to wait after attempt `made` (the first is 1) has failed; `None` if that was the last. `chance` is any
    /// number, evenly drawn; `asked` is [`super::DeliveryError::retry_after`], which only lengthens the wait.
    #[must_use]
    pub fn wait(&self, made: u32, chance: u16, asked: Option<Duration>) -> Option<Duration> {
        let index = usize::try_from(made.checked_sub(1)?).ok()?;
        let wait = Duration::from_secs(*self.wait_seconds.get(index)?);
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
        let schedule = Schedule::default();
        let waits: Vec<Duration> = (1..).map_while(|made| schedule.wait(made, 0, None)).collect();
        assert_eq!(waits.len(), 9);
        schedule.check().unwrap();
        let hours = waits.iter().sum::<Duration>().as_secs() / HOUR;
        assert!((72..=84).contains(&hours), "{hours} h");
        assert_eq!(schedule.wait(0, 0, None), None, "nothing was attempted yet");
        assert_eq!(schedule.wait(u32::MAX, 0, None), None);
    }

    #[test]
    fn a_partner_may_agree_on_others_within_bounds() {
        let agreed = Schedule { wait_seconds: vec![1, 60, 60] };
        agreed.check().unwrap();
        let waits: Vec<u64> =
            (1..).map_while(|made| agreed.wait(made, 0, None)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 60, 60]);
        for wrong in [vec![], vec![0], vec![24 * HOUR + 1], vec![2, 1], vec![1; 21]] {
            let (key, problem) = Schedule { wait_seconds: wrong.clone() }.check().unwrap_err();
            assert_eq!(key, "retry.wait_seconds");
            assert!(problem.ends_with(&format!("found {wrong:?}")), "{problem}");
        }
    }

    #[test]
    fn jitter_adds_a_tenth_at_most() {
        let check = |chance, millis| {
            assert_eq!(
                Schedule::default().wait(2, chance, None),
                Some(Duration::from_millis(millis)),
                "{chance}"
            );
        };
        check(0, 300_000);
        check(u16::MAX / 2, 314_999);
        check(u16::MAX, 330_000);
    }

    #[test]
    fn what_the_partner_asks_lengthens_the_wait_within_a_day() {
        let check = |asked, seconds| {
            let wait = Schedule::default().wait(1, 0, Some(Duration::from_secs(asked)));
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{asked}");
        };
        check(0, 5);
        check(120, 120);
        check(u64::MAX, 24 * HOUR);
    }
}

//! How often a caller may ask: a count that begins anew with each minute.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The seconds of a count.
pub(crate) const MINUTE: u64 = 60;

/// The requests of one caller in the minute that runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Minute {
    since: Instant,
    count: u32,
}

/// What is left of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// How many requests a minute has at most.
    pub(crate) limit: u32,
    /// How many are left in it.
    pub(crate) remaining: u32,
    /// In so many seconds it ends.
    pub(crate) reset: u64,
}

impl Minute {
    /// Beginning now.
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, count: 0 }
    }

    /// Counts a request; whether there were not too many, and what is left.
    pub(crate) fn count(&mut self, limit: u32, now: Instant) -> Result<Left, Left> {
        if self.is_over(now) {
            *self = Self::new(now);
        }
        let reset = MINUTE.saturating_sub(now.saturating_duration_since(self.since).as_secs()).max(1);
        if self.count >= limit {
            return Err(Left { limit, remaining: 0, reset });
        }
        self.count += 1;
        Ok(Left { limit, remaining: limit - self.count, reset })
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since).as_secs() >= MINUTE
    }
}

/// So many callers are counted at once; of more, those whose minute began first are forgotten.
const CALLERS_MAX: usize = 10_000;

/// The minutes of many callers.
#[derive(Debug)]
pub(crate) struct Minutes<K> {
    open: Mutex<BTreeMap<K, Minute>>,
}

impl<K> Default for Minutes<K> {
    fn default() -> Self {
        Self { open: Mutex::new(BTreeMap::new()) }
    }
}

impl<K: Ord + Clone> Minutes<K> {
    /// Counts a request of a caller: see [`Minute::count`].
    pub(crate) fn count(&self, caller: &K, limit: u32, now: Instant) -> Result<Left, Left> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= CALLERS_MAX && !open.contains_key(caller) {
            open.retain(|_, minute| !minute.is_over(now));
            if open.len() >= CALLERS_MAX
                && let Some(oldest) =
                    open.iter().min_by_key(|(_, minute)| minute.since).map(|(key, _)| key.clone())
            {
                open.remove(&oldest);
            }
        }
        open.entry(caller.clone()).or_insert_with(|| Minute::new(now)).count(limit, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_asks_too_often_is_told_when_to_come_again() {
        let start = Instant::now();
        let minutes = Minutes::default();
        let ask =
            |who: &str, seconds| minutes.count(&who.to_owned(), 2, start + Duration::from_secs(seconds));
        let left = |remaining, reset| Left { limit: 2, remaining, reset };
        assert_eq!(
            (ask("a", 0), ask("a", 20), ask("a", 45)),
            (Ok(left(1, 60)), Ok(left(0, 40)), Err(left(0, 15)))
        );
        assert_eq!(ask("b", 45), Ok(left(1, 60)), "another caller has a minute of his own");
        assert_eq!((ask("a", 59), ask("a", 60)), (Err(left(0, 1)), Ok(left(1, 60))));
    }

    #[test]
    fn the_table_is_bounded() {
        let (start, minutes) = (Instant::now(), Minutes::default());
        for number in 0..CALLERS_MAX + 10 {
            assert!(minutes.count(&number, 1, start).is_ok());
        }
        assert_eq!(minutes.open.lock().unwrap().len(), CALLERS_MAX);
        let later = start + Duration::from_secs(MINUTE);
        assert!(minutes.count(&usize::MAX, 1, later).is_ok());
        assert_eq!(minutes.open.lock().unwrap().len(), 1, "those whose minute is over are forgotten");
    }
}

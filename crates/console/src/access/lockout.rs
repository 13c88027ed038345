//! Failed sign-ins by name: after ten the name is locked for half an hour, whether anybody has it or not.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const FAILURES_MAX: u32 = 10;
const LOCKED: Duration = Duration::from_secs(30 * 60);
/// So many names are remembered; of others the one with the fewest failures is forgotten first.
const NAMES_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Attempts {
    failures: u32,
    last: Instant,
}

/// The names and their failed sign-ins.
#[derive(Debug, Default)]
pub(crate) struct Lockout {
    names: Mutex<BTreeMap<String, Attempts>>,
}

impl Lockout {
    /// Whether the name may be tried now. The attempt counts as failed until [`Self::succeeded`] takes that
    /// back, so that attempts at the same moment cannot exceed the limit.
    pub(crate) fn may_try(&self, name: &str, now: Instant) -> bool {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.get_mut(name) {
            Some(attempts) if now.saturating_duration_since(attempts.last) >= LOCKED => {
                *attempts = Attempts { failures: 1, last: now };
                true
            }
            Some(attempts) if attempts.failures >= FAILURES_MAX => false,
            Some(attempts) => {
                *attempts = Attempts { failures: attempts.failures + 1, last: now };
                true
            }
            None => {
                make_room(&mut names, now);
                names.insert(name.to_owned(), Attempts { failures: 1, last: now });
                true
            }
        }
    }

    /// The password was right: the name's failures are forgotten.
    pub(crate) fn succeeded(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

fn make_room(names: &mut BTreeMap<String, Attempts>, now: Instant) {
    if names.len() < NAMES_MAX {
        return;
    }
    names.retain(|_, attempts| now.saturating_duration_since(attempts.last) < LOCKED);
    if names.len() < NAMES_MAX {
        return;
    }
    let least = names.iter().min_by_key(|(_, attempts)| (attempts.failures, attempts.last));
    if let Some(name) = least.map(|(name, _)| name.clone()) {
        names.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_lock_a_name_for_half_an_hour() {
        let (lockout, start) = (Lockout::default(), Instant::now());
        assert!((0..10).all(|_| lockout.may_try("ann", start)));
        assert!(!lockout.may_try("ann", start));
        assert!(lockout.may_try("bob", start), "another name is free");
        assert!(!lockout.may_try("ann", start + LOCKED - Duration::from_secs(1)));
        assert!(lockout.may_try("ann", start + LOCKED));
    }

    #[test]
    fn a_right_password_starts_the_count_again() {
        let (lockout, now) = (Lockout::default(), Instant::now());
        assert!((0..9).all(|_| lockout.may_try("ann", now)));
        lockout.succeeded("ann");
        assert!((0..10).all(|_| lockout.may_try("ann", now)));
        assert!(!lockout.may_try("ann", now));
    }

    #[test]
    fn many_names_neither_grow_the_table_nor_free_a_locked_name() {
        let (lockout, now) = (Lockout::default(), Instant::now());
        assert!((0..10).all(|_| lockout.may_try("ann", now)));
        (0..NAMES_MAX + 50).for_each(|n| assert!(lockout.may_try(&format!("x{n}"), now)));
        assert_eq!(lockout.names.lock().unwrap().len(), NAMES_MAX);
        assert!(!lockout.may_try("ann", now));
    }
}

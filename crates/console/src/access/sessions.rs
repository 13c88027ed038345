//! Sessions: in memory, bounded, ended by idleness, by age or by signing out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use program_files::Language;
use settlement::sha256;

use super::random::{self, NoRandomness};

const IDLE_MAX: Duration = Duration::from_secs(30 * 60);
const AGE_MAX: Duration = Duration::from_secs(12 * 3600);
/// More than the staff of any bank; above it the session that was idle longest ends.
const SESSIONS_MAX: usize = 1024;

/// A proof of who decides is good for so long.
pub(crate) const PROOF_MAX: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone)]
struct Session {
    holder: Holder,
    begun: Instant,
    last_used: Instant,
    proved: Option<Instant>,
}

/// How far somebody has signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The password was right; the code of the second factor is still asked for.
    CodeToCome,
    /// All the way.
    Through,
}

/// Whom a session belongs to, and the token that its forms carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) user: String,
    pub(crate) csrf: String,
    /// In which the pages are shown that know several.
    pub(crate) language: Language,
    /// The number of the user's access under which it began: see [`store::staff::Account::version`].
    pub(crate) version: i32,
    pub(crate) stage: Stage,
    /// The demo's link opened it.
    pub(crate) is_demo: bool,
}

/// Who begins a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning<'a> {
    pub(crate) user: &'a str,
    pub(crate) version: i32,
    pub(crate) stage: Stage,
    pub(crate) is_demo: bool,
}

/// The open sessions, under the hash of their id: neither the table nor the time of a look-up tells an id.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<[u8; 32], Session>>,
}

impl Sessions {
    /// Opens a session and returns its id.
    pub(crate) fn begin(&self, of: Beginning<'_>, now: Instant) -> Result<String, NoRandomness> {
        let Beginning { user, version, stage, is_demo } = of;
        let (id, csrf, language) = (random::token()?, random::token()?, Language::English);
        let holder = Holder { user: user.to_owned(), csrf, language, version, stage, is_demo };
        let session = Session { holder, begun: now, last_used: now, proved: None };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= SESSIONS_MAX {
            open.retain(|_, session| is_alive(session, now));
        }
        if open.len() >= SESSIONS_MAX {
            let idle = open.iter().min_by_key(|(_, session)| session.last_used).map(|(key, _)| *key);
            idle.map(|key| open.remove(&key));
        }
        open.insert(key_of(&id), session);
        Ok(id)
    }

    /// The holder of a session that is alive; its idle time begins again.
    pub(crate) fn holder(&self, id: &str, now: Instant) -> Option<Holder> {
        let key = key_of(id);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&key)?;
        if !is_alive(session, now) {
            open.remove(&key);
            return None;
        }
        session.last_used = now;
        Some(session.holder.clone())
    }

    /// Shows the pages of a session in another language.
    pub(crate) fn speak(&self, id: &str, language: Language) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get_mut(&key_of(id)) {
            session.holder.language = language;
        }
    }

    /// The holder has just proved once more who he is.
    pub(crate) fn prove(&self, id: &str, now: Instant) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get_mut(&key_of(id)) {
            session.proved = Some(now);
        }
    }

    /// Whether the holder has proved in this session who he is, not longer ago than [`PROOF_MAX`].
    pub(crate) fn is_proved(&self, id: &str, now: Instant) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let proved = open.get(&key_of(id)).and_then(|session| session.proved);
        proved.is_some_and(|proved| now.saturating_duration_since(proved) <= PROOF_MAX)
    }

    /// Ends a session.
    pub(crate) fn end(&self, id: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&key_of(id));
    }
}

fn is_alive(session: &Session, now: Instant) -> bool {
    now.saturating_duration_since(session.last_used) < IDLE_MAX
        && now.saturating_duration_since(session.begun) < AGE_MAX
}

fn key_of(id: &str) -> [u8; 32] {
    sha256(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user: &str) -> Beginning<'_> {
        Beginning { user, version: 1, stage: Stage::Through, is_demo: false }
    }

    #[test]
    fn a_proof_is_of_its_session_and_good_for_five_minutes() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let (id, other) =
            (sessions.begin(of("ann"), start).unwrap(), sessions.begin(of("ann"), start).unwrap());
        assert!(!sessions.is_proved(&id, start), "signing in is no proof");
        sessions.prove(&id, start);
        assert!(sessions.is_proved(&id, start + PROOF_MAX));
        assert!(!sessions.is_proved(&id, start + PROOF_MAX + Duration::from_millis(1)));
        assert!(!sessions.is_proved(&other, start), "another session of hers");
        sessions.end(&id);
        assert!(!sessions.is_proved(&id, start));
    }

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_signing_out() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let id = sessions.begin(of("ann"), start).unwrap();
        assert_eq!(sessions.holder(&id, start + IDLE_MAX / 2).unwrap().user, "ann");
        assert!(sessions.holder(&id, start + IDLE_MAX).is_some(), "using it keeps it alive");
        assert!(sessions.holder(&id, start + IDLE_MAX * 2).is_none(), "idle");
        assert!(sessions.holder(&id, start).is_none(), "an ended session does not come back");

        let id = sessions.begin(of("ann"), start).unwrap();
        let uses = (1..48).map(|n| start + IDLE_MAX / 2 * n);
        let alive = uses.filter(|now| sessions.holder(&id, *now).is_some()).count();
        assert_eq!(alive, 47, "used all the time until it is twelve hours old");
        assert!(sessions.holder(&id, start + AGE_MAX).is_none());

        let id = sessions.begin(of("ann"), start).unwrap();
        sessions.end(&id);
        assert!(sessions.holder(&id, start).is_none());
        assert!(sessions.holder("", start).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_ids_differ() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let first = sessions.begin(of("ann"), start).unwrap();
        let later = start + Duration::from_secs(1);
        let ids: std::collections::BTreeSet<String> =
            (0..SESSIONS_MAX).map(|_| sessions.begin(of("bob"), later).unwrap()).collect();
        assert_eq!(ids.len(), SESSIONS_MAX);
        assert!(ids.iter().all(|id| id.len() == 64));
        assert_eq!(sessions.open.lock().unwrap().len(), SESSIONS_MAX);
        assert!(sessions.holder(&first, later).is_none(), "the one that was idle longest made room");
    }
}

//! What was sent lately in both versions, so that an answer can be read back into the terms of the request.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use iso8583::{Builder, OriginalData, Version};

/// Messages that are remembered; then all are forgotten. A day of tests is shorter.
const REMEMBERED_MAX: usize = 100_000;
/// What 1987 and 1993 write differently and answers give back. No card data is among them.
const OF_1987: [u8; 6] = [4, 12, 13, 15, 70, 90];
const OF_1993: [u8; 5] = [4, 12, 15, 24, 56];

/// Class of the message type, DE11, DE7.
type Key = (u8, String, String);

/// One message in both versions.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) of_1987: Builder,
    pub(super) of_1993: Builder,
}

/// The messages that were sent lately.
#[derive(Debug, Default)]
pub(super) struct Spoken(Mutex<HashMap<Key, Sent>>);

impl Spoken {
    /// Takes note of a message that has DE7 and DE11; without them no answer could be told apart.
    pub(super) fn remember(&self, of_1987: &Builder, of_1993: &Builder) {
        let Some(key) = key(of_1987) else { return };
        let sent = Sent { of_1987: only(of_1987, &OF_1987), of_1993: only(of_1993, &OF_1993) };
        let mut all = self.lock();
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        all.insert(key, sent);
    }

    /// The request of an answer.
    pub(super) fn request_of(&self, answer: &Builder) -> Option<Sent> {
        self.lock().get(&key(answer)?).cloned()
    }

    /// DE12 of 1993 of the message that DE90 of 1987 names by its DE7.
    pub(super) fn local_time_of(&self, original: &OriginalData) -> Option<String> {
        let key = (original.mti.class(), original.stan.clone(), original.transmission.clone());
        self.lock().get(&key)?.of_1993.get(12).map(str::to_owned)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Sent>> {
        // No code that could panic runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(message: &Builder) -> Option<Key> {
    Some((message.mti().class(), message.get(11)?.to_owned(), message.get(7)?.to_owned()))
}

fn only(message: &Builder, elements: &[u8]) -> Builder {
    let kept = elements.iter().filter_map(|de| Some((*de, message.get(*de)?)));
    kept.fold(Builder::new(message.mti()), |copy, (de, value)| copy.set(de, value))
}

/// DE90 of 1987, if it can be read.
pub(super) fn original(text: &str) -> Option<OriginalData> {
    OriginalData::parse(Version::V1987, text).ok()
}

//! What each link did in a minute, for the console: counted in memory and added to the database once a minute.
//!
//! This is no part of the message path: a count that cannot be written is written with the next one, and is lost if the
//! process ends first.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use store::{LATENCY_BOUNDS_MS, LinkMinute};
use tokio::sync::watch;

use crate::Gateway;

const EVERY: Duration = Duration::from_secs(60);

/// Of a link since it was last written.
#[derive(Debug, Default)]
struct Count {
    connections: i32,
    connections_max: i32,
    messages: i64,
    answers: [i64; LATENCY_BOUNDS_MS.len() + 1],
}

static LINKS: Mutex<BTreeMap<String, Count>> = Mutex::new(BTreeMap::new());

fn note(link: &str, change: impl FnOnce(&mut Count)) {
    let mut links = LINKS.lock().unwrap_or_else(PoisonError::into_inner);
    match links.get_mut(link) {
        Some(count) => change(count),
        None => change(links.entry(link.to_owned()).or_default()),
    }
}

/// A message came.
pub(crate) fn message(link: &str) {
    note(link, |count| count.messages += 1);
}

/// An answer took so long.
pub(crate) fn answered(link: &str, took: Duration) {
    let place = place(took);
    note(link, |count| {
        if let Some(answers) = count.answers.get_mut(place) {
            *answers += 1;
        }
    });
}

/// A connection began, or ended (-1).
pub(crate) fn connected(link: &str, change: i32) {
    note(link, |count| {
        count.connections += change;
        count.connections_max = count.connections_max.max(count.connections);
    });
}

fn place(took: Duration) -> usize {
    let bound = |bound: &u32| took <= Duration::from_millis(u64::from(*bound));
    LATENCY_BOUNDS_MS.iter().position(bound).unwrap_or(LATENCY_BOUNDS_MS.len())
}

/// What was counted of these links, which begins anew.
fn take(links: &[String], minute: Timestamp) -> Vec<LinkMinute> {
    let mut counts = LINKS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut minutes = Vec::new();
    for link in links {
        let count = counts.entry(link.clone()).or_default();
        minutes.push(LinkMinute {
            link: link.clone(),
            minute,
            connections: count.connections_max,
            messages: count.messages,
            answers: count.answers.to_vec(),
        });
        let connections = count.connections;
        *count = Count { connections, connections_max: connections, ..Count::default() };
    }
    minutes
}

/// What could not be written counts with the next minute.
fn give_back(minutes: &[LinkMinute]) {
    for minute in minutes {
        note(&minute.link, |count| {
            count.messages += minute.messages;
            for (sum, more) in count.answers.iter_mut().zip(&minute.answers) {
                *sum += more;
            }
        });
    }
}

/// Writes the minutes of a gateway's links until it drains, and once more then.
pub(crate) async fn keep(gateway: Arc<Gateway>, mut draining: watch::Receiver<bool>) {
    let links: Vec<String> = gateway.links.iter().map(|link| link.code.clone()).collect();
    loop {
        let ends = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            _ = draining.changed() => true,
        };
        let now = Timestamp::now();
        let minute = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).unwrap_or(now);
        let minutes = take(&links, minute);
        if let Err(error) = store::keep_link_minutes(&gateway.pool, &minutes).await {
            tracing::debug!(%error, "the minute of the links was not written; it counts with the next one");
            give_back(&minutes);
        }
        if ends {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_what_came_and_keeps_who_is_connected() {
        let minute = Timestamp::UNIX_EPOCH;
        let links = ["of-this-test".to_owned()];
        connected(&links[0], 1);
        connected(&links[0], 1);
        connected(&links[0], -1);
        message(&links[0]);
        for millis in [0, 1, 2, 400, 501] {
            answered(&links[0], Duration::from_millis(millis));
        }
        let first = take(&links, minute).remove(0);
        assert_eq!((first.connections, first.messages), (2, 1));
        assert_eq!(first.answers, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        give_back(std::slice::from_ref(&first));
        let again = take(&links, minute).remove(0);
        assert_eq!((again.connections, again.messages, again.answers), (1, 1, first.answers));
        assert_eq!(take(&links, minute).remove(0).messages, 0);
    }
}

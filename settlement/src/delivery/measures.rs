//! What the operator sees of deliveries on `/metrics`.

use jiff::Timestamp;
use metrics::{Label, counter, gauge};
use store::EndpointRow;

fn labels(partner: &str, way: &str) -> Vec<Label> {
    vec![Label::new("partner", partner.to_owned()), Label::new("way", way.to_owned())]
}

pub(super) fn attempt(partner: &str, way: &str, outcome: &'static str) {
    let mut labels = labels(partner, way);
    labels.push(Label::new("outcome", outcome));
    counter!("cobrand_delivery_attempts_total", labels).increment(1);
}

/// Backlog, age of its oldest item, seconds until the next attempt, and whether it waits for an operator.
pub(super) fn of_way(partner: &str, row: &EndpointRow, now: Timestamp) {
    let small = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    let seconds = |since: Option<Timestamp>| since.map_or(0, |since| now.duration_since(since).as_secs());
    let labels = || labels(partner, &row.endpoint);
    gauge!("cobrand_delivery_backlog", labels()).set(small(row.backlog));
    gauge!("cobrand_delivery_oldest_seconds", labels()).set(small(seconds(row.waits_since)));
    let next = row.next_attempt_at.map_or(0, |next| next.duration_since(now).as_secs());
    gauge!("cobrand_delivery_next_attempt_seconds", labels()).set(small(next));
    gauge!("cobrand_delivery_stopped", labels()).set(u32::from(row.stopped.is_some()));
}

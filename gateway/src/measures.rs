//! The names of the metrics, in one place. Labels never carry card data, references or tokens.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::link_minutes;

/// Tells the recorder what the metrics mean.
pub fn describe_metrics() {
    describe_counter!("cobrand_iso_messages_total", "Messages of banks by link, type and result");
    describe_counter!("cobrand_iso_rejects_total", "Messages and connections that were refused, by reason");
    describe_histogram!("cobrand_iso_answer_seconds", "From a whole frame to its reply");
    describe_histogram!("cobrand_batch_messages", "Messages in a committed batch");
    describe_histogram!("cobrand_batch_seconds", "From the first lock to the confirmed COMMIT");
    describe_counter!("cobrand_batch_retries_total", "Batches that ran again, by reason");
    describe_counter!("cobrand_quarantined_total", "Messages put aside for a person");
    describe_counter!("cobrand_api_answers_total", "Answers of the API by operation and status");
    describe_gauge!("cobrand_link_connections", "Open connections by link");
}

/// A label has few values: a type that this link does not know is `other`.
fn known_type(mti: &str) -> &str {
    match mti.as_bytes() {
        [b'0' | b'1', b'1' | b'2' | b'4' | b'5' | b'8', _, _] => mti,
        _ => "other",
    }
}

pub(crate) fn message(link: &str, mti: &str, result: &'static str) {
    link_minutes::message(link);
    let mti = known_type(mti);
    counter!("cobrand_iso_messages_total", "link" => link.to_owned(), "mti" => mti.to_owned(), "result" => result)
        .increment(1);
}

pub(crate) fn reject(link: &str, reason: &'static str) {
    counter!("cobrand_iso_rejects_total", "link" => link.to_owned(), "reason" => reason).increment(1);
}

pub(crate) fn answered(link: &str, seconds: f64) {
    link_minutes::answered(link, Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    histogram!("cobrand_iso_answer_seconds", "link" => link.to_owned()).record(seconds);
}

pub(crate) fn batch(messages: usize, seconds: f64) {
    histogram!("cobrand_batch_messages").record(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
    histogram!("cobrand_batch_seconds").record(seconds);
}

pub(crate) fn batch_retry(reason: &'static str) {
    counter!("cobrand_batch_retries_total", "reason" => reason).increment(1);
}

pub(crate) fn quarantined() {
    counter!("cobrand_quarantined_total").increment(1);
}

pub(crate) fn connected(link: &str) {
    link_minutes::connected(link, 1);
    gauge!("cobrand_link_connections", "link" => link.to_owned()).increment(1.0);
}

pub(crate) fn disconnected(link: &str) {
    link_minutes::connected(link, -1);
    gauge!("cobrand_link_connections", "link" => link.to_owned()).decrement(1.0);
}

#[cfg(test)]
mod tests {
    use super::known_type;

    #[test]
    fn types_of_both_versions_are_counted_by_name() {
        for (mti, label) in [
            ("0220", "0220"),
            ("1221", "1221"),
            ("1520", "1520"),
            ("0600", "other"),
            ("2100", "other"),
            ("-", "other"),
        ] {
            assert_eq!(known_type(mti), label);
        }
    }
}

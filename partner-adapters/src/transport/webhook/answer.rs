//! What the status of an answer means, and how long it asks us to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::transport::schedule::RETRY_AFTER_MAX;
use crate::transport::{DeliveryError, Fault};

/// 2xx is taken; all else is not, and never followed.
pub(super) fn judge(
    status: u16,
    headers: &HeaderMap,
    now: Timestamp,
    place: &str,
) -> Result<String, DeliveryError> {
    let answer = format!("HTTP {status}");
    let fault = match status {
        200..=299 => return Ok(answer),
        300..=399 => Fault::Redirected,
        410 => Fault::Gone,
        429 | 502 | 503 | 504 => Fault::Busy,
        _ => Fault::Answered,
    };
    let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = asked.and_then(|text| retry_after(text, now));
    let hint = match status {
        401 | 403 => ": does he check by the newest secret?",
        404 | 405 => ": are path and port right?",
        _ => "",
    };
    Err(DeliveryError::new(fault, place, format!("the endpoint answered {answer}{hint}")).after(wait))
}

/// Seconds or an HTTP date; what is neither is ignored, a day is the most.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit()) {
        // More digits than fit are a long time.
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let until = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    let seconds = u64::try_from(until.as_second().saturating_sub(now.as_second())).unwrap_or_default();
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_within_a_day() {
        let now: Timestamp = "2026-10-10T12:00:00Z".parse().unwrap();
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(retry_after(text, now), expected.map(Duration::from_secs), "{text:?}");
        };
        check("0", Some(0));
        check(" 120 ", Some(120));
        check("86401", Some(86_400));
        check("99999999999999999999999999", Some(86_400));
        check("Sat, 10 Oct 2026 12:02:00 GMT", Some(120));
        check("Sat, 10 Oct 2026 11:00:00 GMT", Some(0));
        check("Sat, 10 Oct 2099 12:02:00 GMT", Some(86_400));
        for unclear in ["", "-1", "1.5", "soon", "2026-10-10T12:02:00Z", "10e3"] {
            check(unclear, None);
        }
    }

    #[test]
    fn a_status_is_taken_or_says_what_next() {
        let check = |status, expected: Option<Fault>| {
            let judged = judge(status, &HeaderMap::new(), Timestamp::UNIX_EPOCH, "https://h/");
            assert_eq!(judged.err().map(|error| error.fault()), expected, "{status}");
        };
        for taken in [200, 201, 202, 204, 299] {
            check(taken, None);
        }
        for (status, fault) in [
            (100, Fault::Answered),
            (301, Fault::Redirected),
            (304, Fault::Redirected),
            (400, Fault::Answered),
            (404, Fault::Answered),
            (410, Fault::Gone),
            (429, Fault::Busy),
            (500, Fault::Answered),
            (503, Fault::Busy),
        ] {
            check(status, Some(fault));
        }
    }
}

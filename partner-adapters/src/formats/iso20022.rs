//! ISO 20022: camt.054 and camt.053 to the partner, pain.001 for what the bank pays (docs/iso20022.md).
//!
//! The settlement account is the partner's claim on the bank: a credit is in the partner's favour.

mod camt;
mod entry;
mod pain001;
mod xml;

pub(crate) use camt::{camt053, camt054};
pub(crate) use pain001::pain001;

use aws_lc_rs::digest::{SHA256, digest};

use super::movement::Summary;

/// Identifiers have at most this many characters (Max35Text).
const REFERENCE_CHARS_MAX: usize = 35;

/// A text as an identifier of at most `max` characters: as it is, or if it is too long its beginning, `-` and the first
/// twenty hexadecimal digits of its SHA-256. The same text has the same reference in every message.
pub(crate) fn short_reference(text: &str, max: usize) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(c);
    if text.len() <= max && text.chars().all(plain) {
        return text.to_owned();
    }
    let hash = digest(&SHA256, text.as_bytes());
    let hash: String = hex::encode(hash.as_ref()).chars().take(20).collect();
    let kept: String = text.chars().filter(|c| plain(*c)).take(max.saturating_sub(21)).collect();
    format!("{kept}-{hash}")
}

/// The nominal end of the last cycle as an ISO date and time with offset: nothing comes from a clock.
fn created(summary: &Summary) -> &str {
    summary.header.cut_off.split('[').next().unwrap_or_default()
}

/// What ISO 20022 has no element for: environment, zone, sequence and counts.
fn about(summary: &Summary) -> String {
    let header = &summary.header;
    format!(
        "{}; file {}; sequence {}; revision {}; zone {}; business date {}; cycle {}; batches {}; movements {}; \
         canonical records {}",
        environment(summary),
        summary.file_id(),
        header.sequence,
        header.revision,
        header.zone,
        header.business_date,
        header.cycle_sequence,
        summary.batches.len(),
        summary.movements(),
        summary.trailer.records,
    )
}

fn environment(summary: &Summary) -> &'static str {
    super::environment_words(summary.header.environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_has_a_short_reference_of_its_own() {
        assert_eq!(short_reference("skyfuel-boreal-gold-000001-0", 35), "skyfuel-boreal-gold-000001-0");
        let long = "boreal-gold-000001-skyfuel-RUB-000001-and-more";
        let short = short_reference(long, 35);
        assert_eq!(short.len(), 35);
        assert!(short.starts_with("boreal-gold-00-"), "{short}");
        assert_ne!(short, short_reference(&format!("{long}x"), 35));
        assert_eq!(short, short_reference(long, 35));
        // What a bank's character set lacks is not in a reference.
        assert!(short_reference("магазин_7", 35).is_ascii());
    }
}

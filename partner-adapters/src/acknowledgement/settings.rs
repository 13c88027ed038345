//! The table `[acknowledgement]` of a partner's file.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a partner answers to its files. Without the table it need not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgementSettings {
    /// Within how many hours from when a file was first seen as published.
    pub expected_within_hours: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_are_read_and_nothing_else() {
        let read = |text: &str| toml::from_str::<AcknowledgementSettings>(text);
        assert_eq!(read("expected_within_hours = 24").unwrap().expected_within_hours, 24);
        for bad in ["", "expected_within_hours = -1", "expected_within_hours = 1\nhours = 2"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

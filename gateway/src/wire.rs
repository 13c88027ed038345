//! How a link writes its messages: framing, header, dialect, MAC.

use std::{fmt, sync::Arc};

use iso8583::{
    Builder, Class, Dialect, Length, Mti, Version, dialects, framing::Framing, header::Header, mac::MacKeys,
};

use crate::versions;

/// The least greatest length of DE48 that holds every loyalty result.
pub(crate) const RESULT_MIN: u32 = 170;
/// What a dialect must have so that the gateway can read messages, for either version.
const NEEDED: [u8; 7] = [2, 3, 4, 7, 11, 39, 49];

/// How messages of a link are written.
#[derive(Debug, Clone)]
pub struct Wire {
    /// Frames on the connection.
    pub framing: Framing,
    /// Messages in the frames, with their header.
    pub dialect: Dialect,
    /// The MAC, if one is agreed.
    pub mac: Option<MacPolicy>,
}

/// The MAC of a link, and what a wrong one does.
#[derive(Clone)]
pub struct MacPolicy {
    /// The keys.
    pub keys: Arc<MacKeys>,
    /// DE39 of the answer to a message whose MAC is missing or wrong, as the bank's profile has it.
    pub response_code: String,
    /// So many messages of one connection whose MAC is missing, wrong or cannot be checked end it, if there are not
    /// [`Self::RIGHT_IN_A_ROW`] right ones between them.
    pub wrong_max: u32,
}

impl MacPolicy {
    /// After so many right MACs in a row a connection is as good as new. Whoever lacks the key never gets there, and
    /// three mistakes in months do not end a connection that lasts.
    pub const RIGHT_IN_A_ROW: u32 = 100;

    /// Whether DE39 with this code says that a message was taken: no answer to a wrong MAC may.
    pub fn says_taken(version: Version, code: &str) -> bool {
        match version {
            Version::V1987 => versions::is_approval(code),
            // 0xx approve, x00 accept a file action, a reversal and the like, 5xx speak of totals.
            _ => code.starts_with(['0', '5']) || (code.ends_with("00") && !code.starts_with(['1', '2', '9'])),
        }
    }
}

/// What the MACs of one connection were so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MacCount {
    wrong: u32,
    right_in_a_row: u32,
}

impl MacCount {
    pub(crate) fn right(&mut self) {
        self.right_in_a_row = self.right_in_a_row.saturating_add(1);
        if self.right_in_a_row >= MacPolicy::RIGHT_IN_A_ROW {
            *self = Self::default();
        }
    }

    /// One more that is wrong; whether it is one too many.
    pub(crate) fn wrong(&mut self, wrong_max: u32) -> bool {
        *self = Self { wrong: self.wrong.saturating_add(1), right_in_a_row: 0 };
        self.wrong >= wrong_max
    }
}

impl fmt::Debug for MacPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacPolicy(current key {:?})", self.keys.current_version())
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self { framing: Framing::BINARY_2, dialect: dialects::iso87_ascii().clone(), mac: None }
    }
}

/// The longest answers, with every element that the gateway may add to what it gives back.
fn answers(version: Version) -> [Builder; 2] {
    let [decided, network] = match version {
        Version::V1987 => ["0110", "0810"],
        _ => ["1110", "1814"],
    };
    let is_1987 = version == Version::V1987;
    let start = |mti: &'static str| {
        Builder::new(Mti::parse(mti.as_bytes()).unwrap_or(Mti::new("0110")))
            .set(7, "1010120000")
            .set(11, "000001")
            .set(39, if is_1987 { "00" } else { "000" })
    };
    let decided = start(decided)
        .set(4, "000000000001")
        .set(48, "x".repeat(RESULT_MIN as usize))
        .set(49, "643")
        .set(54, "0057643D000000000001");
    let date = if is_1987 { "1010" } else { "261010" };
    let code = if is_1987 { (70, "001") } else { (24, "801") };
    [decided, start(network).set(15, date).set(code.0, code.1)]
}

/// Why a dialect cannot be spoken on a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The gateway has no rules for this version.
    #[error("the gateway speaks ISO 8583 of 1987 and 1993; the dialect {dialect} is of {year}")]
    Version {
        /// The dialect.
        dialect: String,
        /// Its version.
        year: u16,
    },
    /// A data element is not there.
    #[error("the dialect {dialect} has no DE{de}, which the gateway needs")]
    Missing {
        /// The dialect.
        dialect: String,
        /// The data element.
        de: u8,
    },
    /// The loyalty result does not fit.
    #[error(
        "the dialect {dialect} must have DE48 as text of at least {RESULT_MIN} characters: it carries the loyalty result"
    )]
    Result {
        /// The dialect.
        dialect: String,
    },
    /// An answer cannot be written.
    #[error("the dialect {dialect} or its framing cannot carry the gateway's {mti}: {problem}")]
    Answer {
        /// The dialect.
        dialect: String,
        /// The message type of the answer.
        mti: Mti,
        /// Why not.
        problem: String,
    },
    /// There is no place for a MAC.
    #[error("the dialect {dialect} must have DE64 and DE128 as b64 to carry a MAC")]
    Mac {
        /// The dialect.
        dialect: String,
    },
}

impl Wire {
    /// Puts a link's settings together, and makes sure that the gateway can answer in them.
    pub fn new(
        framing: Framing,
        header: Option<Header>,
        dialect: &Dialect,
        mac: Option<MacPolicy>,
    ) -> Result<Self, WireError> {
        let name = || dialect.name().to_owned();
        if dialect.version() == Version::V2003 {
            return Err(WireError::Version { dialect: name(), year: dialect.version().year() });
        }
        if let Some(de) = NEEDED.into_iter().find(|de| dialect.field(*de).is_none()) {
            return Err(WireError::Missing { dialect: name(), de });
        }
        let holds_result = dialect.field(48).is_some_and(|spec| {
            spec.format.class == Class::AlphaNumericSpecial
                && matches!(spec.format.length, Length::Variable { max, .. } if max >= RESULT_MIN)
        });
        if !holds_result {
            return Err(WireError::Result { dialect: name() });
        }
        if mac.is_some() && !MacKeys::fit(dialect) {
            return Err(WireError::Mac { dialect: name() });
        }
        let dialect = header.map_or_else(|| dialect.clone(), |header| dialect.with_header(header));
        let wire = Self { framing, dialect, mac };
        answers(wire.dialect.version()).iter().try_for_each(|answer| wire.can_carry(answer))?;
        Ok(wire)
    }

    /// A reply as it goes out: encoded, signed, framed. An error says why it cannot be written.
    pub(crate) fn frame(&self, reply: &Builder) -> Result<Vec<u8>, String> {
        let bytes = self.message(reply, &self.dialect)?;
        let mut frame = Vec::with_capacity(bytes.len() + self.framing.prefix());
        self.framing.write(&mut frame, &bytes).map_err(|error| error.to_string())?;
        Ok(frame)
    }

    /// A reply in a dialect, with its MAC where one is agreed.
    fn message(&self, reply: &Builder, dialect: &Dialect) -> Result<Vec<u8>, String> {
        let bytes = match &self.mac {
            Some(policy) => policy.keys.sign_message(reply, dialect),
            None => reply.encode(dialect),
        };
        bytes.map_err(|error| error.to_string())
    }

    /// Whether the dialect can write this value into the data element.
    pub(crate) fn has_room_for(&self, de: u8, value: &str) -> bool {
        let alone = Builder::new(Mti::new("0510")).set(de, value);
        alone.encode(&self.dialect.with_header(Header::NONE)).is_ok()
    }

    /// Writes an answer into a frame, to see at the start that it can be done: a bank must not wait in vain.
    fn can_carry(&self, answer: &Builder) -> Result<(), WireError> {
        let refused = |problem: String| WireError::Answer {
            dialect: self.dialect.name().to_owned(),
            mti: answer.mti(),
            problem,
        };
        // The header of an answer is made of that of the request.
        let bare = self.dialect.with_header(Header::NONE);
        let mut bytes = self.message(answer, &bare).map_err(refused)?;
        bytes.extend(std::iter::repeat_n(0, self.dialect.header().length()));
        let written = self.framing.write(&mut Vec::new(), &bytes);
        written.map_err(|error| refused(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use iso8583::{Dialect, Version, dialects};

    use super::{MacCount, MacPolicy, Wire};

    /// What is said of a dialect that extends iso87-ascii with this text, in this framing.
    fn refusal(text: &str, framing: &str) -> String {
        let dialect = Dialect::from_toml(&format!("name = 'x'\nextends = 'iso87-ascii'\n{text}")).unwrap();
        Wire::new(framing.parse().unwrap(), None, &dialect, None).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_carry_an_answer_is_refused_at_the_start() {
        let shorter = "[fields]\n48 = { format = 'ans..99' }";
        assert!(refusal(shorter, "binary-2").contains("DE48 as text of at least 170"));
        let numeric = "[fields]\n39 = { format = 'n3' }";
        let told = refusal(numeric, "binary-2");
        assert!(told.contains("cannot carry the gateway's 0110: DE39"), "{told}");
        let told = refusal("", "binary-2:150");
        assert!(told.contains("0110"), "{told}");
        assert!(refusal("version = 2003", "binary-2").contains("1987 and 1993"));
    }

    #[test]
    fn every_built_in_dialect_of_messages_can_be_spoken() {
        for dialect in dialects::all().filter(|dialect| !dialect.name().starts_with("ipm")) {
            let wire = Wire::new("binary-2".parse().unwrap(), Some("tpdu".parse().unwrap()), dialect, None);
            assert!(wire.is_ok(), "{}: {wire:?}", dialect.name());
        }
    }

    #[test]
    fn no_code_that_says_taken_answers_a_wrong_mac() {
        for (version, code, expected) in [
            (Version::V1987, "00", true),
            (Version::V1987, "08", true),
            (Version::V1987, "10", true),
            (Version::V1987, "05", false),
            (Version::V1987, "63", false),
            (Version::V1987, "96", false),
            (Version::V1987, "N7", false),
            (Version::V1993, "000", true),
            (Version::V1993, "099", true),
            (Version::V1993, "300", true),
            (Version::V1993, "400", true),
            (Version::V1993, "500", true),
            (Version::V1993, "504", true),
            (Version::V1993, "800", true),
            (Version::V1993, "100", false),
            (Version::V1993, "200", false),
            (Version::V1993, "306", false),
            (Version::V1993, "900", false),
            (Version::V1993, "916", false),
        ] {
            assert_eq!(MacPolicy::says_taken(version, code), expected, "{version:?} {code}");
        }
    }

    #[test]
    fn only_a_long_run_of_right_macs_forgets_wrong_ones() {
        let run = MacPolicy::RIGHT_IN_A_ROW;
        for (what, before, expected) in [
            ("three at once", [0, 0], true),
            ("spread, but not far enough", [run - 1, run - 1], true),
            ("a full run after the first", [run, 0], false),
            ("a full run before the last", [0, run], false),
        ] {
            let mut count = MacCount::default();
            let mut ended = count.wrong(3);
            for right in before {
                assert!(!ended, "{what}");
                (0..right).for_each(|_| count.right());
                ended = count.wrong(3);
            }
            assert_eq!(ended, expected, "{what}");
        }
        assert!(MacCount::default().wrong(1));
    }
}

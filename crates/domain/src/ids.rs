//! Identifiers. Each is its own type, so that a bank can never be passed where a partner is meant.

use std::fmt;

/// How many buckets the hot tables are spread over; fixed for the life of an installation.
///
/// 1,024 is far more than any number of shards in use, so that every shard gets a similar share.
pub const BUCKETS: u16 = 1024;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// A bank that sends card transactions.
    BankId(i32)
);
number_id!(
    /// A loyalty program of one bank.
    ProgramId(i32)
);
number_id!(
    /// A partner company: the co-brand partner or a merchant partner.
    PartnerId(i32)
);
number_id!(
    /// A settlement cycle of one program.
    CycleId(i32)
);
number_id!(
    /// A member account: the holder of miles, with one or more cards.
    AccountId(i64)
);

number_id!(
    /// A run of corrections: what somebody asked for and somebody else approved.
    RunId(i64)
);
/// A card as the books know it: the stored form of its token. Two cards of one member differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId(pub [u8; 33]);

/// The bucket of a member account: a stored, fixed property that leads every key of the hot tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u16);

impl Bucket {
    /// `None` unless `number` is below [`BUCKETS`].
    pub fn new(number: u16) -> Option<Self> {
        (number < BUCKETS).then_some(Self(number))
    }

    /// The bucket in which a card's messages lie: a stable function of its first token.
    pub fn of_token(token_mac: &[u8; 32]) -> Self {
        let [a, b, ..] = *token_mac;
        Self(u16::from_be_bytes([a, b]) % BUCKETS)
    }

    /// The number, below [`BUCKETS`].
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The deterministic key of one message: eight bytes of UTC seconds, then sixteen bytes of a hash.
///
/// Time comes first, so that keys grow with time and cost less index work than random ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey([u8; 24]);

impl MessageKey {
    /// `second` is the resolved UTC second of DE7, `hash` covers the canonical key text.
    pub fn new(second: u64, hash: [u8; 16]) -> Self {
        let mut bytes = [0; 24];
        let (time, rest) = bytes.split_at_mut(8);
        time.copy_from_slice(&second.to_be_bytes());
        rest.copy_from_slice(&hash);
        Self(bytes)
    }

    /// From stored bytes; `None` unless there are 24.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads how it shows itself: 48 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 24];
        if text.len() != 48 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageKey({self})")
    }
}

/// SHA-256 of a program file's text: the version of the rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesHash(pub [u8; 32]);

impl RulesHash {
    /// The first eight hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl fmt::Display for RulesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RulesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RulesHash({})", self.short())
    }
}

//! The codes of network management that are agreed with a bank.

use iso8583::Version;

/// What a message of network management asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFunction {
    /// To take messages of this connection.
    SignOn,
    /// To take none any more.
    SignOff,
    /// Whether the gateway could commit now.
    Echo,
    /// To open the next business date.
    CutOver,
    /// Another key.
    KeyChange,
}

impl NetworkFunction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::SignOn, Self::SignOff, Self::Echo, Self::CutOver, Self::KeyChange];

    /// As the configuration and the options of commands write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignOn => "sign_on",
            Self::SignOff => "sign_off",
            Self::Echo => "echo",
            Self::CutOver => "cut_over",
            Self::KeyChange => "key_change",
        }
    }
}

/// The codes that a bank's network has: of DE70, in a dialect of 1993 of DE24. The usual codes of 1987 are known in
/// 1993 too, where they are written as 1993 has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkCodes {
    /// Sign-on.
    pub sign_on: Vec<String>,
    /// Sign-off.
    pub sign_off: Vec<String>,
    /// Echo.
    pub echo: Vec<String>,
    /// Cut-over.
    pub cut_over: Vec<String>,
    /// Key change.
    pub key_change: Vec<String>,
}

impl Default for NetworkCodes {
    fn default() -> Self {
        Self::usual(Version::V1987)
    }
}

impl NetworkCodes {
    /// What holds where nothing else is agreed, in the terms of 1987; the most usual code of each comes first.
    #[must_use]
    pub fn usual(version: Version) -> Self {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        // 1993 has no third code of a key change.
        let key_change: &[&str] =
            if version == Version::V1987 { &["161", "101", "162"] } else { &["161", "101"] };
        Self {
            sign_on: codes(&["001", "061"]),
            sign_off: codes(&["002", "062"]),
            echo: codes(&["301", "270"]),
            cut_over: codes(&["201"]),
            key_change: codes(key_change),
        }
    }

    /// The codes of a function, the first one being the one to use; empty if none is agreed.
    #[must_use]
    pub fn of(&self, function: NetworkFunction) -> &[String] {
        match function {
            NetworkFunction::SignOn => &self.sign_on,
            NetworkFunction::SignOff => &self.sign_off,
            NetworkFunction::Echo => &self.echo,
            NetworkFunction::CutOver => &self.cut_over,
            NetworkFunction::KeyChange => &self.key_change,
        }
    }

    /// The same with other codes of a function.
    #[must_use]
    pub fn with(mut self, function: NetworkFunction, codes: Vec<String>) -> Self {
        let place = match function {
            NetworkFunction::SignOn => &mut self.sign_on,
            NetworkFunction::SignOff => &mut self.sign_off,
            NetworkFunction::Echo => &mut self.echo,
            NetworkFunction::CutOver => &mut self.cut_over,
            NetworkFunction::KeyChange => &mut self.key_change,
        };
        *place = codes;
        self
    }

    /// A code that means nothing on this link.
    pub(crate) fn unknown(&self) -> String {
        let agreed = |code: &String| NetworkFunction::ALL.iter().any(|of| self.of(*of).contains(code));
        let free = (900..=999_u16).rev().map(|code| code.to_string()).find(|code| !agreed(code));
        free.unwrap_or_else(|| "999".to_owned())
    }
}

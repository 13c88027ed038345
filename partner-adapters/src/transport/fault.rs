//! Why something was not delivered: who is to blame, what to do, and whether another attempt makes sense.

use std::fmt;
use std::time::Duration;

/// Text of the other side in our messages is cut here.
const FOREIGN_TEXT_MAX: usize = 200;

/// What went wrong. [`Fault::code`] is stable: for metrics, for the database, for runbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Our own file is missing, unreadable or not the one that was recorded.
    LocalFile,
    /// No connection came about: name, route, port.
    Unreachable,
    /// The certificate or TLS version of the other side is not acceptable, or ours not to it.
    Tls,
    /// The SFTP server showed a key that is not pinned. Nothing was sent, not even our user's name.
    HostKeyChanged,
    /// The server does not accept our key or credentials.
    SignInRefused,
    /// The address of a webhook lies in a network that it may not be in.
    AddressForbidden,
    /// Another content stands under the final name. It stays.
    NameTaken,
    /// The other side may not or will not do it: permission, missing folder.
    Refused,
    /// The other side's store is full.
    Full,
    /// A step took longer than its deadline.
    TimedOut,
    /// The connection broke in the middle. Nothing stands under the final name.
    Interrupted,
    /// What stands there is not what was sent: size or content.
    Damaged,
    /// A webhook answered with something other than 2xx.
    Answered,
    /// A webhook sent us elsewhere; that is never followed.
    Redirected,
    /// A webhook asks for slower calls: 429, 502, 503, 504.
    Busy,
    /// A webhook is gone for good: 410.
    Gone,
    /// The item is larger than this transport carries.
    TooLarge,
    /// PGP could not encrypt, sign, decrypt or check.
    Pgp,
    /// The other side breaks its protocol.
    Protocol,
}

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The partner, who runs the other side.
    Partner,
    /// Our operator: settings, keys, disk.
    Operator,
    /// Nobody yet: the way between.
    Network,
}

impl Fault {
    /// Stable, in lower-case words with hyphens.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LocalFile => "local-file",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::HostKeyChanged => "host-key-changed",
            Self::SignInRefused => "sign-in-refused",
            Self::AddressForbidden => "address-forbidden",
            Self::NameTaken => "name-taken",
            Self::Refused => "refused",
            Self::Full => "full",
            Self::TimedOut => "timed-out",
            Self::Interrupted => "interrupted",
            Self::Damaged => "damaged",
            Self::Answered => "answered",
            Self::Redirected => "redirected",
            Self::Busy => "busy",
            Self::Gone => "gone",
            Self::TooLarge => "too-large",
            Self::Pgp => "pgp",
            Self::Protocol => "protocol",
        }
    }

    /// Who has to do something.
    #[must_use]
    pub fn blame(self) -> Blame {
        match self {
            Self::LocalFile | Self::AddressForbidden | Self::TooLarge | Self::Pgp => Blame::Operator,
            Self::Unreachable | Self::TimedOut | Self::Interrupted => Blame::Network,
            _ => Blame::Partner,
        }
    }

    /// Whether another attempt may go better without anybody changing our settings or files.
    #[must_use]
    pub fn retryable(self) -> bool {
        !matches!(
            self,
            Self::LocalFile
                | Self::HostKeyChanged
                | Self::AddressForbidden
                | Self::NameTaken
                | Self::Gone
                | Self::TooLarge
                | Self::Pgp
        )
    }

    /// Whether somebody is to be woken at the first occurrence, and not only when the attempts are used up.
    #[must_use]
    pub fn alarms(self) -> bool {
        !self.retryable() || matches!(self, Self::SignInRefused | Self::Tls | Self::Damaged | Self::Full)
    }

    /// Who must do what, without what we do ourselves.
    fn advice(self) -> &'static str {
        match self {
            Self::LocalFile => "the operator must restore the file as it was recorded, then replay",
            Self::Unreachable => "if it lasts, ask the partner whether address, port and firewall are right",
            Self::Tls => "the partner must renew his certificate, or the operator name its authority",
            Self::HostKeyChanged => {
                "ask the partner by another way whether he changed the key, then pin the new fingerprint; nothing was sent"
            }
            Self::SignInRefused => "the partner must accept our public key or credentials",
            Self::AddressForbidden => {
                "if it is meant, the operator must name the network in `allow_networks`"
            }
            Self::NameTaken => "find out with the partner who wrote it and move it away, then replay",
            Self::Refused => {
                "ours first: is `folder` as the partner gave it (an initial / is the server's root)? Then the partner must make it ours to write"
            }
            Self::Full => "the partner must make room",
            Self::TimedOut | Self::Interrupted | Self::Busy => "if it lasts, ask the partner",
            Self::Damaged => "if it happens again, ask the partner what changes it",
            Self::Answered => "the partner must mend his endpoint",
            Self::Redirected => "redirects are not followed: the partner must name the final address",
            Self::Gone => "by it the partner asks for no more calls: ask him",
            Self::TooLarge => "carry it by another transport",
            Self::Pgp => "the operator must check the keys under `[transport.pgp]`",
            Self::Protocol => "the partner must mend his server",
        }
    }

    /// What follows from it for a delivery. A trial is followed by nothing.
    fn then(self) -> &'static str {
        match self {
            Self::Gone => "; deliveries stop until the operator enables them again",
            _ if self.retryable() => "; it is tried again",
            _ => "",
        }
    }
}

/// Something was not delivered or collected. What was delivered before is untouched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryError {
    fault: Fault,
    place: String,
    found: String,
    retry_after: Option<Duration>,
}

impl DeliveryError {
    pub(crate) fn new(fault: Fault, place: impl Into<String>, found: impl Into<String>) -> Self {
        Self { fault, place: place.into(), found: found.into(), retry_after: None }
    }

    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// What went wrong and who must do what, as it is told of a trial: nothing follows from that.
    #[must_use]
    pub fn of_trial(&self) -> String {
        format!("{}: {}; {}", self.place, self.found, self.fault.advice())
    }

    /// What went wrong.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Who has to do something.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.fault.blame()
    }

    /// Whether another attempt makes sense.
    #[must_use]
    pub fn retryable(&self) -> bool {
        self.fault.retryable()
    }

    /// How long the other side asks us to wait at least, already bounded.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the endpoint asks for no more calls at all (410).
    #[must_use]
    pub fn disable(&self) -> bool {
        self.fault == Fault::Gone
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.of_trial(), self.fault.then())
    }
}

impl std::error::Error for DeliveryError {}

/// What the other side said, fit for a log: printable, short, without card numbers.
pub(crate) fn foreign(text: &str) -> String {
    // Hidden before the cut, so that no half of a card number stays.
    let near: String = text.chars().take(FOREIGN_TEXT_MAX + 80).collect();
    let hidden = domain::hide_card_numbers(&near).replace('\u{2022}', "*");
    let printable = hidden.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' });
    let mut shown: String = printable.take(FOREIGN_TEXT_MAX).collect();
    if text.chars().count() > FOREIGN_TEXT_MAX {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_what_next() {
        let error = DeliveryError::new(Fault::NameTaken, "sftp://boreal/in/a.cbs", "other content");
        assert_eq!(
            error.to_string(),
            "sftp://boreal/in/a.cbs: other content; \
             find out with the partner who wrote it and move it away, then replay"
        );
        assert!(!error.retryable() && error.fault().alarms() && !error.disable());
        let refused = DeliveryError::new(Fault::Unreachable, "https://boreal/", "Connection refused");
        assert!(refused.to_string().ends_with("; it is tried again"), "{refused}");
        assert!(
            !refused.of_trial().contains("tried again"),
            "a trial is not repeated: {}",
            refused.of_trial()
        );
        let gone = DeliveryError::new(Fault::Gone, "https://boreal/", "HTTP 410");
        assert!(gone.to_string().contains("deliveries stop") && !gone.of_trial().contains("stop"), "{gone}");
    }

    #[test]
    fn foreign_text_is_printable_and_short() {
        assert_eq!(foreign("no\x1b[2Jspace\nleft"), "no?[2Jspace?left");
        assert_eq!(foreign(&"x".repeat(300)).len(), 203);
        assert_eq!(foreign("no 4111 1111 1111 1111 here"), "no **** **** **** 1111 here");
        assert_eq!(
            foreign(&format!("{}4111111111111111", " ".repeat(190))),
            format!("{}**********...", " ".repeat(190))
        );
    }
}

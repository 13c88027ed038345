//! The authorizations of a purchase, and what they hold together.

use crate::{HoldState, MessageKey, Purchase};

/// One authorization of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorized {
    /// The message.
    pub message: MessageKey,
    /// What is held for it, less what reversals took back, in minor units of the purchase.
    pub held_minor: u64,
}

impl Purchase {
    /// One more authorization. Held is the largest: a further one asks for the whole again.
    pub(crate) fn authorize(&mut self, message: MessageKey, held_minor: u64) {
        self.take_up_hold();
        self.authorized.push(Authorized { message, held_minor });
        self.settle_hold();
    }

    /// What one authorization holds, once it is known what pays of it beside money.
    pub(crate) fn hold_for(&mut self, message: MessageKey, held_minor: u64) {
        for one in self.authorized.iter_mut().filter(|one| one.message == message) {
            one.held_minor = held_minor;
        }
        self.settle_hold();
    }

    /// Whether this authorization, and not only another one, holds something of the purchase. Of one that another purchase
    /// has, and only what it brought came along, nothing is held here.
    pub(crate) fn is_held_by(&self, message: MessageKey) -> bool {
        self.authorized.is_empty()
            || self.authorized.iter().any(|one| one.message == message && one.held_minor > 0)
    }

    /// Whether this authorization holds nothing any more, though others of the purchase may.
    pub(crate) fn has_ended(&self, message: MessageKey) -> bool {
        self.authorized.iter().any(|one| one.message == message && one.held_minor == 0)
    }

    /// Whether this authorization holds nothing any more, and another one asked for the purchase as well: what is cleared
    /// is the other's.
    pub(crate) fn was_replaced(&self, message: MessageKey) -> bool {
        self.has_ended(message) && self.authorized.iter().any(|one| one.message != message)
    }

    /// Whether the authorization in whose answer the till was offered a price, which is the first, holds nothing any more.
    pub(crate) fn offer_has_ended(&self) -> bool {
        self.authorized.first().is_some_and(|one| one.held_minor == 0)
    }

    /// Lets a reversal lower what one authorization holds. What has ended for good is left alone.
    pub(crate) fn lower_hold<E>(
        &mut self,
        message: MessageKey,
        lowered: impl FnOnce(u64) -> Result<u64, E>,
    ) -> Result<(), E> {
        let only = self.take_up_hold();
        let mut of = self.authorized.iter_mut();
        if let Some(one) = of.find(|one| only || one.message == message) {
            one.held_minor = lowered(one.held_minor)?;
        }
        if self.hold != HoldState::Released {
            self.settle_hold();
        }
        Ok(())
    }

    /// A hold of before migration 21 does not know its authorizations: it counts as one. Whether it was such.
    fn take_up_hold(&mut self) -> bool {
        let holds = matches!(self.hold, HoldState::Held | HoldState::Expired) && self.held_minor > 0;
        let unknown = holds && self.authorized.is_empty();
        if unknown {
            self.authorized.push(Authorized { message: self.key, held_minor: self.held_minor });
        }
        unknown
    }

    fn settle_hold(&mut self) {
        if self.hold == HoldState::Released {
            return;
        }
        self.held_minor = self.authorized.iter().map(|one| one.held_minor).max().unwrap_or(0);
        if self.hold != HoldState::Expired {
            self.hold = if self.held_minor > 0 { HoldState::Held } else { HoldState::Reversed };
        }
    }

    /// Whether it waits for its clearing: its hold does, or what the till may have given.
    pub(crate) fn waits(&self) -> bool {
        self.hold == HoldState::Held || self.offer_is_unconfirmed()
    }

    /// Whether a discount at the till stays pending, a break until the clearing or a reversal comes.
    pub(crate) fn offer_is_unconfirmed(&self) -> bool {
        self.till.is_some() && self.is_unconfirmed()
    }

    /// Whether the till may have given a discount of which nobody knows: the authorization has expired and nothing was
    /// cleared.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.hold == HoldState::Expired && self.held_minor > 0 && self.cleared_minor == 0
    }
}

/// The stored form: `<message>=<minor units>` with `;` between; the message that opened the purchase is left out.
pub fn authorized_text(purchase: &Purchase) -> String {
    let message = |one: &Authorized| match one.message == purchase.key {
        true => String::new(),
        false => one.message.to_string(),
    };
    let parts = purchase.authorized.iter().map(|one| format!("{}={}", message(one), one.held_minor));
    parts.collect::<Vec<_>>().join(";")
}

/// Reads [`authorized_text`] of the purchase with this key; `None` if it is damaged.
pub fn parse_authorized(text: &str, purchase: MessageKey) -> Option<Vec<Authorized>> {
    let one = |part: &str| {
        let (message, minor) = part.split_once('=')?;
        let message = if message.is_empty() { purchase } else { MessageKey::parse(message)? };
        Some(Authorized { message, held_minor: minor.parse().ok()? })
    };
    text.split(';').filter(|part| !part.is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_read_back() {
        let [own, other] = [1, 2].map(|second| MessageKey::new(second, [7; 16]));
        let list = vec![
            Authorized { message: own, held_minor: 60_000 },
            Authorized { message: other, held_minor: 0 },
        ];
        let text = format!("=60000;{other}=0");
        assert_eq!(parse_authorized(&text, own), Some(list));
        assert_eq!(parse_authorized("", own), Some(Vec::new()));
        for damaged in ["60000", "=x", "12=5", &format!("{}=1", "g".repeat(48))] {
            assert_eq!(parse_authorized(damaged, own), None, "{damaged}");
        }
    }
}

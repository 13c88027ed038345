//! Aggregators: many merchants behind one card acceptor, told apart by the name in DE43, such as `SQ *BLUE CAFE`.

use std::collections::BTreeSet;

use crate::Merchant;

/// A name in the form in which names under aggregators are compared, such as `SQ*BLUE CAFE`: prefix, star and name in
/// capitals, without the blanks that say nothing. The prefix alone has nothing behind its star.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubMerchant(String);

impl SubMerchant {
    /// `None` if the text has no star, or nothing before the first one.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, name) = text.split_once('*')?;
        let plain = |text: &str| text.to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let prefix = plain(prefix);
        (!prefix.is_empty()).then(|| Self(format!("{prefix}*{}", plain(name))))
    }

    /// Whether it names the aggregator only.
    pub fn is_prefix(&self) -> bool {
        self.0.ends_with('*')
    }

    /// The aggregator, such as `SQ*`.
    pub fn prefix(&self) -> &str {
        self.0.split_inclusive('*').next().unwrap_or_default()
    }

    /// The form in which it is compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The aggregators that the map knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Aggregators {
    prefixes: BTreeSet<String>,
    /// Acquirer without leading zeros, and card acceptor.
    card_acceptors: BTreeSet<(String, String)>,
}

impl Aggregators {
    pub(super) fn know(&mut self, prefix: &str, card_acceptor: Option<(String, String)>) {
        self.prefixes.insert(prefix.to_owned());
        self.card_acceptors.extend(card_acceptor);
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        let card_acceptors = self.card_acceptors.iter();
        let places = card_acceptors.map(|(acquirer, card_acceptor)| format!("{acquirer}/{card_acceptor}"));
        self.prefixes.iter().cloned().chain(places).collect()
    }

    /// The name under an aggregator by which the message calls its merchant.
    pub(super) fn sub_merchant(&self, merchant: &Merchant) -> Option<SubMerchant> {
        if self.prefixes.is_empty() {
            return None;
        }
        let named = SubMerchant::parse(&merchant.name_and_place.name);
        named.filter(|named| self.prefixes.contains(named.prefix()))
    }

    pub(super) fn owns(&self, acquirer: &str, card_acceptor: &str) -> bool {
        // Most maps know none: then there is nothing to compare.
        !self.card_acceptors.is_empty()
            && self.card_acceptors.contains(&(acquirer.to_owned(), card_acceptor.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::SubMerchant;

    #[test]
    fn names_under_aggregators_are_compared_without_blanks_that_say_nothing() {
        for (text, compared) in [
            ("SQ *BLUE CAFE", Some("SQ*BLUE CAFE")),
            ("sq* Blue   Cafe ", Some("SQ*BLUE CAFE")),
            ("PAYPAL *SQ *X", Some("PAYPAL*SQ *X")),
            ("YANDEX*", Some("YANDEX*")),
            ("*BLUE CAFE", None),
            ("BLUE CAFE", None),
            ("", None),
        ] {
            let parsed = SubMerchant::parse(text);
            assert_eq!(parsed.as_ref().map(SubMerchant::as_str), compared, "{text}");
            assert!(parsed.is_none_or(|name| name.is_prefix() == text.ends_with('*')));
        }
        assert_eq!(
            SubMerchant::parse("PAYPAL *SQ *X").map(|name| name.prefix().to_owned()).as_deref(),
            Some("PAYPAL*")
        );
    }
}

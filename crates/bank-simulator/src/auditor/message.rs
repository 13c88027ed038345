//! A message as the bank remembers it, the answer it got, and who and where the bank's labels mean.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// A message that was sent, and its answer. Texts are as on the wire; the card is a label, never its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedMessage {
    /// The label of the card.
    pub card: String,
    /// The message type, repeats (xxx1) included.
    pub mti: String,
    /// DE3, six digits.
    pub processing_code: String,
    /// DE4 in minor units.
    pub amount: u64,
    /// DE49, three digits.
    pub currency: String,
    /// DE6 and DE51: the amount the cardholder is billed.
    pub billing: Option<(u64, String)>,
    /// DE7, ten digits.
    pub transmission: String,
    /// DE11, six digits.
    pub stan: String,
    /// The purchase's local date, of DE12 and DE13.
    pub local_date: Date,
    /// DE18.
    pub mcc: Option<String>,
    /// DE32.
    pub acquirer: String,
    /// DE37.
    pub retrieval: String,
    /// DE41.
    pub terminal: String,
    /// DE42.
    pub card_acceptor: String,
    /// DE25.
    pub condition: Option<String>,
    /// DE39 of an advice: what the issuer said.
    pub sent_response: Option<String>,
    /// DE90: the message that this one is about.
    pub original: Option<String>,
    /// DE95: its first twelve digits are what remains.
    pub replacement: Option<String>,
    /// None as long as nothing came.
    pub answer: Option<AuditedAnswer>,
}

/// What the gateway answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedAnswer {
    /// DE39.
    pub response: String,
    /// DE4 in minor units.
    pub amount: Option<u64>,
    /// The original amount of DE54, when the gateway reduced DE4.
    pub original_amount: Option<u64>,
}

/// Who the cards belong to and whose the merchants are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Card label to member; several cards may share an account.
    pub members: BTreeMap<String, Member>,
    /// Acquirer without leading zeros and card acceptor without blanks at its ends, to the partner's label.
    pub merchant_labels: BTreeMap<(String, String), String>,
}

/// Whose a card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The label of the account.
    pub account: String,
    /// Purchases from this local date on earn.
    pub enrolled: Date,
}

impl Directory {
    /// The account that a purchase of this card on this date belongs to.
    pub(super) fn account(&self, card: &str, date: Date) -> Option<&str> {
        let member = self.members.get(card)?;
        (member.enrolled <= date).then_some(member.account.as_str())
    }

    /// The account of a card, on whatever date, or the card itself: who the messages of one purchase share.
    pub(super) fn holder<'a>(&'a self, card: &'a str) -> &'a str {
        self.members.get(card).map_or(card, |member| &member.account)
    }

    /// The partner at whose merchant a message comes from.
    pub(super) fn merchant(&self, message: &AuditedMessage) -> Option<&str> {
        let place = (message.acquirer_digits().to_owned(), message.card_acceptor.trim().to_owned());
        self.merchant_labels.get(&place).map(String::as_str)
    }
}

/// What a message is to the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 0100 or 0200 of a purchase: asks for an approval.
    Request,
    /// 0120 of a purchase that was approved.
    Approval,
    /// 0120 or 0220 of a purchase that the issuer declined.
    Declined,
    /// 0220 of a purchase: money that moves.
    Presentment,
    /// 0220 with DE3 20: money that comes back.
    Refund,
    /// 0400 or 0420.
    Reversal,
    /// Cash and everything else: earns nothing and moves nothing.
    Other,
}

impl AuditedMessage {
    /// The message type without its repeat bit.
    pub(super) fn first_mti(&self) -> String {
        without_repeat(&self.mti)
    }

    pub(super) fn acquirer_digits(&self) -> &str {
        self.acquirer.trim().trim_start_matches('0')
    }

    pub(super) fn kind(&self) -> Kind {
        let approved = matches!(self.sent_response.as_deref(), None | Some("00" | "08" | "10" | "11" | "16"));
        match (self.first_mti().as_str(), self.processing_code.get(..2)) {
            ("0400" | "0420", _) => Kind::Reversal,
            ("0100" | "0200", Some("00" | "09")) => Kind::Request,
            ("0120" | "0220", Some("00" | "09")) if !approved => Kind::Declined,
            ("0120", Some("00" | "09")) => Kind::Approval,
            ("0220", Some("00" | "09")) => Kind::Presentment,
            ("0220", Some("20")) if approved => Kind::Refund,
            _ => Kind::Other,
        }
    }

    /// Whether DE90 of this message names that one of the same holder. An acquirer of zeros says nothing.
    pub(super) fn names(&self, other: &Self) -> bool {
        let part = |range| self.original.as_deref().and_then(|text| text.get(range));
        let acquirer = part(20..31).map_or("", |digits| digits.trim_start_matches('0'));
        part(0..4).is_some_and(|mti| without_repeat(mti) == other.first_mti())
            && part(4..10) == Some(other.stan.as_str())
            && part(10..20) == Some(other.transmission.as_str())
            && (acquirer.is_empty() || acquirer == other.acquirer_digits())
    }

    /// The first amount of DE95: what remains of the message that DE90 names. None means nothing does.
    pub(super) fn remainder(&self) -> u64 {
        self.replacement
            .as_deref()
            .and_then(|text| text.get(..12))
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0)
    }
}

fn without_repeat(mti: &str) -> String {
    match mti.strip_suffix('1') {
        Some(start) => format!("{start}0"),
        None => mti.to_owned(),
    }
}

//! What a bank tells us, translated: no card number, no wire format.

use jiff::{
    Timestamp,
    civil::{DateTime, Time},
};

use crate::{
    AccountId, BankId, Bucket, CardId, Currency, FileRecord, MatchParts, MessageKey, MilesEvent,
    NameAndPlace, PartnerId, ProgramId, RefundDecisionId, RulesHash, RunId,
};

/// The member to whom a card belongs, as the card's route says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberRef {
    /// The account.
    pub account: AccountId,
    /// The account's program.
    pub program: ProgramId,
}

/// From where a bank's clearing reaches us. Each bank declares one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearingSource {
    /// Online financial advices, 0220.
    Advice,
    /// Clearing files.
    File,
    /// 0200 as a single message.
    SingleMessage,
}

impl ClearingSource {
    /// The word used in configuration and explanations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::File => "file",
            Self::SingleMessage => "single_message",
        }
    }
}

/// The kind of business behind DE3 positions 1-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionKind {
    /// Goods and services, also with cash back.
    Purchase,
    /// A cash withdrawal.
    Cash,
    /// Money back to the cardholder.
    Refund,
    /// Anything else: an inquiry, a transfer.
    Other,
}

/// What the message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// 0100, or 0200 of a bank whose clearing comes from elsewhere.
    Authorization {
        /// DE25 = 06: the final amount is not known yet.
        preauthorization: bool,
    },
    /// 0120: an authorization that was decided elsewhere.
    AuthorizationAdvice {
        /// Whether the issuer approved (DE39 = 00).
        approved: bool,
    },
    /// A presentment, or a refund if the transaction is one.
    Clearing {
        /// Where it came from.
        source: ClearingSource,
        /// Whether the issuer approved; a declined one voids what was provisional.
        approved: bool,
    },
    /// 0400 or 0420: cancels the message that DE90 names.
    Reversal {
        /// What remains of the original (DE95), in minor units of its DE4; zero for a full reversal.
        remaining_minor: u64,
    },
    /// The issuer takes a cleared amount back, for the first time or in arbitration.
    Chargeback,
    /// The acquirer claims again what was charged back.
    SecondPresentment,
    /// No message of a bank: the day has come on which the hold of a purchase expires. Its `local` is that day.
    HoldExpiry {
        /// The purchase.
        purchase: MessageKey,
    },
    /// No message of a bank: the day has come on which a member's tier is reviewed. Its `local` is that day.
    TierReview,
    /// No message of a bank: a run of staff computes a purchase anew under another version of its program.
    Rerate {
        /// The purchase.
        purchase: MessageKey,
        /// The version.
        rules: RulesHash,
        /// The run.
        run: RunId,
    },
    /// No message of a bank: a run of staff gives a purchase to the partner that the merchant map names by now.
    Reattribute {
        /// The purchase.
        purchase: MessageKey,
        /// The partner; `None` if it is nobody's merchant.
        partner: Option<PartnerId>,
        /// The run.
        run: RunId,
    },
    /// No message of a bank: something happens to miles that were booked before.
    Miles(MilesEvent),
    /// No message of a bank: a refund that came without its purchase counts in that one, or is left alone.
    MatchRefund {
        /// The purchase that the refund has opened.
        refund: MessageKey,
        /// The purchase that it takes back; `None`: it stands alone for good.
        purchase: Option<MessageKey>,
        /// What they had in common when somebody looked.
        parts: MatchParts,
        /// The decision of staff; `None`: the scheduler was certain.
        decision: Option<RefundDecisionId>,
    },
}

impl EventKind {
    /// The purchases that an event names which is no message of a bank; such an event leads to nothing else.
    pub fn purchases_named(&self) -> Option<Vec<MessageKey>> {
        match self {
            Self::HoldExpiry { purchase }
            | Self::Rerate { purchase, .. }
            | Self::Reattribute { purchase, .. } => Some(vec![*purchase]),
            Self::MatchRefund { refund, purchase, .. } => {
                Some([Some(*refund), *purchase].into_iter().flatten().collect())
            }
            _ => None,
        }
    }

    /// The version of a program that the event itself asks for.
    pub fn version_asked(&self) -> Option<RulesHash> {
        match self {
            Self::Rerate { rules, .. } => Some(*rules),
            _ => None,
        }
    }

    /// Whether no bank sent it: schedulers and staff ask for what follows from the books alone.
    pub fn is_internal(self) -> bool {
        matches!(
            self,
            Self::HoldExpiry { .. }
                | Self::TierReview
                | Self::Rerate { .. }
                | Self::Reattribute { .. }
                | Self::Miles(_)
                | Self::MatchRefund { .. }
        )
    }
}

/// The merchant as the acquirer names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merchant {
    /// DE32, the acquiring institution.
    pub acquirer: String,
    /// DE42, the card acceptor, without trailing blanks.
    pub card_acceptor: String,
    /// DE41, the terminal, without trailing blanks.
    pub terminal: String,
    /// DE18, the merchant category code.
    pub mcc: Option<u16>,
    /// DE43. It is not stored.
    pub name_and_place: NameAndPlace,
}

/// The message that DE90 names, in its stored form `MTI:STAN:DE7:DE32`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginalRef(pub String);

impl OriginalRef {
    /// `mti` has its repeat bit normalized; leading zeros of `acquirer` do not count.
    pub fn new(mti: &str, stan: &str, transmission: &str, acquirer: &str) -> Self {
        Self(format!("{mti}:{stan}:{transmission}:{}", acquirer.trim_start_matches('0')))
    }
}

/// References by which later messages find this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// How a DE90 would name this message.
    pub own: OriginalRef,
    /// The message that this one names.
    pub names: Option<OriginalRef>,
    /// DE37, the retrieval reference number, if it is not blank.
    pub retrieval: Option<String>,
    /// Where a record of a clearing file stands. Its `own`, or what it names if it is a reversal, then is an identity:
    /// acquirer reference, step and clearing sequence, the same in every file.
    pub record: Option<FileRecord>,
    /// DE31 of a clearing file, the acquirer reference number, if it is not blank.
    pub arn: Option<String>,
    /// What the network calls all messages of one transaction by (DE63 of IPM, the transaction identifier of CTF, the
    /// places that a dialect names for online messages), in one form.
    pub life_cycle: Option<String>,
}

/// What stands for a coupon's code: SHA-256 of the code as it was printed, in capitals, without blanks and hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouponId(pub [u8; 32]);

/// What the cardholder asks for beside the purchase, in our tags of DE48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// Miles to pay with, above zero.
    pub miles: Option<u64>,
    /// The coupon that was shown.
    pub coupon: Option<CouponId>,
}

/// The fields that must be equal in a true repeat, in a fixed order; never card data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content(pub Vec<(&'static str, String)>);

/// What messages of two versions of the standard have in common, and write alike in a content.
const ALIKE: [&str; 13] = [
    "DE3", "DE4", "DE6", "DE12", "DE13", "DE18", "DE38", "DE42", "DE49", "DE51", "DE54", "DE48.MI", "DE48.CP",
];

impl Content {
    /// The field that says of which version of the standard the message is; one of 1987 does not have it.
    pub const VERSION: &'static str = "version";

    /// The stored text: `DE3=000000|DE4=...`. A `|` inside a value is written as a blank.
    pub fn to_text(&self) -> String {
        let part = |(name, value): &(&str, String)| format!("{name}={}", value.replace('|', " "));
        self.0.iter().map(part).collect::<Vec<_>>().join("|")
    }

    /// The name of the first field in which `stored` differs from this message; `None` if it is the same.
    ///
    /// Of messages of two versions only what both have and write alike is compared.
    pub fn first_difference(&self, stored: &str) -> Option<String> {
        let ours = self.to_text();
        if ours == stored {
            return None;
        }
        let name = |part: &&str| part.split('=').next().unwrap_or_default().to_owned();
        let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.split('|').collect(), stored.split('|').collect());
        let named = |parts: &[&str], wanted: &str| {
            parts.iter().find(|part| name(part) == wanted).map(|part| (*part).to_owned())
        };
        if named(&ours, Self::VERSION) != named(&theirs, Self::VERSION) {
            let differs =
                |field: &&&str| named(&theirs, field).is_some_and(|their| named(&ours, field) != Some(their));
            let both = ALIKE.iter().filter(|field| named(&ours, field).is_some());
            return both.into_iter().find(differs).map(|field| (*field).to_owned());
        }
        let same = ours.iter().zip(&theirs).take_while(|(our, their)| our == their).count();
        // A field that this message lacks stands in the place of the next one that it has.
        let lacked = theirs.get(same).map(name).filter(|their| ours.iter().all(|our| name(our) != *their));
        lacked.or_else(|| ours.get(same).map(name)).or_else(|| Some("content".to_owned()))
    }
}

/// One message of a bank, ready to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its deterministic key.
    pub key: MessageKey,
    /// The bank that sent it.
    pub bank: BankId,
    /// Where the card's rows lie.
    pub bucket: Bucket,
    /// The member, if the card belongs to one.
    pub member: Option<MemberRef>,
    /// What is asked.
    pub kind: EventKind,
    /// Purchase, cash, refund.
    pub transaction: TransactionKind,
    /// DE4 in minor units of DE49.
    pub amount_minor: u64,
    /// DE49.
    pub currency: Currency,
    /// DE6 in minor units of DE51, with that currency.
    pub billing: Option<(u64, Currency)>,
    /// The merchant.
    pub merchant: Merchant,
    /// The cardholder's local date and time (DE13, DE12).
    pub local: DateTime,
    /// References.
    pub references: References,
    /// For the comparison of repeats.
    pub content: Content,
    /// When it reached the gateway.
    pub received_at: Timestamp,
    /// The member's card that it came from; `None` for a card of no member, and for what no card brings about.
    pub card: Option<CardId>,
    /// What the cardholder asks for beside the purchase.
    pub asked: Asked,
}

impl Event {
    /// The local time of day; `None` if none is known: records of clearing files say midnight then.
    pub fn local_time(&self) -> Option<Time> {
        let time = self.local.time();
        (self.references.record.is_none() || time != Time::midnight()).then_some(time)
    }

    /// The amount in `currency`: DE6 if it is billed in that currency, else DE4. A clearing of zero is zero in any
    /// currency.
    pub fn amount_in(&self, currency: Currency) -> Option<u64> {
        let clearing = matches!(self.kind, EventKind::Clearing { .. });
        match self.billing {
            Some((amount, billed)) if billed == currency => Some(amount),
            _ if self.currency == currency => Some(self.amount_minor),
            None if clearing && self.amount_minor == 0 => Some(0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn the_first_field_that_differs_is_named() {
        let content = |fields: &[(&'static str, &str)]| {
            Content(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
        };
        let first = content(&[("DE3", "0"), ("DE6", "1"), ("DE12", "2")]);
        let stored = first.to_text();
        for (second, difference) in [
            (&[("DE3", "0"), ("DE6", "1"), ("DE12", "2")][..], None),
            (&[("DE3", "0"), ("DE6", "9"), ("DE12", "2")], Some("DE6")),
            (&[("DE3", "0"), ("DE12", "2")], Some("DE6")),
            (&[("DE3", "0"), ("DE6", "1")], Some("DE12")),
            (&[("DE3", "0"), ("DE4", "0"), ("DE6", "1"), ("DE12", "2")], Some("DE4")),
            (&[("DE3", "0"), ("DE6", "1"), ("DE12", "2"), ("DE13", "3")], Some("DE13")),
        ] {
            assert_eq!(content(second).first_difference(&stored).as_deref(), difference, "{second:?}");
        }
    }

    #[test]
    fn between_versions_only_what_both_have_is_compared() {
        let content = |fields: &[(&'static str, &str)]| {
            Content(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
        };
        let old = content(&[("DE3", "0"), ("DE25", "00"), ("DE39", "00"), ("DE42", "A")]);
        for (new, difference) in [
            (&[("version", "1993"), ("DE3", "0"), ("DE13", "2"), ("DE24", "1"), ("DE39", "000")][..], None),
            (&[("version", "1993"), ("DE3", "1"), ("DE42", "B")], Some("DE3")),
            (&[("version", "1993"), ("DE3", "0"), ("DE42", "B")], Some("DE42")),
        ] {
            let new = content(new);
            assert_eq!(new.first_difference(&old.to_text()).as_deref(), difference, "{new:?}");
            assert_eq!(old.first_difference(&new.to_text()).as_deref(), difference, "{new:?}");
        }
    }
}

//! The messages of the worked day, in the order in which they are decided.

use domain::{
    BankId, Bucket, ClearingSource, Content, Currency, Event, EventKind, Merchant, MessageKey, OriginalRef,
    References, TransactionKind,
};
use jiff::{Timestamp, civil::date};
use store::{CardToken, MessageRecord, Route};

pub(crate) const AUTHORIZATION: EventKind = EventKind::Authorization { preauthorization: false };
pub(crate) const CLEARING: EventKind = EventKind::Clearing { source: ClearingSource::Advice, approved: true };
const FIRST_SECOND: u64 = 1_791_622_800;

/// A message in a few words; the rest is filled in by [`Sent::record`].
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: u32,
    pub(crate) purchase: String,
    /// `A` to `H` are members, `G` is not.
    pub(crate) card: char,
    pub(crate) kind: EventKind,
    pub(crate) transaction: TransactionKind,
    pub(crate) amount_minor: u64,
    pub(crate) currency: u16,
    pub(crate) billing_minor: Option<u64>,
    pub(crate) card_acceptor: String,
    pub(crate) terminal: String,
    pub(crate) mcc: u16,
    pub(crate) names: Option<OriginalRef>,
}

impl Sent {
    pub(crate) fn new(id: u32, purchase: &str, card: char, kind: EventKind, amount_minor: u64) -> Self {
        Self {
            id,
            purchase: purchase.to_owned(),
            card,
            kind,
            transaction: TransactionKind::Purchase,
            amount_minor,
            currency: 643,
            billing_minor: None,
            card_acceptor: "NOWHERE00000001".to_owned(),
            terminal: "TERM0001".to_owned(),
            mcc: 5411,
            names: None,
        }
    }

    pub(crate) fn at(self, card_acceptor: &str, mcc: u16) -> Self {
        Self { card_acceptor: card_acceptor.to_owned(), mcc, ..self }
    }

    fn mti(&self) -> &'static str {
        match self.kind {
            EventKind::Authorization { .. } => "0100",
            EventKind::AuthorizationAdvice { .. } => "0120",
            EventKind::Clearing { .. } => "0220",
            EventKind::Chargeback => "1442",
            EventKind::SecondPresentment => "1240",
            EventKind::Reversal { .. } => "0400",
            EventKind::HoldExpiry { .. } => "hold-expiry",
            EventKind::TierReview => "tier-review",
            EventKind::Rerate { .. } => "rerate",
            EventKind::Reattribute { .. } => "reattribution",
            EventKind::Miles(_) => "miles",
            EventKind::MatchRefund { .. } => "match-refund",
        }
    }

    pub(crate) fn key(&self) -> MessageKey {
        let mut hash = [0xab; 16];
        hash[..4].copy_from_slice(&self.id.to_be_bytes());
        MessageKey::new(FIRST_SECOND + u64::from(self.id), hash)
    }

    pub(crate) fn own(&self) -> OriginalRef {
        OriginalRef::new(self.mti(), &format!("{:06}", self.id), "1010090000", "400001")
    }

    pub(crate) fn retrieval(&self) -> String {
        format!("6283{:>8}", self.purchase).replace(' ', "0")
    }

    /// The message as the gateway would hand it to the store.
    pub(crate) fn record(&self, bank: BankId, route: Option<Route>) -> MessageRecord {
        let local = date(2026, 10, 10).at(12, 0, 0, 0);
        let content = Content(vec![("DE4", self.amount_minor.to_string())]);
        let event = Event {
            key: self.key(),
            bank,
            bucket: route.map_or_else(|| Bucket::of_token(&token(self.card).mac), |route| route.bucket),
            member: route.map(|route| route.member),
            kind: self.kind,
            transaction: self.transaction,
            amount_minor: self.amount_minor,
            currency: Currency(self.currency),
            billing: self.billing_minor.map(|minor| (minor, Currency(643))),
            merchant: Merchant {
                acquirer: "400001".to_owned(),
                card_acceptor: self.card_acceptor.clone(),
                terminal: self.terminal.clone(),
                mcc: Some(self.mcc),
                ..Merchant::default()
            },
            local,
            references: References {
                own: self.own(),
                names: self.names.clone(),
                retrieval: Some(self.retrieval()),
                record: None,
                arn: None,
                life_cycle: None,
            },
            content,
            received_at: Timestamp::from_second(i64::try_from(FIRST_SECOND).unwrap() + i64::from(self.id))
                .unwrap(),
            card: route.map(|route| route.card),
            asked: domain::Asked::default(),
        };
        MessageRecord {
            event,
            key_text: format!("message {}", self.id),
            source: "online".to_owned(),
            mti: self.mti().to_owned(),
            stan: format!("{:06}", self.id),
            transmitted: "1010090000".to_owned(),
            approval: "A1B2C3".to_owned(),
            arn: String::new(),
            last4: format!("00{:02}", u32::from(self.card) % 100),
            bank_date: date(2026, 10, 10),
            audit_mac: [0; 32],
        }
    }
}

/// The token of a member's card.
pub(crate) fn token(card: char) -> CardToken {
    let mut mac = [0x11; 32];
    mac[1] = u8::try_from(card).unwrap();
    mac[15] = mac[1];
    CardToken { key_id: 1, mac }
}

/// P1 to P12; the repeats of P10 are left out, they write nothing.
pub(crate) fn worked_day() -> Vec<Sent> {
    const KOSTA: &str = "KOSTA0000000001";
    const SKYFUEL: &str = "SKYFUEL00000001";
    let mut day = Vec::new();
    let mut both = |id, purchase, card, amount, place: &str, mcc| {
        day.push(Sent::new(id, purchase, card, AUTHORIZATION, amount).at(place, mcc));
        day.push(Sent::new(id + 1, purchase, card, CLEARING, amount).at(place, mcc));
    };
    both(10, "P1", 'A', 359_999, "NOWHERE00000001", 5411);
    both(20, "P2", 'A', 745_000, SKYFUEL, 5541);
    both(30, "P3", 'B', 1_234_567, KOSTA, 5411);
    both(40, "P4", 'B', 99_999, KOSTA, 5411);
    both(50, "P5", 'C', 250_000, KOSTA, 5411);
    both(60, "P6", 'D', 1_000_000, "NOWHERE00000001", 6011);
    both(70, "P7", 'E', 20_000_000, "NOWHERE00000001", 5732);
    both(80, "P8", 'F', 60_000, "NOWHERE00000001", 5411);
    both(90, "P9", 'G', 250_000, "NOWHERE00000001", 5411);
    both(100, "P10", 'A', 45_000, "NOWHERE00000001", 5814);
    both(110, "P11", 'H', 123_456, "NOWHERE00000001", 5411);
    both(120, "P12", 'H', 10_000, "NOWHERE00000001", 7011);
    day.retain(|sent| sent.id != 110);
    let change = |day: &mut Vec<Sent>, id: u32, change: &dyn Fn(&mut Sent)| {
        change(day.iter_mut().find(|sent| sent.id == id).unwrap());
    };
    change(&mut day, 21, &|sent| sent.amount_minor = 722_650);
    change(&mut day, 51, &|sent| sent.amount_minor = 100_000);
    for id in [60, 61] {
        change(&mut day, id, &|sent| sent.transaction = TransactionKind::Cash);
    }
    let authorization = day.iter().find(|sent| sent.id == 80).unwrap().own();
    change(&mut day, 81, &|sent| {
        sent.kind = EventKind::Reversal { remaining_minor: 0 };
        sent.names = Some(authorization.clone());
    });
    for id in [120, 121] {
        change(&mut day, id, &|sent| (sent.currency, sent.billing_minor) = (840, Some(950_000)));
    }
    let place = day.iter().position(|sent| sent.id == 51).unwrap();
    let second = Sent::new(52, "P5", 'C', CLEARING, 150_000).at(KOSTA, 5411);
    let refund = Sent {
        transaction: TransactionKind::Refund,
        ..Sent::new(53, "P5", 'C', CLEARING, 100_000).at(KOSTA, 5411)
    };
    day.splice(place + 1..place + 1, [second, refund]);
    day
}

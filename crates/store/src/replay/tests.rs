//! Every event comes back as it was.

#![allow(clippy::unwrap_used)]

use domain::{
    BankId, Bucket, Content, FilePlace, FileRecord, MemberRef, MilesEvent, NameAndPlace, ProgramId, RefKind,
};
use jiff::{Timestamp, civil::date};

use super::*;

/// The kind that comes behind this one; a new one is put into the chain, or this does not compile.
fn next(kind: EventKind) -> Option<EventKind> {
    let purchase = MessageKey::new(1, [7; 16]);
    Some(match kind {
        EventKind::Authorization { preauthorization: true } => {
            EventKind::Authorization { preauthorization: false }
        }
        EventKind::Authorization { .. } => EventKind::AuthorizationAdvice { approved: true },
        EventKind::AuthorizationAdvice { approved: true } => {
            EventKind::AuthorizationAdvice { approved: false }
        }
        EventKind::AuthorizationAdvice { .. } => {
            EventKind::Clearing { source: ClearingSource::Advice, approved: true }
        }
        EventKind::Clearing { source: ClearingSource::Advice, .. } => {
            EventKind::Clearing { source: ClearingSource::File, approved: true }
        }
        EventKind::Clearing { source: ClearingSource::File, .. } => {
            EventKind::Clearing { source: ClearingSource::SingleMessage, approved: false }
        }
        EventKind::Clearing { source: ClearingSource::SingleMessage, .. } => {
            EventKind::Reversal { remaining_minor: u64::MAX }
        }
        EventKind::Reversal { .. } => EventKind::Chargeback,
        EventKind::Chargeback => EventKind::SecondPresentment,
        EventKind::SecondPresentment => EventKind::HoldExpiry { purchase },
        EventKind::HoldExpiry { .. } => EventKind::TierReview,
        EventKind::TierReview => {
            EventKind::Rerate { purchase, rules: domain::RulesHash([9; 32]), run: domain::RunId(4) }
        }
        EventKind::Rerate { .. } => {
            EventKind::Reattribute { purchase, partner: Some(domain::PartnerId(3)), run: domain::RunId(4) }
        }
        EventKind::Reattribute { partner: Some(_), .. } => {
            EventKind::Reattribute { purchase, partner: None, run: domain::RunId(4) }
        }
        EventKind::Reattribute { .. } => EventKind::Miles(MilesEvent::Expiry { purchase }),
        EventKind::Miles(event) => match next_of_miles(event) {
            Some(event) => EventKind::Miles(event),
            None => matched(purchase, Some(MessageKey::new(2, [8; 16])), Some(domain::RefundDecisionId(7))),
        },
        EventKind::MatchRefund { purchase: Some(_), decision: Some(_), .. } => matched(purchase, None, None),
        EventKind::MatchRefund { .. } => return None,
    })
}

fn matched(
    refund: MessageKey,
    purchase: Option<MessageKey>,
    decision: Option<domain::RefundDecisionId>,
) -> EventKind {
    let parts = domain::MatchPart::ALL.into_iter().fold(MatchParts::default(), MatchParts::with);
    EventKind::MatchRefund { refund, purchase, parts, decision }
}

/// The same for what happens to miles.
fn next_of_miles(event: MilesEvent) -> Option<MilesEvent> {
    let (redemption, day) = (MessageKey::new(2, [8; 16]), date(2026, 10, 10));
    Some(match event {
        MilesEvent::Expiry { .. } => MilesEvent::Reserve { miles: u64::MAX },
        MilesEvent::Reserve { .. } => MilesEvent::Confirm { redemption },
        MilesEvent::Confirm { .. } => MilesEvent::Cancel { redemption },
        MilesEvent::Cancel { .. } => MilesEvent::Lapse { redemption },
        MilesEvent::Lapse { .. } => MilesEvent::Adjust { miles: -7, funder: domain::Funder::Bank },
        MilesEvent::Adjust { funder: domain::Funder::Bank, .. } => {
            let funder = domain::Funder::Partner(domain::PartnerId(3));
            MilesEvent::Adjust { miles: i64::MAX, funder }
        }
        MilesEvent::Adjust { .. } => {
            MilesEvent::Send { miles: 5, to_bucket: Bucket::new(1_023).unwrap(), to: domain::AccountId(-1) }
        }
        MilesEvent::Send { .. } => {
            MilesEvent::Arrive { miles: 5, granted_on: day, vests_on: Some(day), expire_on: None }
        }
        MilesEvent::Arrive { .. } => MilesEvent::Unanswered { redemption },
        MilesEvent::Unanswered { .. } => {
            MilesEvent::ReserveShare { pool: redemption, miles: 7, worth_minor: u64::MAX }
        }
        MilesEvent::ReserveShare { .. } => MilesEvent::Refused { purchase: redemption, miles: i64::MIN },
        MilesEvent::Refused { .. } => return None,
    })
}

fn record(kind: EventKind) -> MessageRecord {
    let event = Event {
        key: MessageKey::new(5, [1; 16]),
        bank: BankId(1),
        bucket: Bucket::new(3).unwrap(),
        member: Some(MemberRef { account: domain::AccountId(9), program: ProgramId(2) }),
        card: None,
        asked: domain::Asked::default(),
        kind,
        transaction: TransactionKind::Purchase,
        amount_minor: 100,
        currency: Currency(643),
        billing: None,
        merchant: Merchant { acquirer: "00400001".into(), ..Merchant::default() },
        local: date(2026, 10, 10).at(12, 30, 0, 0),
        references: References {
            own: OriginalRef::new("0100", "000001", "1010090000", "400001"),
            names: None,
            retrieval: None,
            record: None,
            arn: None,
            life_cycle: None,
        },
        content: Content::default(),
        received_at: Timestamp::from_second(1_791_622_800).unwrap(),
    };
    MessageRecord {
        event,
        key_text: String::new(),
        source: "online".into(),
        mti: "0100".into(),
        stan: "000001".into(),
        transmitted: "1010090000".into(),
        approval: String::new(),
        arn: String::new(),
        last4: "0042".into(),
        bank_date: date(2026, 10, 10),
        audit_mac: [0; 32],
    }
}

/// Writes and reads; what has a column of its own is given back as that column would.
fn check(record: &MessageRecord, clears_by: Option<ClearingSource>) -> String {
    let rate = PinnedRate {
        table: "cbr".into(),
        version: domain::RatesHash([3; 32]),
        currency: Currency(840),
        date: date(2026, 10, 10),
        rate: domain::Ratio::new(95, 1).unwrap(),
        rounding: domain::Rounding::HalfUp,
    };
    let known = clears_by.is_some();
    let closed_on = known.then(|| date(2026, 11, 11));
    let member = Some((Bucket::new(3).unwrap(), domain::AccountId(9)));
    let code = CouponCode { campaign: "spring".to_owned(), member, revoked: true, uses: 0 };
    let coupon = record.event.asked.coupon.map(|_| code);
    let birthday = Birthday::parse("02-29").filter(|_| known);
    let world = World { clears_by, rate: known.then_some(rate), blocked: known, closed_on, coupon, birthday };
    let text = event_text(record, &world);
    let mut columns = record.event.clone();
    columns.kind = EventKind::Chargeback;
    columns.transaction = TransactionKind::Other;
    columns.billing = None;
    columns.asked = Asked::default();
    let retrieval = columns.references.retrieval.clone();
    let arn = Some(record.arn.clone()).filter(|arn| !arn.is_empty());
    let own = OriginalRef(String::new());
    columns.references = References { own, names: None, retrieval, record: None, arn, life_cycle: None };
    let columns = Columns {
        event: columns,
        mti: record.mti.clone(),
        stan: record.stan.clone(),
        transmitted: record.transmitted.clone(),
    };
    let (again, read) = event_of(&text, columns).unwrap();
    assert_eq!((&again, read), (&record.event, world), "{text}");
    text
}

#[test]
fn every_kind_of_event_comes_back() {
    let mut kind = Some(EventKind::Authorization { preauthorization: true });
    let mut seen = 0;
    while let Some(this) = kind {
        check(&record(this), Some(ClearingSource::Advice));
        (kind, seen) = (next(this), seen + 1);
    }
    assert!(seen >= 11, "{seen}");
    for transaction in
        [TransactionKind::Purchase, TransactionKind::Cash, TransactionKind::Refund, TransactionKind::Other]
    {
        let mut record = record(EventKind::Chargeback);
        record.event.transaction = transaction;
        for clears_by in [None, Some(ClearingSource::File), Some(ClearingSource::SingleMessage)] {
            check(&record, clears_by);
        }
    }
}

#[test]
fn references_and_billing_come_back() {
    let usual = record(EventKind::Chargeback);
    assert!(!check(&usual, None).contains("own"), "what follows from the columns is not kept twice");
    let mut other = usual.clone();
    other.event.billing = Some((12_345, Currency(978)));
    other.event.references = References {
        own: OriginalRef("file:74000010000000000000000:chargeback:1".into()),
        names: Some(OriginalRef("0100:000001:1010090000:400001".into())),
        retrieval: Some("000000000001".into()),
        record: Some(FileRecord {
            step: RefKind::Chargeback,
            file: FilePlace { id: "F1".into(), series: "S".into(), date: None, sequence: Some(4) },
            number: 7,
            amount: Some((100, Currency(643))),
            partial: Some(true),
            reference: Some("R".into()),
            undoes_day: Some(date(2026, 10, 9)),
            undone_behind: true,
            arrival: 0,
            unbilled: false,
            refused: false,
        }),
        arn: Some("74000010000000000000000".into()),
        life_cycle: Some("LC1".into()),
    };
    other.event.asked = Asked { miles: Some(500), coupon: Some(CouponId([5; 32])) };
    check(&other, Some(ClearingSource::File));
    other.arn = "74000010000000000000000".into();
    assert!(!check(&other, None).contains("arn\""), "nor is this");
    // Where the merchant is, is not kept: the partner that was found is.
    other.event.merchant.name_and_place = NameAndPlace::default();
    check(&other, None);
}

#[test]
fn what_cannot_be_read_is_told() {
    let columns = || {
        let record = record(EventKind::Chargeback);
        let (mti, stan, transmitted) = (record.mti, record.stan, record.transmitted);
        Columns { event: record.event, mti, stan, transmitted }
    };
    for text in ["", "{}", r#"{"kind":{"hold_expiry":{"purchase":"xx"}},"transaction":"other"}"#] {
        assert!(matches!(event_of(text, columns()), Err(StoreError::Damaged { .. })), "{text}");
    }
}

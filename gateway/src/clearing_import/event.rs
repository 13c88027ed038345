//! From a record to an event: the same as from online clearing, whatever the format of the file.

use domain::{
    Bucket, ClearingSource, Content, Event, EventKind, FilePlace, FileRecord, Merchant, OriginalRef, RefKind,
    References, TransactionKind,
};
use jiff::Timestamp;
use store::MessageRecord;

use super::record::{ClearingRecord, Step};
use crate::{
    CardKeys, Link,
    translate::{Translated, message_key},
};

/// What only the link knows to be wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotOurs {
    /// The card is in no BIN range of the bank.
    Card,
    /// The local time does not exist.
    Time,
}

/// When the record's purchase was made.
pub(super) fn made_at(record: &ClearingRecord, link: &Link) -> Result<Timestamp, NotOurs> {
    if !link.bins.iter().any(|range| range.contains(&record.pan)) {
        return Err(NotOurs::Card);
    }
    let zoned = record.local.to_zoned(link.time_zone.clone()).map_err(|_| NotOurs::Time)?;
    Ok(zoned.timestamp())
}

/// The event of a record of `file`; `undone_behind`: the file undoes it behind it.
pub(super) fn translated(
    record: ClearingRecord,
    file: &FilePlace,
    undone_behind: bool,
    link: &Link,
    keys: &CardKeys,
    received_at: Timestamp,
) -> Result<Translated, NotOurs> {
    let at = made_at(&record, link)?;
    let key_text = format!("file|{}|{}|{}", link.code, file.id, record.number);
    let event = Event {
        key: message_key(at, &key_text),
        bank: link.bank,
        // Both are completed when the card's route is known.
        bucket: Bucket::of_token(&[0; 32]),
        member: None,
        kind: kind(&record),
        transaction: record.transaction,
        amount_minor: record.amount_minor,
        currency: record.currency,
        billing: record.billing,
        local: record.local,
        references: references(&record, file, undone_behind),
        content: content(&record),
        merchant: Merchant {
            acquirer: record.acquirer,
            card_acceptor: record.card_acceptor,
            terminal: record.terminal,
            mcc: record.mcc,
            ..Merchant::default()
        },
        received_at,
        card: None,
        asked: domain::Asked::default(),
    };
    let message = MessageRecord {
        event,
        source: file.id.clone(),
        mti: message_type(record.step, record.reversal).to_owned(),
        stan: String::new(),
        transmitted: String::new(),
        approval: record.approval,
        arn: record.arn,
        last4: record.pan.last4().to_owned(),
        bank_date: link.bank_date(None, received_at),
        audit_mac: keys.audit_mac(&key_text),
        key_text,
    };
    Ok(Translated::new(keys.tokens(&record.pan), record.pan, message))
}

fn kind(record: &ClearingRecord) -> EventKind {
    match record.step {
        _ if record.reversal => EventKind::Reversal { remaining_minor: 0 },
        Step::Presentment => EventKind::Clearing { source: ClearingSource::File, approved: true },
        Step::Chargeback | Step::Arbitration => EventKind::Chargeback,
        Step::SecondPresentment => EventKind::SecondPresentment,
    }
}

/// The stored message type, the same in every format.
fn message_type(step: Step, reversal: bool) -> &'static str {
    match step {
        _ if reversal => "file-reversal",
        Step::Presentment => "file",
        Step::Chargeback => "file-chargeback",
        Step::SecondPresentment => "file-second-presentment",
        Step::Arbitration => "file-arbitration",
    }
}

/// As what the record counts, or what its reversal undoes.
fn step(record: &ClearingRecord) -> RefKind {
    match (record.step, record.transaction) {
        (Step::Presentment, TransactionKind::Refund) => RefKind::Refund,
        (Step::Presentment, _) => RefKind::Presentment,
        (Step::Chargeback | Step::Arbitration, _) => RefKind::Chargeback,
        (Step::SecondPresentment, _) => RefKind::SecondPresentment,
    }
}

fn references(record: &ClearingRecord, file: &FilePlace, undone_behind: bool) -> References {
    let identity = record.identity();
    let present = |text: &String| (!text.is_empty()).then(|| text.clone());
    let own = match record.reversal {
        true => format!("file:{}:{}", file.id, record.number),
        false => identity.clone(),
    };
    References {
        own: OriginalRef(own),
        record: Some(FileRecord {
            step: step(record),
            file: file.clone(),
            number: record.number,
            amount: Some((record.amount_minor, record.currency)),
            partial: record.partial,
            reference: present(&record.reference),
            undoes_day: record.undoes_day,
            undone_behind,
            arrival: 0,
            unbilled: false,
            refused: false,
        }),
        names: record.reversal.then_some(OriginalRef(identity)),
        retrieval: present(&record.retrieval),
        arn: present(&record.arn),
        life_cycle: iso8583::transaction_id(&record.life_cycle),
    }
}

fn content(record: &ClearingRecord) -> Content {
    let kind = match (record.step, record.transaction) {
        (Step::Presentment, TransactionKind::Purchase) => "purchase",
        (Step::Presentment, TransactionKind::Cash) => "cash",
        (step, transaction) => step.name(transaction),
    };
    Content(vec![
        ("kind", kind.to_owned()),
        ("amount", record.amount_minor.to_string()),
        ("currency", record.currency.to_string()),
        ("billing", record.billing.map(|(amount, _)| amount.to_string()).unwrap_or_default()),
        ("arn", record.arn.clone()),
        ("reversal", record.reversal.to_string()),
    ])
}

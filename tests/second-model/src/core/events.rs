//! A business fact as the event that a bank's message would become.

use domain::{
    AccountId, ClearingSource, Content, Currency, Event, EventKind, FilePlace, FileRecord, Funder, MemberRef,
    Merchant, MessageKey, MilesEvent, OriginalRef, PartnerId, RefKind, References, TransactionKind,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{World, world::ACQUIRER};
use crate::{
    model::{Kind, Link, Says, Told},
    programs::PARTNERS,
};

const RUB: Currency = Currency(643);
const USD: Currency = Currency(840);
/// The first second of October 2026 in UTC, and the message's number added to it, is when it was sent.
const FIRST_SECOND: u32 = 1_790_812_800;

/// `original` gives the message with a number, for those that name another.
pub(crate) fn event(world: &World, told: &Told, original: impl Fn(u32) -> Option<Told>) -> Event {
    let names = match (told.says, told.link) {
        (Says::Reverse { of, .. }, _) | (_, Link::Names(of)) => original(of).map(|original| own(&original)),
        _ => None,
    };
    let back = matches!(told.says, Says::ChargeBack | Says::PresentAgain);
    let by_acquirer = back || matches!(told.says, Says::Clear | Says::ClearElsewhere);
    let references = References {
        own: own(told),
        names,
        retrieval: (told.link == Link::Retrieval).then(|| format!("R{}", told.purchase)),
        record: record(told, &original),
        arn: by_acquirer.then(|| format!("A{}", told.purchase)),
        life_cycle: None,
    };
    let mut event = Event {
        key: key(told.id),
        bank: world.bank,
        bucket: world.bucket,
        member: told
            .member
            .map(|member| MemberRef { account: AccountId(i64::from(member)), program: world.program }),
        card: None,
        asked: domain::Asked::default(),
        kind: kind(world, told),
        transaction: match told.kind {
            _ if told.says == Says::Refund => TransactionKind::Refund,
            Kind::Purchase => TransactionKind::Purchase,
            Kind::Cash => TransactionKind::Cash,
            Kind::Inquiry => TransactionKind::Other,
        },
        amount_minor: minor(told.amount),
        currency: currency(told),
        billing: told.billed.map(|billed| (minor(billed), RUB)),
        merchant: merchant(told),
        // A record that knows no time says midnight.
        local: told.at(),
        references,
        content: Content::default(),
        received_at: received_at(told),
    };
    event.content = content(&event);
    event
}

/// Only reserves look at it: the members live where it is UTC.
fn received_at(told: &Told) -> Timestamp {
    if told.is_about_miles() {
        return told.at().to_zoned(TimeZone::UTC).unwrap().timestamp();
    }
    Timestamp::from_second(i64::from(FIRST_SECOND + told.id)).unwrap()
}

pub(crate) fn key(id: u32) -> MessageKey {
    let mut hash = [0; 16];
    hash[..4].copy_from_slice(&id.to_be_bytes());
    MessageKey::new(u64::from(FIRST_SECOND + id), hash)
}

/// The number of the message with this key.
pub(crate) fn number(key: &MessageKey) -> u32 {
    u32::from_be_bytes(key.as_bytes()[8..12].try_into().unwrap())
}

fn minor(amount: i128) -> u64 {
    u64::try_from(amount).unwrap()
}

fn kind(world: &World, told: &Told) -> EventKind {
    let elsewhere = match world.source {
        ClearingSource::File => ClearingSource::Advice,
        _ => ClearingSource::File,
    };
    let source = world.source;
    match told.says {
        Says::Ask => EventKind::Authorization { preauthorization: false },
        Says::AskEarly => EventKind::Authorization { preauthorization: true },
        Says::Advise => EventKind::AuthorizationAdvice { approved: true },
        Says::Decline => EventKind::AuthorizationAdvice { approved: false },
        Says::Clear | Says::Refund => EventKind::Clearing { source, approved: true },
        Says::ClearDeclined => EventKind::Clearing { source, approved: false },
        Says::ClearElsewhere => EventKind::Clearing { source: elsewhere, approved: true },
        Says::Reverse { remains, .. } => EventKind::Reversal { remaining_minor: minor(remains) },
        Says::ChargeBack => EventKind::Chargeback,
        Says::PresentAgain => EventKind::SecondPresentment,
        // The purchase's key is that of its first message; the caller knows it.
        Says::HoldIsOver => EventKind::HoldExpiry { purchase: key(told.id) },
        _ => EventKind::Miles(miles(world, told)),
    }
}

fn miles(world: &World, told: &Told) -> MilesEvent {
    match told.says {
        Says::Spend { miles } => MilesEvent::Reserve { miles: minor(miles) },
        Says::Confirm { of } => MilesEvent::Confirm { redemption: key(of) },
        Says::Cancel { of } => MilesEvent::Cancel { redemption: key(of) },
        Says::Lapse { of } => MilesEvent::Lapse { redemption: key(of) },
        Says::Adjust { miles, by } => {
            let funder = by.map_or(Funder::Bank, |partner| Funder::Partner(PartnerId(partner)));
            MilesEvent::Adjust { miles: i64::try_from(miles).unwrap(), funder }
        }
        Says::Send { miles, to } => {
            let to = AccountId(i64::from(to));
            MilesEvent::Send { miles: minor(miles), to_bucket: world.bucket, to }
        }
        Says::Arrive { miles, granted, vests, expires } => {
            let (vests_on, expire_on) = (vests, expires);
            MilesEvent::Arrive { miles: minor(miles), granted_on: granted, vests_on, expire_on }
        }
        // As with a hold.
        _ => MilesEvent::Expiry { purchase: key(told.id) },
    }
}

/// Each in a file of its own.
fn record(told: &Told, original: impl Fn(u32) -> Option<Told>) -> Option<FileRecord> {
    told.record?;
    let undoes = match told.says {
        Says::Reverse { of, .. } => original(of)?,
        _ => *told,
    };
    let step = match undoes.says {
        Says::ChargeBack => RefKind::Chargeback,
        Says::PresentAgain => RefKind::SecondPresentment,
        Says::Refund => RefKind::Refund,
        _ => RefKind::Presentment,
    };
    Some(FileRecord {
        step,
        file: FilePlace { id: format!("F{}", told.id), ..FilePlace::default() },
        number: 1,
        amount: Some((minor(undoes.amount), currency(&undoes))),
        partial: None,
        reference: None,
        undoes_day: None,
        undone_behind: false,
        arrival: 0,
        unbilled: false,
        refused: false,
    })
}

fn currency(told: &Told) -> Currency {
    if told.foreign { USD } else { RUB }
}

fn own(told: &Told) -> OriginalRef {
    if let Some(record) = told.record.filter(|_| !matches!(told.says, Says::Reverse { .. })) {
        return OriginalRef(format!("file:{record}"));
    }
    let mti = match told.says {
        Says::Ask | Says::AskEarly => "0100",
        Says::Advise | Says::Decline => "0120",
        Says::Reverse { .. } => "0400",
        _ if told.is_about_miles() => "",
        Says::HoldIsOver => "",
        _ => "0220",
    };
    OriginalRef::new(mti, &format!("{:06}", told.id % 1_000_000), &format!("{:010}", told.id), ACQUIRER)
}

fn merchant(told: &Told) -> Merchant {
    let partner = PARTNERS.into_iter().find(|(_, id)| Some(*id) == told.partner);
    Merchant {
        acquirer: ACQUIRER.into(),
        card_acceptor: partner.map_or("NOWHERE".into(), |(code, _)| code.to_uppercase()),
        terminal: "TERM0001".into(),
        mcc: Some(told.mcc),
        ..Merchant::default()
    }
}

/// What a true repeat must repeat.
fn content(event: &Event) -> Content {
    let mut fields = vec![
        ("DE3", format!("{:?}", event.transaction)),
        ("DE4", event.amount_minor.to_string()),
        ("DE13", event.local.to_string()),
        ("DE42", event.merchant.card_acceptor.clone()),
        ("DE49", event.currency.to_string()),
    ];
    if let EventKind::Miles(asked) = event.kind {
        fields.push(("asked", format!("{asked:?}")));
    }
    fields.extend(event.billing.map(|(amount, _)| ("DE6", amount.to_string())));
    Content(fields)
}

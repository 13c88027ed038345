//! A bank's message in plain numbers and texts, without any wire format.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use crate::{
    model::{Kind, Link, Says, Told},
    programs::{Program, code},
};

/// DE32 of all messages.
const ACQUIRER: &str = "123456";
const USD: u16 = 840;
/// The first instant of October 2026 in UTC, less a day.
const BEGIN: u64 = 1_790_812_800 - 86_400;

/// One message, with all that a settlement line says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// A message with a number that came before is a repeat.
    pub number: u32,
    /// The place of its program in [`crate::programs`].
    pub program: usize,
    /// The member; `None` for a card that is nobody's.
    pub member: Option<u32>,
    /// The UTC second that its key begins with.
    pub second: u64,
    /// What it says.
    pub what: What,
    /// What is done.
    pub transaction: Transaction,
    /// In minor units of [`Message::currency`].
    pub amount: u64,
    /// ISO 4217 number.
    pub currency: u16,
    /// In the program's currency, if that is another one.
    pub billed: Option<(u64, u16)>,
    /// Local date and time.
    pub local: DateTime,
    /// Its own reference.
    pub own: Own,
    /// The message that it names.
    pub names: Option<Own>,
    /// The record of a clearing file, and what it takes or undoes.
    pub record: Option<Step>,
    /// Of the original, for a record that undoes it: amount and currency.
    pub stated: (u64, u16),
    /// Message type.
    pub mti: &'static str,
    /// DE37, empty if it is missing.
    pub retrieval: String,
    /// DE38.
    pub approval: String,
    /// DE11.
    pub stan: String,
    /// DE7.
    pub transmitted: String,
    /// Acquirer reference number.
    pub arn: String,
    /// DE32.
    pub acquirer: &'static str,
    /// DE42.
    pub card_acceptor: &'static str,
    /// DE41.
    pub terminal: &'static str,
    /// DE18.
    pub mcc: u16,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum What {
    Authorize { early: bool },
    Advise { approved: bool },
    Clear { approved: bool, by_file: bool },
    Reverse { remaining: u64 },
    ChargeBack,
    PresentAgain,
    Miles(Deed),
}

/// What a member, staff or the clock does with miles: nothing that a bank says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Deed {
    Reserve { miles: u64 },
    Confirm { of: Reserve },
    Cancel { of: Reserve },
    Lapse { of: Reserve },
    Adjust { miles: i64, partner: Option<&'static str> },
}

/// The message that reserved miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// As in [`Message`].
    pub number: u32,
    /// As in [`Message`].
    pub second: u64,
}

/// DE3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Transaction {
    Purchase,
    Cash,
    Refund,
    Inquiry,
}

/// What a record of a clearing file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Presentment,
    Refund,
    ChargeBack,
    PresentAgain,
}

/// How a message is named by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// The record of a clearing file.
    Record(u32),
    /// Message type, DE11 and DE7.
    Sent(&'static str, String, String),
    /// What no bank says.
    Asked(u32),
}

impl Message {
    /// The message key: the second and the number.
    #[must_use]
    pub fn hash(&self) -> [u8; 16] {
        u128::from(self.number).to_be_bytes()
    }

    /// The message key as a file shows it.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{:016x}{:032x}", self.second, self.number)
    }

    pub(crate) fn local_date(&self) -> Date {
        self.local.date()
    }

    pub(crate) fn is_reversal(&self) -> bool {
        matches!(self.what, What::Reverse { .. })
    }
}

/// `arrives` is a minute of the month; `all` has the first form of every message of the program.
pub(crate) fn spoken(
    (program, place): (&Program, usize),
    told: &Told,
    arrives: i128,
    all: &BTreeMap<u32, Told>,
) -> Message {
    if told.is_about_miles() {
        return asked((program, place), told, all);
    }
    let currency = |told: &Told| currency(program, told);
    let original = match told.says {
        Says::Reverse { of, .. } => &all[&of],
        _ => told,
    };
    let names = match (told.says, told.link) {
        (Says::Reverse { of, .. }, _) | (_, Link::Names(of)) => Some(own(&all[&of])),
        _ => None,
    };
    let filed = told.record.is_some();
    let back = matches!(told.says, Says::ChargeBack | Says::PresentAgain);
    let has_arn = back || matches!(told.says, Says::Clear | Says::ClearElsewhere);
    // Keys follow the time of sending, which is not the order of arrival.
    let sent = u64::try_from(arrives * 60).unwrap() + 7_200 - u64::from(told.id) * 7_919 % 7_200;
    let online = |text: String| if filed { String::new() } else { text };
    Message {
        number: told.id,
        program: place,
        member: told.member,
        second: BEGIN + sent,
        what: what(program.by_file, told),
        transaction: match told.kind {
            _ if told.says == Says::Refund => Transaction::Refund,
            Kind::Purchase => Transaction::Purchase,
            Kind::Cash => Transaction::Cash,
            Kind::Inquiry => Transaction::Inquiry,
        },
        amount: minor(told.amount),
        currency: currency(told),
        billed: told.billed.map(|billed| (minor(billed), program.currency_number)),
        local: told.at(),
        own: own(told),
        names,
        record: filed.then(|| step(original)),
        stated: (minor(original.amount), currency(original)),
        mti: mti(told, original),
        retrieval: match told.link {
            Link::Retrieval => retrieval(told),
            _ => String::new(),
        },
        approval: format!("A{:05}", told.id % 100_000),
        stan: online(stan(told)),
        transmitted: online(transmitted(told)),
        arn: if has_arn { format!("A{}", told.purchase) } else { String::new() },
        acquirer: ACQUIRER,
        card_acceptor: told.partner.map_or("NOWHERE00000001", Program::card_acceptor),
        terminal: "TERM0001",
        mcc: told.mcc,
    }
}

fn currency(program: &Program, told: &Told) -> u16 {
    if told.foreign { USD } else { program.currency_number }
}

/// What no bank says has no references, and its clock is that of its place, as if it were in Greenwich.
fn asked((program, place): (&Program, usize), told: &Told, all: &BTreeMap<u32, Told>) -> Message {
    let second = |told: &Told| {
        let at = told.at().to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        u64::try_from(at.timestamp().as_second()).unwrap()
    };
    let of = |number: u32| Reserve { number, second: second(&all[&number]) };
    let (mti, deed) = match told.says {
        Says::Spend { miles } => ("miles-reserve", Deed::Reserve { miles: minor(miles) }),
        Says::Confirm { of: number } => ("miles-confirm", Deed::Confirm { of: of(number) }),
        Says::Cancel { of: number } => ("miles-cancel", Deed::Cancel { of: of(number) }),
        Says::Lapse { of: number } => ("miles-lapse", Deed::Lapse { of: of(number) }),
        Says::Adjust { miles, by } => {
            let (miles, partner) = (i64::try_from(miles).unwrap(), by.map(code));
            ("miles-adjust", Deed::Adjust { miles, partner })
        }
        other => panic!("nobody asks for {other:?}"),
    };
    let currency = currency(program, told);
    Message {
        number: told.id,
        program: place,
        member: told.member,
        second: second(told),
        what: What::Miles(deed),
        transaction: Transaction::Inquiry,
        amount: minor(told.amount),
        currency,
        billed: told.billed.map(|billed| (minor(billed), program.currency_number)),
        local: told.at(),
        own: Own::Asked(told.id),
        names: None,
        record: None,
        stated: (0, currency),
        mti,
        retrieval: String::new(),
        approval: String::new(),
        stan: String::new(),
        transmitted: String::new(),
        arn: String::new(),
        acquirer: "",
        card_acceptor: "",
        terminal: "",
        mcc: 0,
    }
}

fn retrieval(told: &Told) -> String {
    format!("{:012}", told.purchase)
}

fn stan(told: &Told) -> String {
    format!("{:06}", told.id % 1_000_000)
}

fn transmitted(told: &Told) -> String {
    format!("{:010}", told.id)
}

fn minor(amount: i128) -> u64 {
    u64::try_from(amount).unwrap()
}

fn what(by_file: bool, told: &Told) -> What {
    match told.says {
        Says::Ask => What::Authorize { early: false },
        Says::AskEarly => What::Authorize { early: true },
        Says::Advise => What::Advise { approved: true },
        Says::Decline => What::Advise { approved: false },
        Says::Clear | Says::Refund => What::Clear { approved: true, by_file },
        Says::ClearDeclined => What::Clear { approved: false, by_file },
        Says::ClearElsewhere => What::Clear { approved: true, by_file: !by_file },
        Says::Reverse { remains, .. } => What::Reverse { remaining: minor(remains) },
        Says::ChargeBack => What::ChargeBack,
        Says::PresentAgain => What::PresentAgain,
        other => panic!("no bank says {other:?}"),
    }
}

fn step(told: &Told) -> Step {
    match told.says {
        Says::ChargeBack => Step::ChargeBack,
        Says::PresentAgain => Step::PresentAgain,
        Says::Refund => Step::Refund,
        _ => Step::Presentment,
    }
}

fn own(told: &Told) -> Own {
    match told.record {
        Some(record) if !matches!(told.says, Says::Reverse { .. }) => Own::Record(record),
        _ => Own::Sent(online_mti(told), stan(told), transmitted(told)),
    }
}

fn mti(told: &Told, original: &Told) -> &'static str {
    match (told.record, told.says) {
        (None, _) => online_mti(told),
        (_, Says::Reverse { .. }) => "file-reversal",
        _ => match step(original) {
            Step::ChargeBack => "file-chargeback",
            Step::PresentAgain => "file-second-presentment",
            Step::Presentment | Step::Refund => "file",
        },
    }
}

fn online_mti(told: &Told) -> &'static str {
    match told.says {
        Says::Ask | Says::AskEarly => "0100",
        Says::Advise | Says::Decline => "0120",
        Says::Reverse { .. } => "0400",
        _ => "0220",
    }
}

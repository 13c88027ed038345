//! Purchases of a month at two banks, and the clearing files that their banks make of them
//! (docs/operations/import-clearing.md).

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, DateTime, date},
};

use crate::{csv::Sheet, random::Random};

/// The first business date.
pub const FIRST: Date = date(2026, 10, 1);
/// Purchases are made on so many days.
const DAYS: i64 = 31;
/// Clearing comes for so many days more.
const TAIL: i64 = 6;
/// DE32 of all messages.
pub(crate) const ACQUIRER: &str = "123456";
const USD: u16 = 840;
/// Members of a bank, for so many purchases.
const PURCHASES_OF_A_MEMBER: usize = 25;
/// Of so many purchases one has no acquirer reference number.
const WITHOUT_ARN_EVERY: u32 = 9;
/// Of so many cards one belongs to no member.
const NO_MEMBER_EVERY: u32 = 40;

const COLUMNS: &str = "kind,pan,amount_minor,currency,billing_minor,billing_currency,local_time,mcc,acquirer,\
card_acceptor,terminal,retrieval,approval,arn,clearing_sequence,reversal";

/// A bank with its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bank {
    /// Its code.
    pub code: &'static str,
    /// Its program's code.
    pub program: &'static str,
    /// The program's currency, three letters.
    pub currency: &'static str,
    /// The same as a number.
    pub number: u16,
    bin: &'static str,
}

/// Both.
pub const BANKS: [Bank; 2] = [
    Bank { code: "northbank", program: "volga", currency: "RUB", number: 643, bin: "220000" },
    Bank { code: "southbank", program: "spree", currency: "EUR", number: 978, bin: "600000" },
];

/// A made-up card number of a bank.
///
/// # Panics
/// If there is no such bank.
#[must_use]
pub fn pan(bank: usize, card: u32) -> String {
    let body = format!("{}{card:09}", BANKS[bank].bin);
    let sum: u32 =
        body.bytes().rev().enumerate().map(|(place, digit)| luhn(place, u32::from(digit - b'0'))).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn luhn(place: usize, digit: u32) -> u32 {
    match (place % 2, digit) {
        (0, 5..) => digit * 2 - 9,
        (0, _) => digit * 2,
        _ => digit,
    }
}

/// A card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The place of its bank.
    pub bank: usize,
    /// Its number at the bank.
    pub card: u32,
    /// Whether it takes part; else its purchases come like all others.
    pub enrolled: bool,
}

/// What becomes of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// It is presented in full.
    Whole,
    /// It is presented in two parts.
    Parts,
    /// It is presented in full; a part comes back.
    Refunded,
    /// It is presented in full; the issuer charges all of it back.
    ChargedBack,
    /// It is reversed before it is presented.
    Undone,
    /// Nobody was asked: it is presented without an approval code.
    Unasked,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// From 1.
    pub number: u32,
    /// The card.
    pub member: Member,
    /// Local time.
    pub at: DateTime,
    /// DE42.
    pub card_acceptor: &'static str,
    /// DE18.
    pub mcc: u16,
    /// What is asked for, in minor units.
    pub amount: i64,
    /// ISO 4217 number.
    pub currency: u16,
    /// In the program's currency, if that is another one.
    pub billed: Option<i64>,
    pub(crate) course: Course,
    /// What is to be paid after the answer: a discount may be given at the till.
    pub(crate) granted: i64,
    /// Days from the purchase to its presentment, and from there to the second part or the refund.
    lags: (i64, i64),
}

impl Purchase {
    /// DE37.
    #[must_use]
    pub fn retrieval(&self) -> String {
        format!("{:012}", self.number)
    }

    /// DE38; empty if nobody was asked.
    #[must_use]
    pub fn approval(&self) -> String {
        if self.course == Course::Unasked { String::new() } else { format!("{:06}", self.number) }
    }

    /// DE32.
    #[must_use]
    pub fn acquirer(&self) -> &'static str {
        ACQUIRER
    }

    /// Whether it is reversed before it is presented.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        self.course == Course::Undone
    }

    /// The acquirer reference number of its presentments; some acquirers give none.
    pub(crate) fn arn(&self) -> String {
        if self.number.is_multiple_of(WITHOUT_ARN_EVERY) { String::new() } else { arn(1, self.number) }
    }

    /// What its presentments are known by.
    pub(crate) fn subject(&self) -> String {
        Some(self.arn()).filter(|arn| !arn.is_empty()).unwrap_or_else(|| self.retrieval())
    }

    /// The day on which the bank presents it first.
    pub(crate) fn presented(&self) -> Date {
        self.at.date() + self.lags.0.days()
    }
}

/// A reference number of 23 digits; a purchase and its refund have different ones.
pub(crate) fn arn(kind: u32, number: u32) -> String {
    format!("7{ACQUIRER}{number:015}{kind}")
}

/// A clearing file as it is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its id at the bank.
    pub id: String,
    /// Its number at the bank.
    pub sequence: i32,
    /// Its bytes.
    pub text: String,
}

/// The month.
pub struct Month {
    /// All cards.
    pub members: Vec<Member>,
    pub(crate) purchases: Vec<Purchase>,
}

impl Month {
    /// About so many purchases.
    ///
    /// # Panics
    /// If there are more than have numbers.
    #[must_use]
    pub fn new(seed: u64, purchases: usize) -> Self {
        let mut random = Random::new(seed);
        let cards = u32::try_from(purchases / 2 / PURCHASES_OF_A_MEMBER + 8).unwrap();
        let of_bank =
            |bank| (1..=cards).map(move |card| Member { bank, card, enrolled: card % NO_MEMBER_EVERY != 0 });
        let members: Vec<Member> = (0..BANKS.len()).flat_map(of_bank).collect();
        let mut purchases: Vec<Purchase> = (0..purchases).map(|_| purchase(&mut random, &members)).collect();
        purchases.sort_by_key(|purchase| purchase.at);
        for (purchase, number) in purchases.iter_mut().zip(1..) {
            purchase.number = number;
        }
        Self { members, purchases }
    }

    /// The business dates.
    #[must_use]
    pub fn dates(&self) -> Vec<Date> {
        (0..DAYS + TAIL).map(|day| FIRST + day.days()).collect()
    }

    /// What is asked for on a date.
    pub fn asked(&self, on: Date) -> impl Iterator<Item = &Purchase> {
        let asked = |purchase: &&Purchase| purchase.course != Course::Unasked;
        self.purchases.iter().filter(asked).filter(move |purchase| purchase.at.date() == on)
    }

    /// What the answer leaves to be paid of a purchase.
    ///
    /// # Panics
    /// If there is no such purchase.
    pub fn answered(&mut self, number: u32, granted: i64) {
        self.purchases[usize::try_from(number).unwrap() - 1].granted = granted;
    }

    /// What a bank clears on a date.
    pub(crate) fn clearing(&self, bank: usize, on: Date) -> Sheet {
        let mut sheet = Sheet::of(COLUMNS);
        for purchase in self.purchases.iter().filter(|purchase| purchase.member.bank == bank) {
            sheet.lines.extend(records(purchase, on));
        }
        sheet
    }

    /// By number.
    pub(crate) fn purchase(&self, number: u32) -> &Purchase {
        &self.purchases[usize::try_from(number).unwrap() - 1]
    }

    /// How many there are of each course.
    #[must_use]
    pub fn courses(&self) -> BTreeMap<String, usize> {
        let mut courses = BTreeMap::new();
        for purchase in &self.purchases {
            *courses.entry(format!("{:?}", purchase.course).to_lowercase()).or_default() += 1;
        }
        courses
    }
}

fn purchase(random: &mut Random, members: &[Member]) -> Purchase {
    let member = random.pick(members);
    let minute = random.between(7 * 60, 22 * 60);
    let at = (FIRST + random.between(0, DAYS - 1).days()).at(0, 0, 0, 0) + minute.minutes();
    let (card_acceptor, mcc) = match random.below(10) {
        0..3 => ("SKYFUEL00000001", 5541),
        3..6 => ("KOSTA0000000001", 5411),
        _ => ("NOWHERE00000001", 5411),
    };
    // The same money, as it were.
    let scale = if member.bank == 0 { 40 } else { 1 };
    let amount = random.between(15_00, 180_00) * scale + random.between(0, 99);
    let foreign = card_acceptor.starts_with('N') && random.percent(30);
    let course = match random.below(100) {
        0..14 => Course::Parts,
        14..20 => Course::Refunded,
        20..23 => Course::Undone,
        23..25 => Course::Unasked,
        25..27 => Course::ChargedBack,
        _ => Course::Whole,
    };
    // What is billed is said once.
    let course = if foreign { Course::Whole } else { course };
    let dollars = random.between(15_00, 300_00);
    Purchase {
        number: 0,
        member,
        at,
        card_acceptor,
        mcc,
        amount: if foreign { dollars } else { amount },
        currency: if foreign { USD } else { BANKS[member.bank].number },
        billed: foreign.then(|| if member.bank == 0 { dollars * 93 + 7 } else { dollars * 92 / 100 }),
        course,
        granted: if foreign { dollars } else { amount },
        lags: (random.pick(&[1, 1, 1, 2, 2, 4]), random.between(1, 2)),
    }
}

/// The records of a purchase in the file of a date.
fn records(purchase: &Purchase, on: Date) -> Vec<Vec<String>> {
    let (first, second) = (purchase.presented(), purchase.presented() + purchase.lags.1.days());
    let all = purchase.granted;
    // Never half.
    let part = all * 2 / 5;
    let (arn, refund) = (purchase.arn(), arn(2, purchase.number));
    let due = match purchase.course {
        Course::Whole | Course::Unasked => vec![(first, "purchase", all, &arn, 1)],
        Course::ChargedBack => vec![(first, "purchase", all, &arn, 1), (second, "chargeback", all, &arn, 1)],
        Course::Parts => vec![(first, "purchase", part, &arn, 1), (second, "purchase", all - part, &arn, 2)],
        Course::Refunded => vec![(first, "purchase", all, &arn, 1), (second, "refund", part, &refund, 1)],
        Course::Undone => Vec::new(),
    };
    let due = due.into_iter().filter(|(day, ..)| *day == on);
    due.map(|(_, kind, amount, arn, sequence)| record(purchase, (kind, amount, arn, sequence))).collect()
}

fn record(purchase: &Purchase, (kind, amount, arn, sequence): (&str, i64, &str, i64)) -> Vec<String> {
    let bank = &BANKS[purchase.member.bank];
    let billed = purchase.billed.map_or(String::new(), |billed| billed.to_string());
    let currency = purchase.billed.map_or(String::new(), |_| bank.number.to_string());
    [
        kind,
        &pan(purchase.member.bank, purchase.member.card),
        &amount.to_string(),
        &purchase.currency.to_string(),
        &billed,
        &currency,
        &purchase.at.to_string(),
        &purchase.mcc.to_string(),
        ACQUIRER,
        purchase.card_acceptor,
        "TERM0001",
        &purchase.retrieval(),
        &purchase.approval(),
        arn,
        &sequence.to_string(),
        "false",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_is_cleared_in_the_end() {
        let mut month = Month::new(7, 500);
        let all: Vec<(u32, i64)> = month.purchases.iter().map(|one| (one.number, one.amount - 1)).collect();
        all.iter().for_each(|(number, granted)| month.answered(*number, *granted));
        let mut cleared: BTreeMap<String, i64> = BTreeMap::new();
        for (bank, date) in (0..2).flat_map(|bank| month.dates().into_iter().map(move |date| (bank, date))) {
            let sheet = month.clearing(bank, date);
            for line in 0..sheet.lines.len() {
                if sheet.get(line, "kind") == "purchase" {
                    *cleared.entry(sheet.get(line, "retrieval").to_owned()).or_default() +=
                        sheet.amount(line, "amount_minor");
                }
            }
        }
        for purchase in &month.purchases {
            let expected = (!purchase.is_undone()).then_some(purchase.granted);
            assert_eq!(cleared.get(&purchase.retrieval()).copied(), expected, "{purchase:?}");
        }
    }

    #[test]
    fn card_numbers_have_a_check_digit() {
        assert_eq!(pan(0, 1), "2200000000000012");
    }
}

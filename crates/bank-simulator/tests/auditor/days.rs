//! Messages in few words, and the worked day made of them.

use bank_simulator::auditor::{
    AgreedProgram, Audit, AuditedAnswer, AuditedMessage, Directory, Member, audit,
};
use jiff::civil::{Date, date};

pub(crate) const SATURDAY: Date = date(2026, 10, 10);

/// A message of 10 rubles at a merchant that is nobody's, answered with 00 and its own amount.
pub(crate) fn message(mti: &str, card: &str, purchase: u32, stan: u32, amount: u64) -> AuditedMessage {
    AuditedMessage {
        card: card.to_owned(),
        mti: mti.to_owned(),
        processing_code: "000000".to_owned(),
        amount,
        currency: "643".to_owned(),
        billing: None,
        transmission: "1010090000".to_owned(),
        stan: format!("{stan:06}"),
        local_date: SATURDAY,
        mcc: Some("5411".to_owned()),
        acquirer: "00000400001".to_owned(),
        retrieval: format!("{purchase:012}"),
        terminal: "TERM0001".to_owned(),
        card_acceptor: "NOBODY         ".to_owned(),
        condition: None,
        sent_response: None,
        original: None,
        replacement: None,
        answer: Some(AuditedAnswer {
            response: "00".to_owned(),
            amount: Some(amount),
            original_amount: None,
        }),
    }
}

/// What a test may change in a message.
pub(crate) trait Change: Sized {
    fn at(self, merchant: &str, mcc: &str) -> Self;
    fn code(self, processing_code: &str) -> Self;
    fn on(self, date: Date) -> Self;
    fn billed(self, amount: u64, currency: &str, billed: u64) -> Self;
    fn offered(self, net: u64) -> Self;
    fn answered(self, response: &str) -> Self;
    fn unanswered(self) -> Self;
    fn issuer_said(self, response: &str) -> Self;
    fn about(self, original: &AuditedMessage) -> Self;
    fn leaving(self, remainder: u64) -> Self;
}

impl Change for AuditedMessage {
    fn at(mut self, merchant: &str, mcc: &str) -> Self {
        self.card_acceptor = format!("{:15}", merchant.to_uppercase());
        self.mcc = Some(mcc.to_owned());
        self
    }

    fn code(mut self, processing_code: &str) -> Self {
        self.processing_code = processing_code.to_owned();
        self
    }

    fn on(mut self, date: Date) -> Self {
        self.local_date = date;
        self
    }

    fn billed(mut self, amount: u64, currency: &str, billed: u64) -> Self {
        self.amount = amount;
        self.currency = currency.to_owned();
        self.billing = Some((billed, "643".to_owned()));
        self.answer.as_mut().unwrap().amount = Some(amount);
        self
    }

    fn offered(mut self, net: u64) -> Self {
        let answer = self.answer.as_mut().unwrap();
        answer.original_amount = Some(self.amount);
        answer.amount = Some(net);
        self
    }

    fn answered(mut self, response: &str) -> Self {
        self.answer.as_mut().unwrap().response = response.to_owned();
        self
    }

    fn unanswered(mut self) -> Self {
        self.answer = None;
        self
    }

    fn issuer_said(mut self, response: &str) -> Self {
        self.sent_response = Some(response.to_owned());
        self
    }

    fn about(mut self, original: &AuditedMessage) -> Self {
        let AuditedMessage { mti, stan, transmission, acquirer, .. } = original;
        self.original = Some(format!("{mti}{stan}{transmission}{acquirer}00000000000"));
        self
    }

    fn leaving(mut self, remainder: u64) -> Self {
        self.replacement = Some(format!("{remainder:012}{:030}", 0));
        self
    }
}

/// Cards `a` to `h` without `g`, each with an account of its name in capitals; `a2` is a second card of A.
pub(crate) fn directory() -> Directory {
    let member = |card: &str, account: &str| {
        (card.to_owned(), Member { account: account.to_owned(), enrolled: date(2026, 1, 1) })
    };
    let cards = ["a", "b", "c", "d", "e", "f", "h"].map(|card| member(card, &card.to_uppercase()));
    let merchant = |label: &str| (("400001".to_owned(), label.to_uppercase()), label.to_owned());
    Directory {
        members: cards.into_iter().chain([member("a2", "A")]).collect(),
        merchant_labels: ["skyfuel", "kosta"].map(merchant).into(),
    }
}

pub(crate) fn check(messages: &[AuditedMessage]) -> Audit {
    audit(&AgreedProgram::boreal_gold(), &directory(), messages)
}

/// The worked day: the purchases P1 to P12 in the order in which they are decided.
pub(crate) fn worked_day() -> Vec<AuditedMessage> {
    let mut day = Vec::new();
    let pair = |card, purchase: u32, amount| {
        let stan = purchase * 10;
        [message("0100", card, purchase, stan, amount), message("0220", card, purchase, stan + 1, amount)]
    };
    day.extend(pair("a", 1, 359_999));
    day.push(message("0100", "a", 2, 20, 745_000).at("skyfuel", "5541").offered(722_650));
    day.push(message("0220", "a", 2, 21, 722_650).at("skyfuel", "5541"));
    day.extend(pair("b", 3, 1_234_567).map(|message| message.at("kosta", "5411")));
    day.extend(pair("b", 4, 99_999).map(|message| message.at("kosta", "5411")));
    day.push(message("0100", "c", 5, 50, 250_000).at("kosta", "5411"));
    day.push(message("0220", "c", 5, 51, 100_000).at("kosta", "5411"));
    day.push(message("0220", "c", 5, 52, 150_000).at("kosta", "5411"));
    let refund = message("0220", "c", 5, 53, 100_000).at("kosta", "5411").code("200000");
    day.push(refund.about(&day[day.len() - 2]));
    day.extend(pair("d", 6, 1_000_000).map(|message| message.at("atm", "6011").code("010000")));
    day.extend(pair("e", 7, 20_000_000).map(|message| message.at("nobody", "5732")));
    let held = message("0100", "f", 8, 80, 60_000);
    day.extend([held.clone(), message("0400", "f", 8, 81, 60_000).about(&held)]);
    day.extend(pair("g", 9, 250_000));
    for (mti, stan) in [("0100", 100), ("0101", 100), ("0220", 101), ("0221", 101)] {
        day.push(message(mti, "a", 10, stan, 45_000).at("nobody", "5814"));
    }
    day.push(message("0220", "h", 11, 110, 123_456));
    day.extend(
        pair("h", 12, 10_000).map(|message| message.at("hotel", "7011").billed(10_000, "840", 950_000)),
    );
    day
}

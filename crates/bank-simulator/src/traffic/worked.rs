//! The worked day: one small settlement of which every number is known.

use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};

use super::{
    card::{Card, TEST_PANS},
    day::Day,
    merchant::Merchant,
    plan_error::PlanError,
    purchase::{ClearAmount, Money, Part, Purchase, Step, Target, Timed},
};

/// A Saturday.
const DATE: Date = date(2026, 10, 10);
const AUTHORIZE: Step = Step::Authorize { preauthorization: false };
const CLEAR: Step = Step::Clear(ClearAmount::Full);
const CARDS: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// The merchants of the worked day.
#[derive(Clone, Debug)]
pub struct WorkedMerchants {
    /// MCC 5411, no partner.
    pub grocery: Merchant,
    /// MCC 5541, partner skyfuel.
    pub skyfuel: Merchant,
    /// MCC 5411, partner kosta.
    pub kosta: Merchant,
    /// MCC 6011.
    pub cash: Merchant,
    /// MCC 5732.
    pub electronics: Merchant,
    /// MCC 5814.
    pub cafe: Merchant,
    /// MCC 7011, paid in US dollars.
    pub hotel: Merchant,
}

impl Default for WorkedMerchants {
    /// Those of the sample merchant map.
    fn default() -> Self {
        Self {
            grocery: Merchant::new("Grocer's", "400001", "GROCER000000001", "GROCER01", "5411"),
            skyfuel: Merchant::new("Skyfuel", "400001", "SKYFUEL00000001", "FUEL0001", "5541")
                .of_partner("skyfuel"),
            kosta: Merchant::new("Kosta", "400001", "KOSTA0000000001", "KOSTA001", "5411")
                .of_partner("kosta"),
            cash: Merchant::new("Cash machine", "400001", "CASH00000000001", "CASH0001", "6011"),
            electronics: Merchant::new("Electronics", "400001", "ELECTRO00000001", "ELECT001", "5732"),
            cafe: Merchant::new("Cafe", "400001", "CAFE00000000001", "CAFE0001", "5814"),
            hotel: Merchant::new("Hotel", "400009", "HOTEL0000000001", "HOTEL001", "7011"),
        }
    }
}

impl WorkedMerchants {
    fn list(&self) -> Vec<Merchant> {
        [&self.grocery, &self.skyfuel, &self.kosta, &self.cash, &self.electronics, &self.cafe, &self.hotel]
            .map(Clone::clone)
            .to_vec()
    }
}

// Places in the list.
const GROCERY: usize = 0;
const SKYFUEL: usize = 1;
const KOSTA: usize = 2;
const CASH: usize = 3;
const ELECTRONICS: usize = 4;
const CAFE: usize = 5;
const HOTEL: usize = 6;

impl Day {
    /// The cards of the worked day with published test numbers: A to H.
    ///
    /// # Errors
    ///
    /// Never: the numbers are card numbers.
    pub fn worked_cards() -> Result<[Card; 8], PlanError> {
        let mut cards = Vec::with_capacity(CARDS.len());
        for (label, pan) in CARDS.into_iter().zip(TEST_PANS) {
            cards.push(Card::new(pan, label)?);
        }
        cards.try_into().map_err(|_| PlanError::Empty)
    }

    /// The worked day: P1 to P12, on Saturday 2026-10-10 in Moscow, one message a minute from 09:00 on. Its numbers
    /// hold if the cards of A to F and H, in this order, are members, and that of G (the seventh) is none.
    ///
    /// # Errors
    ///
    /// When merchants do not fit their data elements, or two cards have the same label.
    pub fn worked(cards: [Card; 8], merchants: &WorkedMerchants) -> Result<Self, PlanError> {
        let zone = TimeZone::get("Europe/Moscow");
        let zone = zone.map_err(|_| PlanError::Time { date: DATE.to_string() })?;
        let mut minute = 0;
        let purchases =
            script().into_iter().zip(1..).map(|(part, number)| part.purchase(number, &mut minute));
        Self::new(DATE, zone, cards.to_vec(), merchants.list(), purchases.collect(), 1)
    }
}

/// One row of the table of purchases.
struct Row {
    card: usize,
    merchant: usize,
    amount: Money,
    billing: Option<Money>,
    steps: Vec<Step>,
}

impl Row {
    fn new(card: char, merchant: usize, minor: u64, steps: &[Step]) -> Self {
        let card = CARDS.iter().position(|label| label.starts_with(card)).unwrap_or_default();
        Self { card, merchant, amount: Money::rub(minor), billing: None, steps: steps.to_vec() }
    }

    fn purchase(self, number: usize, minute: &mut i8) -> Purchase {
        let timed = self.steps.into_iter().map(|step| {
            let at = DATE.at(9 + *minute / 60, *minute % 60, 0, 0);
            *minute += 1;
            Timed { at, step }
        });
        Purchase {
            id: format!("P{number}"),
            card: self.card,
            merchant: self.merchant,
            processing_code: if self.merchant == CASH { "010000" } else { "000000" }.to_owned(),
            amount: self.amount,
            billing: self.billing,
            steps: timed.collect(),
        }
    }
}

fn script() -> Vec<Row> {
    let twice = [AUTHORIZE, Step::RepeatLast, CLEAR, Step::RepeatLast];
    let presentments = [
        AUTHORIZE,
        Step::Clear(ClearAmount::Minor(100_000)),
        Step::Clear(ClearAmount::Minor(150_000)),
        Step::Refund { presentment: 0, amount: Part::Full },
    ];
    let reversed =
        [AUTHORIZE, Step::Reverse { target: Target::Authorization, remaining: None, advice: false }];
    let mut hotel = Row::new('H', HOTEL, 10_000, &[AUTHORIZE, CLEAR]);
    hotel.amount.currency = "840".to_owned();
    hotel.billing = Some(Money::rub(950_000));
    vec![
        Row::new('A', GROCERY, 359_999, &[AUTHORIZE, CLEAR]),
        Row::new('A', SKYFUEL, 745_000, &[AUTHORIZE, CLEAR]),
        Row::new('B', KOSTA, 1_234_567, &[AUTHORIZE, CLEAR]),
        Row::new('B', KOSTA, 99_999, &[AUTHORIZE, CLEAR]),
        Row::new('C', KOSTA, 250_000, &presentments),
        Row::new('D', CASH, 1_000_000, &[AUTHORIZE, CLEAR]),
        Row::new('E', ELECTRONICS, 20_000_000, &[AUTHORIZE, CLEAR]),
        Row::new('F', GROCERY, 60_000, &reversed),
        Row::new('G', GROCERY, 250_000, &[AUTHORIZE, CLEAR]),
        Row::new('A', CAFE, 45_000, &twice),
        Row::new('H', GROCERY, 123_456, &[CLEAR]),
        hotel,
    ]
}

//! The demo's bank: its cards, its members and the merchants where they shop.

use std::{collections::BTreeMap, fmt::Write};

use bank_simulator::{Card, Day, Merchant, WorkedMerchants, test_pan};
use jiff::{civil::Date, tz::TimeZone};

/// The program of the demo.
pub(crate) const PROGRAM: &str = "boreal-gold";
/// The range of the made-up test numbers.
const BIN: &str = "220000";
/// Cards of the seeded day; every tenth is no member.
const CARDS: u64 = 60;

/// A day with its members.
pub struct BankDay {
    day: Day,
    members: Vec<Card>,
    seed: u64,
}

impl BankDay {
    /// The worked day of the documentation.
    pub fn worked() -> anyhow::Result<Self> {
        let cards = Day::worked_cards()?;
        let members = cards.iter().filter(|card| card.label != "G").cloned().collect();
        Ok(Self { day: Day::worked(cards, &WorkedMerchants::default())?, members, seed: 0 })
    }

    /// A day made up from a seed.
    pub fn seeded(seed: u64, business_date: Date, purchases: usize) -> anyhow::Result<Self> {
        let cards = (0..CARDS)
            .map(|number| Ok(Card { pan: test_pan(BIN, number)?, label: format!("card-{number:02}") }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let members =
            cards.iter().enumerate().filter(|(index, _)| index % 10 != 9).map(|(_, card)| card.clone());
        let members = members.collect();
        let zone = TimeZone::get("Europe/Moscow")?;
        let day = Day::seeded(seed, business_date, zone, cards, merchants(), purchases)?;
        Ok(Self { day, members, seed })
    }

    /// The plan.
    pub fn day(&self) -> &Day {
        &self.day
    }

    /// The seed; 0 for the worked day.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The business date.
    pub fn business_date(&self) -> Date {
        self.day.business_date()
    }

    /// The cards that are members, each with an account of its own.
    pub fn members(&self) -> &[Card] {
        &self.members
    }

    /// All cards.
    pub fn cards(&self) -> &[Card] {
        self.day.cards()
    }

    /// The enrollment file of the members. Holds card numbers: memory only.
    pub fn enrollment_csv(&self) -> zeroize::Zeroizing<String> {
        let mut text = zeroize::Zeroizing::new("pan,program,member_number,enrolled_on\n".to_owned());
        for card in &self.members {
            let _ = writeln!(text, "{},{PROGRAM},AB-{},2026-01-01", card.pan.expose(), card.label);
        }
        text
    }
}

/// Where the demo's cards shop; partners' merchants stand in the sample merchant map.
fn merchants() -> Vec<Merchant> {
    let worked = WorkedMerchants::default();
    vec![
        worked.grocery.with_weight(5),
        worked.skyfuel.with_weight(3),
        worked.kosta.with_weight(4),
        worked.cash.with_weight(1),
        worked.electronics.with_weight(1),
        worked.cafe.with_weight(3),
        worked.hotel.with_weight(1),
        Merchant::new("Kosta in the mall", "400002", "SHOPPINGMALL001", "KOSTA001", "5651")
            .of_partner("kosta"),
        Merchant::new("Skyfuel by the road", "400003", "SKYFUEL00000002", "FUEL0009", "5541")
            .of_partner("skyfuel")
            .with_weight(2),
    ]
}

/// The partner of each merchant of the day, by acquirer and card acceptor, as the bank knows it.
pub fn merchant_labels(day: &Day) -> BTreeMap<(String, String), String> {
    let label = |merchant: &Merchant| {
        let key = (merchant.acquirer.clone(), merchant.card_acceptor.clone());
        merchant.partner.clone().map(|partner| (key, partner))
    };
    day.merchants().iter().filter_map(label).collect()
}

//! The facts of a message that was sent, without the card number.

use std::fmt::{self, Write as _};

use iso8583::{Builder, Mti, Pan};

/// What a message said. Fixed-length text has no trailing blanks.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// The purchase's id in the day.
    pub purchase: String,
    /// The card's label.
    pub card: String,
    /// The last four digits of the card number.
    pub last4: String,
    /// The message type of the first attempt; a scripted repeat ends in 1.
    pub mti: Mti,
    /// Processing code.
    pub de3: String,
    /// Transaction amount in minor units of DE49.
    pub de4: u64,
    /// Billing amount in minor units of DE51.
    pub de6: Option<u64>,
    /// Transmission date and time, UTC.
    pub de7: String,
    /// STAN.
    pub de11: String,
    /// Local time.
    pub de12: String,
    /// Local date.
    pub de13: String,
    /// MCC.
    pub de18: String,
    /// Condition code: 06 is a pre-authorization.
    pub de25: String,
    /// Acquirer.
    pub de32: String,
    /// Retrieval reference number.
    pub de37: String,
    /// Approval code.
    pub de38: Option<String>,
    /// The issuer's answer, in advices.
    pub de39: Option<String>,
    /// Terminal.
    pub de41: String,
    /// Card acceptor.
    pub de42: String,
    /// Transaction currency.
    pub de49: String,
    /// Billing currency.
    pub de51: Option<String>,
    /// Original data elements, 42 digits.
    pub de90: Option<String>,
    /// Replacement amounts, 42 characters.
    pub de95: Option<String>,
}

impl Sent {
    pub(super) fn of(purchase: String, card: String, message: &Builder) -> Self {
        let maybe = |de| message.get(de).map(|value| value.trim_end().to_owned());
        let text = |de| maybe(de).unwrap_or_default();
        let number = |de| message.get(de).and_then(|value| value.parse().ok());
        let pan = message.get(2).and_then(Pan::parse);
        Self {
            purchase,
            card,
            last4: pan.map(|pan| pan.last4().to_owned()).unwrap_or_default(),
            mti: message.mti(),
            de3: text(3),
            de4: number(4).unwrap_or_default(),
            de6: number(6),
            de7: text(7),
            de11: text(11),
            de12: text(12),
            de13: text(13),
            de18: text(18),
            de25: text(25),
            de32: text(32),
            de37: text(37),
            de38: maybe(38),
            de39: maybe(39),
            de41: text(41),
            de42: text(42),
            de49: text(49),
            de51: maybe(51),
            de90: maybe(90),
            de95: maybe(95),
        }
    }

    /// What remains of the original after a reversal, in minor units: DE95, zero for a full one.
    #[must_use]
    pub fn remaining_minor(&self) -> u64 {
        let first = self.de95.as_deref().and_then(|text| text.get(..12));
        first.and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    /// One line for people, with the last four digits of the card.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut line = format!("{} {} card {} ****{}", self.purchase, self.mti, self.card, self.last4);
        let required = [
            (3, self.de3.as_str()),
            (7, &self.de7),
            (11, &self.de11),
            (12, &self.de12),
            (13, &self.de13),
            (18, &self.de18),
            (25, &self.de25),
            (32, &self.de32),
            (37, &self.de37),
            (41, &self.de41),
            (42, &self.de42),
            (49, &self.de49),
        ];
        let optional =
            [(38, &self.de38), (39, &self.de39), (51, &self.de51), (90, &self.de90), (95, &self.de95)];
        let optional = optional.into_iter().filter_map(|(de, value)| Some((de, value.as_deref()?)));
        // Writing into a String cannot fail.
        let _ = write!(line, " DE4={}", self.de4);
        if let Some(amount) = self.de6 {
            let _ = write!(line, " DE6={amount}");
        }
        for (de, value) in required.into_iter().chain(optional) {
            let _ = write!(line, " DE{de}={value}");
        }
        line
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sent({})", self.masked())
    }
}

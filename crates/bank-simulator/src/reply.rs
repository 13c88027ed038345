//! What the gateway answers, read and kept.

use iso8583::{AdditionalAmount, Builder, Message, Mti, tagged};

/// DE54 amount type: the amount before a discount at the till.
const ORIGINAL_AMOUNT: &str = "57";

/// A reply. `Debug` is masked.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its message type.
    pub mti: Mti,
    /// DE39, empty if there is none.
    pub code: String,
    /// DE4 in minor units.
    pub amount: Option<u64>,
    /// The amount before a discount at the till: DE54 with amount type 57.
    pub original_amount: Option<u64>,
    /// The loyalty result of DE48.
    pub loyalty: Option<Loyalty>,
    fields: Builder,
}

impl Reply {
    /// Reads a reply. What is not of the agreed form in DE4, DE48 or DE54 counts as absent; [`Reply::field`] has it
    /// as it came.
    #[must_use]
    pub fn from_message(message: &Message<'_>) -> Self {
        Self::new(Builder::from_message(message))
    }

    /// The same of a message that is copied already, in the terms of 1987.
    pub(crate) fn new(fields: Builder) -> Self {
        let text = |de| fields.get(de).unwrap_or_default();
        let original = AdditionalAmount::parse_all(text(54)).unwrap_or_default();
        Self {
            mti: fields.mti(),
            code: text(39).to_owned(),
            amount: text(4).parse().ok(),
            original_amount: original_of(&original),
            loyalty: Loyalty::parse(text(48)),
            fields,
        }
    }

    /// Any data element as it came.
    #[must_use]
    pub fn field(&self, de: u8) -> Option<&str> {
        self.fields.get(de)
    }

    /// Whether DE39 is 00: the gateway has taken the message.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.code == "00"
    }
}

/// The request with the wish to pay with so many miles, in DE48.
#[must_use]
pub fn paying_with_miles(request: Builder, miles: u64) -> Builder {
    let miles = miles.to_string();
    match tagged::write(&[("MI", &miles)]) {
        Ok(text) => request.set(48, text),
        // A number is printable and shorter than 999 characters.
        Err(_) => request,
    }
}

fn original_of(amounts: &[AdditionalAmount]) -> Option<u64> {
    amounts.iter().find(|amount| amount.amount_type == ORIGINAL_AMOUNT).map(|amount| amount.amount)
}

/// The loyalty result in DE48.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loyalty {
    /// ST: `provisional`, `booked`, `reversed` or `none`, as sent.
    pub status: String,
    /// RS: the stable code of the reason.
    pub reason: String,
    /// BM: base miles, negative when taken back.
    pub base_miles: i64,
    /// XM: bonus miles, likewise.
    pub bonus_miles: i64,
    /// DC: discount in minor units, likewise.
    pub discount_minor: i64,
    /// DM: how the discount reaches the cardholder, as sent.
    pub discount_mode: Option<String>,
    /// RM: miles that are reserved, if miles to pay with were asked for.
    pub reserved_miles: Option<u64>,
    /// RA: the money that remains to be paid then, in minor units.
    pub remaining_minor: Option<u64>,
    /// Tags that this crate does not know.
    pub other: Vec<(String, String)>,
}

impl Loyalty {
    /// Reads DE48; `None` when it is not tagged data, has no status, or has a number that is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut result = Self::default();
        for (tag, value) in tagged::parse(text).ok()? {
            match tag {
                "ST" => value.clone_into(&mut result.status),
                "RS" => value.clone_into(&mut result.reason),
                "BM" => result.base_miles = value.parse().ok()?,
                "XM" => result.bonus_miles = value.parse().ok()?,
                "DC" => result.discount_minor = value.parse().ok()?,
                "DM" => result.discount_mode = Some(value.to_owned()),
                "RM" => result.reserved_miles = Some(value.parse().ok()?),
                "RA" => result.remaining_minor = Some(value.parse().ok()?),
                _ => result.other.push((tag.to_owned(), value.to_owned())),
            }
        }
        (!result.status.is_empty()).then_some(result)
    }
}

#[cfg(test)]
mod tests {
    use iso8583::{Builder, Mti, dialects};

    use super::{Loyalty, Reply};

    #[test]
    fn a_reduced_amount_and_a_loyalty_result_are_read() {
        let bytes = Builder::new(Mti::new("0110"))
            .set(4, "000000722650")
            .set(39, "00")
            .set(
                48,
                "ST011provisionalRS008estimateBM003120XM003120DC00522350DM007at_tillRM003500RA0042500ZZ001x",
            )
            .set(54, "0057643C000000745000")
            .encode(dialects::iso87_ascii())
            .unwrap();
        let reply = Reply::from_message(&dialects::iso87_ascii().decode(&bytes).unwrap());
        assert!(reply.is_taken());
        assert_eq!((reply.amount, reply.original_amount), (Some(722_650), Some(745_000)));
        let loyalty = reply.loyalty.unwrap();
        assert_eq!((loyalty.status.as_str(), loyalty.reason.as_str()), ("provisional", "estimate"));
        assert_eq!((loyalty.base_miles, loyalty.bonus_miles, loyalty.discount_minor), (120, 120, 22_350));
        assert_eq!(loyalty.discount_mode.as_deref(), Some("at_till"));
        assert_eq!((loyalty.reserved_miles, loyalty.remaining_minor), (Some(500), Some(2_500)));
        assert_eq!(loyalty.other, [("ZZ".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn what_was_taken_back_is_negative_and_nonsense_is_nothing() {
        assert_eq!(Loyalty::parse("ST008reversedBM003-16DC005-5000").unwrap().base_miles, -16);
        for text in ["", "ST", "RS001x", "ST001xBM001y", "ST001xRM001-"] {
            assert_eq!(Loyalty::parse(text), None, "{text}");
        }
    }
}

//! A purchase that is given, in a test of a file or on the command line, and what it is worth.

use domain::{
    Amounts, AwardInput, Awarded, CouponRoom, DiscountMode, Funder, Item, MoneyError, Program, Rooms,
    TierRules, Till, award_within,
};

use jiff::civil::Time;

use crate::codes::{Codes, NamedCurrency};
use crate::document;
use crate::errors::{ErrorLog, FileErrors, Problem};
use crate::meaning::Reading;
use crate::scalars;
use crate::shape;

/// A purchase that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The purchase, as if it were cleared.
    pub input: AwardInput,
    /// Whether the amount is that of an authorization, to which a discount at the till may be offered.
    pub authorization: bool,
    /// The campaign of the coupon that is shown, a code that nobody has used.
    pub coupon: Option<String>,
}

/// What came of a purchase that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// What the answer to the authorization offered at the till, if that made the amount smaller.
    pub offer: Option<Awarded>,
    /// What the purchase is worth once it is cleared.
    pub awarded: Awarded,
    /// What is cleared, in minor units.
    pub net_minor: u64,
}

impl Given {
    /// What the purchase is worth.
    ///
    /// It counts as cleared in full with the amount given. For an authorization a discount at the till is offered and
    /// the purchase counts as cleared with what the offer leaves, so that the miles are those of the reduced amount.
    pub fn worth(&self, program: &Program) -> Result<Worth, MoneyError> {
        let original_minor = self.input.net_minor;
        let coupon = self.coupon.as_deref().map(CouponRoom::fresh);
        let rooms = Rooms { coupon, ..Rooms::default() };
        let award = |program: &Program, input: &AwardInput| award_within(program, input, &rooms);
        if !self.authorization {
            let awarded = award(program, &self.input)?;
            return Ok(Worth { offer: None, awarded, net_minor: original_minor });
        }
        let asked = award(program, &AwardInput { may_offer_till: true, cleared_minor: 0, ..self.input })?;
        let discount_minor = u64::try_from(at_till(&asked.amounts)).map_err(|_| MoneyError::Overflow)?;
        if discount_minor == 0 || discount_minor >= original_minor {
            return Ok(Worth { offer: None, awarded: asked, net_minor: original_minor });
        }
        let net_minor = original_minor - discount_minor;
        let till = Some(Till { original_minor, discount_minor });
        let awarded =
            award(program, &AwardInput { net_minor, cleared_minor: net_minor, till, ..self.input })?;
        Ok(Worth { offer: Some(asked), awarded, net_minor })
    }
}

fn at_till(amounts: &Amounts) -> i64 {
    let offered = |item: &Item| matches!(item, Item::Discount { mode: DiscountMode::AtTill, .. });
    amounts.iter().filter(|(item, _)| offered(item)).map(|(_, amount)| amount).sum()
}

/// The part of the discount that those bear of whom `of` is true, in minor units.
pub(crate) fn discount_share(amounts: &Amounts, of: impl Fn(Funder) -> bool) -> i64 {
    let share = |(item, amount): (&Item, i64)| match item {
        Item::Discount { funder, .. } if of(*funder) => amount,
        _ => 0,
    };
    amounts.iter().map(share).sum()
}

/// Reads a purchase as a test's `given` writes it, with or without its braces; `tiers` are those of the program.
pub fn read_given(
    text: &str,
    codes: &Codes,
    currency: &NamedCurrency,
    tiers: Option<&TierRules>,
) -> Result<Given, FileErrors> {
    let text = text.trim();
    if text.starts_with('{') {
        return read_braced(text, codes, currency, tiers);
    }
    read_braced(&format!("{{{text}}}"), codes, currency, tiers).map_err(FileErrors::without_first_column)
}

fn read_braced(
    text: &str,
    codes: &Codes,
    currency: &NamedCurrency,
    tiers: Option<&TierRules>,
) -> Result<Given, FileErrors> {
    let mut log = ErrorLog::new(text);
    let Some(entry) = shape::given(text, &mut log) else { return log.finish(None) };
    let mut reading = Reading::new(log, codes);
    reading.tiers_read = tiers.map(|rules| rules.tiers.clone());
    let given = reading.given("given", &entry, entry.amount.span().start, currency);
    reading.log.finish(given)
}

impl Reading<'_> {
    /// What is given; `place` is the byte at which a missing date is told.
    pub(crate) fn given(
        &mut self,
        path: &str,
        given: &document::Given,
        place: usize,
        currency: &NamedCurrency,
    ) -> Option<Given> {
        let time = given.local_time.as_ref().and_then(|place| place.get_ref().time);
        let time = time.and_then(|time| {
            let (hour, minute) = (i8::try_from(time.hour).ok()?, i8::try_from(time.minute).ok()?);
            Time::new(hour, minute, 0, 0).ok()
        });
        let date = match (&given.local_date, &given.local_time) {
            (Some(date), None) => self.date(&format!("{path}.local_date"), date),
            (None, Some(time)) => self.date(&format!("{path}.local_time"), time),
            (date, _) => {
                let (found, advice) = match date {
                    Some(_) => ("both", "delete one of the two"),
                    None => ("neither", "add local_date = 2026-10-10"),
                };
                let problem = Problem::new("`local_date` or `local_time`", found, advice);
                self.log.at_byte(place, path, problem);
                None
            }
        };
        let mcc = self.optional(&format!("{path}.mcc"), given.mcc.as_ref(), scalars::mcc);
        let partner = match &given.partner {
            Some(partner) => self.partner(&format!("{path}.partner"), partner).map(Some),
            None => Some(None),
        };
        let amount = self
            .value(&format!("{path}.amount"), &given.amount, |text| scalars::amount_or_zero(text, currency));
        let earned =
            given.already_earned.as_ref().map_or(Some(0), |earned| i64::try_from(*earned.get_ref()).ok());
        let tier = self.given_tier(&format!("{path}.tier"), given.tier.as_ref());
        let coupon = self.coupon(&format!("{path}.coupon"), given.coupon.as_ref());
        let birthday = self.optional(&format!("{path}.birthday"), given.birthday.as_ref(), scalars::birthday);
        let net_minor = amount?;
        let input = AwardInput {
            net_minor,
            partner: partner?,
            mcc: mcc?,
            date: date?,
            is_purchase: true,
            tier: tier?,
            may_offer_till: false,
            till: None,
            cleared_minor: net_minor,
            granted_elsewhere: earned?,
            granted_here: 0,
            time,
            miles_minor: 0,
            birthday: birthday?,
        };
        Some(Given { input, authorization: given.authorization, coupon: coupon? })
    }
}

#[cfg(test)]
mod tests {
    use domain::PartnerId;
    use jiff::civil::date;

    use super::*;

    fn read(text: &str) -> Result<Given, String> {
        let partners = [("skyfuel".to_owned(), PartnerId(3))].into();
        let codes = Codes { partners, ..Codes::default() };
        let rub = NamedCurrency::from_code("RUB").unwrap();
        read_given(text, &codes, &rub, None).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_purchase_is_read_with_and_without_braces() {
        let text = "local_date = 2026-10-10, mcc = \"5541\", partner = \"skyfuel\", amount = \"7450.00\"";
        let given = read(text).unwrap();
        assert_eq!((given.input.net_minor, given.input.date), (745_000, date(2026, 10, 10)));
        assert_eq!((given.input.partner, given.input.mcc), (Some(PartnerId(3)), Some(5541)));
        assert_eq!(read(&format!(" {{ {text} }} ")), Ok(given.clone()));
        let asked = Given { authorization: true, coupon: Some("spring".to_owned()), ..given };
        assert_eq!(read(&format!("{text}, authorization = true, coupon = \"spring\"")), Ok(asked));
    }

    #[test]
    fn errors_point_into_what_was_given() {
        for (text, error) in [
            (
                "local_date = 2026-10-10, amount = \"7 450\"",
                "line 1, column 35: given.amount: expected an amount in RUB, found \"7 450\"; write digits with a \
                 point before the decimals and nothing else, such as \"1000.00\"",
            ),
            (
                "local_date = 2026-10-10, amout = \"1\"",
                "line 1, column 26: given.amout: expected a known key, found `amout`; did you mean `amount`?",
            ),
            (
                "amount = \"1\"",
                "line 1, column 10: given: expected `local_date` or `local_time`, found neither; \
                 add local_date = 2026-10-10",
            ),
            (
                "{ local_date = 2026-10-10, amount = \"1\", partner = \"kosta\" }",
                "line 1, column 52: given.partner: expected the code of a declared partner, found \"kosta\"; \
                 declare the partner in the configuration, or correct the code",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), error);
        }
        assert!(read("amount").unwrap_err().contains("expected valid TOML"));
    }
}

//! The values that a decision looked at, and items of the ledger.

use domain::{Currency, DiscountMode, Funder, Item, PartnerId};
use program_files::{Language, NamedCurrency, Names, value_name, value_words};

use super::code_words;
use crate::{ConsoleState, money};

/// A value of an explanation as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) label: String,
    pub(crate) text: String,
    /// The key of a message, if the value is one.
    pub(crate) message: Option<String>,
}

/// How the values of each name are written here; what the names mean, every reader takes from one table.
const NAMES: &[(&str, Kind)] = &[
    ("amount_minor", Kind::Money),
    ("amount_from", Kind::Money),
    ("amount_below", Kind::Money),
    ("amount_min", Kind::Money),
    ("discount_max", Kind::Money),
    ("left_minor", Kind::Money),
    ("before_maximum", Kind::Money),
    ("discount_minor", Kind::Money),
    ("original_minor", Kind::Money),
    ("offered_minor", Kind::Money),
    ("cleared_minor", Kind::Money),
    ("held_minor", Kind::Money),
    ("until", Kind::Text),
    ("counted_before_minor", Kind::Money),
    ("counts_after_minor", Kind::Money),
    ("miles", Kind::Number),
    ("base_miles", Kind::Number),
    ("granted", Kind::Number),
    ("miles_max", Kind::Number),
    ("granted_elsewhere", Kind::Number),
    ("granted_here", Kind::Number),
    ("asked", Kind::Number),
    ("allowed", Kind::Number),
    ("miles_per", Kind::Rate),
    ("times_base", Kind::Ratio),
    ("percent", Kind::Percent),
    ("rounding", Kind::Text),
    ("taken", Kind::Text),
    ("funder", Kind::Payer),
    ("partner", Kind::Partner),
    ("map", Kind::Text),
    ("map_line", Kind::Number),
    ("map_origin", Kind::Text),
    ("mcc", Kind::Text),
    ("date", Kind::Text),
    ("purchase", Kind::Message),
    ("original", Kind::Message),
    ("tier", Kind::Text),
    ("tier_before", Kind::Text),
    ("qualifying_units", Kind::Number),
    ("units_per", Kind::Rate),
    ("units_from", Kind::Number),
    ("year", Kind::Text),
    ("fixed_minor", Kind::Money),
    ("tier_from_minor", Kind::Money),
    ("time", Kind::Text),
    ("uses_max", Kind::Number),
    ("uses_elsewhere", Kind::Number),
    ("limit_minor", Kind::Money),
    ("used_elsewhere_minor", Kind::Money),
    ("budget_left_minor", Kind::Money),
    ("limit_miles", Kind::Number),
    ("used_elsewhere_miles", Kind::Number),
    ("budget_left_miles", Kind::Number),
    ("budget_uses_left", Kind::Number),
    ("run", Kind::Number),
    ("version_before", Kind::Text),
    ("version_after", Kind::Text),
    ("partner_before", Kind::Partner),
    ("partner_after", Kind::Partner),
    ("miles_before", Kind::Number),
    ("miles_after", Kind::Number),
    ("discount_before_minor", Kind::Money),
    ("discount_after_minor", Kind::Money),
    ("table", Kind::Text),
    ("rates", Kind::Text),
    ("currency", Kind::Text),
    ("transaction_amount", Kind::Number),
    ("rate", Kind::Text),
    ("available", Kind::Number),
    ("value", Kind::Text),
    ("worth_minor", Kind::Money),
    ("refund", Kind::Message),
    ("score", Kind::Number),
    ("decision", Kind::Number),
    ("campaign", Kind::Text),
    ("campaign_shown", Kind::Text),
    ("uses_max_per_member", Kind::Number),
    ("from", Kind::Text),
    ("pool", Kind::Text),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Money,
    Number,
    Rate,
    Ratio,
    Percent,
    Payer,
    Partner,
    Text,
    Message,
}

#[cfg(test)]
pub(super) fn is_value_name(name: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == name)
}

/// A value of an explanation. Amounts are in `currency`; what cannot be read is shown as it is stored.
pub(crate) fn shown(
    console: &ConsoleState,
    currency: Currency,
    language: Language,
    (name, value): (&str, &str),
) -> Shown {
    let label = value_name(name, language).map_or_else(|| code_words(name), str::to_owned);
    let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return Shown { label, text: value.to_owned(), message: None };
    };
    if language != Language::English && !matches!(kind, Kind::Message) {
        return Shown { label, text: in_words(console, currency, language, (name, value)), message: None };
    }
    let text = match kind {
        Kind::Money => value.parse().ok().map(|minor| money::money(minor, currency)),
        Kind::Number => value.parse().ok().map(money::number),
        Kind::Rate => rate(value, currency),
        Kind::Ratio => value.strip_suffix("/1").map(str::to_owned),
        Kind::Percent => percent(value),
        Kind::Payer => Funder::parse(value).map(|funder| payer(console, funder)),
        Kind::Partner => value.parse().ok().map(|id| console.partner(PartnerId(id))),
        Kind::Text | Kind::Message => None,
    };
    let message = matches!(kind, Kind::Message).then(|| value.to_owned());
    Shown { label, text: text.unwrap_or_else(|| value.to_owned()), message }
}

/// A value as every other reader of this language has it.
fn in_words(
    console: &ConsoleState,
    currency: Currency,
    language: Language,
    (name, value): (&str, &str),
) -> String {
    let partners = console.partner_codes.iter().map(|(id, code)| (code.clone(), *id)).collect();
    match NamedCurrency::from_code(&money::code(currency)) {
        Some(named) => value_words(name, value, language, &Names::new(&named, &partners)),
        None => value.to_owned(),
    }
}

/// `1/6000` becomes `1 per 60.00 RUB`.
fn rate(value: &str, currency: Currency) -> Option<String> {
    let (miles, per) = value.split_once('/')?;
    Some(format!("{miles} per {}", money::money(per.parse().ok()?, currency)))
}

/// `12/1000` becomes `1.2 %`; a ratio with more than four decimals stays as it is.
fn percent(value: &str) -> Option<String> {
    let (numerator, denominator) = value.split_once('/')?;
    let (numerator, denominator): (u128, u128) = (numerator.parse().ok()?, denominator.parse().ok()?);
    let scaled = numerator.checked_mul(1_000_000)?;
    if denominator == 0 || scaled % denominator != 0 {
        return None;
    }
    let (whole, rest) = (scaled / denominator / 10_000, scaled / denominator % 10_000);
    let decimals = format!("{rest:04}");
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    Some(format!("{whole}{point}{decimals} %"))
}

fn payer(console: &ConsoleState, funder: Funder) -> String {
    match funder {
        Funder::Bank => "the bank".to_owned(),
        Funder::Partner(partner) => console.partner(partner),
    }
}

/// An item of the ledger in words; one that cannot be read is shown as it is stored.
pub(crate) fn item(console: &ConsoleState, stored: &str) -> String {
    match Item::parse(stored) {
        None => stored.to_owned(),
        Some(Item::Base) => "base miles".to_owned(),
        Some(Item::Bonus { rule, funder }) => {
            format!("bonus miles of rule {rule}, paid by {}", payer(console, funder))
        }
        Some(Item::Discount { mode, funder, partner }) => {
            let how = match mode {
                DiscountMode::StatementCredit => "discount credited to the statement",
                DiscountMode::AtTill => "discount at the till",
            };
            format!("{how} for {}, borne by {}", console.partner(partner), payer(console, funder))
        }
        Some(Item::Turnover(partner)) => format!("turnover at {}", console.partner(partner)),
        Some(Item::Qualifying) => "units towards a tier".to_owned(),
        Some(Item::Adjusted { funder }) => {
            format!("miles adjusted by staff, borne by {}", payer(console, funder))
        }
        Some(Item::Moved) => "miles from or for another account".to_owned(),
        Some(Item::Expired) => "expired miles".to_owned(),
        Some(Item::Redeemed) => "miles spent".to_owned(),
        Some(Item::Covered) => "a lot's debt covered by other lots".to_owned(),
        Some(Item::Borne { funder }) => {
            format!("spent miles that were taken back, borne by {}", payer(console, funder))
        }
        Some(Item::Refused) => "miles that the partner did not take".to_owned(),
        Some(Item::WrittenOff { funder }) => {
            format!("miles that the partner did not give back, borne by {}", payer(console, funder))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_become_percent_without_floating_point() {
        let table = [
            ("12/1000", "1.2 %"),
            ("5/100", "5 %"),
            ("3/100", "3 %"),
            ("1/1", "100 %"),
            ("615/100000", "0.615 %"),
        ];
        table.iter().for_each(|(value, text)| assert_eq!(percent(value).as_deref(), Some(*text)));
        for value in ["1/3", "1/0", "x/2", "5"] {
            assert_eq!(percent(value), None, "{value}");
        }
    }

    #[test]
    fn a_rate_names_its_amount() {
        assert_eq!(rate("1/6000", Currency(643)).as_deref(), Some("1 per 60.00 RUB"));
        assert_eq!(rate("1/x", Currency(643)), None);
    }
}

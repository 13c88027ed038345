//! The values that a decision looked at, and items of the ledger.

use domain::{Currency, DiscountMode, Funder, Item, PartnerId};

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

/// What the names of values mean, and how each is written.
const NAMES: &[(&str, &str, Kind)] = &[
    ("amount_minor", "amount", Kind::Money),
    ("amount_from", "at least", Kind::Money),
    ("amount_below", "less than", Kind::Money),
    ("amount_min", "minimum", Kind::Money),
    ("discount_max", "maximum", Kind::Money),
    ("left_minor", "left by other discounts", Kind::Money),
    ("before_maximum", "before the maximum", Kind::Money),
    ("discount_minor", "discount", Kind::Money),
    ("original_minor", "full price", Kind::Money),
    ("offered_minor", "offered", Kind::Money),
    ("cleared_minor", "cleared", Kind::Money),
    ("held_minor", "held", Kind::Money),
    ("until", "until", Kind::Text),
    ("counted_before_minor", "counted before", Kind::Money),
    ("counts_after_minor", "counts now", Kind::Money),
    ("miles", "miles", Kind::Number),
    ("base_miles", "base miles", Kind::Number),
    ("granted", "granted", Kind::Number),
    ("miles_max", "cap", Kind::Number),
    ("granted_elsewhere", "granted for other purchases", Kind::Number),
    ("granted_here", "granted for this purchase before", Kind::Number),
    ("asked", "asked for", Kind::Number),
    ("allowed", "allowed", Kind::Number),
    ("miles_per", "rate", Kind::Rate),
    ("times_base", "times the base", Kind::Ratio),
    ("percent", "percent", Kind::Percent),
    ("rounding", "rounding", Kind::Text),
    ("taken", "the rule that holds", Kind::Text),
    ("funder", "paid by", Kind::Payer),
    ("partner", "at partner", Kind::Partner),
    ("map", "merchant map", Kind::Text),
    ("map_line", "line of the merchant map", Kind::Number),
    ("map_origin", "known from", Kind::Text),
    ("mcc", "merchant category", Kind::Text),
    ("date", "date", Kind::Text),
    ("purchase", "first message of the purchase", Kind::Message),
    ("original", "original message", Kind::Message),
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
    NAMES.iter().any(|(known, ..)| *known == name)
}

/// A value of an explanation. Amounts are in `currency`; what cannot be read is shown as it is stored.
pub(crate) fn shown(console: &ConsoleState, currency: Currency, name: &str, value: &str) -> Shown {
    let Some((_, label, kind)) = NAMES.iter().find(|(known, ..)| *known == name) else {
        return Shown { label: code_words(name), text: value.to_owned(), message: None };
    };
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
    Shown { label: (*label).to_owned(), text: text.unwrap_or_else(|| value.to_owned()), message }
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

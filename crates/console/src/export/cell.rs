//! A cell: what it is, how a page shows it and how a file has it.

use domain::Currency;
use jiff::{Timestamp, civil::Date};

use super::Kind;
use crate::{locale::Locale, masking::mask_card_numbers, money, pages::Moment, words::Word};

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing, and nothing is missing.
    Empty,
    /// Words.
    Text(String),
    /// A code: a file's name, a hash, a reference.
    Code(String),
    /// Words that lead somewhere.
    Link(String, String),
    /// A state: icon and word.
    Word(Word),
    /// A number.
    Number(i64),
    /// A number with what it counts in another place, which leads somewhere.
    LinkNumber(i64, String),
    /// Hundredths of a percent.
    Percent(i64),
    /// An amount with its currency.
    Money(i64, Currency),
    /// An amount whose currency is in the table's heading.
    Amount(i64, Currency),
    /// Miles in a column that also holds amounts: the unit stands behind them.
    Miles(i64),
    /// A business date.
    Date(Date),
    /// An instant.
    Moment(Timestamp, Moment),
}

/// A cell on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) href: Option<String>,
    pub(crate) word: Option<Word>,
    pub(crate) moment: Option<Moment>,
    /// The number as files have it, for `<data value>`.
    pub(crate) value: Option<String>,
    pub(crate) is_code: bool,
    pub(crate) is_number: bool,
}

/// A cell of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filed {
    Empty,
    Text(String),
    /// A decimal with a point, and how many digits stand behind it.
    Number(String, usize),
}

impl Cell {
    /// Words.
    pub(crate) fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// Words that lead somewhere.
    pub(crate) fn link(words: impl Into<String>, href: impl Into<String>) -> Self {
        Self::Link(words.into(), href.into())
    }

    /// As a page shows it.
    pub(super) fn shown(&self, locale: Locale) -> Shown {
        let plain = Shown {
            text: self.words(locale),
            href: None,
            word: None,
            moment: None,
            value: None,
            is_code: false,
            is_number: false,
        };
        match self {
            Self::Empty | Self::Text(_) | Self::Date(_) => plain,
            Self::Code(_) => Shown { is_code: true, ..plain },
            Self::Link(_, href) => Shown { href: Some(href.clone()), ..plain },
            Self::Word(word) => Shown { word: Some(*word), ..plain },
            Self::Moment(_, moment) => Shown { moment: Some(moment.clone()), ..plain },
            Self::LinkNumber(_, href) => {
                Shown { href: Some(href.clone()), value: self.decimal(), is_number: true, ..plain }
            }
            Self::Number(_) | Self::Miles(_) | Self::Percent(_) | Self::Money(..) | Self::Amount(..) => {
                Shown { value: self.decimal(), is_number: true, ..plain }
            }
        }
    }

    /// What a reader sees.
    pub(super) fn words(&self, locale: Locale) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Code(text) | Self::Link(text, _) => text.clone(),
            Self::Word(word) => word.text.to_owned(),
            Self::Number(number) | Self::LinkNumber(number, _) => locale.number(*number),
            Self::Miles(miles) => locale.miles(*miles),
            Self::Percent(hundredths) => locale.percent(*hundredths),
            Self::Money(minor, currency) => locale.money(*minor, *currency),
            Self::Amount(minor, currency) => locale.amount(*minor, *currency),
            Self::Date(date) => locale.date(*date),
            Self::Moment(_, moment) => moment.text.clone(),
        }
    }

    /// The number as a machine reads it.
    fn decimal(&self) -> Option<String> {
        match self {
            Self::Number(number) | Self::Miles(number) | Self::LinkNumber(number, _) => {
                Some(number.to_string())
            }
            Self::Percent(hundredths) => Some(plain(*hundredths, 2)),
            Self::Money(minor, currency) | Self::Amount(minor, currency) => {
                Some(plain(*minor, money::places(*currency)))
            }
            _ => None,
        }
    }

    /// As files have it: one cell, or two in a column of amounts.
    pub(super) fn filed(&self, kind: Kind) -> Vec<Filed> {
        let one = match (self, self.decimal()) {
            (Self::Empty, _) => Filed::Empty,
            (_, Some(decimal)) => {
                let places = decimal.split_once('.').map_or(0, |(_, behind)| behind.len());
                Filed::Number(decimal, places)
            }
            (Self::Date(date), _) => Filed::Text(date.to_string()),
            (Self::Moment(instant, _), _) => Filed::Text(instant.to_string()),
            (Self::Word(word), _) => Filed::Text(word.text.to_owned()),
            (Self::Text(text) | Self::Code(text) | Self::Link(text, _), _) => {
                Filed::Text(mask_card_numbers(text))
            }
            _ => Filed::Empty,
        };
        if kind != Kind::Money {
            return vec![one];
        }
        let currency = match self {
            Self::Money(_, currency) | Self::Amount(_, currency) => Filed::Text(money::code(*currency)),
            Self::Miles(_) => Filed::Text("MILES".to_owned()),
            _ => Filed::Empty,
        };
        vec![one, currency]
    }
}

/// `-1645.74`.
fn plain(minor: i64, places: usize) -> String {
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

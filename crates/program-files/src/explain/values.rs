//! What the values of an explanation are called and how each is written, in every language.

use domain::{Funder, PartnerId};
use jiff::civil::{Date, Weekday};
use rust_decimal::Decimal;

use super::{Language, Names};

/// What a value is, and so how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Money,
    Rate,
    Ratio,
    Percent,
    Payer,
    Partner,
    Date,
    Rounding,
    Plain,
}

type Entry = (&'static str, &'static str, &'static str, Kind);

const NAMES: &[Entry] = &[
    ("amount_minor", "amount", "сумма", Kind::Money),
    ("amount_from", "at least", "не меньше", Kind::Money),
    ("amount_below", "less than", "меньше", Kind::Money),
    ("amount_min", "minimum", "минимум", Kind::Money),
    ("discount_max", "maximum", "максимум", Kind::Money),
    ("before_maximum", "before the maximum", "до ограничения", Kind::Money),
    ("left_minor", "left by other discounts", "осталось после других скидок", Kind::Money),
    ("discount_minor", "discount", "скидка", Kind::Money),
    ("original_minor", "full price", "полная цена", Kind::Money),
    ("offered_minor", "offered", "предложено", Kind::Money),
    ("cleared_minor", "cleared", "списано", Kind::Money),
    ("held_minor", "held", "удержано", Kind::Money),
    ("until", "until", "до", Kind::Date),
    ("counted_before_minor", "counted before", "учтено раньше", Kind::Money),
    ("counts_after_minor", "counts now", "учтено теперь", Kind::Money),
    ("miles", "miles", "миль", Kind::Plain),
    ("base_miles", "base miles", "базовых миль", Kind::Plain),
    ("granted", "granted", "начислено", Kind::Plain),
    ("miles_max", "cap", "лимит", Kind::Plain),
    ("granted_elsewhere", "granted for other purchases", "начислено за другие покупки", Kind::Plain),
    ("granted_here", "granted for this purchase before", "начислено за эту покупку раньше", Kind::Plain),
    ("asked", "asked for", "положено", Kind::Plain),
    ("allowed", "allowed", "допустимо", Kind::Plain),
    ("miles_per", "rate", "ставка", Kind::Rate),
    ("times_base", "times the base", "от базовых миль", Kind::Ratio),
    ("percent", "percent", "процент", Kind::Percent),
    ("rounding", "rounding", "округление", Kind::Rounding),
    ("funder", "paid by", "платит", Kind::Payer),
    ("partner", "at partner", "партнёр", Kind::Partner),
    ("map", "merchant map", "карта торговых точек", Kind::Plain),
    ("map_line", "line of the merchant map", "строка карты", Kind::Plain),
    ("map_origin", "known from", "источник", Kind::Plain),
    ("mcc", "merchant category", "категория", Kind::Plain),
    ("date", "date", "дата", Kind::Date),
    ("taken", "the rule that holds", "действует правило", Kind::Plain),
    ("purchase", "first message of the purchase", "первое сообщение о покупке", Kind::Plain),
    ("original", "original message", "исходное сообщение", Kind::Plain),
    ("tier", "tier", "уровень", Kind::Plain),
    ("tier_before", "tier before", "прежний уровень", Kind::Plain),
    ("qualifying_units", "units towards a tier", "баллы для уровня", Kind::Plain),
    ("units_per", "rate", "ставка", Kind::Rate),
    ("units_from", "units of the tier", "порог уровня", Kind::Plain),
    ("year", "calendar year", "календарный год", Kind::Plain),
    ("fixed_minor", "fixed amount", "фиксированная сумма", Kind::Money),
    ("time", "local time", "местное время", Kind::Plain),
    ("uses_max", "times at most", "не больше раз", Kind::Plain),
    ("uses_elsewhere", "other purchases that had it", "раз в других покупках", Kind::Plain),
    ("limit_minor", "most for one member", "не больше на участника", Kind::Money),
    ("used_elsewhere_minor", "given for other purchases", "получено в других покупках", Kind::Money),
    ("budget_left_minor", "left of the budget", "остаток бюджета", Kind::Money),
    ("limit_miles", "most for one member", "не больше на участника", Kind::Plain),
    ("used_elsewhere_miles", "given for other purchases", "получено в других покупках", Kind::Plain),
    ("budget_left_miles", "left of the budget", "остаток бюджета", Kind::Plain),
    ("budget_uses_left", "purchases left in the budget", "осталось покупок в бюджете", Kind::Plain),
    ("tier_from_minor", "from an amount of", "начиная с суммы", Kind::Money),
    ("run", "run", "задание", Kind::Plain),
    ("version_before", "version before", "версия раньше", Kind::Plain),
    ("version_after", "version now", "версия теперь", Kind::Plain),
    ("partner_before", "partner before", "партнёр раньше", Kind::Partner),
    ("partner_after", "partner now", "партнёр теперь", Kind::Partner),
    ("miles_before", "miles before", "миль раньше", Kind::Plain),
    ("miles_after", "miles now", "миль теперь", Kind::Plain),
    ("discount_before_minor", "discount before", "скидка раньше", Kind::Money),
    ("discount_after_minor", "discount now", "скидка теперь", Kind::Money),
    ("table", "rate table", "таблица курсов", Kind::Plain),
    ("rates", "its version", "версия таблицы", Kind::Plain),
    ("currency", "currency of the transaction", "валюта операции", Kind::Plain),
    ("transaction_amount", "its minor units", "в её младших единицах", Kind::Plain),
    ("rate", "minor units for one", "младших единиц за одну", Kind::Plain),
    ("available", "available", "доступно", Kind::Plain),
    ("value", "minor units for a mile", "минорных единиц за милю", Kind::Plain),
    ("worth_minor", "worth", "стоимость", Kind::Money),
    ("campaign", "campaign", "кампания", Kind::Plain),
    ("campaign_shown", "campaign of the coupon", "кампания купона", Kind::Plain),
    ("uses_max_per_member", "times at most for one member", "не больше раз на участника", Kind::Plain),
    ("from", "from", "с", Kind::Date),
    ("pool", "pool of the household", "общая оплата семьи", Kind::Plain),
    ("refund", "the refund", "возврат", Kind::Plain),
    ("score", "score", "баллов", Kind::Plain),
    ("decision", "decision of staff", "решение сотрудника", Kind::Plain),
];

const ROUNDINGS: &[(&str, &str, &str)] = &[
    ("each_full_step", "each full step", "за каждый полный шаг"),
    ("floor", "down", "вниз"),
    ("half_up", "half up", "половина вверх"),
    ("half_even", "half to even", "половина к чётному"),
];

/// What a value of an explanation is called; `None` is a name that nobody uses any more, or not yet.
pub fn value_name(name: &str, language: Language) -> Option<&'static str> {
    let (_, english, russian, _) = NAMES.iter().find(|(known, ..)| *known == name)?;
    Some(language.choose(english, russian))
}

/// A value as people read it. What cannot be read is shown as it is stored.
pub fn value_words(name: &str, value: &str, language: Language, names: &Names<'_>) -> String {
    let kind = NAMES.iter().find(|(known, ..)| *known == name).map_or(Kind::Plain, |(.., kind)| *kind);
    let words = match kind {
        Kind::Money => value.parse().ok().map(|minor| money(minor, language, names)),
        Kind::Rate => rate(value, language, names),
        Kind::Ratio => value.strip_suffix("/1").map(str::to_owned),
        Kind::Percent => percent(value, language),
        Kind::Payer => Funder::parse(value).map(|funder| payer(funder, language, names)),
        Kind::Partner if value == "none" => Some(language.choose("none", "нет").to_owned()),
        Kind::Partner => value.parse().ok().map(|number| names.partner(PartnerId(number))),
        Kind::Date => value.parse().ok().map(|date| day(date, language)),
        Kind::Rounding => ROUNDINGS
            .iter()
            .find(|(word, ..)| *word == value)
            .map(|(_, english, russian)| language.choose(*english, *russian).to_owned()),
        Kind::Plain if value == "none" => Some(language.choose("none", "нет").to_owned()),
        Kind::Plain => None,
    };
    words.unwrap_or_else(|| value.to_owned())
}

/// An amount with its currency, such as `223.50 RUB`.
pub(crate) fn money(minor: i64, language: Language, names: &Names<'_>) -> String {
    let number = names.currency.format(minor);
    format!("{} {}", language.number(number), names.currency.code)
}

/// Who pays.
pub(crate) fn payer(funder: Funder, language: Language, names: &Names<'_>) -> String {
    match funder {
        Funder::Bank => language.choose("bank", "банк").to_owned(),
        Funder::Partner(partner) => names.partner(partner),
    }
}

/// A date with its day of the week.
pub(crate) fn day(date: Date, language: Language) -> String {
    let (english, russian) = match date.weekday() {
        Weekday::Monday => ("Monday", "понедельник"),
        Weekday::Tuesday => ("Tuesday", "вторник"),
        Weekday::Wednesday => ("Wednesday", "среда"),
        Weekday::Thursday => ("Thursday", "четверг"),
        Weekday::Friday => ("Friday", "пятница"),
        Weekday::Saturday => ("Saturday", "суббота"),
        Weekday::Sunday => ("Sunday", "воскресенье"),
    };
    format!("{date} ({})", language.choose(english, russian))
}

/// `1/6000` becomes `1 per 60.00 RUB`.
fn rate(value: &str, language: Language, names: &Names<'_>) -> Option<String> {
    let (miles, per) = value.split_once('/')?;
    let per = money(per.parse().ok()?, language, names);
    Some(format!("{miles} {} {per}", language.choose("per", "за")))
}

/// `3/100` becomes `3 %`.
fn percent(value: &str, language: Language) -> Option<String> {
    let (upper, lower) = value.split_once('/')?;
    let (upper, lower) = (upper.parse::<u64>().ok()?, lower.parse::<u64>().ok()?);
    let share = Decimal::from(upper).checked_mul(Decimal::ONE_HUNDRED)?.checked_div(Decimal::from(lower))?;
    Some(format!("{} %", language.number(share.normalize().to_string())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::codes::NamedCurrency;

    #[test]
    fn every_value_of_the_domain_has_a_name_in_both_languages_and_no_other() {
        for name in domain::VALUES {
            for language in Language::ALL {
                assert!(value_name(name, language).is_some(), "{name} in {language:?}");
            }
        }
        assert_eq!(NAMES.len(), domain::VALUES.len());
    }

    #[test]
    fn values_are_written_as_people_read_them() {
        let currency = NamedCurrency::from_code("RUB").unwrap();
        let partners = BTreeMap::from([("skyfuel".to_owned(), PartnerId(3))]);
        let names = Names::new(&currency, &partners);
        for (name, value, english, russian) in [
            ("amount_minor", "22350", "223.50 RUB", "223,50 RUB"),
            ("miles_per", "1/6000", "1 per 60.00 RUB", "1 за 60,00 RUB"),
            ("times_base", "2/1", "2", "2"),
            ("times_base", "1/2", "1/2", "1/2"),
            ("percent", "12/1000", "1.2 %", "1,2 %"),
            ("percent", "x", "x", "x"),
            ("funder", "partner-3", "skyfuel", "skyfuel"),
            ("funder", "bank", "bank", "банк"),
            ("partner", "9", "partner 9", "partner 9"),
            ("partner", "none", "none", "нет"),
            ("date", "2026-10-12", "2026-10-12 (Monday)", "2026-10-12 (понедельник)"),
            ("rounding", "half_even", "half to even", "половина к чётному"),
            ("some_new_name", "1", "1", "1"),
        ] {
            assert_eq!(value_words(name, value, Language::English, &names), english, "{name}");
            assert_eq!(value_words(name, value, Language::Russian, &names), russian, "{name}");
        }
    }
}

//! Lines of a table that change the program, for tables about rules that `boreal-gold` does not have.
//!
//! ```text
//! discount big at kosta credit 3% from 1000.00 300.00 from 5000.00 merchant 50% share airboreal 10%
//! bonus weekend-fuel hours 22:00-06:00      gives a bonus of `boreal-gold` a further condition
//! bonus weekend-fuel birthday 3-0           so many days before and after the birthday
//! ```
//!
//! A discount takes the place of all that the partner had in `boreal-gold`; a second one stands beside it. Its words:
//! `credit` or `till`; a percentage or an amount, each followed by `from <amount>` if it is a tier; `at_least <amount>`,
//! `at_most <amount>`, `hours 22:00-06:00`, `limit 3 uses month` or `limit 1000.00 day` of one member, `budget` likewise of
//! all (windows: `day`, `month`, `year`, `always`; of a bonus `limit 500 miles day`), `merchant <percent>` (the bank bears the rest), `share <partner> <percent>`.

use domain::{
    BirthdayWindow, Condition, DiscountMode, DiscountRule, DiscountTier, Effective, Hours, Limit, Program,
    Ratio, Reduction, Rounding, Stacking, Window,
};

use jiff::civil::Time;

use crate::{
    coupon_language,
    language::{minor, partner_named},
};

/// Whether the line was one of these; if so, it has changed the program.
pub(crate) fn change(program: &mut Program, words: &[&str]) -> bool {
    match words[0] {
        "discount" => add_discount(program, words),
        "bonus" => change_bonus(program, words),
        "coupons" => coupon_language::add(program, words),
        "stacking" => program.stacking.discounts = stacking(words[1]),
        _ => return false,
    }
    true
}

fn change_bonus(program: &mut Program, words: &[&str]) {
    let bonus = program.bonuses.iter_mut().find(|bonus| bonus.id == words[1]).unwrap();
    let mut words = words[2..].iter().copied();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word {
            "hours" => bonus.when.hours.push(hours(value())),
            "birthday" => bonus.when.birthday = Some(birthday(value())),
            "limit" => bonus.limit = Some(limit(bonus.limit, &mut value)),
            "budget" => bonus.budget = Some(limit(bonus.budget, &mut value)),
            "coupon" => bonus.when.coupon = Some(value().to_owned()),
            _ => panic!("no option {word}"),
        }
    }
}

/// `3-0`: days before and after.
fn birthday(text: &str) -> BirthdayWindow {
    let (before, after) = text.split_once('-').unwrap();
    BirthdayWindow {
        days_before: before.parse().unwrap(),
        days_after: after.parse().unwrap(),
        ..BirthdayWindow::default()
    }
}

fn stacking(word: &str) -> Stacking {
    Stacking::ALL.into_iter().find(|stacking| stacking.name() == word).unwrap()
}

fn add_discount(program: &mut Program, words: &[&str]) {
    let partner = partner_named(words[3]);
    let mode = if words[4] == "till" { DiscountMode::AtTill } else { DiscountMode::StatementCredit };
    let rule = DiscountRule {
        id: words[1].to_owned(),
        effective: Effective::default(),
        partner,
        when: Condition::default(),
        mode,
        tiers: vec![],
        rounding: Rounding::Floor,
        amount_min: None,
        discount_max: None,
        merchant_share: percent("0%"),
        partner_shares: vec![],
        limit: None,
        budget: None,
    };
    program
        .discounts
        .retain(|other| other.partner != partner || !["fuel-3", "kosta-5"].contains(&other.id.as_str()));
    program.discounts.push(options(rule, &words[5..]));
}

fn options(mut rule: DiscountRule, words: &[&str]) -> DiscountRule {
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        match word {
            "from" => rule.tiers.last_mut().unwrap().from = minor(value()),
            "at_least" => rule.amount_min = Some(minor(value())),
            "at_most" => rule.discount_max = Some(minor(value())),
            "hours" => rule.when.hours.push(hours(value())),
            "limit" => rule.limit = Some(limit(rule.limit, &mut value)),
            "budget" => rule.budget = Some(limit(rule.budget, &mut value)),
            "coupon" => rule.when.coupon = Some(value().to_owned()),
            "merchant" => rule.merchant_share = percent(value()),
            "share" => rule.partner_shares.push((partner_named(value()), percent(value()))),
            _ if word.ends_with('%') => {
                rule.tiers.extend(DiscountTier::of_all(Reduction::Percent(percent(word))))
            }
            _ => rule.tiers.extend(DiscountTier::of_all(Reduction::Amount(minor(word)))),
        }
    }
    rule
}

/// `3 uses month`, `1000.00 day` or `500 miles program`, added to what was said before.
fn limit<'a>(before: Option<Limit>, value: &mut impl FnMut() -> &'a str) -> Limit {
    let (number, unit) = (value(), value());
    let window = if matches!(unit, "uses" | "miles") { value() } else { unit };
    let window = match window {
        "day" => Window::Day,
        "month" => Window::CalendarMonth,
        "year" => Window::CalendarYear,
        "always" => Window::Always,
        _ => panic!("no window {window}"),
    };
    let limit = before.unwrap_or(Limit { most: None, uses: None, window });
    match unit {
        "uses" => Limit { uses: Some(number.parse().unwrap()), ..limit },
        "miles" => Limit { most: Some(number.parse().unwrap()), ..limit },
        _ => Limit { most: Some(minor(number)), ..limit },
    }
}

fn hours(text: &str) -> Hours {
    let time = |text: &str| Time::strptime("%H:%M", text).unwrap();
    let (from, to) = text.split_once('-').unwrap();
    Hours { from: time(from), to: time(to) }
}

fn percent(text: &str) -> Ratio {
    let number = text.strip_suffix('%').unwrap_or_else(|| panic!("a percentage, not {text}"));
    Ratio::new(number.parse().unwrap(), 100).unwrap()
}
/// `generous` with what the words say: `generous-bonus`, as `bonus` of gold; `generous-discount`, `generous-program`.
pub(crate) fn change_generous(program: &mut Program, words: &[&str]) -> bool {
    match words[0] {
        "generous-discount" => add_discount(program, words),
        "generous-bonus" => change_bonus(program, words),
        "generous-coupons" => coupon_language::add(program, words),
        "generous-as-gold" => {
            let hash = program.hash;
            *program = crate::support::world::boreal_gold();
            program.hash = hash;
        }
        "generous-program" => crate::miles_language::add(program, &words[1..]),
        _ => return false,
    }
    true
}

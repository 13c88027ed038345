//! Conditions that can never hold, and lists that are empty.

use domain::{Condition, Effective, Hours, PartnerId};

use super::{Parts, reach::Reach};
use crate::document::{Text, When, Words};
use crate::errors::{Problem, Severity};
use crate::meaning::Reading;
use crate::scalars::quoted;

/// A rule with a condition.
struct Conditioned<'a> {
    path: String,
    effective: Effective,
    when: &'a Condition,
    written: Option<&'a When>,
    /// The partner of a discount.
    partner: Option<(PartnerId, &'a Text)>,
}

pub(super) fn check(reading: &mut Reading<'_>, parts: &Parts<'_>) {
    for rule in rules(parts) {
        empty_lists(reading, &rule);
        never_holds(reading, parts, &rule);
        unmapped(reading, parts, &rule);
    }
    for (index, (rule, entry)) in parts.program.bonuses.iter().zip(&parts.document.bonus).enumerate() {
        if parts.base_within(rule.effective).next().is_none() {
            let found = "none: a bonus is a part of the base miles";
            let advice = "let it hold while a [[base]] does, or delete it";
            let problem = Problem::new("a base rate on some day of the bonus", found, advice);
            reading.notice(Severity::Warning, &format!("bonus[{index}].effective"), &entry.id, problem);
        }
    }
}

fn rules<'a>(parts: &Parts<'a>) -> Vec<Conditioned<'a>> {
    let bonuses = parts.program.bonuses.iter().zip(&parts.document.bonus).enumerate();
    let bonuses = bonuses.map(|(index, (rule, entry))| Conditioned {
        path: format!("bonus[{index}]"),
        effective: rule.effective,
        when: &rule.when,
        written: entry.when.as_deref(),
        partner: None,
    });
    let discounts = parts.program.discounts.iter().zip(&parts.document.discount).enumerate();
    let discounts = discounts.map(|(index, (rule, entry))| Conditioned {
        path: format!("discount[{index}]"),
        effective: rule.effective,
        when: &rule.when,
        written: entry.when.as_deref(),
        partner: Some((rule.partner, &entry.partner)),
    });
    bonuses.chain(discounts).collect()
}

/// An empty list reads as "no condition", and is hardly ever meant so.
fn empty_lists(reading: &mut Reading<'_>, rule: &Conditioned<'_>) {
    let Some(when) = rule.written else { return };
    let lists = [
        ("partner", &when.partner),
        ("mcc", &when.mcc),
        ("except_mcc", &when.except_mcc),
        ("weekday", &when.weekday),
        ("month_day", &when.month_day),
        ("tier", &when.tier),
        ("hours", &when.hours),
    ];
    for (key, words) in lists {
        if let Some(Words(_, place)) = words.as_ref().filter(|Words(words, _)| words.is_empty()) {
            let advice = format!("an empty list is no condition: name what is meant, or delete `{key}`");
            let problem = Problem::new("at least one word", "an empty list", advice);
            reading.notice(Severity::Error, &format!("{}.when.{key}", rule.path), place, problem);
        }
    }
}

fn never_holds(reading: &mut Reading<'_>, parts: &Parts<'_>, rule: &Conditioned<'_>) {
    let Some(when) = rule.written else { return };
    let at = |key: &str| format!("{}.when.{key}", rule.path);
    let alone = Reach::new(rule.effective, rule.when, &[]);
    if let (false, Some(below)) = (alone.has_amount(), &when.amount_below) {
        let found = quoted(below.get_ref());
        let problem = Problem::new("an amount above `amount_from`", found, "swap the two or correct one");
        reading.notice(Severity::Error, &at("amount_below"), below, problem);
    }
    let days = [("weekday", &when.weekday), ("month_day", &when.month_day)];
    if let (false, Some((key, Words(_, place)))) =
        (alone.has_day(), days.into_iter().find_map(|(key, words)| Some((key, words.as_ref()?))))
    {
        let found = "none between `from` and `to`";
        let problem = Problem::new("such a day while the rule holds", found, "correct the days or the range");
        reading.notice(Severity::Error, &at(key), place, problem);
    }
    overlapping_hours(reading, rule, when);
    let Some(Words(_, place)) = &when.mcc else { return };
    if !alone.has_category() {
        let found = "all of them in `except_mcc`";
        let problem = Problem::new("a merchant category that is left", found, "delete one of the two");
        reading.notice(Severity::Error, &at("mcc"), place, problem);
    } else if !Reach::new(rule.effective, rule.when, &parts.program.excluded_mcc).has_category() {
        let problem = Problem::new(
            "a merchant category that is not excluded",
            "only such as `exclude` names",
            "the rule never applies: delete it, or take its categories out of `exclude`",
        );
        reading.notice(Severity::Warning, &at("mcc"), place, problem);
    }
}

/// A part of the day that another one holds already.
fn overlapping_hours(reading: &mut Reading<'_>, rule: &Conditioned<'_>, when: &When) {
    let Some(Words(places, _)) = &when.hours else { return };
    for (index, (hours, place)) in rule.when.hours.iter().zip(places).enumerate() {
        let before = rule.when.hours.iter().take(index).zip(places);
        let meets = |other: &Hours| other.contains(hours.from) || hours.contains(other.from);
        if let Some((_, other)) = before.into_iter().find(|(other, _)| meets(other)) {
            let expected = format!("a part of the day apart from {}", quoted(other.get_ref()));
            let advice = "write the two as one, or correct a time";
            let problem = Problem::new(expected, quoted(place.get_ref()), advice);
            reading.notice(Severity::Warning, &format!("{}.when.hours", rule.path), place, problem);
        }
    }
}

/// A rule for partners without a merchant never applies.
fn unmapped(reading: &mut Reading<'_>, parts: &Parts<'_>, rule: &Conditioned<'_>) {
    let Some(mapped) = parts.mapped else { return };
    let advice = "add its merchants to the map, or correct the partner";
    let expected = "a partner with merchants in the map";
    if let Some((partner, place)) = rule.partner {
        if !mapped.contains(&partner) {
            let problem = Problem::new(expected, quoted(place.get_ref()), advice);
            reading.notice(Severity::Warning, &format!("{}.partner", rule.path), place, problem);
        }
        return;
    }
    let Some(Words(words, _)) = rule.written.and_then(|when| when.partner.as_ref()) else { return };
    for (partner, place) in rule.when.partners.iter().zip(words) {
        if !mapped.contains(partner) {
            let problem = Problem::new(expected, quoted(place.get_ref()), advice);
            reading.notice(Severity::Warning, &format!("{}.when.partner", rule.path), place, problem);
        }
    }
}

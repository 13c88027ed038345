//! The terms of settlement and their calendars.

use domain::settlement::{
    Calendar, DayCount, DayKind, Direction, PaymentRule, RoundingLevel, TermCharge, TermItem, Terms, Vat,
};
use domain::{CutOffs, Ratio};
use jiff::civil::Weekday;
use rust_decimal::Decimal;

use super::{Entry, currency_code, percent, weekday};
use crate::codes::NamedCurrency;
use crate::explain::Names;
use crate::scalars;
use crate::terms::EVERY;

pub(super) fn terms_entry(terms: &Terms, names: &Names<'_>) -> Entry {
    let from = terms.effective.from.map_or_else(String::new, |from| format!(" from {from}"));
    let own = NamedCurrency::from_number(terms.currency);
    let money = |minor: i64| own.as_ref().map_or_else(|| minor.to_string(), |own| own.format(minor));
    let mut entry = Entry::new("terms", &format!("{}{from}", names.partner(terms.partner)))
        .field("currency", currency_code(terms.currency))
        .effective(terms.effective)
        .optional("rates", terms.rates.clone())
        .optional("minimum_payable", terms.minimum_payable.map(money))
        .optional("calendar", calendar(&terms.calendar))
        .optional("payment", payment(terms.payment));
    let exponent = own.as_ref().map_or(0, |own| own.exponent);
    for item in &terms.items {
        entry = entry
            .field(item.basis.name(), item_text(item, exponent))
            .optional(&of(item, "tiers"), tiers(item, exponent, names))
            .optional(&of(item, "minimum_per_month"), item.minimum_minor.map(money))
            .optional(
                &of(item, "prepaid.reorder_at"),
                item.prepaid.map(|blocks| blocks.reorder_at.to_string()),
            );
    }
    for charge in &terms.charges {
        entry = entry.field(charge.basis.name(), charge_text(charge, exponent));
    }
    entry
}

/// Such as `12:00, 00:00`.
pub(crate) fn cut_offs(times: &CutOffs) -> String {
    times.times().iter().map(|time| time.strftime("%H:%M").to_string()).collect::<Vec<_>>().join(", ")
}

fn of(item: &TermItem, key: &str) -> String {
    format!("{}.{key}", item.basis.name())
}

fn calendar(calendar: &Calendar) -> Option<String> {
    let named = !calendar.name.is_empty();
    let day = |(day, kind): (&i8, &DayKind)| {
        let day = Weekday::from_monday_one_offset(*day).map_or("", weekday);
        format!("{day} {}", kind.name())
    };
    let weekly = calendar.weekly.iter().map(day);
    let dated = calendar.exceptions.iter().map(|(date, kind)| format!("{date} {}", kind.name()));
    let days = weekly.chain(dated).collect::<Vec<_>>().join(", ");
    named.then(|| format!("{}: {days}", calendar.name))
}

fn payment(rule: PaymentRule) -> Option<String> {
    let counted = match rule.counted {
        DayCount::Calendar => "calendar",
        DayCount::Paying => "paying",
    };
    (rule != PaymentRule::default()).then(|| format!("after {} {counted} days", rule.after_days))
}

fn payer(direction: Direction) -> &'static str {
    match direction {
        Direction::BankPaysPartner => "bank",
        Direction::PartnerPaysBank => "partner",
    }
}

/// In major units of the terms' currency.
fn major(price: Ratio, exponent: u32) -> Decimal {
    let minor = 10_i64.checked_pow(exponent).map_or(Decimal::ONE, Decimal::from);
    scalars::as_decimal(price).checked_div(minor).unwrap_or_default().normalize()
}

fn price_text(item: &TermItem, price: Ratio, exponent: u32) -> String {
    match item.basis.is_miles() {
        true => format!("{} for each mile", major(price, exponent)),
        false => format!("{} %", percent(price)),
    }
}

fn tiers(item: &TermItem, exponent: u32, names: &Names<'_>) -> Option<String> {
    let tier = |tier: &domain::settlement::PriceTier| {
        let above = match item.basis.is_miles() {
            true => tier.above.to_string(),
            false => names.currency.format(tier.above),
        };
        format!("{} above {above}", price_text(item, tier.price, exponent))
    };
    (!item.tiers.is_empty()).then(|| item.tiers.iter().map(tier).collect::<Vec<_>>().join(", "))
}

fn vat_text(vat: Option<Vat>) -> String {
    vat.map_or_else(String::new, |vat| {
        let level = level(vat.level, "document");
        format!(", vat {} % {} on each {level}", percent(vat.rate), vat.rounding.name())
    })
}

fn level(level: RoundingLevel, batch: &'static str) -> &'static str {
    match level {
        RoundingLevel::Line => "line",
        RoundingLevel::Batch => batch,
    }
}

fn item_text(item: &TermItem, exponent: u32) -> String {
    format!(
        "{} pays {}{}, rounded {} on each {}",
        payer(item.direction),
        price_text(item, item.price, exponent),
        vat_text(item.vat),
        item.rounding.name(),
        level(item.level, "batch")
    )
}

fn charge_text(charge: &TermCharge, exponent: u32) -> String {
    let every = EVERY.iter().find(|(_, every)| *every == charge.every).map_or("card", |(word, _)| *word);
    let price = major(charge.price, exponent);
    format!("{} pays {price} for each {every}{}", payer(charge.direction), vat_text(charge.vat))
}

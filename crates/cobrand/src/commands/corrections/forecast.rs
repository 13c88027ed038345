//! What a run would come to, as JSON that is kept with it, and in words.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{Funder, Item, PartnerId};
use gateway::{CorrectionPrice, Priced};
use serde_json::{Value, json};
use settlement::ProgramSetup;
use store::CycleState;

use crate::assembly::Assembly;

/// So many purchases are shown one by one.
const LARGEST: usize = 10;

/// The price of a run: sums by item, what partners would owe, the largest purchases. Refuses a run that would stop the
/// close of a day.
pub(super) async fn of(assembly: &Assembly, price: &CorrectionPrice) -> anyhow::Result<Value> {
    let mut programs = Vec::new();
    for loaded in &assembly.programs {
        let setup = &loaded.setup;
        let moved: Vec<&Priced> =
            price.moved.iter().filter(|priced| priced.purchase.program == setup.id).collect();
        if !moved.is_empty() {
            programs.push(program(assembly, setup, loaded.file.currency.code.as_str(), &moved).await?);
        }
    }
    Ok(json!({
        "purchases": {
            "corrected": price.moved.len(),
            "same": price.same,
            "cannot_be_told": price.cannot_be_told,
            "undecidable": price.undecidable,
        },
        "programs": programs,
    }))
}

async fn program(
    assembly: &Assembly,
    setup: &ProgramSetup,
    currency: &str,
    moved: &[&Priced],
) -> anyhow::Result<Value> {
    let cycles = store::cycles(&assembly.pool, setup.id).await?;
    let open = cycles.iter().find(|cycle| cycle.state == CycleState::Open);
    let date = open.map_or_else(
        || assembly.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        |cycle| cycle.business_date,
    );
    let lines: Vec<Vec<(Item, i64)>> = moved.iter().map(|priced| priced.moves.clone()).collect();
    let settled = settlement::forecast(setup, date, &lines)?;
    let settled = settled.iter().map(|of| {
        let quantities: BTreeMap<&str, i64> =
            of.quantities.iter().map(|(basis, quantity)| (basis.name(), *quantity)).collect();
        json!({
            "partner": of.partner_code,
            "currency": of.currency,
            "direction": of.direction.name(),
            "net_minor": of.net_minor.to_string(),
            "vat_minor": of.vat_minor.to_string(),
            "to_pay_minor": of.to_pay_minor.to_string(),
            "quantities": quantities,
        })
    });
    let mut sums: BTreeMap<&Item, i64> = BTreeMap::new();
    for (item, amount) in moved.iter().flat_map(|priced| &priced.moves) {
        *sums.entry(item).or_default() += amount;
    }
    let sums = sums.iter().filter(|(_, amount)| **amount != 0);
    Ok(json!({
        "program": setup.code,
        "currency": currency,
        "terms_of": date.to_string(),
        "items": sums.map(|(item, amount)| item_json(setup, item, *amount)).collect::<Vec<_>>(),
        "settlement": settled.collect::<Vec<_>>(),
        "largest": largest(moved),
    }))
}

fn item_json(setup: &ProgramSetup, item: &Item, amount: i64) -> Value {
    let code = |partner: &PartnerId| setup.partner_codes.get(partner).cloned().unwrap_or_default();
    let payer = |funder: &Funder| match funder {
        Funder::Bank => setup.bank.1.clone(),
        Funder::Partner(partner) => code(partner),
    };
    let (what, rule, payer, at) = match item {
        Item::Base => ("base_miles", None, setup.bank.1.clone(), None),
        Item::Bonus { rule, funder } => ("bonus_miles", Some(rule.clone()), payer(funder), None),
        Item::Discount { mode, funder, partner } => (mode.name(), None, payer(funder), Some(code(partner))),
        Item::Turnover(partner) => ("turnover", None, code(partner), Some(code(partner))),
        Item::Qualifying => ("qualifying_units", None, setup.bank.1.clone(), None),
        // What follows for miles that were spent or had expired.
        Item::Borne { funder } | Item::Adjusted { funder } => ("borne_miles", None, payer(funder), None),
        Item::WrittenOff { funder } => ("written_off_miles", None, payer(funder), None),
        Item::Refused => ("refused_miles", None, setup.bank.1.clone(), None),
        Item::Expired => ("expired_miles", None, setup.bank.1.clone(), None),
        Item::Moved | Item::Redeemed | Item::Covered => ("other_miles", None, setup.bank.1.clone(), None),
    };
    let unit = match item {
        Item::Qualifying => "units",
        item if item.is_miles() => "miles",
        _ => "minor",
    };
    json!({ "what": what, "rule": rule, "paid_by": payer, "at": at, "unit": unit, "amount": amount.to_string() })
}

/// The purchases that move most: miles first, then money.
fn largest(moved: &[&Priced]) -> Vec<Value> {
    let sum = |priced: &Priced, miles: bool| -> i64 {
        let counted = |item: &Item| item.is_miles() == miles && !item.is_memorandum();
        priced.moves.iter().filter(|(item, _)| counted(item)).map(|(_, amount)| amount).sum()
    };
    let mut by_size: Vec<(i64, i64, &Priced)> =
        moved.iter().map(|priced| (sum(priced, true), sum(priced, false), *priced)).collect();
    by_size.sort_by_key(|(miles, minor, priced)| {
        (std::cmp::Reverse((miles.unsigned_abs(), minor.unsigned_abs())), priced.purchase.key)
    });
    let shown = by_size.iter().take(LARGEST).map(|(miles, minor, priced)| {
        json!({
            "purchase": priced.purchase.key.to_string(),
            "date": priced.purchase.date.to_string(),
            "miles": miles,
            "discount_minor": minor.to_string(),
        })
    });
    shown.collect()
}

/// Whether two prices are the same. The day whose terms hold may be another one: what they come to counts.
pub(super) fn are_equal(one: &Value, other: &Value) -> bool {
    let without_day = |price: &Value| {
        let mut price = price.clone();
        let programs = price.get_mut("programs").and_then(Value::as_array_mut);
        for program in programs.into_iter().flatten().filter_map(Value::as_object_mut) {
            program.remove("terms_of");
        }
        price
    };
    without_day(one) == without_day(other)
}

/// The same for people.
pub(super) fn in_words(price: &Value) -> String {
    let counts = price.get("purchases").unwrap_or(&Value::Null);
    let (corrected, same) = (word(counts, "corrected"), word(counts, "same"));
    let mut text = format!("purchases: {corrected} would be corrected, {same} are worth the same");
    for (key, words) in [
        ("cannot_be_told", "stay, since a name in DE43, which is not stored, told whose they are"),
        ("undecidable", "cannot be decided and would be put aside"),
    ] {
        if word(counts, key) != "0" {
            text.push_str(&format!(", {} {words}", word(counts, key)));
        }
    }
    text.push('\n');
    each(price, "programs").iter().for_each(|program| program_in_words(program, &mut text));
    text
}

/// A text or a number under a key.
fn word(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn each<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn program_in_words(program: &Value, text: &mut String) {
    // Writing to a string cannot fail.
    let (code, currency) = (word(program, "program"), word(program, "currency"));
    let _ = writeln!(text, "{code} ({currency}, amounts in minor units):");
    for item in each(program, "items") {
        let (what, rule, at) = (word(item, "what"), word(item, "rule"), word(item, "at"));
        let rule = if rule.is_empty() { rule } else { format!(" {rule}") };
        let at = if at.is_empty() { at } else { format!(" at {at}") };
        let _ = writeln!(text, "    {what}{rule}{at}, {}: {}", word(item, "paid_by"), word(item, "amount"));
    }
    let _ = writeln!(text, "  at the terms of {}:", word(program, "terms_of"));
    for of in each(program, "settlement") {
        let [partner, direction, to_pay, currency, net, vat] =
            ["partner", "direction", "to_pay_minor", "currency", "net_minor", "vat_minor"]
                .map(|key| word(of, key));
        let _ = writeln!(text, "    {partner}: {direction} {to_pay} {currency} (net {net}, tax {vat})");
    }
    let _ = writeln!(text, "  the largest:");
    for of in each(program, "largest") {
        let [purchase, date, miles, discount] =
            ["purchase", "date", "miles", "discount_minor"].map(|key| word(of, key));
        let _ = writeln!(text, "    {purchase} of {date}: {miles} miles, discount {discount}");
    }
}

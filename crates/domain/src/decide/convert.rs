//! The amount of a message in its program's currency: as billed, else by the rate that is pinned on the purchase, else by
//! the rate table that the program names.

use super::{find, nothing};
use crate::{Event, Explanation, Outcome, PinnedRate, Program, Purchase, Rules, WorkingSet};

/// What a message comes to in the program's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Amount {
    /// In minor units, with the rate if there was one.
    Known(u64, Option<PinnedRate>),
    /// The table has no rate of the day.
    NoRate(String),
    /// It is not billed in the currency, and the program names no table.
    NotBilled,
}

/// Whether it may be possible to convert, before the purchase is known for sure.
pub(super) fn is_possible(state: &WorkingSet, event: &Event, program: &Program) -> bool {
    program.fx.is_some()
        || find::candidates(state, event).iter().any(|(_, purchase)| pinned(event, purchase).is_some())
}

fn pinned<'a>(event: &Event, purchase: &'a Purchase) -> Option<&'a PinnedRate> {
    purchase.fx.as_ref().filter(|pinned| pinned.currency == event.currency)
}

pub(super) fn amount(
    event: &Event,
    program: &Program,
    purchase: Option<&Purchase>,
    rules: &Rules,
) -> Result<Amount, &'static str> {
    if let Some(billed) = event.amount_in(program.currency) {
        return Ok(Amount::Known(billed, None));
    }
    let known = purchase.and_then(|purchase| pinned(event, purchase)).cloned();
    let Some(rule) = &program.fx else {
        return known.map_or(Ok(Amount::NotBilled), |known| converted(event, known));
    };
    let date = event.local.date();
    let table = rules.rates.get(&rule.rates);
    let of_day = || {
        let table = table?;
        Some(PinnedRate {
            table: rule.rates.clone(),
            version: table.version,
            currency: event.currency,
            date,
            rate: table.on(event.currency, program.currency, date)?,
            rounding: rule.rounding,
        })
    };
    match known.or_else(of_day) {
        Some(rate) => converted(event, rate),
        None => Ok(Amount::NoRate(rule.rates.clone())),
    }
}

fn converted(event: &Event, rate: PinnedRate) -> Result<Amount, &'static str> {
    let minor = rate.convert(event.amount_minor).map_err(|_| "an amount within 64 bits")?;
    Ok(Amount::Known(minor, Some(rate)))
}

/// Why nothing is booked for a message whose amount is not known.
pub(super) fn refusal(event: &Event, table: Option<&str>) -> Outcome {
    let Some(table) = table else { return nothing(event, "currency_without_billing_amount") };
    let mut outcome = nothing(event, "no_rate_for_the_day");
    outcome.explanation = Explanation::default();
    let values = vec![
        ("table", table.to_owned()),
        ("date", event.local.date().to_string()),
        ("currency", event.currency.to_string()),
    ];
    outcome.explanation.skipped("currency", "no_rate_for_the_day", values);
    outcome
}

/// Tells by which rate the amount was found.
pub(super) fn explain(event: &Event, rate: &PinnedRate, minor: u64, explanation: &mut Explanation) {
    let values = vec![
        ("table", rate.table.clone()),
        ("rates", rate.version.short()),
        ("date", rate.date.to_string()),
        ("currency", rate.currency.to_string()),
        ("transaction_amount", event.amount_minor.to_string()),
        ("rate", format!("{}/{}", rate.rate.numerator(), rate.rate.denominator())),
        ("rounding", rate.rounding.name().to_owned()),
        ("amount_minor", minor.to_string()),
    ];
    explanation.applied("currency", "converted_by_rate_table", values);
}
